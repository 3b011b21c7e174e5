"""Whether an agency sends its records as a file or one by one over the API, they end in the same cases."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.builders import Wire, a_contact
from tests.support.houses import Hub, embedded_hub
from tests.support.spreadsheets import Cells, a_csv, spelt

POLICE, COUNCIL = "durham_constabulary", "durham_county_council"


@dataclass(frozen=True)
class Person:
    """Somebody invented, as far as an export tells of them."""

    given: str
    family: str
    born: str  # 29/02/1988
    home: str  # a street with its number
    postcode: str
    mobile: str


@dataclass(frozen=True)
class Record:
    """What one agency has written down of something that happened."""

    number: str
    day: str
    harmed: Person
    other: Person
    crime_number: str = ""
    notes: str = "An invented account of an invented assault."


def of_red_sigma(record: Record) -> Cells:
    """The row of Red Sigma's export."""
    return {
        "Referral Number": record.number,
        "Created On": "20/03/2026 10:15",
        "Owner": "Robin Sample",
        "Owning Team": "NPT Exampleton",
        "Strand": "Crime",
        "Crime Number": record.crime_number,
        "Offence": "Common assault",
        "Offence Date From": record.day,
        "Offence Location": f"{record.harmed.home}, Darlington",
        "Offence Postcode": record.harmed.postcode,
        **_columns("Victim 1", record.harmed, dob="DOB", postcode="Postcode", phone="Mobile"),
        **_columns("Suspect 1", record.other, dob="DOB", postcode="Postcode", phone="Mobile"),
        "Consent To Refer": "Yes",
        "Risk Assessed": "Yes",
        "MO / Circumstances": record.notes,
    }


def of_first(record: Record) -> Cells:
    """The row of FIRsT's export."""
    return {
        "Case Ref": record.number,
        "Date Opened": "20/03/2026",
        "Case Type": "Crime",
        "Category": "Violence",
        "First Incident": record.day,
        "Incident Address": f"{record.harmed.home}, Darlington, {record.harmed.postcode}",
        "Police Crime No": record.crime_number,
        **_columns("Client", record.harmed, dob="D.O.B.", postcode="Post Code", phone="Tel"),
        **_columns("Other Party", record.other, dob="D.O.B.", postcode="Post Code", phone="Tel"),
        "Case Officer": "Sam Specimen",
        "Officer Role": "ASB Officer",
        "Officer Email": "sam.specimen@council.example",
        "Consent": "Y",
        "Case Notes": record.notes,
    }


def _columns(who: str, person: Person, *, dob: str, postcode: str, phone: str) -> Cells:
    return {
        f"{who} Forename": person.given,
        f"{who} Surname": person.family,
        f"{who} {dob}": person.born,
        f"{who} Address": f"{person.home}, Darlington",
        f"{who} {postcode}": person.postcode,
        f"{who} {phone}": person.mobile,
    }


def over_the_api(record: Record) -> Wire:
    """The same as an agency's system sends it, with what no export carries: risks, wishes, safe contacts."""
    return {
        "source_record_id": record.number,
        "referred_at": "2026-03-20T10:15:00+00:00",
        "assessment_point": "restorative_hub",
        "need_identified_by": "crime_or_incident",
        "initiated_by": "agency",
        "strand": "crime",
        "referrer": {"organisation": "An Invented Agency", "name": "Robin Sample"},
        "event": {
            "type": "assault",
            "started_on": _iso(record.day),
            "place": _home(record.harmed),
            "references": [{"scheme": "crime", "value": record.crime_number}] if record.crime_number else [],
            "summary": record.notes,
        },
        "parties": [
            _party("harmed", record.harmed)
            | {"wishes": ["apology"], "consents": [{"to": "referral", "decision": "given"}]},
            _party("responsible", record.other),
        ],
        "risks": {"assessed": True, "immediate_danger": False, "markers": ["mental_health"]},
    }


def _party(role: str, person: Person) -> Wire:
    contacts = [a_contact(value=person.mobile)] if person.mobile else []
    return {
        "role": role,
        "name": {"given": person.given, "family": person.family},
        **({"date_of_birth": _iso(person.born)} if person.born else {}),
        "address": _home(person),
        "contacts": contacts,
    }


def _home(person: Person) -> Wire:
    return {"line1": person.home, "town": "Darlington", "postcode": person.postcode}


def _iso(day: str) -> str:
    return "-".join(reversed(day.split("/")))


