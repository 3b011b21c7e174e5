"""What several agencies say of one event becomes one case, and what only looks alike does not."""

from __future__ import annotations

import pytest

from tests.support.builders import Wire, an_account
from tests.support.houses import Hub


def cases_of(hub: Hub) -> dict[str, str]:
    return {record: link["case"] for record, link in hub.links().items()}


def other_person(number: int) -> str:
    """The family name of somebody with whom nobody else shares one."""
    names: tuple[str, ...] = (
        "Amberley",
        "Brackenfell",
        "Cholmondeley",
        "Dunwich",
        "Eskdale",
        "Fotheringay",
        "Gormenghast",
    )
    names += (
        "Hollowell",
        "Inglenook",
        "Jarndyce",
        "Kirkstone",
        "Lothlorien",
        "Micawber",
        "Nickleby",
        "Osgiliath",
    )
    names += ("Pemberley", "Quatermain", "Rochester", "Satterthwaite", "Tulkinghorn", "Umbridge", "Verinder")
    return names[number]


def test_two_agencies_with_one_crime_reference_share_a_case_and_learn_nothing_of_one_another(
    hub: Hub,
) -> None:
    hub.take(an_account("V-1", references=("CRI009999991",)))
    hub.settle()
    second = hub.take(
        an_account("D-1", references=("cri 00999 9991",), family=other_person(0)), "durham_constabulary"
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
        hub.take(an_account(f"T-{number}", references=("CRI009999992",), family=other_person(number)), agency)
    hub.settle()
    assert len(set(cases_of(hub).values())) == 1
    assert len(hub.alerts()) == 1
    assert len(hub.mails()) == 1


def test_somebody_who_is_harmed_again_has_another_case_and_is_the_same_person(hub: Hub) -> None:
    hub.take(an_account("MARCH", on="2026-03-01", references=("CRI009999981",)))
    hub.settle()
    hub.take(an_account("AGAIN", on="2026-03-20", references=("CRI009998207",)), "vip")
    hub.take(an_account("OTHER-KIND", on="2026-01-29", kind="assault", references=("CRI009990433",)), "vip")
    hub.settle()
    links = hub.links()
    assert len(set(cases_of(hub).values())) == 3
    assert len({link["people"][0] for link in links.values()}) == 1


def test_what_may_be_one_and_is_not_sure_is_asked_and_not_joined(hub: Hub) -> None:
    hub.take(an_account("FIRST", on="2026-03-01"))
    hub.take(an_account("MAYBE", on="2026-03-10"), "vip")
    hub.settle()
    links = hub.links()
    assert links["vcas:FIRST"]["case"] != links["vip:MAYBE"]["case"]
    assert links["vcas:FIRST"]["review"] == ["vip:MAYBE"]
    assert links["vip:MAYBE"]["review"] == ["vcas:FIRST"]


def test_names_are_compared_without_accents_case_and_signs(hub: Hub) -> None:
    hub.take(an_account("A", given="Zoë", family="O'Fiction", born="1988-02-29"))
    hub.settle()
    hub.take(an_account("B", given="ZOE", family="O Fiction", born="1988-02-29"), "vip")
    hub.settle()
    assert len(set(cases_of(hub).values())) == 1


def test_placeholders_never_join_two_cases_or_two_people(hub: Hub) -> None:
    sent: list[Wire] = [
        an_account(f"REF-{number}", references=(reference,), family=other_person(number))
        for number, reference in enumerate(
            ("unknown", "TBC", "0000", "n/a", "123", "see notes", "XXXX", "1111111") * 2
        )
    ]
    for number, (given, family) in enumerate((("Unknown", "Neighbour"), ("Male", "Unknown"), ("N/K", "N/K"))):
        sent += [
            an_account(
                f"NAME-{number}-{turn}",
                given=given,
                family=family,
                born=f"19{43 + 17 * turn + 9 * number}-0{3 + number + turn}-1{number + 4 * turn}",
            )
            for turn in (0, 1)
        ]
    for number, born in enumerate(("1900-01-01", "1970-01-01", "1901-01-01", "1900-01-01")):
        sent.append(an_account(f"BORN-{number}", born=born, family=other_person(16 + number)))
    for number, referral in enumerate(sent):
        referral["parties"][0]["contacts"][0]["value"] = f"07700 9{(number * 3571) % 100000:05}"
        hub.take(referral)
    hub.settle()
    links = hub.links()
    assert len(links) == len(sent)
    assert len(set(cases_of(hub).values())) == len(sent)
    assert len({link["people"][0] for link in links.values()}) == len(sent)


def test_two_parties_of_one_referral_are_never_one_person(hub: Hub) -> None:
    account = an_account("TWINS")
    account["parties"].append(account["parties"][0] | {"role": "responsible"})
    hub.take(account)
    hub.settle()
    people = hub.links()["vcas:TWINS"]["people"]
    assert len(set(people)) == 2


def test_a_referral_that_shows_two_cases_to_be_one_makes_them_one_and_both_teams_know(hub: Hub) -> None:
    hub.take(an_account("OLD", references=("CRI009999993",), family=other_person(1)))
    hub.settle()
    account = an_account("NEW", on="2026-03-02", references=("CRI009994400",), family=other_person(2))
    new = hub.take(account, "vip")
    hub.settle()
    before = cases_of(hub)
    assert before["vcas:OLD"] != before["vip:NEW"]
    both = an_account("BOTH", references=("CRI009994400", "CRI009999993"), family=other_person(1))
    both["parties"].append(an_account("", family=other_person(2))["parties"][0])
    hub.take(both, "durham_constabulary")
    hub.settle()
    assert set(cases_of(hub).values()) == {before["vcas:OLD"]}
    kinds = sorted((alert["case"], alert["kind"]) for alert in hub.alerts())
    assert kinds == sorted(
        [(before["vcas:OLD"], "opening"), (before["vip:NEW"], "opening"), (before["vip:NEW"], "merged")]
    )
    # Whoever referred sees nothing of it.
    assert hub.status_of(new, "vip") == "allocated"


def test_an_amendment_that_brings_the_number_of_another_case_takes_the_referral_there(hub: Hub) -> None:
    hub.take(an_account("OTHER", references=("CRI009999996",), family=other_person(6)))
    mine = an_account("MINE", on="2026-03-02", family=other_person(7))
    hub.take(mine)
    hub.settle()
    before = cases_of(hub)
    assert before["vcas:MINE"] != before["vcas:OTHER"]
    amended = an_account("MINE", references=("CRI009999996",), family=other_person(7))
    amended["parties"].append(an_account("", family=other_person(6))["parties"][0])
    hub.take(amended)
    hub.settle()
    assert set(cases_of(hub).values()) == {before["vcas:OTHER"]}


@pytest.mark.parametrize("agency", ["vip", "self_referral"])
def test_another_agencys_referral_is_not_there(hub: Hub, agency: str) -> None:
    receipt = hub.take(an_account("MINE"))
    answer = hub.ask(f"/v1/referrals/{receipt['reference']}", hub.key_of(agency))
    assert answer.status_code == 404
    assert receipt["reference"] not in answer.text
