"""The mailbox on a server, which can be away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from shared.mailbox import KEPT, MAX_LETTER, TAKEN
from tests.intake.mailbox.mails import ROW, Post, a_mail, as_xlsx, with_form
from tests.support.houses import Hub
from tests.support.imap_server import IMAPServer


@pytest.fixture
def imap() -> Iterator[IMAPServer]:
    """A real mail server with one mailbox."""
    with IMAPServer() as server:
        yield server


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_a_mailbox_on_a_server_is_read_and_what_was_read_is_moved_aside(
    make_hub: Callable[..., Hub], imap: IMAPServer
) -> None:
    hub = make_hub(mailbox_url=imap.url)
    imap.deliver(a_mail())
    imap.deliver(a_mail("Please ring me.", number=2))
    imap.deliver(with_form(as_xlsx(ROW), "form.xlsx", number=3))
    hub.settle()
    assert len(hub.links()) == 2
    assert (imap.count("INBOX"), imap.count(TAKEN), imap.count(KEPT)) == (0, 2, 1)


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_a_mailbox_that_is_away_is_looked_at_again_later(
    make_hub: Callable[..., Hub], caplog: pytest.LogCaptureFixture
) -> None:
    server = IMAPServer()
    hub = make_hub(mailbox_url=server.url)
    hub.settle()
    assert "mailbox away" in caplog.text
    with server:
        server.deliver(a_mail())
        hub.settle()
        assert len(hub.links()) == 1


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_a_mail_that_is_too_large_is_put_aside_and_waits_for_a_human(post: Post) -> None:
    post.arrives(b"x" * (MAX_LETTER + 1), "large.eml")
    post.arrives(a_mail(), "good.eml")
    assert len(post.hub.links()) == 1
    assert [path.name for path in post.folder.glob("**/*.eml")] == ["large.eml"]
    assert (post.folder / KEPT / "large.eml").exists()
    assert "letter" in post.kinds
    assert sorted(letter.outcome for letter in post.letters) == ["left", "taken"]
