"""Finds and keeps alerts with their history, and how staff want to be told, in notify's database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, union, update

from services.notify.domain.alert import Alert, Delivery, Entry, Happening, Reader
from services.notify.tables import (
    alert_history,
    alerts,
    barred,
    case_teams,
    deliveries,
    dispatches,
    preferences,
    troubles,
)
from shared.identity import new_id
from shared.rows import find_rows, lock_and_find, locks_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Row

    from shared.messaging.unit import Unit

# Built once: a statement that SQLAlchemy has seen is found compiled, without being walked through again.
_DUE_STEPS = (
    select(alerts)
    .where(alerts.c.next_step_at <= bindparam("now"))
    .order_by(alerts.c.urgent.desc(), alerts.c.next_step_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


class Desk:
    """One unit's view of the alerts of the cases it is concerned with."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing nothing; `look_up` comes first."""
        self._unit = unit
        self._known: set[tuple[str, str, str]] = set()
        self._had: set[str] = set()
        self._teams: dict[str, dt.datetime] = {}  # of cases that were new to us in this unit

    @classmethod
    def of(cls, unit: Unit) -> Desk:
        """The one desk of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    def look_up(self, cases: Iterable[str]) -> None:
        """Read which of these cases have alerts already, and of which it is known who has them."""
        wanted = set(cases)
        columns = (alerts.c.case, alerts.c.kind, alerts.c.occasion)
        rows = find_rows(self._unit.connection, columns, alerts.c.case, wanted)
        self._known.update((row.case, row.kind, row.occasion) for row in rows)
        having = find_rows(self._unit.connection, (case_teams.c.case,), case_teams.c.case, wanted)
        self._had.update(row.case for row in having)

    def has_alert(self, case: str, kind: str, occasion: str) -> bool:
        """Whether there is an alert of this piece of news."""
        return (case, kind, occasion) in self._known

    def keep_team(self, case: str, team: str, since: dt.datetime) -> None:
        """Keep that this team has the case, unless something newer is known already."""
        if case in self._had:
            has = update(case_teams).where(case_teams.c.case == case, case_teams.c.since <= since)
            self._unit.connection.execute(has.values(team=team, since=since))
        elif case not in self._teams:
            self._unit.insert(case_teams, {"case": case, "team": team, "since": since})
            self._teams[case] = since
        elif self._teams[case] <= since:
            self._unit.change(case_teams, {"case": case}, team=team, since=since)
            self._teams[case] = since

    def raise_alert(self, alert: Alert) -> None:
        """Keep an alert."""
        self._known.add((alert.case, alert.kind, alert.occasion))
        self._unit.insert(alerts, vars(alert))


def keep_delivery(unit: Unit, delivery: Delivery) -> None:
    """Keep that this is to be sent; what is in the app is delivered by being there."""
    there = delivery.channel == "in_app"
    unit.insert(
        deliveries,
        vars(delivery)
        | {
            "state": "sent" if there else "due",
            "due_at": None if there else delivery.due_at,
            "tries": 0,
            "sent_at": unit.now if there else None,
            "trouble": None,
            "dispatch_id": None,
        },
    )


def note(unit: Unit, alert_id: UUID, what: Happening, who: str, **detail: object) -> None:
    """Write a line of the alert's history."""
    row = {"id": new_id(), "alert_id": alert_id, "at": unit.now, "what": what, "who": who, "detail": detail}
    unit.insert(alert_history, row)


def history_of(connection: Connection, alert_id: UUID) -> list[Entry]:
    """Every step of an alert, the oldest first: what was written down, and what left and arrived."""
    written = select(alert_history).where(alert_history.c.alert_id == alert_id)
    found = [
        Entry(row.at, row.what, row.who, row.detail)
        for row in connection.execute(written.order_by(alert_history.c.id))
    ]
    left = (
        select(dispatches, deliveries.c.step)
        .join(deliveries, deliveries.c.dispatch_id == dispatches.c.id)
        .where(deliveries.c.alert_id == alert_id, dispatches.c.sent_at.is_not(None))
    )
    for row in connection.execute(left):
        detail = {"channel": row.channel, "token": str(row.id), "step": row.step, "together": row.alerts}
        found.append(Entry(row.sent_at, "sent", row.recipient, detail))
        if row.state == "delivered":
            found.append(Entry(row.sent_at, "delivered", row.recipient, {"channel": row.channel}))
    return sorted(found, key=lambda entry: entry.at)


def list_alerts(
    connection: Connection, reader: Reader, *, state: str | None, after: UUID | None, limit: int
) -> list[Alert]:
    """The alerts that this reader sees, oldest first, after the one with this id."""
    which: list[ColumnElement[bool]] = []
    if state is not None:
        which.append(alerts.c.state == state)
    if after is not None:
        which.append(alerts.c.id > after)
    return _read_by(connection, reader, which, (alerts.c.id,), limit)


