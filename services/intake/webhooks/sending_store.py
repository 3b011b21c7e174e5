"""Finds deliveries that are due, takes them in hand, and keeps what became of each attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, func, literal, or_, select, update
from sqlalchemy.orm import aliased

from services.intake.tables import agency_keys
from services.intake.webhooks.deliveries_store import changes_of
from services.intake.webhooks.endpoints_store import opened_secrets
from services.intake.webhooks.tables import webhook_attempts, webhook_deliveries, webhook_endpoints
from services.intake.webhooks.waiting_store import line_up
from shared.identity import new_id

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from sqlalchemy import Row

    from services.intake.webhooks.domain.delivery import Change, State
    from shared.calling import Outcome
    from shared.messaging.unit import Unit

_deliveries = webhook_deliveries
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


_in_hand = aliased(webhook_deliveries)
_is_due = and_(
    _deliveries.c.due_at <= bindparam("now"),
    or_(_deliveries.c.claimed_until.is_(None), _deliveries.c.claimed_until <= bindparam("now")),
)
_has_a_key = (
    select(literal(1))
    .where(agency_keys.c.agency == webhook_endpoints.c.agency, agency_keys.c.revoked_at.is_(None))
    .exists()
)
# Endpoints that may be called now and have something due, those with the least in hand first. An agency that
# may ask for nothing any more is told nothing either.
_count_in_hand = (
    select(func.count())
    .where(_in_hand.c.agency == webhook_endpoints.c.agency, _in_hand.c.claimed_until > bindparam("now"))
    .scalar_subquery()
)
_READY = (
    select(webhook_endpoints, _count_in_hand.label("in_hand"))
    .where(
        webhook_endpoints.c.state == "active",
        _has_a_key,
        or_(webhook_endpoints.c.rests_until.is_(None), webhook_endpoints.c.rests_until <= bindparam("now")),
        select(literal(1)).where(_deliveries.c.agency == webhook_endpoints.c.agency, _is_due).exists(),
    )
    .order_by(_count_in_hand, webhook_endpoints.c.agency)
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
    secrets = opened_secrets(unit, {row.agency for row, _ in found})
    changes = changes_of(unit.connection, [row.id for row, _ in found])
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
