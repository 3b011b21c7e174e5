"""Whatever has happened to some cases, two of them that are merged and set apart again are what they were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from services.triage.lives.store import find_life
from tests.flow.test_any_turn_of_events import COMES, Found, Turn, check, look, statuses_of
from tests.support.houses import StoppedClock, embedded_hub
from tests.triage.cases.doing import post


def picture(turn: Turn) -> dict[str, Any]:
    """All that is kept of the cases, and what is told of them now."""
    found, room = look(turn.hub), turn.hub.rooms["triage"]
    case_of = found.case_of
    with room.database.snapshot() as connection:
        kept = {case_id: find_life(connection, room.keys.rest, case_id) for case_id in found.cases}
    return {
        "cases": {case_id: case._asdict() for case_id, case in found.cases.items()},
        # What was said of a clock was said.
        "lives": {i: one and replace(one, warned_for=None, breached_for=None) for i, one in kept.items()},
        "people": {one.reference: (one.case_id, one.people) for of in found.members.values() for one in of},
        "asked": {frozenset((case_of[one.one], case_of[one.other])) for one in found.asked},
        "statuses": dict(statuses_of(turn)),
        "told": {case.reference: set(waits_for(case.reference, found)) for case in found.cases.values()},
    }


def waits_for(case: str, found: Found) -> Iterator[str]:
    """The teams that are reminded that the case is theirs, or that it pauses."""
    kinds = (*COMES, "all_withdrawn")
    return (alert.team for alert in found.told[case] if alert.kind in kinds and alert.state == "open")


def merge_and_set_apart(turn: Turn) -> bool:
    """Say of two cases that they are one, and then that they are not; whether there were any to say it of."""
    turn.hub.clock.move(minutes=7)
    before, found = picture(turn), look(turn.hub)
    if not found.asked:
        return False
    asked = turn.chance.choice(found.asked)
    case_of = found.case_of
    both = {
        case_id: {row.reference for row in found.members[case_id]}
        for case_id in (case_of[asked.one], case_of[asked.other])
    }
    say = {"verdict": "same", "why": "Invented."}
    assert post(turn.hub, f"/v1/reviews/{asked.id}/decision", say, "supervisor").status_code == 200
    turn.hub.settle()
    check(turn)
    turn.hub.clock.move(days=turn.chance.choice((0, 0, 1, 9)), minutes=7)
    into = next(case for case in look(turn.hub).going if case.id in both)
    (leaving,) = (members for case_id, members in both.items() if case_id != into.id)
    body = {"referrals": sorted(leaving), "why": "Invented."}
    answer = post(turn.hub, f"/v1/cases/{into.reference}/separation", body, "supervisor")
    assert answer.status_code == 200, answer.text
    turn.hub.settle()
    check(turn)
    after = picture(turn)
    # What somebody has answered is not asked any more.
    before["asked"].discard(frozenset(both))
    told = before.pop("told")
    assert {what: after[what] for what in before} == before
    # Whoever has a case again is told so, whether or not they had seen to what they were told of it before.
    assert all(after["told"][case] >= teams for case, teams in told.items())
    return True


@pytest.mark.parametrize("seed", [5, 9, 23, 40, 56])
def test_two_cases_that_are_merged_and_set_apart_are_what_they_were(seed: int, tmp_path: Path) -> None:
    hub = embedded_hub(tmp_path / "home", StoppedClock(dt.datetime(2026, 3, 24, 10, tzinfo=dt.UTC)))
    try:
        turn = Turn(hub, Random(seed))
        done = 0
        for _ in range(14):
            turn.step()
            done += merge_and_set_apart(turn)
        assert done
    finally:
        hub.close()
