"""A case that lacks something is returned to whoever referred it, and released by whoever brings it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from services.intake.follow_case import follow_return, prepare_batch
from shared.contracts import CaseReturned
from tests.support.builders import Wire, a_consent, a_contact, an_account
from tests.support.houses import Hub, infrastructure, make_hub
from tests.triage.cases.doing import FACILITATOR, move, post, record, whole
from tests.triage.reviews.test_reviews import separate

__all__ = ["infrastructure", "make_hub"]

SHARED = ("CRI009999990",)


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub at rest, on each infrastructure."""
    return make_hub()


def an_account_without(*needs: str, record: str = "ONE") -> Wire:
    """An account that lacks these."""
    account = an_account(record, references=SHARED)
    (party,) = account["parties"]
    if "consent_to_refer" in needs:
        party["consents"] = [a_consent(decision="not_asked")]
    if "safe_contact" in needs:
        party["contacts"] = [a_contact(safe="unknown")]
    if "area" in needs:
        del party["address"]
    return account


def told(hub: Hub, receipt: dict[str, Any], agency: str = "vcas") -> tuple[str, list[str]]:
    answer = hub.ask(f"/v1/referrals/{receipt['reference']}", hub.key_of(agency)).get_json()
    return answer["status"], [missing["code"] for missing in answer["missing"]]


def alerts(hub: Hub) -> list[tuple[str, str]]:
    return [(alert["kind"], alert["team"]) for alert in hub.alerts()]


@pytest.mark.parametrize(
    "needs",
    [("consent_to_refer",), ("safe_contact",), ("area",), ("consent_to_refer", "safe_contact", "area")],
)
def test_what_is_missing_is_told_and_the_duty_desk_has_the_case(hub: Hub, needs: tuple[str, ...]) -> None:
    receipt = hub.take(an_account_without(*needs))
    hub.settle()
    assert told(hub, receipt) == ("returned", list(needs))
    assert alerts(hub) == [("opening", "duty_desk")]
    assert len(hub.links()) == 1


def test_an_amendment_that_brings_it_releases_the_case_to_its_team(hub: Hub) -> None:
    receipt = hub.take(an_account_without("safe_contact"))
    hub.settle()
    hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    assert told(hub, receipt) == ("allocated", [])
    assert alerts(hub) == [("opening", "duty_desk"), ("released", "restorative_hub")]


def test_a_case_that_is_sent_back_twice_and_mended_twice_is_told_to_its_team_twice(hub: Hub) -> None:
    hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    for phone in ("07700 900881", "07700 900882"):
        move(hub, case, "send_back", reason="safe_contact")
        hub.clock.move(hours=1)
        hub.take(an_account("ONE", references=SHARED, phone=phone))
        hub.settle()
    assert alerts(hub) == [("opening", "restorative_hub")] + [("released", "restorative_hub")] * 2


def test_an_amendment_that_brings_part_of_it_tells_what_is_still_missing(hub: Hub) -> None:
    receipt = hub.take(an_account_without("safe_contact", "area"))
    hub.settle()
    hub.take(an_account_without("safe_contact"))
    hub.settle()
    assert told(hub, receipt) == ("returned", ["safe_contact"])
    assert alerts(hub) == [("opening", "duty_desk")]


def test_an_amendment_may_bring_one_thing_and_take_back_another(hub: Hub) -> None:
    receipt = hub.take(an_account_without("safe_contact"))
    hub.settle()
    hub.take(an_account_without("consent_to_refer"))
    hub.settle()
    assert told(hub, receipt) == ("returned", ["consent_to_refer"])


def test_that_a_returned_case_was_closed_is_told_to_its_referrer(hub: Hub) -> None:
    receipt = hub.take(an_account_without("safe_contact"))
    hub.settle()
    (line,) = hub.links().values()
    move(hub, line["case"], "close", "supervisor", outcome="C-NOT-COMPLETED")
    hub.settle()
    assert told(hub, receipt) == ("closed", [])
    move(hub, line["case"], "reopen", "supervisor", reason="O-CLOSED-IN-ERROR")
    hub.settle()
    assert told(hub, receipt)[0] != "closed"


def test_what_somebody_here_has_found_out_is_missing_no_more(hub: Hub) -> None:
    one, other = (
        hub.take(an_account_without(*needs, record=name))
        for name, needs in (("ONE", ("area",)), ("TWO", ("area", "safe_contact")))
    )
    hub.settle()
    (case,) = {line["case"] for line in hub.links().values()}
    assert told(hub, one) == ("returned", ["area"])
    record(hub, case, "area", "supervisor", value="E06000005")
    hub.settle()
    assert [told(hub, one), told(hub, other)] == [("allocated", [])] * 2
    move(hub, case, "send_back", reason="area")
    hub.settle()
    assert [told(hub, one), told(hub, other)] == [("returned", ["area"])] * 2
    record(hub, case, "area", value="E06000047")
    move(hub, case, "release")
    hub.settle()
    assert [told(hub, one), told(hub, other)] == [("allocated", [])] * 2