def a_person(number: int) -> Person:
    return Person(
        given=spelt(number * 7919),
        family=spelt(number),
        born=f"{1 + number % 28:02}/{1 + number % 12:02}/19{50 + number % 50}",
        home=f"{1 + number % 90} {spelt(number + 4000)} Terrace",
        postcode=f"DL1 {number % 9 + 1}ZZ",
        mobile=f"07700 9{number % 100_000:05}",
    )


def what_both_wrote_down() -> dict[str, list[Record]]:
    """Records of two agencies: of one event in other words, of others, of the same people."""
    police, council = [], []
    for number in range(12):
        harmed, other = a_person(1000 + number), a_person(2000 + number)
        day, crime = f"{1 + number:02}/03/2026", f"CRI{9_000_000 + number:09}"
        first = Record(f"RS-{number:03}", day, harmed, other, crime)
        as_told_there = replace(
            first,
            number=f"FIRST/{number:03}",
            # Now and then there is no number, another day, no telephone, or a slip in the name.
            crime_number=first.crime_number if number % 2 else "",
            day=f"{2 + number:02}/03/2026" if number % 5 == 0 else first.day,
            harmed=replace(harmed, mobile="" if number % 3 == 0 else harmed.mobile.replace("07", "+44 7")),
            other=replace(other, family=other.family[:-1], born="" if number % 4 == 0 else other.born),
            notes="An invented account, as it was told at another desk.",
        )
        months_later = replace(
            first,
            number=f"RS-{number:03}-B",
            day=f"{1 + number:02}/01/2026",
            crime_number=f"CRI80{number:07}",
        )
        somebody_else = replace(
            first, number=f"FIRST/{number:03}-B", harmed=a_person(3000 + number), crime_number=""
        )
        police += [first, months_later]
        council += [as_told_there, somebody_else]
    return {POLICE: police, COUNCIL: council}


def by_file(hub: Hub, records: dict[str, list[Record]]) -> None:
    forms: dict[str, tuple[str, Callable[[Record], Cells]]] = {
        POLICE: ("red_sigma", of_red_sigma),
        COUNCIL: ("first", of_first),
    }
    for agency, (mapping, row_of) in forms.items():
        rows = [row_of(record) for record in records[agency]]
        answer = hub.front.post(
            "/v1/imports",
            data={"file": (io.BytesIO(a_csv(rows, rows[0])), "export.csv"), "mapping": mapping},
            headers={"Authorization": f"Bearer {hub.key_of(agency)}"},
        )
        assert answer.status_code == 202, answer.text
        hub.settle()
        counts = hub.ask(answer.headers["Location"], hub.key_of(agency)).get_json()["counts"]
        assert (counts["rows"], counts["new"], counts["rejected"]) == (len(rows), len(rows), 0)


def by_api(hub: Hub, records: dict[str, list[Record]]) -> None:
    for agency, of_this_one in records.items():
        for record in of_this_one:
            hub.take(over_the_api(record), agency)
        hub.settle()


Groups = set[frozenset[Any]]


def ended(hub: Hub) -> tuple[Groups, Groups, Groups]:
    """Which records are one case, which parties are one person, and which two cases wait for a human."""
    links = hub.links()
    cases: dict[str, set[str]] = {}
    people: dict[str, set[tuple[str, int]]] = {}
    for record, line in links.items():
        cases.setdefault(line["case"], set()).add(record)
        for place, person in enumerate(line["people"]):
            people.setdefault(person, set()).add((record, place))
    together = {record: frozenset(records) for records in cases.values() for record in records}
    asked = {
        frozenset((together[record], together[other]))
        for record, line in links.items()
        for other in line["review"]
    }
    return set(together.values()), set(map(frozenset, people.values())), asked


def test_the_same_records_end_in_the_same_cases_by_file_and_by_api(tmp_path: Path) -> None:
    records = what_both_wrote_down()
    found = []
    for send in (by_file, by_api):
        with closing(embedded_hub(tmp_path / send.__name__)) as hub:
            send(hub, records)
            found.append(ended(hub))
    assert found[0] == found[1]
    cases, people, asked = found[0]
    # No record is without its case; some belong together, of some it is asked, each person is known again.
    assert sum(map(len, cases)) == sum(map(len, records.values()))
    assert {len(case) for case in cases} == {1, 2}
    assert {len(person) for person in people} == {1, 3, 4}
    assert asked
