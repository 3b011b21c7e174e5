"""Intake over HTTP: agencies' systems post referrals and ask after them."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from services.intake import store
from services.intake.answer_once import (
    BadIdempotencyKey,
    KeyUsedOtherwise,
    StillInFlight,
    claim_answer,
    keep_answer,
    read_claim,
    release_claim,
)
from services.intake.described import (
    BATCH,
    BATCH_ANSWER,
    EXAMPLE_BATCH,
    EXAMPLE_BATCH_ANSWER,
    EXAMPLE_HISTORY,
    EXAMPLE_RECEIPT,
    EXAMPLE_STATUS,
    EXAMPLE_WITHDRAWN,
    EXAMPLES,
    HISTORY,
    IDEMPOTENCY_KEY,
    PAGE,
    PRIORITY,
    RECEIPT,
    STATUS,
    STATUSES,
    THE_REFERENCE,
)
from services.intake.keep_agency_keys import agency_of
from services.intake.listing import read_page, write_cursor
from services.intake.receive_referral import Taken, receive_known_referral, receive_new_referral
from services.intake.receive_referrals import receive_referrals
from services.intake.schema import (
    ReferralSchema,
    WithdrawalSchema,
    read_batch,
    read_referral,
    read_withdrawal,
    write_history,
    write_receipt,
    write_status,
)
from services.intake.withdraw_referral import AlreadyClosed, withdraw_referral
from shared.identity import read_reference
from shared.openapi import Answer, Takes, described
from shared.problems import NotFound, Problem, Unavailable, as_problem_json
from shared.web import AGENCY, Caller, as_json, json_body, open_to, spend, the_caller, the_room, the_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.messaging.unit import Unit
    from shared.service import Room

api = Blueprint("intake", __name__)

# How long a checked key is believed without asking the database: the longest that a revoked key still opens.
_KEY_SECONDS = 5.0
_TRIES = 4
# The two least urgent of RFC 9218; what is none of its eight is as if nothing had been said.
_BACKGROUND = ("6", "7")
# A thousand referrals of the usual length, and room to spare. A batch is taken in units that hold nobody up.
MAX_BATCH_BODY = 8 * 1024 * 1024
_IN_ONE_UNIT = 100
# So many referrals of a batch cost an agency as much of its allowance as one request: they come together.
_AS_MUCH_AS_ONE = 10
_NOT_YOURS = "You have no referral with this reference."


def authenticate(room: Room, bearer: str) -> Caller | None:
    """The agency that this key belongs to."""
    believed: dict[str, tuple[float, Caller]] = room.keep("believed_keys", dict)
    until, caller = believed.get(bearer, (0.0, None))
    if caller is not None and time.monotonic() < until:
        return caller
    believed.pop(bearer, None)
    with room.database.reading() as connection:
        agency = agency_of(bearer, connection)
    if agency is None or agency not in room.directory.agencies:
        return None
    caller = Caller(AGENCY, agency)
    believed[bearer] = (time.monotonic() + _KEY_SECONDS, caller)
    return caller


_REPLAYED = {"Idempotency-Replayed": "`true` when this answer was given before, under the same key."}
_HEADERS = {"Location": "Where its status can be asked for."} | _REPLAYED
_REPEATS = (BadIdempotencyKey, KeyUsedOtherwise, StillInFlight)


@api.post("/v1/referrals")
@open_to(AGENCY)
@described(
    "Referrals",
    takes=Takes(ReferralSchema, EXAMPLES),
    asks=(PRIORITY, IDEMPOTENCY_KEY),
    problems=_REPEATS,
    answers={
        201: Answer("It was taken; its receipt.", RECEIPT, EXAMPLE_RECEIPT, _HEADERS),
        200: Answer(
            "The record was known: the receipt it had, or after other content that of the next version.",
            RECEIPT,
            EXAMPLE_RECEIPT,
            _HEADERS,
        ),
    },
)
def post_referral() -> Response:
    """Take a referral.

    The same record with the same content again is answered with the same receipt, so a request that was not
    answered can be sent again. The same record with other content is an amendment: `version` is one more.
    An explicit null, a blank text and an object that says nothing count as not given; texts lose their outer
    white space.
    """
    body = json_body()
    if "Idempotency-Key" not in request.headers:
        return _told(_take(body))
    return _answer_once(body, lambda unit: _told(_taken(_take_all([body], unit)[0])))


@api.post("/v1/referrals/batch")
@open_to(AGENCY)
@described(
    "Referrals",
    takes=Takes(BATCH, {"Two": EXAMPLE_BATCH}, told="At most 8 MiB."),
    asks=(PRIORITY, IDEMPOTENCY_KEY),
    answers={200: Answer("What became of each.", BATCH_ANSWER, EXAMPLE_BATCH_ANSWER, _REPLAYED)},
    problems=_REPEATS,
)
def post_batch() -> Response:
    """Take up to a thousand referrals, each answered on its own, in their order.

    A referral that is not taken costs no other one: its `result` has the problem that it would have had
    by itself, and the batch is 200.
    """
    body = json_body(MAX_BATCH_BODY)
    bodies = read_batch(body)
    spend(len(bodies) // _AS_MUCH_AS_ONE)
    if "Idempotency-Key" in request.headers:
        return _answer_once(body, lambda unit: _told_each(_take_all(bodies, unit)))
    taken: list[Taken | Problem] = []
    for start in range(0, len(bodies), _IN_ONE_UNIT):
        with the_room().unit(the_trace()) as unit:
            taken += _take_all(bodies[start : start + _IN_ONE_UNIT], unit)
    return _told_each(taken)


def _told(taken: Taken) -> Response:
    status = HTTPStatus.CREATED if taken.outcome == "new" else HTTPStatus.OK
    response = as_json(write_receipt(taken.kept), status)
    response.headers["Location"] = f"/v1/referrals/{taken.kept.reference}"
    return response


def _told_each(taken: Sequence[Taken | Problem]) -> Response:
    outcomes = Counter("refused" if isinstance(one, Problem) else one.outcome for one in taken)
    results = [
        {"outcome": "refused", "status": one.status, "problem": as_problem_json(one, "")}
        if isinstance(one, Problem)
        else {
            "outcome": one.outcome,
            "status": HTTPStatus.CREATED if one.outcome == "new" else HTTPStatus.OK,
            "receipt": write_receipt(one.kept),
        }
        for one in taken
    ]
    counts = {outcome: outcomes[outcome] for outcome in ("new", "repeat", "amended", "refused")}
    return as_json({"counts": counts, "results": results})


def _take(body: object) -> Taken:
    room, agency, trace, in_bulk = the_room(), the_caller().name, the_trace(), _in_bulk()
    referral = read_referral(body, self_referral=room.directory.agencies[agency].self_referral)
    for _ in range(_TRIES):
        try:
            with room.unit_at_once(trace) as unit:
                return receive_new_referral(referral, agency, unit, in_bulk=in_bulk)
        except IntegrityError:
            with room.unit(trace) as unit:
                taken = receive_known_referral(referral, agency, unit, in_bulk=in_bulk)
            if taken is not None:
                return taken
    message = "The same record is being sent several times at once. Try again."
    raise Unavailable(message, retry_after=1)


def _take_all(bodies: Sequence[object], unit: Unit) -> list[Taken | Problem]:
    agency = the_caller().name
    self_referral = the_room().directory.agencies[agency].self_referral
    return receive_referrals(bodies, agency, unit, self_referral=self_referral, in_bulk=_in_bulk())


def _taken(taken: Taken | Problem) -> Taken:
    if isinstance(taken, Problem):
        raise taken
    return taken


def _answer_once(body: object, work: Callable[[Unit], Response]) -> Response:
    """What `work` answers, or what it answered when this request came first under its Idempotency-Key."""
    room, trace, agency = the_room(), the_trace(), the_caller().name
    key, lookup = request.headers["Idempotency-Key"], room.keys.lookup
    claim = read_claim(key, agency, request.method, request.path, body, lookup)
    with room.unit(trace) as unit:
        first = claim_answer(claim, unit)
    if first is not None:
        response = Response(first.body, first.status, content_type="application/json")
        response.headers["Idempotency-Replayed"] = "true"
        if first.location:
            response.headers["Location"] = first.location
        return response
    try:
        with room.unit(trace) as unit:
            response = work(unit)
            location = response.headers.get("Location", "")
            keep_answer(claim, response.status_code, location, response.get_data(), unit)
    except BaseException:
        # Should this fail as well, the claim runs out by itself.
        with suppress(SQLAlchemyError), room.unit(trace) as unit:
            release_claim(claim, unit)
        raise
    return response


def _in_bulk() -> bool:
    """Whether the sender calls this background work (RFC 9218: `Priority: u=6` or `u=7`)."""
    for part in request.headers.get("Priority", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "u":
            return value in _BACKGROUND
    return False


@api.get("/v1/referrals")
@open_to(AGENCY)
@described(
    "Referrals",
    asks=PAGE,
    answers={200: Answer("A page of them.", STATUSES, {"referrals": [EXAMPLE_STATUS], "next_cursor": None})},
)
def get_referrals() -> dict[str, Any]:
    """The agency's own referrals, page by page, those changed longest ago first.

    Ask again with `updated_since` to hear what has changed, and with `next_cursor` for the next page.
    """
    asked = read_page(request.args)
    with the_room().database.reading() as connection:
        found = store.list_records(
            connection,
            the_caller().name,
            source_record_id=asked.source_record_id,
            updated_since=asked.updated_since,
            after=asked.after,
            limit=asked.limit + 1,
        )
    page = found[: asked.limit]
    return {
        "referrals": [write_status(kept) for kept in page],
        "next_cursor": write_cursor(page[-1]) if len(found) > len(page) else None,
    }


@api.get("/v1/referrals/<reference>")
@open_to(AGENCY)
@described(
    "Referrals", asks=(THE_REFERENCE,), answers={200: Answer("How far it is.", STATUS, EXAMPLE_STATUS)}
)
def get_referral(reference: str) -> dict[str, Any]:
    """How far the agency's own referral has come."""
    read = read_reference(reference)
    with the_room().database.reading() as connection:
        kept = store.find_reference(connection, the_caller().name, read) if read else None
    if kept is None:
        raise NotFound(_NOT_YOURS)
    return write_status(kept)


