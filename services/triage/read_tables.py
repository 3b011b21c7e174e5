"""Read the routing table and the areas from their files; refuse a table that could leave a case unrouted."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from services.triage.domain.areas import Areas, Authority
from services.triage.domain.clocks.targets import OTHERWISE, Edition, Targets
from services.triage.domain.routing.checking import Land
from services.triage.read_routing import BadRouting, read_routing
from services.triage.read_teams import read_teams
from services.triage.send_case import Table
from shared.directory import Directory

if TYPE_CHECKING:
    from services.triage.domain.teams.assigning import Teams

_HERE = Path(__file__).parent
SHIPPED = _HERE / "routing.yaml"


class _Authority(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    police: str
    outward: list[str]


class _Areas(msgspec.Struct, forbid_unknown_fields=True):
    authorities: dict[str, _Authority]
    shared: dict[str, list[str]]


class _Edition(msgspec.Struct, forbid_unknown_fields=True):
    since: dt.date = msgspec.field(name="from")
    tasks: dict[str, int]
    urgent: dict[str, int] = {}
    teams: dict[str, dict[str, int]] = {}
    before_hearing: dict[str, int] = {}


class _Targets(msgspec.Struct, forbid_unknown_fields=True):
    editions: list[_Edition]


def read_tables(path: str, directory: Directory, targets: str = "", teams: str = "") -> Table:
    """The table at `path`, or the one that comes with the hub; `BadRouting` with all its faults."""
    source = Path(path) if path else SHIPPED
    try:
        text = source.read_bytes()
    except OSError as error:
        message = f"{source}: {error.strerror}"
        raise BadRouting(message) from error
    try:
        areas = read_areas()
        routing = read_routing(text, directory, land_of(areas))
    except BadRouting as bad:
        message = f"{source}: {bad.detail}"
        raise BadRouting(message, errors=bad.errors) from None
    by_themselves = frozenset(slug for slug, agency in directory.agencies.items() if agency.self_referral)
    contacts = {one.email.lower(): one.email for one in directory.staff}
    contacts |= {one.mobile: one.email for one in directory.staff if one.mobile}
    return Table(
        routing,
        areas,
        read_targets(targets),
        read_teams(teams, directory),
        by_themselves,
        text,
        contacts,
    )


def land_of(areas: Areas, teams: Teams | None = None) -> Land:
    """What a table is checked against."""
    return Land(
        {code: one.name for code, one in areas.authorities.items()},
        {code: one.police for code, one in areas.authorities.items()},
        teams.work if teams else {},
    )


@cache
def read_areas() -> Areas:
    """The authorities and outward codes that come with the hub."""
    file = msgspec.yaml.decode((_HERE / "areas.yaml").read_bytes(), type=_Areas)
    return Areas(
        {code: Authority(one.name, one.police) for code, one in file.authorities.items()},
        {outward: code for code, one in file.authorities.items() for outward in one.outward},
        {outward: tuple(found) for outward, found in file.shared.items()},
    )


def read_targets(path: str = "") -> Targets:
    """The targets at `path`, or those that come with the hub; `BadRouting` with what is wrong."""
    source = Path(path) if path else _HERE / "targets.yaml"
    try:
        file = msgspec.yaml.decode(source.read_bytes(), type=_Targets)
    except (OSError, ValueError, msgspec.DecodeError) as error:
        message = f"{source}: {error}"
        raise BadRouting(message) from None
    editions = sorted(file.editions, key=lambda edition: edition.since)
    if not editions or any(OTHERWISE not in edition.tasks for edition in editions):
        message = f"{source}: each edition needs a target for `{OTHERWISE}`"
        raise BadRouting(message)
    return Targets(tuple(Edition(e.since, e.tasks, e.urgent, e.teams, e.before_hearing) for e in editions))
