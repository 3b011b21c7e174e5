"""Whoever has a case from now on is told so themselves, however it came to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from services.notify.tables import barred
from services.triage.lives.tables import case_conflicts
from shared.contracts import CaseBarred, CaseGiven, CaseProgressed
from shared.directory import DEFAULT
from tests.support.houses import Hub, StoppedClock, hub, infrastructure, make_hub
from tests.triage.cases.doing import FACILITATOR, a_crime, allocate, move, record, take, token, whole
from tests.triage.test_assigning import CLEVELAND, A, a_coordinator, a_directory, alone, said

__all__ = ["hub", "infrastructure", "make_hub"]

TUESDAY = dt.datetime(2026, 3, 24, 10, 0, tzinfo=dt.UTC)
SECOND = "second.facilitator@referral-hub.example"


def alerts_of(hub: Hub, bearer: str) -> list[tuple[str, str, str]]:
    """What waits for somebody: the case, what it is, and whom it is for."""
    found = hub.ask("/v1/alerts?state=open", bearer).get_json()["alerts"]
    return [(one["case"], one["kind"], one["whose"]) for one in found if one["whose"]]


def mailed(hub: Hub) -> list[tuple[str, str]]:
    """To whom a mail went that they have a case now, and what its subject is."""
    return [(str(m["To"]), str(m["Subject"])) for m in hub.mails() if "You have a case now" in m["Subject"]]


def test_who_gets_a_case_because_its_owner_knows_somebody_in_it_is_told(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(StoppedClock(TUESDAY), directory=a_directory(tmp_path, more=a_coordinator(A)))
    case = take(hub, alone("ONE", "Neighbour"))
    assert mailed(hub) == []
    owner = whole(hub, case, "supervisor")["owner"]
    other = ({A, CLEVELAND} - {owner}).pop()
    record(hub, case, "conflict", "supervisor", staff=owner)
    hub.settle()
    assert alerts_of(hub, token(hub, "supervisor")) == [(case, "given", other)]
    assert [to for to, _ in mailed(hub)] == [other]
    assert "Neighbour" not in str(hub.mails()[-1])


def test_who_has_a_case_no_longer_is_not_reminded_of_it(make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    hub = make_hub(StoppedClock(TUESDAY), directory=a_directory(tmp_path, more=a_coordinator(A)))
    case, another = take(hub, alone("ONE", "Neighbour")), take(hub, alone("TWO", "Stranger"))
    supervisor = "supervisor@referral-hub.example"
    for one in (case, another):
        owner = whole(hub, one, "supervisor")["owner"]
        move(hub, one, "assign", "supervisor", owner=({A, CLEVELAND} - {owner}).pop())
    hub.settle()
    (first,) = {whose for one, _, whose in alerts_of(hub, token(hub, "supervisor")) if one == case}
    # By what becomes known it goes to somebody else, and the other one is taken over by a colleague.
    record(hub, case, "conflict", "supervisor", staff=first)
    move(hub, another, "assign", "supervisor", owner=supervisor)
    hub.settle()
    told = alerts_of(hub, token(hub, "supervisor"))
    assert first not in {whose for one, _, whose in told if one == case}
    assert another not in {one for one, _, _ in told}


def test_nobody_is_reminded_of_a_case_that_has_ended(make_hub: Callable[..., Hub], tmp_path: Path) -> None:
    hub = make_hub(StoppedClock(TUESDAY), directory=a_directory(tmp_path, more=a_coordinator(A)))
    case, another = take(hub, alone("ONE", "Neighbour")), take(hub, alone("TWO", "Stranger"))
    for one in (case, another):
        owner = whole(hub, one, "supervisor")["owner"]
        move(hub, one, "assign", "supervisor", owner=({A, CLEVELAND} - {owner}).pop())
    hub.clock.move(minutes=1)
    move(hub, case, "close", "supervisor", outcome="C-NOT-COMPLETED")
    hub.settle()
    assert sorted((one["case"], one["kind"]) for one in hub.alerts() if one["state"] == "open") == [
        (another, "given"),
        (another, "opening"),
    ]
    now = hub.clock()
    late = (
        CaseProgressed(case=another, referral="RF-2F6J-9WY", status="in_progress", progressed_at=now),
        CaseProgressed(
            case=another, referral="RF-2F6J-9WY", status="closed", progressed_at=now - dt.timedelta(hours=1)
        ),
    )
    with hub.rooms["triage"].unit() as unit:
        for message in late:
            unit.say(message)
    hub.settle()
    assert {one["case"] for one in hub.alerts() if one["state"] == "open"} == {another}


def test_who_knows_somebody_in_a_case_neither_sees_its_alerts_nor_takes_them(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(StoppedClock(TUESDAY), directory=a_directory(tmp_path, more=a_coordinator(A)))
    case = take(hub, alone("ONE", "Neighbour"))
    (opening,) = hub.alerts()
    knows, other = (token(hub, "coordinator", opening["team"], email) for email in (CLEVELAND, A))
    path = f"/v1/alerts/{opening['id']}"
    assert [hub.ask(path, bearer).status_code for bearer in (knows, other)] == [200, 200]
    record(hub, case, "conflict", "supervisor", staff=CLEVELAND)
    hub.settle()
    assert [hub.ask(path, bearer).status_code for bearer in (knows, other)] == [404, 200]
    assert hub.ask("/v1/alerts", knows).get_json()["alerts"] == []
    taken = hub.front.post(f"{path}/acknowledgement", headers={"Authorization": f"Bearer {knows}"})
    assert taken.status_code == 404
    mails = len(hub.mails())
    hub.clock.move(days=5)
    hub.settle()
    later = hub.mails()[mails:]
    assert later
    assert CLEVELAND not in {str(mail["To"]) for mail in later}
    taken = hub.front.post(f"{path}/acknowledgement", headers={"Authorization": f"Bearer {other}"})
    assert taken.status_code == 200
    # They were wrong: the case is theirs to see again.
    record(hub, case, "conflict", "supervisor", staff=CLEVELAND, knows=False)
    hub.settle()
    assert hub.ask(path, knows).status_code == 200


def test_what_was_known_before_anybody_was_told_of_it_is_said_once(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(StoppedClock(TUESDAY), directory=a_directory(tmp_path, more=a_coordinator(A)))
    case = take(hub, alone("ONE", "Neighbour"))
    (opening,) = hub.alerts()
    knows = token(hub, "coordinator", opening["team"], CLEVELAND)
    record(hub, case, "conflict", "supervisor", staff=CLEVELAND)
    hub.settle()
    # As in a hub that came to know it before there was such a message.
    triage, notify = hub.rooms["triage"], hub.rooms["notify"]
    with triage.database.transaction() as connection:
        connection.execute(case_conflicts.update().values(told_at=None))
    with notify.database.transaction() as connection:
        connection.execute(barred.delete())
    assert hub.ask(f"/v1/alerts/{opening['id']}", knows).status_code == 200
    for _ in range(2):
        hub.clock.move(minutes=2)
        hub.settle()
    assert hub.ask(f"/v1/alerts/{opening['id']}", knows).status_code == 404
    assert [one.who for one in said(hub, CaseBarred)] == [(CLEVELAND,), (CLEVELAND,)]


def test_one_more_who_knows_somebody_does_not_hurry_what_goes_on_already(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub(StoppedClock(TUESDAY), directory=a_directory(tmp_path, more=a_coordinator(A)))
    case = take(hub, alone("ONE", "Neighbour"))
    (opening,) = hub.alerts()
    steps = []
    for staff in (CLEVELAND, FACILITATOR):
        record(hub, case, "conflict", "supervisor", staff=staff)
        hub.settle()
        bearer = token(hub, "supervisor")
        history = hub.ask(f"/v1/alerts/{opening['id']}", bearer).get_json()["history"]
        steps.append([line["what"] for line in history if line["what"] in ("reminded", "handed_on")])
    assert steps == [["reminded"], ["reminded"]]


def test_who_is_given_a_case_is_told_and_who_takes_it_is_not(hub: Hub) -> None:
    case = take(hub, a_crime())
    supervisor, coordinator = "supervisor@referral-hub.example", "coordinator@referral-hub.example"
    move(hub, case, "assign", "supervisor", owner=supervisor)
    move(hub, case, "assign", "supervisor", owner=coordinator)
    move(hub, case, "assign", "supervisor", owner=coordinator)
    hub.settle()
    assert alerts_of(hub, token(hub, "coordinator")) == [(case, "given", coordinator)]


def test_a_facilitator_is_told_of_the_case_that_they_are_given_and_of_no_other(hub: Hub) -> None:
    case, another = take(hub, a_crime()), take(hub, a_crime("TWO", family="Quite"))
    allocate(hub, case)
    hub.settle()
    theirs = token(hub, "facilitator")
    assert alerts_of(hub, theirs) == [(case, "given", FACILITATOR)]
    listed = hub.ask("/v1/alerts", theirs).get_json()["alerts"]
    assert [one["case"] for one in listed] == [case]
    assert another not in str(listed)
    seconds = token(hub, "facilitator", name=SECOND)
    assert hub.ask(f"/v1/alerts/{listed[0]['id']}", seconds).status_code == 404
    # Whoever works with it already is told nothing by the change.
    move(hub, case, "reallocate", facilitators=[{"email": FACILITATOR}, {"email": SECOND}])
    hub.settle()
    assert alerts_of(hub, seconds) == [(case, "given", SECOND)]
    assert len(alerts_of(hub, theirs)) == 1
    taken = hub.front.post(
        f"/v1/alerts/{listed[0]['id']}/acknowledgement", headers={"Authorization": f"Bearer {theirs}"}
    )
    assert taken.get_json()["acknowledged_by"] == FACILITATOR


def test_what_nobody_takes_goes_to_a_supervisor_and_however_often_it_is_heard_there_is_one(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    hub.settle()
    outbox = hub.rooms["triage"].service.tables.outbox
    with hub.rooms["triage"].database.transaction() as connection:
        connection.execute(outbox.update().where(outbox.c.type == CaseGiven.TYPE).values(sent_at=None))
    hub.settle()
    (alert,) = hub.ask("/v1/alerts", token(hub, "facilitator")).get_json()["alerts"]
    for _ in range(2):
        hub.clock.move(days=7)
        hub.settle()
    history = hub.ask(f"/v1/alerts/{alert['id']}", token(hub, "supervisor")).get_json()["history"]
    told = [one["detail"]["told"] for one in history if one["what"] in ("raised", "reminded", "handed_on")]
    assert told[0] == [FACILITATOR]
    assert told[-1] == ["supervisor@referral-hub.example"]


def test_who_is_told_in_somebody_s_place_opens_it_and_says_that_they_have_it(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    text = DEFAULT.read_text(encoding="utf-8")
    own = f"email: {FACILITATOR}, team: restorative_hub"
    away = ", leave: [{first: 2026-03-25, last: 2026-03-27}], cover: " + CLEVELAND
    path = tmp_path / "directory.yaml"
    path.write_text(text.replace(own, own + away), encoding="utf-8")
    hub = make_hub(StoppedClock(TUESDAY), directory=str(path))
    case = take(hub, a_crime())
    allocate(hub, case)
    hub.settle()
    alerts = hub.ask("/v1/alerts", token(hub, "supervisor")).get_json()["alerts"]
    (alert,) = [one for one in alerts if one["whose"] == FACILITATOR]
    theirs = token(hub, "coordinator", "restorative_cleveland")
    assert hub.ask(f"/v1/alerts/{alert['id']}", theirs).status_code == 404
    listed = {one["id"] for one in hub.ask("/v1/alerts", theirs).get_json()["alerts"]}
    assert alert["id"] not in listed
    hub.clock.move(days=1)
    hub.settle()
    assert hub.ask(f"/v1/alerts/{alert['id']}", theirs).status_code == 200
    for state in ("", "?state=open"):
        told = hub.ask(f"/v1/alerts{state}", theirs).get_json()["alerts"]
        assert {one["id"] for one in told} == listed | {alert["id"]}
    page = hub.front.get("/alerts", headers={"Authorization": f"Bearer {theirs}", "Accept": "text/html"})
    assert f"/alerts/{alert['id']}" in page.text
    taken = hub.front.post(
        f"/v1/alerts/{alert['id']}/acknowledgement", headers={"Authorization": f"Bearer {theirs}"}
    )
    assert taken.get_json()["acknowledged_by"] == CLEVELAND
