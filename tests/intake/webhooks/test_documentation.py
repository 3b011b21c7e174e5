"""What docs/webhooks.md shows an agency's developer works as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.intake.webhooks.domain.delivery import KEPT, PAUSES, Trouble
from services.intake.webhooks.domain.endpoint import OVERLAP, PATIENCE
from tests.intake.webhooks.conftest import Agency
from tests.support.builders import an_account
from tests.support.houses import Hub

TEXT = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def example(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
def test_the_ten_lines_know_what_is_ours(hub: Hub, agency: Agency) -> None:
    taught: dict[str, Any] = {}
    exec(example("python"), taught)  # noqa: S102 - as a reader of the page would
    is_from_the_hub = taught["is_from_the_hub"]
    before = agency.secrets[0]
    agency.renew_secret()
    hub.take(an_account("TAUGHT"))
    hub.settle()
    (received,) = agency.server.received
    headers = dict(received.headers)
    assert is_from_the_hub(headers, received.body, agency.secrets[0])
    assert is_from_the_hub(headers, received.body, before)
    assert not is_from_the_hub(headers, received.body + b" ", before)
    assert not is_from_the_hub(headers | {"webhook-id": "another"}, received.body, before)
    assert not is_from_the_hub(headers, received.body, "whsec_" + "A" * 43 + "=")
    early = str(int(headers["webhook-timestamp"]) - 600)
    assert not is_from_the_hub(headers | {"webhook-timestamp": early}, received.body, before)
    shown = json.loads(example("json"))
    assert shown.keys() == received.event.keys()
    assert shown["data"].keys() == received.event["data"].keys()


def test_the_figures_are_those_of_the_code() -> None:
    minutes = [pause.total_seconds() / 60 for pause in PAUSES]
    assert minutes == [5 / 60, 5, 30, *(hours * 60 for hours in (2, 5, 10, 14, 20, 24))]
    flowing = " ".join(TEXT.split())
    assert "in 5 seconds, then 5 minutes, 30 minutes, 2, 5, 10, 14, 20 and 24 hours" in flowing
    assert f"For {OVERLAP.total_seconds() / 3600:.0f} hours everything is signed with both" in flowing
    assert f"the last {KEPT.days} days" in flowing
    assert (PATIENCE.days, "five days in which you took nothing" in flowing) == (5, True)
    assert all(f"`{trouble}`" in TEXT for trouble in Trouble.__args__)  # type: ignore[attr-defined]  # a Literal has them
