"""docs/problems.md explains every code that an answer, a receipt, a command or a parked message can have."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

import services
import shared
from services.api_reference import the_document
from shared.problems import MEDIA_TYPE, Problem
from tests.production.stack import DEPLOY, ROOT

PAGE = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]


def modules() -> Iterator[ModuleType]:
    for package in (services, shared):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name:
                yield importlib.import_module(found.name)


CALLS = [
    node
    for module in modules()
    for node in ast.walk(ast.parse(inspect.getsource(module)))
    if isinstance(node, ast.Call)
]


def kinds_below(kind: type[Problem]) -> Iterator[type[Problem]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith(("services.", "shared.")):
            yield one
            yield from kinds_below(one)


KINDS = sorted(set(kinds_below(Problem)), key=lambda kind: (kind.status, kind.code, kind.title))


def codes_of(*calls: str) -> set[str]:
    """The codes that the code gives to faults and remarks, wherever it makes one."""
    found = set()
    for node in CALLS:
        if isinstance(node.func, ast.Name) and node.func.id in calls:
            place = 0 if node.func.id in ("Advice", "Remark", "Reproof") else 1
            if len(node.args) > place and isinstance(code := node.args[place], ast.Constant):
                found.add(str(code.value))
    return found


def table_below(heading: str) -> set[str]:
    """The codes in the first column of the table under this heading."""
    text = re.split(r"(?m)^## ", PAGE.partition(f"## {heading}\n")[2])[0]
    return set(re.findall(r"(?m)^\| `(\w+)`", text))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.code}-{kind.__module__}")
def test_every_kind_of_problem_is_explained_in_its_own_words(kind: type[Problem]) -> None:
    row = f"| `{kind.code}` | {kind.status} | {kind.title} |"
    found = [line for line in ROWS if line.startswith(row)]
    assert found, f"docs/problems.md lacks: {row} {kind.advice or 'what to do'} |"
    assert kind.advice in found[0]
    assert len(found[0].removeprefix(row)) > len(" what to do |")


def test_every_kind_of_fault_is_explained() -> None:
    assert table_below("Faults") == codes_of("Fault", "Advice", "RowFault", "Reproof")


def test_every_warning_is_explained() -> None:
    assert table_below("Warnings") == codes_of("Remark")


def proxys_words(name: str) -> dict[str, str]:
    """What one of the proxy's maps says for each status."""
    conf = (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")
    found = re.search(rf"map \$status \${name} \{{(.*?)\n    \}}", conf, re.DOTALL)
    assert found
    return dict(re.findall(r'(?m)^\s*(\S+)\s+"?([^"\n]*?)"?;$', found[1]))


def test_whatever_the_proxy_says_by_itself_is_explained_in_the_same_words() -> None:
    codes, titles, details = (proxys_words(f"problem{part}") for part in ("", "_title", "_detail"))
    assert codes.keys() == titles.keys() == details.keys()
    for status, code in codes.items():
        row = f"| `{code}` | {status if status.isdigit() else '500' if status == '~^5' else '400'} |"
        assert [line for line in ROWS if line.startswith(row)] == [
            f"{row} {titles[status]} | {details[status]} |"
        ]


def test_nothing_is_explained_that_cannot_happen() -> None:
    happen = {kind.code for kind in KINDS} | codes_of("Fault", "Advice", "RowFault", "Reproof", "Remark")
    proxy = table_below("From the proxy")
    assert {match[1] for row in ROWS if (match := re.match(r"\| `(\w+)`", row))} <= happen | proxy


def test_every_problem_that_the_reference_names_says_what_to_do() -> None:
    for operations in the_document()["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                for example in answer.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).values():
                    assert example["value"]["detail"].endswith("."), example["summary"]
