"""What would give a case away: names, numbers, postcodes and references, found again in any writing.

A text is not searched for a name but taken apart in every way in which one could stand in it, and each part
is hashed with the hub's lookup key. So whoever checks a message needs hashes only, and learns nobody's name.

Words are compared without case, accents and punctuation ("O'Neill", "ONEILL" and "o neill" are one); numbers
as digits, with the country's code as its leading zero ("+44 (0)7700 900123" is 07700900123), also inside a
longer row of digits; codes such as postcodes and crime numbers as letters and digits ("dl1-9zz" is DL19ZZ).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from shared.contracts.referral import Party, Place, Referral
    from shared.sealing import Lookup

BYTES: Final = 8
_KIND: Final = "telltale"
_SHORTEST_WORD = 2
_SHORTEST_CODE = 4
_DIGITS: Final = range(6, 16)  # a local number without its area, up to E.164's longest
_CODES: Final = range(6, 17)  # from a whole postcode on
_WORDS_TOGETHER = 4
_CODES_TOGETHER = 5
_LONGEST_WORD = 40
# A name of so many letters is found inside a longer word too; shorter ones stand in too many words by chance.
_LONG_NAME: Final = 5
# Letters that no decomposition takes apart, as people write them who have no key for them.
_WRITTEN_AS: Final = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ħ": "h",
        "\u0131": "i",
        "ŧ": "t",
    }
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_ALNUM: Final = re.compile(r"[^\W_]+")
# Digits with no more between them than people write into a number.
_NUMBER: Final = re.compile(r"\+?\d(?:[\s().\-/]{0,3}\d)*")


def telltales_of(referral: Referral, lookup: Lookup) -> bytes:
    """Everything in this referral that a message must not hold: eight bytes each, sorted, each once."""
    # Each form once: where something happened is often somebody's home.
    return b"".join(sorted({lookup.hash(_KIND, form)[:BYTES] for form in set(_forms_of(referral))}))


def split(telltales: bytes) -> frozenset[bytes]:
    """The single hashes again."""
    return frozenset(telltales[at : at + BYTES] for at in range(0, len(telltales), BYTES))


def found_in(text: str, telltales: frozenset[bytes], lookup: Lookup) -> bool:
    """Whether any of these stands in the text."""
    return bool(telltales) and any(_hash(form, lookup) in telltales for form in _forms_in(text))


def is_among(value: str, telltales: frozenset[bytes], lookup: Lookup) -> bool:
    """Whether this whole number or address is still one of the case's."""
    return _hash(contact_form(value), lookup) in telltales


def is_same_contact(one: str, other: str) -> bool:
    """Whether two numbers or addresses are one, however they are written."""
    return contact_form(one) == contact_form(other)


def contact_form(value: str) -> str:
    """A number or an address in its one form, however it is written."""
    return f"n:{_digits(value)}" if "@" not in value else f"c:{_squeezed(value)}"


def _hash(form: str, lookup: Lookup) -> bytes:
    return lookup.hash(_KIND, form)[:BYTES]


def _plain(text: str) -> str:
    if text.isascii():
        return text.casefold()
    spread = unicodedata.normalize("NFKD", text.casefold())
    # Without accents, and without what has no width (Cf): it is only there to keep words from being found.
    return "".join(c for c in spread if unicodedata.category(c) not in ("Mn", "Cf"))


def _squeezed(text: str) -> str:
    return _alnum_of(_plain(text))


def _alnum_of(plain: str) -> str:
    return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))


def _digits(text: str) -> str:
    return _digits_of(_plain(text))


def _digits_of(plain: str) -> str:
    digits = plain if plain.isdecimal() else "".join(filter(str.isdecimal, plain))
    for country in ("0044", "44"):
        if digits.startswith(country) and len(digits) > len(country) + 8:
            return "0" + digits.removeprefix(country).removeprefix("0")
    return digits


def _forms_of(referral: Referral) -> list[str]:
    event = referral.event
    # One list for all of them, which a message costs half of what nested generators do.
    forms: list[str] = []
    _add_codes(forms, (reference.value for reference in event.references))
    _add_codes(forms, (referral.source_record_id,))
    if event.place is not None:
        _add_place(forms, event.place)
    if referral.referrer is not None:
        _add_names(forms, (referral.referrer.name,))
        _add_contacts(forms, (referral.referrer.phone, referral.referrer.email))
    for party in referral.parties:
        _add_party(forms, party)
    return forms


