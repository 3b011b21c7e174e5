"""Whose certificates are believed where the hub calls others: the system's, and those of a file beside."""

from __future__ import annotations

import ssl
from functools import cache


@cache
def believing(*files: str) -> ssl.SSLContext:
    """What checks a server's certificate and its name; read once in a process, as the system's file is long.

    Raises `OSError` for a file that is not there or holds no certificates.
    """
    context = ssl.create_default_context()
    for file in files:
        context.load_verify_locations(file)
    return context
