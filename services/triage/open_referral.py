"""The teams as services of Open Referral UK (HSDS 3.0), written and read again.

The profile's own fields are used where it has them: organization, service_areas (their URI ends in the GSS
code), contacts (coordinators and facilitators by their title), assured_date (when it was last verified). What
a team takes, its room, and the level and room of who works in it are attributes.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from services.triage.domain.areas import GSS
from services.triage.domain.teams.assigning import LEVELS, Member, TeamWork
from shared.directory import account_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.triage.domain.areas import Authority
    from services.triage.domain.teams.assigning import Teams
    from shared.directory import Directory

_GEOGRAPHY: Final = "http://statistics.data.gov.uk/id/statistical-geography/"
_GSS: Final = re.compile(rf"{GSS}\Z")
_ROOM: Final = 60
COORDINATOR: Final = "Coordinator"
FACILITATOR: Final = "Facilitator"


def id_of(*parts: str) -> str:
    """The identifier of a team or of a part of it: the same each time it is written."""
    return str(uuid5(NAMESPACE_URL, "/".join(("urn:referral-hub:team", *parts))))


def write_services(
    directory: Directory, teams: Teams, authorities: Mapping[str, Authority], url: str
) -> dict[str, Any]:
    """Every team as a service, as a page of an Open Referral UK API that holds all of them."""
    contents = [
        _service(slug, directory, work, authorities, url) for slug, work in sorted(teams.work.items())
    ]
    return {
        "total_items": len(contents),
        "total_pages": 1,
        "page_number": 1,
        "size": len(contents),
        "first_page": True,
        "last_page": True,
        "empty": not contents,
        "contents": contents,
    }


def _service(
    slug: str, directory: Directory, work: TeamWork, authorities: Mapping[str, Authority], url: str
) -> dict[str, Any]:
    name, service_id = directory.teams[slug].name, id_of(slug)
    attributes = [_attribute(service_id, "service", "takes", strand) for strand in work.takes]
    if work.room is not None:
        attributes.append(_attribute(service_id, "service", "room", str(work.room)))
    return {
        "id": service_id,
        "name": name,
        "status": "active",
        "url": url,
        "organization": {"id": id_of(slug, "organization"), "name": name, "description": name},
        "service_areas": [
            {
                "id": id_of(slug, area),
                "name": authorities[area].name if area in authorities else area,
                "uri": _GEOGRAPHY + area,
            }
            for area in work.areas
        ],
        "contacts": [
            *(_contact(slug, member, COORDINATOR) for member in work.members),
            *(_contact(slug, member, FACILITATOR) for member in work.facilitators),
        ],
        "attributes": attributes,
        **({"assured_date": str(work.verified_on)} if work.verified_on else {}),
    }


def _contact(slug: str, member: Member, title: str) -> dict[str, Any]:
    contact_id = id_of(slug, title, member.email)
    return {
        "id": contact_id,
        "email": member.email,
        "title": title,
        "attributes": [
            _attribute(contact_id, "contact", "level", member.level),
            _attribute(contact_id, "contact", "room", str(member.room)),
        ],
    }


def _attribute(link_id: str, entity: str, kind: str, value: str) -> dict[str, Any]:
    return {
        "id": id_of(link_id, kind, value),
        "link_id": link_id,
        "link_entity": entity,
        "link_type": kind,
        "value": value,
    }


@dataclass
class Imported:
    """What was read: the teams of the directory that were found, and what could not be placed."""

    work: dict[str, TeamWork] = field(default_factory=dict)
    not_placed: list[str] = field(default_factory=list)


def read_services(document: object, directory: Directory) -> Imported:
    """Teams from services: one, a list of them, or a page of an API."""
    imported = Imported()
    by_id = {id_of(slug): slug for slug in directory.teams}
    by_name = {team.name.casefold(): slug for slug, team in directory.teams.items()}
    staff = {member.email for member in directory.staff}
    for service in _services(document):
        name = str(service.get("name", ""))
        slug = by_id.get(str(service.get("id"))) or by_name.get(name.casefold())
        if slug is None:
            imported.not_placed.append(f"no team of the directory is called {name or 'nothing'}")
            continue
        areas = [code for area in _objects(service.get("service_areas")) if (code := _gss(area))]
        unknown = len(_objects(service.get("service_areas"))) - len(areas)
        if unknown:
            imported.not_placed.append(f"{slug}: {unknown} service areas have no GSS code in their uri")
        told = _values(service.get("attributes"))
        members: dict[str, list[Member]] = {COORDINATOR: [], FACILITATOR: []}
        for contact in _objects(service.get("contacts")):
            email = account_name(str(contact.get("email", "")))
            if email in staff:
                title = FACILITATOR if contact.get("title") == FACILITATOR else COORDINATOR
                members[title].append(_member(email, contact))
            else:
                imported.not_placed.append(f"{slug}: {email or 'a contact'} is not staff in the directory")
        takes = tuple(value for kind, value in told if kind == "takes") or ("crime", "dispute")
        rooms = [int(value) for kind, value in told if kind == "room" and value.isdigit()]
        imported.work[slug] = TeamWork(
            tuple(members[COORDINATOR]),
            takes,
            tuple(areas),
            rooms[0] if rooms else None,
            tuple(members[FACILITATOR]),
            _day(service.get("assured_date")),
        )
    return imported


def _member(email: str, contact: dict[str, Any]) -> Member:
    told = dict(_values(contact.get("attributes")))
    level = told.get("level", "advanced")
    room = told.get("room", "")
    return Member(
        email,
        level if level in LEVELS else "advanced",
        int(room) if room.isdigit() else _ROOM,
    )


def _day(told: object) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(told))
    except ValueError:
        return None


def _services(document: object) -> Iterator[dict[str, Any]]:
    if isinstance(document, list):
        yield from _objects(document)
    elif isinstance(document, dict):
        for name in ("contents", "services"):
            if name in document:
                yield from _objects(document[name])
                return
        yield document


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _values(attributes: object) -> list[tuple[str, str]]:
    return [(str(one.get("link_type", "")), str(one.get("value", ""))) for one in _objects(attributes)]


def _gss(area: dict[str, Any]) -> str | None:
    found = _GSS.search(str(area.get("uri", "")).rstrip("/"))
    return found[0] if found else None


def _told(member: Member) -> dict[str, Any]:
    return {"email": member.email, "level": member.level, "room": member.room}


def as_yaml(imported: Imported) -> dict[str, Any]:
    """The teams as the file of teams holds them."""
    return {
        "teams": {
            slug: {
                "takes": list(work.takes),
                "areas": list(work.areas),
                **({"room": work.room} if work.room is not None else {}),
                **({"verified_on": work.verified_on} if work.verified_on else {}),
                "members": [_told(member) for member in work.members],
                "facilitators": [_told(member) for member in work.facilitators],
            }
            for slug, work in imported.work.items()
        }
    }
