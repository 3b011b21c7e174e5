"""A hub in one process with its clock standing still: what notify does is the same on each infrastructure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.every import SERVICES
from tests.support.houses import Hub, StoppedClock, embedded_hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def a_hub(tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    """Makes a hub with these settings; it is closed after the test."""
    made: list[Hub] = []

    def make(clock: StoppedClock | None = None, **settings: str) -> Hub:
        made.append(embedded_hub(tmp_path / f"home-{len(made)}", clock, SERVICES.values(), **settings))
        return made[-1]

    yield make
    for hub in made:
        hub.close()


@pytest.fixture
def hub(a_hub: Callable[..., Hub]) -> Hub:
    """A hub of the test's own, at rest."""
    return a_hub()
