"""A case is given to whoever has the most room and may have it; where nobody may, somebody is looked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from services.triage.cases.api import table_of, who_is
from services.triage.domain.teams.assigning import Member, Task, choose, reasons_against
from services.triage.history.store import find_case_id
from services.triage.matching.desk import desk_of
from services.triage.read_teams import read_teams
from services.triage.reviews.hold_neighbourhood import Office, hold_neighbourhood, settle_by_word
from shared.contracts import MESSAGES, CaseDue
from shared.contracts.envelope import Message, open_envelope, read_envelope
from shared.directory import DEFAULT, Directory
from shared.web import Caller
from tests.support.builders import Wire
from tests.support.houses import Hub, StoppedClock, hub, infrastructure, make_hub
from tests.triage.cases.doing import FACILITATOR, a_crime, allocate, move, post, record, take, token, whole

__all__ = ["hub", "infrastructure", "make_hub"]

Said = TypeVar("Said", bound=Message)
TUESDAY = dt.date(2026, 3, 24)
THURSDAY = dt.date(2026, 3, 26)
A, B, C = "a@hub.example", "b@hub.example", "c@hub.example"
CLEVELAND = "cleveland.coordinator@referral-hub.example"
SUPERVISOR = "supervisor@referral-hub.example"
WEEKEND = (False, False, False, False, False, True, True)
FRIDAYS = (False, False, False, False, True, False, False)
WEDNESDAYS = (False, False, True, False, False, False, False)


def a_task(*, complex_case: bool = False, conflicts: tuple[str, ...] = ()) -> Task:
    return Task(TUESDAY, THURSDAY, complex_case, frozenset(conflicts))


@pytest.mark.parametrize(
    ("members", "loads", "task", "chosen"),
    [
        ([Member(A), Member(B)], {A: 2, B: 1}, a_task(), B),
        ([Member(A), Member(B)], {}, a_task(), A),
        ([Member(A, room=10), Member(B, room=100)], {A: 2, B: 10}, a_task(), B),
        ([Member(A), Member(B)], {A: 0, B: 9}, a_task(conflicts=(A,)), B),
        ([Member(A, "foundation"), Member(B)], {A: 0, B: 9}, a_task(complex_case=True), B),
        ([Member(A, "intermediate"), Member(B)], {A: 0, B: 9}, a_task(complex_case=True), A),
        ([Member(A, "foundation"), Member(B)], {A: 0, B: 9}, a_task(), A),
        ([Member(A, away=((TUESDAY, TUESDAY),)), Member(B)], {A: 0, B: 9}, a_task(), B),
        ([Member(A, works_on=FRIDAYS), Member(B)], {A: 0, B: 9}, a_task(), B),
        ([Member(A, works_on=WEDNESDAYS), Member(B)], {A: 0, B: 9}, a_task(), A),
        ([Member(A, works_on=WEDNESDAYS, away=((THURSDAY, THURSDAY),))], {}, a_task(), A),
        ([Member(A, room=1), Member(B, room=1)], {A: 9, B: 8}, a_task(), B),
        ([Member(A)], {}, a_task(conflicts=(A,)), None),
        ([], {}, a_task(), None),
    ],
)
def test_a_case_is_given_to_whoever_has_the_most_room_and_may_have_it(
    members: list[Member], loads: dict[str, int], task: Task, chosen: str | None
) -> None:
    assert choose(members, loads, task) == chosen


def test_why_each_of_them_may_not_have_it_is_known() -> None:
    members = [
        Member(A),
        Member(B, "foundation"),
        Member(C, away=((TUESDAY, TUESDAY),)),
        Member("d@hub.example", works_on=WEEKEND),
        Member("e@hub.example"),
    ]
    task = a_task(complex_case=True, conflicts=(A,))
    assert list(reasons_against(members, task)) == ["conflict", "level", "away", "hours"]


def a_directory(folder: Path, *, more: str = "", cleveland: str = "") -> str:
    """The hub's own with more staff, and with words about the coordinator of Cleveland."""
    text = DEFAULT.read_text(encoding="utf-8")
    own = f"email: {CLEVELAND}, team: restorative_cleveland"
    assert own in text
    path = folder / "directory.yaml"
    path.write_text(text.replace(own, own + cleveland) + more, encoding="utf-8")
    return str(path)


