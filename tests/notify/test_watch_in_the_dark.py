"""What the watch cannot see, or has not seen often enough, stays as it was: neither begun nor ended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from services.cli import hub as command
from services.notify.deliver_alerts import Post
from services.notify.domain.wording import Template
from services.notify.equipment import board_of, post_of
from services.notify.read_wording import Wording
from services.notify.tell_ops import tell_ops_without_records
from services.watch import Watch
from shared.house import House
from shared.messaging.broker import open_broker
from tests.notify.test_watch import OPS, alerts_of_ops, mails_to_ops, park
from tests.support.builders import an_account

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.houses import Hub

NOBODY_THERE = "amqp://127.0.0.1:9/"


def let_a_queue_grow(hub: Hub) -> Watch:
    """Until a watch has told that it grows; nobody hears, so it stays as long as it is."""
    watch = Watch(hub.house, long=2)
    relay = hub.house._desks[0].relay
    for number in range(8):
        hub.take(an_account(f"N-{number}"))
        relay.step(hub.clock())
        watch.step()
    assert alerts_of_ops(hub) == [("ops_queue", "open")]
    return watch


def test_looking_once_tells_nobody_and_ends_nothing(a_hub: Callable[..., Hub]) -> None:
    hub = a_hub()
    let_a_queue_grow(hub)
    once = partial(CliRunner().invoke, command, ["watch", "--once"], prog_name="hub")
    assert once(env=dict(hub.environment)).exit_code == 0
    park(hub)
    found = once(env=dict(hub.environment))
    # The command is no part of the hub's process, and so sees none of its queues.
    parked, queues = found.output.splitlines()
    assert (found.exit_code, parked) == (1, "ops_parked: triage")
    assert queues.startswith("ops_queue: one look cannot tell of ")
    assert alerts_of_ops(hub) == [("ops_queue", "open")]
    assert hub.mails() == []


def test_a_watch_that_has_just_begun_neither_begins_nor_ends_what_takes_more_looks(
    a_hub: Callable[..., Hub],
) -> None:
    hub = a_hub()
    let_a_queue_grow(hub)
    after = Watch(hub.house, long=2)
    for _ in range(4):
        assert after.step() == {"ops_queue": {"triage.normal": 1}}
    assert alerts_of_ops(hub) == [("ops_queue", "open")]
    hub.settle()
    assert after.step() == {}
    assert alerts_of_ops(hub) == [("ops_queue", "acknowledged")]


def test_while_the_broker_is_away_its_queues_stay_as_they_were(a_hub: Callable[..., Hub]) -> None:
    hub = a_hub()
    let_a_queue_grow(hub)
    watch = Watch(House(list(hub.rooms.values()), open_broker(NOBODY_THERE)), long=2)
    grows = {"ops_queue": {"triage.normal": 1}}
    # One that is away for a moment was only started anew.
    assert watch.step() == grows
    assert watch.step() == grows | {"ops_worker": {"broker": 1}}
    assert sorted(alerts_of_ops(hub)) == [("ops_queue", "open"), ("ops_worker", "open")]


def test_while_a_database_is_away_what_is_in_it_stays_as_it_was(a_hub: Callable[..., Hub]) -> None:
    hub = a_hub()
    park(hub)
    watch = Watch(hub.house)
    parked = {"ops_parked": {"triage": 1}}
    assert watch.step() == parked
    file, room = hub.settings.home / "triage.db", hub.rooms["triage"]
    room.database.engine.dispose()
    file.rename(file.with_suffix(".away"))
    file.mkdir()
    gone = parked | {"ops_worker": {"triage database": 1}}
    assert [watch.step() for _ in range(3)] == [parked, gone, gone]
    file.rmdir()
    file.with_suffix(".away").rename(file)
    assert watch.step() == parked
    assert sorted(alerts_of_ops(hub)) == [("ops_parked", "open"), ("ops_worker", "acknowledged")]


@pytest.fixture
def hub_that_keeps_nothing(a_hub: Callable[..., Hub]) -> tuple[Hub, Callable[[], None]]:
    """Notify's database answers, and an alert of ops cannot be kept; with what mends it."""
    hub = a_hub()

    def rename(old: str, new: str) -> None:
        with hub.rooms["notify"].database.transaction() as connection:
            connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))

    rename("troubles", "elsewhere")
    return hub, lambda: rename("elsewhere", "troubles")


def test_an_alert_that_could_not_be_kept_once_is_kept_with_the_next_look_and_nobody_is_told_of_a_worker(
    hub_that_keeps_nothing: tuple[Hub, Callable[[], None]],
) -> None:
    hub, mend = hub_that_keeps_nothing
    watch = Watch(hub.house)
    park(hub)
    watch.step()
    assert mails_to_ops(hub) == []
    mend()
    watch.step()
    assert alerts_of_ops(hub) == [("ops_parked", "open")]
    hub.settle()
    assert mails_to_ops(hub) == ["The hub has parked a message"]


def test_ops_are_told_once_when_nothing_could_be_kept_look_after_look(
    hub_that_keeps_nothing: tuple[Hub, Callable[[], None]],
) -> None:
    hub, _ = hub_that_keeps_nothing
    watch = Watch(hub.house)
    told = []
    for _ in range(4):
        watch.step()
        told.append(len(mails_to_ops(hub)))
    assert told == [0, 1, 1, 1]


def test_what_is_told_without_records_passes_the_guard_too(a_hub: Callable[..., Hub]) -> None:
    hub = a_hub()
    room = hub.rooms["notify"]
    said = Template("ops_worker", 1, "a victim waits", "Sign in: {sign_in}", "A victim waits.")
    strayed = Post(board_of(room), Wording({"ops_worker": (said,)}), post_of(room).sign_in_url)
    assert tell_ops_without_records(strayed, hub.clock()) == 0
    assert mails_to_ops(hub) == []
    assert tell_ops_without_records(post_of(room), hub.clock()) == 1
    assert [str(mail["To"]) for mail in hub.mails()] == [OPS]
