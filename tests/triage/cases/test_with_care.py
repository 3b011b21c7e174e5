"""What the field asks for beside the plain way: promised calls, courts, letters, follow-up, giving up."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable

import pytest

from tests.support.builders import Wire, a_consent
from tests.support.houses import Hub, StoppedClock
from tests.triage.cases.doing import FACILITATOR, a_crime, allocate, move, post, record, take, token, whole


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub on a Tuesday morning in March."""
    return make_hub(StoppedClock(dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC)))


def refused(hub: Hub, case: str, role: str, **body: object) -> str:
    answer = post(hub, f"/v1/cases/{case}/transitions", body, role)
    assert answer.status_code == 409, answer.text
    detail: str = answer.get_json()["detail"]
    return detail


def test_who_was_promised_a_call_by_the_referrer_is_not_pressed_before_that_day(hub: Hub) -> None:
    account = asks_for_time(a_crime(), "2026-05-05")
    told = whole(hub, take(hub, account))
    assert (told["state"], told["task"], told["toward"]) == ("on_hold", "call_back", "initiator")
    assert (told["next_on"], told["reason"]) == ("2026-05-05", "H-MORE-TIME")
    thinking = asks_for_time(a_crime("TWO", family="Thinking"), "2026-06-01", to="referral")
    waits = whole(hub, take(hub, thinking), "supervisor")
    assert (waits["state"], waits["lacks"], waits["next_on"]) == (
        "returned",
        ["consent_to_refer"],
        "2026-06-01",
    )


def asks_for_time(account: Wire, until: str, to: str = "approach_other_party") -> Wire:
    """The same account, in which whoever was harmed wants to think about that until a day."""
    consents = account["parties"][0]["consents"]
    consents[:] = [one for one in consents if one["to"] != to]
    consents.append(a_consent(to=to, decision="deferred", contact_again_on=until))
    return account


def test_what_is_dangerous_or_before_a_court_does_not_rest_behind_a_promise(hub: Hub) -> None:
    dangerous = asks_for_time(a_crime(), "2026-05-05")
    dangerous["risks"] = {"assessed": True, "immediate_danger": True}
    told = whole(hub, take(hub, dangerous), "supervisor")
    assert (told["state"], told["gates"], told["next_on"]) == ("triage", ["safeguarding_first"], "2026-03-25")
    heard = asks_for_time(a_crime("TWO", family="Heard"), "2026-05-05")
    heard["event"] |= {"justice_stage": "guilty_plea", "next_hearing_on": "2026-05-05"}
    told = whole(hub, take(hub, heard))
    assert (told["state"], told["next_on"]) == ("triage", "2026-03-26")
    later = asks_for_time(a_crime("THREE", family="Later"), "2026-05-05")
    later["event"] |= {"justice_stage": "guilty_plea", "next_hearing_on": "2026-05-06"}
    assert whole(hub, take(hub, later))["next_on"] == "2026-05-05"
    # Also where the case lacks something, and whoever is asked for it is asked now.
    lacking = asks_for_time(a_crime("FOUR", family="Lacking"), "2026-05-05", to="referral")
    lacking["risks"] = {"assessed": True, "immediate_danger": True}
    told = whole(hub, take(hub, lacking), "supervisor")
    assert (told["state"], told["next_on"]) == ("returned", "2026-03-31")


def test_nobody_waits_for_a_day_whose_year_was_mistyped(hub: Hub) -> None:
    mistyped = whole(hub, take(hub, asks_for_time(a_crime(), "2062-05-05")))
    assert (mistyped["state"], mistyped["next_on"]) == ("triage", "2026-03-26")
    lacking = asks_for_time(a_crime("TWO", family="Lacking"), "2062-05-05", to="referral")
    told = whole(hub, take(hub, lacking), "supervisor")
    assert (told["state"], told["next_on"]) == ("returned", "2026-03-31")
    hold = {"transition": "hold", "reason": "H-MORE-TIME"}
    path = f"/v1/cases/{mistyped['case']}/transitions"
    answer = post(hub, path, hold | {"review_on": "2027-03-26"})
    assert answer.status_code == 422
    assert "within a year" in answer.text
    assert post(hub, path, hold | {"review_on": "2027-03-25"}).get_json()["next_on"] == "2027-03-25"


