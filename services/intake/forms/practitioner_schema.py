"""The wire of the practitioner's form: its answers become a referral, and what is found in it is told.

The body follows the published format, version 1, and goes through the same door as what agencies send.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from services.intake.check_referral import warnings_for
from services.intake.domain.contact_details import NOT_A_MOBILE, remark_on_phone
from services.intake.forms.domain.practitioner.answers import MOST_PEOPLE, is_told, side_of, what_happened
from services.intake.forms.domain.practitioner.contact import CHANNELS
from services.intake.forms.domain.practitioner.tasks import PRACTITIONER
from services.intake.forms.domain.questions import LONDON, Answers, Slip, date_of, text_of
from services.intake.forms.schema import without_nothing
from services.intake.schema import read_referral
from shared.problems import Unprocessable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

    from services.intake.domain.warning import Warning  # noqa: A004 - the receipt's own word
    from services.intake.forms.domain.filling import Filled
    from shared.problems import Fault

_NOT_VERIFIED: Final = "not verified: sent without an account"
_YES_OR_NO: Final = {"yes": True, "no": False}
_MESSAGE: Final = {"yes": "A message may be left.", "no": "Do not leave a message."}
_PLACE: Final = ("line1", "line2", "town", "postcode")
_NUMBERS: Final = {"crime": "crime", "incident": "incident", "first": "first", "number": "other"}
_CONSENTS: Final = {"storage": "storage", "sharing": "sharing", "approach": "approach_other_party"}

# Where an answer that is there at most once stands in the referral.
_PLACES: Final = {
    "/referrer": "ref_name",
    "/referrer/name": "ref_name",
    "/referrer/role": "ref_role",
    "/referrer/organisation": "ref_organisation",
    "/referrer/email": "ref_email",
    "/referrer/phone": "ref_phone",
    "/event/summary": "story",
    "/event/started_on": "began",
    "/event/ended_on": "ended",
    "/event/next_hearing_on": "hearing",
    "/event/place/line1": "place_line1",
    "/event/place/town": "place_town",
    "/event/place/postcode": "place_postcode",
    "/parties/0/consents": "agreed",
    "/parties/0/consents/0/decided_on": "agreed_on",
    "/parties/0/consents/0/contact_again_on": "again",
    "/parties/0/contacts": "p1_channels",
    "/parties/0/gender": "p1_gender",
    "/parties/0/language": "p1_language",
    "/parties/0/access_needs/0": "p1_access",
    "/parties/0/vulnerabilities/0": "p1_vulnerable",
    "/risks": "assessed",
    "/risks/assessed": "assessed",
    "/orders/0/until": "order_until",
    "/demand_baseline/police_calls": "calls",
    "/demand_baseline/police_attendances": "visits",
}
# What the receipt says in the words of the format, in the words of the form.
_IN_PLAIN_WORDS: Final = {
    "date_in_future": "The date must be in the past",
    "date_too_early": "Check the year",
    "ends_before_start": "The end must be the same as or after the beginning",
    "forbidden_character": "Type this again: there is a character in it that cannot be kept",
    "risks_not_assessed": "The risks have not been assessed. Not assessed is not read as no risk.",
    "no_safe_contact": "No way to reach them is known to be safe. They are not contacted before one is.",
    "no_consent_to_refer": "They have not agreed yet. The referral waits until they have been asked.",
    "consent_to_refer_refused": "They refused to be referred. Send this only if they changed their mind.",
    "date_after_referral": "This date is in the future, yet tells of something done.",
    "date_before_referral": "This date is in the past, yet tells of something to come.",
    "not_a_mobile": "This looks like a landline number.",
    "not_a_landline": "This looks like a mobile number.",
    "reference_of_another_scheme": "This looks like a number of another kind.",
    "strange_reference": "This has no form that is known here.",
    "strange_postcode": "This does not look like a UK postcode.",
    "strange_phone": "This does not look like a UK telephone number.",
    "part_of_postcode": "This is the first half of a postcode only.",
}
# What a referral is returned for.
MISSING: Final = {
    "consent_to_refer": "Ask the person whether they agree to being referred.",
    "safe_contact": "Ask for a way to reach them that is safe.",
    "area": "Find out the whole postcode of where they live.",
}
# What a remark without the answers beside it is said of; the others say it themselves.
_THINGS: Final = {
    "/referrer/phone": "Your telephone",
    "/event/started_on": "When it began",
    "/event/ended_on": "When it ended",
    "/event/next_hearing_on": "The next hearing",
    "/event/place/postcode": "Postcode of where it happened",
    "/event/references/n/value": "A number that it is known by",
    "/parties/n/address/postcode": "Postcode of a home",
    "/parties/n/consents/n/contact_again_on": "When they shall be asked again",
    "/parties/n/contacts/n/value": "A telephone number",
    "/orders/n/until": "Until when the order holds",
}


def write_referral(filled: Filled, at: dt.datetime, *, verified: bool) -> dict[str, Any]:
    """The referral that these answers make, dated by this instant, the same each time for the same answers.

    `verified` says that whoever referred had signed in; of anybody else the referrer tells so.
    """
    answers = PRACTITIONER.told(filled.answers)
    what = what_happened(answers)
    people = _people(answers)
    point = text_of(answers, "point")
    return without_nothing(
        {
            "source_record_id": filled.id,
            # With London's offset, so that its date is the one that the practitioner calls today.
            "referred_at": at.astimezone(LONDON).isoformat(),
            "assessment_point": "" if point == "none" else point,
            "need_identified_by": text_of(answers, "identified_by"),
            "initiated_by": what.initiated_by or "agency",
            "strand": what.strand,
            "referrer": _referrer(answers, verified=verified),
            "event": _event(answers),
            "parties": [_party(answers, number) for number in people],
            "risks": {
                "assessed": text_of(answers, "assessed") == "yes",
                # Where nobody knows, a person has to look at it first.
                "immediate_danger": text_of(answers, "danger") in ("yes", "unsure"),
                "markers": list(dict.fromkeys((*answers.get("markers", ()), *what.markers))),
            },
            "orders": [
                {
                    "type": text_of(answers, "order"),
                    # Where nobody knows, contact is forbidden until somebody does.
                    "forbids_contact": text_of(answers, "order_forbids") != "no",
                    "until": _day(answers, "order_until"),
                }
            ]
            if "order" in answers
            else [],
            "services_wanted": [one for one in answers.get("services", ()) if one != "none"],
            "demand_baseline": {
                "police_calls": _count(answers, "calls"),
                "police_attendances": _count(answers, "visits"),
            },
        }
    )


def look_over(filled: Filled, at: dt.datetime) -> tuple[list[Slip], list[Slip]]:
    """What keeps these answers from being taken, and what is only strange or missing."""
    answers = PRACTITIONER.told(filled.answers)
    try:
        referral = read_referral(write_referral(filled, at, verified=True), self_referral=False)
    except Unprocessable as problem:
        return slips_of(problem.errors, answers), []
    return [], slips_of(warnings_for(referral, at), answers)


def slips_of(remarks: Iterable[Fault | Warning], answers: Answers) -> list[Slip]:
    """What was found, told of the fields where it was typed; what was typed nowhere is left out."""
    places = _PLACES | dict(_places(answers))
    return [Slip(places[one.pointer], _plain(one)) for one in remarks if one.pointer in places]


def in_plain_words(remarks: Iterable[Warning]) -> list[str]:
    """What the receipt says, once each, with what it is said of but without what was answered there."""
    told = []
    for one in remarks:
        thing = _THINGS.get(re.sub(r"\d+", "n", one.pointer))
        told.append(f"{thing}: {_plain(one)}" if thing else _plain(one))
    return list(dict.fromkeys(told))


def _plain(one: Fault | Warning) -> str:
    return _IN_PLAIN_WORDS.get(one.code, one.detail)


def _places(answers: Answers) -> Iterator[tuple[str, str]]:
    """Where the answers that there can be several of stand in this referral."""
    for index, name in enumerate(name for name in _NUMBERS if name in answers):
        yield f"/event/references/{index}/value", name
    for index, number in enumerate(_people(answers)):
        party, who = f"/parties/{index}", f"p{number}"
        yield f"{party}/date_of_birth", f"{who}_born"
        yield f"{party}/responsibility/told_to", f"{who}_told_to"
        yield f"{party}/responsibility/on", f"{who}_told_on"
        for part in ("given", "family", "known_as"):
            yield f"{party}/name/{part}", f"{who}_{part}"
        for part in _PLACE:
            yield f"{party}/address/{part}", f"{who}_{part}"
        for at, field in enumerate(_ways(answers, number)):
            yield f"{party}/contacts/{at}/value", field
            yield f"{party}/contacts/{at}/safe_times", f"{field}_times"
            yield f"{party}/contacts/{at}/confirmed_on", f"{field}_confirmed"


def _people(answers: Answers) -> list[int]:
    return [number for number in range(1, MOST_PEOPLE + 1) if is_told(answers, number)]


def _referrer(answers: Answers, *, verified: bool) -> dict[str, Any]:
    organisation = text_of(answers, "ref_organisation")
    return {
        "name": text_of(answers, "ref_name"),
        "role": text_of(answers, "ref_role"),
        "organisation": organisation if verified else f"{organisation} ({_NOT_VERIFIED})",
        "email": text_of(answers, "ref_email"),
        "phone": text_of(answers, "ref_phone"),
    }


def _event(answers: Answers) -> dict[str, Any]:
    what = what_happened(answers)
    return {
        "type": what.event_type,
        "started_on": _day(answers, "began"),
        "ended_on": _day(answers, "ended"),
        "place": {part: text_of(answers, f"place_{part}") for part in ("line1", "town", "postcode")},
        "references": [
            {"scheme": scheme, "value": text_of(answers, name)}
            for name, scheme in _NUMBERS.items()
            if name in answers
        ],
        "summary": _summary(answers),
        "justice_stage": text_of(answers, "stage"),
        "next_hearing_on": _day(answers, "hearing"),
        "offender_identified": _YES_OR_NO.get(text_of(answers, "identified")),
    }


def _summary(answers: Answers) -> str:
    """The practitioner's own words, and below them what has no field of its own."""
    below = {
        "Also about": "; ".join(what_happened(answers).also),
        "To be reached": "through the referrer only" if "none" in answers.get("p1_channels", ()) else "",
        "May be in danger": "not known" if text_of(answers, "danger") == "unsure" else "",
        "Orders": "not known" if text_of(answers, "ordered") == "unsure" else "",
        "Whether the order forbids contact": "not known; it counts as if it did until somebody finds out"
        if "order" in answers and text_of(answers, "order_forbids") not in _YES_OR_NO
        else "",
    }
    lines = [f"{name}: {told}" for name, told in below.items() if told]
    return "\n\n".join(filter(None, (text_of(answers, "story"), "\n".join(lines))))


