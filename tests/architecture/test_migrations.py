"""The migrations of each service make exactly the tables that its code speaks of, on both databases."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from services.every import SERVICES
from shared.database import Database, TablesAreNewer, migrate
from tests.support.houses import BOTH


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "embedded":
        return f"sqlite:///{tmp_path}/migrated.db"
    return str(request.getfixturevalue("fresh_database")())


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_migrations_and_tables_say_the_same(name: str, url: str) -> None:
    service, database = SERVICES[name], Database(url)
    metadata = service.tables.outbox.metadata
    for _ in range(2):  # the second time there is nothing left to do
        migrate(database, service.migrations)
        with database.engine.connect() as connection:
            options = {"compare_type": True, "compare_server_default": True}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, metadata) == []
            assert (
                context.get_current_revision() == ScriptDirectory(str(service.migrations)).get_current_head()
            )
    found = inspect(database.engine)
    for table in metadata.tables.values():
        assert set(found.get_pk_constraint(table.name)["constrained_columns"]) == {
            column.name for column in table.primary_key
        }
        # Which rows an index leaves out is compared by nobody else.
        for index in table.indexes:
            (made,) = [one for one in found.get_indexes(table.name) if one["name"] == index.name]
            dialect = database.engine.dialect.name
            where = index.dialect_options[dialect].get("where")
            assert (where is not None) == (f"{dialect}_where" in made.get("dialect_options", {})), index.name
    database.close()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_the_steps_of_a_service_are_one_line_without_a_fork(name: str) -> None:
    steps = ScriptDirectory(str(SERVICES[name].migrations))
    assert len(steps.get_heads()) == 1
    assert len(steps.get_bases()) == 1


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_tables_of_a_newer_version_are_told_and_left_as_they_are(name: str, url: str) -> None:
    service, database = SERVICES[name], Database(url)
    migrate(database, service.migrations)
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(TablesAreNewer, match=rf"The tables of {name} .* newer version of the hub \(9999;"):
        migrate(database, service.migrations)
    with database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    database.close()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_step_that_dies_half_way_leaves_nothing_and_is_done_the_next_time(
    name: str, url: str, tmp_path: Path
) -> None:
    steps = tmp_path / name
    shutil.copytree(SERVICES[name].migrations, steps)
    head = ScriptDirectory(str(steps)).get_current_head()
    step = steps / "versions" / "9999_half.py"
    whole = f'''"""A table."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.create_table("first_half", sa.Column("id", sa.Uuid, primary_key=True))
'''
    step.write_text(f"{whole}    raise InterruptedError\n", encoding="utf-8")
    database = Database(url)
    with pytest.raises(InterruptedError):
        migrate(database, steps)
    assert inspect(database.engine).get_table_names() == []
    step.write_text(whole, encoding="utf-8")
    migrate(database, steps)
    assert "first_half" in inspect(database.engine).get_table_names()
    database.close()