def test_what_is_learnt_of_a_danger_or_a_court_wakes_what_rests_behind_a_promise(hub: Hub) -> None:
    account = asks_for_time(a_crime(), "2026-05-05")
    case = take(hub, account)
    told = record(hub, case, "court", stage="charged", hearing_on="2026-04-30")
    assert (told["state"], told["task"], told["next_on"]) == ("triage", "triage", "2026-03-26")
    # Who knows of the hearing and promises a call all the same is not overruled by what says nothing new.
    move(hub, case, "hold", reason="H-MORE-TIME", review_on="2026-05-05")
    assert record(hub, case, "court", stage="charged", hearing_on="2026-04-30")["state"] == "on_hold"
    account["risks"] = {"assessed": True, "markers": ["child_safeguarding"]}
    assert take(hub, account) == case
    assert whole(hub, case)["state"] == "triage"
    for one, to in (("TWO", "approach_other_party"), ("THREE", "referral")):
        account = asks_for_time(a_crime(one, family=one.title()), "2026-05-05", to)
        case = take(hub, account)
        assert whole(hub, case, "supervisor")["next_on"] == "2026-05-05"
        account["risks"] = {"assessed": True, "markers": ["child_safeguarding"]}
        take(hub, account)
        told = whole(hub, case, "supervisor")
        assert told["next_on"] == {"triage": "2026-03-26", "returned": "2026-03-31"}[told["state"]]


def test_a_promise_is_kept_by_a_case_that_was_returned_unless_they_have_decided(hub: Hub) -> None:
    account = asks_for_time(a_crime(postcode=None), "2026-05-05")
    case = take(hub, account)
    assert whole(hub, case, "supervisor")["state"] == "returned"
    account["parties"][0]["address"] = {"postcode": "DL1 9ZZ"}
    assert take(hub, account) == case
    told = whole(hub, case)
    assert (told["state"], told["task"], told["next_on"]) == ("on_hold", "call_back", "2026-05-05")
    # Two working days were left.
    assert move(hub, case, "resume")["next_on"] == "2026-03-26"
    decided = asks_for_time(a_crime("TWO", family="Decided"), "2026-05-05", to="referral")
    case = take(hub, decided)
    assert whole(hub, case, "supervisor")["next_on"] == "2026-05-05"
    decided["parties"][0]["consents"][-1] = a_consent(to="referral", contact_again_on=None)
    take(hub, decided)
    assert whole(hub, case)["state"] == "triage"


def test_nobody_is_out_of_reach_before_attempts_on_two_days(hub: Hub) -> None:
    case = take(hub, a_crime())
    closing = {"transition": "close", "outcome": "C-UNCONTACTABLE"}
    tried = {"side": "initiator", "channel": "phone", "result": "no_answer"}
    record(hub, case, "contact", **tried)
    record(hub, case, "contact", **tried)
    assert "two days" in refused(hub, case, "coordinator", **closing)
    hub.clock.move(days=1)
    record(hub, case, "contact", **tried)
    # Whoever was reached is not out of reach.
    record(hub, case, "contact", **tried | {"result": "reached"})
    assert "two days" in refused(hub, case, "coordinator", **closing)
    for _ in range(2):
        hub.clock.move(days=1)
        record(hub, case, "contact", **tried)
    assert move(hub, case, "close", outcome="C-UNCONTACTABLE")["state"] == "closed"


def test_letters_make_nobody_out_of_reach_who_can_be_rung(hub: Hub) -> None:
    case = take(hub, a_crime())
    closing = {"transition": "close", "outcome": "C-UNCONTACTABLE"}
    for _ in range(2):
        record(hub, case, "contact", side="initiator", channel="letter", result="sent")
        hub.clock.move(days=1)
    assert "by telephone" in refused(hub, case, "coordinator", **closing)
    # On a number that is not theirs nobody is rung again: then the letters are all there is.
    record(hub, case, "contact", side="initiator", channel="phone", result="wrong_number")
    assert move(hub, case, "close", outcome="C-UNCONTACTABLE")["state"] == "closed"


