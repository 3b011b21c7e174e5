"""The containers: what each may do, what it is told, and that it says whether it is well."""

import re
from typing import Any

import pytest

from services.every import SERVICES
from services.intake.api import MAX_BATCH_BODY
from services.intake.imports.api import MOST_SENT
from services.ops import service as ops
from shared.settings import SETTINGS
from shared.web import MAX_BODY
from tests.production.stack import DEPLOY, ROOT, containers, environment_of, read_compose

CONTAINERS = containers()
# They end when they have done what they are for.
FOR_A_WHILE = {"prepare", "hub"}
WEB = tuple(SERVICES)
WORKERS = tuple(f"{name}-worker" for name in SERVICES)

every_container = pytest.mark.parametrize("name", CONTAINERS)


def seconds(text: str) -> int:
    match = re.fullmatch(r"(\d+)(s|m)", text)
    assert match
    return int(match[1]) * {"s": 1, "m": 60}[match[2]]


def gunicorn_settings() -> dict[str, Any]:
    settings: dict[str, Any] = {}
    exec((DEPLOY / "gunicorn.conf.py").read_text(encoding="utf-8"), settings)  # noqa: S102 - as gunicorn does
    return settings


def test_every_service_has_its_http_and_its_worker() -> None:
    others = {"rabbitmq", "postgres", "prepare", "proxy", "watch", "ops", "hub"}
    assert set(CONTAINERS) == {*WEB, *WORKERS, *others}
    assert CONTAINERS["ops"]["command"][-1] == "services.wsgi:desk_of_ops()"
    for service in SERVICES:
        assert CONTAINERS[service]["command"][-1] == f'services.wsgi:app_of("{service}")'
        assert CONTAINERS[f"{service}-worker"]["command"] == ["hub", "work", service]


@every_container
def test_a_container_says_whether_it_is_well(name: str) -> None:
    check = CONTAINERS[name]["healthcheck"]
    if name in FOR_A_WHILE:
        assert check == {"disable": True}
    else:
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)
        assert seconds(check["timeout"]) < seconds(check["interval"])


@every_container
def test_a_container_cannot_take_the_machine_with_it(name: str) -> None:
    container = CONTAINERS[name]
    assert {"mem_limit", "pids_limit"} <= set(container)
    assert {"max-size", "max-file"} == set(container["logging"]["options"])


@every_container
def test_a_container_has_no_rights_over_the_machine(name: str) -> None:
    container = CONTAINERS[name]
    assert container["user"] not in ("root", "0", 0)
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["read_only"] is True
    assert not {"privileged", "cap_add", "pid", "network_mode", "devices"} & set(container)


@every_container
def test_only_the_proxy_can_be_reached_from_outside_and_only_from_this_machine(name: str) -> None:
    ports = CONTAINERS[name].get("ports", [])
    assert ports == (["127.0.0.1:${HUB_PORT:-8080}:8080"] if name == "proxy" else [])


def test_only_who_has_to_speak_to_somebody_outside_has_a_way_there() -> None:
    inside = {name for name, options in read_compose()["networks"].items() if (options or {}).get("internal")}
    way_out = {name for name, container in CONTAINERS.items() if set(container["networks"]) - inside}
    assert way_out == {"proxy", "intake", "intake-worker", "notify-worker", "watch"}
    # Whoever comes in through the proxy's port meets nobody but the proxy.
    assert [name for name, container in CONTAINERS.items() if "front" in container["networks"]] == ["proxy"]


def test_the_proxy_reaches_who_answers_and_nothing_that_holds_data() -> None:
    for name in (*WEB, "ops"):
        assert {"rooms", "back"} <= set(CONTAINERS[name]["networks"])
    for name in ("rabbitmq", "postgres", "prepare"):
        assert CONTAINERS[name]["networks"] == ["back"]
    assert "back" not in CONTAINERS["proxy"]["networks"]


@pytest.mark.parametrize("name", [*WEB, *WORKERS, "rabbitmq", "postgres", "proxy", "watch", "ops"])
def test_what_dies_is_started_again(name: str) -> None:
    assert CONTAINERS[name]["restart"] == "unless-stopped"


def test_whoever_starts_the_hub_does_not_wait_for_ever_for_what_cannot_be_prepared() -> None:
    # Compose waits for it as long as it is started again.
    assert re.fullmatch(r"on-failure:[1-9]", CONTAINERS["prepare"]["restart"])


@pytest.mark.parametrize("name", [*WEB, *WORKERS, "watch", "ops"])
def test_nothing_is_served_before_tables_and_queues_are_there(name: str) -> None:
    assert CONTAINERS[name]["depends_on"] == {"prepare": {"condition": "service_completed_successfully"}}


