"""Whatever is sent to whichever route, by whomever: the answer is one that the reference tells of.

schemathesis makes requests from the OpenAPI document of the whole hub, right ones and wrong ones, and holds
the answers against it: no failure of ours, no status, header, type or shape that is not told, nothing let
in without a key, and nothing refused that the document allows.
"""

from __future__ import annotations

import copy
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import pytest
import schemathesis
from schemathesis import BaseSchema, Case, CheckContext, Response

from services.api_reference import the_document
from services.wsgi import Front
from shared.problems import TYPE_PREFIX
from shared.web import AGENCY, ANYONE, Caller, sign_token
from tests.support.builders import an_account
from tests.support.houses import Hub, embedded_hub
from tests.support.spreadsheets import MAPPING, a_csv, a_row


def an_import(hub: Hub) -> str:
    """The id of an import that is done, with a row of each kind."""
    content = a_csv([a_row(), a_row(2, Category="")])
    answer = hub.front.post(
        "/v1/imports",
        data={"file": (io.BytesIO(content), "export.csv"), "mapping": MAPPING},
        headers={"Authorization": f"Bearer {hub.key_of('vcas')}"},
    )
    hub.settle()
    return str(answer.get_json()["id"])


class TheHub:
    """The hub that answers: made when the first test asks, for requests are thought of before that."""

    def __init__(self) -> None:
        """Wait for a hub."""
        self.hub: Hub | None = None
        self.front: Front | None = None
        self.known: dict[str, list[str]] = {}
        self.asked: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
        """Answer."""
        assert self.front is not None
        return self.front(environ, start)

    def move_in(self, hub: Hub) -> None:
        """Let this hub answer, with something in it that can be found."""
        self.hub, self.front = hub, Front(hub.rooms)
        receipts = [hub.take(an_account(f"KNOWN-{number}")) for number in range(3)]
        hub.settle()
        self.known = {
            "reference": [receipt["reference"] for receipt in receipts],
            "alert_id": [alert["id"] for alert in hub.alerts()],
            "import_id": [an_import(hub)],
            "case": [line["case"] for line in hub.links().values()],
            "review": self.reviews(hub),
        }

    @staticmethod
    def reviews(hub: Hub) -> list[str]:
        """The ids of what waits for a human's word."""
        hub.take(an_account("MAYBE", on="2026-03-10"), "vip")
        hub.settle()
        answer = hub.ask("/v1/reviews", hub.token_of("supervisor")).get_json()
        found = [str(one["id"]) for one in answer["reviews"]]
        assert found
        return found


THE_HUB = TheHub()


def strict(document: dict[str, Any]) -> dict[str, Any]:
    """The document, with answers that hold nothing beyond what it tells.

    Agencies must expect more, so that something can be added; nothing may be added without telling.
    """
    document = copy.deepcopy(document)
    for shape in document["components"]["schemas"].values():
        close(shape)
    return document


def close(shape: Any) -> None:  # noqa: ANN401 - any part of a JSON Schema
    if isinstance(shape, dict):
        if shape.get("type") == "object" and "properties" in shape:
            shape.setdefault("additionalProperties", False)
        for part in shape.values():
            close(part)
    elif isinstance(shape, list):
        for part in shape:
            close(part)


# What is wrong may also be too long to be read at all (413).
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429"]


def schema_of(examples: int, *, every_time_the_same: bool, **phases: bool) -> BaseSchema:
    config = schemathesis.Config.from_dict(
        {
            **({"seed": 20261122} if every_time_the_same else {}),
            "generation": {
                # Who asks is what a test says.
                "with-security-parameters": False,
                "max-examples": examples,
                "database": "none",
                "deterministic": every_time_the_same,
            },
            "phases": {phase: {"enabled": on} for phase, on in phases.items()},
            # Below it stands one that knows which rules no document can tell.
            "checks": {
                "positive_data_acceptance": {"enabled": False},
                "negative_data_rejection": {"expected-statuses": REFUSED},
            },
            # As far as the address goes, a referral could have the reference "batch".
            "operations": [
                {
                    "include-name": "POST /v1/referrals/batch",
                    "checks": {
                        "allow_header_conformance": {"enabled": False},
                        # A referral in it that is not taken is told of as such; the batch was read.
                        "negative_data_rejection": {"enabled": False},
                    },
                }
            ],
        }
    )
    schema = schemathesis.openapi.from_dict(strict(the_document()), config=config)
    schema.app = THE_HUB

    @schema.hook
    def map_path_parameters(_context: Any, parameters: Any) -> Any:  # noqa: ANN401 - schemathesis' own
        """Half of what is asked for is there."""
        for name in parameters or {}:
            if THE_HUB.known.get(name) and len(str(parameters[name])) % 2:
                parameters[name] = THE_HUB.known[name][0]
        return parameters

    @schema.hook
    def map_body(_context: Any, body: Any) -> Any:  # noqa: ANN401 - schemathesis' own
        """What could be called is an address of this machine, so that nobody else is looked for."""
        if isinstance(body, dict) and str(body.get("url")).startswith("https://"):
            body["url"] = "https://127.0.0.1/hub"
        return body

    return schema


