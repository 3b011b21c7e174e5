"""One record, one reference: what is sent again changes nothing, what is changed becomes the next version."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.builders import a_referral, an_event
from tests.support.houses import Hub, infrastructure, make_hub

__all__ = ["infrastructure", "make_hub"]


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    """A hub at rest, on each infrastructure."""
    return make_hub()


def test_an_old_version_that_arrives_again_does_not_undo_the_amendment(hub: Hub) -> None:
    first, amended = a_referral(), a_referral(event=an_event(summary="Invented, and now corrected."))
    receipt = hub.take(first)
    second = hub.take(amended)
    assert (receipt["version"], second["version"]) == (1, 2)
    assert hub.take(first) == receipt
    assert hub.take(amended) == second
    answer = hub.ask(f"/v1/referrals/{receipt['reference']}", hub.key_of("vcas"))
    assert answer.get_json()["version"] == 2


def test_an_amendment_of_an_amendment_is_version_three(hub: Hub) -> None:
    versions = [
        hub.take(a_referral(event=an_event(summary=f"Invented, take {number}.")))["version"]
        for number in (1, 2, 3, 2)
    ]
    assert versions == [1, 2, 3, 2]
