"""Counts a quarter as it may be told: totals while it lasts, and every table of one that is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from services.triage.domain.figures import Figures, Quarter, lines_of, rounded
from services.triage.reports import store
from shared.working_time import LONDON

if TYPE_CHECKING:
    from sqlalchemy import Connection

_REFERRALS: Final = "Referrals heard in the quarter, an amended one once. Unit: a record of an agency."
_OPENED: Final = (
    "Cases opened in the quarter. Unit: a case; several referrals that tell of one case count once."
)
_CLOSED: Final = "Cases that were closed in the quarter and are closed still. Unit: a case."
# What cases are told by, and what is to be known of it.
_CASES: Final = {
    "strand": ("Cases, by strand", "Crime or dispute, as first told."),
    "kind": ("Cases, by what happened", "The kind of event, as first told."),
    "area": ("Cases, by area", "The local authority in which the harmed person, or a party, lives."),
    "team": ("Cases, by team", "The team that has the case when the quarter is over."),
}


def count_so_far(connection: Connection, quarter: Quarter, fewest: int) -> list[Figures]:
    """How much came and how much ended in a quarter that lasts, and nothing of what kind."""
    counts = store.count_all(connection, *_between(quarter))
    told = (("Referrals", _REFERRALS), ("Cases", _OPENED), ("Cases closed", _CLOSED))
    return [
        Figures(name, definition, [], rounded(count, fewest))
        for (name, definition), count in zip(told, counts, strict=True)
    ]


def count_quarter(
    connection: Connection, quarter: Quarter, names: Mapping[str, Callable[[str], str]], fewest: int
) -> list[Figures]:
    """Every table of the quarter; `names` says of agencies, areas, teams, … what each code is called."""
    since, until = _between(quarter)

    def table(name: str, definition: str, dimension: str, counts: Mapping[str, int]) -> Figures:
        called: dict[str, int] = {}
        for code, count in counts.items():
            told = names[dimension](code)
            called[told] = called.get(told, 0) + count
        return Figures(name, definition, lines_of(called, fewest), rounded(sum(called.values()), fewest))

    return [
        table(
            "Referrals, by who referred",
            _REFERRALS,
            "agency",
            store.count_referrals(connection, since, until),
        ),
        *(
            table(
                name,
                f"{_OPENED} {definition}",
                dimension,
                store.count_opened(connection, dimension, since, until),
            )
            for dimension, (name, definition) in _CASES.items()
        ),
        table(
            "Cases closed, by how they ended",
            _CLOSED,
            "outcome",
            store.count_closed(connection, since, until),
        ),
    ]


def _between(quarter: Quarter) -> tuple[dt.datetime, dt.datetime]:
    since, until = (
        dt.datetime.combine(day, dt.time(), LONDON).astimezone(dt.UTC)
        for day in (quarter.begins, quarter.next.begins)
    )
    return since, until
