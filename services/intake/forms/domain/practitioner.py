"""The questions for a practitioner who refers somebody, in the plain words in which the public is asked.

A list of tasks, which can be done in any order. Little is needed: who refers, what brings the person, whom it
is about, whether they were asked, how to reach them safely, and what is known of danger. Whatever a
practitioner does not know is left out and said to be unknown; a record with gaps is worth more than none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.intake.forms.domain.filling import CHECK, Filled, answer
from services.intake.forms.domain.questions import Answers, Choice, Field, Form, Page, Slip, text_of
from services.intake.forms.domain.what_happened import KINDS, WhatHappened, work_out

MOST_PEOPLE: Final = 10
OTHERS: Final = tuple(range(2, MOST_PEOPLE + 1))

_YES: Final = Choice("yes", "Yes")
_NO: Final = Choice("no", "No")
_UNSURE: Final = Choice("unsure", "Not known")
_YES_NO: Final = (_YES, _NO)
_YES_NO_UNSURE: Final = (_YES, _NO, _UNSURE)
_DECISIONS: Final = (
    Choice("given", "Yes"),
    Choice("refused", "No"),
    Choice("deferred", "They would like more time"),
    Choice("not_asked", "They have not been asked"),
)
# Each way to get in touch: what it is called, and whether a message can be left on it.
CHANNELS: Final = {
    "mobile": ("Mobile phone", "May a voicemail or a text be left?"),
    "landline": ("Home or work telephone", "May a message be left?"),
    "email": ("Email", ""),
    "post": ("Letter", ""),
}


def what_happened(answers: Answers) -> WhatHappened:
    """What the common rule makes of what was said about the event."""
    side = text_of(answers, "side")
    known = side if side in ("done_to_me", "between_us", "i_did") else "not_sure"
    return work_out(known, answers.get("kinds", ()))  # type: ignore[arg-type]  # one of the four


def said(name: str, *values: str) -> Callable[[Answers], bool]:
    """A page that is asked if one of these answers was given."""
    return lambda answers: not set(values).isdisjoint(answers.get(name, ()))


def _is_crime(answers: Answers) -> bool:
    return what_happened(answers).strand == "crime"


def side_of(answers: Answers, number: int) -> str:
    """On which side of it this person stands: harmed, responsible or party."""
    worked_out = what_happened(answers)
    if number == 1 or text_of(answers, f"p{number}_side") == "same":
        return worked_out.role
    return worked_out.role_of_other


def is_told(answers: Answers, number: int) -> bool:
    """Whether this person is told of: the first always is, another if the one before leads there."""
    if number == 1:
        return True
    if text_of(answers, "other_known") != "yes":
        return False
    return all(text_of(answers, f"p{before}_more") == "yes" for before in range(2, number))


def _person(number: int) -> Callable[[Answers], bool]:
    return lambda answers: is_told(answers, number)


def _responsible(number: int) -> Callable[[Answers], bool]:
    return lambda answers: is_told(answers, number) and side_of(answers, number) == "responsible"


def _one_of(name: str, row: str, choices: tuple[Choice, ...], needed: str = "", label: str = "") -> Field:
    return Field(name, label, "one_of", choices=choices, needed=needed, row=row)


def _date(name: str, label: str, row: str, hint: str = "For example, 27 3 2026") -> Field:
    return Field(name, label, "date", hint, row=row, day="past")


def _date_to_come(name: str, label: str, row: str, hint: str = "For example, 27 3 2027") -> Field:
    return Field(name, label, "date", hint, row=row, day="to_come")


def _names(who: str) -> tuple[Field, ...]:
    return (
        Field(f"{who}_given", "First name (optional)", width=20, most=100, row="First name"),
        Field(f"{who}_family", "Last name (optional)", width=20, most=100, row="Last name"),
        Field(f"{who}_known_as", "Known as (optional)", width=20, most=100, row="Known as"),
    )


def _home(who: str) -> tuple[Field, ...]:
    return (
        Field(f"{who}_line1", "Address line 1 (optional)", row="Address"),
        Field(f"{who}_line2", "Address line 2 (optional)", row="Address line 2"),
        Field(f"{who}_town", "Town or village (optional)", width=20, row="Town or village"),
        Field(f"{who}_postcode", "Postcode (optional)", "postcode", width=10, most=20, row="Postcode"),
        _one_of(
            f"{who}_secret",
            "Address is secret",
            _YES_NO,
            label="Is there somebody who must not find out where they live?",
        ),
    )


def _part(number: int, title: str) -> Page:
    who = f"p{number}"
    return Page(
        f"{who}_part",
        title,
        "How do they see their own part?",
        fields=(
            _one_of(
                f"{who}_accepted",
                "Their own part",
                (
                    Choice("full", "They say that they did it"),
                    Choice("partial", "They say that they did some of it"),
                    Choice("no_comment", "They would not say"),
                    Choice("denied", "They say that they did not do it"),
                    Choice("unknown", "Not known"),
                ),
                label="What do they say?",
            ),
            Field(
                f"{who}_told_to",
                "Whom did they say it to? (optional)",
                hint="For example, to police in interview",
                row="Said to",
            ),
            _date(f"{who}_told_on", "When? (optional)", "Said on"),
        ),
        asked_if=_responsible(number),
    )


def _channel(who: str, channel: str) -> Page:
    """One way to reach the person who is referred, and what makes it safe."""
    name, message = CHANNELS[channel]
    kind = {"mobile": "phone", "landline": "phone", "email": "email", "post": "long"}[channel]
    what = {
        "mobile": "Mobile number",
        "landline": "Telephone number",
        "email": "Email address",
        "post": "Address to write to",
    }[channel]
    messages = (_one_of(f"{who}_{channel}_message", "Messages", _YES_NO, label=message),)
    return Page(
        f"{who}_{channel}",
        "Safe contact",
        name,
        paragraphs=(
            "Think of who else could see, hear or pick it up. What is not known to be safe is not used.",
        ),
        fields=(
            Field(
                f"{who}_{channel}",
                what,
                kind,  # type: ignore[arg-type]  # each is a kind of field
                needed=f"Enter the {what.lower()}, or go back and choose another way",
                most={"email": 254, "post": 250}.get(channel, 40),
                width=0 if channel in ("email", "post") else 20,
                row=what,
            ),
            _one_of(
                f"{who}_{channel}_safe",
                "Safe",
                _YES_NO_UNSURE,
                "Select whether it is safe to use",
                "Is it safe to use?",
            ),
            Field(
                f"{who}_{channel}_times",
                "When is it safe? (optional)",
                hint="For example, weekdays before 3pm",
                most=900,
                row="When",
            ),
            *(messages if message else ()),
            _date(
                f"{who}_{channel}_confirmed",
                "When did they last say so? (optional)",
                "Last confirmed",
            ),
        ),
        asked_if=said(f"{who}_channels", channel),
    )


def _other(number: int) -> tuple[Page, ...]:
    """What is asked about each person beside the one who is referred."""
    who, told = f"p{number}", _person(number)
    title = "The other person" if number == OTHERS[0] else f"Another person ({number - 1})"
    return (
        Page(
            f"{who}_who",
            title,
            "Who is the other person?" if number == OTHERS[0] else "Who else is in it?",
            paragraphs=("Leave out what is not known.",),
            fields=(
                _one_of(
                    f"{who}_side",
                    "Side",
                    (
                        Choice("other", "On the other side of it"),
                        Choice("same", "On the same side as the person you are referring"),
                    ),
                    "Select which side of it they are on",
                    "Which side of it are they on?",
                ),
                *_names(who),
                _date(f"{who}_born", "Date of birth (optional)", "Date of birth", "For example, 31 3 1980"),
            ),
            asked_if=told,
        ),
        Page(f"{who}_home", title, "Where do they live?", fields=_home(who), asked_if=told),
        Page(
            f"{who}_reach",
            title,
            "How can they be reached?",
            paragraphs=("Nobody gets in touch with them before the person who asked has agreed to it.",),
            fields=(
                Field(f"{who}_phone", "Telephone (optional)", "phone", width=20, most=40, row="Telephone"),
                Field(f"{who}_mail", "Email address (optional)", "email", most=254, row="Email address"),
                _one_of(f"{who}_reach_safe", "Safe to use", _YES_NO_UNSURE, label="Are these safe to use?"),
            ),
            asked_if=told,
        ),
        _part(number, title),
        Page(
            f"{who}_agreed",
            title,
            "Have they agreed to being referred?",
            fields=(_one_of(f"{who}_agreed", "Agreed to being referred", _DECISIONS),),
            asked_if=told,
        ),
        *(
            (
                Page(
                    f"{who}_more",
                    title,
                    "Is there anybody else to tell about?",
                    fields=(_one_of(f"{who}_more", "Anybody else", _YES_NO, "Select whether there is"),),
                    asked_if=told,
                ),
            )
            if number < MOST_PEOPLE
            else ()
        ),
    )


@dataclass(frozen=True)
class Task:
    """Some pages that belong together, as one line of the list; one that is `optional` may be left undone."""

    key: str
    name: str
    pages: tuple[Page, ...]
    hint: str = ""
    optional: bool = False


_REFERRING: Final = Task(
    "referring",
    "Who is referring",
    (
        Page(
            "you",
            "Who is referring",
            "Who is making this referral?",
            fields=(
                Field(
                    "ref_name",
                    "Your name",
                    needed="Enter your name",
                    width=20,
                    autocomplete="name",
                    row="Your name",
                ),
                Field(
                    "ref_role", "Your role (optional)", hint="For example, housing officer", row="Your role"
                ),
                Field(
                    "ref_organisation",
                    "Your organisation",
                    most=150,
                    needed="Enter the name of your organisation",
                    autocomplete="organization",
                    row="Your organisation",
                ),
                Field(
                    "ref_email",
                    "Work email address (optional)",
                    "email",
                    most=254,
                    autocomplete="email",
                    row="Your email address",
                ),
                Field(
                    "ref_phone",
                    "Work telephone (optional)",
                    "phone",
                    width=20,
                    most=40,
                    autocomplete="tel",
                    row="Your telephone",
                ),
            ),
        ),
        Page(
            "light",
            "Who is referring",
            "How did this come to light?",
            fields=(
                _one_of(
                    "identified_by",
                    "Came to light",
                    (
                        Choice("crime_or_incident", "Through a crime or an incident"),
                        Choice("high_demand", "Through somebody who asks for help very often"),
                        Choice("self", "The person saw it themselves"),
                        Choice("community", "Through a community organisation"),
                    ),
                    label="How was the need seen? (optional)",
                ),
                _one_of(
                    "point",
                    "Needs assessed by",
                    (
                        Choice("vcas", "Victim Care and Advice Service"),
                        Choice("vip", "Vulnerability Intervention Pathway"),
                        Choice("restorative_hub", "Restorative Hub"),
                        Choice("community_peer_mentors", "Community Peer Mentors"),
                        Choice("none", "None of these"),
                    ),
                    label="Did one of these assess their needs? (optional)",
                ),
            ),
        ),
    ),
)

_HAPPENED: Final = Task(
    "happened",
    "What happened",
    (
        Page(
            "side",
            "What happened",
            "What brings the person to you?",
            fields=(
                Field(
                    "side",
                    kind="one_of",
                    hint="Choose what comes closest, as they see it. You do not have to know "
                    "whether it is a crime.",
                    choices=(
                        Choice("done_to_me", "Somebody did something to them, or to somebody close to them"),
                        Choice(
                            "between_us",
                            "Something is going on between them and other people",
                            "For example neighbours, family or people at work",
                        ),
                        Choice("i_did", "They did something to somebody, and want to do something about it"),
                        Choice("not_sure", "It is not clear, or it is more than one of these"),
                    ),
                    needed="Select what brings them. If it is not clear, select “It is not clear”",
                    row="What brings them",
                ),
            ),
        ),
        Page(
            "kinds",
            "What happened",
            "What is it about?",
            fields=(
                Field(
                    "kinds",
                    kind="some_of",
                    hint="Select all that fit. You can also leave this out.",
                    choices=tuple(Choice(value, text) for value, (text, _) in KINDS.items()),
                    row="What it is about",
                ),
            ),
        ),
        Page(
            "story",
            "What happened",
            "What happened?",
            fields=(
                Field(
                    "story",
                    kind="long",
                    hint="What whoever takes this up should know. Say who told you. You can leave this out.",
                    most=3000,
                    row="What happened",
                ),
            ),
        ),
        Page(
            "when",
            "What happened",
            "When did it happen?",
            fields=(
                _date("began", "Date, or when it began (optional)", "Began on"),
                _date("ended", "When it ended (optional)", "Ended on"),
            ),
        ),
        Page(
            "where",
            "What happened",
            "Where did it happen?",
            fields=(
                Field("place_line1", "Street or place (optional)", row="Where"),
                Field("place_town", "Town or village (optional)", width=20, row="Town or village"),
                Field(
                    "place_postcode",
                    "Postcode (optional)",
                    "postcode",
                    width=10,
                    most=20,
                    row="Postcode",
                ),
            ),
        ),
        Page(
            "numbers",
            "What happened",
            "Which numbers is it known by?",
            paragraphs=(
                "Type them as they stand. They help to see whether somebody told us about the same already.",
            ),
            fields=(
                Field("crime", "Crime number (optional)", width=20, most=60, row="Crime number"),
                Field(
                    "incident",
                    "Incident or log number (optional)",
                    hint="If it is a number of one day, add the date, like 358 of 16/07/2026",
                    width=20,
                    most=60,
                    row="Incident number",
                ),
                Field("first", "FIRsT number (optional)", width=20, most=60, row="FIRsT number"),
                Field("number", "Another number (optional)", width=20, most=60, row="Another number"),
            ),
        ),
        Page(
            "justice",
            "What happened",
            "How far has it come with the police and the courts?",
            fields=(
                _one_of(
                    "stage",
                    "Police and courts",
                    (
                        Choice("not_reported", "Not reported"),
                        Choice("under_investigation", "The police are looking into it"),
                        Choice("no_further_action", "No further action"),
                        Choice("out_of_court", "Dealt with out of court"),
                        Choice("charged", "Charged"),
                        Choice("awaiting_plea", "Waiting for a plea"),
                        Choice("guilty_plea", "Guilty plea"),
                        Choice("trial", "Trial"),
                        Choice("awaiting_sentence", "Waiting for sentence"),
                        Choice("deferred", "Sentence deferred"),
                        Choice("sentenced", "Sentenced"),
                        Choice("licence", "On licence"),
                        Choice("complete", "All over"),
                        Choice("civil", "In a civil court"),
                    ),
                    label="Stage (optional)",
                ),
                _date_to_come("hearing", "Next hearing (optional)", "Next hearing"),
                _one_of(
                    "identified",
                    "Known who did it",
                    _YES_NO_UNSURE,
                    label="Is it known who did it?",
                ),
            ),
            asked_if=_is_crime,
        ),
    ),
)

_PERSON: Final = Task(
    "person",
    "The person you are referring",
    (
        Page(
            "p1_name",
            "The person you are referring",
            "Who are you referring?",
            paragraphs=("Give as much as you know.",),
            fields=(
                *_names("p1"),
                _date("p1_born", "Date of birth (optional)", "Date of birth", "For example, 31 3 1980"),
                Field("p1_gender", "Gender (optional)", width=20, most=60, row="Gender"),
            ),
        ),
        Page("p1_home", "The person you are referring", "Where do they live?", fields=_home("p1")),
        Page(
            "p1_needs",
            "The person you are referring",
            "What would make it easier for them?",
            fields=(
                Field(
                    "p1_language", "Language, if not English (optional)", width=20, most=60, row="Language"
                ),
                _one_of("p1_interpreter", "Interpreter", _YES_NO, label="Do they need an interpreter?"),
                Field(
                    "p1_access",
                    "What they need to take part (optional)",
                    "long",
                    "For example large print, a lift, or somebody with them",
                    most=900,
                    row="What they need to take part",
                ),
                Field(
                    "p1_vulnerable",
                    "What makes them vulnerable (optional)",
                    "long",
                    most=900,
                    row="What makes them vulnerable",
                ),
                _one_of(
                    "p1_enhanced",
                    "Enhanced rights",
                    _YES_NO_UNSURE,
                    label="Do they have enhanced rights under the Code for Victims?",
                ),
            ),
        ),
        _part(1, "The person you are referring"),
    ),
)

_OTHERS: Final = Task(
    "others",
    "The other person, and anybody else",
    (
        Page(
            "other_known",
            "The other person",
            "Do you know who the other person is?",
            fields=(_one_of("other_known", "Other person known", _YES_NO, "Select whether you know them"),),
        ),
        *(page for number in OTHERS for page in _other(number)),
    ),
    optional=True,
)

_CONSENT: Final = Task(
    "consent",
    "Consent and wishes",
    (
        Page(
            "agreed",
            "Consent and wishes",
            "Have they agreed to being referred?",
            fields=(
                _one_of(
                    "agreed",
                    "Agreed to being referred",
                    _DECISIONS,
                    "Select whether they have agreed",
                    "What did they say?",
                ),
                _date("agreed_on", "When did they decide? (optional)", "Decided on"),
            ),
        ),
        Page(
            "again",
            "Consent and wishes",
            "When shall they be asked again?",
            fields=(
                _date_to_come(
                    "again",
                    "",
                    "Ask again on",
                    "For example, 27 3 2027. Leave it empty if they could not say.",
                ),
            ),
            asked_if=said("agreed", "deferred"),
        ),
        Page(
            "allowed",
            "Consent and wishes",
            "What else have they agreed to?",
            fields=(
                _one_of("storage", "Keeping what they told", _DECISIONS, label="That what they told is kept"),
                _one_of(
                    "sharing",
                    "Telling other services",
                    _DECISIONS,
                    label="That other services who could help are told",
                ),
                _one_of(
                    "approach",
                    "Asking the other person",
                    _DECISIONS,
                    label="That the other person is asked whether they would take part",
                ),
            ),
        ),
        Page(
            "wishes",
            "Consent and wishes",
            "What do they want from it?",
            fields=(
                Field(
                    "wishes",
                    kind="some_of",
                    hint="Select all that they said. They do not have to know yet.",
                    choices=(
                        Choice("explanation", "To have it explained"),
                        Choice("reason", "To know why it happened, or why to them"),
                        Choice("reassurance", "To know that it will not happen again"),
                        Choice("questions", "To ask other questions, or to answer them"),
                        Choice("apology", "To hear somebody say sorry"),
                        Choice("say_something", "To say something, or to say sorry"),
                        Choice("none", "They do not know yet", alone=True),
                    ),
                    row="What they want from it",
                ),
            ),
        ),
    ),
)

_CONTACT: Final = Task(
    "contact",
    "Safe contact",
    (
        Page(
            "p1_channels",
            "Safe contact",
            "How may the person you are referring be reached?",
            fields=(
                Field(
                    "p1_channels",
                    kind="some_of",
                    hint="Select every way that they agreed to. Each is then asked about.",
                    choices=(
                        *(Choice(channel, name) for channel, (name, _) in CHANNELS.items()),
                        Choice("none", "Only through me", alone=True),
                    ),
                    needed="Select how they may be reached, or “Only through me”",
                    row="How to reach them",
                ),
            ),
        ),
        *(_channel("p1", channel) for channel in CHANNELS),
    ),
)

_RISK: Final = Task(
    "risk",
    "Risk",
    (
        Page(
            "danger",
            "Risk",
            "Is anybody in danger right now?",
            fields=(
                Field(
                    "danger",
                    kind="one_of",
                    hint="If so, ring 999 first. This form is not read at once.",
                    choices=_YES_NO_UNSURE,
                    needed="Select whether anybody is in danger",
                    row="In danger right now",
                ),
            ),
        ),
        Page(
            "assessed",
            "Risk",
            "Have the risks been assessed?",
            paragraphs=("Not assessed is not read as no risk.",),
            fields=(
                _one_of(
                    "assessed",
                    "Risks assessed",
                    _YES_NO,
                    "Select whether the risks have been assessed",
                    "Has somebody assessed them?",
                ),
                Field(
                    "markers",
                    "Which of these are known or suspected? (optional)",
                    "some_of",
                    choices=(
                        Choice("domestic_abuse", "Abuse by a partner or in the family"),
                        Choice("sexual", "Sexual violence"),
                        Choice("stalking", "Stalking"),
                        Choice("hate", "Hate"),
                        Choice("trafficking", "Trafficking or exploitation"),
                        Choice("weapons", "Weapons"),
                        Choice("self_harm", "Self-harm or suicide"),
                        Choice("child_safeguarding", "A child may need protection"),
                        Choice("mappa", "MAPPA"),
                        Choice("mental_health", "Mental health"),
                        Choice("substance", "Alcohol or drugs"),
                    ),
                    row="Risks known or suspected",
                ),
            ),
        ),
        Page(
            "ordered",
            "Risk",
            "Is there an order that could forbid contact?",
            fields=(
                _one_of(
                    "ordered",
                    "An order that could forbid contact",
                    _YES_NO_UNSURE,
                    "Select whether there is an order",
                ),
            ),
        ),
        Page(
            "order",
            "Risk",
            "What does the order say?",
            fields=(
                _one_of(
                    "order",
                    "Order",
                    (
                        Choice("bail", "Bail conditions"),
                        Choice("restraining", "Restraining order"),
                        Choice("licence", "Licence conditions"),
                        Choice("injunction", "Injunction"),
                        Choice("other", "Another order"),
                    ),
                    "Select which order it is",
                    "Which order is it?",
                ),
                _one_of("order_forbids", "It forbids contact", _YES_NO, label="Does it forbid contact?"),
                _date_to_come("order_until", "Until when? (optional)", "Order until"),
            ),
            asked_if=said("ordered", "yes"),
        ),
    ),
)

_SERVICES: Final = Task(
    "services",
    "Services",
    (
        Page(
            "services",
            "Services",
            "Which services would they like?",
            fields=(
                Field(
                    "services",
                    kind="some_of",
                    hint="Select all that they asked for. Whoever takes this up will offer what fits.",
                    choices=(
                        Choice("restorative_justice", "Contact with the person who did it"),
                        Choice("restorative_mediation", "Help to settle a dispute"),
                        Choice("peer_mentor", "A peer mentor"),
                        Choice("vip_navigator", "A navigator of the Vulnerability Intervention Pathway"),
                        Choice("victim_support", "Support for somebody it happened to"),
                        Choice("none", "Not known yet", alone=True),
                    ),
                    row="Services they would like",
                ),
            ),
        ),
        Page(
            "demand",
            "Services",
            "How often did they need the police in the last six months?",
            fields=(
                Field("calls", "Calls (optional)", "count", width=4, most=6, row="Calls to the police"),
                Field("visits", "Visits (optional)", "count", width=4, most=6, row="Visits by the police"),
            ),
        ),
    ),
    optional=True,
)

TASKS: Final = (_REFERRING, _HAPPENED, _PERSON, _OTHERS, _CONSENT, _CONTACT, _RISK, _SERVICES)
PRACTITIONER: Final = Form("practitioner", tuple(page for task in TASKS for page in task.pages))
# Where the list of tasks is shown.
LIST: Final = "tasks"
_TASK_OF: Final = {page.key: task for task in TASKS for page in task.pages}


@dataclass(frozen=True)
class Progress:
    """How far a task is: the first page of it that is still to be answered, if any."""

    task: Task
    begun: bool
    next_page: Page | None

    @property
    def done(self) -> bool:
        """Whether every page of it that is asked was answered."""
        return self.next_page is None


def progress_of(filled: Filled) -> Iterator[Progress]:
    """How far each task is, in order."""
    for task in TASKS:
        asked = [page for page in task.pages if page.asked_if(filled.answers)]
        left = [page for page in asked if page.key not in filled.answered]
        yield Progress(task, len(left) < len(asked), left[0] if left else None)


def begin_practitioner(form_id: str, now: dt.datetime, known: Answers) -> Filled:
    """The form at its list of tasks, with what is known already of whoever fills it in."""
    return Filled(form_id, now, LIST, dict(known))


def go_to_task(filled: Filled, key: str) -> Filled:
    """Go on with this task where it was left, or from its beginning if all of it was answered."""
    for one in progress_of(filled):
        if one.task.key == key:
            return _to(filled, (one.next_page or one.task.pages[0]).key)
    return _to(filled, LIST)


def go_on(filled: Filled, posted: Mapping[str, Sequence[str]], today: dt.date) -> tuple[Filled, list[Slip]]:
    """Take the answers of the page that is shown, and go to the next of its task, or back to the list.

    Whoever came from the look over everything returns there, past what the altered answer made necessary.
    """
    task, at = _TASK_OF[filled.at], filled.at
    taken, slips = answer(PRACTITIONER, filled, posted, today)
    if slips:
        return taken, slips
    asked = [page.key for page in task.pages if page.asked_if(taken.answers)]
    later = asked[asked.index(at) + 1 :]
    if filled.checked:
        left = [key for key in later if key not in taken.answered]
        # What was altered may have made a page of another task necessary.
        return replace(taken, at=left[0], checked=True) if left else look_over_all(taken), []
    return _to(taken, later[0] if later else LIST), []


def go_back(filled: Filled) -> Filled:
    """Go to the page before, or to the list of tasks."""
    if filled.at in (LIST, CHECK):
        return _to(filled, LIST)
    task = _TASK_OF[filled.at]
    asked = [page.key for page in task.pages if page.asked_if(filled.answers) or page.key == filled.at]
    before = asked[: asked.index(filled.at)]
    if filled.checked:
        return replace(filled, at=CHECK)
    return _to(filled, before[-1] if before else LIST)


def look_over_all(filled: Filled) -> Filled:
    """Go to where all answers are looked over, once nothing needed is missing; else to the list."""
    return _to(filled, LIST) if still_needed(filled) else replace(filled, at=CHECK, checked=True)


def is_place(key: str) -> bool:
    """Whether there is such a place in this form."""
    return key in (LIST, CHECK) or key in _TASK_OF


def still_needed(filled: Filled) -> list[Task]:
    """The tasks that must be done before the referral can be sent: one that is optional only once begun."""
    return [one.task for one in progress_of(filled) if not one.done and (one.begun or not one.task.optional)]


def _to(filled: Filled, key: str) -> Filled:
    return replace(filled, at=key, checked=False)
