"""By what an account is found again: a handful of keys for each person, address and number in it.

Each key joins things that seldom come together by chance, a name with a birth date, a postcode or a street,
so that a key stays selective however large the register grows. Names stand in them by their sound, in
whatever order its letters came, and short forms by what they are short for, so that a slip in one thing
leaves the keys of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise, product

from services.triage.domain.matching.accounts import Account, Mention
from services.triage.domain.matching.compare_names import Canonicals, sound_of
from services.triage.domain.matching.letters import words
from services.triage.domain.matching.places import Place, looks_like_an_office

Key = tuple[str, ...]

_LAST_DIGITS = 9
_FIRST_HALF, _LAST_HALF = slice(4, 9), slice(-4, None)  # of `+447700900123`, without what all have
_GIVEN_NAMES = 2
_CAPITALISED = 2  # letters at least


@lru_cache(maxsize=100_000)
def _skeleton(word: str) -> str:
    """How a word sounds, in whatever order: letters that changed places lead to the same key."""
    sound = sound_of(word)
    return sound[:1] + "".join(sorted(set(sound[1:])))


def keys_of(account: Account, canonicals: Canonicals) -> list[Key]:
    """The keys of an account, each once, in an order that depends on nothing but the account."""
    found: list[Key] = []
    for mention in account.people:
        found += keys_of_person(mention, canonicals)
        found += keys_of_place(mention.home)
    found += [("number", reference.value) for reference in account.numbers]
    for place in (account.place, *account.places_told):
        found += keys_of_place(place)
    return list(dict.fromkeys(found))


def keys_of_person(mention: Mention, canonicals: Canonicals) -> Iterator[Key]:
    """The keys of one person, without those of the address alone."""
    for scheme, value in mention.identifiers:
        yield ("identifier", scheme, value)
    for phone in mention.phones:
        yield ("phone", phone[-_LAST_DIGITS:])
    for email in mention.emails:
        yield ("email", email)
    letters = _first_letters(mention)
    family, given = _sounds(mention, canonicals)
    names = sorted(family | given)
    if mention.born is not None:
        yield from (("born", name, mention.born.isoformat()) for name in names)
        # Slips in every name leave their first letters.
        if letters:
            yield ("born", letters, mention.born.isoformat())
        # A slip in the date leaves the year, or day and month, whichever of them was written first.
        if mention.name.family and mention.name.given:
            called = sorted((_skeleton(mention.name.family[0]), _skeleton(mention.name.given[0])))
            yield ("born", *called, str(mention.born.year))
            yield ("born", *called, "-".join(map(str, sorted((mention.born.month, mention.born.day)))))
    if letters:
        # A digit that is wrong or dropped leaves the other half of the number.
        for phone in mention.phones:
            yield ("phone_begins", letters, phone[_FIRST_HALF])
            yield ("phone_ends", letters, phone[_LAST_HALF])
    home = mention.home
    if home.postcode:
        yield from (("postcode", name, home.postcode) for name in names)
    if home.street:
        # Streets of one name are in every town, and so is somebody of that given name in them.
        yield from (("street", name, home.street[0]) for name in sorted(family))
    for one, other in product(sorted(family), sorted(given)):
        if one != other:
            yield ("name", *sorted((one, other)))
    if mention.born is not None and not names:
        yield ("born", "", mention.born.isoformat())


def _first_letters(mention: Mention) -> str:
    """The first letters of family and given name, in whichever box they stand; "" unless there are two."""
    letters = {word[0] for word in (*mention.name.family[:1], *mention.name.given[:1])}
    return "".join(sorted(letters)) if len(letters) > 1 else ""


def _sounds(mention: Mention, canonicals: Canonicals) -> tuple[set[str], set[str]]:
    name = mention.name
    family = {_skeleton(word) for word in name.family}
    if len(name.family) > 1:
        family.add(_skeleton("".join(name.family)))
    called = [*name.given[:_GIVEN_NAMES], *name.known_as[:1]]
    given = {_skeleton(form) for word in called if len(word) > 1 for form in (word, *canonicals(word))}
    if not name.given and len(name.family) > 1:  # both in one field
        given |= {_skeleton(word) for word in name.family}
    if not name.family and len(name.given) > 1:
        family = {_skeleton(word) for word in name.given}
    return family, given


def keys_of_place(place: Place) -> Iterator[Key]:
    if place.uprn:
        yield ("uprn", place.uprn)
    if looks_like_an_office(place):
        return
    for number in place.numbers:
        if place.street:
            yield ("at", place.street[0], number)
        if place.postcode:
            yield ("at", place.postcode, number)


def names_told(text: str) -> tuple[tuple[str, str], ...]:
    """Neighbouring words with capital letters: perhaps somebody's name, told in passing."""
    raw = text.split()
    pairs: dict[tuple[str, str], None] = {}
    for one, other in pairwise(raw):
        if one[:1].isupper() and other[:1].isupper() and one[-1:] not in ".,;:!?":
            a, b = words(one), words(other)
            if (
                len(a) == len(b) == 1
                and min(len(a[0]), len(b[0])) > _CAPITALISED
                and a[0].isalpha()
                and b[0].isalpha()
            ):
                pairs[a[0], b[0]] = None
    return tuple(pairs)


def keys_of_names(pairs: Iterable[tuple[str, str]], canonicals: Canonicals) -> Iterator[Key]:
    """The keys under which people with these names stand."""
    for one, other in pairs:
        for a, b in product(canonicals.as_listed(one), {other}):
            if a != b:
                yield ("name", *sorted((_skeleton(a), _skeleton(b))))
