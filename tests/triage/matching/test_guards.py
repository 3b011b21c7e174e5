"""What fools a sum of likenesses, and must not: each trap alone, with all else as alike as it can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.triage.domain.matching.judge_events import Judge
from services.triage.domain.matching.judge_people import judge_people, person_verdict
from services.triage.domain.matching.model import Verdict
from services.triage.matching.count_frequencies import count
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


def verdict(one: Wire, other: Wire, agency: str = "vip") -> str:
    return JUDGE.verdict(JUDGE.events(read(one, "vcas"), read(other, agency)).evidence.bits)


def guards(one: Wire, other: Wire, agency: str = "vip") -> list[str]:
    lines = JUDGE.events(read(one, "vcas"), read(other, agency)).evidence.lines
    return [line.level for line in lines if line.comparison == "guard"]


def are_one_person(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two mentions are linked by themselves in a register of ten thousand."""
    return said_of(one, other) == "same"


def said_of(one: dict[str, Any], other: dict[str, Any]) -> Verdict:
    """What is said of two mentions in a register of ten thousand."""
    model = read_model()
    a, b = read(told_of(one)).people[0], read(told_of(other)).people[0]
    evidence, levels = judge_people(a, b, model, JUDGE.frequencies, JUDGE.canonicals)
    return person_verdict(evidence, levels, 10_000, model)


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
            somebody("Fable", date_of_birth=BORN), somebody("", date_of_birth=BORN), id="or their twin"
        ),
        pytest.param(
            somebody("Fable", date_of_birth=BORN, gender="female"),
            somebody("F", gender="male", contacts=by_phone("07700 900123")),
            id="brother and sister of one initial",
        ),
        pytest.param(
            somebody("Ellie", date_of_birth=BORN, gender="female"),
            somebody("Ellis", date_of_birth=BORN, gender="male"),
            id="a twin brother of a like name",
        ),
        pytest.param(
            somebody("Sandy", date_of_birth=BORN, gender="female", contacts=by_phone("07700 900123")),
            somebody("Sandy", date_of_birth=BORN, gender="male", address=None),
            id="a man and a woman of one name born on one day",
        ),
        pytest.param(somebody("Edward"), somebody("Ted"), id="a short form at home"),
        pytest.param(
            somebody("Gideon", contacts=by_phone("07700 900123")),
            somebody("Gideon", contacts=by_phone("07700 900456")),
            id="father and son with a telephone each",
        ),
        pytest.param(
            somebody("Gideon", address={"town": "Darlington"}),
            somebody("Gideon", address={"town": "Darlington"}),
            id="a name in a town",
        ),
        pytest.param(
            somebody("Jack", date_of_birth=BORN), somebody("", "Jessica Figment"), id="a sister in one field"
        ),
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


def test_a_home_of_many_is_nobodys_own() -> None:
    hostel: dict[str, Any] = {"address": {"line1": "2 Invented Square", "postcode": "DL1 9QA"}}
    names = ("Figment", "Brackwater", "Vanstone", "Xanthorp")
    living = [read(told_of(somebody("Edward", name, **hostel), record=name)) for name in names]
    one, other = (read(told_of(somebody("Edward", **hostel), record=r)).people[0] for r in "AB")
    for known, level in ((living[:3], "same"), (living, "missing")):
        judge = Judge(read_model(), count("1", known), JUDGE.canonicals)
        assert judge.people(one, other)[1].home == level


def test_whoever_is_called_otherwise_by_slips_is_asked_about_where_two_things_agree() -> None:
    paula = somebody("Paula", date_of_birth="1957-11-09", contacts=by_phone("07700 900123"))
    slipped = somebody("Pyua", date_of_birth="1958-11-09", contacts=by_phone("07700 900128"))
    assert said_of(paula, slipped) == "ask"
    same: dict[str, Any] = {"contacts": by_phone("07700 900123")}
    assert said_of(somebody("Judith", **same), somebody("Ujda", **same)) == "ask"
    # A twin has none of them.
    assert said_of(paula, somebody("Delphine", date_of_birth="1957-11-09")) == "different"


