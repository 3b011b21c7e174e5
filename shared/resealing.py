"""After a key was added, seal again with it whatever an older one sealed, so that the older can go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table, literal, select, tuple_, update

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row

    from shared.database import Database
    from shared.sealing import KeyRing

_PAGE = 200


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed documents, and the name of the place that each row's document is bound to."""

    column: Column[Any]
    place: Callable[[Row[Any]], str]

    @property
    def table(self) -> Table:
        """The table that the column is in."""
        table = self.column.table
        assert isinstance(table, Table)  # noqa: S101 - a column of ours is a table's, never a sub-query's
        return table


def reseal(database: Database, keys: KeyRing, columns: Iterable[SealedColumn]) -> int:
    """Seal old documents anew, page by page, beside running services; how many there were.

    A row that somebody else changes meanwhile is left as they wrote it: they had the newest key.
    """
    return sum(_reseal_column(database, keys, column) for column in columns)


def _reseal_column(database: Database, keys: KeyRing, sealed: SealedColumn) -> int:
    table, done, last = sealed.table, 0, None
    key = list(table.primary_key.columns)
    while True:
        page = select(table).order_by(*key).limit(_PAGE)
        if last is not None:
            page = page.where(tuple_(*key) > tuple_(*last))
        with database.reading() as connection:
            rows = connection.execute(page).all()
        if not rows:
            return done
        last = [_bound(column, rows[-1]._mapping[column]) for column in key]  # noqa: SLF001 - SQLAlchemy's public name
        held = [row for row in rows if row._mapping[sealed.column] is not None]  # noqa: SLF001
        old = [row for row in held if not keys.sealed_with_newest(row._mapping[sealed.column])]  # noqa: SLF001
        if old:
            with database.transaction() as connection:
                for row in old:
                    before = row._mapping[sealed.column]  # noqa: SLF001
                    place = sealed.place(row)
                    connection.execute(
                        update(table)
                        .where(*(column == row._mapping[column] for column in key), sealed.column == before)  # noqa: SLF001
                        .values({sealed.column: keys.seal(keys.open(before, place), place)})
                    )
            done += len(old)


def _bound(column: Column[Any], value: object) -> Any:  # noqa: ANN401 - a bind of the column's own type
    return literal(value, column.type)
