"""How an agency asks for its referrals page by page, and the cursors between the pages."""

from __future__ import annotations

import datetime as dt
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from services.intake.fields import BAD_DATETIME, EARLIEST_REFERRAL_YEAR, LATEST_REFERRAL_YEAR, read_instant
from shared.problems import Fault, Unprocessable

if TYPE_CHECKING:
    from services.intake.domain.kept_referral import KeptReferral

MOST_LISTED: Final = 200
_SMALL: Final = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True)
class Page:
    """Which of its referrals an agency asks for; `after` is the place that a cursor stands for."""

    source_record_id: str | None
    updated_since: dt.datetime | None
    after: tuple[dt.datetime, UUID] | None
    limit: int


def read_page(asked: Mapping[str, str]) -> Page:
    """The query of a list; `Unprocessable` with every fault in it."""
    faults = []
    limit = asked.get("limit", "50")
    if not (_SMALL.fullmatch(limit) and 1 <= int(limit) <= MOST_LISTED):
        faults.append(Fault("/limit", "not_allowed", f"Ask for 1 to {MOST_LISTED}."))
    since = None
    if "updated_since" in asked:
        # In an address a "+" that was not encoded arrives as a space.
        text = asked["updated_since"].replace(" ", "+")
        since = read_instant(text)
        if since is None or not _is_storable(since):
            faults.append(Fault("/updated_since", *BAD_DATETIME))
    after = read_cursor(asked["cursor"]) if "cursor" in asked else None
    if "cursor" in asked and after is None:
        faults.append(Fault("/cursor", "not_allowed", "Send the cursor as it was given."))
    if "\0" in asked.get("source_record_id", ""):
        faults.append(Fault("/source_record_id", "not_allowed", "Send the record number as it was taken."))
    if faults:
        raise Unprocessable(errors=faults)
    return Page(asked.get("source_record_id"), since, after, int(limit))


def write_cursor(last: KeptReferral) -> str:
    """The place after this record, as text that stands in an address."""
    return urlsafe_b64encode(f"{last.updated_at.isoformat()} {last.id}".encode()).decode()


def read_cursor(text: str) -> tuple[dt.datetime, UUID] | None:
    """The place that a cursor stands for; None if it is not one of ours."""
    try:
        instant, record = urlsafe_b64decode(text.encode()).decode().split(" ")
        place = dt.datetime.fromisoformat(instant)
        return (place, UUID(record)) if place.tzinfo is not None and _is_storable(place) else None
    except ValueError:
        return None


def _is_storable(instant: dt.datetime) -> bool:
    """Whether the instant can be told in every time zone, so that a database can compare with it."""
    return EARLIEST_REFERRAL_YEAR <= instant.year <= LATEST_REFERRAL_YEAR
