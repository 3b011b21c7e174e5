"""A planted person is found nowhere: not in a database file, on the broker's disk, in a log or in a mail.

Every text in a referral, in amendments, in what is refused and in what cannot be handled carries one word
that no other text on earth does, next to an invented phone number, postcode and birth date. After a whole
run each byte that the hub left behind is searched for them, plain and in the usual disguises.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import io
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from click.testing import CliRunner

from services.cli import hub as command
from services.every import SERVICES
from shared.contracts import ReferralReceived
from shared.contracts.envelope import Message, Trace, wrap
from shared.identity import new_id
from shared.logs import log_to_stderr
from shared.messaging.carrier import Outgoing
from shared.messaging.consumer import Hearer
from shared.service import Room
from shared.web import Caller
from tests.pages.referring import A_REFERRAL, ADDRESS, NEEDED, SENT, Referring, Told
from tests.support.builders import Wire, a_referral
from tests.support.houses import Hub
from tests.support.postgresql_server import PostgreSQLServer
from tests.support.rabbitmq_server import RabbitMQServer
from tests.support.spreadsheets import AGENCY, MAPPING, Cells, a_csv, a_row

WORD = "Zqxjvkw"
PHONE, LANDLINE, POSTCODE, UPRN, BORN = (
    "07700 900973",
    "01632 960973",
    "DL1 9QJ",
    "990000973973",
    "1983-07-19",
)
# Coded fields and the agency's own record number: nobody can write a person into those.
NOT_FREE = {
    "source_record_id", "referred_at", "strand", "assessment_point", "need_identified_by", "initiated_by",
    "type", "justice_stage", "role", "channel", "safe", "wishes", "to", "decision", "accepted", "markers",
    "services_wanted", "started_on", "ended_on", "next_hearing_on", "confirmed_on", "decided_on",
    "contact_again_on", "on", "until",
}  # fmt: skip
OF_ITS_OWN_FORM = {
    "email": f"{WORD}@planted.example",
    "phone": LANDLINE,
    "postcode": POSTCODE,
    "uprn": UPRN,
    "date_of_birth": BORN,
}


def planted(part: Any, name: Any = "") -> Any:  # noqa: ANN401 - any JSON
    """The same referral with the word in each text that somebody may write freely."""
    if isinstance(part, dict):
        free = {"role": "role_of_referrer"} if "organisation" in part else {}
        scheme = {"scheme": "coded"} if part.get("scheme") == "crime" else {}
        changed = {
            key: planted(value, free.get(key, key)) for key, value in part.items() if key not in scheme
        }
        if part.get("channel") == "mobile":
            changed["value"] = PHONE
        return changed | {key: part[key] for key in scheme}
    if isinstance(part, list):
        return [planted(one, name) for one in part]
    if not isinstance(part, str) or name in NOT_FREE:
        return part
    return OF_ITS_OWN_FORM.get(name, f"{WORD} {name}".replace("_", " "))


def forms_of(text: str) -> set[str]:
    """The ways in which people and programs write the same thing down."""
    forms = {text, text.replace(" ", ""), text.replace("-", "")}
    return forms | ({text[1:].replace(" ", "")} if text.startswith("0") else set())


def disguises(text: str) -> set[bytes]:
    """How a text stands in bytes that are not plain text, where upper and lower case matter."""
    found: set[bytes] = set()
    for form in forms_of(text):
        for case in (form, form.lower(), form.upper()):
            raw = case.encode()
            # In the other order of bytes it is the same, one byte on.
            found.add(case.encode("utf-16-le")[:-1])
            for before in range(3):
                # What stands before and after changes the first and the last signs, never those between.
                whole = base64.b64encode(b"\0" * before + raw)
                inner = whole[(0, 2, 3)[before] : 8 * (before + len(raw)) // 6]
                if len(inner) >= 8:
                    found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def plainly(text: str) -> set[bytes]:
    """How it stands in plain text, in an address and in hexadecimal digits, all of it in lower case."""
    cases = {case.encode() for form in forms_of(text) for case in (form, form.lower(), form.upper())}
    return (
        {case.lower() for case in cases}
        | {case.hex().encode() for case in cases}
        | {quote(text).lower().encode()}
    )


def shortest(signs: set[bytes]) -> list[bytes]:
    """Without those that another one is part of: where the longer stands, the shorter does."""
    return [sign for sign in signs if not any(other != sign and other in sign for other in signs)]


TEXTS = (WORD, PHONE, LANDLINE, POSTCODE, UPRN, BORN)
PLAIN = shortest({sign for text in TEXTS for sign in plainly(text)})
DISGUISED = shortest({sign for text in TEXTS for sign in disguises(text)})


def leaks_in(content: bytes) -> list[bytes]:
    content = content.rstrip(b"\0")  # what a database has set aside and not written yet
    lower = content.lower()
    return [sign for sign in PLAIN if sign in lower] + [sign for sign in DISGUISED if sign in content]


def written_since(began: float, folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file that can hold the person: an older one cannot."""
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file() and path.stat().st_mtime >= began:
                yield path, path.read_bytes()
        except FileNotFoundError:  # the server took it away meanwhile
            continue


