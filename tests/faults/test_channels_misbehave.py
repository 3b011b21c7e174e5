"""A channel that fails at any step costs no alert: it arrives in the end or a human is told, and never twice.

The mail server is real and speaks TLS; GOV.UK Notify and the webhooks are stand-ins over real HTTP that fail
in each way that their documentation has.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from services.every import SERVICES
from services.notify.channels.channel import NotTaken, Parcel
from services.notify.channels.govuk_notify import GovukNotify
from services.notify.channels.mail import MailChannel
from services.notify.climb_rota import climb_rota
from services.notify.deliver_alerts import deliver_alerts
from services.notify.domain.alert import News
from services.notify.domain.dispatch import CLAIM, MAX_TRIES, TRIES_WITH_ANOTHER
from services.notify.domain.wording import Letter
from services.notify.equipment import board_of, post_of
from services.notify.raise_alert import raise_alert
from services.notify.schema import read_preferences
from services.notify.store import Desk, history_of, keep_preferences
from services.notify.tables import alerts, dispatches
from shared.identity import CASE, new_id, new_reference
from shared.mail import SmtpServer
from shared.sealing import Lookup
from tests.support.certificates import Authority
from tests.support.govuk_notify import (
    DOCUMENTED,
    KEY,
    StandIn,
    drops_before_taking,
    takes_and_babbles,
    takes_and_drops,
)
from tests.support.govuk_notify import (
    answers as notify_answers,
)
from tests.support.houses import Hub, StoppedClock, embedded_hub
from tests.support.hub_processes import wait_until
from tests.support.troubled_smtp import Step, Trouble, TroubledSMTP
from tests.support.webhook_receiver import Receiver, answers, drops, says_what_is_no_http

if TYPE_CHECKING:
    from shared.service import Room

pytestmark = pytest.mark.faults

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
DIRECTORY = """
agencies:
  vcas: {name: An Invented Agency}
teams:
  hub: {name: An Invented Team}
  duty_desk: {name: Duty desk}
staff:
  - {role: coordinator, email: one@hub.example, team: hub, mobile: "+447700900123"}
  - {role: supervisor, email: desk@hub.example, team: duty_desk}
