"""A letter leaves as a whole file or through a mail server, and what became of it is told."""

from __future__ import annotations

import stat
from contextlib import closing
from email.message import Message
from pathlib import Path
from uuid import UUID

import pytest

from services.notify.channels.channel import NotTaken, Parcel, Taken
from services.notify.channels.mail import MailChannel
from services.notify.domain.wording import Letter
from shared.identity import new_id
from shared.mail import NotSent, Refused, compose, open_mail
from shared.sealing import Lookup
from tests.support.smtp_server import SMTPServer
from tests.support.troubled_smtp import TroubledSMTP


def letter(delivery_id: UUID, recipient: str = "coordinator@referral-hub.example") -> Message:
    return compose(
        sender="Referral Hub <hub@referral-hub.example>",
        recipient=recipient,
        subject="A new case waits for you: C-7KQX4-M3DTW",
        text="Sign in to see it.\n",
        name=delivery_id,
        domain="referral-hub.example",
    )


def test_a_folder_holds_one_file_for_each_delivery_however_often_it_is_sent(tmp_path: Path) -> None:
    folder, delivery_id = tmp_path / "mail", new_id()
    with open_mail(f"file:{folder}").open() as sender:
        for _ in range(3):
            sender.send(letter(delivery_id), delivery_id)
    assert [path.name for path in folder.iterdir()] == [f"{delivery_id}.eml"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / f"{delivery_id}.eml").stat().st_mode) == 0o600
    text = (folder / f"{delivery_id}.eml").read_text(encoding="utf-8")
    assert f"Message-ID: <{delivery_id}@referral-hub.example>" in text
    assert "Auto-Submitted: auto-generated" in text


@pytest.mark.parametrize("name", ["Siân at work", "Hwb Ynys Môn", "Hub, Durham", "Plain"])
def test_a_sender_with_any_name_has_an_address(smtp: SMTPServer, name: str) -> None:
    mail = compose(
        sender=f'"{name}" <hub@referral-hub.example>',
        recipient="one@hub.example",
        subject="Hello from Siân",
        text="Hello, it's Siân.\n",
        name=new_id(),
        domain="referral-hub.example",
    )
    with closing(open_mail(smtp.url)) as server, server.open() as sender:
        sender.send(mail, new_id())
    (received,) = smtp.wait_for(1)
    (sent_by,) = received.message["From"].addresses
    assert (sent_by.display_name, sent_by.addr_spec) == (name, "hub@referral-hub.example")
    assert "<hub@referral-hub.example>" in mail.as_string()


def test_a_server_gets_letters_over_one_connection(smtp: SMTPServer) -> None:
    ids = [new_id() for _ in range(3)]
    with closing(open_mail(smtp.url)) as mail:
        for delivery_id in ids:
            with mail.open() as sender:
                sender.send(letter(delivery_id), delivery_id)
    received = smtp.wait_for(3)
    assert [mail.message["Message-ID"] for mail in received] == [
        f"<{one}@referral-hub.example>" for one in ids
    ]
    assert received[0].message.get_content().splitlines() == ["Sign in to see it."]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("451 4.3.0 try again later", NotSent),
        ("452 4.2.2 mailbox full", NotSent),
        ("550 5.1.1 no such mailbox", Refused),
        ("554 5.7.1 no", Refused),
    ],
)
def test_a_refusal_is_for_now_or_for_good_as_the_server_says(
    smtp: SMTPServer, answer: str, kind: type[NotSent]
) -> None:
    smtp.refuse(answer)
    delivery_id = new_id()
    with closing(open_mail(smtp.url)) as mail:
        with mail.open() as sender, pytest.raises(NotSent) as refused:
            sender.send(letter(delivery_id), delivery_id)
        smtp.accept()
        with mail.open() as sender:
            sender.send(letter(delivery_id), delivery_id)
    assert len(smtp.mails) == 1
    assert type(refused.value) is kind
    assert refused.value.detail == f"SMTP {answer[:3]}"  # the server's words could quote an address


def test_a_server_that_does_not_take_our_sender_says_nothing_of_whom_the_letter_is_for() -> None:
    with TroubledSMTP() as server, closing(open_mail(f"smtp://127.0.0.1:{server.port}")) as mail:
        server.then("mail", "5xx")
        channel = MailChannel(mail, "Hub <hub@referral-hub.example>", Lookup(bytes(32)))
        parcel = Parcel(new_id(), "one@hub.example", Letter("A subject", "A text\n", "A line"), False, "")
        assert channel.send(parcel) == NotTaken("SMTP 550", whole_channel=True)
        assert channel.send(parcel) == Taken()


def test_a_connection_that_the_server_ended_is_replaced(smtp: SMTPServer) -> None:
    with closing(open_mail(smtp.url)) as mail:
        for _ in range(2):
            with mail.open() as sender:
                delivery_id = new_id()
                sender.send(letter(delivery_id), delivery_id)
            smtp.stop()
            smtp.start()
    assert len(smtp.mails) == 2


def test_a_server_that_cannot_be_reached_or_does_not_let_us_in_is_a_matter_for_later(
    smtp: SMTPServer,
) -> None:
    smtp.stop()
    with pytest.raises(NotSent), open_mail(smtp.url).open():
        pass
    smtp.start()
    with_password = smtp.url.replace("smtp://", "smtp://hub:a-secret@")
    with pytest.raises(NotSent) as refused, open_mail(with_password).open():
        pass
    assert not isinstance(refused.value, Refused)
    assert "a-secret" not in str(refused.value)


def test_another_kind_of_address_is_refused() -> None:
    with pytest.raises(NotSent):
        open_mail("carrier-pigeon:loft")
