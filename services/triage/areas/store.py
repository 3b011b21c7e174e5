"""Finds the area of an address, and keeps the published lists that say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from services.triage.areas.tables import postcodes, properties
from services.triage.domain.areas import Place, compact
from shared.rows import find_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Table

    from services.triage.domain.areas import Areas
    from shared.contracts.referral import Address
    from shared.messaging.unit import Unit

UPRN_DIGITS = 12


class Places:
    """Where the addresses of one unit lie; what is not in the published lists, by the first half alone."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing none."""
        self._unit = unit
        self._postcodes: dict[str, tuple[str, str | None] | None] = {}
        self._properties: dict[str, tuple[str, str | None] | None] = {}

    @classmethod
    def of(cls, unit: Unit) -> Places:
        """The one of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    def look_up(self, addresses: Iterable[Address | None]) -> None:
        """Find all of these at once."""
        for address in addresses:
            if address is not None and address.postcode:
                self._postcodes.setdefault(compact(address.postcode)[:7], None)
            if address is not None and address.uprn:
                self._properties.setdefault(uprn_text(address.uprn), None)
        for table, key, known in (
            (postcodes, postcodes.c.postcode, self._postcodes),
            (properties, properties.c.uprn, self._properties),
        ):
            wanted = [text for text, found in known.items() if found is None]
            columns = (key, table.c.area, table.c.police)
            found: Sequence[Sequence[Any]] = find_rows(self._unit.connection, columns, key, wanted)
            for text, area, police in found:
                known[text] = (area, police)

    def place_of(self, address: Address | None, areas: Areas) -> Place:
        """Where an address lies: by its property number, its whole postcode, or the first half of it."""
        if address is None:
            return Place()
        postcode, uprn = compact(address.postcode)[:7], uprn_text(address.uprn or "")
        if (postcode and postcode not in self._postcodes) or (uprn and uprn not in self._properties):
            self.look_up([address])
        found = self._properties.get(uprn) or self._postcodes.get(postcode)
        return areas.known(*found) if found is not None else areas.place_of(address.postcode)


def uprn_text(uprn: str) -> str:
    """A property number as it is kept: twelve digits with its leading zeros."""
    return uprn.zfill(UPRN_DIGITS) if uprn else ""


def keep_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Keep these rows, in the place of what was kept under the same keys."""
    key = next(iter(table.primary_key.columns))
    if connection.dialect.name == "sqlite":
        connection.execute(sqlite.insert(table).prefix_with("OR REPLACE"), rows)
        return
    adding = postgresql.insert(table)
    newer = {column.name: adding.excluded[column.name] for column in table.c if column is not key}
    connection.execute(adding.on_conflict_do_update(index_elements=[key], set_=newer), rows)


def forget_older(connection: Connection, table: Table, edition: str) -> int:
    """Forget what this edition does not have."""
    return connection.execute(delete(table).where(table.c.edition != edition)).rowcount


def count_by_area(connection: Connection, table: Table) -> dict[str, int]:
    """How many rows each area has."""
    rows = connection.execute(select(table.c.area, func.count()).group_by(table.c.area))
    return {row[0]: row[1] for row in rows}
