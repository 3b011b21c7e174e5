"""Who is written with a slip is still found, and nobody is found by what many share.

Which keys two mentions have in common, from a table; in running text a slip makes nobody a name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.triage.domain.matching.compare_events import named_in
from services.triage.domain.matching.keys import keys_of_person
from services.triage.matching.short_forms import canonicals
from tests.support.builders import an_account
from tests.triage.matching.reading import read

TABLE: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "keys.yaml").read_text(encoding="utf-8")
)


def somebody(told: dict[str, Any]) -> dict[str, Any]:
    given, family = told["name"]
    party: dict[str, Any] = {
        "role": "harmed",
        "name": {k: v for k, v in (("given", given), ("family", family)) if v},
    }
    if "born" in told:
        party["date_of_birth"] = told["born"]
    if "phone" in told:
        party["contacts"] = [{"channel": "mobile", "value": told["phone"]}]
    return party


def meet_by(row: dict[str, Any]) -> list[str]:
    """The kinds of the keys that both have."""
    referral = an_account("INVENTED")
    referral["parties"] = [somebody(row["one"]), somebody(row["other"])]
    one, other = (set(keys_of_person(mention, canonicals)) for mention in read(referral).people)
    return sorted({key[0] for key in one & other})


@pytest.mark.parametrize("row", TABLE["meet"], ids=lambda row: str(row["about"]))
def test_a_slip_leaves_a_key_that_leads_to_whom_it_was(row: dict[str, Any]) -> None:
    assert meet_by(row) == row["by"]


@pytest.mark.parametrize("row", TABLE["part"], ids=lambda row: str(row["about"]))
def test_what_many_share_leads_to_nobody(row: dict[str, Any]) -> None:
    assert meet_by(row) == []


@pytest.mark.parametrize(
    ("given", "summary", "named"),
    [
        ("Nathaniel", "He said that the gate was theirs.", "no"),
        ("Sidney", "He said that the gate was theirs.", "no"),
        ("Thomas", "It was Tommy who broke the gate.", "given"),
    ],
)
def test_a_word_of_the_story_is_no_slip_of_somebodys_name(given: str, summary: str, named: str) -> None:
    teller, named_one = an_account("INVENTED-1"), an_account("INVENTED-2")
    teller["event"]["summary"] = summary
    named_one["parties"] = [somebody({"name": [given, "Garthwaite"]})]
    assert named_in(read(named_one).people[0], read(teller), canonicals) == named
