"""Referrals by mail go through the same door, and what cannot be taken is answered and kept for a human."""

from __future__ import annotations

import email
import email.policy
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pytest

from services.intake.imports.domain.header import plain
from services.intake.imports.mapping import Mapping
from services.intake.mailbox.domain.typed_fields import Typed, read_typed_fields
from services.intake.mailbox.plain_text import plain_text
from services.intake.mailbox.schema import read_letter
from tests.intake.mailbox.mails import OFFICER, ROW, TYPED, Post, a_mail, as_csv, as_xlsx, text_of, with_form
from tests.support.houses import Hub

ROOT = Path(__file__).parents[3]


def test_what_is_typed_in_a_mail_becomes_a_referral_and_is_answered_with_its_reference(post: Post) -> None:
    post.arrives(a_mail())
    (link,) = post.hub.links().values()
    assert link["agency"] == "durham_constabulary"
    (answer,) = post.answers
    assert answer["To"] == "officer@constabulary.example"
    assert answer["In-Reply-To"] == "<invented-1@constabulary.example>"
    assert link["reference"] in answer["Subject"]
    assert link["reference"] in text_of(answer)
    assert post.kinds == ["opening"]
    assert list(post.folder.glob("**/*.eml")) == []


@pytest.mark.parametrize("infrastructure", ["embedded"])
@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
def test_a_greeting_below_the_last_answer_is_no_part_of_it(post: Post, between: str) -> None:
    greeting = f"{between}Kind regards\nAn Invented Officer\n01632 960131\n"
    post.arrives(a_mail(TYPED.partition("\n--")[0] + greeting))
    (link,) = post.hub.links().values()
    key = post.hub.key_of("durham_constabulary")
    told = post.hub.ask(f"/v1/referrals/{link['reference']}", key).get_json()
    assert {one["code"] for one in told["warnings"]} == {"risks_not_assessed"}
    assert told["status"] == "allocated"


def test_what_is_short_is_told_with_its_first_line_and_what_is_long_goes_on() -> None:
    form = Mapping.named("practitioner_form")
    text = (
        "Good morning\n"
        "Harmed person 1 agrees to this referral:\n\nyes\nThank you\n"
        "Harmed person 1 last name: Figment\nSent from a telephone\n"
        "Harmed person 1 when it is safe to call: on weekdays, but\nnever on a Thursday\n"
        "Harmed person 1 address: 1 Example Street\nDarlington\n"
        "In your own words: Invented.\n\nKind regards\n"
    )
    typed = read_typed_fields(text, {plain(column): column for column in form.columns}, form.short_columns)
    assert typed.fields == {
        "Harmed person 1 agrees to this referral": "yes",
        "Harmed person 1 last name": "Figment",
        "Harmed person 1 when it is safe to call": "on weekdays, but\nnever on a Thursday",
        "Harmed person 1 address": "1 Example Street\nDarlington",
        "In your own words": "Invented.\n\nKind regards",
    }
    assert typed.beside == "Good morning\nThank you\nSent from a telephone"


@pytest.mark.parametrize(
    "line", ["*{}:* {}", "*{}*: {}", "3. {}: {}", "12) *{}:* {}", "> • {} : {}", "-  {}:{}"]
)
def test_bullets_numbers_and_bold_letters_are_no_part_of_a_field(line: str) -> None:
    form = Mapping.named("practitioner_form")
    text = line.format("Harmed person 1 last name", "Figment")
    typed = read_typed_fields(text, {plain(column): column for column in form.columns}, form.short_columns)
    assert typed.fields == {"Harmed person 1 last name": "Figment"}


def typed_in(text: str) -> Typed:
    form = Mapping.named("practitioner_form")
    return read_typed_fields(text, {plain(column): column for column in form.columns}, form.short_columns)


@pytest.mark.parametrize(
    "above",
    [
        "On Mon, 14 Nov 2026 at 10:03, An Officer <officer@constabulary.example> wrote:\n",
        "On Mon, 14 Nov 2026 at 10:03, An Officer of a long name <officer@constabulary.example>\nwrote:\n\n",
        "On 14/11/2026 10:03, An Officer wrote:\n\n",
        "-----Original Message-----\n",
        "________________________________\n",
    ],
)
def test_the_mail_that_is_answered_is_not_read_and_its_lines_of_the_form_are_told_of(above: str) -> None:
    typed = typed_in(f"What happened: theft\n{above}> Your name: Robin Sample\n> What happened: noise\n")
    assert typed.fields == {"What happened": "theft"}
    assert typed.beside == ""
    assert typed.left_out == above.count("\n") + 2


