"""Of two words about one case the newest counts, also when two workers hear them at the same moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from services.notify.tables import barred, telltales
from shared.contracts import CaseBarred, CaseTelltales
from shared.contracts.envelope import Message
from shared.database import what_failed
from shared.messaging.consumer import Hearer
from shared.messaging.unit import Unit
from tests.support.houses import Hub, hub, infrastructure, make_hub

__all__ = ["hub", "infrastructure", "make_hub"]

CASE, WHEN = "CS-7K3M-2QX", dt.datetime(2026, 3, 23, 10, 0, tzinfo=dt.UTC)


def barred_on(day: int) -> Message:
    """Who is barred, as it was said on that day."""
    who = f"invented.{day}@referral-hub.example"
    return CaseBarred(case=CASE, who=(who,), barred_at=WHEN + dt.timedelta(days=day))


def telltales_on(day: int) -> Message:
    """What a referral would give away, in its version of that day."""
    return CaseTelltales(case=CASE, referral="RF-2F6J-9WY", version=day, telltales=bytes([day] * 8))


A_WORD_OF: dict[type[Message], Callable[[int], Message]] = {
    CaseBarred: barred_on,
    CaseTelltales: telltales_on,
}


def begin(hub: Hub, message: Message, unit: Unit) -> Hearer:
    """Do what notify does before it decides what a message changes; who does the rest."""
    room = hub.rooms["notify"]
    hearer = room.service.hears(room)[type(message)]
    assert hearer.prepare is not None
    hearer.prepare([message], unit)
    return hearer


def hear(hub: Hub, message: Message, unit: Unit) -> None:
    """Do what notify does with a message."""
    begin(hub, message, unit).handle(message, unit)


def begin_at_once(hub: Hub, message: Message) -> None:
    """The same as another worker does it, which waits for nobody."""
    with hub.rooms["notify"].unit() as unit:
        unit.connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
        begin(hub, message, unit)


def what_counts(hub: Hub, contract: type[Message]) -> list[str]:
    """Who is barred, or which version of telltales is kept."""
    of_barred = select(barred.c.email).where(barred.c.email != "")
    query = of_barred if contract is CaseBarred else select(telltales.c.version)
    with hub.rooms["notify"].database.reading() as connection:
        return [str(found) for found in connection.execute(query).scalars()]


@pytest.mark.parametrize("contract", A_WORD_OF)
def test_who_hears_an_older_word_waits_for_who_hears_the_newest_now(
    hub: Hub, contract: type[Message]
) -> None:
    room, word = hub.rooms["notify"], A_WORD_OF[contract]
    with room.unit() as before:
        hear(hub, word(1), before)
    with room.unit() as newest:
        hear(hub, word(3), newest)
        if not room.database.is_file:  # a file has one writer at a time
            with pytest.raises(DBAPIError) as refused:
                begin_at_once(hub, word(2))
            assert what_failed(refused.value) == "busy"
    newest_counts = what_counts(hub, contract)
    with room.unit() as older:
        hear(hub, word(2), older)
    assert what_counts(hub, contract) == newest_counts
    assert len(newest_counts) == 1
    assert "3" in newest_counts[0]
