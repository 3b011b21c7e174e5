"""How an endpoint is called: only where it may be, only as whom it says it is, and not for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import ip_address, ip_network

import pytest

from shared.calling import Line, Outcome, look_up
from shared.target import Address, Target, may_call, read_target
from tests.support.certificates import Authority
from tests.support.ports import free_port
from tests.support.webhook_receiver import (
    Behaviour,
    Handler,
    Receiver,
    answers,
    drops,
    never_ends_its_answer,
    never_ends_its_headers,
    says_what_is_no_http,
    sends_headers_drop_by_drop,
)

HERE = (ip_network("127.0.0.0/8"),)
NAME = "agency.example"


def found_at(*addresses: str) -> Callable[[str, int], list[Address]]:
    """A resolver that knows every name, and these addresses."""
    return lambda _host, _port: [ip_address(address) for address in addresses]


def target_of(url: str) -> Target:
    target = read_target(url)
    assert isinstance(target, Target)
    return target


def call(line: Line, url: str) -> Outcome:
    with closing(line):
        return line.call(target_of(url), {"webhook-id": "an-id"}, b'{"invented": true}')


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that only those trust who are told of it."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def over_tls(authority: Authority) -> Iterator[Receiver]:
    """A server that goes by the agency's name."""
    with Receiver(authority.serving(NAME)) as receiver:
        yield receiver


@pytest.fixture
def server() -> Iterator[Receiver]:
    """A server without TLS."""
    with Receiver() as receiver:
        yield receiver


def test_a_name_is_looked_up_once_and_what_was_checked_is_what_is_called(
    over_tls: Receiver, authority: Authority
) -> None:
    asked: list[str] = []

    def changes_its_mind(host: str, _port: int) -> list[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1" if len(asked) == 1 else "10.9.9.9")]

    line = Line(HERE, str(authority.file), look_up=changes_its_mind)
    outcome = call(line, f"https://{NAME}:{over_tls.port}/hub?key=1")
    assert (outcome.status, outcome.trouble) == (204, None)
    assert asked == [NAME]
    (received,) = over_tls.received
    assert received.path == "/hub?key=1"
    assert received.headers["Host"] == f"{NAME}:{over_tls.port}"
    assert received.body == b'{"invented": true}'


@pytest.mark.parametrize(
    "addresses",
    [(), ("127.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("::1",), ("::ffff:127.0.0.1",), ("10.1.1.1",)],
)
def test_a_name_that_leads_inside_is_not_called(addresses: tuple[str, ...], over_tls: Receiver) -> None:
    outcome = call(Line(look_up=found_at(*addresses)), f"https://{NAME}:{over_tls.port}/")
    assert (outcome.status, outcome.trouble) == (None, "host_not_allowed")
    assert over_tls.received == []


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "169.254.169.254",
    ],
)
def test_however_this_machine_is_spelt_it_is_recognised(host: str) -> None:
    target = target_of(f"https://{host}/")
    assert not may_call(target, look_up(target.host, target.port), ())


def test_a_name_that_nobody_knows_has_no_address() -> None:
    # One that no resolver is asked for, because it cannot be.
    assert look_up("a" * 64 + ".example", 443) == []


def test_another_name_on_the_certificate_is_another_server(over_tls: Receiver, authority: Authority) -> None:
    line = Line(HERE, str(authority.file), look_up=found_at("127.0.0.1"))
    assert call(line, f"https://elsewhere.example:{over_tls.port}/").trouble == "tls_failed"
    assert over_tls.received == []


def test_a_certificate_of_nobody_who_is_trusted_is_refused(over_tls: Receiver) -> None:
    line = Line(HERE, look_up=found_at("127.0.0.1"))
    assert call(line, f"https://{NAME}:{over_tls.port}/").trouble == "tls_failed"
    assert over_tls.received == []


def test_a_server_that_speaks_no_tls_is_not_spoken_to_without(server: Receiver) -> None:
    line = Line(HERE, look_up=found_at("127.0.0.1"))
    assert call(line, f"https://{NAME}:{server.port}/").trouble == "tls_failed"
    assert server.received == []


def test_an_address_where_nobody_listens_is_passed_over_for_the_next(server: Receiver) -> None:
    line = Line(HERE, look_up=found_at("127.0.0.2", "127.0.0.1"))
    assert call(line, f"http://{NAME}:{server.port}/").status == 204
    nobody = call(Line(HERE), f"http://127.0.0.1:{free_port()}/")
    assert (nobody.status, nobody.trouble) == (None, "no_connection")


@pytest.mark.parametrize(
    ("behaviour", "status", "trouble"),
    [
        (answers(200, b"thanks"), 200, None),
        (answers(299), 299, None),
        (answers(302, Location="http://127.0.0.1:1/"), 302, None),
        (answers(200, content_length="1, 2"), None, "no_http"),
        (drops, None, "connection_lost"),
        (says_what_is_no_http, None, "no_http"),
        (never_ends_its_headers, None, "no_http"),
        (never_ends_its_answer, 200, None),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_whatever_a_server_does_a_call_comes_to_an_end(
    behaviour: Behaviour, status: int | None, trouble: str | None, server: Receiver
) -> None:
    server.then(behaviour)
    outcome = call(Line(HERE), server.url)
    assert (outcome.status, outcome.trouble) == (status, trouble)
    assert len(server.received) == 1


@pytest.mark.parametrize("tls", [False, True])
def test_an_answer_that_comes_drop_by_drop_is_cut_off(
    server: Receiver, over_tls: Receiver, authority: Authority, *, tls: bool
) -> None:
    receiver = over_tls if tls else server
    receiver.then(sends_headers_drop_by_drop)
    line = Line(HERE, str(authority.file), look_up=found_at("127.0.0.1"), seconds=0.3)
    outcome = call(line, f"http{'s' * tls}://{NAME}:{receiver.port}/")
    assert (outcome.status, outcome.trouble) == (None, "timed_out")


def test_a_line_that_is_closed_ends_what_is_being_said(server: Receiver) -> None:
    line = Line(HERE)

    def closes_it(handler: Handler) -> None:
        line.close()
        sends_headers_drop_by_drop(handler)

    server.then(closes_it)
    assert line.call(target_of(server.url), {}, b"").status is None
