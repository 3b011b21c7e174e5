"""What can be recorded in a case, field by field: the list that checks it, describes it, draws its form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeGuard

from services.triage.domain.areas import GSS, is_gss
from services.triage.domain.life.reasons import METHODS
from services.triage.domain.life.situation import ADMISSIONS, SIDES
from shared.contracts.referral import JusticeStage, codes
from shared.openapi import JsonSchema
from shared.problems import Fault

What = Literal["word", "flag", "day", "count", "text", "gss"]
_MOST_ACTIONS: Final = 20
_LONGEST: Final = 500


@dataclass(frozen=True)
class Field:
    """One field of a record: what it is, the words it may have, and whether it must be there."""

    name: str
    what: What
    words: tuple[str, ...] = ()
    required: bool = True

    @property
    def schema(self) -> JsonSchema:
        """Its JSON Schema."""
        if self.what == "word":
            return {"type": "string", "enum": list(self.words)}
        if self.what == "flag":
            return {"type": "boolean"}
        if self.what == "day":
            return {"type": "string", "format": "date"}
        if self.what == "count":
            return {"type": "integer", "minimum": 0, "maximum": _MOST_ACTIONS}
        if self.what == "gss":
            return {"type": "string", "pattern": f"^{GSS}$"}
        return {"type": "string", "minLength": 1, "maxLength": _LONGEST, "pattern": r"^[^\x00]*$"}

    def fits(self, value: object) -> bool:
        """Whether this is a value of it."""
        if self.what == "flag":
            return isinstance(value, bool)
        if self.what == "count":
            return is_whole(value) and 0 <= value <= _MOST_ACTIONS
        return isinstance(value, str) and self._fits_text(value)

    def _fits_text(self, value: str) -> bool:
        if self.what == "word":
            return value in self.words
        if self.what == "gss":
            return is_gss(value)
        if self.what == "text":
            return 0 < len(value) <= _LONGEST and "\0" not in value
        return read_day(value) is not None


@dataclass(frozen=True)
class Kind:
    """One kind of record."""

    title: str
    fields: tuple[Field, ...] = ()
    supervisor: bool = False


_SIDE: Final = Field("side", "word", SIDES)
_NOTE: Final = Field("note", "text", required=False)
KINDS: Final[dict[str, Kind]] = {
    "consent": Kind(
        "What one side decided",
        (
            _SIDE,
            Field("to", "word", ("process", "approach_other", "sharing", "storage", *METHODS)),
            Field("decision", "word", ("given", "refused", "deferred", "withdrawn")),
            _NOTE,
        ),
    ),
    "admission": Kind(
        "How far responsibility is accepted",
        (Field("value", "word", ADMISSIONS), Field("told_to", "text"), Field("how", "text", required=False)),
    ),
    "identified": Kind("Whether somebody was identified", (Field("value", "flag"),)),
    "order": Kind(
        "An order of a court or of the police",
        (Field("forbids_contact", "flag"), Field("until", "day", required=False), _NOTE),
    ),
    "risk": Kind("An assessment of risk", (Field("acceptable", "flag"), Field("note", "text"))),
    "risk_signed_off": Kind("A supervisor's agreement to the assessment of risk", supervisor=True),
    "screen": Kind(
        "A dispute looked at for what may be behind it",
        (Field("violence", "flag"), Field("hidden_abuse", "flag"), Field("legal_action", "flag")),
    ),
    "support_route": Kind("Whoever supports the harmed person was spoken to first", (Field("note", "text"),)),
    "consent_to_refer": Kind(
        "Somebody has agreed to being referred",
        (Field("told_to", "text"), Field("how", "text", required=False)),
    ),
    "safe_contact": Kind("Whether there is a safe way to be in contact", (Field("value", "flag"), _NOTE)),
    "contact": Kind(
        "An attempt to be in contact",
        (
            _SIDE,
            Field("channel", "word", ("phone", "letter", "email", "visit")),
            Field(
                "result",
                "word",
                ("reached", "no_answer", "somebody_else", "wrong_number", "left_to_them", "sent"),
            ),
        ),
    ),
    "plan": Kind("Venue, supporters and safety plan", (Field("note", "text"),)),
    "item_screened": Kind(
        "Something to be carried to one side was read first", (_SIDE, Field("note", "text"))
    ),
    "item_wanted": Kind(
        "Whether whoever it is for wants what is to be carried", (_SIDE, Field("value", "flag"), _NOTE)
    ),
    "strand": Kind(
        "A dispute has turned out to be a crime, or the other way round",
        (Field("value", "word", ("crime", "dispute")), _NOTE),
    ),
    "court": Kind(
        "Where the court is, and when it sits next",
        (Field("stage", "word", codes(JusticeStage)), Field("hearing_on", "day", required=False)),
    ),
    "followed_up": Kind("How it is since: somebody was asked", (_SIDE, Field("note", "text"))),
    "area": Kind(
        "The area in which the harmed person lives, asked and told",
        (Field("value", "gss"), _NOTE),
    ),
    "conflict": Kind(
        "A member of staff knows somebody in the case",
        (
            Field("staff", "text"),
            Field("knows", "flag", required=False),
        ),
    ),
    "agreement": Kind(
        "What they agreed; no action where none was needed", (Field("actions", "count"), _NOTE)
    ),
    "action_settled": Kind("One thing that was agreed is done, or given up", (Field("kept", "flag"), _NOTE)),
}


# What is recorded where a condition does not hold, so that it may.
HELPS: Final = {
    "safeguarding_done": ("risk",),
    "somebody_identified": ("identified",),
    "responsibility_accepted": ("admission",),
    "crime_not_forbidden": ("order",),
    "dispute_screened": ("screen",),
    "safe_contact": ("safe_contact",),
    "nobody_out": ("consent",),
    "approach_agreed": ("consent",),
    "no_order_forbids": ("order",),
    "support_route": ("support_route",),
    "both_willing": ("consent",),
    "risk_current": ("risk",),
    "risk_signed_off": ("risk_signed_off",),
    "plan_made": ("plan",),
    "item_screened": ("item_screened",),
    "item_wanted": ("item_wanted",),
    "no_live_trial": ("court",),
    "agreement_recorded": ("agreement",),
    "actions_settled": ("action_settled",),
    "sharing_agreed": ("consent",),
}


def read_day(text: str) -> dt.date | None:
    """A day written as 2026-03-24."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return day if str(day) == text else None


