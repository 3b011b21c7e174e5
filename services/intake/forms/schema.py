"""The wire of the self-referral form: its answers become a referral, and what the door finds wrong, slips.

The body follows the published format, version 1, and goes through the same door as what agencies send.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from services.intake.domain.references import remark_on_reference
from services.intake.forms.domain.questions import LONDON, Answers, Slip, date_of, text_of
from services.intake.forms.domain.self_referral import CHANNELS, SELF_REFERRAL
from services.intake.forms.domain.what_happened import WhatHappened, work_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.intake.forms.domain.filling import Filled
    from shared.problems import Fault

_SAFE: Final = {"yes": "yes", "no": "no"}
_MESSAGE: Final = {"yes": "You may leave a message.", "no": "Do not leave a message."}

# Where an answer stands in the referral. What stands in no field of the format is told in the summary.
_PLACES: Final = {
    "happened": "/event/summary",
    "began": "/event/started_on",
    "place_line1": "/event/place/line1",
    "place_town": "/event/place/town",
    "place_postcode": "/event/place/postcode",
    "number": "/event/references/0/value",
    "given": "/parties/0/name/given",
    "family": "/parties/0/name/family",
    "known_as": "/parties/0/name/known_as",
    "born": "/parties/0/date_of_birth",
    "line1": "/parties/0/address/line1",
    "line2": "/parties/0/address/line2",
    "town": "/parties/0/address/town",
    "postcode": "/parties/0/address/postcode",
    "language": "/parties/0/language",
    "needs": "/parties/0/access_needs/0",
    "again": "/parties/0/consents/0/contact_again_on",
    "other_given": "/parties/1/name/given",
    "other_family": "/parties/1/name/family",
    "other_line1": "/parties/1/address/line1",
    "other_postcode": "/parties/1/address/postcode",
}
# What the door says in the words of the format, in the words of the form.
_IN_PLAIN_WORDS: Final = {
    "date_in_future": "The date must be in the past",
    "date_too_early": "Check the year",
    "forbidden_character": "Type this again: there is a character in it that cannot be kept",
}


def write_referral(filled: Filled) -> dict[str, Any]:
    """The referral that these answers make, the same each time for the same answers.

    It is dated by when the form began: sent twice, it is the same referral.
    """
    answers = SELF_REFERRAL.told(filled.answers)
    side: Any = text_of(answers, "side")
    what = work_out(side, answers.get("kinds", ()))
    # With London's offset, so that its date is the one that whoever fills it in calls today.
    begun_at = filled.begun_at.astimezone(LONDON)
    today = begun_at.date().isoformat()
    parties = [_asking(answers, what, today)]
    if text_of(answers, "other_known") == "yes":
        parties.append(_other(answers, what))
    return without_nothing(
        {
            "source_record_id": filled.id,
            "referred_at": begun_at.isoformat(),
            "need_identified_by": "self",
            "initiated_by": what.initiated_by,
            "strand": what.strand,
            "event": _event(answers, what),
            "parties": parties,
            "risks": {
                "assessed": False,
                # Whoever is not sure may be: a person has to look at it first.
                "immediate_danger": text_of(answers, "danger") in ("yes", "unsure"),
                "markers": list(what.markers),
            },
        }
    )


def slips_of(faults: Iterable[Fault], answers: Answers) -> list[Slip]:
    """What the door found wrong, told of the field where it was typed; the rest is left out."""
    places = {place: name for name, place in _PLACES.items()}
    for index, channel in enumerate(_channels(answers)):
        places[f"/parties/0/contacts/{index}/value"] = channel
        places[f"/parties/0/contacts/{index}/safe_times"] = f"{channel}_times"
    return [
        Slip(places[fault.pointer], _IN_PLAIN_WORDS.get(fault.code, fault.detail.rstrip(".")))
        for fault in faults
        if fault.pointer in places
    ]


def _event(answers: Answers, what: WhatHappened) -> dict[str, Any]:
    began = date_of(answers, "began")
    number, told = text_of(answers, "number"), text_of(answers, "told")
    return {
        "type": what.event_type,
        "started_on": began.isoformat() if began else "",
        "place": {part: text_of(answers, f"place_{part}") for part in ("line1", "town", "postcode")},
        "references": [{"scheme": _scheme_of(number), "value": number}] if number else [],
        "summary": _summary(answers, what),
        "justice_stage": "not_reported" if told == "no" else "",
        "offender_identified": {"yes": True, "no": False}.get(text_of(answers, "other_known")),
    }


def _scheme_of(number: str) -> str:
    """The first scheme in which this number is not strange; nobody has to know a log from a crime number."""
    return next((s for s in ("crime", "incident") if remark_on_reference(s, number) is None), "other")


def _summary(answers: Answers, what: WhatHappened) -> str:
    """The account in the person's own words, and below it what has no field of its own."""
    below = {
        "Roughly when": text_of(answers, "began_words"),
        "Also about": "; ".join(what.also),
        "How they know the other person": text_of(answers, "other_how"),
        "Would like to put something right": "yes" if "put_right" in answers.get("offers", ()) else "",
        "Would rather get in touch themselves": "yes" if "none" in answers.get("channels", ()) else "",
        "May be in danger": "not sure" if text_of(answers, "danger") == "unsure" else "",
    }
    lines = [f"{name}: {told}" for name, told in below.items() if told]
    return "\n\n".join(filter(None, (text_of(answers, "happened"), "\n".join(lines))))


