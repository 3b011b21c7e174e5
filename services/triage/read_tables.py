"""Read the routing table and the areas from their files; refuse a table that could leave a case unrouted."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from services.triage.domain.areas import Areas, Authority
from services.triage.domain.clocks.targets import OTHERWISE, Edition, Targets
from services.triage.domain.routing.checking import check
from services.triage.domain.routing.facts import AGES, TENURES
from services.triage.domain.routing.table import (
    CONDITIONS,
    Condition,
    Gate,
    GateRow,
    RoutingTable,
    Row,
    Urgency,
    Value,
)
from services.triage.read_teams import read_teams
from services.triage.send_case import Table
from shared.contracts.referral import EventType, JusticeStage, RiskMarker, Service, codes
from shared.directory import Directory
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HERE = Path(__file__).parent
SHIPPED = _HERE / "routing.yaml"
_WORDS: Mapping[str, tuple[str, ...]] = {
    "strand": ("crime", "dispute"),
    "kind": codes(EventType),
    "stage": (*codes(JusticeStage), "unknown"),
    "responsible_age": AGES,
    "harmed_age": AGES,
    "tenure": TENURES,
    "marker": codes(RiskMarker),
    "service": codes(Service),
    "initiated_by": ("harmed", "responsible", "agency"),
}
_GSS = ("area", "police_area", "responsible_area")
_GSS_LENGTH = 9


class BadRouting(Problem):
    """The routing table cannot be used."""

    status = 500
    code = "bad_routing"


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    when: dict[str, list[str] | bool | int]
    team: str
    why: str
    urgency: Urgency = "normal"


class _Gate(msgspec.Struct, forbid_unknown_fields=True):
    when: dict[str, list[str] | bool | int]
    gate: Gate
    why: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: str
    rows: list[_Row]
    gates: list[_Gate] = []


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
        routing = read_routing(text, directory)
    except BadRouting as bad:
        message = f"{source}: {bad.detail}"
        raise BadRouting(message) from None
    by_themselves = frozenset(slug for slug, agency in directory.agencies.items() if agency.self_referral)
    return Table(
        routing, read_areas(), read_targets(targets), read_teams(teams, directory), by_themselves, text
    )


def read_routing(text: bytes, directory: Directory) -> RoutingTable:
    """A routing table from its YAML; `BadRouting` with all its faults.

    Its version is what the file says and the beginning of its digest: two tables are never called the same.
    """
    try:
        file = msgspec.yaml.decode(text, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRouting(str(error)) from None
    faults = list(_faults_of(file, directory))
    if faults:
        raise BadRouting("; ".join(faults))
    digest = hashlib.sha256(text).hexdigest()[:8]
    table = RoutingTable(
        f"{file.version}+{digest}",
        tuple(Row(_condition(row.when), row.team, row.why, row.urgency) for row in file.rows),
        tuple(GateRow(_condition(gate.when), gate.gate, gate.why) for gate in file.gates),
    )
    faults = [finding.told for finding in check(table, ()) if finding.is_fault]
    if faults:
        raise BadRouting("; ".join(faults))
    return table


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
    except (OSError, msgspec.DecodeError) as error:
        message = f"{source}: {error}"
        raise BadRouting(message) from None
    editions = sorted(file.editions, key=lambda edition: edition.since)
    if not editions or any(OTHERWISE not in edition.tasks for edition in editions):
        message = f"{source}: each edition needs a target for `{OTHERWISE}`"
        raise BadRouting(message)
    return Targets(tuple(Edition(e.since, e.tasks, e.urgent, e.teams, e.before_hearing) for e in editions))


def _condition(when: Mapping[str, list[str] | bool | int]) -> Condition:
    asks: dict[str, Value] = {
        name: frozenset(value) if isinstance(value, list) else value for name, value in when.items()
    }
    return Condition(asks)


def _faults_of(file: _File, directory: Directory) -> Iterator[str]:
    for number, row in enumerate(file.rows, 1):
        if row.team not in directory.teams:
            yield f"row {number}: there is no team {row.team} in the directory"
        yield from _faults_of_condition(f"row {number}", row.when)
    for number, gate in enumerate(file.gates, 1):
        yield from _faults_of_condition(f"gate {number}", gate.when)
    if not file.rows or file.rows[-1].when:
        yield "the last row must fit every case (when: {})"


def _faults_of_condition(place: str, when: Mapping[str, list[str] | bool | int]) -> Iterator[str]:
    for name, value in when.items():
        if name not in CONDITIONS:
            yield f"{place}: nothing is called {name}; there are {', '.join(CONDITIONS)}"
            continue
        asked, _ = CONDITIONS[name]
        wanted = {"one": list, "any": list, "flag": bool, "days": int}[asked]
        if type(value) is not wanted:
            told = {list: "a list of words", bool: "true or false", int: "a number of days"}[wanted]
            yield f"{place}: {name} is {told}"
        elif isinstance(value, list):
            yield from _faults_of_words(f"{place}: {name}", name, value)


def _faults_of_words(place: str, name: str, words: list[str]) -> Iterator[str]:
    if not words:
        yield f"{place} names nothing, so no case fits"
    for word in words:
        if name in _WORDS and word not in _WORDS[name]:
            yield f"{place} is one of {', '.join(_WORDS[name])}"
        if name in _GSS and word != "unknown" and not (len(word) == _GSS_LENGTH and word.isalnum()):
            yield f"{place} is a list of GSS codes such as E06000047, or unknown"
