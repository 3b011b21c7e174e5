"""An alert may be read over a shoulder, and a channel that failed is left alone for longer and longer."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.alert import CLAIM, MAX_TRIES, pause_before_try, write_letter


def test_a_letter_says_which_case_and_where_to_sign_in_and_nothing_else() -> None:
    letter = write_letter("C-7KQX4-M3DTW", "opening", urgent=False, sign_in_at="https://hub.example/sign-in")
    assert letter.subject == "A new case waits for you: C-7KQX4-M3DTW"
    assert "C-7KQX4-M3DTW" in letter.text
    assert "https://hub.example/sign-in" in letter.text
    urgent = write_letter("C-7KQX4-M3DTW", "opening", urgent=True, sign_in_at="https://hub.example/sign-in")
    assert urgent.subject == "Urgent: a new case waits for you: C-7KQX4-M3DTW"
    assert urgent.text == letter.text


@given(st.integers(1, 10_000))
def test_a_pause_grows_and_is_never_longer_than_an_hour(tries: int) -> None:
    pause = pause_before_try(tries)
    assert dt.timedelta(seconds=1) <= pause <= dt.timedelta(hours=1)
    assert pause <= pause_before_try(tries + 1)


def test_a_server_may_be_away_for_a_night_before_a_letter_is_given_up() -> None:
    together = sum((pause_before_try(tries) for tries in range(1, MAX_TRIES)), dt.timedelta())
    assert together > dt.timedelta(hours=12)
    assert dt.timedelta(seconds=30) < CLAIM
