"""What somebody answered is a referral that the door takes, whatever they typed and left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.check_referral import warnings_for
from services.intake.forms.domain.filling import CHECK, Filled, answer, begin
from services.intake.forms.domain.questions import PARTS_OF_A_DATE, Answers, Field
from services.intake.forms.domain.self_referral import SELF_REFERRAL
from services.intake.forms.schema import slips_of, write_referral
from services.intake.schema import read_referral
from shared.contracts.referral import Referral
from shared.problems import Fault, Unprocessable

NOW = dt.datetime(2026, 3, 22, 14, 5, tzinfo=dt.UTC)
Posted = Mapping[str, Sequence[str]]
FIELDS = {field.name: field for page in SELF_REFERRAL.pages for field in page.fields}


def referral_of(**answers: str | tuple[str, ...]) -> Referral:
    """The referral of somebody who answered this, and what has to be answered."""
    told = {"side": "done_to_me", "go_on": "given"} | answers
    as_typed: Answers = {name: (said,) if isinstance(said, str) else said for name, said in told.items()}
    return read_referral(write_referral(Filled("1", NOW, "check", as_typed)), self_referral=True)


def test_what_was_agreed_to_just_after_midnight_in_summer_is_dated_by_the_day_in_london() -> None:
    just_after = dt.datetime(2026, 7, 1, 23, 10, tzinfo=dt.UTC)
    told = {"side": ("i_did",), "go_on": ("given",), "keep": ("given",), "own_part": ("full",)}
    told |= {"channels": ("mobile",), "mobile": ("07700 900982",), "mobile_safe": ("yes",)}
    body = write_referral(Filled("1", just_after, "check", told))
    referral = read_referral(body, self_referral=True)
    (party,) = referral.parties
    today = dt.date(2026, 7, 2)
    assert {consent.decided_on for consent in party.consents[:2]} == {today}
    assert party.contacts[0].confirmed_on == today
    assert party.responsibility is not None
    assert party.responsibility.on == today
    assert referral.referred_at == just_after
    assert warnings_for(referral, just_after) == warnings_for(referral_of(**told), NOW)


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("given", "\u0645\u06cc\u200c\u0646\u0627", "\u0645\u06cc\u200c\u0646\u0627"),
        ("family", "\u200f\u0634\u0627\u062f (Shad)\u200e", "\u200f\u0634\u0627\u062f (Shad)\u200e"),
        (
            "happened",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        ),
        ("happened", "\U0001fae9 and \ue000", "\U0001fae9 and \ue000"),
        ("given", "\ufeffRo\u00adbin\u200b\x07", "Robin"),
        ("given", "\u200eZo\u00eb\u200d", "Zo\u00eb"),
        ("mobile", "\u202d07700 900982\u202c", "07700 900982"),
        ("number", "\u200eCRI009000001", "CRI009000001"),
        ("given", "\u200d\u200e", ""),
    ],
)
def test_only_what_nobody_sees_and_what_says_nothing_is_left_out(name: str, typed: str, kept: str) -> None:
    page = next(page for page in SELF_REFERRAL.pages if FIELDS[name] in page.fields)
    answers, slips = page.read({name: [typed]}, NOW.date())
    assert answers.get(name, ("",)) == (kept,)
    assert name not in {slip.field for slip in slips} or not kept


# What somebody gives who was told that it is needed, or that what they gave cannot be.
NEEDED: Posted = {
    "side": ["not_sure"],
    "mobile": ["07700 900982"],
    "landline": ["01632 960131"],
    "email": ["fable@figment.example"],
    "post": ["1 Invented Street"],
    "go_on": ["given"],
}


def typed_in(field: Field) -> st.SearchStrategy[Posted]:
    """Nothing, what is asked for, or whatever else a keyboard can type."""
    if field.choices:
        values = [choice.value for choice in field.choices]
        return st.lists(st.sampled_from(values), max_size=3).map(lambda taken: {field.name: taken})
    if field.kind == "date":
        parts = st.dates().map(lambda day: (str(day.day), str(day.month), f"{day.year:04}"))
        names = [f"{field.name}-{part}" for part in PARTS_OF_A_DATE]
        return parts.map(lambda given: {name: [part] for name, part in zip(names, given, strict=True)})
    texts = st.text(max_size=12) | st.sampled_from(
        ["", "x" * field.most, "x" * (field.most + 1), "fable@figment.example"]
    )
    return texts.map(lambda text: {field.name: [text]})


everything = st.tuples(*map(typed_in, FIELDS.values())).map(
    lambda parts: {k: v for p in parts for k, v in p.items()}
)


@settings(max_examples=40)
@given(everything)
def test_whatever_is_typed_is_taken_or_told_at_the_question_where_it_was_typed(typed: Posted) -> None:
    filled = begin(SELF_REFERRAL, "1", NOW)
    while filled.at != CHECK:
        on, slips = answer(SELF_REFERRAL, filled, typed, NOW.date())
        filled = answer(SELF_REFERRAL, filled, NEEDED, NOW.date())[0] if slips else on
    faults = faults_at_the_door(filled)
    assert len(slips_of(faults, SELF_REFERRAL.told(filled.answers))) == len(faults)


def faults_at_the_door(filled: Filled) -> tuple[Fault, ...]:
    try:
        read_referral(write_referral(filled), self_referral=True)
    except Unprocessable as problem:
        return problem.errors
    return ()


def test_who_answers_only_what_has_to_be_answered_is_taken() -> None:
    referral = referral_of(side="not_sure")
    assert (referral.strand, referral.event.type, len(referral.parties)) == ("dispute", "other", 1)
    assert referral.parties[0].contacts == ()
    decisions = {consent.to: consent.decision for consent in referral.parties[0].consents}
    assert decisions == {"referral": "given", "approach_other_party": "not_asked"}


def test_only_what_was_said_to_be_safe_is_safe_and_a_message_is_left_only_where_it_may_be() -> None:
    referral = referral_of(
        channels=("mobile", "landline", "email", "post"),
        mobile="07700 900982",
        mobile_safe="yes",
        mobile_times="weekdays before 3pm.",
        mobile_message="no",
        landline="01632 960131",
        landline_safe="no",
        email="fable@figment.example",
        email_safe="unsure",
        line1="1 Invented Street",
        postcode="DH1 1AA",
    )
    mobile, landline, email, post = referral.parties[0].contacts
    assert (mobile.safe, mobile.confirmed_on) == ("yes", NOW.date())
    assert mobile.safe_times == "weekdays before 3pm. Do not leave a message."
    assert (landline.safe, email.safe, post.safe) == ("no", "unknown", "unknown")
    assert (email.confirmed_on, post.value) == (None, "1 Invented Street, DH1 1AA")


def test_whoever_wants_more_time_is_asked_again_on_the_day_that_they_chose() -> None:
    referral = referral_of(go_on="deferred", again=("1", "9", "2026"))
    consent = referral.parties[0].consents[0]
    assert (consent.to, consent.decision) == ("referral", "deferred")
    assert consent.contact_again_on == dt.date(2026, 9, 1)


def test_danger_is_told_and_whoever_is_not_sure_may_be_in_it() -> None:
    for said, danger in (("yes", True), ("unsure", True), ("no", False)):
        risks = referral_of(danger=said).risks
        assert risks is not None
        assert (risks.immediate_danger, risks.assessed) == (danger, False)


def test_who_did_something_says_how_far_they_see_it_so_and_what_they_offer() -> None:
    referral = referral_of(
        side="i_did", kinds=("damage",), own_part="partial", offers=("say_something", "put_right")
    )
    person = referral.parties[0]
    assert (person.role, referral.initiated_by) == ("responsible", "responsible")
    assert person.responsibility is not None
    assert (person.responsibility.accepted, person.wishes) == ("partial", ("say_something",))
    assert "put something right" in str(referral.event.summary)


def test_a_number_is_taken_for_what_it_looks_like() -> None:
    for number, scheme in (("CRI00123456", "crime"), ("358 of 16/07/2026", "incident"), ("A-1", "other")):
        (reference,) = referral_of(told="yes", number=number).event.references
        assert (reference.scheme, reference.value) == (scheme, number)


def test_what_has_no_field_of_its_own_is_told_below_the_account() -> None:
    referral = referral_of(
        happened="In my own words.", began_words="all summer", kinds=("noise", "hurt"), channels=("none",)
    )
    account, below = str(referral.event.summary).split("\n\n")
    assert account == "In my own words."
    assert below.splitlines() == [
        "Roughly when: all summer",
        "Also about: Noise",
        "Would rather get in touch themselves: yes",
    ]
