"""One unit of work: what a use case changes and what it says, kept together or not at all.

A use case never commits and never publishes. It reads through `connection`, hands rows to `insert` and
`change`, and says messages; whoever owns the transaction (an HTTP route or the consumer) commits once. Rows
are collected and written together at the end, so that a batch of fifty referrals costs a handful of
statements instead of hundreds; a store that must see what was written earlier in the same unit keeps it in
`memory`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Table

from shared.contracts.envelope import LANES, Message, Trace, wrap
from shared.identity import new_id, new_reference
from shared.rows import insert_rows, update_rows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from sqlalchemy import Connection

    from shared.messaging.tables import MessagingTables
    from shared.sealing import Keys

T = TypeVar("T")
_Row = tuple[Table, tuple[tuple[str, object], ...]]
_Shape = tuple[Table, tuple[str, ...], tuple[str, ...]]


class Unit:
    """The transaction as a use case sees it."""

    def __init__(
        self,
        connection: Connection,
        *,
        source: str,
        tables: MessagingTables,
        keys: Keys,
        now: dt.datetime,
        trace: Trace,
        is_test: bool = False,
    ) -> None:
        """Begin with nothing changed and nothing said; `source` is the service's name.

        In a unit that `is_test` every reference that is made is marked as a test.
        """
        self._is_test = is_test
        self.connection = connection
        self.now = now
        self.keys = keys
        self.spoke = False
        self.flushes = 0  # how often what was collected has been written
        self._source = source
        self._tables = tables
        self._trace = trace
        self._cause: UUID | None = None
        self._memory: dict[object, object] = {}
        self._said: list[tuple[Message, Trace, UUID | None]] = []
        self._inserts: dict[Table, list[Mapping[str, object]]] = defaultdict(list)
        self._changes: dict[_Row, dict[str, object]] = {}

    @property
    def correlation_id(self) -> str:
        """The id of the thread that this unit is part of."""
        return self._trace.correlation_id

    def new_reference(self, kind: str) -> str:
        """A fresh reference for something that this unit makes."""
        return new_reference(kind, is_test=self._is_test)

    def because_of(self, trace: Trace, cause: UUID) -> None:
        """From here on things happen because of that message."""
        self._trace, self._cause = trace, cause

    def say(self, message: Message) -> None:
        """Say this when, and only if, the transaction commits."""
        self._said.append((message, self._trace, self._cause))
        self.spoke = True

    def remember(self, what: object, make: Callable[[], T]) -> T:
        """The thing kept under this name for as long as the unit lasts; made when first asked for."""
        if what not in self._memory:
            self._memory[what] = make()
        return self._memory[what]  # type: ignore[return-value]  # what was made under this name has its type

    def know(self, things: Mapping[object, object]) -> None:
        """Remember these, each under its name."""
        self._memory |= things

    def insert(self, table: Table, row: Mapping[str, object]) -> None:
        """Write this row at the end of the unit, with the others for its table."""
        self._inserts[table].append(row)

    def change(self, table: Table, where: Mapping[str, object], **values: object) -> None:
        """Set these values in the row with these key values, after all rows were written.

        Each row is written once, with the last value of each column: statements are put together by which
        columns they set, and so one row's changes would not be written in their order.
        """
        self._changes.setdefault((table, tuple(where.items())), {}).update(values)

    def flush(self) -> None:
        """Write what was collected: new rows first, then changes."""
        self.flushes += 1
        for message, trace, cause in self._said:
            self.insert(self._tables.outbox, self._outbox_row(message, trace.next(), cause))
        self._said.clear()
        inserts, self._inserts = self._inserts, defaultdict(list)
        if inserts:
            insert_rows(self.connection, inserts)
        changes, self._changes = self._changes, {}
        by_shape: dict[_Shape, list[dict[str, object]]] = defaultdict(list)
        for (table, where), values in changes.items():
            row = {f"key_{name}": value for name, value in where}
            row |= {f"new_{name}": value for name, value in values.items()}
            by_shape[table, tuple(name for name, _ in where), tuple(values)].append(row)
        for (table, keys, names), rows in by_shape.items():
            update_rows(self.connection, table, keys, names, rows)

    def end(self) -> None:
        """Write what was collected, and forget what was remembered.

        That usually leads back to this unit: a circle, which would be freed only by the search for circles.
        """
        self.flush()
        self._memory.clear()

    def _outbox_row(self, message: Message, trace: Trace, cause: UUID | None) -> dict[str, object]:
        message_id = new_id()
        return {
            "id": message_id,
            "lane": LANES.index(message.lane),
            "type": message.TYPE,
            "routing_key": message.routing_key,
            "said_at": self.now,
            "sent_at": None,
            "body": wrap(
                message,
                id=message_id,
                source=self._source,
                time=self.now,
                trace=trace,
                causation_id="" if cause is None else str(cause),
                keys=self.keys.messages,
            ),
        }
