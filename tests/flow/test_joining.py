"""What several agencies say of one event becomes one case, and what only looks alike does not."""

from __future__ import annotations

import pytest

from tests.support.builders import Wire, an_account
from tests.support.houses import Hub


def cases_of(hub: Hub) -> dict[str, str]:
    return {record: link["case"] for record, link in hub.links().items()}


def other_person(number: int) -> dict[str, str]:
    """Somebody with whom nobody else shares a name."""
    return {"given": "Somebody", "family": f"Else{'abcdefghijklmnopqrstuvwxyz'[number]}"}


def test_two_agencies_with_one_crime_reference_share_a_case_and_learn_nothing_of_one_another(
    hub: Hub,
) -> None:
    hub.take(an_account("V-1", references=("CRI009999991",)))
    hub.settle()
    second = hub.take(
        an_account("D-1", references=("cri 00999 9991",), **other_person(0)), "durham_constabulary"
    )
    hub.settle()
    cases = cases_of(hub)
    assert cases["vcas:V-1"] == cases["durham_constabulary:D-1"]
    assert len(hub.alerts()) == 1
    answer = hub.ask(f"/v1/referrals/{second['reference']}", hub.key_of("durham_constabulary"))
    assert answer.get_json()["status"] == "allocated"
    assert set(answer.get_json()) == {*second, "updated_at", "missing"}
    assert "vcas" not in answer.text
    assert cases["vcas:V-1"] not in answer.text


def test_referrals_of_one_event_that_arrive_together_make_one_case(hub: Hub) -> None:
    for number, agency in enumerate(("vcas", "durham_constabulary", "vip", "durham_county_council")):
        hub.take(an_account(f"T-{number}", references=("CRI009999992",), **other_person(number)), agency)
    hub.settle()
    assert len(set(cases_of(hub).values())) == 1
    assert len(hub.alerts()) == 1
    assert len(hub.mails()) == 1


def test_one_person_with_one_kind_of_event_within_thirty_days_is_one_case(hub: Hub) -> None:
    hub.take(an_account("D0", on="2026-03-01"))
    hub.settle()
    hub.take(an_account("D30", on="2026-03-31"), "vip")
    hub.take(an_account("OTHER-KIND", on="2026-03-01", kind="theft"), "vip")
    hub.take(an_account("D-31", on="2026-01-29"), "vip")
    hub.settle()
    links = hub.links()
    cases = cases_of(hub)
    assert cases["vip:D30"] == cases["vcas:D0"]
    assert len({cases["vcas:D0"], cases["vip:OTHER-KIND"], cases["vip:D-31"]}) == 3
    # It is the same person all the same.
    assert len({link["people"][0] for link in links.values()}) == 1


def test_names_are_compared_without_accents_case_and_signs(hub: Hub) -> None:
    hub.take(an_account("A", given="Zoë", family="O'Fiction"))
    hub.settle()
    hub.take(an_account("B", given="ZOE", family="O Fiction"), "vip")
    hub.settle()
    assert len(set(cases_of(hub).values())) == 1


def test_placeholders_never_join_two_cases_or_two_people(hub: Hub) -> None:
    sent: list[Wire] = []
    for reference in ("unknown", "TBC", "0000", "n/a", "123", "see notes", "XXXX", "1111111"):
        sent += [
            an_account(
                f"REF-{reference}-{turn}", references=(reference,), born=f"198{turn}-05-0{len(reference)}"
            )
            | {"event": an_account("", references=(reference,), kind=kind)["event"]}
            for turn, kind in enumerate(("theft", "noise"))
        ]
    for given, family in (("Neighbour", "Figment"), ("Unknown", "Male"), ("Fable", "N/K"), ("", "Figment")):
        sent += [an_account(f"NAME-{given}{family}-{turn}", given=given, family=family) for turn in (0, 1)]
    for born in ("1900-01-01", "1970-01-01", "1901-01-01"):
        sent += [an_account(f"BORN-{born}-{turn}", born=born) for turn in (0, 1)]
    for number, referral in enumerate(sent):
        if referral["parties"][0]["name"]["family"] == "Figment" and referral["source_record_id"].startswith(
            "REF"
        ):
            referral["parties"][0]["name"]["family"] = f"Figment{'abcdefghijklmnopqrstuvwxyz'[number]}"
        hub.take(referral)
    hub.settle()
    links = hub.links()
    assert len(links) == len(sent)
    assert len(set(cases_of(hub).values())) == len(sent)
    assert len({link["people"][0] for link in links.values()}) == len(sent)
    assert {tuple(link["review"]) for link in links.values()} == {()}


def test_two_parties_of_one_referral_are_never_one_person(hub: Hub) -> None:
    account = an_account("TWINS")
    account["parties"].append(account["parties"][0] | {"role": "responsible"})
    hub.take(account)
    hub.settle()
    people = hub.links()["vcas:TWINS"]["people"]
    assert len(set(people)) == 2


def test_a_referral_that_points_to_two_cases_joins_the_older_and_asks_a_human_about_the_other(
    hub: Hub,
) -> None:
    hub.take(an_account("OLD", references=("CRI009999993",), **other_person(1)))
    hub.settle()
    hub.take(an_account("NEW", references=("CRI009999994",), **other_person(2)), "vip")
    hub.settle()
    hub.take(
        an_account("BOTH", references=("CRI009999994", "CRI009999993"), **other_person(3)),
        "durham_constabulary",
    )
    hub.settle()
    links, cases = hub.links(), cases_of(hub)
    assert cases["durham_constabulary:BOTH"] == cases["vcas:OLD"] != cases["vip:NEW"]
    assert links["vcas:OLD"]["review"] == ["vip:NEW"]
    assert links["durham_constabulary:BOTH"]["review"] == ["vip:NEW"]
    assert links["vip:NEW"]["review"] == ["durham_constabulary:BOTH", "vcas:OLD"]
    # The same question is not asked twice.
    hub.take(an_account("BOTH-2", references=("CRI009999993", "CRI009999994"), **other_person(4)))
    hub.settle()
    assert hub.links()["vip:NEW"]["review"] == ["durham_constabulary:BOTH", "vcas:BOTH-2", "vcas:OLD"]


def test_a_reference_speaks_louder_than_a_person(hub: Hub) -> None:
    hub.take(an_account("PERSON"))
    hub.settle()
    hub.take(an_account("REFERENCE", references=("CRI009999995",), **other_person(5)))
    hub.settle()
    hub.take(an_account("BOTH", references=("CRI009999995",)), "vip")
    hub.settle()
    cases = cases_of(hub)
    assert cases["vip:BOTH"] == cases["vcas:REFERENCE"]
    assert hub.links()["vip:BOTH"]["review"] == ["vcas:PERSON"]


def test_an_amendment_that_brings_the_reference_of_another_case_stays_and_asks_a_human(hub: Hub) -> None:
    hub.take(an_account("OTHER", references=("CRI009999996",), **other_person(6)))
    hub.take(an_account("MINE"))
    hub.settle()
    before = cases_of(hub)
    hub.take(an_account("MINE", references=("CRI009999996",)))
    hub.settle()
    assert cases_of(hub) == before
    assert hub.links()["vcas:MINE"]["review"] == ["vcas:OTHER"]


@pytest.mark.parametrize("agency", ["vip", "self_referral"])
def test_another_agencys_referral_is_not_there(hub: Hub, agency: str) -> None:
    receipt = hub.take(an_account("MINE"))
    answer = hub.ask(f"/v1/referrals/{receipt['reference']}", hub.key_of(agency))
    assert answer.status_code == 404
    assert receipt["reference"] not in answer.text
