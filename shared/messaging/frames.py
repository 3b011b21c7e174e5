"""Reads what RabbitMQ sends, many frames at once, and takes the bodies of messages out of it.

py-amqp asks the socket three times for each frame, and a message is three frames; it decodes all that a
message says of itself. The hub looks at the body alone: what is delivered is put together here, and every
other frame goes to py-amqp. That halves what it costs to be given a message. It is safer, too: properties
that cannot be decoded, a compression that does not fit or a routing key that is no text would end the
connection, again for each worker that is given the message; and what says that it is compressed could be
unpacked to any size.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from struct import Struct

from amqp.connection import Connection  # type: ignore[import-untyped]  # py-amqp brings no types
from amqp.exceptions import UnexpectedFrame  # type: ignore[import-untyped]
from amqp.method_framing import frame_handler  # type: ignore[import-untyped]

Arrived = Callable[[bytes, int, bool], object]  # body, delivery tag, whether it was delivered before
_Frame = tuple[int, int, bytes]

_AT_ONCE = 64 * 1024
# AMQP 0-9-1, 2.3.5: type, channel and size stand in front of a frame's payload, one octet behind it.
_FRONT, _END = Struct(">BHI"), 0xCE
_METHOD, _HEADER, _BODY = 1, 2, 3
_DELIVER = (60).to_bytes(2, "big") * 2  # class and method of basic.deliver; the consumer's tag follows
_TAG = Struct(">QB")  # delivery tag, redelivered; the names of exchange and routing key follow
_SIZE = Struct(">4xQ")  # class and weight, the size of the body; the properties follow


class BodiesConnection(Connection):  # type: ignore[misc]
    """py-amqp's connection, except for how it reads."""

    def __init__(self, *given: object, **named: object) -> None:
        """Take what py-amqp takes."""
        self._whole: deque[_Frame] = deque()
        self._rest = b""
        self._deliveries: dict[int, _Deliveries] = {}
        self._on_other_frame: Callable[[_Frame], object] | None = None
        super().__init__(*given, **named, frame_handler=self._frame_handler)

    def _frame_handler(self, connection: object, callback: object) -> Callable[[_Frame], object]:
        on_other_frame: Callable[[_Frame], object] = frame_handler(connection, callback)

        def on_frame(frame: _Frame) -> None:
            deliveries = self._deliveries.get(frame[1])
            if deliveries is not None and deliveries.take(frame[0], frame[2]):
                self.bytes_recv += 1  # py-amqp counts frames, to see that the broker is alive
            else:
                on_other_frame(frame)

        return on_frame

    def deliver_to(self, channel: int, arrived: Arrived) -> None:
        """From now on call this with each message that is delivered on that channel."""
        self._deliveries[channel] = _Deliveries(arrived)

    def drain_events(self, timeout: float | None = None) -> None:
        """Read once and deal with every frame that is whole; `TimeoutError` when nothing came in time."""
        if not self._whole:
            with self.transport.having_timeout(timeout) as socket:
                arrived = socket.recv(_AT_ONCE)
            if not arrived:
                message = "the broker has closed the connection"
                raise ConnectionResetError(message)
            self._split(self._rest + arrived)
        while self._whole:
            self.on_inbound_frame(self._whole.popleft())

    def _split(self, arrived: bytes) -> None:
        at, end = 0, len(arrived)
        while at + _FRONT.size < end:
            kind, channel, size = _FRONT.unpack_from(arrived, at)
            start = at + _FRONT.size
            at = start + size + 1
            if at > end:
                at = start - _FRONT.size
                break
            if arrived[at - 1] != _END:
                message = "a frame does not end where it says"
                raise UnexpectedFrame(message)
            self._whole.append((kind, channel, arrived[start : at - 1]))
        self._rest = arrived[at:]


class _Deliveries:
    """One channel's deliveries, put together from their frames."""

    def __init__(self, arrived: Arrived) -> None:
        self._arrived = arrived
        self._expected = _METHOD
        self._tag = 0
        self._redelivered = False
        self._missing = 0
        self._parts: list[bytes] = []

    def take(self, kind: int, payload: bytes) -> bool:
        """Whether the frame was part of a delivery; what is out of order is left to py-amqp to refuse."""
        if kind != self._expected:
            return False
        if kind == _METHOD:
            if payload[:4] != _DELIVER:
                return False
            self._tag, redelivered = _TAG.unpack_from(payload, 5 + payload[4])
            self._redelivered = bool(redelivered)
            self._expected = _HEADER
            return True
        if kind == _HEADER:
            (self._missing,) = _SIZE.unpack_from(payload)
            self._expected = _BODY
        else:
            self._parts.append(payload)
            self._missing -= len(payload)
        if self._missing <= 0:
            body, self._parts, self._expected = b"".join(self._parts), [], _METHOD
            self._arrived(body, self._tag, self._redelivered)
        return True
