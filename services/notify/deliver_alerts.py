"""Send what is due: pack it into messages, take them in hand, send each, record what became of it."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from services.notify import dispatch_store, store
from services.notify.channels.channel import InDoubt, NotTaken, Outcome, Parcel, Taken
from services.notify.domain.alert import THE_HUB, ChannelName, Kind
from services.notify.domain.breaker import Breaker
from services.notify.domain.dispatch import CLAIM, Dispatch, waits_too_long
from services.notify.domain.guard import why_refused
from services.notify.domain.wording import MOST_LISTED
from services.notify.pack_messages import pack_messages
from services.notify.settle_message import give_up, make_task, next_way, settle_doubt, settle_message
from services.notify.telltales_store import telltales_of
from shared.allowance import Allowances
from shared.identity import is_test, read_reference
from shared.telltales import found_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from services.notify.dispatch_store import Item
    from services.notify.domain.wording import Letter
    from services.notify.read_wording import Wording
    from services.notify.switchboard import Switchboard
    from shared.messaging.unit import Unit

    UnitOfWork = Callable[[], AbstractContextManager[Unit]]

log = logging.getLogger(__name__)

_ROUND: Final = 25
# However slow a channel is, a round ends before its claims run out and somebody else may send.
_ROUND_SECONDS: Final = CLAIM.total_seconds() / 3


@dataclass
class Post:
    """What messages are written and sent with, and how the channels have been doing."""

    board: Switchboard
    wording: Wording
    sign_in_url: str
    breakers: dict[ChannelName, Breaker] = field(default_factory=dict)
    allowances: dict[ChannelName, Allowances] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of the channels."""
        for channel in self.board.channels.values():
            channel.close()

    def breaker(self, channel: ChannelName) -> Breaker:
        """How this channel has been doing."""
        return self.breakers.get(channel, Breaker())

    def must_wait(self, channel: ChannelName, now: dt.datetime) -> int:
        """Seconds until the channel may be given one more; none when it was given now."""
        if channel not in self.allowances:
            self.allowances[channel] = Allowances(self.board.channels[channel].a_minute)
        return self.allowances[channel].spend(channel, 1, now.timestamp()).wait


@dataclass(frozen=True)
class _Ready:
    dispatch: Dispatch
    parcel: Parcel


def deliver_alerts(post: Post, unit_of_work: UnitOfWork, kinds: tuple[Kind, ...] = ()) -> int:
    """One round: how many messages were taken in hand, of any kind or only of these.

    The claim is committed first, with the first message marked as begun; after each message one transaction
    records what became of it and marks the next. So a process that dies leaves one message begun and never
    recorded, and no more: when its claim has run out, whoever takes it up asks the channel, or follows the
    channel's rule (docs/decisions/0014). What several people would get at one address is one message.
    """
    with unit_of_work() as unit:
        packed = pack_messages(unit, post.board, post.wording, kinds)
        claimed = dispatch_store.claim_due(unit, _ROUND, kinds)
        ready = _once_each(_prepare(claimed, post, unit)) if claimed else []
        if ready:
            _begin(ready[0], unit)
    end = time.monotonic() + _ROUND_SECONDS
    while ready:
        same, *ready = ready
        channel = same[0].dispatch.channel
        outcome = post.board.channels[channel].send(same[0].parcel)
        late = time.monotonic() > end
        with unit_of_work() as unit:
            _count(channel, outcome, post, unit.now)
            for one in same:
                settle_message(one.dispatch, outcome, unit, post.board)
            ready = _go_on(ready, post, unit, late=late)
    return max(packed, len(claimed))


def _go_on(ready: Sequence[list[_Ready]], post: Post, unit: Unit, *, late: bool) -> list[list[_Ready]]:
    """What of this round is sent still, the first of it begun; the rest is due at once, in another round.

    A channel that has just failed too often is given nothing more: with a server that never answers each
    message would cost all others as long as an answer is waited for.
    """
    going = [
        same for same in ready if not late and post.breaker(same[0].dispatch.channel).lets_through(unit.now)
    ]
    for one in chain.from_iterable(same for same in ready if same not in going):
        dispatch_store.put_back(unit, one.dispatch, unit.now, trouble=None)
    if going:
        _begin(going[0], unit)
    return going


def _once_each(ready: Sequence[_Ready]) -> list[list[_Ready]]:
    """What several people would get at one place in the same words, together: a team has one webhook."""
    had: Counter[tuple[str, str, Letter]] = Counter()
    found: dict[tuple[str, str, Letter, int], list[_Ready]] = {}
    for one in ready:
        words = (one.dispatch.channel, one.parcel.address, one.parcel.letter)
        # The second of one person is another message.
        theirs = (one.dispatch.channel, one.dispatch.recipient, one.parcel.letter)
        found.setdefault((*words, had[theirs]), []).append(one)
        had[theirs] += 1
    return list(found.values())


def _begin(same: Sequence[_Ready], unit: Unit) -> None:
    for one in same:
        dispatch_store.begin(unit, one.dispatch.id)


def _count(channel: ChannelName, outcome: Outcome, post: Post, now: dt.datetime) -> None:
    breaker = post.breaker(channel)
    if isinstance(outcome, InDoubt) or (isinstance(outcome, NotTaken) and outcome.whole_channel):
        was_open, breaker = breaker.is_open, breaker.failed(now)
        if breaker.is_open and not was_open:
            log.error("channel left alone for a while", extra={"channel": channel})
    elif isinstance(outcome, Taken):
        breaker = breaker.succeeded()
    post.breakers[channel] = breaker


