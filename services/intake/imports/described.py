"""What the API's reference says of imports: the shapes of their answers, and examples."""

from __future__ import annotations

from typing import Final, get_args

from services.intake.described import EXAMPLE_RECEIPT, RECEIPT
from services.intake.imports.domain.file_import import OUTCOMES, State
from services.intake.imports.schema import MOST_LISTED
from shared.openapi import (
    FLAG,
    INSTANT,
    TEXT,
    THE_CURSOR,
    UUID_TEXT,
    WHOLE,
    Asked,
    Shape,
    Takes,
    a_list_of,
    an_object,
    how_many,
    maybe,
)

_COUNTS: Final = ("rows", "new", "repeats", "amended", "rejected", "waiting")

IMPORT: Final = Shape(
    "Import",
    an_object(
        {
            "id": UUID_TEXT,
            "state": {
                "enum": [state for state in get_args(State) if state != "reading"],
                "description": "`refused`: the hub could not go on; `refusal` says why.",
            },
            "mapping": {**maybe(TEXT), "description": "Null for a mapping that came with the file."},
            "dry_run": {**FLAG, "description": "Only a trial: nothing is referred."},
            "made_at": INSTANT,
            "finished_at": maybe(INSTANT),
            "counts": an_object(dict.fromkeys(_COUNTS, WHOLE)),
            "read_as": {**TEXT, "description": "How the file was understood, in words."},
            "unknown_columns": {
                **a_list_of(TEXT),
                "description": "Columns that the mapping does not know: what stands in them was left out.",
            },
            "warnings": {
                **a_list_of(an_object({"code": TEXT, "detail": TEXT, "rows": WHOLE})),
                "description": "Each kind of warning on the receipts, and how many rows have it.",
            },
            "refusal": TEXT,
        },
        "refusal",
    ),
)

IMPORTS: Final = Shape(
    "Imports",
    an_object(
        {
            "imports": a_list_of(IMPORT),
            "next_cursor": {**maybe(TEXT), "description": "Where the next page begins; null on the last."},
        }
    ),
)

ROWS: Final = Shape(
    "ImportRows",
    an_object(
        {
            "rows": a_list_of(
                Shape(
                    "ImportRow",
                    an_object(
                        {
                            "row": {**WHOLE, "description": "Its number as a spreadsheet program shows it."},
                            "outcome": {"enum": list(OUTCOMES)},
                            "receipt": RECEIPT,
                            "faults": a_list_of(
                                an_object(
                                    {
                                        "column": {**TEXT, "description": "Empty for the row as a whole."},
                                        "pointer": {
                                            **TEXT,
                                            "description": "Its place in the referral (RFC 6901); empty "
                                            "where the cell could not be read.",
                                        },
                                        "code": TEXT,
                                        "detail": TEXT,
                                    }
                                )
                            ),
                        },
                        "receipt",
                        "faults",
                    ),
                )
            ),
            "next_cursor": {**maybe(TEXT), "description": "Where the next page begins; null on the last."},
        }
    ),
)

SENDS: Final = Takes(
    {
        "type": "object",
        "properties": {
            "file": {
                "type": "string",
                "contentMediaType": "application/octet-stream",
                "description": "The export: CSV, XLSX or ODS.",
            },
            "mapping": {**TEXT, "description": "The name of one of the hub's column mappings."},
            "mapping_file": {**TEXT, "description": "Instead of a name: a mapping of your own, in YAML."},
            "dry_run": {"enum": ["true", "false"], "description": "Only try it: nothing is referred."},
        },
        "required": ["file"],
        "anyOf": [{"required": ["mapping"]}, {"required": ["mapping_file"]}],
        "additionalProperties": False,
    },
    media_type="multipart/form-data",
    told="At most 64 MiB.",
)

THE_IMPORT: Final = Asked(
    "import_id",
    TEXT,
    "The `id` of the import.",
    "path",
    example="01977a5e-6c1b-7d3e-9f00-000000000001",
)
PAGE: Final = (THE_CURSOR, how_many(MOST_LISTED))
ROWS_PAGE: Final = (
    Asked("outcome", {"enum": list(OUTCOMES)}, "Only rows that became this."),
    THE_CURSOR,
    how_many(MOST_LISTED),
)

EXAMPLE_IMPORT: Final = {
    "id": "01977a5e-6c1b-7d3e-9f00-000000000001",
    "state": "done",
    "mapping": "red_sigma",
    "dry_run": False,
    "made_at": "2026-11-20T14:05:02Z",
    "finished_at": "2026-11-20T14:05:09Z",
    "counts": {"rows": 2, "new": 1, "repeats": 0, "amended": 0, "rejected": 1, "waiting": 0},
    "read_as": "CSV, UTF-8, with the comma between cells",
    "unknown_columns": ["Shift"],
    "warnings": [{"code": "no_safe_contact", "detail": "Ask, and send safe: yes where it is.", "rows": 1}],
}

EXAMPLE_ROWS: Final = {
    "rows": [
        {"row": 2, "outcome": "new", "receipt": EXAMPLE_RECEIPT},
        {
            "row": 3,
            "outcome": "rejected",
            "faults": [
                {
                    "column": "Offence Date From",
                    "pointer": "",
                    "code": "bad_date",
                    "detail": "Give a date that exists, for example 22/03/2026.",
                }
            ],
        },
    ],
    "next_cursor": None,
}
