"""What fools a sum of likenesses, and must not: each trap alone, with all else as alike as it can be."""

from __future__ import annotations

from typing import Any

import pytest

from services.triage.domain.matching.judge_people import judge_people, register_bits
from services.triage.matching.read_model import read_model
from tests.support.builders import Wire, an_account
from tests.triage.matching.reading import JUDGE, read

HOME = {"line1": "14 Nowhere Terrace", "town": "Darlington", "postcode": "DL1 9ZA"}
BORN = "1988-02-29"
OFFICE = "01632 960131"


def somebody(given: str, family: str = "Figment", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"role": "harmed", "name": {"given": given, "family": family}, "address": HOME} | more


def told_of(*people: dict[str, Any], record: str = "A", **changes: Any) -> Wire:  # noqa: ANN401
    account = an_account(record, **changes)
    account["referrer"]["phone"] = OFFICE
    return account | {"parties": list(people)}


def verdict(one: Wire, other: Wire) -> str:
    return JUDGE.verdict(JUDGE.events(read(one, "vcas"), read(other, "vip")).evidence.bits)


def guards(one: Wire, other: Wire) -> list[str]:
    lines = JUDGE.events(read(one, "vcas"), read(other, "vip")).evidence.lines
    return [line.level for line in lines if line.comparison == "guard"]


def are_one_person(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two mentions are linked by themselves in a register of ten thousand."""
    model = read_model()
    a, b = read(told_of(one)).people[0], read(told_of(other)).people[0]
    evidence, _ = judge_people(a, b, model, JUDGE.frequencies, JUDGE.canonicals)
    return evidence.bits - register_bits(10_000, model) >= model.thresholds.same_person


def by_phone(value: str, channel: str = "mobile") -> list[dict[str, str]]:
    return [{"channel": channel, "value": value}]


def test_the_same_person_twice_is_one() -> None:
    fable = somebody("Fable", date_of_birth=BORN, contacts=by_phone("07700 900123"))
    assert are_one_person(fable, fable)
    assert verdict(told_of(fable), told_of(fable, record="B")) == "same"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            somebody("Fable", date_of_birth=BORN), somebody("Isolde", date_of_birth=BORN), id="twins"
        ),
        pytest.param(
            somebody("Ellie", date_of_birth=BORN),
            somebody("Millie", date_of_birth=BORN),
            id="twins with like names",
        ),
        pytest.param(
            somebody("Gideon", date_of_birth="1956-04-12"),
            somebody("Gideon", date_of_birth="1984-09-28"),
            id="father and son",
        ),
        pytest.param(
            somebody("Fable", contacts=by_phone("01632 960222", "landline")),
            somebody("Rufus", contacts=by_phone("01632 960222", "landline")),
            id="household",
        ),
        pytest.param(somebody("Fable"), somebody(""), id="a family name at an address"),
        pytest.param(
            somebody("Fable", "Figment", contacts=by_phone(OFFICE)),
            somebody("Lucan", "Brackwater", contacts=by_phone(OFFICE)),
            id="agency phone",
        ),
        pytest.param(
            somebody("Unknown", "Male", date_of_birth="1900-01-01"),
            somebody("Unknown", "Male", date_of_birth="1900-01-01"),
            id="placeholders",
        ),
    ],
)
def test_two_who_look_alike_are_two(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not are_one_person(one, other)


def test_a_telephone_of_the_office_is_nobodys_own() -> None:
    mention = read(told_of(somebody("Fable", contacts=by_phone(OFFICE)))).people[0]
    assert mention.phones == ()


MAN = {
    "role": "responsible",
    "name": {"given": "Caspian", "family": "Holloworth"},
    "date_of_birth": "1988-01-23",
}
FABLE = somebody("Fable", date_of_birth=BORN)
DELPHINE = {
    "role": "harmed",
    "name": {"given": "Delphine", "family": "Unwritten"},
    "date_of_birth": "1975-07-30",
    "address": {"line1": "41 Imagined Close", "postcode": "DL3 9ZE"},
}


def test_who_harms_two_on_one_day_has_two_cases() -> None:
    one, other = told_of(FABLE, MAN, kind="assault"), told_of(DELPHINE, MAN, record="B", kind="assault")
    assert guards(one, other) == ["other_victim"]
    assert verdict(one, other) == "ask"


def test_nor_does_the_name_in_a_text_join_another_victim_to_a_case() -> None:
    one = told_of(FABLE, kind="assault")
    one["event"]["summary"] = "Struck in the queue by Caspian Holloworth."
    assert verdict(one, told_of(DELPHINE, MAN, record="B", kind="assault")) != "same"


def test_unless_both_accounts_give_one_number() -> None:
    number: dict[str, Any] = {"references": ("CRI009999990",), "kind": "assault"}
    one, other = told_of(FABLE, MAN, **number), told_of(DELPHINE, MAN, record="B", **number)
    assert guards(one, other) == []
    assert verdict(one, other) == "same"


def test_who_is_harmed_again_on_another_day_has_another_case() -> None:
    one, other = told_of(FABLE, MAN, on="2026-03-01"), told_of(FABLE, MAN, record="B", on="2026-03-09")
    assert verdict(one, other) != "same"


def test_two_burglaries_of_one_night_are_two_and_nobody_is_asked() -> None:
    one, other = told_of(FABLE), told_of(DELPHINE, record="B")
    assert verdict(one, other) == "different"


def test_two_flats_of_one_block_are_two_disputes() -> None:
    def flat(number: int, given: str, family: str) -> Wire:
        party = {
            "role": "party",
            "name": {"given": given, "family": family},
            "address": {"line1": f"Flat {number}, Mirage House", "postcode": "DL1 9ZD"},
        }
        return told_of(party, record=family, kind="noise", strand="dispute")

    assert verdict(flat(2, "Ulric", "Vanstone"), flat(9, "Wenna", "Xanthorp")) != "same"


def test_the_two_sides_complaints_about_each_other_are_one_dispute() -> None:
    mirabel = {
        "name": {"given": "Mirabel", "family": "Stonewright"},
        "address": {"line1": "1 Conjured Lane", "postcode": "DL1 9ZH"},
        "role": "party",
    }
    rufus = {
        "name": {"given": "Rufus", "family": "Penhallowick"},
        "address": {"line1": "3 Conjured Lane", "postcode": "DL1 9ZH"},
        "role": "party",
    }
    one = told_of(mirabel, rufus, kind="boundary", strand="dispute")
    assert verdict(one, told_of(rufus, mirabel, record="B", kind="boundary", strand="dispute")) == "same"
