"""The page on which a case is found by who is in it; what is typed there stands in no address and no log."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from services.triage.cases import drawn
from services.triage.cases.api import AT_WORK, who_is
from services.triage.cases.find_somebody import MOST, find_somebody
from services.triage.cases.kinds import read_day
from services.triage.cases.pages import ADDRESS, CASES, NO_DAY, day_of
from services.triage.cases.schema import write_case
from services.triage.cases.words import ALIKE, ROLES
from services.triage.matching.desk import desk_of
from services.triage.matching.schema import read_mention
from services.triage.move_case import today_of
from shared.contracts import referral as wire
from shared.problems import Fault, Unprocessable
from shared.web import open_to, the_caller, the_room, wants_page

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from services.triage.cases.find_somebody import Alike
    from services.triage.domain.matching.accounts import Mention

log = logging.getLogger(__name__)
people_pages = Blueprint("people_pages", __name__)
_HERE: Final = f"{ADDRESS}/people"
_FIELDS: Final = {
    "given": "Given name",
    "family": "Family name",
    "telephone": "Telephone number",
    "email": "Email address",
    "postcode": "Postcode",
}
_LONGEST: Final = 200
# As far as the district or the first figure after it: a whole one ends with two letters.
_PART_OF_A_POSTCODE: Final = re.compile(r"[a-z]{1,2}[0-9][a-z0-9]?[0-9]?")
_NOBODY_BORN_THEN: Final = (
    "Nobody is found by this day: it is too long ago, or one that only fills a field. Look by something else."
)


@people_pages.get(_HERE)
@open_to(*AT_WORK)
def get_people() -> Response:
    """The form by which somebody is looked for."""
    return _show()


@people_pages.post(_HERE)
@open_to(*AT_WORK)
def post_people() -> Response:
    """The cases in which somebody like this is, as far as whoever asks sees them."""
    room, caller = the_room(), the_caller()
    try:
        mention = _read_somebody(today_of(room.clock()))
    except Unprocessable as problem:
        if not wants_page():
            raise
        return _show(problem)
    judge = desk_of(room).judge(room.clock())
    with room.database.reading() as connection:
        found = find_somebody(mention, who_is(caller).sees, connection, room.database, room.keys, judge)
    log.info("somebody was looked for", extra={"role": caller.role, "cases": len(found)})
    return _show(found=found)


def _read_somebody(today: dt.date) -> Mention:
    """Somebody, as a party of a referral would tell of them; `Unprocessable` with every fault of the form."""
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    day = day_of("born")
    born = read_day(day)
    faults = [
        Fault(f"/{name}", "not_allowed", f"“{_FIELDS[name]}” takes at most {_LONGEST} characters.")
        for name, text in typed.items()
        if len(text) > _LONGEST
    ]
    if faults:
        raise Unprocessable(errors=faults)
    mention = read_mention(_party(typed, born), today)
    faults = list(_unread(typed, mention))
    if day and born is None:
        faults.append(Fault("/born", "not_allowed", NO_DAY))
    elif born is not None and born > today:
        faults.append(Fault("/born", "not_allowed", "Enter a date of birth in the past."))
    elif born is not None and mention.born is None:
        faults.append(Fault("/born", "not_allowed", _NOBODY_BORN_THEN))
    faults = faults or list(_too_little(mention))
    if faults:
        raise Unprocessable(errors=faults)
    return mention


def _party(typed: Mapping[str, str], born: dt.date | None) -> wire.Party:
    telephone, email = typed["telephone"], typed["email"]
    contacts = (
        *([wire.Contact(channel="mobile", value=telephone)] if telephone else ()),
        *([wire.Contact(channel="email", value=email)] if email else ()),
    )
    return wire.Party(
        role="party",
        name=wire.Name(given=typed["given"] or None, family=typed["family"] or None),
        date_of_birth=born,
        address=wire.Address(postcode=typed["postcode"]) if typed["postcode"] else None,
        contacts=contacts,
    )


def _unread(typed: Mapping[str, str], mention: Mention) -> Iterator[Fault]:
    """What was typed and is nothing of its kind: by that nobody would be found, and nobody told why."""
    read = {
        "given": (mention.name.given, "Enter a given name, or leave it out."),
        "family": (mention.name.family, "Enter a family name, or leave it out."),
        "telephone": (mention.phones, "Enter a telephone number, such as 07700 900123."),
        "email": (mention.emails, "Enter an email address, such as name@example.com."),
        "postcode": (_whole(mention.home.postcode), "Enter a whole postcode, such as DL1 9ZZ."),
    }
    for name, (what, told) in read.items():
        if typed[name] and not what:
            yield Fault(f"/{name}", "not_allowed", told)


def _whole(postcode: str) -> bool:
    return bool(postcode) and not _PART_OF_A_POSTCODE.fullmatch(postcode)


def _too_little(mention: Mention) -> Iterator[Fault]:
    """What is missing to look by: a family name alone, or a day, is many people's."""
    if mention.phones or mention.emails:
        return
    beside = mention.name.given or mention.born or mention.home.postcode
    if not mention.name.family:
        told = "Enter a telephone number, an email address, or a family name and one thing more."
        yield Fault("/family", "required", told)
    elif not beside:
        told = "Enter a given name, a date of birth or a postcode beside the family name."
        yield Fault("/given", "required", told)


def _show(problem: Unprocessable | None = None, found: list[Alike] | None = None) -> Response:
    caller = the_caller()
    return CASES.show(
        "people.html",
        problem.status if problem else HTTPStatus.OK,
        reader=caller,
        form=request.form,
        faults=[
            {"field": fault.pointer.lstrip("/"), "text": fault.detail}
            for fault in (problem.errors if problem else ())
        ],
        found=None if found is None else [_draw(one) for one in found],
        most=MOST,
    )


def _draw(one: Alike) -> dict[str, object]:
    """A case in words, with who in it is like whoever was looked for, and what agrees."""
    room, caller = the_room(), the_caller()
    today = today_of(room.clock())
    case = drawn.draw_case(write_case(one.seen, today), room.directory, caller.name, today)
    return case | {
        "alike": [
            (ROLES[role], ", ".join(ALIKE.get(line, " ".join(line)) for line in agrees))
            for role, agrees in one.roles.items()
        ]
    }
