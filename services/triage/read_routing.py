"""Read a routing table from its YAML; refuse one that could leave a case unrouted, with all its faults."""

from __future__ import annotations

import hashlib
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, get_args

import yaml

from services.triage.domain.areas import is_gss
from services.triage.domain.routing.checking import Land, check
from services.triage.domain.routing.facts import AGES, TENURES
from services.triage.domain.routing.table import (
    CONDITIONS,
    GATES,
    Condition,
    GateRow,
    RoutingTable,
    Row,
    Urgency,
    Value,
)
from shared.contracts.referral import EventType, JusticeStage, NeedIdentifiedBy, RiskMarker, Service, codes
from shared.problems import Fault, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shared.directory import Directory

_URGENCIES: Final[tuple[str, ...]] = get_args(Urgency)
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "strand": ("crime", "dispute"),
    "kind": codes(EventType),
    "stage": (*codes(JusticeStage), "unknown"),
    "responsible_age": AGES,
    "harmed_age": AGES,
    "tenure": TENURES,
    "marker": codes(RiskMarker),
    "service": codes(Service),
    "initiated_by": ("harmed", "responsible", "agency"),
    "need": (*codes(NeedIdentifiedBy), "unknown"),
}
_GSS: Final = ("area", "police_area", "responsible_area")
_LONGEST_VERSION: Final = 60


class BadRouting(Problem):
    """The routing table cannot be used."""

    status = 500
    code = "bad_routing"


