"""Read who works in each team, at which level and with how much room, from a file beside the directory."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from services.triage.domain.teams.assigning import Level, Member, Teams, TeamWork
from shared.directory import account_name
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.directory import Directory, StaffMember

_AT_WORK = ("coordinator", "supervisor", "facilitator")
SHIPPED = Path(__file__).parent / "teams.yaml"


class BadTeams(Problem):
    """The file of teams cannot be used."""

    status = 500
    code = "bad_teams"


class _Member(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    level: Level = "advanced"
    room: int = 60

    def __post_init__(self) -> None:
        """Name them as the directory and their account do."""
        self.email = account_name(self.email)


class _Team(msgspec.Struct, forbid_unknown_fields=True):
    takes: list[str] = msgspec.field(default_factory=lambda: ["crime", "dispute"])
    areas: list[str] = []
    room: int | None = None
    members: list[_Member] = []
    facilitators: list[_Member] = []
    verified_on: dt.date | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    teams: dict[str, _Team]


def read_teams(path: str, directory: Directory) -> Teams:
    """The teams of the directory with what the file at `path` says of them; `BadTeams` with every fault.

    A team that the file does not name has the people whom the directory names for it. Whoever facilitates, a
    coordinator too, and is not named for that is a beginner: nobody has a complex case by an oversight.
    """
    source = Path(path) if path else SHIPPED
    try:
        file = msgspec.yaml.decode(source.read_bytes(), type=_File)
    except (OSError, ValueError, msgspec.DecodeError) as error:
        message = f"{source}: {error}"
        raise BadTeams(message) from None
    faults = list(_faults_of(file, directory)) if path else []
    if faults:
        message = f"{source}: {'; '.join(faults)}"
        raise BadTeams(message)
    staff = {one.email: one for one in directory.staff}
    work, leads = {}, {}
    for slug in directory.teams:
        told = file.teams.get(slug, _Team())
        members = tuple(_member(staff[one.email], one) for one in told.members if one.email in staff)
        coordinators = members or tuple(map(_member, directory.people_of(slug)))
        work[slug] = TeamWork(
            coordinators,
            tuple(told.takes),
            tuple(told.areas),
            told.room,
            _facilitators(slug, told, staff),
            told.verified_on,
        )
        lead = next((one for one in directory.staff if (one.role, one.team) == ("supervisor", slug)), None)
        if lead is not None:
            leads[slug] = lead.email
    everybody = {one.email: _member(one) for one in directory.staff if one.role in _AT_WORK}
    for team in work.values():
        everybody |= {one.email: one for one in (*team.members, *team.facilitators)}
    facilitating = {email: replace(one, level="foundation") for email, one in everybody.items()}
    for team in work.values():
        facilitating |= {one.email: one for one in team.facilitators}
    supervisors = tuple(one.email for one in directory.staff if one.role == "supervisor")
    return Teams(work, supervisors, leads, everybody, facilitating)


def _facilitators(slug: str, told: _Team, staff: Mapping[str, StaffMember]) -> tuple[Member, ...]:
    named = {one.email: one for one in told.facilitators}
    here = [one for one in staff.values() if one.role == "facilitator" and one.team == slug]
    others = [staff[email] for email in named if email in staff and staff[email] not in here]
    return tuple(_member(one, named.get(one.email)) for one in (*here, *others))


def _member(one: StaffMember, registered: _Member | None = None) -> Member:
    beginner: Level = "foundation" if one.role == "facilitator" else "advanced"
    return Member(
        one.email,
        registered.level if registered else beginner,
        registered.room if registered else _Member(one.email).room,
        tuple((away.first, away.last) for away in one.leave),
        tuple(hours is not None for hours in one.week) or Member(one.email).works_on,
        one.cover,
    )


def _faults_of(file: _File, directory: Directory) -> Iterator[str]:
    staff = {member.email: member for member in directory.staff}
    for slug, team in file.teams.items():
        if slug not in directory.teams:
            yield f"there is no team {slug} in the directory"
        for member in (*team.members, *team.facilitators):
            if member.email not in staff:
                yield f"{slug}: {member.email} is not a member of staff in the directory"
