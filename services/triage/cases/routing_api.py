"""Routing over HTTP: why a case went where it is, and what a changed table would have done."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint, request

from services.triage.cases import described as told
from services.triage.cases.api import AT_WORK, table_of, who_is
from services.triage.cases.hold_case import hold_case
from services.triage.cases.schema import TRIAL, read_body
from services.triage.cases.try_table import try_table
from services.triage.domain.routing.table import route
from services.triage.history.store import History
from services.triage.move_case import today_of
from services.triage.read_routing import BadRouting, read_routing
from services.triage.read_tables import land_of
from shared.openapi import TEXT, Answer, Asked, Takes, described
from shared.problems import Fault, NotFound, Unprocessable
from shared.web import json_body, open_to, the_caller, the_room, the_trace

routing_api = Blueprint("routing", __name__)


@routing_api.get("/v1/routing/explanation")
@open_to(*AT_WORK)
@described(
    "Routing",
    asks=(Asked("case", TEXT, "The case's reference.", required=True),),
    answers={200: Answer("Why it is there.", told.EXPLANATION)},
    problems=(NotFound,),
)
def get_explanation() -> dict[str, Any]:
    """Why a case went to its team: the table, the row, the reason, and what the table knew."""
    room, who = the_room(), who_is(the_caller())
    if "case" not in request.args:
        raise Unprocessable(errors=[Fault("/case", "required", "Say which case.")])
    with room.unit(the_trace()) as unit:
        seen = hold_case(request.args["case"], who, unit, room.database)
        History.of(unit).write(seen.case.id, "routing_explained", who.name, {"role": who.role})
    why, facts = seen.case.why_there, seen.kept.facts
    now = route(facts, table_of(room).routing, today_of(room.clock()))
    return {
        "case": seen.case.reference,
        "team": why["team"],
        "version": why["version"],
        "row": why["row"],
        "why": why["why"],
        "urgency": why.get("urgency", "normal"),
        "gates": [
            {"gate": gate, "why": reason}
            for gate, reason in zip(why.get("gates", ()), why.get("gates_why", ()), strict=True)
        ],
        "facts": msgspec.to_builtins(facts),
        "now": {"team": now.team, "version": now.version, "row": now.row, "why": now.why},
    }


@routing_api.post("/v1/routing/trial")
@open_to("supervisor")
@described(
    "Routing",
    takes=Takes(
        TRIAL,
        {
            "A table that sends all to the duty desk": {
                "table": "version: mine\nrows:\n  - {when: {}, team: duty_desk, why: all of them}\n"
            }
        },
    ),
    answers={200: Answer("What it would have done.", told.TRIED)},
)
def post_trial() -> dict[str, Any]:
    """Which of the last cases a changed table would have sent elsewhere. Nothing is changed by it."""
    room = the_room()
    said = read_body(json_body(), TRIAL)
    own = table_of(room)
    land = land_of(own.areas, own.teams)
    try:
        table = read_routing(said["table"].encode(), room.directory, land)
    except BadRouting as bad:
        raise Unprocessable(errors=bad.errors) from None
    with room.database.snapshot() as connection:
        trial = try_table(table, land, int(said.get("last", 1000)), connection, room.keys.rest)
    return {
        "version": trial.version,
        "cases": trial.cases,
        "elsewhere": trial.elsewhere,
        "ways": [
            {"from": was, "to": would, "cases": count} for (was, would), count in trial.ways.most_common()
        ],
        "changes": [
            {"case": one.case, "from": one.was, "to": one.would, "row": one.row, "why": one.why}
            for one in trial.changes
        ],
        "findings": [
            {"is_fault": one.is_fault, "place": one.place, "told": one.told} for one in trial.findings
        ],
    }
