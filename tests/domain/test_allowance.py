"""Each caller has so much a minute, all of it at once after a quiet while, and never more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.allowance import WINDOW, Allowances


def test_a_whole_minutes_worth_can_be_had_at_once_and_then_nothing() -> None:
    allowances = Allowances(60)
    lefts = [allowances.spend("vcas", 1, 1000.0).left for _ in range(60)]
    assert lefts == list(reversed(range(60)))
    refused = allowances.spend("vcas", 1, 1000.0)
    assert (refused.left, refused.wait, refused.full_in) == (0, 1, 60)


def test_who_waits_as_long_as_told_is_given_it() -> None:
    allowances = Allowances(60)
    allowances.spend("vcas", 60, 1000.0)
    refused = allowances.spend("vcas", 10, 1000.0)
    assert refused.wait == 10
    assert allowances.spend("vcas", 10, 1009.0).wait == 1
    assert allowances.spend("vcas", 10, 1010.0).wait == 0


def test_one_caller_does_not_use_up_what_is_anothers() -> None:
    allowances = Allowances(10)
    allowances.spend("vcas", 10, 0.0)
    assert allowances.spend("vip", 1, 0.0).left == 9


def test_what_costs_more_than_a_minutes_worth_is_had_for_a_minutes_worth() -> None:
    allowances = Allowances(10)
    assert allowances.spend("vcas", 1000, 0.0).wait == 0
    assert allowances.spend("vcas", 1000, 0.0).wait == WINDOW


def test_a_clock_that_was_put_back_keeps_nobody_waiting_for_longer_than_a_minute() -> None:
    allowances = Allowances(10)
    allowances.spend("vcas", 10, 1_000_000.0)
    told = allowances.spend("vcas", 1, 10.0).wait
    assert 0 < told <= WINDOW
    assert allowances.spend("vcas", 1, 10.0 + told).wait == 0
    assert allowances.spend("vcas", 9, 10.0 + WINDOW).wait == 0


def test_whoever_has_been_quiet_for_a_minute_is_forgotten() -> None:
    allowances = Allowances(10)
    for number in range(30_000):
        allowances.spend(number, 1, number / 100)
    assert len(allowances._full_at) <= 10_001


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 30)), max_size=80), st.integers(1, 100))
def test_nobody_gets_more_in_a_minute_than_two_minutes_worth(
    asked: list[tuple[float, int]], a_minute: int
) -> None:
    allowances, now = Allowances(a_minute), 0.0
    given_at: list[tuple[float, int]] = []
    for pause, cost in asked:
        now += pause
        if allowances.spend("vcas", cost, now).wait == 0:
            given_at.append((now, min(cost, a_minute)))
    for start, _ in given_at:
        assert sum(cost for at, cost in given_at if start <= at < start + WINDOW) <= 2 * a_minute + 1