def test_who_cannot_be_rung_safely_is_out_of_reach_after_letters_on_two_days(hub: Hub) -> None:
    account = a_crime()
    account["parties"][0]["contacts"] = [{"channel": "post", "value": "14 Nowhere Terrace", "safe": "yes"}]
    case = take(hub, account)
    for _ in range(2):
        record(hub, case, "contact", side="initiator", channel="letter", result="sent")
        hub.clock.move(days=1)
    assert move(hub, case, "close", outcome="C-UNCONTACTABLE")["state"] == "closed"


def test_who_was_out_of_reach_is_tried_anew_when_their_case_is_opened_again(hub: Hub) -> None:
    case = take(hub, a_crime())
    closing = {"transition": "close", "outcome": "C-UNCONTACTABLE"}
    tried = {"side": "initiator", "channel": "phone", "result": "no_answer"}
    for _ in range(2):
        record(hub, case, "contact", **tried)
        hub.clock.move(days=1)
    move(hub, case, "close", outcome="C-UNCONTACTABLE")
    move(hub, case, "reopen", reason="O-ASKED-AGAIN")
    assert "two days" in refused(hub, case, "coordinator", **closing)
    for _ in range(2):
        record(hub, case, "contact", **tried)
        hub.clock.move(days=1)
    assert move(hub, case, "close", outcome="C-UNCONTACTABLE")["state"] == "closed"


def prepared(hub: Hub, case: str) -> None:
    """A case in which both sides have agreed to a letter."""
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    move(hub, case, "contact_other", "facilitator")
    record(hub, case, "risk", "facilitator", acceptable=True, note="Invented.")
    for side in ("initiator", "other"):
        for to in ("process", "letter"):
            record(hub, case, "consent", "facilitator", side=side, to=to, decision="given")
    move(hub, case, "prepare", "facilitator")


def test_a_letter_is_read_first_and_given_only_to_whoever_wants_it(hub: Hub) -> None:
    case = take(hub, a_crime())
    prepared(hub, case)
    move(hub, case, "go_indirect", "facilitator", method="letter")
    finishing = {"transition": "finish_indirect", "method": "letter"}
    told = refused(hub, case, "facilitator", **finishing)
    assert "read by a facilitator first" in told
    assert "chooses whether, when and how" in told
    record(hub, case, "item_screened", "facilitator", side="initiator", note="Invented.")
    record(hub, case, "item_wanted", "facilitator", side="initiator", value=False)
    assert "chooses whether" in refused(hub, case, "facilitator", **finishing)
    record(hub, case, "item_wanted", "facilitator", side="initiator", value=True)
    assert move(hub, case, "finish_indirect", "facilitator", method="letter")["state"] == "intervention_held"


def test_follow_up_is_after_two_weeks_three_and_six_months(hub: Hub) -> None:
    case = take(hub, a_crime())
    prepared(hub, case)
    move(hub, case, "go_indirect", "facilitator", method="letter")
    record(hub, case, "item_screened", "facilitator", side="initiator", note="Invented.")
    record(hub, case, "item_wanted", "facilitator", side="initiator", value=True)
    move(hub, case, "finish_indirect", "facilitator", method="letter")
    record(hub, case, "agreement", "facilitator", actions=0)
    move(hub, case, "agree", "facilitator")
    told = move(hub, case, "follow_up", "facilitator")
    found = [(told["task"], told["next_on"])]
    for _ in range(3):
        hub.clock.move(days=(dt.date.fromisoformat(found[-1][1]) - hub.clock().date()).days)
        for side in ("initiator", "other"):
            told = record(hub, case, "followed_up", "facilitator", side=side, note="Invented.")
        found.append((told["task"], told["next_on"]))
    assert found == [
        ("follow_up", "2026-04-09"),
        ("follow_up_3_months", "2026-06-29"),
        ("follow_up_6_months", "2026-09-25"),
        ("propose_closure", "2026-10-02"),
    ]


