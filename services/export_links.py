"""What the hub thinks belongs together: for each record its case, its people, and what awaits a human."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from services.intake import store as intake_store
from services.triage import store as triage_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.service import Room


def export_links(intake: Room, triage: Room) -> Iterator[dict[str, Any]]:
    """One line for each agency and record number, of its newest version; what triage has not seen is null."""
    with triage.database.snapshot() as connection:
        triaged = {t.reference: (t, case) for t, case in triage_store.all_triaged(connection)}
        asked = triage_store.open_reviews(connection)
    beside: dict[str, set[str]] = defaultdict(set)
    for one, other in asked:
        if one in triaged and other in triaged:
            beside[one].add(_record(triaged[other][0]))
            beside[other].add(_record(triaged[one][0]))
    with intake.database.snapshot() as connection:
        for agency, source_record_id, version, reference in intake_store.all_records(connection):
            seen, case = triaged.get(reference, (None, None))
            yield {
                "agency": agency,
                "source_record_id": source_record_id,
                "version": version,
                "reference": reference,
                "case": case,
                "people": None if seen is None else [str(person) for person in seen.people],
                "review": None if seen is None else sorted(beside[reference]),
            }


def _record(triaged: triage_store.Triaged) -> str:
    return f"{triaged.agency}:{triaged.source_record_id}"
