"""Finds and keeps endpoints, secrets, deliveries and attempts in intake's database."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, func, literal, null, or_, select, update
from sqlalchemy.orm import aliased

from services.intake.tables import status_changes
from services.intake.webhooks.domain.delivery import (
    STATUS_CHANGED,
    Attempt,
    Change,
    Delivery,
    State,
)
from services.intake.webhooks.domain.endpoint import Endpoint, Secret
from services.intake.webhooks.tables import (
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_secrets,
)
from shared.calling import Outcome
from shared.identity import new_id
from shared.resealing import SealedColumn
from shared.rows import find_rows, insert_unless_known

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from shared.messaging.unit import Unit

_endpoints, _deliveries, _changes = webhook_endpoints, webhook_deliveries, status_changes
# How many deliveries to one endpoint may be in hand at once. While it fails one alone, to see if it is back.
_AT_ONCE: Final = 4


@dataclass(frozen=True)
class Claimed:
    """A delivery in hand: no other sender has it until `claimed_until`."""

    id: UUID
    agency: str
    referral_id: UUID
    type: str
    made_at: dt.datetime
    tries: int
    claimed_until: dt.datetime
    url: str
    put_at: dt.datetime
    change: Change | None
    secrets: tuple[bytes, ...]


# ------------------------------------------------------------------------------------ endpoints, secrets


def find_endpoint(connection: Connection, agency: str) -> Endpoint | None:
    """The agency's endpoint."""
    row = connection.execute(select(_endpoints).where(_endpoints.c.agency == agency)).first()
    return None if row is None else _endpoint(row)


def hold_endpoint(unit: Unit, agency: str) -> Endpoint | None:
    """The agency's endpoint, locked until the unit ends."""
    row = unit.connection.execute(
        select(_endpoints).where(_endpoints.c.agency == agency).with_for_update()
    ).first()
    return None if row is None else _endpoint(row)


def add_endpoint(unit: Unit, endpoint: Endpoint) -> bool:
    """Keep a new endpoint, unless the agency has one already."""
    return bool(insert_unless_known(unit.connection, _endpoints, [vars(endpoint)], _endpoints.c.agency))


def change_endpoint(unit: Unit, endpoint: Endpoint) -> None:
    """Keep the endpoint as it is now."""
    values = {name: value for name, value in vars(endpoint).items() if name != "agency"}
    unit.connection.execute(update(_endpoints).where(_endpoints.c.agency == endpoint.agency).values(**values))


def remove_endpoint(unit: Unit, agency: str) -> None:
    """Let go of the endpoint and of everything that was kept for it."""
    for table in (webhook_attempts, webhook_deliveries, webhook_secrets, webhook_endpoints):
        unit.connection.execute(delete(table).where(table.c.agency == agency))


def secrets_of(connection: Connection, agency: str, now: dt.datetime) -> list[Secret]:
    """The secrets that sign now, the newest first."""
    rows = connection.execute(_good_secrets([agency], now))
    return [Secret(row.id, row.made_at, row.expires_at) for row in rows]


def add_secret(unit: Unit, agency: str, secret: bytes, older_until: dt.datetime) -> Secret:
    """Keep a new secret, sealed; the one before it ends then, and those before that are forgotten."""
    table = webhook_secrets
    unit.connection.execute(delete(table).where(table.c.agency == agency, table.c.expires_at.is_not(None)))
    unit.connection.execute(update(table).where(table.c.agency == agency).values(expires_at=older_until))
    made = Secret(new_id(), unit.now, None)
    sealed = unit.keys.rest.seal(secret, _place(made.id))
    unit.insert(table, vars(made) | {"agency": agency, "sealed": sealed})
    return made


def _good_secrets(agencies: Collection[str], now: dt.datetime) -> Any:  # noqa: ANN401 - a statement of SQLAlchemy's
    table = webhook_secrets
    return (
        select(table)
        .where(table.c.agency.in_(agencies), or_(table.c.expires_at.is_(None), table.c.expires_at > now))
        # The newest has no end.
        .order_by(table.c.expires_at.is_not(None), table.c.made_at.desc())
    )


# --------------------------------------------------------------------------- from changes to deliveries

