"""Intake's work as one would write it with FastAPI: the same format, key, seals, rows and commit.

It writes into intake's own tables, with their indexes and the trigger that announces an outbox row. Where the
hub does more (every fault found and told, soft warnings in the receipt, amendments, correlation ids), the
peer is spared it. `/async` runs on SQLAlchemy's asyncio, `/sync` in FastAPI's thread pool; which is faster
is for the run to say.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import os
import re
import secrets
import time
from typing import Annotated, Any, Self

from fastapi import Depends, FastAPI, Header, HTTPException, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine

from services.intake.tables import agency_keys, messaging, referrals
from shared.contracts import referral as words
from shared.identity import REFERRAL, new_id, new_reference
from shared.sealing import KeyRing

_KEY_SECONDS = 5.0
_KEY = re.compile(r"rh_([a-z0-9]{10})_([A-Za-z0-9_-]{43})", re.ASCII)

Short = Annotated[str, StringConstraints(max_length=64)]
NamePart = Annotated[str, StringConstraints(max_length=100)]
Line = Annotated[str, StringConstraints(max_length=200)]
Value = Annotated[str, StringConstraints(max_length=254)]
FreeText = Annotated[str, StringConstraints(max_length=1000)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s]+\.[^@\s]+$")]
Birth = Annotated[dt.date, Field(ge=dt.date(1880, 1, 1))]


class Part(BaseModel):
    """A part of the format: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Referrer(Part):
    name: Line | None = None
    role: Line | None = None
    organisation: Line | None = None
    email: Email | None = None
    phone: Value | None = None


class Place(Part):
    line1: Line | None = None
    line2: Line | None = None
    town: Line | None = None
    postcode: Short | None = None
    uprn: Short | None = None


class Address(Place):
    confidential: bool = False


class Reference(Part):
    scheme: words.ReferenceScheme
    value: Value


class Event(Part):
    type: words.EventType
    started_on: dt.date | None = None
    ended_on: dt.date | None = None
    place: Place | None = None
    references: list[Reference] = Field(default=[], max_length=50)
    summary: Annotated[str, StringConstraints(max_length=4000)] | None = None
    justice_stage: words.JusticeStage | None = None
    next_hearing_on: dt.date | None = None
    offender_identified: bool | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.started_on and self.ended_on and self.ended_on < self.started_on:
            raise ValueError("the end is earlier than the start")
        return self


class Name(Part):
    title: NamePart | None = None
    given: NamePart | None = None
    middle: NamePart | None = None
    family: NamePart | None = None
    known_as: NamePart | None = None


class Contact(Part):
    channel: words.Channel
    value: Value
    safe: words.Safe = "unknown"
    safe_times: FreeText | None = None
    confirmed_on: dt.date | None = None


class Consent(Part):
    to: words.ConsentTo
    decision: words.ConsentDecision
    decided_on: dt.date | None = None
    contact_again_on: dt.date | None = None


class Responsibility(Part):
    accepted: words.Acceptance
    told_to: Line | None = None
    on: dt.date | None = None


class Identifier(Part):
    scheme: Short
    value: Value


class Party(Part):
    role: words.PartyRole
    name: Name | None = None
    date_of_birth: Birth | None = None
    gender: NamePart | None = None
    address: Address | None = None
    contacts: list[Contact] = Field(default=[], max_length=50)
    language: NamePart | None = None
    interpreter: bool | None = None
    access_needs: list[FreeText] = Field(default=[], max_length=50)
    vulnerabilities: list[FreeText] = Field(default=[], max_length=50)
    enhanced_rights: bool | None = None
    wishes: list[words.Wish] = Field(default=[], max_length=50)
    consents: list[Consent] = Field(default=[], max_length=50)
    responsibility: Responsibility | None = None
    identifiers: list[Identifier] = Field(default=[], max_length=50)


class Risks(Part):
    assessed: bool = False
    immediate_danger: bool = False
    markers: list[words.RiskMarker] = Field(default=[], max_length=50)


class Order(Part):
    type: words.OrderType
    forbids_contact: bool = False
    until: dt.date | None = None


class DemandBaseline(Part):
    police_calls: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    police_attendances: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


class Referral(Part):
    """The referral, version 1, from an agency."""

    source_record_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    referred_at: AwareDatetime
    strand: words.Strand
    event: Event
    parties: Annotated[list[Party], Field(min_length=1, max_length=10)]
    assessment_point: words.AssessmentPoint | None = None
    need_identified_by: words.NeedIdentifiedBy | None = None
    initiated_by: words.InitiatedBy | None = None
    referrer: Referrer
    risks: Risks | None = None
    orders: list[Order] = Field(default=[], max_length=50)
    services_wanted: list[words.Service] = Field(default=[], max_length=50)
    demand_baseline: DemandBaseline | None = None

    @model_validator(mode="after")
    def _answered_for(self) -> Self:
        if not (self.referrer.name or self.referrer.organisation):
            raise ValueError("say who refers")
        referred_on = self.referred_at.date()
        if any(p.date_of_birth is not None and p.date_of_birth > referred_on for p in self.parties):
            raise ValueError("born later than the day of the referral")
        return self


