"""What the pages draw of a referral: who made it, what happened, what is dangerous, and who is in it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from services.triage.cases.words import (
    ACCEPTED,
    CONSENTS,
    DECISIONS,
    MARKERS,
    ORDERS,
    ROLES,
    SERVICES,
    STAGES_TOLD,
)
from shared.telltales import is_same_contact
from shared.working_time import LONDON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shared.directory import Directory

_SCHEMES: Final = {"crime": "crime", "incident": "incident", "first": "FIRsT", "other": "other"}
_FEWEST_DIGITS: Final = 6  # of a telephone number; an address may have as many, but has letters too


def draw_referral(told: Mapping[str, Any], case: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    """A referral in words, and the people in it, each side by itself."""
    referral = told["referral"]
    referred = dt.datetime.fromisoformat(referral["referred_at"]).astimezone(LONDON).date()
    unsafe = [
        (one["reference"], contact["value"])
        for one in case["referrals"]
        for party in one["referral"]["parties"]
        for contact in party.get("contacts", ())
        if contact.get("safe") == "no"
    ]
    return {
        "reference": told["reference"],
        "agency": directory.name_of(told["agency"]),
        "stands": told["stands"],
        "summary": referral["event"].get("summary"),
        "rows": [(label, text) for label, text in _rows(referral, referred) if text],
        "parties": [
            _party(party)
            | {
                "contacts": [
                    _contact(one, referred, unsafe, stands=told["stands"])
                    for one in party.get("contacts", ())
                ],
                "household": _household(told["reference"], place, case),
            }
            for place, party in enumerate(referral["parties"])
        ],
    }


def draw_dangers(case: Mapping[str, Any], today: dt.date) -> list[str]:
    """What the referrals that stand tell of danger, each thing once, to be seen before anything is done."""
    found: dict[str, None] = {}
    for one in case["referrals"]:
        if one["stands"]:
            risks = one["referral"].get("risks") or {}
            if risks.get("immediate_danger"):
                found["somebody is in immediate danger"] = None
            found.update(dict.fromkeys(MARKERS[marker] for marker in risks.get("markers", ())))
            for order in one["referral"].get("orders", ()):
                if order.get("forbids_contact") and (order.get("until") or str(today)) >= str(today):
                    found[_order(order)] = None
    return list(found)


def draw_no_safe_way(case: Mapping[str, Any]) -> dict[str, str] | None:
    """What staff recorded last of safe contact, where it is that there is no safe way.

    It is said above what referrals told of telephones and addresses, which it is newer than.
    """
    newest = next((one for one in reversed(case["records"]) if one["kind"] == "safe_contact"), None)
    if newest is None or newest["says"]["value"]:
        return None
    return {"on": _day(newest["on"]), "note": newest["says"].get("note", "")}


def _rows(referral: Mapping[str, Any], referred: dt.date) -> Iterator[tuple[str, str]]:
    event, referrer = referral["event"], referral.get("referrer") or {}
    yield "Referred", f"{referred:%-d %B %Y}"
    yield "By", _joined(referrer.get(part) for part in ("name", "role", "organisation", "phone", "email"))
    began, ended = _day(event.get("started_on")), _day(event.get("ended_on"))
    yield "When it happened", f"{began} to {ended}" if began and ended and began != ended else began or ended
    yield "Where", _place(event.get("place"))
    yield (
        "Numbers",
        _joined(f"{_SCHEMES[one['scheme']]} {one['value']}" for one in event.get("references", ())),
    )
    yield "Risks known or suspected", _risks(referral.get("risks"))
    yield "Orders", _sentence("; ".join(_order(one) for one in referral.get("orders", ())))
    stage = STAGES_TOLD.get(event.get("justice_stage") or "", "")
    hearing = _day(event.get("next_hearing_on"))
    yield "Justice stage", _joined((stage, hearing and f"the court sits next on {hearing}"))
    identified = {True: "Yes", False: "No"}.get(event.get("offender_identified"), "")
    yield "Whoever is responsible was identified", identified
    yield "Asked for", _joined(SERVICES[one] for one in referral.get("services_wanted", ()))
    demand = referral.get("demand_baseline") or {}
    calls, attended = demand.get("police_calls"), demand.get("police_attendances")
    yield "The police in the six months before", _joined((
        "" if calls is None else f"called {calls} times",
        "" if attended is None else f"came {attended} times",
    ))  # fmt: skip


def _risks(risks: Mapping[str, Any] | None) -> str:
    """What is known of danger; nothing told and not assessed are never "no danger"."""
    risks = risks or {}
    known = ["somebody is in immediate danger"] if risks.get("immediate_danger") else []
    known += [MARKERS[marker] for marker in risks.get("markers", ())]
    if not risks.get("assessed"):
        known.append("not assessed, which does not mean that there is none")
    return _sentence("; ".join(known or ["assessed, and nothing was told"]))


def _order(order: Mapping[str, Any]) -> str:
    until = _day(order.get("until"))
    forbids = "contact forbidden" if order.get("forbids_contact") else "contact not forbidden"
    return f"{ORDERS[order['type']]} ({forbids}){f' until {until}' if until else ''}"


def _household(reference: str, place: int, case: Mapping[str, Any]) -> list[tuple[str, str]]:
    """With whom somebody lives, and the case that these are in, if it is another."""
    return [
        (one["name"], one["case"] if one["case"] != case["case"] else "")
        for one in case["households"]
        if (one["referral"], one["party"]) == (reference, place)
    ]


def _party(party: Mapping[str, Any]) -> dict[str, Any]:
    name, address = party.get("name") or {}, party.get("address") or {}
    accepted = party.get("responsibility") or {}
    return {
        "role": ROLES[party["role"]],
        "name": _joined((name.get(part) for part in ("title", "given", "middle", "family")), " ")
        or "Not named",
        "known_as": name.get("known_as"),
        "born": _day(party.get("date_of_birth")),
        "gender": _sentence(party.get("gender") or ""),
        "address": _place(address),
        "confidential": address.get("confidential", False),
        "access": _joined(party.get("access_needs", ())),
        "language": _joined((party.get("language"), "interpreter" if party.get("interpreter") else "")),
        "vulnerable": _sentence(_joined(one.replace("_", " ") for one in party.get("vulnerabilities", ()))),
        "enhanced": party.get("enhanced_rights"),
        "consents": [_consent(one) for one in party.get("consents", ())],
        "accepts": _joined((
            ACCEPTED.get(accepted.get("accepted", ""), ""),
            f"told to {accepted['told_to']}" if accepted.get("told_to") else "",
            _day(accepted.get("on")),
        )),
        "numbers": _joined(
            f"{one['scheme'].replace('_', ' ')} {one['value']}" for one in party.get("identifiers", ())
        ),
    }  # fmt: skip


def _consent(consent: Mapping[str, Any]) -> str:
    again = _day(consent.get("contact_again_on"))
    told = f"{CONSENTS[consent['to']]}: {DECISIONS[consent['decision']]}"
    return _joined((told, _day(consent.get("decided_on")), again and f"to be asked again on {again}"))


def _contact(
    contact: Mapping[str, Any], referred: dt.date, unsafe: Sequence[tuple[str, str]], *, stands: bool
) -> dict[str, Any]:
    """A way to reach somebody. What any referral of the case tells to be unsafe is so in all of them.

    What is taken back makes nothing safe any more.
    """
    value = contact["value"]
    told = contact.get("safe", "unknown")
    safe = told if stands or told == "no" else "unknown"
    elsewhere = [where for where, other in unsafe if safe != "no" and _is_same(value, other)]
    confirmed = _day(contact.get("confirmed_on"))
    return {
        "channel": contact["channel"],
        "value": value,
        "safe": "no" if elsewhere else safe,
        "elsewhere": list(dict.fromkeys(elsewhere)),
        "times": contact.get("safe_times"),
        "when": f"Asked on {confirmed}" if confirmed else f"Told on {referred:%-d %B %Y}",
    }


def _is_same(one: str, other: str) -> bool:
    if _is_number(one) and _is_number(other):
        return is_same_contact(one, other)
    return _plain(one) == _plain(other)


def _is_number(value: str) -> bool:
    return "@" not in value and sum(c.isdecimal() for c in value) >= _FEWEST_DIGITS and not any(
        c.isalpha() for c in value
    )  # fmt: skip


def _plain(value: str) -> str:
    return "".join(c for c in value.casefold() if c.isalnum())


def _place(place: Mapping[str, Any] | None) -> str:
    place = place or {}
    return _joined(place.get(part) for part in ("line1", "line2", "town", "postcode"))


def _joined(parts: Iterable[str | None], by: str = ", ") -> str:
    return by.join(part for part in parts if part)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _day(day: str | None) -> str:
    return f"{dt.date.fromisoformat(day):%-d %B %Y}" if day else ""
