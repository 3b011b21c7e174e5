"""Needs are recorded once and seen by the next point with consent; an offer is theirs when accepted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import pairwise

import pytest

from services.triage.cases.drawn import draw_line
from services.triage.history.store import find_case_id
from tests.support.houses import Hub, StoppedClock
from tests.triage.cases.doing import (
    FACILITATOR,
    a_crime,
    allocate,
    move,
    post,
    put_into,
    record,
    take,
    token,
    whole,
)

ELSEWHERE = "community_peer_mentors"
# What the history holds of an offer that was made before.
OF_BEFORE = {"transition": "transfer", "from": "triage", "to": "A service in another county"}
NEEDS = {"outlook": {"level": 3, "note": "Invented: sleeps badly."}, "social": {"level": 1}}


def assessment(**changes: object) -> dict[str, object]:
    return {"side": "initiator", "stage": "start", "shared": True, "needs": NEEDS} | changes


def offer(hub: Hub, case: str, to: str = "vcas") -> dict[str, str]:
    answer = post(hub, f"/v1/cases/{case}/cross-referrals", {"to": to})
    assert answer.status_code == 201, answer.text
    told: dict[str, str] = answer.get_json()
    return told


def test_needs_in_the_eight_categories_are_recorded_once_and_read_by_the_next_point(hub: Hub) -> None:
    case = take(hub, a_crime())
    path = f"/v1/cases/{case}/assessments"
    assert post(hub, path, assessment()).status_code == 201
    offered = offer(hub, case)
    (seen,) = hub.ask(path, token(hub, "coordinator", "vcas")).get_json()["assessments"]
    assert seen["needs"] == NEEDS
    assert (seen["point"], seen["team"]) == ("restorative_hub", "restorative_hub")
    again = post(hub, path, assessment(), "coordinator", "vcas")
    assert again.status_code == 409
    assert again.get_json()["type"].endswith(":already_assessed")
    changed = assessment(again="things_have_changed")
    assert post(hub, path, changed, "coordinator", "vcas").status_code == 201
    assert offered["state"] == "offered"


def test_what_a_person_did_not_agree_to_share_the_next_point_does_not_see(hub: Hub) -> None:
    case = take(hub, a_crime())
    path = f"/v1/cases/{case}/assessments"
    assert post(hub, path, assessment(shared=False)).status_code == 201
    offer(hub, case)
    assert hub.ask(path, token(hub, "coordinator", "vcas")).get_json()["assessments"] == []
    assert whole(hub, case, "coordinator", "vcas")["assessments"] == []
    assert len(whole(hub, case)["assessments"]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (assessment(needs={}), "/needs"),
        (assessment(needs={"mood": {"level": 1}}), "/needs"),
        (assessment(needs={"outlook": {"level": 6}}), "/needs/outlook/level"),
        (assessment(shared="yes"), "/shared"),
    ],
)
def test_a_fault_of_an_assessment_is_told(hub: Hub, body: object, pointer: str) -> None:
    case = take(hub, a_crime())
    answer = post(hub, f"/v1/cases/{case}/assessments", body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def test_help_that_is_asked_for_is_accepted_or_refused_with_a_reason_by_whoever_was_asked(hub: Hub) -> None:
    case = take(hub, a_crime())
    path = f"/v1/cases/{case}/cross-referrals"
    one = offer(hub, case)
    hub.settle()
    assert ("due", "vcas") in [(alert["kind"], alert["team"]) for alert in hub.alerts()]
    answers = f"{path}/{one['id']}/answer"
    assert post(hub, answers, {"answer": "accepted"}).status_code == 403
    assert post(hub, answers, {"answer": "refused"}, "coordinator", "vcas").status_code == 422
    refused = post(hub, answers, {"answer": "refused", "reason": "R-NO-CAPACITY"}, "coordinator", "vcas")
    assert (refused.get_json()["state"], refused.get_json()["reason"]) == ("refused", "R-NO-CAPACITY")
    # Whoever refused does not see the case any more.
    assert hub.ask(f"/v1/cases/{case}", token(hub, "coordinator", "vcas")).status_code == 404
    two = offer(hub, case)
    accepted = post(hub, f"{path}/{two['id']}/answer", {"answer": "accepted"}, "coordinator", "vcas")
    assert accepted.get_json()["state"] == "accepted"
    told = whole(hub, case, "coordinator", "vcas")
    assert (told["lead"], told["team"]) == ("restorative_hub", "restorative_hub")
    assert post(hub, path, {"to": "vcas"}).status_code == 409
    assert post(hub, path, {"to": "nobody"}).status_code == 422
    assert post(hub, path, {"to": "restorative_hub"}).status_code == 422


def test_without_consent_no_other_service_is_told(hub: Hub) -> None:
    account = a_crime()
    consents = account["parties"][0]["consents"]
    account["parties"][0]["consents"] = [one for one in consents if one["to"] != "sharing"]
    case = take(hub, account)
    refused = post(hub, f"/v1/cases/{case}/cross-referrals", {"to": "vcas"})
    assert refused.status_code == 409
    assert "has not agreed" in refused.get_json()["detail"]
    moving = {"transition": "transfer", "to": "vcas"}
    assert post(hub, f"/v1/cases/{case}/transitions", moving).status_code == 409


def test_a_case_that_is_offered_is_theirs_when_they_accept_and_not_before(hub: Hub) -> None:
    case = take(hub, a_crime())
    sent = move(hub, case, "transfer", to="community_peer_mentors")
    assert (sent["state"], sent["team"], sent["task"]) == (
        "transfer_sent",
        "restorative_hub",
        "see_transfer_accepted",
    )
    path = f"/v1/cases/{case}/transitions"
    accepting = {"transition": "accept_transfer"}
    assert post(hub, path, accepting).status_code == 403
    theirs = post(hub, path, accepting, "coordinator", "community_peer_mentors").get_json()
    assert (theirs["state"], theirs["team"]) == ("triage", "community_peer_mentors")
    assert theirs["lead"] == "community_peer_mentors"
    assert theirs["owner"] == "peer.coordinator@referral-hub.example"
    hub.settle()
    assert ("released", "community_peer_mentors") in [(a["kind"], a["team"]) for a in hub.alerts()]
    assert hub.ask(f"/v1/cases/{case}", token(hub, "coordinator")).status_code == 404


def test_a_team_that_accepts_what_was_released_before_is_told_and_keeps_what_it_sends_back(hub: Hub) -> None:
    case = take(hub, a_crime())
    for team in ("restorative_hub", "community_peer_mentors"):
        back = {"transition": "send_back", "reason": "safe_contact"}
        assert post(hub, f"/v1/cases/{case}/transitions", back, "coordinator", team).status_code == 200
        hub.clock.move(hours=1)
        assert take(hub, a_crime(phone=f"07700 90088{len(team) % 10}")) == case
        released = whole(hub, case, "coordinator", team)
        assert (released["state"], released["team"], released["lacks"]) == ("triage", team, [])
        if team == "restorative_hub":
            move(hub, case, "transfer", to="community_peer_mentors")
            hub.clock.move(hours=1)
            accepting = {"transition": "accept_transfer"}
            path = f"/v1/cases/{case}/transitions"
            assert post(hub, path, accepting, "coordinator", "community_peer_mentors").status_code == 200
            hub.settle()
    told = [alert["team"] for alert in hub.alerts() if alert["kind"] == "released"]
    assert told == ["restorative_hub", "community_peer_mentors", "community_peer_mentors"]


def test_who_has_passed_on_a_case_that_they_had_accepted_sees_it_no_more(hub: Hub) -> None:
    case = take(hub, a_crime())
    path = f"/v1/cases/{case}/transitions"
    teams = ("restorative_hub", "community_peer_mentors", "vcas")
    for giving, taking in pairwise(teams):
        offering = {"transition": "transfer", "to": taking}
        assert post(hub, path, offering, "coordinator", giving).status_code == 200
        assert post(hub, path, {"transition": "accept_transfer"}, "coordinator", taking).status_code == 200
    seen = {team: hub.ask(f"/v1/cases/{case}", token(hub, "coordinator", team)).status_code for team in teams}
    assert seen == {"restorative_hub": 404, "community_peer_mentors": 404, "vcas": 200}
    # They may be asked to help with it.
    asking = post(
        hub, f"/v1/cases/{case}/cross-referrals", {"to": "community_peer_mentors"}, "coordinator", "vcas"
    )
    assert asking.status_code == 201


def test_who_facilitated_a_case_does_not_see_it_any_more_when_another_team_has_taken_it_over(
    hub: Hub,
) -> None:
    case, asked = take(hub, a_crime()), "community_peer_mentors"
    allocate(hub, case)
    # As after a case that had ended was opened again: its facilitators still have it.
    with hub.rooms["triage"].unit() as unit:
        case_id = find_case_id(unit.connection, case)
    assert case_id is not None
    put_into(hub, case_id, "triage")
    facilitator, path = token(hub, "facilitator", "", FACILITATOR), f"/v1/cases/{case}"
    move(hub, case, "transfer", to=asked)
    assert hub.ask(path, facilitator).status_code == 200
    accepting = {"transition": "accept_transfer"}
    assert post(hub, f"{path}/transitions", accepting, "coordinator", asked).status_code == 200
    assert hub.ask(path, facilitator).status_code == 404
    assert hub.ask("/v1/cases?state=any", facilitator).get_json()["cases"] == []
    says = [
        r["says"] for r in whole(hub, case, "coordinator", asked)["records"] if r["kind"] == "facilitators"
    ]
    assert says[-1] == {"who": []}


def test_a_case_that_was_refused_stays_where_it_was(hub: Hub) -> None:
    case = take(hub, a_crime())
    move(hub, case, "transfer", to="community_peer_mentors")
    refusing = {"transition": "refuse_transfer", "reason": "R-NOT-OURS"}
    answer = post(hub, f"/v1/cases/{case}/transitions", refusing, "coordinator", "community_peer_mentors")
    assert (answer.get_json()["state"], answer.get_json()["team"]) == ("triage", "restorative_hub")
    (offered,) = whole(hub, case)["cross_referrals"]
    assert (offered["state"], offered["reason"]) == ("refused", "R-NOT-OURS")


def test_a_service_outside_the_hub_has_accepted_when_that_is_recorded(hub: Hub) -> None:
    case = take(hub, a_crime())
    move(hub, case, "transfer", to="A service in another county")
    assert whole(hub, case)["cross_referrals"] == []
    gone = move(hub, case, "record_acceptance", accepted_by="Duty officer")
    assert (gone["state"], gone["next_on"]) == ("transferred", None)
    says = {one["kind"]: one["says"] for one in whole(hub, case)["records"]}
    assert says["offered_elsewhere"] == {"service": "A service in another county"}
    assert says["accepted_elsewhere"] == {"by": "Duty officer"}
    moved = [line["detail"] for line in whole(hub, case)["history"] if line["what"] == "moved"]
    assert [one["to"] for one in moved[-2:]] == ["transfer_sent", "transferred"]
    assert "county" not in str(moved)
    page = hub.ask(f"/cases/{case}", token(hub, "coordinator"))
    assert (page.status_code, "A service in another county" in page.text) == (200, True)
    assert "Duty officer" in page.text


def test_a_case_that_was_offered_can_be_opened_by_whoever_offered_it_and_whoever_was_asked(hub: Hub) -> None:
    case = take(hub, a_crime())
    move(hub, case, "transfer", to=ELSEWHERE)
    pages = [
        hub.ask(f"/cases/{case}", token(hub, "coordinator", team)) for team in ("restorative_hub", ELSEWHERE)
    ]
    assert [page.status_code for page in pages] == [200, 200]
    assert all("Offer it to another service: Offered to another service" in page.text for page in pages)
    assert draw_line({"at": "2026-03-24T10:00:00Z", "what": "moved", "who": "x", "detail": OF_BEFORE})[
        "what"
    ] == ("Offer it to another service: Offered to another service")


def test_what_nobody_accepts_in_time_comes_back(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(StoppedClock(dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC)))
    case, other = take(hub, a_crime()), take(hub, a_crime("TWO", family="Other"))
    offer(hub, other)
    move(hub, case, "transfer", to="community_peer_mentors")
    hub.clock.move(days=2)
    hub.settle()
    assert whole(hub, case)["state"] == "transfer_sent"
    hub.clock.move(days=1)
    hub.settle()
    told = whole(hub, case)
    assert (told["state"], told["team"]) == ("triage", "restorative_hub")
    assert [one["state"] for one in told["cross_referrals"]] == ["returned"]
    assert [one["state"] for one in whole(hub, other)["cross_referrals"]] == ["returned"]
    assert whole(hub, other)["state"] == "triage"
    urgent = [alert["case"] for alert in hub.alerts() if alert["urgent"]]
    assert {case, other} <= set(urgent)


def test_a_case_that_paused_until_its_offer_had_lapsed_is_not_offered_when_it_goes_on(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(StoppedClock(dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC)))
    shared = ("CRI009999990",)
    receipt = hub.take(a_crime(references=shared))
    hub.settle()
    (case,) = {link["case"] for link in hub.links().values()}
    move(hub, case, "transfer", to="community_peer_mentors")
    taking_back = hub.front.post(
        f"/v1/referrals/{receipt['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
    )
    assert taking_back.status_code == 200
    hub.settle()
    hub.clock.move(days=6)
    hub.settle()
    assert take(hub, a_crime("TWO", references=shared), "vip") == case
    told = whole(hub, case)
    assert (told["state"], [one["state"] for one in told["cross_referrals"]]) == ("triage", ["returned"])


def test_who_only_facilitates_a_case_neither_asks_other_teams_nor_answers(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    answer = post(hub, f"/v1/cases/{case}/cross-referrals", {"to": "vcas"}, "facilitator")
    assert (answer.status_code, "whoever has the case" in answer.get_json()["detail"]) == (403, True)
    offer(hub, case)
    may = {
        who: whole(hub, case, *who)["cross_referrals"][0]["answers"]
        for who in (("facilitator",), ("coordinator",), ("coordinator", "vcas"), ("supervisor",))
    }
    assert list(may.values()) == [
        [],
        ["withdrawn"],
        ["accepted", "refused"],
        ["accepted", "refused", "withdrawn"],
    ]


def refuse_sharing(hub: Hub, case: str, how: str) -> None:
    """Somebody says that no other service is to be told: to staff, or by an amended referral."""
    if how == "referral":
        hub.clock.move(days=1)
        account = a_crime()
        for consent in account["parties"][0]["consents"]:
            if consent["to"] == "sharing":
                consent |= {"decision": "refused", "decided_on": "2026-03-21"}
        assert take(hub, account) == case
        return
    side, decision = how.split()
    record(hub, case, "consent", side=side, to="sharing", decision=decision)


@pytest.mark.parametrize("how", ["initiator withdrawn", "initiator deferred", "other refused", "referral"])
def test_a_case_that_nobody_else_may_be_told_of_any_more_is_not_offered_any_more(hub: Hub, how: str) -> None:
    case = take(hub, a_crime())
    path, theirs = f"/v1/cases/{case}", token(hub, "coordinator", ELSEWHERE)
    move(hub, case, "transfer", to=ELSEWHERE)
    assert hub.ask(path, theirs).status_code == 200
    refuse_sharing(hub, case, how)
    assert hub.ask(path, theirs).status_code == 404
    told = whole(hub, case)
    (offered,) = told["cross_referrals"]
    assert (told["state"], told["team"]) == ("triage", "restorative_hub")
    assert (offered["state"], offered["reason"]) == ("withdrawn", "R-SHARING-ENDED")
    again = post(hub, f"{path}/transitions", {"transition": "transfer", "to": ELSEWHERE})
    assert (again.status_code, "another service is told" in again.get_json()["detail"]) == (409, True)


def test_a_service_outside_the_hub_is_not_waited_for_when_it_may_not_be_told_any_more(hub: Hub) -> None:
    case = take(hub, a_crime())
    move(hub, case, "transfer", to="A service in another county")
    refuse_sharing(hub, case, "initiator withdrawn")
    told = whole(hub, case)
    assert (told["state"], told["reason"]) == ("triage", "R-SHARING-ENDED")


@pytest.mark.parametrize("how", ["initiator withdrawn", "other refused", "referral"])
def test_who_helps_stops_and_sees_the_case_no_more_when_they_may_not_be_told_any_more(
    hub: Hub, how: str
) -> None:
    case = take(hub, a_crime())
    path, theirs = f"/v1/cases/{case}", token(hub, "coordinator", "vcas")
    one, two = offer(hub, case), offer(hub, case, ELSEWHERE)
    answer = f"{path}/cross-referrals/{one['id']}/answer"
    assert post(hub, answer, {"answer": "accepted"}, "coordinator", "vcas").status_code == 200
    refuse_sharing(hub, case, how)
    assert hub.ask(path, theirs).status_code == 404
    assert hub.ask(path, token(hub, "coordinator", ELSEWHERE)).status_code == 404
    answered = f"{path}/cross-referrals/{two['id']}/answer"
    assert post(hub, answered, {"answer": "accepted"}, "coordinator", ELSEWHERE).status_code == 404
    hub.settle()
    stopped = [alert for alert in hub.alerts() if alert["kind"] == "stop"]
    assert [(alert["case"], alert["team"], alert["urgent"]) for alert in stopped] == [(case, "vcas", True)]
    assert whole(hub, case)["state"] == "triage"


def test_the_harmed_person_s_no_holds_where_the_responsible_person_asked(hub: Hub) -> None:
    account = a_crime() | {"initiated_by": "responsible"}
    yes = [{"to": to, "decision": "given"} for to in ("referral", "sharing")]
    account["parties"][1]["consents"] = yes
    for consent in account["parties"][0]["consents"]:
        if consent["to"] == "sharing":
            consent["decision"] = "refused"
    case = take(hub, account)
    for path, body in (("transitions", {"transition": "transfer"}), ("cross-referrals", {})):
        answer = post(hub, f"/v1/cases/{case}/{path}", {"to": ELSEWHERE, **body})
        assert (answer.status_code, "the other side has said no" in answer.text) == (409, True)


def test_who_said_to_staff_that_no_other_service_is_told_is_not_sent_to_one_by_their_area(hub: Hub) -> None:
    case = take(hub, a_crime(postcode="DH2 9ZZ"))
    assert whole(hub, case, "supervisor")["team"] == "duty_desk"
    record(hub, case, "consent", "supervisor", side="initiator", to="sharing", decision="refused")
    record(hub, case, "area", "supervisor", value="E06000002")
    assert whole(hub, case, "supervisor")["team"] == "duty_desk"
