"""What every message looks like from outside: a CloudEvent whose content is sealed.

CloudEvents 1.0, structured JSON mode, `content-type: application/cloudevents+json`. (The CloudEvents binding
for AMQP is for AMQP 1.0; RabbitMQ's 0-9-1 carries the structured form as a body.) The envelope shows ids,
types and times, so that a queue can be watched; the content is sealed under the message keys, bound to the
type and id of its message, and travels in `data_base64`.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple
from uuid import UUID

import msgspec

from shared.identity import new_id
from shared.problems import Problem
from shared.sealing import BrokenSeal, KeyRing, UnknownKey

if TYPE_CHECKING:
    from collections.abc import Mapping

Lane = Literal["urgent", "normal", "bulk"]
LANES: tuple[Lane, ...] = ("urgent", "normal", "bulk")  # in the order in which they are served

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
DATA_CONTENT_TYPE = "application/vnd.referral-hub.sealed"
MAX_BYTES = 8 * 1024 * 1024
_QUOTED = re.compile(r"\s*['\"].*", re.DOTALL)
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Unreadable(Problem):
    """A message cannot be understood, however often it is tried."""

    status = 422
    code = "unreadable"


class Undecodable(Unreadable):
    """The bytes are not a CloudEvent in JSON."""

    code = "undecodable"


class UnknownType(Unreadable):
    """Nobody here knows this type of message."""

    code = "unknown_type"


class SealedByUnknownKey(Unreadable):
    """The content was sealed with a key that is not on our ring."""

    code = "unknown_key"


class SealBroken(Unreadable):
    """The content does not open: it was changed, or belongs to another message."""

    code = "broken_seal"


class BrokenContract(Unreadable):
    """The content opened but is not shaped as its contract says."""

    code = "broken_contract"


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that one service says and others hear; a subclass is one contract."""

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    @property
    def subject(self) -> str:
        """The reference that ops may see; never a person."""
        raise NotImplementedError

    @property
    def lane(self) -> Lane:
        """Which lane it travels in."""
        return "normal"

    @property
    def team(self) -> str:
        """The team it is for, when it is for one."""
        return ""

    @property
    def routing_key(self) -> str:
        """`<type>.<lane>`, and `.<team>` behind it where a team's own queue may hear it."""
        return ".".join(filter(None, (self.TYPE, self.lane, self.team)))


class Trace(NamedTuple):
    """The thread that runs from the first HTTP request to the last log line."""

    correlation_id: str
    traceparent: str

    @classmethod
    def begin(cls, correlation_id: str = "", traceparent: str = "") -> Trace:
        """A thread that goes on with what the caller sent, as far as it is well formed."""
        if not _TRACEPARENT.fullmatch(traceparent):
            chance = os.urandom(24).hex()
            traceparent = f"00-{chance[:32]}-{chance[32:]}-01"
        return cls(correlation_id or str(new_id()), traceparent)

    def next(self) -> Trace:
        """The same thread, one step on: same trace id, new parent id (W3C Trace Context)."""
        # version, trace id and parent id have fixed places: 00-<32>-<16>-<2>
        return Trace(
            self.correlation_id, f"{self.traceparent[:36]}{os.urandom(8).hex()}{self.traceparent[52:]}"
        )


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The CloudEvent as it stands in the JSON body."""

    specversion: Literal["1.0"]
    id: UUID
    source: str
    type: str
    time: dt.datetime
    data_base64: msgspec.Raw  # a JSON string
    subject: str = ""
    datacontenttype: str = ""
    dataschema: str = ""
    correlationid: str = ""
    causationid: str = ""
    traceparent: str = ""


_envelope_decoder = msgspec.json.Decoder(Envelope)
# msgspec writes and reads bytes as base64, three times as fast as the standard library.
_encoder = msgspec.json.Encoder()
_bytes_decoder = msgspec.json.Decoder(bytes)


def wrap(
    message: Message,
    *,
    id: UUID,  # noqa: A002 - CloudEvents' own word
    source: str,
    time: dt.datetime,
    trace: Trace,
    causation_id: str,
    keys: KeyRing,
) -> bytes:
    """The message as the bytes that travel."""
    sealed = keys.seal(_encoder.encode(message), _place(message.TYPE, id))
    return _encoder.encode(
        Envelope(
            specversion="1.0",
            id=id,
            source=f"/hub/{source}",
            type=message.TYPE,
            subject=message.subject,
            time=time,
            datacontenttype=DATA_CONTENT_TYPE,
            dataschema=f"urn:referral-hub:contract:{message.TYPE}:{message.VERSION}",
            correlationid=trace.correlation_id,
            causationid=causation_id,
            traceparent=trace.traceparent,
            data_base64=msgspec.Raw(_encoder.encode(sealed)),
        )
    )


def read_envelope(body: bytes) -> Envelope:
    """The outside of a message; `Undecodable` if it is none."""
    if len(body) > MAX_BYTES:
        message = "the message is larger than any of ours"
        raise Undecodable(message)
    try:
        return _envelope_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Undecodable(_without_values(error)) from None


_decoders: dict[type[Message], msgspec.json.Decoder[Message]] = {}


def open_envelope(envelope: Envelope, vocabulary: Mapping[str, type[Message]], keys: KeyRing) -> Message:
    """The message inside; an `Unreadable` that says why when there is none for us."""
    contract = vocabulary.get(envelope.type)
    if contract is None:
        message = "no contract of that name is heard here"
        raise UnknownType(message)
    try:
        sealed = _bytes_decoder.decode(envelope.data_base64)
        content = keys.open(sealed, _place(envelope.type, envelope.id))
    except UnknownKey as error:
        raise SealedByUnknownKey(error.detail) from None
    except (BrokenSeal, msgspec.DecodeError, UnicodeDecodeError):
        message = "the content does not open as content of this message"
        raise SealBroken(message) from None
    decoder = _decoders.get(contract)
    if decoder is None:
        decoder = _decoders[contract] = msgspec.json.Decoder(contract)
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenContract(_without_values(error)) from None


def _without_values(error: Exception) -> str:
    """What is wrong and where: a reason is kept and shown, so it must not repeat what was found.

    msgspec names types and places in backticks; where one of several words was expected it also quotes the
    word that it found, between the two.
    """
    if not isinstance(error, msgspec.DecodeError):
        return type(error).__name__
    told = str(error)
    what, _, place = told.rpartition(" - at `") if told.endswith("`") else (told, "", "")
    what = _QUOTED.sub("", what or told)
    return f"{what} - at `{place}" if place else what


def _place(message_type: str, message_id: UUID) -> str:
    return f"message/{message_type}/{message_id}"
