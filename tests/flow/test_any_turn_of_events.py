"""Whatever agencies and staff do with some accounts, every case is where it should be, and so told."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from services.notify.tables import alerts
from services.triage.domain.gates import lacking
from services.triage.domain.life.states import TOLD_AGENCY
from services.triage.lives.store import find_life
from services.triage.tables import cases, judgements, referrals, reviews, withdrawals
from tests.support.builders import Wire, an_account
from tests.support.houses import Hub, StoppedClock, embedded_hub
from tests.triage.cases.doing import FACILITATOR, post, token

AGENCIES = ("vcas", "vip", "durham_constabulary")
TEAMS = ("restorative_hub", "vcas", "community_peer_mentors", "duty_desk")
STEPS = 16
# What a coordinator, or a supervisor in their place, may want to do with a case.
MOVES: tuple[Wire, ...] = (
    {"transition": "begin_enquiries"},
    {"transition": "close", "outcome": "C-SUPPORT-ONLY"},
    {"transition": "reopen", "reason": "O-CLOSED-IN-ERROR"},
    {"transition": "hold", "reason": "H-HEALTH", "review_on": "2026-04-20"},
    {"transition": "resume"},
    {"transition": "transfer", "to": "community_peer_mentors"},
    {"transition": "accept_transfer"},
    {"transition": "allocate", "facilitators": [{"email": FACILITATOR, "level": "advanced"}]},
)
COMES = ("opening", "again", "released")


@dataclass
class Sent:
    """An account as its agency tells it now."""

    agency: str
    tells: dict[str, Any]
    reference: str = ""
    withdrawn: bool = False


@dataclass
class Found:
    """What is kept of all accounts: each case with where it stands, who is in it and what was told of it."""

    cases: dict[Any, Any] = field(default_factory=dict)
    lives: dict[Any, Any] = field(default_factory=dict)
    members: dict[Any, list[Any]] = field(default_factory=lambda: defaultdict(list))
    told: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    apart: set[tuple[str, str]] = field(default_factory=set)
    asked: list[Any] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)

    def standing(self, case_id: Any) -> list[Any]:  # noqa: ANN401 - an id
        """The referrals of a case that were not taken back."""
        return [row for row in self.members[case_id] if row.reference not in self.withdrawn]

    @property
    def case_of(self) -> dict[str, Any]:
        """The case that each referral is in."""
        return {row.reference: case_id for case_id, rows in self.members.items() for row in rows}

    @property
    def going(self) -> list[Any]:
        """The cases that go on in no other, in the order in which they were opened."""
        return [case for _, case in sorted(self.cases.items()) if case.merged_into is None]


@dataclass
class Turn:
    """One thing after another, by chance, about what may all be one case or three."""

    hub: Hub
    chance: Random
    sent: dict[str, Sent] = field(default_factory=dict)

    def step(self) -> None:
        """Let somebody do something, and all of it be heard."""
        self.hub.clock.move(minutes=7)
        found = look(self.hub)
        standing = [record for record, one in self.sent.items() if not one.withdrawn]
        crowded = [case for case in found.going if len(found.members[case.id]) > 1]
        may: list[Callable[[], None]] = []
        if len(self.sent) < 5:
            may += [self.refer] * 4
        if standing:
            may += [lambda: self.amend(self.chance.choice(standing))] * 2
            may += [lambda: self.withdraw(self.chance.choice(standing))]
        if found.asked:
            may += [lambda: self.answer(self.chance.choice(found.asked))] * 4
        if crowded:
            may += [lambda: self.separate(self.chance.choice(crowded), found)] * 2
        if found.going:
            may += [lambda: self.move(self.chance.choice(found.going), found)] * 3
        self.chance.choice(may)()
        self.hub.settle()

    def tells(self) -> dict[str, Any]:
        chance = self.chance
        return {
            "on": f"2026-03-{chance.choice((1, 1, 10, 19)):02}",
            "references": chance.choice(((), (), ("CRI009999991",), ("CRI009999992",))),
            "consent": chance.random() < 0.8,
            "safe": chance.random() < 0.8,
            "postcode": "DL1 9ZZ" if chance.random() < 0.9 else None,
            "wants": chance.choice(([], ["victim_support"])),
            "said": chance.random(),
        }

    def send(self, record: str) -> None:
        one = self.sent[record]
        told = dict(one.tells)
        consent, safe, wants, said = (told.pop(key) for key in ("consent", "safe", "wants", "said"))
        account = an_account(record, **told, **({"services_wanted": wants} if wants else {}))
        (party,) = account["parties"]
        party["consents"][0]["decision"] = "given" if consent else "refused"
        party["contacts"][0]["safe"] = "yes" if safe else "unknown"
        account["event"]["summary"] = f"Invented {said}."
        one.reference = self.hub.take(account, one.agency)["reference"]

    def refer(self) -> None:
        record = f"RECORD-{len(self.sent)}"
        self.sent[record] = Sent(self.chance.choice(AGENCIES), self.tells())
        self.send(record)

    def amend(self, record: str) -> None:
        new = self.tells()
        changed = {*self.chance.sample(sorted(new), 2), "said"}
        self.sent[record].tells |= {key: new[key] for key in changed}
        self.send(record)

    def withdraw(self, record: str) -> None:
        one = self.sent[record]
        answer = self.hub.front.post(
            f"/v1/referrals/{one.reference}/withdrawal",
            json={"reason": "Invented."},
            headers={"Authorization": f"Bearer {self.hub.key_of(one.agency)}"},
        )
        # What was closed cannot be taken back.
        assert answer.status_code in (200, 409)
        one.withdrawn = answer.status_code == 200

    def answer(self, review: Any) -> None:  # noqa: ANN401 - a row
        body = {"verdict": self.chance.choice(("same", "different")), "why": "Invented."}
        assert post(self.hub, f"/v1/reviews/{review.id}/decision", body, "supervisor").status_code == 200

    def separate(self, case: Any, found: Found) -> None:  # noqa: ANN401 - a row
        by_record = {one.reference: record for record, one in self.sent.items()}
        members = sorted((row.reference for row in found.members[case.id]), key=by_record.__getitem__)
        leaving = self.chance.sample(members, self.chance.randrange(1, len(members)))
        body = {"referrals": leaving, "why": "Invented."}
        answer = post(self.hub, f"/v1/cases/{case.reference}/separation", body, "supervisor")
        assert answer.status_code == 200, answer.text

    def move(self, case: Any, found: Found) -> None:  # noqa: ANN401 - a row
        body = self.chance.choice(MOVES)
        # Staff may open what rests on nothing any more; then it is open by their word alone.
        if body["transition"] == "reopen" and not found.standing(case.id):
            return
        who = ("coordinator", body.get("to", "community_peer_mentors"))
        by = who if body["transition"] == "accept_transfer" else ("supervisor", None)
        # Much of it is refused where the case stands, and then nothing happens.
        assert post(self.hub, f"/v1/cases/{case.reference}/transitions", body, *by).status_code in (
            200,
            404,
            409,
        )


def look(hub: Hub) -> Found:
    """Everything that is kept of all cases."""
    found, room = Found(), hub.rooms["triage"]
    with room.database.snapshot() as connection:
        for case in connection.execute(select(cases)):
            found.cases[case.id] = case
            kept = find_life(connection, room.keys.rest, case.id)
            assert kept is not None
            found.lives[case.id] = kept.life
        for row in connection.execute(select(referrals)):
            found.members[row.case_id].append(row)
        said = {}
        for one in connection.execute(select(judgements).order_by(judgements.c.id)):
            said[one.one, one.other] = one.verdict
        found.apart = {pair for pair, verdict in said.items() if verdict == "different"}
        wait = select(reviews).where(reviews.c.closed_at.is_(None)).order_by(reviews.c.asked_at, reviews.c.id)
        found.asked = list(connection.execute(wait))
        found.withdrawn = set(connection.execute(select(withdrawals.c.reference)).scalars())
    with hub.rooms["notify"].database.snapshot() as connection:
        for alert in connection.execute(select(alerts).order_by(alerts.c.raised_at)):
            found.told[alert.case].append(alert)
    return found


def check(turn: Turn) -> None:
    """Everything that holds at rest, whatever has happened."""
    found = look(turn.hub)
    assert {row.reference for rows in found.members.values() for row in rows} == {
        one.reference for one in turn.sent.values()
    }
    statuses = dict(statuses_of(turn))
    for case in found.cases.values():
        told, life = found.told[case.reference], found.lives[case.id]
        assert [alert.kind for alert in told].count("opening") == 1
        if case.merged_into is not None:
            assert not found.members[case.id]
            assert not life.is_open
            assert not [alert for alert in told if alert.kind in COMES and alert.state == "open"]
        else:
            check_case(case, life, found)
            check_what_is_told(case, life, told)
            for row in found.standing(case.id):
                status = "returned" if life.state == "returned" else TOLD_AGENCY[life.state]
                # What is opened again without what it lacked is returned to whoever brought it.
                if not (life.state == "reopened" and case.lacks):
                    assert statuses[row.reference] == status
    check_words(found)


def check_case(case: Any, life: Any, found: Found) -> None:  # noqa: ANN401 - a row, and what it stands in
    """It rests on referrals that stand, and lacks what none of them brings."""
    standing = found.standing(case.id)
    assert found.members[case.id]
    if life.is_open:
        assert (life.state == "withdrawn") == (not standing)
        assert (case.withdrawn_at is not None) == (not standing)
    if life.is_open and standing:
        missing = set(lacking(row.brings or () for row in standing))
        assert missing - ({"area"} if case.area else set()) == set(case.lacks)
        if life.state in ("triage", "returned"):
            assert (life.state == "returned") == bool(case.lacks)


def check_what_is_told(case: Any, life: Any, told: list[Any]) -> None:  # noqa: ANN401 - a row, and its state
    """The newest news of it is true, its team has had it, and nobody else is reminded of it."""
    if not life.is_open:
        return
    last = {alert.kind for alert in told if alert.kind in (*COMES, "merged", "all_withdrawn")}
    newest = max(alert.raised_at for alert in told if alert.kind in last)
    newest_kinds = {alert.kind for alert in told if alert.kind in last and alert.raised_at == newest}
    assert ("all_withdrawn" in newest_kinds) == (life.state == "withdrawn")
    assert newest_kinds != {"merged"}
    assert case.team in {alert.team for alert in told if alert.kind in (*COMES, "all_withdrawn")}
    assert {alert.team for alert in told if alert.kind in COMES and alert.state == "open"} <= {case.team}


def check_words(found: Found) -> None:
    """Who was told apart is in no case together, and nobody is asked about them or about theirs."""
    case_of = found.case_of
    apart = {frozenset((case_of[one], case_of[other])) for one, other in found.apart}
    assert all(len(pair) == 2 for pair in apart)
    asked = [frozenset((case_of[one.one], case_of[one.other])) for one in found.asked]
    assert all(len(pair) == 2 for pair in asked)
    assert apart.isdisjoint(asked)
    assert len(set(asked)) == len(asked)


def statuses_of(turn: Turn) -> Iterator[tuple[str, str]]:
    """What each agency is told of its own."""
    for one in turn.sent.values():
        status = turn.hub.status_of({"reference": one.reference}, one.agency)
        assert (status == "withdrawn") == one.withdrawn
        yield one.reference, status


def check_who_sees(turn: Turn) -> None:
    """A case is there for its team, for whoever has it, and for a team that it is offered to."""
    found = look(turn.hub)
    for case in found.going:
        if found.lives[case.id].state == "transfer_sent":
            continue
        for team in TEAMS:
            bearer = token(turn.hub, "coordinator", team, name=f"somebody@{team}.example")
            answer = turn.hub.ask(f"/v1/cases/{case.reference}", bearer)
            assert (answer.status_code == 200) == (team == case.team), (case.reference, team)


@pytest.mark.parametrize("seed", [3, 120, 158, 497])
def test_every_case_is_where_it_should_be_and_so_told_after_each_of_many_steps(
    seed: int, tmp_path: Path
) -> None:
    hub = embedded_hub(tmp_path / "home", StoppedClock(dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC)))
    try:
        turn = Turn(hub, Random(seed))
        for _ in range(STEPS):
            turn.step()
            check(turn)
        check_who_sees(turn)
    finally:
        hub.close()
