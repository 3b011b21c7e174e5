"""What the reference says of the routes of cases."""

from __future__ import annotations

from typing import Final

from services.triage.cases.know_already import WHATS
from services.triage.cases.refer_across import ANSWERS
from services.triage.domain.life.states import STAGES
from services.triage.domain.routing.table import GATES
from services.triage.domain.teams.assigning import WHYS
from shared.openapi import FLAG, INSTANT, TEXT, UUID_TEXT, WHOLE, Asked, Shape, a_list_of, an_object, maybe

_DAY: Final = {"type": "string", "format": "date"}
_FREE: Final = {"type": "object"}
_CASE_FIELDS: Final = {
    "case": {**TEXT, "description": "The case's reference."},
    "state": {"enum": list(STAGES)},
    "title": {**TEXT, "description": "The state in words."},
    "strand": {"enum": ["crime", "dispute"]},
    "kind": TEXT,
    "area": {
        **maybe(TEXT),
        "description": "The GSS code of the local authority; null where it is not known.",
    },
    "team": TEXT,
    "lead": {**TEXT, "description": "The assessment point or team that leads."},
    "owner": {
        **TEXT,
        "description": "The one who has it; empty while everybody who might knows somebody in it.",
    },
    "task": {**TEXT, "description": "The one thing that is next."},
    "toward": {"enum": ["initiator", "other", "both", "referrer", None]},
    "next_on": {**maybe(_DAY), "description": "By when."},
    "overdue": FLAG,
    "urgent": FLAG,
    "gates": a_list_of({"enum": list(GATES)}),
    "lacks": a_list_of(TEXT),
    "nobody_fits": {
        **a_list_of({"enum": list(WHYS)}),
        "description": "Why nobody of its team may have it, while somebody is looked for.",
    },
    "reason": maybe(TEXT),
    "outcome": maybe(TEXT),
    "enabling": a_list_of(TEXT),
    "opened_at": INSTANT,
    "since": {**INSTANT, "description": "Since when it is in this state."},
}
CASE: Final = Shape("Case", an_object(_CASE_FIELDS))
CASES: Final = Shape("Cases", an_object({"cases": a_list_of(CASE), "next_cursor": maybe(TEXT)}))
_MENTION: Final = an_object({"referral": TEXT, "party": WHOLE})
ASSESSED: Final = Shape(
    "Assessment",
    an_object(
        {
            "id": UUID_TEXT,
            "side": TEXT,
            "stage": TEXT,
            "point": TEXT,
            "team": TEXT,
            "shared": FLAG,
            "at": INSTANT,
            "who": TEXT,
            "needs": _FREE,
            "wishes": a_list_of(TEXT),
            "person": maybe(_MENTION),
        }
    ),
)
_SOURCE: Final = {
    "by": {
        **TEXT,
        "description": "Who recorded it; of another case only the point, unless you see that case.",
    },
    "point": TEXT,
    "at": INSTANT,
    "here": {**FLAG, "description": "Whether it was in this case."},
    "case": maybe(TEXT),
}
ASKED: Final = an_object(
    {
        "side": TEXT,
        "name": TEXT,
        "mentions": a_list_of(_MENTION),
        "needs": a_list_of(an_object(_SOURCE | {"stage": TEXT, "shared": FLAG, "needs": _FREE})),
        "wishes": a_list_of(an_object(_SOURCE | {"wishes": a_list_of(TEXT)})),
        "elsewhere": a_list_of(an_object({"lead": TEXT, "case": maybe(TEXT)})),
        "to_ask": {
            **a_list_of({"enum": list(WHATS)}),
            "description": "What nobody has asked them yet; what is not here is not asked again.",
        },
    }
)
ASSESSMENTS: Final = Shape("Assessments", an_object({"assessments": a_list_of(ASSESSED)}))
_OFFER_FIELDS: Final = {
    "id": UUID_TEXT,
    "from": TEXT,
    "to": TEXT,
    "purpose": {"enum": ["lead", "support"]},
    "state": {"enum": ["offered", "accepted", "refused", "withdrawn", "returned"]},
    "offered_at": INSTANT,
    "offered_by": TEXT,
    "due_on": _DAY,
    "answered_at": maybe(INSTANT),
    "answered_by": maybe(TEXT),
    "reason": maybe(TEXT),
}
OFFER: Final = Shape("CrossReferral", an_object(_OFFER_FIELDS))
OFFERS: Final = Shape("CrossReferrals", an_object({"cross_referrals": a_list_of(OFFER)}))
WHOLE_CASE: Final = Shape(
    "WholeCase",
    an_object(
        _CASE_FIELDS
        | {
            "why": {**TEXT, "description": "Why it is with its team."},
            "choices": a_list_of(
                an_object(
                    {
                        "transition": TEXT,
                        "told": TEXT,
                        "needs": a_list_of(TEXT),
                        "stands_against": {
                            **a_list_of(an_object({"why": TEXT, "records": a_list_of(TEXT)})),
                            "description": "What does not hold yet, and which kinds of record may mend it.",
                        },
                    }
                )
            ),
            "referrals": a_list_of(
                an_object(
                    {
                        "reference": TEXT,
                        "agency": TEXT,
                        "version": WHOLE,
                        "heard_at": INSTANT,
                        "stands": FLAG,
                        "referral": _FREE,
                    }
                )
            ),
            "records": a_list_of(an_object({"kind": TEXT, "on": _DAY, "who": TEXT, "says": _FREE})),
            "assessments": a_list_of(ASSESSED),
            "asked": {
                **a_list_of(ASKED),
                "description": "Everybody in the case, with what is known of them already, and from whom.",
            },
            "cross_referrals": a_list_of(
                an_object(
                    _OFFER_FIELDS
                    | {
                        "answers": {
                            **a_list_of({"enum": list(ANSWERS)}),
                            "description": "What the caller may answer, while it waits for that.",
                        }
                    }
                )
            ),
            "households": {
                **a_list_of(
                    an_object(
                        {
                            "referral": TEXT,
                            "party": {**WHOLE, "description": "Their place in the referral, from 0."},
                            "other_referral": TEXT,
                            "other_party": WHOLE,
                            "case": {**TEXT, "description": "The case that the other is in."},
                            "name": TEXT,
                        }
                    )
                ),
                "description": "Other people of the same home and family name whom the caller may see.",
            },
            "reviews": {
                **a_list_of(UUID_TEXT),
                "description": "Questions whether this is one with another case.",
            },
            "history": a_list_of(an_object({"at": INSTANT, "what": TEXT, "who": TEXT, "detail": _FREE})),
        }
    ),
)
_REASON: Final = an_object({"gate": TEXT, "why": TEXT})
EXPLANATION: Final = Shape(
    "Explanation",
    an_object(
        {
            "case": TEXT,
            "team": TEXT,
            "version": {**TEXT, "description": "The version of the table that routed it."},
            "row": {**WHOLE, "description": "The row that decided, from 1; 0 where no row did."},
            "why": TEXT,
            "urgency": TEXT,
            "gates": a_list_of(_REASON),
            "facts": {**_FREE, "description": "What the table knew: codes, bands of age, one date."},
            "now": an_object({"team": TEXT, "version": TEXT, "row": WHOLE, "why": TEXT}),
        }
    ),
)
TRIED: Final = Shape(
    "Trial",
    an_object(
        {
            "version": TEXT,
            "cases": WHOLE,
            "elsewhere": WHOLE,
            "ways": a_list_of(an_object({"from": TEXT, "to": TEXT, "cases": WHOLE})),
            "changes": a_list_of(
                an_object({"case": TEXT, "from": TEXT, "to": TEXT, "row": WHOLE, "why": TEXT})
            ),
            "findings": a_list_of(an_object({"is_fault": FLAG, "place": TEXT, "told": TEXT})),
        }
    ),
)
THE_CASE: Final = Asked("case", TEXT, "The case's reference.", "path")