def _prepare(claimed: Sequence[Dispatch], post: Post, unit: Unit) -> list[_Ready]:
    """What of this can leave now; the rest is settled, or is due again later."""
    ready: list[_Ready] = []
    left: list[Item] = []
    items = dispatch_store.items_of(unit, [one.id for one in claimed])
    barred = store.barred_among(unit.connection, {one.recipient for one in claimed})
    taken = store.taken_among(unit, (item.alert_id for one in items.values() for item in one))
    for one in claimed:
        dispatch = _taken_up(one, post, unit) if one.state == "committing" else one
        if dispatch is None:
            continue
        # It may have been raised at the moment at which they were found to know somebody in the case; and
        # somebody may have said that they have it while it waited for a channel that rests or another try.
        contents: list[Item] = []
        for item in items[one.id]:
            needless = (item.case, one.recipient) in barred or item.alert_id in taken
            (left if needless else contents).append(item)
        if _is_held_up(dispatch, contents, post, unit):
            continue
        address = post.board.address_of(dispatch.recipient, dispatch.channel)
        if address is None:
            give_up(dispatch, "nobody there", unit, post.board, for_good=True)
            continue
        letter = _write(dispatch, contents, post)
        refusal = why_letter_is_refused(letter, dispatch, contents, post, unit)
        if refusal is None:
            parcel = Parcel(dispatch.id, address, letter, dispatch.urgent, post.sign_in_url)
            ready.append(_Ready(dispatch, parcel))
            continue
        log.error("message refused by the guard", extra={"token": str(dispatch.id), "why": refusal})
        dispatch_store.end(unit, dispatch.id, "refused", refusal)
        dispatch_store.mark_items(unit, dispatch.id, "failed", refusal)
        for item in contents:
            store.note(unit, item.alert_id, "refused", dispatch.recipient, why=refusal)
        make_task("refused", dispatch, contents, unit, post.board)
    if left:
        dispatch_store.leave_out(unit, left)
    return ready


def _taken_up(dispatch: Dispatch, post: Post, unit: Unit) -> Dispatch | None:
    """A message that was begun and never recorded: what to send now, if anything."""
    channel = post.board.channels.get(dispatch.channel)
    standing = "cannot_tell" if channel is None else channel.look_up(dispatch.id)
    if standing == "taken":
        dispatch_store.record_sent(unit, dispatch.id, dispatch.receipt)
        return None
    if standing == "not_now":
        settle_message(dispatch, InDoubt("not told what became of it"), unit, post.board)
        return None
    if standing == "not_taken" or (channel is not None and channel.same_token_again):
        return dispatch
    return settle_doubt(dispatch, unit, post.board)


def _is_held_up(dispatch: Dispatch, contents: Sequence[Item], post: Post, unit: Unit) -> bool:
    """Whether its channel rests, or has had enough for this minute; then another has it, or it waits."""
    if not contents:
        dispatch_store.end(unit, dispatch.id, "dropped", "nothing in it")
        return True
    if dispatch.channel not in post.board.channels:
        give_up(dispatch, "no such channel", unit, post.board)
        return True
    breaker = post.breaker(dispatch.channel)
    if not breaker.lets_through(unit.now):
        too_long = waits_too_long(dispatch.made_at, unit.now, urgent=dispatch.urgent)
        if too_long and next_way(dispatch, unit, post.board) is not None:
            give_up(dispatch, "breaker open", unit, post.board)
        else:
            dispatch_store.put_back(unit, dispatch, breaker.rests_until or unit.now, trouble=None)
        return True
    wait = post.must_wait(dispatch.channel, unit.now)
    if wait:
        dispatch_store.put_back(unit, dispatch, unit.now + dt.timedelta(seconds=wait), trouble=None)
    return bool(wait)


def _write(dispatch: Dispatch, contents: Sequence[Item], post: Post) -> Letter:
    cases = list(dict.fromkeys(item.case for item in contents if item.case != THE_HUB))
    slots = {
        "case": cases[0] if cases else "",
        "cases": "\n".join(cases[:MOST_LISTED]),
        "count": str(len(contents)),
        "sign_in": post.sign_in_url,
    }
    return post.wording.version(dispatch.template, dispatch.version).write(
        slots,
        urgent=dispatch.urgent,
        again=dispatch.repeats is not None,
        is_test=any(is_test(case) for case in cases),
    )


def why_letter_is_refused(
    letter: Letter, dispatch: Dispatch, contents: Sequence[Item], post: Post, unit: Unit
) -> str | None:
    """What the guard says of a finished message; the cases' own records are opened only if there is need."""
    cases = {item.case for item in contents}

    def gives_away(text: str) -> bool:
        known = telltales_of(unit.connection, unit.keys.rest, cases)
        return any(found_in(text, one, unit.keys.lookup) for one in known.values())

    return why_refused(
        letter,
        post.wording.version(dispatch.template, dispatch.version),
        cases=cases,
        count=len(contents),
        sign_in=post.sign_in_url,
        is_reference=lambda text: read_reference(text) == text,
        gives_away=gives_away,
    )
