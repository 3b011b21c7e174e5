"""Turns a referral into what routing knows of a case, and that into what a life begins with."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from services.triage.domain.life.situation import Consent, Side, Situation
from services.triage.domain.routing.facts import AGES, RESPONSIBLE_AGES, TENURES, Age, Facts, age_on
from shared.working_time import LONDON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.triage.domain.areas import Place
    from shared.contracts.referral import Address, Party, Referral

_IN_CUSTODY = ("prison_number", "prison", "custody")
_TELEPHONES = ("mobile", "landline")
_LANDLORD = ("landlord", "social_landlord")
# How far responsibility is accepted, from nothing on.
_ACCEPTED_LEAST: Final = ("denied", "no_comment", "unknown", "partial", "guilty_plea", "full")
# What each side decides of, and how: the parts of the names under which the days of it are kept.
_KEPT: Final[dict[tuple[Side, str], str]] = {
    ("initiator", "approach_other_party"): "approach",
    ("initiator", "sharing"): "sharing",
    ("other", "sharing"): "other_sharing",
}
_KEPT_AS: Final = {"given": "agreed_on", "refused": "refused_on"}


def home_of(referral: Referral) -> Address | None:
    """The home that decides the area: the harmed person's, else that of any party that complains."""
    homes = [party for party in referral.parties if party.role != "responsible"]
    homes.sort(key=lambda party: party.role != "harmed")
    return next((party.address for party in homes if _is_somewhere(party.address)), None)


def other_home_of(referral: Referral) -> Address | None:
    """Where the responsible person lives: it decides which youth justice service has a child's case.

    Of several it is the home of whose age decides, and where that is not known nobody else's.
    """
    people = _responsible(referral)
    decides = _first_of([_age_of(party, referral) for party in people], RESPONSIBLE_AGES)
    homes = (party.address for party in people if _age_of(party, referral) == decides)
    return next(filter(_is_somewhere, homes), None)


def sides_of(referral: Referral) -> list[Side]:
    """On which side each party stands, in their order.

    Where nobody was harmed by somebody (a dispute), whoever is named first has asked.
    """
    asked = "responsible" if referral.initiated_by == "responsible" else "harmed"
    if all(party.role == "party" for party in referral.parties):
        return ["initiator" if place == 0 else "other" for place in range(len(referral.parties))]
    return ["initiator" if party.role == asked else "other" for party in referral.parties]


def _is_somewhere(address: Address | None) -> bool:
    return address is not None and bool(address.postcode or address.uprn)


def _age_of(party: Party, referral: Referral) -> Age:
    return age_on(party.date_of_birth, referral.referred_at.astimezone(LONDON).date())


def _first_of(ages: Sequence[Age], order: tuple[Age, ...]) -> Age:
    return min(ages, key=order.index, default="unknown")


def _responsible(referral: Referral) -> list[Party]:
    return [party for party in referral.parties if party.role == "responsible"]


def read_facts(referral: Referral, home: Place, other_home: Place) -> Facts:
    """What one referral tells; the places are those of the two homes."""
    event, risks = referral.event, referral.risks
    # Each side of a dispute describes itself as harmed.
    harmed = [party for party in referral.parties if party.role != "responsible"]
    schemes = {one.scheme for party in _responsible(referral) for one in party.identifiers}
    return Facts(
        strand=referral.strand,
        kind=event.type,
        area=home.area,
        police_area=home.police,
        possible_areas=home.possible,
        stage=event.justice_stage,
        responsible_age=_first_of(
            [_age_of(party, referral) for party in _responsible(referral)], RESPONSIBLE_AGES
        ),
        responsible_area=other_home.area,
        harmed_age=_first_of([_age_of(party, referral) for party in harmed], AGES),
        markers=frozenset(risks.markers if risks else ()),
        danger=risks.immediate_danger if risks else False,
        custody=not schemes.isdisjoint(_IN_CUSTODY),
        hearing_on=event.next_hearing_on,
        calls=(referral.demand_baseline.police_calls or 0) if referral.demand_baseline else 0,
        need=referral.need_identified_by,
        tenure=_tenure(referral),
        services=frozenset(referral.services_wanted),
        initiated_by=referral.initiated_by or "agency",
        enhanced=any(party.enhanced_rights for party in referral.parties if party.role != "responsible"),
        assessment_point=referral.assessment_point,
        identified=event.offender_identified,
        admission=_admission(referral),
        forbidden_until=max(_forbidden(referral), default=None),
        sharing_refused=_refuses_sharing(referral),
        by_phone=frozenset(_by_phone(referral)),
        told_stage=event.justice_stage,
        told_hearing_on=event.next_hearing_on,
        **_agreed(referral),
    )


