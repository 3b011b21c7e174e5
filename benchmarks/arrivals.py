"""Notes the moment at which each mail to a coordinator is there, to about a millisecond.

In a folder the kernel tells of each file that is renamed into it (inotify); where there is no inotify the
folder is read every two milliseconds. By SMTP the moment is when the server has taken the mail, before it
says so.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.smtp_server import SMTPServer

_MOVED_TO = 0x80
_EVENT = struct.Struct("iIII")


class Arrivals:
    """When each mail arrived, by its token, on the clock of `time.time`."""

    def __init__(self) -> None:
        """Nothing has arrived."""
        self._changed = threading.Condition()
        self._at: dict[UUID, float] = {}

    def note(self, mail: UUID) -> None:
        """A mail is there now; a repeat counts from its first arrival."""
        at = time.time()
        with self._changed:
            self._at.setdefault(mail, at)
            self._changed.notify_all()

    def wait_for(self, mails: Collection[UUID], seconds: float) -> Mapping[UUID, float]:
        """When each of these arrived, as soon as all have."""
        wanted = set(mails)
        with self._changed:
            self._changed.wait_for(lambda: self._at.keys() >= wanted, seconds)
            missing = wanted - self._at.keys()
            assert not missing, f"{len(missing)} of {len(wanted)} mails did not arrive in {seconds} s"
            return {mail: self._at[mail] for mail in mails}


class Letterbox(SMTPServer):
    """A mail server that notes when each mail came."""

    def __init__(self, arrivals: Arrivals) -> None:
        """Take where to note it."""
        super().__init__()
        self._arrivals = arrivals

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Take one mail."""
        answer = await super().handle_DATA(server, session, envelope)
        message_id = str(self.mails[-1].message["Message-ID"])
        self._arrivals.note(UUID(message_id.strip("<>").partition("@")[0].partition(".")[0]))
        return answer


class WatchedFolder:
    """A folder into which .eml files are renamed when they are whole."""

    def __init__(self, path: Path, arrivals: Arrivals) -> None:
        """Take the folder, which must be there, and where to note what comes."""
        self._path = path
        self._arrivals = arrivals
        self._stop = threading.Event()
        self._inotify = _inotify_on(path)
        self._thread = threading.Thread(target=self._watch if self._inotify >= 0 else self._look)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()
        if self._inotify >= 0:
            os.close(self._inotify)

    def _watch(self) -> None:
        while not self._stop.is_set():
            if not select.select([self._inotify], [], [], 0.2)[0]:
                continue
            events = os.read(self._inotify, 65536)
            at = 0
            while at < len(events):
                length = _EVENT.unpack_from(events, at)[3]
                name = events[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0").decode()
                at += _EVENT.size + length
                self._note(name)

    def _look(self) -> None:
        seen: set[str] = set()
        while not self._stop.wait(0.002):
            for name in set(os.listdir(self._path)) - seen:  # noqa: PTH208 - names are all that is needed
                seen.add(name)
                self._note(name)

    def _note(self, name: str) -> None:
        if name.endswith(".eml"):
            self._arrivals.note(UUID(name.removesuffix(".eml")))


def _inotify_on(path: Path) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        return -1
    descriptor = int(libc.inotify_init1(os.O_CLOEXEC))
    if descriptor >= 0 and libc.inotify_add_watch(descriptor, os.fsencode(path), _MOVED_TO) < 0:
        os.close(descriptor)
        return -1
    return descriptor
