"""What the tests of the mailbox share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.intake.mailbox.mails import Post
from tests.support.houses import Hub, infrastructure, make_hub

__all__ = ["infrastructure", "make_hub"]


@pytest.fixture
def post(make_hub: Callable[..., Hub], tmp_path: Path) -> Post:
    """A hub with a mailbox, and mail that goes to files."""
    folder = tmp_path / "mailbox"
    hub = make_hub(mailbox_url=f"folder:{folder}", mail_url=f"file:{tmp_path / 'mail'}")
    return Post(hub, folder)
