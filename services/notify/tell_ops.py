"""What is ill with the hub is told to its ops like any other news, and taken back when it is well again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from services.notify import store
from services.notify.channels.channel import Parcel, Taken
from services.notify.deliver_alerts import deliver_alerts
from services.notify.domain.alert import OPS, THE_HUB, Kind, News
from services.notify.domain.guard import why_refused
from services.notify.domain.rota import who_is_told
from services.notify.raise_alert import raise_alert
from services.notify.store import Desk
from shared.identity import new_id, read_reference

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

    from services.notify.deliver_alerts import Post, UnitOfWork
    from services.notify.switchboard import Switchboard
    from shared.messaging.unit import Unit

    Ill = dict[Kind, dict[str, int]]

log = logging.getLogger(__name__)

KINDS: Final[tuple[Kind, ...]] = ("ops_queue", "ops_parked", "ops_worker", "ops_relay", "ops_disk")
# While these last, referrals do not reach anybody, or soon will not.
_URGENT: Final = ("ops_worker", "ops_relay", "ops_disk")
_WATCH: Final = "watch"


def tell_ops(
    ill: Mapping[Kind, Mapping[str, int]],
    untold: Collection[tuple[Kind, str]],
    unit: Unit,
    board: Switchboard,
) -> Ill:
    """`ill` is what was found, by kind: where, and how much of it; `untold` is of what nobody can tell now.

    An alert lasts for as long as its trouble, and ends by itself when all is well again. What cannot be told
    is left as it was: neither begun nor ended. Once somebody has said that they have it, it is told again
    only when it has become more: another place, one more parked. Answers with all that is ill after this.
    """
    stands: Ill = {}
    Desk.of(unit).look_up([THE_HUB])
    known = store.all_troubles(unit)
    for kind in KINDS:
        before = known.get(kind, {})
        found = {where: much for where, much in before.items() if (kind, where) in untold}
        found |= ill.get(kind, {})
        _tell(kind, found, before, unit, board)
        if found:
            stands[kind] = found
    return stands


def _tell(
    kind: Kind, found: dict[str, int], before: Mapping[str, int], unit: Unit, board: Switchboard
) -> None:
    there = store.find_open_ops(unit, kind)
    if _is_more(found, before):
        if not there:
            news = News(THE_HUB, kind, OPS, urgent=kind in _URGENT, occasion=unit.now.isoformat())
            alert = raise_alert(news, unit, board)
            there = [alert] if alert is not None else []
        for alert in there:
            store.note(unit, alert.id, "told", _WATCH, found=", ".join(found))
    if not found:
        for alert in there:
            store.end_by_itself(unit, alert, _WATCH)
        if before:
            store.forget_trouble(unit, kind)
    elif found != before:
        store.keep_trouble(unit, kind, found, is_new=not before)


def _is_more(found: Mapping[str, int], before: Mapping[str, int]) -> bool:
    return any(much > before.get(where, 0) for where, much in found.items())


def tell_ops_of_strange_mail(unit: Unit, board: Switchboard) -> None:
    """A mail came back and does not prove which it was; one alert of that waits at a time."""
    if not store.find_open_ops(unit, "ops_returned"):
        Desk.of(unit).look_up([THE_HUB])
        news = News(THE_HUB, "ops_returned", OPS, urgent=False, occasion=unit.now.isoformat())
        raise_alert(news, unit, board)


def send_to_ops(post: Post, unit_of_work: UnitOfWork) -> int:
    """Send what is due about the hub itself, and nothing else, for a sender that is gone; how much it was."""
    return deliver_alerts(post, unit_of_work, (*KINDS, "ops_returned"))


def tell_ops_without_records(post: Post, now: dt.datetime) -> int:
    """Tell whoever of ops is there that a part of the hub is gone, when not even that can be kept.

    How many channels took it; nothing is recorded, and nobody is reminded.
    """
    board, template = post.board, post.wording.newest("ops_worker")
    letter = template.write({"sign_in": post.sign_in_url}, urgent=True)
    refusal = why_refused(
        letter, template, cases=(), count=1, sign_in=post.sign_in_url,
        is_reference=lambda text: read_reference(text) == text,
        # It is about no case, so there is no record of one that could stand in it.
        gives_away=lambda _: False,
    )  # fmt: skip
    if refusal is not None:
        log.error("message refused by the guard", extra={"why": refusal})
        return 0
    told = who_is_told(board.ladders[OPS], 0, board.everybody, now, urgent=True)
    taken = 0
    for person in told.people:
        for name in board.ways_to(person.email, ()):
            address = board.address_of(person.email, name) or ""
            parcel = Parcel(new_id(), address, letter, urgent=True, sign_in_url=post.sign_in_url)
            if isinstance(board.channels[name].send(parcel), Taken):
                taken += 1
                break
    return taken