def search(began: float, folder: Path, *, must_find: str) -> None:
    """Nothing of the person in any file; and something that is no secret, so that the search is one."""
    found = False
    for path, content in written_since(began, folder):
        assert leaks_in(content) == [], path
        assert leaks_in(str(path).encode()) == []
        found |= must_find.encode() in content
    assert found, f"{must_find} should have been found in {folder}"


def test_the_search_finds_what_is_there() -> None:
    for hidden in (
        f"Ms {WORD}, {PHONE}".encode(),
        base64.b64encode(f'{{"name": "{WORD} Somebody"}}'.encode()),
        base64.b64encode(f"x{WORD.upper()}".encode() + b"y"),
        f"a{WORD.lower()}".encode("utf-16-le"),
        json.dumps({"p": "+447700900973"}).encode().hex().encode(),
        b"tel=07700%20900973",
        b"DL19QJ",
    ):
        assert leaks_in(b"before" + hidden + b"after"), hidden
    assert leaks_in(b"nothing of anybody in here") == []


def test_every_free_text_of_a_referral_is_planted() -> None:
    left = []

    def look(part: Any, name: str) -> None:  # noqa: ANN401 - any JSON
        if isinstance(part, dict):
            for key, value in part.items():
                look(value, key)
        elif isinstance(part, list):
            for one in part:
                look(one, name)
        elif isinstance(part, str) and not leaks_in(part.encode()):
            left.append(name)

    look(planted(a_referral()), "")
    assert set(left) <= NOT_FREE | {"scheme"}


