"""Who may be told what is known of somebody: both points have agreed to share, and so has the person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from services.triage.lives.schema import sides_of
from services.triage.lives.store import Lives

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID

    from services.triage.cases.hold_case import Who
    from services.triage.cases.needs_store import Assessment, Telling
    from shared.contracts.referral import Party
    from shared.directory import Directory
    from shared.messaging.unit import Unit

Word = Literal["given", "refused", ""]


def may_be_told(
    point: str, there: Telling, words: Mapping[UUID, Word], directory: Directory, *, agreed: bool = False
) -> bool:
    """Whether a point may be told that another leads for somebody in a case, and what was shared there.

    Where both have agreed to share, and the person agreed to it in that case and refused it nowhere. `agreed`
    says that they agreed in another way, with an assessment that others may see.
    """
    if "refused" in words.values() or not (agreed or words[there.case_id] == "given"):
        return False
    return point == there.team or are_agreed(point, there.lead or there.team, directory)


def are_agreed(point: str, other: str, directory: Directory) -> bool:
    """Whether these two points tell one another; each tells itself."""
    return point == other or directory.share(point, other)


def may_read(assessment: Assessment, who: Who, team: str) -> bool:
    """Whether whoever sees the case, and works in it for that team, may see it.

    What the person agreed to share, and what their own team, or they themselves, have recorded.
    """
    return assessment.shared or assessment.team in (who.team, team) or assessment.who == who.name


def those_that_stand(tellings: Sequence[Telling]) -> list[Telling]:
    """Without those that were taken back."""
    return [one for one in tellings if one.stands]


def by_case(tellings: Sequence[Telling]) -> dict[UUID, list[Telling]]:
    """What was told in each case."""
    found: dict[UUID, list[Telling]] = {}
    for one in tellings:
        found.setdefault(one.case_id, []).append(one)
    return found


def words_of(person: UUID, told: Mapping[UUID, Sequence[Telling]], unit: Unit) -> dict[UUID, Word]:
    """What somebody said in each of these cases of other services being told.

    What was recorded in a case is newer than what its referrals say; a refusal in any of these stands, also
    where the referral that told of it was taken back: they have said it all the same.
    """
    return {case_id: _word(person, tellings, unit) for case_id, tellings in told.items()}


def _word(person: UUID, told: Sequence[Telling], unit: Unit) -> Word:
    said = {
        consent.decision
        for telling in told
        for party in parties_of(person, telling)
        for consent in party.consents
        if consent.to == "sharing" and (telling.stands or consent.decision == "refused")
    }
    sides = {
        side
        for telling in told
        for one, side in zip(telling.people, sides_of(telling.content), strict=False)
        if one == person
    }
    for record in Lives.of(unit).records_that_count(told[0].case_id):
        if record.kind == "consent" and record.says["to"] == "sharing" and record.says["side"] in sides:
            said = {record.says["decision"]}
    if said & {"refused", "withdrawn"}:
        return "refused"
    return "given" if "given" in said else ""


def parties_of(person: UUID, telling: Telling) -> Iterator[Party]:
    """Where a referral mentions somebody, in the order of its parties."""
    return (telling.content.parties[place] for place, one in enumerate(telling.people) if one == person)
