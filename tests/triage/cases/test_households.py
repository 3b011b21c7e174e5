"""A household is told as a relation between people, to whoever may see both of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.builders import an_account
from tests.triage.cases.doing import take, whole

if TYPE_CHECKING:
    from tests.support.builders import Wire
    from tests.support.houses import Hub


def of_the_house(record: str, given: str, on: str, line1: str = "7 Nowhere Row", **changes: object) -> Wire:
    account = an_account(record, given=given, on=on, kind="assault") | changes
    account["parties"][0]["address"] = {"line1": line1, "town": "Darlington", "postcode": "DL1 9ZZ"}
    return account


def test_who_lives_with_whom_is_told_where_both_may_be_seen(hub: Hub) -> None:
    sister = an_account("SISTER", given="Ottoline")
    sister["parties"][0]["address"] = {"line1": "7 Nowhere Row", "town": "Darlington", "postcode": "DL1 9ZZ"}
    case = take(hub, sister)
    take(hub, of_the_house("BROTHER", "Zebedee", "2025-01-10"), "vip")
    take(hub, of_the_house("NEIGHBOUR", "Peregrine", "2024-05-05", "9 Nowhere Row"), "durham_constabulary")
    away = take(
        hub, of_the_house("COUSIN", "Ignatius", "2023-09-09", services_wanted=["victim_support"]), "vip"
    )
    links = hub.links()
    assert len({link["case"] for link in links.values()}) == len(links)
    assert len({link["people"][0] for link in links.values()}) == len(links)
    seen = {one["name"]: one["case"] for one in whole(hub, case)["households"]}
    assert seen == {"Zebedee Figment": links["vip:BROTHER"]["case"]}
    everybody = {one["name"]: one["case"] for one in whole(hub, case, "supervisor")["households"]}
    assert everybody == seen | {"Ignatius Figment": away}
