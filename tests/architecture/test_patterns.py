"""No pattern ends in `$`, which lets the end of a line follow: what it let in would be found out too late."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FILES = [path for part in ("services", "shared") for path in sorted((ROOT / part).rglob("*.py"))]
# An escaped sign, or a set of signs: in neither does `$` mean an end.
PLAIN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


def patterns_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each pattern that Python itself reads, with its line; what stands in for a value is left out."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        if not isinstance(node.func.value, ast.Name) or node.func.value.id != "re":
            continue
        parts = [one for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)]
        yield node.lineno, "".join(one.value for one in parts if isinstance(one.value, str))


def test_it_is_seen_wherever_it_stands() -> None:
    code = r"""re.compile(r"a$"); re.match(f"{a}$|b", c); re.sub("[$]" r"\$", "", d); re.search(r"a\Z", e)"""
    found = [bool("$" in PLAIN.sub("", pattern)) for _, pattern in patterns_in(ast.parse(code))]
    assert found == [True, True, False, False]


def test_no_pattern_lets_the_end_of_a_line_follow() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in FILES
        for line, pattern in patterns_in(ast.parse(path.read_text(encoding="utf-8")))
        if "$" in PLAIN.sub("", pattern)
    ]
    assert found == [], r"write \Z, or use fullmatch"


@pytest.mark.parametrize("name", ["Regexp(", "URL(", "Email("])
def test_marshmallows_own_patterns_are_used_nowhere(name: str) -> None:
    """They match from the beginning only, and so leave the end to `$`."""
    used = [
        str(path.relative_to(ROOT))
        for path in FILES
        if f"validate.{name}" in path.read_text(encoding="utf-8")
    ]
    assert used == []