@api.post("/v1/referrals/<reference>/withdrawal")
@open_to(AGENCY)
@described(
    "Referrals",
    takes=Takes(WithdrawalSchema, {"In error": {"reason": "Invented: entered in error."}}),
    asks=(THE_REFERENCE, IDEMPOTENCY_KEY),
    answers={200: Answer("Its status, now `withdrawn`.", STATUS, EXAMPLE_WITHDRAWN, _REPLAYED)},
    problems=(*_REPEATS, AlreadyClosed),
)
def post_withdrawal(reference: str) -> Response:
    """Take the agency's own referral back.

    Whoever has the case is told to pause, or that it goes on without this referral. Withdrawing twice changes
    nothing. What was withdrawn cannot be amended: refer again under a new record number.
    """
    body = json_body()
    reason, read, agency = read_withdrawal(body), read_reference(reference), the_caller().name
    if read is None:
        raise NotFound(_NOT_YOURS)

    def work(unit: Unit) -> Response:
        return as_json(write_status(withdraw_referral(read, reason, agency, unit)))

    if "Idempotency-Key" in request.headers:
        return _answer_once(body, work)
    with the_room().unit(the_trace()) as unit:
        return work(unit)


@api.get("/v1/referrals/<reference>/history")
@open_to(AGENCY)
@described(
    "Referrals",
    asks=(THE_REFERENCE,),
    answers={200: Answer("Its versions and steps, oldest first.", HISTORY, EXAMPLE_HISTORY)},
)
def get_history(reference: str) -> dict[str, Any]:
    """When each version of the agency's own referral came, and each step that it took."""
    read = read_reference(reference)
    with the_room().database.reading() as connection:
        kept = store.find_reference(connection, the_caller().name, read) if read else None
        if kept is None:
            raise NotFound(_NOT_YOURS)
        return write_history(kept, *store.history_of(connection, kept))
