"""Triage asks its database about a batch and not about each of its referrals."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from tests.support.builders import an_account
from tests.support.houses import embedded_hub

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.builders import Wire
    from tests.support.houses import Hub

# In a file a statement looks up so many keys and no more; on a server all are one.
_BY_KEY = 'FROM "match_keys"'


def statements_for(hub: Hub, referrals: list[Wire], agency: str) -> list[str]:
    """What triage asks its database, and tells it, until these are settled."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if _BY_KEY not in statement:
            asked.append(statement)

    answer = hub.front.post(
        "/v1/referrals/batch",
        json={"referrals": referrals},
        headers={"Authorization": f"Bearer {hub.key_of(agency)}"},
    )
    assert answer.status_code < 300, answer.text
    engine = hub.rooms["triage"].database.engine
    event.listen(engine, "before_cursor_execute", note)
    hub.settle()
    event.remove(engine, "before_cursor_execute", note)
    return asked


def accounts(count: int, wave: str, **changes: Any) -> list[Wire]:  # noqa: ANN401 - handed on
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        an_account(f"{wave}-{n}", family=f"Invented{letters[n // 26]}{letters[n % 26]}", **changes)
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("first", "again"),
    [
        pytest.param({}, {"kind": "theft", "on": "2025-06-01"}, id="who is known is in another case"),
        pytest.param({}, {"kind": "stalking"}, id="somebody else tells more of the same"),
        pytest.param({"postcode": None}, {"postcode": None}, id="it still lacks something"),
        pytest.param({"postcode": None}, {}, id="it lacks nothing any more"),
    ],
)
def test_fifty_of_people_who_are_known_take_about_as_many_statements_as_ten(
    first: dict[str, str | None], again: dict[str, str | None], tmp_path: Path
) -> None:
    counts = {}
    for count in (10, 50):
        hub = embedded_hub(tmp_path / str(count))
        statements_for(hub, accounts(count, "FIRST", **first), "vcas")
        asked = statements_for(hub, accounts(count, "AGAIN", **again), "vip")
        assert len(hub.links()) == 2 * count
        hub.close()
        counts[count] = asked
    assert len(counts[50]) < 1.5 * len(counts[10]), Counter(counts[50]).most_common(3)
