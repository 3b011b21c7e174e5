"""The tutorial for an agency's developer does what it says, on a sandbox that runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.houses import Hub, infrastructure, make_hub
from tests.support.web_server import serving

__all__ = ["infrastructure", "make_hub"]

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "first-call.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def sandbox(make_hub: Callable[..., Hub]) -> Hub:
    """A sandbox at rest."""
    return make_hub(sandbox="1")


@pytest.fixture
def environment(sandbox: Hub) -> Iterator[dict[str, str]]:
    """Where the sandbox is, and a key to it."""
    with serving(sandbox) as address:
        yield {"PATH": os.environ["PATH"], "HUB": address, "KEY": sandbox.key_of("vcas")}


def run(command: list[str | Path], environment: dict[str, str], folder: Path) -> list[str]:
    (folder / "docs").symlink_to(ROOT / "docs")
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_the_steps_in_curl(environment: dict[str, str], tmp_path: Path) -> None:
    first, again, amended, status, withdrawn = run(["bash", "-euc", block("sh")], environment, tmp_path)
    assert '"reference":"TR-' in first
    assert again == first
    assert '"version":2' in amended
    assert '"status":"received"' in status
    assert '"status":"withdrawn"' in withdrawn


@pytest.mark.parametrize("infrastructure", ["embedded"])
def test_the_steps_in_python(environment: dict[str, str], tmp_path: Path) -> None:
    told = run([sys.executable, "-W", "ignore", "-c", block("python")], environment, tmp_path)
    first, again, amended, status, withdrawn, *faults, refused = told
    assert re.fullmatch(r"201 TR-\w{5}-\w{5} 1", first)
    assert again == "201 True"
    assert amended.startswith("200 ")
    assert (status, withdrawn, refused) == ("received", "withdrawn", "422")
    assert "/source_record_id required This is required: give a value." in faults


def requests_of(block: str, call: str, method: str) -> list[tuple[str, str]]:
    """What a block asks for, in its order: the method, and the path with {} for the reference."""
    asked = re.findall(rf'{call} "\$hub(/[^"]*)"(.*?)(?=\n\n|{call} |$)', block, re.DOTALL | re.IGNORECASE)
    return [
        ("POST" if method in rest else "GET", re.sub(r"\$\(.*?\)|\$\w+", "{}", path)) for path, rest in asked
    ]


def test_the_steps_in_powershell_ask_for_the_same() -> None:
    """It is read and not run: PowerShell needs .NET, which neither PyPI nor npm nor Debian has."""
    in_curl = requests_of(block("sh"), "curl -sS", "--data")
    in_powershell = requests_of(block("powershell"), "Invoke-RestMethod", "-Method Post")
    # The last of them is one that is refused.
    assert in_powershell == [*in_curl, ("POST", "/v1/referrals")]
    for body in re.findall(r"-Body '(.*?)'", block("powershell")):
        assert json.loads(body)
    assert block("powershell").count("ConvertTo-Json -Depth 10") == len(in_curl) - 2
