"""Somebody says whether two referrals tell of one case: that holds for ever, and what it touches follows."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from services.triage.cases.hold_case import NotYours
from services.triage.cases.refer_across import end_sharing_where_refused
from services.triage.cases.store import Sees
from services.triage.reviews import store
from services.triage.reviews.hold_neighbourhood import Stale, hold_neighbourhood, record_why, settle_by_word
from shared.problems import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from services.triage.cases.hold_case import Who
    from services.triage.reviews.hold_neighbourhood import Office
    from services.triage.reviews.store import Question
    from services.triage.store import Register
    from shared.messaging.unit import Unit

EVERYTHING = Sees(everything=True)


class AlreadyDecided(Conflict):
    """The question was answered already, or has gone away."""

    code = "already_decided"
    advice = "GET the review: it says who decided. A merge is undone with a separation."


def verdicts_of(question: Question, who: Who) -> tuple[str, ...]:
    """What this person may say of it.

    To make two cases one shows each team the other's people, so only who sees both may say so; whoever has
    one of the cases may keep it apart (docs/decisions/0021).
    """
    own = [beside for beside in question.both if beside.seen and who.team == beside.team]
    if question.closed_at is not None or not (own or who.role == "supervisor"):
        return ()
    return ("same", "different") if question.seen else ("different",)


def decide_review(
    review_id: UUID,
    verdict: str,
    why: str,
    versions: Sequence[int] | None,
    who: Who,
    unit: Unit,
    office: Office,
) -> Question:
    """The question with its answer.

    The word is kept of every pair that the question stands for: each referral of the one case with each of
    the other. `versions` are those of the two records that were looked at; `Stale` when there are newer ones.
    Raises `AlreadyDecided`, `NotYours`, `NotFound`.
    """
    question = _open_question(review_id, verdict, who, unit)
    cases = {beside.case_id for beside in question.both}
    clerk = hold_neighbourhood(cases, who, why, unit, office)
    register = clerk.register
    review = next((one for one in register.open_reviews() if one.id == review_id), None)
    if review is None:
        raise AlreadyDecided
    known = [register.referral(reference) for reference in (review.one, review.other)]
    if None in known or {one.case_id for one in known if one is not None} != cases:
        raise Stale
    if versions is not None and list(versions) != [one.version for one in known if one is not None]:
        raise Stale
    one_side, other_side = (register.members(beside.case_id) for beside in question.both)
    for one, other in product(one_side, other_side):
        register.keep_judgement(one, other, verdict, who.name, why)
    _close(one_side, other_side, verdict, who.name, register)
    for beside in question.both:
        register.note(
            beside.case_id,
            f"said_{verdict}",
            who=who.name,
            review=str(review_id),
            referrals=[review.one, review.other],
            role=who.role,
        )
        # Another team does not learn from it whom this one speaks of.
        if question.seen or who.team == beside.team:
            record_why(beside.case_id, f"said_{verdict}", who, why, unit)
    settle_by_word([*one_side, *other_side], clerk)
    for case_id in cases:  # what somebody said in the one case holds in both
        end_sharing_where_refused(case_id, unit, office.table)
    unit.flush()
    found = store.find_question(unit.connection, EVERYTHING, review_id)
    assert found is not None  # noqa: S101 - it was there above
    return found


def _open_question(review_id: UUID, verdict: str, who: Who, unit: Unit) -> Question:
    question = store.find_question(unit.connection, who.sees, review_id)
    if question is None:
        raise NotFound
    if question.closed_at is not None:
        raise AlreadyDecided
    if verdict not in verdicts_of(question, who):
        teams = " and ".join(sorted({beside.team for beside in question.both}))
        message = f"Only who sees both records may say that: a supervisor, or both teams' own ({teams})."
        raise NotYours(message)
    return question


def _close(
    one_side: Sequence[str], other_side: Sequence[str], verdict: str, who: str, register: Register
) -> None:
    """Every question between these two cases has its answer."""
    for review in register.open_reviews():
        pair = {review.one, review.other}
        if pair & set(one_side) and pair & set(other_side):
            register.close_review(review, verdict, who)
