"""The plan of the house: who may import whom, and how every module introduces itself."""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = sorted(
    path
    for folder in ("services", "shared", "tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
)
DOMAIN = [path for path in OURS if "domain" in path.parts and "services" in path.parts]


def test_the_house_is_built_as_its_plan_says() -> None:
    # In a process of its own: the linter silences every logger of the one that it runs in.
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    linted = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


# What a noun may compute with besides the standard library (docs/decisions/0016): distances between words.
ARITHMETIC = {"rapidfuzz"}


def imported_by(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_noun_needs_the_standard_library_and_other_nouns_only(path: Path) -> None:
    parts = path.relative_to(ROOT).parts
    own = ".".join(parts[: parts.index("domain") + 1])  # services.<name>.domain, or that of a room in it
    foreign = {
        module
        for module in imported_by(path)
        if module.partition(".")[0] not in {*sys.stdlib_module_names, *ARITHMETIC}
        and not f"{module}.".startswith(f"{own}.")
    }
    assert foreign == set()


def test_the_plan_forbids_the_nouns_every_library_that_the_hub_needs() -> None:
    plan = configparser.ConfigParser()
    plan.read(ROOT / ".importlinter", encoding="utf-8")
    forbidden = set(plan["importlinter:contract:domain"]["forbidden_modules"].split())
    lines = (ROOT / "requirements" / "runtime.in").read_text(encoding="utf-8").splitlines()
    needed = {
        re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", line)[0]).lower() for line in lines if line[:1].isalpha()
    }
    modules = {
        module
        for module, names in importlib.metadata.packages_distributions().items()
        if needed & {re.sub(r"[-_.]+", "-", name).lower() for name in names} and module[0].isalpha()
    }
    # Tools of the installation and of the server, which no module of ours imports, and what a careless
    # distribution brings beside its own.
    tools = {"setuptools", "pkg_resources", "gunicorn", "distutils-precedence", "tests"}
    assert modules - tools - forbidden == ARITHMETIC


@pytest.mark.parametrize("folder", ["services", "shared", "tests", "benchmarks"])
def test_every_module_opens_with_one_plain_sentence(folder: str) -> None:
    without = []
    for path in OURS:
        if path.relative_to(ROOT).parts[0] != folder:
            continue
        told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        first = told.partition("\n\n")[0]
        if not re.fullmatch(r"\S.{10,}[.!?]", first, re.DOTALL):
            without.append(f"{path.relative_to(ROOT)}: {first[:60]}")
    assert without == []


def test_no_folder_of_tests_hides_the_real_one() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert folders.isdisjoint({"services", "shared"})
    without = {path.parent for path in OURS if path.parts[len(ROOT.parts)] == "tests"}
    assert [folder for folder in without if not (folder / "__init__.py").exists()] == []


def test_no_module_is_called_by_a_word_that_says_nothing() -> None:
    empty = {"util", "utils", "helper", "helpers", "common", "base", "manager", "core", "misc", "lib"}
    assert [path for path in OURS if set(path.stem.split("_")) & empty or path.parent.name in empty] == []
