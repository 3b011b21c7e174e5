"""How a route tells what it takes and what it answers, beside the code that does it.

`@described(...)` under `@open_to(...)` says in data what the OpenAPI document says of a route. The summary is
the first line of the view's docstring and the rest of it the description; who may come in is what `open_to`
says; the refusals that every route shares are added by whoever writes the document. A shape is a marshmallow
schema, where one reads the body, or a `Shape`: a JSON Schema with a name, in which other shapes may stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from shared.problems import Problem

View = TypeVar("View", bound=Callable[..., Any])
JsonSchema = Mapping[str, Any]

JSON = "application/json"


@dataclass(frozen=True)
class Shape:
    """A JSON Schema with a name, told once in the document however often it is meant."""

    name: str
    schema: JsonSchema


@dataclass(frozen=True)
class Asked:
    """One thing that a request may say beside its body: in the query, in a header, or as part of the path."""

    name: str
    schema: JsonSchema
    told: str
    place: Literal["query", "header", "path"] = "query"
    required: bool = False
    example: object = None


@dataclass(frozen=True)
class Takes:
    """The body of a request; `shape` is a `Shape`, a JSON Schema, or a marshmallow schema's class."""

    shape: Shape | JsonSchema | type[Any]
    examples: Mapping[str, object] = field(default_factory=dict)
    media_type: str = JSON
    told: str = ""


@dataclass(frozen=True)
class Answer:
    """One answer on the happy path; without a shape it has no body.

    `other_types` are media types in which the body may come as well, as bytes of no shape that is told here.
    """

    told: str
    shape: Shape | JsonSchema | type[Any] | None = None
    example: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON
    other_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Described:
    """What a route takes and answers."""

    tag: str
    answers: Mapping[int, Answer]
    takes: tuple[Takes, ...]
    asks: tuple[Asked, ...]
    problems: tuple[type[Problem], ...]

    @property
    def queries(self) -> frozenset[str]:
        """The names that may stand in the query."""
        return frozenset(asked.name for asked in self.asks if asked.place == "query")


def described(
    tag: str,
    *,
    answers: Mapping[int, Answer],
    takes: Takes | tuple[Takes, ...] = (),
    asks: tuple[Asked, ...] = (),
    problems: tuple[type[Problem], ...] = (),
) -> Callable[[View], View]:
    """Say what a view takes and answers.

    `tag` is the heading under which it stands; `problems` are those that this route has beyond the ones that
    follow from its kind (a key that is missing, a body that cannot be read, a thing that is not there).
    """
    bodies = takes if isinstance(takes, tuple) else (takes,)

    def mark(view: View) -> View:
        view.described = Described(tag, answers, bodies, asks, problems)  # type: ignore[attr-defined]  # read by the document
        return view

    return mark


def an_object(of: Mapping[str, JsonSchema | Shape], *optional: str) -> dict[str, Any]:
    """The schema of an object in which each of these is always present, except the optional ones."""
    return {
        "type": "object",
        "properties": dict(of),
        "required": [name for name in of if name not in optional],
    }


def a_list_of(items: JsonSchema | Shape) -> dict[str, Any]:
    """The schema of a list."""
    return {"type": "array", "items": items}


def maybe(schema: JsonSchema) -> JsonSchema:
    """The same, or null."""
    kinds = schema["type"]
    return {**schema, "type": [kinds, "null"]}


def how_many(most: int) -> Asked:
    """The parameter by which a page of a list is made shorter or longer."""
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": 50}
    return Asked("limit", schema, "How many at most.")


TEXT: JsonSchema = {"type": "string"}
THE_CURSOR = Asked(
    "cursor",
    {"type": "string", "minLength": 1},
    "The `next_cursor` of the page before; left out for the first page.",
)
INSTANT: JsonSchema = {
    "type": "string",
    "format": "date-time",
    "description": "In UTC, for example 2026-03-22T14:05:00Z.",
}
UUID_TEXT: JsonSchema = {"type": "string", "format": "uuid"}
FLAG: JsonSchema = {"type": "boolean"}
WHOLE: JsonSchema = {"type": "integer", "minimum": 0}

PROBLEM = Shape(
    "Problem",
    an_object(
        {
            "type": {**TEXT, "description": "What kind of problem this is; it stays the same."},
            "title": {**TEXT, "description": "The kind of problem in one sentence."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "instance": {
                **TEXT,
                "description": "This occurrence: the correlation id, to quote to whoever runs the hub.",
            },
            "detail": {**TEXT, "description": "What is wrong this time, and what to do about it."},
            "errors": {
                "type": "array",
                "description": "Every fault of the body or the query.",
                "items": Shape(
                    "Fault",
                    an_object(
                        {
                            "pointer": {
                                **TEXT,
                                "description": "Where it is (RFC 6901); `/limit` is the parameter limit.",
                            },
                            "code": {**TEXT, "description": "What kind of fault this is; it stays the same."},
                            "detail": {**TEXT, "description": "What to do about it."},
                        }
                    ),
                ),
            },
        },
        "detail",
        "errors",
    ),
)