def test_two_family_names_at_one_address_are_two_people() -> None:
    one, other = (read(told_of(who)).people[0] for who in (somebody("Fable"), somebody("", "Brackwater")))
    evidence, _ = JUDGE.people(one, other)
    assert evidence.lines[-1][:2] == ("guard", "another_family_name")
    assert evidence.bits < 0


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


SHED = "Wheelbarrow and lawnmower vanished overnight from a padlocked allotment shed."
PARTLY = "Wheelbarrow and lawnmower vanished; locals saw a van."
ABUSE = "Shouted abuse through the letterbox, frightening grandchildren staying there."


def with_story(account: Wire, story: str) -> Wire:
    account["event"]["summary"] = story
    return account


@pytest.mark.parametrize(
    ("place", "story", "verdict_is"),
    [
        pytest.param(None, ABUSE, "different", id="elsewhere and otherwise"),
        pytest.param(None, SHED, "ask", id="one story"),
        pytest.param({"line1": "3 Conjured Lane", "postcode": "DL1 9ZH"}, ABUSE, "ask", id="one place"),
    ],
)
def test_two_victims_of_one_man_are_asked_about_only_where_the_place_or_the_story_is_one(
    place: dict[str, str] | None, story: str, verdict_is: str
) -> None:
    one = with_story(told_of(FABLE, MAN, kind="assault"), SHED)
    other = with_story(told_of(DELPHINE, MAN, record="B", kind="assault"), story)
    if place:
        one["event"]["place"] = other["event"]["place"] = place
    assert verdict(one, other) == verdict_is
    assert ("two_victims" in guards(one, other)) == (verdict_is == "different")


@pytest.mark.parametrize(
    ("story", "verdict_is"),
    [pytest.param(ABUSE, "different", id="otherwise"), pytest.param(SHED, "ask", id="one story")],
)
def test_two_numbers_of_two_days_are_asked_about_only_where_the_story_is_one(
    story: str, verdict_is: str
) -> None:
    one = with_story(told_of(FABLE, MAN, on="2026-03-01", references=("CRI004410093",)), SHED)
    other = with_story(told_of(FABLE, MAN, record="B", on="2026-03-03", references=("CRI004417720",)), story)
    for account in (one, other):
        account["event"]["place"] = {"line1": "7 Fable Row", "town": "Darlington"}
    assert verdict(one, other) == verdict_is
    assert guards(one, other) == (["two_numbers"] if verdict_is == "different" else ["another_day"])


def test_unless_both_accounts_give_one_number() -> None:
    number: dict[str, Any] = {"references": ("CRI009999990",), "kind": "assault"}
    one, other = told_of(FABLE, MAN, **number), told_of(DELPHINE, MAN, record="B", **number)
    assert guards(one, other) == []
    assert verdict(one, other) == "same"


def test_who_is_harmed_again_on_another_day_has_another_case() -> None:
    one, other = told_of(FABLE, MAN, on="2026-03-01"), told_of(FABLE, MAN, record="B", on="2026-03-09")
    assert verdict(one, other) != "same"


@pytest.mark.parametrize(
    ("later", "numbers", "verdict_is"),
    [
        pytest.param("2026-03-03", ((), ()), "ask", id="two days later"),
        pytest.param(
            "2026-03-02", (("CRI004410093",), ("CRI004417720",)), "ask", id="next day, another number"
        ),
        pytest.param("2026-03-02", ((), ()), "same", id="a day is told a day off"),
        pytest.param(
            "2026-03-03", (("CRI004410093",), ("CRI004410093",)), "same", id="one number all the same"
        ),
    ],
)
def test_who_is_harmed_again_within_days_has_another_case(
    later: str, numbers: tuple[tuple[str, ...], tuple[str, ...]], verdict_is: str
) -> None:
    one = told_of(FABLE, MAN, kind="assault", on="2026-03-01", references=numbers[0])
    other = told_of(FABLE, MAN, record="B", kind="assault", on=later, references=numbers[1])
    assert guards(one, other) == (["another_day"] if verdict_is == "ask" else [])
    assert verdict(one, other) == verdict_is


