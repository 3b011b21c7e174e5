"""Invented people and what happened to them, as many as a fault test wants, no two of them alike."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Any

import msgspec

from shared.contracts import ReferralReceived
from shared.contracts.envelope import Lane, Trace, wrap
from shared.contracts.referral import Referral
from shared.identity import REFERRAL, new_id, new_reference
from tests.support.builders import Wire, a_contact, a_party, a_reference, a_referral, an_event

if TYPE_CHECKING:
    from shared.sealing import Keys

_SYLLABLES = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za")


def a_story(number: int, **changes: object) -> Wire:
    """The referral of one invented person: the number decides everything that could be matched on."""
    return (
        a_referral(
            source_record_id=f"INVENTED-{number:06}",
            event=an_event(
                references=[a_reference(value=a_crime_number(number))],
                place={
                    "line1": f"{number} Invented Way",
                    "town": "Darlington",
                    "postcode": _postcode(number),
                },
            ),
            parties=[an_invented_person(number)],
            risks={"assessed": True, "immediate_danger": False, "markers": []},
            orders=[],
        )
        | changes
    )


def a_crime_number(number: int) -> str:
    """Another one for each number, and no two so near that one may be a slip for the other."""
    return f"CRI{7_000_000 + number * 37:09}"


def an_invented_person(number: int) -> Wire:
    """A harmed person who can be reached safely and has agreed."""
    draw = random.Random(number)
    return a_party(
        name={"given": _name(draw), "family": _name(draw)},
        date_of_birth=str(dt.date(1930, 1, 2) + dt.timedelta(days=draw.randrange(28_000))),
        address={"line1": f"{number} Nowhere Row", "town": "Darlington", "postcode": _postcode(number)},
        contacts=[a_contact(channel="email", value=f"person{number}@invented.example")],
        identifiers=[],
    )


def as_said_by_intake(story: Wire, keys: Keys, *, lane: Lane = "normal") -> tuple[str, dict[str, Any]]:
    """The same referral as a message of intake's: its reference, and its row in the outbox, not sent yet."""
    message = ReferralReceived(
        reference=new_reference(REFERRAL),
        agency="vcas",
        version=1,
        received_at=dt.datetime.now(dt.UTC),
        referral=msgspec.convert(story, Referral),
        travels=lane,
    )
    return message.reference, {
        "id": (message_id := new_id()),
        "lane": ("urgent", "normal", "bulk").index(lane),
        "type": message.TYPE,
        "routing_key": message.routing_key,
        "said_at": message.received_at,
        "sent_at": None,
        "body": wrap(
            message,
            id=message_id,
            source="intake",
            time=message.received_at,
            trace=Trace.begin(),
            causation_id="",
            keys=keys.messages,
        ),
    }


def _name(draw: random.Random) -> str:
    return "".join(draw.choice(_SYLLABLES) for _ in range(5)).capitalize()


def _postcode(number: int) -> str:
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    return f"DL1 {number // 400 % 9 + 1}{letters[number // 20 % 20]}{letters[number % 20]}"
