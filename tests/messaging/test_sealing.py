"""What is sealed opens only with its key and in its place, and keys can be changed while everything runs."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sealing import (
    KEYS_FILE,
    BrokenSeal,
    KeyRing,
    KeysMissing,
    Lookup,
    UnknownKey,
    load_keys,
    make_keys_file,
    new_key_text,
    rotate_keys_file,
)

NAMES = ("HUB_SEALING_KEYS", "HUB_MESSAGE_KEYS", "HUB_LOOKUP_KEY", "HUB_SESSION_SECRET")
OLD, NEW = KeyRing({"k1": b"1" * 32}), KeyRing({"k2": b"2" * 32, "k1": b"1" * 32})
LOOKUP = Lookup(b"3" * 32)


@given(st.binary(max_size=200), st.text(max_size=30))
def test_what_was_sealed_opens_again_in_its_place(document: bytes, place: str) -> None:
    sealed = OLD.seal(document, place)
    assert OLD.open(sealed, place) == document
    assert document not in sealed or len(document) < 4


def test_the_same_document_is_never_sealed_to_the_same_bytes() -> None:
    assert len({OLD.seal(b"the same", "place") for _ in range(100)}) == 100


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_document_that_was_moved_does_not_open(place: str, other: str) -> None:
    sealed = OLD.seal(b"document", place)
    if place != other:
        with pytest.raises(BrokenSeal):
            OLD.open(sealed, other)


@given(st.data())
def test_a_single_changed_bit_breaks_the_seal(data: st.DataObject) -> None:
    sealed = bytearray(OLD.seal(b"document", "place"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BrokenSeal):
        OLD.open(bytes(sealed), "place")


@given(st.binary(max_size=60))
def test_what_is_no_seal_is_a_broken_one_whatever_it_is(document: bytes) -> None:
    with pytest.raises(BrokenSeal):
        OLD.open(document, "place")


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() -> None:
    before, after = OLD.seal(b"document", "place"), NEW.seal(b"document", "place")
    assert NEW.open(before, "place") == NEW.open(after, "place") == b"document"
    assert (NEW.sealed_with_newest(before), NEW.sealed_with_newest(after)) == (False, True)
    with pytest.raises(UnknownKey):
        OLD.open(after, "place")


def test_a_key_ring_is_read_as_it_is_written_and_refuses_what_is_none() -> None:
    newer, older = new_key_text("k2"), new_key_text("k1")
    ring = KeyRing.read(f"{newer}, {older},")
    assert ring.open(KeyRing.read(older).seal(b"document", "place"), "place") == b"document"
    assert ring.sealed_with_newest(KeyRing.read(newer).seal(b"", ""))
    short = base64.b64encode(b"short").decode()
    for wrong in (
        "",
        "k1",
        "k1:not base64",
        f"k1:{short}",
        f"k-1:{older.partition(':')[2]}",
        f"\N{LATIN SMALL LETTER E WITH ACUTE}:{older.partition(':')[2]}",
        f":{short}",
    ):
        with pytest.raises(KeysMissing) as refused:
            KeyRing.read(wrong)
        assert short not in str(refused.value)


def test_a_key_ring_with_two_keys_of_one_id_is_refused() -> None:
    # Only one of them could be found again by its id, and not the one that is meant to seal.
    newer, older = new_key_text("k1"), new_key_text("k1")
    with pytest.raises(KeysMissing, match="two keys have the same id"):
        KeyRing.read(f"{newer},{older}")


def test_the_embedded_hubs_newest_key_has_an_id_that_no_key_has(tmp_path: Path) -> None:
    path = make_keys_file(tmp_path)
    assert rotate_keys_file(tmp_path) == ("k2", "m2")
    texts = json.loads(path.read_text(encoding="utf-8"))
    texts["HUB_SEALING_KEYS"], _, _ = texts["HUB_SEALING_KEYS"].partition(",")  # the older one is retired
    path.write_text(json.dumps(texts), encoding="utf-8")
    before = load_keys(dict.fromkeys(NAMES, ""), tmp_path).rest.seal(b"document", "place")
    assert rotate_keys_file(tmp_path) == ("k3", "m3")
    after = load_keys(dict.fromkeys(NAMES, ""), tmp_path).rest
    assert after.open(before, "place") == b"document"
    assert not after.sealed_with_newest(before)


def test_a_hash_is_the_same_each_time_and_other_for_another_kind_value_or_key() -> None:
    found = LOOKUP.hash("person", "FABLE FIGMENT", "1988-02-29")
    assert found == Lookup(b"3" * 32).hash("person", "FABLE FIGMENT", "1988-02-29")
    # It has stood in databases since it was first written; another value would find nobody there.
    assert found.hex() == "6fe2386c0f0b7377ae901b7fca0d4f79"
    others = {
        LOOKUP.hash("event", "FABLE FIGMENT", "1988-02-29"),
        LOOKUP.hash("person", "FABLE FIGMENT", "1988-02-28"),
        LOOKUP.hash("person", "FABLE", "FIGMENT", "1988-02-29"),
        LOOKUP.hash("person", "FABLE FIGMENT1988-02-29"),
        Lookup(b"4" * 32).hash("person", "FABLE FIGMENT", "1988-02-29"),
    }
    assert len(others | {found}) == 6
    with pytest.raises(KeysMissing):
        Lookup(b"short")


def test_the_embedded_hubs_keys_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    path = make_keys_file(tmp_path)
    assert path.name == KEYS_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    assert make_keys_file(tmp_path).read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [KEYS_FILE]
    keys = load_keys(dict.fromkeys(NAMES, ""), tmp_path)
    again = load_keys(dict.fromkeys(NAMES, ""), tmp_path)
    assert again.rest.open(keys.rest.seal(b"document", "place"), "place") == b"document"
    assert again.lookup.hash("kind", "value") == keys.lookup.hash("kind", "value")
    assert again.session == keys.session


def test_keys_of_the_environment_go_before_those_of_the_file(tmp_path: Path) -> None:
    make_keys_file(tmp_path)
    given_key = new_key_text("k9")
    keys = load_keys(dict.fromkeys(NAMES, "") | {"HUB_SEALING_KEYS": given_key}, tmp_path)
    assert KeyRing.read(given_key).open(keys.rest.seal(b"document", "place"), "place") == b"document"
    with pytest.raises(UnknownKey):
        KeyRing.read(given_key).open(keys.messages.seal(b"document", "place"), "place")
