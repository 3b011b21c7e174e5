"""A hard register: people in households, and two thousand look-ups, half of them of somebody who is in it.

`python -m benchmarks.linkage.register [--people 10000 1000000] [--database sqlite|postgresql] [--splink]`:
each is one look-up and decision of `find_person`, on the hub's own tables, sealed, with keyed hashes.
Registers of several sizes are asked in turn, so that whoever else uses the machine slows all of them down
alike; and each look-up is made three times, of which the quickest says what it takes with nobody in its way.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import statistics
import tempfile
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
from sqlalchemy import Connection, text

from benchmarks.ground import Ground
from benchmarks.linkage.population import LIKE_BUT_NOT, Population
from benchmarks.processor import Meter, of_process, own
from services.triage.domain.matching.accounts import Account, Mention, nothing_told
from services.triage.domain.matching.frequencies import Frequencies
from services.triage.domain.matching.judge_events import Judge
from services.triage.matching.find_people import find_person, hashed_person
from services.triage.matching.read_model import read_model
from services.triage.matching.schema import canonicals
from services.triage.service import TRIAGE
from services.triage.store import pack_account
from shared.database import Database, migrate
from shared.sealing import Keys, load_keys, make_keys_file
from shared.settings import Settings

_QUERIES = 2000
_ROUNDS = 3
_PAGE = 5_000
_NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
_TRAINED_ON, _PEER_QUERIES = 20_000, 20


class Query(NamedTuple):
    """Whom is looked for, of which kind they are, and which of the register they are: -1 where none."""

    kind: str
    known: int
    asked: Mention


@dataclass
class Register:
    """People in a database, who is looked for among them, and what that took."""

    population: Population
    people: list[Mention]
    database: Database
    keys: Keys
    judge: Judge
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
    asked = parser.parse_args()
    for kind in asked.database:
        with contextlib.ExitStack() as ends:
            ground = ends.enter_context(Ground()) if kind == "postgresql" else None
            registers = [_filled(size, ground, ends) for size in asked.people]
            _look_up(registers)
            for register in registers:
                _tell(register)
            small, large = registers[0], registers[-1]
            if small is not large:
                sizes = f"{len(large.people):,} people / p99 at {len(small.people):,}"
                time_, cost = (
                    _percentile(map(min, of(large))) / _percentile(map(min, of(small)))
                    for of in (attrgetter("seconds"), attrgetter("costs"))
                )
                print(f"{kind}: p99 at {sizes} = {time_:.2f} in time, {cost:.2f} in processor time")
            if asked.splink:
                _beside_splink(large)


def _filled(size: int, ground: Ground | None, ends: contextlib.ExitStack) -> Register:
    home = Path(ends.enter_context(tempfile.TemporaryDirectory()))
    make_keys_file(home)
    keys = load_keys(Settings.read({"HUB_HOME": str(home)}).key_texts, home)
    database = Database(ground.database("triage") if ground else f"sqlite:///{home}/triage.db")
    ends.callback(database.close)
    migrate(database, TRIAGE.migrations)
    population = Population()
    people: list[Mention] = []
    for household in population.households():
        people += household
        if len(people) >= size:
            break
    judge = Judge(read_model(), _counted(people), canonicals)
    began = time.monotonic()
    rows = _fill(database, people, keys, judge)
    took = time.monotonic() - began
    print(f"{database.url.get_backend_name()}: {len(people):,} people, {rows:,} keys, filled in {took:.0f} s")
    return Register(population, people, database, keys, judge, list(_questions(population, people)))


def _counted(people: list[Mention]) -> Frequencies:
    given = Counter(one.name.given[0] for one in people)
    family = Counter(one.name.family[0] for one in people)
    return Frequencies("1", len(people), len(people), given, family)


def _account(number: int, one: Mention) -> Account:
    return nothing_told(f"R-{number:08}", "vcas")._replace(people=(one,))


def _fill(database: Database, people: list[Mention], keys: Keys, judge: Judge) -> int:
    """Write the rows that triage would have written, without what it would have said."""
    count = 0
    with database.transaction() as connection:
        connection.execute(text("DROP INDEX match_keys_by_key"))
        driver = connection.connection.driver_connection
        for at in range(0, len(people), _PAGE):
            page = list(enumerate(people[at : at + _PAGE], at))
            under = [(key, f"R-{n:08}") for n, one in page for key in hashed_person(one, keys, judge)]
            referrals = [_row(n, one, keys) for n, one in page]
            count += len(under)
            if isinstance(driver, psycopg.Connection):
                _copy(driver, "match_keys (key, reference)", under)
                _copy(driver, f"referrals ({', '.join(_COLUMNS)})", referrals)
            else:
                assert driver is not None
                driver.executemany("INSERT INTO match_keys VALUES (?, ?)", under)
                marks = ", ".join("?" * len(_COLUMNS))
                driver.executemany(
                    f"INSERT INTO referrals ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608 - our own names
                    [tuple(v.hex if isinstance(v, UUID) else v for v in row) for row in referrals],
                )
        connection.execute(text("CREATE INDEX match_keys_by_key ON match_keys (key)"))
    with database.reading() as connection:
        connection.execute(text("ANALYZE"))
    return count


_COLUMNS = (
    "reference", "agency", "source_record_id", "version", "case_id", "people", "sealed", "heard_at",
    "updated_at", "account",
)  # fmt: skip


def _row(number: int, one: Mention, keys: Keys) -> tuple[object, ...]:
    reference = f"R-{number:08}"
    account = pack_account(keys.rest, reference, 1, _account(number, one))
    person = f'["{UUID(int=number)}"]'
    return (reference, "vcas", reference, 1, UUID(int=number), person, b"", str(_NOW), str(_NOW), account)


def _copy(driver: psycopg.Connection[object], into: str, rows: Sequence[tuple[object, ...]]) -> None:
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _questions(population: Population, people: list[Mention]) -> Iterator[Query]:
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
    with contextlib.ExitStack() as ends:
        connections = [ends.enter_context(register.database.reading()) for register in registers]
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
    theirs, busy, began = server(), own(), time.perf_counter()
    found = find_person(asked, connection, register.database, register.keys, register.judge)
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
    print(f"\n{register.database.url.get_backend_name()}, {len(register.people):,} people")
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

    some = register.people[:_TRAINED_ON]
    again = [register.population.written_down_again(one) for one in some]
    splink = SplinkLookUps(some, again, register.people)
    taken = [splink.look_up(query.asked) * 1000 for query in register.queries[:_PEER_QUERIES]]
    usual, ours = statistics.median(taken), statistics.median(chain(*register.seconds)) * 1000
    print(
        f"  Splink, the same look-ups: p50 {usual:.0f} ms of {len(taken)}, {usual / ours:.0f} times the hub's"
    )


if __name__ == "__main__":
    main()
