"""Take a referral: keep it and say so, answer a repeat as before, turn other content into an amendment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import msgspec

from services.intake import store
from services.intake.check_referral import warnings_for
from services.intake.domain.kept_referral import KeptReferral, lane_of
from shared.contracts import ReferralReceived
from shared.identity import REFERRAL, new_id
from shared.problems import Conflict

if TYPE_CHECKING:
    from shared.contracts.referral import Referral
    from shared.messaging.unit import Unit

_encoder = msgspec.json.Encoder(order="deterministic")


class Withdrawn(Conflict):
    """The record was withdrawn."""

    code = "withdrawn"
    advice = "It cannot be amended any more. To refer again, send it under a new record number."


@dataclass(frozen=True)
class Taken:
    """What became of it, and the referral as it is now kept."""

    outcome: Literal["new", "repeat", "amended"]
    kept: KeptReferral


@dataclass(frozen=True)
class Incoming:
    """A referral that came through the door, from whom, and as it will be kept."""

    referral: Referral
    agency: str
    content: bytes
    content_hash: bytes
    in_bulk: bool


def incoming(referral: Referral, agency: str, unit: Unit, *, in_bulk: bool) -> Incoming:
    """The referral with what it is recognised by when it is sent again."""
    content = _encoder.encode(referral)
    content_hash = unit.keys.lookup.hash("content", content.decode())
    return Incoming(referral, agency, content, content_hash, in_bulk)


def receive_new_referral(referral: Referral, agency: str, unit: Unit, *, in_bulk: bool = False) -> Taken:
    """Take a referral in as if its record were new, without looking.

    Most are, and the unit then costs one statement. The database refuses the unit (`IntegrityError`) when
    the record is known: then `receive_known_referral` is the right one.
    """
    came = incoming(referral, agency, unit, in_bulk=in_bulk)
    kept = first_version(came, unit)
    store.add(unit, kept, came.content)
    say_received(came, kept, unit)
    return Taken("new", kept)


def receive_known_referral(
    referral: Referral, agency: str, unit: Unit, *, in_bulk: bool = False
) -> Taken | None:
    """Take a known record in again: content that it has or had changes nothing, other content amends it.

    None if the record is not known after all. Raises `Withdrawn` for other content of a withdrawn record.
    """
    came = incoming(referral, agency, unit, in_bulk=in_bulk)
    known = store.find_record(unit, agency, referral.source_record_id)
    return None if known is None else take_again(came, known, unit)


def first_version(came: Incoming, unit: Unit) -> KeptReferral:
    """The record as it is kept when it is new."""
    return KeptReferral(
        id=new_id(),
        reference=unit.new_reference(REFERRAL),
        agency=came.agency,
        source_record_id=came.referral.source_record_id,
        version=1,
        status="received",
        received_at=unit.now,
        updated_at=unit.now,
        content_hash=came.content_hash,
        warnings=warnings_for(came.referral, unit.now),
    )


def take_again(came: Incoming, known: KeptReferral, unit: Unit) -> Taken:
    """A repeat or an amendment of a record that is held by this unit."""
    if known.content_hash == came.content_hash:
        return Taken("repeat", known)
    # To the letter what an earlier version said, the instant of referral included, is that message again: a
    # retry that was late, or a file sent twice. It must not put an amended record back to what it was.
    older = store.find_older_version(unit, known, came.content_hash)
    if older is not None:
        return Taken("repeat", older)
    if known.status == "withdrawn":
        raise Withdrawn
    kept = replace(
        known,
        version=known.version + 1,
        received_at=unit.now,
        updated_at=unit.now,
        content_hash=came.content_hash,
        warnings=warnings_for(came.referral, unit.now),
    )
    store.amend(unit, known, kept, came.content)
    say_received(came, kept, unit)
    return Taken("amended", kept)


def say_received(came: Incoming, kept: KeptReferral, unit: Unit) -> None:
    """Tell triage of this version."""
    referral = came.referral
    unit.say(
        ReferralReceived(
            reference=kept.reference,
            agency=kept.agency,
            version=kept.version,
            received_at=kept.received_at,
            referral=referral,
            travels=lane_of(
                immediate_danger=referral.risks is not None and referral.risks.immediate_danger,
                justice_stage=referral.event.justice_stage,
                next_hearing_on=referral.event.next_hearing_on,
                today=unit.now.date(),
                in_bulk=came.in_bulk,
            ),
        )
    )
