"""The front door: the `hub` command."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO, get_args
from uuid import UUID

import click
import waitress
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services import doctor as examination
from services import embedded
from services.api_reference import the_document
from services.cli_areas import areas
from services.cli_history import history
from services.cli_imports import import_file
from services.cli_letters import letters
from services.cli_mappings import mapping
from services.cli_match import match
from services.cli_notify import notify
from services.cli_routing import routing
from services.cli_teams import teams
from services.cli_watch import watch
from services.every import SERVICES
from services.export_links import export_links
from services.furnish import furnished_house, furnished_room
from services.intake import store as intake_store
from services.intake.keep_agency_keys import make_key, revoke_key, tell_keys
from services.notify import store as notify_store
from services.notify.keep_staff import keep_staff
from services.replay import Replay
from services.wsgi import IN_MEMORY
from shared.directory import Role, fault_of_account
from shared.house import House, spare_the_search_for_circles, topology_for
from shared.logs import log_to_stderr
from shared.messaging.broker import open_broker
from shared.messaging.carrier import BrokerAway
from shared.messaging.consumer import sealed_messages
from shared.messaging.parking import Parked, count_held, drop_parked, list_parked, replay_parked
from shared.problems import Problem
from shared.resealing import reseal
from shared.sealing import KeyRing, new_key_text, rotate_keys_file
from shared.settings import SETTINGS, Settings
from shared.web import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.service import Room

_service = click.Choice(list(SERVICES))


class _Hub(click.Group):
    """Turns our own problems into one plain sentence and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Problem as problem:
            raise click.ClickException(problem.detail or problem.title) from problem
        except SQLAlchemyError as error:
            message = (
                f"A database cannot be used ({_why(error)}). Check the settings of the databases "
                "(`hub --help`) and run `hub prepare`."
            )
            raise click.ClickException(message) from error


def _why(error: SQLAlchemyError) -> str:
    """What the database said when nobody could connect; else the error's name, without its words."""
    if isinstance(error, DBAPIError) and error.statement is None:
        return " ".join(str(error.orig).split())
    # The words of a statement that failed hold its values.
    return type(error).__name__


def _settings_help() -> str:
    lines = [f"  {s.name}: {s.help}" + (f" [{s.default}]" if s.default else "") for s in SETTINGS]
    return "\b\nSettings are environment variables:\n" + "\n".join(lines)


@click.group(cls=_Hub, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_settings_help())
def hub() -> None:
    """The Referral Hub: takes every referral in, finds duplicates, routes the case, tells the coordinator."""


def main() -> None:
    """Run the command line."""
    hub(prog_name="hub")


@hub.command()
@click.option("--home", type=click.Path(path_type=Path), help="The folder that holds all data. [var]")
@click.option("--port", default=8080, show_default=True, help="The port to serve on.")
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
            "What to try next: README.md, 'Send the first referral'. Stop with Ctrl-C."
        )

    embedded.run(settings, host, port, ready)


