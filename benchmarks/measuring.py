"""Interleaved slices, medians of ratios, and how they are told.

Absolute rates move with whatever else the machine does; a ratio of two slices that were taken one after the
other does not. So every round runs each contender once, in an order that turns with the rounds, and a ratio
is the median over the rounds, told with its lowest and highest.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from shared.house import spare_the_search_for_circles


@dataclass(frozen=True)
class Slice:
    """So many things done in so many seconds, and the processor seconds that each party to it took."""

    done: int
    seconds: float
    costs: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Things a second."""
        return self.done / self.seconds


@dataclass(frozen=True)
class Contender:
    """One way of doing the work; `run` does one slice of it, and leaves what is made ready for it untimed."""

    name: str
    run: Callable[[], Slice]


@dataclass(frozen=True)
class Aim:
    """At least so many times as fast as that contender; None where the figure is only told."""

    against: str
    least: float | None = None


@dataclass(frozen=True)
class Ratio:
    """Ours over theirs: the median of the rounds, with the lowest and the highest."""

    ours: str
    against: str
    median: float
    low: float
    high: float
    aim: float | None

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none."""
        return None if self.aim is None else self.median >= self.aim


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one way through the hub, with what they should be at most."""

    name: str
    p50: float
    p99: float
    worst: float
    count: int
    aim_p50: float
    aim_p99: float

    @property
    def met(self) -> bool:
        """Whether both aims are met."""
        return self.p50 <= self.aim_p50 and self.p99 <= self.aim_p99


@dataclass
class Outcome:
    """Everything one benchmark found."""

    name: str
    unit: str = ""
    rates: dict[str, list[float]] = field(default_factory=dict)
    # Microseconds of processor time for each thing done, by contender and party.
    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    ratios: list[Ratio] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The outcome as plain data for `--json`."""
        return asdict(self) | {
            "ratios": [asdict(ratio) | {"met": ratio.met} for ratio in self.ratios],
            "latencies": [asdict(latency) | {"met": latency.met} for latency in self.latencies],
        }


def interleave(outcome: Outcome, contenders: Sequence[Contender], rounds: int, seconds: float) -> None:
    """Enter the rates of each contender in each round, and what one thing costs it.

    No round is begun that would probably not end within so many seconds: a slow machine does fewer.
    """
    began = time.monotonic()
    slices: dict[str, list[Slice]] = {contender.name: [] for contender in contenders}
    for turn in range(rounds):
        taken = time.monotonic() - began
        if turn and taken + taken / turn > seconds:
            break
        start = turn % len(contenders)
        for contender in (*contenders[start:], *contenders[:start]):
            say(f"  round {turn + 1} of {rounds}: {contender.name}")
            # As a worker does at its start; and what the benchmarks keep costs no contender anything.
            gc.collect()
            spare_the_search_for_circles()
            slices[contender.name].append(contender.run())
    for name, each in slices.items():
        outcome.rates[name] = [one.rate for one in each]
        outcome.costs[name] = {
            party: statistics.median(one.costs[party] / one.done * 1e6 for one in each)
            for party in each[0].costs
        }


def compare(outcome: Outcome, ours: str, aims: Sequence[Aim], *, told: str = "hub") -> None:
    """Enter our ratio to each contender that is named in the aims; `told` is what ours is called there.

    It is taken round by round, or to the middle of theirs if they had other rounds.
    """
    rates = outcome.rates
    for aim in aims:
        theirs = rates[aim.against]
        if len(theirs) != len(rates[ours]):
            theirs = [statistics.median(theirs)] * len(rates[ours])
        each = [own / other for own, other in zip(rates[ours], theirs, strict=True)]
        outcome.ratios.append(
            Ratio(told, aim.against, statistics.median(each), min(each), max(each), aim.least)
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, round(share * len(ranked) + 0.5) - 1))]


def say(line: str) -> None:
    """Show how far the run has come, where a person is looking."""
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{line}", end="", file=sys.stderr, flush=True)


def tell(outcome: Outcome) -> None:
    """Print one benchmark's figures."""
    say("")
    rounds = max((len(rates) for rates in outcome.rates.values()), default=0)
    print(f"\n{outcome.name}" + (f", {rounds} round{'s' * (rounds > 1)}" if rounds else ""))
    for name, rates in outcome.rates.items():
        middle, low, high = statistics.median(rates), min(rates), max(rates)
        print(f"  {name:44} {middle:9,.0f} {outcome.unit}   ({low:,.0f} to {high:,.0f})")
        costs = outcome.costs.get(name, {})
        if costs:
            parts = ", ".join(f"{party} {each:,.0f}" for party, each in costs.items())
            print(f"      {sum(costs.values()):,.0f} us of processor time each: {parts}")
    for ratio in outcome.ratios:
        aim = "" if ratio.aim is None else f"   aim {ratio.aim:g}: {'met' if ratio.met else 'MISSED'}"
        spread = f"({ratio.low:.2f} to {ratio.high:.2f})"
        print(f"  {f'{ratio.ours} / {ratio.against}':44} {ratio.median:9.2f} times {spread}{aim}")
    for latency in outcome.latencies:
        print(
            f"  {latency.name:44} p50 {latency.p50:.1f} ms, p99 {latency.p99:.1f} ms, worst"
            f" {latency.worst:.1f} ms of {latency.count}"
            f"   aim {latency.aim_p50:g} and {latency.aim_p99:g}: {'met' if latency.met else 'MISSED'}"
        )
    for note in outcome.notes:
        print(f"  {note}")
    sys.stdout.flush()