def test_while_a_trial_goes_on_nobody_is_approached_and_a_plea_brings_the_court_s_clock(hub: Hub) -> None:
    account = a_crime()
    account["event"]["justice_stage"] = "trial"
    case = take(hub, account)
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    stands = next(
        one["stands_against"]
        for one in whole(hub, case, "facilitator")["choices"]
        if one["transition"] == "contact_other"
    )
    assert [(one["records"]) for one in stands] == [["court"]]
    assert "A trial is ahead or going on" in refused(hub, case, "facilitator", transition="contact_other")
    assert whole(hub, case, "facilitator")["next_on"] == "2026-03-31"
    told = record(hub, case, "court", stage="guilty_plea", hearing_on="2026-04-24")
    assert (told["gates"], told["urgent"]) == (["court"], False)
    # Eighteen working days before the hearing, with Good Friday and Easter Monday between.
    assert told["next_on"] == "2026-03-27"
    sooner = record(hub, case, "court", stage="guilty_plea", hearing_on="2026-04-15")
    assert (sooner["next_on"], sooner["urgent"]) == ("2026-03-24", True)
    move(hub, case, "contact_other", "facilitator")


def test_a_record_of_the_court_that_says_nothing_new_moves_no_date(hub: Hub) -> None:
    account = a_crime()
    account["event"] |= {"justice_stage": "guilty_plea", "next_hearing_on": "2026-06-30"}
    case = take(hub, account)
    assert whole(hub, case)["next_on"] == "2026-03-26"
    hub.clock.move(days=1)
    assert record(hub, case, "court", stage="guilty_plea")["next_on"] == "2026-03-26"
    assert record(hub, case, "court", stage="guilty_plea", hearing_on="2026-06-30")["next_on"] == "2026-03-26"
    # Twenty-five working days before that hearing was yesterday.
    assert record(hub, case, "court", stage="guilty_plea", hearing_on="2026-04-30")["next_on"] == "2026-03-25"


def test_a_dispute_that_turns_out_to_be_a_crime_has_the_gates_of_one(hub: Hub) -> None:
    account = a_crime(kind="noise", strand="dispute")
    account["parties"][1].pop("responsibility")
    case = take(hub, account)
    team = whole(hub, case, "supervisor")["team"]
    post(hub, f"/v1/cases/{case}/transitions", {"transition": "begin_enquiries"}, "supervisor")
    record(hub, case, "screen", "supervisor", violence=False, hidden_abuse=False, legal_action=False)
    told = record(hub, case, "strand", "supervisor", value="crime", note="Invented: a window was broken.")
    assert (told["strand"], told["team"]) == ("crime", team)
    allocating = {"transition": "allocate", "facilitators": [{"email": "facilitator@referral-hub.example"}]}
    assert "accepts what happened" in refused(hub, case, "supervisor", **allocating)
    record(hub, case, "admission", "supervisor", value="full", told_to="An invented officer")
    allocated = move(hub, case, "allocate", "supervisor", facilitators=allocating["facilitators"])
    assert allocated["state"] == "allocated"


def test_a_hold_outlives_a_withdrawal_with_its_promise_and_its_clock(hub: Hub) -> None:
    shared = ("CRI009999990",)
    receipt = hub.take(a_crime(references=shared))
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    hub.clock.move(days=1)
    move(hub, case, "hold", reason="H-MORE-TIME", review_on="2026-05-05")
    hub.front.post(
        f"/v1/referrals/{receipt['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
    )
    hub.settle()
    assert whole(hub, case)["state"] == "withdrawn"
    hub.clock.move(days=7)
    assert take(hub, a_crime("TWO", references=shared), "vip") == case
    told = whole(hub, case)
    assert (told["state"], told["reason"]) == ("on_hold", "H-MORE-TIME")
    assert (told["task"], told["next_on"]) == ("call_back", "2026-05-05")
    # One working day was left when it was put on hold, on a Wednesday; it is Wednesday again.
    assert move(hub, case, "resume")["next_on"] == "2026-04-02"


