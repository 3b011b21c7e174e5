"""Send a case where it belongs: open it, return it when it lacks something, release it, take it up again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from services.triage.areas.store import Places
from services.triage.assign_case import Assigned, Loads, assign, tell_of_giving
from services.triage.domain.areas import Areas
from services.triage.domain.clocks.targets import Targets
from services.triage.domain.gates import lacking
from services.triage.domain.life.guards import Given
from services.triage.domain.life.moving import born, move
from services.triage.domain.life.situation import in_turn
from services.triage.domain.routing.facts import Facts, recorded, together
from services.triage.domain.routing.table import Decision, RoutingTable, route
from services.triage.domain.teams.assigning import Task, Teams
from services.triage.history.store import SYSTEM, History
from services.triage.keep_promise import begin_with_promise, keep_promise
from services.triage.lives.schema import begin_situation, home_of, other_home_of, read_facts
from services.triage.lives.store import Kept, Lives
from services.triage.move_case import HUB, due_in, due_of, settle_task, situation_of, today_of, try_to_move
from services.triage.store import Case, Register
from services.triage.wake_case import is_danger_new, wake_case
from shared.contracts import CaseDue, CaseJoined, CaseReturned, CaseRouted
from shared.directory import DUTY_DESK
from shared.identity import CASE, new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.triage.domain.life.states import State
    from shared.contracts import ReferralReceived
    from shared.contracts.envelope import Lane
    from shared.contracts.referral import Referral
    from shared.messaging.unit import Unit

_NOTHING = Given()
RETURNED = "The case lacks something and is returned; the duty desk has it until that has come."
# Where a case is before anybody has begun with it, or has begun anew: what it lacks keeps it there.
_WAITS: Final[frozenset[State]] = frozenset(
    {"received", "returned", "triage", "withdrawn", "reopened", "closed", "transferred"}
)
_SOON = dt.timedelta(days=28)  # a sentence so near makes the clocks run faster


@dataclass(frozen=True)
class Table:
    """The routing table, the areas, the targets and the teams, as they were read at the start."""

    routing: RoutingTable
    areas: Areas
    targets: Targets
    teams: Teams
    # The front doors by which people refer themselves: whoever does agrees to being referred.
    by_themselves: frozenset[str] = frozenset()
    text: bytes = b""
    # The staff's own addresses and telephones: who is somebody in a case does not get it.
    staff_contacts: Mapping[str, str] = field(default_factory=dict)
    loads: Loads = field(default_factory=Loads)

    @property
    def version(self) -> str:
        """The version of the routing table."""
        return self.routing.version


def look_up_areas(referrals: Iterable[Referral], unit: Unit) -> None:
    """Find at once where all of these people live."""
    homes = [home for one in referrals for home in (home_of(one), other_home_of(one))]
    Places.of(unit).look_up(homes)


def facts_of(referral: Referral, unit: Unit, table: Table) -> Facts:
    """What a referral tells routing."""
    places = Places.of(unit)
    home = places.place_of(home_of(referral), table.areas)
    other = places.place_of(other_home_of(referral), table.areas)
    return read_facts(referral, home, other)


def open_case(
    message: ReferralReceived, brings: Sequence[str], register: Register, unit: Unit, table: Table
) -> Case:
    """A new case: routed, or returned with what it lacks."""
    referral = message.referral
    facts = facts_of(referral, unit, table)
    lacks = lacking([brings])
    decision = decide(facts, lacks, unit, table)
    case = Case(
        id=new_id(),
        reference=unit.new_reference(CASE),
        strand=referral.strand,
        event_type=referral.event.type,
        area=facts.area,
        team=decision.team,
        why_there=decision._asdict(),
        opened_at=unit.now,
        lacks=lacks,
    )
    register.add_case(case)
    _begin_life(case, facts, decision, unit, table)
    if lacks:
        register.note(case.id, "opened_and_returned", referral=message.reference, lacks=lacks)
        _return(message, case, lacks, unit)
        return case
    register.note(case.id, "opened_and_routed", referral=message.reference, **case.why_there)
    _say_routed(message, case, decision, unit)
    tell_lead(case, unit, table)
    return case


def decide(facts: Facts, lacks: Sequence[str], unit: Unit, table: Table) -> Decision:
    """Where a case goes now; one that lacks something is the duty desk's."""
    decision = route(facts, table.routing, today_of(unit.now))
    return decision._replace(team=DUTY_DESK, row=0, why=RETURNED) if lacks else decision