# The oldest first, and none is skipped: whoever comes second waits for the first and takes what is left, so
# that two who do this at once cannot turn the order of a referral's steps round.
_CLAIM_CHANGES = (
    update(_changes)
    .where(
        _changes.c.id.in_(
            select(_changes.c.id)
            .where(_changes.c.pushed_at.is_(None))
            .order_by(_changes.c.id)
            .limit(bindparam("most"))
            .with_for_update()
        )
    )
    .values(pushed_at=bindparam("now"))
    .returning(_changes.c.id, _changes.c.agency, _changes.c.referral_id)
)


def claim_changes(unit: Unit, most: int) -> list[tuple[UUID, str, UUID]]:
    """Changes of status that were not handed on yet, now marked: their ids, agencies and referrals."""
    rows = unit.connection.execute(_CLAIM_CHANGES, {"most": most, "now": unit.now})
    return sorted((row.id, row.agency, row.referral_id) for row in rows)


def hold_endpoints(unit: Unit, agencies: Iterable[str]) -> set[str]:
    """Which of these agencies have an endpoint; each is locked until the unit ends.

    Whoever changes which deliveries wait holds the endpoint first, and so nobody sees half of it.
    """
    rows = unit.connection.execute(
        select(_endpoints.c.agency)
        .where(_endpoints.c.agency.in_(sorted(set(agencies))))
        .order_by(_endpoints.c.agency)
        .with_for_update()
    )
    return {row.agency for row in rows}


def add_deliveries(unit: Unit, changes: Sequence[tuple[UUID, str, UUID]]) -> None:
    """A delivery for each of these changes, due now where no older one of the same referral waits.

    An older one that waits for its next attempt is due now as well: an endpoint that was away may be back.
    """
    referrals = {referral_id for _, _, referral_id in changes}
    columns = (_deliveries.c.referral_id, _deliveries.c.state)
    found = find_rows(unit.connection, columns, _deliveries.c.referral_id, sorted(referrals))
    taken = {row.referral_id for row in found if row.state == "waiting"}
    if taken:
        unit.connection.execute(
            update(_deliveries)
            .where(_deliveries.c.referral_id.in_(sorted(taken)), _deliveries.c.due_at > unit.now)
            .values(due_at=unit.now)
        )
    for change_id, agency, referral_id in changes:
        row = _new_row(change_id, agency, referral_id, STATUS_CHANGED, unit.now)
        unit.insert(_deliveries, row | ({"due_at": None} if referral_id in taken else {}))
        taken.add(referral_id)


def add_test(unit: Unit, agency: str, kind: str) -> Delivery:
    """A delivery that is about no referral, due now."""
    made = new_id()
    unit.insert(_deliveries, _new_row(made, agency, made, kind, unit.now))
    return Delivery(made, kind, "waiting", unit.now, unit.now, None, 0, None)


def _new_row(made: UUID, agency: str, referral_id: UUID, kind: str, now: dt.datetime) -> dict[str, object]:
    return {
        "id": made,
        "agency": agency,
        "referral_id": referral_id,
        "type": kind,
        "state": "waiting",
        "made_at": now,
        "due_at": now,
        "claimed_until": None,
        "delivered_at": None,
        "tries": 0,
    }


# ------------------------------------------------------------------------------------------- sending

