"""A case that had ended, or rested, is brought again: it goes on, and its team is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from tests.support.builders import Wire
from tests.support.houses import Hub, StoppedClock, infrastructure, make_hub
from tests.triage.cases.doing import a_crime, move, take, token, whole

__all__ = ["infrastructure", "make_hub"]

SHARED = ("CRI009999990",)


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub on a Tuesday morning in March."""
    return make_hub(StoppedClock(dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC)))


def told_of(hub: Hub, case: str) -> list[tuple[str, str]]:
    """Every alert of a case that was raised, of which kind and for which team."""
    found = hub.ask("/v1/alerts?limit=200", token(hub, "supervisor")).get_json()["alerts"]
    return [(one["kind"], one["team"]) for one in found if one["case"] == case]


def without_consent(account: Wire) -> Wire:
    """The same account, in which whoever was harmed has not agreed to being referred."""
    consents = account["parties"][0]["consents"]
    consents[:] = [one for one in consents if one["to"] != "referral"]
    return account


def withdraw(hub: Hub, receipt: Wire, agency: str = "vcas") -> None:
    """The agency takes its referral back."""
    answer = hub.front.post(
        f"/v1/referrals/{receipt['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of(agency)}"},
    )
    assert answer.status_code == 200, answer.text
    hub.settle()


def test_a_referral_of_what_was_closed_opens_the_case_again_and_its_team_is_told(hub: Hub) -> None:
    first = hub.take(a_crime(references=SHARED))
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    move(hub, case, "close", outcome="C-SUPPORT-ONLY")
    hub.settle()
    assert hub.status_of(first) == "closed"
    hub.clock.move(days=3)
    second = hub.take(a_crime("TWO", references=SHARED), "vip")
    hub.settle()
    assert hub.links()["vip:TWO"]["case"] == case
    told = whole(hub, case)
    assert (told["state"], told["task"], told["next_on"]) == ("reopened", "triage_again", "2026-03-31")
    assert (told["reason"], told["outcome"]) == ("O-REFERRED-AGAIN", None)
    assert [hub.status_of(first), hub.status_of(second, "vip")] == ["allocated", "allocated"]
    assert told_of(hub, case) == [("opening", "restorative_hub"), ("again", "restorative_hub")]
    # A record that is only amended does not bring it again.
    move(hub, case, "take_up")
    move(hub, case, "close", outcome="C-SUPPORT-ONLY")
    amended = a_crime("TWO", references=SHARED)
    amended["event"]["summary"] = "Invented: one thing more."
    hub.take(amended, "vip")
    hub.settle()
    assert whole(hub, case)["state"] == "closed"


def test_what_comes_after_a_case_was_closed_without_it_opens_the_case_for_its_team(hub: Hub) -> None:
    receipt = hub.take(without_consent(a_crime()))
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    assert whole(hub, case, "supervisor")["team"] == "duty_desk"
    move(hub, case, "close", "supervisor", outcome="C-NOT-COMPLETED")
    hub.clock.move(days=1)
    assert take(hub, a_crime()) == case
    told = whole(hub, case)
    assert (told["state"], told["team"], told["lacks"]) == ("reopened", "restorative_hub", [])
    assert told["owner"] == hub.credentials["staff"]["coordinator"]["email"]
    assert hub.status_of(receipt) == "allocated"
    assert told_of(hub, case) == [("opening", "duty_desk"), ("released", "restorative_hub")]


def test_what_was_taken_away_while_a_case_was_closed_is_missing_when_it_is_brought_again(hub: Hub) -> None:
    case = take(hub, a_crime(references=SHARED))
    move(hub, case, "close", outcome="C-SUPPORT-ONLY")
    hub.clock.move(days=1)
    take(hub, without_consent(a_crime(references=SHARED)))
    assert whole(hub, case)["state"] == "closed"
    second = hub.take(without_consent(a_crime("TWO", references=SHARED)), "vip")
    hub.settle()
    assert hub.links()["vip:TWO"]["case"] == case
    told = whole(hub, case)
    assert (told["state"], told["lacks"]) == ("reopened", ["consent_to_refer"])
    assert hub.status_of(second, "vip") == "returned"


def test_what_a_returned_case_lacked_releases_it_also_when_it_was_taken_back_meanwhile(hub: Hub) -> None:
    receipt = hub.take(without_consent(a_crime(references=SHARED)))
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    withdraw(hub, receipt)
    assert whole(hub, case, "supervisor")["state"] == "withdrawn"
    assert take(hub, a_crime("TWO", references=SHARED), "vip") == case
    told = whole(hub, case)
    assert (told["state"], told["team"], told["lacks"]) == ("triage", "restorative_hub", [])
    assert told_of(hub, case)[2:] == [("released", "restorative_hub")]


def test_a_case_that_is_found_to_be_one_with_a_closed_one_goes_on_there(hub: Hub) -> None:
    old = take(hub, a_crime())
    move(hub, old, "close", outcome="C-SUPPORT-ONLY")
    hub.clock.move(days=1)
    new = take(hub, a_crime("TWO", family="Other", kind="theft", on="2026-01-05"), "vip")
    assert new != old
    reference = hub.links()["vip:TWO"]["reference"]
    assert take(hub, a_crime(references=SHARED)) == old
    assert whole(hub, old)["state"] == "closed"
    assert take(hub, a_crime("TWO", references=SHARED), "vip") == old
    assert hub.links()["vip:TWO"]["reference"] == reference
    assert whole(hub, new)["outcome"] == "C-DUPLICATE"
    assert whole(hub, old)["state"] == "reopened"
    assert ("again", "restorative_hub") in told_of(hub, old)
