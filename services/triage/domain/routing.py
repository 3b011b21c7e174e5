"""Which team takes a case: a decision table, read from the top, where the first row that fits decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ANY = "any"


@dataclass(frozen=True)
class Row:
    """One line of the table: in these areas (GSS codes, or any) and this strand, this team, and why."""

    areas: tuple[str, ...]
    strand: str
    team: str
    why: str

    def fits(self, area: str | None, strand: str) -> bool:
        """Whether this row decides for a case of that area and strand."""
        return (ANY in self.areas or area in self.areas) and self.strand in (ANY, strand)


class Decision(NamedTuple):
    """Where a case goes, and why: the table's version, the row (1 is the first) and its reason."""

    team: str
    version: str
    row: int
    why: str


def route(area: str | None, strand: str, rows: Sequence[Row], version: str) -> Decision:
    """The decision for a case. The table's last row fits everything, so there always is one."""
    for number, row in enumerate(rows, 1):
        if row.fits(area, strand):
            return Decision(row.team, version, number, row.why)
    message = "the routing table has no last row that fits everything"
    raise AssertionError(message)


def area_of(postcode: str | None, areas: Mapping[str, str]) -> str | None:
    """The local authority (GSS code) of a postcode's outward part; None where that part is not enough.

    Outward codes that lie in more than one authority (DH2, TS21, …) are left out of the table, so that
    nobody is sent to the wrong place by a guess.
    """
    if not postcode:
        return None
    compact = "".join(postcode.upper().split())
    outward = compact[:-3] if len(compact) >= 5 else compact  # noqa: PLR2004 - the inward part has three characters
    return areas.get(outward)
