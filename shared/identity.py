"""Names for things: sortable ids for machines, short references for people on the telephone.

An id is a UUID version 7 (RFC 9562): it sorts by the time it was made, so index pages fill in order. A
reference is eleven characters such as `R-7KQX4-M3DTW`: a letter for the kind of thing, nine random
characters from an alphabet without vowels and without the pairs that sound or look alike (0/O, 1/I/L, 2/Z,
5/S, 8/B), and a check character (ISO 7064 MOD 37,36 family) that finds every single mistyped character of
these and all but one in about three hundred swaps of neighbours.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid

import uuid_utils.compat
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

ALPHABET = "34679CDFGHJKMNPQRTVWXY"
REFERRAL, CASE, LETTER = "R", "C", "L"
# What a sandbox makes begins with this letter, so that nobody takes it for a person's referral or case.
TEST = "T"
_GROUP = 5


def new_id() -> uuid.UUID:
    """A fresh UUID version 7."""
    return uuid_utils.compat.uuid7()


def oldest_id_at(instant: dt.datetime) -> uuid.UUID:
    """The smallest UUID version 7 of that millisecond: ids made before it are smaller."""
    milliseconds = int(instant.timestamp() * 1000)
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))


def new_reference(kind: str, *, is_test: bool = False) -> str:
    """A fresh reference of the given kind (`REFERRAL`, `CASE` or `LETTER`), grouped for reading aloud."""
    kind = TEST + kind if is_test else kind
    number, letters = secrets.randbits(64), ""
    for _ in range(2 * _GROUP - 1):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return _grouped(kind, letters + mod_37_36.calc_check_digit(letters, ALPHABET))


def read_reference(typed: str) -> str | None:
    """The reference that somebody typed or read out, in its one written form; None if it cannot be one."""
    plain = "".join(c for c in typed.upper() if c.isalnum())
    kind, letters = plain[: -2 * _GROUP], plain[-2 * _GROUP :]
    if kind.removeprefix(TEST) not in (REFERRAL, CASE, LETTER):
        return None
    try:
        mod_37_36.validate(letters, ALPHABET)
    except ValidationError:
        return None
    return _grouped(kind, letters)


def kind_of(reference: str) -> str:
    """What it refers to: `REFERRAL`, `CASE` or `LETTER`, also in a sandbox."""
    return reference.partition("-")[0].removeprefix(TEST)


def is_test(reference: str) -> bool:
    """Whether a sandbox made this reference."""
    return reference.startswith(TEST)


def _grouped(kind: str, letters: str) -> str:
    return f"{kind}-{letters[:_GROUP]}-{letters[_GROUP:]}"