# What no JSON Schema can say: one field against another, and how a number is written.
BETWEEN_FIELDS = {
    "date_in_future",
    "ends_before_start",
    "not_an_email",
    "needed_with_template",
    "not_in_case",
    "needed_here",
}
WRITTEN_OTHERWISE = {"/demand_baseline/police_calls", "/demand_baseline/police_attendances"}
# What only the hub can know: which cursors it gave, which addresses can be called, what is in a file, who is
# registered here.
KNOWN_TO_THE_HUB = {
    "/facilitators/*/email",
    "/facilitators/*/level",
    "/owner",
    "/cursor",
    "/url",
    "/file",
    "/mapping",
    "/mapping_file",
    "/table",
    "/to",
    "/state",
    "/says/staff",
}
KINDS_KNOWN_TO_THE_HUB = {
    "idempotency_key_reused",
    "mistaken_mapping",
    "no_rows",
    "no_such_mapping",
    "no_table",
    "several_tables",
    "unreadable_file",
}
# Where in a list somebody stands changes nothing about what is wrong with them.
_ANY_PLACE = re.compile(r"/[0-9]+(?=/|$)")


def what_the_document_allows_is_taken(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """A request that fits is refused only for what a document cannot say."""
    if (
        case.meta is None
        or not case.meta.generation.mode.is_positive
        or response.status_code not in (400, 422)
    ):
        return
    told = json.loads(response.content)
    if told["type"].removeprefix(TYPE_PREFIX) in KINDS_KNOWN_TO_THE_HUB:
        return
    reasons = [
        fault
        for fault in told.get("errors", [told])
        if fault.get("code") not in BETWEEN_FIELDS
        and _ANY_PLACE.sub("/*", fault.get("pointer", "")) not in KNOWN_TO_THE_HUB | WRITTEN_OTHERWISE
    ]
    assert not reasons, f"refused though it fits: {reasons}"


def bearer_of(caller: str, case: Case[Any]) -> str | None:
    """What the caller shows for this operation."""
    roles = case.operation.definition.raw["x-open-to"]
    hub = THE_HUB.hub
    assert hub is not None
    if caller == "nobody" or ANYONE in roles:
        return None
    if AGENCY in roles:
        return hub.key_of("vcas" if caller == "somebody who may" else "vip")
    if caller == "somebody who may":
        return hub.token_of(roles[0])
    # Another person too: whoever has a case sees it, whichever their team.
    another = Caller(roles[0], "somebody.else@referral-hub.example", "restorative_cleveland", "")
    return sign_token(hub.rooms["notify"].keys, another)


def hold(case: Case[Any], caller: str) -> None:
    """Send it, and hold the answer against the document."""
    bearer = bearer_of(caller, case)
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else None
    THE_HUB.asked[caller] += 1
    response = case.call(headers=headers)
    case.validate_response(response, headers=headers, additional_checks=[what_the_document_allows_is_taken])
    # A supervisor sees every team's: of those there is no other.
    everybody_s = case.operation.definition.raw["x-open-to"] == ["supervisor"]
    if caller != "somebody who may" and not everybody_s:
        shown = [known for known in chain(*THE_HUB.known.values()) if known.encode() in response.content]
        assert not shown, "something of somebody else's was shown"


ENOUGH = 5000
CALLERS = ("somebody who may", "nobody", "somebody else")


@pytest.fixture(scope="module", autouse=True)
def _hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    hub = embedded_hub(
        tmp_path_factory.mktemp("whole") / "home",
        rate_per_minute="0",
        wrong_keys_per_minute="0",
        webhook_private_networks="127.0.0.0/8",
    )
    THE_HUB.move_in(hub)
    yield
    hub.close()


quickly = schema_of(2, every_time_the_same=True, coverage=False)
thoroughly = schema_of(100, every_time_the_same=False)


@pytest.mark.parametrize("caller", CALLERS)
@quickly.parametrize()
def test_an_answer_is_one_that_the_reference_tells_of(case: Case[Any], caller: str) -> None:
    hold(case, caller)


@pytest.mark.nightly
@pytest.mark.parametrize("caller", CALLERS)
@thoroughly.parametrize()
def test_every_answer_is_one_that_the_reference_tells_of(case: Case[Any], caller: str) -> None:
    hold(case, caller)


@pytest.mark.nightly
def test_enough_was_asked_in_the_night_for_this_to_mean_something() -> None:
    sys.stdout.write(f"requests made: {dict(THE_HUB.asked)}\n")
    assert THE_HUB.asked.total() > ENOUGH
