"""What people write is read as what they meant: names, references, days, addresses, telephones."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.triage.domain.matching.compare_names import NameLevels, compare_names
from services.triage.domain.matching.compare_people import compare_people, compare_places
from services.triage.domain.matching.names import Name, read_name
from services.triage.domain.matching.places import Place, read_place
from services.triage.domain.matching.references import numbers_in, read_reference
from services.triage.domain.matching.whens import plausible_birthday, whens_in
from services.triage.matching.short_forms import canonicals
from tests.support.builders import an_account
from tests.triage.matching.reading import read

WRITTEN_ON = dt.date(2026, 6, 22)


def table(name: str) -> Any:  # noqa: ANN401 - whatever stands in it
    return yaml.safe_load((Path(__file__).parent / f"{name}.yaml").read_text(encoding="utf-8"))


NAMES, REFERENCES = table("names"), table("references")


def name_of(parts: list[str]) -> Name:
    given, family, middle, known_as = (*parts, "", "")[:4]
    return read_name(given, family, middle, known_as)


def about(row: dict[str, Any]) -> str:
    return str(row["about"])


@pytest.mark.parametrize("row", NAMES["same"], ids=about)
def test_one_name_written_in_two_ways_is_known_again(row: dict[str, Any]) -> None:
    expected = NameLevels(row["given"], row["family"], row.get("order", "straight"))
    assert compare_names(name_of(row["one"]), name_of(row["other"]), canonicals) == expected
    assert compare_names(name_of(row["other"]), name_of(row["one"]), canonicals) == expected


@pytest.mark.parametrize("row", NAMES["different"], ids=about)
def test_two_names_stay_two(row: dict[str, Any]) -> None:
    found = compare_names(name_of(row["one"]), name_of(row["other"]), canonicals)
    for part in {"given", "family"} & row.keys():
        assert getattr(found, part) == row[part]


@pytest.mark.parametrize("parts", NAMES["nobody"], ids=" ".join)
def test_who_is_not_named_is_nobody(parts: list[str]) -> None:
    assert not name_of(parts).somebody


@pytest.mark.parametrize("parts", NAMES["somebody"], ids=" ".join)
def test_who_is_half_named_is_somebody(parts: list[str]) -> None:
    assert name_of(parts).somebody


@pytest.mark.parametrize("row", REFERENCES["is"], ids=about)
def test_a_reference_is_one_in_whatever_way_it_is_typed(row: dict[str, Any]) -> None:
    for written in row["written"]:
        found = read_reference(written, WRITTEN_ON)
        assert found is not None, written
        assert (found.kind, found.value) == (row["kind"], row["value"]), written


@pytest.mark.parametrize("written", REFERENCES["nothing"])
def test_what_stands_for_none_is_no_reference(written: str) -> None:
    assert read_reference(written, WRITTEN_ON) is None


@pytest.mark.parametrize("pair", REFERENCES["different"], ids=" ".join)
def test_two_references_stay_two(pair: list[str]) -> None:
    one, other = (read_reference(written, WRITTEN_ON) for written in pair)
    assert one is not None
    assert one != other


@pytest.mark.parametrize("row", REFERENCES["told"], ids=lambda row: row["text"][:30])
def test_numbers_that_a_text_gives_are_read(row: dict[str, Any]) -> None:
    assert [found.value for found in numbers_in(row["text"])] == row["values"]


@pytest.mark.parametrize("row", table("dates"), ids=lambda row: row["text"])
def test_days_that_a_text_tells_are_read(row: dict[str, Any]) -> None:
    found = whens_in(row["text"], WRITTEN_ON)
    if "day" not in row:
        assert found == ()
        return
    assert found[0].day == row["day"]
    assert row.get("least", row["slack"]) <= found[0].slack <= row["slack"]


@pytest.mark.parametrize("row", table("places"), ids=about)
def test_addresses_are_compared_as_a_postman_would(row: dict[str, Any]) -> None:
    one, other = (place_of(row[side]) for side in ("one", "other"))
    assert compare_places(one, other) == row["level"]
    assert compare_places(other, one) == row["level"]


def place_of(lines: list[str]) -> Place:
    return read_place(*lines)


@pytest.mark.parametrize("row", table("phones"), ids=lambda row: f"{row['one']} {row['other']}")
def test_telephones_are_compared_by_whom_they_reach(row: dict[str, Any]) -> None:
    one, other = (with_phones(row[side]).people[0] for side in ("one", "other"))
    assert compare_people(one, other, canonicals).phone == row["level"]


def with_phones(values: list[str]) -> Any:  # noqa: ANN401 - an account
    referral = an_account("INVENTED")
    referral["parties"][0]["contacts"] = [{"channel": "mobile", "value": value} for value in values]
    return read(referral)


@pytest.mark.parametrize(
    "day", ["1900-01-01", "1901-01-01", "1970-01-01", "2000-01-01", "2031-05-05", "1890-07-07"]
)
def test_a_date_that_only_fills_the_field_is_nobodys_birthday(day: str) -> None:
    assert plausible_birthday(dt.date.fromisoformat(day), WRITTEN_ON) is None


@pytest.mark.parametrize("day", ["1970-01-02", "2000-12-01", "1925-01-01", "2026-01-05"])
def test_any_other_date_may_be_a_birthday(day: str) -> None:
    assert plausible_birthday(dt.date.fromisoformat(day), WRITTEN_ON) == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    ("title", "gender", "read_as"),
    [
        ("Mrs", None, "f"),
        ("MISS.", None, "f"),
        ("Mr", None, "m"),
        ("Dr", None, ""),
        ("Mr & Mrs", None, ""),
        (None, None, ""),
        # What is told of somebody's gender goes before what a title says, also that it is not told.
        ("Mr", "female", "f"),
        ("Mr", "unknown", ""),
    ],
)
def test_a_title_tells_the_gender_where_nothing_else_does(
    title: str | None, gender: str | None, read_as: str
) -> None:
    name = {"family": "Figment"} | ({"title": title} if title else {})
    told = {"role": "harmed", "name": name} | ({"gender": gender} if gender else {})
    assert read(an_account("A") | {"parties": [told]}).people[0].gender == read_as
