"""Notify's own tables: staff, alerts with their history, what is sent about them, and what must not be."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.database import Instant
from shared.messaging.tables import messaging_tables
from shared.sessions import ended_sessions_table

metadata = MetaData()
messaging = messaging_tables(metadata)
ended_sessions = ended_sessions_table(metadata)

staff = Table(
    "staff",
    metadata,
    Column("email", String(254), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("team", String(64), nullable=False),
    # Whom a practitioner refers for; empty for everybody else.
    Column("agency", String(64), nullable=False, server_default=text("''")),
    Column("password_hash", String(200), nullable=False),
    Column("made_at", Instant, nullable=False),
)

# Of whose end of sessions the other services are still to be told.
untold_ends = Table(
    "untold_ends",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", String(254), nullable=False),
    Column("ended_at", Instant, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("team", String(64), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", String(254)),
    # What tells one piece of news from another of its kind; empty for the opening of a case.
    Column("occasion", String(40), nullable=False, server_default=text("''")),
    # How far it has been handed on, and when the next step is due; without one somebody has it.
    Column("step", Integer, nullable=False, server_default=text("0")),
    Column("next_step_at", Instant),
    # Whom it is for, by their address; empty where the rota of the team says that.
    Column("whose", String(254), nullable=False, server_default=text("''")),
    # With which step it began; from there on its steps are counted.
    Column("began_at", Integer, nullable=False, server_default=text("0")),
    # However often the news arrives, there is one alert of it.
    UniqueConstraint("case", "kind", "occasion", name="one_alert_of_a_kind"),
)
Index("alerts_of_team", alerts.c.team, alerts.c.state, alerts.c.id)
Index("alerts_whose", alerts.c.whose, alerts.c.state, alerts.c.id)

# Which team has a case, and since when, by triage's word.
case_teams = Table(
    "case_teams",
    metadata,
    Column("case", String(16), primary_key=True),
    Column("team", String(64), nullable=False),
    Column("since", Instant, nullable=False),
)

# Who knows somebody in a case and is told nothing of it. The row without an address tells when that was said.
barred = Table(
    "barred",
    metadata,
    Column("case", String(16), primary_key=True),
    Column("email", String(254), primary_key=True),
    Column("barred_at", Instant, nullable=False),
)
Index("barred_by_email", barred.c.email)
Index(
    "alerts_next_step",
    alerts.c.next_step_at,
    sqlite_where=alerts.c.next_step_at.is_not(None),
    postgresql_where=alerts.c.next_step_at.is_not(None),
)

# Every step of an alert, in the order of its ids; nothing in here is ever changed.
alert_history = Table(
    "alert_history",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("alert_id", Uuid, nullable=False),
    Column("at", Instant, nullable=False),
    Column("what", String(24), nullable=False),
    Column("who", String(254), nullable=False),
    Column("detail", JSON, nullable=False),
)
Index("history_of_alert", alert_history.c.alert_id, alert_history.c.id)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("alert_id", Uuid, nullable=False),
    Column("case", String(16), nullable=False),
    Column("kind", String(16), nullable=False, server_default="opening"),
    Column("channel", String(16), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Instant),
    Column("tries", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("trouble", String(100)),
    # Which step of the alert it belongs to, whether it waits for company, and the message that it went in.
    Column("step", Integer, nullable=False, server_default=text("0")),
    Column("gather", Boolean, nullable=False, server_default=text("false")),
    Column("template", String(24), nullable=False, server_default="opening"),
    Column("dispatch_id", Uuid),
    UniqueConstraint("alert_id", "recipient", "channel", "step", name="one_delivery_of_a_step"),
)
# Only what is still to be sent has a due time, so this index stays small.
Index(
    "deliveries_due",
    deliveries.c.due_at,
    sqlite_where=deliveries.c.due_at.is_not(None),
    postgresql_where=deliveries.c.due_at.is_not(None),
)
Index("deliveries_of_dispatch", deliveries.c.dispatch_id)

# One message to one person over one channel, about one alert or many; its id is its token.
dispatches = Table(
    "dispatches",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", String(16), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("template", String(24), nullable=False),
    Column("version", Integer, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("alerts", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", Instant),
    Column("tries", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("sent_at", Instant),
    # What the channel calls it, and the message that this one repeats because nobody knows what became of it.
    Column("receipt", String(64)),
    Column("repeats", Uuid),
    Column("trouble", String(100)),
)
Index(
    "dispatches_due",
    dispatches.c.due_at,
    sqlite_where=dispatches.c.due_at.is_not(None),
    postgresql_where=dispatches.c.due_at.is_not(None),
)
Index("dispatches_to", dispatches.c.recipient, dispatches.c.channel, dispatches.c.made_at)

# What is ill with the hub, for as long as it is: whoever has said that they have it is not told of it again.
troubles = Table(
    "troubles",
    metadata,
    Column("kind", String(16), primary_key=True),
    # Where it was found, each place with how much of it.
    Column("found", JSON, nullable=False),
)

# How somebody wants to be told; whoever has no row is told at once, by mail.
preferences = Table(
    "preferences",
    metadata,
    Column("email", String(254), primary_key=True),
    Column("document", JSON, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# What must not stand in a message about a case: keyed hashes, sealed, for each of its referrals.
telltales = Table(
    "telltales",
    metadata,
    Column("case", String(16), primary_key=True),
    Column("referral", String(16), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# A message that somebody asked for, to a person of a case; whom it goes to and its words are sealed.
public_messages = Table(
    "public_messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_by", String(254), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("ended_at", Instant),
    Column("receipt", String(64)),
    Column("why", String(40)),
    Column("sealed", LargeBinary, nullable=False),
)
Index("public_messages_of_case", public_messages.c.case)
Index(
    "public_messages_due",
    public_messages.c.due_at,
    sqlite_where=public_messages.c.due_at.is_not(None),
    postgresql_where=public_messages.c.due_at.is_not(None),
)