def list_waiting(connection: Connection, reader: Reader, limit: int) -> list[Alert]:
    """What this reader sees and nobody has taken, the urgent first, however many came before."""
    urgent_first = (alerts.c.urgent.desc(), alerts.c.id)
    return _read_by(connection, reader, [alerts.c.state == "open"], urgent_first, limit)


def _read_by(
    connection: Connection,
    reader: Reader,
    which: Sequence[ColumnElement[bool]],
    order: Sequence[ColumnElement[Any]],
    limit: int,
) -> list[Alert]:
    """The first of these that a reader sees: their teams', their own, and what waits that they were told."""
    known = select(barred.c.case).where(barred.c.email == reader.name)
    seen = (*which, alerts.c.case.not_in(known))
    query = select(alerts)
    if reader.teams is None:
        query = query.where(*seen)
    else:
        told = select(deliveries.c.id).where(
            deliveries.c.alert_id == alerts.c.id, deliveries.c.recipient == reader.name
        )
        # What waits is what has a next step: so few are found by their index, and then whom they were told.
        waiting = select(alerts.c.id).where(alerts.c.next_step_at.is_not(None), told.exists(), *seen)
        # The first of the others too, each by an index of its own: together all alerts would be looked at.
        first = (
            select(alerts.c.id).where(one, *seen).order_by(*order).limit(limit).subquery()
            for one in (alerts.c.team.in_(reader.teams), alerts.c.whose == reader.name)
        )
        query = query.where(alerts.c.id.in_(union(waiting, *(select(one.c.id) for one in first))))
    return [_alert(row) for row in connection.execute(query.order_by(*order).limit(limit))]


def find_alert(unit: Unit, alert_id: UUID) -> Alert | None:
    """One alert, locked until the unit ends."""
    row = unit.connection.execute(select(alerts).where(alerts.c.id == alert_id).with_for_update()).first()
    return None if row is None else _alert(row)


def is_there_for(connection: Connection, alert: Alert, reader: Reader) -> bool:
    """Whether they may open it: their team's, their own, or one that they were told in somebody's place.

    Nothing of a case in which they know somebody is there for them.
    """
    if reader.name in barred_from(connection, alert.case):
        return False
    told = select(deliveries.c.id).where(
        deliveries.c.alert_id == alert.id, deliveries.c.recipient == reader.name
    )
    return reader.sees(alert) or connection.execute(told.limit(1)).first() is not None


def read_alert(connection: Connection, alert_id: UUID) -> Alert | None:
    """One alert, to be looked at."""
    row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).first()
    return None if row is None else _alert(row)


def barred_from(connection: Connection, case: str) -> set[str]:
    """Who is told nothing of this case."""
    found = connection.execute(select(barred.c.email).where(barred.c.case == case)).scalars()
    return {email for email in found if email}


def barred_among(connection: Connection, people: Iterable[str]) -> set[tuple[str, str]]:
    """Who of these people is told nothing of which case: the case, and the person."""
    known = select(barred.c.case, barred.c.email).where(barred.c.email.in_(set(people)))
    return {(row.case, row.email) for row in connection.execute(known)}


def hold_barred(unit: Unit, cases: Iterable[str]) -> None:
    """Until the unit ends nobody else says who is barred from these cases: they wait, and see it then."""
    lock_and_find(unit.connection, locks_of("barred", cases), ())


def keep_barred(unit: Unit, case: str, who: Collection[str], at: dt.datetime) -> set[str]:
    """They, and no others, are barred from now on, unless something newer is known; who was not before."""
    known = select(barred.c.email, barred.c.barred_at).where(barred.c.case == case)
    before = {row.email: row.barred_at for row in unit.connection.execute(known)}
    if "" in before and before[""] > at:
        return set()
    unit.flush()
    unit.connection.execute(delete(barred).where(barred.c.case == case))
    rows = [{"case": case, "email": email, "barred_at": at} for email in ("", *sorted(set(who)))]
    unit.connection.execute(insert(barred), rows)
    return set(who) - before.keys()


def open_alerts_told(connection: Connection, case: str, people: Collection[str]) -> list[Alert]:
    """What of a case nobody has taken yet, and one of these people was told."""
    told = select(deliveries.c.alert_id).where(deliveries.c.case == case, deliveries.c.recipient.in_(people))
    query = select(alerts).where(
        alerts.c.case == case, alerts.c.state == "open", alerts.c.id.in_(told.scalar_subquery())
    )
    return [_alert(row) for row in connection.execute(query)] if people else []


def drop_deliveries(unit: Unit, alert: Alert, people: Collection[str]) -> None:
    """What waits to be sent to these people about it is not sent."""
    _drop(unit, deliveries.c.alert_id == alert.id, deliveries.c.recipient.in_(people))


