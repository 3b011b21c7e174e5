"""The questions for somebody who asks for help themselves, in plain words, one at a time.

Nobody is put off: apart from what brings them, and how to reach them on a way that they chose themselves,
every question may be left empty. No title tells what this is about: titles stay in the browser's history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.intake.forms.domain.questions import Answers, Choice, Field, Form, Page
from services.intake.forms.domain.what_happened import KINDS

YES_NO: Final = (Choice("yes", "Yes"), Choice("no", "No"))
YES_NO_UNSURE: Final = (*YES_NO, Choice("unsure", "I am not sure"))
CHANNELS: Final = ("mobile", "landline", "email", "post")


def _said(name: str, *values: str) -> Callable[[Answers], bool]:
    """A page that is asked if one of these answers was given."""
    return lambda answers: not set(values).isdisjoint(answers.get(name, ()))


def _not_said(name: str, *values: str) -> Callable[[Answers], bool]:
    return lambda answers: set(values).isdisjoint(answers.get(name, ()))


def _needs_postal_address(answers: Answers) -> bool:
    """The address where somebody lives is not asked for twice."""
    return "post" in answers.get("channels", ()) and "line1" not in answers


def _safety(channel: str, question: str, message: str) -> Page:
    """What makes one way to get in touch safe."""
    return Page(
        key=f"{channel}_safe",
        title="Getting in touch",
        question=question,
        row=question,
        paragraphs=("Think of who else could see it or pick it up. If you are not sure, say so.",),
        fields=(
            Field(f"{channel}_safe", "Is it safe to use?", "one_of", choices=YES_NO_UNSURE, row="Safe"),
            Field(
                f"{channel}_times",
                "When is it safe? (optional)",
                hint="For example, weekdays before 3pm",
                row="When",
            ),
            *(
                (Field(f"{channel}_message", message, "one_of", choices=YES_NO, row="Leave a message"),)
                if message
                else ()
            ),
        ),
        asked_if=_said("channels", channel),
    )


SELF_REFERRAL: Final = Form(
    "self_referral",
    (
        Page(
            "device",
            "Before you start",
            "Is it safe to use this device now?",
            template="device.html",
            button="Continue",
        ),
        Page(
            "danger",
            "Right now",
            "Is anyone in danger right now?",
            row="In danger right now",
            fields=(Field("danger", kind="one_of", choices=YES_NO_UNSURE),),
        ),
        Page(
            "emergency",
            "Right now",
            "Ring 999 if anyone is in danger",
            template="emergency.html",
            asked_if=_said("danger", "yes", "unsure"),
        ),
        Page(
            "side",
            "What brings you here",
            "What brings you here?",
            row="What brings you here",
            group="What happened",
            fields=(
                Field(
                    "side",
                    kind="one_of",
                    hint="Choose what comes closest. It is fine not to be sure.",
                    choices=(
                        Choice("done_to_me", "Somebody did something to me, or to somebody close to me"),
                        Choice(
                            "between_us",
                            "Something is going on between me and other people",
                            "For example neighbours, family or people at work",
                        ),
                        Choice("i_did", "I did something to somebody, and want to do something about it"),
                        Choice("not_sure", "I am not sure, or more than one of these"),
                    ),
                    needed="Select what brings you here. If you cannot say, select “I am not sure”",
                ),
            ),
        ),
        Page(
            "kinds",
            "What it is about",
            "What is it about?",
            row="What it is about",
            group="What happened",
            fields=(
                Field(
                    "kinds",
                    kind="some_of",
                    hint="Select all that fit. You can also leave this out.",
                    choices=tuple(Choice(value, text) for value, (text, _) in KINDS.items()),
                ),
            ),
        ),
        Page(
            "happened",
            "What happened",
            "What happened?",
            row="What happened",
            fields=(
                Field(
                    "happened",
                    kind="long",
                    hint="Tell it in your own words, as much or as little as you like. "
                    "You can also leave this out and tell us when we speak.",
                    most=3000,
                ),
            ),
        ),
        Page(
            "when",
            "When it happened",
            "When did it happen?",
            row="When",
            group="What happened",
            paragraphs=("If it happened more than once, tell us when it began. You can leave this out.",),
            fields=(
                Field(
                    "began",
                    "Date, if you know it (optional)",
                    "date",
                    "For example, 27 3 2026",
                    day="past",
                ),
                Field(
                    "began_words",
                    "Or tell us roughly (optional)",
                    hint="For example, last summer, or every weekend since May",
                    row="Roughly",
                ),
            ),
        ),
        Page(
            "where",
            "Where it happened",
            "Where did it happen?",
            row="Where",
            group="What happened",
            paragraphs=("Any part that you know helps. You can leave this out.",),
            fields=(
                Field("place_line1", "Street or place (optional)"),
                Field("place_town", "Town or village (optional)", width=20),
                Field("place_postcode", "Postcode (optional)", "postcode", width=10, most=20),
            ),
        ),
        Page(
            "told",
            "Who knows",
            "Have you told the police?",
            row="Told the police",
            group="What happened",
            fields=(
                Field(
                    "told",
                    kind="one_of",
                    hint="You can get help whether you have or not.",
                    choices=(*YES_NO, Choice("unsure", "I am not sure, or would rather not say")),
                ),
            ),
        ),
        Page(
            "number",
            "A number you were given",
            "Were you given a number?",
            row="Number",
            group="What happened",
            fields=(
                Field(
                    "number",
                    hint="A crime or incident number, or a log number. Type it as it stands. "
                    "You can leave this out.",
                    width=20,
                    most=60,
                ),
            ),
            asked_if=_said("told", "yes"),
        ),
        Page(
            "other_known",
            "Other people",
            "Do you know who the other person is?",
            row="Do you know the other person",
            fields=(
                Field(
                    "other_known",
                    kind="one_of",
                    hint="If there is more than one, think of the one that matters most.",
                    choices=(
                        Choice("yes", "Yes"),
                        Choice("no", "No"),
                        Choice("unsure", "I am not sure, or would rather not say"),
                    ),
                ),
            ),
        ),
        Page(
            "other",
            "Other people",
            "What do you know about the other person?",
            row="What you know about them",
            paragraphs=(
                "We use this to see whether somebody told us about the same thing already.",
                "We will not speak to them unless you agree. Leave out what you do not know.",
            ),
            fields=(
                Field("other_given", "First name (optional)", width=20, most=100),
                Field("other_family", "Last name (optional)", width=20, most=100),
                Field(
                    "other_how",
                    "How do you know them? (optional)",
                    hint="For example, they live next door",
                    row="How you know them",
                ),
                Field("other_line1", "Their street and number (optional)"),
                Field(
                    "other_postcode",
                    "Their postcode (optional)",
                    "postcode",
                    width=10,
                    most=20,
                ),
            ),
            asked_if=_said("other_known", "yes"),
        ),
        Page(
            "wishes",
            "What you would like",
            "What would you like to come of this?",
            row="What you would like",
            fields=(
                Field(
                    "wishes",
                    kind="some_of",
                    hint="Select all that fit. You do not have to know yet.",
                    choices=(
                        Choice("explanation", "To have it explained to me"),
                        Choice("reason", "To know why it happened, or why it happened to me"),
                        Choice("reassurance", "To know that it will not happen again"),
                        Choice("questions", "To ask other questions"),
                        Choice("apology", "To hear somebody say sorry"),
                        Choice("say_something", "To say what I have to say"),
                        Choice("none", "I do not know yet", alone=True),
                    ),
                ),
            ),
            asked_if=_not_said("side", "i_did"),
        ),
        Page(
            "offers",
            "What you would like",
            "What would you like to come of this?",
            row="What you would like",
            fields=(
                Field(
                    "offers",
                    kind="some_of",
                    hint="Select all that fit. You do not have to know yet.",
                    choices=(
                        Choice("say_something", "To say sorry, or to explain"),
                        Choice("questions", "To ask or answer questions"),
                        Choice("put_right", "To put something right"),
                        Choice("none", "I do not know yet", alone=True),
                    ),
                ),
            ),
            asked_if=_said("side", "i_did"),
        ),
        Page(
            "own_part",
            "Your part",
            "How do you see your own part?",
            row="Your own part",
            group="What you would like",
            fields=(
                Field(
                    "own_part",
                    kind="one_of",
                    choices=(
                        Choice("full", "I did it"),
                        Choice("partial", "I did some of it"),
                        Choice("denied", "People say I did it, but I did not"),
                        Choice("no_comment", "I would rather not say yet"),
                    ),
                ),
            ),
            asked_if=_said("side", "i_did"),
        ),
        Page(
            "name",
            "About you",
            "What is your name?",
            row="Name",
            paragraphs=("You can give as much of it as you like.",),
            fields=(
                Field("given", "First name", width=20, most=100, autocomplete="given-name"),
                Field("family", "Last name", width=20, most=100, autocomplete="family-name"),
                Field(
                    "known_as",
                    "What should we call you? (optional)",
                    width=20,
                    most=100,
                    autocomplete="nickname",
                    row="Call me",
                ),
            ),
        ),
        Page(
            "born",
            "About you",
            "What is your date of birth?",
            row="Date of birth",
            fields=(
                Field(
                    "born",
                    kind="date",
                    day="past",
                    hint="For example, 31 3 1980. It helps us not to mistake you for somebody else. "
                    "You can leave this out.",
                    autocomplete="bday",
                ),
            ),
        ),
        Page(
            "home",
            "About you",
            "Where do you live?",
            row="Address",
            paragraphs=(
                "The postcode tells us which team is near you. You can leave out any of this.",
                "We never pass your address to the other person.",
            ),
            fields=(
                Field("line1", "Address line 1 (optional)", autocomplete="address-line1"),
                Field(
                    "line2", "Address line 2 (optional)", autocomplete="address-line2", row="Address line 2"
                ),
                Field(
                    "town", "Town or village (optional)", width=20, autocomplete="address-level2", row="Town"
                ),
                Field(
                    "postcode",
                    "Postcode (optional)",
                    "postcode",
                    width=10,
                    most=20,
                    autocomplete="postal-code",
                ),
                Field(
                    "secret",
                    "Is there somebody who must not find out where you live?",
                    "one_of",
                    choices=YES_NO,
                    row="Must stay secret from somebody",
                ),
            ),
        ),
        Page(
            "channels",
            "Getting in touch",
            "How may we get in touch with you?",
            row="How to get in touch",
            fields=(
                Field(
                    "channels",
                    kind="some_of",
                    hint="Select every way that you want us to use. We ask next when it is safe.",
                    choices=(
                        Choice("mobile", "Mobile phone"),
                        Choice("landline", "Home or work telephone"),
                        Choice("email", "Email"),
                        Choice("post", "Letter"),
                        Choice("none", "I would rather get in touch with you", alone=True),
                    ),
                ),
            ),
        ),
        Page(
            "mobile",
            "Getting in touch",
            "What is your mobile number?",
            row="Mobile",
            fields=(
                Field(
                    "mobile",
                    kind="phone",
                    needed="Enter your mobile number, or go back and choose another way",
                    width=20,
                    most=40,
                    autocomplete="tel",
                ),
            ),
            asked_if=_said("channels", "mobile"),
        ),
        _safety("mobile", "Using your mobile", "May we leave a message or send a text?"),
        Page(
            "landline",
            "Getting in touch",
            "What is your home or work telephone number?",
            row="Telephone",
            fields=(
                Field(
                    "landline",
                    kind="phone",
                    needed="Enter your telephone number, or go back and choose another way",
                    width=20,
                    most=40,
                    autocomplete="tel",
                ),
            ),
            asked_if=_said("channels", "landline"),
        ),
        _safety("landline", "Using your telephone", "May we leave a message?"),
        Page(
            "email",
            "Getting in touch",
            "What is your email address?",
            row="Email",
            fields=(
                Field(
                    "email",
                    kind="email",
                    needed="Enter your email address, or go back and choose another way",
                    most=254,
                    autocomplete="email",
                ),
            ),
            asked_if=_said("channels", "email"),
        ),
        _safety("email", "Using your email", ""),
        Page(
            "post",
            "Getting in touch",
            "Which address may we write to?",
            row="Address for letters",
            fields=(
                Field(
                    "post",
                    kind="long",
                    needed="Enter the address to write to, or go back and choose another way",
                    most=250,
                    autocomplete="street-address",
                ),
            ),
            asked_if=_needs_postal_address,
        ),
        _safety("post", "Sending you a letter", ""),
        Page(
            "language",
            "Making it easier",
            "Which language would you like to speak?",
            row="Language",
            group="About you",
            fields=(
                Field(
                    "language",
                    "Language (optional)",
                    hint="Leave this empty for English",
                    width=20,
                    most=60,
                    row="Speak",
                ),
                Field(
                    "interpreter",
                    "Would you like an interpreter?",
                    "one_of",
                    choices=YES_NO,
                    row="Interpreter",
                ),
            ),
        ),
        Page(
            "needs",
            "Making it easier",
            "Is there anything that would make it easier for you?",
            row="What makes it easier",
            group="About you",
            fields=(
                Field(
                    "needs",
                    kind="long",
                    hint="For example large print, British Sign Language, a woman or a man to speak to, "
                    "or somebody with you. You can leave this out.",
                    most=900,
                ),
            ),
        ),
        Page(
            "go_on",
            "What happens next",
            "Shall we pass this on to the team that can help?",
            row="Pass it on to the team",
            paragraphs=(
                "They read what you wrote and get in touch with you. Nothing else happens unless you agree.",
                "You can change your mind at any time.",
                "If you do not want this at all, leave this page: nothing is kept.",
            ),
            fields=(
                Field(
                    "go_on",
                    "What would you like?",
                    "one_of",
                    choices=(
                        Choice("given", "Yes, get in touch soon"),
                        Choice("deferred", "I would like more time", "You choose the date to hear from us"),
                    ),
                    needed="Select whether we get in touch soon, or whether you would like more time",
                ),
            ),
        ),
        Page(
            "again",
            "What happens next",
            "When shall we get in touch?",
            row="When to get in touch",
            fields=(
                Field(
                    "again",
                    kind="date",
                    day="to_come",
                    hint="For example, 27 3 2027. Leave it empty if you cannot say: "
                    "we then wait until we hear from you.",
                ),
            ),
            asked_if=_said("go_on", "deferred"),
        ),
        Page(
            "keep",
            "What happens next",
            "May we keep what you told us?",
            row="Keep what you told us",
            fields=(
                Field(
                    "keep",
                    kind="one_of",
                    hint="So that you do not have to tell it again. It is kept locked, and only the people "
                    "who help you see it.",
                    choices=(
                        Choice("given", "Yes"),
                        Choice("refused", "Only for as long as you need it to answer me"),
                    ),
                ),
            ),
        ),
        Page(
            "share",
            "What happens next",
            "May we tell other services that could help you?",
            row="Tell other services",
            fields=(
                Field(
                    "share",
                    kind="one_of",
                    hint="For example one that looks after people it happened to. Never the other person.",
                    choices=(
                        Choice("given", "Yes"),
                        Choice("refused", "No"),
                        Choice("deferred", "Ask me each time"),
                    ),
                ),
            ),
        ),
    ),
)
