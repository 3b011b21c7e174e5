"""What all three services do at their HTTP edge: who may come in, how problems are told, how health is shown.

Every view says who may use it with `@open_to(...)`; a view that does not is refused when the app is put
together, and tests walk every route with every role. A staff token is a signed statement (who, which role,
which team or agency) that any service can check without asking another; the session cookie of somebody who
signed in with a browser holds the same statement.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec
from flask import Flask, Request, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WrongMethod
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wsgi import get_input_stream

from shared import logs
from shared.allowance import Allowances, Standing
from shared.contracts.envelope import Trace
from shared.database import DatabaseAway, told_of, what_failed
from shared.inflating import TAKEN, Inflating
from shared.messaging.waiting import count_everywhere
from shared.metrics import MEDIA_TYPE as METRICS_TYPE
from shared.metrics import write_metrics
from shared.openapi import Answer, Described, an_object, described
from shared.problems import (
    MEDIA_TYPE,
    Fault,
    Forbidden,
    Internal,
    NoKey,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    Unprocessable,
    UnsupportedMediaType,
    as_problem_json,
    pointer_to,
)
from shared.reading_json import read_json
from shared.sessions import LONGEST, has_ended

if TYPE_CHECKING:
    from shared.sealing import Keys
    from shared.service import Room

log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
TOKEN_SECONDS = int(LONGEST.total_seconds())
SESSION = "hub_session"
SIGN_IN = "/sign-in"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_MOST_NAMED = 20
_MOST_REMEMBERED = 10_000
_UNCOUNTED = ("live", "ready", "metrics")  # whoever watches the hub must always be answered
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

View = TypeVar("View", bound=Callable[..., Any])

ANYONE, AGENCY = "anyone", "agency"
PRACTITIONER = "practitioner"
STAFF = ("coordinator", "supervisor", "facilitator", "ops", "commissioner", PRACTITIONER)
_ONLY_READS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Caller:
    """Who is asking: an agency's system by the agency's slug, or somebody who signed in, by e-mail.

    Staff of the hub have a team; a practitioner, who refers by form, has the agency that they refer for.
    """

    role: str
    name: str
    team: str = ""
    agency: str = ""


class _Request(Request):
    """A request whose uploaded files stay in memory: the web framework would put large ones on the disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - the framework hands it over
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return BytesIO()


class MethodNotAllowed(Problem):
    """The method is not one that this address takes."""

    status = 405
    code = "method_not_allowed"
    advice = "Use one of the methods in the header Allow of this answer."


class BadRequest(Problem):
    """The request cannot be read."""

    status = 400
    code = "bad_request"
    advice = "Compare the request with the reference of the API: /v1/docs."


class UnknownCoding(UnsupportedMediaType):
    """The body is packed in a way that is not read here."""

    code = "unknown_coding"
    advice = "Send the body as it is, or with Content-Encoding: gzip or deflate."


class FromElsewhere(Problem):
    """The request was sent from a page of somebody else."""

    status = 403
    code = "from_elsewhere"
    advice = "Open the page of the hub itself, and send it from there."


@dataclass(frozen=True)
class _Guesses:
    """How many wrong keys each address may still show, and which keys were right when it showed them.

    A key that was right is looked at whatever else comes from its address: one forgotten program with a key
    that was revoked must not lock its whole agency out.
    """

    allowances: Allowances
    were_right: set[tuple[str | None, str]] = field(default_factory=set)


def open_to(*roles: str) -> Callable[[View], View]:
    """Say who may use a view: ANYONE, AGENCY, or roles of staff."""

    def mark(view: View) -> View:
        view.open_to = roles  # type: ignore[attr-defined]  # read by `put_together` and by the tests
        return view

    return mark