def is_whole(value: object) -> TypeGuard[float]:
    """Whether this is a whole number; in JSON 3.0 is one too, and true is none."""
    return not isinstance(value, bool) and isinstance(value, int | float) and value == value // 1


def faults_of(kind: str, says: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with a record of this kind."""
    fields = {field.name: field for field in KINDS[kind].fields}
    for name in says:
        if name not in fields:
            known = ", ".join(fields) or "nothing"
            yield Fault("/says", "unknown_field", f"A record of this kind says {known}.")
            break
    for name, field in fields.items():
        if name not in says:
            if field.required:
                yield Fault(f"/says/{name}", "required", "Say it.")
        elif not field.fits(says[name]):
            told = f"One of {', '.join(field.words)}." if field.words else f"Send a {field.what}."
            yield Fault(f"/says/{name}", "not_allowed", told)


def body_schema() -> JsonSchema:
    """The JSON Schema of the body that records something."""
    return {"oneOf": [_schema_of(name, kind) for name, kind in KINDS.items()]}


def _schema_of(name: str, kind: Kind) -> JsonSchema:
    says = {
        "type": "object",
        "properties": {field.name: field.schema for field in kind.fields},
        "required": [field.name for field in kind.fields if field.required],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": kind.title,
        "properties": {
            "kind": {"type": "string", "const": name},
            "says": says,
            "on": {"type": "string", "format": "date", "description": "The day; today unless told."},
        },
        "required": ["kind", "says"],
        "additionalProperties": False,
    }
