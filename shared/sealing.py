"""Personal data is sealed before it is kept or sent, and found again only through keyed hashes.

A seal is AES-256-GCM (NIST SP 800-38D) with a fresh random nonce. In front stands the id of the key, so that
keys rotate: the first key of a ring seals, every key of the ring opens. The additional data binds a sealed
document to the row or message it belongs to: moved to another row it does not open. What must be searched is
kept as an HMAC-SHA-256 under a key of its own, so that a stolen database cannot be matched against a list of
names without it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_VERSION = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32
_BLOCK_BYTES = 64  # of SHA-256
KEYS_FILE = "keys.json"


class BrokenSeal(Problem):
    """Something sealed could not be opened: it was changed, moved, or is not ours."""

    status = 500
    code = "broken_seal"


class UnknownKey(BrokenSeal):
    """Something sealed names a key that is not on this key ring."""

    code = "unknown_key"


class KeysMissing(Problem):
    """Keys are missing or malformed, so nothing can be sealed or opened."""

    status = 500
    code = "keys_missing"


class KeyRing:
    """The keys that seal and open one kind of document; the first seals, all open."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Take at least one key: a short id of ASCII letters or digits, and 32 bytes for each."""
        if not keys:
            message = "a key ring needs at least one key"
            raise KeysMissing(message)
        self._ciphers: dict[bytes, AESGCM] = {}
        for key_id, key in keys.items():
            if not (key_id.isascii() and key_id.isalnum()) or len(key) != _KEY_BYTES:
                message = f"a key needs an id of letters or digits and {_KEY_BYTES} bytes"
                raise KeysMissing(message)
            self._ciphers[key_id.encode()] = AESGCM(key)
        first = next(iter(self._ciphers))
        self._sealing = self._ciphers[first]
        self._head = bytes([_VERSION, len(first)]) + first

    @classmethod
    def read(cls, text: str) -> KeyRing:
        """The ring written as `id:base64,id:base64`, newest key first."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (p.strip() for p in text.split(","))):
            key_id, _, encoded = part.partition(":")
            if key_id in keys:
                message = "two keys have the same id, and only one of them would seal and open"
                raise KeysMissing(message)
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except ValueError as error:
                message = "a key is not written as id:base64"
                raise KeysMissing(message) from error
        return cls(keys)

    def seal(self, document: bytes, belongs_to: str) -> bytes:
        """The document sealed for the row or message named by `belongs_to`."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._head + nonce + self._sealing.encrypt(nonce, document, belongs_to.encode())

    def open(self, sealed: bytes, belongs_to: str) -> bytes:
        """The document again; `BrokenSeal` or `UnknownKey` when it cannot be."""
        cipher, nonce_at = self._cipher_of(sealed)
        body_at = nonce_at + _NONCE_BYTES
        try:
            return cipher.decrypt(sealed[nonce_at:body_at], sealed[body_at:], belongs_to.encode())
        except (InvalidTag, ValueError):
            message = "the seal does not fit the document or its place"
            raise BrokenSeal(message) from None

    def check(self, sealed: bytes) -> None:
        """Raise `UnknownKey` if this ring has not the key that sealed the document."""
        self._cipher_of(sealed)

    def sealed_with_newest(self, sealed: bytes) -> bool:
        """Whether the document needs no re-sealing after a rotation."""
        return sealed.startswith(self._head)

    def _cipher_of(self, sealed: bytes) -> tuple[AESGCM, int]:
        if len(sealed) < 2 + _NONCE_BYTES or sealed[0] != _VERSION:
            message = "this is not one of our seals"
            raise BrokenSeal(message)
        nonce_at = 2 + sealed[1]
        cipher = self._ciphers.get(sealed[2:nonce_at])
        if cipher is None:
            message = "the key that sealed this is not on the ring"
            raise UnknownKey(message)
        return cipher, nonce_at