def put_together(
    room: Room, name: str, authenticate: Callable[[Room, str], Caller | None] | None = None
) -> Flask:
    """An app with everything but its routes; `authenticate(room, bearer)` knows the service's own callers."""
    app = Flask(name, static_folder=None)
    app.request_class = _Request
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.extensions["hub"] = room
    app.extensions["hub_authenticate"] = authenticate
    app.extensions["hub_allowances"] = app.extensions["hub_guesses"] = None
    # Whose figures `/metrics` tells.
    app.extensions["hub_counted"] = {room.service.name: room}
    if a_minute := room.settings.rate_per_minute:
        # Kept by the room: two apps of one service count together.
        app.extensions["hub_allowances"] = room.keep("allowances", lambda: Allowances(a_minute))
    if guesses := room.settings.wrong_keys_per_minute:
        app.extensions["hub_guesses"] = room.keep("guesses", lambda: _Guesses(Allowances(guesses)))
    if room.settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=room.settings.proxies, x_proto=0)  # type: ignore[method-assign]  # Flask's own way to put something in front
    app.before_request(_begin)
    app.after_request(_end)
    app.register_error_handler(Exception, _tell)
    add_health(app)
    for blueprint in room.service.api:
        app.register_blueprint(blueprint)
    return app


def problem_pages_of(app: Flask, below: str, show: Callable[[Problem, str], Response]) -> None:
    """Have an app answer a browser with `show(problem, instance)` for every address below this one."""
    app.extensions.setdefault("hub_problem_pages", {})[below.rstrip("/")] = show


def add_health(app: Flask) -> None:
    """The routes by which whatever watches an app asks how it is."""
    app.add_url_rule("/health/live", "live", get_live)
    app.add_url_rule("/health/ready", "ready", get_ready)
    app.add_url_rule("/metrics", "metrics", get_metrics)


def the_room() -> Room:
    """The room of the service that is answering."""
    room: Room = current_app.extensions["hub"]
    return room


def the_caller() -> Caller:
    """Who is asking; there is always somebody where a view is not open to anyone."""
    caller: Caller = g.caller
    return caller


def the_trace() -> Trace:
    """The thread that this request begins or continues."""
    trace: Trace = g.trace
    return trace


def _begin() -> None:
    g.began = time.perf_counter()
    asked = request.headers.get("X-Correlation-ID", "")
    # Only an id of the usual form goes on: anything else could be somebody's name.
    g.trace = Trace.begin(asked if _UUID.fullmatch(asked) else "", request.headers.get("traceparent", ""))
    logs.correlation_id.set(g.trace.correlation_id)
    g.caller = g.told = None
    if request.url_rule is None:
        return  # no such route: the error handler says so
    view: Any = current_app.view_functions[request.url_rule.endpoint]
    roles = getattr(view, "open_to", None)
    if roles is None:
        log.error("a view does not say who may use it", extra={"endpoint": request.url_rule.endpoint})
        raise Internal
    if request.method not in _ONLY_READS and "Authorization" not in request.headers and _from_elsewhere():
        raise FromElsewhere
    if ANYONE not in roles:
        caller = who_asks()
        if caller is None:
            raise NoKey
        if caller.role not in roles:
            raise Forbidden
        g.caller = caller
    if request.url_rule.endpoint not in _UNCOUNTED:
        spend(1)
    if "HTTP_CONTENT_ENCODING" in request.environ:
        _inflate()
    if request.query_string and hasattr(view, "described"):
        _refuse_unknown(view.described)


def spend(cost: float) -> None:
    """Take this much of the caller's allowance; `TooMany` when it is not there.

    Every request costs one before its view begins. A view adds what its body costs beyond that.
    """
    extensions = current_app.extensions
    allowances: Allowances | None = extensions["hub_allowances"]
    if allowances is None:
        return
    caller: Caller | None = g.caller
    # Agencies and staff by what they are; others can only be told apart by where they come from.
    who = (caller.role, caller.name) if caller is not None else request.remote_addr
    standing = allowances.spend(who, cost, extensions["hub"].clock().timestamp())
    g.told = allowances.policy, standing
    if standing.wait:
        message = f"Wait {standing.wait} seconds. Many referrals at once cost less in a batch or an import."
        raise TooMany(message, retry_after=standing.wait)


