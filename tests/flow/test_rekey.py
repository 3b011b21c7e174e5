"""Accounts are read again, and found again, on each infrastructure: `hub match rekey`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, func, select, update

from services.cli import hub as command
from services.triage.domain.matching.accounts import nothing_told
from services.triage.matching.store import keep_account, page_to_read
from services.triage.tables import match_keys, referrals
from tests.support.builders import an_account
from tests.support.houses import Hub

Run = Callable[..., Result]


@pytest.fixture
def run(hub: Hub) -> Iterator[Run]:
    """Type a command at this hub."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def typed(*words: str) -> Result:
        return CliRunner().invoke(command, list(words), env=dict(hub.environment), prog_name="hub")

    yield typed
    root.handlers[:], root.level = before


@pytest.mark.parametrize("everything", [False, True], ids=["never read", "all"])
def test_who_was_never_read_is_found_again_after_a_rekey(hub: Hub, run: Run, *, everything: bool) -> None:
    hub.take(an_account("OLD", references=("CRI009999902",)))
    hub.take(an_account("READ", family="Another"))
    hub.settle()
    triage = hub.rooms["triage"].database
    with triage.transaction() as connection:
        before = connection.execute(select(func.count()).select_from(match_keys)).scalar_one()
        old = referrals.c.source_record_id == "OLD"
        reference = connection.execute(select(referrals.c.reference).where(old)).scalar_one()
        connection.execute(update(referrals).where(old).values(account=None))
        connection.execute(delete(match_keys).where(match_keys.c.reference == reference))
    told = run("match", "rekey", *(["--all"] if everything else []))
    assert told.exit_code == 0, told.output
    assert f"{2 if everything else 1} accounts were read" in told.stdout
    with triage.reading() as connection:
        assert connection.execute(select(func.count()).select_from(match_keys)).scalar_one() == before
    hub.take(an_account("NEW", references=("CRI009999902",)), "vip")
    hub.settle()
    links = hub.links()
    assert links["vip:NEW"]["case"] == links["vcas:OLD"]["case"]
    again = run("match", "rekey")
    assert "0 accounts were read, 0 keys were new." in again.stdout


def test_a_referral_that_is_amended_while_it_is_read_keeps_what_the_amendment_says(hub: Hub) -> None:
    hub.take(an_account("OLD", references=("CRI009999903",)))
    hub.settle()
    triage = hub.rooms["triage"]
    with triage.database.reading() as connection:
        (row,) = page_to_read(connection, "", 10, unread_only=False)
    hub.take(an_account("OLD", references=("CRI009999904",)))
    hub.settle()
    overtaken = nothing_told(row.reference, row.agency)
    with triage.database.transaction() as connection:
        assert not keep_account(row, overtaken, triage.keys.rest, connection)
    hub.take(an_account("NEW", references=("CRI009999904",)), "vip")
    hub.settle()
    assert len({link["case"] for link in hub.links().values()}) == 1
