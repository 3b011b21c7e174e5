"""Whether two mentions are one person: the weight of what agrees, and guards against what fools it.

Guards: members of a household share home, landline and family name; twins share the birth date too; a father
and a son share the whole name. Who is called otherwise, or was born otherwise, is somebody else, unless an
agency's own identifier says that they are one.
"""

from __future__ import annotations

import math

from services.triage.domain.matching.accounts import Mention
from services.triage.domain.matching.compare_names import Canonicals
from services.triage.domain.matching.compare_people import COMPARISONS, PersonLevels, compare_people
from services.triage.domain.matching.frequencies import Frequencies
from services.triage.domain.matching.model import Evidence, Line, Model, Verdict, weigh

_NEARLY_BORN = ("exact", "digit", "turned", "year_off")
CALLED_OTHERWISE, BORN_OTHERWISE, NAMED_OTHERWISE = -4.0, -6.0, -3.0


def judge_people(
    one: Mention, other: Mention, model: Model, frequencies: Frequencies, canonicals: Canonicals
) -> tuple[Evidence, PersonLevels]:
    """The weight of two mentions in bits, before the size of the register is taken off, and the levels."""
    levels = compare_people(one, other, canonicals)
    lines = weigh(zip(COMPARISONS, levels, strict=True), model.lines_of_people)
    lines += _rarity(one, other, levels, model, frequencies)
    bits = sum(line.bits for line in lines)
    most, guard = _guard(levels)
    if bits > most:
        lines.append(Line("guard", guard, most - bits))
        bits = most
    return Evidence(bits, tuple(lines)), levels


def _guard(levels: PersonLevels) -> tuple[float, str]:
    if levels.identifier == "exact":
        return math.inf, ""
    if levels.born == "none":
        return BORN_OTHERWISE, "born_otherwise"
    own = levels.born == "exact" or "exact" in (levels.phone, levels.email)
    if levels.given == "none":
        return CALLED_OTHERWISE, "household_or_twins"
    if levels.identifier == "none" and levels.born != "exact":
        return NAMED_OTHERWISE, "another_identifier"
    # Who shares the given name and the home may have married; of whom no given name is told shares the home.
    married = levels.home == "same" and levels.given != "missing"
    if levels.family == "none" and not (own or married):
        return NAMED_OTHERWISE, "another_family_name"
    if levels.given == "missing" and levels.family != "missing" and levels.born != "exact":
        # A family name at an address is a household, not somebody of it.
        return 8.0, "no_given_name"
    return math.inf, ""


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
        return "same" if has_own(levels) or left >= without else "ask"
    return "ask" if left >= thresholds.ask_person else "different"


def has_own(levels: PersonLevels) -> bool:
    """Whether something agrees that is one person's own and not a household's."""
    return (
        levels.born in _NEARLY_BORN
        or levels.phone in ("exact", "digit")
        or levels.email in ("exact", "typo")
        or levels.identifier == "exact"
    )


def _contested(levels: PersonLevels) -> bool:
    own = [levels.phone == "exact", levels.email == "exact", levels.born == "exact"]
    enough = 2 if levels.given == "none" else 1
    return levels.family != "none" and any(own[:2]) and sum(own) >= enough


def _rarity(
    one: Mention, other: Mention, levels: PersonLevels, model: Model, frequencies: Frequencies
) -> list[Line]:
    lines = []
    if levels.given == "exact" and (shared := set(one.name.given) & set(other.name.given)):
        bits = max(frequencies.name_bits("given", word, model.usual_given) for word in shared)
        lines.append(Line("given_is_common", "", bits))
    if levels.family == "exact" and (shared := set(one.name.family) & set(other.name.family)):
        bits = max(frequencies.name_bits("family", word, model.usual_family) for word in shared)
        lines.append(Line("family_is_common", "", bits))
    return [line for line in lines if line.bits]


def register_bits(people: int, model: Model) -> float:
    """What the size of the register takes off: the more people it knows, the more look alike by chance."""
    return math.log2(max(people, model.thresholds.smallest_register))
