"""Every route of every service says who may use it, and lets in nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from services.every import SERVICES
from services.ops import service as ops
from shared.identity import new_id
from shared.web import AGENCY, ANYONE, STAFF, Caller, put_together, sign_token
from tests.support.houses import Hub, embedded_hub

# What may stand where a route has a part that changes: what it expects, what it does not, and worse.
PARTS = ("R-7KQX4-M3DTW", str(new_id()), "0", "'", "%00", "…", "a" * 500)
BODIES: tuple[dict[str, Any], ...] = (
    {},
    {"json": {}},
    {"json": [1]},
    {"data": b"{", "content_type": "application/json"},
    {"data": b"\xff\x00", "content_type": "text/plain"},
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub for the whole walk: nothing here depends on what was there before."""
    hub = embedded_hub(
        tmp_path_factory.mktemp("routes") / "home", rate_per_minute="0", wrong_keys_per_minute="0"
    )
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def apps(hub: Hub) -> dict[str, Flask]:
    """Each service's app, and that of ops over all three."""
    own = {name: room.service.web(room) for name, room in hub.rooms.items()}
    return own | {ops.NAME: ops.desk_of(hub.rooms, hub.house.broker)}


def routes_of(app: Flask) -> list[tuple[Rule, str, tuple[str, ...]]]:
    found = []
    for rule in app.url_map.iter_rules():
        roles = getattr(app.view_functions[rule.endpoint], "open_to", None)
        assert roles, f"{rule.rule} does not say who may use it"
        found += [(rule, method, roles) for method in sorted((rule.methods or set()) - {"OPTIONS"})]
    return found


def bearers_of(hub: Hub) -> dict[str, tuple[str, str | None]]:
    """Whoever could ask: the role that they have, and what they show."""
    keys = hub.rooms["intake"].keys
    return {
        "nobody": (ANYONE, None),
        "somebody with a wrong key": (ANYONE, f"rh_abcdefghij_{'x' * 43}"),
        "somebody with a changed token": (ANYONE, hub.changed_token_of("ops")),
        "somebody with a role of their own making": (ANYONE, sign_token(keys, Caller("root", "x", ""))),
        "an agency": (AGENCY, hub.key_of("vcas")),
        "people who refer themselves": (AGENCY, hub.key_of("self_referral")),
        **{role: (role, hub.token_of(role)) for role in STAFF},
    }


def addresses_of(rule: Rule) -> list[str]:
    names = sorted(rule.arguments)
    if not names:
        return [rule.rule]
    addresses = []
    for parts in (
        product(PARTS, repeat=len(names)) if len(names) == 1 else [[part] * len(names) for part in PARTS]
    ):
        address = rule.rule
        for name, part in zip(names, parts, strict=True):
            for converter in ("", "string:", "uuid:", "int:", "path:"):
                address = address.replace(f"<{converter}{name}>", part)
        addresses.append(address)
    return addresses


