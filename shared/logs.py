"""One event, one line of JSON, with the ids that tie it to a referral and never a person's data."""

from __future__ import annotations

import datetime as dt
import logging
import sys
from contextvars import ContextVar
from typing import Any

import msgspec

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="-")

# What every record of the standard library has; the rest is what the caller added with `extra`.
_ORDINARY = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_encoder = msgspec.json.Encoder(enc_hook=str)


class JsonLine(logging.Formatter):
    """An event as one line: time, level, where, event, correlation id, and what the caller added."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC),
            "level": record.levelname,
            "where": record.name,
            "event": record.getMessage(),
            "correlation_id": correlation_id.get(),
        }
        line.update((name, value) for name, value in vars(record).items() if name not in _ORDINARY)
        if record.exc_info:
            # The class and the places alone: an exception's own words may quote a person's data.
            line["error"] = getattr(record.exc_info[0], "__name__", "")
            line["at"] = places_of(record.exc_info[1])
        return _encoder.encode(line).decode()


def places_of(error: BaseException | None, most: int = 6) -> str:
    """Where an error came from, as file:line > file:line, innermost last."""
    places = []
    step = error.__traceback__ if error is not None else None
    while step is not None:
        places.append(f"{step.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{step.tb_lineno}")
        step = step.tb_next
    return " > ".join(places[-most:])


def log_to_stderr(level: str) -> None:
    """Send the whole process's log to standard error as JSON lines, from `level` up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These libraries put addresses, statements or payloads into their own lines at INFO and below.
    for noisy in ("amqp", "kombu", "sqlalchemy", "alembic", "waitress"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It warns of strange headers with the whole address, in which an agency may have put a secret.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    # It would write down what it could not read of a mail that came back, and that can be anybody's.
    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)
    # pika tells of one failed connection in eight errors; whoever asked for it says so once, in our words.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
