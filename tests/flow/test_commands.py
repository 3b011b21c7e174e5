"""The `hub` command: keys, accounts, what is parked, what is wrong, and a file of referrals sent again."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from services.cli import hub as command
from services.intake.service import INTAKE
from services.intake.webhooks.keep_webhook import put_webhook
from services.replay import Replay
from shared.clock import utc_now
from shared.identity import new_id
from shared.messaging.carrier import Outgoing
from shared.messaging.topology import QUEUES
from shared.sealing import new_key_text
from shared.sessions import has_ended
from tests.support.builders import an_account
from tests.support.houses import Hub
from tests.support.ports import free_port
from tests.support.spreadsheets import AGENCY, MAPPING, a_csv, a_row
from tests.support.web_server import serving

Run = Callable[..., Result]


@pytest.fixture
def run(hub: Hub) -> Iterator[Run]:
    """Type a command at this hub."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def typed(*words: str, **more: str) -> Result:
        return CliRunner().invoke(command, list(words), env=dict(hub.environment) | more, prog_name="hub")

    yield typed
    root.handlers[:], root.level = before


def poison(hub: Hub, body: bytes = b"this is no message") -> None:
    """Something that nobody can read comes to triage."""
    publisher = hub.house.broker.publisher()
    publisher.publish([Outgoing(new_id(), "referral.received", "referral.received.normal", body)])
    publisher.close()
    hub.settle()


def test_who_cannot_reach_a_database_is_told_why_and_no_password(run: Run) -> None:
    nowhere = f"postgresql+psycopg://somebody:invented-secret@127.0.0.1:{free_port()}/none"
    done = run("prepare", HUB_INTAKE_DATABASE_URL=nowhere)
    assert done.exit_code == 1
    assert "A database cannot be used" in done.output
    assert "127.0.0.1" in done.output
    assert "refused" in done.output
    assert "invented-secret" not in done.output


def test_a_new_key_of_an_agency_opens_until_it_is_revoked(hub: Hub, run: Run) -> None:
    key = run("agencies", "add", "vip").stdout.strip()
    assert hub.ask("/v1/referrals/R-0", key).status_code == 404
    listed = run("agencies", "list").stdout
    key_id = key.split("_")[1]
    (line,) = [line for line in listed.splitlines() if key_id in line]
    assert line.split()[0] == "vip"
    assert line.endswith("good")
    assert key not in listed
    assert run("agencies", "revoke", key_id).exit_code == 0
    hub.rooms["intake"].kept.clear()  # a key is believed for five seconds
    assert hub.ask("/v1/referrals/R-0", key).status_code == 401
    assert f"{key_id}" in run("agencies", "list").stdout
    assert hub.ask("/v1/referrals/R-0", hub.key_of("vip")).status_code == 404


def test_whoever_revokes_a_key_learns_of_a_webhook_that_it_may_have_set_and_can_end_it(
    hub: Hub, run: Run
) -> None:
    assert run("agencies", "webhook", "vip").stdout == "vip has no webhook.\n"
    with hub.rooms["intake"].unit() as unit:
        put_webhook("vip", "https://elsewhere.example/a-secret-of-theirs", unit)
    key = run("agencies", "add", "vip").stdout.strip()
    revoked = run("agencies", "revoke", key.split("_")[1]).stdout
    assert "hub agencies webhook vip" in revoked
    told = run("agencies", "webhook", "vip").stdout
    assert "elsewhere.example" in told
    assert "secret" not in told
    assert "taken away" in run("agencies", "webhook", "vip", "--remove").stdout
    assert run("agencies", "webhook", "vip").stdout == "vip has no webhook.\n"
    assert run("agencies", "webhook", "vip", "--remove").exit_code == 1
    assert run("agencies", "webhook", "nobody").exit_code == 1


