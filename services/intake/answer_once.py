"""Answer a request that is sent again as it was answered first (`Idempotency-Key`, IETF draft 07)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from services.intake import answers_store
from services.intake.domain.first_answer import HELD_FOR, KEPT_FOR
from shared.problems import Conflict, Fault, Unprocessable

if TYPE_CHECKING:
    from services.intake.domain.first_answer import FirstAnswer
    from shared.messaging.unit import Unit
    from shared.sealing import Lookup

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_SECONDS_BETWEEN_TRIES = 1


class StillInFlight(Conflict):
    """The first request with this Idempotency-Key is still being worked on."""

    code = "idempotency_key_in_flight"
    advice = "Ask again after as many seconds as Retry-After says."


class KeyUsedOtherwise(Unprocessable):
    """The Idempotency-Key was used for another request."""

    code = "idempotency_key_reused"
    advice = "Send a new key with a new request; a key belongs to its first request for 24 hours."


class BadIdempotencyKey(Unprocessable):
    """The Idempotency-Key cannot be used."""

    code = "bad_idempotency_key"
    advice = "Send 1 to 255 visible ASCII characters, such as a UUID, without spaces."


@dataclass(frozen=True)
class Claim:
    """The right to answer under a key."""

    agency: str
    key_hash: bytes
    request_hash: bytes


def read_claim(key: str, agency: str, method: str, path: str, body: object, lookup: Lookup) -> Claim:
    """What a request claims. Two bodies are the same when they say the same, however they are spaced.

    Of both a keyed hash is kept: whoever steals the table could otherwise try out who was referred, or why
    somebody was withdrawn.
    """
    # The draft writes the key as a quoted string; most clients leave the quotation marks out.
    bare = key.strip().removeprefix('"').removesuffix('"')
    if not _KEY.fullmatch(bare):
        advice = "Send 1 to 255 visible ASCII characters, such as a UUID, without spaces."
        raise BadIdempotencyKey(errors=[Fault("", "bad_idempotency_key", advice)])
    said = msgspec.json.encode([method, path, body], order="deterministic").decode()
    return Claim(agency, lookup.hash("idempotency key", bare), lookup.hash("request", said))


def claim_answer(claim: Claim, unit: Unit) -> FirstAnswer | None:
    """The answer that was given first; None when this request is to be worked on, and the key is held."""
    found = answers_store.claim_answer(unit, claim.agency, claim.key_hash, claim.request_hash)
    if found is None:
        return None
    if found.is_too_old(unit.now):
        answers_store.claim_answer_again(unit, claim.agency, claim.key_hash, claim.request_hash)
        return None
    if found.request_hash != claim.request_hash:
        raise KeyUsedOtherwise
    if found.status is not None:
        return found
    if not found.was_left(unit.now):
        message = (
            f"Ask again in a second; after {HELD_FOR.seconds} seconds without an answer it is tried anew."
        )
        raise StillInFlight(message, retry_after=_SECONDS_BETWEEN_TRIES)
    answers_store.claim_answer_again(unit, claim.agency, claim.key_hash, claim.request_hash)
    return None


def keep_answer(claim: Claim, status: int, location: str, body: bytes, unit: Unit) -> None:
    """Keep the answer with its effect: both are there, or neither."""
    answers_store.keep_answer(unit, claim.agency, claim.key_hash, status, location, body)


def release_claim(claim: Claim, unit: Unit) -> None:
    """Nothing was done: the key may be sent again, also with a mended request."""
    answers_store.release_claim(unit, claim.agency, claim.key_hash)


def forget_answers(unit: Unit) -> int:
    """Forget answers that are no longer given again; how many."""
    return answers_store.forget_answers(unit, unit.now - KEPT_FOR)
