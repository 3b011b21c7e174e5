"""The commands that run the hub: `hub up`, `hub serve`, `hub work`, and `hub prepare` before them."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import click
import waitress

from services import embedded
from services.every import SERVICES
from services.furnish import furnished_house
from services.wsgi import IN_MEMORY
from shared.house import House, spare_the_search_for_circles
from shared.logs import log_to_stderr
from shared.messaging.broker import open_broker
from shared.settings import Settings

_service = click.Choice(list(SERVICES))
_port = click.IntRange(0, 65535)


@click.command()
@click.option("--home", type=click.Path(path_type=Path), help="The folder that holds all data. [var]")
@click.option("--port", default=8080, type=_port, show_default=True, help="The port to serve on; 0: any.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve on.")
def up(home: Path | None, port: int, host: str) -> None:
    """Run the whole hub in this process, with nothing else installed."""
    changes = {"home": str(home)} if home else {}
    if "HUB_PUBLIC_URL" not in os.environ:
        changes["public_url"] = f"http://localhost:{port}"
    settings = Settings.read(None, **changes)
    log_to_stderr(settings.log_level)

    def ready(port: int) -> None:
        credentials = settings.home / embedded.CREDENTIALS
        click.echo(
            f"The Referral Hub is serving on http://{host}:{port}\n"
            f"People refer themselves at:                      http://{host}:{port}/refer\n"
            f"Keys of the agencies and passwords of the staff: {credentials}\n"
            f"Mail to coordinators is written to:              {settings.mail_url.removeprefix('file:')}\n"
            f"Staff sign in at:                                http://{host}:{port}/sign-in\n"
            f"Every call, to read and to try:                  http://{host}:{port}/v1/docs\n"
            "What to try next: send the first referral (README.md, 'Two commands'). Stop with Ctrl-C."
        )

    embedded.run(settings, host, port, ready)


@click.command()
@click.argument("service", type=_service)
@click.option("--port", default=8080, type=_port, show_default=True, help="The port to serve on; 0: any.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve on.")
def serve(service: str, port: int, host: str) -> None:
    """Serve one service's HTTP, for development; in production gunicorn does."""
    settings = Settings.read()
    log_to_stderr(settings.log_level)
    room = SERVICES[service].furnish(settings)
    door = embedded.open_door(host, port)
    click.echo(f"Serving {service} on http://{host}:{door.getsockname()[1]}")
    waitress.serve(room.service.web(room), sockets=[door], ident=None, _quiet=True, **IN_MEMORY)


@click.command()
@click.argument("service", type=_service)
def work(service: str) -> None:
    """Run one service's relay, consumer and senders until SIGTERM."""
    settings = Settings.read()
    log_to_stderr(settings.log_level)
    broker = open_broker(settings.broker_url)
    if broker.volatile:
        # It would hear nothing and carry nothing, and say that it works.
        raise click.ClickException(
            "HUB_BROKER_URL is memory://, and that is in the process of `hub up`, which does this work "
            "itself. Set it to the RabbitMQ that the services share."
        )
    house = House([SERVICES[service].furnish(settings)], broker)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    spare_the_search_for_circles()
    house.start()
    click.echo(f"Working for {service}.")
    stop.wait()
    house.stop()


@click.command()
@click.argument("service", type=_service, required=False)
@click.option(
    "--credentials",
    type=click.Path(path_type=Path),
    help="Also make keys and passwords for the directory's agencies and staff, once, into this new file.",
)
def prepare(service: str | None, credentials: Path | None) -> None:
    """Make or update tables and queues; run at deployment, before anything is served."""
    house = furnished_house([service] if service else SERVICES)
    house.prepare()
    click.echo(f"Tables of {', '.join(house.rooms)} and all queues are ready.")
    if credentials is not None and service is None:
        made = embedded.first_credentials(house.rooms, credentials)
        click.echo(f"{'Wrote' if made else 'Left as it was:'} {credentials}")
