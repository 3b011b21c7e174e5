"""What can go wrong, said once: each kind of problem knows its HTTP status, its stable code and its title.

Problems are raised where they are noticed, in a domain, a use case or at an edge, and are translated in two
places only: for HTTP into `application/problem+json` (RFC 9457), and for a consumer into "retry" or "park".
No problem ever repeats a value that somebody sent: it may hold a person's name, and answers get logged.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:referral-hub:problem:"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a body: where it is (RFC 6901), what kind it is, and what to do about it."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """Something prevents the request from being carried out."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    # What to do about it, told where nothing more exact is known. What only operators meet has none.
    advice: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Take the title from the docstring, so that the code and the answer say the same sentence."""
        super().__init_subclass__()
        # Python started with -OO has no docstrings; the code, in words, is then the best title there is.
        documented = inspect.getdoc(cls)
        cls.title = documented.splitlines()[0] if documented else cls.code.replace("_", " ").capitalize()

    def __init__(
        self, detail: str = "", *, errors: Iterable[Fault] = (), retry_after: int | None = None
    ) -> None:
        """Say what is wrong this time; `retry_after` is in seconds."""
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Name the problem in a log line."""
        return f"{self.code}: {self.detail or self.title}"


class NotJson(Problem):
    """The body is not JSON."""

    status = 400
    code = "not_json"
    advice = "Send one JSON document in UTF-8."


class NoKey(Problem):
    """A valid key or sign-in is needed."""

    status = 401
    code = "no_key"
    advice = "Sign in, or send a valid key: Authorization: Bearer <key>."


class Forbidden(Problem):
    """You may not do this."""

    status = 403
    code = "forbidden"
    advice = "Your key or role does not open this. Ask whoever runs the hub which one does."


class NotFound(Problem):
    """There is nothing here that you may see."""

    status = 404
    code = "not_found"
    advice = "Check the address and what stands in it. What belongs to others is not shown."


class Conflict(Problem):
    """What has happened already stands against this."""

    status = 409
    code = "conflict"
    advice = "Ask how it stands now before you send anything again."


class TooLarge(Problem):
    """The body is larger than is taken."""

    status = 413
    code = "too_large"
    advice = "Send less at once: a request may have 1 MiB, a batch 8 MiB, an import 64 MiB."


class UnsupportedMediaType(Problem):
    """The body is of a kind that is not read here."""

    status = 415
    code = "unsupported_media_type"
    advice = "Send JSON with Content-Type: application/json."


class Unprocessable(Problem):
    """What was sent was read but cannot be taken as it is."""

    status = 422
    code = "unprocessable"
    advice = "Correct every fault in errors and send it again."


class TooEarly(Problem):
    """What this follows has not arrived yet."""

    status = 425
    code = "too_early"


class TooMany(Problem):
    """Too many requests came in a short time."""

    status = 429
    code = "too_many_requests"
    advice = "Wait for as many seconds as Retry-After says, then send it again."


class Unavailable(Problem):
    """The service cannot answer just now."""

    status = 503
    code = "unavailable"
    advice = "Send it again after as many seconds as Retry-After says."


class Internal(Problem):
    """Something went wrong on our side."""

    status = 500
    code = "internal"
    advice = "It was noted. Try again; if it stays, tell whoever runs the hub the correlation id."


def as_problem_json(problem: Problem, instance: str) -> dict[str, object]:
    """The members of the `application/problem+json` answer (RFC 9457, section 3).

    `instance` is a URI reference that names this occurrence. `errors` is left out when empty.
    """
    answer: dict[str, object] = {
        "type": TYPE_PREFIX + problem.code,
        "title": problem.title,
        "status": problem.status,
        "instance": instance,
    }
    if detail := problem.detail or problem.advice:
        answer["detail"] = detail
    if problem.errors:
        answer["errors"] = [
            {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail} for fault in problem.errors
        ]
    return answer


def pointer_to(*steps: str | int) -> str:
    """The JSON pointer (RFC 6901) along these names and indexes; with no step it is the whole body."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
