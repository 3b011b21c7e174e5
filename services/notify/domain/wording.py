"""The words of messages: templates with a version, and slots that hold references, counts and little else.

A template is approved word for word: its digest stands beside it, so a changed word is a new version.
`reads` goes the other way and takes a finished message apart again; what does not fit was not written by it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEST_MARK: Final = "TEST: "
AGAIN_MARK: Final = "Again: "
URGENT_MARK: Final = "Urgent: "
AGAIN_LINE: Final = "This is sent again, because nobody can tell whether it came.\n\n"
# As many references as a message lists; the rest is in the app.
MOST_LISTED: Final = 200

# The letters of Europe's Latin alphabets and of Vietnamese, each written as one sign.
_LATIN: Final = [
    chr(number)
    for letters in ((0xC0, 0x180), (0x1A0, 0x1A2), (0x1AF, 0x1B1), (0x218, 0x21C), (0x1EA0, 0x1EFA))
    for number in range(*letters)
]
_CAPITAL: Final = f"[A-Z{''.join(letter for letter in _LATIN if letter.isupper())}]"
_SMALL: Final = f"[a-z{''.join(letter for letter in _LATIN if letter.islower())}]"
# A part of the first name of somebody who works here: letters of one script, no digits, no initials.
_PART: Final = rf"{_CAPITAL}(?:['\u2019]{_CAPITAL})?{_SMALL}{{1,19}}"
# A day, a date without a year, a time: nothing that could be somebody's name, number or birth date.
_DAY: Final = r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?"
_MONTH: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_TIME: Final = r"(?:at )?(?:[0-9]{1,2}[:.][0-9]{2}|[0-9]{1,2} ?[ap]m)"

_SLOT: Final = re.compile(r"\{([a-z_]+)\}")
# What may stand in each slot; the free ones are looked through by the guard.
SHAPES: Final = {
    "case": r"[A-Z]{1,2}-[0-9A-Z]{5}-[0-9A-Z]{5}",
    "cases": r"(?:[A-Z]{1,2}-[0-9A-Z]{5}-[0-9A-Z]{5}\n?)*",
    "count": r"[0-9]{1,6}",
    "sign_in": r"https?://[!-~]{1,200}",
    "worker": rf"{_PART}(?:[ -]{_PART})?",
    "number": r"[0-9+ ]{5,20}",
    "when": rf"(?=[A-Z0-9a])(?:{_DAY})?(?:,? ?[0-9]{{1,2}} {_MONTH})?(?:,? ?{_TIME})?",
}
FREE: Final = frozenset(("worker", "number", "when"))


@dataclass(frozen=True)
class Letter:
    """What is sent: a subject and a text that anybody may read over a shoulder, and the same in one line."""

    subject: str
    text: str
    short: str


@dataclass(frozen=True)
class Template:
    """One version of the words for one kind of news."""

    name: str
    version: int
    subject: str
    text: str
    short: str

    @property
    def digest(self) -> str:
        """What its approval is given to."""
        whole = "\x1f".join((self.name, str(self.version), self.subject, self.text, self.short))
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    def write(
        self, slots: Mapping[str, str], *, urgent: bool = False, again: bool = False, is_test: bool = False
    ) -> Letter:
        """The message with its slots filled; `KeyError` when one is missing."""
        subject = _filled(self.subject, slots)
        head = (TEST_MARK if is_test else "") + (AGAIN_MARK if again else "")
        subject = f"{URGENT_MARK}{subject}" if urgent else subject[:1].upper() + subject[1:]
        mark = TEST_MARK if is_test else ""
        return Letter(
            head + subject,
            mark + (AGAIN_LINE if again else "") + _filled(self.text, slots),
            mark + _filled(self.short, slots),
        )

    def reads(self, letter: Letter) -> list[tuple[str, str]] | None:
        """Each slot with what stands in it; None if this template did not write the message."""
        heads = f"(?:{TEST_MARK})?(?:{AGAIN_MARK})?"
        subject = self.subject[:1].upper() + self.subject[1:]
        found: list[tuple[str, str]] = []
        for pattern, written in (
            (f"{heads}(?:{URGENT_MARK}{_pattern(self.subject)}|{_pattern(subject)})", letter.subject),
            (f"(?:{TEST_MARK})?(?:{re.escape(AGAIN_LINE)})?{_pattern(self.text)}", letter.text),
            (f"(?:{TEST_MARK})?{_pattern(self.short)}", letter.short),
        ):
            read = re.fullmatch(pattern, written)
            if read is None:
                return None
            found += _slots_of(pattern, read)
        return found


def _filled(words: str, slots: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda slot: slots[slot[1]], words)


def _pattern(words: str) -> str:
    """The words as an expression; each slot is a group of its shape, marked with its name."""
    parts = _SLOT.split(words)
    return "".join(
        f"(?#{part})({SHAPES[part]})" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )


def _slots_of(pattern: str, read: re.Match[str]) -> Sequence[tuple[str, str]]:
    names = re.findall(r"\(\?#([a-z_]+)\)", pattern)
    return [(name, value) for name, value in zip(names, read.groups(), strict=True) if value is not None]
