"""The worked examples: each comes to the team, with the urgency and the gates, that the rules name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.builders import Wire, a_consent, an_account
from tests.support.houses import Hub, StoppedClock, embedded_hub
from tests.triage.cases.doing import token, whole

EXAMPLES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "worked_examples.yaml").read_text(encoding="utf-8")
)
TODAY = dt.date(2026, 3, 22)
# Invented family names that nobody takes for one another, ten times ten.
_BEGIN = ("Quill", "Marsh", "Tobin", "Varley", "Hext", "Pruden", "Gadsby", "Lorim", "Stoke", "Fennick")
_END = ("", "ham", "ridge", "well", "stead", "combe", "bourne", "lock", "hurst", "gill")


def referral_of(number: int, told: dict[str, Any]) -> Wire:
    """The referral of an example, about people whom no other example is about."""
    family = _BEGIN[number % 10] + _END[number // 10]
    account = an_account(
        f"EXAMPLE-{number}",
        family=family,
        kind=told.get("kind", "burglary"),
        postcode=told.get("postcode", "DL1 9ZZ"),
        born=told.get("harmed_born", ""),
        strand=told.get("strand", "crime"),
        phone=f"07700 900{number * 37 % 1000:03}",
    )
    fill_harmed(account["parties"][0], told)
    event = account["event"]
    if "stage" in told:
        event["justice_stage"] = told["stage"]
    if "hearing_in" in told:
        event["next_hearing_on"] = str(TODAY + dt.timedelta(days=told["hearing_in"]))
    if "responsible" in told:
        account["parties"].append(responsible_of(family, told["responsible"]))
    if "also_responsible" in told:
        account["parties"].append(responsible_of(family, told["also_responsible"], given="Fabula"))
    if "also" in told:
        name = {"given": "Mythia", "family": family}
        also = {"role": told["also"]["role"], "date_of_birth": told["also"]["born"], "name": name}
        account["parties"].append(also)
    if "markers" in told or "danger" in told:
        account["risks"] = {
            "assessed": True,
            "immediate_danger": told.get("danger", False),
            "markers": told.get("markers", []),
        }
    if "calls" in told:
        account["demand_baseline"] = {"police_calls": told["calls"]}
    named = (
        ("services", "services_wanted"),
        ("need", "need_identified_by"),
        ("initiated_by", "initiated_by"),
    )
    return account | {field: told[name] for name, field in named if name in told}


def fill_harmed(party: Wire, told: dict[str, Any]) -> None:
    if "uprn" in told:
        party["address"] = {"uprn": told["uprn"]}
    if told.get("sharing") is False:
        party["consents"].append(a_consent(to="sharing", decision="refused", contact_again_on=None))
        party["consents"][-1].pop("contact_again_on")
    if told.get("consent") is False:
        party["consents"][0]["decision"] = "not_asked"
    if told.get("safe") is False:
        party["contacts"][0]["safe"] = "unknown"
    if "tenure" in told:
        party["identifiers"] = [{"scheme": "tenure", "value": told["tenure"]}]
    if told.get("enhanced"):
        party["enhanced_rights"] = True


def responsible_of(family: str, told: dict[str, Any], given: str = "Mythos") -> Wire:
    other: Wire = {"role": "responsible", "name": {"given": given, "family": f"{family}son"}}
    if "born" in told:
        other["date_of_birth"] = told["born"]
    if "postcode" in told:
        other["address"] = {"postcode": told["postcode"]}
    if told.get("custody"):
        other["identifiers"] = [{"scheme": "prison_number", "value": f"INVENTED-{family}"}]
    if told.get("safe"):
        other["contacts"] = [{"channel": "mobile", "value": "07700 900125", "safe": "yes"}]
    return other


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub that has taken every example."""
    clock = StoppedClock(dt.datetime(2026, 3, 22, 14, 10, tzinfo=dt.UTC))
    hub = embedded_hub(tmp_path_factory.mktemp("examples") / "home", clock, rate_per_minute="0")
    for number, told in enumerate(EXAMPLES):
        hub.take(referral_of(number, told))
    hub.settle()
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def links(hub: Hub) -> dict[str, dict[str, Any]]:
    """Which case each example became."""
    return hub.links()


def test_there_are_enough_examples_and_each_names_its_source() -> None:
    assert len(EXAMPLES) >= 90
    assert all(told["source"] for told in EXAMPLES)
    assert len({told["name"] for told in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize(
    ("number", "told"), list(enumerate(EXAMPLES)), ids=[told["name"] for told in EXAMPLES]
)
def test_an_example_goes_where_the_rules_say(
    number: int, told: dict[str, Any], hub: Hub, links: dict[str, dict[str, Any]]
) -> None:
    case = links[f"vcas:EXAMPLE-{number}"]["case"]
    why = hub.ask(f"/v1/routing/explanation?case={case}", token(hub, "supervisor")).get_json()
    found = {
        "team": why["team"],
        "urgency": why["urgency"],
        "gates": sorted(gate["gate"] for gate in why["gates"]),
        "lacks": whole(hub, case, "supervisor")["lacks"],
    }
    assert found == {
        "team": told["team"],
        "urgency": told.get("urgency", "normal"),
        "gates": sorted(told.get("gates", [])),
        "lacks": told.get("lacks", []),
    }
    assert why["why"]
    if told.get("fast"):
        assert whole(hub, case, "supervisor")["urgent"]