def _stays(case: Case, decision: Decision) -> Decision:
    """A team that sent a case back still has it: it gives a case away by offering it, and in no other way."""
    if DUTY_DESK in (case.team, decision.team):
        return decision
    return decision._replace(team=case.team, row=case.why_there["row"], why=case.why_there["why"])


def _begin_life(case: Case, facts: Facts, decision: Decision, unit: Unit, table: Table) -> None:
    today = today_of(unit.now)
    urgent = is_urgent(facts, decision, today)
    hearing_on = facts.hearing_on if "court" in decision.gates else None
    due = due_in(case.team, table.targets, today, urgent=urgent, hearing_on=hearing_on)
    assigned = owner_of(case.team, decision.gates, due("triage"), unit, table)
    life = born(assigned.owner, unit.now, due)
    situation = begin_situation(facts, case.lacks, decision.gates, today)
    if assigned.nobody_fits:
        situation = replace(situation, nobody_fits=True)
    life = move(life, "return" if case.lacks else "admit", HUB, _NOTHING, situation, unit.now, due)
    life = begin_with_promise(life, facts, decision.gates, situation, unit.now, due)
    lead = facts.assessment_point or decision.team
    Lives.of(unit).begin(
        case.id, Kept(life, facts, decision.gates, urgent, lead, nobody_fits=assigned.nobody_fits)
    )


def is_urgent(facts: Facts, decision: Decision, today: dt.date) -> bool:
    """Whether its clocks run faster (DOMAIN §3).

    The table says so, the harmed person has enhanced rights (a child has), or a sentence is four weeks away.
    """
    if decision.urgency == "urgent" or facts.enhanced or facts.harmed_age in ("under_10", "10_17"):
        return True
    hearing_on = facts.hearing_on if facts.pre_sentence else None
    return hearing_on is not None and dt.timedelta() <= hearing_on - today <= _SOON


def owner_of(
    team: str,
    gates: Sequence[str],
    due_on: dt.date,
    unit: Unit,
    table: Table,
    conflicts: frozenset[str] = frozenset(),
) -> Assigned:
    """Who has the next case of this team, which is due on that day and has these gates."""
    task = Task(today_of(unit.now), due_on, "specialist_pair" in gates, conflicts)
    return assign(team, task, table.teams, table.loads, unit)


def hand_over(case: Case, kept: Kept, unit: Unit, table: Table, *, is_routed: bool = False) -> Kept:
    """The case has another team, or whoever had it may not have it any more: somebody else gets it.

    They are told so, unless the case `is_routed` in the same unit: that tells their team. Where nobody had it
    and nobody may, that is known.
    """
    due = due_of(case, kept, table.targets, today_of(unit.now))
    due_on = kept.life.next_on or due(kept.life.task)
    conflicts = conflicts_in(case, kept, unit)
    assigned = owner_of(case.team, kept.gates, due_on, unit, table, conflicts)
    if not is_routed and assigned == (kept.life.owner, kept.nobody_fits):
        return kept
    life = replace(kept.life, owner=assigned.owner)
    changed = replace(kept, life=life, nobody_fits=assigned.nobody_fits)
    Lives.of(unit).change(case.id, changed)
    History.of(unit).write(case.id, "handed_over", SYSTEM, {"owner": assigned.owner})
    settle_task(case, unit, table.targets)
    tell_lead(case, unit, table)
    told = () if is_routed or assigned.nobody_fits else (assigned.owner,)
    tell_of_giving(case, told, {kept.life.owner} - {assigned.owner}, SYSTEM, unit)
    return Lives.of(unit).find(case.id) or changed


