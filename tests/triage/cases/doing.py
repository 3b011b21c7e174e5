"""What staff do with cases over HTTP, in a test's words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.triage.lives.store import Lives
from shared.web import Caller, sign_token
from tests.support.builders import Wire, a_consent, a_responsible_party, an_account

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.test import TestResponse

    from services.triage.domain.life.states import State
    from tests.support.houses import Hub

FACILITATOR = "facilitator@referral-hub.example"


def a_crime(record: str = "ONE", **changes: object) -> Wire:
    """An account of a crime in which whoever was harmed has agreed to everything that can be agreed."""
    account = an_account(record, **changes)  # type: ignore[arg-type]  # handed on
    account["initiated_by"] = "harmed"
    account["event"]["offender_identified"] = True
    account["parties"][0]["consents"] += [
        a_consent(to="approach_other_party", contact_again_on=None),
        a_consent(to="sharing", contact_again_on=None),
    ]
    for consent in account["parties"][0]["consents"]:
        consent.pop("contact_again_on", None)
    account["parties"].append(a_responsible_party())
    return account


def token(hub: Hub, role: str, team: str | None = None, name: str | None = None) -> str:
    """A token of somebody in this role; of the first of that team where the hub's own is of another."""
    if name is None and role == "coordinator" and team:
        name = hub.rooms["triage"].directory.people_of(team)[0].email
    if name is None:
        return hub.token_of(role, team)
    return sign_token(hub.rooms["notify"].keys, Caller(role, name, team or "", ""))


def take(hub: Hub, referral: Wire, agency: str = "vcas") -> str:
    """A referral is taken and settled; its case."""
    hub.take(referral, agency)
    hub.settle()
    return str(hub.links()[f"{agency}:{referral['source_record_id']}"]["case"])


def post(
    hub: Hub, path: str, body: object, role: str = "coordinator", team: str | None = None
) -> TestResponse:
    return hub.front.post(path, json=body, headers={"Authorization": f"Bearer {token(hub, role, team)}"})


def move(hub: Hub, case: str, name: str, role: str = "coordinator", **given: object) -> dict[str, Any]:
    """Make a transition that must be made; the case after it."""
    answer = post(hub, f"/v1/cases/{case}/transitions", {"transition": name, **given}, role)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def record(hub: Hub, case: str, kind: str, role: str = "coordinator", **says: object) -> dict[str, Any]:
    """Record something that must be taken."""
    answer = post(hub, f"/v1/cases/{case}/records", {"kind": kind, "says": says}, role)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def whole(hub: Hub, case: str, role: str = "coordinator", team: str | None = None) -> dict[str, Any]:
    """A case as somebody sees it."""
    answer = hub.ask(f"/v1/cases/{case}", token(hub, role, team))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def allocate(hub: Hub, case: str, level: str = "advanced") -> dict[str, Any]:
    """Give a case to the facilitator."""
    return move(hub, case, "allocate", facilitators=[{"email": FACILITATOR, "level": level}])


def put_into(hub: Hub, case_id: UUID, state: State, before: State | None = None) -> None:
    """Put a case into a state, whatever came before."""
    room = hub.rooms["triage"]
    with room.unit() as unit:
        kept = Lives.of(unit).find(case_id)
        assert kept is not None
        is_open = state not in ("closed", "transferred")
        life = replace(
            kept.life,
            state=state,
            before=before,
            outcome="C-SUPPORT-ONLY" if state in ("closing", "closed") else None,
            next_on=unit.now.date() if is_open else None,
            task="triage" if is_open else "nothing",
        )
        Lives.of(unit).change(case_id, replace(kept, life=life))
