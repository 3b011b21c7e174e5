"""What is typed in a letter as `Field: value` lines, under the names that the form's columns have."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

# Bullets, marks of quotation and white space stand before a name, and asterisks around it where a program
# wrote bold letters.
_AROUND = ">*-• \t\xa0\u2007\u202f"
_NUMBER = re.compile(r"\d{1,2}[.)]\s")
_LIKE_A_FIELD = re.compile(r"[A-Z][\w '/()-]{2,60}:\s+\S.*", re.DOTALL)
# What follows is not the sender's referral but a signature or the mail that is answered.
_END = re.compile(r"(-- ?|_{5,}|-{3,} ?original message ?-{3,})\Z", re.IGNORECASE)
_WROTE = re.compile(r"on .{5,200} wrote:\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Typed:
    """The fields that were typed, what is written beside them, and lines that may be misspelt fields."""

    fields: Mapping[str, str]
    beside: str
    odd_lines: tuple[int, ...]
    # The first line of the form below the end of what is read; 0 if there is none.
    left_out: int = 0


def read_typed_fields(text: str, columns: Mapping[str, str], short: Collection[str]) -> Typed:
    """The fields among these lines, by the columns' own names; `columns` leads from plain names to those.

    A line that begins no field goes on with the one before it, so that an account may have several lines and
    nothing is lost. A signature and the mail that is answered are not read, and a line of the form there is
    told of. Only what is `short` is told with its first line: what follows there is a greeting and
    the sender's name, which would make a "yes" no answer, and stands beside the fields. A field that is typed
    twice has both texts, in their order.
    """
    found: dict[str, list[str]] = {}
    beside: list[str] = []
    current, odd, is_short = beside, [], False
    lines = [line.strip() for line in text.splitlines()]
    end = next((number for number in range(len(lines)) if _ends(lines, number)), len(lines))
    for number, stripped in enumerate(lines[:end], 1):
        column, value = _field(stripped, columns)
        if column is not None:
            current, is_short = found.setdefault(column, []), column in short
            current.append(value.lstrip("*").strip())
        else:
            if is_short and stripped and any(current):
                current, is_short = beside, False
            current.append(stripped)
            if _LIKE_A_FIELD.fullmatch(stripped):
                odd.append(number)
    values = {column: "\n".join(lines).strip() for column, lines in found.items()}
    return Typed(
        {column: value for column, value in values.items() if value},
        "\n".join(beside).strip(),
        tuple(odd),
        next((number for number in range(end, len(lines)) if _field(lines[number], columns)[0]), -1) + 1,
    )


def _field(line: str, columns: Mapping[str, str]) -> tuple[str | None, str]:
    """The column that this line begins, and what it says of it; None where it begins none."""
    name, colon, value = line.partition(":")
    return (columns.get(_bare(name)) if colon else None), value


def _ends(lines: Sequence[str], number: int) -> bool:
    """Whether a signature or an earlier mail begins in this line.

    Above what they quote, mail programs write "On … wrote:", which may go on in a second line. In an account
    somebody may have written something, too: there, no address stands beside it and nothing is quoted below.
    """
    if _END.match(lines[number]):
        return True
    for more in (1, 2):
        told = " ".join(lines[number : number + more])
        if _WROTE.match(told):
            below = next(filter(None, lines[number + more :]), "")
            return "@" in told or below.startswith(">")
    return False


def _bare(name: str) -> str:
    name = name.strip(_AROUND)
    if number := _NUMBER.match(name):
        name = name[number.end() :].lstrip(_AROUND)
    return " ".join(name.split()).casefold()
