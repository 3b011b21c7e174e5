"""The reference of the HTTP API: one OpenAPI 3.1 document of the whole hub, made from the routes themselves.

Each service names the blueprints of its API (`Service.api`), and each view in them says what it takes and
answers (`shared.openapi.described`). The document is put together from the code of all three services, which
every process has, and so each of them can tell the whole of it: no service has to ask another, and the
document is the same embedded and in production. It depends on no setting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final

import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Blueprint, Flask, Response
from marshmallow import Schema

from services.every import SERVICES
from services.ops.api import api as ops_api
from shared import problems
from shared.database import DatabaseAway
from shared.inflating import NotInflatable
from shared.openapi import JSON, PROBLEM, UUID_TEXT, Answer, Described, Shape, Takes, described
from shared.pages import Pages
from shared.problems import MEDIA_TYPE, TYPE_PREFIX, Problem
from shared.reading_json import NamedTwice
from shared.web import (
    AGENCY,
    ANYONE,
    STAFF,
    BadRequest,
    FromElsewhere,
    UnknownCoding,
    add_health,
    open_to,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.routing import Rule

WHERE: Final = "/v1/openapi.json"

_AGENCY_KEY, _STAFF_TOKEN = "agencyKey", "staffToken"
_INTRODUCTION: Final = """\
The Referral Hub takes restorative-justice referrals from agencies, finds out which of them belong together,
and brings each case to a coordinator.

**Who asks.** An agency's system sends its API key with every request: `Authorization: Bearer <key>`. Staff
send the token that `POST /v1/tokens` gives them, in the same header.

**What goes wrong** is told as `application/problem+json` (RFC 9457): a stable `type`, a `title`, and for a
body or a query in `errors` every fault in it with its place (a JSON pointer), a stable code and what to do.
No problem repeats a value that was sent.

**How much.** Every answer says in `RateLimit` how many requests are left; beyond them it is 429, and
`Retry-After` says when to come again. A batch or an import costs less than its referrals one by one.

**Repeats.** The same record sent again is answered with the receipt that it has already, so a request that
was not answered can always be sent again.

