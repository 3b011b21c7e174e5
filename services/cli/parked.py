"""The commands `hub parked …`: messages that wait for a person."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import click
from sqlalchemy.exc import SQLAlchemyError

from services.furnish import furnished_house
from shared.messaging.parking import Parked, drop_parked, find_parked, list_parked, replay_parked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared.house import House
    from shared.service import Room

_Found = TypeVar("_Found")
_GONE = "is gone: it was dropped, or tried again and handled"


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

    def held_in(room: Room) -> list[Parked]:
        return list_parked(room.books, waiting_too=waiting_too, limit=limit)

    for _, found in _in_each(furnished_house(), held_in):
        for one in found:
            click.echo(
                f"{one.id} {one.consumer:8} {one.queue:16} {one.type or '-':18} "
                f"{one.attempts}x {one.reason}: {one.detail}"
            )


@parked.command("show")
@click.argument("parked_id", type=click.UUID)
def parked_show(parked_id: UUID) -> None:
    """All that ops may know of one parked message."""
    for _, one in _named((parked_id,), furnished_house()):
        for name, value in vars(one).items():
            click.echo(f"{name:10} {value if value is not None else '-'}")


@parked.command("replay")
@click.argument("parked_ids", type=click.UUID, nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every parked message.")
def parked_replay(parked_ids: tuple[UUID, ...], every: bool) -> None:  # noqa: FBT001
    """Have messages tried again at once by their service's worker."""
    if bool(parked_ids) == every:
        raise click.UsageError("Name the messages, or say --all.")
    house = furnished_house()
    gone = 0
    for room, one in _every(house) if every else _named(parked_ids, house):
        again = replay_parked(room.books, one.id, room.clock())
        gone += not again
        click.echo(f"{one.id} {'will be tried again' if again else _GONE}")
    # Whoever said --all meant what is parked, and what is gone is not.
    if gone and not every:
        sys.exit(1)


@parked.command("drop")
@click.argument("parked_ids", type=click.UUID, nargs=-1, required=True)
@click.confirmation_option(prompt="Throw these messages away for good?")
def parked_drop(parked_ids: tuple[UUID, ...]) -> None:
    """Throw messages away for good."""
    house = furnished_house()
    books = {name: room.books for name, room in house.rooms.items()}
    gone = 0
    for room, one in _named(parked_ids, house):
        dropped = drop_parked(room.service.name, one.id, books, room.clock())
        gone += not dropped
        click.echo(f"{one.id} {'dropped' if dropped else _GONE}")
    if gone:
        sys.exit(1)


def _every(house: House) -> Iterator[tuple[Room, Parked]]:
    for room, found in _in_each(house, lambda room: list_parked(room.books, limit=1_000_000)):
        for one in found:
            yield room, one


def _named(parked_ids: Iterable[UUID], house: House) -> Iterator[tuple[Room, Parked]]:
    """Each of these messages, and at the end, if there is none of some id, which that is."""
    missing = list(dict.fromkeys(parked_ids))

    def held_in(room: Room) -> list[Parked]:
        return [one for one in (find_parked(room.books, each) for each in missing) if one is not None]

    for room, found in _in_each(house, held_in):
        for one in found:
            missing.remove(one.id)
            yield room, one
        if not missing:
            return
    message = (
        f"There is no parked message with this id: {', '.join(map(str, missing))}; see `hub parked list`."
    )
    raise click.ClickException(message)


def _in_each(house: House, look: Callable[[Room], _Found]) -> Iterator[tuple[Room, _Found]]:
    """What is found in each service; those whose database is away are named, and the end says why."""
    why: SQLAlchemyError | None = None
    for name, room in house.rooms.items():
        try:
            found = look(room)
        except SQLAlchemyError as error:
            click.echo(f"{name}: its database cannot be read", err=True)
            why = why or error
        else:
            yield room, found
    if why is not None:
        raise why