def _inflate() -> None:
    """Have a compressed body read as what it holds; the limit of its size is then that of what it holds."""
    coding = request.headers["Content-Encoding"].strip().lower()
    if coding == "identity":
        return
    if coding not in TAKEN:
        raise UnknownCoding
    packed, asked = request.environ.copy(), request
    most = partial(getattr, asked, "max_content_length")
    # Neither of the two may be larger than a body that is not packed.
    asked.stream = io.BufferedReader(Inflating(lambda: get_input_stream(packed, True, most()), most))
    # What stands in it is the packed body's.
    asked.environ.pop("CONTENT_LENGTH", None)


def _refuse_unknown(said: Described) -> None:
    """Refuse what a route does not know in its query: it would otherwise be quietly left out."""
    names = ", ".join(asked.name for asked in said.asks if asked.place == "query")
    known = f"the parameters here are {names}" if names else "there are no parameters here"
    faults = []
    for name, values in sorted(request.args.lists()):
        if name not in said.queries:
            # Only a name of the usual form is repeated: anything else could be somebody's own.
            pointer = pointer_to(name) if _NAME.fullmatch(name) else ""
            faults.append(Fault(pointer, "unknown_field", f"Take it out: {known}."))
        elif len(values) > 1:
            faults.append(Fault(pointer_to(name), "given_twice", "Give it once."))
    if faults:
        raise Unprocessable(errors=faults[:_MOST_NAMED])


def who_asks() -> Caller | None:
    """Whoever shows a key or a token, or signed in with this browser; None for a stranger.

    Who sends an `Authorization` header is known by it alone, also when a cookie comes along.
    """
    room = the_room()
    if "Authorization" not in request.headers:
        return _who_signed_in(room, request.cookies.get(_session_name(), ""))
    scheme, _, bearer = request.headers["Authorization"].partition(" ")
    if scheme.lower() != "bearer" or not bearer:
        return None
    return _whose(room, bearer.strip())


def _whose(room: Room, bearer: str) -> Caller | None:
    """Who shows this; `TooMany`, without looking, when too many wrong ones came from the same address."""
    guesses: _Guesses | None = current_app.extensions["hub_guesses"]
    shown = (request.remote_addr, bearer)
    if guesses is not None and shown not in guesses.were_right:
        standing = guesses.allowances.spend(request.remote_addr, 1, room.clock().timestamp())
        if standing.wait:
            message = f"Too many wrong keys came from your address. Wait {standing.wait} seconds."
            raise TooMany(message, retry_after=standing.wait)
    authenticate = current_app.extensions["hub_authenticate"]
    own: Caller | None = authenticate(room, bearer) if authenticate is not None else None
    caller = own or _who_signed_in(room, bearer)
    if guesses is not None and caller is not None and shown not in guesses.were_right:
        guesses.allowances.spend(request.remote_addr, -1, room.clock().timestamp())
        if len(guesses.were_right) >= _MOST_REMEMBERED:
            guesses.were_right.clear()
        guesses.were_right.add(shown)
    return caller


def _who_signed_in(room: Room, token: str) -> Caller | None:
    """Who signed in with this token, unless that was ended since: they left, or have another role."""
    found = _read_signed(room.keys, token)
    if found is None:
        return None
    caller, signed_at = found
    with room.database.reading() as connection:
        ended = has_ended(connection, room.service.ended_sessions, caller.name, signed_at)
    return None if ended else caller


def _from_elsewhere() -> bool:
    """Whether the browser says that this was sent by a page that is not ours (docs/decisions/0009).

    A browser sends the session cookie whoever asks it to; what it says about the origin no page can change.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and origin not in (request.host_url.rstrip("/"), _public_origin())


def _public_origin() -> str:
    """The origin that people reach the hub under, which differs from the request's where TLS ends earlier."""
    return "/".join(the_room().settings.public_url.split("/")[:3])


