"""Messages that nobody can understand, each kind for its own reason."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.clock import utc_now
from shared.contracts.envelope import Message, Trace, wrap
from shared.identity import new_id
from shared.sealing import KeyRing, new_key_text

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Poison:
    """A body, the properties it travels with, and the reason that it must be parked with."""

    body: bytes
    reason: str
    properties: dict[str, Any] = field(default_factory=dict)


class _Nonsense(Message, frozen=True, kw_only=True):
    """Sealed rightly, shaped like none of the contracts."""

    TYPE = "to be set"

    travels: int = 7
    referral: bool = True

    @property
    def subject(self) -> str:
        return "N-0000"


def poisons(seed: int, message_type: str, keys: KeyRing) -> Iterator[Poison]:
    """Every kind in turn, without end, for a queue on which messages of this type are heard."""
    dice = random.Random(seed)
    strangers = KeyRing.read(new_key_text("strange"))
    kinds: list[Callable[[], Poison]] = [
        lambda: Poison(dice.randbytes(dice.randrange(1, 2000)), "undecodable"),
        lambda: Poison(json.dumps({"id": dice.random(), "nested": [[{}]]}).encode(), "undecodable"),
        lambda: Poison(b"[" * dice.randrange(2000, 100_000), "undecodable"),
        lambda: Poison(_sealed(message_type, strangers), "unknown_key"),
        lambda: Poison(_sealed("case.vanished", keys), "unknown_type"),
        lambda: Poison(_sealed(message_type, keys), "broken_contract"),
        lambda: Poison(_changed(_sealed(message_type, keys)), "broken_seal"),
        # What a client of another make may say about the body is not ours to stumble over.
        lambda: Poison(os.urandom(50), "undecodable", {"headers": {"compression": "application/x-gzip"}}),
        lambda: Poison(os.urandom(50), "undecodable", {"headers": {"compression": "by hand"}}),
        lambda: Poison(os.urandom(50), "undecodable", {"timestamp": 2**63}),
        lambda: Poison(os.urandom(50), "undecodable", {"message_id": b"\xff\xfe", "type": b"\xc3("}),
        lambda: Poison(os.urandom(50), "undecodable", {"content_encoding": "utf-16"}),
        lambda: Poison(os.urandom(50), "undecodable", {"content_type": "application/x-python-serialize"}),
    ]
    while True:
        for kind in kinds:
            yield kind()


def _sealed(message_type: str, keys: KeyRing) -> bytes:
    contract = type("Nonsense", (_Nonsense,), {"TYPE": message_type}, frozen=True, kw_only=True)
    return wrap(
        contract(),
        id=new_id(),
        source="nowhere",
        time=utc_now(),
        trace=Trace.begin(),
        causation_id="",
        keys=keys,
    )


def _changed(body: bytes) -> bytes:
    envelope = json.loads(body)
    envelope["id"] = str(new_id())
    return json.dumps(envelope).encode()