@hub.command()
@click.argument("service", type=_service)
@click.option("--port", default=8080, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
def serve(service: str, port: int, host: str) -> None:
    """Serve one service's HTTP, for development; in production gunicorn does."""
    settings = Settings.read()
    log_to_stderr(settings.log_level)
    room = SERVICES[service].furnish(settings)
    click.echo(f"Serving {service} on http://{host}:{port}")
    waitress.serve(room.service.web(room), host=host, port=port, ident=None, _quiet=True, **IN_MEMORY)


@hub.command()
@click.argument("service", type=_service)
def work(service: str) -> None:
    """Run one service's relay, consumer and senders until SIGTERM."""
    settings = Settings.read()
    log_to_stderr(settings.log_level)
    house = House([SERVICES[service].furnish(settings)], open_broker(settings.broker_url))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    spare_the_search_for_circles()
    house.start()
    click.echo(f"Working for {service}.")
    stop.wait()
    house.stop()


@hub.command()
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


@hub.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--url", default="http://localhost:8080", show_default=True, help="Where the hub is.")
@click.option(
    "--credentials",
    type=click.Path(path_type=Path),
    help="The file with the agencies' keys. [HOME/credentials.json]",
)
@click.option("--rate", default=0.0, help="Lines a second at most; as fast as it goes when not given.")
@click.option(
    "--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Connections at once."
)
@click.option("--bulk", is_flag=True, help="Say that this is background work: it travels in the bulk lane.")
def replay(file: TextIO, url: str, credentials: Path | None, rate: float, workers: int, bulk: bool) -> None:  # noqa: FBT001
    """Post FILE, a line for each {"agency": slug, "referral": {…}}, through the API ("-": standard input)."""
    path = credentials or Settings.read().home / embedded.CREDENTIALS
    try:
        keys = {
            slug: held["api_key"]
            for slug, held in json.loads(path.read_text(encoding="utf-8"))["agencies"].items()
        }
    except (OSError, ValueError, LookupError) as error:
        raise click.ClickException(
            f"{path} cannot be read as credentials ({type(error).__name__}). "
            "Start the hub once, or give --credentials."
        ) from error
    lines: Sequence[str] | Iterator[str] = list(file) if file.name != "-" else file
    length = len(lines) if isinstance(lines, list) else None
    with click.progressbar(length=length or 0, label="Posting", file=sys.stderr, show_pos=True) as bar:
        report = Replay(url, keys, workers=workers, rate=rate, bulk=bulk).run(lines, lambda: bar.update(1))
    for outcome, count in sorted(report.outcomes.items()):
        click.echo(f"{count:8d} {outcome}")
    for trouble in report.troubles[:20]:
        click.echo(trouble, err=True)
    if not report.clean:
        message = f"{len(report.troubles)} lines were not taken."
        raise click.ClickException(message)


hub.add_command(import_file)


@hub.group()
def export() -> None:
    """Write out what the hub knows, as NDJSON."""


@export.command()
def links() -> None:
    """For each agency and record number: its case, its people, and what awaits a human."""
    house = furnished_house(["intake", "triage"])
    for line in export_links(house.rooms["intake"], house.rooms["triage"]):
        click.echo(json.dumps(line))


@hub.group()
def agencies() -> None:
    """The keys by which agencies' systems identify themselves."""


@agencies.command("add")
@click.argument("slug")
def add_agency_key(slug: str) -> None:
    """Make a new API key for agency SLUG of the directory and print it, this once."""
    room = furnished_room("intake")
    with room.unit() as unit:
        key = make_key(slug, room.directory.agencies, unit)
    click.echo(key)


@agencies.command("list")
def list_agency_keys() -> None:
    """Every key: agency, key id, when it was made, whether it is good."""
    with furnished_room("intake").database.reading() as connection:
        for agency, key_id, made_at, good in intake_store.keys_of(connection):
            click.echo(f"{agency:30} {key_id:12} {made_at:%Y-%m-%d %H:%M} {'good' if good else 'revoked'}")


@agencies.command("revoke")
@click.argument("key_id")
def revoke_agency_key(key_id: str) -> None:
    """Revoke the key with this id; it opens nothing five seconds later."""
    room = furnished_room("intake")
    with room.unit() as unit:
        revoked = revoke_key(key_id, unit)
    if not revoked:
        message = "There is no key with this id that is good; see `hub agencies list`."
        raise click.ClickException(message)
    click.echo("Revoked.")


@agencies.command("tell")
def tell_agency_keys() -> None:
    """Tell the other services of every good key again, when one has lost them."""
    room = furnished_room("intake")
    with room.unit() as unit:
        told = tell_keys(unit)
    click.echo(f"Told of {told} keys.")


@hub.group()
def staff() -> None:
    """Accounts of the hub's staff, and of practitioners who refer by form."""


@staff.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(get_args(Role)), required=True)
@click.option("--team", default="", help="The team's slug in the directory.")
@click.option("--agency", default="", help="For a practitioner: the slug of the agency that they refer for.")
@click.option("--password", prompt=False, help="A password; a fresh one is made and printed when not given.")
def add_staff(email: str, role: Role, team: str, agency: str, password: str | None) -> None:
    """Make an account for EMAIL, or give it a new role, team or agency, and password."""
    room = furnished_room("notify")
    if team and team not in room.directory.teams:
        message = f"There is no team {team}. The directory has: {', '.join(room.directory.teams)}."
        raise click.ClickException(message)
    if fault := fault_of_account(role, agency, room.directory.agencies):
        message = f"{fault[0].upper()}{fault[1:]}. It has: {', '.join(room.directory.agencies)}."
        raise click.ClickException(message)
    chosen = password or secrets.token_urlsafe(15)
    with room.unit() as unit:
        keep_staff(Caller(role, email, team, agency), chosen, unit)
    click.echo("Password set." if password else chosen)


@staff.command("list")
def list_staff() -> None:
    """Every account: address, role, and the team or agency."""
    with furnished_room("notify").database.reading() as connection:
        for email, role, team in notify_store.list_staff(connection):
            click.echo(f"{email:40} {role:14} {team}")


@hub.group()
def keys() -> None:
    """The keys that seal personal data: add a newer one, then seal again what older ones sealed."""


@keys.command("new")
@click.argument("key_id")
def new_key(key_id: str) -> None:
    """Print a fresh key with this id, to put in front of HUB_SEALING_KEYS or HUB_MESSAGE_KEYS."""
    text = new_key_text(key_id)
    KeyRing.read(text)
    click.echo(text)


@keys.command("rotate")
def rotate_keys() -> None:
    """Add a newer key to both rings of the embedded hub's own keys file; restart the hub afterwards."""
    for key_id in rotate_keys_file(Settings.read().home):
        click.echo(f"Added {key_id}.")
    click.echo("Restart the hub, then run `hub keys reseal`.")