def test_what_is_done_to_a_key_where_there_are_no_message_keys_holds_in_every_service(
    hub: Hub, run: Run
) -> None:
    # As in the container `hub`: nobody could open what it said.
    spare = {"HUB_MESSAGE_KEYS": new_key_text("m1"), "HUB_SEALING_KEYS": new_key_text("k1")}

    def check(key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        body = {"name": {"given": "Fable", "family": "Figment"}}
        return hub.front.post("/v1/person-checks", json=body, headers=headers).status_code

    key = run("agencies", "add", "vip", **spare).stdout.strip()
    hub.settle()
    assert check(key) == 200
    assert run("agencies", "revoke", key.split("_")[1], **spare).exit_code == 0
    hub.settle()
    assert check(key) == 401
    assert run("parked", "list").stdout == ""


def catch_up(hub: Hub) -> None:
    """Tokens are signed at the real time: let the hub's clock show it."""
    hub.clock.move(seconds=(utc_now() - hub.clock()).total_seconds())


def test_who_left_or_has_a_new_role_is_signed_out_of_every_service(hub: Hub, run: Run) -> None:
    # As in the container `hub`: nobody could open what it said.
    spare = {"HUB_MESSAGE_KEYS": new_key_text("m1"), "HUB_SEALING_KEYS": new_key_text("k1")}
    account = hub.credentials["staff"]["coordinator"]
    pages = ("/v1/cases", "/v1/alerts")

    def sign_in(password: str) -> TestResponse:
        return hub.front.post("/v1/tokens", json={"email": account["email"], "password": password})

    def opens(bearer: str) -> list[int]:
        return [hub.ask(page, bearer).status_code for page in pages]

    first = sign_in(account["password"]).get_json()["token"]
    colleague = hub.token_of("supervisor")
    assert opens(first) == opens(colleague) == [200, 200]
    catch_up(hub)
    changed = run("staff", "add", account["email"], "--role", "commissioner", **spare)
    hub.settle()
    assert opens(first) == [401, 401]
    with hub.rooms["intake"].database.reading() as connection:
        assert has_ended(connection, INTAKE.ended_sessions, account["email"], hub.clock())
    # Whoever signs in after that reads figures, and no case.
    again = sign_in(changed.stdout.strip()).get_json()
    assert (again["role"], opens(again["token"])) == ("commissioner", [403, 403])
    catch_up(hub)
    assert run("staff", "remove", account["email"].upper(), **spare).exit_code == 0
    hub.settle()
    assert opens(again["token"]) == [401, 401]
    assert sign_in(changed.stdout.strip()).status_code == 401
    assert opens(colleague) == [200, 200]
    assert account["email"] not in run("staff", "list").stdout
    assert run("parked", "list").stdout == ""
    nobody = run("staff", "remove", account["email"])
    assert (nobody.exit_code, "There is no account" in nobody.output) == (1, True)


def test_a_new_account_signs_in_with_the_password_that_was_printed(hub: Hub, run: Run) -> None:
    given = ("staff", "add", "New.Person@referral-hub.example", "--role", "coordinator")
    password = run(*given, "--team", "restorative_cleveland").stdout.strip()
    signed_in = hub.front.post(
        "/v1/tokens", json={"email": "new.person@referral-hub.example", "password": password}
    )
    assert signed_in.get_json()["team"] == "restorative_cleveland"
    assert "new.person@referral-hub.example" in run("staff", "list").stdout
    assert password not in run("staff", "list").stdout
    again = run(*given, "--password", "another invented password")
    assert again.stdout == "Password set.\n"
    # A new password is all that was asked for: they work where they worked before.
    renewed = hub.front.post(
        "/v1/tokens",
        json={"email": "new.person@referral-hub.example", "password": "another invented password"},
    )
    assert renewed.get_json()["team"] == "restorative_cleveland"
    refused = hub.front.post(
        "/v1/tokens", json={"email": "new.person@referral-hub.example", "password": password}
    )
    assert refused.status_code == 401


def test_a_practitioner_gets_an_account_with_an_agency_and_nobody_else_has_one(hub: Hub, run: Run) -> None:
    given = ("staff", "add", "officer@police.example", "--role", "practitioner")
    password = run(*given, "--agency", "durham_constabulary").stdout.strip()
    signed_in = hub.front.post("/v1/tokens", json={"email": "officer@police.example", "password": password})
    assert signed_in.get_json()["agency"] == "durham_constabulary"
    assert re.search(
        r"^officer@police\.example +practitioner +durham_constabulary$",
        run("staff", "list").stdout,
        re.MULTILINE,
    )
    assert run(*given).exit_code == 0  # a new password, and the agency as before
    new = ("staff", "add", "another@police.example", "--role", "practitioner")
    for wrong in (new, (*new, "--agency", "nowhere")):
        refused = run(*wrong)
        assert refused.exit_code == 1
        assert "A practitioner needs an agency of the directory. It has: vcas," in refused.output
    refused = run("staff", "add", "a@b.example", "--role", "ops", "--agency", "vcas")
    assert (refused.exit_code, "refers for no agency" in refused.output) == (1, True)


def test_what_is_parked_is_listed_shown_replayed_and_dropped(hub: Hub, run: Run) -> None:
    poison(hub)
    listed = run("parked", "list")
    (line,) = listed.stdout.splitlines()
    parked_id, service, queue, *_ = line.split()
    assert (service, queue) == ("triage", "triage.normal")
    assert "undecodable" in line
    shown = run("parked", "show", parked_id).stdout
    assert re.search(r"^reason +undecodable$", shown, re.MULTILINE)
    assert "this is no message" not in listed.output + shown
    assert "1 parked" in run("queues").stdout
    assert run("parked", "replay").exit_code == 2  # neither a message nor --all
    assert run("parked", "replay", parked_id).exit_code == 0
    hub.clock.move(minutes=10)
    hub.settle()
    assert re.search(r"^attempts +2$", run("parked", "show", parked_id).stdout, re.MULTILINE)
    assert run("parked", "replay", "--all").stdout == f"{parked_id} will be tried again\n"
    assert run("parked", "drop", parked_id).exit_code == 1  # nobody said yes
    assert run("parked", "drop", "--yes", parked_id).stdout == f"{parked_id} dropped\n"
    assert run("parked", "list", "--all").stdout == ""


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
@pytest.mark.parametrize("words", [("replay",), ("replay", "--all"), ("drop", "--yes")])
def test_what_somebody_else_has_settled_meanwhile_is_told_as_gone(
    hub: Hub, run: Run, words: tuple[str, ...]
) -> None:
    poison(hub)
    poison(hub, b"nor is this")
    ids = [line.split()[0] for line in run("parked", "list").stdout.splitlines()]
    triage = hub.rooms["triage"]
    held = triage.service.tables.held.name
    # Whoever touches one of them finds that somebody else has dropped the other in the same moment.
    with triage.database.transaction() as connection:
        for touched in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER meanwhile_{touched} AFTER {touched} ON {held} BEGIN DELETE FROM {held} "  # noqa: S608 - names of our own
                f"WHERE id <> OLD.id; END"
            )
    every = "--all" in words
    done = run("parked", *words, *(() if every else ids))
    first, second = done.stdout.splitlines()
    assert first == f"{ids[0]} {'dropped' if 'drop' in words else 'will be tried again'}"
    assert second == f"{ids[1]} is gone: it was dropped, or tried again and handled"
    # Whoever said --all meant what is parked, and has it.
    assert done.exit_code == (0 if every else 1)


