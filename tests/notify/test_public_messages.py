"""Nobody of the public is written to unless they asked, the way is marked safe, and it is still theirs."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest

from services.notify.domain.alert import Reader
from services.notify.domain.public import PublicMessage, safe_at, why_not
from services.notify.public_store import is_case_of
from services.notify.store import Desk, keep_barred
from services.notify.switchboard import BadChannels
from shared.identity import new_id
from tests.notify.test_bounces import AFolder, a_report
from tests.support.builders import a_contact, a_party, a_referral
from tests.support.houses import Hub, StoppedClock
from tests.triage.cases.doing import a_crime, move, post, take, token

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVENING = dt.datetime(2026, 11, 26, 17, 30, tzinfo=dt.UTC)
ADDRESS = "fay@people.example"
SENDER = "Jo at work <jo@neutral.example>"
WRITES = {"public_messages": "1", "public_mail_from": SENDER}
ENDED = {
    "address": f"{ADDRESS}\n",
    "worker": "Jo\n",
    "number": "01632 960999\n",
    "when": "Tuesday\n",
    "safe_from": "17:00\n",
    "safe_until": "19:00\n",
}


@pytest.fixture
def hub(a_hub: Callable[..., Hub]) -> Hub:
    return a_hub(StoppedClock(EVENING), **WRITES)


def a_case(hub: Hub, address: str = ADDRESS) -> str:
    party = a_party(contacts=[a_contact(channel="email", value=address), a_contact()])
    hub.take(a_referral(parties=[party]))
    hub.settle()
    return str(hub.alerts()[0]["case"])


def ask(hub: Hub, case: str, bearer: object = "", **changes: object) -> Any:  # noqa: ANN401 - a response
    body = {
        "case": case,
        "channel": "mail",
        "address": ADDRESS,
        "template": "ring_me",
        "worker": "Jo",
        "number": "01632 960999",
        "marked_safe_on": "2026-11-20",
        "asked_for_on": "2026-11-25",
        "safe_from": "17:00",
        "safe_until": "19:00",
    } | changes
    headers = {"Authorization": f"Bearer {bearer or hub.token_of('coordinator')}"}
    return hub.front.post("/v1/public-messages", json=body, headers=headers)


def to_the_public(hub: Hub) -> list[str]:
    return [str(mail.get_content()).strip() for mail in hub.mails() if mail["To"] == ADDRESS]


def test_a_mail_to_somebody_outside_names_no_service_in_any_line(hub: Hub) -> None:
    assert ask(hub, a_case(hub)).status_code == 202
    hub.settle()
    (mail,) = (one for one in hub.mails() if one["To"] == ADDRESS)
    assert mail["From"] == SENDER
    assert not re.search("referral|hub", mail.as_string(), re.IGNORECASE)
    others = [one for one in hub.mails() if one["To"] != ADDRESS]
    assert {one["From"] for one in others} == {"Referral Hub <hub@referral-hub.example>"}


def test_without_a_sender_that_names_no_service_nobody_outside_gets_mail(a_hub: Callable[..., Hub]) -> None:
    hub = a_hub(StoppedClock(EVENING), public_messages="1")
    case = a_case(hub)
    refused = ask(hub, case)
    assert (refused.status_code, "switched off" in refused.get_json()["detail"]) == (409, True)
    assert ask(hub, case, channel="govuk_text", address="07700 900123").status_code == 202
    with pytest.raises(BadChannels):
        a_hub(StoppedClock(EVENING), public_mail_from="Victim Care <care@police.example>").settle()


def states(hub: Hub, case: str) -> list[tuple[str, str | None]]:
    answer = hub.ask(f"/v1/public-messages?case={case}", hub.token_of("coordinator"))
    assert ADDRESS not in answer.text
    return [(one["state"], one["why"]) for one in answer.get_json()["messages"]]


def test_it_is_off_unless_somebody_switched_it_on(a_hub: Callable[..., Hub]) -> None:
    hub = a_hub(StoppedClock(EVENING))
    answer = ask(hub, a_case(hub))
    assert (answer.status_code, "switched off" in answer.get_json()["detail"]) == (409, True)
    hub.settle()
    assert to_the_public(hub) == []


def test_what_was_asked_for_goes_once_in_approved_words_and_safe_hours(hub: Hub) -> None:
    case = a_case(hub)
    assert ask(hub, case).status_code == 202
    hub.settle()
    hub.settle()
    assert to_the_public(hub) == [
        "Hello, it's Jo. Please ring me on 01632 960999 when it suits you, Mon-Fri 9-5."
    ]
    assert ask(hub, case, safe_from="20:00", safe_until="21:00").status_code == 202
    hub.settle()
    assert len(to_the_public(hub)) == 1
    hub.clock.move(hours=2, minutes=31)
    hub.settle()
    assert len(to_the_public(hub)) == 2
    assert states(hub, case) == [("sent", None)] * 2


def test_who_sends_a_request_again_that_was_not_answered_asks_for_no_second_message(hub: Hub) -> None:
    case = a_case(hub)
    later = {"safe_from": "20:00", "safe_until": "21:00"}
    waits = [ask(hub, case, **later).get_json()["id"] for _ in range(2)]
    goes = [ask(hub, case).get_json()["id"]]
    hub.settle()
    goes.append(ask(hub, case).get_json()["id"])
    hub.clock.move(hours=2, minutes=31)
    hub.settle()
    assert (len(set(waits)), len(set(goes))) == (1, 1)
    assert len(to_the_public(hub)) == 2
    assert states(hub, case) == [("sent", None)] * 2

    # What was called off, and what left some hours ago, is asked for anew.
    called_off = ask(hub, case, **later, worker="Sam").get_json()["id"]
    bearer = {"Authorization": f"Bearer {hub.token_of('coordinator')}"}
    hub.front.post(f"/v1/public-messages/{called_off}/cancellation", headers=bearer)
    assert ask(hub, case, **later, worker="Sam").get_json()["id"] != called_off
    assert ask(hub, case).get_json()["id"] not in goes


def test_after_a_change_of_address_what_waits_is_cancelled_and_who_asked_for_it_is_told(hub: Hub) -> None:
    case = a_case(hub)
    assert ask(hub, case, safe_from="20:00", safe_until="21:00").status_code == 202
    a_case(hub, address="elsewhere@people.example")
    hub.clock.move(hours=3)
    hub.settle()
    assert to_the_public(hub) == []
    assert states(hub, case) == [("cancelled", "not_in_the_record")]
    coordinator = hub.credentials["staff"]["coordinator"]["email"]
    assert told_to(hub, case) == [("undelivered", coordinator)]
    assert ("Somebody could not be told: " + case).lower() in str(hub.mails()[-1]["Subject"]).lower()
    assert hub.mails()[-1]["To"] == coordinator
    assert ask(hub, case).status_code == 409


def told_to(hub: Hub, case: str) -> list[tuple[str, str]]:
    """Each alert of a case that is for one person: what it is, and whose."""
    return [(one["kind"], one["whose"]) for one in hub.alerts() if one["case"] == case and one["whose"]]


def test_who_knows_somebody_in_a_case_neither_asks_for_a_message_nor_reads_of_any(hub: Hub) -> None:
    case = a_case(hub)
    made = ask(hub, case, safe_from="20:00", safe_until="21:00").get_json()["id"]
    coordinator = str(hub.credentials["staff"]["coordinator"]["email"])
    with hub.rooms["notify"].unit() as unit:
        keep_barred(unit, case, [coordinator], hub.clock())
    assert ask(hub, case).status_code == 404
    bearer = {"Authorization": f"Bearer {hub.token_of('coordinator')}"}
    assert hub.front.get(f"/v1/public-messages?case={case}", headers=bearer).status_code == 404
    called_off = hub.front.post(f"/v1/public-messages/{made}/cancellation", headers=bearer)
    assert called_off.status_code == 404


def test_only_the_team_that_has_the_case_now_asks_for_messages_and_reads_of_them(hub: Hub) -> None:
    case, asked = take(hub, a_crime()), "community_peer_mentors"
    body = {"address": "07700 900123", "channel": "govuk_text"}

    def answers() -> dict[str, tuple[int, int]]:
        """Of each team: whether it reads of messages, and whether it may ask for one."""
        found = {}
        for team in ("restorative_hub", asked):
            bearer = token(hub, "coordinator", team)
            read = hub.ask(f"/v1/public-messages?case={case}", bearer).status_code
            found[team] = read, ask(hub, case, bearer, **body).status_code
        return found

    mine, nobodys = (200, 409), (404, 404)
    assert answers() == {"restorative_hub": mine, asked: nobodys}
    # Whoever is asked to take it is told of it, and does not have it yet.
    move(hub, case, "transfer", to=asked)
    hub.settle()
    assert answers() == {"restorative_hub": mine, asked: nobodys}
    assert post(
        hub, f"/v1/cases/{case}/transitions", {"transition": "accept_transfer"}, "coordinator", asked
    ).status_code == 200  # fmt: skip
    hub.settle()
    assert answers() == {"restorative_hub": nobodys, asked: mine}


def test_which_team_has_a_case_is_the_newest_word_in_whatever_order_it_arrives(hub: Hub) -> None:
    notify, case = hub.rooms["notify"], "C-7KQX4-M3DTW"

    def hear(*words: tuple[str, int]) -> bool:
        with notify.unit() as unit:
            desk = Desk.of(unit)
            desk.look_up([case])
            for team, minute in words:
                desk.keep_team(case, team, EVENING.replace(minute=minute))
        with notify.database.reading() as connection:
            return is_case_of(connection, case, Reader("jo@hub.example", ("vip",)))

    assert hear(("vcas", 1), ("vip", 3), ("vcas", 2))
    assert not hear(("vcas", 5))
    assert not hear(("vip", 4))
    assert hear(("vip", 6))


def test_the_other_sides_name_in_the_words_is_refused_and_a_human_is_told(hub: Hub) -> None:
    case = a_case(hub)
    assert ask(hub, case, worker="Figment").status_code == 202
    assert ask(hub, case, template="appointment", when="Tue, Nowhere Terrace 12").status_code == 422
    assert ask(hub, case, template="appointment", when="Tuesday 10:00").status_code == 202
    hub.settle()
    states_now = states(hub, case)
    assert states_now[0] == ("refused", "guard")
    assert len(to_the_public(hub)) == sum(state == "sent" for state, _ in states_now)
    assert "refused" in [alert["kind"] for alert in hub.alerts()]


def test_it_can_be_called_off_and_only_by_its_team(hub: Hub) -> None:
    case = a_case(hub)
    made = ask(hub, case, safe_from="20:00", safe_until="21:00").get_json()["id"]
    path = f"/v1/public-messages/{made}/cancellation"
    other = {"Authorization": f"Bearer {hub.token_of('coordinator', 'vip')}"}
    assert hub.front.post(path, headers=other).status_code == 404
    own = {"Authorization": f"Bearer {hub.token_of('coordinator')}"}
    assert hub.front.post(path, headers=own).status_code == 204
    hub.clock.move(hours=3)
    hub.settle()
    assert to_the_public(hub) == []
    assert states(hub, case) == [("cancelled", "asked_to_stop")]


def test_what_came_back_is_a_task_and_nothing_more_goes_there_until_it_is_marked_safe_again(
    a_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    folder = AFolder(tmp_path)
    hub = a_hub(StoppedClock(EVENING), **WRITES, bounces_url=f"folder:{folder}")
    case = a_case(hub)
    ask(hub, case)
    hub.settle()
    # One more waits for its hours when the first comes back.
    ask(hub, case, safe_from="20:00", safe_until="21:00")
    (mail,) = (one for one in hub.mails() if one["To"] == ADDRESS)
    for _ in range(2):
        folder.deliver(a_report("failed", "5.1.1", original=mail.as_string()))
        hub.settle()
    assert [alert["kind"] for alert in hub.alerts()].count("undelivered") == 1
    hub.clock.move(hours=3)
    hub.settle()
    assert states(hub, case) == [("returned", "came_back"), ("cancelled", "came_back")]
    for channel in ("mail", "govuk_email"):
        refused = ask(hub, case, address=ADDRESS.upper(), channel=channel)
        assert (refused.status_code, "came back" in refused.get_json()["detail"]) == (409, True)
    assert len(to_the_public(hub)) == 1
    hub.clock.move(days=1)
    assert ask(hub, case, marked_safe_on="2026-11-27").status_code == 202


def test_a_receipt_of_govuk_notify_that_it_failed_is_a_task_too(a_hub: Callable[..., Hub]) -> None:
    hub = a_hub(
        StoppedClock(EVENING),
        public_messages="1",
        public_mail_from=SENDER,
        govuk_notify_callback_token="invented" * 2,
    )
    case = a_case(hub)
    token = ask(hub, case).get_json()["id"]
    hub.settle()
    for status in ("delivered", "permanent-failure"):
        answer = hub.front.post(
            "/v1/receipts/govuk-notify",
            json={"reference": token, "status": status},
            headers={"Authorization": f"Bearer {'invented' * 2}"},
        )
        assert answer.status_code == 204
    assert states(hub, case) == [("returned", "came_back")]
    assert "undelivered" in [alert["kind"] for alert in hub.alerts()]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"address": ""}, "/address"),
        ({"marked_safe_on": "2027-01-01"}, "/marked_safe_on"),
        ({"safe_until": "16:00"}, "/safe_until"),
        ({"template": "appointment"}, "/when"),
        ({"worker": "Jo {case}"}, "/worker"),
        ({"number": "ring"}, "/number"),
        ({"more": 1}, ""),
        # The end of a line is not the end of a text.
        *(({name: value}, f"/{name}") for name, value in ENDED.items()),
    ],
)
def test_what_is_wrong_is_told_by_name(hub: Hub, changes: dict[str, object], pointer: str) -> None:
    answer = ask(hub, "C-7KQX4-M3DTW", **changes)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def test_a_day_is_today_from_midnight_here_on(a_hub: Callable[..., Hub]) -> None:
    hub = a_hub(
        StoppedClock(dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC)),
        public_messages="1",
        public_mail_from=SENDER,
    )
    today = {"marked_safe_on": "2026-07-01", "asked_for_on": "2026-07-01"}
    assert ask(hub, a_case(hub), **today).status_code == 202
    assert ask(hub, a_case(hub), **today | {"asked_for_on": "2026-07-02"}).status_code == 422


def test_a_mark_holds_for_sixty_days_and_safe_hours_are_kept() -> None:
    message = PublicMessage(
        new_id(), "C-7KQX4-M3DTW", "govuk_text", "ring_me", "07700 900123", "Jo", "01632 960999", "",
        EVENING.date(), (dt.time(17), dt.time(19)), EVENING,
    )  # fmt: skip

    def why(days: int, **more: Any) -> str | None:  # noqa: ANN401 - what the rule is told
        now = EVENING + dt.timedelta(days=days)
        return why_not(message, now, **({"enabled": True, "in_the_record": True} | more))

    assert why(0) is None
    assert why(0, enabled=False) == "switched_off"
    assert why(0, in_the_record=False) == "not_in_the_record"
    assert why(61) == "mark_expired"
    assert why(4) == "waited_too_long"
    assert why(1, came_back_at=EVENING) == "came_back"
    assert why(1, came_back_at=EVENING - dt.timedelta(days=1)) is None
    assert safe_at(message, EVENING) == EVENING
    assert safe_at(message, EVENING.replace(hour=19)) == EVENING.replace(minute=0) + dt.timedelta(days=1)
    assert safe_at(message, EVENING.replace(hour=3)) == EVENING.replace(hour=17, minute=0)
