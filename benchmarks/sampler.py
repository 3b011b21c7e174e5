"""A sampling profiler: looks every few milliseconds of processor time at what is being done.

Other than cProfile it makes nothing slower that it looks at, and waiting costs nothing in it; what it tells
is where processor time goes, whatever else the machine does. Time within a library's compiled code is its
caller's.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

_EVERY_SECONDS = 0.001
_ROOT = str(Path(__file__).parent.parent) + "/"
_OURS = ("services/", "shared/")


class Sampler:
    """Samples the main thread, or while that only waits, the thread that works for it."""

    def __init__(self) -> None:
        """Nothing is seen yet; threads begun from here on leave the signal to the main thread."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF})
        self.count = 0
        self.packages: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()
        self.ours: Counter[str] = Counter()

    def __enter__(self) -> Self:
        """Begin to look."""
        signal.signal(signal.SIGPROF, self._look)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})
        signal.setitimer(signal.ITIMER_PROF, _EVERY_SECONDS, _EVERY_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look no more."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code.co_filename.endswith("/threading.py"):
            others = (f for t, f in sys._current_frames().items() if t != threading.get_ident())  # noqa: SLF001
            frame = next(others, frame)
        if frame is None:
            return
        self.count += 1
        self.packages[_package(frame)] += 1
        self.functions[_place(frame)] += 1
        passed: set[str] = set()
        step: FrameType | None = frame
        while step is not None:
            if step.f_code.co_filename.removeprefix(_ROOT).startswith(_OURS):
                passed.add(_place(step))
            step = step.f_back
        self.ours.update(passed)

    def tell(self, most: int) -> None:
        """Print the shares of packages, of our own functions with all they call, and of single functions."""
        for title, found in (
            ("by package", self.packages),
            ("our functions, with everything that they call", self.ours),
            ("single functions, without what they call", self.functions),
        ):
            print(f"\n  {title} ({self.count} samples)")
            for name, seen in found.most_common(most):
                print(f"  {seen / max(1, self.count):6.1%}  {name}")


def _place(frame: FrameType) -> str:
    file = frame.f_code.co_filename.removeprefix(_ROOT)
    file = file.rpartition("site-packages/")[2]
    return f"{file}:{frame.f_code.co_firstlineno} {frame.f_code.co_qualname}"


def _package(frame: FrameType) -> str:
    file = frame.f_code.co_filename
    if file.startswith(_ROOT) and "site-packages/" not in file:
        return "/".join(Path(file.removeprefix(_ROOT)).with_suffix("").parts[:2])
    if "site-packages/" in file:
        return file.rpartition("site-packages/")[2].split("/")[0]
    return "standard library: " + Path(file).stem
