"""Over HTTP too: every transition from every state by every role is allowed as the table says, or refused."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest

from services.triage.cases.schema import NAMES
from services.triage.domain.life.states import STAGES, State
from services.triage.domain.life.transitions import BY_NAME
from services.triage.history.store import find_case_id
from tests.support.houses import Hub, embedded_hub
from tests.triage.cases.doing import a_crime, allocate, put_into, take, token
from tests.triage.life.telling import all_it_needs

ROLES = ("coordinator", "supervisor", "facilitator", "receiver", "ops", "commissioner", "practitioner")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub with one case, which is put from state to state."""
    hub = embedded_hub(tmp_path_factory.mktemp("ways") / "home", rate_per_minute="0")
    yield hub
    hub.close()


def test_every_transition_from_every_state_by_every_role_over_http(hub: Hub) -> None:
    case = take(hub, a_crime())
    allocate(hub, case)
    with hub.rooms["triage"].database.reading() as connection:
        case_id = find_case_id(connection, case)
    assert case_id is not None
    bearers = {role: token(hub, role) for role in ROLES if role != "receiver"}
    # Of another team, which was offered nothing: the case is not theirs to see.
    bearers["receiver"] = token(hub, "coordinator", "vcas")
    answers: Counter[int] = Counter()
    wrong = []
    for state in STAGES:
        for name in NAMES:
            for role in ROLES:
                status = attempt(hub, case, case_id, state, name, bearers[role])
                answers[status] += 1
                if status not in expected(state, name, role):
                    wrong.append(f"{name} from {state} by {role}: {status}")
    assert not wrong
    assert answers.total() == len(STAGES) * len(NAMES) * len(ROLES) == 20 * 28 * 7
    assert set(answers) == {200, 403, 404, 409}


def expected(state: State, name: str, role: str) -> set[int]:
    row = BY_NAME[name]
    if role == "receiver":
        return {404}
    if role not in ("coordinator", "supervisor", "facilitator") or role not in row.roles:
        return {403}
    if state not in row.origins:
        return {409}
    # What the case's own records do not bear out is refused with its reason; the rest is done.
    return {200, 409} if row.guards else {200}


def attempt(hub: Hub, case: str, case_id: UUID, state: State, name: str, bearer: str) -> int:
    put_into(hub, case_id, state, "triage" if state in ("on_hold", "closing", "closed") else None)
    given = all_it_needs(BY_NAME[name])
    body: dict[str, object] = {"transition": name}
    for key in ("reason", "outcome", "method", "accepted_by"):
        if getattr(given, key):
            body[key] = getattr(given, key)
    if given.enabling:
        body["enabling"] = list(given.enabling)
    if given.review_on:
        body["review_on"] = str(hub.clock().date() + dt.timedelta(days=7))
    if given.owner:
        body["owner"] = given.owner
    if given.to:
        body["to"] = "A service outside"
    if given.facilitators:
        body["facilitators"] = [{"email": email, "level": level} for email, level in given.facilitators]
    answer = hub.front.post(
        f"/v1/cases/{case}/transitions", json=body, headers={"Authorization": f"Bearer {bearer}"}
    )
    if answer.status_code == 409:
        assert answer.get_json()["detail"]
    return answer.status_code
