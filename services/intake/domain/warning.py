"""A warning tells an agency what looks strange in a referral that was taken all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Remark(NamedTuple):
    """What looks strange and what would help, without its place; it never holds what was typed."""

    code: str
    detail: str

    def at(self, pointer: str) -> Warning:
        """The same, said of this place."""
        return Warning(pointer, self.code, self.detail)


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the receipt's own word, and Python's is not raised here
    """One remark on a receipt: where (RFC 6901), a stable code, and a sentence of advice."""

    pointer: str
    code: str
    detail: str
