"""Measures the hub beside its peers: `python -m benchmarks [names…] [--quick] [--json FILE]`.

`python -m benchmarks profile [names…]` shows where the time goes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from benchmarks import intake, latency, notify, profiling, relay, triage
from benchmarks.ground import Ground
from benchmarks.measuring import Outcome, tell

_MEASURE = {
    "intake": intake.measure,
    "relay": relay.measure,
    "triage": triage.measure,
    "latency": latency.measure,
    "notify": notify.measure,
}
_PROFILE = {
    "intake": profiling.profile_intake,
    "batches": profiling.profile_batches,
    "relay": profiling.profile_relay,
    "triage": profiling.profile_triage,
    "exact": profiling.profile_exact,
    "latency": profiling.profile_latency,
}
_MOST_SECONDS, _MOST_SECONDS_QUICK = 12 * 60, 3 * 60


def main() -> None:
    """Measure or profile, within the time that was promised."""
    asked = _arguments()
    # A benchmark that hangs is a fault of its own, and must not keep the machine.
    signal.signal(signal.SIGALRM, _too_long)
    signal.signal(signal.SIGTERM, _ended)
    signal.alarm(_MOST_SECONDS_QUICK if asked.quick else _MOST_SECONDS)
    print(_machine())
    began = time.monotonic()
    with Ground() as ground:
        if asked.profile:
            for name in asked.names:
                _PROFILE[name](ground)
            return
        outcomes: list[Outcome] = []
        for name in asked.names:
            outcomes.append(_MEASURE[name](ground, quick=asked.quick))
            tell(outcomes[-1])
    taken = time.monotonic() - began
    print(f"\n{taken:.0f} s; {_load()}")
    if asked.json:
        asked.json.write_text(json.dumps(_report(outcomes, asked.quick), indent=1) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    words = sys.argv[1:]
    profile = words[:1] == ["profile"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"which of {', '.join(_MEASURE)}; all when none is given"
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer and shorter rounds, three minutes at most"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file as well")
    asked = parser.parse_args(words[1:] if profile else words)
    unknown = set(asked.names) - set(_PROFILE if profile else _MEASURE)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(_MEASURE)}")
    asked.names = asked.names or list(_PROFILE if profile else _MEASURE)
    asked.profile = profile
    return asked


def _machine() -> str:
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} processors for servers, clients"
        f" and databases, {platform.system()}, Python {platform.python_version()}; {_load()}"
    )


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f}"


def _report(outcomes: list[Outcome], quick: bool) -> dict[str, Any]:  # noqa: FBT001 - one word for one flag
    return {"machine": _machine(), "quick": quick, "benchmarks": [outcome.as_dict() for outcome in outcomes]}


def _too_long(_signal: int, _frame: object) -> NoReturn:
    raise TimeoutError("the benchmarks took longer than they promise")


def _ended(_signal: int, _frame: object) -> NoReturn:
    sys.exit("ended")


if __name__ == "__main__":
    main()
