"""Somebody asks for help themselves: what they are asked, what becomes of it, and what is kept on the way."""

from __future__ import annotations

import base64
import re
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import Client

from services.intake.forms.domain.self_referral import SELF_REFERRAL
from services.intake.forms.keep_machines_away import FROM_ONE_ADDRESS
from services.wsgi import Front
from shared.directory import DEFAULT
from tests.pages.filling import A_BROWSER, SOMEBODY, Filling
from tests.support.houses import Hub, embedded_hub

in_one_process = pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)

# What may be seen over somebody's shoulder or in a browser's history must not say (message safety).
TELLING = re.compile(
    r"victim|offend|harm|restor|justice|police|crime|court|mediat|neighbour|probation|abuse|violen|safe\b",
    re.IGNORECASE,
)


def sent(hub: Hub, **changes: str | list[str]) -> Filling:
    """Somebody who answered everything, and sent it."""
    somebody = Filling(hub.front)
    somebody.go_to_check({**SOMEBODY, **changes})
    hub.clock.move(minutes=5)
    somebody.press("send")
    assert somebody.question == "We have it"
    return somebody


def reference_in(page: str) -> str:
    (reference,) = re.findall(r"R-[0-9A-Z]{5}-[0-9A-Z]{5}", page)
    return str(reference)


def rows_in(hub: Hub) -> int:
    """How many rows intake keeps altogether, but for keys."""
    room = hub.rooms["intake"]
    tables = [one for one in room.service.tables.outbox.metadata.sorted_tables if one.name != "agency_keys"]
    with room.database.reading() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
        )


def test_somebody_answers_question_after_question_and_their_case_has_a_coordinator(hub: Hub) -> None:
    somebody = sent(hub)
    hub.settle()
    ((record, link),) = hub.links().items()
    assert record.startswith("self_referral:")
    assert link["reference"] == reference_in(somebody.page.text)
    assert len(link["people"]) == 2
    (alert,) = hub.alerts()
    assert (alert["case"], alert["urgent"]) == (link["case"], False)


