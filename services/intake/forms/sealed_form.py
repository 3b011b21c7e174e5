"""A form that is kept nowhere: what was answered travels in the page itself, sealed, and for a while only."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from typing import TYPE_CHECKING, Final

import msgspec

from services.intake.forms.domain.filling import Filled
from shared.problems import Problem
from shared.sealing import BrokenSeal

if TYPE_CHECKING:
    from shared.sealing import KeyRing

# Counted from the page that was last shown, so that nobody is hurried who goes on answering.
OPEN_FOR: Final = dt.timedelta(minutes=60)


class FormExpired(Problem):
    """The form was open for too long without an answer."""

    status = 410
    code = "form_expired"
    advice = "Begin the form again."


class FormBroken(Problem):
    """The form did not arrive as it was sent."""

    status = 400
    code = "form_broken"
    advice = "Go back to the form and send it once more."


class _Carried(msgspec.Struct):
    filled: Filled
    shown_at: dt.datetime


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Carried)


def seal_form(filled: Filled, name: str, keys: KeyRing, now: dt.datetime) -> str:
    """The form as one text that only this hub can read or change."""
    sealed = keys.seal(_encoder.encode(_Carried(filled, now)), _place(name))
    return base64.urlsafe_b64encode(sealed).decode()


def open_form(text: str, name: str, keys: KeyRing, now: dt.datetime) -> Filled:
    """The form again; `FormExpired` when it is too old, `FormBroken` when it is not one of ours."""
    try:
        sealed = base64.b64decode(text, altchars=b"-_", validate=True)
        carried = _decoder.decode(keys.open(sealed, _place(name)))
    except (BrokenSeal, binascii.Error, ValueError, msgspec.MsgspecError) as error:
        message = "Nothing was kept. Please start again."
        raise FormBroken(message) from error
    if not now - OPEN_FOR <= carried.shown_at <= now + OPEN_FOR:
        message = "For your safety a page closes after 60 minutes. Nothing was kept. Please start again."
        raise FormExpired(message)
    return carried.filled


def _place(name: str) -> str:
    return f"intake/form/{name}"
