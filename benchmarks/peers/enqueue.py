"""Puts tasks into a peer's queue: `python -m benchmarks.peers.enqueue dramatiq|celery TASK FILE`.

FILE holds a task on each line: an id, a space and the body.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(peer: str, task: str, path: str) -> None:
    """Send every line of the file as such a task."""
    if peer == "dramatiq":
        from benchmarks.peers import dramatiq_tasks  # noqa: PLC0415 - each peer connects at its import

        send = getattr(dramatiq_tasks, task).send
    else:
        from benchmarks.peers import celery_tasks  # noqa: PLC0415

        send = getattr(celery_tasks, task).delay
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        send(*line.split(" ", 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
