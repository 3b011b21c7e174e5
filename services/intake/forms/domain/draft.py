"""A referral that a practitioner has begun and not yet sent, or has sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.intake.forms.domain.filling import Filled

# Who comes back later than this begins anew: what somebody told is not kept on the chance.
KEPT_FOR: Final = dt.timedelta(days=90)


@dataclass(frozen=True)
class Owner:
    """Whose draft it is: a keyed hash that stands for the person's address, and the agency they refer for."""

    key: bytes
    agency: str


@dataclass(frozen=True)
class Draft:
    """One practitioner's form as it is kept; nothing of what was answered is kept once it is sent."""

    id: UUID
    started_at: dt.datetime
    changed_at: dt.datetime
    filled: Filled


@dataclass(frozen=True)
class Sent:
    """What became of a form that was sent: no more than the agency is told."""

    reference: str
    status: str
    sent_at: dt.datetime
    updated_at: dt.datetime
    # Why it was returned, in codes.
    reasons: tuple[str, ...]
