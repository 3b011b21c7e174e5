"""Keeps which deliveries wait, in the order of each referral's steps: new ones, and those sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, literal, null, or_, select, update
from sqlalchemy.orm import aliased

from services.intake.tables import status_changes
from services.intake.webhooks.domain.delivery import STATUS_CHANGED, Delivery
from services.intake.webhooks.tables import webhook_attempts, webhook_deliveries, webhook_endpoints
from shared.identity import new_id
from shared.rows import find_rows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement

    from shared.messaging.unit import Unit

_deliveries, _changes = webhook_deliveries, status_changes
_earlier = aliased(webhook_deliveries)

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


def add_deliveries(unit: Unit, changes: Sequence[tuple[UUID, str, UUID]]) -> None:
    """A delivery for each of these changes, due now where no older one of the same referral waits.

    An older one that waits for its next attempt is due now as well: an endpoint that was away may be back.
    That is one attempt more, or many steps in an hour would use up those of three days.
    """
    referrals = {referral_id for _, _, referral_id in changes}
    columns = (_deliveries.c.referral_id, _deliveries.c.state)
    found = find_rows(unit.connection, columns, _deliveries.c.referral_id, sorted(referrals))
    taken = {row.referral_id for row in found if row.state == "waiting"}
    if taken:
        unit.connection.execute(
            update(_deliveries)
            .where(
                _deliveries.c.referral_id.in_(sorted(taken)),
                _deliveries.c.due_at > unit.now,
                _deliveries.c.tries > 0,
            )
            .values(due_at=unit.now, tries=_deliveries.c.tries - 1)
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
    ended = select(webhook_endpoints.c.agency).where(webhook_endpoints.c.disabled_at < before)
    old = and_(
        _deliveries.c.made_at < before, or_(_deliveries.c.due_at.is_(None), _deliveries.c.agency.in_(ended))
    )
    gone = select(_deliveries.c.id).where(old)
    unit.connection.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(gone)))
    return unit.connection.execute(delete(_deliveries).where(old)).rowcount