def stumbling(room: Room) -> Mapping[type[Message], Hearer]:
    """Triage as it is, but for one record about which it fails, with the person in the error's words."""
    (contract, hearer), *_ = SERVICES["triage"].hears(room).items()

    def handle(message: ReferralReceived, unit: Any) -> object:  # noqa: ANN401
        if message.referral.source_record_id == "STUMBLE":
            name = message.referral.parties[0].name
            raise ValueError(str(name))
        return hearer.handle(message, unit)

    return {contract: Hearer(handle, hearer.prepare)}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, as it is in production, from the least serious event on."""
    root = logging.getLogger()
    before, stream = (root.handlers[:], root.level), io.StringIO()
    log_to_stderr("DEBUG")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:], root.level = before


def a_run_with_the_person(hub: Hub) -> str:
    """Referrals, amendments, repeats, poison and refusals with the person in them; all that was answered."""
    answers = []
    referral: Wire = planted(a_referral())
    answers.append(hub.post(referral))
    answers.append(hub.post(referral))
    hub.settle()
    referral["event"]["summary"] = f"{WORD} told it again."
    answers.append(hub.post(referral, **{"X-Correlation-ID": WORD, "User-Agent": WORD, "traceparent": WORD}))
    answers.append(hub.post(referral | {"source_record_id": "SECOND"}, "vip"))
    answers.append(hub.post(referral | {"source_record_id": "STUMBLE"}, "vip"))
    assert [answer.status_code for answer in answers] == [201, 200, 200, 201, 201], answers[0].text

    wrong: Wire = planted(a_referral())
    wrong |= {"strand": WORD, f"{WORD} unknown": WORD, "referred_at": f"{WORD}", "orders": WORD}
    wrong["parties"][0] |= {"date_of_birth": f"{WORD} 1983-07-19", "role": WORD, "contacts": [WORD]}
    wrong["event"] |= {"type": WORD, "started_on": BORN + "T", "references": [{"scheme": WORD, "value": 7}]}
    refused = [
        hub.post(wrong),
        hub.post([WORD]),
        hub.front.post(
            "/v1/referrals",
            data=f'{{"name": "{WORD}"'.encode(),
            headers={"Authorization": f"Bearer {hub.key_of('vcas')}", "Content-Type": "application/json"},
        ),
        hub.post(referral | {"event": {"type": "theft", "summary": WORD * 200_000}}),
        hub.ask(f"/v1/referrals/{WORD}?name={WORD}", hub.key_of("vcas")),
        hub.ask(f"/v1/{WORD}/{WORD}", hub.key_of("vcas")),
        hub.ask("/v1/referrals/R-0", f"{WORD} {PHONE}"),
        hub.front.post("/v1/tokens", json={"email": f"{WORD}@planted.example", "password": WORD}),
        hub.front.post("/v1/tokens", json={"email": [WORD], WORD + " x": WORD}),
    ]
    assert [answer.status_code for answer in refused] == [422, 422, 400, 413, 422, 404, 401, 401, 422]

    rows = [a_planted_row(1), a_planted_row(2, Category=""), a_planted_row(3) | {"Client D.O.B.": WORD}]
    file = hub.front.post(
        "/v1/imports",
        data={"file": (io.BytesIO(a_csv(rows)), f"{WORD}.csv"), "mapping": MAPPING},
        headers={"Authorization": f"Bearer {hub.key_of(AGENCY)}"},
    )
    assert file.status_code == 202, file.text

    a_practitioner_with_the_person(hub)
    poison(hub)
    for _ in range(8):
        hub.settle()
        hub.clock.move(hours=1)
    supervisor = {"Authorization": f"Bearer {hub.token_of('supervisor')}"}
    answers += [
        hub.front.post(f"/v1/alerts/{alert['id']}/acknowledgement", headers=supervisor, json={"note": WORD})
        for alert in hub.alerts()
    ]
    answers += [
        file,
        hub.ask(file.headers["Location"], hub.key_of(AGENCY)),
        hub.ask(f"{file.headers['Location']}/rows", hub.key_of(AGENCY)),
    ]
    assert [row["outcome"] for row in answers[-1].get_json()["rows"]] == ["new", "rejected", "rejected"]
    told = "\n".join(f"{answer.headers}{answer.text}" for answer in (*answers, *refused))
    return told + json.dumps(hub.links())


def a_practitioner_with_the_person(hub: Hub) -> None:
    """A form that was sent, and one that is a draft still; what the practitioner sees of it is theirs."""
    practitioner = Caller("practitioner", f"{WORD.lower()}@planted.example", agency="durham_constabulary")
    free = ("ref_name", "ref_role", "story", "crime", "p1_given", "p1_family", "p1_line1", "p1_post")
    own = {"p1_mobile": PHONE, "p1_postcode": POSTCODE, "p1_mobile_times": f"when {WORD} is out"}
    answers: Told = {**A_REFERRAL, **dict.fromkeys(free, f"{WORD} somebody"), **own}
    form = Referring(hub, practitioner)
    form.start()
    form.do_all(answers, NEEDED)
    form.press("send")
    assert form.question == SENT
    form.start()
    form.do("person", answers)
    form.open(f"{ADDRESS}/drafts/{WORD}/{WORD}?{WORD}={WORD}")
    assert form.page.status_code == 404
    without_account = Referring(hub)
    without_account.start()
    without_account.do("person", answers)


class _Broken(Message, frozen=True, kw_only=True):
    """What claims to be a referral and is not shaped like one."""

    reference: str = WORD
    referral: str = WORD
    travels: str = WORD


def a_planted_row(number: int, **changes: str) -> Cells:
    """A row of a file with the person in each cell that somebody may write freely."""
    free = {name: f"{WORD} {name}" for name in ("Client_Forename", "Client_Address", "Case_Officer")}
    own = {"Client_Surname": WORD, "Client_Tel": PHONE, "Client_Post_Code": POSTCODE}
    born = {"Client_D.O.B.": "19/07/1983", "Case_Notes": f"{WORD} told it to {LANDLINE}."}
    return a_row(number, **(free | own | born | changes))


def poison(hub: Hub) -> None:
    """A sealed message that breaks its contract in every field, with the person in each."""
    message_id, keys = new_id(), hub.rooms["intake"].keys.messages
    broken = type("Broken", (_Broken,), {"TYPE": ReferralReceived.TYPE, "subject": "R-0"}, frozen=True)()
    body = wrap(
        broken,
        id=message_id,
        source="intake",
        time=dt.datetime.now(dt.UTC),
        trace=Trace.begin(),
        causation_id="",
        keys=keys,
    )
    publisher = hub.house.broker.publisher()
    publisher.publish([Outgoing(message_id, ReferralReceived.TYPE, "referral.received.normal", body)])
    publisher.close()


def test_a_planted_person_is_found_nowhere(
    make_hub: Callable[..., Hub], logged: io.StringIO, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    services = [
        dataclasses.replace(service, hears=stumbling) if service.name == "triage" else service
        for service in SERVICES.values()
    ]
    began = time.time() - 1
    hub = make_hub(services=services)
    told = a_run_with_the_person(hub)
    case = next(link["case"] for link in hub.links().values() if link["case"])
    assert leaks_in(told.encode()) == []

    environment = dict(hub.environment)
    (tmp_path / "export.csv").write_bytes(a_csv([a_planted_row(4), a_planted_row(5, Category="")]))
    a_file = f"import {tmp_path}/export.csv --agency {AGENCY} --mapping {MAPPING}"
    output = "".join(
        CliRunner().invoke(command, words.split(), env=environment).output
        for words in (
            "parked list --all",
            "queues",
            "doctor",
            "export links",
            "agencies list",
            "staff list",
            f"{a_file} --dry-run",
            a_file,
        )
    )
    assert "broken_contract" in output
    assert "failed: ValueError" in output
    assert leaks_in(output.encode()) == []

    lines = logged.getvalue()
    assert "message parked" in lines
    assert "answered" in lines
    assert leaks_in(lines.encode()) == []
    assert case in "".join(mail["Subject"] for mail in hub.mails())

    # Embedded: databases with their write-ahead logs, keys, mails. Production: keys and mails.
    search(began, hub.settings.home, must_find=case)
    if not hub.house.broker.volatile:
        postgresql: PostgreSQLServer = request.getfixturevalue("postgresql")
        with psycopg.connect(postgresql.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        search(began, postgresql._data, must_find=case)
        assert leaks_in(postgresql._log.read_bytes()) == []
        rabbitmq: RabbitMQServer = request.getfixturevalue("rabbitmq")
        search(began, rabbitmq._data, must_find=ReferralReceived.TYPE)
        assert not any(leaks_in(content) for _, content in written_since(began, rabbitmq._log))
    else:
        kept = {path.name for path, _ in written_since(0, hub.settings.home)}
        assert {"intake.db", "intake.db-wal", "triage.db", "notify.db", "keys.json"} <= kept
