"""Whatever is in a mail is read, or its sender is told that it was not."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from services.intake.store import find_reference, read_content
from tests.intake.mailbox.mails import OFFICER, ROW, TYPED, Post, a_mail, as_csv, text_of, with_form


def as_part(content: bytes, kind: str, name: str = "", **parameters: str) -> EmailMessage:
    """A part of a mail, or a whole one, of a kind that no form has."""
    part = EmailMessage()
    maintype, _, subtype = kind.partition("/")
    part.set_content(content, maintype=maintype, subtype=subtype, filename=name or None, params=parameters)
    return part


def with_part(part: EmailMessage, text: str = TYPED) -> EmailMessage:
    mail = a_mail(text)
    mail.make_mixed()
    mail.attach(part)
    return mail


def with_many(files: int) -> EmailMessage:
    mail = a_mail("Please see the forms.")
    for number in range(files):
        row = ROW | {"Your reference": f"MAILED-{number}"}
        mail.add_attachment(as_csv(row), maintype="text", subtype="csv", filename=f"{number}.csv")
    return mail


def cut_off(mail: EmailMessage) -> bytes:
    whole = mail.as_bytes()
    return whole[: whole.rindex(b"--==")]


ENVELOPED = as_part(b"invented", "application/pkcs7-mime", "smime.p7m", **{"smime-type": "enveloped-data"})
SIGNED = as_part(b"invented", "application/pkcs7-mime", "smime.p7m", **{"smime-type": "signed-data"})
PGP = "-----BEGIN PGP MESSAGE-----\n\ninvented\n-----END PGP MESSAGE-----\n"


def encrypted_with_pgp() -> EmailMessage:
    mail = with_part(as_part(PGP.encode(), "application/octet-stream", "encrypted.asc"), "Version: 1")
    mail.replace_header("Content-Type", mail["Content-Type"].replace("mixed", "encrypted"))
    return mail


@pytest.mark.parametrize("infrastructure", ["embedded"])
@pytest.mark.parametrize(
    "part",
    [
        as_part(b"BEGIN:VCARD\r\nFN:An Invented Officer\r\nEND:VCARD\r\n", "text/vcard", "officer.vcf"),
        as_part(b"BEGIN:VCARD\r\nEND:VCARD\r\n", "application/octet-stream", "officer.vcf"),
        as_part(b"This message is for its addressee alone.\r\n", "text/plain", "ATT00001.txt"),
        as_part(b"", "text/html", "ATT00002.htm"),
    ],
    ids=["a visiting card", "a visiting card as a file", "a disclaimer", "nothing"],
)
def test_what_programs_add_to_every_mail_of_an_agency_calls_nobody(post: Post, part: EmailMessage) -> None:
    post.arrives(with_part(part))
    assert post.kinds == ["opening"]
    (answer,) = post.answers
    assert "was taken" in answer["Subject"]


@pytest.mark.parametrize("infrastructure", ["embedded"])
@pytest.mark.parametrize(
    ("mail", "told", "taken"),
    [
        (with_part(ENVELOPED), "encrypted or protected", 1),
        (encrypted_with_pgp(), "encrypted or protected", 0),
        (a_mail(PGP), "encrypted or protected", 0),
        (with_part(as_part(b"x", "application/octet-stream", "message.rpmsg")), "encrypted or protected", 1),
        (with_part(SIGNED), "signed in a way that closes it", 1),
        (with_part(as_part(b"x\x9f>\x22", "application/ms-tnef", "winmail.dat")), "winmail.dat", 1),
        (with_part(as_part(b"\xff\xd8\xff", "image/jpeg", "Fable.jpg")), "Pictures are not read", 1),
        (with_many(11), "ten files", 10),
        (with_part(as_part(b"", "text/csv", "form.csv")), "The file is empty", 1),
        (a_mail(TYPED.replace("Invented.", "long " * 45_000)), "too long to be read to its end", 0),
        (cut_off(with_part(as_part(as_csv(ROW), "text/csv", "form.csv"))), "cut off on its way", 2),
        (with_form(as_csv(ROW), "form.csv"), "What is written beside the form was not taken", 1),
        (with_part(as_part(as_csv(ROW), "text/csv", "f.csv"), "Crime number: 1"), "typed beside it", 1),
        (with_form(as_csv(ROW | {"Fable Figment": "seen"}), "form.csv"), "columns that the form does not", 1),
    ],
    ids=[
        "S/MIME",
        "PGP/MIME",
        "PGP in the text",
        "rights",
        "closed signature",
        "TNEF",
        "a picture",
        "eleven files",
        "an empty file",
        "a very long text",
        "cut off",
        "a note beside the form",
        "fields beside the form",
        "a column that nobody knows",
    ],
)
def test_what_is_not_read_of_a_mail_is_told_to_its_sender(
    post: Post, mail: EmailMessage | bytes, told: str, taken: int
) -> None:
    post.arrives(mail)
    (answer,) = post.answers
    said = " ".join(text_of(answer).split())
    assert told in said
    assert "Fable" not in said
    assert len(post.hub.links()) == taken
    # What is only to be looked at again is the sender's; what was not taken is kept for a human as well.
    to_look_at = told in said.partition("Not taken:")[0]
    assert post.kinds.count("letter") == (0 if to_look_at else 1)


def forwarded(inner: EmailMessage, text: str = "See below.") -> EmailMessage:
    mail = a_mail(text, number=9)
    mail.add_attachment(inner)
    return mail


def signed(inner: EmailMessage) -> EmailMessage:
    mail = a_mail("", number=9)
    mail.clear_content()
    mail["Content-Type"] = "multipart/signed; protocol=application/pkcs7-signature; boundary=invented"
    mail.set_payload([inner, as_part(b"invented", "application/pkcs7-signature", "smime.p7s")])
    return mail


@pytest.mark.parametrize("infrastructure", ["embedded"])
@pytest.mark.parametrize(
    "mail",
    [
        forwarded(a_mail()),
        forwarded(with_form(as_csv(ROW), "form.csv"), text=""),
        forwarded(forwarded(a_mail())),
        signed(with_form(as_csv(ROW), "form.csv")),
        signed(a_mail()),
    ],
    ids=["typed", "a form", "forwarded twice", "a signed form", "signed"],
)
def test_what_is_forwarded_or_signed_is_read_like_what_came_by_itself(post: Post, mail: EmailMessage) -> None:
    post.arrives(mail)
    (link,) = post.hub.links().values()
    (answer,) = post.answers
    assert link["reference"] in text_of(answer)
    assert "Not taken:" not in text_of(answer)


@pytest.mark.parametrize("infrastructure", ["embedded"])
@pytest.mark.parametrize(
    ("charset", "written_in", "odd"),
    [
        ("x-nonsense", "utf-8", False),
        ("us-ascii", "utf-8", False),
        ("hex", "cp1252", True),
        ("utf-8", "cp1252", True),
        ("iso-8859-15", "iso-8859-15", False),
    ],
)
def test_a_text_is_read_whatever_encoding_it_claims(
    post: Post,
    charset: str,
    written_in: str,
    odd: bool,  # noqa: FBT001
) -> None:
    head = f"From: {OFFICER}\r\nMessage-ID: <1@x>\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
    post.arrives(head.encode() + TYPED.replace("Fable", "Zoë").encode(written_in))
    room = post.hub.rooms["intake"]
    with room.database.reading() as connection:
        (link,) = post.hub.links().values()
        kept = find_reference(connection, "durham_constabulary", link["reference"])
        assert kept is not None
        assert "Zoë" in str(read_content(connection, room.keys.rest, kept))
    (answer,) = post.answers
    assert ("Some letters" in text_of(answer)) == odd
