"""Put every account of a neighbourhood into its case, by all that they weigh and humans said.

The cases of a neighbourhood are a function of its accounts: whichever came first, the same end up together.
So one more account may join a case, open one, make two cases one, or set apart what only looked alike before.
A case stays with the referral that founded it: so a merge can be undone, and leaves everything where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from services.triage.compare_account import judged
from services.triage.domain.life.states import TOLD_AGENCY
from services.triage.domain.matching.partition import UNSEEN, partition
from services.triage.join_lives import merge_life, separate_life
from services.triage.lives.store import Lives
from services.triage.miss_needs import miss_needs, reckon_needs
from services.triage.pause_case import pause_where_none_stands, say_paused
from services.triage.put_back import put_back, stands_now
from services.triage.schema import read_brings
from services.triage.send_case import (
    learn,
    learn_anew,
    open_case,
    resume_case,
    take_up_again,
    try_to_release,
    waits_for_more,
)
from services.triage.store import UNSETTLED
from shared.contracts import CaseJoined, CaseMerged, CaseProgressed, CaseTelltales, ReferralReceived
from shared.telltales import telltales_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from uuid import UUID

    from services.triage.domain.gates import Need
    from services.triage.domain.matching.judge_events import Judge
    from services.triage.send_case import Table
    from services.triage.standings_store import Standing
    from services.triage.store import Register, Review
    from shared.contracts.envelope import Lane
    from shared.messaging.unit import Unit


@dataclass
class Settled:
    """What was settled: the neighbourhood, and the case of each account that was moved."""

    neighbourhood: list[str]
    moved: dict[str, UUID] = field(default_factory=dict)
    left: set[UUID] = field(default_factory=set)
    # Cases to which nobody came but who was taken back.
    at_rest: set[UUID] = field(default_factory=set)
    # Cases of their own again: in the other some of theirs may have been amended, or taken back.
    apart: set[UUID] = field(default_factory=set)
    # Cases that are just what they were before others came.
    put_back: set[UUID] = field(default_factory=set)
    # How each case stood before anybody moved.
    before: dict[UUID, Standing] = field(default_factory=dict)


@dataclass(frozen=True)
class Clerk:
    """Whoever settles: the register, the judge, the routing table and the unit, together."""

    register: Register
    judge: Judge
    table: Table
    unit: Unit
    who: str = "triage"
    why: str = ""
    travels: Lane = "normal"

    def bits(self, one: str, other: str) -> float:
        """What two accounts weigh: as it was kept, or compared now."""
        known = self.register.bits(one, other)
        return (
            judged(one, other, self.judge, self.register, self.unit).evidence.bits if known is None else known
        )

    def heard(self, reference: str) -> ReferralReceived:
        """A referral as triage heard it."""
        known = self.register.known(reference)
        assert known is not None  # noqa: S101 - only who was looked up is settled
        return ReferralReceived(
            reference=reference,
            agency=known.triaged.agency,
            version=known.triaged.version,
            received_at=self.unit.now,
            referral=self.register.content(reference),
            travels=self.travels,
        )

    def brings(self, message: ReferralReceived) -> tuple[Need, ...]:
        """What of the gates a referral passes."""
        return read_brings(message.referral, by_themselves=message.agency in self.table.by_themselves)


def settle_cases(changed: Collection[str], clerk: Clerk) -> Settled:
    """Settle whatever hangs together with these referrals; those that have no case yet get one."""
    nodes = neighbourhood(changed, clerk)
    # Who hangs together with nobody is on their own.
    groups = _grouped(nodes, clerk) if len(nodes) > 1 else [nodes]
    settled, owned = Settled(nodes), _owned(groups, clerk)
    _look_at(nodes, owned, clerk, settled)
    for group, cases in zip(groups, owned, strict=True):
        _settle_group(group, cases, clerk, settled)
    left = settled.left - {UNSETTLED}
    for case_id in sorted(left):
        _be_as_before(case_id, clerk, settled)
    for case_id in sorted((left | settled.at_rest | settled.apart) - settled.put_back):
        miss_needs(case_id, clerk.unit, clerk.table, left=case_id in left)
        pause_where_none_stands(case_id, clerk.unit, clerk.table)
    for reference in sorted(settled.moved.keys() | set(changed)):
        tell_telltales(reference, clerk)
    _ask(nodes, clerk)
    return settled


def _look_at(nodes: Sequence[str], owned: Iterable[Iterable[UUID]], clerk: Clerk, settled: Settled) -> None:
    """Remember how every case stands in which somebody is, or that may be one of its own again."""
    cases = {*(_case_of(node, clerk) for node in nodes), *(case for group in owned for case in group)}
    for case_id in sorted(cases - {UNSETTLED}):
        standing = stands_now(case_id, clerk.unit)
        if standing is not None:
            settled.before[case_id] = standing


def _grouped(nodes: Sequence[str], clerk: Clerk) -> list[list[str]]:
    """Which of a neighbourhood belong together."""
    register, thresholds = clerk.register, clerk.judge.model.thresholds
    weighed = {}
    for one, other in combinations(nodes, 2):
        known = register.bits(one, other)
        if known is not None:
            weighed[one, other] = known
    said: dict[str, list[tuple[str, str]]] = {"same": [], "different": []}
    for one, other, verdict in register.all_said():
        said[verdict].append((one, other))
    place = {node: number for number, node in enumerate(nodes)}
    return partition(
        nodes,
        weighed,
        least=thresholds.same_case,
        mean=thresholds.mean_of_cases,
        contradiction=thresholds.contradiction,
        one=sorted(p for p in said["same"] if p[0] in place and p[1] in place),
        apart=said["different"],
        weigh=lambda one, other: weighed.get((one, other), weighed.get((other, one), UNSEEN)),
    ).groups


def tell_telltales(reference: str, clerk: Clerk) -> None:
    """What no message about the case may hold, now that this referral, in this version, is in it."""
    message = clerk.heard(reference)
    clerk.unit.say(
        CaseTelltales(
            case=clerk.register.case(_case_of(reference, clerk)).reference,
            referral=reference,
            version=message.version,
            telltales=telltales_of(message.referral, clerk.unit.keys.lookup),
            travels=clerk.travels,
        )
    )


def neighbourhood(changed: Iterable[str], clerk: Clerk) -> list[str]:
    """All that hangs together with these: who is in their cases, weighs enough, or was said to be one.

    In an order that depends on what they are and not on when they came.
    """
    register, least = clerk.register, clerk.judge.model.thresholds.same_case
    same: dict[str, set[str]] = {}
    for one, other, verdict in register.all_said():
        if verdict == "same":
            same.setdefault(one, set()).add(other)
            same.setdefault(other, set()).add(one)
    found: set[str] = set()
    waiting = list(changed)
    while waiting:
        reference = waiting.pop()
        known = register.known(reference)
        if reference in found or known is None:
            continue
        found.add(reference)
        waiting += register.members(known.triaged.case_id)
        waiting += same.get(reference, ())
        for other in register.compared_with(reference):
            bits = register.bits(reference, other)
            if bits is not None and bits >= least:
                waiting.append(other)

    def by_record(reference: str) -> tuple[str, str]:
        known = register.known(reference)
        assert known is not None  # noqa: S101 - found above
        return known.triaged.agency, known.triaged.source_record_id

    return sorted(found, key=by_record)


def _owned(groups: Sequence[Sequence[str]], clerk: Clerk) -> list[list[UUID]]:
    """The cases that each group owns, the oldest first: those that its members founded."""
    owned = []
    for group in groups:
        opened = (known.opened_case for known in map(clerk.register.known, group) if known is not None)
        owned.append(sorted({case for case in opened if case is not None}))
    return owned


def _settle_group(group: Sequence[str], cases: Sequence[UUID], clerk: Clerk, settled: Settled) -> None:
    register = clerk.register
    came_back = [reference for reference in group if _case_of(reference, clerk) != UNSETTLED]
    if not cases:
        target = _found(group, clerk, settled)
    else:
        standing = [case_id for case_id in cases if register.case(case_id).merged_into is None]
        target = (standing or list(cases))[0]
        if standing:
            came_back = []
        else:
            _resume(target, group, clerk, settled)
    # Who was not taken back is named first: of whatever is told of those who come, they are the reason.
    arrived = sorted((r for r in group if _case_of(r, clerk) != target), key=lambda r: not register.stands(r))
    # Who comes back to a case brings nothing that it did not have: it stands where it stood.
    more = [r for r in arrived if r not in came_back and register.stands(r)]
    brings_more = any(_pauses(target, clerk) or _goes_on(_case_of(r, clerk), clerk) for r in more)
    if arrived and not more:
        settled.at_rest.add(target)
    ended = [r for r in arrived if not _goes_on(_case_of(r, clerk), clerk)]
    for reference in arrived:
        settled.left.add(_case_of(reference, clerk))
        register.move(reference, target)
        settled.moved[reference] = target
    # Before what they bring is known there: whoever has it again is told of a danger in it.
    again = brings_more and take_up_again(
        clerk.heard(more[0]), register.case(target), register, clerk.unit, clerk.table
    )
    if again:  # while it paused, or had ended, something may have been taken away that nobody missed
        reckon_needs(target, clerk.unit, clerk.table)
    for case_id in cases:
        if case_id != target and register.case(case_id).merged_into != target:
            _merge(case_id, target, clerk)
    if target in settled.put_back:
        _tell_of_return(target, arrived, clerk)
    else:
        _tell_of_arrivals(target, arrived, ended, clerk, again=again)
    _tell_where_it_stands(target, came_back, clerk)


def _found(group: Sequence[str], clerk: Clerk, settled: Settled) -> UUID:
    """A new case, founded by one of these."""
    register = clerk.register
    founder = min(group, key=lambda reference: (not register.stands(reference), reference))
    message = clerk.heard(founder)
    known = register.known(founder)
    # Of referrals from before there were gates it was not kept.
    brings = (known and known.brings) or clerk.brings(message)
    case = open_case(message, brings, register, clerk.unit, clerk.table)
    settled.left.add(_case_of(founder, clerk))
    register.move(founder, case.id, opens=True)
    settled.moved[founder] = case.id
    if not register.stands(founder):
        settled.at_rest.add(case.id)
    return case.id


def _goes_on(case_id: UUID, clerk: Clerk) -> bool:
    """Whether what comes from there is still to be dealt with: it is new, or of a case that has not ended."""
    kept = None if case_id == UNSETTLED else Lives.of(clerk.unit).find(case_id)
    return kept is None or kept.life.is_open


def _pauses(case_id: UUID, clerk: Clerk) -> bool:
    """Whether the case rests on nothing: whoever stands and comes into it is reason enough to go on."""
    kept = Lives.of(clerk.unit).find(case_id)
    return kept is not None and kept.life.state == "withdrawn"


def _case_of(reference: str, clerk: Clerk) -> UUID:
    known = clerk.register.known(reference)
    assert known is not None  # noqa: S101 - members of groups were looked up
    return known.triaged.case_id


def _tell_of_arrivals(
    target: UUID, arrived: Sequence[str], ended: Sequence[str], clerk: Clerk, *, again: bool
) -> None:
    """Whoever comes to a case that lacks something may bring it; with `again` its team has it again.

    Those of a case that had `ended` were told so, and are told where this one stands.
    """
    register, unit, table = clerk.register, clerk.unit, clerk.table
    for number, reference in enumerate(arrived):
        case = register.case(target)
        _note_arrival(reference, target, clerk)
        message = clerk.heard(reference)
        tells = again and number == 0
        if waits_for_more(case, unit):
            try_to_release(message, case, register, unit, table, again=tells)
            continue
        learn(message, case, unit, table)
        _say_joined(reference, target, clerk)
        if tells:
            resume_case(message, case, unit, table)
    _tell_where_it_stands(target, ended, clerk)


def _tell_of_return(target: UUID, arrived: Sequence[str], clerk: Clerk) -> None:
    """The case was put back, and those who are in it again tell nothing that it did not know."""
    for reference in arrived:
        _note_arrival(reference, target, clerk)
        if not waits_for_more(clerk.register.case(target), clerk.unit):
            _say_joined(reference, target, clerk)
    _have_it_again(target, arrived, clerk)


def _note_arrival(reference: str, case_id: UUID, clerk: Clerk) -> None:
    why = _why(reference, case_id, clerk)
    clerk.register.note(case_id, "joined", who=clerk.who, referral=reference, evidence=why)


def _say_joined(reference: str, case_id: UUID, clerk: Clerk) -> None:
    case, now = clerk.register.case(case_id), clerk.unit.now
    clerk.unit.say(CaseJoined(case=case.reference, referral=reference, joined_at=now, travels=clerk.travels))


def _tell_where_it_stands(case_id: UUID, came_back: Sequence[str], clerk: Clerk) -> None:
    """These are in a case of their own again: what became of the other one is not its affair.

    While they were in that, whoever referred them was told what became of it. Of what the case lacks they are
    told by its return.
    """
    case, kept = clerk.register.case(case_id), Lives.of(clerk.unit).find(case_id)
    if kept is None or kept.life.state == "returned":
        return
    for reference in came_back:
        clerk.unit.say(
            CaseProgressed(
                case=case.reference,
                referral=reference,
                status=TOLD_AGENCY[kept.life.state],
                progressed_at=clerk.unit.now,
            )
        )


def _be_as_before(case_id: UUID, clerk: Clerk, settled: Settled) -> None:
    """Somebody has left this case; unless it went with them, it stands as it did before they came.

    Where more has happened to it since, it knows what the others tell.
    """
    register = clerk.register
    members, moved = register.members(case_id), settled.moved
    if not members or register.case(case_id).merged_into is not None:
        return
    now = settled.before.get(case_id)
    if now is not None and not now.members.keys() >= set(members):
        now = None  # others have come
    before = now and put_back(now, members, clerk.unit, clerk.table, who=clerk.who)
    if now is not None and before is not None:
        settled.put_back.add(case_id)
        _tell_of_change(now, before, clerk)
        return

    def in_turn(reference: str) -> tuple[bool, tuple[UUID, ...], str]:
        known = register.known(reference)
        assert known is not None  # noqa: S101 - members of cases that were looked up are
        return known.opened_case != case_id, known.own_people, reference

    heard = [clerk.heard(reference) for reference in sorted(members, key=in_turn)]
    left = [clerk.heard(reference) for reference in moved if _case_of(reference, clerk) != case_id]
    learn_anew(heard, register.case(case_id), clerk.unit, clerk.table, left=left)


def _tell_of_change(now: Standing, before: Standing, clerk: Clerk) -> None:
    """Whoever was told what became of the case when somebody came is told that it is as it was before."""
    case_id, was, life = before.case.id, now.kept.life, before.kept.life
    if (now.case.team, was.state) == (before.case.team, life.state):
        return
    members = clerk.register.members(case_id)
    _have_it_again(case_id, members, clerk)
    if TOLD_AGENCY[was.state] != TOLD_AGENCY[life.state]:
        _tell_where_it_stands(case_id, members, clerk)


def _why(reference: str, case_id: UUID, clerk: Clerk) -> dict[str, object]:
    """With which account of the case this one weighs most; the comparison of the two says why."""
    others = [other for other in clerk.register.members(case_id) if other != reference]
    weighed = sorted(
        ((clerk.register.bits(reference, other), other) for other in others),
        key=lambda w: (-(w[0] or -99), w[1]),
    )
    if clerk.why or not weighed:
        return {"said_by": clerk.who}
    bits, other = weighed[0]
    return {"with": other, "bits": bits}


def _merge(case_id: UUID, target: UUID, clerk: Clerk) -> None:
    register, unit = clerk.register, clerk.unit
    case, into = register.case(case_id), register.case(target)
    register.change_case(case._replace(merged_into=target))
    register.note(case_id, "merged", who=clerk.who, into=into.reference)
    register.note(target, "merged_in", who=clerk.who, case=case.reference)
    merge_life(case, into, unit, clerk.table, who=clerk.who)
    unit.say(
        CaseMerged(
            case=case.reference,
            into=into.reference,
            to_team=case.team,
            merged_at=unit.now,
            travels=clerk.travels,
        )
    )


def _resume(case_id: UUID, group: Sequence[str], clerk: Clerk, settled: Settled) -> None:
    register = clerk.register
    settled.apart.add(case_id)
    register.note(case_id, "separated", who=clerk.who)
    now = settled.before.get(case_id)
    if now is not None and put_back(now, group, clerk.unit, clerk.table, who=clerk.who):
        settled.put_back.add(case_id)
        separate_life(register.case(case_id), clerk.unit, clerk.table, who=clerk.who)
        return
    register.change_case(register.case(case_id)._replace(merged_into=None))
    # Whether it rests on anything is looked at anew: meanwhile some came, or were taken back.
    if register.case(case_id).withdrawn_at is not None:
        register.take_up_again(case_id)
    separate_life(register.case(case_id), clerk.unit, clerk.table, who=clerk.who)
    _have_it_again(case_id, group, clerk)


def _have_it_again(case_id: UUID, members: Sequence[str], clerk: Clerk) -> None:
    """Whoever has the case now is told so; of one that has ended, or rests on nothing, that it does."""
    register, unit = clerk.register, clerk.unit
    case, kept = register.case(case_id), Lives.of(unit).find(case_id)
    standing = [reference for reference in members if register.stands(reference)]
    if kept is not None and not kept.life.is_open:
        return  # it had ended before anybody came, and nobody goes on with it
    if standing:
        resume_case(clerk.heard(min(standing)), case, unit, clerk.table)
    elif case.withdrawn_at is not None:
        say_paused(case, min(members), unit)


def _ask(nodes: Sequence[str], clerk: Clerk) -> None:
    """Put before a human what is likely, and was not joined; close the questions that are none any more."""
    register = clerk.register
    _close_questions(clerk)
    for cases, (bits, one, other) in sorted(_likely(nodes, clerk).items(), key=lambda item: item[1][1:]):
        if not _asked_or_answered(cases, register) and register.ask_review(one, other):
            for case_id in sorted(cases):
                register.note(case_id, "review_asked", referrals=[one, other], bits=bits)


def _close_questions(clerk: Clerk) -> None:
    """Close the questions inside a case; of those between the same two cases the likeliest stays open.

    When two cases become one, whoever may belong to either was asked about twice; and of cases that were told
    apart nothing is asked, also where somebody came into one of them about whom it was.
    """
    register = clerk.register

    def likelihood(review: Review) -> tuple[float, str, str]:
        bits = register.bits(review.one, review.other)
        return UNSEEN if bits is None else bits, review.one, review.other

    between: dict[frozenset[UUID], list[Review]] = {}
    for review in register.open_reviews():
        known = [k for k in (register.known(review.one), register.known(review.other)) if k is not None]
        if len(known) > 1:
            between.setdefault(frozenset(k.triaged.case_id for k in known), []).append(review)
    for cases, asked in between.items():
        if len(cases) == 1:
            for review in asked:
                register.close_review(review, "same" if clerk.why else "joined", clerk.who)
            continue
        likeliest = None if _told_apart(cases, register) else max(asked, key=likelihood)
        for review in asked:
            if review is not likeliest:
                register.close_review(review, "elsewhere")


def _likely(nodes: Sequence[str], clerk: Clerk) -> dict[frozenset[UUID], tuple[float, str, str]]:
    """For each two cases that may be one: the two referrals that weigh most, and how much."""
    register = clerk.register
    best: dict[frozenset[UUID], tuple[float, str, str]] = {}
    pairs = ((node, near) for node in nodes for near in register.compared_with(node))
    for one, other in pairs:
        bits = register.bits(one, other)
        if register.known(other) is None or bits is None or clerk.judge.verdict(bits) == "different":
            continue
        cases = frozenset((_case_of(one, clerk), _case_of(other, clerk)))
        first, second = sorted((one, other))
        if len(cases) > 1 and (cases not in best or (bits, first, second) > best[cases]):
            best[cases] = (bits, first, second)
    return best


def _asked_or_answered(cases: frozenset[UUID], register: Register) -> bool:
    """Whether these two cases are before a human already, or were told apart by one."""
    one, other = (register.members(case_id) for case_id in sorted(cases))
    is_asked = any(register.is_asked(a, b) for a in one for b in other)
    return is_asked or _told_apart(cases, register)


def _told_apart(cases: frozenset[UUID], register: Register) -> bool:
    """Whether a human has said of somebody in the one case that they are not in the other."""
    one, other = (register.members(case_id) for case_id in sorted(cases))
    return any(register.said(a, b) == "different" for a in one for b in other)
