"""An alert that nobody takes reminds, is handed on, and reaches the supervisor in time; a taken one rests."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from services.every import SERVICES
from services.notify.acknowledge_alert import acknowledge_alert
from services.notify.climb_rota import climb_rota
from services.notify.deliver_alerts import deliver_alerts
from services.notify.domain.alert import Kind, News, Reader
from services.notify.domain.dispatch import MAX_TRIES
from services.notify.domain.escalation import ORDINARY, URGENT, supervisors_step
from services.notify.equipment import board_of, post_of
from services.notify.pack_messages import pack_messages
from services.notify.raise_alert import raise_alert
from services.notify.read_wording import read_wording
from services.notify.schema import read_preferences
from services.notify.store import Desk, history_of, keep_barred, keep_preferences, list_waiting
from services.notify.tables import alerts, deliveries, dispatches
from services.notify.take_receipt import take_receipt
from shared.contracts import CaseMerged, CaseReferralWithdrawn, CaseReturned, CaseRouted
from shared.contracts.envelope import Message
from shared.identity import CASE, new_reference
from shared.service import Room
from shared.working_time import england_and_wales
from tests.support.houses import Hub, StoppedClock, embedded_hub

TUESDAY = dt.datetime(2026, 12, 1, 10, tzinfo=dt.UTC)
DIRECTORY = """
agencies:
  vcas: {name: An Invented Agency}
teams:
  hub: {name: An Invented Team}
  small: {name: A Team With Gaps}
  duty_desk: {name: Duty desk}
