"""A mail that comes back is a task at once, however a mail server says so and wherever its mailbox is."""

from __future__ import annotations

import mailbox
from email.message import EmailMessage
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy.exc import OperationalError

from services.cli import hub as command
from services.notify.bounces import read_report
from services.notify.proof import name_of
from services.notify.read_bounce import prove, read_bounce
from shared.database import Database
from shared.mailbox import Put, go_through, open_box
from shared.sealing import Lookup
from tests.support.builders import an_account
from tests.support.imap_server import IMAPServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.houses import Hub

JO = "jo@hub.example"
TOKEN = UUID("01a22607-f478-74f3-8b11-d374885838e7")
LOOKUP = Lookup(bytes(32))
ORIGINAL = (
    f"From: hub@referral-hub.example\nTo: {JO}\nSubject: A new case waits for you\n"
    f"Message-ID: <{name_of(TOKEN, LOOKUP)}@referral-hub.example>\n\nInvented.\n"
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
    "somebody answers": a_mail(
        "Thank you.", sender=JO, In_Reply_To=f"<{name_of(TOKEN, LOOKUP)}@referral-hub.example>"
    ),
    "no mail": b"\xff\x00\n\n\xfe" * 50,
    "nothing": b"",
    "a broken report": a_report("failed", "5.1.1")[:300],
}


@pytest.mark.parametrize("form", CAME_BACK)
def test_a_mail_that_came_back_is_known_however_a_mail_server_says_so(form: str) -> None:
    raw, status = CAME_BACK[form]
    returned = read_report(raw)
    assert returned is not None
    assert prove(returned, LOOKUP) == (TOKEN, status)


@pytest.mark.parametrize("form", IS_NONE)
def test_what_is_no_return_changes_nothing(form: str) -> None:
    assert read_report(IS_NONE[form]) is None


def test_a_report_that_would_take_too_long_is_given_up() -> None:
    report = a_report("failed", "5.1.1")
    begins, end = report[: report.rindex(b"--x--")], b"--x--\n"
    assert read_bounce(begins + b"--x\n\nx\n" * 3 + end, LOOKUP) == (TOKEN, "5.1.1")
    assert read_bounce(begins + b"--x\n\nx\n" * 1_000_000 + end, LOOKUP, work=1) is None


@pytest.mark.parametrize(
    "name",
    [str(TOKEN), f"{TOKEN}.{'0' * 16}", f"{TOKEN}.", name_of(UUID(int=TOKEN.int + 1), LOOKUP)[36:]],
)
def test_which_mail_it_was_is_believed_only_with_its_proof(name: str) -> None:
    forged = a_report("failed", "5.1.1", original=f"To: {JO}\nMessage-ID: <{name}@referral-hub.example>\n\n")
    assert read_bounce(forged, LOOKUP) == (None, "5.1.1")
    assert read_bounce(a_report("failed", "5.1.1"), Lookup(bytes(31) + b"1")) == (None, "5.1.1")


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
        # As it came, to the last byte.
        (kept,) = (box.get_folder("Kept").get_bytes(key) for key in box.get_folder("Kept").iterkeys())
        assert kept == IS_NONE["somebody answers"]
    else:
        folder = AFolder(tmp_path)
        check(a_hub(bounces_url=f"folder:{folder}"), folder.deliver, lambda: len(folder.kept()))
        assert list(folder.path.glob("*.eml")) == []


def check(hub: Hub, deliver: Callable[[bytes], object], kept: Callable[[], int]) -> None:
    hub.take(an_account("ONE"))
    hub.settle()
    (mail,) = hub.mails()
    deliver(IS_NONE["somebody answers"])
    # The same report twice, as when a server sends another.
    for _ in range(2):
        deliver(a_report("failed", "5.1.1", original=mail.as_string()))
        hub.settle()
    assert kinds_of(hub) == ["opening", "undelivered"]
    assert bounced(hub) == 1
    assert kept() == 1