def ask(client: FlaskClient, method: str, address: str, bearer: str | None, body: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    answer = client.open(address, method=method, headers=headers, **body)
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.content_type == "application/problem+json", address
        assert answer.get_json()["status"] == answer.status_code
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return answer.status_code


@pytest.mark.parametrize("name", sorted([*SERVICES, ops.NAME]))
def test_a_route_opens_to_whom_it_says_and_to_nobody_else(
    name: str, hub: Hub, apps: dict[str, Flask]
) -> None:
    client = apps[name].test_client()
    wrong = []
    for rule, method, roles in routes_of(apps[name]):
        for who, (role, bearer) in bearers_of(hub).items():
            # These do not know the keys of agencies; to them they are nobody.
            known = ANYONE if role == AGENCY and name in ("notify", ops.NAME) else role
            for body in BODIES if method in ("POST", "PUT", "PATCH", "DELETE") else BODIES[:1]:
                for address in addresses_of(rule):
                    status = ask(client, method, address, bearer, body)
                    if ANYONE in roles:
                        # To sign in wrongly is 401 as well, but never for want of a key.
                        as_told = status < 500 and status != 403
                    elif known in roles:
                        as_told = status < 500 and status not in (401, 403)
                    elif known == ANYONE:
                        as_told = status in (401, 404) if address != rule.rule else status == 401
                    else:
                        as_told = status in (403, 404) if address != rule.rule else status == 403
                    if not as_told:
                        wrong.append(f"{method} {address[:60]} by {who}: {status}")
    assert wrong == []


def test_each_role_of_staff_and_each_agency_can_use_something(apps: dict[str, Flask]) -> None:
    used = {role for app in apps.values() for _, _, roles in routes_of(app) for role in roles}
    assert used <= {ANYONE, AGENCY, *STAFF}
    assert {ANYONE, AGENCY, "coordinator", "supervisor"} <= used


def test_every_route_is_reached_through_the_front_and_by_one_service_only(apps: dict[str, Flask]) -> None:
    paths = {name: SERVICES[name].paths if name in SERVICES else ops.PATHS for name in apps}
    for name, app in apps.items():
        for rule, _, _ in routes_of(app):
            if not rule.rule.startswith(("/health/", "/metrics")):
                reached = {
                    other
                    for other, own in paths.items()
                    if any(rule.rule == path or rule.rule.startswith(f"{path}/") for path in own)
                }
                assert reached == {name}, rule.rule


def test_what_no_service_serves_is_404_and_a_wrong_method_405(hub: Hub) -> None:
    assert hub.front.get("/nowhere").status_code == 404
    assert hub.front.get("/v1/referralsandmore").status_code == 404
    assert hub.front.delete("/v1/referrals").status_code == 405
    assert hub.front.get("/v1/alerts/x/acknowledgement").status_code == 405


def test_health_is_told_to_anyone_by_each_service_and_by_the_front(hub: Hub, apps: dict[str, Flask]) -> None:
    for path in ("/health/live", "/health/ready"):
        assert [app.test_client().get(path).get_json()["status"] for app in apps.values()] == ["ok"] * 4
        assert hub.front.get(path).get_json() == {"status": "ok", **dict.fromkeys(SERVICES, "ok")}


@pytest.mark.parametrize(
    ("service", "database", "status"),
    [
        ("triage", "sqlite:///{home}/unprepared.db", "database not prepared"),
        ("intake", "postgresql+psycopg://nobody@127.0.0.1:1/nothing", "database away"),
    ],
)
def test_a_service_is_not_ready_while_its_database_is_away_or_has_no_tables(
    service: str, database: str, status: str, tmp_path: Path
) -> None:
    other = {f"{service}_database_url": database.format(home=tmp_path)}
    hub = embedded_hub(tmp_path / "home", None, tuple(SERVICES.values()), **other)
    told = hub.front.get("/health/ready")
    others = dict.fromkeys(SERVICES, "ok")
    assert (told.status_code, told.get_json()) == (503, {"status": "away"} | others | {service: "away"})
    own = hub.rooms[service].service.web(hub.rooms[service]).test_client()
    assert own.get("/health/ready").get_json() == {"status": status}
    assert own.get("/health/live").status_code == 200
    hub.close()


def test_a_view_that_does_not_say_who_may_use_it_is_used_by_nobody(hub: Hub) -> None:
    app = put_together(hub.rooms["triage"], "forgetful")
    app.add_url_rule("/open", "open", lambda: "everything")
    answer = app.test_client().get("/open", headers={"Authorization": f"Bearer {hub.token_of('supervisor')}"})
    assert answer.status_code == 500
    assert "everything" not in answer.text


def test_a_token_is_good_for_half_a_day(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    token = hub.token_of("supervisor")
    import time  # noqa: PLC0415

    late = time.time() + 12 * 3600 + 60
    monkeypatch.setattr(time, "time", lambda: late)
    assert hub.ask("/v1/alerts", token).status_code == 401
