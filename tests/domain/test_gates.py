"""A case lacks what none of its referrals brings, whatever their order and however many there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.gates import NEEDS, lacking

brought = st.lists(st.sets(st.sampled_from(NEEDS)))


@given(brought)
def test_what_is_lacking_is_what_nobody_brings(referrals: list[set[str]]) -> None:
    together = set().union(*referrals)
    assert set(lacking(referrals)) == set(NEEDS) - together
    assert lacking(referrals) == lacking(reversed(referrals))


@given(brought, st.sets(st.sampled_from(NEEDS)))
def test_another_referral_never_adds_to_what_is_lacking(referrals: list[set[str]], more: set[str]) -> None:
    assert set(lacking([*referrals, more])) <= set(lacking(referrals))
