"""Who is known at another point is not asked again: what was asked is shown, with who asked and when."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from tests.support.builders import Wire, a_consent
from tests.support.houses import Hub
from tests.triage.cases.doing import a_crime, allocate, move, post, record, take, token, whole
from tests.triage.test_brought_again import withdraw

ME = "coordinator@referral-hub.example"
NEEDS = {"outlook": {"level": 3, "note": "Invented: sleeps badly."}}


def an_assessment(**changes: object) -> dict[str, object]:
    return {"side": "initiator", "stage": "start", "shared": True, "needs": NEEDS} | changes


def with_wishes(account: Wire, *wishes: str) -> Wire:
    account["parties"][0]["wishes"] = list(wishes)
    return account


def their_theft(record_id: str = "SUPPORT", **changes: Any) -> Wire:  # noqa: ANN401 - handed on
    """Another event of the same person, for which they want support only: it is the victim care service's."""
    account = a_crime(record_id, kind="theft", on="2026-01-05", **changes)
    return account | {"services_wanted": ["victim_support"]}


def two_cases(hub: Hub, first: Wire | None = None, second: Wire | None = None) -> tuple[str, str]:
    """One person in a case of the victim care service and in one of the Restorative Hub."""
    at_vcas = take(hub, first or with_wishes(their_theft(), "explanation", "apology"))
    at_hub = take(hub, second or a_crime("MEETING"), "durham_constabulary")
    assert at_vcas != at_hub
    assert whole(hub, at_vcas, "supervisor")["team"] == "vcas"
    assert whole(hub, at_hub, "supervisor")["team"] == "restorative_hub"
    return at_vcas, at_hub


def assess(hub: Hub, case: str, team: str, **changes: object) -> Any:  # noqa: ANN401 - a response
    return post(hub, f"/v1/cases/{case}/assessments", an_assessment(**changes), "coordinator", team)


def asked(hub: Hub, case: str, team: str = "restorative_hub", side: str = "initiator") -> dict[str, Any]:
    """What a case tells of the one person on a side."""
    (one,) = [p for p in whole(hub, case, "coordinator", team)["asked"] if p["side"] == side]
    found: dict[str, Any] = one
    return found


def test_what_another_point_has_asked_is_shown_with_who_and_when_and_not_asked_again(hub: Hub) -> None:
    at_vcas, at_hub = two_cases(hub)
    assert assess(hub, at_vcas, "vcas").status_code == 201
    known = asked(hub, at_hub)
    (needs,) = known["needs"]
    assert (needs["needs"], needs["point"], needs["here"]) == (NEEDS, "vcas", False)
    assert needs["at"].startswith(f"{hub.clock().date()}T")
    (wishes,) = known["wishes"]
    assert (wishes["wishes"], wishes["by"], wishes["at"]) == (
        ["explanation", "apology"],
        "vcas",
        "2026-03-22T14:05:00Z",
    )
    assert known["to_ask"] == []
    # Who leads is told; of a case that one does not see, neither its name nor who in it wrote.
    assert known["elsewhere"] == [{"lead": "vcas", "case": None}]
    assert (needs["case"], needs["by"]) == (None, "vcas")
    refused = assess(hub, at_hub, "restorative_hub")
    assert refused.status_code == 409
    assert refused.get_json()["type"].endswith(":already_assessed")
    assert "Victim Care and Advice Service asked them on" in refused.get_json()["detail"]
    wished = assess(hub, at_hub, "restorative_hub", needs={}, wishes=["questions"])
    assert wished.status_code == 409
    again = assess(hub, at_hub, "restorative_hub", again="things_have_changed")
    assert again.status_code == 201
    looks = [
        line["detail"]
        for line in whole(hub, at_vcas, "supervisor")["history"]
        if line["what"] == "known_read"
    ]
    # Who looked is told; that there is another case, and which, is not for whoever reads this one.
    assert {"role": "coordinator"} in looks
    assert at_hub not in str(whole(hub, at_vcas, "coordinator", "vcas")["history"])


def test_what_nobody_has_asked_is_still_to_ask_of_each_person(hub: Hub) -> None:
    case = take(hub, a_crime())
    assert asked(hub, case)["to_ask"] == ["needs", "wishes"]
    assert asked(hub, case, side="other")["to_ask"] == ["needs", "wishes"]
    assert assess(hub, case, "restorative_hub", wishes=["reason"]).status_code == 201
    assert asked(hub, case)["to_ask"] == []
    assert asked(hub, case)["wishes"][0]["wishes"] == ["reason"]
    assert asked(hub, case, side="other")["to_ask"] == ["needs", "wishes"]
    # At the end everybody is asked once more: how much has changed is the measure.
    assert assess(hub, case, "restorative_hub", stage="end").status_code == 201
    assert assess(hub, case, "restorative_hub", stage="end").status_code == 409


