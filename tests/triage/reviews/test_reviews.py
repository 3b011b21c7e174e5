"""What may be one case waits for a human's word, which holds for ever and moves what it touches."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from services.triage.history.store import check_histories, find_case_id, read_history
from services.triage.lives.conflicts_store import Conflicts
from services.triage.lives.store import find_life
from shared.identity import new_id
from tests.support.builders import an_account
from tests.triage.cases.doing import a_crime, allocate, move, post, take, token, whole
from tests.triage.cases.doing import record as write_down

if TYPE_CHECKING:
    from tests.support.builders import Wire
    from tests.support.houses import Hub

ONE, OTHER, ELSEWHERE = "vcas:FIRST", "vip:MAYBE", "durham_constabulary:ELSEWHERE"


def a_question(hub: Hub) -> dict[str, Any]:
    """Two accounts that may be of one burglary, each in a case of its own; the review of them."""
    hub.take(an_account("FIRST", on="2026-03-01"))
    hub.take(an_account("MAYBE", on="2026-03-10"), "vip")
    hub.settle()
    found: dict[str, Any]
    (found,) = reviews(hub)
    return found


def reviews(hub: Hub, role: str = "coordinator", team: str | None = None, asked: str = "") -> list[Any]:
    answer = hub.ask(f"/v1/reviews{asked}", token(hub, role, team))
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.get_json()["reviews"]
    return found


def look(hub: Hub, review: dict[str, Any], role: str = "coordinator", team: str | None = None) -> Any:  # noqa: ANN401 - JSON
    answer = hub.ask(f"/v1/reviews/{review['id']}", token(hub, role, team))
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def say(hub: Hub, review: dict[str, Any], verdict: str, **more: object) -> dict[str, Any]:
    """Give a word that must be taken; the review after it."""
    body = {"verdict": verdict, "why": "Invented: both were asked.", **more}
    answer = post(hub, f"/v1/reviews/{review['id']}/decision", body)
    assert answer.status_code == 200, answer.text
    hub.settle()
    told: dict[str, Any] = answer.get_json()
    return told


def separate(hub: Hub, case: str, *referrals: str, role: str = "coordinator") -> dict[str, str]:
    """Take referrals out of a case; where each referral of it is now."""
    body = {"referrals": referrals, "why": "Invented: somebody else."}
    answer = post(hub, f"/v1/cases/{case}/separation", body, role)
    assert answer.status_code == 200, answer.text
    hub.settle()
    return {one["referral"]: one["case"] for one in answer.get_json()["referrals"]}


def cases_of(hub: Hub) -> dict[str, str]:
    return {record: link["case"] for record, link in hub.links().items()}


def standing(hub: Hub) -> dict[str, Any]:
    """Everything that a merge touches: who and what each record is, where each case stands, what is told."""
    links = {record: (link["case"], link["people"]) for record, link in hub.links().items()}
    lives = {}
    room = hub.rooms["triage"]
    with room.database.snapshot() as connection:
        for case in {case for case, _ in links.values()}:
            case_id = find_case_id(connection, case)
            assert case_id is not None
            kept = find_life(connection, room.keys.rest, case_id)
            assert kept is not None
            # What was said of its clock was said.
            lives[case] = replace(kept, warned_for=None, breached_for=None)
    statuses = {
        record: hub.ask(f"/v1/referrals/{link['reference']}", hub.key_of(link["agency"])).get_json()["status"]
        for record, link in hub.links().items()
    }
    return {"links": links, "lives": lives, "statuses": statuses}


def histories(hub: Hub) -> dict[str, list[Any]]:
    room = hub.rooms["triage"]
    with room.database.snapshot() as connection:
        assert not any(check_histories(connection, room.keys.lookup))
        found = {}
        for case in set(cases_of(hub).values()):
            case_id = find_case_id(connection, case)
            assert case_id is not None
            found[case] = read_history(connection, case_id)
        return found


def test_both_records_are_seen_side_by_side_with_the_reasons_in_words_and_they_can_be_replayed(
    hub: Hub,
) -> None:
    review = look(hub, a_question(hub))
    fields = {(field["section"], field["label"]): field for field in review["fields"]}
    assert fields["What happened", "From"]["compared"] == "different"
    days = {fields["What happened", "From"][side] for side in ("one", "other")}
    assert days == {"1 March 2026", "10 March 2026"}
    assert fields["Person 1", "Name"]["compared"] == "same"
    evidence = review["evidence"]
    assert evidence["replayed"] is True
    assert sum(line["bits"] for line in evidence["lines"]) == pytest.approx(evidence["bits"], abs=0.01)
    assert {"title": "The harmed person", "told": "surely the same"}.items() <= evidence["lines"][1].items()
    assert evidence["people"][0]["lines"][0]["title"] == "Given name"
    assert (evidence["versions"], evidence["model"] != "") == ([1, 1], True)
    for case in cases_of(hub).values():
        looks = [line for line in whole(hub, case)["history"] if line["what"] == "review_looked_at"]
        assert [line["who"] for line in looks] == ["coordinator@referral-hub.example"]


def test_who_knows_somebody_in_one_of_the_two_neither_learns_of_the_question_nor_answers_it(hub: Hub) -> None:
    review, case = a_question(hub), cases_of(hub)
    assert len(whole(hub, case[ONE])["reviews"]) == 1
    for name in ("coordinator@referral-hub.example", "supervisor@referral-hub.example"):
        with hub.rooms["triage"].unit() as unit:
            barred = find_case_id(unit.connection, case[OTHER])
            assert barred is not None
            Conflicts.of(unit).bar(barred, name)
    for role in ("coordinator", "supervisor"):
        assert reviews(hub, role, asked="?state=any") == []
        assert whole(hub, case[ONE], role)["reviews"] == []
        assert hub.ask(f"/v1/reviews/{review['id']}", token(hub, role)).status_code == 404
        body = {"verdict": "different", "why": "Invented: my neighbour."}
        assert post(hub, f"/v1/reviews/{review['id']}/decision", body, role).status_code == 404
    colleague = token(hub, "coordinator", "restorative_hub", "colleague@referral-hub.example")
    (found,) = hub.ask("/v1/reviews", colleague).get_json()["reviews"]
    assert (found["id"], found["state"]) == (review["id"], "open")


def test_one_case_by_a_humans_word_is_closed_merged_and_never_decided_twice(hub: Hub) -> None:
    review = a_question(hub)
    before = cases_of(hub)
    decided = say(hub, review, "same", versions=[1, 1])
    assert (decided["state"], decided["outcome"]) == ("closed", "same")
    assert decided["who"] == "coordinator@referral-hub.example"
    after = cases_of(hub)
    assert after[ONE] == after[OTHER] == before[ONE]
    assert reviews(hub) == []
    merged = whole(hub, before[OTHER])
    assert (merged["state"], merged["outcome"]) == ("closed", "C-DUPLICATE")
    kept = whole(hub, before[ONE])
    assert [line["who"] for line in kept["history"] if line["what"] == "said_same"] == [decided["who"]]
    assert {"note": "Invented: both were asked."} in [record["says"] for record in kept["records"]]
    assert "Invented" not in str(kept["history"])
    again = post(hub, f"/v1/reviews/{review['id']}/decision", {"verdict": "different", "why": "No."})
    assert (again.status_code, again.get_json()["type"]) == (
        409,
        "urn:referral-hub:problem:already_decided",
    )
    (closed,) = reviews(hub, asked="?state=closed")
    assert [one["verdict"] for one in look(hub, closed)["said"]] == ["same"]
    assert ("merged" in [alert["kind"] for alert in hub.alerts()]) is True


def test_two_cases_by_a_humans_word_are_never_asked_about_again_even_when_they_are_amended(hub: Hub) -> None:
    review = a_question(hub)
    before = cases_of(hub)
    assert say(hub, review, "different")["outcome"] == "different"
    # Now they agree in everything: without the word they would be one.
    hub.take(an_account("MAYBE", on="2026-03-01", references=("CRI009999991",)), "vip")
    hub.take(an_account("FIRST", on="2026-03-01", references=("CRI009999991",)))
    hub.settle()
    assert cases_of(hub) == before
    assert reviews(hub) == []
    # A third that is both goes to one of them, to the better, and asks nothing.
    hub.take(an_account("THIRD", on="2026-03-01", references=("CRI009999991",)), "durham_constabulary")
    hub.settle()
    after = cases_of(hub)
    assert after[ONE] != after[OTHER]
    assert after["durham_constabulary:THIRD"] in (after[ONE], after[OTHER])
    assert reviews(hub) == []


def test_whoever_may_belong_to_either_of_two_cases_is_asked_about_once_when_they_become_one(hub: Hub) -> None:
    first = a_question(hub)
    hub.take(an_account("THIRD", on="2026-03-19"), "durham_constabulary")
    hub.settle()
    third = hub.links()["durham_constabulary:THIRD"]["reference"]
    assert len(reviews(hub)) == 3
    say(hub, first, "same")
    (left,) = reviews(hub)
    assert third in {record["reference"] for record in left["records"]}
    assert sorted(one["outcome"] for one in reviews(hub, asked="?state=closed")) == ["elsewhere", "same"]
    # Apart again, each is asked about again.
    separate(hub, cases_of(hub)[ONE], hub.links()[OTHER]["reference"])
    assert len(reviews(hub)) == 2
    for question in reviews(hub):
        say(hub, question, "different")
    assert reviews(hub) == []


def test_what_matches_two_cases_that_were_told_apart_goes_to_the_better(hub: Hub) -> None:
    say(hub, a_question(hub), "different")
    hub.take(an_account("THIRD", on="2026-03-10"), "durham_constabulary")
    hub.settle()
    after = cases_of(hub)
    assert after["durham_constabulary:THIRD"] == after[OTHER] != after[ONE]
    hub.take(an_account("FOURTH", on="2026-03-01"), "durham_county_council")
    hub.settle()
    after = cases_of(hub)
    assert after["durham_county_council:FOURTH"] == after[ONE] != after[OTHER]
    assert reviews(hub) == []


def test_a_word_about_records_that_were_amended_since_is_stale(hub: Hub) -> None:
    review = look(hub, a_question(hub))
    hub.take(an_account("MAYBE", on="2026-03-11"), "vip")
    hub.settle()
    versions = [record["version"] for record in review["records"]]
    body = {"verdict": "same", "why": "Invented.", "versions": versions}
    answer = post(hub, f"/v1/reviews/{review['id']}/decision", body)
    assert (answer.status_code, answer.get_json()["type"]) == (409, "urn:referral-hub:problem:stale")
    assert len(set(cases_of(hub).values())) == 2
    newest = look(hub, review)
    say(hub, newest, "same", versions=[record["version"] for record in newest["records"]])
    assert len(set(cases_of(hub).values())) == 1


def merge_scene(hub: Hub) -> dict[str, Any]:
    """Two cases that may be one, of two people who may be one; the second is known elsewhere, too.

    The second has a danger, and work was begun in it.
    """
    hub.take(an_account("FIRST", on="2026-03-01"))
    phone, postcode, born = "07700 900994", "DL3 7AA", "1900-01-01"
    dangerous = an_account("MAYBE", on="2026-03-06", phone=phone, postcode=postcode, born=born)
    dangerous["risks"] = {"assessed": True, "markers": ["stalking"]}
    hub.take(dangerous, "vip")
    earlier = an_account(
        "ELSEWHERE", on="2025-06-01", kind="assault", phone=phone, postcode=postcode, born=born
    )
    hub.take(earlier, "durham_constabulary")
    hub.settle()
    move(hub, cases_of(hub)[OTHER], "begin_enquiries")
    hub.settle()
    found = standing(hub)
    people = people_of(found)
    assert people[ELSEWHERE] == people[OTHER] != people[ONE]
    return found


def people_of(found: dict[str, Any]) -> dict[str, Any]:
    return {record: people for record, (_, people) in found["links"].items()}


def test_merging_and_separating_restores_exactly_what_was_there_before(hub: Hub) -> None:
    before = merge_scene(hub)
    told = histories(hub)
    review = next(one for one in reviews(hub) if {"vcas", "vip"} == {r["agency"] for r in one["records"]})
    say(hub, review, "same")
    merged = standing(hub)
    assert len(set(map(str, people_of(merged).values()))) == 1
    assert merged["links"][ONE][0] == merged["links"][OTHER][0] == before["links"][ONE][0]
    assert merged["lives"][before["links"][ONE][0]].gates == ("specialist_pair",)
    assert hub.links()[OTHER]["reference"] in str(whole(hub, before["links"][ONE][0])["referrals"])
    now = separate(hub, merged["links"][ONE][0], hub.links()[OTHER]["reference"])
    assert sorted(now.values()) == sorted({before["links"][ONE][0], before["links"][OTHER][0]})
    assert standing(hub) == before
    after = histories(hub)
    for case, lines in told.items():
        assert after[case][: len(lines)] == lines
    assert hub.links()[OTHER]["reference"] not in str(whole(hub, before["links"][ONE][0])["referrals"])
    assert [alert["kind"] for alert in hub.alerts() if alert["case"] == before["links"][OTHER][0]].count(
        "again"
    ) == 1


def test_a_case_that_was_closed_before_it_was_merged_is_not_told_as_going_on(hub: Hub) -> None:
    review = a_question(hub)
    first, other = cases_of(hub)[ONE], cases_of(hub)[OTHER]
    for case in (first, other):
        move(hub, case, "close", outcome="C-SUPPORT-ONLY")
    say(hub, review, "same")
    assert cases_of(hub)[OTHER] == first
    separate(hub, first, hub.links()[OTHER]["reference"])
    assert cases_of(hub)[OTHER] == other
    assert whole(hub, other)["state"] == "closed"
    assert "again" not in [alert["kind"] for alert in hub.alerts() if alert["case"] == other]


def test_whoever_referred_is_told_where_their_case_stands_when_it_is_one_of_its_own_again(hub: Hub) -> None:
    review = a_question(hub)
    first, other = cases_of(hub)[ONE], cases_of(hub)[OTHER]
    move(hub, other, "close", outcome="C-SUPPORT-ONLY")
    say(hub, review, "same")
    move(hub, first, "close", outcome="C-SUPPORT-ONLY")
    move(hub, first, "reopen", reason="O-CLOSED-IN-ERROR")
    hub.settle()
    assert standing(hub)["statuses"] == {ONE: "allocated", OTHER: "allocated"}
    # It had ended before it was merged, and has ended now; what became of the other case is not its affair.
    separate(hub, first, hub.links()[OTHER]["reference"])
    assert cases_of(hub)[OTHER] == other
    assert standing(hub)["statuses"] == {ONE: "allocated", OTHER: "closed"}


def test_who_was_told_that_it_ended_is_told_that_it_goes_on_in_a_case_of_its_own(hub: Hub) -> None:
    review = a_question(hub)
    say(hub, review, "same")
    hub.take(an_account("FIRST-TOO", on="2026-03-01"), "durham_constabulary")
    hub.settle()
    (first,) = set(cases_of(hub).values())
    move(hub, first, "close", outcome="C-SUPPORT-ONLY")
    hub.settle()
    assert set(standing(hub)["statuses"].values()) == {"closed"}
    # One has a case to go back to, and the other never had one.
    for record in (OTHER, "durham_constabulary:FIRST-TOO"):
        separate(hub, first, hub.links()[record]["reference"])
        assert whole(hub, cases_of(hub)[record])["state"] == "triage"
        assert standing(hub)["statuses"][record] == "allocated"
    assert standing(hub)["statuses"][ONE] == "closed"


def test_a_case_that_a_merge_has_opened_again_ends_as_it_had_ended_when_they_are_set_apart(hub: Hub) -> None:
    review = a_question(hub)
    first, other = cases_of(hub)[ONE], cases_of(hub)[OTHER]
    move(hub, first, "close", outcome="C-SUPPORT-ONLY")
    hub.settle()
    before = standing(hub)
    say(hub, review, "same")
    assert cases_of(hub)[OTHER] == first
    assert whole(hub, first)["state"] == "reopened"
    hub.clock.move(days=3)
    separate(hub, first, hub.links()[OTHER]["reference"])
    assert standing(hub) == before
    assert whole(hub, first)["outcome"] == "C-SUPPORT-ONLY"
    page = hub.ask(f"/cases/{first}", token(hub, "coordinator"))
    assert (page.status_code, "It stands as it stood before they came: Closed" in page.text) == (200, True)
    assert whole(hub, other)["state"] == "triage"
    # Nobody is reminded of it any more, and whoever has the other is told that they have it again.
    assert not [a for a in hub.alerts() if (a["case"], a["state"]) == (first, "open")]
    assert ("again", "open") in [(a["kind"], a["state"]) for a in hub.alerts() if a["case"] == other]


def test_what_was_done_in_a_case_since_others_came_is_not_undone_when_they_leave(hub: Hub) -> None:
    review = a_question(hub)
    first = cases_of(hub)[ONE]
    move(hub, first, "close", outcome="C-SUPPORT-ONLY")
    say(hub, review, "same")
    move(hub, first, "take_up")
    separate(hub, first, hub.links()[OTHER]["reference"])
    assert whole(hub, first)["state"] == "triage"


def test_a_day_that_was_promised_is_promised_still_when_a_case_is_one_of_its_own_again(hub: Hub) -> None:
    review = a_question(hub)
    first, other = cases_of(hub)[ONE], cases_of(hub)[OTHER]
    for case in (first, other):
        day = (hub.clock() + dt.timedelta(days=21)).date()
        move(hub, case, "hold", reason="H-HEALTH", review_on=day.isoformat())
    hub.settle()
    before = standing(hub)
    say(hub, review, "same")
    hub.clock.move(days=6)
    separate(hub, first, hub.links()[OTHER]["reference"])
    assert standing(hub) == before


def test_who_joined_by_themselves_and_is_set_apart_leaves_an_ended_case_ended(hub: Hub) -> None:
    shared = ("CRI009999990",)
    case = take(hub, a_crime(references=shared))
    move(hub, case, "close", outcome="C-SUPPORT-ONLY")
    hub.settle()
    before = standing(hub)
    assert take(hub, a_crime("TWO", references=shared), "vip") == case
    assert whole(hub, case)["state"] == "reopened"
    separate(hub, case, hub.links()["vip:TWO"]["reference"])
    after = standing(hub)
    assert {what: after[what]["vcas:ONE"] for what in ("links", "statuses")} == {
        what: before[what]["vcas:ONE"] for what in ("links", "statuses")
    }
    assert after["lives"][case] == before["lives"][case]


def test_of_several_who_came_one_after_another_each_leaves_what_was_there_before_them(hub: Hub) -> None:
    shared = ("CRI009999990",)
    case = take(hub, a_crime(references=shared))
    move(hub, case, "close", outcome="C-SUPPORT-ONLY")
    seen = [standing(hub)["lives"][case]]
    for number, agency in enumerate(("vip", "durham_constabulary")):
        account = a_crime(f"MORE-{number}", references=shared)
        account["risks"] = {"assessed": True, "markers": [("stalking", "hate")[number]]}
        assert take(hub, account, agency) == case
        seen.append(standing(hub)["lives"][case])
        hub.clock.move(days=1)
    assert len(set(map(str, seen))) == 3
    links = hub.links()
    separate(hub, case, links["durham_constabulary:MORE-1"]["reference"])
    assert standing(hub)["lives"][case] == seen[1]
    separate(hub, case, links["vip:MORE-0"]["reference"])
    assert standing(hub)["lives"][case] == seen[0]


def test_what_the_hub_merged_by_itself_is_separated_into_the_cases_that_were_there(hub: Hub) -> None:
    hub.take(an_account("OLD", references=("CRI009999993",), family="Brackenfell"))
    hub.settle()
    hub.take(an_account("NEW", on="2026-03-02", references=("CRI009994400",), family="Cholmondeley"), "vip")
    hub.settle()
    before = standing(hub)
    both = an_account("BOTH", references=("CRI009994400", "CRI009999993"), family="Brackenfell")
    both["parties"].append(an_account("", family="Cholmondeley")["parties"][0])
    hub.take(both, "durham_constabulary")
    hub.settle()
    links = hub.links()
    case = links["vcas:OLD"]["case"]
    assert {link["case"] for link in links.values()} == {case}
    separate(hub, case, links["vip:NEW"]["reference"])
    after = standing(hub)
    assert {record: after["links"][record] for record in before["links"]} == before["links"]
    assert after["links"]["durham_constabulary:BOTH"][0] == case
    assert after["lives"][before["links"]["vip:NEW"][0]] == before["lives"][before["links"]["vip:NEW"][0]]


def test_a_referral_that_only_joined_has_a_case_of_its_own_when_it_is_separated(hub: Hub) -> None:
    shared = ("CRI009999990",)
    case = take(hub, a_crime(references=shared))
    before = standing(hub)
    dangerous = a_crime("TWO", references=shared)
    dangerous["risks"] = {"assessed": True, "markers": ["stalking"]}
    assert take(hub, dangerous, "vip") == case
    assert whole(hub, case)["gates"] == ["specialist_pair"]
    links = hub.links()
    now = separate(hub, case, links["vip:TWO"]["reference"])
    assert now[links["vcas:ONE"]["reference"]] == case
    assert now[links["vip:TWO"]["reference"]] != case
    after = standing(hub)
    assert after["links"]["vcas:ONE"] == before["links"]["vcas:ONE"]
    # A stranger's danger leaves with them.
    assert after["lives"][case] == before["lives"][case]
    assert whole(hub, now[links["vip:TWO"]["reference"]])["gates"] == ["specialist_pair"]
    # Said again by its agency, it does not come back.
    hub.take(dangerous | {"services_wanted": ["restorative_justice"]}, "vip")
    hub.settle()
    assert len(set(cases_of(hub).values())) == 2


def without(account: Wire, need: str) -> Wire:
    """The same account, which does not bring this."""
    party = account["parties"][0]
    if need == "consent_to_refer":
        party["consents"] = []
    else:
        party["contacts"][0]["safe"] = "unknown"
    return account


def withdraw(hub: Hub, record: str) -> None:
    """The agency takes its referral back."""
    link = hub.links()[record]
    answer = hub.front.post(
        f"/v1/referrals/{link['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of(link['agency'])}"},
    )
    assert answer.status_code == 200, answer.text
    hub.settle()


def told_of(hub: Hub, case: str) -> list[tuple[str, str]]:
    return [(alert["kind"], alert["team"]) for alert in hub.alerts() if alert["case"] == case]


def where(hub: Hub, case: str) -> tuple[str, str, list[str], list[str]]:
    told = whole(hub, case, "supervisor")
    return told["state"], told["team"], told["lacks"], told["gates"]


def test_what_another_family_had_agreed_to_leaves_with_it(hub: Hub) -> None:
    """Nor does the case stay with the team to which it went by what the others told, or keep their gates."""
    hub.take(without(an_account("FIRST", on="2026-03-01"), "consent_to_refer"))
    dangerous = an_account("MAYBE", on="2026-03-10", services_wanted=["victim_support"])
    dangerous["risks"] = {"assessed": True, "markers": ["stalking"]}
    hub.take(dangerous, "vip")
    hub.settle()
    before, (review,) = standing(hub), reviews(hub, "supervisor")
    first = cases_of(hub)[ONE]
    assert where(hub, first) == ("returned", "duty_desk", ["consent_to_refer"], [])
    answer = post(
        hub, f"/v1/reviews/{review['id']}/decision", {"verdict": "same", "why": "Invented."}, "supervisor"
    )
    assert answer.status_code == 200
    hub.settle()
    assert where(hub, first) == ("triage", "vcas", [], ["specialist_pair"])
    hub.clock.move(hours=1)
    separate(hub, first, hub.links()[OTHER]["reference"], role="supervisor")
    after = standing(hub)
    assert where(hub, first) == ("returned", "duty_desk", ["consent_to_refer"], [])
    assert after["statuses"] == before["statuses"] == {ONE: "returned", OTHER: "allocated"}
    assert after["lives"][first].life.owner == before["lives"][first].life.owner
    assert told_of(hub, first) == [("opening", "duty_desk"), ("released", "vcas"), ("again", "duty_desk")]
    # Who had it meanwhile is not reminded of it.
    assert [a["state"] for a in hub.alerts() if a["case"] == first] == ["acknowledged"] * 2 + ["open"]


def test_what_was_taken_back_and_is_set_apart_pauses(hub: Hub) -> None:
    say(hub, a_question(hub), "same")
    hub.take(an_account("FIRST-TOO", on="2026-03-01"), "durham_constabulary")
    hub.settle()
    (first,) = set(cases_of(hub).values())
    for record in (OTHER, "durham_constabulary:FIRST-TOO"):
        withdraw(hub, record)
        hub.clock.move(hours=1)
        # One has a case to go back to, and the other never had one.
        separate(hub, first, hub.links()[record]["reference"])
        own = cases_of(hub)[record]
        assert whole(hub, own)["state"] == "withdrawn"
        kinds = {kind for kind, _ in told_of(hub, own)}
        assert kinds - {"merged"} == {"opening", "all_withdrawn"}
    assert whole(hub, first)["state"] == "triage"


def test_a_case_that_paused_pauses_again_when_whoever_brought_it_is_set_apart(hub: Hub) -> None:
    shared = ("CRI009999990",)
    case = take(hub, an_account("ONE", references=shared))
    withdraw(hub, "vcas:ONE")
    hub.clock.move(hours=1)
    assert take(hub, an_account("TWO", references=shared), "vip") == case
    assert whole(hub, case)["state"] == "triage"
    hub.clock.move(hours=1)
    separate(hub, case, hub.links()["vip:TWO"]["reference"])
    assert whole(hub, case)["state"] == "withdrawn"
    assert [kind for kind, _ in told_of(hub, case)] == ["opening", "all_withdrawn", "again", "all_withdrawn"]
    # Brought once more, it goes on.
    assert take(hub, an_account("THREE", references=shared), "durham_constabulary") != ""
    assert "withdrawn" not in {
        whole(hub, one)["state"] for one in {cases_of(hub)["durham_constabulary:THREE"]}
    }


def test_two_cases_of_which_everything_was_taken_back_are_one_that_pauses(hub: Hub) -> None:
    review = a_question(hub)
    first = cases_of(hub)[ONE]
    withdraw(hub, ONE)
    withdraw(hub, OTHER)
    say(hub, review, "same")
    assert whole(hub, first)["state"] == "withdrawn"
    assert "again" not in [kind for kind, _ in told_of(hub, first)]


def test_who_comes_from_a_case_that_ended_into_one_that_pauses_is_reason_to_go_on(hub: Hub) -> None:
    review = a_question(hub)
    first = cases_of(hub)[ONE]
    withdraw(hub, ONE)
    move(hub, cases_of(hub)[OTHER], "close", outcome="C-SUPPORT-ONLY")
    hub.settle()
    hub.clock.move(hours=1)
    say(hub, review, "same")
    assert whole(hub, first)["state"] == "triage"
    assert standing(hub)["statuses"] == {ONE: "withdrawn", OTHER: "allocated"}
    assert told_of(hub, first)[-1] == ("again", "restorative_hub")


def test_who_said_no_in_a_case_that_was_merged_is_left_in_peace_until_it_is_set_apart(hub: Hub) -> None:
    hub.take(a_crime("FIRST", on="2026-03-01"))
    hub.take(a_crime("MAYBE", on="2026-03-10"), "vip")
    hub.settle()
    (review,) = reviews(hub)
    first, other = cases_of(hub)[ONE], cases_of(hub)[OTHER]
    write_down(hub, first, "admission", value="full", told_to="police", how="interview")
    allocate(hub, first)
    assert whole(hub, first)["task"] == "first_contact"
    write_down(hub, other, "consent", side="initiator", to="process", decision="refused")
    say(hub, review, "same")
    assert (whole(hub, first)["state"], whole(hub, first)["task"]) == ("allocated", "stop_contact")
    reaching = post(hub, f"/v1/cases/{first}/transitions", {"transition": "contact_initiator"}, "facilitator")
    assert (reaching.status_code, "said no" in reaching.get_json()["detail"]) == (409, True)
    bearer = {"Authorization": f"Bearer {token(hub, 'coordinator')}", "Accept": "text/html"}
    assert hub.front.get(f"/cases/{first}", headers=bearer).status_code == 200
    separate(hub, first, hub.links()[OTHER]["reference"])
    assert whole(hub, first)["task"] == "first_contact"


def test_a_question_between_cases_that_were_told_apart_is_none_any_more(hub: Hub) -> None:
    first = a_question(hub)
    hub.take(an_account("THIRD", on="2026-03-19"), "durham_constabulary")
    hub.settle()
    say(hub, first, "different")
    third = hub.links()["durham_constabulary:THIRD"]["reference"]
    (one, _) = reviews(hub)
    say(hub, one, "same")
    # The third is in the case of one of the two that were told apart: about the other nobody is asked.
    assert third in {record["reference"] for record in one["records"]}
    assert reviews(hub) == []


def test_a_team_is_told_each_time_that_a_case_is_theirs_again(hub: Hub) -> None:
    first = a_question(hub)
    hub.take(an_account("THIRD", on="2026-03-19"), "durham_constabulary")
    hub.settle()
    third, case = "durham_constabulary:THIRD", cases_of(hub)["durham_constabulary:THIRD"]
    say(hub, first, "different")
    for into in (ONE, OTHER):
        hub.clock.move(hours=1)
        asked = {r["reference"]: one for one in reviews(hub) for r in one["records"]}
        say(hub, asked[hub.links()[into]["reference"]], "same")
        hub.clock.move(hours=1)
        separate(hub, cases_of(hub)[into], hub.links()[third]["reference"])
        assert cases_of(hub)[third] == case
    assert [kind for kind, _ in told_of(hub, case)] == ["opening", *["merged", "again"] * 2]
    assert [a["state"] for a in hub.alerts() if a["case"] == case and a["kind"] != "merged"] == [
        "acknowledged",
        "acknowledged",
        "open",
    ]


def test_who_was_told_that_it_ended_and_goes_into_a_case_that_goes_on_is_told_so(hub: Hub) -> None:
    review = a_question(hub)
    move(hub, cases_of(hub)[OTHER], "close", outcome="C-SUPPORT-ONLY")
    hub.settle()
    assert standing(hub)["statuses"] == {ONE: "allocated", OTHER: "closed"}
    say(hub, review, "same")
    assert standing(hub)["statuses"] == {ONE: "allocated", OTHER: "allocated"}
    # So they may take it back.
    withdraw(hub, OTHER)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/verdict", "/why"]),
        ({"verdict": "perhaps", "why": "x"}, ["/verdict"]),
        ({"verdict": "same", "why": "  "}, ["/why"]),
        ({"verdict": "same", "why": "x", "versions": [1]}, ["/versions"]),
        ({"verdict": "same", "why": "x", "mood": 1}, [""]),
    ],
)
def test_every_fault_of_a_decision_is_told(hub: Hub, body: object, pointers: list[str]) -> None:
    review = a_question(hub)
    answer = post(hub, f"/v1/reviews/{review['id']}/decision", body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == pointers


def test_what_cannot_be_separated_is_told(hub: Hub) -> None:
    case = take(hub, a_crime())
    (mine,) = [link["reference"] for link in hub.links().values()]
    faults = {
        "all": ({"referrals": [mine], "why": "x"}, ["/referrals"]),
        "none": ({"referrals": [], "why": "x"}, ["/referrals"]),
        "strange": ({"referrals": ["R-7KQX4-M3DTW", mine], "why": "x"}, ["/referrals/0"]),
        "silent": ({"referrals": [mine]}, ["/why"]),
    }
    for body, pointers in faults.values():
        answer = post(hub, f"/v1/cases/{case}/separation", body)
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.get_json()["errors"]] == pointers


def two_teams(hub: Hub) -> tuple[dict[str, Any], dict[str, str]]:
    """A question between the cases of two teams."""
    first: Wire = an_account("FIRST", on="2026-03-01")
    second: Wire = an_account("MAYBE", on="2026-03-10", services_wanted=["victim_support"])
    hub.take(first)
    hub.take(second, "vip")
    hub.settle()
    (review,) = reviews(hub, "supervisor")
    teams = {record["agency"]: record["team"] for record in review["records"]}
    assert teams["vcas"] != teams["vip"]
    return review, teams


def test_who_has_one_of_the_cases_sees_that_record_alone_and_may_only_keep_it_apart(hub: Hub) -> None:
    review, teams = two_teams(hub)
    (listed,) = reviews(hub, "coordinator", teams["vcas"])
    assert [record["seen"] for record in listed["records"]].count(True) == 1
    assert listed["may_say"] == ["different"]
    assert listed["bits"] is None
    shown = look(hub, review, "coordinator", teams["vcas"])
    assert {field["compared"] for field in shown["fields"]} == {"hidden"}
    hidden = [record["seen"] for record in shown["records"]].index(False)
    assert {field["one" if hidden == 0 else "other"] for field in shown["fields"]} == {None}
    assert shown["evidence"] is None
    unseen = cases_of(hub)["vip:MAYBE"]
    assert unseen not in str(shown)
    path = f"/v1/reviews/{review['id']}/decision"
    answer = post(hub, path, {"verdict": "same", "why": "x"}, "coordinator", teams["vcas"])
    assert (answer.status_code, answer.get_json()["type"]) == (403, "urn:referral-hub:problem:not_yours")
    answer = post(hub, path, {"verdict": "different", "why": "Secret."}, "coordinator", teams["vcas"])
    assert answer.status_code == 200
    assert "Secret" not in str(whole(hub, unseen, "supervisor")["records"])


def test_the_pages_tell_whom_to_ask_about_a_record_that_its_reader_may_not_see(hub: Hub) -> None:
    review, teams = two_teams(hub)
    directory = hub.rooms["triage"].directory
    bearer = {"Authorization": f"Bearer {token(hub, 'coordinator', teams['vcas'])}", "Accept": "text/html"}
    listed = hub.front.get("/reviews", headers=bearer)
    assert listed.status_code == 200, listed.text
    assert f"With {directory.name_of(teams['vip'])}" in listed.text
    assert directory.name_of("vcas") in listed.text
    shown = hub.front.get(f"/reviews/{review['id']}", headers=bearer)
    assert shown.status_code == 200, shown.text
    assert f"The other record is with {directory.name_of(teams['vip'])}" in shown.text
    assert "not shown" in shown.text
    assert cases_of(hub)["vip:MAYBE"] not in listed.text + shown.text


def test_who_has_neither_case_sees_nothing_and_a_supervisor_sees_and_decides_all(hub: Hub) -> None:
    review, _ = two_teams(hub)
    away = token(hub, "coordinator", "restorative_cleveland")
    assert reviews(hub, "coordinator", "restorative_cleveland") == []
    assert hub.ask(f"/v1/reviews/{review['id']}", away).status_code == 404
    path = f"/v1/reviews/{review['id']}/decision"
    body = {"verdict": "different", "why": "x"}
    assert post(hub, path, body, "coordinator", "restorative_cleveland").status_code == 404
    assert post(hub, f"/v1/reviews/{new_id()}/decision", body, "supervisor").status_code == 404
    case = cases_of(hub)[ONE]
    apart = {"referrals": [hub.links()[ONE]["reference"]], "why": "x"}
    refused = post(hub, f"/v1/cases/{case}/separation", apart, "coordinator", "restorative_cleveland")
    assert refused.status_code == 404
    assert post(hub, f"/v1/cases/{case}/separation", apart, "facilitator").status_code == 403
    assert look(hub, review, "supervisor")["may_say"] == ["same", "different"]
    assert post(hub, path, {"verdict": "same", "why": "x"}, "supervisor").status_code == 200
    assert len(set(cases_of(hub).values())) == 1


def test_a_list_of_reviews_is_read_page_by_page(hub: Hub) -> None:
    for number, family in enumerate(("Amberley", "Brackenfell", "Cholmondeley")):
        hub.take(an_account(f"A{number}", on="2026-03-01", family=family))
        hub.take(an_account(f"B{number}", on="2026-03-10", family=family), "vip")
    hub.settle()
    seen: list[str] = []
    more = ""
    for size in (2, 1):
        page = hub.ask(f"/v1/reviews?limit=2{more}", token(hub, "coordinator")).get_json()
        assert len(page["reviews"]) == size
        seen += [one["id"] for one in page["reviews"]]
        more = f"&cursor={page['next_cursor']}"
    assert more == "&cursor=None"
    assert seen == sorted(set(seen))
    assert len(seen) == 3
    for query in ("limit=0", "state=asleep", "cursor=x"):
        assert hub.ask(f"/v1/reviews?{query}", token(hub, "coordinator")).status_code == 422
