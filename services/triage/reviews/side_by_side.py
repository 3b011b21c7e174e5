"""Lay two referrals beside one another, field by field, each party beside the one who may be the same."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from services.triage.domain.matching.letters import folded
from services.triage.reviews.words import FIELDS
from shared.telltales import contact_form
from shared.working_time import LONDON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from shared.contracts import referral as wire

_LIKELY_ONE = 0.0  # bits


class Field(NamedTuple):
    """One field of both; `compared` is a word of `words.COMPARED`."""

    section: str
    name: str
    label: str
    one: str | None
    other: str | None
    compared: str


class _Value(NamedTuple):
    """What one side tells: as it is shown, and the parts of it that the other side may tell too."""

    text: str = ""
    parts: frozenset[str] = frozenset()


_Told = dict[str, _Value]


class Side(NamedTuple):
    """One of the two: the agency's name and what it sent."""

    agency: str
    content: wire.Referral


def side_by_side(sides: Iterable[Side | None], people: Iterable[Mapping[str, Any]] = ()) -> list[Field]:
    """The fields of both that at least one of them tells.

    None stands for a side that may not be seen: then nothing is said to be the same or different. `people`
    are the kept comparisons of parties, by their places and bits.
    """
    one, other = sides
    hidden = one is None or other is None
    found = list(_rows("What happened", _of_event(one), _of_event(other), hidden=hidden))
    parties = [side.content.parties if side else () for side in (one, other)]
    for number, (a, b) in enumerate(_aligned(len(parties[0]), len(parties[1]), people), 1):
        first = _of_party(parties[0][a]) if a is not None else {}
        second = _of_party(parties[1][b]) if b is not None else {}
        found += _rows(f"Person {number}", first, second, hidden=hidden)
    return found


def _aligned(
    ones: int, others: int, people: Iterable[Mapping[str, Any]]
) -> list[tuple[int | None, int | None]]:
    """Each party once, beside who weighs most with them."""
    left_one, left_other = set(range(ones)), set(range(others))
    pairs: list[tuple[int | None, int | None]] = []
    for found in sorted(people, key=lambda p: (-p["bits"], p["one"], p["other"])):
        a, b = found["one"], found["other"]
        if found["bits"] > _LIKELY_ONE and a in left_one and b in left_other:
            pairs.append((a, b))
            left_one.discard(a)
            left_other.discard(b)
    pairs.sort(key=lambda pair: pair[0] or 0)
    return [*pairs, *((a, None) for a in sorted(left_one)), *((None, b) for b in sorted(left_other))]


def _rows(section: str, one: _Told, other: _Told, *, hidden: bool) -> Iterator[Field]:
    for name, label in FIELDS.items():
        a, b = one.get(name), other.get(name)
        texts = [told.text if told and told.text else None for told in (a, b)]
        if texts == [None, None]:
            continue
        compared = "hidden" if hidden else _compared(a, b)
        yield Field(section, name, label, texts[0], texts[1], compared)


def _compared(one: _Value | None, other: _Value | None) -> str:
    if other is None or not other.text:
        return "only_one"
    if one is None or not one.text:
        return "only_other"
    if _plain(one.text) == _plain(other.text) or one.parts == other.parts:
        return "same"
    return "partly" if one.parts & other.parts else "different"


def _plain(text: str) -> str:
    return "".join(c for c in folded(text) if c.isalnum())


def _of_event(side: Side | None) -> _Told:
    if side is None:
        return {}
    content = side.content
    event = content.event
    texts = {
        "agency": side.agency,
        "referred_at": _day(content.referred_at.astimezone(LONDON).date()),
        "strand": content.strand,
        "type": event.type.replace("_", " "),
        "started_on": _day(event.started_on),
        "ended_on": _day(event.ended_on),
        "justice_stage": (event.justice_stage or "").replace("_", " "),
        "summary": event.summary or "",
    }
    return {name: _whole(text) for name, text in texts.items()} | {
        "place": _place(event.place),
        "references": _Value(
            "; ".join(f"{one.scheme} {one.value}" for one in event.references),
            frozenset(_plain(one.value) for one in event.references),
        ),
    }


def _of_party(party: wire.Party) -> _Told:
    name = party.name
    texts = {
        "role": {"harmed": "harmed person", "responsible": "responsible person"}.get(party.role, "party"),
        "known_as": (name.known_as or "") if name else "",
        "date_of_birth": _day(party.date_of_birth),
        "gender": party.gender or "",
        "language": party.language or "",
    }
    return {part: _whole(text) for part, text in texts.items()} | {
        "name": _name(name),
        "address": _place(party.address),
        "contacts": _Value(
            "; ".join(f"{one.channel} {one.value}" for one in party.contacts),
            frozenset(
                _plain(one.value) if one.channel == "post" else contact_form(one.value)
                for one in party.contacts
            ),
        ),
        "identifiers": _Value(
            "; ".join(f"{one.scheme} {one.value}" for one in party.identifiers),
            frozenset(f"{one.scheme} {_plain(one.value)}" for one in party.identifiers),
        ),
    }


def _whole(text: str) -> _Value:
    return _Value(text, frozenset({_plain(text)}))


def _name(name: wire.Name | None) -> _Value:
    """A title says nothing of who somebody is; one name of several may."""
    if name is None:
        return _Value()
    names = (name.given, name.middle, name.family)
    words = _joined(names, " ").replace("-", " ").split()
    return _Value(_joined((name.title, *names), " "), frozenset(filter(None, map(_plain, words))))


def _place(place: wire.Place | None) -> _Value:
    """Streets are written in many ways; the postcode is one."""
    if place is None:
        return _Value()
    text = _joined((place.line1, place.line2, place.town, place.postcode), ", ")
    return _Value(text, frozenset({_plain(text), _plain(place.postcode or text)}))


def _joined(parts: Collection[str | None], by: str) -> str:
    return by.join(part for part in parts if part)


def _day(day: dt.date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""
