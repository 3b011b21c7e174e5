"""What a body in JSON says, or in which place it stops being JSON.

Nothing of the body is repeated but the name of a property that stands twice, where it is shaped like one.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Final

import msgspec

from shared.problems import NotJson

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")


class NamedTwice(NotJson):
    """A property stands twice in one object."""

    code = "property_twice"
    advice = "Send it once: nobody can know which of the two is meant."


def read_json(body: bytes) -> object:
    """What this body says; `NotJson` with the place where it cannot be read, or `NamedTwice`.

    A byte order mark in front says nothing, and is passed over (RFC 8259, section 8.1): programs that write
    files on Windows put one there unasked.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        read = msgspec.json.decode(body)
        # msgspec would keep the last of two properties of one name, another reader the first.
        _EACH_ONCE.decode(body.decode())
    except (ValueError, RecursionError):
        raise NotJson(_what_is_wrong(body)) from None
    return read


def _what_is_wrong(body: bytes) -> str:
    if not body.strip():
        return "The body is empty. Send one JSON document in UTF-8."
    try:
        json.loads(body.decode())
    except UnicodeDecodeError as error:
        return f"It is not in UTF-8: byte {error.start + 1} cannot be read. Send one JSON document in UTF-8."
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        return f"It cannot be read from {place} on. Send one JSON document in UTF-8."
    except RecursionError:
        return "Its lists and objects stand too deep in one another. Send what the format describes."
    except ValueError:
        pass  # a number of thousands of digits
    # Python reads more than JSON allows.
    return (
        "Take out NaN, Infinity, numbers too large to be kept, and broken characters such as \\ud800 alone."
    )


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        if _NAME.fullmatch(twice):
            message = f"Send {twice} once: nobody can know which of the two is meant."
            raise NamedTwice(message)
        raise NamedTwice
    return found


_EACH_ONCE: Final = json.JSONDecoder(object_pairs_hook=_each_once)
