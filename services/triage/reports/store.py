"""Counts what came and how it ended, in one dimension at a time, and keeps what was published of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import ColumnElement, Select, func, literal_column, select

from services.triage.domain.figures import Figures, Quarter
from services.triage.lives.tables import lives
from services.triage.reports.tables import published_figures
from services.triage.tables import cases, referrals
from shared.rows import insert_unless_known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_OPENED: dict[str, ColumnElement[str | None]] = {
    "strand": cases.c.strand,
    "kind": cases.c.event_type,
    "area": cases.c.area,
    "team": cases.c.team,
}


@dataclass(frozen=True)
class Published:
    """What is told of a quarter that is over, since when, and below which figure nothing."""

    quarter: Quarter
    at: dt.datetime
    fewest: int
    figures: list[Figures]


def count_referrals(connection: Connection, since: dt.datetime, until: dt.datetime) -> Mapping[str, int]:
    """How many referrals each agency sent, by when each was first heard; also those taken back since."""
    return _by(
        connection,
        select(referrals.c.agency, func.count()).where(*_heard(since, until)).group_by(referrals.c.agency),
    )


def count_opened(
    connection: Connection, dimension: str, since: dt.datetime, until: dt.datetime
) -> Mapping[str, int]:
    """How many cases were opened, by strand, kind, area or team; what was found to be one counts once."""
    column = _OPENED[dimension]
    return _by(
        connection,
        select(column, func.count()).where(*_opened(since, until)).group_by(column),
    )


def count_closed(connection: Connection, since: dt.datetime, until: dt.datetime) -> Mapping[str, int]:
    """How many cases were closed and are still, by how they ended."""
    return _by(
        connection,
        select(lives.c.outcome, func.count())
        .join(cases, cases.c.id == lives.c.case_id)
        .where(*_closed(since, until))
        .group_by(lives.c.outcome),
    )


def count_all(connection: Connection, since: dt.datetime, until: dt.datetime) -> tuple[int, int, int]:
    """How many referrals were heard, how many cases opened, and how many closed."""

    def count(query: Select[int]) -> int:
        return connection.execute(query).scalar_one()

    number = select(func.count())
    return (
        count(number.select_from(referrals).where(*_heard(since, until))),
        count(number.select_from(cases).where(*_opened(since, until))),
        count(
            number.select_from(lives).join(cases, cases.c.id == lives.c.case_id).where(*_closed(since, until))
        ),
    )


def _heard(since: dt.datetime, until: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return referrals.c.heard_at >= since, referrals.c.heard_at < until


def _opened(since: dt.datetime, until: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return cases.c.opened_at >= since, cases.c.opened_at < until, cases.c.merged_into.is_(None)


def _closed(since: dt.datetime, until: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        # In the statement's own words, as the index is: of a value that is bound no planner can know.
        lives.c.state == literal_column("'closed'"),
        lives.c.since >= since,
        lives.c.since < until,
        cases.c.merged_into.is_(None),
    )


def first_day(connection: Connection) -> dt.datetime | None:
    """When the first referral was heard."""
    found: dt.datetime | None = connection.execute(select(func.min(referrals.c.heard_at))).scalar_one()
    return found


def publish(connection: Connection, published: Published) -> int:
    """Keep what is told from now on, unless it was published already; how many quarters were."""
    row = {
        "quarter": str(published.quarter),
        "published_at": published.at,
        "fewest": published.fewest,
        "figures": msgspec.to_builtins(published.figures),
    }
    return len(insert_unless_known(connection, published_figures, [row], published_figures.c.quarter))


def last_published(connection: Connection) -> Quarter | None:
    """The newest quarter that was published."""
    newest = connection.execute(select(func.max(published_figures.c.quarter))).scalar_one()
    return Quarter.read(newest) if newest else None


def find_published(connection: Connection, quarter: Quarter) -> Published | None:
    """What was published of a quarter."""
    table = published_figures
    row = connection.execute(select(table).where(table.c.quarter == str(quarter))).one_or_none()
    if row is None:
        return None
    return Published(quarter, row.published_at, row.fewest, msgspec.convert(row.figures, list[Figures]))


def _by(connection: Connection, query: Select[str | None, int]) -> Mapping[str, int]:
    return {key or "": count for key, count in connection.execute(query)}