"""


@contextmanager
def a_hub(tmp_path: Path, **settings: str) -> Iterator[Hub]:
    path = tmp_path / "directory.yaml"
    path.write_text(DIRECTORY, encoding="utf-8")
    given = {"directory": str(path), "webhook_private_networks": "127.0.0.0/8"} | settings
    hub = embedded_hub(tmp_path / "home", StoppedClock(), [SERVICES["notify"]], **given)
    try:
        yield hub
    finally:
        hub.close()


def raised(room: Room, kind: str = "opening", *, urgent: bool = False) -> str:
    case = new_reference(CASE)
    with room.unit() as unit:
        Desk.of(unit).look_up([case])
        raise_alert(News(case, kind, "hub", urgent=urgent), unit, board_of(room))  # type: ignore[arg-type]  # a kind
    return case


def until_rest(hub: Hub, room: Room, seconds: float = 4000) -> None:
    """Deliver, and let time pass, until nothing is due any more; not so much that anybody is reminded."""
    passed = 0.0
    while passed < seconds:
        while deliver_alerts(post_of(room), room.unit):
            pass
        with room.database.reading() as connection:
            due = list(connection.execute(select(dispatches.c.due_at)).scalars())
        if not any(due):
            return
        step = max(0.5, (min(one for one in due if one) - hub.clock()).total_seconds() + 0.1)
        hub.clock.move(seconds=step)
        passed += step
    raise AssertionError("the messages do not come to rest")


def of(room: Room, case: str) -> tuple[list[dict[str, Any]], list[str], Counter[str]]:
    """The messages about a case, the kinds of its alerts, and the steps of the first."""
    with room.database.reading() as connection:
        rows = connection.execute(select(alerts).where(alerts.c.case == case).order_by(alerts.c.id)).all()
        history: Counter[str] = Counter(entry.what for entry in history_of(connection, rows[0].id))
        sent = [dict(row._mapping) for row in connection.execute(select(dispatches))]
    return sent, [row.kind for row in rows], history


FAULTS: list[tuple[Step, Trouble]] = [
    ("connect", "drop"),
    *(
        (step, trouble)
        for step in ("ehlo", "mail", "rcpt", "data")
        for trouble in ("4xx", "5xx", "drop", "slow")
    ),
    ("end", "4xx"),
    ("end", "5xx"),
    ("end", "drop"),
    ("end", "taken_and_dropped"),
]


def test_mail_arrives_or_a_human_is_told_whatever_the_server_does_at_any_step(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    counts: Counter[str] = Counter()
    with TroubledSMTP(authority.serving("localhost")) as server:
        url = f"smtp://localhost:{server.port}?starttls=1&ca={authority.file}"
        with a_hub(tmp_path, mail_url=url, gather_seconds="1") as hub:
            room = hub.rooms["notify"]
            for step, trouble in FAULTS:
                counts["faults"] += 1
                # A connection of the pool is past its greeting: a new one is needed to meet these steps.
                if step in ("connect", "ehlo"):
                    post_of(room).board.channels["mail"].close()
                server.then(step, trouble)
                case = raised(room)
                until_rest(hub, room)
                hub.clock.move(seconds=2)
                _, kinds, history = of(room, case)
                arrived = [mail for mail in server.taken if case in str(mail["Subject"])]
                told = "undelivered" in kinds
                opening = [mail for mail in arrived if "new case" in str(mail["Subject"])]
                counts["delivered"] += bool(opening)
                counts["a human told"] += told
                counts["in doubt"] += history["in_doubt"]
                counts["second mails"] += max(0, len(opening) - 1)
                assert opening or told, (step, trouble)
                assert (trouble == "5xx" and step in ("rcpt", "data", "end")) == told, (step, trouble)
                assert len(opening) <= 1 + history["in_doubt"], (step, trouble)
                assert history["in_doubt"] <= (step in ("data", "end") and "drop" in trouble), (step, trouble)
            assert server.met.total() == len(FAULTS)
            counts["connections"] = server.connections
    print(dict(counts))  # noqa: T201 - shown by `pytest -s`
    assert set(server.tokens.values()) == {1}
    # Exactly the one that was taken before the line went dead was followed by a second that says so.
    assert counts["second mails"] == 1


def test_a_server_that_has_no_good_certificate_gets_nothing_and_waits(tmp_path: Path) -> None:
    stranger, ours = tmp_path / "stranger", tmp_path / "ours"
    stranger.mkdir()
    ours.mkdir()
    with TroubledSMTP(Authority(stranger).serving("localhost")) as server:
        url = f"smtp://localhost:{server.port}?starttls=1&ca={Authority(ours).file}"
        channel = MailChannel(SmtpServer(url), "Hub <hub@referral-hub.example>", Lookup(bytes(32)))
        letter = Letter("A subject", "A text\n", "A line")
        outcome = channel.send(Parcel(new_id(), "one@hub.example", letter, False, ""))
        assert outcome == NotTaken("SSLCertVerificationError")
        assert server.taken == []


def test_ten_thousand_alerts_do_not_knock_at_a_server_that_is_down(tmp_path: Path) -> None:
    with TroubledSMTP() as server:
        port = server.port
    with a_hub(tmp_path, mail_url=f"smtp://127.0.0.1:{port}") as hub:
        room = hub.rooms["notify"]
        for _ in range(5):
            raised(room)
        tries = 0
        for _ in range(60):
            tries += deliver_alerts(post_of(room), room.unit)
            hub.clock.move(seconds=1)
        assert post_of(room).breaker("mail").is_open
        with room.database.reading() as connection:
            charged = sum(connection.execute(select(dispatches.c.tries)).scalars())
        # Five messages on their own would have tried six times each in a minute.
        assert charged < 15


def govuk(tmp_path: Path, stand_in: StandIn, mail_port: int, **settings: str) -> Any:  # noqa: ANN401 - a context
    return a_hub(
        tmp_path,
        mail_url=f"smtp://127.0.0.1:{mail_port}",
        gather_seconds="1",
        govuk_notify_key=KEY,
        govuk_notify_url=stand_in.url,
        govuk_notify_templates="email:00000000-0000-4000-8000-000000000001",
        **settings,
    )


def prefer(room: Room, channel: str, who: str = "one@hub.example") -> None:
    with room.unit() as unit:
        keep_preferences(unit, who, read_preferences({"channels": {"cases": [channel]}}))


def test_govuk_notify_fails_in_each_documented_way_and_nothing_is_lost_or_twice(tmp_path: Path) -> None:
    ways: dict[str, Any] = {name: notify_answers(name) for name in DOCUMENTED}
    ways |= {
        "drops before": drops_before_taking,
        "takes and drops": takes_and_drops,
        "takes and babbles": takes_and_babbles,
    }
    counts: Counter[str] = Counter()
    with StandIn() as notify, TroubledSMTP() as mail, govuk(tmp_path, notify, mail.port) as hub:
        room = hub.rooms["notify"]
        prefer(room, "govuk_email")
        for name, behave in ways.items():
            notify.then(behave)
            case = raised(room)
            until_rest(hub, room)
            hub.clock.move(seconds=400)
            _, kinds, history = of(room, case)
            by_notify = [one for one in notify.taken if case in one["personalisation"]["subject"]]
            by_mail = [
                one for one in mail.taken if case in str(one["Subject"]) and "new case" in str(one["Subject"])
            ]
            told = "undelivered" in kinds
            counts["faults"] += 1
            counts["delivered by notify"] += bool(by_notify)
            counts["delivered by mail"] += bool(by_mail)
            counts["a human told"] += told
            assert len(by_notify) + len(by_mail) == 1, name
            permanent = DOCUMENTED.get(name, (0,))[0] == 400
            # What Notify will never take goes by mail, and a human is told at once all the same; what it
            # would take only tomorrow goes by mail as well.
            by_another = permanent or name == "day"
            assert (permanent, by_another) == (told, bool(by_mail)), name
            assert history["failed_over"] == by_another, name
    print(dict(counts))  # noqa: T201 - shown by `pytest -s`
    assert set(notify.tokens.values()) == {1}
    assert set(mail.tokens.values()) == {1}


def test_a_notify_that_does_not_tell_what_it_has_is_sent_nothing_until_it_does(tmp_path: Path) -> None:
    with StandIn() as notify, TroubledSMTP() as mail, govuk(tmp_path, notify, mail.port) as hub:
        room = hub.rooms["notify"]
        prefer(room, "govuk_email")
        notify.then(takes_and_drops)
        notify.does_not_tell = 3
        case = raised(room)
        until_rest(hub, room)
        assert notify.does_not_tell == 0
        assert list(notify.tokens.values()) == [1]
        assert mail.taken == []
        assert of(room, case)[2]["sent"] == 1
        # Where it never tells, another channel has it in the end.
        notify.then(takes_and_drops)
        notify.does_not_tell = MAX_TRIES
        raised(room)
        until_rest(hub, room)
        assert (set(notify.tokens.values()), len(mail.taken)) == ({1}, 1)


def test_what_waits_for_a_channel_that_is_down_goes_over_the_next_before_long(tmp_path: Path) -> None:
    with TroubledSMTP() as server:
        port = server.port
    with StandIn() as notify, govuk(tmp_path, notify, port) as hub:
        room = hub.rooms["notify"]
        cases = []
        for _ in range(5):
            cases.append(raised(room))
            hub.clock.move(seconds=2)
        # No longer than until somebody would be reminded.
        for _ in range(30):
            while deliver_alerts(post_of(room), room.unit):
                pass
            hub.clock.move(seconds=60)
        assert post_of(room).breaker("mail").is_open
        told = [one["personalisation"]["subject"] for one in notify.taken]
        assert sorted(case for case in cases for subject in told if case in subject) == sorted(cases)


@pytest.mark.parametrize("urgent", [True, False])
def test_nobody_waits_for_a_channel_that_says_to_come_again_much_later(
    tmp_path: Path, *, urgent: bool
) -> None:
    with Receiver() as receiver, TroubledSMTP() as mail:
        hooks = tmp_path / "hooks.yaml"
        hooks.write_text(f"hub: {{kind: slack, url: {receiver.url}}}\n", encoding="utf-8")
        url = f"smtp://127.0.0.1:{mail.port}"
        with a_hub(tmp_path, mail_url=url, team_hooks=str(hooks)) as hub:
            room = hub.rooms["notify"]
            prefer(room, "webhook")
            receiver.then(answers(429, Retry_After="3600"))
            case = raised(room, urgent=urgent)
            while deliver_alerts(post_of(room), room.unit):
                pass
            assert [case in str(one["Subject"]) for one in mail.taken] == [True]
            # A moment is waited for, unless it is urgent.
            receiver.then(answers(429, Retry_After="120"))
            raised(room, urgent=urgent)
            while deliver_alerts(post_of(room), room.unit):
                pass
            assert len(mail.taken) == 1 + urgent


def test_a_channel_that_takes_and_never_answers_holds_up_nobody(tmp_path: Path) -> None:
    with Receiver() as receiver, TroubledSMTP() as mail:
        hooks = tmp_path / "hooks.yaml"
        hooks.write_text(
            f"hub: {{kind: standard, url: {receiver.url}, secret: {SECRET}}}\n", encoding="utf-8"
        )
        url = f"smtp://127.0.0.1:{mail.port}"
        with a_hub(tmp_path, mail_url=url, team_hooks=str(hooks)) as hub:
            room = hub.rooms["notify"]
            prefer(room, "webhook")
            receiver.otherwise(drops)
            for _ in range(5):
                raised(room)
            deliver_alerts(post_of(room), room.unit)
            # Each of the others would cost as long as an answer is waited for.
            assert len(receiver.received) == 3
            assert post_of(room).breaker("webhook").is_open
            hub.clock.move(seconds=3)
            deliver_alerts(post_of(room), room.unit)
            assert len(receiver.received) == 4  # one, to see whether it is well again
            receiver.otherwise(answers(204))
            until_rest(hub, room)
            assert len({one.id for one in receiver.received}) == 5
            assert mail.taken == []


def test_a_slow_notify_is_asked_afterwards_what_it_has(tmp_path: Path) -> None:
    from tests.support.govuk_notify import takes_and_is_silent  # noqa: PLC0415

    with StandIn() as notify:
        template = "00000000-0000-4000-8000-000000000002"
        channel = GovukNotify("text", KEY, template, notify.url)
        hasty = GovukNotify("text", KEY, template, notify.url, seconds=1.0)
        parcel = Parcel(new_id(), "+447700900123", Letter("S", "T", "A line"), False, "")
        assert channel.look_up(parcel.token) == "not_taken"
        notify.then(takes_and_is_silent)
        assert type(hasty.send(parcel)).__name__ == "InDoubt"
        wait_until(lambda: notify.tokens, 60, "it has taken it")
        assert channel.look_up(parcel.token) == "taken"
        assert notify.tokens == {str(parcel.token): 1}
        channel.close()
        hasty.close()


def test_a_receipt_that_says_it_came_back_is_a_task_and_one_that_it_arrived_is_in_the_history(
    tmp_path: Path,
) -> None:
    token = "an-invented-callback-token"
    with (
        StandIn() as notify,
        TroubledSMTP() as mail,
        govuk(tmp_path, notify, mail.port, govuk_notify_callback_token=token) as hub,
    ):
        room = hub.rooms["notify"]
        prefer(room, "govuk_email")
        front = room.service.web(room).test_client()

        def receipt(reference: str, status: str, bearer: str = token) -> int:
            answer = front.post(
                "/v1/receipts/govuk-notify",
                json={"id": "x", "reference": reference, "to": "one@hub.example", "status": status},
                headers={"Authorization": f"Bearer {bearer}"},
            )
            return int(answer.status_code)

        good, bad = raised(room), raised(room)
        until_rest(hub, room)
        tokens = {one["personalisation"]["subject"][-13:]: one["reference"] for one in notify.taken}
        assert receipt(tokens[good], "delivered", "not this one") == 401
        assert receipt(str(new_id()), "delivered") == 204
        assert receipt(tokens[good], "lost") == 422
        for _ in range(2):
            assert receipt(tokens[good], "delivered") == 204
            assert receipt(tokens[bad], "permanent-failure") == 204
        until_rest(hub, room)
        assert of(room, good)[1:] == (["opening"], Counter(raised=1, sent=1, delivered=1))
        _, kinds, history = of(room, bad)
        assert kinds == ["opening", "undelivered"]
        assert (history["bounced"], history["failed_over"]) == (1, 1)
        assert [str(one["Subject"])[-13:] for one in mail.taken].count(bad) == 2  # another way, and the task


def _stamp(headers: Mapping[str, str]) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=dt.UTC)


@pytest.mark.parametrize("kind", ["standard", "slack", "teams"])
def test_a_teams_webhook_fails_in_each_way_and_nothing_is_lost(tmp_path: Path, kind: str) -> None:
    with Receiver() as receiver, TroubledSMTP() as mail:
        hooks = tmp_path / "hooks.yaml"
        hooks.write_text(f"hub: {{kind: {kind}, url: {receiver.url}, secret: {SECRET}}}\n", encoding="utf-8")
        with a_hub(
            tmp_path, mail_url=f"smtp://127.0.0.1:{mail.port}", team_hooks=str(hooks), gather_seconds="1"
        ) as hub:
            room = hub.rooms["notify"]
            prefer(room, "webhook")
            for behave in (
                answers(500), answers(503, Retry_After="7"), answers(429, Retry_After="120"), drops,
                says_what_is_no_http, answers(404), answers(302, Location="http://127.0.0.1:1/"),
            ):  # fmt: skip
                receiver.then(behave)
                case = raised(room)
                until_rest(hub, room)
                hub.clock.move(seconds=400)
                _, kinds, history = of(room, case)
                about = [one for one in receiver.received if case.encode() in one.body]
                by_mail = [one for one in mail.taken if case in str(one["Subject"])]
                assert history["sent"] == 1
                assert ("undelivered" in kinds) == bool(by_mail)
                assert len(about) == (1 if by_mail else 2)
                if kind == "standard":
                    assert len({one.id for one in about}) == 1
                    signed = Webhook(SECRET).sign(
                        about[0].id, _stamp(about[0].headers), about[0].body.decode()
                    )
                    assert about[0].headers["webhook-signature"] == signed
            assert receiver.received


@pytest.mark.parametrize("kind", ["standard", "teams"])
def test_what_a_webhook_leaves_in_doubt_each_time_goes_another_way(tmp_path: Path, kind: str) -> None:
    with Receiver() as receiver, TroubledSMTP() as mail:
        hooks = tmp_path / "hooks.yaml"
        hooks.write_text(f"hub: {{kind: {kind}, url: {receiver.url}, secret: {SECRET}}}\n", encoding="utf-8")
        with a_hub(tmp_path, mail_url=f"smtp://127.0.0.1:{mail.port}", team_hooks=str(hooks)) as hub:
            room = hub.rooms["notify"]
            prefer(room, "webhook")
            for _ in range(MAX_TRIES):
                receiver.then(drops)
            case = raised(room)
            until_rest(hub, room)
            assert len(receiver.received) == (TRIES_WITH_ANOTHER if kind == "standard" else 2)
            assert [case in str(one["Subject"]) for one in mail.taken] == [True]


@pytest.mark.parametrize("kind", ["standard", "teams"])
def test_a_teams_webhook_is_told_once_of_what_several_of_the_team_are_told(tmp_path: Path, kind: str) -> None:
    with Receiver() as receiver, TroubledSMTP() as mail:
        hooks, directory = tmp_path / "hooks.yaml", tmp_path / "several.yaml"
        hooks.write_text(f"hub: {{kind: {kind}, url: {receiver.url}, secret: {SECRET}}}\n", encoding="utf-8")
        directory.write_text(
            DIRECTORY + "  - {role: coordinator, email: two@hub.example, team: hub}\n", encoding="utf-8"
        )
        with a_hub(
            tmp_path,
            mail_url=f"smtp://127.0.0.1:{mail.port}",
            team_hooks=str(hooks),
            directory=str(directory),
        ) as hub:
            room = hub.rooms["notify"]
            prefer(room, "webhook")
            prefer(room, "webhook", "two@hub.example")
            receiver.then(answers(204), answers(503), answers(204), answers(404))
            cases = [raised(room)]
            until_rest(hub, room)
            assert len(receiver.received) == 1
            cases.append(raised(room))
            until_rest(hub, room)
            assert len(receiver.received) == 3  # the second was refused, and sent again
            for case in cases:
                assert of(room, case)[2] == Counter(raised=1, sent=2)
            # What is refused for good goes to each of them another way.
            lost = raised(room)
            until_rest(hub, room)
            assert len(receiver.received) == 4
            assert sorted(one["To"] for one in mail.taken if "new case" in str(one["Subject"])) == [
                "one@hub.example",
                "two@hub.example",
            ]
            assert of(room, lost)[2]["failed_over"] == 2


def test_a_mail_that_comes_back_is_a_task(tmp_path: Path) -> None:
    from services.notify.read_bounce import read_bounce  # noqa: PLC0415
    from services.notify.take_receipt import take_receipt  # noqa: PLC0415

    with TroubledSMTP() as server, a_hub(tmp_path, mail_url=f"smtp://127.0.0.1:{server.port}") as hub:
        room = hub.rooms["notify"]
        case = raised(room)
        until_rest(hub, room)
        (mail,) = server.taken
        report = (
            b"From: MAILER-DAEMON@mail.example\r\nMessage-ID: <1@mail.example>\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
            b"--x\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
            b"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n"
            b"Final-Recipient: rfc822; one@hub.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
            b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + mail.as_bytes() + b"\r\n--x--\r\n"
        )
        bounce = read_bounce(report, room.keys.lookup)
        assert bounce is not None
        assert bounce.token is not None
        assert bounce.status == "5.1.1"
        assert str(mail["Message-ID"]).startswith(f"<{bounce.token}.")
        assert read_bounce(report.replace(b"Action: failed", b"Action: delayed"), room.keys.lookup) is None
        assert read_bounce(b"From: a@b.example\r\n\r\nHello", room.keys.lookup) is None
        with room.unit() as unit:
            assert take_receipt(bounce.token, "returned", "bounced 5.1.1", unit, board_of(room))
            assert not take_receipt(new_id(), "returned", "", unit, board_of(room))
        _, kinds, history = of(room, case)
        assert kinds == ["opening", "undelivered"]
        assert history["bounced"] == 1


def test_what_was_begun_and_not_recorded_is_settled_by_each_channels_own_rule(tmp_path: Path) -> None:
    with StandIn() as notify, TroubledSMTP() as mail, govuk(tmp_path, notify, mail.port) as hub:
        room = hub.rooms["notify"]
        prefer(room, "govuk_email")
        raised(room)
        post = post_of(room)

        units = 0

        @contextmanager
        def dies_at_the_second() -> Iterator[Any]:
            nonlocal units
            units += 1
            if units == 2:
                raise KeyboardInterrupt
            with room.unit() as unit:
                yield unit

        with pytest.raises(KeyboardInterrupt):
            deliver_alerts(post, dies_at_the_second)
        assert len(notify.taken) == 1
        hub.clock.move(seconds=CLAIM.total_seconds() + 1)
        until_rest(hub, room)
        # Notify was asked for the reference, and had it.
        assert len(notify.taken) == 1
        with room.database.reading() as connection:
            assert list(connection.execute(select(dispatches.c.state)).scalars()) == ["sent"]
            with room.unit() as unit:
                assert climb_rota(unit, board_of(room)) == 0
