"""What our own mail server found out about who sent a mail, as it writes it above the mail (RFC 8601).

Much in such a line is chosen by the sender: the address that the mail came from, comments that tell of it.
Only what stands where a result stands is one.
"""

from __future__ import annotations

import re
from typing import Final

_DMARC: Final = re.compile(r"\s*dmarc\s*(?:/\s*\d+\s*)?=\s*pass(?=\s|\Z)", re.IGNORECASE)
_HEADER_FROM: Final = re.compile(r"\sheader\.from\s*=\s*(\S*)", re.IGNORECASE)


def is_vouched(line: str, sender: str) -> bool:
    """Whether this line says that the mail was sent by the domain of this address.

    A line that names another domain was written about another address than the one that is read here.
    """
    domain = sender.rpartition("@")[2]
    for result in _plain(line).split(";")[1:]:
        if _DMARC.match(result):
            found = _HEADER_FROM.search(result)
            return found is None or found[1].rpartition("@")[2].rstrip(".").lower() == domain
    return False


def server_of(line: str) -> str:
    """The name of the server that wrote this line."""
    words = _plain(line).partition(";")[0].split()
    return words[0].lower() if words else ""


def _plain(line: str) -> str:
    """The line without its comments, which may stand in one another, and without what is quoted."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for sign in line:
        if escaped:
            escaped = False
        elif sign == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = sign != '"'
        elif sign == "(":
            depth += 1
        elif depth:
            depth -= sign == ")"
        elif sign == '"':
            quoted = True
        else:
            kept.append(sign)
            continue
        if not depth and not quoted and sign == ")":
            kept.append(" ")
    return "".join(kept)
