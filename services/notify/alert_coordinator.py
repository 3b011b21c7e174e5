"""A case has come to a team, or must pause: raise one alert of it, told to whoever the rota names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from services.notify.domain.alert import Alert, Kind, News
from services.notify.domain.escalation import supervisors_step
from services.notify.raise_alert import raise_alert
from services.notify.store import Desk, end_by_itself, has_come_since, open_alerts_for, open_news_of
from shared.directory import DUTY_DESK

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from services.notify.switchboard import Switchboard
    from shared.contracts import (
        CaseDue,
        CaseGiven,
        CaseMerged,
        CaseProgressed,
        CaseReferralWithdrawn,
        CaseReturned,
        CaseRouted,
        LetterKept,
    )
    from shared.messaging.unit import Unit

# In which news has its names: what tells it from other news of its kind is longer than an occasion may be.
_OCCASIONS: Final = UUID("a53b6d2e-7c11-4a0e-9d52-3f1c8e6b9047")
# With these a team has a case; what is given to one person ends when they have it no longer.
_COMES: Final[tuple[Kind, ...]] = ("opening", "again", "released")
# The step before which nobody may be contacted: whoever is about to must read that, and not "a step".
_STOP: Final = "stop_contact"
# Of these nothing is left to do in a case that has ended.
_LASTS: Final[tuple[Kind, ...]] = (*_COMES, "given", "due", "stop")


def prepare_batch(
    messages: Sequence[
        CaseRouted | CaseMerged | CaseReturned | CaseReferralWithdrawn | CaseDue | CaseGiven | LetterKept
    ],
    unit: Unit,
) -> None:
    """Look up at once what of this has been alerted."""
    Desk.of(unit).look_up(message.subject for message in messages)


def alert_coordinator(message: CaseRouted, unit: Unit, board: Switchboard) -> Alert | None:
    """The opening alert of a new case, or that a paused one goes on; None if the case has that alert.

    The team that had it before is not reminded of it any more.
    """
    kind: Kind = "again" if message.again else "released" if message.released else "opening"
    # A case opens once; it can be paused, or returned, and go on more than once, also by the same referral.
    occasion = "" if kind == "opening" else _occasion(message.referral, message.routed_at)
    Desk.of(unit).keep_team(message.case, message.to_team, message.routed_at)
    news = News(message.case, kind, message.to_team, message.travels == "urgent", occasion)
    if kind != "opening":
        _end_elsewhere(message.case, message.to_team, message.routed_at, unit)
    return raise_alert(news, unit, board, gather=message.travels == "bulk")


def alert_of_withdrawal(message: CaseReferralWithdrawn, unit: Unit, board: Switchboard) -> Alert | None:
    """One alert for each referral that was taken back: the case has changed, or must stop altogether."""
    kind: Kind = "withdrawal" if message.stands else "all_withdrawn"
    occasion = _occasion(message.referral, message.withdrawn_at)
    if not message.stands:
        _end_elsewhere(message.case, message.to_team, message.withdrawn_at, unit)
    news = News(message.case, kind, message.to_team, urgent=True, occasion=occasion)
    return raise_alert(news, unit, board)


def alert_of_merge(message: CaseMerged, unit: Unit, board: Switchboard) -> Alert | None:
    """The team that had a case hears that it goes on in another, and no more that it waits for them."""
    _end_elsewhere(message.case, "", message.merged_at, unit)
    occasion = _occasion(message.into, message.merged_at)
    news = News(message.case, "merged", message.to_team, urgent=False, occasion=occasion)
    return raise_alert(news, unit, board, gather=message.travels == "bulk")


def alert_duty_desk(message: CaseReturned, unit: Unit, board: Switchboard) -> Alert | None:
    """A case that cannot go to a team yet is on the duty desk's list; None if it is there."""
    kind: Kind = "again" if message.again else "opening"
    occasion = _occasion(message.referral, message.returned_at) if message.again else ""
    Desk.of(unit).keep_team(message.case, message.to_team, message.returned_at)
    news = News(message.case, kind, message.to_team, message.travels == "urgent", occasion)
    if message.again:
        _end_elsewhere(message.case, message.to_team, message.returned_at, unit)
    return raise_alert(news, unit, board, gather=message.travels == "bulk")


def alert_of_due(message: CaseDue, unit: Unit, board: Switchboard) -> Alert | None:
    """Something in a case is due: whose turn it is is told, urgently where it is said so.

    Where that is no one person it begins with the team's supervisors. What the clock says of one step and day
    is one piece of news; whatever begins is another each time, also on the same day.
    """
    occasion = f"{message.kind} {message.task} {message.due_on} {message.owner}"
    if message.kind == "begun":
        occasion += f" {message.said_at.isoformat()}"
    news = News(
        message.case,
        "stop" if message.task == _STOP else "due",
        message.to_team,
        message.travels == "urgent",
        str(uuid5(_OCCASIONS, occasion)),
        whose=message.owner,
    )
    first = 0 if message.owner else supervisors_step(board.ladder_of(message.to_team))
    return raise_alert(news, unit, board, gather=message.kind == "warning", from_step=first)


def alert_of_giving(message: CaseGiven, unit: Unit, board: Switchboard) -> Alert | None:
    """Somebody has a case from now on: they are told themselves, and no colleague before they let it lie.

    Nobody is reminded of one that they have no longer.
    """
    for alert in open_alerts_for(unit.connection, message.case, message.no_longer):
        end_by_itself(unit, alert, "triage")
    if not message.to:
        return None
    urgent, occasion = message.travels == "urgent", str(message.giving)
    news = News(message.case, "given", message.to_team, urgent, occasion, whose=message.to)
    return raise_alert(news, unit, board)


def end_alerts(message: CaseProgressed, unit: Unit) -> None:
    """A case has ended: nobody is told any more that it has come to them, or that something in it is due.

    What was raised after that is of a case that goes on again, and this was heard late.
    """
    if message.status != "closed":
        return
    unit.flush()
    for alert in open_news_of(unit.connection, message.case, _LASTS):
        if alert.raised_at <= message.progressed_at:
            end_by_itself(unit, alert, "triage")


def alert_of_letter(message: LetterKept, unit: Unit, board: Switchboard) -> Alert | None:
    """A mail waits for a human; it is nobody's case yet, so the duty desk is told."""
    return raise_alert(News(message.letter, "letter", DUTY_DESK, urgent=False), unit, board)


def _end_elsewhere(case: str, team: str, at: dt.datetime, unit: Unit) -> None:
    """Whoever else was told that the case has come to them has it no longer.

    What was said at that moment may be heard late, as a message that was parked: then whoever the case has
    come to since still has it.
    """
    unit.flush()  # what was raised in this very batch is found, too
    if has_come_since(unit.connection, case, at):
        return
    for alert in open_news_of(unit.connection, case, _COMES):
        if alert.team != team:
            end_by_itself(unit, alert, "triage")


def _occasion(about: str, at: dt.datetime) -> str:
    """What was said of this at that moment: said again later it is other news, and repeated the same."""
    return str(uuid5(_OCCASIONS, f"{about} {at.isoformat()}"))
