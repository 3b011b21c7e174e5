"""Where letters are fetched and put away: a folder of .eml files, a Maildir, or a mailbox on an IMAP server.

Whatever was dealt with is moved aside only after it was committed, and a letter that comes again is known by
what it is; so a death in between costs a second look and nothing else.
"""

from __future__ import annotations

import contextlib
import glob
import imaplib
import logging
import mailbox
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Final, Literal, Protocol, cast
from urllib.parse import parse_qs, unquote, urlsplit

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted

from shared.database import what_failed
from shared.logs import places_of
from shared.problems import Problem

log = logging.getLogger(__name__)

MAX_LETTER: Final = 25 * 1024 * 1024  # what mail servers usually let through
_IMAP_SECONDS = 20
_IMAPS_PORT, _IMAP_PORT = 993, 143
TAKEN, KEPT = "Taken", "Kept"
# All of it was taken; a human is to look at it and the hub has it, sealed; the hub has nothing of it.
Put = Literal["taken", "kept", "left"]
NotFetched = Literal["too_large", "gone"]


class BoxAway(Problem):
    """The mailbox cannot be reached just now."""

    status = 503
    code = "mailbox_away"


class OpenBox(Protocol):
    """A box that is open, for one round."""

    def names(self, most: int) -> Sequence[str]:
        """What lies in it, oldest first."""

    def fetch(self, name: str) -> bytes | NotFetched:
        """The whole letter, unless it is too large to be one, or was put away by another meanwhile."""

    def put_away(self, name: str, what: Put) -> None:
        """It was dealt with."""


class Box(Protocol):
    """Where letters come."""

    def open(self) -> AbstractContextManager[OpenBox]:
        """Look into it; `BoxAway` when that fails."""


def open_box(url: str) -> Box:
    """`folder:PATH`, `maildir:PATH`, `imap://…` or `imaps://user:password@host[:port]/FOLDER`."""
    if url.startswith("folder:"):
        return Folder(Path(url.removeprefix("folder:")))
    if url.startswith("maildir:"):
        return Maildir(Path(url.removeprefix("maildir:")))
    if url.startswith(("imap:", "imaps:")):
        return ImapServer(url)
    message = "The address of a mailbox must begin with folder:, maildir:, imap: or imaps:"
    raise BoxAway(message)


def go_through(
    box: Box,
    most: int,
    deal_with: Callable[[bytes], Put],
    put_aside: Callable[[str], None] = lambda _name: None,
) -> int:
    """One round: how many letters were put away, the oldest first. A box that is away is looked at again.

    A letter that cannot be dealt with is put aside for a human, so that it keeps nobody else's waiting, and
    `put_aside` is told by which name it lay there; while a database is away all of them wait.
    """
    put_away = 0
    try:
        with box.open() as opened:
            for name in opened.names(most):
                became = _became_of(opened.fetch(name), deal_with)
                if became == "not_dealt_with":
                    put_aside(name)
                if became != "gone":
                    opened.put_away(name, "left" if became == "not_dealt_with" else became)
                    put_away += 1
    except BoxAway as problem:
        log.warning("mailbox away", extra={"error": problem.detail})
    return put_away


def _became_of(
    raw: bytes | NotFetched, deal_with: Callable[[bytes], Put]
) -> Put | Literal["gone", "not_dealt_with"]:
    if raw == "gone":
        return "gone"
    if raw == "too_large":
        log.error("a mail is too large to be read; it was put aside")
        return "not_dealt_with"
    try:
        return deal_with(raw)
    except Exception as error:
        if isinstance(error, OSError) or what_failed(error) != "wrong":
            raise
        extra = {"error": type(error).__name__, "at": places_of(error, 2)}
        log.error("a mail cannot be dealt with; it was put aside", extra=extra)  # noqa: TRY400 - its text could quote the mail
        return "not_dealt_with"


class Folder:
    """A folder into which something else writes mails, each a file that ends in .eml."""

    def __init__(self, path: Path) -> None:
        """Take the folder; it is made when first needed."""
        self._path = path

    @contextmanager
    def open(self) -> Iterator[OpenBox]:
        """Make the folder if it is not there, readable by its owner only."""
        try:
            (self._path / KEPT).mkdir(mode=0o700, parents=True, exist_ok=True)
            yield self
        except OSError as error:
            raise BoxAway(type(error).__name__) from error

    def names(self, most: int) -> Sequence[str]:
        """The files, by the time they came."""
        found = [(path.stat().st_mtime_ns, path.name) for path in self._path.glob("*.eml") if path.is_file()]
        return [name for _, name in sorted(found)[:most]]

    def fetch(self, name: str) -> bytes | NotFetched:
        """The file's content."""
        with contextlib.suppress(FileNotFoundError):
            path = self._path / name
            return path.read_bytes() if path.stat().st_size <= MAX_LETTER else "too_large"
        return "gone"

    def put_away(self, name: str, what: Put) -> None:
        """Delete what the hub has, sealed; move aside what it has not."""
        with contextlib.suppress(FileNotFoundError):
            if what == "left":
                (self._path / name).rename(_unused(self._path / KEPT / name))
            else:
                (self._path / name).unlink()


