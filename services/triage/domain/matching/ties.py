"""What ties two mentions or two people beside the sum: a name where they live, a side of a case, two slips.

Each asks of the levels of a comparison, and where those do not say it of what was told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA

from services.triage.domain.matching.accounts import Mention
from services.triage.domain.matching.compare_events import Pairing
from services.triage.domain.matching.compare_names import word_level
from services.triage.domain.matching.compare_people import A_GENERATION, PersonLevels
from services.triage.domain.matching.model import Evidence

_SIDES = ("harmed", "responsible")


def may_be_again(levels: PersonLevels) -> bool:
    """Whether the name fits and nothing speaks against: in known company, or at home, that says who it is."""
    called = levels.given in ("exact", "short", "typo") and levels.family in ("exact", "typo", "missing")
    return called and not _against(levels) and levels.born != "same_year"


def family_again(levels: PersonLevels) -> bool:
    """Whether a family name agrees, no given name is told, and nothing speaks against."""
    called = levels.given == "missing" and levels.family in ("exact", "typo")
    return called and levels.home != "none" and not _against(levels)


def wholly_named(levels: PersonLevels) -> bool:
    """Whether a whole name agrees, one of the two has no home, and nothing speaks against."""
    whole = levels.given == levels.family == "exact"
    return whole and levels.home == "missing" and not _against(levels)


def called_alike(levels: PersonLevels) -> bool:
    """Whether both names fit, be it by an initial."""
    given = levels.given in ("exact", "short", "typo", "initial")
    return given and levels.family in ("exact", "typo")


def without_gender(evidence: Evidence) -> float:
    """The bits without what is said twice: who shares the given name mostly shares the gender."""
    return evidence.bits - sum(line.bits for line in evidence.lines if line.comparison == "gender")


def of_family_at_home(levels: PersonLevels) -> bool:
    """Whether nothing but a family name and a home is told, and nothing speaks against."""
    of_family = levels.given == "missing" and levels.family in ("exact", "typo") and levels.home == "same"
    return of_family and not _against(levels)


def responsible_again(ones: Iterable[Mention], others: Iterable[Mention], levels: PersonLevels) -> bool:
    """Whether nothing but a family name and a home is told, and somebody of both was responsible before."""
    responsible = all(mention.role == "responsible" for mention in (*ones, *others))
    return responsible and of_family_at_home(levels)


def titled_as_before(ones: Iterable[Mention], others: Iterable[Mention], levels: PersonLevels) -> bool:
    """Whether two of a household are of one gender, stand in one role and have no two titles.

    `Mrs Corbrook`, who complains, is the Mrs Corbrook of that home who complained before; whoever was harmed
    by a Mr Corbrook of their home is another.
    """
    roles, others_roles = ({mention.role for mention in side} for side in (ones, others))
    titles, others_titles = ({mention.title for mention in side if mention.title} for side in (ones, others))
    another = titles and others_titles and titles.isdisjoint(others_titles)
    return levels.gender == "same" and not roles.isdisjoint(others_roles) and not another


def _against(levels: PersonLevels) -> bool:
    return "none" in (levels.phone, levels.email, levels.gender, levels.born, levels.identifier)


def born_alike(levels: PersonLevels) -> bool:
    """Whether two of one side share birth date and family name: in one case that is one, called otherwise."""
    return levels.born == "exact" and levels.family in ("exact", "typo") and levels.gender != "none"


def of_one_birth(one: Mention, other: Mention, levels: PersonLevels) -> bool:
    """Whether two of one side of a case share a birth date, or a name and a date with two slips in it."""
    return born_alike(levels) or (called_alike(levels) and _two_slips(one.born, other.born))


def _two_slips(one: dt.date | None, other: dt.date | None) -> bool:
    """Whether two birth dates are two slips apart, and not a generation."""
    if one is None or other is None or abs(one.year - other.year) >= A_GENERATION:
        return False
    return OSA.distance(f"{one:%d%m%Y}", f"{other:%d%m%Y}", score_cutoff=2) <= 2  # noqa: PLR2004


def by_middle_name(ones: Sequence[Mention], others: Sequence[Mention], levels: PersonLevels) -> bool:
    """Whether one is called at home by what is the other's middle name; a letter is anybody's."""
    if levels.given != "middle" or levels.home != "same" or _against(levels):
        return False
    return levels.family in ("exact", "typo") and any(
        word_level(called, middle) in ("exact", "typo")
        for these, those in ((ones, others), (others, ones))
        for called in {word for mention in these for word in mention.name.given}
        for middle in {word for mention in those for word in mention.name.middle if len(word) > 1}
    )


def alike_at_home(levels: PersonLevels, ones: Sequence[Mention], others: Sequence[Mention]) -> bool:
    """Whether two of a home, in one role, share a middle name, or have family names that sound alike."""
    if {mention.role for mention in ones}.isdisjoint(mention.role for mention in others):
        return False
    alike = levels.given == "exact" and levels.family == "similar" and levels.home == "same"
    return (alike and not _against(levels)) or by_middle_name(ones, others, levels)


def by_given_name(levels: PersonLevels) -> bool:
    """Whether nothing but a given name and a home is told, and nothing speaks against."""
    return levels.family == "missing" and levels.home == "same" and not _against(levels)


def may_be_called_so(one: Mention, other: Mention, pairing: Pairing) -> bool:
    """Whether no name and no gender contradicts; or somebody without a name lives at that home."""
    if one.name.somebody and other.name.somebody:
        return "none" not in (pairing.levels.given, pairing.levels.gender)
    return pairing.levels.home in ("same", "building")


def fits(one: Mention, other: Mention, pairing: Pairing) -> bool:
    """The only one of their side in both accounts of a case: whatever agrees will do."""
    levels = pairing.levels
    if "none" in (levels.born, levels.gender) or not (one.name.somebody and other.name.somebody):
        return False
    named = levels.given not in ("none", "missing") or levels.family not in ("none", "missing")
    own = levels.born in ("exact", "digit", "year_off") or levels.phone == "exact" or levels.email == "exact"
    return (named and levels.given != "none") or (own and levels.family != "none")


def other_side(one: Mention, other: Mention) -> bool:
    """Whether one was harmed and the other is responsible."""
    return one.role != other.role and one.role in _SIDES and other.role in _SIDES
