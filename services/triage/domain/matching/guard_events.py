"""What keeps two accounts from being joined, however alike the rest is: a human is asked at most.

A sum of likenesses takes the same people for the same event. But whoever is harmed twice, harms two, or
quarrels with two neighbours is in two events; and a namesake is somebody else. One number in both accounts
lifts every guard: that, a human may say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.triage.domain.matching.compare_events import Pairing, shares_own
from services.triage.domain.matching.compare_people import PersonLevels
from services.triage.domain.matching.judge_people import has_own

# What nobody is even asked about: two burglaries of a night, two victims of a man, two numbers of two days.
STRANGERS = frozenset({"nobody_in_common", "two_victims", "two_numbers"})
_PEOPLE = ("harmed", "harmed_too", "responsible", "side", "other_side")
_ALIKE, _NOT_ALIKE = ("sure", "likely", "maybe"), ("weak", "against")
_SAY_SO_THEMSELVES = {"named": ("full",), "homes": ("both",), "numbered": ("address",), "crossed": ("yes",)}
_ANOTHER_DAY = ("week", "3_weeks", "2_months", "far")
_NEARLY = ("same", "next_day")
_ELSEWHERE = ("street", "postcode", "area", "none")
_THERE = ("same", "building")
_MOST_OF_IT = ("3", "4")  # fifths of the shorter story that are in the other too
# What tells of an event itself, and not of who is in it.
_OF_AN_EVENT = {
    "date": _NEARLY,
    "date_told_vaguely": _NEARLY,
    "number": ("digit",),
    "log": ("digit",),
    "place": _THERE,
    "named": ("full",),
    "words": ("2", "3", "4", "5"),
    "words_share": ("2", "3", "4"),
}


def guard_of(
    levels: Mapping[str, str],
    pairings: Sequence[Pairing],
    *,
    crime: bool,
    others: bool = False,
    turned: bool = False,
    before: bool = False,
) -> str:
    """The name of the guard that holds these two accounts; "" if none does.

    `pairings` are their people side by side, the surest first; `others` says that each names another victim,
    `turned` that day and month of one date changed places, `before` that one was told before the other
    happened. Where no person, home or number is shared, nobody is even asked: two burglaries of one night are
    not one.
    """
    if one_number(levels):
        return ""
    if crime:
        held = _of_a_crime(levels, pairings, others=others, turned=turned, before=before)
    else:
        held = "other_neighbour" if _other_neighbour(levels, pairings) else ""
    if held:
        return held
    told = any(levels.get(comparison) in said for comparison, said in _SAY_SO_THEMSELVES.items())
    people = any(levels.get(comparison, "missing") not in ("missing", *_NOT_ALIKE) for comparison in _PEOPLE)
    if not (told or people or any(shares_own(pairing.levels) for pairing in pairings)):
        return "nobody_in_common"
    return "lives_elsewhere" if pairings and _lives_elsewhere(pairings[0].levels) else ""


def one_number(levels: Mapping[str, str]) -> bool:
    """Whether both accounts give one number: however unlike the rest is, a human is asked at least."""
    return any(levels.get(comparison) == "exact" for comparison in ("number", "log", "file"))


def _of_a_crime(
    levels: Mapping[str, str], pairings: Sequence[Pairing], *, others: bool, turned: bool, before: bool
) -> str:
    if others and _nothing_but_who_did_it(levels):
        return "two_victims"
    if _two_numbers(levels) and not turned:
        return "two_numbers"
    if levels.get("date") in _ANOTHER_DAY:
        return "another_day"
    if before:
        return "told_before"
    if others and _by_one_man(levels):
        return "other_victim"
    if levels.get("harmed") == "against" and not any(shares_own(pairing.levels) for pairing in pairings):
        return "other_victim" if levels.get("responsible") in _ALIKE else "nobody_in_common"
    if _soon_again(levels, turned=turned):
        return "another_day"
    another = levels.get("number") == "none"
    if another and levels.get("crossed") == "yes":
        return "sides_turned"
    if another and _unlike(levels, 2):
        return "another_number"
    return "" if turned or _of_the_event(levels) else "nothing_of_the_event"


def _nothing_but_who_did_it(levels: Mapping[str, str]) -> bool:
    """Whether two victims have one man in common at most: not the place, and both tell another story."""
    elsewhere = levels.get("crossed") != "yes" and levels.get("place") not in _THERE
    return elsewhere and levels.get("words_share") in ("0", "1")


def _two_numbers(levels: Mapping[str, str]) -> bool:
    """Whether two numbers are of two days, and most of the story is not the same either."""
    another_day = levels.get("date") in ("3_days", *_ANOTHER_DAY)
    return levels.get("number") == "none" and another_day and levels.get("words_share") not in _MOST_OF_IT


def _soon_again(levels: Mapping[str, str], *, turned: bool) -> bool:
    """Whether somebody was harmed again within days, and not told of a day off.

    Two or three days are another day. One is, where the number or the story says so too. It may be where one
    agency keeps both, and neither who did it nor most of the story is the same: two agencies often tell one
    day a day apart, and one agency seldom does.
    """
    if levels.get("date") == "3_days":
        return not turned
    if levels.get("date") != "next_day":
        return False
    if levels.get("number") == "none" or _unlike(levels, 1):
        return True
    if turned or _by_one_man(levels) or levels.get("words_share") in _MOST_OF_IT:
        return False
    return levels.get("agency") == "same"


def _by_one_man(levels: Mapping[str, str]) -> bool:
    """Whether both tell who did it, and tell of one: as a party, or by name in the words."""
    return levels.get("responsible") in _ALIKE or levels.get("named") == "full"


def _unlike(levels: Mapping[str, str], most: int) -> bool:
    """Whether both tell a story, and hardly a word is in both; `most` is the highest level."""
    told = [levels.get(comparison, "missing") for comparison in ("words", "words_share")]
    return "missing" not in told and all(int(level) <= most for level in told)


def _of_the_event(levels: Mapping[str, str]) -> bool:
    """Whether anything agrees that tells of what happened, and not only of who was there."""
    return any(levels.get(comparison) in said for comparison, said in _OF_AN_EVENT.items())


def _other_neighbour(levels: Mapping[str, str], pairings: Sequence[Pairing]) -> bool:
    """Whether one household quarrels with two: somebody else is on the other side.

    They are called otherwise and live elsewhere, or are nobody like the other, and the story is not one.
    """
    if levels.get("homes") == "both" or levels.get("named") in ("full", "family") or len(pairings) < 2:  # noqa: PLR2004 - both sides
        return False
    other = pairings[1].levels
    if other.given == other.family == "none" and other.home in _ELSEWHERE:
        return True
    nobody_like = levels.get("other_side") == "against" and not shares_own(other)
    return nobody_like and levels.get("words_share") not in _MOST_OF_IT


def _lives_elsewhere(levels: PersonLevels) -> bool:
    """Whether the surest two are namesakes: another home, nothing of their own, and something against."""
    if has_own(levels) or levels.home in ("same", "building"):
        return False
    return levels.born == "same_year" or (levels.phone == "none" and levels.home in _ELSEWHERE)
