"""A mail server that is down or refuses costs no alert its mail, and no coordinator gets it twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from services.notify.deliver_alerts import deliver_alerts
from services.notify.domain.dispatch import CLAIM, MAX_TRIES, pause_before_try
from services.notify.equipment import post_of
from services.notify.tables import deliveries, dispatches
from shared.messaging.unit import Unit
from tests.support.builders import an_account
from tests.support.houses import Hub
from tests.support.smtp_server import SMTPServer


@pytest.fixture
def hub(make_hub: Callable[..., Hub], smtp: SMTPServer, tmp_path: Path) -> Hub:
    """A hub that sends its mail to a real server, and in which nothing becomes due meanwhile."""
    targets = tmp_path / "targets.yaml"
    targets.write_text("editions: [{from: 2026-01-01, tasks: {otherwise: 99}}]\n", encoding="utf-8")
    return make_hub(mail_url=smtp.url, targets=str(targets))


def messages(hub: Hub) -> list[dict[str, object]]:
    query = select(dispatches).order_by(dispatches.c.id)
    with hub.rooms["notify"].database.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def tokens(smtp: SMTPServer) -> Counter[str]:
    return Counter(str(mail.message["Message-ID"]) for mail in smtp.mails)


def test_a_mail_server_that_is_down_gets_the_mail_when_it_is_back(hub: Hub, smtp: SMTPServer) -> None:
    smtp.stop()
    hub.take(an_account("DOWN"))
    hub.settle()
    (waiting,) = messages(hub)
    assert (waiting["state"], waiting["tries"], waiting["sent_at"]) == ("due", 1, None)
    assert waiting["trouble"] == "ConnectionRefusedError"
    smtp.start()
    hub.settle()
    assert smtp.mails == []  # not due yet
    hub.clock.move(seconds=2)
    hub.settle()
    (mail,) = smtp.wait_for(1)
    assert mail.recipients == ("coordinator@referral-hub.example",)
    assert str(mail.message["Message-ID"]).startswith(f"<{waiting['id']}.")
    (sent,) = messages(hub)
    assert (sent["state"], sent["tries"], sent["trouble"]) == ("sent", 2, None)


def test_a_temporary_refusal_is_tried_again_with_growing_pauses_and_then_a_human_is_told(
    hub: Hub, smtp: SMTPServer
) -> None:
    smtp.refuse("451 4.3.0 try again later")
    hub.take(an_account("LATER"))
    for tries in range(1, MAX_TRIES + 1):
        hub.settle()
        one = messages(hub)[0]
        assert one["tries"] == tries
        hub.clock.move(seconds=pause_before_try(tries).total_seconds() - 0.5)
        hub.settle()
        assert messages(hub)[0] == one
        hub.clock.move(seconds=1)
    given_up = messages(hub)[0]
    assert (given_up["state"], given_up["due_at"], given_up["trouble"]) == ("failed", None, "SMTP 451")
    told = {alert["kind"]: alert for alert in hub.alerts()}
    assert set(told) == {"opening", "undelivered"}
    assert told["undelivered"]["case"] == told["opening"]["case"]


def test_a_permanent_refusal_is_not_tried_again_and_a_human_is_told_at_once(
    hub: Hub, smtp: SMTPServer
) -> None:
    smtp.refuse("550 5.1.1 there is no such mailbox")
    hub.take(an_account("NEVER"))
    hub.settle()
    first, task = messages(hub)
    assert (first["state"], first["tries"], first["trouble"]) == ("failed", 1, "SMTP 550")
    assert [alert["kind"] for alert in hub.alerts()] == ["opening", "undelivered"]
    assert (task["template"], task["recipient"]) == ("undelivered", "supervisor@referral-hub.example")
    assert smtp.mails == []


@pytest.mark.parametrize("same_machine", [True, False])
def test_a_mail_that_nobody_can_tell_of_is_followed_by_one_that_says_so(
    hub: Hub, smtp: SMTPServer, *, same_machine: bool
) -> None:
    hub.take(an_account("CRASH"))
    notify, units = hub.rooms["notify"], 0

    @contextmanager
    def dies_at_the_second() -> Iterator[Unit]:
        nonlocal units
        units += 1
        if units == 2:
            raise KeyboardInterrupt
        with notify.unit() as unit:
            yield unit

    chores = {chore.name: chore for chore in notify.service.chores}
    post = post_of(notify)
    smtp.stop()
    hub.settle()
    smtp.start()
    hub.clock.move(seconds=2)
    with pytest.raises(KeyboardInterrupt):
        deliver_alerts(post, dies_at_the_second)
    assert chores["deliver"].step(notify) == 0  # still in the dead sender's hand
    hub.clock.move(seconds=CLAIM.total_seconds() + 1)
    if same_machine:
        # The dead sender had noted what the server said to it.
        hub.settle()
        assert [one["state"] for one in messages(hub)] == ["sent"]
        assert len(smtp.mails) == 1
        return
    (hub.settings.home / "taken.journal").unlink()
    hub.settle()
    first, second = smtp.wait_for(2)
    assert set(tokens(smtp).values()) == {1}
    assert second.message["Subject"] == f"Again: {first.message['Subject']}"
    doubtful, again = messages(hub)
    assert (doubtful["state"], again["state"], again["repeats"]) == ("in_doubt", "sent", doubtful["id"])


def test_several_senders_never_send_the_same_alert(hub: Hub, smtp: SMTPServer) -> None:
    smtp.stop()
    for number in range(25):
        hub.take(an_account(f"MANY-{number}", family=f"Many{'abcdefghijklmnopqrstuvwxyz'[number]}"))
        if number in (2, 3, 4):
            hub.settle()
    hub.settle()
    smtp.start()
    hub.clock.move(seconds=400)
    notify, post = hub.rooms["notify"], post_of(hub.rooms["notify"])

    def send() -> None:
        while deliver_alerts(post, notify.unit):
            pass

    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert set(tokens(smtp).values()) == {1}
    with notify.database.reading() as connection:
        states = list(
            connection.execute(select(deliveries.c.state).where(deliveries.c.channel == "mail")).scalars()
        )
    assert states == ["sent"] * 25
    cases = [alert["case"] for alert in hub.alerts()]
    told = "\n".join(f"{mail.message['Subject']}\n{mail.message.get_content()}" for mail in smtp.mails)
    # Each case stands in one mail: alone in its subject and text, or once in a list.
    assert all(told.count(case) in (1, 2) for case in cases)
