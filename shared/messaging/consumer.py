"""Hears a service's queues: what is ready, up to fifty, in one transaction, acknowledged after the commit.

Effect, inbox row and whatever is said in turn are one transaction, so a message that is delivered twice is
done once. A batch is first handled as a whole (one round of locks, one round of look-ups, one round of
writes); if anything in it fails, it is rolled back and handled again with a transaction for each message, so
that one bad message costs only itself and keeps no locks while the next one waits for others. A batch that
met another worker's locks is handled again as a whole first. While the server works on a batch the next one
is opened. What failed for a reason that may pass is held and tried again after a growing, jittered delay;
what cannot be understood, or keeps failing, is parked for a person.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from shared import logs
from shared.contracts.envelope import Envelope, Message, Trace, Unreadable, open_envelope, read_envelope
from shared.database import told_of, what_failed
from shared.identity import new_id
from shared.messaging.carrier import BrokerAway
from shared.messaging.parking import held_place
from shared.messaging.retries import MAX_ATTEMPTS, MAX_ATTEMPTS_TOO_EARLY, delay_before
from shared.messaging.tables import fingerprint
from shared.messaging.unit import Unit
from shared.problems import Problem, TooEarly
from shared.rows import insert_unless_known, while_waiting

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from shared.clock import Clock
    from shared.database import Database
    from shared.messaging.carrier import Delivery, Hearing
    from shared.messaging.tables import MessagingTables
    from shared.sealing import Keys

log = logging.getLogger(__name__)

BATCH = 50
_FEWEST = 5
# What one transaction may take: others wait for its locks, and the broker for a sign of life.
_LONGEST_BATCH = dt.timedelta(seconds=1)
_BUSY_TRIES = 5
_BUSY_SHARE = 0.125  # of the pause after a failure: what another worker holds, it holds for about a second
_DUE_EVERY = dt.timedelta(seconds=0.5)


class DeliveredTooOften(Unreadable):
    """The broker gave this message out again and again, and whoever took it never came back."""

    code = "delivered_too_often"


@dataclass(frozen=True)
class Hearer:
    """What a service does with one type of message.

    `handle(message, unit)` is the use case. `prepare(messages, unit)` may take locks and look up, once, what
    a whole batch will need. `foresee(message)` may work out what needs no database, by the names under which
    the unit is to remember it: that is done while the server works on the batch before. What it could not
    work out the use case does, and fails in its own transaction.
    """

    handle: Callable[[Any, Unit], object]
    prepare: Callable[[Sequence[Any], Unit], None] | None = None
    foresee: Callable[[Any], Mapping[object, object]] | None = None


class Heard(NamedTuple):
    """A message that was understood, and where it came from."""

    envelope: Envelope
    message: Message
    body: bytes
    queue: str
    held_id: UUID | None = None
    attempts: int = 0
    delivery: Delivery | None = None
    foreseen: Mapping[object, object] = MappingProxyType({})


class Unread(NamedTuple):
    """A message that was not understood, as far as it was."""

    delivery: Delivery
    envelope: Envelope | None
    problem: Unreadable


class Consumer:
    """One service's ear; use it from one thread."""

    def __init__(
        self,
        name: str,
        *,
        database: Database,
        tables: MessagingTables,
        keys: Keys,
        clock: Clock,
        hears: Mapping[type[Message], Hearer],
        is_test: bool = False,
    ) -> None:
        """Prepare to hear; `step` takes the hearing it works on."""
        self._is_test = is_test
        self.name = name
        self._database = database
        self._tables = tables
        self._keys = keys
        self._clock = clock
        self._hears = hears
        self._vocabulary = {contract.TYPE: contract for contract in hears}
        held = tables.held
        is_due = held.c.retry_at <= bindparam("now")
        self._find_due = (
            select(held.c.id).where(held.c.consumer == name, is_due).order_by(held.c.retry_at).limit(BATCH)
        )
        self._take_due = (
            select(held).where(held.c.id == bindparam("id"), is_due).with_for_update(skip_locked=True)
        )
        self._due_looked: dt.datetime | None = None
        self._at_once = BATCH
        # By the identity of their deliveries, which they keep alive.
        self._read_already: dict[int, Heard | Unread] = {}

    def step(self, hearing: Hearing, wait: float) -> int:
        """Handle what is ready and what is due again; the number of messages that were dealt with.

        Raises `BrokerAway`; what was not acknowledged then comes back by itself.
        """
        deliveries = hearing.take(self._at_once, wait)
        if deliveries:
            began = self._clock()
            self.finish(hearing, deliveries)
            self._keep_pace(len(deliveries), self._clock() - began)
        return len(deliveries) + self.try_held_again()

    def _keep_pace(self, done: int, taken: dt.timedelta) -> None:
        """Take so many the next time as are done within `_LONGEST_BATCH`, by how long these took."""
        if taken > dt.timedelta(0):
            self._at_once = max(_FEWEST, min(BATCH, int(done * (_LONGEST_BATCH / taken))))

    def finish(self, hearing: Hearing, deliveries: Sequence[Delivery]) -> None:
        """Handle these deliveries, commit, and only then acknowledge; wait out a database that is away."""
        failures = 0
        while True:
            try:
                with while_waiting(partial(self._read_ahead, hearing)):
                    self.handle(deliveries, careful=failures >= _BUSY_TRIES, breathe=lambda: hearing.rest(0))
                break
            except Exception as error:  # noqa: BLE001 - whatever it is, the batch must neither be lost nor lead to a dead worker
                failures += 1
                share = _BUSY_SHARE if what_failed(error) == "busy" else 1
                seconds = min(10.0, share * delay_before(failures + 1))
                log.warning(
                    "batch kept in hand, will be tried again",
                    extra={"error": told_of(error), "seconds": round(seconds, 1)},
                )
                hearing.rest(seconds)
        hearing.acknowledge(deliveries)

    def handle(
        self,
        deliveries: Sequence[Delivery],
        *,
        careful: bool = False,
        breathe: Callable[[], None] = lambda: None,
    ) -> None:
        """Everything but the acknowledgement; `careful` begins with a transaction for each message.

        Between two of those it may `breathe`. Raises what the database answers while it is away, or busy with
        what another worker holds.
        """
        already, self._read_already = self._read_already, {}
        read = [already.get(id(delivery)) or self._read(delivery) for delivery in deliveries]
        if not careful:
            try:
                self._in_transaction(partial(self._hear, read=read, handle=self._handle_together))
            except Exception as error:
                if what_failed(error) != "wrong":
                    raise
            else:
                return
        for one in read:
            self._in_transaction(partial(self._hear, read=[one], handle=self._handle_each))
            breathe()

    def _read(self, delivery: Delivery) -> Heard | Unread:
        envelope = None
        try:
            if delivery.queue.is_dead:
                raise DeliveredTooOften
            envelope = read_envelope(delivery.body)
            message = open_envelope(envelope, self._vocabulary, self._keys.messages)
        except Unreadable as problem:
            return Unread(delivery, envelope, problem)
        foreseen = self._foresee(message)
        return Heard(
            envelope, message, delivery.body, delivery.queue.name, delivery=delivery, foreseen=foreseen
        )

    def _foresee(self, message: Message) -> Mapping[object, object]:
        foresee = self._hears[type(message)].foresee
        if foresee is not None:
            try:
                return foresee(message)
            except Exception:  # noqa: BLE001 - it is wrong again in its transaction, where it is dealt with
                return {}
        return {}

    def _read_ahead(self, hearing: Hearing, is_over: Callable[[], bool]) -> None:
        """Open what will probably be in the next batch until it is over; it is kept with its delivery."""
        with suppress(BrokerAway):  # whoever asks for the next batch will be told
            for delivery in hearing.look_ahead(self._at_once):
                if id(delivery) not in self._read_already:
                    self._read_already[id(delivery)] = self._read(delivery)
                if is_over():
                    break

    def _in_transaction(self, work: Callable[[Connection], bool]) -> None:
        with self._database.transaction() as connection:
            spoke = work(connection)
        if spoke:
            self._database.announce()

    def _hear(
        self,
        connection: Connection,
        read: Sequence[Heard | Unread],
        handle: Callable[[Connection, list[Heard]], bool],
    ) -> bool:
        unread = [one for one in read if isinstance(one, Unread)]
        if unread:
            # Of two workers that have the same one at once the second sees that it is parked.
            self._database.lock(connection, [fingerprint(one.delivery.body) for one in unread])
        for one in unread:
            self._park_unread(connection, *one)
        return handle(connection, self._claim(connection, [one for one in read if isinstance(one, Heard)]))

    def _claim(self, connection: Connection, heard: list[Heard]) -> list[Heard]:
        """Those not heard before: the inbox row is inserted first and asked about afterwards."""
        by_id = {one.envelope.id: one for one in reversed(heard)}
        if not by_id:
            return []
        inbox, now = self._tables.inbox, self._clock()
        fresh = set(
            insert_unless_known(
                connection,
                inbox,
                [
                    {"consumer": self.name, "message_id": one, "heard_at": now}
                    for one in sorted(by_id, key=attrgetter("int"))
                ],
                inbox.c.message_id,
            )
        )
        return [one for one in by_id.values() if one.envelope.id in fresh][::-1]

    def _unit(self, connection: Connection, heard: Heard | None = None) -> Unit:
        unit = Unit(
            connection,
            source=self.name,
            tables=self._tables,
            keys=self._keys,
            now=self._clock(),
            trace=Trace("-", "-") if heard is None else _trace(heard),
            is_test=self._is_test,
        )
        if heard is not None:
            unit.because_of(_trace(heard), heard.envelope.id)
        return unit

    def _handle_together(self, connection: Connection, heard: list[Heard]) -> bool:
        unit = self._unit(connection)
        self._prepare(heard, unit)
        for one in heard:
            self._handle_one(one, unit)
        self._database.finish(connection, unit.end)
        return unit.spoke

    def _prepare(self, heard: Iterable[Heard], unit: Unit) -> None:
        by_type: dict[type[Message], list[Message]] = {}
        for one in heard:
            by_type.setdefault(type(one.message), []).append(one.message)
            unit.know(one.foreseen)
        for contract, messages in by_type.items():
            prepare = self._hears[contract].prepare
            if prepare is not None:
                prepare(messages, unit)

    def _handle_one(self, heard: Heard, unit: Unit) -> None:
        unit.because_of(_trace(heard), heard.envelope.id)
        token = logs.correlation_id.set(heard.envelope.correlationid)
        try:
            self._hears[type(heard.message)].handle(heard.message, unit)
        finally:
            logs.correlation_id.reset(token)

    def _handle_each(self, connection: Connection, heard: list[Heard]) -> bool:
        """Handle each behind a savepoint: what fails is undone, and that it failed is kept."""
        spoke = False
        for one in heard:
            unit = self._unit(connection, one)
            savepoint = connection.begin_nested()
            try:
                self._prepare([one], unit)
                self._handle_one(one, unit)
                unit.end()
            except Exception as error:
                if what_failed(error) == "away":
                    raise
                savepoint.rollback()
                self._hold(connection, one, error)
            else:
                savepoint.commit()
                spoke |= unit.spoke
                self._forget_held(connection, one)
        return spoke

    def try_held_again(self) -> int:
        """Handle again what is due, for about as long as a batch may take; how many were tried."""
        now = self._clock()
        # Either way: a clock that was put back would keep all that is due waiting until it has caught up.
        if self._due_looked is not None and abs(now - self._due_looked) < _DUE_EVERY:
            return 0
        self._due_looked = now
        with self._database.reading() as connection:
            due = connection.execute(self._find_due, {"now": now}).scalars().all()
        tried = 0
        for held_id in due:
            if self._clock() - now >= _LONGEST_BATCH:
                self._due_looked = None  # the rest comes after what is ready now
                break
            tried += self._try_again(held_id)
        return tried

    def _try_again(self, held_id: UUID) -> bool:
        """Handle one held message again, unless another worker does; whether it was tried."""
        rows: list[Row[Any]] = []

        def work(connection: Connection) -> bool:
            rows.extend(connection.execute(self._take_due, {"id": held_id, "now": self._clock()}))
            return self._handle_each(
                connection, list(filter(None, (self._reopen(connection, r) for r in rows)))
            )

        self._in_transaction(work)
        return bool(rows)

    def _reopen(self, connection: Connection, row: Row[Any]) -> Heard | None:
        """A held message, understood again; if it still cannot be, it is parked again with the new reason."""
        held = self._tables.held
        try:
            body = self._keys.rest.open(row.body, held_place(row.id))
            envelope = read_envelope(body)
            message = open_envelope(envelope, self._vocabulary, self._keys.messages)
        except Problem as problem:
            connection.execute(
                update(held)
                .where(held.c.id == row.id)
                .values(reason=problem.code, detail=_told(problem), attempts=row.attempts + 1, retry_at=None)
            )
            return None
        heard = Heard(envelope, message, body, row.queue, row.id, row.attempts)
        # A parked message may have been heard since (said again by a reconcile): the inbox decides, except
        # for one that was claimed and then held by this very row.
        if row.message_id is None and not self._claim(connection, [heard]):
            self._forget_held(connection, heard)
            return None
        return heard

    def _hold(self, connection: Connection, heard: Heard, error: Exception) -> None:
        """Keep it for another try, or park it when it has had enough of them."""
        held, now = self._tables.held, self._clock()
        attempts = heard.attempts + 1
        # Whoever met another worker's locks has not failed either, however long those are held.
        may_pass = isinstance(error, TooEarly) or what_failed(error) == "busy"
        most = MAX_ATTEMPTS_TOO_EARLY if may_pass else MAX_ATTEMPTS
        give_up = attempts >= most or isinstance(error, Unreadable)
        # The class alone: an exception's own words may quote a person's data.
        reason = error.code if isinstance(error, Problem) else f"failed: {type(error).__name__}"[:60]
        values: dict[str, object] = {
            "reason": reason,
            "detail": f"handling failed {attempts} times" if attempts > 1 else "handling failed",
            "attempts": attempts,
            "retry_at": None if give_up else now + dt.timedelta(seconds=delay_before(attempts + 1)),
        }
        log.warning(
            "message parked" if give_up else "message held for another try",
            extra={"type": heard.envelope.type, "message_id": str(heard.envelope.id), "reason": reason},
        )
        # Also of one that nobody could read until now: the inbox has it from here on, and this row is why.
        values |= {
            "message_id": heard.envelope.id,
            "type": heard.envelope.type,
            "subject": heard.message.subject[:60],
        }
        if heard.held_id is not None:
            connection.execute(update(held).where(held.c.id == heard.held_id).values(values))
            return
        self._insert_held(connection, heard.body, heard.queue, values)

    def _park_unread(
        self, connection: Connection, delivery: Delivery, envelope: Envelope | None, problem: Unreadable
    ) -> None:
        held = self._tables.held
        # The same bytes again are the same message if they carry an id, if the broker says it comes again, or
        # if it died again: it was parked before, and the acknowledgement got lost, or it was said again.
        again = envelope is not None or delivery.redelivered or delivery.queue.is_dead
        known = select(held.c.id).where(held.c.fingerprint == fingerprint(delivery.body)).limit(1)
        if again and connection.execute(known).first():
            return
        values: dict[str, object] = {
            "reason": problem.code,
            "detail": _told(problem),
            "attempts": 1,
            "retry_at": None,
            "message_id": None,
            # What does not come from one of our contracts is not shown: it could be anything.
            "type": envelope.type if envelope is not None and envelope.type in self._vocabulary else "",
            "subject": "",
        }
        log.warning("message parked", extra={"reason": problem.code, "queue": delivery.queue.name})
        self._insert_held(connection, delivery.body, delivery.queue.name, values)

    def _insert_held(
        self, connection: Connection, body: bytes, queue: str, values: Mapping[str, object]
    ) -> None:
        held_id = new_id()
        connection.execute(
            self._tables.held.insert().values(
                id=held_id,
                consumer=self.name,
                queue=queue,
                body=self._keys.rest.seal(body, held_place(held_id)),
                fingerprint=fingerprint(body),
                held_at=self._clock(),
                **values,
            )
        )

    def _forget_held(self, connection: Connection, heard: Heard) -> None:
        if heard.held_id is not None:
            connection.execute(delete(self._tables.held).where(self._tables.held.c.id == heard.held_id))


def _told(problem: Problem) -> str:
    return (problem.detail or problem.title)[:300]


def _trace(heard: Heard) -> Trace:
    return Trace.begin(heard.envelope.correlationid, heard.envelope.traceparent)
