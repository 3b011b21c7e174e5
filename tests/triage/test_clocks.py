"""Clocks count working days of England and Wales, stand still on hold, and are told of once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from services.triage.domain.clocks.targets import Edition, Targets
from services.triage.move_case import due_in
from services.triage.read_tables import read_targets
from tests.support.houses import Hub, StoppedClock, infrastructure, make_hub
from tests.triage.cases.doing import a_crime, allocate, move, record, take, whole

__all__ = ["infrastructure", "make_hub"]

TARGETS = read_targets()


def due(task: str, day: dt.date, **how: object) -> dt.date:
    urgent = bool(how.get("urgent"))
    hearing_on = how.get("hearing_on")
    assert hearing_on is None or isinstance(hearing_on, dt.date)
    return due_in("restorative_hub", TARGETS, day, urgent=urgent, hearing_on=hearing_on)(task)


# Sources: gov.uk/bank-holidays for England and Wales. Two working days for triage, five for a first contact.
@pytest.mark.parametrize(
    ("begins", "triage", "first_contact", "why"),
    [
        ("2026-03-24", "2026-03-26", "2026-03-31", "an ordinary week"),
        ("2026-03-20", "2026-03-24", "2026-03-27", "over a weekend"),
        ("2026-12-24", "2026-12-30", "2027-01-05", "over Christmas: Boxing Day on a Saturday, a substitute"),
        ("2026-12-31", "2027-01-05", "2027-01-08", "over New Year"),
        ("2026-04-02", "2026-04-08", "2026-04-13", "over Good Friday and Easter Monday"),
        ("2026-03-27", "2026-03-31", "2026-04-07", "over the change to summer time, and then Good Friday"),
        ("2026-10-23", "2026-10-27", "2026-10-30", "over the change to winter time"),
        ("2021-12-24", "2021-12-30", "2022-01-05", "Christmas on a Saturday: two substitute days"),
        (
            "2022-06-01",
            "2022-06-07",
            "2022-06-10",
            "the bank holiday that was moved for a jubilee, and one more",
        ),
        ("2027-12-24", "2027-12-30", "2028-01-05", "Christmas and Boxing Day at a weekend: two substitutes"),
    ],
)
def test_working_days_are_those_of_england_and_wales(
    begins: str, triage: str, first_contact: str, why: str
) -> None:
    day = dt.date.fromisoformat(begins)
    assert (str(due("triage", day)), str(due("first_contact", day))) == (triage, first_contact), why


def test_a_court_that_waits_counts_back_from_the_hearing() -> None:
    # 27 May 2026 is a Wednesday; Monday the 25th is a bank holiday.
    hearing = dt.date(2026, 5, 27)
    begins = dt.date(2026, 4, 20)
    assert due("hold_meeting", dt.date(2026, 5, 18), hearing_on=hearing) == dt.date(2026, 5, 19)
    assert due("prepare", begins, hearing_on=hearing) == dt.date(2026, 5, 14)
    # What the court leaves less time for than there is: it is due today.
    assert due("triage", begins, hearing_on=hearing) == begins
    assert due("triage", begins, hearing_on=dt.date(2026, 9, 1)) == dt.date(2026, 4, 22)
    assert due("triage", begins, hearing_on=dt.date(2026, 4, 1)) == dt.date(2026, 4, 22)


def test_targets_are_dated_and_a_team_may_have_its_own() -> None:
    targets = Targets(
        (
            Edition(
                dt.date(2026, 1, 1), {"triage": 2, "otherwise": 5}, {"triage": 1}, {"vip": {"triage": 9}}
            ),
            Edition(dt.date(2026, 6, 1), {"triage": 4, "otherwise": 5}),
        )
    )
    assert targets.days("triage", "vcas", dt.date(2026, 5, 31)) == 2
    assert targets.days("triage", "vcas", dt.date(2026, 6, 1)) == 4
    assert targets.days("triage", "vip", dt.date(2026, 2, 1)) == 9
    assert targets.days("triage", "vip", dt.date(2026, 2, 1), urgent=True) == 1
    assert targets.days("dream", "vcas", dt.date(2020, 1, 1)) == 5


def dues(hub: Hub, case: str) -> list[str]:
    return [line["what"] for line in whole(hub, case)["history"] if line["what"].startswith("due_")]


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub on a Tuesday morning in March."""
    return make_hub(StoppedClock(dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC)))


