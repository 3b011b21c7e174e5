"""The tasks of the person who is referred, and of everybody else."""

from __future__ import annotations

from typing import Final

from services.intake.forms.domain.practitioner.answers import (
    MOST_PEOPLE,
    OTHERS,
    when_responsible,
    when_told,
)
from services.intake.forms.domain.practitioner.pieces import (
    DECISIONS,
    YES_NO,
    YES_NO_UNSURE,
    Task,
    one_of,
    past_date,
)
from services.intake.forms.domain.questions import Choice, Field, Page


def _names(who: str) -> tuple[Field, ...]:
    return (
        Field(f"{who}_given", "First name (optional)", width=20, most=100, row="First name"),
        Field(f"{who}_family", "Last name (optional)", width=20, most=100, row="Last name"),
        Field(f"{who}_known_as", "Known as (optional)", width=20, most=100, row="Known as"),
    )


def _birth(who: str) -> Field:
    return past_date(f"{who}_born", "Date of birth (optional)", "Date of birth", "For example, 31 3 1980")


def _home(who: str) -> tuple[Field, ...]:
    return (
        Field(f"{who}_line1", "Address line 1 (optional)", row="Address"),
        Field(f"{who}_line2", "Address line 2 (optional)", row="Address line 2"),
        Field(f"{who}_town", "Town or village (optional)", width=20, row="Town or village"),
        Field(f"{who}_postcode", "Postcode (optional)", "postcode", width=10, most=20, row="Postcode"),
        one_of(
            f"{who}_secret",
            "Address is secret",
            YES_NO,
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
            one_of(
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
            past_date(f"{who}_told_on", "When? (optional)", "Said on"),
        ),
        asked_if=when_responsible(number),
    )


def _other(number: int) -> tuple[Page, ...]:
    """What is asked about each person beside the one who is referred."""
    who, told = f"p{number}", when_told(number)
    title = "The other person" if number == OTHERS[0] else f"Another person ({number - 1})"
    return (
        Page(
            f"{who}_who",
            title,
            "Who is the other person?" if number == OTHERS[0] else "Who else is in it?",
            paragraphs=("Leave out what is not known.",),
            fields=(
                one_of(
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
                _birth(who),
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
                one_of(f"{who}_reach_safe", "Safe to use", YES_NO_UNSURE, label="Are these safe to use?"),
            ),
            asked_if=told,
        ),
        _part(number, title),
        Page(
            f"{who}_agreed",
            title,
            "Have they agreed to being referred?",
            fields=(one_of(f"{who}_agreed", "Agreed to being referred", DECISIONS),),
            asked_if=told,
        ),
        *(
            (
                Page(
                    f"{who}_more",
                    title,
                    "Is there anybody else to tell about?",
                    fields=(one_of(f"{who}_more", "Anybody else", YES_NO, "Select whether there is"),),
                    asked_if=told,
                ),
            )
            if number < MOST_PEOPLE
            else ()
        ),
    )


PERSON: Final = Task(
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
                _birth("p1"),
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
                one_of("p1_interpreter", "Interpreter", YES_NO, label="Do they need an interpreter?"),
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
                one_of(
                    "p1_enhanced",
                    "Enhanced rights",
                    YES_NO_UNSURE,
                    label="Do they have enhanced rights under the Code for Victims?",
                ),
            ),
        ),
        _part(1, "The person you are referring"),
    ),
)

OTHER_PEOPLE: Final = Task(
    "others",
    "The other person, and anybody else",
    (
        Page(
            "other_known",
            "The other person",
            "Do you know who the other person is?",
            fields=(one_of("other_known", "Other person known", YES_NO, "Select whether you know them"),),
        ),
        *(page for number in OTHERS for page in _other(number)),
    ),
    optional=True,
)