def test_who_has_told_the_area_is_not_asked_for_it_by_the_next_word(hub: Hub) -> None:
    receipt = hub.take(an_account_without("area", "safe_contact"))
    hub.settle()
    (line,) = hub.links().values()
    record(hub, line["case"], "area", "supervisor", value="E06000005")
    hub.settle()
    assert told(hub, receipt) == ("returned", ["safe_contact"])


def test_another_referral_of_the_case_releases_all_of_them(hub: Hub) -> None:
    one = hub.take(an_account_without("safe_contact"))
    two = hub.take(an_account_without("consent_to_refer", record="TWO"), agency="vip")
    hub.settle()
    assert told(hub, one) == ("allocated", [])
    assert told(hub, two, "vip") == ("allocated", [])
    assert alerts(hub) == [("opening", "duty_desk"), ("released", "restorative_hub")]
    assert len({line["case"] for line in hub.links().values()}) == 1


def test_another_referral_that_lacks_as_much_is_returned_as_well(hub: Hub) -> None:
    one = hub.take(an_account_without("safe_contact"))
    hub.settle()
    two = hub.take(an_account_without("safe_contact", record="TWO"), agency="vip")
    hub.settle()
    assert told(hub, one) == told(hub, two, "vip") == ("returned", ["safe_contact"])
    assert alerts(hub) == [("opening", "duty_desk")]


def test_what_was_taken_back_brings_nothing(hub: Hub) -> None:
    one = hub.take(an_account_without("safe_contact"))
    hub.settle()
    hub.front.post(
        f"/v1/referrals/{one['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
    )
    hub.settle()
    two = hub.take(an_account_without("consent_to_refer", record="TWO"), agency="vip")
    hub.settle()
    assert told(hub, two, "vip") == ("returned", ["consent_to_refer"])
    assert alerts(hub) == [("opening", "duty_desk"), ("all_withdrawn", "duty_desk"), ("again", "duty_desk")]


def test_whoever_refers_themselves_agrees_by_that(hub: Hub) -> None:
    receipt = hub.take(an_account_without("consent_to_refer"), agency="self_referral")
    hub.settle()
    assert told(hub, receipt, "self_referral") == ("allocated", [])


def test_the_other_side_s_safe_contact_is_no_way_to_the_harmed_person(hub: Hub) -> None:
    account = an_account_without("safe_contact")
    account["parties"].append({"role": "responsible", "contacts": [a_contact()]})
    receipt = hub.take(account)
    hub.settle()
    assert told(hub, receipt) == ("returned", ["safe_contact"])
    hub.take(account | {"initiated_by": "responsible"})
    hub.settle()
    assert told(hub, receipt) == ("allocated", [])


def test_each_step_with_its_reasons_is_in_the_history(hub: Hub) -> None:
    receipt = hub.take(an_account_without("safe_contact", "area"))
    hub.settle()
    hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    history = hub.ask(f"/v1/referrals/{receipt['reference']}/history", hub.key_of("vcas")).get_json()
    assert [(step["status"], step["reasons"]) for step in history["steps"]] == [
        ("returned", ["safe_contact", "area"]),
        ("allocated", []),
    ]


def test_who_is_separated_from_a_closed_case_is_told_what_they_lack(hub: Hub) -> None:
    one = hub.take(an_account("ONE", references=SHARED))
    two = hub.take(an_account_without("safe_contact", record="TWO"), agency="vip")
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    move(hub, case, "close", "supervisor", outcome="C-NOT-COMPLETED")
    hub.settle()
    assert told(hub, one) == told(hub, two, "vip") == ("closed", [])
    separate(hub, case, two["reference"])
    hub.settle()
    assert told(hub, one) == ("closed", [])
    assert told(hub, two, "vip") == ("returned", ["safe_contact"])


def test_a_return_that_was_said_before_the_case_was_closed_and_comes_late_changes_nothing(hub: Hub) -> None:
    receipt = hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    case = hub.links()["vcas:ONE"]["case"]
    move(hub, case, "close", "supervisor", outcome="C-NOT-COMPLETED")
    hub.settle()
    with hub.rooms["intake"].unit() as unit:
        late = CaseReturned(
            case=case,
            referral=receipt["reference"],
            to_team="duty_desk",
            lacks=("safe_contact",),
            returned_at=unit.now - dt.timedelta(minutes=1),
        )
        prepare_batch([late], unit)
        follow_return(late, unit)
    assert told(hub, receipt) == ("closed", [])


