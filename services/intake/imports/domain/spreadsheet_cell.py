"""A cell of a file that goes back to an agency: opened in a spreadsheet program, it must stay text.

Spreadsheet programs take a cell that begins with `=`, `+`, `-` or `@` for a formula, and some look past white
space for it. An apostrophe in front makes text of it (OWASP, "CSV injection"). It is taken off again when
the file comes back, so that a phone number that begins with a plus sign comes back as it was.
"""

from __future__ import annotations

from typing import Final

# The column that is added to rows that come back; on the way in it is passed over.
WHAT_TO_MEND: Final = "What to mend"

_GUARD: Final = "'"
# The last four are the full-width forms, which some programs read as the plain ones.
_BEGINS_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_MOVES_ON: Final = ("\t", "\r", "\n")


def guarded(cell: str) -> str:
    """The cell as text that no spreadsheet program takes for a formula."""
    return _GUARD + cell if _needs_guard(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before it was guarded; any other is left alone."""
    return cell[1:] if cell.startswith(_GUARD) and _needs_guard(cell[1:]) else cell


def _needs_guard(cell: str) -> bool:
    # What is guarded already gets one guard more, so that taking one off always gives back what was there.
    bare = cell.lstrip(_GUARD)
    return bare.startswith(_MOVES_ON) or bare.lstrip().startswith(_BEGINS_FORMULA)
