"""A team's webhook: a Standard Webhook signed with its secret, or a card for Teams or Slack.

A Standard Webhook's `webhook-id` is the token: its receiver knows what it has had, so what is in doubt is
sent again. Teams and Slack know no tokens; what is in doubt there is said once more, marked as a repeat.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from services.notify.channels.channel import InDoubt, Never, NotTaken, Outcome, Parcel, Standing, Taken
from shared.calling import read_retry_after
from shared.problems import Problem
from shared.signature import sign
from shared.target import Target, read_target

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from shared.calling import Line
    from shared.clock import Clock
    from shared.directory import StaffMember

Kind = Literal["standard", "teams", "slack"]


_TOO_MANY: Final = 429
_SERVERS_OWN: Final = 500
# Nothing can have been taken when there was no connection, or it was not who it should be.
_BEFORE: Final = ("host_not_allowed", "no_connection", "tls_failed", "not_sent")
_SHORTEST_SECRET: Final = 24


class BadHooks(Problem):
    """The file of teams' webhooks cannot be used."""

    status = 500
    code = "bad_hooks"


class Hook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a team's messages go; a standard one is signed with its secret (`whsec_…`)."""

    kind: Kind
    url: str
    secret: str = ""

    @property
    def key(self) -> bytes:
        """The secret itself; `ValueError` when it is not one."""
        return base64.b64decode(self.secret.removeprefix("whsec_"), validate=True)


def read_hooks(path: str, teams: Collection[str]) -> dict[str, Hook]:
    """The hooks of these teams; `BadHooks` with every fault, and no word of what may hold a secret."""
    if not path:
        return {}
    try:
        hooks = msgspec.yaml.decode(Path(path).read_bytes(), type=dict[str, Hook])
    except (OSError, msgspec.DecodeError) as error:
        message = f"{path}: {type(error).__name__}"
        raise BadHooks(message) from None
    # Nobody would ever be told over one whose team is misspelt, and nobody would notice.
    faults = [f"{team}: the directory has no such team" for team in hooks if team not in teams]
    faults += [fault for team, hook in hooks.items() for fault in _faults_of(team, hook)]
    if faults:
        message = f"{path}: {'; '.join(faults)}"
        raise BadHooks(message)
    return hooks


def _faults_of(team: str, hook: Hook) -> list[str]:
    faults = []
    if not isinstance(read_target(hook.url), Target):
        faults.append(f"{team}: the url is not one that can be called")
    if hook.kind == "standard":
        try:
            if len(hook.key) < _SHORTEST_SECRET:
                faults.append(f"{team}: the secret needs {_SHORTEST_SECRET} bytes or more")
        except (ValueError, binascii.Error):
            faults.append(f"{team}: the secret is whsec_ and base64")
    return faults


class WebhookChannel:
    """The teams' webhooks of one kind."""

    a_minute: Final = 600

    def __init__(self, line: Line, hooks: dict[str, Hook], clock: Clock) -> None:
        """Take the way out and where it leads for each team."""
        self._line, self._hooks, self._clock = line, hooks, clock
        # One kind that knows no tokens makes the cautious rule the rule of all.
        self.same_token_again = all(hook.kind == "standard" for hook in hooks.values())

    def address_of(self, member: StaffMember) -> str | None:
        """Their team, if it has a hook."""
        return member.team if member.team in self._hooks else None

    def send(self, parcel: Parcel) -> Outcome:
        """Post it and wait for the answer."""
        hook = self._hooks.get(parcel.address)
        target = read_target(hook.url) if hook is not None else None
        if hook is None or not isinstance(target, Target):
            return Never("no such hook")
        now = self._clock()
        body = msgspec.json.encode(_told(hook.kind, parcel, now))
        headers = {"Content-Type": "application/json", "User-Agent": "Referral-Hub-Alerts/1"}
        if hook.kind == "standard":
            token, timestamp = str(parcel.token), int(now.timestamp())
            headers |= {
                "webhook-id": token,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": sign(token, timestamp, body, (hook.key,)),
            }
        answer = self._line.call(target, headers, body)
        if answer.is_success:
            return Taken()
        if answer.status is None:
            kept_from = answer.trouble or "no_http"
            return NotTaken(kept_from) if kept_from in _BEFORE else InDoubt(kept_from)
        trouble = f"HTTP {answer.status}"
        if answer.status == _TOO_MANY or answer.status >= _SERVERS_OWN:
            wait = read_retry_after(answer.retry_after, now) or dt.timedelta()
            return NotTaken(trouble, wait)
        # A redirect is not followed, and any 4xx is about us: neither changes by itself.
        return Never(trouble)

    def look_up(self, token: UUID) -> Standing:  # noqa: ARG002 - nobody to ask
        """A receiver cannot be asked."""
        return "cannot_tell"

    def close(self) -> None:
        """Cut what is being said."""
        self._line.close()


def _told(kind: Kind, parcel: Parcel, now: dt.datetime) -> Any:  # noqa: ANN401 - JSON of three kinds
    line = f"{parcel.letter.subject}\n{parcel.sign_in_url}"
    if kind == "slack":
        return {"text": line}
    if kind == "teams":
        # An incoming hook of Teams takes an adaptive card as an attachment.
        blocks = [{"type": "TextBlock", "text": text, "wrap": True} for text in line.splitlines()]
        card = {"type": "AdaptiveCard", "version": "1.4", "body": blocks}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return {"type": "message", "attachments": [attachment]}
    return {
        "type": "alert.raised",
        "timestamp": now.isoformat().replace("+00:00", "Z"),
        "data": {
            "subject": parcel.letter.subject,
            "urgent": parcel.urgent,
            "sign_in": parcel.sign_in_url,
        },
    }
