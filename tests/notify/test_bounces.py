"""A mail that comes back is a task at once, however a mail server says so and wherever its mailbox is."""

from __future__ import annotations

import mailbox
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest

from services.notify.bounces import read_bounce
from tests.support.builders import an_account
from tests.support.imap_server import IMAPServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.houses import Hub

JO = "jo@hub.example"
TOKEN = "01a22607-f478-74f3-8b11-d374885838e7"
ORIGINAL = (
    f"From: hub@referral-hub.example\nTo: {JO}\nSubject: A new case waits for you\n"
    f"Message-ID: <{TOKEN}@referral-hub.example>\n\nInvented.\n"
)


def a_mail(text: str, *, sender: str = "MAILER-DAEMON@mail.example", **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = sender
    mail["Subject"] = "Returned mail"
    mail["Message-ID"] = "<11111111-1111-4111-8111-111111111111@mail.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def a_report(action: str, status: str, *, whole: bool = True, original: str = ORIGINAL) -> bytes:
    """RFC 3464, with the whole mail behind it or only its headers."""
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    return (
        "From: MAILER-DAEMON@mail.example\nMessage-ID: <1@mail.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\n\n'
        "--x\nContent-Type: text/plain\n\nIn words.\n"
        "--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example\n\n"
        f"Final-Recipient: rfc822; {JO}\nAction: {action}\nStatus: {status}\n\n"
        f"--x\nContent-Type: {kind}\n\n{original}\n--x--\n"
    ).encode()


CAME_BACK = {
    "standard, with the mail": (a_report("failed", "5.1.1"), "5.1.1"),
    "standard, with its headers": (a_report("failed", "5.2.2", whole=False), "5.2.2"),
    "standard, in capitals": (a_report("FAILED", "5.7.1"), "5.7.1"),
    "qmail": (
        a_mail(
            "Hi. This is the qmail-send program at mail.example.\nI was not able to deliver it.\n\n"
            f"<{JO}>:\nSorry, no mailbox here by that name.\n\n--- Below this line is a copy.\n\n{ORIGINAL}"
        ),
        "5.0.0",
    ),
    "Exim": (
        a_mail(
            "A message that you sent could not be delivered to one or more of its recipients.\n\n"
            f"  {JO}\n\n------ This is a copy of the message. ------\n\n{ORIGINAL}",
            X_Failed_Recipients=JO,
        ),
        "5.0.0",
    ),
    "Exchange": (
        a_mail(
            "Your message did not reach the following recipient(s):\n\n"
            f"{JO} on Thu, 26 Nov 2026 12:00:00\n    The recipient name is not recognized\n"
            f"    MSEXCH:IMS:Invented:HUB 0 (000C05A6) Unknown Recipient\n\n{ORIGINAL}",
            sender="postmaster@mail.example",
        ),
        "5.0.0",
    ),
}
IS_NONE = {
    "it takes longer": a_report("delayed", "4.4.1"),
    "it arrived": a_report("delivered", "2.0.0"),
    "somebody is away": a_mail(
        f"I am on leave until Monday.\n\n> {ORIGINAL}", sender=JO, Auto_Submitted="auto-replied"
    ),
    "somebody answers": a_mail("Thank you.", sender=JO, In_Reply_To=f"<{TOKEN}@referral-hub.example>"),
    "no mail": b"\xff\x00\n\n\xfe" * 50,
    "nothing": b"",
    "a broken report": a_report("failed", "5.1.1")[:300],
}


@pytest.mark.parametrize("form", CAME_BACK)
def test_a_mail_that_came_back_is_known_however_a_mail_server_says_so(form: str) -> None:
    raw, status = CAME_BACK[form]
    bounce = read_bounce(raw)
    assert bounce is not None
    assert (str(bounce.token), bounce.addresses, bounce.status) == (TOKEN, (JO,), status)


@pytest.mark.parametrize("form", IS_NONE)
def test_what_is_no_return_changes_nothing(form: str) -> None:
    assert read_bounce(IS_NONE[form]) is None


def test_whom_it_did_not_reach_is_believed_of_a_mail_server_alone() -> None:
    told = f"Hi. This is the qmail-send program.\n\n<{JO}>:\nNo.\n\n---\n"
    by_server, by_anybody = (read_bounce(a_mail(told, sender=one)) for one in ("mailer-daemon@a.example", JO))
    assert by_server is not None
    assert by_anybody is not None
    assert (by_server.token, by_server.addresses) == (None, (JO,))
    assert (by_anybody.token, by_anybody.addresses) == (None, ())


@pytest.mark.parametrize("where", ["imap", "maildir", "folder"])
def test_what_comes_back_to_a_mailbox_is_one_task_and_the_rest_is_left_for_its_reader(
    a_hub: Callable[..., Hub], tmp_path: Path, where: str
) -> None:
    if where == "imap":
        with IMAPServer() as server:
            hub = a_hub(bounces_url=server.url)
            check(hub, server.deliver, lambda: server.count("Kept"))
            assert (server.count("INBOX"), server.count("Taken")) == (0, 2)
    elif where == "maildir":
        box = mailbox.Maildir(tmp_path / "box")
        check(a_hub(bounces_url=f"maildir:{tmp_path}/box"), box.add, lambda: len(box.get_folder("Kept")))
        assert len(mailbox.Maildir(tmp_path / "box")) == 0
    else:
        folder = tmp_path / "box"
        folder.mkdir()

        def deliver(raw: bytes) -> None:
            (folder / f"{len(list(folder.rglob('*.eml')))}.eml").write_bytes(raw)

        check(a_hub(bounces_url=f"folder:{folder}"), deliver, lambda: len(list((folder / "Kept").iterdir())))
        assert list(folder.glob("*.eml")) == []


def check(hub: Hub, deliver: Callable[[bytes], object], kept: Callable[[], int]) -> None:
    hub.take(an_account("ONE"))
    hub.settle()
    (mail,) = hub.mails()
    deliver(IS_NONE["somebody answers"])
    # One with its token, and one that knows only whom it did not reach: both tell of the same mail.
    deliver(a_report("failed", "5.1.1", original=mail.as_string()))
    hub.settle()
    deliver(a_report("failed", "5.1.1", original=mail.as_string()))
    hub.settle()
    assert sorted(alert["kind"] for alert in hub.alerts()) == ["opening", "undelivered"]
    opening = next(alert for alert in hub.alerts() if alert["kind"] == "opening")
    shown = hub.ask(f"/v1/alerts/{opening['id']}", hub.token_of("supervisor")).get_json()
    assert [entry["what"] for entry in shown["history"]].count("bounced") == 1
    assert kept() == 1


def test_a_report_that_knows_only_whom_it_did_not_reach_is_of_the_last_mail_to_them(
    a_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    hub = a_hub(bounces_url=f"folder:{folder}")
    hub.take(an_account("ONE"))
    hub.settle()
    (mail,) = hub.mails()
    text = f"Hi. This is the qmail-send program.\n\n<{str(mail['To']).upper()}>:\nNo.\n\n---\n"
    (folder / "1.eml").write_bytes(a_mail(text))
    hub.settle()
    assert sorted(alert["kind"] for alert in hub.alerts()) == ["opening", "undelivered"]
