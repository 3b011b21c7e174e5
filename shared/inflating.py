"""A compressed body, read as a stream: nothing is unpacked that nobody reads, so a bomb costs nothing."""

from __future__ import annotations

import io
import zlib
from typing import IO, TYPE_CHECKING, Final

from shared.problems import Problem, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable

TAKEN: Final = ("gzip", "deflate")
# zlib's own way to say "gzip or zlib, by its first bytes".
_BY_ITS_FIRST_BYTES: Final = 32 + zlib.MAX_WBITS
_AT_ONCE: Final = 16 * 1024


class NotInflatable(Problem):
    """The body cannot be unpacked."""

    status = 400
    code = "not_inflatable"
    advice = "Send one whole stream of the kind that Content-Encoding names."


class Inflating(io.RawIOBase):
    """What a gzip or deflate (zlib) stream holds, as it is read; `NotInflatable` where it is not one."""

    def __init__(self, packed: Callable[[], IO[bytes]], most: Callable[[], int | None]) -> None:
        """Take the stream and how many bytes it may hold, both asked for when it is first read."""
        self._open = packed
        self._most = most
        self._length = 0
        self._packed: IO[bytes] | None = None
        self._zlib = zlib.decompressobj(_BY_ITS_FIRST_BYTES)

    def readable(self) -> bool:
        """It can be."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what the base hands on
        """As much as fits, and at least something unless it ends."""
        if self._packed is None:
            self._packed = self._open()
        found = b""
        while not found and not self._zlib.eof:
            given = self._zlib.unconsumed_tail or self._packed.read(_AT_ONCE)
            if not given:
                raise NotInflatable("It ends too early: send all of it, in one piece.")
            try:
                found = self._zlib.decompress(given, len(buffer))
            except zlib.error:
                raise NotInflatable("Send what its Content-Encoding says: gzip or deflate.") from None
        if not found and (self._zlib.unused_data or self._packed.read(1)):
            raise NotInflatable("Something follows after its end: send one compressed stream.")
        self._length += len(found)
        most = self._most()
        if most is not None and self._length > most:
            raise TooLarge
        buffer[: len(found)] = found
        return len(found)
