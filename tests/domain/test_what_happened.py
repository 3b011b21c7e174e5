"""Plain questions become strand, event type and roles, and nobody is said to be what they did not say."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.forms.domain.what_happened import KINDS, Side, work_out
from shared.contracts.referral import EventType, RiskMarker, codes

GRAVE = {"sexual", "partner_or_family", "stalking", "hate"}
NEIGHBOURLY = {"trouble", "words", "noise", "boundary", "parking", "pets", "children", "rubbish"}

sides = st.sampled_from(get_args(Side))
kinds = st.sets(st.sampled_from(sorted(KINDS)))


@pytest.mark.parametrize(
    ("side", "ticked", "expected"),
    [
        ("done_to_me", {"noise", "parking"}, ("dispute", "party", "party", "")),
        ("done_to_me", {"noise", "hurt"}, ("crime", "harmed", "responsible", "harmed")),
        ("done_to_me", {"other"}, ("crime", "harmed", "responsible", "harmed")),
        ("done_to_me", set(), ("crime", "harmed", "responsible", "harmed")),
        ("i_did", {"boundary"}, ("dispute", "party", "party", "")),
        ("i_did", {"stolen"}, ("crime", "responsible", "harmed", "responsible")),
        ("i_did", {"hate"}, ("crime", "responsible", "harmed", "responsible")),
        ("i_did", set(), ("crime", "responsible", "harmed", "responsible")),
        ("between_us", {"partner_or_family", "noise"}, ("crime", "harmed", "responsible", "harmed")),
        ("between_us", {"damage", "noise"}, ("dispute", "party", "party", "")),
        ("between_us", set(), ("dispute", "party", "party", "")),
        ("not_sure", {"stalking"}, ("crime", "harmed", "responsible", "harmed")),
        ("not_sure", {"stolen", "noise"}, ("crime", "party", "party", "")),
        ("not_sure", {"other", "noise"}, ("dispute", "party", "party", "")),
        ("not_sure", set(), ("dispute", "party", "party", "")),
    ],
)
def test_the_rule_line_by_line(side: Any, ticked: set[str], expected: tuple[str, ...]) -> None:  # noqa: ANN401
    what = work_out(side, ticked)
    assert (what.strand, what.role, what.role_of_other, what.initiated_by) == expected


@given(sides, kinds)
def test_abuse_is_never_called_a_dispute_and_always_marked(side: Side, ticked: set[str]) -> None:
    what = work_out(side, ticked)
    assert len(what.markers) == len(GRAVE & ticked)
    if GRAVE & ticked:
        assert what.strand == "crime"


@given(sides, kinds)
def test_only_who_says_so_is_responsible(side: Side, ticked: set[str]) -> None:
    what = work_out(side, ticked)
    assert (what.role == "responsible") <= (side == "i_did")
    assert (what.role == "party") == (what.role_of_other == "party")
    assert {what.role, what.role_of_other} in ({"party"}, {"harmed", "responsible"})
    if what.strand == "dispute":
        assert what.role == "party"


@given(sides, kinds)
def test_everything_that_was_ticked_is_told_once_and_in_the_words_of_the_format(
    side: Side, ticked: set[str]
) -> None:
    what = work_out(side, ticked)
    assert len(what.also) == max(0, len(ticked) - 1)
    assert what.event_type in codes(EventType)
    assert set(what.markers) <= set(codes(RiskMarker))
    if ticked and ticked <= NEIGHBOURLY:
        assert what.strand == "dispute"


def test_the_gravest_is_the_type_and_the_others_are_told() -> None:
    what = work_out("done_to_me", {"noise", "sexual", "stolen"})
    assert (what.event_type, what.also) == ("sexual_offence", (KINDS["stolen"][0], KINDS["noise"][0]))
