"""Finds and keeps what must not stand in messages about a case: keyed hashes, sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from services.notify.tables import telltales
from shared.resealing import SealedColumn
from shared.rows import Wanted, lock_and_find, locks_of
from shared.telltales import split

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection

    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing


class Drawer:
    """One unit's view of the telltales of the cases that it is concerned with."""

    def __init__(self, unit: Unit) -> None:
        """Begin knowing nothing; `look_up` comes first."""
        self._unit = unit
        self._versions: dict[tuple[str, str], int] = {}

    @classmethod
    def of(cls, unit: Unit) -> Drawer:
        """The one drawer of this unit."""
        return unit.remember(cls, lambda: cls(unit))

    def look_up(self, cases: Iterable[str]) -> None:
        """Read which versions of which referrals of these cases are known, and hold the cases meanwhile.

        Whoever hears of one of them at the same moment waits, and then sees what we kept.
        """
        columns = (telltales.c.case, telltales.c.referral, telltales.c.version)
        wanted = set(cases)
        (known,) = lock_and_find(
            self._unit.connection,
            locks_of("telltales", wanted),
            (Wanted(columns, telltales.c.case, wanted),),
        )
        for case, referral, version in known:
            self._versions[case, referral] = version

    def keep(self, case: str, referral: str, version: int, hashes: bytes) -> None:
        """Keep these in place of an older version's; older ones than what is known change nothing."""
        known = self._versions.get((case, referral))
        if known is not None and known >= version:
            return
        self._versions[case, referral] = version
        sealed = self._unit.keys.rest.seal(hashes, _place(case, referral))
        if known is None:
            row = {"case": case, "referral": referral, "version": version, "sealed": sealed}
            self._unit.insert(telltales, row)
        else:
            where = {"case": case, "referral": referral}
            self._unit.change(telltales, where, version=version, sealed=sealed)


def telltales_of(
    connection: Connection, keys: KeyRing, cases: Collection[str]
) -> dict[str, frozenset[bytes]]:
    """What must not be said of each of these cases; a case of which nothing was heard is not among them."""
    found: dict[str, frozenset[bytes]] = {}
    for row in connection.execute(select(telltales).where(telltales.c.case.in_(cases))):
        opened = split(keys.open(row.sealed, _place(row.case, row.referral)))
        found[row.case] = found.get(row.case, frozenset()) | opened
    return found


def _place(case: str, referral: str) -> str:
    return f"notify/telltales/{case}/{referral}"


SEALED = (SealedColumn(telltales.c.sealed, lambda row: _place(row.case, row.referral)),)
