"""A case that is merged into another, and separated again, keeps a life that hangs together."""

from __future__ import annotations

import pytest

from services.triage.cases.api import table_of
from services.triage.cases.store import find_case
from services.triage.history.store import check_histories, find_case_id
from services.triage.join_lives import merge_life, separate_life
from tests.support.houses import Hub, hub, infrastructure, make_hub
from tests.triage.cases.doing import a_crime, allocate, move, post, record, take, whole
from tests.triage.reviews.test_person_checks import NOTHING, a_person, check

__all__ = ["hub", "infrastructure", "make_hub"]


def join(hub: Hub, one: str, other: str, *, apart: bool = False) -> None:
    room = hub.rooms["triage"]
    with room.unit() as unit:
        found = [find_case_id(unit.connection, reference) for reference in (one, other)]
        case, into = [find_case(unit.connection, case_id) for case_id in found if case_id is not None]
        if apart:
            separate_life(case, unit, table_of(room))
        else:
            merge_life(case, into, unit, table_of(room))


def test_a_merged_case_is_closed_as_a_duplicate_and_stands_where_it_stood_when_it_is_separated(
    hub: Hub,
) -> None:
    dangerous = a_crime("TWO", family="Other")
    dangerous["risks"] = {"assessed": True, "markers": ["stalking"]}
    into, case = take(hub, a_crime()), take(hub, dangerous)
    before = move(hub, case, "begin_enquiries")
    join(hub, case, into)
    merged = whole(hub, case)
    assert (merged["state"], merged["outcome"], merged["task"]) == ("closed", "C-DUPLICATE", "nothing")
    assert whole(hub, into)["gates"] == ["specialist_pair"]
    reopening = {"transition": "reopen", "reason": "O-CLOSED-IN-ERROR"}
    assert post(hub, f"/v1/cases/{case}/transitions", reopening).status_code == 409
    join(hub, case, into, apart=True)
    after = whole(hub, case)
    assert (after["state"], after["task"], after["outcome"]) == ("enquiries", before["task"], None)
    assert after["owner"] == before["owner"]
    with hub.rooms["triage"].database.snapshot() as connection:
        lookup = hub.rooms["triage"].keys.lookup
        assert not any(check_histories(connection, lookup))


def test_a_case_that_was_closed_before_stays_as_it_was_closed(hub: Hub) -> None:
    into, case = take(hub, a_crime()), take(hub, a_crime("TWO", family="Other"))
    move(hub, case, "close", outcome="C-SUPPORT-ONLY")
    join(hub, case, into)
    assert whole(hub, case)["outcome"] == "C-SUPPORT-ONLY"
    join(hub, case, into, apart=True)
    assert whole(hub, case)["state"] == "closed"
    assert move(hub, case, "reopen", reason="O-ASKED-AGAIN")["state"] == "reopened"


@pytest.mark.parametrize(
    ("to", "step", "role", "why"),
    [
        ("sharing", {"transition": "transfer", "to": "vcas"}, "coordinator", "another service is told"),
        ("approach_other", {"transition": "contact_other"}, "facilitator", "the other side is approached"),
    ],
)
def test_a_no_that_was_recorded_in_a_case_holds_in_the_one_into_which_it_was_merged(
    hub: Hub, to: str, step: dict[str, str], role: str, why: str
) -> None:
    into, case = take(hub, a_crime()), take(hub, a_crime("TWO", family="Other"))
    if role == "facilitator":
        allocate(hub, into)
        move(hub, into, "contact_initiator", "facilitator")
    record(hub, case, "consent", side="initiator", to=to, decision="refused")
    join(hub, case, into)
    refused = post(hub, f"/v1/cases/{into}/transitions", step, role)
    assert (refused.status_code, why in refused.get_json()["detail"]) == (409, True)
    join(hub, case, into, apart=True)
    assert post(hub, f"/v1/cases/{into}/transitions", step, role).status_code == 200


def test_who_no_longer_agrees_to_sharing_is_not_told_of_by_the_case_into_which_theirs_was_merged(
    hub: Hub,
) -> None:
    shared = ("CRI009999990",)
    into = take(hub, a_crime(assessment_point="vip", references=shared), "durham_constabulary")
    case = take(hub, a_crime("TWO", family="Other", assessment_point="vip"))
    record(hub, case, "consent", "supervisor", side="initiator", to="sharing", decision="withdrawn")
    assert check(hub, "vcas", a_person()).get_json()["known"] is True
    join(hub, case, into)
    assert check(hub, "vcas", a_person()).get_json() == NOTHING