def test_a_warning_comes_the_working_day_before_and_a_breach_after_each_once(hub: Hub) -> None:
    case = take(hub, a_crime())
    assert whole(hub, case)["next_on"] == "2026-03-26"
    assert dues(hub, case) == []
    hub.clock.move(days=1)
    hub.settle()
    hub.settle()
    assert dues(hub, case) == ["due_warning"]
    hub.clock.move(days=1)
    hub.settle()
    assert dues(hub, case) == ["due_warning"]
    hub.clock.move(days=1)
    hub.settle()
    hub.settle()
    assert dues(hub, case) == ["due_warning", "due_breach"]
    assert whole(hub, case)["overdue"]
    kinds = [(alert["kind"], alert["urgent"]) for alert in hub.alerts()]
    assert kinds == [("opening", False), ("due", False), ("due", True)]


def test_on_hold_the_clock_stands_still_and_goes_on_with_what_was_left(hub: Hub) -> None:
    case = take(hub, a_crime())
    hub.clock.move(days=1)
    move(hub, case, "hold", reason="H-HEALTH", review_on="2026-05-01")
    hub.clock.move(days=14)  # over Easter
    hub.settle()
    assert dues(hub, case) == []
    # One working day was left, and one is left: 8 April and one more.
    assert move(hub, case, "resume")["next_on"] == "2026-04-09"


def test_whoever_was_promised_a_call_is_called_on_that_day_also_on_a_day_off(hub: Hub) -> None:
    case = take(hub, a_crime())
    # The Saturday of Easter.
    move(hub, case, "hold", reason="H-MORE-TIME", review_on="2026-04-04")
    hub.clock.move(days=10)
    hub.settle()
    assert dues(hub, case) == []
    hub.clock.move(days=1)
    hub.settle()
    assert dues(hub, case) == ["due_call_back"]
    (called,) = [alert for alert in hub.alerts() if alert["kind"] == "due"]
    assert called["urgent"]
    assert called["team"] == "restorative_hub"


def test_enhanced_rights_make_the_clock_run_faster(hub: Hub) -> None:
    account = a_crime()
    account["parties"][0]["enhanced_rights"] = True
    case = take(hub, account)
    told = whole(hub, case)
    assert (told["urgent"], told["next_on"]) == (True, "2026-03-25")


def test_what_an_order_stops_goes_on_by_itself_the_day_after_its_last(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    move(hub, case, "contact_other", "facilitator")
    stopped = record(hub, case, "order", "facilitator", forbids_contact=True, until="2026-03-26")
    assert stopped["task"] == "stop_contact"
    hub.clock.move(days=2)
    hub.settle()
    assert whole(hub, case)["task"] == "stop_contact"
    hub.clock.move(days=1)
    hub.settle()
    told = whole(hub, case)
    assert (told["task"], told["toward"], told["next_on"]) == ("contact_other", "other", "2026-04-07")


def test_what_stops_contact_beside_an_order_stops_it_when_that_has_ended(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    move(hub, case, "contact_initiator", "facilitator")
    move(hub, case, "contact_other", "facilitator")
    record(hub, case, "order", "facilitator", forbids_contact=True, until="2026-03-26")
    record(hub, case, "consent", "facilitator", side="other", to="process", decision="refused")
    hub.clock.move(days=3)
    hub.settle()
    hub.settle()
    assert whole(hub, case)["task"] == "stop_contact"
