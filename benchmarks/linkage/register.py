"""A hard register: people in households, and two thousand look-ups, half of them of somebody who is in it.

`python -m benchmarks.linkage.register [--people 10000 1000000] [--database sqlite|postgresql] [--keep FOLDER]
[--splink]`: each is one look-up and decision of `find_person`, on the hub's own tables, sealed, with keyed
hashes. Filled registers stay in FOLDER, and the next run finds them there: `--fill` only fills them.
Registers of several sizes are asked in turn, so that whoever else uses the machine slows all of them down
alike; and each look-up is made three times, of which the quickest says what it takes with nobody in its way.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psycopg
from sqlalchemy import Connection

from benchmarks.linkage.kept_registers import Filled, open_registers
from benchmarks.linkage.population import LIKE_BUT_NOT
from benchmarks.processor import Meter, of_process, own
from services.triage.domain.matching.accounts import Mention
from services.triage.matching.find_people import find_person

_QUERIES = 2000
_ROUNDS = 3
_TRAINED_ON, _PEER_QUERIES = 20_000, 20


class Query(NamedTuple):
    """Whom is looked for, of which kind they are, and which of the register they are: -1 where none."""

    kind: str
    known: int
    asked: Mention


@dataclass
class Register:
    """People in a database, who is looked for among them, and what that took."""

    filled: Filled
    queries: list[Query]
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # Of each look-up, each time that it was made: how long it took, and what it cost both processes.
    seconds: list[list[float]] = field(default_factory=lambda: [[] for _ in range(_QUERIES)])
    costs: list[list[float]] = field(default_factory=lambda: [[] for _ in range(_QUERIES)])
    candidates: list[int] = field(default_factory=list)
    ours: float = 0.0


def main() -> None:
    """Fill a register of each size in each database, and look people up in it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linkage.register", description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument(
        "--database", choices=("sqlite", "postgresql"), nargs="+", default=["sqlite", "postgresql"]
    )
    parser.add_argument(
        "--splink", action="store_true", help="the largest with Splink, of requirements/linkage.txt"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where filled registers are and stay")
    parser.add_argument("--fill", action="store_true", help="fill them only, and look nobody up")
    asked = parser.parse_args()
    if asked.fill and not asked.keep:
        parser.error("--fill needs --keep: what is filled is thrown away without it")
    for kind in asked.database:
        with open_registers(asked.keep) as registers:
            filled = [registers.register(kind, size) for size in asked.people]
            if not asked.fill:
                _measure(kind, [Register(one, list(_questions(one))) for one in filled], splink=asked.splink)


def _measure(kind: str, registers: Sequence[Register], *, splink: bool) -> None:
    _look_up(registers)
    for register in registers:
        _tell(register)
    small, large = registers[0], registers[-1]
    if small is not large:
        sizes = f"{len(large.filled.people):,} people / p99 at {len(small.filled.people):,}"
        time_, cost = (
            _percentile(map(min, of(large))) / _percentile(map(min, of(small)))
            for of in (attrgetter("seconds"), attrgetter("costs"))
        )
        print(f"{kind}: p99 at {sizes} = {time_:.2f} in time, {cost:.2f} in processor time")
    if splink:
        _beside_splink(large)


def _questions(filled: Filled) -> Iterator[Query]:
    population, people = filled.population, filled.people
    draw = population.draw
    for number in range(_QUERIES):
        known = draw.randrange(len(people))
        if number % 2 == 0:
            yield Query("somebody known", known, population.written_down_again(people[known]))
        else:
            kind = draw.choice(LIKE_BUT_NOT)
            other = population.like_but_not(kind, people[known])
            yield Query(kind, -1, population.written_down_again(other) if draw.random() < 0.3 else other)


def _look_up(registers: Sequence[Register]) -> None:
    # A service does not have the register in memory, and its collector need not walk through it.
    gc.collect()
    gc.freeze()
    with contextlib.ExitStack() as ends:
        connections = [ends.enter_context(register.filled.database.reading()) for register in registers]
        meters = [_session(connection) for connection in connections]
        for turn in range(_ROUNDS):
            for number in range(_QUERIES):
                for register, connection, meter in zip(registers, connections, meters, strict=True):
                    _look_for(number, register, connection, meter, first=turn == 0)


def _session(connection: Connection) -> Meter:
    """What the database's own process takes for this connection; nothing where it has none."""
    driver = connection.connection.driver_connection
    return of_process(driver.info.backend_pid) if isinstance(driver, psycopg.Connection) else lambda: 0.0


def _look_for(number: int, register: Register, connection: Connection, server: Meter, *, first: bool) -> None:
    kind, known, asked = register.queries[number]
    _, _, database, keys, judge = register.filled
    theirs, busy, began = server(), own(), time.perf_counter()
    found = find_person(asked, connection, database, keys, judge)
    register.seconds[number].append(time.perf_counter() - began)
    ours = own() - busy
    register.ours += ours
    register.costs[number].append(ours + server() - theirs)
    if first:
        register.candidates.append(len(found.candidates))
        outcome: str = found.verdict
        if outcome == "same":
            outcome = "linked rightly" if found.person == UUID(int=max(known, 0)) else "LINKED WRONGLY"
        register.outcomes[kind][outcome] += 1


def _percentile(values: Iterable[float], share: float = 0.99) -> float:
    ordered = sorted(values)
    return ordered[int(len(ordered) * share)]


def _tell(register: Register) -> None:
    print(f"\n{register.filled.database.url.get_backend_name()}, {len(register.filled.people):,} people")
    for kind, counted in sorted(register.outcomes.items()):
        print(f"  {kind:15} {', '.join(f'{name} {count}' for name, count in sorted(counted.items()))}")
    made = _QUERIES * _ROUNDS
    for what, taken in (("time", register.seconds), ("processor time", register.costs)):
        quickest, every = [min(each) for each in taken], [one for each in taken for one in each]
        print(f"  {what}: the quickest of {_ROUNDS} {_in_ms(quickest)}; all {made:,} {_in_ms(every)}")
    cost = sum(map(sum, register.costs))
    print(
        f"  {made / cost:.0f} a second and core, {register.ours / cost:.0%} of it ours; candidates p50"
        f" {statistics.median(register.candidates):.0f}, p99 {_percentile(register.candidates):.0f}"
    )


def _in_ms(seconds: Sequence[float]) -> str:
    return f"p50 {statistics.median(seconds) * 1000:.2f} ms, p99 {_percentile(seconds) * 1000:.2f} ms"


def _beside_splink(register: Register) -> None:
    # Its packages are not the hub's: whoever does without them measures the hub alone.
    from benchmarks.linkage.splink_look_ups import SplinkLookUps  # noqa: PLC0415

    people = register.filled.people
    some = people[:_TRAINED_ON]
    again = [register.filled.population.written_down_again(one) for one in some]
    splink = SplinkLookUps(some, again, people)
    taken = [splink.look_up(query.asked) * 1000 for query in register.queries[:_PEER_QUERIES]]
    usual, ours = statistics.median(taken), statistics.median(chain(*register.seconds)) * 1000
    print(
        f"  Splink, the same look-ups: p50 {usual:.0f} ms of {len(taken)}, {usual / ours:.0f} times the hub's"
    )


if __name__ == "__main__":
    main()