def test_points_that_have_not_agreed_to_share_tell_one_another_nothing(hub: Hub) -> None:
    """The vulnerability pathway and the peer mentors have no agreement in the hub's own directory."""
    first = with_wishes(their_theft("VIP"), "apology") | {
        "services_wanted": ["vip_navigator"],
        "need_identified_by": "high_demand",
    }
    second = a_crime("PEER") | {"services_wanted": ["peer_mentor"]}
    at_vip, at_peers = take(hub, first), take(hub, second, "durham_constabulary")
    assert assess(hub, at_vip, "vip").status_code == 201
    known = asked(hub, at_peers, "community_peer_mentors")
    assert (known["needs"], known["wishes"], known["elsewhere"]) == ([], [], [])
    assert known["to_ask"] == ["needs", "wishes"]
    assert assess(hub, at_peers, "community_peer_mentors").status_code == 201


@pytest.mark.parametrize("where", ["first", "second"])
def test_who_refused_anywhere_that_others_are_told_is_known_nowhere_else(hub: Hub, where: str) -> None:
    accounts = {"first": with_wishes(their_theft(), "apology"), "second": a_crime("MEETING")}
    consents = accounts[where]["parties"][0]["consents"]
    consents[:] = [one for one in consents if one["to"] != "sharing"]
    consents.append(a_consent(to="sharing", decision="refused"))
    consents[-1].pop("contact_again_on")
    at_vcas, at_hub = two_cases(hub, accounts["first"], accounts["second"])
    assert assess(hub, at_vcas, "vcas").status_code == 201
    known = asked(hub, at_hub)
    assert (known["needs"], known["wishes"], known["elsewhere"]) == ([], [], [])


def test_a_no_to_sharing_is_a_no_also_where_the_referral_was_taken_back(hub: Hub) -> None:
    first, refusing = with_wishes(their_theft(), "apology"), a_crime("REFUSED", kind="fraud", on="2026-02-02")
    refusing["parties"][0]["consents"][-1] |= {"to": "sharing", "decision": "refused"}
    at_vcas, at_hub = two_cases(hub, first)
    assert assess(hub, at_vcas, "vcas").status_code == 201
    assert asked(hub, at_hub)["elsewhere"] != []
    assert take(hub, refusing, "vip") not in (at_vcas, at_hub)
    withdraw(hub, hub.links()["vip:REFUSED"], "vip")
    known = asked(hub, at_hub)
    assert (known["needs"], known["wishes"], known["elsewhere"]) == ([], [], [])


def test_what_a_referral_that_was_taken_back_agreed_to_counts_no_longer(hub: Hub) -> None:
    at_vcas, at_hub = two_cases(hub)
    withdraw(hub, hub.links()["vcas:SUPPORT"])
    assert whole(hub, at_vcas, "supervisor")["state"] == "withdrawn"
    known = asked(hub, at_hub)
    assert (known["needs"], known["wishes"], known["elsewhere"]) == ([], [], [])


def test_what_was_not_to_be_shared_is_not_and_a_consent_that_is_taken_back_ends_it(hub: Hub) -> None:
    at_vcas, at_hub = two_cases(hub)
    assert assess(hub, at_vcas, "vcas", shared=False).status_code == 201
    known = asked(hub, at_hub)
    assert known["needs"] == []
    assert known["to_ask"] == ["needs"]
    assert len(known["wishes"]) == 1
    record(hub, at_vcas, "consent", "supervisor", side="initiator", to="sharing", decision="withdrawn")
    assert asked(hub, at_hub)["wishes"] == []


def test_a_team_reads_what_it_has_recorded_itself_in_another_case(hub: Hub) -> None:
    first = their_theft("FIRST") | {"services_wanted": []}
    consents = first["parties"][0]["consents"]
    consents[:] = [one for one in consents if one["to"] != "sharing"]
    one, two = take(hub, first), take(hub, a_crime("SECOND"), "durham_constabulary")
    assert one != two
    assert assess(hub, one, "restorative_hub", shared=False).status_code == 201
    (needs,) = asked(hub, two)["needs"]
    assert (needs["case"], needs["by"]) == (one, "coordinator@referral-hub.example")
    assert assess(hub, two, "restorative_hub").status_code == 409