def test_of_messages_that_are_named_those_that_are_there_are_tried_again(hub: Hub, run: Run) -> None:
    poison(hub)
    (line,) = run("parked", "list").stdout.splitlines()
    parked_id, unknown = line.split()[0], str(new_id())
    done = run("parked", "replay", unknown, parked_id)
    assert (done.exit_code, done.stdout) == (1, f"{parked_id} will be tried again\n")
    assert f"no parked message with this id: {unknown}" in done.stderr
    assert run("parked", "replay", "--all", parked_id).exit_code == 2  # the one or the other


def test_what_is_parked_is_told_while_a_database_is_away(hub: Hub, run: Run, tmp_path: Path) -> None:
    poison(hub)
    (line,) = run("parked", "list").stdout.splitlines()
    away = {"HUB_INTAKE_DATABASE_URL": f"sqlite:///{tmp_path}/empty.db"}
    listed = run("parked", "list", **away)
    assert (listed.exit_code, listed.stdout) == (1, f"{line}\n")
    assert "intake: its database cannot be read" in listed.stderr
    assert "A database cannot be used" in listed.stderr
    # What is found is tried again; of what is not nobody can say that there is none.
    assert run("parked", "replay", line.split()[0], **away).exit_code == 0
    lost = run("parked", "replay", str(new_id()), **away)
    assert (lost.exit_code, "A database cannot be used" in lost.stderr) == (1, True)
    assert "There is no parked message" not in lost.stderr


