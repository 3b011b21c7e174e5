"""Keep what a practitioner has answered so far, for that practitioner alone, and not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from services.intake.forms import store
from services.intake.forms.domain.draft import KEPT_FOR, Draft, Owner
from services.intake.store import find_reference
from shared.problems import Conflict, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.intake.domain.kept_referral import KeptReferral
    from services.intake.forms.domain.filling import Filled
    from shared.messaging.unit import Unit
    from shared.sealing import KeyRing, Lookup
    from shared.web import Caller


NOT_THERE: Final = "You have no draft here. It may have been sent or deleted."


class AlreadySent(Conflict):
    """The referral was sent already."""

    code = "already_sent"
    advice = "See how far it has come under your referrals."


def owner_of(caller: Caller, lookup: Lookup) -> Owner:
    """Whose drafts this caller may open."""
    return Owner(lookup.hash("practitioner", caller.name), caller.agency)


def begin_draft(filled: Filled, owner: Owner, unit: Unit) -> None:
    """Keep a new draft."""
    store.add_draft(unit, owner, Draft(UUID(filled.id), unit.now, unit.now, filled))


def keep_draft(filled: Filled, unit: Unit) -> None:
    """Keep what was answered now, in the draft that this unit has locked."""
    store.change_draft(unit, UUID(filled.id), filled)


def drop_draft(draft_id: UUID, owner: Owner, unit: Unit) -> None:
    """Forget a draft before its time."""
    store.drop_draft(unit, lock_own(draft_id, owner, unit).id)


def lock_own(draft_id: UUID, owner: Owner, unit: Unit) -> Draft:
    """The owner's draft, for as long as the unit lasts."""
    return _theirs(store.lock_draft(unit, owner, draft_id))


def find_own(draft_id: UUID, owner: Owner, connection: Connection, keys: KeyRing) -> Draft:
    """The owner's draft, to look at."""
    return _theirs(store.find_draft(connection, keys, owner, draft_id))


def find_sent(draft_id: UUID, owner: Owner, connection: Connection) -> KeptReferral:
    """The referral that the owner's draft became."""
    reference = store.find_sent(connection, owner, draft_id)
    kept = find_reference(connection, owner.agency, reference) if reference else None
    if kept is None:
        raise NotFound(NOT_THERE)
    return kept


def forget_drafts(unit: Unit) -> int:
    """Forget drafts that nobody has gone on with for too long; how many there were."""
    return store.drop_drafts_before(unit, unit.now - KEPT_FOR)


def _theirs(found: Draft | str | None) -> Draft:
    if found is None:
        raise NotFound(NOT_THERE)
    if isinstance(found, str):
        raise AlreadySent
    return found
