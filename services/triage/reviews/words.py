"""The words in which evidence is told: what was compared, what was found, and what a field is called."""

from __future__ import annotations

from typing import Final

_BANDS: Final = {
    "sure": "surely the same",
    "likely": "likely the same",
    "maybe": "perhaps the same",
    "weak": "little says that they are the same",
    "against": "somebody else",
}
_ALIKE: Final = {
    "exact": "the same",
    "same": "the same",
    "none": "different",
    "no": "no",
    "yes": "yes",
    "digit": "one sign apart",
    "typo": "one slip apart",
    "similar": "spelt alike",
    "missing": "not told by both",
}
_NUMBERS: Final = _ALIKE | {"day": "another number of the same day", "none": "different numbers"}
_DATES: Final = {
    "same": "the same day",
    "next_day": "one day apart",
    "3_days": "up to three days apart",
    "week": "up to a week apart",
    "2_weeks": "within two weeks",
    "3_weeks": "up to three weeks apart",
    "month": "within a month",
    "2_months": "up to two months apart",
    "4_months": "up to four months apart",
    "far": "far apart",
}
_PLACES: Final = {
    "same": "the same home",
    "building": "perhaps the same home, or the same building",
    "street": "the same street, another number",
    "postcode": "the same postcode",
    "area": "the same part of town",
    "none": "somewhere else",
}
_SHARES: Final = {
    "5": "a great many rare words in common",
    "4": "many rare words in common",
    "3": "several rare words in common",
    "2": "some words in common",
    "1": "few words in common",
    "0": "hardly any words in common",
}

# Of each comparison: what it is called, and what its levels mean.
_COMPARED: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "base": ("Any two accounts", {"prior": "most are not the same"}),
    "harmed": ("The harmed person", _BANDS),
    "harmed_too": ("Another harmed person", _BANDS),
    "responsible": ("The responsible person", _BANDS),
    "side": ("One side", _BANDS),
    "other_side": ("The other side", _BANDS),
    "crossed": ("Each names the other", _ALIKE),
    "named": (
        "Named in the other account",
        {
            "full": "by the whole name",
            "family": "by the family name",
            "given": "by the given name",
            "no": "no",
        },
    ),
    "numbered": (
        "The other's address in the account",
        {"address": "street and number", "number": "a number only", "no": "no"},
    ),
    "number": ("Crime or other number", _NUMBERS),
    "log": ("Incident number", _NUMBERS),
    "file": ("Case file number", _NUMBERS),
    "date": ("When it happened", _DATES),
    "date_told_vaguely": ("When it happened, told vaguely", _DATES),
    "told": ("When it was told", _DATES),
    "kind": (
        "What happened",
        {
            "same": "the same kind",
            "group": "kinds that are told as each other",
            "other": "one is told as other",
            "none": "different kinds",
        },
    ),
    "place": ("Where it happened", _PLACES),
    "homes": ("Homes of both sides", {"both": "both agree", "one": "one agrees", "none": "neither agrees"}),
    "words": ("Words of both accounts", _SHARES),
    "words_share": ("Share of the words that both use", _SHARES),
    "agency": (
        "Who told it",
        {"same": "the same agency, which seldom tells twice", "other": "different agencies"},
    ),
    "given": (
        "Given name",
        _ALIKE
        | {
            "initial": "an initial that fits",
            "middle": "it is the other's middle name",
            "short": "one is short for the other",
        },
    ),
    "family": ("Family name", _ALIKE | {"part": "part of it is the same"}),
    "order": (
        "Order of the names",
        {"straight": "as usual", "swapped": "swapped", "one_field": "both names in one field"},
    ),
    "born": (
        "Date of birth",
        _ALIKE
        | {
            "turned": "day and month are swapped",
            "year_off": "the same day, another year",
            "same_year": "the same year only",
        },
    ),
    "gender": ("Gender", _ALIKE),
    "phone": ("Telephone", _ALIKE),
    "email": ("Email", _ALIKE),
    "home": ("Home", _PLACES),
    "area": ("Where the account plays", {"same": "the same area", "none": "another area"}),
    "identifier": ("An agency's own number for the person", _ALIKE),
    "given_is_common": ("How common the given name is", {"": "taken into account"}),
    "family_is_common": ("How common the family name is", {"": "taken into account"}),
    "guard": (
        "Held back, whatever else agrees",
        {
            "another_day": "it was on another day, so it may have happened again",
            "other_victim": "the same responsible person, but somebody else was harmed",
            "told_before": "one was told before the other happened",
            "two_victims": "somebody else was harmed, and neither the place nor the story is the same",
            "two_numbers": "two numbers, of two days",
            "nobody_in_common": "no person, home or number is the same",
            "another_number": "two numbers, and two stories that share hardly a word",
            "lives_elsewhere": "another home, and nothing of their own agrees: perhaps a namesake",
            "nothing_of_the_event": "the same people, and nothing of what happened is the same",
            "other_neighbour": "the same household, but another neighbour",
            "sides_turned": "who was harmed in one is responsible in the other",
            "household_or_twins": "another given name: a household, or twins",
            "born_otherwise": "born on another day",
            "another_identifier": "the agency has another number for this person",
            "another_family_name": "another family name, and nothing of their own agrees",
            "no_given_name": "without a given name it may be anybody of the household",
        },
    ),
}
FIELDS: Final = {
    "agency": "Who referred",
    "referred_at": "Referred on",
    "strand": "Crime or dispute",
    "type": "What happened",
    "started_on": "From",
    "ended_on": "Until",
    "place": "Where",
    "references": "Numbers",
    "justice_stage": "Stage",
    "summary": "In their words",
    "role": "Side",
    "name": "Name",
    "known_as": "Known as",
    "date_of_birth": "Born",
    "gender": "Gender",
    "address": "Home",
    "contacts": "How to reach them",
    "identifiers": "Numbers for this person",
    "language": "Language",
}
COMPARED: Final = {
    "same": "Same",
    "partly": "Partly the same",
    "different": "Different",
    "only_one": "Only in the first",
    "only_other": "Only in the second",
    "hidden": "Not shown",
}


def tell_line(comparison: str, level: str) -> tuple[str, str]:
    """What was compared and what was found, in words; a code that has none yet is told as it is."""
    title, levels = _COMPARED.get(comparison, (comparison.replace("_", " ").capitalize(), {}))
    return title, levels.get(level, level.replace("_", " "))
