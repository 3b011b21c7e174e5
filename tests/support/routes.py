"""What is the same in the routes of every hub is made once in a run."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Rule


def compile_each_route_once() -> None:
    """Have werkzeug keep the functions that write a route's address, for the next app with this route.

    It compiles two for each route of each app, and every hub has four apps. Such a function follows from the
    rule's text alone, and is bound to a rule afterwards.
    """
    compiled = Rule._compile_builder
    kept: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002 - as werkzeug has it
        if rule.defaults:
            return compiled(rule, append_unknown)
        key = (rule.rule, *rule._trace, append_unknown)
        if key not in kept:
            kept[key] = compiled(rule, append_unknown)
        return kept[key]

    # werkzeug has no setting for it.
    Rule._compile_builder = once  # type: ignore[method-assign, assignment]
