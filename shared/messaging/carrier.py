"""What carries messages between the services, whichever broker it is, and what passes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

from shared.messaging.topology import Queue
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class BrokerAway(Problem):
    """The message broker cannot be reached, or did not confirm; nothing was lost, it is tried again."""

    status = 503
    code = "broker_away"


class Outgoing(NamedTuple):
    """A message ready to leave."""

    id: UUID
    type: str
    routing_key: str
    body: bytes


@dataclass
class Published:
    """What became of a batch: who has the broker's word, and who had no queue to go to."""

    confirmed: set[UUID] = field(default_factory=set)
    unroutable: set[UUID] = field(default_factory=set)


class Delivery(NamedTuple):
    """A message that arrived; `receipt` is the transport's own, for acknowledging it."""

    body: bytes
    queue: Queue
    redelivered: bool
    receipt: Any


class Publisher(Protocol):
    """Sends batches and tells what the broker has taken."""

    def publish(self, batch: Sequence[Outgoing]) -> Published:
        """Send the whole batch, then wait for the broker's word on it; `BrokerAway` if it does not come."""

    def close(self) -> None:
        """Let go of the connection."""


class Hearing(Protocol):
    """Takes messages from a service's queues, the most pressing first."""

    def take(self, limit: int, wait: float) -> list[Delivery]:
        """Up to `limit` messages that are ready; waits up to `wait` seconds for the first only."""

    def look_ahead(self, limit: int) -> Iterator[Delivery]:
        """What `take` would give now, one by one, and then what it would give after reading what has arrived.

        Nothing is taken, and nobody waits; `take` may give something else. Some come twice.
        """

    def catch_up(self) -> bool:
        """Read all that the broker has confirmed before this call; whether there is something to take."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker that these are done with."""

    def rest(self, seconds: float) -> None:
        """Do nothing for a while, without the broker thinking that we died."""

    def close(self) -> None:
        """Let go of the connection; what was not acknowledged goes back."""


class Broker(Protocol):
    """A broker that services of the hub can use."""

    volatile: bool

    def prepare(self, queues: Iterable[Queue]) -> None:
        """Make the exchange, the queues and the bindings, and wait until they can be trusted."""

    def publisher(self) -> Publisher:
        """A new publisher with a connection of its own."""

    def hearing(self, queues: Sequence[Queue]) -> Hearing:
        """A new hearing of these queues with a connection of its own."""

    def depth(self, queue: Queue) -> int | None:
        """How many messages wait in a queue, None if there is no such queue."""

    def hearers(self, queue: Queue) -> int | None:
        """How many hear a queue now; None where that is no question, because all is one process."""

    def check(self) -> None:
        """Raise `BrokerAway` unless the broker answers."""
