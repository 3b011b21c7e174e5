"""The front door: the `hub` command."""

from __future__ import annotations

import errno
from itertools import islice

import click
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from services.cli.agencies import agencies
from services.cli.areas import areas
from services.cli.export import export, openapi
from services.cli.history import history
from services.cli.imports import import_file
from services.cli.keys import keys
from services.cli.letters import letters
from services.cli.looking import doctor, queues, reconcile
from services.cli.mappings import mapping
from services.cli.match import match
from services.cli.notify import notify
from services.cli.parked import parked
from services.cli.replay import replay
from services.cli.routing import routing
from services.cli.running import prepare, serve, up, work
from services.cli.staff import staff
from services.cli.teams import teams
from services.cli.watch import watch
from shared.database import told_of
from shared.messaging.carrier import BrokerAway
from shared.problems import Problem
from shared.settings import SETTINGS

_MOST_FAULTS = 20


class _Hub(click.Group):
    """Turns our own problems, and files that cannot be used, into one plain sentence and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokerAway as problem:
            message = (
                f"RabbitMQ cannot be reached ({problem.detail or problem.title}). Start it, or check "
                "HUB_BROKER_URL."
            )
            raise click.ClickException(message) from problem
        except Problem as problem:
            raise click.ClickException(_told(problem)) from problem
        except OSError as error:
            if error.errno is None or error.errno == errno.EPIPE:
                raise  # whoever read what is printed has had enough: click ends quietly
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{where}{error.strerror}.") from error
        except SQLAlchemyError as error:
            message = (
                f"A database cannot be used ({_why(error)}). Check the settings of the databases "
                "(`hub --help`) and run `hub prepare`."
            )
            raise click.ClickException(message) from error


def _told(problem: Problem) -> str:
    """What is wrong, and every fault that it does not name itself, such as each column that is missing."""
    told = problem.detail or problem.title
    faults = dict.fromkeys(fault.detail for fault in problem.errors if fault.detail not in told)
    return "\n".join([told, *(f"  {detail}" for detail in islice(faults, _MOST_FAULTS))])


def _why(error: SQLAlchemyError) -> str:
    """What the database said when nobody could connect; else the error's name, without its words."""
    if isinstance(error, DBAPIError) and error.statement is None:
        return " ".join(str(error.orig).split())
    # The words of a statement that failed hold its values.
    return told_of(error)


def _settings_help() -> str:
    lines = [f"  {s.name}: {s.help}" + (f" [{s.default}]" if s.default else "") for s in SETTINGS]
    return "\b\nSettings are environment variables:\n" + "\n".join(lines)


@click.group(
    cls=_Hub,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=_settings_help(),
)
def hub() -> None:
    """The Referral Hub: takes every referral in, finds duplicates, routes the case, tells the coordinator."""


def main() -> None:
    """Run the command line."""
    hub(prog_name="hub")


for command in (
    up, serve, work, prepare, replay, import_file, export, agencies, staff, keys, parked, areas, history,
    letters, mapping, match, routing, teams, notify, watch, openapi, reconcile, queues, doctor,
):  # fmt: skip
    hub.add_command(command)
