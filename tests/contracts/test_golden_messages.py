"""What was said by an older hub is still understood, and what is said now looks as it always did."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest

from shared.contracts import MESSAGES
from shared.contracts import referral as format_v1
from shared.contracts.envelope import DATA_CONTENT_TYPE, open_envelope, read_envelope
from tests.contracts.examples import (
    CAUSE,
    GOLDEN,
    KEYS,
    TRACE,
    WHEN,
    content_of,
    envelope_of,
    examples,
    name_of,
    sealed,
)

NAMES = sorted(path.name.removesuffix(".envelope.json") for path in GOLDEN.glob("*.envelope.json"))
# CloudEvents 1.0, section "Required attributes".
REQUIRED = {"id", "source", "specversion", "type"}


def test_every_version_of_every_contract_has_its_golden_files() -> None:
    assert {name_of(contract) for contract in MESSAGES.values()} <= set(NAMES)
    assert {path.name.removesuffix(".content.json") for path in GOLDEN.glob("*.content.json")} == set(NAMES)
    assert set(examples()) == {name_of(contract) for contract in MESSAGES.values()}


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_message_opens_and_is_written_again_byte_for_byte(name: str) -> None:
    envelope = read_envelope(envelope_of(name))
    message = open_envelope(envelope, MESSAGES, KEYS)
    assert msgspec.json.encode(message) == content_of(name)
    again = read_envelope(sealed(name, message))
    assert open_envelope(again, MESSAGES, KEYS) == message
    outside, outside_again = (msgspec.structs.asdict(one) for one in (envelope, again))
    # Only the seal differs: it is made with a fresh nonce each time.
    assert outside.pop("data_base64") != outside_again.pop("data_base64")
    assert outside == outside_again


@pytest.mark.parametrize("name", NAMES)
def test_the_outside_is_a_cloudevent_that_shows_ids_types_and_times(name: str) -> None:
    outside: dict[str, Any] = json.loads(envelope_of(name))
    assert set(outside) >= REQUIRED
    assert all(outside[attribute] for attribute in REQUIRED)
    assert outside["specversion"] == "1.0"
    assert outside["source"] == f"/hub/{name.partition('.')[0]}"
    assert outside["datacontenttype"] == DATA_CONTENT_TYPE
    assert outside["dataschema"] == "urn:referral-hub:contract:" + ":".join(name.rsplit(".", 1))
    assert outside["correlationid"] == TRACE.correlation_id
    assert outside["causationid"] == CAUSE
    assert outside["traceparent"] == TRACE.traceparent
    assert msgspec.convert(outside["time"], type(WHEN)) == WHEN
    # Names of attributes and extensions: lower-case letters and digits; the member of the JSON format aside.
    assert all(member.isalnum() and member.islower() for member in outside if member != "data_base64")


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_message_with_more_in_it_than_we_know_still_opens(name: str) -> None:
    outside = json.loads(envelope_of(name)) | {"partitionkey": "new", "severitynumber": 7, "more": {"a": [1]}}
    content = _with_more(json.loads(content_of(name)))
    place = f"message/{outside['type']}/{outside['id']}"
    outside["data_base64"] = base64.b64encode(KEYS.seal(json.dumps(content).encode(), place)).decode()
    message = open_envelope(read_envelope(json.dumps(outside).encode()), MESSAGES, KEYS)
    assert msgspec.json.encode(message) == content_of(name)


def _with_more(part: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(part, dict):
        return {name: _with_more(value) for name, value in part.items()} | {"added_later": {"a": ["b", 1]}}
    return [_with_more(one) for one in part] if isinstance(part, list) else part


def test_the_example_of_a_referral_leaves_no_field_of_the_format_out() -> None:
    content: dict[str, Any] = json.loads(content_of("referral.received.1"))
    referral = content["referral"]
    given = {name for party in referral["parties"] for name in party}
    assert set(referral) == set(format_v1.Referral.__struct_fields__)
    assert given == set(format_v1.Party.__struct_fields__)
    assert set(referral["event"]) == set(format_v1.Event.__struct_fields__)


@pytest.mark.parametrize(
    ("name", "subject", "routing_key"),
    [
        ("referral.received.1", "R-7KQX4-M3DTW", "referral.received.urgent"),
        ("case.routed.1", "C-7KQX4-M3DTW", "case.routed.bulk.restorative_hub"),
        ("case.joined.1", "C-7KQX4-M3DTW", "case.joined.urgent"),
    ],
)
def test_a_message_tells_its_subject_and_its_way(name: str, subject: str, routing_key: str) -> None:
    message = examples()[name]
    assert (message.subject, message.routing_key) == (subject, routing_key)
    assert json.loads(envelope_of(name))["subject"] == subject
