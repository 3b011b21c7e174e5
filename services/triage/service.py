"""Triage, put together: finds what is already known, makes the case, routes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from services.triage.cases.api import api, table_of
from services.triage.cases.end_orders import end_orders
from services.triage.cases.needs_store import SEALED as SEALED_CASES
from services.triage.cases.pages import CASES, pages
from services.triage.cases.people_pages import people_pages
from services.triage.cases.refer_across import return_unanswered
from services.triage.cases.routing_api import routing_api
from services.triage.handlers import hears
from services.triage.lives.store import SEALED as SEALED_LIVES
from services.triage.lives.store import keep_routing_table
from services.triage.matching.count_frequencies import count_frequencies
from services.triage.matching.desk import desk_of
from services.triage.matching.store import SEALED as SEALED_FREQUENCIES
from services.triage.mind_conflicts import say_what_was_known_before
from services.triage.reports.pages import REPORTS
from services.triage.reports.pages import pages as report_pages
from services.triage.reports.publish_quarter import publish_quarter
from services.triage.reviews.api import api as reviews_api
from services.triage.reviews.api import authenticate
from services.triage.reviews.pages import ADDRESS, REVIEWS
from services.triage.reviews.pages import pages as review_pages
from services.triage.standings_store import SEALED as SEALED_STANDINGS
from services.triage.store import SEALED
from services.triage.tables import ended_sessions, messaging
from services.triage.watch_clocks import watch_clocks
from shared.service import Chore, Room, Service
from shared.web import put_together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from shared.contracts.envelope import Message
    from shared.messaging.consumer import Hearer


def _hears(room: Room) -> Mapping[type[Message], Hearer]:
    return hears(room.database, table_of(room), desk_of(room), room.keys.lookup)


def _web(room: Room) -> Flask:
    app = put_together(room, "triage", authenticate)
    app.register_blueprint(pages)
    app.register_blueprint(people_pages)
    app.register_blueprint(review_pages)
    app.register_blueprint(report_pages)
    CASES.told_in(app)
    REPORTS.told_in(app, "/reports")
    REVIEWS.told_in(app, ADDRESS)
    return app


def _watch_clocks(room: Room) -> int:
    with room.unit() as unit:
        keep_routing_table(unit, table_of(room).version, table_of(room).text)
        done = return_unanswered(unit, room.database, table_of(room))
        done += end_orders(unit, room.database, table_of(room))
        return watch_clocks(unit, room.database) + done + say_what_was_known_before(unit, room.database)


TRIAGE = Service(
    name="triage",
    tables=messaging,
    ended_sessions=ended_sessions,
    migrations=Path(__file__).parent / "migrations",
    hears=_hears,
    web=_web,
    paths=(
        "/v1/cases",
        "/v1/reviews",
        "/v1/routing",
        "/v1/person-checks",
        "/cases",
        "/reviews",
        "/reports",
    ),
    chores=(
        Chore("clocks", _watch_clocks, every=60.0),
        Chore("frequencies", count_frequencies, every=15.0),
        Chore("figures", publish_quarter, every=60.0),
    ),
    api=(api, routing_api, reviews_api),
    sealed=(*SEALED, *SEALED_LIVES, *SEALED_CASES, *SEALED_FREQUENCIES, *SEALED_STANDINGS),
)
