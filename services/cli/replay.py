"""The command `hub replay`: posts a file of referrals through the API."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlsplit

import click

from services import embedded
from services.replay import Replay
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@click.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--url", default="http://localhost:8080", show_default=True, help="Where the hub is.")
@click.option(
    "--credentials",
    type=click.Path(path_type=Path),
    help="The file with the agencies' keys. [HOME/credentials.json]",
)
@click.option(
    "--rate",
    default=0.0,
    type=click.FloatRange(0),
    help="Lines a second at most; as fast as it goes when not given.",
)
@click.option(
    "--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Connections at once."
)
@click.option("--bulk", is_flag=True, help="Say that this is background work: it travels in the bulk lane.")
def replay(file: TextIO, url: str, credentials: Path | None, rate: float, workers: int, bulk: bool) -> None:  # noqa: FBT001
    """Post FILE, a line for each {"agency": slug, "referral": {…}}, through the API ("-": standard input)."""
    if not _is_address(url):
        message = f"{url} is no address of a hub; write it as http://localhost:8080."
        raise click.BadParameter(message, param_hint="'--url'")
    path = credentials or Settings.read().home / embedded.CREDENTIALS
    try:
        keys = {
            slug: held["api_key"]
            for slug, held in json.loads(path.read_text(encoding="utf-8"))["agencies"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise click.ClickException(
            f"{path} cannot be read as credentials ({type(error).__name__}). "
            "Start the hub once, or give --credentials."
        ) from error
    try:
        lines: Sequence[str] | Iterator[str] = list(file) if file.name != "-" else file
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is not UTF-8. Save it as UTF-8.") from error
    length = len(lines) if isinstance(lines, list) else None
    with click.progressbar(length=length or 0, label="Posting", file=sys.stderr, show_pos=True) as bar:
        posting = Replay(
            url,
            keys,
            workers=workers,
            rate=rate,
            bulk=bulk,
            tell=lambda told: click.echo(f"\n{told} ({url})", err=True),
        )
        report = posting.run(lines, lambda: bar.update(1))
    for outcome, count in sorted(report.outcomes.items()):
        click.echo(f"{count:8d} {outcome}")
    for trouble in report.troubles[:20]:
        click.echo(trouble, err=True)
    if not report.clean:
        message = f"{len(report.troubles)} lines were not taken."
        raise click.ClickException(message)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
