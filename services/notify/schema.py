"""Notify's wire shapes: signing in, and an alert as a coordinator's screen gets it."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, get_args

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from services.notify.domain.alert import ChannelName, Entry, Group, Happening, Kind, State
from services.notify.domain.preferences import Digest, Preferences
from shared.directory import Role
from shared.openapi import FLAG, INSTANT, TEXT, UUID_TEXT, WHOLE, Shape, a_list_of, an_object, maybe
from shared.problems import Fault, Unprocessable, pointer_to

if TYPE_CHECKING:
    from services.notify.domain.alert import Alert


class Whole(validate.Regexp):
    """The text is this from its first sign to its last: `$` would let the end of a line follow."""

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - marshmallow's own
        """The value; `ValidationError` if it is anything else."""
        if re.fullmatch(self.regex.pattern, value) is None:
            raise ValidationError(self._format_error(value))
        return value


class SignInSchema(Schema):
    """Who signs in."""

    class Meta:
        unknown = RAISE

    # No text with a NUL can be looked for in PostgreSQL, and no address has one.
    email = fields.String(required=True, validate=(validate.Length(1, 254), Whole(r"^[^\x00]*$")))
    password = fields.String(required=True, validate=validate.Length(1, 200))


_sign_in = SignInSchema()


def read_sign_in(body: object) -> tuple[str, str]:
    """E-mail and password; `Unprocessable` with every fault."""
    try:
        read = _sign_in.load(body)  # type: ignore[arg-type]  # marshmallow itself refuses what is no object
    except ValidationError as error:
        messages: Any = error.messages
        faults = [
            Fault(pointer_to(name), "not_allowed", "Send email and password as text.")
            if name in _sign_in.fields
            # The name of an unknown field is not ours, and so is not repeated.
            else Fault("", "not_allowed", "Send an object with email and password, and nothing else.")
            for name in messages
        ]
        raise Unprocessable(errors=faults) from None
    return read["email"], read["password"]


TOKEN: Final = Shape(
    "Token",
    an_object(
        {
            "token": {**TEXT, "description": "To be shown as `Authorization: Bearer <token>`."},
            "expires_in": {**WHOLE, "description": "Seconds for which it is good."},
            "role": {"enum": list(get_args(Role))},
            "team": {**TEXT, "description": "The slug of the member's team; empty for those of no team."},
            "agency": {**TEXT, "description": "The slug of a practitioner's agency; empty for the rest."},
        }
    ),
)

ALERT: Final = Shape(
    "Alert",
    an_object(
        {
            "id": UUID_TEXT,
            "case": {**TEXT, "description": "The case's reference."},
            "kind": {"enum": list(get_args(Kind))},
            "team": TEXT,
            "whose": {**maybe(TEXT), "description": "The address of whom it is for, where it is for one."},
            "urgent": FLAG,
            "state": {"enum": list(get_args(State))},
            "raised_at": INSTANT,
            "acknowledged_at": maybe(INSTANT),
            "acknowledged_by": {**maybe(TEXT), "description": "The address of who has it."},
        }
    ),
)

ALERTS: Final = Shape(
    "Alerts",
    an_object(
        {
            "alerts": a_list_of(ALERT),
            "next_cursor": {**maybe(TEXT), "description": "Where the next page begins; null on the last."},
        }
    ),
)


def write_alert(alert: Alert) -> dict[str, Any]:
    """The alert in JSON."""
    return {
        "id": str(alert.id),
        "case": alert.case,
        "kind": alert.kind,
        "team": alert.team,
        "whose": alert.whose or None,
        "urgent": alert.urgent,
        "state": alert.state,
        "raised_at": alert.raised_at.isoformat().replace("+00:00", "Z"),
        "acknowledged_at": alert.acknowledged_at.isoformat().replace("+00:00", "Z")
        if alert.acknowledged_at
        else None,
        "acknowledged_by": alert.acknowledged_by,
    }


ENTRY: Final = Shape(
    "AlertEntry",
    an_object(
        {
            "at": INSTANT,
            "what": {"enum": list(get_args(Happening))},
            "who": {**TEXT, "description": "Who did it, or whom it concerns."},
            "detail": {"type": "object", "description": "More of it, in codes and references."},
        }
    ),
)

ALERT_WITH_HISTORY: Final = Shape(
    "AlertWithHistory",
    an_object({"alert": ALERT, "history": a_list_of(ENTRY)}),
)


def write_entry(entry: Entry) -> dict[str, Any]:
    """A line of an alert's history in JSON."""
    at = entry.at.isoformat().replace("+00:00", "Z")
    return {"at": at, "what": entry.what, "who": entry.who, "detail": entry.detail}


_ENDS_AS_IT_BEGINS: Final = "Let the quiet hours end at another time than they begin."
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"
# In the app everything is there anyway, so it is no choice.
CHOICES: Final[tuple[ChannelName, ...]] = tuple(c for c in get_args(ChannelName) if c != "in_app")


class QuietSchema(Schema):
    """Hours of quiet, London's time; they may go over midnight."""

    class Meta:
        unknown = RAISE

    begins = fields.String(required=True, data_key="from", validate=Whole(f"^{_CLOCK}$"))
    ends = fields.String(required=True, data_key="until", validate=Whole(f"^{_CLOCK}$"))


