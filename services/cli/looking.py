"""The commands of whoever looks after the hub: `hub queues`, `hub doctor`, `hub reconcile`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from services import doctor as examination
from services.furnish import furnished_house
from shared.house import topology_for
from shared.messaging.carrier import BrokerAway
from shared.messaging.reconcile import count_unheard
from shared.messaging.topology import QUEUES
from shared.messaging.waiting import count_everywhere, count_waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.house import House


@click.command()
@click.option(
    "--team",
    "teams",
    multiple=True,
    metavar="SLUG",
    help="Say again also all that was for this team's own system, whose inbox is not ours to look into.",
)
def reconcile(teams: tuple[str, ...]) -> None:
    """Say again whatever was said and never heard, after a broker has lost messages."""
    house = furnished_house()
    queues = {queue.team: queue for queue in topology_for(house.rooms.values()) if queue.team}
    unknown = [team for team in teams if team not in queues]
    if unknown:
        message = f"No team of this name takes its cases over AMQP: {', '.join(unknown)}."
        raise click.BadParameter(message, param_hint="'--team'")
    for name, again in house.reconcile().items():
        click.echo(f"{name:8} {again} to be said again")
    for team in teams:
        again = house.say_again_to(queues[team])
        click.echo(f"{team}: {again} to be said again")


@click.command()
def queues() -> None:
    """What waits where: queues, outboxes, and messages that are held."""
    house = furnished_house()
    found = count_everywhere({name: room.books for name, room in house.rooms.items()})
    unread = [name for name, waiting in found.items() if waiting is None]
    away: BrokerAway | None = None
    # What waits inside the embedded hub is read out of all the databases.
    if not (house.broker.volatile and unread):
        try:
            for queue, waits in _waiting_in_queues(house):
                click.echo(f"queue    {queue:24} {waits}")
        except BrokerAway as problem:
            away = problem
    for name, waiting in found.items():
        told = (
            f"{waiting.unsent} unsent, {waiting.to_try_again} to be tried again, {waiting.parked} parked"
            if waiting
            else "its database cannot be read"
        )
        click.echo(f"service  {name:24} {told}")
    if away is not None:
        raise away
    for name in unread:
        count_waiting(house.rooms[name].books)  # which says why


def _waiting_in_queues(house: House) -> Iterator[tuple[str, str]]:
    if house.broker.volatile:
        # Its queues live in the process of the hub that runs: what was not heard yet waits there, or, when
        # none runs, for the next start.
        unheard = count_unheard({name: room.books for name, room in house.rooms.items()})
        heard_by_services = [queue.name for queue in QUEUES if queue.bindings]
        yield from ((name, f"{unheard[name]} not heard yet") for name in heard_by_services)
        return
    for queue in topology_for(house.rooms.values()):
        depth = house.broker.depth(queue)
        yield queue.name, "missing" if depth is None else f"{depth} ready"


@click.command()
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