def _drop(unit: Unit, *which: ColumnElement[bool]) -> None:
    """Nor is a message with nothing else in it that waits for another try; one in a sender's hand is."""
    waiting = update(deliveries).where(*which, deliveries.c.state == "due")
    unit.connection.execute(waiting.values(state="dropped", due_at=None))
    alone = select(deliveries.c.dispatch_id).where(*which, deliveries.c.state == "packed")
    unit.connection.execute(
        update(dispatches)
        .where(
            dispatches.c.id.in_(alone),
            dispatches.c.alerts == 1,
            dispatches.c.state == "due",
            dispatches.c.trouble.is_not(None),
        )
        .values(state="dropped", due_at=None)
    )


def find_open_ops(unit: Unit, kind: str) -> list[Alert]:
    """The alerts of this kind about the hub itself that nobody has taken, locked."""
    query = select(alerts).where(alerts.c.kind == kind, alerts.c.state == "open").with_for_update()
    return [_alert(row) for row in unit.connection.execute(query)]


def all_troubles(unit: Unit) -> dict[str, dict[str, int]]:
    """What was ill when the watch last looked: by kind, where and how much of it; locked."""
    rows = unit.connection.execute(select(troubles).with_for_update())
    return {row.kind: row.found for row in rows}


def keep_trouble(unit: Unit, kind: str, found: dict[str, int], *, is_new: bool) -> None:
    """It is ill, and so."""
    if is_new:
        unit.insert(troubles, {"kind": kind, "found": found})
    else:
        unit.change(troubles, {"kind": kind}, found=found)


def forget_trouble(unit: Unit, kind: str) -> None:
    """It is well again."""
    unit.connection.execute(delete(troubles).where(troubles.c.kind == kind))


def alerts_by_id(unit: Unit, ids: Iterable[UUID]) -> dict[UUID, Alert]:
    """These alerts."""
    rows = find_rows(unit.connection, tuple(alerts.c), alerts.c.id, set(ids))
    return {row.id: _alert(row) for row in rows}


def taken_among(unit: Unit, ids: Iterable[UUID]) -> set[UUID]:
    """Which of these alerts somebody has, or are over."""
    rows = find_rows(unit.connection, (alerts.c.id, alerts.c.state), alerts.c.id, set(ids))
    return {row.id for row in rows if row.state != "open"}


def claim_steps(unit: Unit, limit: int) -> list[Alert]:
    """Alerts whose next step is due, urgent ones first, locked; nobody else gets them."""
    rows = unit.connection.execute(_DUE_STEPS, {"now": unit.now, "most": limit})
    return [_alert(row) for row in rows]


def set_step(unit: Unit, alert_id: UUID, step: int, next_step_at: dt.datetime) -> None:
    """It has taken this step; the next is due then."""
    unit.change(alerts, {"id": alert_id}, step=step, next_step_at=next_step_at)


def acknowledge(unit: Unit, alert: Alert) -> None:
    """Somebody has it; nothing about it need be sent any more."""
    unit.change(
        alerts,
        {"id": alert.id},
        state=alert.state,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        next_step_at=None,
    )
    _drop(unit, deliveries.c.alert_id == alert.id)


def open_alerts_for(connection: Connection, case: str, people: Collection[str]) -> list[Alert]:
    """What still waits for these people about a case, each for one of them alone."""
    if not people:
        return []
    query = select(alerts).where(
        alerts.c.case == case, alerts.c.whose.in_(people), alerts.c.state != "acknowledged"
    )
    return [_alert(row) for row in connection.execute(query)]


def open_news_of(connection: Connection, case: str, kinds: Collection[str]) -> list[Alert]:
    """What of these kinds nobody has taken yet about a case."""
    query = select(alerts).where(
        alerts.c.case == case, alerts.c.kind.in_(kinds), alerts.c.state != "acknowledged"
    )
    return [_alert(row) for row in connection.execute(query)]


def has_come_since(connection: Connection, case: str, at: dt.datetime) -> bool:
    """Whether it is known that a case has come to a team after that moment."""
    query = select(case_teams.c.case).where(case_teams.c.case == case, case_teams.c.since > at)
    return connection.execute(query).first() is not None


def end_by_itself(unit: Unit, alert: Alert, by: str) -> None:
    """What it told of is over."""
    over = replace(
        alert, state="acknowledged", acknowledged_at=unit.now, acknowledged_by=by, next_step_at=None
    )
    acknowledge(unit, over)
    note(unit, alert.id, "acknowledged", by, over=True)


def all_preferences(connection: Connection) -> dict[str, dict[str, Any]]:
    """Everybody's, by address: there are no more of them than there are staff."""
    return {row.email: row.document for row in connection.execute(select(preferences))}


def keep_preferences(unit: Unit, email: str, document: dict[str, Any]) -> None:
    """Keep how they want to be told."""
    known = unit.connection.execute(select(preferences.c.email).where(preferences.c.email == email)).first()
    if known is None:
        unit.insert(preferences, {"email": email, "document": document, "changed_at": unit.now})
    else:
        unit.change(preferences, {"email": email}, document=document, changed_at=unit.now)


def _alert(row: Row[Any]) -> Alert:
    return Alert(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
