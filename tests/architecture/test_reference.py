"""Every route says what it takes and answers, and the reference of the API tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from click.testing import CliRunner
from flask import Flask
from jsonschema_rs import Draft202012Validator

from services.api_reference import described_views, the_document
from services.cli import hub as command
from services.every import SERVICES
from services.ops import service as ops
from services.wsgi import web_of
from shared.problems import MEDIA_TYPE
from shared.web import ANYONE
from tests.support.houses import Hub, embedded_hub

DOCUMENT = the_document()
OPERATIONS = {
    (path, method): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
every_operation = pytest.mark.parametrize(
    "operation", OPERATIONS.values(), ids=[operation["operationId"] for operation in OPERATIONS.values()]
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub for all: nothing here changes it."""
    hub = embedded_hub(tmp_path_factory.mktemp("reference") / "home")
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def apps(hub: Hub) -> dict[str, Flask]:
    """Each service's app, and that of ops over all three."""
    return {name: web_of(room) for name, room in hub.rooms.items()} | {
        ops.NAME: ops.desk_of(hub.rooms, hub.house.broker)
    }


def for_machines(path: str) -> bool:
    return path.startswith(("/v1/", "/health/", "/metrics")) and not path.startswith("/v1/docs")


@pytest.mark.parametrize("name", sorted([*SERVICES, ops.NAME]))
def test_every_route_for_machines_is_described_and_in_the_document(name: str, apps: dict[str, Flask]) -> None:
    described = {rule.rule for rule, _ in described_views(apps[name])}
    for rule in apps[name].url_map.iter_rules():
        if not for_machines(rule.rule):
            continue
        assert rule.rule in described, f"{rule.rule}: say with @described what it takes and answers"
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert (path, method.lower()) in OPERATIONS, f"{path}: name its blueprint in the service's `api`"


def test_the_document_has_a_name_of_its_own_for_each_route() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))


@every_operation
def test_a_route_is_told_in_one_sentence_and_each_of_its_parameters_too(operation: dict[str, Any]) -> None:
    assert operation["summary"].endswith(".")
    assert all(re.search(r"[.?`]$", asked["description"]) for asked in operation["parameters"])
    assert all(answer["description"] for answer in operation["responses"].values())


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_every_part_of_a_path_is_described(path: str) -> None:
    for operation in DOCUMENT["paths"][path].values():
        told = {asked["name"] for asked in operation["parameters"] if asked["in"] == "path"}
        assert told == set(re.findall(r"{([^{}]+)}", path))


@every_operation
def test_every_refusal_is_a_problem_and_every_answer_has_an_example_of_its_kind(
    operation: dict[str, Any],
) -> None:
    for status, answer in operation["responses"].items():
        if int(status) >= 400 and MEDIA_TYPE in answer["content"]:
            codes = answer["content"][MEDIA_TYPE]["examples"]
            assert codes, "name the kinds of problem"
            assert all(example["value"]["status"] == int(status) for example in codes.values())


def test_the_document_is_one_of_openapi_3_1() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def contents_of(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for holder in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from holder.get("content", {}).values()


@every_operation
def test_every_example_is_what_it_is_an_example_of(operation: dict[str, Any]) -> None:
    for content in contents_of(operation):
        examples = [example["value"] for example in content.get("examples", {}).values()]
        examples += [content["example"]] if "example" in content else []
        shape = content.get("schema", {}) | {"components": DOCUMENT["components"]}
        faults = [
            f"{list(fault.instance_path)}: {fault.message}"
            for example in examples
            for fault in Draft202012Validator(shape).iter_errors(example)
        ]
        assert faults == []


def test_who_may_use_a_route_is_told_as_the_route_tells_it(apps: dict[str, Flask]) -> None:
    for app in apps.values():
        for _, view in described_views(app):
            operation = next(o for o in OPERATIONS.values() if o["operationId"] == view.__name__)
            roles: tuple[str, ...] = getattr(view, "open_to")  # noqa: B009 - set by the decorator
            assert bool(operation["security"]) == (ANYONE not in roles)


def test_the_same_document_is_told_by_every_service_and_by_the_front(
    hub: Hub, apps: dict[str, Flask]
) -> None:
    told = hub.front.get("/v1/openapi.json").get_json()
    assert told["openapi"].startswith("3.1")
    assert told["paths"].keys() >= {"/v1/referrals", "/v1/alerts", "/health/ready"}
    assert [apps[name].test_client().get("/v1/openapi.json").get_json() for name in SERVICES] == [told] * 3


def test_the_command_prints_the_same_document() -> None:
    printed = CliRunner().invoke(command, ["openapi"])
    assert printed.exit_code == 0
    assert json.loads(printed.output) == json.loads(json.dumps(DOCUMENT))


def test_what_a_route_does_not_know_in_its_query_is_refused_by_name(hub: Hub) -> None:
    answer = hub.ask("/v1/alerts?stat=open&limit=5&limit=6&n%C3%A9=1", hub.token_of("supervisor"))
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.get_json()["errors"]] == [
        ("/limit", "given_twice"),
        ("", "unknown_field"),
        ("/stat", "unknown_field"),
    ]


def test_a_cursor_is_never_blank_in_the_document_as_at_the_door(hub: Hub) -> None:
    cursors = [
        asked["schema"]
        for path in DOCUMENT["paths"].values()
        for asked in path.get("get", {}).get("parameters", ())
        if asked["name"] == "cursor"
    ]
    assert len(cursors) >= 7
    assert {schema.get("minLength") for schema in cursors} == {1}
    answer = hub.ask("/v1/alerts?cursor=", hub.token_of("supervisor"))
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/cursor"]


def test_a_wrong_method_is_told_which_are_right(hub: Hub) -> None:
    answer = hub.front.delete("/v1/referrals")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert hub.front.post("/health/ready").status_code == 405


def test_what_nobody_serves_is_answered_like_everything_else(hub: Hub) -> None:
    answer = hub.front.get("/nowhere")
    assert answer.get_json()["instance"] == f"urn:uuid:{answer.headers['X-Correlation-ID']}"
