"""Who refers, which teams take cases, and who works in them: data in a file, the same for every service."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

DEFAULT = Path(__file__).parent / "directories" / "county_durham_and_darlington.yaml"
DUTY_DESK = "duty_desk"

Role = Literal["coordinator", "supervisor", "facilitator", "ops", "commissioner", "practitioner"]
# Whoever has one of these is told nothing of a case.
_TOLD_NOTHING: Final = ("commissioner", "practitioner")
Hours = tuple[dt.time, dt.time]

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
# As every mail server takes it, and nothing that a header of a mail would read as more than one address.
_ADDRESS: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*")
# As GOV.UK Notify and every carrier takes it: with the country's code.
_MOBILE: Final = re.compile(r"\+\d{8,15}")


class BadDirectory(Problem):
    """The directory file cannot be used."""

    status = 500
    code = "bad_directory"


class Agency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An organisation, or a front door, that referrals come from."""

    name: str
    self_referral: bool = False
    # Whose mail is taken as this agency's: whole addresses, or domains with the @ before them.
    mail: tuple[str, ...] = ()


class Team(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A team that takes cases; `over_amqp` gives it a queue for a system of its own."""

    name: str
    over_amqp: bool = False


class Leave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days on which somebody is away, the first and the last with them."""

    first: dt.date
    last: dt.date


def account_name(email: str) -> str:
    """An address as accounts are kept under it: nobody remembers which letters of theirs are capitals."""
    return email.strip().lower()


class StaffMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who works with cases or on the hub, or a practitioner who refers for an agency.

    `sign_in` gives them an account on the first start. The rest is the rota: their level (1 is told first),
    the hours that they work (`{mon-thu: "09:00-17:00", fri: "09:00-13:00"}`, London's time; without any they
    can be told at any hour), their leave, who stands in for them then, and a mobile for urgent texts.
    """

    role: Role
    email: str
    team: str = ""
    agency: str = ""
    sign_in: bool = False
    level: int = 1
    hours: dict[str, str] = {}
    leave: tuple[Leave, ...] = ()
    cover: str = ""
    mobile: str = ""

    def __post_init__(self) -> None:
        """Name them as their account does, or what they wish and whom they know would be somebody else's."""
        msgspec.structs.force_setattr(self, "email", account_name(self.email))
        msgspec.structs.force_setattr(self, "cover", account_name(self.cover))

    @property
    def week(self) -> tuple[Hours | None, ...]:
        """Their hours on each day from Monday on; empty when they named none."""
        return read_week(self.hours) if self.hours else ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    agencies: dict[str, Agency]
    teams: dict[str, Team]
    staff: list[StaffMember] = []
    sharing_agreements: list[tuple[str, str]] = []


@dataclass(frozen=True)
class Directory:
    """The directory, read and found to be whole."""

    agencies: dict[str, Agency]
    teams: dict[str, Team]
    staff: tuple[StaffMember, ...] = field(default=())
    # Which two points may tell one another that somebody is known to them, if that person agreed.
    sharing_agreements: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def read(cls, path: str = "") -> Directory:
        """Read the file at `path`, or the one that comes with the hub; `BadDirectory` with all its faults."""
        source = Path(path) if path else DEFAULT
        try:
            file = msgspec.yaml.decode(source.read_bytes(), type=_File)
        except OSError as error:
            message = f"{source}: {error.strerror}"
            raise BadDirectory(message) from error
        except (ValueError, msgspec.DecodeError) as error:
            message = f"{source}: {error}"
            raise BadDirectory(message) from error
        faults = list(_faults_of(file))
        if faults:
            message = f"{source}: {'; '.join(faults)}"
            raise BadDirectory(message)
        return cls(file.agencies, file.teams, tuple(file.staff), tuple(file.sharing_agreements))

    def name_of(self, slug: str) -> str:
        """A team or an assessment point by its name, also one that has left the directory."""
        known = self.teams.get(slug) or self.agencies.get(slug)
        return known.name if known else slug.replace("_", " ").capitalize()

    def share(self, one: str, other: str) -> bool:
        """Whether these two have agreed to share; in whichever order."""
        return (one, other) in self.sharing_agreements or (other, one) in self.sharing_agreements

    def agency_at(self, address: str) -> str | None:
        """The agency that this address refers for: by the address itself, a practitioner's, or the domain."""
        wanted, domain = address.lower(), "@" + address.lower().rpartition("@")[2]
        for slug, agency in self.agencies.items():
            if wanted in map(str.lower, agency.mail):
                return slug
        for member in self.staff:
            if member.agency and member.email.lower() == wanted:
                return member.agency
        for slug, agency in self.agencies.items():
            if domain in map(str.lower, agency.mail):
                return slug
        return None

    def people_of(self, team: str) -> tuple[StaffMember, ...]:
        """Who is told about a case of this team: its coordinators, or else its supervisors."""
        members = [member for member in self.staff if member.team == team]
        coordinators = tuple(member for member in members if member.role == "coordinator")
        return coordinators or tuple(member for member in members if member.role == "supervisor")


def read_week(hours: Mapping[str, str]) -> tuple[Hours | None, ...]:
    """The hours of each day from Monday on; `ValueError` with what cannot be read."""
    week: list[Hours | None] = [None] * len(_DAYS)
    for days, clock in hours.items():
        first, _, last = days.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            message = f"hours: {days} is not a day such as mon, or days such as mon-fri"
            raise ValueError(message)
        read = _HOURS.fullmatch(clock)
        if read is None:
            message = f"hours: {clock} is not from-until such as 09:00-17:00"
            raise ValueError(message)
        opens, opens_minute, closes, closes_minute = map(int, read.groups())
        for day in range(_DAYS.index(first), _DAYS.index(last or first) + 1):
            week[day] = (dt.time(opens, opens_minute), dt.time(closes, closes_minute))
    if not any(week):
        message = "hours: no day is named"
        raise ValueError(message)
    return tuple(week)


def _faults_of(file: _File) -> Iterator[str]:
    if DUTY_DESK not in file.teams:
        yield f"teams: {DUTY_DESK} is missing, so some cases would belong to nobody"
    emails = [member.email for member in file.staff]
    roles = {member.email: member.role for member in file.staff}
    for member in file.staff:
        if member.team and member.team not in file.teams:
            yield f"staff: there is no team {member.team}"
        if fault := fault_of_account(member.role, member.agency, file.agencies):
            yield f"staff: {fault}"
        if emails.count(member.email) > 1:
            yield f"staff: {member.email} is there twice"
        yield from (f"staff: {member.email}: {fault}" for fault in _faults_of_rota(member, roles))
    yield from _faults_of_mail(file.agencies.values())
    yield from _faults_of_agreements(file)
    for slug in file.teams:
        if not any(m.team == slug and m.role in ("coordinator", "supervisor") for m in file.staff):
            yield f"teams: {slug} has neither coordinator nor supervisor"
    for slug in (*file.agencies, *file.teams):
        if not slug.isascii() or not slug.replace("_", "").isalnum() or not slug.islower():
            yield "agencies, teams: a slug is lower-case letters, digits and underscores"


def _faults_of_agreements(file: _File) -> Iterator[str]:
    for slug in (slug for pair in file.sharing_agreements for slug in pair):
        if slug not in file.agencies and slug not in file.teams:
            yield f"sharing_agreements: there is neither agency nor team {slug}"


def _faults_of_rota(member: StaffMember, roles: Mapping[str, Role]) -> Iterator[str]:
    if not _ADDRESS.fullmatch(member.email):
        yield "mail goes to one address in ASCII, such as jo@hub.example"
    try:
        read_week(member.hours or {"mon-sun": "00:00-00:00"})
    except ValueError as error:
        yield str(error)
    if member.level < 1:
        yield "level is 1 for whoever is told first, then 2 and so on"
    if member.cover and (member.cover not in roles or member.cover == member.email):
        yield f"there is nobody else {member.cover} to stand in"
    elif roles.get(member.cover) in _TOLD_NOTHING:
        yield f"{member.cover} is told nothing of cases, and cannot stand in"
    if any(leave.last < leave.first for leave in member.leave):
        yield "leave ends before it begins"
    if member.mobile and not _MOBILE.fullmatch(member.mobile):
        yield "mobile is written with its country's code and no spaces, such as +447700900123"


def _faults_of_mail(agencies: Iterable[Agency]) -> Iterator[str]:
    mails = [mail.lower() for agency in agencies for mail in agency.mail]
    for mail in mails:
        if "@" not in mail or mails.count(mail) > 1:
            yield f"agencies: mail {mail} is not an address or @domain of one agency"


def fault_of_account(role: Role, agency: str, agencies: Collection[str]) -> str | None:
    """What is wrong with an account's agency: a practitioner has one, and nobody else has."""
    if role == "practitioner":
        return None if agency in agencies else "a practitioner needs an agency of the directory"
    return f"a {role} refers for no agency of the directory" if agency else None
