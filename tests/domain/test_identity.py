"""References can be read over the telephone, and a mistake is noticed; ids sort by time."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from shared.identity import (
    ALPHABET,
    CASE,
    REFERRAL,
    is_test,
    new_id,
    new_reference,
    oldest_id_at,
    read_reference,
)

references = st.builds(lambda _: new_reference(REFERRAL), st.integers())


def test_references_are_alike_in_form_and_never_alike() -> None:
    made = {new_reference(kind) for kind in (REFERRAL, CASE) for _ in range(500)}
    assert len(made) == 1000
    for reference in made:
        kind, first, second = reference.split("-")
        assert kind in (REFERRAL, CASE)
        assert (len(first), len(second)) == (5, 5)
        assert set(first + second) <= set(ALPHABET)


def test_what_a_sandbox_makes_is_marked_and_read_like_any_other() -> None:
    for kind in (REFERRAL, CASE):
        made = new_reference(kind, is_test=True)
        assert made.startswith(f"T{kind}-")
        assert is_test(made)
        assert read_reference(made.replace("-", "").lower()) == made
        assert not is_test(new_reference(kind))
    assert read_reference(new_reference(CASE).replace("C-", "X-")) is None


def test_no_two_letters_of_the_alphabet_sound_or_look_alike_and_none_makes_a_word() -> None:
    for pair in ("0O", "1I", "1L", "IL", "2Z", "5S", "8B"):
        assert not set(pair) <= set(ALPHABET)
    assert set("AEIOU").isdisjoint(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET)


@given(references, st.booleans(), st.sampled_from(["-", " ", "", ".", " - "]))
def test_a_reference_is_read_however_it_is_written(reference: str, lower: bool, sign: str) -> None:  # noqa: FBT001
    written = reference.replace("-", sign)
    assert read_reference(written.lower() if lower else written) == reference


@given(references, st.integers(1, 10), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(reference: str, place: int, wrong: str) -> None:
    plain = reference.replace("-", "")
    changed = plain[:place] + wrong + plain[place + 1 :]
    assert read_reference(changed) == (reference if changed == plain else None)


def test_nearly_every_swap_of_neighbours_is_noticed() -> None:
    swaps = noticed = 0
    for _ in range(300):
        plain = new_reference(CASE).replace("-", "")
        for place in range(1, len(plain) - 1):
            first, second = plain[place], plain[place + 1]
            if first != second:
                swaps += 1
                noticed += read_reference(plain[:place] + second + first + plain[place + 2 :]) is None
    assert noticed / swaps > 0.985


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_reference_or_none(typed: str) -> None:
    read = read_reference(typed)
    assert read is None or read_reference(read) == read


def test_ids_sort_by_the_time_at_which_they_were_made() -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    made = [new_id() for _ in range(1000)]
    after = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    assert made == sorted(made)
    assert {one.version for one in made} == {7}
    assert oldest_id_at(before) < made[0] < made[-1] < oldest_id_at(after)
