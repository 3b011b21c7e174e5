"""Why two records, or two mentions, were easily taken for one: the traps that labelled data knows of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.triage.matching.labelled import Party, Truth

# What must be answered for one by one when it was fallen into.
ANSWERED_FOR = ("household", "father_and_son", "twins", "agency_phone", "same_street", "same_block")
# What labelled data calls the traps that it planted, in our words.
PLANTED = {"father_son": "father_and_son", "block": "same_block"}
_OF_AN_AGENCY = frozenset({"agency_phone", "agency_address"})


def case_traps(one: Truth, other: Truth) -> tuple[str, ...]:
    """The traps between two records of different events; `none_planted` if there are none."""
    found = _of_one_person(one, other) or _of_two_people(one, other)
    if one.street and one.street == other.street:
        found.append("same_street")
    if one.block and one.block == other.block:
        found.append("same_block")
    found += [error for error in ("ref_placeholder", "stale_ref") if error in (*one.err, *other.err)]
    return tuple(dict.fromkeys(found)) or ("none_planted",)


def _of_one_person(one: Truth, other: Truth) -> list[str]:
    """As what somebody is in both events."""
    mine, theirs = {p.id: p.role for p in one.people}, {p.id: p.role for p in other.people}
    found = []
    for person in sorted(mine.keys() & theirs.keys()):
        if mine[person] != theirs[person]:
            found.append("role_reversal")
        elif mine[person] in ("harmed", "responsible"):
            found.append("repeat_victim" if mine[person] == "harmed" else "same_responsible")
        else:
            found.append("one_party_two_disputes")
    return found


def _of_two_people(one: Truth, other: Truth) -> list[str]:
    """Who may be taken for whom where nobody is in both events."""
    found = []
    if _shared(one, other, "ns"):
        found.append("father_and_son")
    elif _shared(one, other, "tw"):
        found.append("twins")
    elif _shared(one, other, "hh"):
        found.append("household")
    if _shared(one, other, "nk"):
        found.append("namesake")
    if _by_an_agency(one.people) and _by_an_agency(other.people):
        found.append("agency_phone")
    return found


def person_traps(one: Party, other: Party, *, same_event: bool) -> tuple[str, ...]:
    """The traps between two mentions of different people."""
    found = []
    if one.ns and one.ns == other.ns:
        found.append("father_and_son")
    elif one.tw and one.tw == other.tw:
        found.append("twins")
    elif one.hh == other.hh:
        found.append("household")
    if one.nk and one.nk == other.nk:
        found.append("namesake")
    found += [f"{said}_name" for said in ("placeholder", "partial") if said in (one.u, other.u)]
    if _by_an_agency((one,)) and _by_an_agency((other,)):
        found.append("agency_phone")
    if same_event and one.hh != other.hh:
        found.append("other_side")
    return tuple(found) or ("none_planted",)


def _shared(one: Truth, other: Truth, what: str) -> bool:
    mine = {getattr(p, what) for p in one.people} - {None, ""}
    return not mine.isdisjoint(getattr(p, what) for p in other.people)


def _by_an_agency(people: tuple[Party, ...]) -> bool:
    return any(not _OF_AN_AGENCY.isdisjoint(person.err) for person in people)
