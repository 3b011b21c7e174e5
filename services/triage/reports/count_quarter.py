"""Makes the tables of one quarter, each with its definition, as they may be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.triage.domain.figures import Line, Quarter, lines_of, rounded
from services.triage.reports import store
from shared.working_time import LONDON

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Figures:
    """A table: what it counts and when, its lines, and all of them together; None where that is held back."""

    name: str
    definition: str
    lines: list[Line]
    total: int | None


def count_quarter(
    connection: Connection, quarter: Quarter, names: Mapping[str, Callable[[str], str]]
) -> list[Figures]:
    """Every table of the quarter; `names` says of agencies, areas, teams, … what each code is called."""
    since, until = (
        dt.datetime.combine(day, dt.time(), LONDON).astimezone(dt.UTC)
        for day in (quarter.begins, quarter.next.begins)
    )
    opened = "Cases opened in the quarter. Unit: a case; several referrals that tell of one case count once. "

    def table(name: str, definition: str, dimension: str, counts: Mapping[str, int]) -> Figures:
        called: dict[str, int] = {}
        for code, count in counts.items():
            told = names[dimension](code)
            called[told] = called.get(told, 0) + count
        return Figures(name, definition, lines_of(called), rounded(sum(called.values())))

    def cases_by(name: str, dimension: str, definition: str) -> Figures:
        return table(
            name, opened + definition, dimension, store.count_opened(connection, dimension, since, until)
        )

    return [
        table(
            "Referrals, by who referred",
            "Referrals heard in the quarter, an amended one once. Unit: a record of an agency.",
            "agency",
            store.count_referrals(connection, since, until),
        ),
        cases_by("Cases, by strand", "strand", "Crime or dispute, as first told."),
        cases_by("Cases, by what happened", "kind", "The kind of event, as first told."),
        cases_by(
            "Cases, by area", "area", "The local authority in which the harmed person, or a party, lives."
        ),
        cases_by("Cases, by team", "team", "The team that has the case now."),
        table(
            "Cases closed, by how they ended",
            "Cases that were closed in the quarter and are closed still. Unit: a case.",
            "outcome",
            store.count_closed(connection, since, until),
        ),
    ]