def tell_lead(case: Case, unit: Unit, table: Table) -> None:
    """Where nobody of the team may have the case, whoever is to find somebody is told, and why."""
    kept = Lives.of(unit).find(case.id)
    if kept is None or not kept.nobody_fits or kept.life.task != "find_owner":
        return
    assert kept.life.next_on is not None  # noqa: S101 - there is something to do
    detail = {"why": list(kept.nobody_fits), "owner": kept.life.owner}
    History.of(unit).write(case.id, "nobody_fits", SYSTEM, detail)
    unit.say(
        CaseDue(
            case=case.reference,
            to_team=case.team if table.teams.leads.get(case.team) == kept.life.owner else DUTY_DESK,
            owner=kept.life.owner,
            task="find_owner",
            due_on=kept.life.next_on,
            kind="warning",
            said_at=unit.now,
        )
    )


def conflicts_in(case: Case, kept: Kept, unit: Unit) -> frozenset[str]:
    """Who knows somebody in a case."""
    return situation_of(case, kept, unit).conflicts


def learn(message: ReferralReceived, case: Case, unit: Unit, table: Table) -> None:
    """A referral of a case that is with a team was amended, or joined it: what is known now holds.

    The case stays where it is, and whatever must be looked to first is added.
    """
    kept = Lives.of(unit).find(case.id)
    if kept is None:
        return
    facts = together(kept.facts, facts_of(message.referral, unit, table))
    known = with_gates(kept, facts, route(facts, table.routing, today_of(unit.now)), unit)
    if case.lacks:
        _lack_less(case, unit)
    if known != kept:
        Lives.of(unit).change(case.id, known)
        _wake(message, case, kept, unit, table)
        settle_task(case, unit, table.targets)


def _lack_less(case: Case, unit: Unit) -> None:
    """Of what a case lacks while it goes on, this has come."""
    register = Register.of(unit)
    lacks = lacking(brings for _, brings in register.standing_referrals(case.id))
    left = tuple(need for need in case.lacks or () if need in lacks)
    register.change_case(case._replace(lacks=left))


def _wake(message: ReferralReceived, case: Case, before: Kept, unit: Unit, table: Table) -> None:
    """What a referral tells may be a danger, also to somebody whose case had ended."""
    kept = Lives.of(unit).find(case.id)
    if kept is not None and is_danger_new(before, kept):
        take_up_again(message, case, Register.of(unit), unit, table, why="O-NEW-HARM")
    wake_case(case, before, unit, table.targets)


def with_gates(kept: Kept, facts: Facts, decision: Decision, unit: Unit) -> Kept:
    """What is known now, with the gates of that beside those that the case had."""
    gates = gates_of(kept.gates, facts, decision)
    urgent = kept.urgent or is_urgent(facts, decision, today_of(unit.now))
    return replace(kept, facts=facts, gates=gates, urgent=urgent)


def gates_of(before: Iterable[str], facts: Facts, decision: Decision) -> tuple[str, ...]:
    """A gate stays once it is there, but for a court's: it is there for as long as a court waits."""
    gates = dict.fromkeys((*(gate for gate in before if gate != "court"), *decision.gates))
    if facts.pre_sentence:
        gates.setdefault("court")
    return tuple(gates)


def learn_anew(
    heard: Sequence[ReferralReceived],
    case: Case,
    unit: Unit,
    table: Table,
    *,
    left: Sequence[ReferralReceived] = (),
) -> None:
    """Referrals have left the case: what is known now is what the others tell, the founder's first.

    What a stranger's referral brought, a danger too, is another family's trouble, and leaves with it. What
    staff recorded in the case itself stays.
    """
    kept = Lives.of(unit).find(case.id)
    if kept is None or not heard:
        return
    facts = facts_of(heard[0].referral, unit, table)
    for message in heard[1:]:
        facts = together(facts, facts_of(message.referral, unit, table))
    for record in in_turn(Lives.of(unit).records(case.id)):
        facts = recorded(facts, record.kind, record.says)
    case = _without_their_area(case, facts, left, table, unit)
    if case.area is not None and case.area != facts.area:
        police = table.areas.known(case.area).police
        facts = replace(facts, area=case.area, police_area=police, possible_areas=())
    decision = route(facts, table.routing, today_of(unit.now))
    gates = gates_of(case.why_there.get("gates", ()), facts, decision)
    urgent = case.why_there.get("urgency") == "urgent" or is_urgent(facts, decision, today_of(unit.now))
    if (facts, gates, urgent) != (kept.facts, kept.gates, kept.urgent):
        Lives.of(unit).change(case.id, replace(kept, facts=facts, gates=gates, urgent=urgent))
    settle_task(case, unit, table.targets)  # what was recorded to stop contact may have left, too


