"""Alerts a second from the event to the channel: raised, packed, sent, recorded; beside a bare connection.

Each alert is for somebody else, so each is a mail of its own. Beside it the same mails go raw over the same
kind of connection, with nothing decided before and nothing recorded after. A third figure is an import: ten
thousand alerts for one team, which are one message.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.country import directory_of, slug_of
from benchmarks.measuring import Aim, Contender, Outcome, Slice, compare, interleave
from services.every import SERVICES
from services.notify.deliver_alerts import deliver_alerts
from services.notify.domain.alert import News
from services.notify.equipment import board_of, post_of
from services.notify.raise_alert import raise_alert
from services.notify.read_wording import read_wording
from services.notify.store import Desk
from shared.identity import CASE, new_id, new_reference
from shared.mail import SmtpServer, compose
from tests.support.houses import StoppedClock
from tests.support.ports import LOOPBACK, free_port

if TYPE_CHECKING:
    from benchmarks.ground import Ground
    from shared.service import Room

HUB = "hub: event to hand-over, each recorded"
RAW = "smtplib, the same mails over one connection"
IMPORT = "hub: alerts of one import, gathered"
_SENDER = "Referral Hub <hub@referral-hub.example>"
_BATCH = 50


def measure(ground: Ground, *, quick: bool) -> Outcome:
    """Run the rounds."""
    count, rounds, storm = (300, 3, 2000) if quick else (600, 5, 10_000)
    port = free_port()
    place = f"{LOOPBACK}:{port}"
    server = ground.python("-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", place)
    server.wait_for_port(port)
    directory = str(directory_of(count, ground.folder))

    def room() -> tuple[Room, str]:
        url = ground.database("notify")
        settings = ground.settings(notify_database_url=url, mail_url=f"smtp://{place}", directory=directory)
        return SERVICES["notify"].furnish(settings, StoppedClock()), url

    def hub() -> Slice:
        made, url = room()
        taken = _timed(made, [slug_of(number) for number in range(count)], gather=False)
        _end(ground, made, url)
        return Slice(count, taken)

    def gathered() -> Slice:
        made, url = room()
        taken = _timed(made, [slug_of(0)] * storm, gather=True)
        _end(ground, made, url)
        return Slice(storm, taken)

    def raw() -> Slice:
        template = read_wording().newest("opening")
        mail = SmtpServer(f"smtp://{place}")
        began = time.perf_counter()
        with mail.open() as sender:
            for number in range(count):
                token = new_id()
                letter = template.write(
                    {"case": new_reference(CASE), "sign_in": "http://localhost:8080/sign-in"}
                )
                sender.send(
                    compose(
                        sender=_SENDER,
                        recipient=f"person{number}@hub.example",
                        subject=letter.subject,
                        text=letter.text,
                        name=token,
                        domain="referral-hub.example",
                    ),
                    token,
                )
        taken = time.perf_counter() - began
        mail.close()
        return Slice(count, taken)

    outcome = Outcome("notify: alerts told", "a second")
    try:
        interleave(
            outcome,
            [Contender(HUB, hub), Contender(RAW, raw), Contender(IMPORT, gathered)],
            rounds,
            25 if quick else 120,
        )
    finally:
        server.stop()
    compare(outcome, HUB, [Aim(RAW, 0.15)])
    compare(outcome, IMPORT, [Aim(RAW, 1)])
    outcome.notes.append(f"{count} mails a slice; {storm:,} alerts of an import were one message")
    return outcome


def _timed(room: Room, teams: list[str], *, gather: bool) -> float:
    post, sent = post_of(room), 0
    began = time.perf_counter()
    for at in range(0, len(teams), _BATCH):
        batch = [(new_reference(CASE), team) for team in teams[at : at + _BATCH]]
        with room.unit() as unit:
            Desk.of(unit).look_up(case for case, _ in batch)
            for case, team in batch:
                news = News(case, "opening", team, urgent=False)
                raise_alert(news, unit, board_of(room), gather=gather)
    if gather:
        room.clock.move(seconds=31)  # type: ignore[attr-defined]  # a stopped clock
    while done := deliver_alerts(post, room.unit):
        sent += done
    taken = time.perf_counter() - began
    assert sent >= (1 if gather else len(teams)), f"{sent} of {len(teams)} left"
    return taken


def _end(ground: Ground, room: Room, url: str) -> None:
    room.close()
    ground.drop(url)
