"""Imports over HTTP: an agency sends a file, asks how far it has come, fetches back what is to be mended."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from flask import Blueprint, Response, request, stream_with_context

from services.intake import store as intake_store
from services.intake.imports import store
from services.intake.imports.choose_mapping import choose_mapping, mapping_names
from services.intake.imports.described import (
    EXAMPLE_IMPORT,
    EXAMPLE_ROWS,
    IMPORT,
    IMPORTS,
    PAGE,
    ROWS,
    ROWS_PAGE,
    SENDS,
    THE_IMPORT,
)
from services.intake.imports.mapping import NoSuchMapping
from services.intake.imports.mapping_file import LARGEST_FILE, MistakenMapping
from services.intake.imports.schema import (
    read_id,
    read_imports_asked,
    read_order,
    read_rows_asked,
    write_import,
    write_row,
)
from services.intake.imports.take_file import MissingColumns, take_file
from services.intake.imports.unreadable import MAX_FILE, UnreadableFile
from services.intake.imports.write_rejected import goes_back_as_csv, write_csv, write_xlsx
from shared.openapi import Answer, described
from shared.problems import Fault, NotFound, Problem, Unprocessable, UnsupportedMediaType
from shared.web import AGENCY, as_json, open_to, spend, the_caller, the_room, the_trace

if TYPE_CHECKING:
    from services.intake.imports.domain.file_import import FileImport

api = Blueprint("imports", __name__, url_prefix="/v1/imports")

# The file and what stands around it: the names of the parts, and a mapping of the agency's own.
MOST_SENT: Final = MAX_FILE + LARGEST_FILE + 64 * 1024
# So many bytes of a file, twenty rows or so, cost an agency as much of its allowance as one request.
_AS_MUCH_AS_ONE: Final = 10 * 1024


_CSV: Final = "text/csv; charset=utf-8; header=present"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Forgotten(Problem):
    """What was kept of these rows is forgotten."""

    status = 410
    code = "forgotten"
    advice = "Send the file again."


@api.post("")
@open_to(AGENCY)
@described(
    "Imports",
    takes=SENDS,
    answers={
        202: Answer(
            "It was read, and its rows are being taken.",
            IMPORT,
            EXAMPLE_IMPORT | {"state": "waiting", "finished_at": None},
            {"Location": "Where to ask how far it has come."},
        )
    },
    problems=(UnreadableFile, MissingColumns, MistakenMapping, NoSuchMapping),
)
def post_import() -> Response:
    """Take a file, row by row.

    The rows are taken in the background, in the bulk lane. The same file again goes on with an import that is
    not finished; after one that is, every row is a repeat, and nothing new is made.
    """
    request.max_content_length = MOST_SENT
    spend((request.content_length or 0) // _AS_MUCH_AS_ONE)
    if request.mimetype != "multipart/form-data":
        message = "Send the file as multipart/form-data, in a part named file."
        raise UnsupportedMediaType(message)
    file = request.files.get("file")
    # A part whose name cannot be read, such as one with a line break in it, comes under None.
    texts = [(name or "", text) for name, text in request.form.items(multi=True)]
    files = [name or "" for name, _ in request.files.items(multi=True)]
    order = read_order(texts, files, mapping_names(), own_mapping=_own_mapping())
    assert file is not None  # noqa: S101 - the order would have been refused
    one = take_file(
        cast("BinaryIO", file.stream),
        file.filename or "",
        choose_mapping(order.mapping, order.own_mapping),
        agency=the_caller().name,
        dry_run=order.dry_run,
        room=the_room(),
        trace=the_trace(),
    )
    response = as_json(write_import(one), HTTPStatus.ACCEPTED)
    response.headers["Location"] = f"/v1/imports/{one.id}"
    return response


def _own_mapping() -> str:
    sent = request.files.get("mapping_file")
    content = (
        request.form.get("mapping_file", "").encode() if sent is None else sent.stream.read(LARGEST_FILE + 1)
    )
    if len(content) > LARGEST_FILE:
        fault = Fault("/mapping_file", "too_long", f"Shorten this to at most {LARGEST_FILE // 1024} KiB.")
        raise Unprocessable(errors=[fault])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        fault = Fault("/mapping_file", "wrong_type", "Give a YAML text in UTF-8.")
        raise Unprocessable(errors=[fault]) from None


@api.get("")
@open_to(AGENCY)
@described(
    "Imports",
    asks=PAGE,
    answers={200: Answer("A page of them.", IMPORTS, {"imports": [EXAMPLE_IMPORT], "next_cursor": None})},
)
def get_imports() -> Response:
    """The agency's own imports, the newest first."""
    room, asked = the_room(), read_imports_asked(request.args)
    with room.database.reading() as connection:
        found = store.list_imports(
            connection, room.keys.rest, the_caller().name, before=asked.before, limit=asked.limit + 1
        )
    page = found[: asked.limit]
    return as_json(
        {
            "imports": [write_import(one) for one in page],
            "next_cursor": str(page[-1].id) if len(found) > len(page) else None,
        }
    )


