"""What the hub thinks belongs together: for each record its case, its people, and what awaits a human."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from services.intake import store as intake_store
from services.triage import store as triage_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from shared.service import Room


def export_links(intake: Room, triage: Room) -> Iterator[dict[str, Any]]:
    """One line for each agency and record number, of its newest version; what triage has not seen is null."""
    with triage.database.snapshot() as connection:
        triaged = {t.reference: (t, case) for t, case in triage_store.all_triaged(connection)}
        asked = triage_store.open_reviews(connection)
    records: dict[UUID, list[str]] = defaultdict(list)
    for one, _ in triaged.values():
        records[one.case_id].append(f"{one.agency}:{one.source_record_id}")
    beside: dict[UUID, set[str]] = defaultdict(set)
    for case_id, other in asked:
        beside[case_id].update(records[other])
        beside[other].update(records[case_id])
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
                "review": None if seen is None else sorted(beside[seen.case_id]),
            }
