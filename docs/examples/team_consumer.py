r"""A team's own system takes its cases: a sample in plain pika, to be copied and changed.

    TEAM_QUEUE=team.restorative_cleveland \
    TEAM_BROKER_URL=amqp://team-restorative_cleveland:PASSWORD@broker.example:5672/hub \
    python3 team_consumer.py

It prints one line for each message and acknowledges it afterwards. What is not acknowledged comes again, and
one message may come twice: keep the id, and do what it says once. `--count N` stops after N messages.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

import pika

if TYPE_CHECKING:
    from pika.adapters.blocking_connection import BlockingChannel
    from pika.spec import Basic, BasicProperties


def main() -> None:
    """Take messages until stopped."""
    parser = argparse.ArgumentParser(description="Takes a team's cases from its queue.")
    parser.add_argument("--count", type=int, default=0, help="stop after so many; 0 for never")
    wanted: int = parser.parse_args().count
    seen: set[str] = set()

    def take(
        channel: BlockingChannel, method: Basic.Deliver, _properties: BasicProperties, body: bytes
    ) -> None:
        event = json.loads(body)
        if event["id"] not in seen:
            # Here your system keeps the id and fetches the case: GET /v1/cases/<subject> with its token.
            words = (event["type"], event["subject"], event["time"], event["id"])
            sys.stdout.write(" ".join(words) + "\n")
            sys.stdout.flush()
            seen.add(event["id"])
        channel.basic_ack(method.delivery_tag or 0)
        if wanted and len(seen) >= wanted:
            channel.stop_consuming()

    with pika.BlockingConnection(pika.URLParameters(os.environ["TEAM_BROKER_URL"])) as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=20)
        channel.basic_consume(os.environ["TEAM_QUEUE"], take)
        channel.start_consuming()


if __name__ == "__main__":
    sys.exit(main())