staff:
  - {role: coordinator, email: one@hub.example, team: hub, hours: {mon-fri: "09:00-17:00"},
     cover: two@hub.example, leave: [{first: 2026-12-07, last: 2026-12-11}]}
  - {role: coordinator, email: two@hub.example, team: hub, hours: {mon-wed: "08:00-14:00"}}
  - {role: coordinator, email: second@hub.example, team: hub, level: 2}
  - {role: supervisor, email: above@hub.example, team: hub, leave: [{first: 2026-12-24, last: 2026-12-31}]}
  - {role: coordinator, email: alone@hub.example, team: small, hours: {fri: "09:00-12:00"},
     leave: [{first: 2026-12-01, last: 2026-12-18}]}
  - {role: supervisor, email: desk@hub.example, team: duty_desk}
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Notify alone, with a rota that has gaps, on a Tuesday in December."""
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY, encoding="utf-8")
    hub = embedded_hub(tmp_path / "home", StoppedClock(TUESDAY), [SERVICES["notify"]], directory=str(path))
    yield hub
    hub.close()


def raised(
    room: Room,
    team: str,
    *,
    urgent: bool = False,
    kind: Kind = "opening",
    whose: str = "",
    gather: bool = False,
    from_step: int = 0,
    but_not: tuple[str, ...] = (),
) -> UUID:
    case = new_reference(CASE)
    with room.unit() as unit:
        Desk.of(unit).look_up([case])
        news = News(case, kind, team, urgent, whose=whose)
        how: dict[str, Any] = {"gather": gather, "from_step": from_step, "but_not": but_not}
        alert = raise_alert(news, unit, board_of(room), **how)
        assert alert is not None
        return alert.id


def work(room: Room) -> None:
    """What the chores would do until nothing is due."""
    moved = 1
    while moved:
        with room.unit() as unit:
            moved = climb_rota(unit, board_of(room))
        moved += deliver_alerts(post_of(room), room.unit)


def steps_of(room: Room, alert_id: UUID) -> list[tuple[str, Any]]:
    with room.database.reading() as connection:
        history = history_of(connection, alert_id)
    return [(one.what, one.detail.get("told") or one.who) for one in history if one.what != "sent"]


def test_an_alert_climbs_on_working_time_and_every_step_is_in_its_history(hub: Hub) -> None:
    room = hub.rooms["notify"]
    alert_id = raised(room, "hub")
    expected = [("raised", ["one@hub.example", "two@hub.example"])]
    for days, hours, what, told in (
        (0, 14, "reminded", "one@hub.example"),  # at two in the afternoon the other one goes home
        (1, 10, "handed_on", "second@hub.example"),  # eight working hours are over on Wednesday at ten
        (2, 10, "handed_on", "above@hub.example"),
        (3, 10, "reminded", "above@hub.example"),
        (6, 10, "reminded", "desk@hub.example"),  # over a weekend
    ):
        due = TUESDAY.replace(hour=hours) + dt.timedelta(days=days)
        hub.clock.move(seconds=(due - hub.clock()).total_seconds() - 60)
        work(room)
        assert steps_of(room, alert_id) == expected
        hub.clock.move(minutes=1)
        work(room)
        expected.append((what, [told]))
        assert steps_of(room, alert_id) == expected
    with room.unit() as unit:
        acknowledge_alert(alert_id, Reader("above@hub.example", None), unit)
    hub.clock.move(days=10)
    work(room)
    assert steps_of(room, alert_id) == [*expected, ("acknowledged", "above@hub.example")]


def test_what_was_raised_while_its_readers_were_barred_goes_to_others_at_once(hub: Hub) -> None:
    room = hub.rooms["notify"]
    alert_id, another = raised(room, "hub"), raised(room, "hub")
    readers = ["one@hub.example", "two@hub.example"]
    # As when each unit reads before the other one has written.
    with room.unit() as unit:
        case = unit.connection.execute(select(alerts.c.case).where(alerts.c.id == alert_id)).scalar_one()
        keep_barred(unit, case, readers, hub.clock())
    work(room)
    mails = [(str(mail["To"]), case in mail.as_string()) for mail in hub.mails()]
    assert sorted(mails) == [(readers[0], False), ("second@hub.example", True), (readers[1], False)]
    assert steps_of(room, alert_id) == [("raised", readers), ("reminded", ["second@hub.example"])]
    assert steps_of(room, another) == [("raised", readers)]


def test_what_begins_with_the_supervisors_goes_on_every_eight_hours(hub: Hub) -> None:
    room = hub.rooms["notify"]
    begins = supervisors_step(board_of(room).ladder_of("hub"))
    alert_id = raised(room, "hub", kind="undelivered", from_step=begins)
    expected = [("raised", ["above@hub.example"])]
    for told in ("above", "desk", "desk"):
        hub.clock.move(days=1, minutes=-1)  # eight working hours, but for a minute
        work(room)
        assert steps_of(room, alert_id) == expected
        hub.clock.move(minutes=1)
        work(room)
        expected.append(("reminded", [f"{told}@hub.example"]))
        assert steps_of(room, alert_id) == expected


def test_who_could_not_be_told_is_told_of_that_only_where_there_is_nobody_else(hub: Hub) -> None:
    room = hub.rooms["notify"]
    told = []
    for team, but_not in (("hub", ()), ("hub", ("above",)), ("small", ("desk",))):
        begins = supervisors_step(board_of(room).ladder_of(team))
        emails = tuple(f"{name}@hub.example" for name in but_not)
        alert_id = raised(room, team, kind="undelivered", from_step=begins, but_not=emails)
        told += [who for what, who in steps_of(room, alert_id) if what == "raised"]
    assert told == [["above@hub.example"], ["desk@hub.example"], ["desk@hub.example"]]


def test_what_is_urgent_climbs_day_and_night(hub: Hub) -> None:
    hub.clock.move(days=4, hours=14)  # the night to Sunday
    room = hub.rooms["notify"]
    alert_id = raised(room, "hub", urgent=True)
    work(room)
    # Nobody of the first level works then; whoever can be told at any hour is told at once.
    assert steps_of(room, alert_id) == [("raised", ["second@hub.example"])]
    hub.clock.move(minutes=61)
    for _ in range(4):
        work(room)
        hub.clock.move(minutes=5)
    assert ("handed_on", ["above@hub.example"]) in steps_of(room, alert_id)


def test_whoever_is_on_leave_is_stood_in_for_and_a_team_without_anybody_has_the_desk(hub: Hub) -> None:
    room = hub.rooms["notify"]
    hub.clock.move(days=7)  # the second Tuesday: one is on leave, and two covers
    assert steps_of(room, raised(room, "hub")) == [("raised", ["two@hub.example"])]
    assert steps_of(room, raised(room, "small")) == [("raised", ["desk@hub.example"])]
    assert steps_of(room, raised(room, "unheard_of")) == [("raised", ["desk@hub.example"])]


def test_whoever_goes_home_to_begin_their_leave_is_stood_in_for_from_then_on(hub: Hub) -> None:
    room = hub.rooms["notify"]
    hub.clock.move(days=3, hours=8)  # the Friday evening before it
    assert steps_of(room, raised(room, "hub")) == [("raised", ["two@hub.example"])]
    assert steps_of(room, raised(room, "hub", kind="given", whose="one@hub.example")) == [
        ("raised", ["two@hub.example"])
    ]


def test_who_is_in_the_directory_with_capitals_is_who_signs_in(tmp_path: Path) -> None:
    path = tmp_path / "directory.yaml"
    text = DIRECTORY.replace("email: one@hub.example", "email: One@Hub.Example").replace(
        "cover: two@hub.example", "cover: Two@hub.example"
    )
    path.write_text(text, encoding="utf-8")
    hub = embedded_hub(tmp_path / "home", StoppedClock(TUESDAY), [SERVICES["notify"]], directory=str(path))
    room, me = hub.rooms["notify"], Reader("one@hub.example", ())
    with room.unit() as unit:
        keep_preferences(unit, me.name, read_preferences({"quiet": {"from": "09:00", "until": "12:00"}}))
    alert_id = raised(room, "hub", kind="given", whose=me.name)
    with room.database.reading() as connection:
        assert [one.id for one in list_waiting(connection, me, 10)] == [alert_id]
        due = connection.execute(select(deliveries.c.due_at).where(deliveries.c.channel == "mail"))
        assert list(due.scalars()) == [TUESDAY.replace(hour=12)]
    hub.clock.move(days=7)
    assert steps_of(room, raised(room, "hub")) == [("raised", ["two@hub.example"])]
    hub.close()


def test_nobody_else_is_told_that_they_have_a_case_now(hub: Hub) -> None:
    room = hub.rooms["notify"]
    hub.clock.move(days=7)
    told = []
    for whose in ("second", "one", "alone", "somebody.unheard.of"):
        raised(room, "hub", kind="given", whose=f"{whose}@hub.example")
        work(room)
        told.append((hub.mails()[-1]["To"], hub.mails()[-1]["Subject"].partition(":")[0]))
    assert told == [
        ("second@hub.example", "You have a case now"),
        # Who stands in for somebody on leave, who is above them, and the team of somebody who is not in the
        # directory.
        ("two@hub.example", "A case needs somebody"),
        ("above@hub.example", "A case needs somebody"),
        ("two@hub.example", "A case needs somebody"),
    ]


def test_what_somebody_has_by_now_is_left_out_of_a_message_that_waited(hub: Hub) -> None:
    room = hub.rooms["notify"]
    one, other = (raised(room, "hub", gather=True) for _ in range(2))
    hub.clock.move(minutes=1)
    alone = raised(room, "hub", urgent=True)
    with room.unit() as unit:
        pack_messages(unit, board_of(room), read_wording())
    for alert_id in (one, alone):
        with room.unit() as unit:
            acknowledge_alert(alert_id, Reader("one@hub.example", None), unit)
    deliver_alerts(post_of(room), room.unit)
    with room.database.reading() as connection:
        case = connection.execute(select(alerts.c.case).where(alerts.c.id == other)).scalar_one()
    words = [mail.get_payload() for mail in hub.mails()]
    assert [re.findall(r"C[A-Z]?-\w{5}-\w{5}", str(text)) for text in words] == [[case], [case]]


def test_of_a_message_that_came_back_each_team_is_told_also_where_it_began_with_a_task(hub: Hub) -> None:
    room = hub.rooms["notify"]
    raised(room, "duty_desk", kind="undelivered", gather=True)
    for team in ("small", "duty_desk", "small"):
        raised(room, team, gather=True)
    hub.clock.move(minutes=1)
    deliver_alerts(post_of(room), room.unit)
    with room.unit() as unit:
        token = unit.connection.execute(select(dispatches.c.id)).scalar_one()
        take_receipt(token, "returned", "bounced 5.1.1", unit, board_of(room))
    with room.database.reading() as connection:
        query = select(alerts.c.team).where(alerts.c.kind == "undelivered", alerts.c.occasion == str(token))
        assert sorted(connection.execute(query).scalars()) == ["duty_desk", "small"]


LATE: dict[str, Callable[[str, dt.datetime], Message]] = {
    "to another team": lambda case, at: CaseRouted(
        case=case, referral="RF-2F6J-9WY", to_team="small", routed_at=at, again=True
    ),
    "returned": lambda case, at: CaseReturned(
        case=case, referral="RF-2F6J-9WY", to_team="duty_desk", lacks=(), returned_at=at, again=True
    ),
    "merged": lambda case, at: CaseMerged(case=case, into="C-1", to_team="small", merged_at=at),
    "taken back": lambda case, at: CaseReferralWithdrawn(
        case=case, referral="RF-2F6J-9WY", to_team="small", stands=False, withdrawn_at=at
    ),
}


@pytest.mark.parametrize("late", LATE)
def test_what_is_heard_late_ends_nothing_that_was_said_since(hub: Hub, late: str) -> None:
    room, case = hub.rooms["notify"], new_reference(CASE)
    newest = CaseRouted(
        case=case, referral="RF-2F6J-9WY", to_team="hub", routed_at=TUESDAY, travels="urgent", again=True
    )
    for message in (newest, LATE[late](case, TUESDAY - dt.timedelta(hours=1))):
        with room.unit() as unit:
            hearer = room.service.hears(room)[type(message)]
            assert hearer.prepare is not None
            hearer.prepare([message], unit)
            hearer.handle(message, unit)
    with room.database.reading() as connection:
        query = select(alerts.c.state).where(alerts.c.team == "hub", alerts.c.kind == "again")
        assert list(connection.execute(query).scalars()) == ["open"]


@pytest.mark.parametrize("taken", [False, True])
def test_a_message_that_never_left_is_a_task_only_while_nobody_has_what_it_told(
    tmp_path: Path,
    taken: bool,  # noqa: FBT001 - both cases of one rule
) -> None:
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY, encoding="utf-8")
    hub = embedded_hub(
        tmp_path / "home", StoppedClock(TUESDAY), [SERVICES["notify"]],
        directory=str(path), mail_url="smtp://127.0.0.1:9",
    )  # fmt: skip
    room = hub.rooms["notify"]
    together = [raised(room, "small", gather=True) for _ in range(2)]
    hub.clock.move(minutes=5)
    deliver_alerts(post_of(room), room.unit)
    if taken:
        for alert_id in together:
            with room.unit() as unit:
                acknowledge_alert(alert_id, Reader("desk@hub.example", None), unit)
    for _ in range(MAX_TRIES + 2):
        hub.clock.move(hours=2)
        deliver_alerts(post_of(room), room.unit)
    with room.database.reading() as connection:
        states = set(connection.execute(select(dispatches.c.state)).scalars())
        kinds = Counter(connection.execute(select(alerts.c.kind)).scalars())
    assert states >= {"dropped" if taken else "failed"}
    assert kinds["undelivered"] == (0 if taken else 1)
    hub.close()


def test_over_a_month_each_alert_ends_taken_or_with_the_supervisor_within_its_target(hub: Hub) -> None:
    room, luck = hub.rooms["notify"], random.Random(6)
    office, clock = england_and_wales(), hub.clock
    everything: dict[UUID, tuple[dt.datetime, bool]] = {}
    open_alerts: set[UUID] = set()
    taken: dict[UUID, dt.datetime] = {}
    end = TUESDAY + dt.timedelta(days=31)
    while clock() < end:
        if luck.random() < 0.08:
            urgent = luck.random() < 0.25
            alert_id = raised(room, luck.choice(["hub", "small"]), urgent=urgent)
            everything[alert_id] = (clock(), urgent)
            open_alerts.add(alert_id)
        for alert_id in sorted(open_alerts):
            if luck.random() < 0.008:
                with room.unit() as unit:
                    acknowledge_alert(alert_id, Reader("one@hub.example", None), unit)
                open_alerts.remove(alert_id)
                taken[alert_id] = clock()
        work(room)
        clock.move(minutes=30)
    late = []
    supervisors = {"above@hub.example", "desk@hub.example"}
    for alert_id, (since, urgent) in everything.items():
        target = since + URGENT.supervisor if urgent else office.after(since, ORDINARY.supervisor)
        with room.database.reading() as connection:
            history = history_of(connection, alert_id)
        told = [one.at for one in history if supervisors & set(one.detail.get("told", ()))]
        # A step is taken when the clock is looked at, here every half hour.
        if target < taken.get(alert_id, clock()) and (
            not told or told[0] > target + dt.timedelta(minutes=30)
        ):
            late.append((alert_id, since, urgent, told[:1]))
    with room.database.reading() as connection:
        states = Counter(connection.execute(select(alerts.c.state)).scalars())
        stuck = connection.execute(
            select(func.count())
            .select_from(alerts)
            .where(alerts.c.state == "open", alerts.c.next_step_at.is_(None))
        ).scalar_one()
        per_step = connection.execute(
            select(func.count()).select_from(deliveries).where(deliveries.c.channel == "mail")
        ).scalar_one()
        sent = connection.execute(
            select(func.count()).select_from(dispatches).where(dispatches.c.state == "sent")
        ).scalar_one()
    print(f"{len(taken)} taken, {len(open_alerts)} open, {per_step} tellings in {sent} messages")  # noqa: T201 - shown by -s
    assert late == []
    assert stuck == 0
    assert states["acknowledged"] == len(taken) > 50
    assert states["open"] == len(open_alerts) > 5
    assert sent <= per_step