def test_a_day_typed_as_a_month_is_no_other_day() -> None:
    one = told_of(FABLE, MAN, on="2026-03-02")
    assert guards(one, told_of(FABLE, MAN, record="B", on="2026-02-03")) == []


def test_the_next_day_with_quite_another_story_is_another_day() -> None:
    one, other = told_of(FABLE, on="2026-03-01"), told_of(FABLE, record="B", on="2026-03-02")
    with_story(one, SHED)
    with_story(other, ABUSE)
    assert guards(one, other) == ["another_day"]


@pytest.mark.parametrize(
    ("happened", "held"),
    [
        pytest.param("2026-03-09", ["told_before"], id="days after it was told"),
        pytest.param("2026-03-06", [], id="a day is told a day off"),
    ],
)
def test_what_was_told_before_the_other_happened_is_something_else(happened: str, held: list[str]) -> None:
    one = told_of(FABLE, MAN, kind="assault", referred_at="2026-03-05T09:00:00+00:00")
    del one["event"]["started_on"]
    one["event"]["summary"] = "It was in early March."
    other = told_of(FABLE, MAN, record="B", kind="assault", on=happened)
    assert guards(one, other) == held
    assert verdict(one, other) == ("ask" if held else "same")


@pytest.mark.parametrize(
    ("story", "agency", "held"),
    [
        pytest.param(PARTLY, "vcas", ["another_day"], id="partly one story"),
        pytest.param(SHED, "vcas", [], id="one story"),
        pytest.param(PARTLY, "vip", [], id="another agency may tell the day a day off"),
    ],
)
def test_the_next_day_may_be_another_where_one_agency_names_nobody_and_the_story_is_not_one(
    story: str, agency: str, held: list[str]
) -> None:
    one = with_story(told_of(FABLE, on="2026-03-01"), SHED)
    other = with_story(told_of(FABLE, record="B", on="2026-03-02"), story)
    assert guards(one, other, agency) == held
    assert verdict(one, other, agency) == ("ask" if held else "same")


def test_two_numbers_and_two_stories_are_two_events() -> None:
    one = told_of(FABLE, MAN, kind="theft", references=("CRI004410093",))
    other = told_of(FABLE, MAN, record="B", kind="theft", references=("CRI004417720",))
    with_story(one, SHED)
    with_story(other, ABUSE)
    assert guards(one, other) == ["another_number"]
    assert verdict(one, other) == "ask"


def test_who_strikes_back_is_in_two_events() -> None:
    turned = [FABLE | {"role": "responsible"}, MAN | {"role": "harmed"}]
    one = told_of(FABLE, MAN, kind="assault", references=("CRI004410093",))
    other = told_of(*turned, record="B", kind="assault", references=("CRI004417720",))
    assert guards(one, other) == ["sides_turned"]
    assert verdict(one, other) == "ask"


def test_the_same_people_are_not_yet_the_same_event() -> None:
    one, other = told_of(FABLE, MAN, kind="assault"), told_of(FABLE, MAN, record="B", kind="assault")
    for account in (one, other):
        del account["event"]["started_on"]
    assert guards(one, other) == ["nothing_of_the_event"]
    assert verdict(one, other) == "ask"


def test_two_burglaries_of_one_night_are_two_and_nobody_is_asked() -> None:
    one, other = told_of(FABLE), told_of(DELPHINE, record="B")
    assert verdict(one, other) == "different"