def _add_party(forms: list[str], party: Party) -> None:
    if party.name is not None:
        name = party.name
        _add_names(forms, (name.given, name.middle, name.family, name.known_as))
    if party.date_of_birth is not None:
        _add_date(forms, party.date_of_birth)
    if party.address is not None:
        _add_place(forms, party.address)
    _add_contacts(forms, (contact.value for contact in party.contacts))
    _add_codes(forms, (identifier.value for identifier in party.identifiers))
    if party.responsibility is not None:
        _add_names(forms, (party.responsibility.told_to,))


def _add_names(forms: list[str], names: Iterable[str | None]) -> None:
    for name in filter(None, names):
        words = _WORD.findall(_plain(name))
        if len(words) > 1:
            words.append("".join(words))
        for word in words:
            if len(word) >= _SHORTEST_WORD:
                forms.append(f"w:{word}")
                if not word.isascii():
                    forms.append(f"w:{word.translate(_WRITTEN_AS)}")


def _add_contacts(forms: list[str], values: Iterable[str | None]) -> None:
    for value in filter(None, values):
        digits = _digits(value)
        if len(digits) >= _DIGITS.start and "@" not in value:
            forms += (f"n:{digits}", f"n:{digits.removeprefix('0')}")
        else:
            forms.append(f"c:{_squeezed(value)}")
        if "@" in value:
            _add_names(forms, (value.partition("@")[0],))


def _add_codes(forms: list[str], values: Iterable[str | None]) -> None:
    for value in filter(None, values):
        code = _squeezed(value)
        if len(code) >= _SHORTEST_CODE:
            forms.append(f"c:{code}")
        digits = _digits_of(code)
        if len(digits) >= _DIGITS.start:
            forms.append(f"n:{digits}")


def _add_place(forms: list[str], place: Place) -> None:
    _add_codes(forms, (place.postcode, place.line1, place.line2, place.town, place.uprn))
    for line in filter(None, (place.line1, place.line2)):
        # The street without its number.
        street = "".join(_WORD.findall(_plain(line)))
        if len(street) >= _LONG_NAME:
            forms.append(f"w:{street}")


def _add_date(forms: list[str], day: dt.date) -> None:
    year, month, number = day.isoformat().split("-")
    forms += (f"n:{year}{month}{number}", f"n:{number}{month}{year}", f"n:{number}{month}{year[2:]}")


def _forms_in(text: str) -> Iterator[str]:
    plain = _plain(text)
    yield from (f"w:{word}" for word in _words_in(plain))
    codes = _ALNUM.findall(plain)
    yield from (f"c:{code}" for code in _joined(codes, _CODES_TOGETHER, _SHORTEST_CODE))
    yield from (f"c:{code}" for code in _spelt(codes) if len(code) >= _SHORTEST_CODE)
    # A code that was written close to a word: every row of signs with a digit in it.
    row = "".join(codes)
    for length in _CODES:
        for at in range(len(row) - length + 1):
            code = row[at : at + length]
            if not code.isalpha():
                yield f"c:{code}"
    for row in _NUMBER.findall(plain):
        digits = "".join(c for c in row if c.isdecimal())
        yield f"n:{_digits(row)}"
        for length in _DIGITS:
            yield from (f"n:{digits[at : at + length]}" for at in range(len(digits) - length + 1))


def _words_in(plain: str) -> Iterator[str]:
    words = _WORD.findall(plain)
    yield from _joined(words, _WORDS_TOGETHER, _SHORTEST_WORD)
    yield from _joined([word.translate(_WRITTEN_AS) for word in words], _WORDS_TOGETHER, _SHORTEST_WORD)
    yield from _spelt(words)
    for word in words:
        yield from (part for part in _parts(word) if len(part) >= _LONG_NAME)
        # Scripts without spaces put a name between other signs.
        if not word.isascii():
            yield from _parts(word)


def _spelt(pieces: list[str]) -> Iterator[str]:
    """Everything in rows of signs that stand alone: "F i g m e n t" is one word."""
    spelt = ""
    for piece in (*pieces, ""):
        if len(piece) == 1:
            spelt += piece
            continue
        yield from _parts(spelt)
        spelt = ""


def _parts(word: str) -> Iterator[str]:
    word = word[:_LONGEST_WORD]
    for start in range(len(word)):
        for end in range(start + _SHORTEST_WORD, len(word) + 1):
            yield word[start:end]


def _joined(pieces: list[str], most: int, shortest: int) -> Iterator[str]:
    for start in range(len(pieces)):
        joined = ""
        for piece in pieces[start : start + most]:
            joined += piece
            if len(joined) >= shortest:
                yield joined
