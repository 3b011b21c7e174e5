"""A message that failed is left alone for longer and longer, and not given up in one night."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.dispatch import CLAIM, MAX_TRIES, pause_before_try


@given(st.integers(1, 10_000))
def test_a_pause_grows_and_is_never_longer_than_an_hour(tries: int) -> None:
    pause = pause_before_try(tries)
    assert dt.timedelta(seconds=1) <= pause <= dt.timedelta(hours=1)
    assert pause <= pause_before_try(tries + 1)


def test_a_server_may_be_away_for_a_night_before_a_letter_is_given_up() -> None:
    together = sum((pause_before_try(tries) for tries in range(1, MAX_TRIES)), dt.timedelta())
    assert together > dt.timedelta(hours=12)
    assert dt.timedelta(seconds=30) < CLAIM
