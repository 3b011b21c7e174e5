"""A mail server that is down or refuses costs no alert its mail, and no coordinator gets it twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import select

from services.notify.deliver_alerts import Post, deliver_alerts
from services.notify.domain.alert import CLAIM, MAX_TRIES, pause_before_try
from services.notify.tables import deliveries
from shared.mail import open_mail
from shared.messaging.unit import Unit
from tests.support.builders import an_account
from tests.support.houses import Hub
from tests.support.smtp_server import SMTPServer


@pytest.fixture
def hub(make_hub: Callable[..., Hub], smtp: SMTPServer) -> Hub:
    """A hub that sends its mail to a real server."""
    return make_hub(mail_url=smtp.url)


def post_of(hub: Hub) -> Post:
    return Post(open_mail(hub.settings.mail_url), hub.settings.mail_from, "http://localhost/sign-in")


def mail_deliveries(hub: Hub) -> list[dict[str, object]]:
    query = select(deliveries).where(deliveries.c.channel == "mail")
    with hub.rooms["notify"].database.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def test_a_mail_server_that_is_down_gets_the_mail_when_it_is_back(hub: Hub, smtp: SMTPServer) -> None:
    smtp.stop()
    hub.take(an_account("DOWN"))
    hub.settle()
    (waiting,) = mail_deliveries(hub)
    assert (waiting["state"], waiting["tries"], waiting["sent_at"]) == ("due", 1, None)
    assert waiting["trouble"] == "ConnectionRefusedError"
    smtp.start()
    hub.settle()
    assert smtp.mails == []  # not due yet
    hub.clock.move(seconds=2)
    hub.settle()
    (mail,) = smtp.wait_for(1)
    assert mail.recipients == ("coordinator@referral-hub.example",)
    assert mail.message["Message-ID"] == f"<{waiting['id']}@referral-hub.example>"
    (sent,) = mail_deliveries(hub)
    assert (sent["state"], sent["tries"], sent["trouble"]) == ("sent", 2, None)


def test_a_temporary_refusal_is_tried_again_with_growing_pauses_until_there_were_enough(
    hub: Hub, smtp: SMTPServer
) -> None:
    smtp.refuse("451 4.3.0 try again later")
    hub.take(an_account("LATER"))
    for tries in range(1, MAX_TRIES + 1):
        hub.settle()
        (one,) = mail_deliveries(hub)
        assert one["tries"] == tries
        hub.clock.move(seconds=pause_before_try(tries).total_seconds() - 0.5)
        hub.settle()
        assert mail_deliveries(hub) == [one]
        hub.clock.move(seconds=1)
    (given_up,) = mail_deliveries(hub)
    assert (given_up["state"], given_up["due_at"], given_up["trouble"]) == ("failed", None, "SMTP 451")
    smtp.accept()
    hub.clock.move(days=1)
    hub.settle()
    assert smtp.mails == []
    assert len(hub.alerts()) == 1


def test_a_permanent_refusal_is_not_tried_again(hub: Hub, smtp: SMTPServer) -> None:
    smtp.refuse("550 5.1.1 there is no such mailbox")
    hub.take(an_account("NEVER"))
    hub.settle()
    (one,) = mail_deliveries(hub)
    assert (one["state"], one["tries"], one["trouble"]) == ("failed", 1, "SMTP 550")
    smtp.accept()
    hub.clock.move(days=1)
    hub.settle()
    assert smtp.mails == []


def test_a_sender_that_dies_after_sending_sends_again_under_the_same_message_id(
    hub: Hub, smtp: SMTPServer
) -> None:
    smtp.stop()
    hub.take(an_account("CRASH"))
    hub.settle()
    smtp.start()
    hub.clock.move(seconds=2)
    notify, units = hub.rooms["notify"], 0

    @contextmanager
    def dies_at_the_second() -> Iterator[Unit]:
        nonlocal units
        units += 1
        if units == 2:
            raise KeyboardInterrupt
        with notify.unit() as unit:
            yield unit

    with pytest.raises(KeyboardInterrupt), closing(post_of(hub)) as post:
        deliver_alerts(post, dies_at_the_second)
    hub.settle()
    assert len(smtp.mails) == 1  # still in the dead sender's hand
    hub.clock.move(seconds=CLAIM.total_seconds() + 1)
    hub.settle()
    first, second = smtp.wait_for(2)
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert mail_deliveries(hub)[0]["state"] == "sent"


def test_several_senders_never_send_the_same_delivery(hub: Hub, smtp: SMTPServer) -> None:
    smtp.stop()
    for number in range(25):
        hub.take(an_account(f"MANY-{number}", family=f"Many{'abcdefghijklmnopqrstuvwxyz'[number]}"))
    hub.settle()
    smtp.start()
    hub.clock.move(seconds=2)
    notify = hub.rooms["notify"]

    def send() -> None:
        with closing(post_of(hub)) as post:
            while deliver_alerts(post, notify.unit):
                pass

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(30)
    ids = Counter(mail.message["Message-ID"] for mail in smtp.mails)
    assert len(ids) == 25
    assert set(ids.values()) == {1}
    assert {one["state"] for one in mail_deliveries(hub)} == {"sent"}
