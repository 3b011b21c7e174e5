"""The tasks of who refers, and of what happened."""

from __future__ import annotations

from typing import Final

from services.intake.forms.domain.practitioner.answers import (
    is_crime,
)
from services.intake.forms.domain.practitioner.pieces import (
    YES_NO_UNSURE,
    Task,
    date_to_come,
    one_of,
    past_date,
)
from services.intake.forms.domain.questions import Choice, Field, Page
from services.intake.forms.domain.what_happened import KINDS

REFERRING: Final = Task(
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
                one_of(
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
                one_of(
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

HAPPENED: Final = Task(
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
                past_date("began", "Date, or when it began (optional)", "Began on"),
                past_date("ended", "When it ended (optional)", "Ended on"),
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
                one_of(
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
                date_to_come("hearing", "Next hearing (optional)", "Next hearing"),
                one_of(
                    "identified",
                    "Known who did it",
                    YES_NO_UNSURE,
                    label="Is it known who did it?",
                ),
            ),
            asked_if=is_crime,
        ),
    ),
)
