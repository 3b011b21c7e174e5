"""Referrals that do not belong in a case leave it, and everything goes back to where it belongs."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from services.triage.cases import store as cases_store
from services.triage.cases.hold_case import NotYours
from services.triage.reviews.hold_neighbourhood import Stale, hold_neighbourhood, record_why, settle_by_word
from shared.identity import read_reference
from shared.problems import Fault, NotFound, Unprocessable, pointer_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.triage.cases.hold_case import Who
    from services.triage.reviews.hold_neighbourhood import Office
    from shared.messaging.unit import Unit


def separate_case(
    case: str,
    referrals: Sequence[str],
    why: str,
    who: Who,
    unit: Unit,
    office: Office,
) -> dict[str, str]:
    """Each referral that was in the case, with the case that it is in now.

    Those that are named are told apart from all others of the case, for ever; among themselves they stay
    together as far as they belong together. Whoever was merged in goes back into the case they came from.
    Raises `NotFound`, `NotYours`, `Stale`, and `Unprocessable` with every referral that is not in the case.
    """
    wanted = read_reference(case)
    seen = wanted and cases_store.find_seen(unit.connection, unit.keys.rest, who.sees, wanted)
    if not seen:
        raise NotFound
    if who.role != "supervisor" and who.team != seen.case.team:
        message = f"Separating is for the team that has the case: {seen.case.team}."
        raise NotYours(message)
    members = cases_store.all_references_in(unit.connection, seen.case.id)
    leaving = _read_leaving(referrals, members)
    clerk = hold_neighbourhood([seen.case.id], who, why, unit, office)
    register = clerk.register
    if set(register.members(seen.case.id)) != set(members):
        raise Stale
    staying = [reference for reference in members if reference not in leaving]
    for one, other in product(leaving, staying):
        register.keep_judgement(one, other, "different", who.name, why)
    register.note(seen.case.id, "set_apart", who=who.name, referrals=leaving, role=who.role)
    record_why(seen.case.id, "set_apart", who, why, unit)
    settle_by_word(members, clerk)
    found = {}
    for reference in members:
        triaged = register.referral(reference)
        assert triaged is not None  # noqa: S101 - members were looked up
        found[reference] = register.case(triaged.case_id).reference
    return found


def _read_leaving(referrals: Sequence[str], members: Sequence[str]) -> list[str]:
    faults: list[Fault] = []
    leaving: list[str] = []
    for place, typed in enumerate(referrals):
        reference = read_reference(typed)
        if reference is None or reference not in members:
            faults.append(
                Fault(pointer_to("referrals", place), "not_in_case", "Name referrals of this case.")
            )
        elif reference not in leaving:
            leaving.append(reference)
    if not faults and (not leaving or len(leaving) == len(members)):
        told = "Name at least one referral that leaves, and leave at least one in the case."
        faults.append(Fault("/referrals", "not_in_case", told))
    if faults:
        raise Unprocessable(errors=faults)
    return leaving