def test_a_facilitator_is_shown_of_their_team_s_other_cases_what_any_other_point_would_be(hub: Hub) -> None:
    first = with_wishes(their_theft("FIRST"), "apology") | {"services_wanted": []}
    consents = first["parties"][0]["consents"]
    consents[:] = [one for one in consents if one["to"] != "sharing"]
    one, two = take(hub, first), take(hub, a_crime("SECOND"), "durham_constabulary")
    assert assess(hub, one, "restorative_hub", shared=False).status_code == 201
    allocate(hub, two)

    def told() -> dict[str, Any]:
        (found,) = [p for p in whole(hub, two, "facilitator")["asked"] if p["side"] == "initiator"]
        return {name: found[name] for name in ("needs", "wishes", "elsewhere")}

    assert told() == {"needs": [], "wishes": [], "elsewhere": []}
    # What the person agreed to share they are shown, without the name of a case that is not theirs.
    record(hub, one, "consent", side="initiator", to="sharing", decision="given")
    assert told()["needs"] == []
    assert told()["elsewhere"] == [{"lead": "restorative_hub", "case": None}]
    assert [wish["wishes"] for wish in told()["wishes"]] == [["apology"]]
    allocate(hub, one)
    assert [need["case"] for need in told()["needs"]] == [one]


def test_of_a_case_in_which_they_know_somebody_nobody_is_shown_anything_in_another(hub: Hub) -> None:
    at_vcas, at_hub = two_cases(hub)
    assert assess(hub, at_vcas, "vcas").status_code == 201
    assert asked(hub, at_hub)["elsewhere"] != []
    record(hub, at_vcas, "conflict", "supervisor", staff=ME)
    record(hub, at_hub, "conflict", "supervisor", staff=ME, knows=False)
    known = asked(hub, at_hub)
    assert (known["needs"], known["wishes"], known["elsewhere"]) == ([], [], [])


def test_of_a_side_with_two_people_it_is_said_who_was_asked(hub: Hub) -> None:
    account = a_crime()
    second = dict(account["parties"][0])
    second |= {"name": {"given": "Ottoline", "family": "Invented"}, "date_of_birth": "1971-04-05"}
    second["contacts"] = [{"channel": "mobile", "value": "07700 900777", "safe": "yes"}]
    account["parties"].append(second)
    case = take(hub, account)
    people = whole(hub, case)["asked"]
    assert [(one["side"], one["name"]) for one in people][-1] == ("initiator", "Ottoline Invented")
    (mention,) = people[-1]["mentions"]
    assert mention["party"] == 2
    assert assess(hub, case, "restorative_hub", person=mention).status_code == 201
    told = {one["name"]: one["to_ask"] for one in whole(hub, case)["asked"]}
    assert told["Ottoline Invented"] == ["wishes"]
    assert told["Fable Figment"] == ["needs", "wishes"]
    nobody = assess(hub, case, "restorative_hub", person={"referral": "R-NONE", "party": 0})
    assert [fault["pointer"] for fault in nobody.get_json()["errors"]] == ["/person"]


def test_a_supervisor_reads_what_the_person_agreed_to_share_and_a_stranger_nothing(hub: Hub) -> None:
    at_vcas, at_hub = two_cases(hub)
    assert assess(hub, at_vcas, "vcas", shared=False).status_code == 201

    def read_by_the_supervisor() -> tuple[int, list[str]]:
        listed = whole(hub, at_vcas, "supervisor")["assessments"]
        (person,) = [p for p in whole(hub, at_hub, "supervisor")["asked"] if p["side"] == "initiator"]
        return len(listed), [one["case"] for one in person["needs"]]

    assert read_by_the_supervisor() == (0, [])
    shared = assess(hub, at_vcas, "vcas", again="things_have_changed")
    assert shared.status_code == 201
    assert read_by_the_supervisor() == (1, [at_vcas])
    # Whoever has a case reads what its team has, and what they record there is its team's to read.
    supervisor = str(hub.credentials["staff"]["supervisor"]["email"])
    move(hub, at_hub, "assign", "supervisor", owner=supervisor)
    said = an_assessment(shared=False, again="things_have_changed")
    assert post(hub, f"/v1/cases/{at_hub}/assessments", said, "supervisor").status_code == 201
    assert [one["team"] for one in whole(hub, at_hub)["assessments"]] == ["restorative_hub"]
    stranger = token(hub, "coordinator", "restorative_cleveland")
    assert hub.ask(f"/v1/cases/{at_hub}", stranger).status_code == 404


def test_what_was_told_is_opened_once_however_it_is_shown(hub: Hub) -> None:
    at_vcas, _ = two_cases(hub)
    opened: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        told = statement.partition("FROM")[0]
        if "referrals.sealed" in told:
            opened.append(statement)

    engine = hub.rooms["triage"].database.engine
    event.listen(engine, "before_cursor_execute", note)
    whole(hub, at_vcas, "coordinator", "vcas")
    event.remove(engine, "before_cursor_execute", note)
    assert len(opened) == 2, "once for the case, and once for whoever is in another"
