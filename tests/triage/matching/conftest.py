"""What tests of matching ask for: a hub, and commands typed at it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import hub as command
from tests.support.houses import Hub, embedded_hub

Run = Callable[..., Result]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """An embedded hub."""
    hub = embedded_hub(tmp_path / "home")
    yield hub
    hub.close()


@pytest.fixture
def run(hub: Hub) -> Iterator[Run]:
    """Type a command at this hub."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def typed(*words: object) -> Result:
        return CliRunner().invoke(command, list(map(str, words)), env=dict(hub.environment), prog_name="hub")

    yield typed
    root.handlers[:], root.level = before
