"""A row that does not say when it was referred, and comes again, was referred when it first came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.intake import store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.intake.imports.mapping import MappedRow
    from shared.messaging.unit import Unit


def dated_bodies(rows: Sequence[MappedRow], agency: str, unit: Unit) -> list[dict[str, Any]]:
    """The bodies of these rows; those without a date of their own have that of the record, if it is known.

    Otherwise a list that is sent again on another day would amend every referral in it.
    """
    # What the door refuses as a number may be more than a database can look for.
    undated = {number for row in rows if row.undated and (number := _number_of(row)).isprintable()}
    found = store.find_records(unit, agency, undated) if undated else {}
    dates = {
        number: store.read_content(unit.connection, unit.keys.rest, kept).referred_at.isoformat()
        for number, kept in found.items()
    }
    return [
        row.body | {"referred_at": dates[_number_of(row)]}
        if row.undated and _number_of(row) in dates
        else row.body
        for row in rows
    ]


def _number_of(row: MappedRow) -> str:
    return str(row.body.get("source_record_id", "")).strip()
