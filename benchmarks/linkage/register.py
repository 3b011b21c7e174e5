"""A hard register: people in households, and two thousand look-ups, half of them of somebody who is in it.

`python -m benchmarks.linkage.register [--people 1000000] [--database sqlite|postgresql]`: each is one look-up
and decision of `find_person`, on the hub's own tables, sealed, with keyed hashes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import text

from benchmarks.ground import Ground
from benchmarks.linkage.population import LIKE_BUT_NOT, Population
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
_PAGE = 20_000
_NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def main() -> None:
    """Fill one register, or one of each size, and look people up in it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linkage.register", description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument(
        "--database", choices=("sqlite", "postgresql"), nargs="+", default=["sqlite", "postgresql"]
    )
    asked = parser.parse_args()
    for kind in asked.database:
        tails = []
        for size in asked.people:
            with tempfile.TemporaryDirectory() as folder:
                if kind == "sqlite":
                    tails.append(_measure(size, f"sqlite:///{folder}/triage.db", Path(folder)))
                else:
                    with Ground() as ground:
                        tails.append(_measure(size, ground.database("triage"), Path(folder)))
        if len(tails) > 1:
            sizes = f"{asked.people[-1]:,} people / p99 at {asked.people[0]:,}"
            print(f"{kind}: p99 at {sizes} = {tails[-1] / tails[0]:.2f}")


def _measure(size: int, url: str, home: Path) -> float:
    make_keys_file(home)
    keys = load_keys(Settings.read({"HUB_HOME": str(home)}).key_texts, home)
    database = Database(url)
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
    print(
        f"\n{database.url.get_backend_name()}: {len(people):,} people, {rows:,} keys, filled in {took:.0f} s"
    )
    tail = _look_up(population, people, database, keys, judge)
    database.close()
    return tail


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
        if database.is_file:
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
        if database.is_file:
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


def _questions(population: Population, people: list[Mention]) -> Iterator[tuple[str, int, Mention]]:
    draw = population.draw
    for number in range(_QUERIES):
        known = draw.randrange(len(people))
        if number % 2 == 0:
            yield "somebody known", known, population.written_down_again(people[known])
        else:
            kind = draw.choice(LIKE_BUT_NOT)
            other = population.like_but_not(kind, people[known])
            yield kind, -1, population.written_down_again(other) if draw.random() < 0.3 else other


def _look_up(
    population: Population, people: list[Mention], database: Database, keys: Keys, judge: Judge
) -> float:
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    seconds, candidates = [], []
    busy = time.process_time()
    with database.reading() as connection:
        for kind, known, asked in list(_questions(population, people)):
            began = time.perf_counter()
            found = find_person(asked, connection, database, keys, judge)
            seconds.append(time.perf_counter() - began)
            candidates.append(len(found.candidates))
            outcome: str = found.verdict
            if outcome == "same":
                outcome = "linked rightly" if found.person == UUID(int=max(known, 0)) else "LINKED WRONGLY"
            outcomes[kind][outcome] += 1
    busy = time.process_time() - busy
    for kind, counted in sorted(outcomes.items()):
        print(f"  {kind:15} {', '.join(f'{name} {count}' for name, count in sorted(counted.items()))}")
    seconds.sort()
    candidates.sort()
    tail = seconds[int(len(seconds) * 0.99)] * 1000
    print(
        f"  one look-up and decision: p50 {seconds[len(seconds) // 2] * 1000:.2f} ms, p99 {tail:.2f} ms,"
        f" {len(seconds) / sum(seconds):.0f} a second, {busy / len(seconds) * 1e6:.0f} µs of our processor;"
        f" candidates p50 {candidates[len(candidates) // 2]}, p99 {candidates[int(len(candidates) * 0.99)]}"
    )
    return tail


if __name__ == "__main__":
    main()