def a_coordinator(email: str, words: str = "", team: str = "restorative_cleveland") -> str:
    return f"  - {{role: coordinator, email: {email}, team: {team}{words}}}\n"


LEAVE = ", leave: [{first: 2020-01-01, last: 2099-12-31}]"


def in_cleveland(record_id: str, family: str, **changes: Any) -> Wire:  # noqa: ANN401 - handed on
    return a_crime(record_id, family=family, postcode="TS1 9ZZ", **changes)


def join(hub: Hub, one: str, other: str, verdict: str) -> None:
    """A supervisor says of all referrals of two cases that they are one, or that they are not."""
    room = hub.rooms["triage"]
    who = who_is(Caller("supervisor", SUPERVISOR, "duty_desk", ""))
    with room.unit() as unit:
        ids = [found for case in (one, other) if (found := find_case_id(unit.connection, case)) is not None]
        office = Office(room.database, table_of(room), desk_of(room))
        clerk = hold_neighbourhood(ids, who, "Invented.", unit, office)
        first, second = (
            link["reference"]
            for record, link in sorted(hub.links().items())
            if record in ("vcas:ONE", "vip:OTHER")
        )
        clerk.register.keep_judgement(first, second, verdict, SUPERVISOR, "Invented.")
        settle_by_word([first, second], clerk)
    hub.settle()


def said(hub: Hub, kind: type[Said]) -> list[Said]:
    """What triage has said of this kind."""
    room = hub.rooms["triage"]
    outbox = room.service.tables.outbox
    with room.database.reading() as connection:
        query = select(outbox.c.body).where(outbox.c.type == kind.TYPE).order_by(outbox.c.id)
        bodies = connection.execute(query).scalars().all()
    opened = [open_envelope(read_envelope(body), MESSAGES, room.keys.messages) for body in bodies]
    return [one for one in opened if isinstance(one, kind)]