NOT_AGREED = "Whoever asked has not agreed that the other side is approached."


def refusing(account: Wire, to: str, on: str) -> Wire:
    """The same account, in which whoever asked has said no to this on that day."""
    changed = copy.deepcopy(account)
    consents = [one for one in changed["parties"][0]["consents"] if one["to"] != to]
    no = a_consent(to=to, decision="refused", decided_on=on)
    no.pop("contact_again_on")
    changed["parties"][0]["consents"] = [*consents, no]
    return changed


def against(hub: Hub, case: str, step: str) -> list[str]:
    """What stands against a step."""
    (found,) = (one for one in whole(hub, case, "facilitator")["choices"] if one["transition"] == step)
    return [stop["why"] for stop in found["stands_against"]]


@pytest.mark.parametrize("agency", ["vcas", "vip"])
def test_a_no_that_a_referral_tells_later_counts_whoever_tells_it(hub: Hub, agency: str) -> None:
    account = a_crime()
    case = take(hub, account)
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    assert against(hub, case, "contact_other") == []
    # Amended by who sent it, or told by somebody else: they do not want the other side to be approached.
    take(hub, refusing(account, "approach_other_party", "2026-03-21"), agency)
    assert NOT_AGREED in against(hub, case, "contact_other")
    # A yes from before that, which comes late, takes nothing back.
    take(hub, a_crime() | {"source_record_id": "LATE"}, "durham_constabulary")
    assert NOT_AGREED in against(hub, case, "contact_other")
    # Whoever asked them since knows better.
    record(hub, case, "consent", "facilitator", side="initiator", to="approach_other", decision="given")
    assert against(hub, case, "contact_other") == []


def test_a_no_that_is_newer_than_what_was_recorded_stops_contact_and_is_told_at_once(hub: Hub) -> None:
    account = a_crime()
    case = take(hub, account)
    allocate(hub, case)
    record(hub, case, "consent", side="initiator", to="approach_other", decision="given")
    move(hub, case, "contact_initiator", "facilitator")
    move(hub, case, "contact_other", "facilitator")
    hub.clock.move(days=2)
    take(hub, refusing(account, "approach_other_party", str(hub.clock().date())))
    stopped = whole(hub, case)
    assert (stopped["task"], stopped["toward"]) == ("stop_contact", None)
    hub.settle()
    told = hub.ask("/v1/alerts?state=open", token(hub, "facilitator")).get_json()["alerts"]
    assert [(one["case"], one["kind"]) for one in told if one["urgent"]] == [(case, "stop")]


def test_one_of_two_who_asked_does_not_agree_for_the_other(hub: Hub) -> None:
    account = a_crime()
    second = copy.deepcopy(refusing(account, "approach_other_party", "2026-03-01")["parties"][0])
    second["name"] = {"given": "Otto", "family": "Otherwise"}
    account["parties"].insert(1, second)
    case = take(hub, account)
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    assert NOT_AGREED in against(hub, case, "contact_other")


def test_another_service_is_not_told_once_sharing_was_refused(hub: Hub) -> None:
    account = a_crime()
    case = take(hub, account)
    take(hub, refusing(account, "sharing", "2026-03-21"))
    answer = post(hub, f"/v1/cases/{case}/transitions", {"transition": "transfer", "to": "vcas"})
    assert answer.status_code == 409
    assert "another service is told" in answer.get_json()["detail"]


def record_late(hub: Hub, case: str, days: int, kind: str, **says: object) -> None:
    """Record today how it was so many days ago."""
    on = str((hub.clock() - dt.timedelta(days=days)).date())
    body = {"kind": kind, "on": on, "says": says}
    assert post(hub, f"/v1/cases/{case}/records", body, "facilitator").status_code == 201


