"""The guard: what may leave the hub. It looks at finished words, and trusts nobody who wrote them.

Three walls, each of which holds alone (DOMAIN, section 9; docs/decisions/0015):
1. the message is word for word what an approved template writes, and its slots hold what they may;
2. no word in it is one that gives away what the hub is about;
3. nothing of the case's own record stands in what is not the template's own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, Literal

from services.notify.domain.wording import FREE, Letter, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Refusal = Literal["not_approved", "forbidden_word", "foreign_reference", "telltale"]

# DOMAIN 9.7, with what begins like these; whole words where the beginning says too little.
_STEMS: Final = (
    "victim", "offen[cds]", "perpetrat", "harm", "restorativ", "resthub", "justice", "polic", "crim",
    "courts?\\b", "mediat", "neighbou?r", "vcas\\b", "checkpoint", "probation", "yjs\\b", "prison", "abus",
    "violen", "assault", "burgl", "stalk", "rap(?:e|es|ed|ist)\\b", "murder", "arrest", "suspect", "custod",
    "sentenc", "convict", "traffick", "domestic", "sexual", "hate\\b", "weapon", "danger", "bail\\b",
    "injunction",
)  # fmt: skip
_FORBIDDEN: Final = re.compile(rf"\b(?:{'|'.join(_STEMS)})")


def why_refused(
    letter: Letter,
    template: Template,
    *,
    cases: Collection[str],
    count: int,
    sign_in: str,
    is_reference: Callable[[str], bool],
    gives_away: Callable[[str], bool],
) -> Refusal | None:
    """Why this message must not leave; None if it may.

    `cases` are the references that it is about, `count` how many alerts those are, `sign_in` the one address
    that it may hold, and `gives_away` finds in a text what belongs to the cases' own records.
    """
    slots = template.reads(letter)
    if slots is None:
        return "not_approved"
    free = []
    for slot, value in slots:
        if value != {"sign_in": sign_in, "count": str(count)}.get(slot, value):
            return "not_approved"
        if slot in ("case", "cases") and not all(
            one in cases and is_reference(one) for one in value.splitlines()
        ):
            return "foreign_reference"
        if slot in FREE:
            free.append(value)
    words = f"{letter.subject}\n{letter.text}\n{letter.short}".replace(sign_in, "")
    if holds_forbidden_word(words):
        return "forbidden_word"
    # Alone, and next to one another: what is a name only when put together is found too.
    if free and any(gives_away(value) for value in (*free, " ".join(free))):
        return "telltale"
    return None


def holds_forbidden_word(text: str) -> bool:
    """Whether a word in this text gives away what the hub is about."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Cf", "Mn"))
    return _FORBIDDEN.search(plain) is not None
