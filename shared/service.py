"""What a service is, apart from how it runs: data that a house puts to work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.clock import Clock, utc_now
from shared.contracts.envelope import Message, Trace
from shared.database import Database
from shared.directory import Directory
from shared.messaging.reconcile import Books
from shared.messaging.unit import Unit
from shared.resealing import SealedColumn
from shared.sealing import Keys, load_keys
from shared.settings import database_setting

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Blueprint, Flask
    from sqlalchemy import Connection, Table

    from shared.messaging.consumer import Hearer
    from shared.messaging.tables import MessagingTables
    from shared.settings import Settings


@dataclass
class Room:
    """A service with its equipment: what its edges and workers work with."""

    service: Service
    settings: Settings
    database: Database
    keys: Keys
    directory: Directory
    clock: Clock = utc_now
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def books(self) -> Books:
        """The service's outbox and inbox."""
        return Books(self.database, self.service.tables)

    @contextmanager
    def unit(self, trace: Trace | None = None) -> Iterator[Unit]:
        """A unit of work of one transaction, committed at the end; for HTTP edges and chores."""
        with self.database.transaction() as connection:
            unit = self._unit(connection, trace)
            yield unit
            unit.end()
        if unit.spoke:
            self.database.announce()

    @contextmanager
    def unit_at_once(self, trace: Trace | None = None) -> Iterator[Unit]:
        """A unit of work that only adds rows, written as one statement where the database is a server.

        Raises SQLAlchemy's `IntegrityError`, with nothing written, when a row is there already.
        """
        with self.database.at_once() as connection:
            unit = self._unit(connection, trace)
            yield unit
            unit.end()
        if unit.spoke:
            self.database.announce()

    def _unit(self, connection: Connection, trace: Trace | None) -> Unit:
        return Unit(
            connection,
            source=self.service.name,
            tables=self.service.tables,
            keys=self.keys,
            now=self.clock(),
            trace=trace or Trace.begin(),
            is_test=self.settings.sandbox,
        )

    def keep(self, name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the service keeps
        """Something a service reads once and keeps for as long as it runs, such as its routing table."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    def close(self) -> None:
        """Let go of the database and of whatever was kept that holds a connection."""
        for thing in self.kept.values():
            if hasattr(thing, "close"):
                thing.close()
        self.database.close()


@dataclass(frozen=True)
class Chore:
    """Something a service does by itself again and again, such as sending the alerts that are due.

    `step(room)` does what is due now and returns how much that was; the house calls it again at once when
    there was something, and otherwise after `every` seconds, or when the service heard a message if the chore
    follows from what is heard.
    """

    name: str
    step: Callable[[Room], int]
    every: float
    after_hearing: bool = False


@dataclass(frozen=True)
class Service:
    """One of the three services, as data."""

    name: str
    tables: MessagingTables
    migrations: Path
    hears: Callable[[Room], Mapping[type[Message], Hearer]]
    web: Callable[[Room], Flask]
    paths: tuple[str, ...]
    # Whose sessions have ended (shared/sessions.py).
    ended_sessions: Table
    # The routes for machines, each described; pages for people are the app's own affair.
    api: tuple[Blueprint, ...] = ()
    chores: tuple[Chore, ...] = ()
    sealed: tuple[SealedColumn, ...] = ()

    def furnish(self, settings: Settings, clock: Clock = utc_now) -> Room:
        """Open this service's database, keys and directory; nothing is connected yet."""
        return Room(
            service=self,
            settings=settings,
            database=Database(settings.database_urls[self.name], database_setting(self.name)),
            keys=load_keys(settings.key_texts, settings.home),
            directory=Directory.read(settings.directory),
            clock=clock,
        )
