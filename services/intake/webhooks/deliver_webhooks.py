"""Send what is due to agencies' endpoints: take deliveries in hand, call, record what became of each."""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from services.intake.webhooks import endpoints_store, sending_store, waiting_store
from services.intake.webhooks.domain.delivery import KEPT, pause_after
from services.intake.webhooks.domain.endpoint import PATIENCE, Endpoint, Reason, rest_after
from services.intake.webhooks.schema import write_event
from shared.calling import LINES, SECONDS, Line, Outcome, read_retry_after
from shared.messaging.unit import Unit
from shared.signature import sign
from shared.target import Target, read_target

if TYPE_CHECKING:
    from services.intake.webhooks.sending_store import Claimed

log = logging.getLogger(__name__)

UnitOfWork = Callable[[], AbstractContextManager[Unit]]

# After so long a delivery that was begun and never recorded is taken up again. Longer than looking up a name
# and calling an endpoint take at the slowest, so that a slow call is not mistaken for a dead sender.
CLAIM: Final = dt.timedelta(seconds=120)
# A call that could not begin by then is left to the next: its claim may run out while it is spoken.
_LATEST_START: Final = CLAIM.total_seconds() / 3
_GLANCE_SECONDS: Final = 1.0
_AGENT: Final = "Referral-Hub-Webhooks/1"


@dataclass
class Sending:
    """A line and what is being sent over it just now."""

    line: Line
    in_hand: dict[Future[Outcome], tuple[Claimed, dt.datetime]] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of the line."""
        self.line.close()


def deliver_webhooks(sending: Sending, unit_of_work: UnitOfWork) -> int:
    """One round: how much was begun or ended, or is still going on.

    Claim, call and record are three steps, each of which may be the last before the process dies: the claim
    is committed first, so that nobody else sends the same; a claim that is never recorded runs out, and the
    delivery is sent again under the same id. A slow endpoint holds up its own deliveries and no others.
    """
    begun = _begin(sending, unit_of_work)
    if not sending.in_hand:
        return begun
    done, _ = wait(sending.in_hand, _GLANCE_SECONDS, FIRST_COMPLETED)
    if done:
        ended = [(*sending.in_hand.pop(future), future.result()) for future in done]
        with unit_of_work() as unit:
            for claimed, at, outcome in sorted(ended, key=lambda one: (one[0].agency, one[0].id)):
                _record(claimed, at, outcome, unit)
    return begun + len(done) + len(sending.in_hand)


def forget_deliveries(unit: Unit) -> int:
    """Let go of what was sent long ago; how much that was."""
    return waiting_store.forget_deliveries(unit, unit.now - KEPT)


def _begin(sending: Sending, unit_of_work: UnitOfWork) -> int:
    free = LINES - len(sending.in_hand)
    if not free:
        return 0
    with unit_of_work() as unit:
        now = unit.now
        claimed = sending_store.claim_due(unit, free, now + CLAIM)
    latest = time.monotonic() + _LATEST_START
    for one in claimed:
        future = sending.line.begin(partial(_call, sending.line, one, now, latest))
        sending.in_hand[future] = (one, now)
    return len(claimed)


def _call(line: Line, claimed: Claimed, now: dt.datetime, latest: float) -> Outcome:
    target = read_target(claimed.url)
    if not isinstance(target, Target) or time.monotonic() > latest:
        return Outcome(None, "not_sent", 0)
    body = write_event(claimed.type, claimed.made_at, claimed.change)
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _AGENT,
        "webhook-id": str(claimed.id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(str(claimed.id), timestamp, body, claimed.secrets),
    }
    return line.call(target, headers, body)


def _record(claimed: Claimed, at: dt.datetime, outcome: Outcome, unit: Unit) -> None:
    """Note what became of it, unless another sender has taken it over or the webhook is gone.

    The endpoint comes before the delivery, as everywhere: whoever changes both cannot wait in a ring.
    """
    endpoint = endpoints_store.hold_endpoint(unit, claimed.agency)
    if endpoint is None or not sending_store.still_in_hand(unit, claimed):
        return
    sending_store.add_attempt(unit, claimed, outcome, at)
    asked = None if outcome.is_success else read_retry_after(outcome.retry_after, unit.now)
    if outcome.is_success:
        sending_store.record(unit, claimed, "delivered", None)
    elif endpoint.put_at != claimed.put_at:
        # What another address answered says nothing about this one, which has what waits at once.
        sending_store.record(unit, claimed, "waiting", unit.now)
        waiting_store.send_one_again(unit, claimed.agency, claimed.id)
    elif outcome.is_gone:
        sending_store.record(unit, claimed, "waiting", unit.now)
    else:
        pause = pause_after(claimed.tries, random.random(), asked)  # noqa: S311 - spreading load is no secret
        sending_store.record(
            unit,
            claimed,
            "failed" if pause is None else "waiting",
            None if pause is None else unit.now + pause,
        )
    if endpoint.put_at == claimed.put_at:
        endpoints_store.change_endpoint(unit, _after(endpoint, outcome, asked, unit.now))


def _after(endpoint: Endpoint, outcome: Outcome, asked: dt.timedelta | None, now: dt.datetime) -> Endpoint:
    """The endpoint after this outcome."""
    if outcome.is_success:
        return replace(endpoint, failures=0, failing_since=None, rests_until=None, last_delivered_at=now)
    failures, since = endpoint.failures + 1, endpoint.failing_since or now
    rest = max(rest_after(failures), asked or dt.timedelta())
    failing = replace(endpoint, failures=failures, failing_since=since, rests_until=now + rest)
    if endpoint.state == "active" and (outcome.is_gone or now - since >= PATIENCE):
        reason: Reason = "gone" if outcome.is_gone else "failing"
        log.warning("webhook disabled", extra={"agency": endpoint.agency, "reason": reason})
        return replace(failing, state="disabled", reason=reason, disabled_at=now)
    return failing


assert CLAIM.total_seconds() > _LATEST_START + 2 * SECONDS  # noqa: S101 - two figures that belong together