def _asking(answers: Answers, what: WhatHappened, today: str) -> dict[str, Any]:
    """Whoever fills in the form."""
    born = date_of(answers, "born")
    wishes = (*answers.get("wishes", ()), *answers.get("offers", ()))
    own_part = text_of(answers, "own_part")
    return {
        "role": what.role,
        "name": {part: text_of(answers, part) for part in ("given", "family", "known_as")},
        "date_of_birth": born.isoformat() if born else "",
        "address": {
            **{part: text_of(answers, part) for part in ("line1", "line2", "town", "postcode")},
            "confidential": {"yes": True, "no": False}.get(text_of(answers, "secret")),
        },
        "contacts": [_contact(answers, channel, today) for channel in _channels(answers)],
        "language": text_of(answers, "language"),
        "interpreter": {"yes": True, "no": False}.get(text_of(answers, "interpreter")),
        "access_needs": [text_of(answers, "needs")],
        "wishes": [wish for wish in wishes if wish not in ("none", "put_right")],
        "consents": _consents(answers, today),
        "responsibility": {"accepted": own_part, "on": today} if own_part else None,
    }


def _other(answers: Answers, what: WhatHappened) -> dict[str, Any]:
    return {
        "role": what.role_of_other,
        "name": {part: text_of(answers, f"other_{part}") for part in ("given", "family")},
        "address": {part: text_of(answers, f"other_{part}") for part in ("line1", "postcode")},
    }


def _channels(answers: Answers) -> list[str]:
    return [channel for channel in CHANNELS if channel in answers.get("channels", ())]


def _contact(answers: Answers, channel: str, today: str) -> dict[str, Any]:
    """One way to get in touch; what was not said to be safe is not known to be."""
    safe = _SAFE.get(text_of(answers, f"{channel}_safe"), "unknown")
    message = _MESSAGE.get(text_of(answers, f"{channel}_message"), "")
    times = ". ".join(filter(None, (text_of(answers, f"{channel}_times").rstrip(". "), message)))
    return {
        "channel": channel,
        "value": text_of(answers, channel) or _own_address(answers),
        "safe": safe,
        "safe_times": times,
        "confirmed_on": today if safe != "unknown" else "",
    }


def _own_address(answers: Answers) -> str:
    """Letters go to where somebody lives, unless they gave another address for them."""
    return ", ".join(filter(None, (text_of(answers, p) for p in ("line1", "line2", "town", "postcode"))))[
        :254
    ]


def _consents(answers: Answers, today: str) -> list[dict[str, Any]]:
    again = date_of(answers, "again")
    consents = [
        {
            "to": "referral",
            "decision": text_of(answers, "go_on"),
            "decided_on": today,
            "contact_again_on": again.isoformat() if again else "",
        }
    ]
    for to, name in (("storage", "keep"), ("sharing", "share")):
        decision = text_of(answers, name)
        if decision:
            consents.append({"to": to, "decision": decision, "decided_on": today})
    return [*consents, {"to": "approach_other_party", "decision": "not_asked"}]


def without_nothing(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without what was not answered."""
    kept: dict[str, Any] = {}
    for name, value in body.items():
        said = value
        if isinstance(said, dict):
            said = without_nothing(said)
        elif isinstance(said, list):
            said = [without_nothing(item) if isinstance(item, dict) else item for item in said if item]
        if said not in ("", None, [], {}):
            kept[name] = said
    return kept
