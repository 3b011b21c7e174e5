"""The stack as docker-compose.yml describes it, read without Docker, and the secrets made for it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<kind>:-|:\?)(?P<rest>[^}]*)\}")


@dataclass(frozen=True)
class Variable:
    """A value that docker-compose.yml takes from `.env`: with a default, or needed."""

    name: str
    default: str
    needed: bool


def read_compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return read


def containers() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read_compose()["services"]
    return found


def variables() -> list[Variable]:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return [
        Variable(found["name"], found["rest"], needed=found["kind"] == ":?")
        for found in _VARIABLE.finditer(text)
    ]


def environment_of(container: str, secrets: dict[str, str]) -> dict[str, str]:
    """What the container is told once Compose has put the secrets in."""

    def value(found: re.Match[str]) -> str:
        return secrets.get(found["name"]) or (found["rest"] if found["kind"] == ":-" else "")

    told = containers()[container].get("environment", {})
    return {name: _VARIABLE.sub(value, str(text)) for name, text in told.items()}


def make_secrets(folder: Path, *arguments: str) -> str:
    """Run the script as an operator does, for a hub in `folder`; what it told."""
    done = subprocess.run(
        [sys.executable, "-I", str(DEPLOY / "make_secrets.py"), "--folder", str(folder), *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.stdout


def read_secrets(folder: Path) -> dict[str, str]:
    lines = (folder / ".env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
