"""A case from its opening to its end, over HTTP: who may do what, what is told to whom, what is kept."""

from __future__ import annotations

import pytest

from tests.support.houses import Hub
from tests.triage.cases.doing import (
    FACILITATOR,
    a_crime,
    allocate,
    move,
    post,
    record,
    take,
    token,
    whole,
)


def test_a_case_lives_from_triage_to_a_closure_that_a_supervisor_approves(hub: Hub) -> None:
    receipt = hub.take(a_crime())
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    assert move(hub, case, "begin_enquiries")["state"] == "enquiries"
    assert allocate(hub, case)["task"] == "first_contact"
    hub.settle()
    assert hub.status_of(receipt) == "allocated"
    move(hub, case, "contact_initiator", "facilitator")
    hub.settle()
    assert hub.status_of(receipt) == "in_progress"
    record(hub, case, "contact", "facilitator", side="initiator", channel="phone", result="reached")
    assert move(hub, case, "contact_other", "facilitator")["toward"] == "other"
    for side in ("initiator", "other"):
        for to in ("process", "conference"):
            record(hub, case, "consent", "facilitator", side=side, to=to, decision="given")
    move(hub, case, "prepare", "facilitator")
    record(hub, case, "risk", "facilitator", acceptable=True, note="Invented: nothing stands against it.")
    for side in ("initiator", "other"):
        record(hub, case, "consent", "facilitator", side=side, to="conference", decision="given")
    record(hub, case, "plan", "facilitator", note="Invented: a room with two doors.")
    record(hub, case, "risk_signed_off", "supervisor")
    move(hub, case, "ready", "supervisor", method="conference")
    move(hub, case, "hold_meeting", "facilitator", method="conference")
    record(hub, case, "agreement", "facilitator", actions=1.0)
    move(hub, case, "agree", "facilitator")
    refused = post(hub, f"/v1/cases/{case}/transitions", {"transition": "follow_up"}, "facilitator")
    assert refused.status_code == 409
    assert "neither done nor given up" in refused.get_json()["detail"]
    record(hub, case, "action_settled", "facilitator", kept=True)
    move(hub, case, "follow_up", "facilitator")
    move(hub, case, "propose_closure", "facilitator", outcome="C-CONFERENCE", enabling=["listened"])
    closed = move(hub, case, "approve_closure", "supervisor")
    assert (closed["state"], closed["outcome"], closed["enabling"]) == (
        "closed",
        "C-CONFERENCE",
        ["listened"],
    )
    assert closed["next_on"] is None
    hub.settle()
    assert hub.status_of(receipt) == "closed"
    moves = [line["detail"]["transition"] for line in whole(hub, case)["history"] if line["what"] == "moved"]
    assert moves[0] == "begin_enquiries"
    assert moves[-1] == "approve_closure"
    assert move(hub, case, "reopen", reason="O-ASKED-AGAIN")["state"] == "reopened"
    hub.settle()
    assert hub.status_of(receipt) == "allocated"