def test_an_account_in_which_somebody_wrote_something_is_read_to_its_end() -> None:
    account = (
        "Invented.\nOn Tuesday at 10:30 he wrote:\nYou will be sorry.\nOn Friday she wrote:\nPlease stop."
    )
    typed = typed_in(f"In your own words: {account}\nHarmed person 1 last name: Figment\n-- \nAn Officer")
    assert typed.fields == {"In your own words": account, "Harmed person 1 last name": "Figment"}
    assert typed.left_out == 0


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_a_line_of_the_form_that_is_not_read_is_told_to_the_sender(post: Post) -> None:
    post.arrives(
        a_mail("What happened: theft\nHarmed person 1 last name: Figment\n_____\nTown: x\nCrime number: x")
    )
    (answer,) = post.answers
    assert "Line 5 is a line of the form" in text_of(answer)


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_rows_that_a_filter_hides_in_the_form_are_taken_and_told_of(post: Post) -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(ROW, ROW | {"Your reference": "MAILED-2"})))
    assert book.active is not None
    book.active.row_dimensions[3].hidden = True
    written = io.BytesIO()
    book.save(written)
    post.arrives(with_form(written.getvalue(), "form.xlsx"))
    (answer,) = post.answers
    assert len(post.hub.links()) == 2
    assert "hides rows" in text_of(answer)


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_a_form_in_an_earlier_message_is_not_read_and_its_sender_is_told_what_to_do(post: Post) -> None:
    post.arrives(a_mail(f"Please see below.\n\n-----Original Message-----\nFrom: a colleague\n\n{TYPED}"))
    assert post.hub.links() == {}
    (answer,) = post.answers
    assert "Forward that message as an attachment" in " ".join(text_of(answer).split())


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_no_answer_names_a_person(post: Post) -> None:
    post.arrives(a_mail())
    post.arrives(a_mail("Harmed person 1 first name: Fable\nNobody: Figment\n", number=2), "2.eml")
    post.arrives(with_form(as_csv(ROW | {"What happened": "Figment"}), "Fable Figment.csv", 3), "3.eml")
    told = "".join(f"{mail['Subject']} {text_of(mail)}" for mail in post.answers)
    assert len(post.answers) == 3
    for word in ("Fable", "Figment", "07700", "DL1", "shed", "CRI001"):
        assert word not in told


@pytest.mark.parametrize(("write", "name"), [(as_csv, "form.csv"), (as_xlsx, "form.xlsx")])
def test_the_attached_form_is_read_row_by_row(post: Post, write: Callable[..., bytes], name: str) -> None:
    second = ROW | {"Your reference": "MAILED-2", "Harmed person 1 first name": "Myth"}
    post.arrives(with_form(write(ROW, second), name))
    assert {line["source_record_id"] for line in post.hub.links().values()} == {"MAILED-1", "MAILED-2"}
    (answer,) = post.answers
    assert len(re.findall(r"\bR-", text_of(answer))) == 2
    assert "letter" not in post.kinds


def test_a_cell_that_the_spreadsheet_has_lost_is_asked_for_again_and_not_passed_over(post: Post) -> None:
    lost = ROW | {"Harmed person 1 mobile": "#REF!", "Office use": "#N/A"}
    other = ROW | {"Your reference": "MAILED-2", "Harmed person 1 mobile": "", "Office use": "#N/A"}
    post.arrives(with_form(as_csv(lost, other), "form.csv"))
    assert {line["source_record_id"] for line in post.hub.links().values()} == {"MAILED-2"}
    (answer,) = post.answers
    assert "Harmed person 1 mobile: The spreadsheet could not work this cell out." in " ".join(
        text_of(answer).split()
    )
    assert "Office use" not in text_of(answer)


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_a_row_without_a_date_that_comes_again_another_day_is_not_taken_twice(post: Post) -> None:
    row = {name: cell for name, cell in ROW.items() if name != "Date of referral"}
    post.arrives(with_form(as_csv(row), "form.csv"), "1.eml")
    post.hub.clock.move(minutes=60)
    second = row | {"Your reference": "MAILED-2"}
    post.arrives(with_form(as_csv(row, second), "form.csv", 2), "2.eml")
    versions = {line["source_record_id"]: line["version"] for line in post.hub.links().values()}
    assert versions == {"MAILED-1": 1, "MAILED-2": 1}


