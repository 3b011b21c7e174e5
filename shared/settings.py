"""Every setting of the hub: its name, its default, what it means, parsed once into one frozen object.

Settings come from environment variables with the prefix `HUB_` (12-factor). With none set the hub runs
embedded, with all its data in `var/`. What is missing, malformed or unknown stops the start, all of it in
one list.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from shared.problems import Problem

PREFIX = "HUB_"
_TOKEN_SIGNS = 16
SERVICE_NAMES = ("intake", "triage", "notify")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def database_setting(service: str) -> str:
    """The setting that names this service's database."""
    return f"HUB_{service.upper()}_DATABASE_URL"


class BadSettings(Problem):
    """The hub cannot start with these settings."""

    status = 500
    code = "bad_settings"


@dataclass(frozen=True)
class Setting:
    """One thing that whoever runs the hub may decide; `{home}` in a default is the hub's folder."""

    name: str
    default: str
    help: str
    parse: Callable[[str], object] = str
    secret: bool = False


def _whole(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            message = "must be a whole number, in digits"
            raise ValueError(message) from None
        if number < least:
            message = f"must be {least} or more"
            raise ValueError(message)
        return number

    return parse


def _level(text: str) -> str:
    if text.upper() not in LEVELS:
        message = f"must be one of {', '.join(LEVELS)}"
        raise ValueError(message)
    return text.upper()


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        message = "must be 0 or 1"
        raise ValueError(message)
    return text == "1"


def _token(text: str) -> str:
    if text and len(text) < _TOKEN_SIGNS:
        message = f"must have {_TOKEN_SIGNS} signs or more"
        raise ValueError(message)
    return text


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _box_of(url: str) -> tuple[str, ...]:
    """What tells a mailbox from others, however its address is written; nothing when there is none."""
    parts = urlsplit(url)
    if not parts.hostname:
        kind, _, path = url.partition(":")
        return (kind, str(Path(path).absolute())) if path else ()
    return ("imap", parts.hostname, parts.username or "", parts.path.strip("/").upper() or "INBOX")


def _file(text: str) -> str:
    if text and not Path(text).is_file():
        message = "there is no such file"
        raise ValueError(message)
    return text


SETTINGS: tuple[Setting, ...] = (
    Setting("HUB_HOME", "var", "the folder that holds all data of the embedded hub", Path),
    Setting(
        "HUB_BROKER_URL",
        "memory://",
        "the message broker: memory:// or amqp://user:password@host/vhost",
        secret=True,
    ),
    Setting(
        "HUB_BROKER_MANAGEMENT_URL",
        "",
        "RabbitMQ's management address with a monitoring user, so that `hub doctor` can see bindings",
        secret=True,
    ),
    *(
        Setting(
            database_setting(name),
            f"sqlite:///{{home}}/{name}.db",
            f"the database of {name}: sqlite:///path or postgresql+psycopg://user:password@host/name",
            secret=True,
        )
        for name in SERVICE_NAMES
    ),
    Setting(
        "HUB_MAIL_URL",
        "file:{home}/mail",
        "where mail goes: file:FOLDER writes .eml files, "
        "smtp://[user:password@]host:port[?starttls=1[&ca=FILE]] sends",
        secret=True,
    ),
    Setting(
        "HUB_GOVUK_NOTIFY_KEY",
        "",
        "an API key of GOV.UK Notify, for its e-mail and texts; empty for neither",
        secret=True,
    ),
    Setting(
        "HUB_GOVUK_NOTIFY_TEMPLATES",
        "",
        "the ids of its templates, email:ID,text:ID; each holds ((subject)) and ((body)), or ((body)) alone",
    ),
    Setting(
        "HUB_GOVUK_NOTIFY_URL",
        "https://api.notifications.service.gov.uk",
        "where GOV.UK Notify answers",
        secret=True,
    ),
    Setting(
        "HUB_GOVUK_NOTIFY_CALLBACK_TOKEN",
        "",
        "the bearer token of its delivery receipts, 16 signs or more; empty to take none",
        _token,
        secret=True,
    ),
    Setting(
        "HUB_TEAM_HOOKS",
        "",
        "a file of teams' webhooks: for each slug kind (standard, teams or slack), url and secret",
        _file,
    ),
    Setting(
        "HUB_TAKEN_FILE",
        "{home}/taken.journal",
        "a file in which senders note what a mail server took before it is recorded; must outlive them",
        Path,
    ),
    Setting(
        "HUB_GATHER_SECONDS",
        "300",
        "a while in which somebody gets no more than five messages; what comes on top goes as one after it",
        _whole(1),
    ),
    Setting(
        "HUB_PUBLIC_MESSAGES",
        "0",
        "1 to let coordinators send messages to people who asked for one, over a channel marked safe",
        _flag,
    ),
    Setting("HUB_MAIL_FROM", "Referral Hub <hub@referral-hub.example>", "the sender of mail to coordinators"),
    Setting(
        "HUB_PUBLIC_MAIL_FROM",
        "",
        "the sender of mail to people who asked for it, which names no service; empty: they get no mail",
    ),
    Setting(
        "HUB_BOUNCES_URL",
        "",
        "where mails come back to: imaps://user:password@host/FOLDER, maildir:PATH or folder:PATH",
        secret=True,
    ),
    Setting(
        "HUB_MAILBOX_URL",
        "",
        "where referrals come by mail: folder:PATH, maildir:PATH or imaps://user:password@host/FOLDER",
        secret=True,
    ),
    Setting(
        "HUB_MAILBOX_VOUCHED_BY",
        "",
        "the mail server whose Authentication-Results must say dmarc=pass; empty to trust whatever comes",
    ),
    Setting(
        "HUB_PUBLIC_URL",
        "http://localhost:8080",
        "the address under which people reach the hub, for links in mail; with https: cookies are Secure",
    ),
    Setting(
        "HUB_HELPLINE",
        "",
        "how people reach the hub who cannot use its form: a telephone number and its hours, in words",
    ),
    Setting(
        "HUB_PROXIES",
        "0",
        "reverse proxies in front whose X-Forwarded-For is believed, so that limits are each caller's own",
        _whole(0),
    ),
    Setting(
        "HUB_SANDBOX",
        "0",
        "1 for trying out: every reference is marked as a test, and mail is written to {home}/mail only",
        _flag,
    ),
    Setting(
        "HUB_DIRECTORY",
        "",
        "a directory file of teams, agencies and staff; empty for the one that comes with the hub",
    ),
    Setting("HUB_ROUTING", "", "a routing table file; empty for the one that comes with the hub"),
    Setting(
        "HUB_TARGETS",
        "",
        "a file of targets, in how many working days what is due; empty for the one that comes with the hub",
        _file,
    ),
    Setting(
        "HUB_TEAMS",
        "",
        "a file of who works in which team; empty for what the directory says",
        _file,
    ),
    Setting("HUB_SEALING_KEYS", "", "keys for data at rest, newest first: id:base64,id:base64", secret=True),
    Setting(
        "HUB_MESSAGE_KEYS", "", "keys for messages, newest first, the same for all services", secret=True
    ),
    Setting(
        "HUB_LOOKUP_KEY",
        "",
        "the key of the hashes by which people and references are found, base64",
        secret=True,
    ),
    Setting(
        "HUB_SESSION_SECRET",
        "",
        "the secret that signs staff sessions and tokens, the same for all services",
        secret=True,
    ),
    Setting(
        "HUB_OUTBOX_DAYS",
        "7",
        "days that sent messages are kept, so that a lost queue can be filled again",
        _whole(1),
    ),
    Setting(
        "HUB_INBOX_DAYS", "60", "days that heard messages are remembered; must outlive the outbox", _whole(2)
    ),
    Setting(
        "HUB_RATE_PER_MINUTE",
        "12000",
        "requests that each key, member of staff or address may make in a minute, in each process; 0 for any",
        _whole(0),
    ),
    Setting(
        "HUB_WRONG_KEYS_PER_MINUTE",
        "120",
        "wrong keys that each address may show in a minute, in each process; 0 for any",
        _whole(0),
    ),
    Setting(
        "HUB_WEBHOOK_PRIVATE_NETWORKS",
        "",
        "private networks that agencies' webhooks may be in, such as 10.1.0.0/16,fd12::/48; empty for none",
        _networks,
    ),
    Setting(
        "HUB_WEBHOOK_CA_FILE",
        "",
        "a PEM file of certificate authorities that webhooks may use beside those of the system",
        _file,
    ),
    Setting(
        "HUB_REJECTED_ROWS_DAYS",
        "30",
        "days that the rejected rows of a file can be fetched back to be mended",
        _whole(1),
    ),
    Setting(
        "HUB_REPORTS_FEWEST",
        "5",
        "figures below this are not shown in reports: 5, or 10 as the Office for National Statistics does",
        _whole(5),
    ),
    Setting(
        "HUB_LOG_LEVEL",
        "INFO",
        f"the least serious event that is logged: {', '.join(LEVELS)}",
        _level,
    ),
)


@dataclass(frozen=True)
class Settings:
    """The settings as one object; build it with `Settings.read`."""

    home: Path
    broker_url: str
    broker_management_url: str
    database_urls: Mapping[str, str]
    mail_url: str
    mail_from: str
    public_mail_from: str
    govuk_notify_key: str
    govuk_notify_templates: str
    govuk_notify_url: str
    govuk_notify_callback_token: str
    team_hooks: str
    taken_file: Path
    gather_seconds: int
    public_messages: bool
    bounces_url: str
    mailbox_url: str
    mailbox_vouched_by: str
    public_url: str
    helpline: str
    proxies: int
    sandbox: bool
    directory: str
    routing: str
    targets: str
    teams: str
    key_texts: Mapping[str, str]
    outbox_days: int
    inbox_days: int
    rate_per_minute: int
    wrong_keys_per_minute: int
    webhook_private_networks: tuple[IPv4Network | IPv6Network, ...]
    webhook_ca_file: str
    rejected_rows_days: int
    reports_fewest: int
    log_level: str

    def writes_publicly(self, channel: str) -> bool:
        """Whether people outside may be written to over this channel; by mail with a sender of its own."""
        return self.public_messages and (channel != "mail" or bool(self.public_mail_from))

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None, **changes: str) -> Settings:
        """Settings from the environment, with `changes` (lower-case names without prefix) on top.

        Raises `BadSettings` with every fault in its detail.
        """
        given = dict(os.environ if environ is None else environ)
        given |= {PREFIX + name.upper(): value for name, value in changes.items()}
        known = {setting.name for setting in SETTINGS}
        faults = [
            f"{name}: there is no such setting"
            for name in sorted(given)
            if name.startswith(PREFIX) and name not in known
        ]
        home = str(Path(given.get("HUB_HOME") or "var").absolute())
        values: dict[str, object] = {}
        for setting in SETTINGS:
            text = given.get(setting.name) or setting.default.replace("{home}", home)
            try:
                values[setting.name] = setting.parse(text)
            except ValueError as error:
                faults.append(f"{setting.name}: {'not readable' if setting.secret else error}")
        if not faults and int(str(values["HUB_INBOX_DAYS"])) <= int(str(values["HUB_OUTBOX_DAYS"])):
            faults.append(
                "HUB_INBOX_DAYS: must be more than HUB_OUTBOX_DAYS, or a message could be done twice"
            )
        boxes = [_box_of(str(values.get(name, ""))) for name in ("HUB_BOUNCES_URL", "HUB_MAILBOX_URL")]
        if boxes[0] and boxes[0] == boxes[1]:
            faults.append(
                "HUB_BOUNCES_URL: must not be the mailbox that HUB_MAILBOX_URL names, or referrals would be "
                "put aside as mails that came back; give it a mailbox or folder of its own"
            )
        if faults:
            raise BadSettings("; ".join(faults))
        read = {name: str(value) for name, value in values.items()}
        return cls(
            home=Path(home),
            broker_url=read["HUB_BROKER_URL"],
            broker_management_url=read["HUB_BROKER_MANAGEMENT_URL"],
            database_urls={name: read[database_setting(name)] for name in SERVICE_NAMES},
            # Whatever else is set: what is tried out reaches nobody.
            mail_url=f"file:{home}/mail" if values["HUB_SANDBOX"] else read["HUB_MAIL_URL"],
            mail_from=read["HUB_MAIL_FROM"],
            public_mail_from=read["HUB_PUBLIC_MAIL_FROM"],
            govuk_notify_key="" if values["HUB_SANDBOX"] else read["HUB_GOVUK_NOTIFY_KEY"],
            govuk_notify_templates=read["HUB_GOVUK_NOTIFY_TEMPLATES"],
            govuk_notify_url=read["HUB_GOVUK_NOTIFY_URL"],
            govuk_notify_callback_token=read["HUB_GOVUK_NOTIFY_CALLBACK_TOKEN"],
            team_hooks="" if values["HUB_SANDBOX"] else read["HUB_TEAM_HOOKS"],
            taken_file=Path(read["HUB_TAKEN_FILE"]),
            gather_seconds=int(read["HUB_GATHER_SECONDS"]),
            public_messages=bool(values["HUB_PUBLIC_MESSAGES"]),
            bounces_url=read["HUB_BOUNCES_URL"],
            mailbox_url=read["HUB_MAILBOX_URL"],
            mailbox_vouched_by=read["HUB_MAILBOX_VOUCHED_BY"],
            public_url=read["HUB_PUBLIC_URL"].rstrip("/"),
            helpline=read["HUB_HELPLINE"],
            proxies=int(read["HUB_PROXIES"]),
            sandbox=bool(values["HUB_SANDBOX"]),
            directory=read["HUB_DIRECTORY"],
            routing=read["HUB_ROUTING"],
            targets=read["HUB_TARGETS"],
            teams=read["HUB_TEAMS"],
            key_texts={
                name: read[name]
                for name in ("HUB_SEALING_KEYS", "HUB_MESSAGE_KEYS", "HUB_LOOKUP_KEY", "HUB_SESSION_SECRET")
            },
            outbox_days=int(read["HUB_OUTBOX_DAYS"]),
            inbox_days=int(read["HUB_INBOX_DAYS"]),
            rate_per_minute=int(read["HUB_RATE_PER_MINUTE"]),
            wrong_keys_per_minute=int(read["HUB_WRONG_KEYS_PER_MINUTE"]),
            webhook_private_networks=_networks(given.get("HUB_WEBHOOK_PRIVATE_NETWORKS", "")),
            webhook_ca_file=read["HUB_WEBHOOK_CA_FILE"],
            rejected_rows_days=int(read["HUB_REJECTED_ROWS_DAYS"]),
            reports_fewest=int(read["HUB_REPORTS_FEWEST"]),
            log_level=read["HUB_LOG_LEVEL"],
        )