def test_what_strangers_weigh_does_not_hang_on_when_a_human_is_asked() -> None:
    model = read_model()
    asks_early = replace(model, thresholds=replace(model.thresholds, ask_case=-0.5))
    one, other = told_of(FABLE), told_of(DELPHINE, record="B")
    for judge in (JUDGE, Judge(asks_early, JUDGE.frequencies, JUDGE.canonicals)):
        weight = judge.events(read(one, "vcas"), read(other, "vip")).evidence.bits
        assert weight == model.thresholds.strangers < judge.model.thresholds.ask_case


def test_two_flats_of_one_block_are_two_disputes() -> None:
    def flat(number: int, given: str, family: str) -> Wire:
        party = {
            "role": "party",
            "name": {"given": given, "family": family},
            "address": {"line1": f"Flat {number}, Mirage House", "postcode": "DL1 9ZD"},
        }
        return told_of(party, record=family, kind="noise", strand="dispute")

    assert verdict(flat(2, "Ulric", "Vanstone"), flat(9, "Wenna", "Xanthorp")) != "same"


def test_who_quarrels_with_two_neighbours_has_two_disputes() -> None:
    def neighbour(number: int, given: str, family: str) -> dict[str, Any]:
        home = {"line1": f"{number} Nowhere Terrace", "town": "Darlington", "postcode": "DL1 9ZA"}
        return {"role": "party", "name": {"given": given, "family": family}, "address": home}

    fable = FABLE | {"role": "party", "contacts": by_phone("07700 900123")}
    dispute: dict[str, Any] = {"kind": "noise", "strand": "dispute"}
    one = told_of(fable, neighbour(12, "Ulric", "Vanstone"), **dispute)
    other = told_of(fable, neighbour(16, "Wenna", "Xanthorp"), record="B", **dispute)
    assert guards(one, other) == ["other_neighbour"]
    assert verdict(one, other) == "ask"


@pytest.mark.parametrize(
    ("home", "story", "held"),
    [
        pytest.param(None, ABUSE, ["other_neighbour"], id="nobody like the other"),
        pytest.param(None, SHED, [], id="one story"),
        pytest.param(DELPHINE["address"], ABUSE, [], id="two of one household"),
    ],
)
def test_another_neighbour_whose_home_is_not_told_is_another_dispute(
    home: dict[str, str] | None, story: str, held: list[str]
) -> None:
    def neighbour(given: str, family: str) -> dict[str, Any]:
        return {"role": "party", "name": {"given": given, "family": family}} | (
            {"address": home} if home else {}
        )

    fable = FABLE | {"role": "party", "contacts": by_phone("07700 900123")}
    dispute: dict[str, Any] = {"kind": "noise", "strand": "dispute"}
    one = with_story(told_of(fable, neighbour("Ulric", "Vanstone"), **dispute), SHED)
    other = with_story(told_of(fable, neighbour("Wenna", "Xanthorp"), record="B", **dispute), story)
    assert guards(one, other) == held


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            {"contacts": by_phone("07700 900123")}, {"contacts": by_phone("07700 900456")}, id="phones"
        ),
        pytest.param({"date_of_birth": "1988-02-29"}, {"date_of_birth": "1988-11-08"}, id="born that year"),
    ],
)
def test_a_namesake_in_the_street_is_somebody_else(one: dict[str, Any], other: dict[str, Any]) -> None:
    near = HOME | {"line1": "18 Nowhere Terrace"}
    a, b = told_of(somebody("Fable", **one)), told_of(somebody("Fable", address=near, **other), record="B")
    assert guards(a, b) == ["lives_elsewhere"]
    assert verdict(a, b) == "ask"


def test_a_namesake_born_that_year_is_somebody_else_though_no_home_is_told() -> None:
    one = told_of(somebody("Fable", date_of_birth="1988-02-29"))
    other = told_of(somebody("Fable", date_of_birth="1988-11-08", address=None), record="B")
    assert guards(one, other) == ["lives_elsewhere"]


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
