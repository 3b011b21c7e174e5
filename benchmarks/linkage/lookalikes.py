"""Events that look like a known one and are another: made from a labelled record, with their own labels.

Each takes the first account of an event and makes the account of another: other people or another day, and a
number and a story of its own. Whoever is somebody else has an id of their own in the truth.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Collection
from copy import deepcopy
from typing import Any, NamedTuple

from benchmarks.linkage.errors import Wire

_AT_HOME = ("burglary", "criminal_damage", "theft", "vehicle_crime")
_GAP = (1, 2, 3)  # days between one harm and the next


class Told(NamedTuple):
    """A line of labelled data with its truth, both as they stand in their files."""

    agency: str
    referral: Wire
    truth: dict[str, Any]


class Cast(NamedTuple):
    """Of whom and what new events are made: names that the data knows, and stories by their kind of event."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    stories: dict[str, tuple[str, ...]]


Lookalike = Callable[[random.Random, Told, Cast], bool]


def again_soon(draw: random.Random, told: Told, _: Cast) -> bool:
    """The same person is harmed again within three days; a dispute that goes on is no other dispute."""
    event = told.referral["event"]
    return (
        told.referral["strand"] == "crime"
        and not event.get("ended_on")
        and _on_another_day(told, draw.choice(_GAP))
    )


def another_victim(draw: random.Random, told: Told, cast: Cast) -> bool:
    """The same man harms somebody else on the same day."""
    roles = [party["role"] for party in told.referral["parties"]]
    if "responsible" not in roles or "harmed" not in roles or not _day_of(told):
        return False
    for place, role in enumerate(roles):
        if role == "harmed":
            _replace(draw, told, place, _stranger(draw, cast, role))
    return True


def same_night_same_street(draw: random.Random, told: Told, cast: Cast) -> bool:
    """A neighbour is burgled in the same night."""
    first = told.referral["parties"][0]
    at_home = told.referral["event"]["type"] in _AT_HOME and told.referral["strand"] == "crime"
    if not at_home or not _day_of(told) or first["role"] != "harmed" or not _numbered(first):
        return False
    told.referral["parties"] = told.referral["parties"][:1]
    told.truth["people"] = told.truth["people"][:1]
    told.referral["event"].pop("place", None)
    _replace(draw, told, 0, _stranger(draw, cast, "harmed") | {"address": _next_door(draw, first)})
    return True


def namesake(draw: random.Random, told: Told, _: Cast) -> bool:
    """Somebody of the same name, born the same year, in the same street."""
    first = told.referral["parties"][0]
    if not first.get("name", {}).get("given") or not _numbered(first) or not first.get("date_of_birth"):
        return False
    born = dt.date.fromisoformat(first["date_of_birth"])
    other = born.replace(
        month=born.month % 12 + 1, day=min(28, born.day + 9 if born.day < 15 else born.day - 9)
    )
    like = {"address": _next_door(draw, first), "date_of_birth": other.isoformat(), "contacts": _mobile(draw)}
    return _alone(draw, told, first, like) and _on_another_day(told, 5)


def sibling(draw: random.Random, told: Told, cast: Cast) -> bool:
    """A brother or sister at home."""
    first = told.referral["parties"][0]
    if not first.get("name", {}).get("family") or not _numbered(first) or not first.get("date_of_birth"):
        return False
    given = draw.choice([one for one in cast.given if one[:2] != (first["name"].get("given") or "")[:2]])
    like = {"name": {"given": given, "family": first["name"]["family"]}, "contacts": _mobile(draw)}
    return _alone(draw, told, first, like | _born_after(first, 2)) and _on_another_day(told, 8)


def grandson(draw: random.Random, told: Told, _: Cast) -> bool:
    """A grandson of the same name in the same house."""
    first = told.referral["parties"][0]
    if not first.get("name", {}).get("given") or not _numbered(first) or not first.get("date_of_birth"):
        return False
    like = {"contacts": _mobile(draw)} | _born_after(
        first, -51 if int(first["date_of_birth"][:4]) > 1970 else 51
    )
    return _alone(draw, told, first, like) and _on_another_day(told, 12)


def two_neighbours(draw: random.Random, told: Told, cast: Cast) -> bool:
    """The same household quarrels with the neighbour on the other side."""
    parties = told.referral["parties"]
    if told.referral["strand"] != "dispute" or len(parties) < 2 or not _numbered(parties[1]):
        return False
    home = _next_door(draw, parties[1])
    told.referral["event"].pop("place", None)
    _replace(draw, told, 1, _stranger(draw, cast, parties[1]["role"]) | {"address": home})
    return True