@keys.command("reseal")
@click.argument("service", type=_service, required=False)
def reseal_rows(service: str | None) -> None:
    """Seal again, with the newest key, what older keys sealed; safe while the hub runs."""
    for name, room in furnished_house([service] if service else SERVICES).rooms.items():
        columns = (*room.service.sealed, sealed_messages(room.service.tables))
        click.echo(f"{name:8} {reseal(room.database, room.keys.rest, columns)} sealed again")


@hub.group()
def parked() -> None:
    """Messages that could not be handled and wait for a person."""


@parked.command("list")
@click.option("--all", "waiting_too", is_flag=True, help="Also those that will be tried again by themselves.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1), help="Of each service at most."
)
def parked_list(waiting_too: bool, limit: int) -> None:  # noqa: FBT001
    """Parked messages with their reasons; never their content."""
    for room in furnished_house().rooms.values():
        for one in list_parked(room.books, waiting_too=waiting_too, limit=limit):
            click.echo(
                f"{one.id} {one.consumer:8} {one.queue:16} {one.type or '-':18} "
                f"{one.attempts}x {one.reason}: {one.detail}"
            )


@parked.command("show")
@click.argument("parked_id", type=click.UUID)
def parked_show(parked_id: UUID) -> None:
    """All that ops may know of one parked message."""
    _, one = _find_parked(parked_id)
    for name, value in vars(one).items():
        click.echo(f"{name:10} {value if value is not None else '-'}")


@parked.command("replay")
@click.argument("parked_ids", type=click.UUID, nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every parked message.")
def parked_replay(parked_ids: tuple[UUID, ...], every: bool) -> None:  # noqa: FBT001
    """Have messages tried again at once by their service's worker."""
    if not parked_ids and not every:
        raise click.UsageError("Name the messages, or say --all.")
    for room, one in _chosen(parked_ids, every=every):
        replay_parked(room.books, one.id, room.clock())
        click.echo(f"{one.id} will be tried again")


@parked.command("drop")
@click.argument("parked_ids", type=click.UUID, nargs=-1, required=True)
@click.confirmation_option(prompt="Throw these messages away for good?")
def parked_drop(parked_ids: tuple[UUID, ...]) -> None:
    """Throw messages away for good."""
    for room, one in _chosen(parked_ids, every=False):
        drop_parked(room.books, one.id)
        click.echo(f"{one.id} dropped")


hub.add_command(areas)
hub.add_command(history)
hub.add_command(letters)
hub.add_command(mapping)
hub.add_command(match)
hub.add_command(routing)
hub.add_command(teams)
hub.add_command(notify)
hub.add_command(watch)


@hub.command()
def openapi() -> None:
    """Print the OpenAPI document of the whole API, as `GET /v1/openapi.json` gives it."""
    click.echo(json.dumps(the_document(), indent=1))


@hub.command()
def reconcile() -> None:
    """Say again whatever was said and never heard, after a broker has lost messages."""
    house = furnished_house()
    for name, again in house.reconcile().items():
        click.echo(f"{name:8} {again} to be said again")


@hub.command()
def queues() -> None:
    """What waits where: queues, outboxes, and messages that are held."""
    house = furnished_house()
    if not house.broker.volatile:
        for queue in topology_for(house.rooms.values()):
            try:
                depth = house.broker.depth(queue)
            except BrokerAway as problem:
                _fail(f"RabbitMQ cannot be reached ({problem.detail}).")
            click.echo(f"queue    {queue.name:24} {'missing' if depth is None else f'{depth} ready'}")
    for name, room in house.rooms.items():
        unsent = examination.count_unsent(room)
        held, waiting = count_held(room.books)
        click.echo(f"service  {name:24} {unsent} unsent, {waiting} to be tried again, {held} parked")


@hub.command()
def doctor() -> None:
    """Look for leaderless queues, missing bindings, a lagging relay and clocks apart, and say what to do."""
    house = furnished_house()
    settings = next(iter(house.rooms.values())).settings
    ill = 0
    for finding in examination.examine(
        house,
        clock=next(iter(house.rooms.values())).clock,
        broker_url=settings.broker_url,
        management_url=settings.broker_management_url,
    ):
        ill += not finding.well
        click.echo(f"{'ok  ' if finding.well else 'ILL '} {finding.what}: {finding.told}")
        if not finding.well:
            click.echo(f"     → {finding.advice}")
    if ill:
        sys.exit(1)


def _find_parked(parked_id: UUID) -> tuple[Room, Parked]:
    for room in furnished_house().rooms.values():
        for one in list_parked(room.books, waiting_too=True, limit=1_000_000):
            if one.id == parked_id:
                return room, one
    raise click.ClickException("There is no parked message with this id; see `hub parked list`.")


def _chosen(parked_ids: Sequence[UUID], *, every: bool) -> Iterator[tuple[Room, Parked]]:
    if every:
        for room in furnished_house().rooms.values():
            for one in list_parked(room.books, limit=1_000_000):
                yield room, one
    for parked_id in parked_ids:
        yield _find_parked(parked_id)


def _fail(message: str) -> NoReturn:
    raise click.ClickException(message)


if __name__ == "__main__":
    main()