@api.get("/<import_id>")
@open_to(AGENCY)
@described("Imports", asks=(THE_IMPORT,), answers={200: Answer("How far it is.", IMPORT, EXAMPLE_IMPORT)})
def get_import(import_id: str) -> Response:
    """How far the agency's own file has come."""
    return as_json(write_import(_own(import_id)))


@api.get("/<import_id>/rows")
@open_to(AGENCY)
@described(
    "Imports",
    asks=(THE_IMPORT, *ROWS_PAGE),
    answers={200: Answer("A page of them.", ROWS, EXAMPLE_ROWS)},
    problems=(Forgotten,),
)
def get_rows(import_id: str) -> Response:
    """What became of each row, in the order of the file: its receipt or its faults."""
    one, asked = _own(import_id), read_rows_asked(request.args)
    if one.forgotten and one.dry_run:
        message = "What a trial found is kept for a day. Send the file again."
        raise Forgotten(message)
    with the_room().database.reading() as connection:
        found = store.list_rows(
            connection, one.id, outcome=asked.outcome, after=asked.after, limit=asked.limit + 1
        )
        page = found[: asked.limit]
        kept = intake_store.find_versions(
            connection, {(row.reference, row.version) for row in page if row.reference and row.version}
        )
    return as_json(
        {
            "rows": [write_row(row, kept) for row in page],
            "next_cursor": str(page[-1].number) if len(found) > len(page) else None,
        }
    )


@api.get("/<import_id>/rejected")
@open_to(AGENCY)
@described(
    "Imports",
    asks=(THE_IMPORT,),
    answers={200: Answer("The file.", {"type": "string"}, media_type="text/csv", other_types=(_XLSX,))},
    problems=(Forgotten,),
)
def get_rejected(import_id: str) -> Response:
    """The rejected rows as a file, with what is to be mended in each.

    It has the columns of the file that came, and one more, `What to mend`, which is passed over when the
    mended file is sent again. After a spreadsheet it is a spreadsheet (XLSX, for up to 2,000 rows), otherwise
    CSV. A cell that a spreadsheet program would take for a formula has an apostrophe in front, which is taken
    off again on the way in.
    """
    one = _own(import_id)
    if one.forgotten:
        message = "Rejected rows are kept for some time only. Send the file again to have them told again."
        raise Forgotten(message)
    if goes_back_as_csv(one):
        pieces = (piece.encode() for piece in write_csv(one, the_room()))
        response = Response(
            stream_with_context(pieces), content_type=f"{_CSV}; charset=utf-8; header=present"
        )
        name = "rejected-rows.csv"
    else:
        response = Response(write_xlsx(one, the_room()), content_type=_XLSX)
        name = "rejected-rows.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _own(import_id: str) -> FileImport:
    room, read = the_room(), read_id(import_id)
    one = None
    if read is not None:
        with room.database.reading() as connection:
            one = store.find(connection, room.keys.rest, read, the_caller().name)
    if one is None:
        message = "You have no import with this id."
        raise NotFound(message)
    return one
