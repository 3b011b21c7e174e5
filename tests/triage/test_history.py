"""The history of a case is written once: the database refuses changes, and the chain shows them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from services.cli import hub as command
from services.triage.history.store import check_histories, read_history
from services.triage.history.tables import case_history as lines
from tests.support.builders import a_consent, an_account
from tests.support.houses import Hub, hub, infrastructure, make_hub

__all__ = ["hub", "infrastructure", "make_hub"]

SHARED = ("CRI009999990",)


@pytest.fixture
def told(hub: Hub) -> Hub:
    """A hub with one case of four lines, and another case."""
    account = an_account("ONE", references=SHARED)
    account["parties"][0]["consents"] = [a_consent(decision="not_asked")]
    hub.take(account)
    hub.take(an_account("OTHER", family="Other"))
    hub.settle()
    hub.take(an_account("TWO", references=SHARED), agency="vip")
    hub.settle()
    return hub


@pytest.fixture
def check(told: Hub) -> Iterator[Callable[[], tuple[int, str]]]:
    """What `hub history check` says."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def run() -> tuple[int, str]:
        result = CliRunner().invoke(command, ["history", "check"], env=dict(told.environment))
        return result.exit_code, result.output

    yield run
    root.handlers[:], root.level = before


def unlock(connection: Connection) -> None:
    """Take the database's own refusal away, as whoever owns the tables could."""
    on = "" if connection.dialect.name == "sqlite" else " ON case_history"
    connection.execute(text(f"DROP TRIGGER history_is_written_once{on}"))


def lock(connection: Connection) -> None:
    """Put it back: on a server the tables are used by the next test."""
    if connection.dialect.name != "sqlite":
        connection.execute(
            text(
                "CREATE TRIGGER history_is_written_once BEFORE UPDATE ON case_history "
                "FOR EACH ROW EXECUTE FUNCTION history_is_written_once()"
            )
        )


def test_what_was_written_is_read_in_its_order_and_holds_together(
    told: Hub, check: Callable[[], tuple[int, str]]
) -> None:
    room = told.rooms["triage"]
    with room.database.snapshot() as connection:
        cases = list(connection.execute(select(lines.c.case_id).distinct()).scalars())
        histories = sorted(
            ([line.what for line in read_history(connection, case)] for case in cases), key=len
        )
        assert list(check_histories(connection, room.keys.lookup)) == [[], []]
    assert histories == [
        ["opened_and_routed"],
        ["opened_and_returned", "joined", "released_and_routed", "moved"],
    ]
    code, said = check()
    assert code == 0, said
    assert "2 histories hold together." in said


def test_the_database_refuses_to_change_a_line(told: Hub) -> None:
    database = told.rooms["triage"].database
    with pytest.raises(DBAPIError, match="never changed"), database.transaction() as connection:
        connection.execute(update(lines).values(who="somebody.else@hub.example"))


@pytest.mark.parametrize(
    "what", ["edited", "edited detail", "removed", "cut off", "reordered", "emptied", "unsealed"]
)
def test_whoever_changes_it_all_the_same_is_found_out(
    told: Hub, check: Callable[[], tuple[int, str]], what: str
) -> None:
    with told.rooms["triage"].database.transaction() as connection:
        unlock(connection)
        where = connection.execute(select(lines.c.case_id).where(lines.c.place == 3)).scalar_one()
        of_it = lines.c.case_id == where
        if what == "edited":
            connection.execute(update(lines).where(of_it, lines.c.place == 2).values(who="x"))
        elif what == "edited detail":
            connection.execute(update(lines).where(of_it, lines.c.place == 1).values(detail={"lacks": []}))
        elif what == "removed":
            connection.execute(delete(lines).where(of_it, lines.c.place == 2))
        elif what == "cut off":
            connection.execute(delete(lines).where(of_it, lines.c.place == 3))
        elif what == "emptied":
            connection.execute(delete(lines).where(of_it))
        elif what == "unsealed":
            connection.execute(update(lines).where(of_it, lines.c.place == 3).values(seal=None))
        else:
            for old, new in ((1, 9), (2, 1), (9, 2)):
                connection.execute(update(lines).where(of_it, lines.c.place == old).values(place=new))
        lock(connection)
    code, said = check()
    assert code == 1
    assert "not as they were written" in said
    assert "C-" in said
