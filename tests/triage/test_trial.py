"""A changed routing table is tried on the last cases, however many they are."""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import hub as command
from services.triage.cases.api import table_of
from services.triage.domain.life.moving import Life
from services.triage.domain.routing.facts import Facts
from services.triage.domain.routing.table import route
from services.triage.lives.store import Kept, Lives
from services.triage.read_tables import SHIPPED
from services.triage.store import Case
from services.triage.tables import cases
from shared.contracts.referral import EventType, RiskMarker, Service, codes
from shared.identity import new_id
from tests.support.houses import Hub, hub, infrastructure, make_hub

__all__ = ["hub", "infrastructure", "make_hub"]

_AREAS = ("E06000047", "E06000047", "E06000005", "E06000002", "E06000004", None)


def an_invented_case(chance: random.Random) -> Facts:
    """What routing knows of a case that never was."""
    return Facts(
        strand=chance.choice(["crime", "crime", "dispute"]),
        kind=chance.choice(codes(EventType)),
        area=chance.choice(_AREAS),
        stage=chance.choice([None, "charged", "guilty_plea", "out_of_court"]),
        responsible_age=chance.choice(["unknown", "18_plus", "18_plus", "10_17"]),
        responsible_area=chance.choice(_AREAS),
        markers=frozenset(chance.sample(codes(RiskMarker), chance.choice([0, 0, 0, 1, 2]))),
        services=frozenset(chance.sample(codes(Service), chance.choice([0, 1, 1, 2]))),
        calls=chance.choice([0, 0, 1, 7]),
    )


def fill(hub: Hub, count: int) -> None:
    """So many cases, each routed by the hub's own table."""
    room, chance = hub.rooms["triage"], random.Random(20261129)
    table = table_of(room)
    for begin in range(0, count, 5000):
        with room.unit() as unit:
            for _ in range(begin, min(begin + 5000, count)):
                facts = an_invented_case(chance)
                decision = route(facts, table.routing, unit.now.date())
                case = Case(
                    new_id(), unit.new_reference("C"), facts.strand, facts.kind, facts.area, decision.team,
                    decision._asdict(), unit.now,
                )  # fmt: skip
                life = Life("triage", "x@hub.example", unit.now, "triage", None, dt.date(2199, 1, 1))
                unit.insert(cases, case._asdict())
                Lives.of(unit).begin(case.id, Kept(life, facts, decision.gates, lead="vcas"))


def try_it(hub: Hub, table: Path, last: int) -> tuple[str, float]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    began = time.perf_counter()
    result = CliRunner().invoke(
        command, ["routing", "trial", str(table), "--last", str(last)], env=dict(hub.environment)
    )
    root.handlers[:], root.level = before
    assert result.exit_code == 0, result.output
    return result.output, time.perf_counter() - began


def a_changed_table(folder: Path) -> Path:
    """The hub's own table, in which the victim care service takes nothing."""
    changed = folder / "changed.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    changed.write_text(text.replace("    team: vcas\n", "    team: duty_desk\n"), encoding="utf-8")
    return changed


def test_only_what_the_change_is_about_would_go_elsewhere(hub: Hub, tmp_path: Path) -> None:
    fill(hub, 1000)
    same, _ = try_it(hub, SHIPPED, 1000)
    assert "0 of 1000 cases would go elsewhere." in same
    told, _ = try_it(hub, a_changed_table(tmp_path), 1000)
    assert "from vcas to duty_desk" in told
    assert "1000 cases would go elsewhere." in told
    fewer, _ = try_it(hub, SHIPPED, 10)
    assert "0 of 10 cases would go elsewhere." in fewer


@pytest.mark.nightly
def test_a_hundred_thousand_cases_are_tried_within_a_minute(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    hub = make_hub()
    fill(hub, 100_000)
    told, seconds = try_it(hub, a_changed_table(tmp_path), 100_000)
    assert "100000 cases would go elsewhere." in told
    logging.getLogger(__name__).warning("tried 100000 cases in %.1f s", seconds)
    assert seconds < 60  # a promise to whoever waits; it takes about a tenth of that
