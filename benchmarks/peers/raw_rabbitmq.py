"""The bare broker: messages published with pika as fast as confirms allow, and one confirm at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pika
import pika.spec

from shared.messaging.topology import EXCHANGE

Message = tuple[str, bytes]  # routing key and body
_WINDOW = 1000

_PERSISTENT = pika.BasicProperties(content_type="application/cloudevents+json", delivery_mode=2)


class Pipelined:
    """A `SelectConnection` with up to a thousand messages whose confirms are still out."""

    def __init__(self, url: str, messages: Sequence[Message]) -> None:
        """Take the URL and what is to be published."""
        self._messages = messages
        self._next = 0
        self._confirmed = 0
        self._channel: Any = None
        self._connection = pika.SelectConnection(
            pika.URLParameters(url), on_open_callback=self._opened, on_close_callback=self._closed
        )

    def run(self) -> int:
        """Publish all; how many were confirmed."""
        self._connection.ioloop.start()
        return self._confirmed

    def _opened(self, connection: Any) -> None:  # noqa: ANN401 - pika's own object
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Any) -> None:  # noqa: ANN401
        self._channel = channel
        channel.confirm_delivery(self._on_confirm, callback=lambda _frame: self._fill())

    def _fill(self) -> None:
        while self._next < len(self._messages) and self._next - self._confirmed < _WINDOW:
            key, body = self._messages[self._next]
            self._next += 1
            self._channel.basic_publish(EXCHANGE, key, body, _PERSISTENT, mandatory=True)

    def _on_confirm(self, frame: Any) -> None:  # noqa: ANN401
        assert isinstance(frame.method, pika.spec.Basic.Ack)
        tag = frame.method.delivery_tag
        self._confirmed = max(self._confirmed, tag) if frame.method.multiple else self._confirmed + 1
        if self._confirmed >= len(self._messages):
            self._connection.close()
        elif self._next - self._confirmed <= _WINDOW // 2:
            self._fill()

    def _closed(self, _connection: object, _error: object) -> None:
        self._connection.ioloop.stop()


def one_by_one(url: str, messages: Sequence[Message]) -> int:
    """Publish with `BlockingConnection`, waiting for each confirm."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    for key, body in messages:
        channel.basic_publish(EXCHANGE, key, body, _PERSISTENT, mandatory=True)
    connection.close()
    return len(messages)
