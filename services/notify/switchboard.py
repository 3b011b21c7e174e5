"""Who there is and how they are reached: the rota of every team, everybody's channels, the hub's calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.notify.channels.govuk_notify import GovukNotify
from services.notify.channels.journal import Journal
from services.notify.channels.mail import MailChannel
from services.notify.channels.webhook import WebhookChannel, read_hooks
from services.notify.domain.alert import OPS, ChannelName
from services.notify.domain.guard import holds_forbidden_word
from services.notify.domain.rota import Ladder, Person
from shared.calling import Line
from shared.directory import DUTY_DESK
from shared.mail import open_mail
from shared.problems import Problem
from shared.working_time import WorkingTime, bank_holidays, england_and_wales

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from services.notify.channels.channel import Channel
    from shared.clock import Clock
    from shared.directory import Directory, StaffMember
    from shared.sealing import Lookup
    from shared.settings import Settings

# In which order the other channels are turned to when those that somebody chose have failed.
ORDER: Final[tuple[ChannelName, ...]] = ("mail", "govuk_email", "govuk_text", "webhook")
# Rows of one import wait so long for one another.
_GATHER_ROWS: Final = dt.timedelta(seconds=30)


class BadChannels(Problem):
    """The settings of the channels do not fit together."""

    status = 500
    code = "bad_channels"


def open_channels(
    settings: Settings, clock: Clock, lookup: Lookup, teams: Collection[str]
) -> dict[ChannelName, Channel]:
    """Every channel that the settings name; nothing is connected yet."""
    if holds_forbidden_word(settings.public_mail_from):
        message = "HUB_PUBLIC_MAIL_FROM holds a word that says too much: name no service in it"
        raise BadChannels(message)
    channels: dict[ChannelName, Channel] = {
        "mail": MailChannel(
            open_mail(settings.mail_url),
            settings.mail_from,
            lookup,
            Journal(settings.taken_file),
            public_sender=settings.public_mail_from,
        )
    }
    if settings.govuk_notify_key:
        templates = dict(
            part.strip().split(":", 1) for part in settings.govuk_notify_templates.split(",") if ":" in part
        )
        if not templates or not set(templates) <= {"email", "text"}:
            message = "HUB_GOVUK_NOTIFY_TEMPLATES names no template: write email:ID,text:ID"
            raise BadChannels(message)
        key, url = settings.govuk_notify_key, settings.govuk_notify_url
        if "email" in templates:
            channels["govuk_email"] = GovukNotify("email", key, templates["email"], url)
        if "text" in templates:
            channels["govuk_text"] = GovukNotify("text", key, templates["text"], url)
    if hooks := read_hooks(settings.team_hooks, teams):
        line = Line(settings.webhook_private_networks, settings.webhook_ca_file)
        channels["webhook"] = WebhookChannel(line, hooks, clock)
    return channels


@dataclass(frozen=True)
class Switchboard:
    """What is needed to say whom to tell, and over what."""

    ladders: Mapping[str, Ladder]
    everybody: Mapping[str, Person]
    members: Mapping[str, StaffMember]
    channels: Mapping[ChannelName, Channel]
    work: WorkingTime
    holidays: Collection[dt.date]
    gather: dt.timedelta

    @classmethod
    def of(
        cls, directory: Directory, channels: Mapping[ChannelName, Channel], gather_seconds: int
    ) -> Switchboard:
        """The board for the people of this directory."""
        members = {member.email: member for member in directory.staff}
        everybody = {email: _person(member) for email, member in members.items()}

        def people(role: str, team: str | None = None) -> list[Person]:
            return [
                everybody[member.email]
                for member in directory.staff
                if member.role == role and team in (None, member.team)
            ]

        desk = [*people("coordinator", DUTY_DESK), *people("supervisor", DUTY_DESK)]
        ladders = {
            team: Ladder.of(people("coordinator", team), people("supervisor", team), desk)
            for team in directory.teams
        }
        ladders[OPS] = Ladder.of(people("ops"), people("supervisor", DUTY_DESK), desk)
        return cls(
            ladders,
            everybody,
            members,
            channels,
            england_and_wales(),
            bank_holidays(),
            dt.timedelta(seconds=gather_seconds),
        )

    def ladder_of(self, team: str, whose: str = "") -> Ladder:
        """The team's, or the duty desk's for a team that the directory does not know (any more).

        Of news for one person it begins with them, if the directory knows them.
        """
        ladder = self.ladders.get(team) or self.ladders[DUTY_DESK]
        return ladder.beginning_with(self.everybody[whose]) if whose in self.everybody else ladder

    def ways_to(self, email: str, chosen: Iterable[ChannelName]) -> list[ChannelName]:
        """The channels over which this person can be reached: those that they chose, then the others."""
        member = self.members.get(email)
        if member is None:
            return []
        order = dict.fromkeys((*chosen, *ORDER))
        return [name for name in order if name in self.channels and self.channels[name].address_of(member)]

    def address_of(self, email: str, channel: ChannelName) -> str | None:
        """Where this person is reached now, if the directory still knows them."""
        member = self.members.get(email)
        known = self.channels.get(channel)
        return None if member is None or known is None else known.address_of(member)

    @property
    def gather_rows(self) -> dt.timedelta:
        """How long the rows of an import wait for one another."""
        return min(self.gather, _GATHER_ROWS)


def _person(member: StaffMember) -> Person:
    week = member.week
    return Person(
        email=member.email,
        level=member.level,
        work=WorkingTime(week=week) if week else None,
        leave=tuple((leave.first, leave.last) for leave in member.leave),
        cover=member.cover,
    )