def test_cases_are_spread_over_those_who_are_there(make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    more = a_coordinator(A) + a_coordinator(B) + a_coordinator(C, f"{LEAVE}, cover: {A}")
    hub = make_hub(directory=a_directory(tmp_path, more=more))
    owners = [
        whole(hub, take(hub, in_cleveland(f"N-{n}", f"Spread{'abcdef'[n]}")), "supervisor")["owner"]
        for n in range(6)
    ]
    assert sorted(owners) == sorted([A, B, CLEVELAND] * 2)


def test_whoever_stands_in_has_it_while_the_team_is_away(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    more = a_coordinator(A, team="vcas")
    hub = make_hub(directory=a_directory(tmp_path, more=more, cleveland=f"{LEAVE}, cover: {A}"))
    case = take(hub, in_cleveland("ONE", "Covered"))
    told = whole(hub, case, "supervisor")
    assert (told["owner"], told["nobody_fits"], told["task"]) == (A, [], "triage")
    # They open it, find it in their list and work with it as the team does; others of their own team do not.
    theirs, colleague = (token(hub, "coordinator", "vcas", name=name) for name in (A, B))
    assert hub.ask(f"/v1/cases/{case}", theirs).status_code == 200
    assert [one["case"] for one in hub.ask("/v1/cases?owner=me", theirs).get_json()["cases"]] == [case]
    assert hub.ask(f"/v1/cases/{case}", colleague).status_code == 404
    begun = hub.front.post(
        f"/v1/cases/{case}/transitions",
        json={"transition": "begin_enquiries"},
        headers={"Authorization": f"Bearer {theirs}"},
    )
    assert (begun.status_code, begun.get_json()["state"]) == (200, "enquiries")
    # Whoever knows somebody in it does not, though it was theirs.
    record(hub, case, "conflict", "supervisor", staff=A)
    assert hub.ask(f"/v1/cases/{case}", theirs).status_code == 404


def test_a_facilitator_who_stands_in_for_a_coordinator_opens_what_they_have(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(directory=a_directory(tmp_path, cleveland=f"{LEAVE}, cover: {FACILITATOR}"))
    case = take(hub, in_cleveland("ONE", "Covered"))
    told = whole(hub, case, "facilitator")
    assert told["owner"] == FACILITATOR
    # They do what the task asks of whoever has it, and nothing that is for a supervisor.
    assert {"begin_enquiries", "assign"} <= {one["transition"] for one in told["choices"]}
    assert move(hub, case, "begin_enquiries", "facilitator")["state"] == "enquiries"
    offers = f"/v1/cases/{case}/cross-referrals"
    offer = post(hub, offers, {"to": "vcas"}, "facilitator")
    assert (offer.status_code, offer.get_json()["from"]) == (201, "restorative_cleveland")
    answers = f"{offers}/{offer.get_json()['id']}/answer"
    bearer = {"Authorization": f"Bearer {token(hub, 'facilitator')}", "Accept": "text/html"}
    page = hub.front.get(f"/cases/{case}", headers=bearer).text
    assert ("Take it back" in page, "Accept: we will help" in page) == (True, False)
    assert post(hub, answers, {"answer": "accepted"}, "facilitator").status_code == 403
    assert post(hub, answers, {"answer": "withdrawn"}, "facilitator").status_code == 200
    move(hub, case, "assign", "supervisor", owner=SUPERVISOR)
    assert hub.ask(f"/v1/cases/{case}", token(hub, "facilitator")).status_code == 404


def test_a_coordinator_who_facilitates_takes_the_steps_of_a_facilitator(hub: Hub) -> None:
    case = take(hub, a_crime())
    email = str(hub.credentials["staff"]["coordinator"]["email"])
    step = {"transition": "contact_initiator"}
    move(hub, case, "allocate", facilitators=[{"email": FACILITATOR}])
    assert post(hub, f"/v1/cases/{case}/transitions", step).status_code == 403
    move(hub, case, "reallocate", facilitators=[{"email": email}])
    assert "contact_initiator" in {one["transition"] for one in whole(hub, case)["choices"]}
    assert move(hub, case, "contact_initiator")["state"] == "contact_initiator"
    # Of another team too; and a supervisor does not supervise what they facilitate themselves.
    elsewhere, path = token(hub, "coordinator", "vip"), f"/v1/cases/{case}"
    assert hub.ask(path, elsewhere).status_code == 404
    peer = hub.rooms["triage"].directory.people_of("vip")[0].email
    move(hub, case, "reallocate", facilitators=[{"email": peer}, {"email": SUPERVISOR}])
    assert hub.ask(path, elsewhere).status_code == 200
    move(hub, case, "propose_closure", "supervisor", outcome="C-SUPPORT-ONLY", enabling=["listened"])
    approval = post(hub, f"{path}/transitions", {"transition": "approve_closure"}, "supervisor")
    assert approval.status_code == 403
    signed = post(hub, f"{path}/records", {"kind": "risk_signed_off", "says": {}}, "supervisor")
    assert signed.status_code == 403


def test_where_nobody_may_have_it_the_duty_desk_finds_somebody_and_is_told_why(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(directory=a_directory(tmp_path, cleveland=LEAVE))
    case = take(hub, in_cleveland("ONE", "Nobody"))
    told = whole(hub, case, "supervisor")
    assert (told["team"], told["owner"]) == ("restorative_cleveland", SUPERVISOR)
    assert (told["task"], told["nobody_fits"]) == ("find_owner", ["away"])
    lines = [line["detail"] for line in told["history"] if line["what"] == "nobody_fits"]
    assert lines == [{"why": ["away"], "owner": SUPERVISOR}]
    assert ("due", "duty_desk") in [(alert["kind"], alert["team"]) for alert in hub.alerts()]
    path = f"/v1/cases/{case}/transitions"
    away = post(hub, path, {"transition": "assign", "owner": CLEVELAND}, "supervisor")
    assert away.status_code == 409
    assert "is on leave" in away.get_json()["detail"]
    stranger = post(hub, path, {"transition": "assign", "owner": "x@elsewhere.example"}, "supervisor")
    assert [fault["pointer"] for fault in stranger.get_json()["errors"]] == ["/owner"]
    given = move(hub, case, "assign", "supervisor", owner=SUPERVISOR)
    assert (given["owner"], given["task"], given["nobody_fits"]) == (SUPERVISOR, "triage", [])


def test_the_team_s_own_lead_finds_somebody_where_there_is_one(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    lead = "  - {role: supervisor, email: lead@hub.example, team: restorative_cleveland}\n"
    hub = make_hub(directory=a_directory(tmp_path, more=lead, cleveland=LEAVE))
    case = take(hub, in_cleveland("ONE", "Led"))
    told = whole(hub, case, "supervisor")
    assert (told["owner"], told["task"]) == ("lead@hub.example", "find_owner")
    # Nobody finds somebody for a case in which they know somebody: the next who leads does, at last nobody.
    assert record(hub, case, "conflict", "supervisor", staff="lead@hub.example")["owner"] == SUPERVISOR
    elsewhere = token(hub, "supervisor", "vcas", name=A)
    declared = {"kind": "conflict", "says": {"staff": SUPERVISOR}}
    answer = hub.front.post(
        f"/v1/cases/{case}/records", json=declared, headers={"Authorization": f"Bearer {elsewhere}"}
    )
    assert (answer.get_json()["owner"], answer.get_json()["task"]) == ("", "find_owner")
    assert hub.ask(f"/v1/cases/{case}", token(hub, "supervisor")).status_code == 404
    # What comes to the case while nobody has it hands it to nobody again.
    hub.settle()
    told_of = len(hub.ask("/v1/alerts", elsewhere).get_json()["alerts"])
    amended = in_cleveland("ONE", "Led")
    amended["event"]["summary"] = "Invented: it has gone on."
    hub.take(amended)
    hub.settle()
    history = hub.ask(f"/v1/cases/{case}", elsewhere).get_json()["history"]
    assert [line["what"] for line in history].count("amended") == 1
    owners = [line["detail"]["owner"] for line in history if line["what"] == "handed_over"]
    assert owners == [SUPERVISOR, ""]
    assert len(hub.ask("/v1/alerts", elsewhere).get_json()["alerts"]) == told_of


def test_another_supervisor_finds_somebody_where_the_duty_desk_knows_somebody(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    more = "  - {role: supervisor, email: lead@hub.example, team: vcas}\n"
    hub = make_hub(directory=a_directory(tmp_path, more=more, cleveland=LEAVE))
    case = take(hub, in_cleveland("ONE", "Led"))
    assert record(hub, case, "conflict", "supervisor", staff=SUPERVISOR)["owner"] == "lead@hub.example"


def test_who_does_not_work_before_it_is_due_does_not_get_it(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    # Triage is due in two working days: on Thursday.
    clock = StoppedClock(dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC))
    hours = ', hours: {fri: "09:00-17:00"}'
    hub = make_hub(clock, directory=a_directory(tmp_path, cleveland=hours, more=a_coordinator(A)))
    assert whole(hub, take(hub, in_cleveland("ONE", "Hours")), "supervisor")["owner"] == A


def test_a_complex_case_goes_to_whoever_is_registered_for_it(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    teams = tmp_path / "teams.yaml"
    teams.write_text(
        "teams:\n  restorative_cleveland:\n    members:\n"
        f"      - {{email: {CLEVELAND}, level: foundation}}\n      - {{email: {A}, level: intermediate}}\n",
        encoding="utf-8",
    )
    directory = a_directory(tmp_path, more=a_coordinator(A))
    hub = make_hub(directory=directory, teams=str(teams))
    stalked = in_cleveland("ONE", "Grave", kind="stalking")
    plain = in_cleveland("TWO", "Plain")
    assert whole(hub, take(hub, stalked), "supervisor")["owner"] == A
    assert whole(hub, take(hub, plain), "supervisor")["owner"] == CLEVELAND


def test_facilitators_are_taken_at_the_level_at_which_they_are_registered(hub: Hub) -> None:
    case = take(hub, a_crime(kind="stalking"))
    second = "second.facilitator@referral-hub.example"
    path = f"/v1/cases/{case}/transitions"

    def refused(*people: dict[str, str]) -> tuple[int, str, list[str]]:
        answer = post(hub, path, {"transition": "allocate", "facilitators": list(people)})
        body = answer.get_json()
        return answer.status_code, body["detail"], [fault["pointer"] for fault in body.get("errors", [])]

    more = refused({"email": FACILITATOR}, {"email": second, "level": "advanced"})
    assert (more[0], more[2]) == (422, ["/facilitators/1/level"])
    unknown = refused({"email": "x@elsewhere.example"}, {"email": second})
    assert (unknown[0], unknown[2]) == (422, ["/facilitators/0/email"])
    # One alone, or one twice, is no pair.
    assert refused({"email": FACILITATOR})[0] == 409
    assert refused({"email": FACILITATOR}, {"email": FACILITATOR})[0] == 409
    pair = move(hub, case, "allocate", facilitators=[{"email": FACILITATOR}, {"email": second}])
    assert pair["state"] == "allocated"
    (kept,) = [one for one in whole(hub, case)["records"] if one["kind"] == "facilitators"]
    assert kept["says"]["who"] == [
        {"email": FACILITATOR, "level": "advanced"},
        {"email": second, "level": "intermediate"},
    ]


def test_a_coordinator_who_is_not_registered_to_facilitate_is_a_beginner_at_it(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(directory=a_directory(tmp_path, more=a_coordinator(A, team="restorative_hub")))
    case = take(hub, a_crime(kind="stalking"))
    path = f"/v1/cases/{case}/transitions"
    pair = [{"email": FACILITATOR}, {"email": A}]
    refused = post(hub, path, {"transition": "allocate", "facilitators": pair})
    assert (refused.status_code, "none a beginner" in refused.get_json()["detail"]) == (409, True)
    boast = post(
        hub, path, {"transition": "allocate", "facilitators": [pair[0], pair[1] | {"level": "advanced"}]}
    )
    assert [fault["pointer"] for fault in boast.get_json()["errors"]] == ["/facilitators/1/level"]
    # They have any case all the same.
    assert move(hub, case, "assign", "supervisor", owner=A)["owner"] == A


def test_a_facilitator_without_room_is_not_taken_while_another_has_some(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    second = "second.facilitator@referral-hub.example"
    teams = tmp_path / "teams.yaml"
    teams.write_text(
        "teams:\n  restorative_hub:\n    facilitators:\n"
        f"      - {{email: {FACILITATOR}, room: 1}}\n      - {{email: {second}, room: 1}}\n",
        encoding="utf-8",
    )
    hub = make_hub(teams=str(teams))
    one, two, three = (take(hub, a_crime(f"N-{n}", family=f"Room{n}")) for n in ("One", "Two", "Three"))
    allocate(hub, one)
    naming = {"transition": "allocate", "facilitators": [{"email": FACILITATOR}]}
    full = post(hub, f"/v1/cases/{two}/transitions", naming)
    assert (full.status_code, second in full.get_json()["detail"]) == (409, True)
    move(hub, two, "allocate", facilitators=[{"email": second}])
    # Where nobody has room, one without it is taken.
    allocate(hub, three)


def test_an_offer_is_for_whoever_would_have_the_case_and_counts_for_nobody(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(directory=a_directory(tmp_path, more=a_coordinator(A)))
    case = take(hub, a_crime())
    record(hub, case, "conflict", staff=A)
    offers = f"/v1/cases/{case}/cross-referrals"
    assert post(hub, offers, {"to": "restorative_cleveland"}).status_code == 201
    (asked,) = [one for one in said(hub, CaseDue) if one.task == "answer_offer"]
    assert asked.owner == CLEVELAND
    owners = [
        whole(hub, take(hub, alone(f"N-{n}", f"Offer{n}")), "supervisor")["owner"] for n in ("One", "Two")
    ]
    assert owners == [A, CLEVELAND]


def test_who_facilitates_and_is_not_registered_is_a_beginner(tmp_path: Path) -> None:
    third = "  - {role: facilitator, email: third@hub.example, team: restorative_hub}\n"
    teams = read_teams("", Directory.read(a_directory(tmp_path, more=third)))
    assert teams.everybody["third@hub.example"].level == "foundation"
    levels = {one.email: one.level for one in teams.work["restorative_hub"].facilitators}
    assert levels == {
        FACILITATOR: "advanced",
        "second.facilitator@referral-hub.example": "intermediate",
        "third@hub.example": "foundation",
    }


def test_who_declares_that_they_know_somebody_loses_the_case_and_does_not_see_it(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(directory=a_directory(tmp_path, more=a_coordinator(A)))
    case = take(hub, in_cleveland("ONE", "Neighbour"))
    path = f"/v1/cases/{case}"
    owner = whole(hub, case, "supervisor")["owner"]
    other = ({A, CLEVELAND} - {owner}).pop()
    bearers = {name: token(hub, "coordinator", "restorative_cleveland", name=name) for name in (owner, other)}
    nobody = hub.front.post(
        f"{path}/records",
        json={"kind": "conflict", "says": {"staff": "x@elsewhere.example"}},
        headers={"Authorization": f"Bearer {bearers[owner]}"},
    )
    assert [fault["pointer"] for fault in nobody.get_json()["errors"]] == ["/says/staff"]
    declared = hub.front.post(
        f"{path}/records",
        json={"kind": "conflict", "says": {"staff": owner}},
        headers={"Authorization": f"Bearer {bearers[owner]}"},
    )
    assert declared.get_json()["owner"] == other
    assert hub.ask(path, bearers[owner]).status_code == 404
    assert hub.ask("/v1/cases", bearers[owner]).get_json()["cases"] == []
    assert hub.ask(path, bearers[other]).status_code == 200
    # It follows the person: their next case is not given to, nor seen by, whoever knows them.
    later = take(hub, in_cleveland("TWO", "Neighbour", kind="theft", on="2026-01-05"), "vip")
    assert later != case
    told = whole(hub, later, "supervisor")
    assert told["owner"] == other
    assert [r["says"] for r in told["records"]] == [{"staff": owner, "because": "another_case"}]
    assert hub.ask(f"/v1/cases/{later}", bearers[owner]).status_code == 404
    # What was said by mistake is taken back.
    record(hub, later, "conflict", "supervisor", staff=owner, knows=False)
    assert hub.ask(f"/v1/cases/{later}", bearers[owner]).status_code == 200


def alone(record_id: str, family: str, **changes: Any) -> Wire:  # noqa: ANN401 - handed on
    """In Cleveland, and nobody is said to be responsible: that would be the same person in every case."""
    account = in_cleveland(record_id, family, **changes)
    account["parties"].pop()
    return account


def two_of_cleveland(hub: Hub) -> tuple[str, str, dict[str, str]]:
    """A case, who has it, and the tokens of both coordinators of Cleveland by their addresses."""
    case = take(hub, alone("ONE", "Neighbour"))
    bearers = {name: token(hub, "coordinator", "restorative_cleveland", name=name) for name in (A, CLEVELAND)}
    return case, whole(hub, case, "supervisor")["owner"], bearers


def sees(hub: Hub, case: str, bearer: str) -> bool:
    return hub.ask(f"/v1/cases/{case}", bearer).status_code == 200


def another_theft(hub: Hub, record_id: str = "TWO") -> str:
    return take(hub, alone(record_id, "Neighbour", kind="theft", on="2026-01-05"), "vip")


def test_a_conflict_holds_for_the_cases_that_there_are_already_and_is_taken_back_in_all_of_them(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(directory=a_directory(tmp_path, more=a_coordinator(A)))
    case, owner, bearers = two_of_cleveland(hub)
    beside, stranger = another_theft(hub), take(hub, alone("THREE", "Stranger"))
    assert sees(hub, beside, bearers[owner])
    record(hub, case, "conflict", "supervisor", staff=owner)
    told = whole(hub, beside, "supervisor")
    assert told["owner"] not in ("", owner)
    assert [r["says"] for r in told["records"]] == [{"staff": owner, "because": "another_case"}]
    seen = {one: sees(hub, one, bearers[owner]) for one in (case, beside, stranger)}
    assert seen == {case: False, beside: False, stranger: True}
    record(hub, case, "conflict", "supervisor", staff=owner, knows=False)
    assert sees(hub, case, bearers[owner])
    assert sees(hub, beside, bearers[owner])


def test_a_conflict_goes_no_further_than_the_people_it_was_declared_of(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    """Who is in a second case with one of them, and in a third without, is not taken for one of them."""
    hub = make_hub(directory=a_directory(tmp_path, more=a_coordinator(A)))
    case, owner, bearers = two_of_cleveland(hub)
    record(hub, case, "conflict", "supervisor", staff=owner)
    second = alone("TWO", "Neighbour", kind="theft", on="2026-01-05")
    third = alone("THREE", "Bystander", kind="assault", on="2025-11-05")
    other = dict(third["parties"][0])
    second["parties"].append(other)
    beside = take(hub, second, "vip")
    beyond = take(hub, third, "durham_constabulary")
    links = hub.links()
    assert links["vip:TWO"]["people"][-1] == links["durham_constabulary:THREE"]["people"][0]
    assert not sees(hub, beside, bearers[owner])
    assert sees(hub, beyond, bearers[owner])


def test_a_conflict_goes_with_a_case_that_is_merged_and_comes_back_with_it(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(directory=a_directory(tmp_path, more=a_coordinator(A)))
    one, owner, bearers = two_of_cleveland(hub)
    other = take(hub, alone("OTHER", "Quite", on="2026-03-10"), "vip")
    assert other != one
    record(hub, other, "conflict", "supervisor", staff=owner)
    assert sees(hub, one, bearers[owner])
    join(hub, one, other, "same")
    told = whole(hub, one, "supervisor")
    assert len(told["referrals"]) == 2
    assert told["owner"] not in ("", owner)
    assert [sees(hub, case, bearers[owner]) for case in (one, other)] == [False, False]
    join(hub, one, other, "different")
    assert [sees(hub, case, bearers[owner]) for case in (one, other)] == [True, False]


def test_what_was_declared_of_a_merged_case_holds_for_both_when_they_are_set_apart(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(directory=a_directory(tmp_path, more=a_coordinator(A)))
    one, owner, bearers = two_of_cleveland(hub)
    other = take(hub, alone("OTHER", "Quite", on="2026-03-10"), "vip")
    join(hub, one, other, "same")
    record(hub, one, "conflict", "supervisor", staff=owner)
    beside = whole(hub, other, "supervisor")["owner"]
    record(hub, one, "conflict", "supervisor", staff=beside)
    # What was merged into it tells of the same people.
    assert [sees(hub, case, bearers[owner]) for case in (one, other)] == [False, False]
    join(hub, one, other, "different")
    assert [sees(hub, case, bearers[owner]) for case in (one, other)] == [False, False]
    # Whoever had the other case has it no more, though it was closed when that was said.
    assert whole(hub, other, "supervisor")["owner"] == SUPERVISOR


def test_a_case_is_not_opened_again_for_whoever_was_found_to_know_somebody_in_it(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(directory=a_directory(tmp_path, more=a_coordinator(A)))
    case, owner, _ = two_of_cleveland(hub)
    beside = another_theft(hub)
    move(hub, case, "close", "supervisor", outcome="C-SUPPORT-ONLY")
    record(hub, beside, "conflict", "supervisor", staff=owner)
    again = move(hub, case, "reopen", "supervisor", reason="O-ASKED-AGAIN")
    assert again["owner"] == ({A, CLEVELAND} - {owner}).pop()


def test_a_facilitator_of_another_case_with_these_people_is_replaced_too(hub: Hub) -> None:
    case, beside = take(hub, a_crime()), take(hub, a_crime("TWO", kind="theft", on="2026-01-05"), "vip")
    assert beside != case
    allocate(hub, beside)
    record(hub, case, "conflict", staff=FACILITATOR)
    told = whole(hub, beside)
    assert (told["task"], told["toward"]) == ("reallocate", None)
    assert hub.ask(f"/v1/cases/{beside}", token(hub, "facilitator")).status_code == 404


def test_a_facilitator_who_is_told_of_by_a_later_referral_is_replaced(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    text = DEFAULT.read_text(encoding="utf-8")
    own = f"email: {FACILITATOR}, team: restorative_hub"
    path = tmp_path / "directory.yaml"
    path.write_text(text.replace(own, f'{own}, mobile: "+447700900991"'), encoding="utf-8")
    hub = make_hub(directory=str(path))
    case = take(hub, a_crime())
    allocate(hub, case)
    again = a_crime("AGAIN")
    again["parties"][1]["contacts"] = [{"channel": "mobile", "value": "07700 900991", "safe": "yes"}]
    assert take(hub, again, "durham_constabulary") == case
    told = whole(hub, case)
    assert (told["task"], told["toward"]) == ("reallocate", None)
    assert hub.ask(f"/v1/cases/{case}", token(hub, "facilitator")).status_code == 404


def test_who_is_a_party_by_their_own_telephone_does_not_get_the_case(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    words = ', mobile: "+447700900991"'
    hub = make_hub(directory=a_directory(tmp_path, cleveland=words, more=a_coordinator(A)))
    case = take(hub, in_cleveland("ONE", "Colleague", phone="07700 900991"))
    told = whole(hub, case, "supervisor")
    assert told["owner"] == A
    assert [r["says"] for r in told["records"]] == [{"staff": CLEVELAND, "because": "own_contact"}]


def test_a_facilitator_who_knows_somebody_is_replaced(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    facilitator = token(hub, "facilitator")
    assert hub.ask(f"/v1/cases/{case}", facilitator).status_code == 200
    told = record(hub, case, "conflict", staff=FACILITATOR)
    assert (told["task"], told["toward"]) == ("reallocate", None)
    assert hub.ask(f"/v1/cases/{case}", facilitator).status_code == 404
    second = "second.facilitator@referral-hub.example"
    again = move(hub, case, "reallocate", facilitators=[{"email": second}])
    assert (again["state"], again["task"]) == ("allocated", "first_contact")
    theirs = token(hub, "facilitator", "restorative_hub", name=second)
    assert hub.ask(f"/v1/cases/{case}", theirs).status_code == 200
