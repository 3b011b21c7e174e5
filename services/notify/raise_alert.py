"""Raise an alert: once for each piece of news, told at once, and with its next step already set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.notify import store
from services.notify.domain.alert import Alert, News
from services.notify.domain.escalation import due_of_step, step_at
from services.notify.store import Desk
from services.notify.tell_people import tell_people
from shared.directory import DUTY_DESK
from shared.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.notify.switchboard import Switchboard
    from shared.messaging.unit import Unit


def raise_alert(
    news: News,
    unit: Unit,
    board: Switchboard,
    *,
    gather: bool = False,
    from_step: int = 0,
    but_not: Collection[str] = (),
) -> Alert | None:
    """The alert; None if there is one of this news. The caller has had the desk look its case up.

    `from_step` is where on the rota it begins: tasks begin above whoever could not be told.
    """
    desk = Desk.of(unit)
    if desk.has_alert(news.case, news.kind, news.occasion):
        return None
    # A team that this directory does not know (any more) is the duty desk's to find.
    team = news.team if news.team in board.ladders else DUTY_DESK
    ladder = board.ladder_of(team, news.whose)
    step = step_at(from_step, ladder, urgent=news.urgent)
    alert = Alert(
        id=new_id(),
        case=news.case,
        kind=news.kind,
        team=team,
        urgent=news.urgent,
        state="open",
        raised_at=unit.now,
        occasion=news.occasion,
        whose=news.whose,
        step=from_step,
        began_at=from_step,
    )
    alert = replace(alert, next_step_at=due_of_step(alert, from_step + 1, ladder, board.work))
    desk.raise_alert(alert)
    told = tell_people(alert, step, from_step, unit, board, gather=gather, but_not=but_not)
    store.note(unit, alert.id, "raised", "notify", told=told, kind=news.kind)
    return alert