def _party(answers: Answers, number: int) -> dict[str, Any]:
    who = f"p{number}"
    accepted = text_of(answers, f"{who}_accepted")
    party = {
        "role": side_of(answers, number),
        "name": {part: text_of(answers, f"{who}_{part}") for part in ("given", "family", "known_as")},
        "date_of_birth": _day(answers, f"{who}_born"),
        "address": {
            **{part: text_of(answers, f"{who}_{part}") for part in _PLACE},
            "confidential": _YES_OR_NO.get(text_of(answers, f"{who}_secret")),
        },
        "contacts": [_contact(answers, number, field) for field in _ways(answers, number)],
        "consents": _consents(answers, number),
        "responsibility": {
            "accepted": accepted,
            "told_to": text_of(answers, f"{who}_told_to"),
            "on": _day(answers, f"{who}_told_on"),
        }
        if accepted
        else None,
    }
    return party | _of_the_first(answers) if number == 1 else party


def _of_the_first(answers: Answers) -> dict[str, Any]:
    """What is asked about the person who is referred, and nobody else."""
    return {
        "gender": text_of(answers, "p1_gender"),
        "language": text_of(answers, "p1_language"),
        "interpreter": _YES_OR_NO.get(text_of(answers, "p1_interpreter")),
        "access_needs": [text_of(answers, "p1_access")],
        "vulnerabilities": [text_of(answers, "p1_vulnerable")],
        "enhanced_rights": _YES_OR_NO.get(text_of(answers, "p1_enhanced")),
        "wishes": [wish for wish in answers.get("wishes", ()) if wish != "none"],
    }


