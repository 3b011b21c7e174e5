"""A danger that is learnt wakes whoever has the case, whatever the case waits for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from services.triage.domain.life.reasons import HOLDS
from tests.support.builders import Wire
from tests.support.houses import Hub, StoppedClock, infrastructure, make_hub
from tests.triage.cases.doing import FACILITATOR, a_crime, allocate, move, take, token, whole

__all__ = ["infrastructure", "make_hub"]

COORDINATOR = "coordinator@referral-hub.example"


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub on a Tuesday morning in March."""
    return make_hub(StoppedClock(dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC)))


def in_danger(account: Wire) -> Wire:
    """The same account, in which a child is in danger."""
    return account | {"risks": {"assessed": True, "markers": ["child_safeguarding"]}}


def woken(hub: Hub, case: str) -> list[str]:
    """Who was told urgently that it is their turn in a case."""
    found = hub.ask("/v1/alerts?limit=200", token(hub, "supervisor")).get_json()["alerts"]
    told = [one for one in found if (one["case"], one["kind"], one["urgent"]) == (case, "due", True)]
    return [one["whose"] for one in told]


def test_a_danger_wakes_a_case_on_hold_for_whatever_reason_and_once(hub: Hub) -> None:
    for number, reason in enumerate(HOLDS):
        account = a_crime(reason, family=f"Held{'abcdef'[number]}", on=f"2026-03-0{number + 1}")
        case = take(hub, account)
        move(hub, case, "hold", reason=reason, review_on="2026-06-01")
        assert take(hub, in_danger(account)) == case
        told = whole(hub, case)
        if reason == "H-MORE-TIME":
            assert told["state"] == "triage"
        else:
            assert (told["state"], told["next_on"]) == ("on_hold", "2026-03-24"), reason
        assert woken(hub, case) == [COORDINATOR], reason
        again = in_danger(account)
        again["event"] = again["event"] | {"summary": "Invented: nothing new."}
        take(hub, again)
        assert woken(hub, case) == [COORDINATOR], reason


def test_a_danger_is_told_to_the_owner_and_to_who_works_with_the_case(hub: Hub) -> None:
    account = a_crime()
    case = take(hub, account)
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    take(hub, in_danger(account))
    assert whole(hub, case)["state"] == "contact_initiator"
    assert woken(hub, case) == [COORDINATOR, FACILITATOR]


def test_a_danger_opens_again_what_had_ended(hub: Hub) -> None:
    account = a_crime()
    case = take(hub, account)
    move(hub, case, "close", outcome="C-SUPPORT-ONLY")
    take(hub, in_danger(account))
    told = whole(hub, case)
    assert (told["state"], told["reason"]) == ("reopened", "O-NEW-HARM")
    assert woken(hub, case) == [COORDINATOR]


def test_a_danger_of_a_case_that_goes_on_in_one_that_had_ended_is_told_to_who_has_that(hub: Hub) -> None:
    shared = ("CRI009999990",)
    old = take(hub, a_crime(references=shared))
    move(hub, old, "close", outcome="C-SUPPORT-ONLY")
    new = take(hub, in_danger(a_crime("TWO", family="Other", kind="theft", on="2026-01-05")), "vip")
    assert new != old
    assert woken(hub, old) == []
    assert take(hub, in_danger(a_crime("TWO", references=shared)), "vip") == old
    assert whole(hub, old)["state"] == "reopened"
    assert woken(hub, old) == [COORDINATOR]
