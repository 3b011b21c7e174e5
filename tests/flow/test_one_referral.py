"""One referral goes its whole way: a receipt, a case, an alert and a mail, each of them once."""

from __future__ import annotations

import datetime as dt

from tests.support.builders import a_party, a_referral, an_event
from tests.support.houses import Hub


def test_a_referral_becomes_one_case_with_one_alert_and_one_mail(hub: Hub) -> None:
    answer = hub.post(a_referral())
    receipt = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/referrals/{receipt['reference']}"
    assert receipt | {"reference": "", "received_at": ""} == {
        "reference": "",
        "source_record_id": "INVENTED-0002",
        "version": 1,
        "status": "received",
        "received_at": "",
        "warnings": [],
    }
    assert dt.datetime.fromisoformat(receipt["received_at"]) == hub.clock()
    assert hub.status_of(receipt) == "received"

    hub.settle()

    link = hub.links()["vcas:INVENTED-0002"]
    assert link["reference"] == receipt["reference"]
    assert len(set(link["people"])) == 2
    (alert,) = hub.alerts()
    assert alert["case"] == link["case"]
    assert (alert["team"], alert["state"], alert["urgent"]) == ("restorative_hub", "open", False)
    (mail,) = hub.mails()
    assert mail["To"] == "coordinator@referral-hub.example"
    assert link["case"] in mail["Subject"]
    assert hub.status_of(receipt) == "allocated"


def test_the_same_referral_again_has_the_same_receipt_and_brings_nothing_new(hub: Hub) -> None:
    first = hub.post(a_referral())
    hub.settle()
    again = hub.post(a_referral())
    hub.settle()
    assert again.status_code == 200
    assert again.get_json() == first.get_json()
    assert again.headers["Location"] == first.headers["Location"]
    assert (len(hub.links()), len(hub.alerts()), len(hub.mails())) == (1, 1, 1)


def test_an_amendment_is_the_next_version_of_the_same_case_and_alerts_nobody_again(hub: Hub) -> None:
    first = hub.take(a_referral())
    hub.settle()
    before = hub.links()["vcas:INVENTED-0002"]
    amended = a_referral(
        parties=[a_party(), a_party(role="party", name={"given": "Novel", "family": "Fancy"})]
    )
    answer = hub.post(amended)
    second = answer.get_json()
    assert answer.status_code == 200
    assert (second["reference"], second["version"]) == (first["reference"], 2)
    hub.settle()
    after = hub.links()["vcas:INVENTED-0002"]
    assert after["version"] == 2
    assert after["case"] == before["case"]
    assert after["people"][0] == before["people"][0]
    assert (len(hub.alerts()), len(hub.mails())) == (1, 1)
    assert hub.status_of(second) == "allocated"


def test_an_amendment_sent_before_the_first_version_was_triaged_is_the_same_case(hub: Hub) -> None:
    hub.take(a_referral())
    second = hub.take(a_referral(event=an_event(summary="An invented account, told better.")))
    assert second["version"] == 2
    hub.settle()
    assert len({link["case"] for link in hub.links().values()}) == 1
    assert (len(hub.alerts()), len(hub.mails())) == (1, 1)


def test_the_first_version_sent_again_after_an_amendment_changes_nothing(hub: Hub) -> None:
    first = hub.take(a_referral())
    hub.take(a_referral(strand="dispute"))
    assert hub.take(a_referral()) == first
    hub.settle()
    assert len(hub.alerts()) == 1


def test_danger_makes_an_urgent_alert(hub: Hub) -> None:
    hub.take(a_referral(risks={"assessed": True, "immediate_danger": True}))
    hub.settle()
    (alert,) = hub.alerts()
    (mail,) = hub.mails()
    assert alert["urgent"] is True
    assert mail["Subject"].startswith("Urgent: ")


def test_no_alert_tells_of_a_person_or_of_what_happened(hub: Hub) -> None:
    hub.take(a_referral())
    hub.take(a_referral(source_record_id="INVENTED-0003", risks={"assessed": True, "immediate_danger": True}))
    hub.settle()
    told = "\n".join(f"{mail['Subject']}\n{mail.get_content()}" for mail in hub.mails()).lower()
    told += str(hub.alerts()).lower().replace("restorative_hub", "").replace("referral-hub", "")
    assert "has come to your team" in told
    # Whole numbers: the first digits of one may stand in a random id.
    people = (
        "fable", "figment", "mythos", "madeup", "07700 900123", "07700900123", "nowhere", "dl1 9zz", "dl19zz",
        "cri009999990", "vcas", "invented",
    )  # fmt: skip
    forbidden = (
        "victim", "offender", "harmed", "perpetrator", "crime", "burglary", "police", "court", "abuse",
        "violence", "probation", "prison", "justice", "restorative", "mediation", "referral", "danger",
    )  # fmt: skip
    assert [word for word in (*people, *forbidden) if word in told] == []