class AFolder:
    """A folder of mails that came back."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "box"
        self.path.mkdir()

    def __str__(self) -> str:
        return str(self.path)

    def deliver(self, raw: bytes) -> None:
        """Put a mail there, under a name that may have been there before."""
        (self.path / f"{len(list(self.path.glob('*.eml')))}.eml").write_bytes(raw)

    def kept(self) -> list[bytes]:
        """What was left for its reader."""
        return sorted(path.read_bytes() for path in (self.path / "Kept").iterdir())


def kinds_of(hub: Hub) -> list[str]:
    return sorted(alert["kind"] for alert in hub.alerts())


def bounced(hub: Hub, what: str = "bounced") -> int:
    opening = next(alert for alert in hub.alerts() if alert["kind"] == "opening")
    shown = hub.ask(f"/v1/alerts/{opening['id']}", hub.token_of("supervisor")).get_json()
    return [entry["what"] for entry in shown["history"]].count(what)


def test_what_does_not_prove_which_mail_it_answers_changes_no_alert_and_ops_look_at_it(
    a_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    folder = AFolder(tmp_path)
    hub = a_hub(bounces_url=f"folder:{folder}")
    hub.take(an_account("ONE"))
    hub.settle()
    (mail,) = hub.mails()
    token = str(mail["Message-ID"]).strip("<").partition(".")[0]
    strange = [
        a_mail(f"Hi. This is the qmail-send program.\n\n<{mail['To']}>:\nNo.\n\n---\n"),
        a_report("failed", "5.1.1", original=f"To: {mail['To']}\nMessage-ID: <{token}@hub.example>\n\n"),
        # Of a mail that is the hub's and no alert: an answer to a practitioner, say.
        a_report(
            "failed",
            "5.1.1",
            original=f"Message-ID: <{name_of(TOKEN, hub.rooms['notify'].keys.lookup)}@hub.example>\n\n",
        ),
        a_mail("Hi. This is the qmail-send program.\n\n<jo\0@hub.example>:\nNo.\n\n---\n"),
    ]
    for raw in strange * 2:
        folder.deliver(raw)
        hub.settle()
    assert (kinds_of(hub), bounced(hub)) == (["opening", "ops_returned"], 0)
    assert [str(one["Subject"]) for one in hub.mails()[1:]] == [
        "A message came back that the hub cannot place"
    ]
    assert folder.kept() == sorted(strange * 2)


@pytest.mark.parametrize("taken", [False, True])
def test_what_came_back_goes_another_way_only_while_nobody_has_it(
    a_hub: Callable[..., Hub],
    tmp_path: Path,
    taken: bool,  # noqa: FBT001 - both cases of one rule
) -> None:
    folder, hooks = AFolder(tmp_path), tmp_path / "hooks.yaml"
    hooks.write_text('restorative_hub: {kind: slack, url: "https://127.0.0.1:8443/hub"}\n', encoding="utf-8")
    hub = a_hub(bounces_url=f"folder:{folder}", team_hooks=str(hooks))
    hub.take(an_account("ONE"))
    hub.settle()
    (mail,) = hub.mails()
    if taken:
        opening, token = hub.alerts()[0]["id"], hub.token_of("coordinator")
        hub.front.post(f"/v1/alerts/{opening}/acknowledgement", headers={"Authorization": f"Bearer {token}"})
    folder.deliver(a_report("failed", "5.1.1", original=mail.as_string()))
    hub.settle()
    assert (bounced(hub), bounced(hub, "failed_over")) == (1, 0 if taken else 1)
    # That the address is wrong is a human's to put right all the same.
    assert kinds_of(hub) == ["opening", "undelivered"]


def test_a_mail_server_that_hands_mails_to_a_command_keeps_what_is_not_ours(hub: Hub) -> None:
    hub.take(an_account("ONE"))
    hub.settle()
    (mail,) = hub.mails()

    def hand_over(raw: bytes) -> tuple[int, list[str]]:
        said = CliRunner().invoke(command, ["notify", "bounce"], input=raw, env=dict(hub.environment))
        return said.exit_code, kinds_of(hub)

    assert hand_over(IS_NONE["somebody answers"]) == (65, ["opening"])
    assert hand_over(a_report("failed", "5.1.1")) == (65, ["opening", "ops_returned"])
    report = a_report("failed", "5.1.1", original=mail.as_string())
    assert hand_over(report) == (0, ["opening", "ops_returned", "undelivered"])


def test_a_mail_that_cannot_be_dealt_with_keeps_no_other_waiting(tmp_path: Path) -> None:
    folder, seen = AFolder(tmp_path), []

    def deal_with(raw: bytes) -> Put:
        seen.append(raw)
        return "taken" if raw == b"2" else "left" if int(raw) else "kept"

    for raw in (b"1", b"\0", b"2"):
        folder.deliver(raw)
    assert go_through(open_box(f"folder:{folder}"), 10, deal_with) == 3
    assert seen == [b"1", b"\0", b"2"]
    assert folder.kept() == [b"\0", b"1"]
    assert list(folder.path.glob("*.eml")) == []


def test_a_mail_that_is_put_aside_takes_none_with_it_whose_name_begins_like_its_own(tmp_path: Path) -> None:
    for folder, name in (("new", "1"), ("new", "10"), ("cur", "2:2,S"), ("cur", "20:2,S")):
        (tmp_path / "box" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "box" / folder / name).write_bytes(name[:2].strip(":").encode())
    (tmp_path / "box" / "tmp").mkdir()
    box = open_box(f"maildir:{tmp_path}/box")
    seen: list[bytes] = []

    def deal_with(raw: bytes) -> Put:
        seen.append(raw)
        return "left" if len(raw) == 1 else "taken"

    assert go_through(box, 10, deal_with) == 4
    assert seen == [b"1", b"10", b"2", b"20"]
    assert sorted(path.name for path in (tmp_path / "box" / ".Kept" / "new").iterdir()) == ["1", "2:2,S"]


def test_while_the_database_is_away_every_mail_waits(tmp_path: Path) -> None:
    folder, away = AFolder(tmp_path), Database(f"sqlite:///{tmp_path}/nowhere/at.db")

    def deal_with(_: bytes) -> Put:
        with away.transaction():
            return "taken"

    folder.deliver(b"1")
    with pytest.raises(OperationalError):
        go_through(open_box(f"folder:{folder}"), 10, deal_with)
    assert len(list(folder.path.glob("*.eml"))) == 1