app = FastAPI()
_url = os.environ["PEER_DATABASE_URL"]
_engine = create_engine(_url, pool_size=16)
_async_engine = create_async_engine(_url.replace("+psycopg", "+psycopg_async"), pool_size=16)
_rest = KeyRing.read(os.environ["HUB_SEALING_KEYS"])
_messages = KeyRing.read(os.environ["HUB_MESSAGE_KEYS"])
_hash_key = base64.b64decode(os.environ["HUB_LOOKUP_KEY"])
_believed: dict[str, tuple[float, str]] = {}


def _find_key(connection: Connection, bearer: str) -> str:
    form = _KEY.fullmatch(bearer)
    row = connection.execute(
        select(agency_keys.c.agency, agency_keys.c.key_hash).where(
            agency_keys.c.key_id == (form[1] if form else ""), agency_keys.c.revoked_at.is_(None)
        )
    ).first()
    if row is None or not hmac.compare_digest(row.key_hash, hashlib.sha256(bearer.encode()).digest()):
        raise HTTPException(401)
    _believed[bearer] = (time.monotonic() + _KEY_SECONDS, row.agency)
    return str(row.agency)


def _bearer(authorization: str) -> tuple[str, str | None]:
    bearer = authorization.removeprefix("Bearer ").strip()
    until, agency = _believed.get(bearer, (0.0, ""))
    return bearer, agency if time.monotonic() < until else None


async def _agency_async(authorization: Annotated[str, Header()] = "") -> str:
    bearer, agency = _bearer(authorization)
    if agency is not None:
        return agency
    async with _async_engine.connect() as connection:
        return await connection.run_sync(_find_key, bearer)


def _agency_sync(authorization: Annotated[str, Header()] = "") -> str:
    bearer, agency = _bearer(authorization)
    if agency is not None:
        return agency
    with _engine.connect() as connection:
        return _find_key(connection, bearer)


def _rows(referral: Referral, agency: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    now, row_id, message_id = dt.datetime.now(dt.UTC), new_id(), new_id()
    reference = new_reference(REFERRAL)
    content = referral.model_dump_json(exclude_defaults=True).encode()
    row = {
        "id": row_id,
        "reference": reference,
        "agency": agency,
        "source_record_id": referral.source_record_id,
        "version": 1,
        "status": "received",
        "received_at": now,
        "updated_at": now,
        "content_hash": hmac.digest(_hash_key, content, hashlib.sha256),
        "warnings": [],
        "sealed": _rest.seal(content, f"referral/{row_id}/1"),
    }
    data = b'{"reference":"%s","agency":"%s","referral":%s}' % (
        reference.encode(),
        agency.encode(),
        content,
    )
    envelope = {
        "specversion": "1.0",
        "id": str(message_id),
        "source": "/hub/intake",
        "type": "referral.received",
        "subject": reference,
        "time": now.isoformat(),
        "correlationid": str(new_id()),
        "traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
        "data_base64": base64.b64encode(_messages.seal(data, f"message/{message_id}")).decode(),
    }
    outbox = {
        "id": message_id,
        "lane": 1,
        "type": "referral.received",
        "routing_key": "referral.received.normal",
        "said_at": now,
        "sent_at": None,
        "body": json.dumps(envelope).encode(),
    }
    receipt = {
        "reference": reference,
        "source_record_id": referral.source_record_id,
        "version": 1,
        "status": "received",
        "received_at": now.isoformat(),
        "warnings": [],
    }
    return row, outbox, receipt


_keep = insert(referrals).on_conflict_do_nothing().returning(referrals.c.id)
_say = insert(messaging.outbox)


@app.post("/async", status_code=201)
async def post_async(
    referral: Referral, response: Response, agency: Annotated[str, Depends(_agency_async)]
) -> dict[str, Any]:
    """Take a referral on SQLAlchemy's asyncio."""
    row, outbox, receipt = _rows(referral, agency)
    async with _async_engine.begin() as connection:
        if (await connection.execute(_keep, row)).first() is None:
            raise HTTPException(409)
        await connection.execute(_say, outbox)
    response.headers["Location"] = f"/v1/referrals/{row['reference']}"
    return receipt


@app.post("/sync", status_code=201)
def post_sync(
    referral: Referral, response: Response, agency: Annotated[str, Depends(_agency_sync)]
) -> dict[str, Any]:
    """Take a referral in FastAPI's thread pool."""
    row, outbox, receipt = _rows(referral, agency)
    with _engine.begin() as connection:
        if connection.execute(_keep, row).first() is None:
            raise HTTPException(409)
        connection.execute(_say, outbox)
    response.headers["Location"] = f"/v1/referrals/{row['reference']}"
    return receipt