class ChannelsSchema(Schema):
    """For each kind of news the channels, the first choice first."""

    class Meta:
        unknown = RAISE
        include: ClassVar = {
            group: fields.List(
                fields.String(validate=validate.OneOf(CHOICES)), validate=validate.Length(1, len(CHOICES))
            )
            for group in get_args(Group)
        }


class _Flag(fields.Boolean):
    """Nothing but true or false: to Python the numbers 1 and 0 are the same."""

    def _deserialize(self, value: object, *_: object, **__: object) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class PreferencesSchema(Schema):
    """How somebody wants to be told; what is left out is as it is for whoever chose nothing."""

    class Meta:
        unknown = RAISE

    channels = fields.Nested(ChannelsSchema)
    digest = fields.String(validate=validate.OneOf(get_args(Digest)))
    daily_at = fields.String(validate=Whole(f"^{_CLOCK}$"))
    quiet = fields.Nested(QuietSchema, allow_none=True)
    weekends = _Flag()
    bank_holidays = _Flag()

    @validates_schema
    def _some_hour_is_left(self, data: dict[str, Any], **_: object) -> None:
        quiet = data.get("quiet")
        if quiet and quiet["begins"] == quiet["ends"]:
            raise ValidationError(_ENDS_AS_IT_BEGINS, "quiet")


_preferences = PreferencesSchema()


def read_preferences(body: object) -> dict[str, Any]:
    """The document that is kept; `Unprocessable` with every fault."""
    try:
        read = _preferences.load(body)  # type: ignore[arg-type]  # marshmallow itself refuses what is no object
    except ValidationError as error:
        messages: Any = error.messages
        faults = [
            Fault(pointer_to(name), _code_of(messages[name]), _ADVICE[name])
            if name in _ADVICE
            else Fault("", "not_allowed", "Send an object with preferences, and nothing else.")
            for name in messages
        ]
        raise Unprocessable(errors=faults) from None
    return write_preferences(_from_loaded(read))


def _code_of(messages: object) -> str:
    return "ends_before_start" if messages == [_ENDS_AS_IT_BEGINS] else "not_allowed"


_ADVICE: Final = {
    "channels": f"For each of {', '.join(get_args(Group))} give a list of {', '.join(CHOICES)}.",
    "digest": f"Choose {', '.join(get_args(Digest))}.",
    "daily_at": "Give a time of day, such as 09:00.",
    "quiet": "Give from and until, two times of day such as 20:00 and 07:30, or null for none.",
    "weekends": "Say true or false.",
    "bank_holidays": "Say true or false.",
}


def read_kept_preferences(document: dict[str, Any]) -> Preferences:
    """What was kept, as the domain has it."""
    quiet = document["quiet"]
    return Preferences(
        channels={group: tuple(names) for group, names in document["channels"].items()},
        digest=document["digest"],
        daily_at=dt.time.fromisoformat(document["daily_at"]),
        quiet=(dt.time.fromisoformat(quiet["from"]), dt.time.fromisoformat(quiet["until"]))
        if quiet
        else None,
        weekends=document["weekends"],
        bank_holidays=document["bank_holidays"],
    )


def write_preferences(wishes: Preferences) -> dict[str, Any]:
    """Preferences in JSON, whole."""
    return {
        "channels": {group: list(names) for group, names in wishes.channels.items()},
        "digest": wishes.digest,
        "daily_at": f"{wishes.daily_at:%H:%M}",
        "quiet": {"from": f"{wishes.quiet[0]:%H:%M}", "until": f"{wishes.quiet[1]:%H:%M}"}
        if wishes.quiet
        else None,
        "weekends": wishes.weekends,
        "bank_holidays": wishes.bank_holidays,
    }


def _from_loaded(read: dict[str, Any]) -> Preferences:
    quiet = read.get("quiet")
    given = {name: read[name] for name in ("digest", "weekends", "bank_holidays") if name in read}
    return Preferences(
        channels={group: tuple(dict.fromkeys(names)) for group, names in read.get("channels", {}).items()},
        daily_at=dt.time.fromisoformat(read.get("daily_at", "09:00")),
        quiet=(dt.time.fromisoformat(quiet["begins"]), dt.time.fromisoformat(quiet["ends"]))
        if quiet
        else None,
        **given,
    )


_A_CLOCK: Final = {"type": "string", "pattern": f"^{_CLOCK}$"}
_SOME_CHANNELS: Final = {
    "type": "array",
    "items": {"enum": list(CHOICES)},
    "minItems": 1,
    "maxItems": len(CHOICES),
}
PREFERENCES: Final = Shape(
    "KeptPreferences",
    an_object(
        {
            "channels": {
                "type": "object",
                "properties": dict.fromkeys(get_args(Group), _SOME_CHANNELS),
                "additionalProperties": False,
                "description": "For each kind of news the channels, the first choice first.",
            },
            "digest": {"enum": list(get_args(Digest))},
            "daily_at": _A_CLOCK,
            "quiet": {"anyOf": [an_object({"from": _A_CLOCK, "until": _A_CLOCK}), {"type": "null"}]},
            "weekends": FLAG,
            "bank_holidays": FLAG,
        }
    ),
)
