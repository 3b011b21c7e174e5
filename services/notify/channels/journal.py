"""The tokens that a mail server has just taken, one a line: what a dead sender knew a moment before it died.

A line is written between the server's answer and the database's commit, and is there from that instant on,
also when the process is killed in the next. A power cut may lose it: then the mail is in doubt, as it would
be without.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

# What is older than so many lines was recorded long ago.
_MOST_BYTES: Final = 1 << 20


class Journal:
    """One file of the machine's own, written by all of its senders."""

    def __init__(self, path: Path) -> None:
        """Take the file; it is made when first needed."""
        self._path = path

    def note(self, token: UUID) -> None:
        """It was taken. Whatever keeps us from writing that costs no mail, only certainty."""
        with contextlib.suppress(OSError):
            # A line is one write to a file that is only added to, so senders do not disturb one another.
            with self._path.open("ab", buffering=0) as file:
                file.write(f"{token}\n".encode())
                too_long = file.tell() > _MOST_BYTES
            if too_long:
                self._path.replace(self._before)

    def holds(self, token: UUID) -> bool:
        """Whether it is known to have been taken."""
        line = f"{token}\n".encode()
        return any(line in path.read_bytes() for path in (self._path, self._before) if path.is_file())

    @property
    def _before(self) -> Path:
        return self._path.with_suffix(".before")
