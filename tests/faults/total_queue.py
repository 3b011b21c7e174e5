"""The check that every fault test ends with: all that was acknowledged came out at the end, once.

It is the "total queue" of RabbitMQ's own fault tests (Jepsen), laid over the whole hub: what went in is what
an agency has a receipt for; what came out is a case with its alert and its mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from sqlalchemy import func, select

from services.intake.tables import referrals as taken
from services.notify.tables import alerts, deliveries, dispatches
from services.triage.tables import cases
from services.triage.tables import referrals as triaged
from shared.messaging.parking import count_held, list_parked

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from sqlalchemy import Select

    from shared.messaging.parking import Parked
    from shared.service import Room

Rooms = Mapping[str, "Room"]
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Standing:
    """How far everything has come, read from the three databases."""

    unsent: int
    held: int
    parked: int
    taken: Counter[str]
    waiting_for_a_case: int
    triaged: dict[str, UUID]
    cases: dict[UUID, str]
    alerts: Counter[str]
    mails_due: int
    mails: list[tuple[str, str]]
    in_doubt: set[str]

    @property
    def alerted(self) -> bool:
        """Whether nothing is on its way any more, except for mails."""
        return not (self.unsent or self.held or self.waiting_for_a_case) and len(self.cases) == len(
            self.alerts
        )

    @property
    def at_rest(self) -> bool:
        """Whether nothing is on its way any more."""
        return self.alerted and not self.mails_due

    def __str__(self) -> str:
        """The figures, for whoever reads a failure."""
        return (
            f"{self.unsent} unsent, {self.held} held, {self.parked} parked, {self.taken.total()} taken "
            f"({self.waiting_for_a_case} without a case), {len(self.triaged)} triaged, "
            f"{len(self.cases)} cases, {self.alerts.total()} alerts, "
            f"{self.mails_due} mails due, {len(self.mails)} sent, {len(self.in_doubt)} in doubt"
        )


def standing(rooms: Rooms) -> Standing:
    """Read where everything stands."""
    held = [count_held(room.books) for room in rooms.values()]
    # A team may have several coordinators; here each has one, so a case is one mail.
    by_mail = (
        select(dispatches.c.id, deliveries.c.case)
        .join(deliveries, deliveries.c.dispatch_id == dispatches.c.id)
        .where(dispatches.c.channel == "mail", dispatches.c.state == "sent", deliveries.c.step == 0)
        .where(deliveries.c.kind == "opening")
    )
    doubtful = select(dispatches.c.id).where(dispatches.c.state == "in_doubt")
    return Standing(
        unsent=sum(_count(room, _unsent(room)) for room in rooms.values()),
        held=sum(waiting for _, waiting in held),
        parked=sum(parked for parked, _ in held),
        taken=Counter(_column(rooms["intake"], select(taken.c.reference))),
        waiting_for_a_case=_count(rooms["intake"], select(func.count()).where(taken.c.status == "received")),
        triaged=dict(_pairs(rooms["triage"], select(triaged.c.reference, triaged.c.case_id))),
        cases=dict(_pairs(rooms["triage"], select(cases.c.id, cases.c.reference))),
        alerts=Counter(_column(rooms["notify"], select(alerts.c.case).where(alerts.c.kind == "opening"))),
        mails_due=sum(
            _count(rooms["notify"], select(func.count()).where(table.c.due_at.is_not(None)))
            for table in (deliveries, dispatches)
        ),
        mails=[(str(mail), case) for mail, case in _pairs(rooms["notify"], by_mail)],
        in_doubt={str(mail) for mail in _column(rooms["notify"], doubtful)},
    )


def has_come_to_rest(rooms: Rooms, acknowledged: Iterable[str]) -> Callable[[], bool]:
    """A condition to wait for: everything acknowledged is triaged and nothing is on its way."""
    wanted = set(acknowledged)

    def all_at_rest() -> bool:
        now = standing(rooms)
        return now.at_rest and wanted <= now.triaged.keys()

    # A look reads one table after another: what was said while it read is only seen by a second.
    return lambda: all_at_rest() and all_at_rest()


def assert_nothing_lost_nothing_twice(
    rooms: Rooms,
    acknowledged: Iterable[str],
    mails: Iterable[EmailMessage],
    *,
    cases_expected: int | None = None,
    parked_expected: int = 0,
) -> None:
    """Every receipt has one referral in one case, and every case one opening alert that went in one mail.

    A mail may hold many alerts. No Message-ID arrives twice; of one that was in doubt nobody can tell whether
    it arrived, and another that says so took its place.
    """
    references = list(acknowledged)
    end = standing(rooms)
    assert len(references) == len(set(references)), "two records were given one reference"
    assert end.at_rest, str(end)
    assert end.parked == parked_expected, [(one.queue, one.reason, one.detail) for one in parked(rooms)]
    assert set(references) - end.taken.keys() == set(), f"lost by intake: {end}"
    assert set(end.taken.values()) <= {1}
    assert set(references) - end.triaged.keys() == set(), f"lost on the way to triage: {end}"
    assert end.triaged.keys() - set(references) == set(), f"nobody sent these: {end}"
    assert set(end.triaged.values()) == set(end.cases), f"a case without a referral, or the reverse: {end}"
    assert end.alerts == Counter(end.cases.values()), f"not one alert for each case: {end}"
    if cases_expected is not None:
        assert len(end.cases) == cases_expected, str(end)
    arrived = Counter(message_id_of(mail) for mail in mails)
    assert set(arrived.values()) <= {1}, f"a Message-ID arrived twice: {end}"
    assert arrived.keys() - end.in_doubt == {mail for mail, _ in end.mails}, f"{len(arrived)} mails: {end}"
    assert Counter(case for _, case in end.mails) == end.alerts, f"not one mail for each alert: {end}"


def parked(rooms: Rooms) -> list[Parked]:
    """Every parked message of the hub."""
    return [one for room in rooms.values() for one in list_parked(room.books, limit=1_000_000)]


def message_id_of(mail: EmailMessage) -> str:
    """The part of the Message-ID that is the message's token."""
    return str(mail["Message-ID"]).strip("<>").partition("@")[0].partition(".")[0]


def _unsent(room: Room) -> Select[int]:
    outbox = room.service.tables.outbox
    return select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))


def _count(room: Room, query: Select[int]) -> int:
    with room.database.reading() as connection:
        return connection.execute(query).scalar_one()


def _column(room: Room, query: Select[str]) -> list[str]:
    with room.database.reading() as connection:
        return list(connection.execute(query).scalars())


def _pairs(room: Room, query: Select[K, V]) -> list[tuple[K, V]]:
    with room.database.reading() as connection:
        return [(row[0], row[1]) for row in connection.execute(query)]