**New properties** may be added to answers at any time: leave out what you do not know. Properties of a
request that the hub does not know are refused.
"""

_HEADERS: Final = {
    "X-Correlation-ID": {
        "description": "Names this request and all that follows from it; your own, if you sent one.",
        "schema": dict(UUID_TEXT),
    },
    "RateLimit-Policy": {
        "description": "How many requests you may make: `q` in `w` seconds.",
        "schema": {"type": "string", "examples": ['"default";q=12000;w=60']},
    },
    "RateLimit": {
        "description": "How many of them are left, `r`, and after how many seconds all are there again, `t`.",
        "schema": {"type": "string", "examples": ['"default";r=11998;t=1']},
    },
    "Retry-After": {
        "description": "After how many seconds to try again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {"description": "How to show who you are.", "schema": {"const": "Bearer"}},
}


_ON_EVERY_ANSWER: Final = ("X-Correlation-ID", "RateLimit-Policy", "RateLimit")


class _Converter(OpenAPIConverter):
    """Lets a field and a schema say of themselves in JSON Schema what marshmallow does not know of them."""

    def field2property(self, field: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of marshmallow's
        found: dict[str, Any] = super().field2property(field)
        tell = getattr(field, "as_json_schema", None)
        return tell(found) if tell else found

    def schema2jsonschema(self, schema: Schema) -> dict[str, Any]:
        found: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        found.setdefault("description", cleandoc(type(schema).__doc__ or ""))
        tell = getattr(schema, "as_json_schema", None)
        return tell(found) if tell else found


class _Plugin(MarshmallowPlugin):
    Converter = _Converter


def _named(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removeprefix("_").removesuffix("Schema")


class _Writer:
    """Writes the routes of one Flask app into a document."""

    def __init__(self) -> None:
        self._plugin = _Plugin(schema_name_resolver=_named)
        self._spec = APISpec(
            title="Referral Hub",
            version=version("referral-hub"),
            openapi_version="3.1.0",
            info={"description": _INTRODUCTION},
            plugins=[self._plugin],
        )
        self._shapes: dict[str, Shape] = {}
        components = self._spec.components
        components.security_scheme(
            _AGENCY_KEY,
            {"type": "http", "scheme": "bearer", "description": "The API key of an agency."},
        )
        components.security_scheme(
            _STAFF_TOKEN,
            {
                "type": "http",
                "scheme": "bearer",
                "description": "The token of a member of staff, from `POST /v1/tokens`.",
            },
        )
        for name, header in _HEADERS.items():
            components.header(name, dict(header))

    def write(self, app: Flask) -> dict[str, Any]:
        """The document of every described route of this app."""
        for rule, view in described_views(app):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                self._spec.path(
                    re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule),
                    operations={method.lower(): self._operation(rule, method, view)},
                )
        document: dict[str, Any] = self._spec.to_dict()
        document["tags"] = [{"name": tag} for tag in self._tags(document)]
        return document

    @staticmethod
    def _tags(document: Mapping[str, Any]) -> list[str]:
        operations = [operation for path in document["paths"].values() for operation in path.values()]
        return list(dict.fromkeys(tag for operation in operations for tag in operation["tags"]))

    def _operation(self, rule: Rule, method: str, view: Any) -> dict[str, Any]:  # noqa: ANN401 - a view
        said: Described = view.described
        roles: tuple[str, ...] = view.open_to
        summary, _, rest = cleandoc(view.__doc__ or "").partition("\n")
        operation: dict[str, Any] = {
            "operationId": view.__name__,
            "tags": [said.tag],
            "summary": summary,
            "description": "\n\n".join(filter(None, (rest.strip(), _who(roles)))),
            "parameters": [
                {
                    "name": asked.name,
                    "in": asked.place,
                    "description": asked.told,
                    "required": asked.required or asked.place == "path",
                    "schema": self._schema(asked.schema),
                    **({} if asked.example is None else {"example": asked.example}),
                }
                for asked in said.asks
            ],
            "responses": {
                **{str(status): self._answer(answer) for status, answer in said.answers.items()},
                **self._refusals(problems_of(rule, method, view)),
            },
            "security": [{scheme: []} for scheme in _schemes(roles)],
            "x-open-to": list(roles),
        }
        if said.takes:
            operation["requestBody"] = {
                "required": True,
                "description": "\n\n".join(filter(None, (takes.told for takes in said.takes))),
                "content": {takes.media_type: self._content(takes) for takes in said.takes},
            }
        return operation

    def _content(self, takes: Takes) -> dict[str, Any]:
        return {
            "schema": self._schema(takes.shape),
            "examples": {
                name: {"summary": name, "value": example} for name, example in takes.examples.items()
            },
        }

    def _answer(self, answer: Answer) -> dict[str, Any]:
        told: dict[str, Any] = {
            "description": answer.told,
            "headers": {
                **_the(*_ON_EVERY_ANSWER),
                **{
                    name: {"description": meaning, "schema": {"type": "string"}}
                    for name, meaning in answer.headers.items()
                },
            },
        }
        if answer.shape is not None:
            content = {"schema": self._schema(answer.shape)}
            if answer.example is not None:
                content["example"] = answer.example
            told["content"] = {answer.media_type: content, **{other: {} for other in answer.other_types}}
        return told

    def _refusals(self, kinds: Iterator[type[Problem]]) -> dict[str, Any]:
        by_status: dict[int, list[type[Problem]]] = {}
        for kind in kinds:
            known = by_status.setdefault(kind.status, [])
            if kind not in known:
                known.append(kind)
        return {
            str(status): {
                "description": " ".join(f"{kind.title}" for kind in alike),
                "headers": _the(*_ON_EVERY_ANSWER, *_headers_of(status)),
                "content": {
                    MEDIA_TYPE: {
                        "schema": self._schema(PROBLEM),
                        "examples": {
                            kind.code: {"summary": kind.title, "value": _example_of(kind)} for kind in alike
                        },
                    }
                },
            }
            for status, alike in sorted(by_status.items())
        }

    def _schema(self, shape: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
        if isinstance(shape, Shape):
            if shape.name not in self._shapes:
                self._shapes[shape.name] = shape
                self._spec.components.schema(shape.name, self._schema(shape.schema))
            elif self._shapes[shape.name] != shape:
                message = f"two shapes have the name {shape.name}"
                raise ValueError(message)
            return {"$ref": f"#/components/schemas/{shape.name}"}
        if isinstance(shape, type) and issubclass(shape, Schema):
            return self._plugin.converter.resolve_nested_schema(shape)  # type: ignore[union-attr]
        if isinstance(shape, Mapping):
            return {key: self._schema(value) for key, value in shape.items()}
        if isinstance(shape, (list, tuple)):
            return [self._schema(value) for value in shape]
        return shape


def described_views(app: Flask) -> Iterator[tuple[Rule, Callable[..., Any]]]:
    """Every route of an app that says what it takes and answers, with its view."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if hasattr(view, "described"):
            yield rule, view


