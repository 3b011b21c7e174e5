"""The tasks of what the person has agreed to and wants, and of how to reach them safely."""

from __future__ import annotations

from typing import Final

from services.intake.forms.domain.practitioner.answers import (
    said,
)
from services.intake.forms.domain.practitioner.pieces import (
    DECISIONS,
    YES_NO,
    YES_NO_UNSURE,
    Task,
    date_to_come,
    one_of,
    past_date,
)
from services.intake.forms.domain.questions import Choice, Field, Page

# Each way to get in touch: what it is called, and whether a message can be left on it.
CHANNELS: Final = {
    "mobile": ("Mobile phone", "May a voicemail or a text be left?"),
    "landline": ("Home or work telephone", "May a message be left?"),
    "email": ("Email", ""),
    "post": ("Letter", ""),
}


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
    messages = (one_of(f"{who}_{channel}_message", "Messages", YES_NO, label=message),)
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
            one_of(
                f"{who}_{channel}_safe",
                "Safe",
                YES_NO_UNSURE,
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
            past_date(
                f"{who}_{channel}_confirmed",
                "When did they last say so? (optional)",
                "Last confirmed",
            ),
        ),
        asked_if=said(f"{who}_channels", channel),
    )


CONSENT: Final = Task(
    "consent",
    "Consent and wishes",
    (
        Page(
            "agreed",
            "Consent and wishes",
            "Have they agreed to being referred?",
            fields=(
                one_of(
                    "agreed",
                    "Agreed to being referred",
                    DECISIONS,
                    "Select whether they have agreed",
                    "What did they say?",
                ),
                past_date("agreed_on", "When did they decide? (optional)", "Decided on"),
            ),
        ),
        Page(
            "again",
            "Consent and wishes",
            "When shall they be asked again?",
            fields=(
                date_to_come(
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
                one_of("storage", "Keeping what they told", DECISIONS, label="That what they told is kept"),
                one_of(
                    "sharing",
                    "Telling other services",
                    DECISIONS,
                    label="That other services who could help are told",
                ),
                one_of(
                    "approach",
                    "Asking the other person",
                    DECISIONS,
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

CONTACT: Final = Task(
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