def test_what_is_dropped_where_there_are_no_keys_is_not_said_again_either(hub: Hub, run: Run) -> None:
    # As in the container `hub`, which can open nothing.
    spare = {"HUB_MESSAGE_KEYS": new_key_text("m1"), "HUB_SEALING_KEYS": new_key_text("k1")}
    hub.take(an_account("UNREAD"))
    outbox = hub.rooms["intake"].service.tables.outbox
    with hub.rooms["intake"].database.transaction() as connection:
        (sealed,) = connection.execute(select(outbox.c.body)).scalars()
        # Said by a version that is newer than triage.
        newer = sealed.replace(b'"referral.received"', b'"referral.imagined"')
        connection.execute(update(outbox).values(body=newer))
    hub.settle()
    (line,) = run("parked", "list", **spare).stdout.splitlines()
    assert "unknown_type" in line
    assert run("reconcile", **spare).exit_code == 0
    assert run("parked", "drop", "--yes", line.split()[0], **spare).exit_code == 0
    assert re.search(r"^intake +0 to be said again$", run("reconcile", **spare).stdout, re.MULTILINE)
    hub.settle()
    assert run("parked", "list", **spare).stdout == ""


def test_the_doctor_finds_a_healthy_hub_well_and_a_parked_message_ill(hub: Hub, run: Run) -> None:
    hub.settle()
    well = run("doctor")
    assert (well.exit_code, "ILL" in well.stdout) == (0, False)
    assert "ok   intake relay: nothing unsent" in well.stdout
    poison(hub)
    ill = run("doctor")
    assert ill.exit_code == 1
    assert "ILL  triage held: 1 parked, 0 to be tried again" in ill.stdout
    assert "→ See `hub parked list`" in ill.stdout


def test_queues_tell_what_waits_where(hub: Hub, run: Run) -> None:
    hub.take(an_account("WAITS"))
    before = run("queues").stdout
    assert re.search(r"service +intake +1 unsent, 0 to be tried again, 0 parked", before)
    hub.settle()
    after = run("queues").stdout
    assert re.search(r"service +intake +0 unsent", after)
    assert ("queue    triage.urgent            0 ready" in after) is not hub.house.broker.volatile


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
def test_queues_tell_from_outside_what_waits_inside_the_embedded_hub(hub: Hub, run: Run) -> None:
    def waiting() -> dict[str, int]:
        found = re.findall(r"^queue +(\S+) +(\d+) not heard yet$", run("queues").stdout, re.MULTILINE)
        return {queue: int(count) for queue, count in found}

    nothing = dict.fromkeys((queue.name for queue in QUEUES if queue.bindings), 0)
    hub.take(an_account("HEARD"))
    hub.settle()
    assert waiting() == nothing
    for number in range(3):
        hub.take(an_account(f"WAITS-{number}"))
    intake, triage, _ = hub.house._desks
    intake.relay.step(hub.clock())
    assert waiting() == nothing | {"triage.normal": 3}
    triage.consumer.step(hub.house._hearings["triage"], 0)
    triage.relay.step(hub.clock())
    # They joined the case that was heard of: intake learns it, and notify only what no message may hold.
    assert waiting()["triage.normal"] == 0
    assert waiting()["intake.events"] == 3
    hub.settle()
    assert waiting() == nothing


