"""A referral has come to a case, or was amended: keep what no message about the case may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.notify.telltales_store import Drawer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.contracts import CaseTelltales
    from shared.messaging.unit import Unit


def prepare_batch(messages: Sequence[CaseTelltales], unit: Unit) -> None:
    """Look up at once what of this is known."""
    Drawer.of(unit).look_up(message.case for message in messages)


def keep_telltales(message: CaseTelltales, unit: Unit) -> None:
    """The newest version of each referral counts, in whatever order they arrive."""
    Drawer.of(unit).keep(message.case, message.referral, message.version, message.telltales)
