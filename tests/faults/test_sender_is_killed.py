"""A sender that is killed at any instant loses no alert, and doubles a mail only inside the server's commit.

The sender is a process of its own that packs, sends and records as the hub does, over a real mail server. It
is killed with SIGKILL after a random time, again and again; the next one goes on, with a clock on which the
dead one's claims have run out.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from services.every import SERVICES
from services.notify.deliver_alerts import deliver_alerts
from services.notify.domain.alert import News
from services.notify.equipment import board_of, post_of
from services.notify.proof import name_of
from services.notify.raise_alert import raise_alert
from services.notify.store import Desk
from services.notify.tables import alerts, deliveries, dispatches
from shared.identity import CASE, new_reference
from tests.faults import copies
from tests.faults.sending import send_until_killed
from tests.support.houses import Hub, StoppedClock, embedded_hub
from tests.support.troubled_smtp import TroubledSMTP

if TYPE_CHECKING:
    from pathlib import Path

    from shared.service import Room


pytestmark = pytest.mark.faults

# Many people, so that hardly anything is gathered and nearly each alert is a mail of its own.
PEOPLE = 40
_REFERENCE = re.compile(r"C-[0-9A-Z]{5}-[0-9A-Z]{5}")
WAIT = dt.timedelta(minutes=2)


def directory_of(tmp_path: Path) -> str:
    path = tmp_path / "directory.yaml"
    teams = "".join(f"  team_{n}: {{name: Team {n}}}\n" for n in range(PEOPLE))
    staff = "".join(
        f"  - {{role: coordinator, email: person{n}@hub.example, team: team_{n}}}\n" for n in range(PEOPLE)
    )
    path.write_text(
        "agencies:\n  vcas: {name: An Invented Agency}\nteams:\n  duty_desk: {name: Duty desk}\n"
        f"{teams}staff:\n  - {{role: supervisor, email: desk@hub.example, team: duty_desk}}\n{staff}",
        encoding="utf-8",
    )
    return str(path)


def raise_some(room: Room, count: int, luck: random.Random) -> None:
    with room.unit() as unit:
        for _ in range(count):
            case = new_reference(CASE)
            Desk.of(unit).look_up([case])
            news = News(case, "opening", f"team_{luck.randrange(PEOPLE)}", urgent=False)
            assert raise_alert(news, unit, board_of(room)) is not None


def kill_and_check(tmp_path: Path, kills: int, a_round: int, **more: str) -> dict[str, int]:
    luck = random.Random(kills)
    with TroubledSMTP() as server:
        settings = {
            "directory": directory_of(tmp_path),
            "mail_url": f"smtp://127.0.0.1:{server.port}",
            "gather_seconds": "1",
            "home": str(tmp_path / "home"),
            **more,
        }
        given = {name: value for name, value in settings.items() if name != "home"}
        hub = embedded_hub(tmp_path / "home", StoppedClock(), [SERVICES["notify"]], **given)
        room = hub.rooms["notify"]
        for _ in range(kills):
            raise_some(room, a_round, luck)
            process = copies.processes.Process(
                target=send_until_killed, args=(settings, hub.clock()), daemon=True
            )
            process.start()
            assert process.pid is not None
            before = len(server.taken)
            # From the moment at which it begins to send, so that most kills hit it at work.
            patience = time.monotonic() + 5
            while len(server.taken) == before and time.monotonic() < patience:
                time.sleep(0.001)
            time.sleep(luck.uniform(0, 0.05))
            os.kill(process.pid, signal.SIGKILL)
            process.join(60)
            assert process.exitcode == -signal.SIGKILL
            hub.clock.move(seconds=WAIT.total_seconds())
        rest(hub, room)
        counts = check(room, server)
        hub.close()
    return counts


def rest(hub: Hub, room: Room) -> None:
    for _ in range(4):
        while deliver_alerts(post_of(room), room.unit):
            pass
        hub.clock.move(seconds=WAIT.total_seconds())


def check(room: Room, server: TroubledSMTP) -> dict[str, int]:
    with room.database.reading() as connection:
        cases = set(connection.execute(select(alerts.c.case).where(alerts.c.kind == "opening")).scalars())
        tasks = set(connection.execute(select(alerts.c.case).where(alerts.c.kind == "undelivered")).scalars())
        unsent = set(
            connection.execute(
                select(deliveries.c.case).where(
                    deliveries.c.channel == "mail",
                    deliveries.c.kind == "opening",
                    deliveries.c.state != "sent",
                )
            ).scalars()
        )
        state_of = {
            f"<{name_of(row.id, room.keys.lookup)}@referral-hub.example>": row.state
            for row in connection.execute(select(dispatches.c.id, dispatches.c.state))
        }
    states = Counter(state_of.values())
    told = {case for mail in server.taken for case in _REFERENCE.findall(str(mail.get_content()))} & cases
    # What was in doubt twice is a human's: killed at the same message again, and nobody can tell.
    assert unsent <= tasks, f"{len(unsent - tasks)} alerts were lost"
    assert cases - told <= tasks
    assert set(server.tokens.values()) == {1}, "a token was sent twice"
    assert set(states) <= {"sent", "in_doubt", "failed"}, states
    assert {token for token, state in state_of.items() if state == "sent"} <= server.tokens.keys()
    # Whatever arrived twice was in doubt, and so is counted; what was in doubt need not have arrived.
    doubled = sum(state_of[token] != "sent" for token in server.tokens)
    return {
        "alerts": len(cases),
        "mails": len(server.taken),
        "in doubt": states["in_doubt"] + states["failed"],
        "of them arrived": doubled,
        "tasks for a human": len(tasks),
    }


def test_a_sender_killed_at_random_loses_nothing_and_counts_what_is_in_doubt(tmp_path: Path) -> None:
    counts = kill_and_check(tmp_path, kills=12, a_round=40)
    print(counts)  # noqa: T201 - shown by `pytest -s`
    assert counts["of them arrived"] <= counts["in doubt"] <= 12


@pytest.mark.nightly
@pytest.mark.parametrize("kept_in", ["a file", pytest.param("postgresql", marks=pytest.mark.production)])
def test_five_hundred_kills_of_the_sender_lose_nothing(
    tmp_path: Path, kept_in: str, request: pytest.FixtureRequest
) -> None:
    more = {}
    if kept_in == "postgresql":
        there = request.getfixturevalue("place")
        there.clear()
        more = {"notify_database_url": there.url_of("notify")}
    counts = kill_and_check(tmp_path, kills=500, a_round=40, **more)
    print(counts)  # noqa: T201 - shown by `pytest -s`
    assert counts["of them arrived"] <= counts["in doubt"] <= 500
    assert counts["alerts"] == 500 * 40