def test_who_withdraws_is_left_in_peace_at_once_and_silence_is_no_refusal(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    move(hub, case, "contact_other", "facilitator")
    closing = {"transition": "propose_closure", "outcome": "C-RESP-DECLINED", "enabling": ["explained"]}
    record(hub, case, "contact", "facilitator", side="other", channel="phone", result="no_answer")
    assert post(hub, f"/v1/cases/{case}/transitions", closing, "facilitator").status_code == 409
    stopped = record(hub, case, "consent", "facilitator", side="other", to="process", decision="refused")
    assert (stopped["task"], stopped["toward"]) == ("stop_contact", None)
    assert post(hub, f"/v1/cases/{case}/transitions", closing, "facilitator").status_code == 200


def test_more_time_becomes_a_call_back_on_the_promised_day_and_the_clock_stands_still(hub: Hub) -> None:
    case = take(hub, a_crime())
    day = (hub.clock().date()).replace(year=hub.clock().year + 1)
    held = move(hub, case, "hold", reason="H-MORE-TIME", review_on=str(day))
    assert (held["state"], held["task"], held["next_on"]) == ("on_hold", "call_back", str(day))
    hub.clock.move(days=30)
    resumed = move(hub, case, "resume")
    assert resumed["state"] == "triage"
    assert not resumed["overdue"]


def test_a_case_is_its_team_s_its_facilitator_s_and_a_supervisor_s_and_nobody_else_s(hub: Hub) -> None:
    case = take(hub, a_crime())
    path = f"/v1/cases/{case}"
    elsewhere = token(hub, "coordinator", "restorative_cleveland")
    assert hub.ask(path, elsewhere).status_code == 404
    assert hub.ask("/v1/cases", elsewhere).get_json()["cases"] == []
    assert hub.ask(path, token(hub, "facilitator")).status_code == 404
    allocate(hub, case)
    for bearer in (
        token(hub, "coordinator"),
        token(hub, "supervisor"),
        token(hub, "facilitator"),
    ):
        assert hub.ask(path, bearer).status_code == 200
        (one,) = hub.ask("/v1/cases", bearer).get_json()["cases"]
        assert one["case"] == case
    other = token(hub, "facilitator", "restorative_hub", name="another@referral-hub.example")
    assert hub.ask(path, other).status_code == 404
    for role in ("ops", "commissioner", "practitioner"):
        assert hub.ask(path, token(hub, role)).status_code == 403


def test_every_look_is_in_the_history_and_no_person_is_in_a_list(hub: Hub) -> None:
    case = take(hub, a_crime())
    whole(hub, case, "supervisor")
    looks = [line["who"] for line in whole(hub, case)["history"] if line["what"] == "looked_at"]
    assert looks == ["supervisor@referral-hub.example", "coordinator@referral-hub.example"]
    assert "Figment" in hub.ask(f"/v1/cases/{case}", token(hub, "coordinator")).text
    assert "Figment" not in hub.ask("/v1/cases", token(hub, "coordinator")).text


def test_a_list_is_read_page_by_page_those_first_whose_day_comes_first(hub: Hub) -> None:
    made = {take(hub, a_crime(f"N-{n}", family=f"Family{'abcde'[n]}")) for n in range(5)}
    bearer, found, cursor = token(hub, "coordinator"), [], ""
    while True:
        page = hub.ask(f"/v1/cases?limit=2{cursor}", bearer).get_json()
        found += page["cases"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert {one["case"] for one in found} == made
    assert len(found) == 5
    assert [one["next_on"] for one in found] == sorted(one["next_on"] for one in found)
    assert hub.ask("/v1/cases?state=closed", bearer).get_json()["cases"] == []
    assert len(hub.ask("/v1/cases?owner=me", bearer).get_json()["cases"]) == 5


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/transition"]),
        ({"transition": "dance"}, ["/transition"]),
        ({"transition": "hold", "mood": "bad"}, [""]),
        ({"transition": "hold", "review_on": "soon"}, ["/review_on"]),
        (
            {"transition": "allocate", "facilitators": [{"level": "high"}]},
            ["/facilitators/0/email", "/facilitators/0/level"],
        ),
        ([], [""]),
    ],
)
def test_every_fault_of_a_transition_is_told(hub: Hub, body: object, pointers: list[str]) -> None:
    case = take(hub, a_crime())
    answer = post(hub, f"/v1/cases/{case}/transitions", body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == pointers


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"kind": "gossip", "says": {}}, ["/kind"]),
        ({"kind": {}, "says": {}}, ["/kind"]),
        ({"kind": "consent", "says": {"side": "third"}}, ["/says/side", "/says/to", "/says/decision"]),
        ({"kind": "risk", "says": {"acceptable": "yes", "note": ""}}, ["/says/acceptable", "/says/note"]),
        ({"kind": "identified", "says": {"value": True}, "on": "31/03/2026"}, ["/on"]),
        ({"kind": "identified"}, ["/says"]),
        ({"kind": "risk_signed_off", "says": {"by": "me"}}, ["/says"]),
    ],
)
def test_every_fault_of_a_record_is_told(hub: Hub, body: object, pointers: list[str]) -> None:
    case = take(hub, a_crime())
    answer = post(hub, f"/v1/cases/{case}/records", body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == pointers


def test_a_case_that_a_coordinator_sends_back_is_released_by_an_amendment(hub: Hub) -> None:
    receipt = hub.take(a_crime())
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    sent = move(hub, case, "send_back", reason="safe_contact")
    assert (sent["state"], sent["lacks"]) == ("returned", ["safe_contact"])
    hub.settle()
    assert hub.status_of(receipt) == "returned"
    # Whoever sent it back is not told that it goes on.
    assert [alert["kind"] for alert in hub.alerts()] == ["opening"]
    amended = a_crime()
    amended["parties"][0]["contacts"][0]["value"] = "07700 900124"
    hub.take(amended)
    hub.settle()
    assert hub.status_of(receipt) == "allocated"
    assert whole(hub, case)["state"] == "triage"


def test_a_case_whose_referrals_were_all_taken_back_waits_for_a_decision(hub: Hub) -> None:
    receipt = hub.take(a_crime())
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    hub.front.post(
        f"/v1/referrals/{receipt['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
    )
    hub.settle()
    told = whole(hub, case)
    assert (told["state"], told["task"]) == ("withdrawn", "decide_after_withdrawal")
    assert move(hub, case, "close", outcome="C-REFERRALS-WITHDRAWN")["state"] == "closed"


def test_a_case_that_somebody_else_brings_again_goes_on_where_it_was(hub: Hub) -> None:
    shared = ("CRI009999990",)
    receipt = hub.take(a_crime(references=shared))
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    move(hub, case, "begin_enquiries")
    hub.front.post(
        f"/v1/referrals/{receipt['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
    )
    hub.settle()
    assert whole(hub, case)["state"] == "withdrawn"
    assert take(hub, a_crime("TWO", references=shared), "vip") == case
    assert whole(hub, case)["state"] == "enquiries"


def test_what_is_learnt_from_another_referral_holds_for_the_case(hub: Hub) -> None:
    shared = ("CRI009999990",)
    case = take(hub, a_crime(references=shared))
    assert whole(hub, case)["gates"] == []
    other = a_crime("TWO", references=shared)
    other["risks"] = {"assessed": True, "markers": ["stalking"]}
    assert take(hub, other, "vip") == case
    assert whole(hub, case)["gates"] == ["specialist_pair"]
    refused = post(
        hub,
        f"/v1/cases/{case}/transitions",
        {"transition": "allocate", "facilitators": [{"email": FACILITATOR, "level": "advanced"}]},
    )
    assert refused.status_code == 409
    assert "takes two" in refused.get_json()["detail"]


def test_whoever_knows_somebody_in_the_case_is_not_given_it(hub: Hub) -> None:
    case = take(hub, a_crime())
    record(hub, case, "conflict", staff=FACILITATOR)
    answer = post(
        hub,
        f"/v1/cases/{case}/transitions",
        {"transition": "allocate", "facilitators": [{"email": FACILITATOR, "level": "advanced"}]},
    )
    assert answer.status_code == 409
    assert "know neither side" in answer.get_json()["detail"]


def test_why_a_case_went_where_it_is_can_be_asked_and_a_changed_table_tried(hub: Hub) -> None:
    case = take(hub, a_crime())
    told = hub.ask(f"/v1/routing/explanation?case={case}", token(hub, "coordinator")).get_json()
    assert (told["team"], told["row"]) == ("restorative_hub", 20)
    assert told["why"].startswith("The harmed person lives")
    assert told["facts"]["area"] == "E06000005"
    assert told["now"]["team"] == told["team"]
    table = "version: mine\nrows:\n  - {when: {}, team: duty_desk, why: all of them}\n"
    tried = post(hub, "/v1/routing/trial", {"table": table}, "supervisor").get_json()
    assert (tried["cases"], tried["elsewhere"]) == (1, 1)
    assert tried["ways"] == [{"from": "restorative_hub", "to": "duty_desk", "cases": 1}]
    assert tried["changes"][0]["case"] == case
    wrong = post(hub, "/v1/routing/trial", {"table": "version: 1"}, "supervisor")
    assert [(one["pointer"], one["detail"][:9]) for one in wrong.get_json()["errors"]] == [
        ("/table", "version: "),
        ("/table", "rows: the"),
    ]
    assert post(hub, "/v1/routing/trial", {"table": table}, "coordinator").status_code == 403


def test_what_a_transition_lacks_is_told_field_by_field(hub: Hub) -> None:
    case = take(hub, a_crime())
    for name, pointers in (
        ("hold", ["/reason", "/review_on"]),
        ("assign", ["/owner"]),
        ("allocate", ["/facilitators"]),
        ("send_back", ["/reason"]),
        ("transfer", ["/to"]),
    ):
        answer = post(hub, f"/v1/cases/{case}/transitions", {"transition": name})
        assert answer.status_code == 422
        assert [(one["pointer"], one["code"]) for one in answer.get_json()["errors"]] == [
            (pointer, "needed_here") for pointer in pointers
        ]
