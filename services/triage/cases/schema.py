"""The wire shapes of cases: what is asked for, and how a case, its records and its offers are told."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from services.triage.cases.assess_needs import CATEGORIES, HIGHEST, Said
from services.triage.cases.kinds import HELPS, KINDS, faults_of, is_whole, read_day
from services.triage.domain.life.guards import GUARDS, Given
from services.triage.domain.life.moving import may_now, stands_against
from services.triage.domain.life.situation import LEVELS
from services.triage.domain.life.states import STAGES
from services.triage.domain.life.transitions import TABLE
from shared.contracts.referral import Wish, codes
from shared.problems import Fault, Unprocessable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from services.triage.cases.know_already import Known, Source
    from services.triage.cases.needs_store import Assessment
    from services.triage.cases.store import CrossReferral, Seen, Told
    from services.triage.domain.life.situation import Record, Situation
    from services.triage.history.domain.chain import Line

_LONGEST: Final = 200
_MOST_FACILITATORS: Final = 4
_WORD: Final = {"type": "string", "maxLength": _LONGEST, "pattern": r"^[^\x00]*$"}
NAMES: Final = tuple(row.name for row in TABLE if row.roles != ("system",))

TRANSITION: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "transition": {"type": "string", "enum": list(NAMES)},
        "reason": {**_WORD, "description": "A code: of a hold, a refusal, a reopening, what is missing."},
        "review_on": {"type": "string", "format": "date", "description": "Until when, within a year."},
        "outcome": {**_WORD, "description": "The code with which the case is closed."},
        "enabling": {"type": "array", "items": _WORD, "maxItems": 10},
        "method": _WORD,
        "to": {**_WORD, "description": "The team or service that the case is offered to."},
        "owner": {**_WORD, "description": "The address of who has it from now on."},
        "accepted_by": {**_WORD, "description": "The post of who accepted it outside the hub, and no name."},
        "facilitators": {
            "type": "array",
            "maxItems": _MOST_FACILITATORS,
            "items": {
                "type": "object",
                "properties": {"email": _WORD, "level": {"type": "string", "enum": list(LEVELS)}},
                "required": ["email"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["transition"],
    "additionalProperties": False,
}
ASSESSMENT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "side": {"type": "string", "enum": ["initiator", "other"]},
        "stage": {"type": "string", "enum": ["start", "end"]},
        "shared": {
            "type": "boolean",
            "description": "Whether the person agreed that the next point sees it.",
        },
        "again": {
            "type": "string",
            "enum": ["things_have_changed", "person_asked"],
            "description": "Why somebody is asked again who was asked already.",
        },
        "wishes": {
            "type": "array",
            "description": "What they wish for, as referrals have it.",
            "maxItems": len(codes(Wish)),
            "items": {"type": "string", "enum": list(codes(Wish))},
        },
        "person": {
            "type": "object",
            "description": "Who it is, where the side has more than one: a party of a referral of the case.",
            "properties": {
                "referral": {**_WORD, "description": "The referral's reference."},
                "party": {"type": "integer", "minimum": 0, "maximum": 9, "description": "From 0."},
            },
            "required": ["referral", "party"],
            "additionalProperties": False,
        },
        "needs": {
            "type": "object",
            "description": "Each of the eight categories that was spoken of.",
            "properties": {
                name: {
                    "type": "object",
                    "description": title,
                    "properties": {
                        "level": {"type": "integer", "minimum": 0, "maximum": HIGHEST},
                        "note": {"type": "string", "maxLength": 500, "pattern": r"^[^\x00]*$"},
                    },
                    "required": ["level"],
                    "additionalProperties": False,
                }
                for name, title in CATEGORIES.items()
            },
            "additionalProperties": False,
        },
    },
    "required": ["side", "stage", "shared"],
    # Told to whoever reads the document; `read_assessment` says it in one sentence.
    "anyOf": [
        {"properties": {"needs": {"minProperties": 1}}, "required": ["needs"]},
        {"properties": {"wishes": {"minItems": 1}}, "required": ["wishes"]},
    ],
    "additionalProperties": False,
}
CROSS_REFERRAL: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"to": {**_WORD, "minLength": 1, "description": "The team that is asked to help."}},
    "required": ["to"],
    "additionalProperties": False,
}
ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string", "enum": ["accepted", "refused", "withdrawn"]},
        "reason": {**_WORD, "description": "The code of a refusal."},
    },
    "required": ["answer"],
    "additionalProperties": False,
}
TRIAL: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "table": {"type": "string", "minLength": 1, "maxLength": 200_000, "description": "A table in YAML."},
        "last": {
            "type": "integer",
            "minimum": 1,
            "maximum": 10_000,
            "description": "How many of the last cases.",
        },
    },
    "required": ["table"],
    "additionalProperties": False,
}


def read_body(body: object, shape: Mapping[str, Any]) -> dict[str, Any]:
    """A body that fits its shape; `Unprocessable` with every fault."""
    faults = list(_faults(body, shape, ""))
    if faults:
        raise Unprocessable(errors=faults)
    assert isinstance(body, dict)  # noqa: S101 - every shape here is an object's
    return body


def _faults(value: object, shape: Mapping[str, Any], at: str) -> Iterator[Fault]:
    kind = shape["type"]
    if kind == "object":
        yield from _faults_of_object(value, shape, at)
    elif kind == "array":
        if not isinstance(value, list) or len(value) > shape.get("maxItems", len(value)):
            yield Fault(at, "not_allowed", f"Send a list of at most {shape.get('maxItems', 'some')}.")
            return
        for number, item in enumerate(value):
            yield from _faults(item, shape["items"], f"{at}/{number}")
    elif not _fits(value, shape):
        yield Fault(at, "not_allowed", _advice(value, shape))


def _faults_of_object(value: object, shape: Mapping[str, Any], at: str) -> Iterator[Fault]:
    known = shape["properties"]
    if not isinstance(value, dict):
        yield Fault(at, "not_allowed", "Send an object.")
        return
    if value.keys() - known.keys():
        # The name of an unknown field is not ours, and so is not repeated.
        yield Fault(at, "unknown_field", f"Take out what is none of {', '.join(known)}.")
    for name in shape.get("required", ()):
        if name not in value:
            yield Fault(f"{at}/{name}", "required", "Send it.")
    if len(value) < shape.get("minProperties", 0):
        yield Fault(at, "required", f"Send at least one of {', '.join(known)}.")
    for name, part in value.items():
        if name in known:
            yield from _faults(part, known[name], f"{at}/{name}")


def _fits(value: object, shape: Mapping[str, Any]) -> bool:
    kind = shape["type"]
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return bool(is_whole(value) and shape["minimum"] <= value <= shape["maximum"])
    return isinstance(value, str) and "\0" not in value and _fits_text(value, shape)


def _advice(value: object, shape: Mapping[str, Any]) -> str:
    """What to send where this stands, which does not fit."""
    if shape["type"] == "boolean":
        return "Send true or false, without quotation marks."
    if shape["type"] == "integer":
        return f"Send a whole number from {shape['minimum']} to {shape['maximum']}, without quotation marks."
    if "enum" in shape:
        return f"One of {', '.join(shape['enum'])}."
    return _advice_on_text(value, shape) if isinstance(value, str) else "Send text in quotation marks."


def _advice_on_text(value: str, shape: Mapping[str, Any]) -> str:
    if "\0" in value:
        return "Take out the NUL character."
    if shape.get("format") == "date":
        return "Send a date that exists as YYYY-MM-DD, for example 2026-03-22."
    if len(value) < shape.get("minLength", 0):
        return "Send something here: it is too short."
    return f"Shorten this to at most {shape['maxLength']} characters."


def _fits_text(value: str, shape: Mapping[str, Any]) -> bool:
    if "enum" in shape:
        return bool(value in shape["enum"])
    if shape.get("format") == "date":
        return read_day(value) is not None
    return bool(shape.get("minLength", 0) <= len(value) <= shape.get("maxLength", len(value)))


def read_transition(body: object) -> tuple[str, Given]:
    """The name of a transition, and what is given with it."""
    said = read_body(body, TRANSITION)
    people = tuple((one["email"], one.get("level", "")) for one in said.get("facilitators", ()))
    return said["transition"], Given(
        reason=said.get("reason", ""),
        review_on=said.get("review_on", ""),
        outcome=said.get("outcome", ""),
        enabling=tuple(said.get("enabling", ())),
        method=said.get("method", ""),
        to=said.get("to", ""),
        accepted_by=said.get("accepted_by", ""),
        facilitators=people,
        owner=said.get("owner", ""),
    )


def read_assessment(body: object) -> Said:
    """What somebody said of their needs and wishes; one of the two at least."""
    said = read_body(body, ASSESSMENT)
    if not said.get("needs") and not said.get("wishes"):
        told = f"Send at least one of {', '.join(CATEGORIES)}, or `wishes`."
        raise Unprocessable(errors=[Fault("/needs", "required", told)])
    person = said.get("person")
    return Said(
        side=said["side"],
        stage=said["stage"],
        shared=said["shared"],
        needs={name: {**need, "level": int(need["level"])} for name, need in said.get("needs", {}).items()},
        wishes=tuple(dict.fromkeys(said.get("wishes", ()))),
        again=said.get("again"),
        mention=(person["referral"], int(person["party"])) if person else None,
    )


def read_record(body: object) -> tuple[str, dict[str, Any], dt.date | None]:
    """The kind of a record, what it says, and of which day it is."""
    faults = []
    if not isinstance(body, dict) or not isinstance(body.get("says", {}), dict):
        raise Unprocessable(errors=[Fault("", "not_allowed", "Send an object with kind, says and on.")])
    if body.keys() - {"kind", "says", "on"}:
        faults.append(Fault("", "unknown_field", "Take out what is none of kind, says, on."))
    if not isinstance(body.get("kind"), str) or body["kind"] not in KINDS:
        faults.append(Fault("/kind", "not_allowed", f"One of {', '.join(KINDS)}."))
    elif "says" not in body:
        faults.append(Fault("/says", "required", "Send an object."))
    else:
        faults += faults_of(body["kind"], body["says"])
    day = read_day(body["on"]) if isinstance(body.get("on"), str) else None
    if "on" in body and day is None:
        faults.append(Fault("/on", "not_allowed", "Send a day: 2026-03-24."))
    if faults:
        raise Unprocessable(errors=faults)
    says = {name: int(value) if is_whole(value) else value for name, value in body["says"].items()}
    return body["kind"], says, day


def read_uuid(text: str) -> UUID | None:
    """An id as it was given out."""
    try:
        return UUID(text)
    except ValueError:
        return None


_CURSOR: Final = re.compile(r"([0-9-]*)_(urgent|normal)_([0-9a-f-]{36})")


def read_cursor(text: str) -> tuple[dt.date | None, bool, UUID] | None:
    """Where a page of cases begins."""
    found = _CURSOR.fullmatch(text)
    case_id = read_uuid(found[3]) if found else None
    if found is None or case_id is None or str(case_id) != found[3]:
        return None
    day = read_day(found[1])
    return None if found[1] and day is None else (day, found[2] == "urgent", case_id)


def write_cursor(seen: Seen) -> str:
    """Where the page after this case begins."""
    kept = seen.kept
    return f"{kept.life.next_on or ''}_{'urgent' if kept.urgent else 'normal'}_{seen.case.id}"


def read_states(text: str | None) -> list[str] | None:
    """The states that a list is asked for; None: every open one."""
    if text in (None, "open"):
        return None
    if text == "any":
        return list(STAGES)
    if text not in STAGES:
        told = f"One of open, any, {', '.join(STAGES)}."
        raise Unprocessable(errors=[Fault("/state", "not_allowed", told)])
    return [text]


def write_case(seen: Seen, today: dt.date) -> dict[str, Any]:
    """A case as a list tells it: no person in it."""
    case, kept = seen.case, seen.kept
    life = kept.life
    return {
        "case": case.reference,
        "state": life.state,
        "title": STAGES[life.state].title,
        "strand": case.strand,
        "kind": case.event_type,
        "area": case.area,
        "team": case.team,
        "lead": kept.lead,
        "owner": life.owner,
        "task": life.task,
        "toward": life.toward,
        "next_on": str(life.next_on) if life.next_on else None,
        "overdue": life.next_on is not None and life.next_on < today,
        "urgent": kept.urgent,
        "gates": list(kept.gates),
        "lacks": list(case.lacks or ()),
        "nobody_fits": list(kept.nobody_fits),
        "reason": life.reason,
        "outcome": life.outcome,
        "enabling": list(life.enabling),
        "opened_at": instant(case.opened_at),
        "since": instant(life.since),
    }


def write_choices(seen: Seen, roles: Collection[str], situation: Situation) -> list[dict[str, Any]]:
    """What somebody in these roles may try now, what each needs, and what stands against it."""
    life = seen.kept.life
    return [
        {
            "transition": row.name,
            "told": row.told,
            "needs": list(row.needs),
            "stands_against": [
                {"why": GUARDS[guard].why, "records": list(HELPS.get(guard, ()))}
                for guard in stands_against(life, row, situation)
            ],
        }
        for row in may_now(life, roles)
    ]


def write_told(told: Told) -> dict[str, Any]:
    """A referral of a case, whole."""
    return {
        "reference": told.reference,
        "agency": told.agency,
        "version": told.version,
        "heard_at": instant(told.heard_at),
        "stands": told.stands,
        "referral": msgspec.to_builtins(told.content),
    }


def write_record(record: Record) -> dict[str, Any]:
    """Something that was recorded."""
    return {"kind": record.kind, "on": str(record.on), "who": record.who, "says": dict(record.says)}


def write_line(line: Line) -> dict[str, Any]:
    """A line of the history."""
    return {"at": instant(line.at), "what": line.what, "who": line.who, "detail": line.detail}


def write_assessment(one: Assessment) -> dict[str, Any]:
    """Somebody's needs."""
    return {
        "id": str(one.id),
        "side": one.side,
        "stage": one.stage,
        "point": one.point,
        "team": one.team,
        "shared": one.shared,
        "at": instant(one.at),
        "who": one.who,
        "needs": one.needs,
        "wishes": list(one.wishes),
        "person": None if one.referral is None else {"referral": one.referral, "party": one.party},
    }


