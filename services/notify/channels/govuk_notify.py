"""GOV.UK Notify: e-mail and texts through its own client; a message's token is its `reference` there.

Notify takes the same reference twice, so it is not sent twice: what is in doubt is looked for by its
reference first. What Notify answers is told apart as its documentation says: 400 is about this message, 403
about our key, 429 and 5xx about now. Its delivery receipts come to `/v1/receipts/govuk-notify`.
"""

from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import TYPE_CHECKING, Any, Final, Literal

import requests
from notifications_python_client.errors import APIError, HTTPError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient

from services.notify.channels.channel import InDoubt, Never, NotTaken, Outcome, Parcel, Standing, Taken

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from shared.directory import StaffMember

_STEP_SECONDS: Final = 8
# However slowly an answer drips: after so long it counts as none.
_SECONDS: Final = 20.0
_BAD_REQUEST: Final = 400
_TOO_MANY: Final = 429
_MINUTE: Final = dt.timedelta(minutes=1)
_MIDNIGHT: Final = dt.timedelta(hours=1)
# What a request was still on our side of: nothing can have been taken.
_BEFORE: Final = (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)


class GovukNotify:
    """One of Notify's kinds of message, over one key."""

    # Its documented limit is 3,000 a minute for a key of any kind.
    a_minute: Final = 2400
    same_token_again: Final = True

    def __init__(
        self, kind: Literal["email", "text"], key: str, template: str, url: str, *, seconds: float = _SECONDS
    ) -> None:
        """Take a key, the id of the template at Notify, and where Notify answers."""
        self._kind, self._template, self._seconds = kind, template, seconds
        # It warns with the words of each answer, which may quote an address; what happened is logged by us.
        logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)
        self._client = NotificationsAPIClient(key, base_url=url, timeout=min(_STEP_SECONDS, seconds))
        self._calls = ThreadPoolExecutor(2, thread_name_prefix=f"govuk-{kind}")

    def address_of(self, member: StaffMember) -> str | None:
        """Their e-mail, or the mobile that the directory gives."""
        return member.email if self._kind == "email" else member.mobile or None

    def send(self, parcel: Parcel) -> Outcome:
        """Hand it over; Notify sends it on in its own time."""
        letter, token = parcel.letter, str(parcel.token)

        def call() -> Any:  # noqa: ANN401 - JSON of Notify's
            if self._kind == "text":
                return self._client.send_sms_notification(
                    parcel.address, self._template, {"body": letter.short}, reference=token
                )
            words = {"subject": letter.subject, "body": letter.text}
            return self._client.send_email_notification(
                parcel.address, self._template, words, reference=token
            )

        try:
            answer = self._within_time(call)
        except HTTPError as error:
            return _told_apart(error)
        except (InvalidResponse, TookTooLong) as error:
            return InDoubt(type(error).__name__)
        return Taken(str(answer["id"])) if isinstance(answer, dict) and "id" in answer else InDoubt("no id")

    def look_up(self, token: UUID) -> Standing:
        """Ask Notify for this reference."""
        try:
            answer = self._within_time(lambda: self._client.get_all_notifications(reference=str(token)))
        except (APIError, TookTooLong):
            return "not_now"
        found = answer.get("notifications") if isinstance(answer, dict) else None
        if not isinstance(found, list):
            return "not_now"
        return "taken" if found else "not_taken"

    def close(self) -> None:
        """Let go of the connection."""
        self._calls.shutdown(wait=False, cancel_futures=True)
        self._client.request_session.close()

    def _within_time(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON of Notify's
        return self._calls.submit(call).result(self._seconds)


def _told_apart(error: HTTPError) -> Outcome:
    if error.response is None:
        cause = error.__cause__
        trouble = type(cause).__name__ if cause is not None else "no answer"
        return NotTaken(trouble) if _never_left(cause) else InDoubt(trouble)
    status = error.status_code
    trouble = f"HTTP {status}"
    if status == _BAD_REQUEST:
        return Never(trouble)
    if status == _TOO_MANY:
        return NotTaken(trouble, _MIDNIGHT if "TooManyRequests" in _kind_of(error) else _MINUTE)
    # A proxy on the way says these of a request that may have gone through.
    return InDoubt(trouble) if status in (502, 504) else NotTaken(trouble)


def _kind_of(error: HTTPError) -> str:
    told = error.message
    return str(told[0].get("error", "")) if isinstance(told, list) and told else ""


def _never_left(cause: BaseException | None) -> bool:
    if isinstance(cause, _BEFORE):
        return True
    return isinstance(cause, requests.exceptions.ConnectionError) and "NewConnectionError" in repr(cause)