LOOKALIKES: dict[str, Lookalike] = {
    make.__name__: make
    for make in (
        again_soon,
        another_victim,
        same_night_same_street,
        namesake,
        sibling,
        grandson,
        two_neighbours,
    )
}


def another_event(
    draw: random.Random, trap: str, told: Told, cast: Cast, number: int, known: Collection[str] = ()
) -> Told | None:
    """The account of another event like this one; None when this one cannot be looked like so.

    `known` are the stories that are told of this one: the other has another.
    """
    made = Told(told.agency, deepcopy(told.referral), deepcopy(told.truth))
    event = made.referral["event"]
    stories = [story for story in cast.stories.get(event["type"], ()) if story not in known]
    if not stories or not LOOKALIKES[trap](draw, made, cast):
        return None
    record, name = f"LOOKS-{number}", f"{trap}-{number}"
    event["summary"] = draw.choice(stories)
    event["references"] = [
        one | {"value": f"CRI{draw.randrange(10**8, 10**9)}"}
        for one in event.get("references", ())
        if one["scheme"] == "crime"
    ]
    made.referral["source_record_id"] = record
    for gone in ("resend_of", "changed", "dup_of", "street", "block", "amb"):
        made.truth.pop(gone, None)
    made.truth.update(
        key=f"{made.agency}|{record}|1",
        event_id=name,
        link_group=name,
        kind="first",
        err=[],
        trap=trap,
        cref=[],
    )
    return made


def _stranger(draw: random.Random, cast: Cast, role: str) -> Wire:
    born = dt.date(1940, 1, 1) + dt.timedelta(days=draw.randrange(24_000))
    return {
        "role": role,
        "name": {"given": draw.choice(cast.given), "family": draw.choice(cast.family)},
        "date_of_birth": born.isoformat(),
        "contacts": _mobile(draw),
    }


def _replace(draw: random.Random, told: Told, place: int, party: Wire) -> None:
    told.referral["parties"][place] = party
    who = f"N{draw.randrange(10**12)}"
    told.truth["people"][place] = {
        "id": who,
        "g": who,
        "hh": who,
        "role": told.truth["people"][place]["role"],
    }


def _alone(draw: random.Random, told: Told, first: Wire, like: Wire) -> bool:
    """The account is of one person like the first, with an id of their own, at home with them or not.

    Of a crime: who complains of the same neighbour tells of the same dispute.
    """
    if told.referral["strand"] != "crime":
        return False
    true = told.truth["people"][0]
    told.referral["parties"] = [
        {part: first[part] for part in ("role", "name", "address") if part in first} | like
    ]
    told.truth["people"] = told.truth["people"][:1]
    told.referral["event"].pop("place", None)
    _replace(draw, told, 0, told.referral["parties"][0])
    if "address" not in like:
        told.truth["people"][0]["hh"] = true["hh"]
    return True


def _on_another_day(told: Told, days: int) -> bool:
    event, day = told.referral["event"], _day_of(told)
    if not day:
        return False
    then = dt.date.fromisoformat(day) + dt.timedelta(days=days)
    event.pop("ended_on", None)
    event["started_on"] = then.isoformat()
    at = told.referral["referred_at"]
    if at[:10] < event["started_on"]:
        told.referral["referred_at"] = f"{then.isoformat()}{at[10:]}"
    return True


def _day_of(told: Told) -> str:
    return str(told.referral["event"].get("started_on") or "")


def _numbered(party: Wire) -> bool:
    return str((party.get("address") or {}).get("line1", ""))[:1].isdigit()


def _next_door(draw: random.Random, party: Wire) -> Wire:
    home = dict(party["address"])
    number, _, rest = home["line1"].partition(" ")
    digits = int("".join(filter(str.isdigit, number)))
    home["line1"] = f"{digits + draw.choice((2, 4, 6))} {rest}"
    home.pop("uprn", None)
    return home


def _born_after(party: Wire, years: int) -> Wire:
    born = dt.date.fromisoformat(party["date_of_birth"])
    return {"date_of_birth": (born + dt.timedelta(days=years * 365 + 40)).isoformat()}


def _mobile(draw: random.Random) -> list[Wire]:
    return [{"channel": "mobile", "value": f"07700 9{draw.randrange(10**5):05}"}]