def test_whoever_watches_opens_no_seal_and_says_that_it_is_awake(hub_secrets: dict[str, str]) -> None:
    watch, hub = (environment_of(name, hub_secrets) for name in ("watch", "hub"))
    sender = environment_of("notify-worker", hub_secrets)
    # Beside what `hub` sees it has only the ways to people that notify's sender has.
    assert watch.items() <= (hub | sender | {"HUB_BROKER_URL": hub["HUB_BROKER_URL"]} | _keys_of(hub)).items()
    assert {hub_secrets["MESSAGE_KEYS"], hub_secrets["TRIAGE_SEALING_KEYS"]}.isdisjoint(watch.values())
    assert CONTAINERS["watch"]["command"] == ["hub", "watch", "--sign", "/tmp/looked"]  # noqa: S108
    assert CONTAINERS["watch"]["healthcheck"]["test"][-1] == "watch"


def test_the_desk_of_ops_knows_who_signed_in_and_opens_no_seal(hub_secrets: dict[str, str]) -> None:
    desk, hub = (environment_of(name, hub_secrets) for name in ("ops", "hub"))
    assert desk.pop("HUB_SESSION_SECRET") == hub_secrets["SESSION_SECRET"]
    assert desk.pop("WEB_CONCURRENCY") == "1"
    assert desk.items() <= hub.items()
    assert {hub_secrets["MESSAGE_KEYS"], hub_secrets["TRIAGE_SEALING_KEYS"]}.isdisjoint(desk.values())


def _keys_of(told: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if name.endswith(("_KEYS", "_KEY", "_SECRET"))}


def test_what_a_mail_server_took_is_noted_where_it_outlives_the_sender() -> None:
    for name in ("notify-worker", "watch"):
        assert "taken:/var/taken" in CONTAINERS[name]["volumes"]
        assert CONTAINERS[name]["environment"]["HUB_TAKEN_FILE"] == "/var/taken/journal"
    assert "/var/taken" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def test_whoever_prepares_knows_both_mailboxes_so_that_one_for_both_is_refused() -> None:
    told = CONTAINERS["prepare"]["environment"]
    assert {"HUB_BOUNCES_URL", "HUB_MAILBOX_URL"} <= told.keys()


def test_two_triage_workers_share_the_work() -> None:
    assert CONTAINERS["triage-worker"]["deploy"] == {"replicas": 2}


@pytest.mark.parametrize("name", [*WEB, *WORKERS])
def test_a_service_is_told_of_its_own_database_and_no_other(name: str, hub_secrets: dict[str, str]) -> None:
    service = name.removesuffix("-worker")
    told = environment_of(name, hub_secrets)
    urls = {key: value for key, value in told.items() if key.endswith("_DATABASE_URL")}
    assert list(urls) == [f"HUB_{service.upper()}_DATABASE_URL"]
    password = hub_secrets[f"{service.upper()}_DATABASE_PASSWORD"]
    assert [*urls.values()] == [
        f"postgresql+psycopg://hub_{service}:{password}@postgres:5432/{service}",
    ]


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_comes_to_the_broker_as_its_own_user(name: str, hub_secrets: dict[str, str]) -> None:
    service = name.removesuffix("-worker")
    password = hub_secrets[f"{service.upper()}_BROKER_PASSWORD"]
    told = environment_of(name, hub_secrets)["HUB_BROKER_URL"]
    assert told == f"amqp://hub-{service}:{password}@rabbitmq:5672/hub"


@pytest.mark.parametrize("name", WEB)
def test_what_answers_http_has_no_way_to_the_broker(name: str, hub_secrets: dict[str, str]) -> None:
    assert "HUB_BROKER_URL" not in environment_of(name, hub_secrets)


@every_container
def test_only_settings_that_exist_are_set(name: str) -> None:
    told = {key for key in CONTAINERS[name].get("environment", {}) if key.startswith("HUB_")}
    assert told <= {setting.name for setting in SETTINGS}


def test_the_broker_keeps_its_name() -> None:
    # Its data folder is named after it: with a name made anew at each start it would find itself empty.
    assert CONTAINERS["rabbitmq"]["hostname"] == "rabbitmq"


def test_the_broker_is_never_asked_as_root() -> None:
    # Its tools as root, before it has written its cookie, kill it.
    assert CONTAINERS["rabbitmq"]["user"] == "rabbitmq"


@pytest.mark.parametrize("name", WEB)
def test_docker_waits_longer_than_gunicorn_for_what_is_in_hand(name: str) -> None:
    assert seconds(CONTAINERS[name]["stop_grace_period"]) > gunicorn_settings()["graceful_timeout"]


def test_every_file_that_is_mounted_is_there() -> None:
    for container in CONTAINERS.values():
        for volume in container.get("volumes", []):
            source = volume["source"] if isinstance(volume, dict) else volume.partition(":")[0]
            if source.startswith("./") and not source.startswith("./deploy/secrets/"):
                assert (ROOT / source).is_file()


def test_nothing_goes_into_the_image_that_is_not_named() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(rule for rule in rules if rule and not rule.startswith("#")) == "*"
    assert not [rule for rule in rules if rule.startswith("!") and ("env" in rule or "secret" in rule)]


