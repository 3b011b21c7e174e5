"""Mails with referrals in them, and a hub that reads them."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

import openpyxl

from services.intake.mailbox.store import KeptLetter, list_letters, open_letter
from tests.support.houses import Hub

OFFICER = "An Invented Officer <officer@constabulary.example>"
TYPED = """Dear hub,

What happened: burglary
When it began: 14/11/2026
In your own words: Invented. The shed was opened
and two bicycles were taken.
Crime number: CRI00123456
Harmed person 1 first name: Fable
Harmed person 1 last name: Figment
Harmed person 1 date of birth: 29/02/1988
Harmed person 1 postcode: DL1 9ZZ
Harmed person 1 mobile: 07700 900123
Harmed person 1 mobile is safe: yes
Harmed person 1 agrees to this referral: yes

--
An Invented Officer, 01632 960131
"""
ROW = {
    "Your reference": "MAILED-1",
    "Date of referral": "20/11/2026",
    "What happened": "burglary",
    "Crime number": "CRI00123456",
    "Harmed person 1 first name": "Fable",
    "Harmed person 1 last name": "Figment",
}


def a_mail(text: str = TYPED, sender: str = OFFICER, number: int = 1, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = "referrals@referral-hub.example"
    mail["Subject"] = "Fable Figment, an invented referral"
    mail["Message-ID"] = f"<invented-{number}@constabulary.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def as_csv(*rows: dict[str, str]) -> bytes:
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    return "\r\n".join(lines).encode()


def as_xlsx(*rows: dict[str, str]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (list(rows[0]), *(list(row.values()) for row in rows)):
        sheet.append(line)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def with_form(content: bytes, name: str, number: int = 1) -> EmailMessage:
    mail = a_mail("Please see the form.", number=number)
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail


class Post:
    """A hub whose mailbox is a folder, and what its senders are answered."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        """Take the hub and the folder."""
        self.hub, self.folder = hub, folder

    def arrives(self, mail: EmailMessage | bytes, name: str = "1.eml") -> None:
        """Put a mail into the folder and let the hub do what it does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(mail if isinstance(mail, bytes) else mail.as_bytes())
        self.hub.settle()

    @property
    def answers(self) -> list[EmailMessage]:
        """What senders were answered, and nobody else."""
        return [mail for mail in self.hub.mails() if mail["Auto-Submitted"] == "auto-replied"]

    @property
    def letters(self) -> list[KeptLetter]:
        """Every letter that came."""
        with self.hub.rooms["intake"].database.reading() as connection:
            return list_letters(connection, everything=True)

    def reads(self, reference: str) -> bytes | None:
        """The letter itself, while it is kept."""
        room = self.hub.rooms["intake"]
        with room.database.reading() as connection:
            return open_letter(connection, room.keys.rest, reference)

    @property
    def kinds(self) -> list[str]:
        """The alerts that were raised."""
        return sorted(alert["kind"] for alert in self.hub.alerts())


def text_of(mail: EmailMessage) -> str:
    return str(mail.get_content())
