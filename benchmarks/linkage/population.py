"""Invented people in households, as many as are wanted, and what becomes of them when written down.

Nobody in here exists: family names are made of syllables, streets and postcodes are made up, telephones are
random digits that are never called. Names are as unevenly common as real ones (Zipf).
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterator

from nicknames import NickNamer

from services.triage.domain.matching.accounts import Mention
from services.triage.domain.matching.names import Name
from services.triage.domain.matching.places import Place, read_place
from services.triage.matching.short_forms import canonicals

_SYLLABLES = (
    "ba be bi bo bra ca co cra da de dor el fa fen ga gar ha hal ho ing ka kel la len lo ma mar mel na nor o"
    " pel ra rid ro sa sel sta ta ter thor va wal wen win y"
)
_UNITS = "abdefghjlnpqrstuwxyz"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Population:
    """People who are drawn one household after the other; the same seed draws the same."""

    def __init__(self, seed: int = 1) -> None:
        """Make the names and streets that there are."""
        draw = self.draw = random.Random(seed)
        self._short = NickNamer()
        syllables = _SYLLABLES.split()
        known = sorted(name for name in _all_given(self._short) if name.isalpha() and len(name) > 2)
        draw.shuffle(known)
        self._given = known[:900]
        family: dict[str, None] = {}
        while len(family) < 20_000:
            family["".join(draw.choice(syllables) for _ in range(draw.choice((2, 3, 3, 4))))] = None
        self._family = list(family)
        self._nth_given = _unevenly(len(self._given), draw)
        self._nth_family = _unevenly(len(self._family), draw)
        kinds = ("street", "road", "close", "avenue", "terrace")
        self._streets = [
            f"{''.join(draw.choice(syllables) for _ in range(3))} {draw.choice(kinds)}" for _ in range(3000)
        ]

    def households(self) -> Iterator[list[Mention]]:
        """One household after the other, without end."""
        while True:
            home, family = self.home(), self._family[self._nth_family()]
            line = f"+44191{self._digits(7)}" if self.draw.random() < 0.4 else ""
            size = self.draw.choice((1, 1, 2, 2, 3, 4))
            yield [self.person(family, home, line) for _ in range(size)]

    def person(self, family: str = "", home: Place | None = None, line: str = "") -> Mention:
        """Somebody, with a family name, a home and a landline of their own if none are given."""
        draw = self.draw
        given, family = self._given[self._nth_given()], family or self._family[self._nth_family()]
        phones: tuple[str, ...] = (f"+447{self._digits(9)}",) if draw.random() < 0.8 else ()
        phones += (line,) if line and draw.random() < 0.5 else ()
        return Mention(
            role="harmed",
            name=Name((given,), (), (family,)),
            born=dt.date(1935, 1, 1) + dt.timedelta(days=draw.randrange(73 * 365)),
            gender=draw.choice("mf"),
            phones=phones,
            emails=(f"{given}.{family}{draw.randrange(100)}@mail.example",) if draw.random() < 0.5 else (),
            home=home or self.home(),
        )

    def home(self) -> Place:
        """A dwelling."""
        draw = self.draw
        area = f"{draw.choice(('dl', 'dh', 'ts', 'sr', 'ne'))}{draw.randrange(1, 40)}"
        code = f"{area} {draw.randrange(10)}{draw.choice(_UNITS)}{draw.choice(_UNITS)}"
        return read_place(f"{draw.randrange(1, 120)} {draw.choice(self._streets)}", postcode=code)

    def written_down_again(self, one: Mention) -> Mention:
        """The same person as another clerk writes them: one to four things are wrong or missing."""
        for _ in range(self.draw.choice((1, 2, 2, 3, 4))):
            one = self.draw.choice(_SLIPS)(self, one)
        return one

    def like_but_not(self, kind: str, one: Mention) -> Mention:
        """Somebody who is not this person and looks like it: twin, namesake, son, housemate or stranger."""
        other = self.person()
        if kind == "twin":
            # Nobody calls twins by two forms of one name.
            while not canonicals(other.name.given[0]).isdisjoint(canonicals(one.name.given[0])):
                other = self.person()
            name = one.name._replace(given=other.name.given)
            return other._replace(name=name, born=one.born, home=one.home, phones=one.phones[1:])
        if kind == "namesake":
            return other._replace(name=one.name)
        if kind == "son":
            born = (one.born or dt.date(1950, 1, 1)) + dt.timedelta(days=365 * 28 + self.draw.randrange(900))
            return other._replace(name=one.name, home=one.home, born=born, phones=one.phones[1:])
        if kind == "housemate":
            name = other.name._replace(family=one.name.family)
            return other._replace(name=name, home=one.home, phones=one.phones[1:])
        return other

    def slip(self, word: str) -> str:
        """A word with one slip of the finger."""
        if len(word) < 3:
            return word
        at = self.draw.randrange(len(word) - 1)
        letter = self.draw.choice(_LETTERS)
        return self.draw.choice(
            (
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
            )
        )

    def short_form(self, given: str) -> str:
        """What somebody of this name may be called."""
        return self.draw.choice(sorted(self._short.nicknames_of(given)) or [given])

    def _digits(self, count: int) -> str:
        return "".join(str(self.draw.randrange(10)) for _ in range(count))


def _all_given(short: NickNamer) -> set[str]:
    return set(short._nickname_lookup)  # noqa: SLF001 - the package lists its names nowhere else


def _unevenly(count: int, draw: random.Random) -> Callable[[], int]:
    sums = list(itertools.accumulate(1 / (place + 5) ** 0.9 for place in range(count)))
    return lambda: bisect.bisect(sums, draw.random() * sums[-1])


def _given_slips(people: Population, one: Mention) -> Mention:
    return one._replace(name=one.name._replace(given=(people.slip(one.name.given[0]),)))


def _family_slips(people: Population, one: Mention) -> Mention:
    return one._replace(name=one.name._replace(family=(people.slip(one.name.family[0]),)))


def _called_short(people: Population, one: Mention) -> Mention:
    return one._replace(name=one.name._replace(given=(people.short_form(one.name.given[0]),)))


def _turned_name(_: Population, one: Mention) -> Mention:
    return one._replace(name=one.name._replace(given=one.name.family, family=one.name.given))


def _without_phone(_: Population, one: Mention) -> Mention:
    return one._replace(phones=())


def _without_mail(_: Population, one: Mention) -> Mention:
    return one._replace(emails=())


def _without_birthday(_: Population, one: Mention) -> Mention:
    return one._replace(born=None) if one.phones or one.emails else one


def _moved(people: Population, one: Mention) -> Mention:
    return one._replace(home=people.home())


def _born_wrong(people: Population, one: Mention) -> Mention:
    born = one.born
    if born is None or (born.month, born.day) == (2, 29):
        return one
    wrong = [born.replace(year=born.year + years) for years in (-1, 1, 10)]
    wrong += [born.replace(day=born.month, month=born.day)] if born.day < 13 else []
    return one._replace(born=people.draw.choice(wrong))


def _wrong_digit(people: Population, one: Mention) -> Mention:
    if not one.phones:
        return one
    at = people.draw.randrange(4, len(one.phones[0]))
    wrong = one.phones[0][:at] + str(people.draw.randrange(10)) + one.phones[0][at + 1 :]
    return one._replace(phones=(wrong,))


_SLIPS = (
    _given_slips, _family_slips, _called_short, _turned_name, _without_phone, _without_mail,
    _without_birthday, _moved, _born_wrong, _wrong_digit,
)  # fmt: skip
LIKE_BUT_NOT = ("twin", "namesake", "son", "housemate", "stranger")
