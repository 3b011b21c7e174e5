"""The command `hub watch`: keeps looking at the hub, and tells ops what is ill."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import click

from services.furnish import furnished_house
from services.watch import EVERY_SECONDS, Watch


@click.command()
@click.option(
    "--once",
    is_flag=True,
    help="Look once and say what was found; tell nobody else. Ends with 1 if something is ill.",
)
@click.option(
    "--every",
    default=EVERY_SECONDS,
    type=click.FloatRange(1, 3600),
    show_default=True,
    help="Seconds between two looks.",
)
@click.option(
    "--sign", type=click.Path(dir_okay=False, path_type=Path), help="A file made new after every look."
)
def watch(*, once: bool, every: float, sign: Path | None) -> None:
    """Tell ops about queues that grow, what is parked, workers that are gone, lagging relays and full disks.

    The embedded hub does so by itself; in production the container `watch` does. It needs what `hub doctor`
    needs: the addresses of the broker and of the three databases.
    """
    watching = Watch(furnished_house())
    if once:
        seen = watching.look()
        for kind, where in seen.ill.items():
            click.echo(f"{kind}: {', '.join(where)}")
        for kind in sorted({kind for kind, _ in seen.untold}):
            names = ", ".join(sorted(where for one, where in seen.untold if one == kind))
            click.echo(f"{kind}: one look cannot tell of {names}")
        if not seen.ill and not seen.untold:
            click.echo("All is well.")
        # What one look cannot tell is no trouble yet.
        sys.exit(1 if seen.ill else 0)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watching.keep_on(stop, every, sign)
