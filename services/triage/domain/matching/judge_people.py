"""Whether two mentions are one person: the weight of what agrees, and guards against what fools it.

Guards: members of a household share home, landline and family name; twins share the birth date too; a father
and a son share the whole name. Who is called otherwise, or was born otherwise, is somebody else, unless an
agency's own identifier says that they are one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from services.triage.domain.matching.accounts import Mention
from services.triage.domain.matching.compare_names import Canonicals
from services.triage.domain.matching.compare_people import COMPARISONS, RANKS, PersonLevels, compare_people
from services.triage.domain.matching.frequencies import Frequencies
from services.triage.domain.matching.model import Evidence, Line, Model, Verdict, weigh
from services.triage.domain.matching.names import Name

_NEARLY_BORN = ("exact", "digit", "turned", "year_off")
CALLED_OTHERWISE, BORN_OTHERWISE, NAMED_OTHERWISE = -4.0, -6.0, -3.0


def judge_people(
    one: Mention, other: Mention, model: Model, frequencies: Frequencies, canonicals: Canonicals
) -> tuple[Evidence, PersonLevels]:
    """The weight of two mentions in bits, before the size of the register is taken off, and the levels."""
    levels = compare_people(one, other, canonicals)
    return _weighed(levels, one.name, other.name, model, frequencies), levels


def judge_profiles(
    ones: Collection[Mention],
    others: Collection[Mention],
    model: Model,
    frequencies: Frequencies,
    canonicals: Canonicals,
) -> tuple[Evidence, PersonLevels]:
    """The weight of two people by all of their mentions: of each thing, what agrees best of all that is told.

    One account gives the given name and another the family name, one the home and another the birth date:
    together they tell who somebody is. What no two mentions agree in still speaks against; and where one
    half of two names agrees and the other does not, that half says nothing: Hussain is a given name, too.
    """
    held = [compare_people(one, other, canonicals) for one in ones for other in others]
    levels = _best(held)
    given = [found for found in held if found.family != "none"]
    family = [found for found in held if found.given != "none"]
    if min(len(given), len(family)) < len(held):
        alike = min(held, key=_likeness_of_names)
        levels = levels._replace(
            given=(_best(given) if given else alike).given, family=(_best(family) if family else alike).family
        )
    if levels.home != "missing":
        levels = levels._replace(area="missing")
    names = [_all_names(mentions) for mentions in (ones, others)]
    return _weighed(levels, names[0], names[1], model, frequencies), levels


def _best(held: Iterable[PersonLevels]) -> PersonLevels:
    """The best level of each comparison."""
    return PersonLevels(
        *(
            min(levels, key=order.__getitem__)
            for order, levels in zip(RANKS, zip(*held, strict=True), strict=True)
        )
    )


def _likeness_of_names(levels: PersonLevels) -> int:
    return RANKS[0][levels.given] + RANKS[1][levels.family]


def _all_names(mentions: Iterable[Mention]) -> Name:
    names = [mention.name for mention in mentions]
    given = tuple(dict.fromkeys(word for name in names for word in name.given))
    return Name(given, (), tuple(dict.fromkeys(word for name in names for word in name.family)))


def _weighed(
    levels: PersonLevels, one: Name, other: Name, model: Model, frequencies: Frequencies
) -> Evidence:
    lines = weigh(zip(COMPARISONS, levels, strict=True), model.lines_of_people)
    lines += _rarity(one, other, levels, model, frequencies)
    bits = sum(line.bits for line in lines)
    most, guard = _guard(levels)
    if bits > most:
        lines.append(Line("guard", guard, most - bits))
        bits = most
    return Evidence(bits, tuple(lines))


def _guard(levels: PersonLevels) -> tuple[float, str]:
    if levels.identifier == "exact":
        return math.inf, ""
    if levels.born == "none":
        return BORN_OTHERWISE, "born_otherwise"
    own = levels.born == "exact" or "exact" in (levels.phone, levels.email)
    # A name that is only like hers is her brother's.
    if levels.given == "none" or (levels.gender == "none" and levels.given not in ("exact", "missing")):
        return CALLED_OTHERWISE, "household_or_twins"
    if levels.identifier == "none" and not _kept_twice(levels):
        return NAMED_OTHERWISE, "another_identifier"
    # Who shares the given name and the home may have married; of whom no given name is told shares the home.
    married = levels.home == "same" and levels.given != "missing"
    if levels.family == "none" and not (own or married):
        return NAMED_OTHERWISE, "another_family_name"
    reached = "exact" in (levels.phone, levels.email)
    if levels.given == "missing" and levels.family != "missing" and not reached:
        # A family name at an address is a household, not somebody of it; twins share the birth date, too.
        return 8.0, "no_given_name"
    return math.inf, ""


def _kept_twice(levels: PersonLevels) -> bool:
    """Whether two records of one agency may be of one person, whatever their identifiers say."""
    if levels.born == "exact":
        return levels.given != "missing"
    reached = levels.phone in ("exact", "digit") or levels.email in ("exact", "typo")
    return levels.given == "exact" and _nearly_born(levels) and reached and levels.home == "same"


def person_verdict(evidence: Evidence, levels: PersonLevels, people_known: int, model: Model) -> Verdict:
    """Whether two mentions are one person, in a register that knows so many people.

    Name and home alone say so the less the more people are known: a father and a son share both. Then
    something of somebody's own must agree, the birth date, a mobile, an address of mail or an identifier. And
    what a guard holds is still asked about when such a thing agrees: a date of birth may be wrong, and
    somebody may be called otherwise.
    """
    thresholds, off = model.thresholds, register_bits(people_known, model)
    guarded = sum(line.bits for line in evidence.lines if line.comparison == "guard")
    if guarded:
        asked = evidence.bits - guarded - off >= thresholds.same_person and _contested(levels)
        return "ask" if asked else "different"
    left = evidence.bits - off
    if left >= thresholds.same_person:
        # In a small register most who share name and home are one who came again; in one that knows
        # everybody they are as often father and son.
        smallest = math.log2(thresholds.smallest_register)
        without = thresholds.same_person + thresholds.relatives * (off - smallest)
        sure = (has_own(levels) and not _born_by_chance(levels)) or (_near_home(levels) and left >= without)
        return "same" if sure else "ask"
    return "ask" if left >= thresholds.ask_person else "different"


def _born_by_chance(levels: PersonLevels) -> bool:
    """Whether a man and a woman of one name share a birth date, and nothing else that would be theirs."""
    reached = levels.phone in ("exact", "digit") or levels.email in ("exact", "typo")
    return levels.gender == "none" and not reached and levels.home not in ("same", "building")


def _near_home(levels: PersonLevels) -> bool:
    """Whether two of one name share a home, or a town where no home is told, and nothing says otherwise."""
    near = levels.home in ("same", "building") or levels.area == "same"
    named = levels.given in ("exact", "missing") and levels.family in ("exact", "missing")
    return near and named and "none" not in (levels.phone, levels.email, levels.gender)


def _nearly_born(levels: PersonLevels) -> bool:
    return levels.born in _NEARLY_BORN


def has_own(levels: PersonLevels) -> bool:
    """Whether something agrees that is one person's own and not a household's."""
    return (
        _nearly_born(levels)
        or levels.phone in ("exact", "digit")
        or levels.email in ("exact", "typo")
        or levels.identifier == "exact"
    )


def _contested(levels: PersonLevels) -> bool:
    """Whether a way of reaching somebody agrees, and enough beside it, that a human should look at it."""
    reached = [levels.phone in ("exact", "digit"), levels.email in ("exact", "typo")]
    enough = 2 if levels.given == "none" else 1
    agrees = sum(reached) + _nearly_born(levels) + (levels.home == "same")
    return levels.family != "none" and any(reached) and agrees >= enough


def _rarity(
    one: Name, other: Name, levels: PersonLevels, model: Model, frequencies: Frequencies
) -> list[Line]:
    lines = []
    if levels.given == "exact" and (shared := set(one.given) & set(other.given)):
        bits = max(frequencies.name_bits("given", word, model.usual_given) for word in shared)
        lines.append(Line("given_is_common", "", bits))
    if levels.family == "exact" and (shared := set(one.family) & set(other.family)):
        bits = max(frequencies.name_bits("family", word, model.usual_family) for word in shared)
        lines.append(Line("family_is_common", "", bits))
    return [line for line in lines if line.bits]


def register_bits(people: int, model: Model) -> float:
    """What the size of the register takes off: the more people it knows, the more look alike by chance."""
    return math.log2(max(people, model.thresholds.smallest_register))
