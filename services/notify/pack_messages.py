"""Turn what is due into messages: each alert alone, or many as one when they come in a storm or a digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.notify import dispatch_store
from services.notify.domain.dispatch import Dispatch
from services.notify.domain.gathering import SINGLES, pack
from shared.identity import new_id

if TYPE_CHECKING:
    from services.notify.dispatch_store import Waiting
    from services.notify.domain.alert import Kind
    from services.notify.read_wording import Wording
    from services.notify.switchboard import Switchboard
    from shared.messaging.unit import Unit

_GROUPS: Final = 100
MANY: Final = "many"


def pack_messages(unit: Unit, board: Switchboard, wording: Wording, kinds: tuple[Kind, ...] = ()) -> int:
    """One round: how many messages were made, due now, of any kind or only of these."""
    made = 0
    for group in dispatch_store.waiting_groups(unit, _GROUPS, kinds):
        recent = [] if group.urgent else dispatch_store.left_lately(unit, group, unit.now - board.gather)
        packing = pack(
            group.alerts, recent, unit.now, while_=board.gather, gather=group.gather, urgent=group.urgent
        )
        if packing.hold_until is not None:
            dispatch_store.hold(unit, group, packing.hold_until)
        elif packing.together:
            message = _message(group, MANY, unit, wording)
            made += bool(dispatch_store.pack_together(unit, group, message, board.gather_rows))
        else:
            for item in dispatch_store.take_singles(unit, group, SINGLES):
                dispatch_store.pack_single(unit, item, _message(group, item.template, unit, wording))
                made += 1
    unit.flush()
    return made


def _message(group: Waiting, template: str, unit: Unit, wording: Wording) -> Dispatch:
    return Dispatch(
        id=new_id(),
        channel=group.channel,
        recipient=group.recipient,
        template=template,
        version=wording.newest(template).version,
        urgent=group.urgent,
        alerts=1,
        state="due",
        due_at=unit.now,
        tries=0,
        made_at=unit.now,
    )