def _without_their_area(
    case: Case, facts: Facts, left: Sequence[ReferralReceived], table: Table, unit: Unit
) -> Case:
    """An area that only those told who have left is not known any more; staff who asked know it still."""
    asked = any(record.kind == "area" for record in Lives.of(unit).records(case.id))
    if case.area is None or facts.area is not None or asked:
        return case
    if all(facts_of(message.referral, unit, table).area != case.area for message in left):
        return case
    changed = case._replace(area=None)
    Register.of(unit).change_case(changed)
    return changed


def found_out(case: Case, unit: Unit) -> set[str]:
    """What somebody here has found out of what a case must have, whatever its referrals bring."""
    records = in_turn(Lives.of(unit).records(case.id))
    told = [one for one in records if one.kind == "safe_contact"]
    known = {"safe_contact"} if told and told[-1].says["value"] else set()
    known |= {one.kind for one in records if one.kind == "consent_to_refer"}
    return known | {"area"} if case.area is not None else known


def waits_for_more(case: Case, unit: Unit) -> bool:
    """Whether a case lacks something, and goes on when it comes; one that was begun with goes on without."""
    kept = Lives.of(unit).find(case.id)
    return bool(case.lacks) and (kept is None or kept.life.state in _WAITS)


def try_to_release(
    message: ReferralReceived,
    case: Case,
    register: Register,
    unit: Unit,
    table: Table,
    *,
    again: bool = False,
) -> None:
    """A case that was returned has another referral, or an amended one: all together may now be enough.

    With `again` it was just taken up again, and whoever has it is told that it still lacks something.
    """
    standing = register.standing_referrals(case.id)
    lacks = lacking(brings for _, brings in standing)
    kept = Lives.of(unit).find(case.id)
    told = facts_of(message.referral, unit, table)
    facts = told if kept is None else together(kept.facts, told)
    facts = replace(facts, area=case.area or facts.area)
    known = found_out(case._replace(area=facts.area), unit)
    lacks = tuple(need for need in lacks if need not in known)  # somebody has asked
    if facts.area is not None and facts.police_area is None:
        facts = replace(facts, police_area=table.areas.known(facts.area).police)
    decision = _stays(case, decide(facts, lacks, unit, table))
    if kept is not None:
        Lives.of(unit).change(case.id, with_gates(kept, facts, decision, unit))
    if lacks:
        _lack_still(message, case._replace(area=facts.area, lacks=lacks), kept, unit, table, again=again)
        return
    why_there = decision._asdict()
    released = case._replace(area=facts.area, team=decision.team, why_there=why_there, lacks=())
    register.change_case(released)
    register.note(case.id, "released_and_routed", referral=message.reference, **why_there)
    take_up_again(message, released, register, unit, table)
    release_life(released, facts, decision, unit, table)
    _say_routed(message, released, decision, unit, released=True)
    for reference, _ in standing:
        if reference != message.reference:
            unit.say(
                CaseJoined(
                    case=case.reference, referral=reference, joined_at=unit.now, travels=message.travels
                )
            )


def _lack_still(
    message: ReferralReceived, case: Case, before: Kept | None, unit: Unit, table: Table, *, again: bool
) -> None:
    """Something is missing in the case as it is now; each of its referrers is told what."""
    register = Register.of(unit)
    is_news = set(case.lacks or ()) != set(register.case(case.id).lacks or ())
    register.change_case(case)
    if before is not None:
        _wake(message, case, before, unit, table)
    if _has_ended(case, unit):
        return  # nobody waits for it; whoever brings what it lacks opens it again
    try_to_move(case, "return", unit, table.targets)
    _return(message, case, case.lacks or (), unit, again=again)
    for reference, _ in register.standing_referrals(case.id) if is_news else ():
        if reference != message.reference:
            _return(message, case, case.lacks or (), unit, of=reference)


