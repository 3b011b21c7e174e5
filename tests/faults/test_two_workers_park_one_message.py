"""What nobody can read, and two workers have at the same instant, is parked once."""

from __future__ import annotations

import secrets
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from services.triage.service import TRIAGE
from shared.messaging.parking import list_parked
from shared.sealing import make_keys_file
from shared.settings import Settings
from tests.faults.poison import poisons
from tests.faults.racing import work_in_processes

pytestmark = [pytest.mark.faults, pytest.mark.production]

TURNS = 100


@pytest.mark.parametrize("redelivered", [False, True], ids=["with an id", "without one, and delivered again"])
def test_whatever_two_workers_have_at_once_is_parked_once_and_neither_waits_for_the_other_in_a_ring(
    database_urls: dict[str, str], tmp_path: Path, *, redelivered: bool
) -> None:
    settings = {"HUB_HOME": str(tmp_path), "HUB_TRIAGE_DATABASE_URL": database_urls["triage"]}
    make_keys_file(tmp_path)
    room = TRIAGE.furnish(Settings.read(settings))
    thrown = poisons(1, "referral.received", room.keys.messages)
    named = (one.body for one in thrown if one.reason == "broken_seal")
    nameless = (secrets.token_bytes(100) for _ in range(2 * TURNS))
    bodies = list(islice(nameless if redelivered else named, 2 * TURNS))
    pairs = list(zip(bodies[:TURNS], bodies[TURNS:], strict=True))
    # The one worker has each pair in one order, the other in the other.
    work_in_processes(settings, [pairs, [pair[::-1] for pair in pairs]], redelivered=redelivered)
    found = list_parked(room.books, limit=4 * len(bodies))
    assert Counter(one.reason for one in found) == {
        "undecodable" if redelivered else "broken_seal": len(bodies)
    }
    room.close()