def _unused(path: Path) -> Path:
    """Where nothing is yet: what was kept before under the same name stays."""
    others = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(one for one in chain([path], others) if not one.exists())


class Maildir:
    """A Maildir, as mail servers deliver into; what nobody dealt with is moved to its folder Kept."""

    def __init__(self, path: Path) -> None:
        """Take the Maildir; it is made when first needed."""
        self._path = path

    @contextmanager
    def open(self) -> Iterator[OpenBox]:
        """Look into it."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            yield _OpenMaildir(self._path)
        except (OSError, mailbox.Error) as error:
            raise BoxAway(type(error).__name__) from error


class _OpenMaildir:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._box = mailbox.Maildir(path, create=True)

    def names(self, most: int) -> Sequence[str]:
        # A name begins with the second in which it was delivered.
        return sorted(self._box.keys())[:most]

    def fetch(self, name: str) -> bytes | NotFetched:
        with contextlib.suppress(KeyError, FileNotFoundError), self._box.get_file(name) as file:
            raw = file.read(MAX_LETTER + 1)
            return raw if len(raw) <= MAX_LETTER else "too_large"
        return "gone"

    def put_away(self, name: str, what: Put) -> None:
        with contextlib.suppress(KeyError, FileNotFoundError):
            if what != "left":
                self._box.remove(name)
                return
            self._box.add_folder(KEPT)
            # The file itself, as it came; a name of a Maildir is never used twice.
            for file in self._path.glob(f"[nc][eu][wr]/{glob.escape(name)}*"):
                if file.name.partition(self._box.colon)[0] == name:  # another's name may begin with it
                    file.rename(self._path / f".{KEPT}" / "new" / file.name)


class ImapServer:
    """A mailbox on an IMAP server; what was dealt with is moved to the folders Taken and Kept beside it."""

    def __init__(self, url: str) -> None:
        """Take `imap[s]://user:password@host[:port]/FOLDER[?starttls=1]`."""
        parts = urlsplit(url)
        self._secure = parts.scheme == "imaps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (_IMAPS_PORT if self._secure else _IMAP_PORT)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        self._starttls = parse_qs(parts.query).get("starttls", ["0"])[0] == "1"

    @contextmanager
    def open(self) -> Iterator[OpenBox]:
        """Sign in, and see that the folders are there."""
        kind = MailBox if self._secure else MailBoxStartTls if self._starttls else MailBoxUnencrypted
        try:
            box = kind(self._host, self._port, timeout=_IMAP_SECONDS)
            with box.login(self._user, self._password, initial_folder=self._folder) as signed_in:
                for folder in (TAKEN, KEPT):
                    if not signed_in.folder.exists(folder):
                        signed_in.folder.create(folder)
                yield _ImapBox(signed_in)
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
            raise BoxAway(type(error).__name__) from error


class _ImapBox:
    def __init__(self, box: BaseMailBox) -> None:
        self._box = box

    def names(self, most: int) -> Sequence[str]:
        return [uid for uid in self._box.uids("ALL") if uid][:most]

    def fetch(self, name: str) -> bytes | NotFetched:
        if self._size_of(name) > MAX_LETTER:
            return "too_large"
        # The whole mail as it came, without marking it as read: what is put away shows what was dealt with.
        _, found = self._box.client.uid("fetch", name, "(BODY.PEEK[])")
        parts = cast("list[tuple[bytes, bytes] | bytes | None]", found)
        return next((part[1] for part in parts if isinstance(part, tuple)), "gone")

    def _size_of(self, name: str) -> int:
        _, found = self._box.client.uid("fetch", name, "(RFC822.SIZE)")
        told = cast("list[bytes | None]", found)[0] or b""
        digits = told.rpartition(b"RFC822.SIZE ")[2].split(b")")[0].strip()
        return int(digits) if digits.isdigit() else 0

    def put_away(self, name: str, what: Put) -> None:
        self._box.move(name, TAKEN if what == "taken" else KEPT)
