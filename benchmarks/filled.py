"""Queues and outboxes filled with sealed `referral.received` messages of the usual size, to be worked on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import pika

from benchmarks.ground import AGENCY, Ground
from benchmarks.invented import a_typical_referral
from services.intake.schema import read_referral
from shared.contracts import ReferralReceived
from shared.contracts.envelope import Trace, wrap
from shared.database import Database
from shared.identity import REFERRAL, new_id, new_reference
from shared.messaging.carrier import Outgoing
from shared.messaging.rabbitmq import PipelinedPublisher
from shared.messaging.topology import queues_of

_AT_ONCE = 500


def messages(ground: Ground, count: int) -> list[Outgoing]:
    """So many distinct referrals as they leave intake."""
    return sealed(ground, (a_typical_referral() for _ in range(count)))


def sealed(ground: Ground, referrals: Iterable[dict[str, Any]]) -> list[Outgoing]:
    """These referrals as they leave intake."""
    keys = ground.room("intake", "sqlite://").keys.messages
    now = dt.datetime.now(dt.UTC)
    made = []
    for referral in referrals:
        message_id = new_id()
        message = ReferralReceived(
            reference=new_reference(REFERRAL),
            agency=AGENCY,
            version=1,
            received_at=now,
            referral=read_referral(referral, self_referral=False),
        )
        body = wrap(
            message, id=message_id, source="intake", time=now, trace=Trace.begin(), causation_id="", keys=keys
        )
        made.append(Outgoing(message_id, message.TYPE, message.routing_key, body))
    return made


def fill_outbox(ground: Ground, batch: Sequence[Outgoing]) -> str:
    """The URL of a new intake database that has these messages still to send."""
    url = ground.database("intake")
    database = Database(url)
    outbox = ground.room("intake", url).service.tables.outbox
    now = dt.datetime.now(dt.UTC)
    with database.transaction() as connection:
        connection.execute(
            outbox.insert(),
            [{**one._asdict(), "lane": 1, "said_at": now, "sent_at": None} for one in batch],
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE outbox")
        connection.exec_driver_sql("CHECKPOINT")
    database.close()
    return url


def fill_queue(ground: Ground, batch: Sequence[Outgoing]) -> None:
    """Publish these messages, so that all of them are ready in triage's queue."""
    publisher = PipelinedPublisher(ground.rabbitmq.amqp_url)
    for start in range(0, len(batch), _AT_ONCE):
        part = batch[start : start + _AT_ONCE]
        assert len(publisher.publish(part).confirmed) == len(part)
    publisher.close()


def empty_queues(ground: Ground) -> None:
    """Take every message out of triage's queues."""
    connection = pika.BlockingConnection(pika.URLParameters(ground.rabbitmq.amqp_url))
    channel = connection.channel()
    for queue in queues_of("triage"):
        channel.queue_purge(queue.name)
    connection.close()
