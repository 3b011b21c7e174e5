"""The first row of the table that fits decides, every gate that fits is kept, and areas are never guessed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.domain.areas import Areas, Authority
from services.triage.domain.routing.checking import Land, check
from services.triage.domain.routing.facts import Facts, age_on, together
from services.triage.domain.routing.table import (
    CONDITIONS,
    Condition,
    Decision,
    GateRow,
    RoutingTable,
    Row,
    route,
)
from services.triage.domain.teams.assigning import TeamWork

TODAY = dt.date(2026, 3, 24)


def cases_with(**asks: Any) -> Condition:  # noqa: ANN401 - words, a flag or a number
    return Condition({k: frozenset(v) if isinstance(v, (list, set)) else v for k, v in asks.items()})


TABLE = RoutingTable(
    "v1",
    (
        Row(cases_with(area=["E1", "E2"], strand=["dispute"]), "peers", "disputes of ours"),
        Row(cases_with(area=["E1"], strand=["crime"]), "hub", "crime of ours"),
        Row(cases_with(area=["E3"]), "elsewhere", "not ours"),
        Row(cases_with(), "desk", "nobody else"),
    ),
    (
        GateRow(cases_with(complex=True), "specialist_pair", "complex"),
        GateRow(cases_with(marker=["stalking"]), "blocked", "stalking"),
    ),
)


@pytest.mark.parametrize(
    ("area", "strand", "team", "row"),
    [
        ("E1", "dispute", "peers", 1),
        ("E2", "dispute", "peers", 1),
        ("E1", "crime", "hub", 2),
        ("E2", "crime", "desk", 4),
        ("E3", "crime", "elsewhere", 3),
        (None, "crime", "desk", 4),
        ("E9", "dispute", "desk", 4),
    ],
)
def test_the_first_row_that_fits_decides(area: str | None, strand: str, team: str, row: int) -> None:
    decision = route(Facts(area=area, strand=strand), TABLE, TODAY)
    assert (decision.team, decision.row, decision.version) == (team, row, "v1")
    assert decision.why == TABLE.rows[row - 1].why


def test_every_gate_that_fits_is_kept_with_its_reason() -> None:
    decision = route(Facts(markers=frozenset({"stalking"})), TABLE, TODAY)
    assert (decision.gates, decision.gates_why) == (("specialist_pair", "blocked"), ("complex", "stalking"))
    assert route(Facts(), TABLE, TODAY).gates == ()


@given(st.none() | st.sampled_from(["E1", "E2", "E3", "E9"]), st.sampled_from(["crime", "dispute"]))
def test_every_case_has_a_team_and_the_same_one_each_time(area: str | None, strand: str) -> None:
    decision = route(Facts(area=area, strand=strand), TABLE, TODAY)
    assert isinstance(decision, Decision)
    assert decision == route(Facts(area=area, strand=strand), TABLE, TODAY)


def test_a_table_without_a_last_row_never_guesses() -> None:
    with pytest.raises(AssertionError):
        route(Facts(area="E9"), RoutingTable("v1", TABLE.rows[:-1]), TODAY)


WITH_ALL = Facts(
    strand="dispute",
    kind="noise",
    area="E1",
    police_area="P1",
    stage="out_of_court",
    responsible_age="10_17",
    responsible_area="E2",
    harmed_age="18_plus",
    markers=frozenset({"domestic_abuse"}),
    danger=True,
    custody=True,
    hearing_on=TODAY + dt.timedelta(days=7),
    need="high_demand",
    tenure="social",
    services=frozenset({"restorative_justice"}),
    initiated_by="responsible",
    enhanced=True,
    sharing_agreed_on=TODAY,
    sharing_refused=True,
)
FITS: dict[str, Any] = {
    "area": ["E1"],
    "police_area": ["P1"],
    "strand": ["dispute"],
    "kind": ["noise"],
    "stage": ["out_of_court"],
    "responsible_age": ["10_17"],
    "responsible_area": ["E2"],
    "harmed_age": ["18_plus"],
    "tenure": ["social"],
    "initiated_by": ["responsible"],
    "need": ["high_demand"],
    "marker": ["hate", "domestic_abuse"],
    "service": ["restorative_justice"],
    "danger": True,
    "complex": True,
    "partner_abuse_disposal": True,
    "pre_sentence": False,
    "custody": True,
    "high_demand": True,
    "wants_restorative": True,
    "enhanced_rights": True,
    "sharing_agreed": True,
    "sharing_refused": True,
    "hearing_within_days": 7,
}


@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_each_condition_asks_what_it_says(name: str) -> None:
    value = FITS[name]
    other: Any = (
        not value if isinstance(value, bool) else ["another"] if isinstance(value, list) else value - 1
    )
    assert cases_with(**{name: value}).fits(WITH_ALL, TODAY)
    assert not cases_with(**{name: other}).fits(WITH_ALL, TODAY)


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (dt.date(2016, 3, 25), "under_10"),
        (dt.date(2016, 3, 24), "10_17"),
        (dt.date(2008, 3, 25), "10_17"),
        (dt.date(2008, 3, 24), "18_plus"),
        (dt.date(2008, 2, 29), "18_plus"),
        (dt.date(2030, 1, 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_ages_are_bands_to_the_day(born: dt.date | None, band: str) -> None:
    assert age_on(born, TODAY) == band


def test_referrals_of_one_case_speak_together() -> None:
    one = Facts(area="E1", markers=frozenset({"hate"}), stage="charged", danger=True)
    two = Facts(area="E2", markers=frozenset({"weapons"}), stage="guilty_plea", custody=True)
    both = together(one, two)
    assert both.area == "E1"
    assert both.markers == {"hate", "weapons"}
    assert (both.stage, both.danger, both.custody) == ("guilty_plea", True, True)
    # What a newer account does not say it does not take away.
    assert together(one, Facts()) == one


def told(rows: tuple[Row, ...], areas: tuple[str, ...] = ()) -> list[str]:
    land = Land(
        {"E1": "One", "E2": "Two"}, {"E1": "P1", "E2": "P2"}, {"a": TeamWork(areas=areas, takes=("crime",))}
    )
    return [finding.told for finding in check(RoutingTable("v1", rows), land)]


REST = Row(cases_with(), "desk", "")


@pytest.mark.parametrize(
    ("rows", "never"),
    [
        ((Row(cases_with(area=["E1"]), "a", ""), Row(cases_with(area=["E1"]), "b", ""), REST), 2),
        # Two rows together cover a third that neither covers alone.
        (
            (
                Row(cases_with(area=["E1"], strand=["crime"]), "a", ""),
                Row(cases_with(area=["E1"], strand=["dispute"]), "b", ""),
                Row(cases_with(area=["E1"]), "c", ""),
                REST,
            ),
            3,
        ),
        ((Row(cases_with(danger=True), "a", ""), Row(cases_with(danger=False), "b", ""), REST), 3),
        (
            (
                Row(cases_with(marker=["hate", "sexual"]), "a", ""),
                Row(cases_with(marker=["hate"], area=["E1"]), "b", ""),
                REST,
            ),
            2,
        ),
        (
            (
                Row(cases_with(hearing_within_days=28), "a", ""),
                Row(cases_with(hearing_within_days=7), "b", ""),
                REST,
            ),
            2,
        ),
        ((REST, Row(cases_with(area=["E1"]), "a", "")), 2),
    ],
)
def test_a_row_that_nothing_reaches_is_found(rows: tuple[Row, ...], never: int) -> None:
    findings = [one for one in check(RoutingTable("v1", rows), Land()) if one.is_fault]
    assert [finding.place for finding in findings] == [f"row {never}"]


def test_rows_of_which_neither_is_the_exception_overlap() -> None:
    found = told((Row(cases_with(area=["E1"]), "a", ""), Row(cases_with(strand=["crime"]), "b", ""), REST))
    (remark,) = found
    assert remark == (
        "row 1: it takes for a what row 2 would take for another team, such as area E1; strand crime. "
        "If that is not meant, change their order or narrow it."
    )
    assert told((Row(cases_with(area=["E1"]), "a", ""), REST)) == []


def test_what_only_the_last_row_takes_is_told_for_the_areas_that_are_served() -> None:
    found = told((Row(cases_with(area=["E1"], strand=["crime"]), "a", ""), REST), ("E1",))
    (remark,) = found
    assert remark == (
        "row 2: nothing but this last row takes every dispute in E1 (One). "
        "Add a row if a team is there for it; else desk finds somebody."
    )


def test_a_team_that_does_not_serve_the_area_or_take_the_strand_is_told() -> None:
    found = told((Row(cases_with(area=["E2"], strand=["dispute"]), "a", ""), REST), ("E1",))
    assert "row 1: a does not serve E2 (Two), as teams.yaml has it." in found[0]
    assert "row 1: a does not take dispute, as teams.yaml has it." in found[1]


def test_an_area_that_nobody_knows_is_told_with_the_one_that_may_be_meant() -> None:
    land = Land({"E06000047": "County Durham"})
    rows = (Row(cases_with(area=["E06000074"]), "a", ""), REST)
    (found,) = (one.told for one in check(RoutingTable("v1", rows), land) if "not among" in one.told)
    assert found.endswith("Did you mean E06000047 (County Durham)?")


@pytest.mark.parametrize(
    ("asks", "why"),
    [
        ({"partner_abuse_disposal": True, "stage": ["charged"]}, "only true at stage out_of_court"),
        (
            {"partner_abuse_disposal": False, "stage": ["out_of_court"], "marker": ["domestic_abuse"]},
            "has partner_abuse_disposal true",
        ),
        ({"complex": False, "marker": ["hate", "mappa"]}, "markers make a case complex"),
        ({"complex": False, "kind": ["stalking"]}, "kinds make a case complex"),
        ({"complex": False, "partner_abuse_disposal": True}, "abuse makes a case complex"),
        ({"pre_sentence": True, "stage": ["charged", "trial"]}, "only true at stage awaiting_sentence"),
        ({"pre_sentence": False, "stage": ["deferred"]}, "have pre_sentence true"),
        ({"wants_restorative": False, "service": ["restorative_justice"]}, "wants_restorative true"),
        ({"high_demand": False, "need": ["high_demand"]}, "high_demand true"),
        ({"area": ["E1"], "police_area": ["P2"]}, "in another police area"),
        ({"kind": []}, "kind has no value that fits"),
    ],
)
def test_a_row_that_contradicts_itself_fits_no_case_and_is_told_why(asks: dict[str, Any], why: str) -> None:
    rows = (Row(cases_with(**asks), "a", ""), REST)
    assert told(rows)[0].startswith("row 1: no case fits it; ")
    assert why in told(rows)[0]
    gate = RoutingTable("v1", (REST,), (GateRow(cases_with(**asks), "youth", ""),))
    land = Land({"E1": "One"}, {"E1": "P1"})
    (found,) = (one for one in check(gate, land) if one.is_fault)
    assert found.place == "gate 1"
    assert why in found.what


def test_what_follows_from_a_row_above_is_known() -> None:
    """A row for one grave marker stands below the row for everything that is complex."""
    rows = (Row(cases_with(complex=True), "a", ""), Row(cases_with(marker=["hate"]), "b", ""), REST)
    assert told(rows)[0].startswith("row 2: nothing reaches it; row 1 takes all its cases before it.")


@given(
    st.lists(
        st.builds(
            lambda area, strand, danger: Row(
                cases_with(
                    **({"area": area} if area else {})
                    | ({"strand": [strand]} if strand else {})
                    | ({"danger": danger} if danger is not None else {})
                ),
                "team",
                "",
            ),
            st.sets(st.sampled_from(["E1", "E2", "E3"])),
            st.none() | st.sampled_from(["crime", "dispute"]),
            st.none() | st.booleans(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_row_is_called_unreachable_exactly_when_no_case_reaches_it(rows: list[Row]) -> None:
    table = RoutingTable("v1", tuple(rows))
    reached = set()
    for area in ("E1", "E2", "E3", "E9"):
        for strand in ("crime", "dispute"):
            for danger in (True, False):
                facts = Facts(area=area, strand=strand, danger=danger)
                fits = (n for n, row in enumerate(rows, 1) if row.when.fits(facts, TODAY))
                reached.add(next(fits, 0))
    never = {int(found.place.split()[1]) for found in check(table, Land()) if found.is_fault}
    assert never == set(range(1, len(rows) + 1)) - reached


AREAS = Areas(
    {"E1": Authority("One", "P1"), "E3": Authority("Three", "P3")},
    {"DL1": "E1", "TS24": "E3"},
    {"TS2": ("E1", "E3")},
)


@pytest.mark.parametrize(
    ("postcode", "area", "possible"),
    [
        ("DL1 9ZZ", "E1", ()),
        ("dl19zz", "E1", ()),
        (" DL1  9 ZZ", "E1", ()),
        ("DL1", "E1", ()),
        ("TS24 9ZZ", "E3", ()),
        ("TS2 4ZZ", None, ("E1", "E3")),
        ("DL19 9ZZ", None, ()),
        ("", None, ()),
        (None, None, ()),
        ("nowhere", None, ()),
    ],
)
def test_an_area_is_known_from_the_first_half_of_a_postcode_where_that_is_enough(
    postcode: str | None, area: str | None, possible: tuple[str, ...]
) -> None:
    place = AREAS.place_of(postcode)
    assert (place.area, place.possible) == (area, possible)


@given(st.text(max_size=20))
def test_whatever_was_typed_as_a_postcode_is_an_area_or_none(postcode: str) -> None:
    assert AREAS.place_of(postcode).area in {None, "E1", "E3"}
