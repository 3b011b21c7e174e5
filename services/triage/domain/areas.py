"""Where a postcode lies: in one local authority, in one of several, or nobody here knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

# A code of the Government Statistical Service: a letter for the country (K for more than one), three digits
# for the kind of area, five for the area. The islands, L and M, have none: their codes stand for nowhere.
GSS: Final = "[EWSNK][0-9]{8}"
_INWARD: Final = 3  # characters of the inward part
_SHORTEST_WHOLE: Final = 5


class Place(NamedTuple):
    """The authority (GSS code) and its police area; where several are possible, which."""

    area: str | None = None
    police: str | None = None
    possible: tuple[str, ...] = ()


class Authority(NamedTuple):
    """A local authority: what it is called, and its police force area (GSS code)."""

    name: str
    police: str


@dataclass(frozen=True)
class Areas:
    """What is known without the whole list of postcodes: outward codes of one authority, and shared ones.

    Whoever lives in a shared one is asked for the whole postcode, and never sent to the wrong place.
    """

    authorities: Mapping[str, Authority] = field(default_factory=dict)
    outward: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def place_of(self, postcode: str | None) -> Place:
        """The place of a postcode by its outward part."""
        outward = outward_of(postcode)
        if outward is None:
            return Place()
        if outward in self.outward:
            return self.known(self.outward[outward])
        return Place(possible=self.shared.get(outward, ()))

    def known(self, area: str, police: str | None = None) -> Place:
        """The place with this authority."""
        authority = self.authorities.get(area)
        return Place(area, police or (authority.police if authority else None))


def is_gss(text: str) -> bool:
    """Whether that is a GSS code by its form."""
    return re.fullmatch(GSS, text) is not None


def compact(postcode: str | None) -> str:
    """A postcode without spaces, in capitals: how it is kept and found."""
    return "".join((postcode or "").upper().split())


def outward_of(postcode: str | None) -> str | None:
    """The first half of a postcode, or all of what was given if it is no longer than that."""
    text = compact(postcode)
    return (text[:-_INWARD] if len(text) >= _SHORTEST_WHOLE else text) or None
