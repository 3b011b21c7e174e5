"""A mail that was written to take for ever keeps nobody waiting, and any other is read as it is."""

from __future__ import annotations

import pytest

from services.intake.mailbox.read_apart import read_apart
from tests.intake.mailbox.mails import OFFICER, a_mail

HEAD = f"From: {OFFICER}\r\nMIME-Version: 1.0\r\n".encode()
# Each of these took the standard library from half a minute to hours; twice as much of most takes four times
# as long.
ENDLESS = {
    "a page of comments that do not end": (b"text/html\r\n\r\n", b"<!--"),
    "a page of tags that do not end": (b"text/html\r\n\r\n", b"<a "),
    "a header of many parameters": (b"text/plain", b"; a=b"),
    "very many parts": (b"multipart/mixed; boundary=b\r\n\r\n", b"--b\r\n\r\nx\r\n"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_would_take_too_long_is_given_up(name: str) -> None:
    begins, goes_on = ENDLESS[name]
    begins = HEAD + b"Content-Type: " + begins
    assert read_apart(begins + goes_on * 3, "") is not None
    assert read_apart(begins + goes_on * 100_000, "", work=1) is None


def test_a_letter_comes_back_as_it_was_read() -> None:
    mail = a_mail("Größe: invented")
    mail.add_attachment(bytes(range(256)), maintype="application", subtype="octet-stream", filename="ä.bin")
    letter = read_apart(mail.as_bytes(), "")
    assert letter is not None
    assert letter.sender == "officer@constabulary.example"
    assert letter.contents.texts == ("Größe: invented\n",)
    assert [(one.name, one.content) for one in letter.contents.attachments] == [("ä.bin", bytes(range(256)))]
