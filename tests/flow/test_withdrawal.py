"""An agency takes a referral back: its status says so, and whoever has the case is told to stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.support.builders import an_account
from tests.support.houses import Hub, infrastructure, make_hub

__all__ = ["infrastructure", "make_hub"]

SHARED = ("CRI009999990",)


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub at rest, on each infrastructure."""
    return make_hub()


def withdraw(hub: Hub, reference: str, agency: str = "vcas", body: object = None) -> TestResponse:
    return hub.front.post(
        f"/v1/referrals/{reference}/withdrawal",
        json=body or {"reason": "Invented: entered in error."},
        headers={"Authorization": f"Bearer {hub.key_of(agency)}"},
    )


def kinds(hub: Hub) -> list[str]:
    return [alert["kind"] for alert in hub.alerts()]


def test_a_withdrawn_referral_says_so_and_its_team_is_told_to_pause(hub: Hub) -> None:
    receipt = hub.take(an_account("ONE"))
    hub.settle()
    answer = withdraw(hub, receipt["reference"])
    assert (answer.status_code, answer.get_json()["status"]) == (200, "withdrawn")
    hub.settle()
    assert hub.status_of(receipt) == "withdrawn"
    assert kinds(hub) == ["opening", "all_withdrawn"]
    if hub.settings.mail_url.startswith("file:"):
        assert [mail["Subject"].rpartition(":")[0] for mail in hub.mails()] == [
            "A new case waits for you",
            "Urgent: please pause a case",
        ]


def test_withdrawing_twice_changes_nothing(hub: Hub) -> None:
    receipt = hub.take(an_account("ONE"))
    hub.settle()
    first = withdraw(hub, receipt["reference"])
    hub.clock.move(seconds=5)
    again = withdraw(hub, receipt["reference"], body={"reason": "Another."})
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    hub.settle()
    assert kinds(hub) == ["opening", "all_withdrawn"]


def test_a_withdrawal_that_overtakes_its_referral_waits_for_it(hub: Hub) -> None:
    # Both wait at once, and withdrawals travel in the urgent lane.
    receipts = [
        hub.take(an_account(f"BULK-{n}", family=("Amberley", "Brackenfell", "Dunwich")[n]), Priority="u=7")
        for n in range(3)
    ]
    for receipt in receipts:
        withdraw(hub, receipt["reference"])
    for _ in range(8):
        hub.settle()
        hub.clock.move(seconds=30)
    hub.settle()
    assert sorted(kinds(hub)) == ["all_withdrawn"] * 3 + ["opening"] * 3
    assert {hub.status_of(receipt) for receipt in receipts} == {"withdrawn"}


def test_a_case_with_another_referral_goes_on_and_its_team_is_told(hub: Hub) -> None:
    one = hub.take(an_account("ONE", references=SHARED))
    two = hub.take(an_account("TWO", references=SHARED), agency="vip")
    hub.settle()
    withdraw(hub, one["reference"])
    hub.settle()
    assert kinds(hub) == ["opening", "withdrawal"]
    assert hub.status_of(two, "vip") == "allocated"
    withdraw(hub, two["reference"], agency="vip")
    hub.settle()
    assert kinds(hub) == ["opening", "withdrawal", "all_withdrawn"]


def test_a_paused_case_goes_on_when_somebody_else_brings_it(hub: Hub) -> None:
    one = hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    withdraw(hub, one["reference"])
    hub.settle()
    two = hub.take(an_account("TWO", references=SHARED), agency="vip")
    hub.settle()
    assert kinds(hub) == ["opening", "all_withdrawn", "again"]
    assert hub.status_of(two, "vip") == "allocated"
    assert len({line["case"] for line in hub.links().values()}) == 1


def test_what_was_withdrawn_cannot_be_amended_and_a_repeat_changes_nothing(hub: Hub) -> None:
    receipt = hub.take(an_account("ONE"))
    withdraw(hub, receipt["reference"])
    answer = hub.post(an_account("ONE", given="Other"))
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith("withdrawn")
    assert hub.take(an_account("ONE")) == receipt
    assert hub.status_of(receipt) == "withdrawn"


def test_the_history_shows_versions_and_steps(hub: Hub) -> None:
    receipt = hub.take(an_account("ONE"))
    hub.settle()
    hub.take(an_account("ONE", kind="robbery"))
    withdraw(hub, receipt["reference"])
    answer = hub.ask(f"/v1/referrals/{receipt['reference']}/history", hub.key_of("vcas")).get_json()
    assert [version["version"] for version in answer["versions"]] == [1, 2]
    assert [step["status"] for step in answer["steps"]] == ["allocated", "withdrawn"]


@pytest.mark.parametrize(
    "body", [{"reason": ""}, {"reason": "x" * 1001}, {"reason": 1}, {"why": "Invented."}, {"reason": None}]
)
def test_a_withdrawal_says_why(hub: Hub, body: dict[str, object]) -> None:
    receipt = hub.take(an_account("ONE"))
    answer = withdraw(hub, receipt["reference"], body=body)
    assert answer.status_code == 422
    assert "/reason" in {fault["pointer"] for fault in answer.get_json()["errors"]}
    assert hub.status_of(receipt) == "received"


def test_another_agency_can_neither_withdraw_nor_learn_that_there_is_something(hub: Hub) -> None:
    receipt = hub.take(an_account("ONE"))
    theirs = withdraw(hub, receipt["reference"], agency="vip")
    nobodys = withdraw(hub, "R-7KQX4-M3DTW", agency="vip")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    same = {"type", "title", "status", "detail"}
    assert {k: theirs.get_json()[k] for k in same} == {k: nobodys.get_json()[k] for k in same}
    assert hub.status_of(receipt) == "received"
