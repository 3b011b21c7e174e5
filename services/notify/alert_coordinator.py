"""A case has come to a team, or must pause: raise one alert, delivered to whoever the directory names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notify.domain.alert import Alert, ChannelName, Delivery, Kind
from services.notify.store import Desk
from shared.directory import DUTY_DESK
from shared.identity import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts import CaseReferralWithdrawn, CaseReturned, CaseRouted, LetterKept
    from shared.directory import Directory
    from shared.messaging.unit import Unit

_CHANNELS: tuple[ChannelName, ...] = ("in_app", "mail")


def prepare_batch(
    messages: Sequence[CaseRouted | CaseReturned | CaseReferralWithdrawn | LetterKept], unit: Unit
) -> None:
    """Look up at once what of this has been alerted."""
    Desk.of(unit).look_up(message.subject for message in messages)


def alert_coordinator(message: CaseRouted, unit: Unit, directory: Directory) -> Alert | None:
    """The opening alert of a new case, or that a paused one goes on; None if the case has that alert."""
    return _alert(
        message.case,
        "again" if message.again else "released" if message.released else "opening",
        message.to_team,
        urgent=message.travels == "urgent",
        unit=unit,
        directory=directory,
    )


def alert_of_withdrawal(message: CaseReferralWithdrawn, unit: Unit, directory: Directory) -> Alert | None:
    """One alert that part of a case was taken back, and one that all of it was: contact must stop."""
    kind: Kind = "withdrawal" if message.stands else "all_withdrawn"
    return _alert(message.case, kind, message.to_team, urgent=True, unit=unit, directory=directory)


def alert_duty_desk(message: CaseReturned, unit: Unit, directory: Directory) -> Alert | None:
    """A case that cannot go to a team yet is on the duty desk's list; None if it is there."""
    return _alert(
        message.case,
        "again" if message.again else "opening",
        message.to_team,
        urgent=message.travels == "urgent",
        unit=unit,
        directory=directory,
    )


def alert_of_letter(message: LetterKept, unit: Unit, directory: Directory) -> Alert | None:
    """A mail waits for a human; it is nobody's case yet, so the duty desk is told."""
    return _alert(message.letter, "letter", DUTY_DESK, urgent=False, unit=unit, directory=directory)


def _alert(
    case: str, kind: Kind, to_team: str, *, urgent: bool, unit: Unit, directory: Directory
) -> Alert | None:
    desk = Desk.of(unit)
    if desk.has_alert(case, kind):
        return None
    # A team that this directory does not know (any more) is the duty desk's to find.
    team = to_team if to_team in directory.teams else DUTY_DESK
    alert = Alert(
        id=new_id(), case=case, kind=kind, team=team, urgent=urgent, state="open", raised_at=unit.now
    )
    desk.raise_alert(
        alert,
        [
            Delivery(new_id(), alert.id, case, kind, channel, member.email, urgent, 0)
            for member in directory.people_of(team)
            for channel in _CHANNELS
        ],
    )
    return alert