def _end(response: Response) -> Response:
    response.headers["X-Correlation-ID"] = g.trace.correlation_id
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Nobody else learns where somebody came from. Our own pages do: without it a browser that is not spoken
    # to over TLS says of our own forms, too, that they come from nowhere.
    response.headers["Referrer-Policy"] = "same-origin"
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    told: tuple[str, Standing] | None = g.told
    if told is not None:
        policy, standing = told
        response.headers.add("RateLimit-Policy", policy)
        response.headers.add("RateLimit", f'"default";r={standing.left};t={standing.full_in}')
    if log.isEnabledFor(logging.INFO) and request.endpoint not in _UNCOUNTED:
        # The rule, not the address: an address can hold what somebody typed.
        log.info(
            "answered",
            extra={
                "method": request.method,
                "route": request.url_rule.rule if request.url_rule else "-",
                "status": response.status_code,
                "ms": round((time.perf_counter() - g.began) * 1000, 1),
            },
        )
    return response


_HTTP_PROBLEMS: dict[int, type[Problem]] = {
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowed,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: UnsupportedMediaType,
    HTTPStatus.BAD_REQUEST: BadRequest,
}


def note_away(error: SQLAlchemyError) -> None:
    """Say in the log why a request could not be done: the database is away, or its disk is full."""
    log.warning("database away", extra={"error": told_of(error)})


def _tell(error: Exception) -> Response:
    """Any error as one problem+json; nothing of our insides, nothing of what was sent.

    Somebody who reads pages and is not signed in is led to where they can.
    """
    if isinstance(error, NoKey) and wants_page():
        return _to_sign_in()
    if isinstance(error, Problem):
        problem = error
    elif isinstance(error, HTTPException):
        kind = _HTTP_PROBLEMS.get(error.code or 500, BadRequest if (error.code or 500) < 500 else Internal)  # noqa: PLR2004
        problem = kind()
    elif isinstance(error, SQLAlchemyError) and what_failed(error) != "wrong":
        note_away(error)
        problem = DatabaseAway(retry_after=1)
    else:
        log.error("unexpected failure", extra={"error": type(error).__name__, "at": logs.places_of(error)})
        problem = Internal()
    instance = f"urn:uuid:{g.trace.correlation_id}" if _UUID.fullmatch(g.trace.correlation_id) else ""
    show = _problem_page() if wants_page() else None
    if show is not None:
        response = show(problem, instance)
    else:
        response = as_json(as_problem_json(problem, instance), problem.status)
        response.content_type = MEDIA_TYPE
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, UnknownCoding):
        response.headers["Accept-Encoding"] = ", ".join(TAKEN)
    if isinstance(error, WrongMethod) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _problem_page() -> Callable[[Problem, str], Response] | None:
    """How this address tells a problem in a page, if it does: the nearest above it says so."""
    pages: dict[str, Callable[[Problem, str], Response]] = current_app.extensions.get("hub_problem_pages", {})
    above = [below for below in pages if f"{request.path}/".startswith(f"{below}/")]
    return pages[max(above, key=len)] if above else None


def wants_page() -> bool:
    """Whether it is a person with a browser who asks: programs do not name HTML among what they take."""
    return any(kind == "text/html" for kind, _ in request.accept_mimetypes)


def _to_sign_in() -> Response:
    response = Response(status=HTTPStatus.SEE_OTHER)
    # The path alone: what stands behind its question mark can be what somebody typed.
    place = f"{SIGN_IN}?next={quote(_page_of(request.path))}"
    response.headers["Location"] = place if request.method in ("GET", "HEAD") else f"{place}&not_kept"
    return response


def _page_of(path: str) -> str:
    """The page that a form was sent from, by its address: the nearest above it that can be looked at."""
    known = current_app.url_map.bind("")
    while path.strip("/") and not known.test(path, "GET"):
        path = path.rpartition("/")[0]
    return path or "/"


def as_json(body: object, status: int = HTTPStatus.OK) -> Response:
    """An answer in JSON."""
    return Response(msgspec.json.encode(body), status, content_type="application/json")


def json_body(most: int | None = None) -> object:
    """The request's JSON; `UnsupportedMediaType` or `NotJson` when there is none.

    `most` is how many bytes are taken where that is more than `MAX_BODY`.
    """
    if most is not None:
        request.max_content_length = most
    read = read_json(_whole_body())
    # Whoever sends something else than JSON is told that first, whatever it calls itself.
    if not request.is_json:
        raise UnsupportedMediaType
    return read


