"""Whatever a run of the tests writes is held in memory where there is room for it, and is gone afterwards.

Databases and brokers flush every commit, as they do in production; a disk takes milliseconds for that, some
tens of thousands of times in a run. Nothing is lost by it: what a test kills is a process, never the machine.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it belongs to this process
_PREFIX = "referral-hub-tests-"
_AFTER_ALL_OTHERS = -200  # its own are at -100
_ROOM = 4 * 1024**3  # bytes; a whole run holds a quarter of it at most


@contextlib.contextmanager
def held_in_memory() -> Iterator[None]:
    """Have temporary folders made in memory, unless there is no room for them or TMPDIR says where."""
    if "TMPDIR" in os.environ or not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ROOM:
        yield
        return
    _forget_the_dead()
    folder = _MEMORY / f"{_PREFIX}{os.getpid()}"
    # PostgreSQL runs as another user, who has to come through.
    folder.mkdir(mode=0o711)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    # At the very end: `multiprocessing` keeps a folder of its own in it, and removes that first.
    Finalize(None, shutil.rmtree, (folder, True), exitpriority=_AFTER_ALL_OTHERS)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _forget_the_dead() -> None:
    """Delete what a run left that was killed."""
    for folder in _MEMORY.glob(f"{_PREFIX}*"):
        if not Path(f"/proc/{folder.name.removeprefix(_PREFIX)}").exists():
            shutil.rmtree(folder, ignore_errors=True)
