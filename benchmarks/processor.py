"""How much processor time something cost, whoever else keeps the machine busy meanwhile.

Of a server everything counts that it started: gunicorn's workers, PostgreSQL's sessions.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Meter = Callable[[], float]


def own() -> float:
    """Seconds that this process has taken so far."""
    return time.process_time()


def of_tree(root: int) -> Meter:
    """A meter of the seconds that this process and all that it started have taken; zero off Linux."""
    return lambda: sum(_taken(process) for process in _tree(root))


def _tree(root: int) -> Iterator[int]:
    yield root
    for task in Path(f"/proc/{root}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))


def _taken(process: int) -> float:
    try:
        after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # Fields 14 to 17 of proc(5): its own user and system time, and that of children that have ended.
    return sum(map(int, after_name[11:15])) / os.sysconf("SC_CLK_TCK")


def of_process(process: int) -> Meter:
    """A meter of one process alone, to a millionth of a second; zero where the kernel does not tell."""
    told = Path(f"/proc/{process}/schedstat")
    return lambda: int(told.read_text().split()[0]) / 1e9 if told.exists() else 0.0


@contextmanager
def metered(meters: Mapping[str, Meter]) -> Iterator[dict[str, float]]:
    """What each meter counted within; the dictionary is filled at the end."""
    before = {name: meter() for name, meter in meters.items()}
    costs: dict[str, float] = {}
    yield costs
    costs.update({name: meter() - before[name] for name, meter in meters.items()})