def _whole_body() -> bytes:
    body = request.get_data(cache=False)
    # werkzeug cuts off a body that does not say its length where it becomes too long, and goes on.
    if request.content_length is None and len(body) == request.max_content_length:
        raise TooLarge
    return body


def sign_token(keys: Keys, caller: Caller) -> str:
    """A token that says who this member of staff is, good for twelve hours."""
    # When it was signed stands beside it in whole seconds; whoever is signed out and in again needs parts.
    return _signer(keys).dumps(vars(caller) | {"at": time.time()})


def read_token(keys: Keys, token: str) -> Caller | None:
    """Who signed in with this token; None if it is not ours or too old."""
    found = _read_signed(keys, token)
    return None if found is None else found[0]


def _read_signed(keys: Keys, token: str) -> tuple[Caller, dt.datetime] | None:
    """Who signed in with this token, and when."""
    try:
        said, second = _signer(keys).loads(token, max_age=TOKEN_SECONDS, return_timestamp=True)
        caller = Caller(str(said["role"]), str(said["name"]), str(said["team"]), str(said["agency"]))
        signed_at = dt.datetime.fromtimestamp(float(said.get("at", second.timestamp())), dt.UTC)
    except (BadSignature, KeyError, TypeError, ValueError, OverflowError):
        return None
    return (caller, signed_at) if caller.role in STAFF else None


def begin_session(response: Response, caller: Caller) -> None:
    """Let this browser show from now on, for twelve hours, who signed in with it."""
    response.set_cookie(
        _session_name(),
        sign_token(the_room().keys, caller),
        max_age=TOKEN_SECONDS,
        path="/",
        secure=_is_behind_tls() or request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def end_session(response: Response) -> None:
    """Let this browser forget who signed in with it."""
    response.delete_cookie(_session_name(), path="/", secure=_is_behind_tls(), httponly=True, samesite="Lax")


def _session_name() -> str:
    """What the session cookie is called: so that, over TLS, none but this very host can have set it.

    Any other host of the same domain could otherwise sign somebody in, unawares, to an account of its own.
    """
    return f"__Host-{SESSION}" if _is_behind_tls() else SESSION


def _is_behind_tls() -> bool:
    return _public_origin().startswith("https:")


def _signer(keys: Keys) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keys.session, salt="staff-token")


_HEALTH = an_object({"status": {"type": "string"}})


@open_to(ANYONE)
@described("Health", answers={200: Answer("It is.", _HEALTH, {"status": "ok"})})
def get_live() -> dict[str, str]:
    """Whether the process is alive."""
    return {"status": "ok"}


@open_to(ANYONE)
@described(
    "Health",
    answers={
        200: Answer("It is.", _HEALTH, {"status": "ok"}),
        503: Answer("It is not just now.", _HEALTH, {"status": "database away"}),
    },
)
def get_ready() -> tuple[dict[str, str], int]:
    """Whether requests can be answered."""
    room = the_room()
    try:
        with room.database.reading() as connection:
            # A database without its tables answers, too.
            connection.execute(select(room.service.tables.outbox.c.id).limit(0))
    except SQLAlchemyError as error:
        status = "database not prepared" if what_failed(error) == "wrong" else "database away"
        return {"status": status}, HTTPStatus.SERVICE_UNAVAILABLE
    return {"status": "ok"}, HTTPStatus.OK


@open_to(ANYONE)
@described(
    "Health",
    answers={
        200: Answer(
            "They are.",
            {"type": "string"},
            'hub_outbox_unsent{service="intake"} 0\n',
            media_type="text/plain",
        )
    },
)
def get_metrics() -> Response:
    """What waits in each service that this app knows, for Prometheus; there is no person in it."""
    counted: dict[str, Room] = current_app.extensions["hub_counted"]
    found = count_everywhere({name: room.books for name, room in counted.items()})
    return Response(write_metrics(found, the_room().clock()), content_type=METRICS_TYPE)
