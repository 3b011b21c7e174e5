"""The servers that the other tests rely on keep what they promised, even through a kill -9."""

import smtplib
import socket
import threading
import time
from collections.abc import Iterator

import pika
import psycopg
import pytest
import sqlalchemy as sa

from tests.conftest import FreshDatabase
from tests.support.ports import LOOPBACK, is_listening
from tests.support.postgresql_server import PostgreSQLServer
from tests.support.rabbitmq_server import RabbitMQServer
from tests.support.smtp_server import SMTPServer
from tests.support.tcp_proxy import TCPProxy

pytestmark = pytest.mark.production

QUORUM = {"x-queue-type": "quorum"}
SECONDS = 60  # for what comes at once, unless the machine is very busy


def publish_confirmed(url: str, queue: str, body: bytes) -> None:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        persistent = pika.BasicProperties(delivery_mode=2)
        channel.basic_publish("", queue, body, properties=persistent, mandatory=True)


def get(url: str, queue: str) -> bytes | None:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        _, _, body = connection.channel().basic_get(queue, auto_ack=True)
        return body


def declare(url: str, queue: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        connection.channel().queue_declare(queue, durable=True, arguments=QUORUM)


@pytest.mark.faults
def test_a_confirmed_message_on_a_settled_quorum_queue_survives_a_kill_of_the_broker(
    rabbitmq: RabbitMQServer,
    vhost: str,
) -> None:
    declare(vhost, "referrals")
    rabbitmq.settle()
    publish_confirmed(vhost, "referrals", b"REF-1")
    rabbitmq.kill_9()
    assert not rabbitmq.running
    rabbitmq.start()
    assert get(vhost, "referrals") == b"REF-1"


@pytest.mark.faults
def test_a_paused_broker_answers_nobody_until_it_is_resumed(rabbitmq: RabbitMQServer, vhost: str) -> None:
    rabbitmq.pause()
    with socket.create_connection((LOOPBACK, rabbitmq.port), timeout=0.5) as connection:
        connection.sendall(b"AMQP\x00\x00\x09\x01")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        rabbitmq.resume()
        connection.settimeout(SECONDS)
        assert connection.recv(1) == b"\x01"


def test_a_virtual_host_belongs_to_one_test(rabbitmq: RabbitMQServer, vhost: str) -> None:
    declare(vhost, "referrals")
    other = rabbitmq.add_vhost("other")
    declare(other, "cases")
    names = rabbitmq.ctl("list_queues", "--vhost", "other", "name", "--no-table-headers")
    rabbitmq.delete_vhost("other")
    assert names == "cases"


def test_a_wiped_broker_has_forgotten_its_queues(rabbitmq: RabbitMQServer) -> None:
    declare(rabbitmq.amqp_url, "forgotten")
    rabbitmq.stop()
    rabbitmq.wipe()
    rabbitmq.start()
    assert rabbitmq.ctl("list_queues", "name", "--no-table-headers") == ""


@pytest.mark.faults
def test_a_commit_survives_a_kill_of_postgresql(
    postgresql: PostgreSQLServer,
    fresh_database: FreshDatabase,
) -> None:
    engine = sa.create_engine(fresh_database(), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE referral (reference text)"))
        connection.execute(sa.text("INSERT INTO referral VALUES ('REF-1')"))
    with engine.connect() as open_session:
        open_session.execute(sa.text("SELECT 1"))
        postgresql.kill_9()
        with pytest.raises(sa.exc.OperationalError):
            open_session.execute(sa.text("SELECT 1"))
        open_session.invalidate()
    postgresql.start()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT reference FROM referral")) == "REF-1"


def test_postgresql_keeps_its_promises_on_disk_and_to_this_machine_only(
    fresh_database: FreshDatabase,
) -> None:
    with sa.create_engine(fresh_database(), poolclass=sa.NullPool).connect() as connection:

        def setting(name: str) -> object:
            return connection.scalar(sa.text(f"SHOW {name}"))

        assert setting("fsync") == "on"
        assert setting("synchronous_commit") == "on"
        assert setting("listen_addresses") == LOOPBACK


def prepare_cases(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE prepared_case (reference text)")


def test_every_database_is_its_own_copy_of_what_was_prepared(fresh_database: FreshDatabase) -> None:
    first, second = (sa.create_engine(fresh_database(prepare_cases), poolclass=sa.NullPool) for _ in range(2))
    with first.begin() as connection:
        connection.execute(sa.text("INSERT INTO prepared_case VALUES ('CASE-1')"))
    with second.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM prepared_case")) == 0


def send(smtp: SMTPServer, subject: str) -> None:
    with smtplib.SMTP(smtp.host, smtp.port, timeout=SECONDS) as client:
        client.sendmail(
            "hub@example.org", ["coordinator@example.org"], f"Subject: {subject}\r\n\r\nA new case."
        )


def test_the_mail_server_keeps_what_it_gets_also_while_it_is_stopped(smtp: SMTPServer) -> None:
    send(smtp, "one")
    smtp.stop()
    with pytest.raises(ConnectionRefusedError):
        send(smtp, "lost")
    smtp.start()
    send(smtp, "two")
    mails = smtp.wait_for(2)
    assert [mail.message["Subject"] for mail in mails] == ["one", "two"]
    assert mails[0].recipients == ("coordinator@example.org",)


def test_the_mail_server_refuses_when_told_to(smtp: SMTPServer) -> None:
    smtp.refuse("451 4.3.0 later")
    with pytest.raises(smtplib.SMTPDataError):
        send(smtp, "one")
    smtp.accept()
    send(smtp, "one")
    assert len(smtp.mails) == 1


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says everything back."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def answer(connection: socket.socket) -> None:
            with connection:
                try:
                    while data := connection.recv(1024):
                        connection.sendall(data)
                except ConnectionError:
                    return

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=[connection], daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_cut_line_resets_old_and_new_connections_until_it_is_restored(echo: int) -> None:
    with TCPProxy(echo) as proxy:
        with socket.create_connection((LOOPBACK, proxy.port), timeout=SECONDS) as line:
            line.sendall(b"one")
            assert line.recv(3) == b"one"
            proxy.cut()
            assert gone(line)
        assert no_longer_answered(proxy)
        proxy.restore()
        with socket.create_connection((LOOPBACK, proxy.port), timeout=SECONDS) as line:
            line.sendall(b"two")
            assert line.recv(3) == b"two"
    assert not is_listening(proxy.port)


def gone(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionError:
        return True


def no_longer_answered(proxy: TCPProxy) -> bool:
    try:
        with socket.create_connection((LOOPBACK, proxy.port), timeout=SECONDS) as line:
            return gone(line)
    except ConnectionError:  # the reset can be quicker than the look at how connecting went
        return True


def test_a_black_hole_holds_back_what_it_passes_on_later(echo: int) -> None:
    with TCPProxy(echo) as proxy, socket.create_connection((LOOPBACK, proxy.port), timeout=0.3) as line:
        proxy.blackhole()
        line.sendall(b"one")
        with pytest.raises(TimeoutError):
            line.recv(3)
        proxy.restore()
        line.settimeout(SECONDS)
        assert line.recv(3) == b"one"


def test_a_slow_line_delays_each_way(echo: int) -> None:
    with TCPProxy(echo) as proxy, socket.create_connection((LOOPBACK, proxy.port), timeout=SECONDS) as line:
        proxy.delay(0.2)
        began = time.monotonic()
        line.sendall(b"one")
        assert line.recv(3) == b"one"
        assert time.monotonic() - began >= 0.4
