"""Whether two accounts tell of one event: the weight of everything that they agree and differ in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from services.triage.domain.matching.accounts import Account, Mention
from services.triage.domain.matching.compare_events import (
    Pairing,
    compare_events,
    day_turned,
    hold_people,
    is_crime,
    named_in,
    pair_people,
    shares_own,
    told_before,
)
from services.triage.domain.matching.compare_names import Canonicals
from services.triage.domain.matching.compare_people import PersonLevels
from services.triage.domain.matching.frequencies import Frequencies
from services.triage.domain.matching.guard_events import STRANGERS, guard_of, one_number
from services.triage.domain.matching.judge_people import judge_people, judge_profiles
from services.triage.domain.matching.model import Evidence, Line, Model, Verdict, weigh
from services.triage.domain.matching.places import NOWHERE

_REMEMBERED = 2_000  # pairs of accounts: whoever comes to a case is held against it, and its pairs come again
BELOW = 0.5  # bits
_MAY_BE = -2.0  # bits; below, two mentions are held to be two people


class Judged(NamedTuple):
    """What was found about two accounts: the weight of their events, and their people side by side."""

    evidence: Evidence
    people: tuple[Pairing, ...]


class Judge:
    """Compares accounts with one model, one snapshot of frequencies and one list of short forms."""

    def __init__(self, model: Model, frequencies: Frequencies, canonicals: Canonicals) -> None:
        """Take what every verdict of this judge will name."""
        self.model = model
        self.frequencies = frequencies
        self.canonicals = canonicals
        self._remembered = lru_cache(_REMEMBERED)(self._weigh)

    def people(self, one: Mention, other: Mention) -> tuple[Evidence, PersonLevels]:
        """The weight of two mentions, before the size of the register is taken off."""
        shared = self.frequencies.shared
        if shared:
            one, other = _own(one, shared), _own(other, shared)
        return judge_people(one, other, self.model, self.frequencies, self.canonicals)

    def profiles(
        self, ones: Collection[Mention], others: Collection[Mention]
    ) -> tuple[Evidence, PersonLevels]:
        """The weight of two people by all of their mentions, before the size of the register is taken off."""
        shared = self.frequencies.shared
        if shared:
            ones, others = ([_own(mention, shared) for mention in side] for side in (ones, others))
        return judge_profiles(ones, others, self.model, self.frequencies, self.canonicals)

    def events(self, one: Account, other: Account) -> Judged:
        """The weight of two accounts, the same whichever of them comes first.

        Ties between people are decided by their order, so the order must be the accounts' own: references are
        drawn by chance, and another draw must not make another verdict.
        """
        if _own_order(one) > _own_order(other):
            turned = self._remembered(other, one)
            return Judged(turned.evidence, tuple(p._replace(one=p.other, other=p.one) for p in turned.people))
        return self._remembered(one, other)

    def _weigh(self, one: Account, other: Account) -> Judged:
        offices = frozenset((*one.office_phones, *other.office_phones))
        if offices:
            one = one._replace(people=tuple(_own(mention, offices) for mention in one.people))
            other = other._replace(people=tuple(_own(mention, offices) for mention in other.people))
        held = hold_people(one, other, self.people)
        pairings = pair_people(held)
        levels = compare_events(one, other, pairings, self._word_bits, self.canonicals)
        crime = is_crime(one, other)
        worth = self.model.lines_of_crimes if crime else self.model.lines_of_disputes
        lines = [worth["base"]["prior"], *weigh(levels.items(), worth)]
        bits = sum(line.bits for line in lines)
        thresholds = self.model.thresholds
        others = crime and self._other_victims(one, other, held)
        guard = guard_of(
            levels,
            pairings,
            crime=crime,
            others=others,
            turned=day_turned(one, other),
            before=told_before(one, other),
        )
        most = thresholds.strangers if guard in STRANGERS else thresholds.same_case - BELOW
        if guard and bits > most:
            lines.append(Line("guard", guard, most - bits))
            bits = most
        if bits < thresholds.ask_case and one_number(levels):
            lines.append(Line("floor", "one_number", thresholds.ask_case - bits))
            bits = thresholds.ask_case
        return Judged(Evidence(bits, tuple(lines)), tuple(pairings))

    def verdict(self, bits: float) -> Verdict:
        """What the weight of two events means."""
        thresholds = self.model.thresholds
        return (
            "same" if bits >= thresholds.same_case else "ask" if bits >= thresholds.ask_case else "different"
        )

    def _other_victims(self, one: Account, other: Account, held: Sequence[Pairing]) -> bool:
        """Whether each account names whom it says was harmed, and nobody of the one can be of the other.

        Members of a household may be harmed together, and whoever is harmed beside somebody may be named in
        the other's account: those are not others.
        """
        harmed, others = _harmed(one), _harmed(other)
        if not harmed or not others:
            return False
        if any(
            p.one in harmed and p.other in others and (p.evidence.bits >= _MAY_BE or shares_own(p.levels))
            for p in held
        ):
            return False
        told = [named_in(one.people[place], other, self.canonicals) for place in harmed]
        told += [named_in(other.people[place], one, self.canonicals) for place in others]
        return "full" not in told

    def _word_bits(self, word: str) -> float:
        return self.frequencies.word_bits(word, self.model.words)


def _harmed(account: Account) -> list[int]:
    """The places of those who were harmed and have a name."""
    return [
        place
        for place, mention in enumerate(account.people)
        if mention.role != "responsible" and mention.name.somebody
    ]


def _own_order(account: Account) -> tuple[str, str, str]:
    return account.agency, account.record, account.reference


def _own(mention: Mention, shared: frozenset[str]) -> Mention:
    """The mention without telephones, addresses and a home that are an office's, or everybody's."""
    if mention.home.dwelling in shared:
        mention = mention._replace(home=NOWHERE)
    if shared.isdisjoint(mention.phones) and shared.isdisjoint(mention.emails):
        return mention
    return mention._replace(
        phones=tuple(phone for phone in mention.phones if phone not in shared),
        emails=tuple(email for email in mention.emails if email not in shared),
    )
