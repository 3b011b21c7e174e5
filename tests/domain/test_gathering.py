"""A storm becomes a few messages, whatever comes when; a channel that fails is left alone and tried again."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.breaker import FAILURES, Breaker
from services.notify.domain.gathering import SINGLES, pack

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
WHILE = dt.timedelta(minutes=5)


@given(st.lists(st.integers(0, 1200), min_size=1, max_size=400).map(sorted))
def test_nobody_gets_more_than_a_few_messages_in_a_while_and_nothing_stays_behind(seconds: list[int]) -> None:
    left: list[dt.datetime] = []
    waiting: list[tuple[dt.datetime, bool]] = []
    told = 0
    arrivals = [NOW + dt.timedelta(seconds=second) for second in seconds]
    now = NOW
    while arrivals or waiting:
        while arrivals and arrivals[0] <= now:
            waiting.append((arrivals.pop(0), False))
        due = [one for one in waiting if one[0] <= now]
        if due:
            gather = any(held for _, held in due)
            packing = pack(len(due), left, now, while_=WHILE, gather=gather, urgent=False)
            rest = [one for one in waiting if one[0] > now]
            if packing.hold_until is not None:
                assert packing.hold_until > now
                waiting = rest + [(packing.hold_until, True) for _ in due]
            else:
                left += [now] * (1 if packing.together else len(due))
                told += len(due)
                waiting = rest
        now += dt.timedelta(seconds=1)
    assert told == len(seconds)
    for at in left:
        assert sum(at - WHILE < other <= at for other in left) <= SINGLES


def test_forty_at_one_moment_are_one_message_and_urgent_ones_do_not_wait() -> None:
    assert pack(40, [], NOW, while_=WHILE, gather=False, urgent=False).together
    assert pack(2, [], NOW, while_=WHILE, gather=True, urgent=False).together
    assert not pack(2, [], NOW, while_=WHILE, gather=False, urgent=False).together
    lately = [NOW] * 50
    assert pack(1, lately, NOW, while_=WHILE, gather=False, urgent=True).hold_until is None
    assert pack(40, lately, NOW, while_=WHILE, gather=False, urgent=True).together


@given(st.lists(st.booleans(), max_size=60))
def test_a_breaker_opens_after_some_failures_in_a_row_and_always_lets_one_through_again(
    outcomes: list[bool],
) -> None:
    breaker, now, in_a_row = Breaker(), NOW, 0
    for succeeded in outcomes:
        now = max(now, breaker.rests_until or now)
        assert breaker.lets_through(now)
        breaker = breaker.succeeded() if succeeded else breaker.failed(now)
        in_a_row = 0 if succeeded else in_a_row + 1
        assert breaker.is_open == (in_a_row >= FAILURES)
        if breaker.is_open:
            assert not breaker.lets_through(now)
            assert breaker.lets_through(now + dt.timedelta(minutes=5))


def test_a_clock_that_was_put_back_makes_no_rest_longer() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker = breaker.failed(NOW)
    assert not breaker.lets_through(NOW)
    assert breaker.lets_through(NOW - dt.timedelta(hours=2))
