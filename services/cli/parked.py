"""The commands `hub parked …`: messages that wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

from services.furnish import furnished_house
from shared.messaging.parking import Parked, drop_parked, find_parked, list_parked, replay_parked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.house import House
    from shared.service import Room


@click.group()
def parked() -> None:
    """Messages that could not be handled and wait for a person."""


@parked.command("list")
@click.option("--all", "waiting_too", is_flag=True, help="Also those that will be tried again by themselves.")
@click.option(
    "--limit",
    default=100,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Of each service at most.",
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
    _, one = _find_parked(parked_id, furnished_house())
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
    house = furnished_house()
    books = {name: room.books for name, room in house.rooms.items()}
    for parked_id in parked_ids:
        room, one = _find_parked(parked_id, house)
        drop_parked(room.service.name, one.id, books, room.clock())
        click.echo(f"{one.id} dropped")


def _find_parked(parked_id: UUID, house: House) -> tuple[Room, Parked]:
    for room in house.rooms.values():
        one = find_parked(room.books, parked_id)
        if one is not None:
            return room, one
    message = f"There is no parked message with this id: {parked_id}; see `hub parked list`."
    raise click.ClickException(message)


def _chosen(parked_ids: Sequence[UUID], *, every: bool) -> Iterator[tuple[Room, Parked]]:
    house = furnished_house()
    if every:
        for room in house.rooms.values():
            for one in list_parked(room.books, limit=1_000_000):
                yield room, one
    for parked_id in parked_ids:
        yield _find_parked(parked_id, house)
