"""An alert says that something waits for a team; it carries a reference and "sign in", and never a person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from uuid import UUID

Kind = Literal[
    "opening", "withdrawal", "all_withdrawn", "again", "released", "letter", "due", "stop", "merged", "given",
    "refused", "undelivered",
    "ops_queue", "ops_parked", "ops_worker", "ops_relay", "ops_disk", "ops_returned",
]  # fmt: skip
State = Literal["open", "acknowledged"]
Group = Literal["cases", "changes", "letters", "tasks", "ops"]
ChannelName = Literal["in_app", "mail", "govuk_email", "govuk_text", "webhook"]
DeliveryState = Literal["due", "packed", "sent", "failed", "dropped"]
Happening = Literal[
    "raised", "told", "sent", "delivered", "failed", "bounced", "failed_over", "refused", "in_doubt",
    "reminded", "handed_on", "acknowledged",
]  # fmt: skip

GROUPS: Final[dict[Kind, Group]] = {
    "opening": "cases",
    "again": "cases",
    "released": "cases",
    "withdrawal": "changes",
    "all_withdrawn": "changes",
    "letter": "letters",
    "due": "changes",
    "stop": "changes",
    "merged": "changes",
    "given": "cases",
    "refused": "tasks",
    "undelivered": "tasks",
    "ops_queue": "ops",
    "ops_parked": "ops",
    "ops_worker": "ops",
    "ops_relay": "ops",
    "ops_disk": "ops",
    "ops_returned": "ops",
}
# What ops alerts are about is no case; whose they are is no team of the directory.
THE_HUB: Final = "HUB"
OPS: Final = "ops"


@dataclass(frozen=True)
class News:
    """What an alert would tell, before there is one."""

    case: str
    kind: Kind
    team: str
    urgent: bool
    # What tells it from other news of its kind; empty for the opening of a case.
    occasion: str = ""
    # Whom it is for, by their address; empty where the rota says that.
    whose: str = ""


@dataclass(frozen=True)
class Alert:
    """One thing that a team must know about one case."""

    id: UUID
    case: str
    kind: Kind
    team: str
    urgent: bool
    state: State
    raised_at: dt.datetime
    acknowledged_at: dt.datetime | None = None
    acknowledged_by: str | None = None
    # What tells one piece of news from another of its kind; empty for the opening of a case.
    occasion: str = ""
    # How far it has been handed on, and when the next step is due.
    step: int = 0
    next_step_at: dt.datetime | None = None
    # Whom it is for, by their address; empty where the rota says that.
    whose: str = ""
    # With which step it began: tasks begin above whoever could not be told.
    began_at: int = 0


@dataclass(frozen=True)
class Reader:
    """Who reads alerts: those of these teams (None: of all), and those that are for them."""

    name: str
    teams: tuple[str, ...] | None

    def sees(self, alert: Alert) -> bool:
        """Whether it is there for them."""
        return self.teams is None or alert.team in self.teams or alert.whose == self.name


@dataclass(frozen=True)
class Delivery:
    """One alert on its way to one person over one channel, in one of its steps."""

    id: UUID
    alert_id: UUID
    case: str
    kind: Kind
    channel: ChannelName
    recipient: str
    urgent: bool
    step: int
    template: str
    due_at: dt.datetime | None
    # Whether it was meant to go together with others.
    gather: bool = False


@dataclass(frozen=True)
class Entry:
    """One line of an alert's history: what happened, who did it or whom it concerns."""

    at: dt.datetime
    what: Happening
    who: str
    detail: dict[str, Any] = field(default_factory=dict)
