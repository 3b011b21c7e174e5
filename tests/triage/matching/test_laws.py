"""What always holds of matching, whatever is written: symmetry, idempotence, order, and sums that replay."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.matching.compare_events import LEVELS
from services.triage.domain.matching.compare_names import compare_names, is_short_for, word_level
from services.triage.domain.matching.compare_people import compare_people, compare_places
from services.triage.domain.matching.letters import folded, unscanned, words
from services.triage.domain.matching.names import read_name
from services.triage.domain.matching.partition import partition
from services.triage.domain.matching.references import read_reference
from services.triage.matching.explain_match import ROUNDING, replay, replay_people
from services.triage.matching.hashed_keys import keys_for
from services.triage.matching.read_model import MODELS, read_model
from services.triage.matching.short_forms import canonicals
from tests.support.builders import Wire, an_account
from tests.triage.matching.reading import JUDGE, read

# Names that are near one another, so that every level is met, and anything else that may be written.
_NEAR = [
    "Olivia",
    "Olivai",
    "Liv",
    "O",
    "Garthwaite",
    "Garthwaite-Moorcroft",
    "Mac Donald",
    "van der Berg",
    "Zoë",
]
_NEAR += [
    "Sharon",
    "Shazza",
    "Łukasz",
    "Kowalska",
    "Kowalski",
    "Mr",
    "Unknown",
    "Ann",
    "Anne",
    "0livia",
    "Zo?",
    "",
]
written = st.one_of(st.sampled_from(_NEAR), st.text(max_size=12))
names = st.builds(read_name, written, written, written, written)
plain = st.text(alphabet="abcdeilnorst", min_size=1, max_size=9)
days = st.dates(dt.date(1995, 1, 1), dt.date(1996, 12, 31))


@st.composite
def accounts(draw: st.DrawFn) -> Wire:
    """One account out of few names, days and numbers, so that two of them often have much in common."""
    people: list[dict[str, Any]] = []
    for role in draw(st.lists(st.sampled_from(["harmed", "responsible", "party"]), min_size=1, max_size=3)):
        person: dict[str, Any] = {
            "role": role,
            "name": {"given": draw(st.sampled_from(_NEAR)), "family": draw(st.sampled_from(_NEAR))},
        }
        if draw(st.booleans()):
            person["date_of_birth"] = str(draw(days))
        if draw(st.booleans()):
            number = draw(st.integers(1, 4))
            person["address"] = {
                "line1": f"{number} Nowhere Terrace",
                "postcode": f"DL1 9Z{'AB'[number % 2]}",
            }
        if draw(st.booleans()):
            person["contacts"] = [{"channel": "mobile", "value": f"07700 90010{draw(st.integers(0, 3))}"}]
        people.append(person)
    referral = an_account(
        f"RECORD-{draw(st.integers(0, 10**9))}",
        kind=draw(st.sampled_from(["assault", "burglary", "noise"])),
        on=f"2026-03-0{draw(st.integers(1, 9))}",
        references=draw(st.sampled_from([(), ("CRI009999990",), ("CRI009999991",)])),
        strand=draw(st.sampled_from(["crime", "dispute"])),
        parties=people,
    )
    if draw(st.booleans()):
        referral["event"]["summary"] = draw(
            st.sampled_from(
                ["Olivia Garthwaite was there on 3 March.", "At 2 Nowhere Terrace, at night.", "Loud."]
            )
        )
    return referral


@given(plain, plain)
def test_words_are_compared_the_same_either_way(one: str, other: str) -> None:
    assert word_level(one, other) == word_level(other, one)
    assert is_short_for(one, other) == is_short_for(other, one)


@given(names, names)
def test_names_are_compared_the_same_either_way(one: Any, other: Any) -> None:  # noqa: ANN401
    assert compare_names(one, other, canonicals)[:2] == compare_names(other, one, canonicals)[:2]


@given(accounts(), accounts())
def test_people_and_places_are_compared_the_same_either_way(one: Wire, other: Wire) -> None:
    for a in read(one).people:
        for b in read(other).people:
            there, back = compare_people(a, b, canonicals), compare_people(b, a, canonicals)
            assert there._replace(order="") == back._replace(order="")
            assert compare_places(a.home, b.home) == compare_places(b.home, a.home)


@given(accounts(), accounts())
def test_two_accounts_weigh_the_same_either_way_and_whatever_they_are_called(one: Wire, other: Wire) -> None:
    there = JUDGE.events(read(one, "vcas", "A"), read(other, "vip", "B")).evidence
    back = JUDGE.events(read(other, "vip", "A"), read(one, "vcas", "B")).evidence
    assert there == back


@given(accounts(), accounts())
def test_what_is_kept_of_a_verdict_replays_to_the_same_sum(one: Wire, other: Wire) -> None:
    found = JUDGE.events(read(one, "vcas", "A"), read(other, "vip", "B"))
    crime = one["strand"] == other["strand"] == "crime"
    weights = JUDGE.model.crime if crime else JUDGE.model.dispute
    assert abs(replay(found.evidence.lines, weights, JUDGE.model) - found.evidence.bits) < ROUNDING
    assert abs(sum(line.bits for line in found.evidence.lines) - found.evidence.bits) < ROUNDING
    for side in found.people:
        assert abs(replay_people(side.evidence.lines, JUDGE.model) - side.evidence.bits) < ROUNDING


@given(accounts(), accounts())
def test_whoever_would_be_found_first_finds_when_coming_second(one: Wire, other: Wire) -> None:
    a, b = (keys_for(read(r), r["event"].get("summary", ""), canonicals) for r in (one, other))
    assert bool(set(a.asks) & set(b.under)) == bool(set(b.asks) & set(a.under))


@given(st.text(max_size=40))
def test_reading_again_what_was_read_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert words(" ".join(words(text))) == words(text)
    assert [unscanned(unscanned(word)) for word in words(text)] == [unscanned(word) for word in words(text)]


@given(written, written)
def test_a_name_that_was_read_reads_as_itself(given_name: str, family: str) -> None:
    name = read_name(given_name, family)
    again = read_name(" ".join(name.given), " ".join(name.family))
    assert read_name(" ".join(again.given), " ".join(again.family)) == again


@given(st.from_regex(r"(CRI|C|SE)?0{0,3}[1-9][0-9]{5,7}", fullmatch=True))
def test_a_reference_that_was_read_reads_as_itself(value: str) -> None:
    on = dt.date(2026, 6, 22)
    read_once = read_reference(value, on)
    if read_once is not None:
        again = read_reference(read_once.value, on)
        assert again is not None
        assert again.value == read_once.value


@given(st.data())
def test_a_partition_does_not_depend_on_the_order_of_what_it_is_told(data: st.DataObject) -> None:
    nodes = list("abcdefgh")
    pairs = {
        (one, other): data.draw(st.integers(-12000, 12000)) / 1000
        for place, one in enumerate(nodes)
        for other in nodes[place + 1 :]
        if data.draw(st.booleans())
    }
    shuffled = list(pairs.items())
    random.Random(data.draw(st.integers(0, 99))).shuffle(shuffled)
    told = partition(nodes, pairs, least=3.0, mean=1.0, contradiction=-5.0)
    assert partition(nodes, dict(shuffled), least=3.0, mean=1.0, contradiction=-5.0) == told


@given(st.data())
def test_what_a_human_told_apart_is_never_in_one_group(data: st.DataObject) -> None:
    nodes = list("abcdef")
    every = [(one, other) for place, one in enumerate(nodes) for other in nodes[place + 1 :]]
    bits = {pair: data.draw(st.integers(0, 12)) / 1.0 for pair in every}
    apart = data.draw(st.lists(st.sampled_from(every), max_size=4, unique=True))
    one = data.draw(st.lists(st.sampled_from(every), max_size=4, unique=True))
    groups = partition(nodes, bits, least=3.0, mean=1.0, contradiction=-5.0, one=one, apart=apart).groups
    assert sorted(node for group in groups for node in group) == nodes
    assert not [pair for pair in apart for group in groups if {*pair} <= {*group}]


@pytest.mark.parametrize("version", sorted(path.stem for path in MODELS.glob("*.json")))
@pytest.mark.parametrize("strand", ["crime", "dispute"])
def test_weights_of_events_keep_their_order(version: str, strand: str) -> None:
    """Agreeing more is never worth less, and what agrees most never speaks against."""
    weights = getattr(read_model(version), strand)
    for comparison, levels in weights.items():
        if comparison != "base":
            bits = [levels[level] for level in LEVELS[comparison] if level in levels]
            assert bits == sorted(bits, reverse=True), comparison
            assert bits[0] >= 0, comparison


@given(st.from_regex(r"(0[1-9]|\+44[0-9])[0-9]{2} ?[0-9]{3,4} ?[0-9]{3,4}", fullmatch=True))
def test_a_telephone_is_read_as_the_library_reads_it(number: str) -> None:
    whole = phonenumbers.parse(number, "GB")
    written = phonenumbers.format_number(whole, phonenumbers.PhoneNumberFormat.E164)
    party = an_account("A", phone=number)
    assert read(party).people[0].phones == (written,)
