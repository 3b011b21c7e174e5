"""What referrals tell and what staff record is one knowledge, of which the newest word counts."""

from __future__ import annotations

from typing import Any

from services.triage.domain.routing.facts import Facts, together
from tests.support.houses import Hub
from tests.triage.cases.doing import a_crime, allocate, move, post, record, take, token, whole


def known_of(hub: Hub, case: str, role: str = "coordinator") -> dict[str, Any]:
    """What routing knows of a case."""
    answer = hub.ask(f"/v1/routing/explanation?case={case}", token(hub, role))
    assert answer.status_code == 200, answer.text
    facts: dict[str, Any] = answer.get_json()["facts"]
    return facts


def waits_for_a_trial(hub: Hub, case: str) -> bool:
    (contact,) = [
        one for one in whole(hub, case, "facilitator")["choices"] if one["transition"] == "contact_other"
    ]
    return any("trial" in one["why"] for one in contact["stands_against"])


def test_the_newest_word_of_the_court_counts_whoever_said_it_and_a_repeat_is_no_news(hub: Hub) -> None:
    account = a_crime()
    account["event"] |= {"justice_stage": "trial", "next_hearing_on": "2026-06-30"}
    case = take(hub, account)
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    assert waits_for_a_trial(hub, case)
    told = record(hub, case, "court", stage="guilty_plea", hearing_on="2026-07-30")
    assert told["gates"] == ["court"]
    # The agency adds something else, and says of the court what it said before.
    account["services_wanted"] = ["restorative_justice"]
    assert take(hub, account) == case
    facts = known_of(hub, case)
    assert (facts["stage"], facts["hearing_on"]) == ("guilty_plea", "2026-07-30")
    assert not waits_for_a_trial(hub, case)
    account["event"] |= {"justice_stage": "awaiting_plea", "next_hearing_on": "2026-08-30"}
    assert take(hub, account) == case
    facts = known_of(hub, case)
    assert (facts["stage"], facts["hearing_on"]) == ("awaiting_plea", "2026-08-30")
    assert waits_for_a_trial(hub, case)
    assert whole(hub, case)["gates"] == []


def test_what_was_recorded_stays_when_a_referral_leaves_the_case(hub: Hub) -> None:
    shared = ("CRI009999990",)
    dispute = a_crime(kind="noise", strand="dispute", references=shared)
    case = take(hub, dispute)
    other = a_crime("TWO", kind="noise", strand="dispute", references=shared)
    assert take(hub, other, "vip") == case
    record(hub, case, "strand", "supervisor", value="crime")
    record(hub, case, "court", "supervisor", stage="guilty_plea", hearing_on="2026-07-30")
    before = known_of(hub, case, "supervisor")
    leaves = {"referrals": [hub.links()["vip:TWO"]["reference"]], "why": "Invented: somebody else."}
    assert post(hub, f"/v1/cases/{case}/separation", leaves, "supervisor").status_code == 200
    hub.settle()
    assert hub.links()["vip:TWO"]["case"] != case
    after = known_of(hub, case, "supervisor")
    told = [(one["strand"], one["stage"], one["hearing_on"]) for one in (before, after)]
    assert told == [("crime", "guilty_plea", "2026-07-30")] * 2
    assert whole(hub, case, "supervisor")["gates"] == ["court"]