def _has_ended(case: Case, unit: Unit) -> bool:
    kept = Lives.of(unit).find(case.id)
    return kept is not None and not kept.life.is_open


def release_life(case: Case, facts: Facts, decision: Decision, unit: Unit, table: Table) -> None:
    """The case has what it lacked: its life goes on with its new team."""
    kept = Lives.of(unit).find(case.id)
    if kept is None:
        return
    lead = kept.lead if kept.lead != DUTY_DESK else decision.team
    changed = replace(
        kept, gates=decision.gates, urgent=is_urgent(facts, decision, today_of(unit.now)), lead=lead
    )
    Lives.of(unit).change(case.id, changed)
    if kept.life.state == "returned":
        due = due_of(case, changed, table.targets, today_of(unit.now))
        conflicts = conflicts_in(case, changed, unit)
        owner = owner_of(case.team, decision.gates, due("triage"), unit, table, conflicts)
        try_to_move(case, "release", unit, table.targets, owner=owner)
    else:
        hand_over(case, changed, unit, table, is_routed=True)
    keep_promise(case, unit, table.targets)
    tell_lead(case, unit, table)


def _say_routed(
    message: ReferralReceived,
    case: Case,
    decision: Decision,
    unit: Unit,
    *,
    released: bool = False,
    again: bool = False,
) -> None:
    urgent = decision.urgency == "urgent"
    travels: Lane = "urgent" if urgent else message.travels
    unit.say(
        CaseRouted(
            case=case.reference,
            referral=message.reference,
            to_team=case.team,
            routed_at=unit.now,
            travels=travels,
            released=released,
            again=again,
        )
    )


def _return(
    message: ReferralReceived,
    case: Case,
    lacks: Sequence[str],
    unit: Unit,
    *,
    again: bool = False,
    of: str = "",
) -> None:
    """Whoever sent the referral is told what is missing, or whoever sent another one `of` the case."""
    unit.say(
        CaseReturned(
            case=case.reference,
            referral=of or message.reference,
            to_team=case.team,
            lacks=tuple(lacks),
            returned_at=unit.now,
            again=again,
            travels=message.travels,
        )
    )


def take_up_again(
    message: ReferralReceived,
    case: Case,
    register: Register,
    unit: Unit,
    table: Table,
    *,
    why: str = "O-REFERRED-AGAIN",
) -> bool:
    """Somebody has brought a case that its team was told to pause, or that had ended; whether it was so.

    What had ended is looked at anew: a referral that joins it must not lie where nobody looks.
    """
    has_ended = _has_ended(case, unit)
    if case.withdrawn_at is None and not has_ended:
        return False
    register.note(case.id, "taken_up_again", referral=message.reference)
    if case.withdrawn_at is not None:
        register.take_up_again(case.id)
        # Before what it lacked is looked at: where it goes on from there depends on that.
        try_to_move(case, "take_up_again", unit, table.targets)
    if has_ended:
        reason = Given(reason=why)
        referrals = [reference for reference, _ in register.standing_referrals(case.id)]
        try_to_move(case, "reopen", unit, table.targets, given=reason, referrals=referrals)
    return True


def resume_case(message: ReferralReceived, case: Case, unit: Unit, table: Table) -> None:
    """The team that had the case, or the duty desk, has it again, and is told so."""
    try_to_move(case, "take_up_again", unit, table.targets)
    if waits_for_more(case, unit):
        try_to_move(case, "return", unit, table.targets)
        _return(message, case, case.lacks or (), unit, again=True)
        for reference, _ in Register.of(unit).standing_referrals(case.id):
            if reference != message.reference:
                _return(message, case, case.lacks or (), unit, of=reference)
        return
    decision = Decision(case.team, table.version, 0, "")
    _say_routed(message, case, decision, unit, again=True)
