"""A practitioner refers somebody: what is kept on the way, for whom, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from services.intake import store
from services.intake.domain import kept_referral
from services.intake.forms.practitioner_schema import MISSING
from services.intake.forms.tables import drafts
from shared.contracts.referral import Referral
from shared.resealing import reseal
from shared.sealing import KEYS_FILE, KeyRing, new_key_text
from shared.web import Caller
from tests.pages.filling import A_BROWSER
from tests.pages.referring import A_REFERRAL, ADDRESS, LIST, LOOK_OVER, NEEDED, SENT, Referring, Told
from tests.support.houses import Hub, StoppedClock

in_one_process = pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)

OFFICER = Caller("practitioner", "olive.officer@police.example", agency="durham_constabulary")
COLLEAGUE = Caller("practitioner", "carl.colleague@police.example", agency="durham_constabulary")
# The same person, who moved on to another agency.
MOVED_ON = Caller("practitioner", "olive.officer@police.example", agency="vip")


def sent_reference(somebody: Referring) -> str:
    assert somebody.question == SENT, somebody.text
    return str(re.findall(r"R-[0-9A-Z]{5}-[0-9A-Z]{5}", somebody.page.text)[0])


def referral_of(hub: Hub, agency: str, reference: str) -> Referral:
    room = hub.rooms["intake"]
    with room.database.reading() as connection:
        kept = store.find_reference(connection, agency, reference)
        assert kept is not None
        return store.read_content(connection, room.keys.rest, kept)


def test_what_is_answered_is_saved_continued_elsewhere_and_sent_once(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    for task in NEEDED[:3]:
        officer.do(task)
    # Another device, and later.
    hub.clock.move(days=80)
    elsewhere = Referring(hub, OFFICER)
    assert "Fable Figment" in elsewhere.text
    elsewhere.open(re.findall(r'href="([^"]+/tasks)"', elsewhere.page.text)[0])
    assert elsewhere.text.count("Completed") == 3
    elsewhere.do_all(tasks=(*NEEDED[3:], "others", "services"))
    action, sealed = elsewhere.carried
    elsewhere.press("send")
    reference = sent_reference(elsewhere)
    # Pressed again, on the one device and on the other.
    for device in (officer, elsewhere):
        device.post(action, {"form": sealed, "go": "send"})
        assert sent_reference(device) == reference
    hub.settle()
    ((record, link),) = hub.links().items()
    assert record == f"durham_constabulary:{action.split('/')[4]}"
    assert (link["reference"], link["version"]) == (reference, 1)
    told = referral_of(hub, "durham_constabulary", reference)
    assert told.referred_at == hub.clock()  # when it was sent, not when it was begun
    elsewhere.open(ADDRESS)
    assert "With a team" in elsewhere.text
    assert "Figment" not in elsewhere.text


def test_sent_twice_at_the_same_moment_it_is_one_referral(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    officer.do_all(tasks=NEEDED)
    action, sealed = officer.carried
    together, devices = threading.Barrier(3), [Referring(hub, OFFICER) for _ in range(3)]

    def send(device: Referring) -> None:
        together.wait(60)
        device.post(action, {"form": sealed, "go": "send"})

    threads = [threading.Thread(target=send, args=(device,)) for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({sent_reference(device) for device in devices}) == 1
    hub.settle()
    assert len(hub.links()) == len(hub.alerts()) == 1


@in_one_process
def test_the_referral_says_what_was_answered(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    officer.do_all()
    officer.press("send")
    told = referral_of(hub, "durham_constabulary", sent_reference(officer))
    assert (told.strand, told.event.type, told.initiated_by) == ("crime", "criminal_damage", "harmed")
    assert told.referrer is not None
    assert (told.referrer.name, told.referrer.organisation) == ("Olive Officer", "Durham Constabulary")
    harmed, responsible = told.parties
    assert (harmed.role, responsible.role) == ("harmed", "responsible")
    assert [(c.channel, c.safe, c.safe_times) for c in harmed.contacts] == [
        ("mobile", "yes", "weekdays before 3pm. Do not leave a message."),
        ("post", "unknown", None),
    ]
    assert [(c.to, c.decision) for c in harmed.consents] == [
        ("referral", "given"),
        ("storage", "given"),
        ("sharing", "deferred"),
        ("approach_other_party", "not_asked"),
    ]
    assert harmed.wishes == ("explanation", "apology")
    assert harmed.address is not None
    assert harmed.address.confidential
    assert responsible.responsibility is not None
    assert responsible.responsibility.accepted == "partial"
    assert [(c.channel, c.safe) for c in responsible.contacts] == [("landline", "unknown")]
    assert told.demand_baseline is not None
    assert told.demand_baseline.police_calls == 3
    assert told.event.references[0].scheme == "crime"
    assert told.risks is not None
    assert (told.risks.assessed, told.risks.markers) == (True, ("substance",))


def test_a_draft_is_its_owners_alone(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    officer.do("person")
    action, _ = officer.carried
    for somebody in (Referring(hub, COLLEAGUE), Referring(hub, MOVED_ON)):
        assert "Figment" not in somebody.text
        for address in (action, action.replace("tasks", "p1_name"), action.replace("tasks", "deletion")):
            somebody.open(address)
            assert somebody.page.status_code == 404
            somebody.post(address, {"p1_given": "Mallory", "go": ""})
            assert somebody.page.status_code == 404
        somebody.open(action.replace("tasks", "sent"))
        assert somebody.page.status_code == 404
    stranger = Referring(hub)
    stranger.open(action)
    assert stranger.question == "Sign in"
    officer.open(action.replace("tasks", "p1_name"))
    assert 'value="Fable"' in officer.page.text


@in_one_process
def test_whoever_has_another_role_has_no_drafts(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    action, _ = officer.carried
    for role in ("coordinator", "supervisor", "ops", "commissioner"):
        somebody = Referring(hub, Caller(role, OFFICER.name, agency=OFFICER.agency))
        assert "Start without an account" in somebody.text
        somebody.open(action)
        assert somebody.page.status_code == 403


@in_one_process
def test_nobody_else_s_page_can_change_a_draft(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    action, _ = officer.carried
    for address in (ADDRESS, action, action.replace("tasks", "deletion")):
        refused = officer.client.post(address, headers=A_BROWSER | {"Sec-Fetch-Site": "same-site"})
        assert refused.status_code == 403
    officer.open(ADDRESS)
    assert officer.text.count("Nobody named yet") >= 1
    assert officer.page.text.count("/deletion") == 1


def test_a_draft_is_deleted_on_wish_and_forgotten_after_90_days(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    action, _ = officer.carried
    officer.open(action.replace("tasks", "deletion"))
    assert officer.question == "Delete what you saved?"
    officer.post(action.replace("tasks", "deletion"), {})
    assert (officer.question, "There is nothing here" in officer.text) == ("Your referrals", True)
    officer.start()
    officer.do("person")
    hub.clock.move(days=89)
    hub.settle()
    officer.open(ADDRESS)
    assert "Fable Figment" in officer.text
    hub.clock.move(days=2)
    hub.settle()
    with hub.rooms["intake"].database.reading() as connection:
        assert connection.execute(select(drafts)).all() == []


@in_one_process
def test_what_was_sent_is_not_forgotten_with_the_drafts_and_holds_no_answer(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    officer.do_all(tasks=NEEDED)
    officer.press("send")
    reference = sent_reference(officer)
    hub.clock.move(days=365)
    hub.settle()
    room = hub.rooms["intake"]
    with room.database.reading() as connection:
        (row,) = connection.execute(select(drafts)).all()
    assert room.keys.rest.open(row.sealed, f"intake/draft/{row.id}") == b""
    officer.open(ADDRESS)
    assert reference in officer.text


@in_one_process
def test_a_draft_is_sealed_again_when_keys_rotate_and_names_nobody_in_the_file(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    officer.do("person")
    room = hub.rooms["intake"]
    old = json.loads((hub.settings.home / KEYS_FILE).read_text(encoding="utf-8"))["HUB_SEALING_KEYS"]
    newest = new_key_text("k9")
    assert reseal(room.database, KeyRing.read(f"{newest},{old}"), room.service.sealed) == 1
    with room.database.reading() as connection:
        (row,) = connection.execute(select(drafts)).all()
    assert b"Figment" in KeyRing.read(newest).open(row.sealed, f"intake/draft/{row.id}")
    file = Path(str(room.database.url.database))
    held = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    assert b"drafts" in held
    for planted in (b"Figment", b"olive.officer", b"police.example"):
        assert planted not in held


@in_one_process
def test_without_an_account_nothing_is_kept_before_it_is_sent_and_nobody_is_verified(hub: Hub) -> None:
    somebody = Referring(hub)
    somebody.start()
    somebody.do_all(tasks=NEEDED)
    with hub.rooms["intake"].database.reading() as connection:
        assert connection.execute(select(drafts)).all() == []
    hub.clock.move(minutes=5)
    action, sealed = somebody.carried
    somebody.press("send")
    reference = sent_reference(somebody)
    somebody.post(action, {"form": sealed, "go": "send"})
    assert sent_reference(somebody) == reference
    told = referral_of(hub, "open_form", reference)
    assert told.referrer is not None
    assert told.referrer.organisation == "Durham Constabulary (not verified: sent without an account)"
    hub.settle()
    assert list(hub.links()) == [f"open_form:{told.source_record_id}"]


@in_one_process
def test_who_sends_without_an_account_while_the_database_is_away_loses_no_answers(hub: Hub) -> None:
    somebody = Referring(hub)
    somebody.start()
    somebody.do_all(tasks=NEEDED)
    hub.clock.move(minutes=5)
    file = hub.settings.home / "intake.db"
    hub.rooms["intake"].database.close()
    file.rename(file.with_suffix(".away"))
    file.mkdir()
    somebody.press("send")
    assert somebody.page.status_code == 503
    assert "Your answers are still here" in somebody.page.text
    assert "on our side" in somebody.page.text
    file.rmdir()
    file.with_suffix(".away").rename(file)
    somebody.press("send")
    assert sent_reference(somebody)


@in_one_process
def test_what_is_strange_is_told_before_and_after_sending_and_keeps_nobody_from_it(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    strange: Told = {
        "crime": "358",
        "place_postcode": "DH1",
        "agreed": "deferred",
        "again-day": "1",
        "again-month": "3",
        "again-year": "2999",
        "p1_mobile_safe": "no",
        "assessed": "no",
    }
    officer.do_all({**A_REFERRAL, **strange}, NEEDED)
    for remark in (
        "Which numbers is it known by? Crime number : ",
        "Where did it happen? Postcode : This is the first half of a postcode only.",
        "They have not agreed yet. The referral waits until they have been asked.",
        "No way to reach them is known to be safe.",
        "The risks have not been assessed.",
    ):
        assert remark in officer.text, remark
    # From a remark one comes to the page, and back again.
    officer.press("change:where")
    officer.answer({"place_postcode": "DH1 1AA"})
    assert officer.question == LOOK_OVER
    assert "first half" not in officer.text
    officer.press("send")
    assert "A number that it is known by: " in officer.text
    assert "The risks have not been assessed." in officer.text
    told = referral_of(hub, "durham_constabulary", sent_reference(officer))
    assert told.parties[0].consents[0].contact_again_on == dt.date(2999, 3, 1)


@in_one_process
def test_what_the_door_would_refuse_is_told_of_the_answer_that_it_is_about(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    wrong: Told = {"ended-day": "26", "ended-month": "3", "ended-year": "2026", "ref_email": "a@b@c.example"}
    officer.do("happened", {**A_REFERRAL, **wrong})
    officer.do_all(A_REFERRAL, [task for task in NEEDED if task != "happened"])
    assert "When did it happen? Ended on : The end must be the same as or after the beginning" in officer.text
    assert "Send the referral" not in officer.text
    officer.press("send")
    assert officer.question == LOOK_OVER
    officer.press("change:when")
    officer.answer({**A_REFERRAL, "ended-day": "28", "ended-month": "3", "ended-year": "2026"})
    officer.press("send")
    assert sent_reference(officer)


@in_one_process
def test_what_was_returned_says_what_is_missing_and_goes_on_when_it_comes(hub: Hub) -> None:
    assert MISSING.keys() == kept_referral.MISSING.keys()
    officer = Referring(hub, OFFICER)
    officer.start()
    officer.do_all({**A_REFERRAL, "agreed": "not_asked"}, NEEDED)
    officer.press("send")
    hub.settle()
    officer.open(ADDRESS)
    assert "Returned to you" in officer.text
    assert MISSING["consent_to_refer"] in officer.text
    officer.start()
    officer.do_all(tasks=NEEDED)
    officer.press("send")
    hub.settle()
    officer.open(ADDRESS)
    assert officer.text.count("With a team") == 2
    assert MISSING["consent_to_refer"] not in officer.text


@in_one_process
def test_an_altered_answer_that_makes_another_question_necessary_leads_to_it(hub: Hub) -> None:
    somebody = Referring(hub)
    somebody.start()
    somebody.do_all(tasks=NEEDED)
    somebody.press("change:side")
    somebody.answer({"side": "i_did"})
    # How they see their own part is asked of who did it, under another task.
    assert (somebody.question, "In progress" in somebody.text) == (LIST, True)
    somebody.do("person", {"p1_accepted": "full"})
    somebody.press("check")
    assert "They say that they did it" in somebody.text


@in_one_process
def test_today_is_what_it_is_called_in_london(make_hub: Callable[..., Hub]) -> None:
    """Half past midnight in summer is still yesterday elsewhere."""
    hub = make_hub(StoppedClock(dt.datetime(2026, 7, 1, 23, 30, tzinfo=dt.UTC)))
    officer = Referring(hub, OFFICER)
    officer.start()
    today: Told = {"began-day": "2", "began-month": "7", "agreed_on-day": "2", "agreed_on-month": "7"}
    officer.do_all({**A_REFERRAL, **today}, NEEDED)
    assert "Worth another look" not in officer.text
    officer.press("send")
    told = referral_of(hub, "durham_constabulary", sent_reference(officer))
    assert told.event.started_on == told.referred_at.date() == dt.date(2026, 7, 2)
    officer.open(ADDRESS)
    assert "2 July 2026" in officer.text


@in_one_process
def test_ten_people_can_be_told_about_and_an_eleventh_cannot(hub: Hub) -> None:
    everybody: dict[str, str] = {}
    for number in range(2, 11):
        everybody |= {
            f"p{number}_side": "same" if number % 2 else "other",
            f"p{number}_given": f"Person {number}",
            f"p{number}_more": "yes",
        }
    officer = Referring(hub, OFFICER)
    officer.start()
    officer.do_all({**A_REFERRAL, **everybody})
    officer.press("send")
    told = referral_of(hub, "durham_constabulary", sent_reference(officer))
    assert [party.role for party in told.parties] == ["harmed", "responsible"] * 5


@in_one_process
def test_a_dispute_is_found_out_by_the_same_rule_as_in_the_public_form(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    officer.do_all({**A_REFERRAL, "side": "between_us", "kinds": ["noise"]})
    officer.press("send")
    told = referral_of(hub, "durham_constabulary", sent_reference(officer))
    assert (told.strand, told.event.type) == ("dispute", "noise")
    assert [party.role for party in told.parties] == ["party", "party"]
    assert told.event.justice_stage is None


@in_one_process
def test_what_is_needed_must_be_done_before_anything_is_sent(hub: Hub) -> None:
    officer = Referring(hub, OFFICER)
    officer.start()
    action, sealed = officer.carried
    for go in ("check", "send", "change:nowhere", "task:nowhere", "back", ""):
        officer.post(action, {"form": sealed, "go": go})
        assert officer.question == LIST, go
    officer.post(action.replace("tasks", "check"), {"form": sealed, "go": "send"})
    assert officer.question == LIST
    officer.press("task:risk")
    officer.answer({})
    assert officer.page.status_code == 422
    assert "Select whether anybody is in danger" in officer.text
    officer.press("back")
    assert officer.question == LIST
    officer.open(action.replace("tasks", "nowhere"))
    assert officer.page.status_code == 404


@in_one_process
def test_whose_agency_left_the_directory_can_open_nothing(hub: Hub) -> None:
    officer = Referring(hub, Caller("practitioner", "x@y.example", agency="gone"))
    assert "Start without an account" in officer.text
    officer.open(f"{ADDRESS}/drafts/01a20304-8517-7542-bc49-6982952b78b8/tasks")
    assert officer.page.status_code == 404