def _ways(answers: Answers, number: int) -> list[str]:
    """The fields that hold a way to reach this person."""
    if number == 1:
        return [f"p1_{channel}" for channel in CHANNELS if channel in answers.get("p1_channels", ())]
    return [f"p{number}_{way}" for way in ("phone", "mail") if f"p{number}_{way}" in answers]


def _contact(answers: Answers, number: int, field: str) -> dict[str, Any]:
    """One way to reach them; what was not said to be safe is not known to be."""
    value = text_of(answers, field)
    safe = text_of(answers, f"{field}_safe" if number == 1 else f"p{number}_reach_safe")
    message = _MESSAGE.get(text_of(answers, f"{field}_message"), "")
    return {
        "channel": _channel(field.partition("_")[2], value),
        "value": value,
        "safe": safe if safe in _YES_OR_NO else "unknown",
        "safe_times": ". ".join(filter(None, (text_of(answers, f"{field}_times").rstrip(". "), message))),
        "confirmed_on": _day(answers, f"{field}_confirmed"),
    }


def _channel(way: str, value: str) -> str:
    if way == "phone":
        return "landline" if remark_on_phone(value, "mobile") == NOT_A_MOBILE else "mobile"
    return "email" if way == "mail" else way


def _consents(answers: Answers, number: int) -> list[dict[str, Any]]:
    if number > 1:
        agreed = text_of(answers, f"p{number}_agreed")
        return [{"to": "referral", "decision": agreed}] if agreed else []
    asked = {
        "to": "referral",
        "decision": text_of(answers, "agreed") or "not_asked",
        "decided_on": _day(answers, "agreed_on"),
        "contact_again_on": _day(answers, "again"),
    }
    others = [
        {"to": to, "decision": text_of(answers, name)} for name, to in _CONSENTS.items() if name in answers
    ]
    return [asked, *others]


def _day(answers: Answers, name: str) -> str:
    day = date_of(answers, name)
    return day.isoformat() if day else ""


def _count(answers: Answers, name: str) -> int | None:
    text = text_of(answers, name)
    return int(text) if text.isdecimal() else None
