"""Makes the passwords and keys of one production hub, once, where Docker Compose finds them.

    python3 deploy/make_secrets.py                             writes .env and deploy/secrets/
    python3 deploy/make_secrets.py --new-key MESSAGE_KEYS      puts a new key in front of a ring

Nothing that is there is changed: run it again after an upgrade and only what the new version asks for is
added; take a password's line out and it is made anew. Only Python's standard library is needed. The users of
RabbitMQ, with their rights, are in deploy/rabbitmq/definitions.json; here they get the hashes of their
passwords, in RabbitMQ's own form (four bytes of salt, then SHA-256 of salt and password, in base64).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
DEFINITIONS = ROOT / "deploy" / "rabbitmq" / "definitions.json"

_PASSWORDS = (
    "POSTGRES_PASSWORD",
    *(f"{service}_DATABASE_PASSWORD" for service in ("INTAKE", "TRIAGE", "NOTIFY")),
    *(f"{user}_BROKER_PASSWORD" for user in ("PREPARE", "INTAKE", "TRIAGE", "NOTIFY", "OPS")),
    "SESSION_SECRET",
    "SPARE_SESSION_SECRET",
)
# A ring of keys for what each service keeps, one for what they say to each other. The spare ones belong to
# nobody: a container that opens no seals and signs nothing still has to name keys, and gets these.
_RINGS = (
    "INTAKE_SEALING_KEYS",
    "TRIAGE_SEALING_KEYS",
    "NOTIFY_SEALING_KEYS",
    "MESSAGE_KEYS",
    "SPARE_KEYS",
)
_KEYS = ("LOOKUP_KEY", "SPARE_LOOKUP_KEY")
_KEY_BYTES = 32
_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")

_HEAD = """\
# The secrets of this hub, made by deploy/make_secrets.py. Keep a copy where only you can reach it: without
# the sealing keys nobody can read a backup of the databases. Settings of yours may stand here too.
"""


def make_secrets(folder: Path) -> list[str]:
    """Write what is missing; the names of what was made."""
    path = folder / ".env"
    text = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    known = _read(text)
    fresh = {name: make() for name, make in _makers().items() if not known.get(name)}
    if fresh:
        kept = [line for line in text.splitlines() if line.partition("=")[0] not in fresh]
        _write(path, "\n".join([*kept, *(f"{name}={value}" for name, value in fresh.items())]) + "\n", 0o600)
    write_definitions(folder, known | fresh)
    return list(fresh)


def add_key(folder: Path, ring: str) -> str:
    """Put a new key in front of a ring, so that it seals and the older ones still open; its id."""
    path = folder / ".env"
    text = path.read_text(encoding="utf-8")
    old = _read(text)[ring]
    # Ids that were given by hand count for nothing: none of them is one of these.
    number = 1 + max(map(int, re.findall(r"(?:^|,)\s*k([0-9]+):", old)), default=0)
    added = text.replace(f"{ring}={old}", f"{ring}={_ring(number)},{old}")
    _write(path, added, 0o600)
    return f"k{number}"


def write_definitions(folder: Path, known: dict[str, str]) -> None:
    """Users, rights and hashes for RabbitMQ. It holds no password, and RabbitMQ's own user must read it."""
    definitions = json.loads(DEFINITIONS.read_text(encoding="utf-8"))
    for user in definitions["users"]:
        variable = f"{user['name'].removeprefix('hub-').upper()}_BROKER_PASSWORD"
        user["password_hash"] = hash_password(known[variable])
        user["hashing_algorithm"] = "rabbit_password_hashing_sha256"
    place = folder / "deploy" / "secrets"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(place / "definitions.json", json.dumps(definitions, indent=1) + "\n", 0o644)


def hash_password(password: str, salt: bytes | None = None) -> str:
    """RabbitMQ's salted hash of a password (RabbitMQ: Credentials and Passwords)."""
    salt = salt or os.urandom(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _makers() -> dict[str, Callable[[], str]]:
    return {
        **dict.fromkeys(_PASSWORDS, lambda: secrets.token_urlsafe(_KEY_BYTES)),
        **dict.fromkeys(_RINGS, lambda: _ring(1)),
        **dict.fromkeys(_KEYS, _key),
    }


def _ring(number: int) -> str:
    return f"k{number}:{_key()}"


def _key() -> str:
    return base64.b64encode(os.urandom(_KEY_BYTES)).decode()


def _read(text: str) -> dict[str, str]:
    matches = map(_LINE.fullmatch, text.splitlines())
    return {match[1]: match[2] for match in matches if match}


def _write(path: Path, text: str, mode: int) -> None:
    """Whole or not at all; never for a moment with wider rights."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(mode)
    draft.replace(path)


def main(arguments: list[str]) -> str:
    """Do what was asked and tell what was done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=ROOT, help="the folder of docker-compose.yml")
    parser.add_argument("--new-key", choices=_RINGS, metavar="RING", help=f"one of {', '.join(_RINGS)}")
    given = parser.parse_args(arguments)
    made = make_secrets(given.folder)
    told = [f"Made {', '.join(made)}." if made else "Everything was there; nothing was changed."]
    if given.new_key:
        told.append(f"{given.new_key} now seals with {add_key(given.folder, given.new_key)}.")
    told.append(f"Kept in {given.folder / '.env'}, readable by you only. Make a copy of it.")
    return "\n".join(told)


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
