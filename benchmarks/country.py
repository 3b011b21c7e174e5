"""A country of many areas, each with a team of its own and one coordinator in it, as files of a hub's.

Somebody gets a few mails in a while, and what comes on top goes as one. Where each alert shall be a mail of
its own there must be people enough, as any hub has that hears twenty referrals a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ground import AGENCY
from benchmarks.invented import OUTWARD, UNITS
from services.triage.areas.load_areas import load_areas
from shared.service import Room

# One for each area; in the order of `postcodes`.
POSTCODES = tuple(f"{outward} 9{unit}Z" for unit in UNITS for outward in OUTWARD)


@dataclass(frozen=True)
class Country:
    """The files of it: who works where, which team has which area, and in which area each postcode lies."""

    directory: Path
    routing: Path
    postcodes: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings of a hub for it."""
        return {"HUB_DIRECTORY": str(self.directory), "HUB_ROUTING": str(self.routing)}

    def load(self, triage: Room) -> None:
        """Tell triage where its postcodes lie, as `hub areas load` does."""
        load_areas(self.postcodes, "invented", triage.database, lambda _: None)
        triage.database.close()

    @classmethod
    def written_in(cls, folder: Path) -> Country:
        """Write the files into this folder."""
        places = [
            (postcode, f"E069{number:05}", slug_of(number)) for number, postcode in enumerate(POSTCODES)
        ]
        routing = folder / "routing.yaml"
        rows = "".join(
            f"  - {{when: {{area: [{area}]}}, team: {own}, why: The team of the area.}}\n"
            for _, area, own in places
        )
        routing.write_text(
            f"version: invented\nrows:\n{rows}  - {{when: {{}}, team: duty_desk, why: Nobody's area.}}\n",
            encoding="utf-8",
        )
        postcodes = folder / "postcodes.csv"
        postcodes.write_text(
            "pcds,lad25cd\n" + "".join(f"{postcode},{area}\n" for postcode, area, _ in places),
            encoding="utf-8",
        )
        return cls(directory_of(len(places), folder), routing, postcodes)


def slug_of(number: int) -> str:
    """What the team of this number is called in the files; they count from 0."""
    return f"team_{number}"


def directory_of(count: int, folder: Path) -> Path:
    """Write a directory of so many teams with a coordinator each, into this folder."""
    path = folder / "directory.yaml"
    teams = "".join(f"  {slug_of(n)}: {{name: Team {n}}}\n" for n in range(count))
    staff = "".join(
        f"  - {{role: coordinator, email: person{n}@hub.example, team: {slug_of(n)}}}\n" for n in range(count)
    )
    path.write_text(
        f"agencies:\n  {AGENCY}: {{name: An Invented Agency}}\nteams:\n  duty_desk: {{name: Duty desk}}\n"
        f"{teams}staff:\n  - {{role: supervisor, email: desk@hub.example, team: duty_desk}}\n{staff}",
        encoding="utf-8",
    )
    return path