def test_the_image_installs_by_hash_and_does_not_run_as_root() -> None:
    build, last = re.split(r"(?m)^FROM python:3\.13-slim-trixie", (DEPLOY / "Dockerfile").read_text())[1:]
    assert "--require-hashes" in build
    assert "--no-deps --no-build-isolation --no-index" in build
    assert "USER hub" in last
    assert not re.search(r"apt-get|build-essential|pip install", last)


# ------------------------------------------------------------------------------------------ the proxy


def routing_of_the_proxy() -> list[tuple[re.Pattern[str], str]]:
    """The rows of the proxy's map, in order: nginx takes the first that fits."""
    text = (DEPLOY / "nginx" / "paths.conf").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^~(\S+)\s+(\w+);$", text)
    assert len(rows) == len([line for line in text.splitlines() if line and not line.startswith("#")])
    return [(re.compile(pattern), service) for pattern, service in rows]


def passed_to(path: str) -> str:
    return next((service for pattern, service in routing_of_the_proxy() if pattern.search(path)), "")


def test_the_proxy_knows_exactly_the_paths_of_the_services() -> None:
    known = {
        pattern.pattern.removeprefix("^").removesuffix("(/|$)"): service
        for pattern, service in routing_of_the_proxy()
    }
    stated = {path: name for name, service in SERVICES.items() for path in service.paths}
    stated |= dict.fromkeys(ops.PATHS, ops.NAME)
    assert known == stated, "deploy/nginx/paths.conf and the services' `paths` must say the same"


@pytest.mark.parametrize(
    ("path", "service"),
    [
        *((path, name) for name, service in SERVICES.items() for path in service.paths),
        *((path, ops.NAME) for path in ops.PATHS),
    ],
)
def test_the_proxy_passes_a_path_and_what_is_below_it_to_its_service(path: str, service: str) -> None:
    assert passed_to(path) == service
    assert passed_to(f"{path}/below") == service
    assert passed_to(f"{path}-and-more") == ""
    assert passed_to(f"/elsewhere{path}") == ""


def nginx_conf() -> str:
    return (DEPLOY / "nginx" / "nginx.conf").read_text(encoding="utf-8")


def test_a_body_that_a_service_would_refuse_reaches_it_and_a_larger_one_does_not() -> None:
    usual, *others = re.split(r"location = ", nginx_conf())
    places = {"": usual} | {other.split()[0]: other for other in others}
    most = {
        place: int(found[1]) * 1024
        for place, text in places.items()
        if (found := re.search(r"client_max_body_size (\d+)k;", text))
    }
    taken = {"": MAX_BODY, "/v1/referrals/batch": MAX_BATCH_BODY, "/v1/imports": MOST_SENT}
    assert most.keys() == taken.keys()
    for place, size in taken.items():
        assert size < most[place] < size * 1.2
    # What may be in the proxy's memory at the same moment leaves it some.
    at_once = re.search(r"limit_conn files (\d+);", places["/v1/imports"])
    assert at_once
    assert CONTAINERS["proxy"]["mem_limit"] == "256m"
    assert int(at_once[1]) * most["/v1/imports"] < 160 * 2**20


def test_the_proxy_waits_longer_than_gunicorn() -> None:
    match = re.search(r"proxy_read_timeout (\d+)s;", nginx_conf())
    assert match
    assert int(match[1]) > gunicorn_settings()["timeout"]


def test_the_callers_address_comes_through_the_proxy_and_from_nobody_else() -> None:
    conf = nginx_conf()
    # What ends TLS says it to the proxy, which replaces whatever came from further away.
    assert "real_ip_header X-Forwarded-For;" in conf
    assert "real_ip_recursive" not in conf
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in conf
    for service in (*WEB, "ops"):
        assert environment_of(service, {})["HUB_PROXIES"] == "1"


def test_the_proxy_logs_no_address() -> None:
    conf = nginx_conf()
    match = re.search(r"log_format told escape=json\s+([^;]+);", conf)
    assert match
    logged = set(re.findall(r"\$(\w+)", match[1]))
    assert not logged & {
        "request",
        "request_uri",
        "uri",
        "args",
        "query_string",
        "remote_addr",
        "http_referer",
    }
    assert re.findall(r"access_log ([^;]+);", conf) == ["/dev/stdout told if=$failed"]
    # Below this nginx's own error log quotes the request line.
    assert re.findall(r"error_log ([^;]+);", conf) == ["stderr crit"]


def test_a_referral_is_never_in_a_file_of_the_proxy() -> None:
    conf = nginx_conf()
    most = re.findall(r"client_max_body_size (\w+);", conf)
    assert most == re.findall(r"client_body_buffer_size (\w+);", conf)
    assert len(most) == 3
    assert "proxy_max_temp_file_size 0;" in conf
