"""Every kind of column goes to PostgreSQL as an array and comes back as what it was."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from operator import itemgetter
from uuid import UUID

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    event,
    select,
)

from services.every import SERVICES
from shared.database import Database, Instant
from shared.rows import (
    Gathered,
    Wanted,
    find_rows,
    hold_rows,
    insert_rows,
    insert_unless_known,
    kind_of,
    lock_and_find,
    update_rows,
)
from tests.support.houses import BOTH

THINGS = Table(
    "things",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("text", String(40)),
    Column("bytes", LargeBinary),
    Column("number", Integer),
    Column("flag", Boolean),
    Column("at", Instant),
    Column("day", Date),
    Column("document", JSON, nullable=False),
)
Index("things_by_number", THINGS.c.number, THINGS.c.text)
SOME = [
    (UUID(int=1), "plain", b"\0\xff", -(2**31), True, dt.datetime(1999, 12, 31, 23, tzinfo=dt.UTC),
     dt.date(1900, 2, 28), {"a": [1, None, "ä"]}),
    (UUID(int=2**128 - 1), "“quoted”, \\ {braces}", b"", 2**31 - 1, False,
     dt.datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=dt.UTC), dt.date(2100, 1, 1), []),
    (UUID(int=3), "", b"x" * 5000, 0, None, None, None, "word"),
    (UUID(int=4), None, None, None, True, dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.date(2000, 1, 1), 1.5),
]  # fmt: skip


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database of each kind with one table."""
    url = "sqlite://" if request.param == "embedded" else str(request.getfixturevalue("fresh_database")())
    database = Database(url)
    with database.transaction() as connection:
        THINGS.metadata.create_all(connection)
    yield database
    database.close()


def named(values: tuple[object, ...]) -> dict[str, object]:
    return dict(zip((column.name for column in THINGS.c), values, strict=True))


def test_what_is_written_is_found_again_changed_and_not_written_twice(database: Database) -> None:
    with database.transaction() as connection:
        insert_rows(connection, {THINGS: [named(one) for one in SOME]})
        again = [named((UUID(int=9), *SOME[0][1:])), *(named(one) for one in SOME)]
        assert insert_unless_known(connection, THINGS, again, THINGS.c.id) == [UUID(int=9)]
        found = find_rows(connection, tuple(THINGS.c), THINGS.c.id, [one[0] for one in SOME])
        assert sorted(map(tuple, found), key=repr) == sorted(SOME, key=repr)
        assert find_rows(connection, (THINGS.c.id,), THINGS.c.bytes, [b"\0\xff", b"none"]) == [
            (UUID(int=1),),
            (UUID(int=9),),
        ]
        changes = [
            {"key_id": one[0], "new_text": other[1], "new_document": other[7]}
            for one, other in zip(SOME, SOME[1:] + SOME[:1], strict=True)
        ]
        update_rows(connection, THINGS, ("id",), ("text", "document"), changes)
        rows = {row.id: row for row in connection.execute(select(THINGS))}
        assert [rows[one[0]].text for one in SOME] == [other[1] for other in SOME[1:] + SOME[:1]]
        assert [rows[one[0]].document for one in SOME] == [other[7] for other in SOME[1:] + SOME[:1]]


def test_rows_are_held_by_two_columns_with_a_search_for_each_however_many_share_the_first(
    database: Database,
) -> None:
    first = named(SOME[0])
    # As after the first import of an agency: nothing is known yet of how many have the same first value.
    rows = [first | {"id": UUID(int=n), "number": 7, "text": f"row {n:04}"} for n in range(2000)]
    rows += [first | {"id": UUID(int=5000), "number": 8, "text": "row 0003"}]
    asked: list[tuple[str, object]] = []
    with database.transaction() as connection:
        insert_rows(connection, {THINGS: rows})
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        found = hold_rows(
            connection, (THINGS.c.id,), (THINGS.c.number, THINGS.c.text), 7, ["row 0003", "none", "row 0001"]
        )
        assert [row.id for row in found] == [UUID(int=1), UUID(int=3)]
        ((statement, given),) = asked
        is_file = connection.dialect.name == "sqlite"
        explained = f"EXPLAIN {'QUERY PLAN ' if is_file else ''}{statement}"
        plan = [str(row[-1]) for row in connection.exec_driver_sql(explained, given)]  # type: ignore[arg-type]
        by_both = (
            "SEARCH.*number=[?] AND text=[?]" if is_file else "Index Cond: .*number = .* AND .*text = x[.]x"
        )
        assert [line for line in plan if re.search(by_both, line)], plan
        assert hold_rows(connection, (THINGS.c.id,), (THINGS.c.number, THINGS.c.text), 7, []) == ()


def test_what_stands_under_one_value_comes_together_and_no_more_of_it_than_is_asked_for(
    database: Database,
) -> None:
    rows = [
        {**named(SOME[0]), "id": UUID(int=place), "number": place // 3, "text": f"row, {place}"}
        for place in range(300)
    ]
    with database.transaction() as connection:
        insert_rows(connection, {THINGS: rows})
        values = [*range(90), *range(5), *range(1000, 1300)]
        wanted = Gathered(THINGS.c.text, THINGS.c.number, values, 2)
        (found,) = lock_and_find(connection, (), [wanted])
        (nothing,) = lock_and_find(connection, (), [wanted._replace(values=())])
    assert nothing == []
    assert sorted(number for number, _ in found) == [*range(90)]
    for number, texts in found:
        assert len(set(texts)) == 2
        assert all(int(text.removeprefix("row, ")) // 3 == number for text in texts)


@pytest.mark.parametrize("name", ["id", "number", "text", "at", "day"])
def test_rows_are_found_whole_by_any_column_and_as_many_values_as_there_are(
    database: Database, name: str
) -> None:
    rows = [
        {**named(SOME[place % len(SOME)]), "id": UUID(int=place), "number": place, "text": f"row {place}"}
        for place in range(300)
    ]
    with database.transaction() as connection:
        insert_rows(connection, {THINGS: rows})
        wanted = Wanted(tuple(THINGS.c), THINGS.c[name], [row[name] for row in rows])
        (found,) = lock_and_find(connection, (), [wanted])
        whole = connection.execute(select(THINGS).where(THINGS.c[name].is_not(None))).all()
    assert whole
    assert sorted(map(tuple, found), key=itemgetter(0)) == sorted(map(tuple, whole), key=itemgetter(0))


def test_a_time_without_an_offset_is_refused(database: Database) -> None:
    values = {**named(SOME[0]), "at": dt.datetime(2026, 3, 1)}  # noqa: DTZ001 - it is what is refused
    with pytest.raises(Exception, match="offset"), database.transaction() as connection:
        insert_rows(connection, {THINGS: [values]})


def test_every_column_of_every_service_has_a_kind() -> None:
    for service in SERVICES.values():
        for table in service.tables.outbox.metadata.tables.values():
            for column in table.c:
                assert kind_of(column), column
