"""A change of status reaches its agency: signed, in order, at least once, and nobody else learns of it."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.utils import format_datetime

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook, WebhookVerificationError

from services.intake.tables import status_changes
from services.intake.webhooks import deliveries_store, sending_store
from services.intake.webhooks.deliver_webhooks import CLAIM, Sending, deliver_webhooks
from services.intake.webhooks.domain.delivery import JITTER, KEPT, MOST_TRIES, PAUSES
from services.intake.webhooks.domain.endpoint import OVERLAP, PATIENCE
from services.intake.webhooks.push_status_changes import push_status_changes
from shared.calling import Line
from shared.messaging.unit import Unit
from tests.intake.webhooks.conftest import Agency, verified
from tests.support.builders import a_contact, a_party, a_referral, an_account
from tests.support.houses import Hub
from tests.support.webhook_receiver import Handler, Receiver, answers, drops

in_one_process = pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)


def withdraw(agency: Agency, receipt: dict[str, object]) -> None:
    path = f"/v1/referrals/{receipt['reference']}/withdrawal"
    assert agency.ask("POST", path, {"reason": "Invented."}).status_code == 200


def wait_out(hub: Hub, tries: int) -> None:
    """Move on until the next attempt is due, whatever the jitter was."""
    hub.clock.move(seconds=PAUSES[tries - 1].total_seconds() * (1 + JITTER) + 1)


# ------------------------------------------------------------------------------------------ what arrives


def test_a_change_of_status_arrives_signed_and_names_no_person(hub: Hub, agency: Agency) -> None:
    receipt = hub.take(a_referral(source_record_id="SIGNED-1"))
    hub.settle()
    (received,) = agency.server.received
    (delivery,) = agency.deliveries()
    assert verified(received, agency.secrets[0]) == {
        "type": "referral.status_changed",
        "timestamp": delivery["data"]["changed_at"],
        "data": {
            "reference": receipt["reference"],
            "source_record_id": "SIGNED-1",
            "version": 1,
            "status": "allocated",
            "changed_at": delivery["data"]["changed_at"],
            "missing": [],
        },
    }
    assert received.path == "/hub"
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["Host"] == f"127.0.0.1:{agency.server.port}"
    assert (delivery["id"], delivery["state"], delivery["data"]) == (
        received.id,
        "delivered",
        received.event["data"],
    )
    assert [attempt["status"] for attempt in delivery["attempts"]] == [204]
    assert agency.webhook()["last_delivered_at"] == delivery["delivered_at"]
    hub.settle()
    assert len(agency.server.received) == 1


@in_one_process
def test_a_referral_that_is_returned_says_what_is_missing(hub: Hub, agency: Agency) -> None:
    party = a_party(contacts=[a_contact(safe="unknown")])
    receipt = hub.take(a_referral(source_record_id="RETURNED-1", parties=[party]))
    hub.settle()
    (received,) = agency.server.received
    told = agency.ask("GET", f"/v1/referrals/{receipt['reference']}").get_json()
    assert received.event["data"]["status"] == "returned"
    assert received.event["data"]["missing"] == told["missing"]
    assert [missing["code"] for missing in told["missing"]] == ["safe_contact"]


@in_one_process
def test_what_was_changed_on_the_way_or_signed_by_another_is_not_believed(hub: Hub, agency: Agency) -> None:
    agency.ask("POST", "/v1/webhook/test")
    hub.settle()
    (received,) = agency.server.received
    assert verified(received, agency.secrets[0])["type"] == "webhook.test"
    headers = dict(received.headers)
    forgeries = [
        (received.body + b" ", headers),
        (received.body, headers | {"webhook-id": "another"}),
        (received.body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
    ]
    for body, changed in forgeries:
        with pytest.raises(WebhookVerificationError):
            Webhook(agency.secrets[0]).verify(body, changed)
    with pytest.raises(WebhookVerificationError):
        verified(received, "whsec_" + "A" * 43 + "=")


@in_one_process
def test_while_a_secret_is_renewed_both_the_new_and_the_one_before_verify(hub: Hub, agency: Agency) -> None:
    first = agency.secrets[0]
    agency.renew_secret()
    told = agency.renew_secret()
    third, second = agency.secrets[0], agency.secrets[1]
    assert [bool(secret["expires_at"]) for secret in told["secrets"]] == [False, True]
    agency.ask("POST", "/v1/webhook/test")
    hub.settle()
    (during,) = agency.server.received
    assert verified(during, third) == verified(during, second)
    with pytest.raises(WebhookVerificationError):
        verified(during, first)  # of two renewals in a row the second ends what was before the first

    hub.clock.move(seconds=OVERLAP.total_seconds())
    assert [secret["id"] for secret in agency.webhook()["secrets"]] == [told["secrets"][0]["id"]]
    agency.ask("POST", "/v1/webhook/test")
    hub.settle()
    after = agency.server.received[-1]
    # The library looks at today's clock, which the hub's has left behind: what it would sign is compared.
    at = dt.datetime.fromtimestamp(int(after.headers["webhook-timestamp"]), dt.UTC)
    assert after.headers["webhook-signature"] == Webhook(third).sign(after.id, at, after.body.decode())


# -------------------------------------------------------------------------------------- until it arrives


def test_whatever_an_endpoint_does_an_event_arrives_in_the_end_under_one_id(hub: Hub, agency: Agency) -> None:
    agency.server.then(answers(500), drops, answers(301, Location="/elsewhere"), answers(404))
    hub.take(an_account("TROUBLE"))
    hub.settle()
    for tries in range(1, 5):
        assert len(agency.server.received) == tries
        (delivery,) = agency.deliveries("?state=waiting")
        assert delivery["next_attempt_at"] is not None
        wait_out(hub, tries)
        hub.settle()
    (delivery,) = agency.deliveries("?state=delivered")
    assert [(one["status"], one["trouble"]) for one in delivery["attempts"]] == [
        (500, None),
        (None, "connection_lost"),
        (301, None),
        (404, None),
        (204, None),
    ]
    assert {received.id for received in agency.server.received} == {delivery["id"]}
    assert {received.path for received in agency.server.received} == {"/hub"}
    assert len({received.headers["webhook-timestamp"] for received in agency.server.received}) == 5
    assert agency.webhook()["failing_since"] is None


@in_one_process
def test_the_pauses_grow_and_after_the_last_attempt_the_next_event_has_its_turn(
    hub: Hub, agency: Agency
) -> None:
    agency.server.otherwise(answers(500))
    receipt = hub.take(an_account("STUCK"))
    hub.settle()
    for tries in range(1, MOST_TRIES):
        assert len(agency.server.received) == tries
        hub.clock.move(seconds=PAUSES[tries - 1].total_seconds() * (1 - JITTER) - 1)
        hub.settle()
        assert len(agency.server.received) == tries
        hub.clock.move(seconds=PAUSES[tries - 1].total_seconds() * 2 * JITTER + 2)
        hub.settle()
    (given_up,) = agency.deliveries()
    assert (given_up["state"], given_up["next_attempt_at"]) == ("failed", None)
    assert len(given_up["attempts"]) == MOST_TRIES
    agency.server.otherwise(answers(204))
    withdraw(agency, receipt)
    hub.clock.move(minutes=5)
    hub.settle()
    assert agency.statuses()[-1] == ("STUCK", "withdrawn")
    assert [delivery["state"] for delivery in agency.deliveries()] == ["delivered", "failed"]


def test_a_newer_status_is_never_overtaken_by_an_older_one(hub: Hub, agency: Agency) -> None:
    agency.server.otherwise(answers(500))
    one, _ = hub.take(an_account("ONE")), hub.take(an_account("OTHER", given="Other", born="1950-01-01"))
    hub.settle()
    refused = len(agency.server.received)
    withdraw(agency, one)
    hub.settle()
    assert len(agency.server.received) == refused  # the endpoint rests
    agency.server.otherwise(answers(204))
    hub.clock.move(minutes=1)
    hub.settle()
    arrived = agency.statuses()[refused:]
    assert sorted(arrived) == [("ONE", "allocated"), ("ONE", "withdrawn"), ("OTHER", "allocated")]
    assert arrived.index(("ONE", "allocated")) < arrived.index(("ONE", "withdrawn"))


@in_one_process
def test_an_event_that_is_refused_holds_up_its_own_referral_and_no_other(hub: Hub, agency: Agency) -> None:
    def refuses_one(handler: Handler) -> None:
        about = handler.received.event["data"]["source_record_id"]
        answers(422 if about == "ONE" else 204)(handler)

    agency.server.otherwise(refuses_one)
    one = hub.take(an_account("ONE"))
    hub.settle()
    withdraw(agency, one)
    hub.take(an_account("OTHER", given="Other", born="1950-01-01"))
    hub.clock.move(seconds=10)
    hub.settle()
    hub.clock.move(seconds=30)
    hub.settle()
    assert ("OTHER", "allocated") in agency.statuses()
    assert ("ONE", "withdrawn") not in agency.statuses()
    assert sorted(delivery["state"] for delivery in agency.deliveries()) == [
        "delivered",
        "waiting",
        "waiting",
    ]


@in_one_process
@pytest.mark.parametrize("as_date", [False, True])
def test_an_endpoint_that_says_when_to_come_again_is_left_alone_until_then(
    hub: Hub, agency: Agency, *, as_date: bool
) -> None:
    until = hub.clock() + dt.timedelta(hours=1, seconds=1)
    asked = format_datetime(until, usegmt=True) if as_date else "3600"
    agency.server.then(answers(503, Retry_After=asked))
    hub.take(an_account("LATER"))
    hub.settle()
    hub.take(an_account("ANOTHER", given="Other", born="1950-01-01"))
    hub.clock.move(minutes=59)
    hub.settle()
    assert len(agency.server.received) == 1
    hub.clock.move(minutes=2)
    hub.settle()
    assert agency.statuses()[1:] in (
        [("LATER", "allocated"), ("ANOTHER", "allocated")],
        [("ANOTHER", "allocated"), ("LATER", "allocated")],
    )


@in_one_process
def test_a_time_to_come_again_that_no_clock_knows_is_as_if_none_had_been_said(
    hub: Hub, agency: Agency
) -> None:
    agency.server.then(answers(503, Retry_After="Mon, 01 Jan 2024 00:00:00 +9999999999999"))
    with Receiver() as other_server:
        other = Agency(hub, "vip", other_server)
        other.put()
        hub.take(an_account("ODD"))
        hub.take(an_account("OTHER", given="Other", born="1950-01-01"), agency="vip")
        hub.settle()
        assert other.statuses() == [("OTHER", "allocated")]
    (delivery,) = agency.deliveries()
    assert [attempt["status"] for attempt in delivery["attempts"]] == [503]
    wait_out(hub, 1)
    hub.settle()
    assert agency.statuses() == [("ODD", "allocated")] * 2


@in_one_process
def test_an_event_is_tried_for_three_days_however_many_steps_follow_it(hub: Hub, agency: Agency) -> None:
    def amend(number: int) -> None:
        party = a_party(contacts=[a_contact(safe="yes" if number % 2 else "unknown")])
        at = f"2026-03-22T14:{number:02}:00Z"
        hub.take(a_referral(source_record_id="OFTEN", referred_at=at, parties=[party]))

    agency.server.otherwise(answers(500))
    began = hub.clock()
    for number in range(MOST_TRIES + 3):
        amend(number)
        hub.settle()
        hub.clock.move(minutes=6)
    assert hub.clock() - began < dt.timedelta(hours=3)
    assert agency.deliveries("?state=failed") == []
    agency.server.otherwise(answers(204))
    amend(MOST_TRIES + 3)
    hub.settle()
    assert {delivery["state"] for delivery in agency.deliveries()} == {"delivered"}


# --------------------------------------------------------------------------------------------- disabled


def test_an_endpoint_that_is_gone_is_called_no_more_until_it_is_put_again(hub: Hub, agency: Agency) -> None:
    agency.server.then(answers(410))
    hub.take(an_account("GONE"))
    hub.settle()
    told = agency.webhook()
    assert (told["state"], told["disabled"]["reason"]) == ("disabled", "gone")
    hub.take(an_account("MEANWHILE", given="Other", born="1950-01-01"))
    hub.clock.move(days=2)
    hub.settle()
    assert len(agency.server.received) == 1
    for path, body in (
        ("test", None),
        ("replay", {"since": "2026-01-01T00:00:00Z"}),
        (f"deliveries/{agency.deliveries()[0]['id']}/replay", None),
    ):
        answer = agency.ask("POST", f"/v1/webhook/{path}", body)
        assert (answer.status_code, answer.get_json()["type"][-16:]) == (409, "webhook_disabled")
    assert agency.put()["state"] == "active"
    hub.settle()
    assert sorted(agency.statuses()[1:]) == [("GONE", "allocated"), ("MEANWHILE", "allocated")]


@in_one_process
def test_an_endpoint_that_fails_for_five_days_is_disabled_and_says_why(hub: Hub, agency: Agency) -> None:
    agency.server.otherwise(answers(500))
    hub.take(an_account("FIRST"))
    hub.settle()
    began = hub.clock()
    number = 0
    while agency.webhook()["state"] == "active":
        number += 1
        assert hub.clock() - began < PATIENCE + dt.timedelta(days=1)
        hub.take(an_account(f"MORE-{number}", given=f"Other{'abcdefgh'[number]}"))
        hub.clock.move(hours=20)
        hub.settle()
    assert hub.clock() - began >= PATIENCE
    told = agency.webhook()
    assert told["disabled"]["reason"] == "failing"
    assert dt.datetime.fromisoformat(told["failing_since"]) == began
    agency.server.otherwise(answers(204))
    agency.put()
    hub.settle()
    assert agency.deliveries("?state=waiting") == []


@in_one_process
@pytest.mark.parametrize("status", [410, 500])
def test_what_an_address_answered_says_nothing_about_the_one_that_took_its_place(
    hub: Hub, agency: Agency, status: int
) -> None:
    with Receiver() as newer:

        def moves_away(handler: Handler) -> None:
            hub.clock.move(seconds=1)
            agency.put(newer.url)
            answers(status)(handler)

        agency.server.then(moves_away)
        hub.take(an_account("MOVED"))
        hub.settle()
        assert agency.webhook()["state"] == "active"
        assert [received.event["data"]["source_record_id"] for received in newer.received] == ["MOVED"]


# ------------------------------------------------------------------------------------ once, and by whom


def test_a_sender_that_dies_after_sending_sends_again_under_the_same_id(hub: Hub, agency: Agency) -> None:
    intake, units = hub.rooms["intake"], 0
    agency.ask("POST", "/v1/webhook/test")

    @contextmanager
    def dies_at_the_second() -> Iterator[Unit]:
        nonlocal units
        units += 1
        if units == 2:
            raise KeyboardInterrupt
        with intake.unit() as unit:
            yield unit

    with closing(Sending(Line.of(hub.settings))) as sending, pytest.raises(KeyboardInterrupt):
        deliver_webhooks(sending, dies_at_the_second)
    hub.settle()
    assert len(agency.server.received) == 1  # still in the dead sender's hand
    hub.clock.move(seconds=CLAIM.total_seconds() + 1)
    hub.settle()
    first, second = agency.server.received
    assert first.id == second.id
    assert first.body == second.body
    (delivery,) = agency.deliveries()
    assert (delivery["state"], len(delivery["attempts"])) == ("delivered", 1)


def test_several_workers_push_and_send_each_change_once(hub: Hub, agency: Agency) -> None:
    intake = hub.rooms["intake"]
    agency.ask("DELETE", "/v1/webhook")
    receipts = [hub.take(an_account(f"MANY-{n}", given=f"Many{'abcdefghijkl'[n]}")) for n in range(12)]
    hub.settle()  # allocated, and nobody to tell
    agency.put()
    for receipt in receipts:
        withdraw(agency, receipt)

    def work() -> None:
        with closing(Sending(Line.of(hub.settings))) as sending:
            for _ in range(3):
                with intake.unit() as unit:
                    push_status_changes(unit)
                while deliver_webhooks(sending, intake.unit):
                    pass

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    ids = Counter(received.id for received in agency.server.received)
    assert len(ids) == 12
    assert set(ids.values()) == {1}
    assert {delivery["state"] for delivery in agency.deliveries()} == {"delivered"}


@in_one_process
def test_an_endpoint_that_hangs_holds_up_no_other_agency(hub: Hub, agency: Agency) -> None:
    intake, released = hub.rooms["intake"], threading.Event()
    with Receiver() as other_server:
        other = Agency(hub, "vip", other_server)
        other.put()

        def hangs(handler: Handler) -> None:
            released.wait(60)
            answers(204)(handler)

        agency.server.otherwise(hangs)
        for _ in range(30):
            agency.ask("POST", "/v1/webhook/test")
        with closing(Sending(Line.of(hub.settings))) as sending:
            deliver_webhooks(sending, intake.unit)
            other.ask("POST", "/v1/webhook/test")
            while not other.deliveries("?state=delivered"):
                deliver_webhooks(sending, intake.unit)
            assert agency.deliveries("?state=delivered") == []
            assert len(sending.in_hand) <= 4
            released.set()
            while agency.deliveries("?state=waiting"):
                deliver_webhooks(sending, intake.unit)
        assert len({received.id for received in agency.server.received}) == 30


def test_another_agency_is_told_nothing_and_can_ask_for_nothing(hub: Hub, agency: Agency) -> None:
    with Receiver() as other_server:
        other = Agency(hub, "vip", other_server)
        other.put()
        hub.take(an_account("MINE"))
        hub.settle()
        (mine,) = agency.deliveries()
        assert other_server.received == []
        assert other.deliveries() == []
        assert other.deliveries(f"?cursor={mine['id'][:-12]}ffffffffffff") == []
        anothers = other.ask("POST", f"/v1/webhook/deliveries/{mine['id']}/replay")
        nobodys = other.ask("POST", "/v1/webhook/deliveries/019a3e5c-5a00-7000-8000-000000000002/replay")
        assert (anothers.status_code, anothers.get_json()["detail"]) == (
            nobodys.status_code,
            nobodys.get_json()["detail"],
        )
        assert anothers.status_code == 404
        replayed = other.ask("POST", "/v1/webhook/replay", {"since": "2026-01-01T00:00:00Z"})
        assert (replayed.status_code, replayed.get_json()) == (202, {"replayed": 0})
        hub.settle()
        assert other_server.received == []
        assert len(agency.server.received) == 1


# --------------------------------------------------------------------------------------------- once more


def test_an_agency_can_have_one_delivery_or_everything_sent_again(hub: Hub, agency: Agency) -> None:
    agency.ask("DELETE", "/v1/webhook")
    hub.take(an_account("BEFORE"))
    hub.settle()  # there was no webhook: only marked
    since = hub.clock()
    hub.clock.move(seconds=1)
    agency.put()
    hub.take(an_account("AFTER", given="Other", born="1950-01-01"))
    hub.settle()
    assert agency.statuses() == [("AFTER", "allocated")]

    (after,) = agency.deliveries()
    again = agency.ask("POST", f"/v1/webhook/deliveries/{after['id']}/replay")
    assert (again.status_code, again.get_json()["state"]) == (202, "waiting")
    hub.settle()
    assert [received.id for received in agency.server.received] == [after["id"]] * 2

    told = agency.ask("POST", "/v1/webhook/replay", {"since": since.isoformat()})
    assert (told.status_code, told.get_json()) == (202, {"replayed": 2})
    hub.settle()
    assert sorted(agency.statuses()[2:]) == [("AFTER", "allocated"), ("BEFORE", "allocated")]
    assert agency.server.received[-1].id in {delivery["id"] for delivery in agency.deliveries()}
    later = agency.ask("POST", "/v1/webhook/replay", {"since": hub.clock().isoformat()})
    assert later.get_json() == {"replayed": 1}


@in_one_process
def test_deliveries_are_listed_page_by_page_the_newest_first(hub: Hub, agency: Agency) -> None:
    for _ in range(5):
        agency.ask("POST", "/v1/webhook/test")
    hub.settle()
    seen: list[str] = []
    query = "?limit=2&state=delivered"
    while query:
        answer = agency.ask("GET", f"/v1/webhook/deliveries{query}").get_json()
        seen += [delivery["id"] for delivery in answer["deliveries"]]
        query = answer["next_cursor"] and f"?limit=2&state=delivered&cursor={answer['next_cursor']}"
    assert seen == sorted((received.id for received in agency.server.received), reverse=True)
    assert len(set(seen)) == 5


def test_what_was_sent_is_forgotten_after_a_month_and_what_waits_is_not(hub: Hub, agency: Agency) -> None:
    agency.server.then(answers(204), answers(410))
    agency.ask("POST", "/v1/webhook/test")
    hub.settle()
    agency.ask("POST", "/v1/webhook/test")
    hub.settle()
    hub.clock.move(seconds=KEPT.total_seconds() - 1)
    hub.settle()
    assert [delivery["state"] for delivery in agency.deliveries()] == ["waiting", "delivered"]
    hub.clock.move(seconds=2)
    hub.settle()
    assert agency.deliveries() == []


@in_one_process
def test_a_step_that_nobody_is_told_of_is_only_marked(hub: Hub) -> None:
    hub.take(an_account("UNTOLD"))
    hub.settle()
    with hub.rooms["intake"].database.reading() as connection:
        (change,) = connection.execute(select(status_changes)).all()
        assert change.pushed_at == hub.clock()
        assert deliveries_store.list_deliveries(connection, "vcas", state=None, before=None, limit=9) == []


@in_one_process
def test_two_steps_of_one_referral_are_handed_on_one_after_the_other(hub: Hub, agency: Agency) -> None:
    receipt = hub.take(an_account("TWICE"))
    agency.ask("DELETE", "/v1/webhook")
    hub.settle()
    withdraw(agency, receipt)
    agency.put()
    assert agency.ask("POST", "/v1/webhook/replay", {"since": "2026-01-01T00:00:00Z"}).get_json() == {
        "replayed": 1
    }
    hub.settle()
    assert agency.statuses() == [("TWICE", "allocated"), ("TWICE", "withdrawn")]


def test_an_older_step_that_is_sent_again_goes_before_a_newer_one_that_waits(
    hub: Hub, agency: Agency
) -> None:
    receipt = hub.take(an_account("TURNS"))
    hub.settle()
    agency.server.then(answers(500))
    withdraw(agency, receipt)
    hub.settle()
    newer, older = agency.deliveries()
    assert (newer["state"], older["state"]) == ("waiting", "delivered")
    agency.ask("POST", f"/v1/webhook/deliveries/{older['id']}/replay")
    newer, older = agency.deliveries()
    assert (newer["state"], newer["next_attempt_at"]) == ("waiting", None)
    assert older["next_attempt_at"] is not None
    hub.clock.move(seconds=10)
    hub.settle()
    assert [status for _, status in agency.statuses()] == ["allocated", "withdrawn", "allocated", "withdrawn"]
    assert [delivery["state"] for delivery in agency.deliveries()] == ["delivered", "delivered"]


@in_one_process
def test_while_an_older_step_is_in_hand_the_newer_is_given_to_nobody(hub: Hub, agency: Agency) -> None:
    intake, given_out = hub.rooms["intake"], []

    def takes_another_step(handler: Handler) -> None:
        withdraw(agency, handler.received.event["data"])
        with intake.unit() as unit:
            assert push_status_changes(unit) == 1
        with intake.unit() as unit:
            given_out.append(sending_store.claim_due(unit, 16, unit.now + CLAIM))
        answers(204)(handler)

    agency.server.then(takes_another_step)
    hub.take(an_account("STEPS"))
    hub.settle()
    assert given_out == [[]]
    assert agency.statuses() == [("STEPS", "allocated"), ("STEPS", "withdrawn")]


@in_one_process
def test_a_newer_step_has_the_older_tried_again_at_once(hub: Hub, agency: Agency) -> None:
    agency.server.then(*[answers(500)] * 4)
    receipt = hub.take(an_account("HASTE"))
    hub.settle()
    for tries in range(1, 4):
        wait_out(hub, tries)
        hub.settle()
    hub.clock.move(minutes=6)  # of two hours; the endpoint has rested
    hub.settle()
    assert len(agency.server.received) == 4
    withdraw(agency, receipt)
    hub.settle()
    assert agency.statuses()[4:] == [("HASTE", "allocated"), ("HASTE", "withdrawn")]


def test_a_sender_that_comes_too_late_changes_nothing_any_more(hub: Hub, agency: Agency) -> None:
    intake, units = hub.rooms["intake"], 0
    agency.server.then(answers(500))
    agency.ask("POST", "/v1/webhook/test")

    @contextmanager
    def falls_asleep_before_the_second() -> Iterator[Unit]:
        nonlocal units
        units += 1
        if units == 2:
            hub.clock.move(seconds=CLAIM.total_seconds() + 1)
            hub.settle()
        with intake.unit() as unit:
            yield unit

    with closing(Sending(Line.of(hub.settings))) as sending:
        deliver_webhooks(sending, falls_asleep_before_the_second)
    (delivery,) = agency.deliveries()
    assert (delivery["state"], [one["status"] for one in delivery["attempts"]]) == ("delivered", [204])
    assert agency.webhook()["failing_since"] is None
