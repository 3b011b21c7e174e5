"""The tasks of danger, risk and orders, and of the services that are wanted."""

from __future__ import annotations

from typing import Final

from services.intake.forms.domain.practitioner.answers import (
    said,
)
from services.intake.forms.domain.practitioner.pieces import (
    YES_NO,
    YES_NO_UNSURE,
    Task,
    date_to_come,
    one_of,
)
from services.intake.forms.domain.questions import Choice, Field, Page

RISK: Final = Task(
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
                    choices=YES_NO_UNSURE,
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
                one_of(
                    "assessed",
                    "Risks assessed",
                    YES_NO,
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
                one_of(
                    "ordered",
                    "An order that could forbid contact",
                    YES_NO_UNSURE,
                    "Select whether there is an order",
                ),
            ),
        ),
        Page(
            "order",
            "Risk",
            "What does the order say?",
            paragraphs=(
                "Where it is not known whether contact is forbidden, nobody gets in touch before it is.",
            ),
            fields=(
                one_of(
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
                one_of(
                    "order_forbids",
                    "It forbids contact",
                    YES_NO_UNSURE,
                    "Select whether it forbids contact",
                    "Does it forbid contact?",
                ),
                date_to_come("order_until", "Until when? (optional)", "Order until"),
            ),
            asked_if=said("ordered", "yes"),
        ),
    ),
)

SERVICES: Final = Task(
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
