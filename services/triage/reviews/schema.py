"""The wire shapes of reviews: a decision, a separation, and how a question is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from services.triage.cases.schema import instant, read_body, read_uuid
from services.triage.matching.schema import read_mention
from services.triage.reviews.decide_review import verdicts_of
from services.triage.reviews.words import tell_line
from shared.contracts import referral as wire
from shared.problems import Fault, Unprocessable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from services.triage.cases.hold_case import Who
    from services.triage.domain.matching.accounts import Mention
    from services.triage.reviews.check_person import Checked
    from services.triage.reviews.look_at_review import Shown
    from services.triage.reviews.store import Beside, Question

STATES: Final = ("open", "closed", "any")
LONGEST_WHY: Final = 500
_WHY: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_WHY,
    "pattern": r"[^\s\u001c-\u001f\u0085\u0000]",
    "description": "In a few words; kept sealed.",
}
_MOST_REFERRALS: Final = 200
DECISION: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": ["same", "different"]},
        "why": _WHY,
        "versions": {
            "type": "array",
            "description": "The versions of the two records that were looked at, in their order.",
            "items": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
            "minItems": 2,
            "maxItems": 2,
        },
    },
    "required": ["verdict", "why"],
    "additionalProperties": False,
}
_PART: Final = {"type": "string", "maxLength": 200, "pattern": r"^[^\x00]*$"}
PERSON: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "name": {
            "type": "object",
            "properties": dict.fromkeys(("title", "given", "middle", "family", "known_as"), _PART),
            "minProperties": 1,
            "additionalProperties": False,
        },
        "date_of_birth": {"type": "string", "format": "date"},
        "contacts": {
            "type": "array",
            "maxItems": 20,
            "items": {
                "type": "object",
                "properties": {
                    "channel": {"type": "string", "enum": ["mobile", "landline", "email", "post"]},
                    "value": _PART,
                },
                "required": ["channel", "value"],
                "additionalProperties": False,
            },
        },
        "address": {
            "type": "object",
            "properties": dict.fromkeys(("line1", "line2", "town", "postcode", "uprn"), _PART),
            "additionalProperties": False,
        },
    },
    "required": ["name"],
    "additionalProperties": False,
}
SEPARATION: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "referrals": {
            "type": "array",
            "description": "The references of those that leave the case.",
            "items": {"type": "string", "maxLength": 40, "pattern": r"^[^\x00]*$"},
            "minItems": 1,
            "maxItems": _MOST_REFERRALS,
        },
        "why": _WHY,
    },
    "required": ["referrals", "why"],
    "additionalProperties": False,
}


def read_decision(body: object) -> tuple[str, str, list[int] | None]:
    """The verdict, why, and of which versions; `Unprocessable` with every fault."""
    said = read_body(body, DECISION)
    _must_say(said["why"])
    versions = said.get("versions")
    if versions is not None and len(versions) != len(("one", "other")):
        raise Unprocessable(errors=[Fault("/versions", "not_allowed", "Send the versions of both records.")])
    return said["verdict"], said["why"].strip(), None if versions is None else [int(one) for one in versions]


def read_separation(body: object) -> tuple[list[str], str]:
    """Who leaves, and why; `Unprocessable` with every fault."""
    faults: list[Fault] = []
    if isinstance(body, dict) and body.get("referrals") == []:
        faults.append(Fault("/referrals", "required", "Name at least one referral."))
    try:
        said = read_body(body, SEPARATION)
    except Unprocessable as bad:
        raise Unprocessable(errors=[*faults, *bad.errors]) from None
    if faults:
        raise Unprocessable(errors=faults)
    _must_say(said["why"])
    return said["referrals"], said["why"].strip()


def read_person(body: object, told_on: dt.date) -> Mention:
    """Somebody, as a party of a referral would tell of them; `Unprocessable` with every fault."""
    said = read_body(body, PERSON)
    return read_mention(msgspec.convert({"role": "party", **said}, wire.Party), told_on)


def write_checked(checked: Checked) -> dict[str, Any]:
    """What a point is told: always these three."""
    return checked._asdict()


def _must_say(why: str) -> None:
    if not why.strip():
        raise Unprocessable(errors=[Fault("/why", "required", "Say why.")])


def read_state(text: str | None) -> str:
    """Which questions a list is asked for."""
    if text not in (None, *STATES):
        raise Unprocessable(errors=[Fault("/state", "not_allowed", f"One of {', '.join(STATES)}.")])
    return text or "open"


def read_cursor(text: str | None) -> UUID | None:
    """After which question a page begins."""
    if text is None:
        return None
    found = read_uuid(text)
    if found is None:
        raise Unprocessable(errors=[Fault("/cursor", "not_allowed", "Send the cursor as it was given.")])
    return found


def write_question(question: Question, who: Who) -> dict[str, Any]:
    """A question as a list tells it: no person in it."""
    return {
        "id": str(question.id),
        "state": "open" if question.closed_at is None else "closed",
        "outcome": question.outcome,
        "asked_at": instant(question.asked_at),
        "closed_at": instant(question.closed_at) if question.closed_at else None,
        "who": question.who,
        "bits": question.bits if question.seen else None,
        "records": [_write_beside(beside) for beside in question.both],
        "may_say": list(verdicts_of(question, who)),
    }


def _write_beside(beside: Beside) -> dict[str, Any]:
    """One of the two; of one that may not be seen, whom to ask."""
    return {
        "reference": beside.reference,
        "version": beside.version,
        "team": beside.team,
        "seen": beside.seen,
        "agency": beside.agency if beside.seen else None,
        "case": beside.case if beside.seen else None,
    }


def write_shown(shown: Shown, who: Who) -> dict[str, Any]:
    """A question whole."""
    return {
        **write_question(shown.question, who),
        "fields": [field._asdict() for field in shown.fields],
        "evidence": _write_evidence(shown),
        "said": [
            {"verdict": one.verdict, "who": one.who, "at": instant(one.at), "why": one.why}
            for one in shown.said
        ],
    }


def _write_evidence(shown: Shown) -> dict[str, Any] | None:
    compared = shown.compared
    if compared is None:
        return None
    evidence = compared.evidence
    return {
        "bits": compared.bits,
        "model": evidence["model"],
        "frequencies": evidence["frequencies"],
        "versions": evidence["versions"],
        "at": instant(compared.at),
        "replayed": shown.replayed,
        "lines": _write_lines(evidence["lines"]),
        "people": [
            {
                "one": found["one"],
                "other": found["other"],
                "bits": found["bits"],
                "lines": _write_lines(found["lines"]),
            }
            for found in evidence.get("people", ())
        ],
    }


def _write_lines(lines: Sequence[Sequence[Any]]) -> list[Mapping[str, Any]]:
    written: list[Mapping[str, Any]] = []
    for comparison, level, bits in lines:
        title, told = tell_line(comparison, level)
        written.append({"comparison": comparison, "level": level, "bits": bits, "title": title, "told": told})
    return written