_earlier = aliased(webhook_deliveries)
_in_hand = aliased(webhook_deliveries)
_is_due = and_(
    _deliveries.c.due_at <= bindparam("now"),
    or_(_deliveries.c.claimed_until.is_(None), _deliveries.c.claimed_until <= bindparam("now")),
)
# Endpoints that may be called now and have something due, those with the least in hand first.
_count_in_hand = (
    select(func.count())
    .where(_in_hand.c.agency == _endpoints.c.agency, _in_hand.c.claimed_until > bindparam("now"))
    .scalar_subquery()
)
_READY = (
    select(_endpoints, _count_in_hand.label("in_hand"))
    .where(
        _endpoints.c.state == "active",
        or_(_endpoints.c.rests_until.is_(None), _endpoints.c.rests_until <= bindparam("now")),
        select(literal(1)).where(_deliveries.c.agency == _endpoints.c.agency, _is_due).exists(),
    )
    .order_by(_count_in_hand, _endpoints.c.agency)
)
_CLAIM = (
    update(_deliveries)
    .where(
        _deliveries.c.id.in_(
            select(_deliveries.c.id)
            .where(_deliveries.c.agency == bindparam("whose"), _is_due)
            .order_by(_deliveries.c.due_at, _deliveries.c.id)
            .limit(bindparam("most"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(claimed_until=bindparam("until"), tries=_deliveries.c.tries + 1)
    .returning(
        _deliveries.c.id,
        _deliveries.c.agency,
        _deliveries.c.referral_id,
        _deliveries.c.type,
        _deliveries.c.made_at,
        _deliveries.c.tries,
        _deliveries.c.claimed_until,
    )
)


def claim_due(unit: Unit, most: int, until: dt.datetime) -> list[Claimed]:
    """Deliveries that are due, now in hand, with what is needed to send them."""
    found: list[tuple[Row[Any], Row[Any]]] = []
    for endpoint in unit.connection.execute(_READY, {"now": unit.now}).all():
        at_once = 1 if endpoint.failures else _AT_ONCE
        limit = min(at_once - endpoint.in_hand, most - len(found))
        if limit > 0:
            given = {"now": unit.now, "whose": endpoint.agency, "most": limit, "until": until}
            found += [(row, endpoint) for row in unit.connection.execute(_CLAIM, given)]
    if not found:
        return []
    secrets: dict[str, list[bytes]] = defaultdict(list)
    for row in unit.connection.execute(_good_secrets({row.agency for row, _ in found}, unit.now)):
        secrets[row.agency].append(unit.keys.rest.open(row.sealed, _place(row.id)))
    changes = _changes_of(unit.connection, [row.id for row, _ in found])
    return [
        Claimed(
            **row._mapping,  # noqa: SLF001 - SQLAlchemy's public name
            url=endpoint.url,
            put_at=endpoint.put_at,
            change=changes.get(row.id),
            secrets=tuple(secrets[row.agency]),
        )
        for row, endpoint in sorted(found, key=lambda pair: pair[0].id)
    ]


def still_in_hand(unit: Unit, claimed: Claimed) -> bool:
    """Whether nobody has taken the delivery over or removed it; it is held until the unit ends."""
    row = unit.connection.execute(
        select(_deliveries.c.claimed_until).where(_deliveries.c.id == claimed.id).with_for_update()
    ).first()
    return row is not None and bool(row.claimed_until == claimed.claimed_until)


def add_attempt(unit: Unit, claimed: Claimed, outcome: Outcome, at: dt.datetime) -> None:
    """Note one attempt and what came of it."""
    unit.insert(
        webhook_attempts,
        {
            "id": new_id(),
            "delivery_id": claimed.id,
            "agency": claimed.agency,
            "at": at,
            "status": outcome.status,
            "trouble": outcome.trouble,
            "ms": outcome.ms,
        },
    )


def record(unit: Unit, claimed: Claimed, state: State, due_at: dt.datetime | None) -> None:
    """The delivery is out of hand: taken, given up, or due again; its referral's next may have its turn."""
    delivered = {"delivered_at": unit.now} if state == "delivered" else {}
    unit.connection.execute(
        update(_deliveries)
        .where(_deliveries.c.id == claimed.id)
        .values(state=state, due_at=due_at, claimed_until=None, **delivered)
    )
    line_up(unit, _deliveries.c.referral_id == claimed.referral_id)


def line_up(unit: Unit, which: ColumnElement[bool]) -> None:
    """Of each referral let the oldest delivery that waits be due, and no other: none overtakes it."""
    waits = (which, _deliveries.c.state == "waiting")
    older = (
        select(literal(1))
        .where(
            _earlier.c.referral_id == _deliveries.c.referral_id,
            _earlier.c.state == "waiting",
            _earlier.c.id < _deliveries.c.id,
        )
        .exists()
    )
    unit.connection.execute(
        update(_deliveries).where(*waits, _deliveries.c.due_at.is_not(None), older).values(due_at=None)
    )
    unit.connection.execute(
        update(_deliveries).where(*waits, _deliveries.c.due_at.is_(None), ~older).values(due_at=unit.now)
    )


# ------------------------------------------------------------------------------- what the agency sees


def list_deliveries(
    connection: Connection, agency: str, *, state: State | None, before: UUID | None, limit: int
) -> list[Delivery]:
    """The agency's own deliveries with their attempts, the newest first, before the one with this id."""
    query = (
        select(_deliveries)
        .where(_deliveries.c.agency == agency)
        .order_by(_deliveries.c.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(_deliveries.c.state == state)
    if before is not None:
        query = query.where(_deliveries.c.id < before)
    return _with_attempts(connection, connection.execute(query).all())


def find_delivery(connection: Connection, agency: str, delivery_id: UUID) -> Delivery | None:
    """One of the agency's own deliveries."""
    query = select(_deliveries).where(_deliveries.c.agency == agency, _deliveries.c.id == delivery_id)
    found = _with_attempts(connection, connection.execute(query).all())
    return found[0] if found else None


def _with_attempts(connection: Connection, rows: Sequence[Row[Any]]) -> list[Delivery]:
    ids = [row.id for row in rows]
    attempts: dict[UUID, list[Attempt]] = defaultdict(list)
    found = find_rows(connection, tuple(webhook_attempts.c), webhook_attempts.c.delivery_id, ids)
    for row in sorted(found, key=lambda row: row.id):
        attempts[row.delivery_id].append(Attempt(row.at, row.status, row.trouble, row.ms))
    changes = _changes_of(connection, ids)
    return [
        Delivery(
            id=row.id,
            type=row.type,
            state=row.state,
            made_at=row.made_at,
            due_at=row.due_at,
            delivered_at=row.delivered_at,
            tries=row.tries,
            change=changes.get(row.id),
            attempts=tuple(attempts[row.id]),
        )
        for row in rows
    ]


def _changes_of(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Change]:
    return {
        row.id: Change(
            row.reference, row.source_record_id, row.version, row.status, tuple(row.reasons), row.at
        )
        for row in find_rows(connection, tuple(_changes.c), _changes.c.id, ids)
    }


# ------------------------------------------------------------------------------------ again, and away


def send_again(unit: Unit, agency: str, which: ColumnElement[bool]) -> int:
    """Have these deliveries of the agency wait anew, with all attempts before them; how many they are.

    What is in hand at this moment stays as it is.
    """
    own = _deliveries.c.agency == agency
    free = or_(_deliveries.c.claimed_until.is_(None), _deliveries.c.claimed_until <= unit.now)
    again = unit.connection.execute(
        update(_deliveries)
        .where(own, which, free)
        .values(state="waiting", due_at=unit.now, claimed_until=None, tries=0)
    ).rowcount
    line_up(unit, own)
    return again


def send_all_again(unit: Unit, agency: str) -> None:
    """Have everything that waits be due now, each in its turn."""
    send_again(unit, agency, _deliveries.c.state == "waiting")


def send_one_again(unit: Unit, agency: str, delivery_id: UUID) -> None:
    """Have one delivery sent again, whatever became of it before."""
    send_again(unit, agency, _deliveries.c.id == delivery_id)


def send_again_since(unit: Unit, agency: str, since: dt.datetime) -> int:
    """Have every change of status since then delivered, again or for the first time; how many they are.

    Those that were not handed on yet come by themselves.
    """
    chosen = and_(_changes.c.agency == agency, _changes.c.at >= since, _changes.c.pushed_at.is_not(None))
    known = select(_deliveries.c.id).where(_deliveries.c.agency == agency)
    columns = [column.name for column in _deliveries.c]
    values: dict[str, Any] = {
        "id": _changes.c.id,
        "agency": _changes.c.agency,
        "referral_id": _changes.c.referral_id,
        "type": literal(STATUS_CHANGED),
        "state": literal("waiting"),
        "made_at": literal(unit.now, _deliveries.c.made_at.type),
        "due_at": null(),
        "claimed_until": null(),
        "delivered_at": null(),
        "tries": literal(0),
    }
    unit.connection.execute(
        _deliveries.insert().from_select(
            columns, select(*(values[name] for name in columns)).where(chosen, _changes.c.id.not_in(known))
        )
    )
    return send_again(unit, agency, _deliveries.c.id.in_(select(_changes.c.id).where(chosen)))


def forget_deliveries(unit: Unit, before: dt.datetime) -> int:
    """Let go of deliveries from before that time, also where the endpoint was disabled before it."""
    ended = select(_endpoints.c.agency).where(_endpoints.c.disabled_at < before)
    old = and_(
        _deliveries.c.made_at < before, or_(_deliveries.c.due_at.is_(None), _deliveries.c.agency.in_(ended))
    )
    gone = select(_deliveries.c.id).where(old)
    unit.connection.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(gone)))
    return unit.connection.execute(delete(_deliveries).where(old)).rowcount


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def _place(secret_id: UUID) -> str:
    return f"intake/webhook_secret/{secret_id}"


SEALED = (SealedColumn(webhook_secrets.c.sealed, lambda row: _place(row.id)),)