@pytest.mark.parametrize("need", ["consent_to_refer", "safe_contact", "area"])
def test_what_an_amendment_takes_away_is_missing_and_its_team_keeps_the_case(hub: Hub, need: str) -> None:
    receipt = hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    (line,) = hub.links().values()
    hub.take(an_account_without(need))
    hub.settle()
    if need == "area":  # a case keeps where it was opened: nobody asks again for what is known
        assert told(hub, receipt) == ("allocated", [])
        return
    assert told(hub, receipt) == ("returned", [need])
    case = whole(hub, line["case"])
    assert (case["state"], case["task"], case["lacks"]) == ("returned", "chase_missing", [need])
    # Whoever has it is told at once.
    assert [(a["kind"], a["team"], a["urgent"]) for a in hub.alerts()] == [
        ("opening", "restorative_hub", False),
        ("due", "restorative_hub", True),
    ]
    hub.take(an_account("ONE", references=SHARED, phone="07700 900881"))
    hub.settle()
    assert told(hub, receipt) == ("allocated", [])
    assert whole(hub, line["case"])["state"] == "triage"
    assert alerts(hub)[2:] == [("released", "restorative_hub")]


def test_a_case_that_was_begun_with_is_held_by_what_it_lacks_and_goes_on(hub: Hub) -> None:
    receipt = hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    (line,) = hub.links().values()
    move(hub, line["case"], "begin_enquiries")
    hub.take(an_account_without("safe_contact"))
    hub.settle()
    case = whole(hub, line["case"])
    assert (case["state"], case["lacks"]) == ("enquiries", ["safe_contact"])
    assert told(hub, receipt) == ("allocated", [])
    assert [(a["kind"], a["urgent"]) for a in hub.alerts()] == [("opening", False), ("due", True)]
    giving = {"transition": "allocate", "facilitators": [{"email": FACILITATOR, "level": "advanced"}]}
    refused = post(hub, f"/v1/cases/{line['case']}/transitions", giving)
    assert "The case still lacks something." in refused.get_json()["detail"]
    hub.take(an_account("ONE", references=SHARED, phone="07700 900881"))
    hub.settle()
    assert whole(hub, line["case"])["lacks"] == []
    assert alerts(hub) == [("opening", "restorative_hub"), ("due", "restorative_hub")]


def test_what_only_a_referral_brought_that_was_taken_back_is_missing(hub: Hub) -> None:
    one = hub.take(an_account_without("safe_contact"))
    two = hub.take(an_account("TWO", references=SHARED), "vip")
    hub.settle()
    assert told(hub, one) == ("allocated", [])
    hub.front.post(
        f"/v1/referrals/{two['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of('vip')}"},
    )
    hub.settle()
    assert told(hub, one) == ("returned", ["safe_contact"])
    assert told(hub, two, "vip") == ("withdrawn", [])


def test_what_somebody_here_found_out_is_not_missing_when_a_referral_takes_it_away(hub: Hub) -> None:
    receipt = hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    (line,) = hub.links().values()
    record(hub, line["case"], "safe_contact", value=True)
    hub.take(an_account_without("safe_contact"))
    hub.settle()
    assert told(hub, receipt) == ("allocated", [])


def test_each_referrer_sees_what_is_missing_now(hub: Hub) -> None:
    one = hub.take(an_account_without("safe_contact", "consent_to_refer"))
    hub.settle()
    two = hub.take(an_account_without("safe_contact", record="TWO"), "vip")
    hub.settle()
    assert told(hub, one) == told(hub, two, "vip") == ("returned", ["safe_contact"])


def test_a_record_that_is_amended_after_its_case_was_closed_stays_closed(hub: Hub) -> None:
    receipt = hub.take(an_account_without("safe_contact", "consent_to_refer"))
    hub.settle()
    (line,) = hub.links().values()
    move(hub, line["case"], "close", "supervisor", outcome="C-NOT-COMPLETED")
    hub.take(an_account_without("safe_contact"))
    hub.settle()
    assert told(hub, receipt) == ("closed", [])


def test_who_brings_a_paused_case_without_what_it_had_is_told_what_is_missing(hub: Hub) -> None:
    one = hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    hub.front.post(
        f"/v1/referrals/{one['reference']}/withdrawal",
        json={"reason": "Invented."},
        headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
    )
    hub.settle()
    two = hub.take(an_account_without("consent_to_refer", record="TWO"), "vip")
    hub.settle()
    assert told(hub, two, "vip") == ("returned", ["consent_to_refer"])
    (case,) = {line["case"] for line in hub.links().values()}
    assert whole(hub, case)["state"] == "returned"
    assert alerts(hub) == [(k, "restorative_hub") for k in ("opening", "all_withdrawn", "again")]


def test_the_duty_desk_is_not_reminded_of_what_a_team_has(hub: Hub) -> None:
    hub.take(an_account_without("safe_contact"))
    hub.settle()
    hub.take(an_account("ONE", references=SHARED))
    hub.settle()
    assert [(a["team"], a["state"], a["acknowledged_by"]) for a in hub.alerts()] == [
        ("duty_desk", "acknowledged", "triage"),
        ("restorative_hub", "open", None),
    ]