class _Loader(yaml.SafeLoader):
    """YAML in which a name that stands twice is a fault: the second would silently win."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, LookupError, AttributeError):
            # What looks like a date, a number or a flag, and is none: the library lets it fall through.
            told = f"{_quoted(node.value)} cannot be read; words go in quotes"
            raise yaml.constructor.ConstructorError(None, None, told, node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            told = None
            if not isinstance(key, yaml.ScalarNode):
                told = "a name is one word, and no list"
            elif key.value in seen:
                told = f"{key.value} stands there twice"
            if told:
                raise yaml.constructor.ConstructorError(None, None, told, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_routing(text: bytes, directory: Directory, land: Land) -> RoutingTable:
    """A routing table from its YAML; `BadRouting` with all its faults.

    Its version is what the file says and the beginning of its digest: two tables are never called the same.
    """
    file = _read(text)
    faults = list(_faults_of(file, directory.teams))
    if faults:
        raise _bad(faults)
    digest = hashlib.sha256(text).hexdigest()[:8]
    table = RoutingTable(
        f"{file['version']}+{digest}",
        tuple(
            Row(_condition(row["when"]), row["team"], row["why"], row.get("urgency", "normal"))
            for row in file["rows"]
        ),
        tuple(GateRow(_condition(gate["when"]), gate["gate"], gate["why"]) for gate in file.get("gates", ())),
    )
    faults = [finding.told for finding in check(table, Land(land.names, land.police)) if finding.is_fault]
    if faults:
        raise _bad(faults)
    return table


# A table that is tried is the one that stands, but for a row or two, and each is read more than once.
@lru_cache(maxsize=4)
def _read(text: bytes) -> Any:  # noqa: ANN401 - whatever somebody wrote
    try:
        return yaml.load(text.decode(), _Loader)  # noqa: S506 - a safe loader that is stricter
    except UnicodeDecodeError:
        raise _bad(["the file is not UTF-8. Save it as UTF-8"]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise _bad([f"{where}: it is not YAML: {error.problem}. Mend that place"]) from None
    except RecursionError:
        raise _bad(
            ["the file is nested far deeper than a table is. Look for brackets that are never closed"]
        ) from None
    except yaml.YAMLError:
        raise _bad(["the file is not YAML. Compare it with the table that comes with the hub"]) from None


def _bad(faults: Collection[str]) -> BadRouting:
    told = [fault if fault.endswith((".", "?")) else f"{fault}." for fault in faults]
    return BadRouting(" ".join(told), errors=[Fault("/table", "not_allowed", one) for one in told])


def _condition(when: Mapping[str, list[str] | bool | int]) -> Condition:
    asks: dict[str, Value] = {
        name: frozenset(value) if isinstance(value, list) else value for name, value in when.items()
    }
    return Condition(asks)


def _faults_of(file: object, teams: Collection[str]) -> Iterator[str]:
    if not isinstance(file, dict):
        yield "the file holds no table. Write version, rows and, if you like, gates"
        return
    yield from _strangers("the table", file, ("version", "rows", "gates"))
    version = file.get("version")
    if not isinstance(version, str) or not 0 < len(version) <= _LONGEST_VERSION:
        yield 'version: a short text names the table. Write it in quotes, such as "2026-11-29"'
    rows, gates = file.get("rows"), file.get("gates", [])
    if not isinstance(rows, list) or not rows:
        yield "rows: there are none. Write at least the last, which fits every case (when: {})"
        rows = []
    for number, row in enumerate(rows, 1):
        yield from _faults_of_row(f"row {number}", row, teams)
    if rows and not (isinstance(rows[-1], dict) and rows[-1].get("when") == {}):
        yield f"row {len(rows)}: the last row must fit every case. Add one with when: {{}} for the duty desk"
    if not isinstance(gates, list):
        yield "gates: a list is needed"
        gates = []
    for number, gate in enumerate(gates, 1):
        yield from _faults_of_gate(f"gate {number}", gate)


def _faults_of_row(place: str, row: object, teams: Collection[str]) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f"{place}: it is no row. Write when, team, why and, if need be, urgency"
        return
    yield from _strangers(place, row, ("when", "team", "why", "urgency"))
    team = row.get("team")
    if not isinstance(team, str) or team not in teams:
        yield f"{place}: there is no team {_quoted(team)} in the directory. {_instead(team, teams)}"
    yield from _faults_of_why(place, row)
    if row.get("urgency", "normal") not in _URGENCIES:
        yield f"{place}: urgency is one of {', '.join(_URGENCIES)}"
    yield from _faults_of_condition(place, row.get("when"))


def _faults_of_gate(place: str, gate: object) -> Iterator[str]:
    if not isinstance(gate, dict):
        yield f"{place}: it is no gate. Write when, gate and why"
        return
    yield from _strangers(place, gate, ("when", "gate", "why"))
    name = gate.get("gate")
    if name not in GATES:
        yield f"{place}: there is no gate {_quoted(name)}. {_instead(name, GATES)}"
    yield from _faults_of_why(place, gate)
    yield from _faults_of_condition(place, gate.get("when"))


def _strangers(place: str, told: Mapping[Any, Any], known: Collection[str]) -> Iterator[str]:
    for name in told:
        if name not in known:
            yield f"{place}: nothing is called {_quoted(name)} there. {_instead(name, known)}"


def _faults_of_why(place: str, row: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(row.get("why"), str) or not row["why"].strip():
        yield f"{place}: why is missing. Say in a sentence why; coordinators read it"


def _faults_of_condition(place: str, when: object) -> Iterator[str]:
    if not isinstance(when, dict):
        yield f"{place}: when is missing. Write what a case must have, such as {{strand: [crime]}}, or {{}}"
        return
    for name, value in when.items():
        if name not in CONDITIONS:
            yield f"{place}: nothing is called {_quoted(name)}. {_instead(name, CONDITIONS)}"
            continue
        asked, _ = CONDITIONS[name]
        wanted = {"one": list, "any": list, "flag": bool, "days": int}[asked]
        if type(value) is not wanted:
            yield f"{place}: {name} is {_WANTED[wanted]}"
        elif isinstance(value, list):
            yield from _faults_of_words(f"{place}: {name}", name, value)
        elif isinstance(value, int) and value < 0:
            yield f"{place}: {name} is a number of days from 0 on"


_WANTED: Final = {
    list: "a list of words. Put it in brackets, such as [crime]",
    bool: "true or false. Write it without quotes",
    int: "a number of days. Write it without quotes",
}


def _faults_of_words(place: str, name: str, words: list[Any]) -> Iterator[str]:
    if not words:
        yield f"{place} names nothing, so no case fits. Name something, or take it out"
    for position, word in enumerate(words):
        if not isinstance(word, str):
            yield f'{place}: {_quoted(word)} is no word. Put words in quotes where need be: "10_17"'
        elif word in words[:position]:
            yield f"{place} names {_quoted(word)} twice. Take one out"
        elif name in _WORDS and word not in _WORDS[name]:
            yield f"{place} has no {_quoted(word)}. {_instead(word, _WORDS[name])}"
        elif name in _GSS and word != "unknown" and not is_gss(word):
            yield f"{place} is a list of GSS codes such as E06000047, or unknown; {_quoted(word)} is none"


def _quoted(word: object) -> str:
    return f'"{str(word)[:40]}"'


def _instead(word: object, known: Collection[str]) -> str:
    near = get_close_matches(str(word), list(known), 1, 0.6)
    return f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}"
