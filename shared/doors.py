"""What people who signed in can open, by their role: a door for each page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.web import PRACTITIONER


@dataclass(frozen=True)
class Door:
    """A page that some roles can open, and what it is for."""

    roles: tuple[str, ...]
    path: str
    name: str
    purpose: str


# What exists, and nothing else.
DOORS: Final = (
    Door(
        (PRACTITIONER,),
        "/refer/practitioner",
        "Refer somebody",
        "Start a referral, go on with one that you saved, or see how far yours have come.",
    ),
    Door(
        ("coordinator", "supervisor", "facilitator", "ops"),
        "/alerts",
        "What waits for you",
        "See it, say that you have it, and choose how you are told.",
    ),
    Door(
        ("coordinator", "supervisor", "facilitator"),
        "/cases",
        "Cases",
        "See yours, what is next in each and by when, move them on, and record what was said.",
    ),
    Door(
        ("coordinator", "supervisor"),
        "/reviews",
        "Reviews",
        "Look at two records that may tell of one case, and say whether they do.",
    ),
    Door(
        ("ops",),
        "/ops",
        "What waits where",
        "See queues, and what could not be handled, and have it tried again.",
    ),
    Door(
        ("commissioner", "supervisor"),
        "/reports",
        "Reports",
        "How much came in a quarter, of what kind, and how it ended; no person is in it.",
    ),
    Door(("ops",), "/v1/docs", "The reference of the API", "Every route, to read and to try."),
)


def doors_of(role: str) -> list[Door]:
    """Those that somebody in this role can open."""
    return [door for door in DOORS if role in door.roles]
