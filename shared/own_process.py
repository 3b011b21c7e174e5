"""Runs a module in a process of its own: no keys, no settings, and only so much memory and work.

What was made to do harm can do none there.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

# Where the packages stand, so that the other process finds them however the hub was installed.
_ROOT: Final = Path(__file__).parents[1]
# A Python that was built elsewhere may find its own library by this; the hub's settings stay here.
_PASSED_ON: Final = ("LD_LIBRARY_PATH", "SYSTEMROOT")
# However little it gets to work.
_LONGEST: Final = 120.0


def started_as(module: str, *arguments: str) -> dict[str, Any]:
    """What `subprocess` starts this module with."""
    return {
        "args": [sys.executable, "-m", module, *arguments],
        "cwd": _ROOT,
        "env": {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
    }


def told_by(module: str, given: bytes, *arguments: str) -> bytes:
    """What this module says of what it is given; nothing where it fails, or takes too long."""
    try:
        done = subprocess.run(
            **started_as(module, *arguments),
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return b""
    return done.stdout if done.returncode == 0 else b""


def take_no_more_than(memory: int, cpu_seconds: int) -> None:
    """Hold this process at so many bytes of addresses and so much work; it can write no file."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
