"""Which addresses a webhook may have, which machines are called, and when again."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.webhooks.domain.delivery import (
    MOST_TRIES,
    PAUSES,
    pause_after,
)
from services.intake.webhooks.domain.endpoint import rest_after
from shared.calling import LONGEST_RETRY_AFTER, read_retry_after
from shared.target import (
    CREDENTIALS,
    FRAGMENT,
    LONGEST,
    NOT_AN_ADDRESS,
    NOT_HTTPS,
    PORT,
    TOO_LONG,
    Reproof,
    Target,
    is_public,
    may_call,
    read_target,
)

NOW = dt.datetime(2026, 3, 22, 14, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://agency.example", Target("https", "agency.example", 443, "/")),
        ("https://Agency.Example:443/Hub", Target("https", "agency.example", 443, "/Hub")),
        (
            "https://agency.example:8443/a/b?key=c%20d",
            Target("https", "agency.example", 8443, "/a/b?key=c%20d"),
        ),
        ("https://agency.example?x=1", Target("https", "agency.example", 443, "/?x=1")),
        ("http://10.1.2.3:8080/hub", Target("http", "10.1.2.3", 8080, "/hub")),
        ("https://[2a00:1450::1]/hub", Target("https", "2a00:1450::1", 443, "/hub")),
        ("https://xn--bcher-kva.example/", Target("https", "xn--bcher-kva.example", 443, "/")),
    ],
)
def test_an_address_is_taken_to_pieces(url: str, target: Target) -> None:
    assert read_target(url) == target


def test_the_host_is_named_as_http_wants_it() -> None:
    written = {
        "https://agency.example": "agency.example",
        "https://agency.example:8443": "agency.example:8443",
        "http://agency.example:443": "agency.example:443",
        "https://[2a00:1450::1]:8443": "[2a00:1450::1]:8443",
    }
    for url, authority in written.items():
        target = read_target(url)
        if isinstance(target, Target):
            assert target.authority == authority
        else:
            assert (url, target) == ("http://agency.example:443", PORT)


@pytest.mark.parametrize(
    ("url", "reproof"),
    [
        ("", NOT_AN_ADDRESS),
        ("agency.example/hub", NOT_HTTPS),
        ("//agency.example/hub", NOT_HTTPS),
        ("ftp://agency.example/hub", NOT_HTTPS),
        ("file:///etc/passwd", NOT_HTTPS),
        ("https:///hub", NOT_AN_ADDRESS),
        ("https://", NOT_AN_ADDRESS),
        ("https://agency.example:99999/", NOT_AN_ADDRESS),
        ("https://agency.example:0/", NOT_AN_ADDRESS),
        ("https://agency.example:port/", NOT_AN_ADDRESS),
        ("https://[::1/", NOT_AN_ADDRESS),
        ("https://[fe80::1%25eth0]/", NOT_AN_ADDRESS),
        ("https://agency example/", NOT_AN_ADDRESS),
        ("https://agency.example\\@evil.example/", NOT_AN_ADDRESS),
        ("https://agency.example/\r\nHost: evil.example", NOT_AN_ADDRESS),
        ("https://b\u00fccher.example/", NOT_AN_ADDRESS),
        ("https://-agency.example/", NOT_AN_ADDRESS),
        ("https://" + "a" * 64 + ".example/", NOT_AN_ADDRESS),
        ("https://user:word@agency.example/", CREDENTIALS),
        ("https://key@agency.example/", CREDENTIALS),
        ("https://agency.example/hub#top", FRAGMENT),
        ("https://agency.example:25/", PORT),
        ("https://agency.example:80/", PORT),
        ("http://agency.example:443/", PORT),
        ("https://agency.example/" + "a" * LONGEST, TOO_LONG),
    ],
)
def test_an_address_that_cannot_be_called_is_told_why(url: str, reproof: Reproof) -> None:
    assert read_target(url) == reproof


@given(st.text())
def test_whatever_is_sent_as_an_address_is_read_or_reproved(url: str) -> None:
    for text in (url, f"https://{url}"):
        read = read_target(text)
        assert isinstance(read, Reproof) or (read.host and 0 < read.port < 65536)


PUBLIC = (
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "172.32.0.1",
    "192.167.1.1",
    "2a00:1450:4009::1",
    "2606:4700::1",
)
NOT_PUBLIC = {
    "this host": ("0.0.0.0", "0.1.2.3", "::"),  # noqa: S104 - to be refused
    "loopback": ("127.0.0.1", "127.255.255.254", "::1"),
    "private": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1", "fdff::1"),
    "shared by customers": ("100.64.0.1", "100.127.255.255", "100.100.100.200"),
    "link-local and metadata": (
        "169.254.0.1",
        "169.254.169.254",
        "fe80::1",
        "168.63.129.16",
        "fd00:ec2::254",
    ),
    "once site-local": ("fec0::1",),
    "protocol assignments": ("192.0.0.1", "192.0.0.192", "2001::1", "2001:1::1", "2001:10::1", "2001:20::1"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"),
    "benchmarks": ("198.18.0.1", "198.19.255.255", "2001:2::1"),
    "multicast": ("224.0.0.1", "224.0.1.1", "239.255.255.250", "ff02::1", "ff0e::1"),
    "reserved and broadcast": ("240.0.0.1", "255.255.255.255", "4000::1", "5f00::1", "e000::1"),
    "6to4": ("2002:7f00:1::1", "2002:a00:1::1", "2002:808:808::1", "192.88.99.1"),
    "NAT64": ("64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::10.0.0.1"),
    "mapped and compatible": ("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "::127.0.0.1"),
    "Teredo": ("2001:0:4136:e378::1",),
    "discarded": ("100::1",),
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_machine_on_the_internet_may_be_called(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("kind", "address"), [(kind, address) for kind, group in NOT_PUBLIC.items() for address in group]
)
def test_a_machine_that_only_the_hub_can_reach_may_not_be_called(kind: str, address: str) -> None:
    assert not is_public(ip_address(address))


def test_one_address_that_may_not_be_called_keeps_the_whole_host_from_being_called() -> None:
    target = Target("https", "agency.example", 443, "/")
    public, private = ip_address("1.1.1.1"), ip_address("10.1.0.5")
    assert may_call(target, [public], [])
    assert not may_call(target, [public, private], [])
    assert not may_call(target, [], [])
    assert may_call(target, [public, private], [ip_network("10.1.0.0/16")])
    assert not may_call(target, [ip_address("10.2.0.5")], [ip_network("10.1.0.0/16")])
    assert not may_call(target, [ip_address("::ffff:10.1.0.5")], [ip_network("10.1.0.0/16")])


def test_plain_http_goes_to_a_named_network_and_nowhere_else() -> None:
    target = Target("http", "agency.example", 80, "/")
    assert not may_call(target, [ip_address("1.1.1.1")], [])
    assert may_call(target, [ip_address("10.1.0.5")], [ip_network("10.1.0.0/16")])
    assert not may_call(target, [ip_address("10.1.0.5"), ip_address("1.1.1.1")], [ip_network("10.1.0.0/16")])


@pytest.mark.parametrize("tries", range(1, MOST_TRIES))
def test_pauses_are_those_of_the_schedule_give_or_take_a_fifth(tries: int) -> None:
    steady = PAUSES[tries - 1]
    assert pause_after(tries, 0.5, None) == steady
    assert pause_after(tries, 0.0, None) == steady * 0.8
    assert pause_after(tries, 1.0, None) == steady * 1.2


def test_attempts_go_on_for_three_days_and_then_end() -> None:
    assert dt.timedelta(days=3) < sum(PAUSES, dt.timedelta()) < dt.timedelta(days=4)
    assert sorted(PAUSES) == list(PAUSES)
    assert pause_after(MOST_TRIES, 0.5, None) is None


def test_what_an_endpoint_asks_for_is_waited_for_when_it_is_longer() -> None:
    assert pause_after(1, 0.5, dt.timedelta(minutes=1)) == dt.timedelta(minutes=1)
    assert pause_after(4, 0.5, dt.timedelta(minutes=1)) == PAUSES[3]
    assert pause_after(MOST_TRIES, 0.5, dt.timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("0", dt.timedelta()),
        (" 120 ", dt.timedelta(minutes=2)),
        ("86400", LONGEST_RETRY_AFTER),
        ("99999", LONGEST_RETRY_AFTER),
        ("9" * 5000, LONGEST_RETRY_AFTER),
        (format_datetime(NOW + dt.timedelta(minutes=5), usegmt=True), dt.timedelta(minutes=5)),
        (format_datetime(NOW - dt.timedelta(days=5), usegmt=True), dt.timedelta()),
        (format_datetime(NOW + dt.timedelta(days=5), usegmt=True), LONGEST_RETRY_AFTER),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\u0663", None),
        ("Mon, 01 Jan 2024 00:00:00 +9999999999999", None),
        ("Mon, 99999999999999999999 Jan 2024 00:00:00 GMT", None),
    ],
)
def test_when_to_come_again_is_read_in_seconds_or_as_a_date(text: str, asked: dt.timedelta | None) -> None:
    assert read_retry_after(text, NOW) == asked


@given(
    st.text()
    | st.from_regex(r"[A-Z][a-z]{2}, \d{1,30} [A-Z][a-z]{2} \d{1,30} \d\d:\d\d:\d{1,30} ([+-]\d{1,30}|GMT)?")
)
def test_no_answer_of_an_endpoint_is_an_error(text: str) -> None:
    asked = read_retry_after(text, NOW)
    assert asked is None or dt.timedelta() <= asked <= LONGEST_RETRY_AFTER


def test_a_failing_endpoint_rests_longer_and_longer_and_never_more_than_five_minutes() -> None:
    rests = [rest_after(failures).total_seconds() for failures in range(1, 10)]
    assert rests == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert rest_after(10**9).total_seconds() == 300
