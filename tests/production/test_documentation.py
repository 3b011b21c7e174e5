"""What an operator can set is written down."""

import pytest

from shared.settings import SETTINGS
from tests.production.stack import ROOT, containers, variables

TEXT = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS])
def test_every_setting_is_explained(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("name", sorted({v.name for v in variables() if not v.needed}))
def test_every_value_that_may_stand_in_the_env_file_is_explained(name: str) -> None:
    assert f"`{name}`" in TEXT


def test_while_a_copy_is_brought_back_nothing_runs_that_reads_or_writes_it() -> None:
    (stopped,) = (line.split() for line in TEXT.splitlines() if line.startswith("docker compose stop proxy"))
    assert set(stopped[3:]) == set(containers()) - {"rabbitmq", "postgres", "hub"}


@pytest.mark.parametrize("name", containers())
def test_every_container_is_explained(name: str) -> None:
    assert f"`{name}`" in TEXT
