"""Teams travel as Open Referral UK, and come back the same."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cli import hub as command
from services.triage.domain.teams.assigning import LEVELS
from services.triage.open_referral import as_yaml, read_services, write_services
from services.triage.read_tables import read_areas
from services.triage.read_teams import BadTeams, read_teams
from shared.directory import DEFAULT, Directory

A, B, C = "a@hub.example", "b@hub.example", "c@hub.example"


def a_directory(folder: Path) -> Path:
    """The hub's own, with three coordinators in one team, of whom one is on leave for ever."""
    path = folder / "directory.yaml"
    text = DEFAULT.read_text(encoding="utf-8")
    more = "".join(
        f"  - {{role: coordinator, email: {email}, team: restorative_cleveland{leave}}}\n"
        for email, leave in (
            (A, ""),
            (B, ""),
            (C, ", leave: [{first: 2020-01-01, last: 2099-12-31}], cover: " + A),
        )
    )
    path.write_text(text + more, encoding="utf-8")
    return path


def run(*words: object, **environment: str) -> Result:
    return CliRunner().invoke(command, ["teams", *map(str, words)], env=environment)


# The objects of the Human Services Data Specification 3.0 that an export has, as its reference publishes them
# (docs.openreferral.org, schema reference): the fields with type and format, and which are required; a
# service has a url too in the profile of Open Referral UK. Nothing that it does not know is written.
UUID_TEXT: dict[str, Any] = {"type": "string", "format": "uuid"}
TEXT: dict[str, Any] = {"type": "string"}
EMAIL: dict[str, Any] = {"type": "string", "format": "email"}
URI: dict[str, Any] = {"type": "string", "format": "uri"}
NUMBER: dict[str, Any] = {"type": "number"}


