"""Going through a form: which question comes next, what may be changed, and what counts in the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from services.intake.forms.domain.filling import CHECK, Filled, answer, back, begin, change, unanswered
from services.intake.forms.domain.questions import Choice, Field, Form, Page, date_of

NOW = dt.datetime(2026, 3, 22, 14, 5, tzinfo=dt.UTC)
TODAY = NOW.date()
FORM = Form(
    "invented",
    (
        Page("intro", "Intro", "Read this"),
        Page(
            "pet",
            "Pet",
            "Have you a pet?",
            fields=(
                Field("pet", kind="one_of", choices=(Choice("yes", "Yes"), Choice("no", "No")), needed="Say"),
            ),
        ),
        Page(
            "pet_name",
            "Pet",
            "Its name?",
            fields=(Field("pet_name", most=5),),
            asked_if=lambda answers: "yes" in answers.get("pet", ()),
        ),
        Page(
            "colours",
            "Colours",
            "Which?",
            fields=(
                Field(
                    "colours",
                    kind="some_of",
                    choices=(Choice("r", "Red"), Choice("b", "Blue"), Choice("none", "None", alone=True)),
                ),
            ),
        ),
        Page("born", "Born", "When?", fields=(Field("born", kind="date", day="past"),)),
    ),
)


def go(filled: Filled, **posted: str | Sequence[str]) -> Filled:
    """Answer a page that nothing is wrong with."""
    filled, slips = answer(
        FORM, filled, {k: [v] if isinstance(v, str) else v for k, v in posted.items()}, TODAY
    )
    assert slips == []
    return filled


def whole(pet: str = "yes") -> Filled:
    filled = go(go(begin(FORM, "1", NOW)), pet=pet)
    if pet == "yes":
        filled = go(filled, pet_name="Rex")
    return go(go(filled, colours=["r", "b"]), **{"born-day": "1", "born-month": "feb", "born-year": "1990"})


def test_a_form_ends_where_all_answers_are_looked_over() -> None:
    filled = whole()
    assert (filled.at, filled.checked, unanswered(FORM, filled)) == (CHECK, True, None)
    assert date_of(filled.answers, "born") == dt.date(1990, 2, 1)
    assert whole("no").answered == ("intro", "pet", "colours", "born")


def test_whoever_changes_an_answer_returns_to_all_of_them() -> None:
    filled = change(FORM, whole(), "colours")
    assert filled.at == "colours"
    filled = go(filled, colours=["none"])
    assert (filled.at, filled.answers["colours"]) == (CHECK, ("none",))


def test_an_answer_that_makes_another_question_necessary_asks_it_first() -> None:
    filled = go(change(FORM, whole("no"), "pet"), pet="yes")
    assert filled.at == "pet_name"
    assert go(filled, pet_name="Rex").at == CHECK


def test_what_was_answered_on_a_page_that_is_no_longer_asked_does_not_count() -> None:
    filled = go(change(FORM, whole(), "pet"), pet="no")
    assert filled.at == CHECK
    assert "pet_name" in filled.answers
    assert "pet_name" not in FORM.told(filled.answers)


def test_going_back_keeps_the_answers_and_ends_before_the_first_page() -> None:
    filled: Filled | None = whole()
    seen = []
    while filled is not None:
        seen.append(filled.at)
        filled = back(FORM, filled)
    assert seen == [CHECK, "born", "colours", "pet_name", "pet", "intro"]


def test_a_page_that_is_not_asked_cannot_be_changed() -> None:
    assert change(FORM, whole("no"), "pet_name") == whole("no")
    assert change(FORM, whole("no"), "nonsense") == whole("no")


def test_leaving_out_what_is_needed_stays_there_and_says_so() -> None:
    filled, slips = answer(FORM, go(begin(FORM, "1", NOW)), {}, TODAY)
    assert (filled.at, [slip.detail for slip in slips]) == ("pet", ["Say"])
    assert unanswered(FORM, filled) == FORM.page("pet")


@pytest.mark.parametrize(
    ("page", "posted"),
    [("pet", {}), ("born", {"born-day": ["31"], "born-month": ["2"], "born-year": ["1990"]})],
)
def test_whoever_turns_back_from_what_is_wrong_is_asked_it_again(
    page: str, posted: dict[str, list[str]]
) -> None:
    filled, slips = answer(FORM, change(FORM, whole("no"), page), posted, TODAY)
    assert slips
    earlier = back(FORM, filled)
    assert earlier is not None
    assert unanswered(FORM, earlier) == FORM.page(page)
    assert go(earlier, colours=["r"]).at == page


@pytest.mark.parametrize(
    ("page", "posted", "told"),
    [
        ("pet", {"pet": ["perhaps"]}, "Select an answer from the list"),
        ("pet_name", {"pet_name": ["Longer"]}, "Shorten this to 5 characters or fewer"),
        ("colours", {"colours": ["r", "none"]}, "Select “None” or the other answers, not both"),
        ("colours", {"colours": ["r", "x"]}, "Select an answer from the list"),
        ("born", {"born-day": ["1"]}, "The date must include a month and a year"),
        ("born", {"born-day": ["1"], "born-month": ["1"], "born-year": ["90"]}, "The year must be four"),
        (
            "born",
            {"born-day": ["30"], "born-month": ["2"], "born-year": ["1990"]},
            "Enter a date that exists",
        ),
        ("born", {"born-day": ["²"], "born-month": ["2"], "born-year": ["1990"]}, "Enter a date that exists"),
        ("born", {"born-day": ["23"], "born-month": ["3"], "born-year": ["2026"]}, "today or in the past"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told_in_a_sentence(
    page: str, posted: dict[str, list[str]], told: str
) -> None:
    _, (slip,) = FORM.page(page).read(posted, TODAY)
    assert told in slip.detail
    assert not any(value in slip.detail for values in posted.values() for value in values if len(value) > 2)


def test_an_answer_is_what_was_typed_without_what_no_keyboard_types() -> None:
    answers, slips = FORM.page("pet_name").read({"pet_name": ["  R \x00\t x\u200b "]}, TODAY)
    assert (answers, slips) == ({"pet_name": ("R x",)}, [])


@pytest.mark.parametrize("space", ["\xa0", "\u202f", "\u3000", "\u2028"])
def test_words_that_were_copied_with_another_space_between_them_stay_apart(space: str) -> None:
    answers, _ = FORM.page("pet_name").read({"pet_name": [f"Rex{space}Example"]}, TODAY)
    assert answers == {"pet_name": ("Rex Example",)}
