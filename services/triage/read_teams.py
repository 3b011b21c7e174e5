"""Read who works in each team, at which level and with how much room, from a file beside the directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from services.triage.domain.teams.assigning import Level, Member, Teams, TeamWork
from shared.directory import DUTY_DESK
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.directory import Directory

SHIPPED = Path(__file__).parent / "teams.yaml"


class BadTeams(Problem):
    """The file of teams cannot be used."""

    status = 500
    code = "bad_teams"


class _Member(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    level: Level = "advanced"
    room: int = 60


class _Team(msgspec.Struct, forbid_unknown_fields=True):
    takes: list[str] = msgspec.field(default_factory=lambda: ["crime", "dispute"])
    areas: list[str] = []
    room: int | None = None
    members: list[_Member] = []


class _File(msgspec.Struct, forbid_unknown_fields=True):
    teams: dict[str, _Team]


def read_teams(path: str, directory: Directory) -> Teams:
    """The teams of the directory with what the file at `path` says of them; `BadTeams` with every fault.

    A team that the file does not name has the people whom the directory names for it.
    """
    source = Path(path) if path else SHIPPED
    try:
        file = msgspec.yaml.decode(source.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError) as error:
        message = f"{source}: {error}"
        raise BadTeams(message) from None
    faults = list(_faults_of(file, directory)) if path else []
    if faults:
        message = f"{source}: {'; '.join(faults)}"
        raise BadTeams(message)
    leave = {one.email: tuple((away.first, away.last) for away in one.leave) for one in directory.staff}
    work = {}
    for slug in directory.teams:
        told = file.teams.get(slug, _Team())
        members = tuple(
            Member(one.email, one.level, one.room, leave.get(one.email, ())) for one in told.members
        )
        if not members:
            members = tuple(
                Member(member.email, away=leave.get(member.email, ())) for member in directory.people_of(slug)
            )
        work[slug] = TeamWork(members, tuple(told.takes), tuple(told.areas), told.room)
    desk = directory.people_of(DUTY_DESK)
    return Teams(work, desk[0].email if desk else "")


def _faults_of(file: _File, directory: Directory) -> Iterator[str]:
    staff = {member.email: member for member in directory.staff}
    for slug, team in file.teams.items():
        if slug not in directory.teams:
            yield f"there is no team {slug} in the directory"
        for member in team.members:
            if member.email not in staff:
                yield f"{slug}: {member.email} is not a member of staff in the directory"
