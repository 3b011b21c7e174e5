"""What the mailbox does by itself, again and again: read letters, answer their senders, forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake.imports.mapping import Mapping
from services.intake.mailbox.answer_senders import Post, answer_senders
from services.intake.mailbox.domain.letter import KEPT_FOR
from services.intake.mailbox.read_letters import read_letters
from services.intake.mailbox.store import forget_old
from services.intake.mailbox.take_letter import FORM, Desk
from shared.mail import open_mail
from shared.mailbox import open_box
from shared.service import Chore

if TYPE_CHECKING:
    from shared.service import Room


def _read(room: Room) -> int:
    settings = room.settings
    if not settings.mailbox_url:
        return 0
    box = room.keep("mailbox", lambda: open_box(settings.mailbox_url))
    desk = room.keep(
        "mailbox desk",
        lambda: Desk(
            directory=room.directory,
            form=Mapping.named(FORM),
            vouched_by=settings.mailbox_vouched_by,
            help_at=f"{settings.public_url}/refer/practitioner",
        ),
    )
    return read_letters(box, desk, room.unit)


def _answer(room: Room) -> int:
    settings = room.settings
    if not settings.mailbox_url:
        return 0
    post = room.keep("post", lambda: Post(open_mail(settings.mail_url), settings.mail_from))
    return answer_senders(post, room.unit)


def _forget(room: Room) -> int:
    with room.unit() as unit:
        return forget_old(unit, unit.now - KEPT_FOR)


CHORES = (
    Chore("read letters", _read, every=15.0),
    Chore("answer senders", _answer, every=5.0),
    Chore("forget letters", _forget, every=3600.0),
)
