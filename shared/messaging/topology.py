"""The exchange, the queues and what is bound to what, as data.

Routing keys are `<type>.<lane>` and, for a message that is for one team, `<type>.<lane>.<team>`.
A queue belongs to one service (or to one team's own system). Each service also has a queue of the dead:
what RabbitMQ gave out too often, because whoever took it died each time, is parked from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts import (
    AgencyKey,
    CaseBarred,
    CaseDue,
    CaseGiven,
    CaseJoined,
    CaseMerged,
    CaseProgressed,
    CaseReferralWithdrawn,
    CaseReturned,
    CaseRouted,
    CaseTelltales,
    LetterKept,
    ReferralReceived,
    ReferralWithdrawn,
    SessionsEnded,
)

EXCHANGE = "hub.events"
DEAD_EXCHANGE = "hub.dead"
# Each kill -9 of a consumer charges one delivery to every message it had been sent in advance, so the limit
# must be generous; a handler's own failures are counted by the hub, never by the broker.
DELIVERY_LIMIT = 50


@dataclass(frozen=True)
class Queue:
    """A queue, the service (or team system) that hears it, and the keys that lead to it."""

    name: str
    hearer: str
    bindings: tuple[str, ...] = ()
    is_dead: bool = False

    @property
    def team(self) -> str:
        """The team whose own system hears it; empty where a service of the hub does."""
        kind, _, slug = self.hearer.partition(".")
        return slug if kind == "team" else ""


# No binding ends in "#": kombu's in-process exchange wants at least one word where AMQP takes none as well.
QUEUES: tuple[Queue, ...] = (
    # In each service the first queue is served first.
    Queue(
        "triage.urgent",
        "triage",
        (
            f"{ReferralReceived.TYPE}.urgent",
            f"{ReferralWithdrawn.TYPE}.urgent",
            f"{AgencyKey.TYPE}.urgent",
            f"{SessionsEnded.TYPE}.urgent",
        ),
    ),
    Queue("triage.normal", "triage", (f"{ReferralReceived.TYPE}.normal",)),
    Queue("triage.bulk", "triage", (f"{ReferralReceived.TYPE}.bulk",)),
    # The urgent lane goes through to the alert: ten thousand routed cases of an import must not delay it.
    Queue(
        "notify.urgent",
        "notify",
        (
            f"{CaseRouted.TYPE}.urgent.*",
            f"{CaseMerged.TYPE}.urgent.*",
            f"{CaseReturned.TYPE}.urgent",
            f"{CaseReferralWithdrawn.TYPE}.urgent.*",
            f"{CaseTelltales.TYPE}.urgent",
            f"{CaseDue.TYPE}.urgent.*",
            f"{CaseGiven.TYPE}.urgent",
            f"{CaseBarred.TYPE}.urgent",
        ),
    ),
    Queue(
        "notify.events",
        "notify",
        (
            *(f"{CaseRouted.TYPE}.{lane}.*" for lane in ("normal", "bulk")),
            *(f"{CaseMerged.TYPE}.{lane}.*" for lane in ("normal", "bulk")),
            *(f"{CaseReturned.TYPE}.{lane}" for lane in ("normal", "bulk")),
            *(f"{CaseTelltales.TYPE}.{lane}" for lane in ("normal", "bulk")),
            *(f"{CaseDue.TYPE}.{lane}.*" for lane in ("normal", "bulk")),
            *(f"{CaseGiven.TYPE}.{lane}" for lane in ("normal", "bulk")),
            *(f"{CaseBarred.TYPE}.{lane}" for lane in ("normal", "bulk")),
            f"{CaseProgressed.TYPE}.normal",
            f"{LetterKept.TYPE}.normal",
        ),
    ),
    Queue(
        "intake.events",
        "intake",
        (
            f"{CaseRouted.TYPE}.*.*",
            f"{CaseJoined.TYPE}.*",
            f"{CaseReturned.TYPE}.*",
            f"{CaseProgressed.TYPE}.normal",
            f"{SessionsEnded.TYPE}.urgent",
        ),
    ),
    *(Queue(f"{name}.dead", name, is_dead=True) for name in ("intake", "triage", "notify")),
)


def team_queue(slug: str) -> Queue:
    """The queue of a team that takes its cases into a system of its own."""
    return Queue(
        f"team.{slug}",
        f"team.{slug}",
        tuple(f"{one.TYPE}.*.{slug}" for one in (CaseRouted, CaseMerged, CaseReferralWithdrawn)),
    )


def queues_of(hearer: str, queues: Iterable[Queue] = QUEUES) -> tuple[Queue, ...]:
    """The queues that one service hears, most pressing first."""
    return tuple(queue for queue in queues if queue.hearer == hearer)


def arguments_of(queue: Queue) -> dict[str, object]:
    """What RabbitMQ is told about a queue: replicated, bounded in tries, and never dropping what dies.

    At-least-once dead-lettering needs `reject-publish` (RabbitMQ: quorum queues, dead-lettering).
    """
    kind: dict[str, object] = {"x-queue-type": "quorum"}
    if queue.is_dead or queue.team:
        return kind
    return kind | {
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD_EXCHANGE,
        "x-dead-letter-routing-key": f"{queue.hearer}.dead",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def leads_to(key: str, routing_key: str) -> bool:
    """Whether a binding key of ours matches a routing key: word by word, `*` for any one word."""
    ours, theirs = key.split("."), routing_key.split(".")
    return len(ours) == len(theirs) and all(o in ("*", t) for o, t in zip(ours, theirs, strict=True))
