"""What is typed in a letter as `Field: value` lines, under the names that the form's columns have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LINE = re.compile(r"[\s>*\-•]*([^:]{1,120}?)\s*:\s*(.*)", re.DOTALL)
_LIKE_A_FIELD = re.compile(r"[A-Z][\w '/()-]{2,60}:\s+\S.*", re.DOTALL)
# What follows is not the sender's referral but a signature or the mail that is answered.
_END = re.compile(r"(-- ?|_{5,}|-{3,} ?original message ?-{3,}|on .{5,200} wrote:)\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Typed:
    """The fields that were typed, whatever stood before the first, and lines that may be misspelt fields."""

    fields: Mapping[str, str]
    before: str
    odd_lines: tuple[int, ...]


def read_typed_fields(text: str, columns: Mapping[str, str]) -> Typed:
    """The fields among these lines, by the columns' own names; `columns` leads from plain names to those.

    A line that begins no field goes on with the one before it, so that an account may have several lines and
    nothing is lost. A field that is typed twice has both texts, in their order.
    """
    found: dict[str, list[str]] = {}
    before: list[str] = []
    current, odd = before, []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if _END.match(stripped):
            break
        match = _LINE.fullmatch(stripped)
        column = columns.get(" ".join(match[1].split()).casefold()) if match else None
        if match is not None and column is not None:
            current = found.setdefault(column, [])
            current.append(match[2].strip())
        else:
            current.append(stripped)
            if _LIKE_A_FIELD.fullmatch(stripped):
                odd.append(number)
    values = {column: "\n".join(lines).strip() for column, lines in found.items()}
    return Typed(
        {column: value for column, value in values.items() if value}, "\n".join(before).strip(), tuple(odd)
    )
