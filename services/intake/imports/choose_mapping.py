"""Choose the mapping by which a file is read: one of the hub's, by its name, or one that came with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from services.intake.imports.mapping import Mapping, shipped
from services.intake.imports.mapping_file import Mistake, MistakenMapping, read_plan


@dataclass(frozen=True)
class Chosen:
    """A mapping, with what it can be chosen by again: its name, or its own text."""

    mapping: Mapping
    name: str = ""
    own: str = ""


@lru_cache(maxsize=32)
def choose_mapping(name: str, own: str = "") -> Chosen:
    """The mapping of this text, or (without one) the hub's of this name.

    Raises `NoSuchMapping`, or `MistakenMapping` with every mistake in the text.
    """
    if own:
        try:
            return Chosen(Mapping(read_plan(own, "The mapping")), own=own)
        except RecursionError:
            mistake = Mistake(1, "no list or table may stand in another so deep")
            raise MistakenMapping("The mapping", (mistake,)) from None
    return Chosen(Mapping.named(name), name)


def mapping_names() -> tuple[str, ...]:
    """The names of the mappings that come with the hub."""
    return shipped()