def test_one_bad_row_costs_no_good_one_and_the_mail_is_kept_for_a_human(post: Post) -> None:
    bad = ROW | {"Your reference": "MAILED-2", "What happened": "", "Date of referral": "99/99/2026"}
    post.arrives(with_form(as_csv(ROW, bad), "form.csv"))
    assert set(post.hub.links()) == {"durham_constabulary:MAILED-1"}
    (answer,) = post.answers
    assert answer["Subject"] == "Your message: part of it could not be taken"
    assert "Row 3: Date of referral:" in text_of(answer)
    assert post.kinds == ["letter", "opening"]


@pytest.mark.parametrize("infrastructure", ["embedded"])
@pytest.mark.parametrize(
    ("mail", "told"),
    [
        (a_mail("Please ring me about this."), "No referral was found"),
        (with_form(b"%PDF-1.7 invented", "form.pdf"), "This is a PDF document"),
        (with_form(as_csv({"Nothing": "known", "Of": "this"}), "form.csv"), "What happened"),
        (a_mail("What happened: \nYour name: An Invented Officer\n"), "What happened"),
        (a_mail(sender="somebody@elsewhere.example"), "agreed with the agency"),
    ],
    ids=["nothing in it", "a PDF", "another table", "a field left blank", "an unknown sender"],
)
def test_what_cannot_be_understood_is_answered_with_what_is_missing_and_kept(
    post: Post, mail: EmailMessage, told: str
) -> None:
    post.arrives(mail)
    assert post.hub.links() == {}
    (answer,) = post.answers
    assert told in text_of(answer)
    assert "/refer/practitioner" in text_of(answer)
    assert post.kinds == ["letter"]


def hub_command(post: Post, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "letters", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(post.folder), **post.hub.environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_a_human_lists_reads_and_closes_what_was_kept(post: Post) -> None:
    post.arrives(a_mail("Please ring Fable Figment about this."))
    listed = hub_command(post, "list")
    assert "durham_constabulary" in listed
    assert "not_understood" in listed
    assert "Fable" not in listed
    reference = listed.split()[0]
    (alert,) = post.hub.alerts()
    assert alert["case"] == reference
    kept = email.message_from_string(hub_command(post, "show", reference), policy=email.policy.default)
    assert "Please ring Fable Figment" in str(kept.get_content())
    hub_command(post, "done", reference)
    assert hub_command(post, "list") == "Nothing waits.\n"


def test_the_same_mail_twice_is_one_letter_and_the_same_id_over_other_content_is_another(post: Post) -> None:
    post.arrives(a_mail())
    post.arrives(a_mail(), "again.eml")
    assert len(post.hub.links()) == 1
    assert len(post.answers) == 1
    post.arrives(a_mail("What happened: theft\nHarmed person 1 last name: Other\n"), "careless.eml")
    assert len(post.hub.links()) == 2


@pytest.mark.parametrize("infrastructure", ["embedded"])
@pytest.mark.parametrize(
    ("results", "taken"),
    [
        (["mx.hub.example; dmarc=pass header.from=constabulary.example"], True),
        (["mx.hub.example; dmarc=fail header.from=constabulary.example"], False),
        (["elsewhere.example; dmarc=pass"], False),
        ([], False),
        # The sender can write such a line too, but our server's stands above it.
        (["mx.hub.example; dmarc=fail", "mx.hub.example; dmarc=pass"], False),
        (["mx.hub.example 1; spf=none (no; policy) smtp.mailfrom=x; dmarc = pass (p=reject)"], True),
        # What a sender chooses stands in the line as well, and is no result.
        (["mx.hub.example; spf=pass smtp.mailfrom=dmarc=pass@elsewhere.example; dmarc=fail"], False),
        (['mx.hub.example; spf=pass smtp.mailfrom="x; dmarc=pass"@elsewhere.example; dmarc=fail'], False),
        (["mx.hub.example; spf=pass (of x (y); dmarc=pass); dmarc=fail"], False),
        (
            ["mx.hub.example; spf=pass smtp.mailfrom==?utf-8?q?x=3B_dmarc=3Dpass?=@e.example; dmarc=fail"],
            False,
        ),
        # It was made sure of another domain than the one that is read here.
        (["mx.hub.example; dmarc=pass header.from=elsewhere.example"], False),
        (["mx.hub.example; dmarc=pass header.from=Constabulary.Example."], True),
    ],
)
def test_a_sender_is_believed_only_when_our_mail_server_vouches_for_them(
    make_hub: Callable[..., Hub],
    tmp_path: Path,
    results: list[str],
    taken: bool,  # noqa: FBT001
) -> None:
    folder = tmp_path / "mailbox"
    hub = make_hub(mailbox_url=f"folder:{folder}", mailbox_vouched_by="mx.hub.example")
    mail = a_mail()
    for result in results:
        mail["Authentication-Results"] = result
    Post(hub, folder).arrives(mail)
    assert bool(hub.links()) is taken


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        ("An Officer <Officer@constabulary.example>", "officer@constabulary.example"),
        ('"officer@constabulary.example" <officer@constabulary.example>', "officer@constabulary.example"),
        ("officer@constabulary.example <officer@constabulary.example>", "officer@constabulary.example"),
        # Mail servers look at what stands in brackets, and others at what stands first.
        ("officer@constabulary.example <somebody@elsewhere.example>", ""),
        ("officer@constabulary.example, somebody@elsewhere.example", ""),
        ('"officer@constabulary.example" <somebody@elsewhere.example>', "somebody@elsewhere.example"),
    ],
)
def test_only_what_every_mail_program_takes_for_the_sender_is_the_sender(written: str, sender: str) -> None:
    raw = f"From: {written}\r\nSubject: Invented\r\n\r\nWhat happened: theft\r\n".encode()
    assert read_letter(raw, vouched_by="").sender == sender