@in_one_process
def test_whoever_may_be_in_danger_is_told_to_ring_goes_on_and_is_urgent(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to("Ring 999 if anyone is in danger", {"danger": "unsure"})
    sent(hub, danger="unsure")
    hub.settle()
    assert [alert["urgent"] for alert in hub.alerts()] == [True]


@in_one_process
def test_nobody_has_to_answer_more_than_what_brings_them_and_how_to_go_on(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to_check({"side": "not_sure", "go_on": "deferred"})
    assert somebody.page.text.count("Not answered") > 10
    hub.clock.move(minutes=5)
    somebody.press("send")
    assert "You asked for more time" in somebody.page.text
    hub.settle()
    assert len(hub.links()) == 1


@in_one_process
def test_before_it_is_sent_nothing_is_kept_here_or_there(hub: Hub) -> None:
    before = rows_in(hub)
    somebody = Filling(hub.front)
    somebody.go_to_check()
    assert rows_in(hub) == before
    assert "Set-Cookie" not in somebody.page.headers
    assert somebody.page.headers["Cache-Control"] == "no-store"
    assert somebody.page.request.path == "/refer"
    assert not somebody.page.request.query_string
    opened = base64.urlsafe_b64decode(somebody.sealed)
    assert b"Figment" not in opened
    files = [path.read_bytes() for path in Path(hub.settings.home).rglob("*") if path.is_file()]
    assert not any(b"Figment" in content for content in files)


def test_sending_twice_at_once_is_sending_once(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to_check()
    hub.clock.move(minutes=5)
    front, data, pages = Front(hub.rooms), {"form": somebody.sealed, "go": "send"}, []
    together = threading.Barrier(3)

    def press() -> None:
        together.wait(60)
        pages.append(Client(front).post("/refer", data=data, headers=A_BROWSER).text)

    threads = [threading.Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    somebody.post(data)
    assert len({reference_in(page) for page in [*pages, somebody.page.text]}) == 1
    hub.settle()
    assert [link["version"] for link in hub.links().values()] == [1]
    assert len(hub.alerts()) == 1


@in_one_process
def test_whoever_goes_back_after_sending_and_changes_an_answer_amends_their_own(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to_check()
    hub.clock.move(minutes=5)
    sealed = somebody.sealed
    somebody.press("send")
    first = reference_in(somebody.page.text)
    somebody.post({"form": sealed, "go": "change:name"})
    assert somebody.question == "What is your name?"
    somebody.answer({"given": "Faye", "family": "Figment"})
    somebody.press("send")
    assert reference_in(somebody.page.text) == first
    hub.settle()
    assert [link["version"] for link in hub.links().values()] == [2]


@in_one_process
def test_a_changed_answer_leads_back_to_all_answers_by_way_of_what_it_makes_necessary(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to_check()
    somebody.press("change:channels")
    somebody.answer({"channels": ["mobile", "email"]})
    assert somebody.question == "What is your email address?"
    somebody.answer({"email": "fable@figment.example"})
    somebody.answer({"email_safe": "yes"})
    assert somebody.question == "Check your answers before you send them"
    assert "Sending you a letter" not in somebody.page.text
    somebody.press("back")
    assert somebody.question == "May we tell other services that could help you?"


@in_one_process
def test_what_is_wrong_is_said_above_and_beside_and_what_was_typed_stays(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to("When did it happen?")
    somebody.answer({"began-day": "30", "began-month": "2", "began-year": "2026", "began_words": "in spring"})
    assert somebody.page.status_code == 422
    assert somebody.faults == ["Enter a date that exists, like 27 3 2026"]
    assert "<title>Error: When it happened" in somebody.page.text
    assert 'href="#began-day"' in somebody.page.text
    assert 'value="in spring"' in somebody.page.text
    assert 'value="30"' in somebody.page.text


@in_one_process
def test_what_only_the_door_finds_wrong_is_told_at_the_question_where_it_was_typed(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to_check({**SOMEBODY, "born-year": "1066"})
    hub.clock.move(minutes=5)
    somebody.press("send")
    assert (somebody.question, somebody.faults) == ("What is your date of birth?", ["Check the year"])
    somebody.answer({"born-day": "3", "born-month": "4", "born-year": "1966"})
    somebody.press("send")
    assert somebody.question == "We have it"


@in_one_process
def test_a_form_that_was_left_for_an_hour_is_closed_and_says_so(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to("What happened?")
    hub.clock.move(minutes=59)
    somebody.answer(SOMEBODY)
    hub.clock.move(minutes=61)
    somebody.answer(SOMEBODY)
    assert somebody.page.status_code == 410
    assert "Nothing was kept" in somebody.page.text
    assert "Exit this page" in somebody.page.text


@in_one_process
@pytest.mark.parametrize("change", ["cut", "altered", "of another place", "nonsense", "not ASCII"])
def test_a_form_that_was_tampered_with_is_refused_in_a_page(hub: Hub, change: str) -> None:
    somebody = Filling(hub.front)
    somebody.go_to("What happened?")
    sealed = somebody.sealed
    other = base64.urlsafe_b64encode(
        hub.rooms["intake"].keys.rest.seal(b"{}", "intake/referral/1/1")
    ).decode()
    somebody.post(
        {
            "form": {
                "cut": sealed[:-8],
                "altered": sealed[:100] + ("A" if sealed[100] != "A" else "B") + sealed[101:],
                "of another place": other,
                "nonsense": "!",
                "not ASCII": "é" * 40,
            }[change]
        }
    )
    assert somebody.page.status_code == 400
    assert somebody.question == "There is a problem"
    assert sealed[:50] not in somebody.page.text


@in_one_process
def test_a_program_is_told_of_a_broken_form_in_json(hub: Hub) -> None:
    told = hub.front.post("/refer", data={"form": "!"})
    assert told.content_type == "application/problem+json"


@in_one_process
def test_who_is_held_up_is_told_another_way_and_can_send_the_same_again(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to_check()
    somebody.press("send")  # nobody is as quick as that
    assert (somebody.page.status_code, somebody.question) == (429, "We could not send this yet")
    assert "0808 16 89 111" in somebody.page.text
    hub.clock.move(minutes=1)
    somebody.post({"form": somebody.sealed, "go": "send", "reply": "what only a machine fills in"})
    assert somebody.question == "We could not send this yet"
    assert hub.links() == {}
    somebody.press("send")
    assert somebody.question == "We have it"


@in_one_process
def test_one_address_sends_only_so_many_forms_in_an_hour_and_loses_no_answers(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to_check()
    hub.clock.move(minutes=5)
    sealed = somebody.sealed
    for _ in range(FROM_ONE_ADDRESS.amount):
        somebody.post({"form": sealed, "go": "send"})
        assert somebody.question == "We have it"
    somebody.post({"form": sealed, "go": "send"})
    assert somebody.question == "We could not send this yet"
    assert int(somebody.page.headers["Retry-After"]) > 0
    data = {"form": somebody.sealed, "go": "send"}
    elsewhere = hub.front.post("/refer", data=data, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert "We have it" in elsewhere.text


@in_one_process
def test_who_sends_while_the_database_is_away_loses_no_answers(hub: Hub) -> None:
    somebody = Filling(hub.front)
    somebody.go_to_check()
    hub.clock.move(minutes=5)
    file = hub.settings.home / "intake.db"
    hub.rooms["intake"].database.close()
    file.rename(file.with_suffix(".away"))
    file.mkdir()
    somebody.press("send")
    assert (somebody.page.status_code, somebody.question) == (503, "We could not send this yet")
    assert "on our side" in somebody.page.text
    file.rmdir()
    file.with_suffix(".away").rename(file)
    somebody.press("send")
    assert somebody.question == "We have it"


@in_one_process
def test_no_title_and_no_address_tells_what_this_is_about(hub: Hub) -> None:
    titles = {page.title for page in SELF_REFERRAL.pages}
    for path in ("/refer", "/refer/privacy", "/refer/accessibility", "/refer/nowhere"):
        page = hub.front.get(path, headers=A_BROWSER).text
        titles |= set(re.findall(r"<title[^>]*>(.*?)</title>", page, re.DOTALL))
        assert not TELLING.search(path)
    assert [title for title in titles if TELLING.search(title)] == []
    assert not TELLING.search(sent(hub).page.text.partition("</title>")[0])


def test_a_question_that_is_its_fields_label_has_nothing_to_read_before_it() -> None:
    for page in SELF_REFERRAL.pages:
        if any(not field.label for field in page.fields):
            assert (len(page.fields), page.paragraphs) == (1, ()), page.key


@in_one_process
def test_the_last_page_names_nobody(hub: Hub) -> None:
    page = sent(hub).page.text
    for told in SOMEBODY.values():
        for value in [told] if isinstance(told, str) else told:
            assert len(value) < 5 or value not in page, value


@in_one_process
def test_a_hub_may_say_how_it_is_reached_otherwise(hub: Hub, tmp_path: Path) -> None:
    other = embedded_hub(tmp_path / "other", helpline="01632 960131, Monday to Friday")
    assert "01632 960131, Monday to Friday" in other.front.get("/refer", headers=A_BROWSER).text
    other.close()


@in_one_process
def test_a_hub_that_takes_referrals_from_agencies_only_has_no_such_pages(hub: Hub, tmp_path: Path) -> None:
    lines = DEFAULT.read_text(encoding="utf-8").splitlines()
    directory = tmp_path / "directory.yaml"
    directory.write_text("\n".join(line for line in lines if "self_referral:" not in line), encoding="utf-8")
    other = embedded_hub(tmp_path / "other", directory=str(directory))
    for path in ("/refer", "/refer/safety"):
        assert other.front.get(path, headers=A_BROWSER).status_code == 404
    # What practitioners' pages lead to is there all the same.
    assert other.front.get("/refer/accessibility", headers=A_BROWSER).status_code == 200
    assert other.front.post("/refer", data={}).status_code == 404
    other.close()
