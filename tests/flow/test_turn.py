"""What is due in a case, or has just become somebody's to do, is told to whose turn it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.houses import Hub, StoppedClock, infrastructure, make_hub
from tests.triage.cases.doing import FACILITATOR, a_crime, allocate, move, post, record, take, token, whole
from tests.triage.test_assigning import CLEVELAND, A, a_coordinator, a_directory, alone

__all__ = ["infrastructure", "make_hub"]

TUESDAY = dt.datetime(2026, 3, 24, 10, 0, tzinfo=dt.UTC)
COORDINATOR = "coordinator@referral-hub.example"
SUPERVISOR = "supervisor@referral-hub.example"
SECOND = "second.facilitator@referral-hub.example"


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub on a Tuesday morning in March."""
    return make_hub(StoppedClock(TUESDAY))


def told_of_steps(hub: Hub, case: str) -> list[list[str]]:
    """Who was told first of each step that is due in a case, in the order in which it was raised."""
    bearer = token(hub, "supervisor")
    found = hub.ask("/v1/alerts?limit=200", bearer).get_json()["alerts"]
    told = []
    for one in found:
        if (one["case"], one["kind"]) == (case, "due"):
            history = hub.ask(f"/v1/alerts/{one['id']}", bearer).get_json()["history"]
            told += [line["detail"]["told"] for line in history if line["what"] == "raised"]
    return told


def waiting_for(hub: Hub, name: str) -> list[tuple[str, str]]:
    """What waits for one person alone: the case, and what it is."""
    found = hub.ask("/v1/alerts?state=open", token(hub, "supervisor")).get_json()["alerts"]
    return [(one["case"], one["kind"]) for one in found if one["whose"] == name]


def pass_days(hub: Hub, days: int) -> None:
    """Let so many days go by, each with its work."""
    for _ in range(days):
        hub.clock.move(days=1)
        hub.settle()