@pytest.mark.parametrize("infrastructure", ["embedded"])
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 500,
        b"From: officer@constabulary.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
        b"From: officer@constabulary.example\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe",
        b"From: =?x?q?=00?= <>, a@b, c@d\r\nMessage-ID: <\r\n\r\nx",
        b"From: officer@constabulary.example\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%%",
        b"Subject: " + b"x" * 100_000 + b"\r\n\r\n",
        b"From: officer@constabulary.example\r\nContent-Type: text/html\r\n\r\n<p>What happened: <b",
    ],
)
def test_a_damaged_mail_stops_nobody(post: Post, raw: bytes) -> None:
    post.arrives(raw, "damaged.eml")
    post.arrives(a_mail(), "good.eml")
    assert len(post.hub.links()) == 1
    assert len(json.dumps(post.kinds)) > 0
    assert post.kinds.count("letter") <= 1
    assert list(post.folder.glob("**/*.eml")) == []


@pytest.mark.parametrize("infrastructure", ["embedded"])
@pytest.mark.parametrize("space", [" ", "\n", "\r\n  "])
def test_a_mail_of_a_web_page_is_read_like_a_typed_one(post: Post, space: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = OFFICER, "<page@constabulary.example>"
    # Where the lines of a page are broken is nothing that a reader sees.
    lines = "".join(f"<div>{line.replace(' ', space)}</div>" for line in TYPED.splitlines())
    mail.set_content(f"<html><head><style>p {{}}</style></head><body>{lines}</body></html>", subtype="html")
    post.arrives(mail)
    (link,) = post.hub.links().values()
    key = post.hub.key_of("durham_constabulary")
    told = post.hub.ask(f"/v1/referrals/{link['reference']}", key).get_json()
    assert {one["code"] for one in told["warnings"]} == {"risks_not_assessed"}


def test_what_a_page_shows_as_it_was_written_keeps_its_lines() -> None:
    page = "<p>one\ntwo</p><pre>What happened: theft\nYour name: Robin</pre><p>three\n four</p>"
    assert plain_text(page).split("\n") == [
        "",
        "one two",
        "What happened: theft",
        "Your name: Robin",
        "three four",
        "",
    ]


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_a_letter_that_was_kept_is_forgotten_after_a_month(post: Post) -> None:
    post.arrives(a_mail("Please ring me."))
    (letter,) = post.letters
    assert post.reads(letter.reference)
    post.hub.clock.move(days=31)
    post.hub.settle()
    assert post.reads(letter.reference) is None