def an_object(required: str, texts: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """An object with fields of plain text, and others that are more than that."""
    return {
        "type": "object",
        "properties": dict.fromkeys(texts.split(), TEXT) | fields,
        "required": required.split(),
        "additionalProperties": False,
    }


ATTRIBUTE = an_object(
    "id",
    "link_type value",
    id=UUID_TEXT,
    link_id=UUID_TEXT,
    taxonomy_term_id=UUID_TEXT,
    link_entity={"enum": ["service", "contact"]},
)
ATTRIBUTES = {"type": "array", "items": ATTRIBUTE}
CONTACT = an_object(
    "id",
    "name title department",
    id=UUID_TEXT,
    organization_id=UUID_TEXT,
    service_id=UUID_TEXT,
    email=EMAIL,
    attributes=ATTRIBUTES,
)
SERVICE_AREA = an_object(
    "id", "name description extent extent_type", id=UUID_TEXT, service_id=UUID_TEXT, uri=URI
)
ORGANIZATION = an_object(
    "id name description", "name alternate_name description", id=UUID_TEXT, email=EMAIL, website=URI, uri=URI
)
SERVICE = an_object(
    "id name status url organization",
    "name alternate_name description alert",
    id=UUID_TEXT,
    url=URI,
    email=EMAIL,
    status={"enum": ["active", "inactive", "defunct", "temporarily closed"]},
    minimum_age=NUMBER,
    maximum_age=NUMBER,
    assured_date={"type": "string", "format": "date"},
    assurer_email=EMAIL,
    last_modified={"type": "string", "format": "date-time"},
    organization=ORGANIZATION,
    service_areas={"type": "array", "items": SERVICE_AREA},
    contacts={"type": "array", "items": CONTACT},
    attributes=ATTRIBUTES,
)
PAGE = an_object(
    "total_items total_pages page_number size first_page last_page empty contents",
    "",
    **dict.fromkeys(("total_items", "total_pages", "page_number", "size"), NUMBER),
    first_page={"type": "boolean"},
    last_page={"type": "boolean"},
    empty={"type": "boolean"},
    contents={"type": "array", "items": SERVICE},
)
HSDS = jsonschema_rs.Draft202012Validator(PAGE, validate_formats=True)


def check_page(page: dict[str, Any]) -> None:
    """A page of services is one of HSDS 3.0; every identifier is used once, and every link leads to one."""
    assert [error.message for error in HSDS.iter_errors(page)] == []
    assert page["total_items"] == page["size"] == len(page["contents"])
    parts = [
        part
        for service in page["contents"]
        for part in (
            service,
            service["organization"],
            *service["service_areas"],
            *service["contacts"],
            *service["attributes"],
            *(attribute for contact in service["contacts"] for attribute in contact["attributes"]),
        )
    ]
    assert len({part["id"] for part in parts}) == len(parts)
    ids = {part["id"] for part in parts}
    assert all(part["link_id"] in ids for part in parts if "link_id" in part)


def test_the_hub_s_own_directory_is_exported_as_the_specification_has_it() -> None:
    directory = Directory.read()
    areas = read_areas().authorities
    page = write_services(directory, read_teams("", directory), areas, "https://hub.example")
    check_page(page)
    assert {service["name"] for service in page["contents"]} == {t.name for t in directory.teams.values()}
    # The check bites: a field that is none, and an identifier that is none.
    for part, value in (("mood", "good"), ("id", "7"), ("status", "asleep")):
        wrong = json.loads(json.dumps(page))
        wrong["contents"][0][part] = value
        with pytest.raises(AssertionError):
            check_page(wrong)


STAFF = [one.email for one in Directory.read().staff]
MEMBERS = st.lists(
    st.fixed_dictionaries(
        {
            "email": st.sampled_from(STAFF),
            "level": st.sampled_from(LEVELS),
            "room": st.integers(1, 500),
        }
    ),
    max_size=4,
    unique_by=lambda one: one["email"],
)
TEAMS = st.dictionaries(
    st.sampled_from(sorted(Directory.read().teams)),
    st.fixed_dictionaries(
        {
            "takes": st.lists(st.sampled_from(["crime", "dispute"]), min_size=1, unique=True),
            "areas": st.lists(st.sampled_from(sorted(read_areas().authorities)), unique=True),
            "members": MEMBERS,
            "facilitators": MEMBERS,
        },
        optional={
            "room": st.integers(0, 5000),
            "verified_on": st.dates(dt.date(2000, 1, 1), dt.date(2099, 1, 1)),
        },
    ),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(teams=TEAMS)
def test_whatever_is_exported_is_imported_the_same(
    tmp_path_factory: pytest.TempPathFactory, teams: dict[str, Any]
) -> None:
    directory, folder = Directory.read(), tmp_path_factory.mktemp("round")
    (folder / "own.yaml").write_bytes(msgspec.yaml.encode({"teams": teams}))
    before = read_teams(str(folder / "own.yaml"), directory)
    page = write_services(directory, before, read_areas().authorities, "https://hub.example")
    check_page(page)
    imported = read_services(json.loads(json.dumps(page)), directory)
    assert imported.not_placed == []
    (folder / "again.yaml").write_bytes(msgspec.yaml.encode(as_yaml(imported)))
    after = read_teams(str(folder / "again.yaml"), directory)
    assert after == before
    # And once more: what was imported is exported as the same page.
    assert write_services(directory, after, read_areas().authorities, "https://hub.example") == page


def test_teams_travel_as_open_referral_uk_and_come_back_the_same(tmp_path: Path) -> None:
    directory = a_directory(tmp_path)
    own = tmp_path / "own.yaml"
    own.write_text(
        "teams:\n  restorative_cleveland:\n    takes: [crime]\n"
        "    areas: [E06000001, E06000002]\n    room: 120\n"
        f"    members: [{{email: {A}, level: intermediate, room: 30}}, {{email: {B}}}]\n",
        encoding="utf-8",
    )
    settings = {"HUB_DIRECTORY": str(directory), "HUB_TEAMS": str(own), "HUB_HOME": str(tmp_path)}
    exported, again = tmp_path / "teams.json", tmp_path / "again.yaml"
    assert run("export", exported, **settings).exit_code == 0
    page = json.loads(exported.read_text(encoding="utf-8"))
    check_page(page)
    (cleveland,) = [one for one in page["contents"] if one["name"] == "Restorative Cleveland"]
    assert [area["uri"].rsplit("/", 1)[1] for area in cleveland["service_areas"]] == [
        "E06000001",
        "E06000002",
    ]
    assert cleveland["service_areas"][0]["name"] == "Hartlepool"
    imported = run("import", exported, again, **settings)
    assert imported.exit_code == 0, imported.output
    read = Directory.read(str(directory))
    before, after = read_teams(str(own), read), read_teams(str(again), read)
    assert after.work == before.work


def test_what_cannot_be_placed_is_told(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.json"
    service = {
        "id": "00000000-0000-0000-0000-000000000000",
        "name": "Restorative Cleveland",
        "service_areas": [{"id": "x", "name": "Everywhere"}],
        "contacts": [{"id": "y", "email": "stranger@elsewhere.example"}],
    }
    theirs.write_text(json.dumps([service, {"name": "A service that we do not know"}]), encoding="utf-8")
    told = run("import", theirs, tmp_path / "new.yaml", HUB_HOME=str(tmp_path))
    assert told.exit_code == 0, told.output
    for part in (
        "1 service areas have no GSS code",
        "stranger@elsewhere.example is not staff",
        "do not know",
    ):
        assert part in told.output
    assert run("import", theirs, tmp_path / "new.yaml").exit_code == 1
    theirs.write_text("no json", encoding="utf-8")
    assert "is not JSON" in run("import", theirs, tmp_path / "other.yaml").output


def test_capitals_in_an_address_make_nobody_else_of_them(tmp_path: Path) -> None:
    directory, teams = a_directory(tmp_path), tmp_path / "teams.yaml"
    directory.write_text(directory.read_text(encoding="utf-8").replace(A, A.title()), encoding="utf-8")
    teams.write_text(
        f"teams: {{restorative_cleveland: {{members: [{{email: {A.upper()}, room: 3}}, {{email: {C}}}]}}}}",
        encoding="utf-8",
    )
    known = read_teams(str(teams), Directory.read(str(directory)))
    assert [(one.email, one.room, one.cover) for one in known.work["restorative_cleveland"].members] == [
        (A, 3, ""),
        (C, 60, A),
    ]


def test_every_fault_of_a_file_of_teams_is_told(tmp_path: Path) -> None:
    path = tmp_path / "teams.yaml"
    path.write_text(
        "teams:\n  dreamt: {}\n  vip: {members: [{email: nobody@hub.example}]}\n", encoding="utf-8"
    )
    with pytest.raises(BadTeams) as refused:
        read_teams(str(path), Directory.read())
    assert "there is no team dreamt" in str(refused.value)
    assert "nobody@hub.example is not a member of staff" in str(refused.value)
    path.write_text("teams: 7\n", encoding="utf-8")
    with pytest.raises(BadTeams):
        read_teams(str(path), Directory.read())
