"""Counts what came and how it ended, in one dimension at a time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Select, func, select

from services.triage.lives.tables import lives
from services.triage.tables import cases, referrals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_OPENED: dict[str, ColumnElement[str | None]] = {
    "strand": cases.c.strand,
    "kind": cases.c.event_type,
    "area": cases.c.area,
    "team": cases.c.team,
}


def count_referrals(connection: Connection, since: dt.datetime, until: dt.datetime) -> Mapping[str, int]:
    """How many referrals each agency sent, by when each was first heard; also those taken back since."""
    return _by(
        connection,
        select(referrals.c.agency, func.count())
        .where(referrals.c.heard_at >= since, referrals.c.heard_at < until)
        .group_by(referrals.c.agency),
    )


def count_opened(
    connection: Connection, dimension: str, since: dt.datetime, until: dt.datetime
) -> Mapping[str, int]:
    """How many cases were opened, by strand, kind, area or team; what was found to be one counts once."""
    column = _OPENED[dimension]
    return _by(
        connection,
        select(column, func.count())
        .where(cases.c.opened_at >= since, cases.c.opened_at < until, cases.c.merged_into.is_(None))
        .group_by(column),
    )


def count_closed(connection: Connection, since: dt.datetime, until: dt.datetime) -> Mapping[str, int]:
    """How many cases were closed and are still, by how they ended."""
    return _by(
        connection,
        select(lives.c.outcome, func.count())
        .join(cases, cases.c.id == lives.c.case_id)
        .where(
            lives.c.state == "closed",
            lives.c.since >= since,
            lives.c.since < until,
            cases.c.merged_into.is_(None),
        )
        .group_by(lives.c.outcome),
    )


def first_day(connection: Connection) -> dt.datetime | None:
    """When the first case was opened."""
    found: dt.datetime | None = connection.execute(select(func.min(cases.c.opened_at))).scalar_one()
    return found


def _by(connection: Connection, query: Select[str | None, int]) -> Mapping[str, int]:
    return {key or "": count for key, count in connection.execute(query)}