class Lookup:
    """Keyed hashes of what must be found again."""

    def __init__(self, key: bytes) -> None:
        """Take the secret key, at least 32 bytes."""
        if len(key) < _KEY_BYTES:
            message = f"the lookup key needs {_KEY_BYTES} bytes"
            raise KeysMissing(message)
        # HMAC (RFC 2104) for one key always begins with the same block, inside and outside: hashed once here.
        padded = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def hash(self, kind: str, *values: str) -> bytes:
        """Sixteen bytes that stand for these values of this kind, the same each time."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update("\x1f".join((kind, *values)).encode())
        outer.update(inner.digest())
        return outer.digest()[:16]


@dataclass(frozen=True)
class Keys:
    """Every key that a running service holds."""

    rest: KeyRing
    messages: KeyRing
    lookup: Lookup
    session: str


def new_key_text(key_id: str) -> str:
    """A fresh key as `id:base64`, ready for an environment variable."""
    return f"{key_id}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"


def make_keys_file(home: Path) -> Path:
    """The embedded hub's own keys in `home`, made on the first start, readable by their owner only."""
    path = home / KEYS_FILE
    if not path.exists():
        texts = {
            "HUB_SEALING_KEYS": new_key_text("k1"),
            "HUB_MESSAGE_KEYS": new_key_text("m1"),
            "HUB_LOOKUP_KEY": base64.b64encode(os.urandom(_KEY_BYTES)).decode(),
            "HUB_SESSION_SECRET": secrets.token_urlsafe(_KEY_BYTES),
        }
        write_private(path, json.dumps(texts, indent=1))
    return path


def rotate_keys_file(home: Path) -> tuple[str, str]:
    """Put a new first key on both rings of the embedded hub; the ids of the two new keys."""
    path = home / KEYS_FILE
    if not path.exists():
        raise KeysMissing(f"There is no {path}. In production keys come from the environment.")
    texts = _read_keys_file(path)
    made = []
    for name, letter in (("HUB_SEALING_KEYS", "k"), ("HUB_MESSAGE_KEYS", "m")):
        # Older ones may have been taken off: never an id that one of those that are left has.
        numbers = [int(number) for number in re.findall(rf"(?:^|,)\s*{letter}([0-9]+):", texts[name])]
        key_id = f"{letter}{1 + max(numbers, default=0)}"
        texts[name] = f"{new_key_text(key_id)},{texts[name]}"
        made.append(key_id)
    write_private(path, json.dumps(texts, indent=1))
    return made[0], made[1]


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    write_private_pieces(path, (text.encode(),))


def write_private_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """The same for a file that comes in pieces and need not fit into memory."""
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def _read_keys_file(path: Path) -> dict[str, str]:
    try:
        texts = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        texts = None
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        message = (
            f"{path} is damaged: it is not what the hub wrote there. Put it back from a copy; what it sealed "
            "opens with nothing else."
        )
        raise KeysMissing(message)
    return texts


def _ring(found: Mapping[str, str], name: str) -> KeyRing:
    try:
        return KeyRing.read(found[name])
    except KeysMissing as error:
        message = f"{name}: {error.detail}"
        raise KeysMissing(message) from error


def load_keys(texts: Mapping[str, str], home: Path) -> Keys:
    """The keys named in `texts` (setting name → value), the missing ones from the keys file in `home`."""
    found = {name: value for name, value in texts.items() if value}
    missing = sorted(set(texts) - set(found))
    path = home / KEYS_FILE
    if missing and path.exists():
        found = _read_keys_file(path) | found
        missing = sorted(set(texts) - set(found))
    if missing:
        message = (
            f"There are no keys in {path}. Set {', '.join(missing)}, or start the embedded hub there once: "
            "it makes its own."
        )
        raise KeysMissing(message)
    try:
        lookup = base64.b64decode(found["HUB_LOOKUP_KEY"], validate=True)
    except ValueError as error:
        message = "HUB_LOOKUP_KEY is not base64"
        raise KeysMissing(message) from error
    return Keys(
        rest=_ring(found, "HUB_SEALING_KEYS"),
        messages=_ring(found, "HUB_MESSAGE_KEYS"),
        lookup=Lookup(lookup),
        session=found["HUB_SESSION_SECRET"],
    )
