"""What the reference says of the routes of reviews."""

from __future__ import annotations

from typing import Final

from services.triage.reviews.words import COMPARED
from shared.openapi import FLAG, INSTANT, TEXT, UUID_TEXT, WHOLE, Asked, Shape, a_list_of, an_object, maybe

_NUMBER: Final = {"type": "number"}
_RECORD: Final = an_object(
    {
        "reference": TEXT,
        "version": WHOLE,
        "team": {**TEXT, "description": "Who has its case: whom to ask where it may not be seen."},
        "seen": {**FLAG, "description": "Whether the caller may see it."},
        "agency": maybe(TEXT),
        "case": maybe(TEXT),
    }
)
_QUESTION: Final = {
    "id": UUID_TEXT,
    "state": {"enum": ["open", "closed"]},
    "outcome": {
        **maybe(TEXT),
        "description": "`same` or `different`, as somebody said; `joined` when the hub found out by itself; "
        "`elsewhere` when another question asks about the same two cases.",
    },
    "asked_at": INSTANT,
    "closed_at": maybe(INSTANT),
    "who": maybe(TEXT),
    "bits": {**maybe(_NUMBER), "description": "What the two weigh; null where only one may be seen."},
    "records": a_list_of(_RECORD),
    "may_say": {**a_list_of({"enum": ["same", "different"]}), "description": "What the caller may decide."},
}
REVIEW: Final = Shape("Review", an_object(_QUESTION))
REVIEWS: Final = Shape("Reviews", an_object({"reviews": a_list_of(REVIEW), "next_cursor": maybe(TEXT)}))
_LINES: Final = a_list_of(
    an_object(
        {
            "comparison": TEXT,
            "level": TEXT,
            "bits": _NUMBER,
            "title": {**TEXT, "description": "What was compared, in words."},
            "told": {**TEXT, "description": "What was found, in words."},
        }
    )
)
_EVIDENCE: Final = an_object(
    {
        "bits": {**_NUMBER, "description": "The sum of the lines."},
        "model": TEXT,
        "frequencies": TEXT,
        "versions": a_list_of(WHOLE),
        "at": INSTANT,
        "replayed": {
            **maybe(FLAG),
            "description": "Whether the same model, frequencies and versions give the same weight again; "
            "null where a record was amended since.",
        },
        "lines": _LINES,
        "people": a_list_of(an_object({"one": WHOLE, "other": WHOLE, "bits": _NUMBER, "lines": _LINES})),
    }
)
WHOLE_REVIEW: Final = Shape(
    "WholeReview",
    an_object(
        _QUESTION
        | {
            "fields": a_list_of(
                an_object(
                    {
                        "section": TEXT,
                        "name": TEXT,
                        "label": TEXT,
                        "one": maybe(TEXT),
                        "other": maybe(TEXT),
                        "compared": {"enum": list(COMPARED)},
                    }
                )
            ),
            "evidence": {
                **maybe(_EVIDENCE),
                "description": "Why it is asked; null where only one record may be seen.",
            },
            "said": a_list_of(an_object({"verdict": TEXT, "who": TEXT, "at": INSTANT, "why": TEXT})),
        }
    ),
)
SEPARATED: Final = Shape(
    "Separated",
    an_object({"case": TEXT, "referrals": a_list_of(an_object({"referral": TEXT, "case": TEXT}))}),
)
CHECKED: Final = Shape(
    "PersonCheck",
    an_object(
        {
            "known": FLAG,
            "lead": {**maybe(TEXT), "description": "The point or team that leads."},
            "case": {**maybe(TEXT), "description": "Only where the case is the asking point's own."},
        }
    ),
)
THE_REVIEW: Final = Asked("review", TEXT, "The id of the review.", "path")