def test_a_yes_that_is_written_down_late_takes_no_later_no_back(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    hub.clock.move(days=5)
    record(hub, case, "consent", "facilitator", side="initiator", to="process", decision="refused")
    record_late(hub, case, 4, "consent", side="initiator", to="process", decision="given")
    assert whole(hub, case)["task"] == "stop_contact"
    record(hub, case, "consent", "facilitator", side="initiator", to="process", decision="given")
    assert whole(hub, case)["task"] == "contact_initiator"


def test_what_is_written_down_late_of_risk_the_court_and_the_area_changes_nothing_that_came_after_it(
    hub: Hub,
) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    for step in ("contact_initiator", "contact_other"):
        move(hub, case, step, "facilitator")
    for side in ("initiator", "other"):
        record(hub, case, "consent", "facilitator", side=side, to="process", decision="given")
    move(hub, case, "prepare", "facilitator")
    hub.clock.move(days=3)
    record(hub, case, "risk", "facilitator", acceptable=False, note="Invented.")
    record(hub, case, "court", "facilitator", stage="guilty_plea")
    record(hub, case, "area", "facilitator", value="E06000047")
    record_late(hub, case, 2, "risk", acceptable=True, note="Invented.")
    record_late(hub, case, 2, "court", stage="charged")
    record_late(hub, case, 2, "area", value="E06000001")
    told = whole(hub, case, "supervisor")
    (ready,) = [one for one in told["choices"] if one["transition"] == "ready"]
    stops = [one["why"] for one in ready["stands_against"]]
    assert "The risk was not found acceptable within the last 28 days." in stops
    assert not [why for why in stops if "trial" in why]
    assert told["area"] == "E06000047"


def test_the_no_of_a_referral_holds_where_a_yes_was_recorded_on_the_same_day(hub: Hub) -> None:
    account = a_crime()
    case = take(hub, account)
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    record(hub, case, "consent", "facilitator", side="initiator", to="approach_other", decision="given")
    take(hub, refusing(account, "approach_other_party", str(hub.clock().date())))
    assert NOT_AGREED in against(hub, case, "contact_other")


def test_a_hearing_that_a_referral_tells_brings_the_court_s_clock_as_one_that_is_recorded_does(
    hub: Hub,
) -> None:
    account = a_crime()
    account["event"]["justice_stage"] = "guilty_plea"
    case = take(hub, account)
    assert move(hub, case, "begin_enquiries")["next_on"] == "2026-04-09"
    account["event"]["next_hearing_on"] = "2026-05-01"
    take(hub, account)
    # Twenty-two working days before it.
    assert whole(hub, case)["next_on"] == "2026-03-30"
    # A day that was named sooner is not put off by what is no later hearing.
    hub.clock.move(days=3)
    record(hub, case, "court", stage="awaiting_sentence", hearing_on="2026-05-01")
    assert whole(hub, case)["next_on"] == "2026-03-30"
    account["event"]["next_hearing_on"] = "2026-09-01"
    take(hub, account)
    assert whole(hub, case)["next_on"] == "2026-04-14"


def test_the_clocks_of_a_case_run_faster_from_when_it_is_known_to_be_urgent(hub: Hub) -> None:
    account = a_crime()
    case = take(hub, account)
    assert move(hub, case, "begin_enquiries")["next_on"] == "2026-04-09"
    account["parties"][0]["enhanced_rights"] = True
    take(hub, account)
    assert whole(hub, case)["next_on"] == "2026-03-26"


def test_one_of_two_who_are_responsible_does_not_accept_it_for_the_other(hub: Hub) -> None:
    account = a_crime()
    account["parties"][1]["responsibility"] = {"accepted": "full"}
    second = copy.deepcopy(account["parties"][1])
    second |= {"name": {"given": "Otto", "family": "Otherwise"}, "responsibility": {"accepted": "denied"}}
    account["parties"].append(second)
    case = take(hub, account)
    allocating = {"transition": "allocate", "facilitators": [{"email": FACILITATOR, "level": "advanced"}]}
    answer = post(hub, f"/v1/cases/{case}/transitions", allocating)
    assert answer.status_code == 409
    assert "accepts what happened" in answer.get_json()["detail"]