def problems_of(rule: Rule, method: str, view: Any) -> Iterator[type[Problem]]:  # noqa: ANN401 - a view
    """Every kind of problem that a route may answer with: its own, and what follows from its kind."""
    said: Described = view.described
    if ANYONE not in view.open_to:
        yield problems.NoKey
        yield problems.Forbidden
    if rule.arguments:
        yield problems.NotFound
    # A query and an encoded body can be unreadable, and a query can hold what is not known, on any route.
    yield BadRequest
    yield problems.Unprocessable
    if method in ("POST", "PUT", "PATCH", "DELETE"):
        yield FromElsewhere
        yield UnknownCoding
        yield NotInflatable
        yield problems.TooLarge
        yield problems.UnsupportedMediaType
    if any(takes.media_type == JSON for takes in said.takes):
        yield problems.NotJson
        yield NamedTwice
    yield problems.TooMany
    yield problems.Internal
    yield problems.Unavailable
    yield DatabaseAway
    yield from said.problems


def _the(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _headers_of(status: int) -> tuple[str, ...]:
    if status == problems.NoKey.status:
        return ("WWW-Authenticate",)
    return ("Retry-After",) if status in (problems.TooMany.status, problems.Unavailable.status) else ()


def _example_of(kind: type[Problem]) -> dict[str, Any]:
    return {
        "type": TYPE_PREFIX + kind.code,
        "title": kind.title,
        "status": kind.status,
        "detail": kind.advice,
        "instance": "urn:uuid:01933b9f-5a00-7000-8000-000000000000",
    }


def _schemes(roles: tuple[str, ...]) -> list[str]:
    if ANYONE in roles:
        return []
    return [_AGENCY_KEY] * (AGENCY in roles) + [_STAFF_TOKEN] * any(role in STAFF for role in roles)


def _who(roles: tuple[str, ...]) -> str:
    if ANYONE in roles:
        return "Open to anyone."
    told = ["agencies" if role == AGENCY else f"{role}s" if role != "ops" else role for role in roles]
    return f"Open to {', '.join(told)}."


@cache
def the_document() -> dict[str, Any]:
    """The OpenAPI document of the whole hub."""
    app = Flask("reference", static_folder=None)
    for service in SERVICES.values():
        for blueprint in service.api:
            app.register_blueprint(blueprint)
    app.register_blueprint(ops_api)
    app.register_blueprint(reference)
    add_health(app)
    return _Writer().write(app)


@cache
def _written() -> bytes:
    return msgspec.json.encode(the_document())


_pages = Pages("shared")
reference = Blueprint("reference", __name__)


@reference.get(WHERE)
@open_to(ANYONE)
@described(
    "Reference",
    answers={200: Answer("The OpenAPI document.", {"type": "object", "required": ["openapi", "paths"]})},
)
def get_openapi() -> Response:
    """The OpenAPI document of the whole hub."""
    return Response(_written(), content_type=JSON)


@reference.get("/v1/docs")
@open_to(ANYONE)
def get_docs() -> Response:
    """The same, for people: to read and to try."""
    return _pages.show("api_reference.html", document=WHERE)
