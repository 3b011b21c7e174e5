"""What a machine wrote is never answered, so that no two machines ever write to one another without end."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from services.intake.mailbox.domain.letter import MOST_IN_VAIN
from tests.intake.mailbox.mails import ROW, Post, a_mail, as_csv, with_form


def a_report() -> EmailMessage:
    """A report that a mail could not be delivered, with that mail in it."""
    mail = a_mail("It could not be delivered.", sender="system@constabulary.example")
    mail.add_attachment(a_mail())
    mail.replace_header("Content-Type", mail["Content-Type"].replace("multipart/mixed", "multipart/report"))
    return mail


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_what_a_machine_says_of_another_mail_is_never_answered_nor_read_and_calls_nobody(post: Post) -> None:
    mails = [
        a_mail(Auto_Submitted="auto-replied (vacation)"),
        a_mail(X_Autoreply="yes"),
        a_mail(X_Failed_Recipients="nobody@elsewhere.example"),
        a_mail(sender="MAILER-DAEMON@constabulary.example"),
        a_report(),
    ]
    for number, mail in enumerate(mails):
        mail.replace_header("Message-ID", f"<report-{number}@constabulary.example>")
        post.arrives(mail, f"{number}.eml")
    assert (post.answers, post.kinds, post.hub.links()) == ([], [], {})
    assert [letter.outcome for letter in post.letters] == ["automatic"] * len(mails)


BY_A_MACHINE = [
    a_mail(Auto_Submitted="auto-generated"),
    a_mail(Precedence="bulk"),
    a_mail(X_Auto_Response_Suppress="DR, OOF, AutoReply"),
    a_mail(List_Id="<invented.list.example>"),
    a_mail(Return_Path="<>"),
    a_mail(sender="no-reply@constabulary.example"),
    a_mail(sender="owner-referrals@constabulary.example"),
    a_mail(sender="referrals-request@constabulary.example"),
]


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_what_a_machine_sends_is_never_answered_yet_a_referral_in_it_is_not_lost(post: Post) -> None:
    for number, mail in enumerate(BY_A_MACHINE):
        mail.replace_header("Message-ID", f"<machine-{number}@constabulary.example>")
        post.arrives(mail, f"{number}.eml")
    assert post.answers == []
    assert "letter" not in post.kinds
    assert [letter.outcome for letter in post.letters] == ["taken"] * len(BY_A_MACHINE)


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_what_a_machine_sends_calls_a_human_only_when_something_in_it_could_not_be_taken(post: Post) -> None:
    post.arrives(a_mail("Out until Monday.", Precedence="bulk"))
    post.arrives(a_mail("Buy this.", sender="sales@elsewhere.example", List_Id="<x>", number=2), "2.eml")
    assert post.kinds == []
    told = with_form(as_csv(ROW | {"What happened": ""}), "form.csv", 3)
    told["Auto-Submitted"] = "auto-generated"
    post.arrives(told, "3.eml")
    assert post.kinds == ["letter"]
    assert post.answers == []


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_a_machine_that_shows_it_by_no_sign_is_not_answered_without_end(post: Post) -> None:
    for number in range(MOST_IN_VAIN + 2):
        post.arrives(a_mail("Your ticket was opened.", number=number), f"{number}.eml")
    assert len(post.answers) == MOST_IN_VAIN
    assert len(post.letters) == MOST_IN_VAIN + 2
    assert post.hub.links() == {}
    post.arrives(a_mail(number=50), "a referral.eml")
    assert len(post.answers) == MOST_IN_VAIN + 1
    post.hub.clock.move(days=1, hours=1)
    post.arrives(a_mail("Please ring me.", number=51), "tomorrow.eml")
    assert len(post.answers) == MOST_IN_VAIN + 2