def write_known(known: Known, seen_cases: Collection[str]) -> dict[str, Any]:
    """What was asked already of somebody in a case; other cases by name only where the reader sees them."""

    def source(one: Source) -> dict[str, Any]:
        return {
            "by": one.by if not one.case or one.case in seen_cases else one.point,
            "point": one.point,
            "at": instant(one.at),
            "here": not one.case,
            "case": one.case if one.case in seen_cases else None,
        }

    return {
        "side": known.side,
        "name": known.name,
        "mentions": [{"referral": referral, "party": party} for referral, party in known.mentions],
        "needs": [
            source(told) | {"stage": one.stage, "shared": one.shared, "needs": one.needs}
            for told, one in known.needs
        ],
        "wishes": [source(told) | {"wishes": list(wishes)} for told, wishes in known.wishes],
        "elsewhere": [
            {"lead": lead, "case": case if case in seen_cases else None}
            for lead, case in known.elsewhere.items()
        ],
        "to_ask": list(known.to_ask),
    }


def write_offer(one: CrossReferral) -> dict[str, Any]:
    """An offer to another team."""
    return {
        "id": str(one.id),
        "from": one.from_team,
        "to": one.to_team,
        "purpose": one.purpose,
        "state": one.state,
        "offered_at": instant(one.offered_at),
        "offered_by": one.offered_by,
        "due_on": str(one.due_on),
        "answered_at": instant(one.answered_at) if one.answered_at else None,
        "answered_by": one.answered_by,
        "reason": one.reason,
    }


def instant(at: dt.datetime) -> str:
    """An instant in UTC."""
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