def test_queues_tell_what_can_be_told_while_the_broker_or_a_database_is_away(
    hub: Hub, run: Run, tmp_path: Path
) -> None:
    hub.take(an_account("WAITS"))
    away = run("queues", HUB_BROKER_URL=f"amqp://127.0.0.1:{free_port()}")
    assert (away.exit_code, "RabbitMQ cannot be reached" in away.stderr) == (1, True)
    assert re.search(r"service +intake +1 unsent, 0 to be tried again, 0 parked", away.stdout)
    empty = run("queues", HUB_TRIAGE_DATABASE_URL=f"sqlite:///{tmp_path}/empty.db")
    assert (empty.exit_code, "A database cannot be used" in empty.stderr) == (1, True)
    assert re.search(r"service +intake +1 unsent", empty.stdout)
    assert re.search(r"service +triage +its database cannot be read", empty.stdout)
    assert re.search(r"service +notify +0 unsent", empty.stdout)


def test_links_are_exported_a_line_for_each_record(hub: Hub, run: Run) -> None:
    hub.take(an_account("SEEN"))
    hub.settle()
    hub.take(an_account("UNSEEN"), "vip")
    lines = [json.loads(line) for line in run("export", "links").stdout.splitlines()]
    assert {f"{line['agency']}:{line['source_record_id']}": line for line in lines} == hub.links()
    (unseen,) = [line for line in lines if line["source_record_id"] == "UNSEEN"]
    assert (unseen["case"], unseen["people"], unseen["review"]) == (None, None, None)


def test_reconcile_says_again_what_was_not_heard(hub: Hub, run: Run) -> None:
    def said_again() -> str:
        (count,) = re.findall(r"^intake +(\d+) to be said again$", run("reconcile").stdout, re.MULTILINE)
        return str(count)

    hub.take(an_account("LOST"))
    intake, *_ = hub.house._desks
    assert intake.relay.step(hub.clock()) == 1
    assert said_again() == "1"
    hub.settle()
    assert said_again() == "0"
    assert len(hub.alerts()) == 1


@pytest.fixture
def address(hub: Hub) -> Iterator[str]:
    """The hub on a port."""
    with serving(hub) as address:
        yield address


def test_a_file_is_replayed_and_every_line_is_counted(
    hub: Hub, run: Run, address: str, tmp_path: Path
) -> None:
    def line(agency: str, referral: object) -> str:
        return json.dumps({"agency": agency, "referral": referral})

    good = [
        line("vcas", an_account("1")),
        line("vip", an_account("1")),
        line("vcas", an_account("2", family="Two")),
        line("vcas", an_account("2", family="Two")),
        line("vcas", an_account("2", family="Twice")),
        "",
    ]
    bad = [
        "no json",
        "[]",
        line("nobody", an_account("3")),
        line("vip", an_account("4", kind="planted word")),
    ]
    file = tmp_path / "referrals.ndjson"

    file.write_text("\n".join(good), encoding="utf-8")
    clean = run("replay", str(file), "--url", address)
    assert clean.exit_code == 0, clean.output
    assert re.findall(r"^ *(\d+) (.+)$", clean.stdout, re.MULTILINE) == [
        ("2", "known (repeats and amendments)"),
        ("3", "new"),
    ]

    file.write_text("\n".join([*bad, line("vip", an_account("5", family="Five"))]), encoding="utf-8")
    unclean = run("replay", str(file), "--url", address, "--workers", "1", "--rate", "500", "--bulk")
    assert unclean.exit_code == 1
    assert re.findall(r"^ *(\d+) (.+)$", unclean.stdout, re.MULTILINE) == [
        ("1", "new"),
        ("3", "not read"),
        ("1", "refused"),
    ]
    assert "line 4: 422" in unclean.stderr
    assert "/event/type" in unclean.stderr
    assert "planted word" not in unclean.output
    assert "4 lines were not taken" in unclean.stderr
    hub.settle()
    assert {"vcas:1", "vip:1", "vcas:2", "vip:5"} == set(hub.links())


