"""Reads one mail from standard input in a process of its own, and tells the letter to standard output.

A mail can be written so that a small one takes the standard library hours: comments in a page that never end,
one header of many parameters, a hundred thousand parts. Run by `read_apart.py` alone.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Final

import msgspec

from services.intake.mailbox.schema import NotALetterError, read_letter
from shared.own_process import take_no_more_than

# The largest mail that is let in takes a quarter of it.
_MEMORY: Final = 1024 * 2**20


def main() -> None:
    """Say nothing where there is no letter in it; the arguments are seconds of work and `vouched_by`."""
    take_no_more_than(_MEMORY, int(sys.argv[1]))
    with suppress(NotALetterError, MemoryError):
        letter = read_letter(sys.stdin.buffer.read(), vouched_by=sys.argv[2])
        sys.stdout.buffer.write(msgspec.msgpack.encode(letter))


if __name__ == "__main__":
    main()