def test_a_case_goes_on_when_somebody_here_has_found_a_safe_way_to_reach_them(hub: Hub) -> None:
    account = a_crime()
    account["parties"][0]["contacts"][0]["safe"] = "unknown"
    receipt = hub.take(account)
    hub.settle()
    case = str(hub.links()["vcas:ONE"]["case"])
    told = whole(hub, case, "supervisor")
    assert (told["state"], told["team"], told["lacks"]) == ("returned", "duty_desk", ["safe_contact"])
    record(hub, case, "safe_contact", "supervisor", value=False)
    assert whole(hub, case, "supervisor")["state"] == "returned"
    record(hub, case, "safe_contact", "supervisor", value=True)
    told = whole(hub, case, "supervisor")
    assert (told["state"], told["team"], told["lacks"]) == ("triage", "restorative_hub", [])
    hub.settle()
    assert hub.status_of(receipt) == "allocated"
    # Whoever sent it back themselves releases it themselves.
    for missing, kind, says in (
        ("safe_contact", "safe_contact", {"value": True}),
        ("wrong_area", "area", {"value": "E06000005"}),
        ("consent_to_refer", "consent_to_refer", {"told_to": "An invented officer"}),
    ):
        move(hub, case, "send_back", reason=missing)
        record(hub, case, kind, **says)
        assert move(hub, case, "release")["state"] == "triage"


def test_a_case_goes_on_when_it_is_known_here_that_they_agreed_to_being_referred(hub: Hub) -> None:
    account = a_crime()
    account["parties"][0]["consents"][0]["decision"] = "not_asked"
    case = take(hub, account)
    assert whole(hub, case, "supervisor")["lacks"] == ["consent_to_refer"]
    nobody = {"kind": "consent_to_refer", "says": {}}
    assert post(hub, f"/v1/cases/{case}/records", nobody, "supervisor").status_code == 422
    record(hub, case, "consent_to_refer", "supervisor", told_to="An invented officer", how="By telephone")
    told = whole(hub, case, "supervisor")
    assert (told["state"], told["team"], told["lacks"]) == ("triage", "restorative_hub", [])


def test_what_was_found_out_here_is_not_asked_for_again_when_the_rest_comes(hub: Hub) -> None:
    account = a_crime()
    account["parties"][0]["contacts"][0]["safe"] = "unknown"
    account["parties"][0]["consents"][0]["decision"] = "not_asked"
    case = take(hub, account)
    assert whole(hub, case, "supervisor")["lacks"] == ["consent_to_refer", "safe_contact"]
    record(hub, case, "safe_contact", "supervisor", value=True)
    assert whole(hub, case, "supervisor")["lacks"] == ["consent_to_refer"]
    account["parties"][0]["consents"][0]["decision"] = "given"
    take(hub, account)
    told = whole(hub, case, "supervisor")
    assert (told["state"], told["team"], told["lacks"]) == ("triage", "restorative_hub", [])


def test_whoever_tells_of_a_grown_up_makes_no_childs_case_theirs(hub: Hub) -> None:
    shared = ("CRI009999990",)
    account = a_crime(references=shared)
    account["parties"][0]["contacts"][0]["safe"] = "unknown"
    account["parties"][0]["date_of_birth"] = "2012-04-05"
    account["parties"][1] |= {"date_of_birth": "2011-04-05", "address": {"postcode": "DH1 3NJ"}}
    case = take(hub, account)
    other = a_crime("TWO", references=shared)
    other["parties"][0]["date_of_birth"] = "1971-04-05"
    other["parties"][1] |= {
        "name": {"given": "Isolde", "family": "Invented"},
        "date_of_birth": "1985-06-07",
        "address": {"postcode": "DL1 1AA"},
    }
    assert take(hub, other, "vip") == case
    facts = known_of(hub, case, "supervisor")
    ages = {name: facts[name] for name in ("responsible_age", "responsible_area", "harmed_age")}
    assert ages == {"responsible_age": "10_17", "responsible_area": "E06000047", "harmed_age": "10_17"}
    assert whole(hub, case, "supervisor")["team"] == "youth_justice_county_durham"


def test_the_home_is_theirs_whose_age_decides_in_whatever_order_it_is_told() -> None:
    child = Facts(responsible_age="10_17")
    grown_up = Facts(responsible_age="18_plus", responsible_area="E06000005")
    somebody = Facts(responsible_area="E06000047")
    for one, other in ((child, grown_up), (grown_up, child)):
        assert together(one, other).responsible_area is None
    for one, other in ((child, somebody), (somebody, child)):
        assert together(one, other).responsible_area == "E06000047"