def _by_phone(referral: Referral) -> Iterator[Side]:
    for party, side in zip(referral.parties, sides_of(referral), strict=True):
        if any(one.channel in _TELEPHONES and one.safe == "yes" for one in party.contacts):
            yield side


def _tenure(referral: Referral) -> str:
    for party in referral.parties:
        for one in party.identifiers:
            if one.scheme in _LANDLORD:
                return "social"
            if one.scheme == "tenure" and one.value in TENURES:
                return one.value
    return "unknown"


def _admission(referral: Referral) -> str:
    """How far responsibility is accepted: of several as far as each of them does."""
    plea = "guilty_plea" if referral.event.justice_stage == "guilty_plea" else "unknown"
    told = [
        party.responsibility.accepted if party.responsibility is not None else plea
        for party in _responsible(referral)
    ]
    return min(told, key=_ACCEPTED_LEAST.index, default=plea)


def _forbidden(referral: Referral) -> Iterator[dt.date]:
    return (order.until or dt.date.max for order in referral.orders if order.forbids_contact)


def _agreed(referral: Referral) -> dict[str, Any]:
    """What each side has agreed to or refused; and until when whoever asked wanted to think, and of what.

    Of several on one side nobody is spoken for by another: one's "no" is as new as the last yes.
    """
    told: dict[str, Any] = {}
    thinking_over: set[str] = set()
    decided: set[str] = set()
    for party, side in zip(referral.parties, sides_of(referral), strict=True):
        for consent in party.consents:
            on = consent.decided_on or referral.referred_at.astimezone(LONDON).date()
            what = _KEPT.get((side, consent.to))
            if what is not None and consent.decision in _KEPT_AS:
                name = f"{what}_{_KEPT_AS[consent.decision]}"
                told[name] = max(told.get(name, on), on)
            if side != "initiator":
                continue
            if consent.decision == "deferred" and consent.contact_again_on:
                told["more_time_until"] = consent.contact_again_on
                thinking_over.add(consent.to)
            if consent.decision in ("given", "refused"):
                decided.add(consent.to)
    for what in _KEPT.values():
        if f"{what}_refused_on" in told:
            dates = (told[f"{what}_refused_on"], told.get(f"{what}_agreed_on", dt.date.min))
            told[f"{what}_refused_on"] = max(dates)
    return told | {"thinking_over": frozenset(thinking_over), "decided": frozenset(decided)}


def _refuses_sharing(referral: Referral) -> bool:
    """Whether somebody who was harmed, or who asked, does not want another service to be told."""
    return any(
        consent.to == "sharing" and consent.decision == "refused"
        for party in referral.parties
        if party.role != "responsible" or referral.initiated_by == "responsible"
        for consent in party.consents
    )


def with_refusals(situation: Situation, begun: Situation) -> Situation:
    """A "no" that a referral told of is the newest word, unless something was recorded of it on a later day.

    `begun` is what was known before anything was recorded.
    """
    later = {
        what: told
        for what, told in begun.consents.items()
        if told.decision == "refused" and situation.consents[what].on <= told.on
    }
    return replace(situation, consents={**situation.consents, **later}) if later else situation


def begin_situation(
    facts: Facts, lacks: Sequence[str] | None, gates: Sequence[str], today: dt.date
) -> Situation:
    """What is known of a case before anything was recorded in it."""
    told: tuple[tuple[tuple[Side, str], dt.date | None, dt.date | None], ...] = (
        (("initiator", "approach_other"), facts.approach_agreed_on, facts.approach_refused_on),
        (("initiator", "sharing"), facts.sharing_agreed_on, facts.sharing_refused_on),
        (("other", "sharing"), facts.other_sharing_agreed_on, facts.other_sharing_refused_on),
    )
    consents: dict[tuple[Side, str], Consent] = {}
    for what, agreed, refused in told:
        if refused is not None and (agreed is None or agreed <= refused):
            consents[what] = Consent("refused", refused)
        elif agreed is not None:
            consents[what] = Consent("given", agreed)
    return Situation(
        today=today,
        strand=facts.strand,
        initiated_by=facts.initiated_by,
        lacks=tuple(lacks or ()),
        gates=frozenset(gates),
        identified=facts.identified,
        admission=facts.admission,
        forbidden_until=facts.forbidden_until,
        stage=facts.stage or "unknown",
        safe_contact="safe_contact" not in (lacks or ()),
        by_phone=facts.by_phone,
        consents=consents,
    )