def test_a_hub_that_does_not_answer_is_told_at_once_and_not_waited_for_with_every_line() -> None:
    lines = [json.dumps({"agency": "vcas", "referral": {"source_record_id": str(n)}}) for n in range(20)]
    told: list[str] = []
    nowhere = f"http://localhost:{free_port()}"
    posting = Replay(nowhere, {"vcas": "x"}, workers=1, rate=0, bulk=False, tries=2, tell=told.append)
    report = posting.run(lines, lambda: None)
    assert report.outcomes == {"no answer": 20}
    assert len(told) == 1
    assert "does not answer" in told[0]


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("agencies", "add", "nobody"),
            "There is no agency nobody. The directory has: community_peer_mentors",
        ),
        (("agencies", "revoke", "nokeyatall"), "There is no key with this id"),
        (("staff", "add", "a@b.example", "--role", "coordinator", "--team", "none"), "There is no team none"),
        (("staff", "add", "a@b.example", "--role", "coordinator"), "A coordinator needs a team"),
        (("staff", "add", "nobody", "--role", "ops"), "This is no e-mail address"),
        (
            ("staff", "add", "a@b.example", "--role", "ops", "--password", "short"),
            "A password has 12 to 200 characters",
        ),
        (("parked", "show", str(new_id())), "There is no parked message with this id"),
        (("parked", "replay", str(new_id())), "There is no parked message with this id"),
        (("parked", "drop", "--yes", str(new_id())), "There is no parked message with this id"),
        (("replay", "/dev/null", "--credentials", "/nowhere"), "/nowhere cannot be read as credentials"),
        (("replay", "/dev/null", "--credentials", "{folder}/list"), "/list cannot be read as credentials"),
        (("replay", "/dev/null", "--credentials", "{folder}/odd"), "/odd cannot be read as credentials"),
        (("replay", "{folder}/bytes", "--credentials", "{folder}/none"), "/bytes is not UTF-8"),
        (("areas", "load", "{folder}/bytes"), "/bytes is no CSV file in UTF-8"),
        (
            ("mapping", "form", "first", "/nowhere/form.xlsx"),
            "/nowhere/form.xlsx: No such file or directory.",
        ),
        (("teams", "export", "/nowhere/teams.json"), "/nowhere/teams.json: No such file or directory."),
        (
            ("match", "train", "/dev/null", "/dev/null", "--out", "/nowhere/m.json"),
            "There is no folder /nowhere",
        ),
        (
            ("import", "/dev/null", "--agency", "vcas", "--mapping", "/nowhere/m.yaml"),
            "/nowhere/m.yaml cannot be read as a column mapping: No such file or directory.",
        ),
        (("up", "--home", "{folder}/bytes"), "/bytes: File exists."),
        (("work", "triage"), "HUB_BROKER_URL is memory://, and that is in the process of `hub up`"),
        (("serve", "triage", "--host", "no.such.host.invalid"), "Cannot serve on no.such.host.invalid:8080"),
    ],
)
def test_what_cannot_be_done_is_one_plain_sentence(
    run: Run, words: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "list").write_text("[]", encoding="utf-8")
    (tmp_path / "odd").write_text('{"agencies": {"vcas": "no object"}}', encoding="utf-8")
    (tmp_path / "none").write_text('{"agencies": {}}', encoding="utf-8")
    result = run(*(word.replace("{folder}", str(tmp_path)) for word in words))
    assert result.exit_code == 1
    assert told in result.stderr
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("up", "--port", "99999"), "99999 is not in the range"),
        (("serve", "triage", "--port", "-1"), "-1 is not in the range"),
        (("watch", "--every", "0"), "0.0 is not in the range"),
        (("keys", "new", "a:b"), "An id is made of letters and digits"),
        (("parked", "list", "--limit", "9" * 30), "is not in the range"),
        (("routing", "trial", "/dev/null", "--last", "-3"), "-3 is not in the range"),
        (("replay", "/dev/null", "--rate", "-1"), "-1.0 is not in the range"),
        (("replay", "/dev/null", "--url", "localhost"), "localhost is no address of a hub"),
        (("replay", "/dev/null", "--url", "http://"), "is no address of a hub"),
        (("replay", "/dev/null", "--url", "http://[::1"), "is no address of a hub"),
    ],
)
def test_what_is_typed_wrong_is_told_at_once_with_the_usage(
    run: Run, words: tuple[str, ...], told: str
) -> None:
    result = run(*words)
    assert (result.exit_code, told in result.stderr) == (2, True), result.output
    assert result.stderr.startswith("Usage: hub ")


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
def test_rejected_rows_that_cannot_be_written_are_counted_all_the_same(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(a_csv([a_row(1, Category="")]))
    # As where the folder is somebody else's: nothing can be put in its place.
    (tmp_path / "export.csv.rejected.csv").mkdir()
    result = run("import", str(file), "--agency", AGENCY, "--mapping", MAPPING)
    assert result.exit_code == 1
    assert "1 of 1 rows were not taken. They cannot be written beside it" in result.stderr
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
def test_whoever_has_read_enough_ends_the_command_quietly(hub: Hub) -> None:
    (reading, writing) = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "services.cli", "mapping", "fields"],
            stdout=closed, stderr=subprocess.PIPE, env=os.environ | dict(hub.environment), check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)
