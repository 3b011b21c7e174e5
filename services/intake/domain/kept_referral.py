"""A referral as intake keeps it: its number, its version and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from services.intake.domain.warning import Warning  # noqa: A004 - the field's own word

Status = Literal["received", "returned", "allocated", "in_progress", "closed", "withdrawn"]
Lane = Literal["urgent", "normal", "bulk"]

# A pre-sentence window is short: the first contact is due in one or two working days when a hearing is less
# than this far away (DOMAIN: timing rules, proposed defaults).
_HEARING_SOON_DAYS = 28
_BEFORE_SENTENCE = ("guilty_plea", "awaiting_sentence", "deferred")


# What a referral can be returned for, and what brings it: as an amendment of the same record.
MISSING: dict[str, str] = {
    "consent_to_refer": "Ask whether they agree to being referred, and send the answer under consents.",
    "safe_contact": "Ask for a way to reach them that is safe, and send it with safe: yes.",
    "area": "Send the whole postcode of the home of the person harmed, or of a party.",
}


@dataclass(frozen=True)
class KeptReferral:
    """One agency's record in its newest version; the content itself is sealed elsewhere."""

    id: UUID
    reference: str
    agency: str
    source_record_id: str
    version: int
    status: Status
    received_at: dt.datetime
    updated_at: dt.datetime
    content_hash: bytes
    warnings: tuple[Warning, ...]
    reasons: tuple[str, ...] = ()


def lane_of(
    *,
    immediate_danger: bool,
    justice_stage: str | None,
    next_hearing_on: dt.date | None,
    today: dt.date,
    in_bulk: bool,
) -> Lane:
    """How pressing a referral is: danger now, or a hearing that will not wait, before everything else."""
    if immediate_danger:
        return "urgent"
    if justice_stage in _BEFORE_SENTENCE and next_hearing_on is not None:
        days = (next_hearing_on - today).days
        if 0 <= days < _HEARING_SOON_DAYS:
            return "urgent"
    return "bulk" if in_bulk else "normal"
