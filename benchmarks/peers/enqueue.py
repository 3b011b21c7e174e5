"""Puts tasks for a peer's worker into its queue: `python -m benchmarks.peers.enqueue dramatiq|celery FILE`.

FILE holds a task on each line: an id, a space and the body.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(peer: str, path: str) -> None:
    """Send every line of the file."""
    tasks = (line.split(" ", 1) for line in Path(path).read_text(encoding="utf-8").splitlines())
    if peer == "dramatiq":
        from benchmarks.peers import dramatiq_tasks  # noqa: PLC0415 - each peer connects at its import

        for message_id, body in tasks:
            dramatiq_tasks.keep_row.send(message_id, body)
    else:
        from benchmarks.peers import celery_tasks  # noqa: PLC0415

        for message_id, body in tasks:
            celery_tasks.keep_row.delay(message_id, body)


if __name__ == "__main__":
    main(*sys.argv[1:])
