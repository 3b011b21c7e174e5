"""Danger now, or a hearing that will not wait, goes before everything else."""

from __future__ import annotations

import datetime as dt

import pytest

from services.intake.domain.kept_referral import Lane, lane_of

TODAY = dt.date(2026, 3, 22)


def in_days(days: int) -> dt.date:
    return TODAY + dt.timedelta(days=days)


@pytest.mark.parametrize(
    ("danger", "stage", "hearing", "in_bulk", "lane"),
    [
        (False, None, None, False, "normal"),
        (False, None, None, True, "bulk"),
        (True, None, None, True, "urgent"),
        (False, "awaiting_sentence", in_days(27), False, "urgent"),
        (False, "guilty_plea", in_days(0), True, "urgent"),
        (False, "deferred", in_days(1), False, "urgent"),
        (False, "awaiting_sentence", in_days(28), False, "normal"),
        (False, "awaiting_sentence", in_days(-1), False, "normal"),
        (False, "awaiting_sentence", None, False, "normal"),
        (False, "trial", in_days(1), False, "normal"),
    ],
)
def test_a_referral_travels_in_the_lane_that_it_needs(
    danger: bool,  # noqa: FBT001 - a column of the table above
    stage: str | None,
    hearing: dt.date | None,
    in_bulk: bool,  # noqa: FBT001
    lane: Lane,
) -> None:
    found = lane_of(
        immediate_danger=danger, justice_stage=stage, next_hearing_on=hearing, today=TODAY, in_bulk=in_bulk
    )
    assert found == lane
