"""Each case goes to the team that the routing table names for its area and strand."""

from __future__ import annotations

from tests.support.builders import Wire, an_account
from tests.support.houses import Hub

# strand, postcode of the harmed person's home, team: the rows of the table in their order, then its last one
TABLE = (
    ("dispute", "DH1 9ZZ", "community_peer_mentors"),
    ("dispute", "DL1 9ZZ", "community_peer_mentors"),
    ("crime", "DH1 9ZZ", "restorative_hub"),
    ("crime", "dl3 9zz", "restorative_hub"),
    ("crime", "TS1 9ZZ", "restorative_cleveland"),
    ("dispute", "TS24 9ZZ", "restorative_cleveland"),
    ("crime", None, "duty_desk"),
    ("crime", "AB1 9ZZ", "duty_desk"),
    ("dispute", "DH2 9ZZ", "duty_desk"),  # an outward code that lies in more than one authority
)


def test_each_row_of_the_table_decides_and_the_duty_desk_has_the_rest(hub: Hub) -> None:
    for number, (strand, postcode, _) in enumerate(TABLE):
        family = f"Row{'abcdefghij'[number]}"
        hub.take(an_account(f"ROW-{number}", strand=strand, postcode=postcode, family=family))
    hub.settle()
    team_of = {alert["case"]: alert["team"] for alert in hub.alerts()}
    links = hub.links()
    found = [team_of[links[f"vcas:ROW-{number}"]["case"]] for number in range(len(TABLE))]
    assert found == [team for _, _, team in TABLE]


def test_the_harmed_persons_home_decides_and_never_the_responsible_ones(hub: Hub) -> None:
    account = an_account("HOMES", postcode="TS1 9ZZ")
    responsible: Wire = {"role": "responsible", "address": {"postcode": "DL1 9ZZ"}}
    account["parties"].insert(0, responsible)
    hub.take(account)
    hub.settle()
    (alert,) = hub.alerts()
    assert alert["team"] == "restorative_cleveland"