def test_whoever_has_a_case_is_warned_and_no_colleague(make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    hub = make_hub(StoppedClock(TUESDAY), directory=a_directory(tmp_path, more=a_coordinator(A)))
    case = take(hub, alone("ONE", "Neighbour"))
    owner = whole(hub, case, "supervisor")["owner"]
    assert owner in (A, CLEVELAND)
    pass_days(hub, 3)
    assert told_of_steps(hub, case) == [[owner], [owner]]


def test_an_owner_of_another_team_is_warned(hub: Hub) -> None:
    case = take(hub, a_crime())
    move(hub, case, "assign", "supervisor", owner=SUPERVISOR)
    pass_days(hub, 1)
    assert told_of_steps(hub, case) == [[SUPERVISOR]]


def test_each_facilitator_is_warned_of_the_step_that_is_theirs(hub: Hub) -> None:
    case = take(hub, a_crime())
    move(hub, case, "allocate", facilitators=[{"email": FACILITATOR}, {"email": SECOND}])
    pass_days(hub, 6)
    assert whole(hub, case)["task"] == "first_contact"
    assert sorted(told_of_steps(hub, case)) == [[FACILITATOR], [SECOND]]
    seen = hub.ask("/v1/alerts", token(hub, "facilitator", name=SECOND)).get_json()["alerts"]
    assert [(one["kind"], one["whose"]) for one in seen] == [("given", SECOND), ("due", SECOND)]


def test_supervisors_are_told_at_once_of_a_closure_that_was_proposed(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    move(hub, case, "propose_closure", "facilitator", outcome="C-SUPPORT-ONLY", enabling=["listened"])
    hub.settle()
    assert told_of_steps(hub, case) == [[SUPERVISOR]]


def test_facilitators_are_told_at_once_that_a_closure_was_refused(hub: Hub) -> None:
    case = take(hub, a_crime())
    move(hub, case, "allocate", facilitators=[{"email": FACILITATOR}, {"email": SECOND}])
    move(hub, case, "contact_initiator", "facilitator")
    closing = {"outcome": "C-SUPPORT-ONLY", "enabling": ["listened"]}
    move(hub, case, "propose_closure", "facilitator", **closing)
    move(hub, case, "refuse_closure", "supervisor", reason="N-SOMEBODY-WAITS")
    hub.settle()
    assert told_of_steps(hub, case) == [[SUPERVISOR], [FACILITATOR], [SECOND]]


def test_an_owner_is_told_at_once_that_another_team_refused_their_case(hub: Hub) -> None:
    case = take(hub, a_crime())
    path = f"/v1/cases/{case}/transitions"
    refusal = {"transition": "refuse_transfer", "reason": "R-NO-CAPACITY"}
    peer = hub.rooms["triage"].directory.people_of("community_peer_mentors")[0].email
    move(hub, case, "transfer", to="community_peer_mentors")
    assert post(hub, path, refusal, "coordinator", "community_peer_mentors").status_code == 200
    hub.settle()
    assert told_of_steps(hub, case) == [[peer], [COORDINATOR]]
    # Whoever takes an offer back themselves knows that.
    hub.clock.move(hours=1)
    move(hub, case, "transfer", to="community_peer_mentors")
    move(hub, case, "refuse_transfer", reason="R-NO-CAPACITY")
    hub.settle()
    assert told_of_steps(hub, case) == [[peer], [COORDINATOR], [peer]]


def test_an_owner_is_told_at_once_that_another_team_does_not_help(hub: Hub) -> None:
    case = take(hub, a_crime())
    path = f"/v1/cases/{case}/cross-referrals"
    peer = hub.rooms["triage"].directory.people_of("vip")[0].email
    offer = post(hub, path, {"to": "vip"}).get_json()
    hub.settle()
    assert waiting_for(hub, peer) == [(case, "due")]
    refusal = {"answer": "refused", "reason": "R-NO-CAPACITY"}
    assert post(hub, f"{path}/{offer['id']}/answer", refusal, "coordinator", "vip").status_code == 200
    hub.settle()
    assert told_of_steps(hub, case) == [[peer], [COORDINATOR]]
    # Whoever has answered is not reminded of it.
    assert waiting_for(hub, peer) == []


def test_supervisors_are_told_again_of_a_closure_that_is_proposed_again_on_the_same_day(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    closing = {"outcome": "C-SUPPORT-ONLY", "enabling": ["listened"]}
    move(hub, case, "propose_closure", "facilitator", **closing)
    move(hub, case, "refuse_closure", "supervisor", reason="N-SOMEBODY-WAITS")
    hub.clock.move(minutes=30)
    move(hub, case, "propose_closure", "facilitator", **closing)
    hub.settle()
    assert told_of_steps(hub, case) == [[SUPERVISOR], [FACILITATOR], [SUPERVISOR]]


def test_a_team_that_is_asked_again_on_the_same_day_is_told_again(hub: Hub) -> None:
    case = take(hub, a_crime())
    path = f"/v1/cases/{case}/cross-referrals"
    for _ in range(2):
        offer = post(hub, path, {"to": "vip"}).get_json()
        hub.clock.move(minutes=30)
        taken_back = post(hub, f"{path}/{offer['id']}/answer", {"answer": "withdrawn"})
        assert taken_back.status_code == 200, taken_back.text
    hub.settle()
    assert len(told_of_steps(hub, case)) == 2


def test_whoever_has_a_case_is_told_at_once_that_a_facilitator_must_be_replaced(hub: Hub) -> None:
    case, beside = take(hub, a_crime()), take(hub, a_crime("TWO", kind="theft", on="2026-01-05"), "vip")
    allocate(hub, beside)
    record(hub, case, "conflict", staff=FACILITATOR)
    hub.settle()
    assert told_of_steps(hub, case) == []
    assert told_of_steps(hub, beside) == [[COORDINATOR]]