def test_wrong_settings_and_databases_that_are_not_ready_are_plain_sentences(
    run: Run, tmp_path: Path
) -> None:
    unknown = run("queues", HUB_COLOUR="red", HUB_OUTBOX_DAYS="many")
    assert unknown.exit_code == 1
    assert "HUB_COLOUR: there is no such setting" in unknown.stderr
    assert "HUB_OUTBOX_DAYS" in unknown.stderr
    no_keys = run("queues", HUB_HOME=str(tmp_path / "empty"))
    assert no_keys.exit_code == 1
    assert "HUB_SEALING_KEYS" in no_keys.stderr
    assert f"There are no keys in {tmp_path}/empty/keys.json" in no_keys.stderr
    no_key = run("queues", HUB_SEALING_KEYS="invented-secret")
    assert (no_key.exit_code, "HUB_SEALING_KEYS: a key" in no_key.stderr) == (1, True)
    assert "invented-secret" not in no_key.output
    assert "HUB_LOG_LEVEL" in run("queues", HUB_LOG_LEVEL="loud").stderr
    assert "must begin with memory: or amqp:" in run("queues", HUB_BROKER_URL="nonsense").stderr
    for words in ("queues", "prepare"):
        away = run(words, HUB_BROKER_URL=f"amqp://localhost:{free_port()}")
        assert away.exit_code == 1
        assert "Start it, or check HUB_BROKER_URL." in away.stderr
    (tmp_path / "keys.json").write_text('{"HUB_SEALING_KEYS": "k1:inv', encoding="utf-8")
    for command_line in ("queues", "keys rotate"):
        damaged = run(*command_line.split(), HUB_HOME=str(tmp_path))
        assert (damaged.exit_code, f"{tmp_path}/keys.json is damaged" in damaged.stderr) == (1, True)
        assert "k1:inv" not in damaged.output
    for address in ("mysql://invented-secret@host/name", "invented-secret"):
        unknown = run("queues", HUB_TRIAGE_DATABASE_URL=address)
        named = "HUB_TRIAGE_DATABASE_URL must begin with sqlite:/// or" in unknown.stderr
        assert (unknown.exit_code, named) == (1, True)
        assert "invented-secret" not in unknown.output
    unprepared = run("agencies", "list", HUB_INTAKE_DATABASE_URL=f"sqlite:///{tmp_path}/unprepared.db")
    assert unprepared.exit_code == 1
    assert "run `hub prepare`" in unprepared.stderr
    assert "SELECT" not in unprepared.output
    assert isinstance(unprepared.exception, SystemExit)
