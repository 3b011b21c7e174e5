"""What is no message of ours is refused with its reason, whatever it is, and the reason repeats nothing."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import MESSAGES
from shared.contracts.envelope import (
    MAX_BYTES,
    BrokenContract,
    Message,
    SealBroken,
    SealedByUnknownKey,
    Undecodable,
    UnknownType,
    Unreadable,
    open_envelope,
    read_envelope,
)
from shared.sealing import KeyRing
from tests.contracts.examples import KEYS, content_of, envelope_of

ROUTED = "case.routed.1"
PLANTED = "Ludmilla Planted"


def read(body: bytes, keys: KeyRing = KEYS) -> Message:
    return open_envelope(read_envelope(body), MESSAGES, keys)


def outside(**changes: object) -> bytes:
    """A golden envelope with these members changed, or left out where they are None."""
    members = json.loads(envelope_of(ROUTED)) | changes
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


def with_content(content: bytes, name: str = ROUTED) -> bytes:
    members = json.loads(envelope_of(name))
    sealed = KEYS.seal(content, f"message/{members['type']}/{members['id']}")
    return json.dumps(members | {"data_base64": base64.b64encode(sealed).decode()}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"[" * 100_000,
        b'{"deep":' + b"[" * 100_000,
        b" " * (MAX_BYTES + 1),
        outside(specversion="0.3"),
        outside(specversion=PLANTED),
        outside(id="no uuid"),
        outside(id=None),
        outside(source=None),
        outside(type=None),
        outside(type=7),
        outside(time="yesterday"),
        outside(data_base64=None),
        outside(subject=[PLANTED]),
    ],
)
def test_what_is_no_cloudevent_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable) as refused:
        read(body)
    assert refused.value.code == "undecodable"
    assert PLANTED not in str(refused.value)


def test_a_type_that_nobody_here_knows_is_unknown() -> None:
    with pytest.raises(UnknownType, match="unknown_type"):
        read(outside(type="case.imagined"))


def test_a_key_that_is_not_on_our_ring_is_unknown() -> None:
    with pytest.raises(SealedByUnknownKey, match="unknown_key"):
        read(envelope_of(ROUTED), KeyRing({"other": bytes(32)}))


@pytest.mark.parametrize(
    "body",
    [
        outside(id="0195bdc1-0000-7000-8000-000000000001"),  # moved to another message
        outside(type="case.joined"),  # moved to another type
        outside(data_base64="not base64!"),
        outside(data_base64=""),
        outside(data_base64=7),
        outside(data_base64=[PLANTED]),
        outside(data_base64="YWJjYQ==YQ=="),  # goes on behind its end
        outside(data_base64=base64.b64encode(content_of(ROUTED)).decode()),  # never sealed
        outside(data_base64=json.loads(envelope_of(ROUTED))["data_base64"][:-8]),  # cut off
    ],
)
def test_content_that_does_not_belong_to_its_envelope_does_not_open(body: bytes) -> None:
    with pytest.raises(SealBroken, match="broken_seal"):
        read(body)


def test_the_same_key_under_another_name_does_not_open() -> None:
    with pytest.raises(SealBroken):
        read(envelope_of(ROUTED), KeyRing({"golden": bytes(32)}))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"case":"C","referral":"R","to_team":7,"routed_at":"2026-01-01T00:00:00Z"}',
        b'{"case":"C","referral":"R","to_team":"t","routed_at":"soon"}',
        b'{"case":"","referral":"","to_team":"","routed_at":"2026-01-01T00:00:00Z","travels":"Ludmilla"}',
        b'{"case":"C","referral":"R","to_team":"t","routed_at":"2026-01-01T00:00:00Z","more":'
        + b"[" * 100_000,
    ],
)
def test_content_of_another_shape_breaks_the_contract(content: bytes) -> None:
    with pytest.raises(BrokenContract, match="broken_contract") as refused:
        read(with_content(content))
    assert PLANTED not in str(refused.value)


def _places(part: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [way, *(place for step, value in inner for place in _places(value, (*way, step)))]


EVERYWHERE = _places(json.loads(content_of("referral.received.1")))


def with_value_at(way: tuple[str | int, ...], value: object) -> bytes:
    """The golden referral with this value in that place."""
    content = [json.loads(content_of("referral.received.1"))]
    part: Any = content
    last: str | int = 0
    for step in way:
        part, last = part[last], step
    part[last] = value
    return with_content(json.dumps(content[0]).encode(), "referral.received.1")


@pytest.mark.parametrize(
    "planted", [PLANTED, f"{PLANTED} - at `$.x`", f"'{PLANTED}'", [PLANTED], {PLANTED: PLANTED}], ids=str
)
def test_no_reason_repeats_what_was_found_wherever_it_stood(planted: object) -> None:
    told = []
    for way in EVERYWHERE:
        try:
            read(with_value_at(way, planted))
        except Unreadable as refused:
            told.append(f"{refused} {refused.detail} {refused.errors}")
    assert len(told) > len(EVERYWHERE) / 3
    assert [reason for reason in told if "Ludmilla" in reason or "Planted" in reason] == []
    assert any("`$.referral.event.type`" in reason for reason in told)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(json.loads(envelope_of(ROUTED)))), _json)
@settings(max_examples=150)
def test_an_envelope_with_anything_in_any_place_is_a_message_or_unreadable(
    member: str, value: object
) -> None:
    try:
        message = read(outside(**{member: value}))
    except Unreadable:
        return
    assert isinstance(message, Message)


@given(st.sampled_from(EVERYWHERE), _json)
@settings(max_examples=150)
def test_content_with_anything_in_any_place_is_a_message_or_unreadable(
    way: tuple[str | int, ...], value: object
) -> None:
    try:
        message = read(with_value_at(way, value))
    except Unreadable:
        return
    assert isinstance(message, Message)
