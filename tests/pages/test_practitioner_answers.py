"""Whatever a practitioner answers is a referral, or what keeps it from being one is told of that answer."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.forms.domain.filling import Filled
from services.intake.forms.domain.practitioner.tasks import (
    LIST,
    PRACTITIONER,
    TASKS,
    begin_practitioner,
    go_back,
    go_on,
    go_to_task,
    is_place,
    progress_of,
    still_needed,
)
from services.intake.forms.domain.questions import PARTS_OF_A_DATE, Field, Page
from services.intake.forms.practitioner_schema import look_over, write_referral
from services.intake.schema import read_referral
from shared.problems import Fault, Unprocessable

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)

TEXTS = ("", "07700 900982", "DH1 1AA", "a@b.example", "a@b@c.example", "12", "\0", "é" * 50, "x\ny")


def posted_for(field: Field, chance: random.Random) -> dict[str, list[str]]:
    """What may be posted for a field: mostly what it asks for."""
    if field.kind == "date":
        date = (
            chance.choice(("", "1", "31")),
            chance.choice(("", "2", "mar")),
            chance.choice(("1870", "2026", "2999")),
        )
        return {f"{field.name}-{part}": [text] for part, text in zip(PARTS_OF_A_DATE, date, strict=True)}
    if field.kind in ("one_of", "some_of"):
        return {field.name: chance.choices([choice.value for choice in field.choices], k=chance.randrange(3))}
    return {field.name: [chance.choice(TEXTS)]}


def filled_by(chance: random.Random) -> Filled:
    """A form whose every page was answered with what it takes."""
    filled = begin_practitioner("0f0e0d0c-0000-7000-8000-000000000000", NOW, {})
    for page in PRACTITIONER.pages:
        if page.asked_if(filled.answers):
            posted = {name: told for field in page.fields for name, told in posted_for(field, chance).items()}
            answers, slips = page.read(posted, NOW.date())
            wrong = {slip.field for slip in slips}
            kept = {name: told for name, told in answers.items() if name not in wrong}
            filled = Filled(filled.id, NOW, LIST, {**filled.answers, **kept}, (*filled.answered, page.key))
    return filled


def faults_of(filled: Filled) -> tuple[Fault, ...]:
    """What the door finds wrong with it."""
    try:
        read_referral(write_referral(filled, NOW, verified=True), self_referral=False)
    except Unprocessable as problem:
        return problem.errors
    return ()


@settings(max_examples=100, deadline=None)
@given(st.integers(0))
def test_what_the_form_takes_the_door_takes_or_says_of_which_answer_it_does_not(seed: int) -> None:
    filled = filled_by(random.Random(seed))
    wrong, strange = look_over(filled, NOW)
    names = {field.name for page in PRACTITIONER.path(filled.answers) for field in page.fields}
    assert {slip.field for slip in (*wrong, *strange)} <= names
    assert len(wrong) == len(faults_of(filled))


@settings(max_examples=20, deadline=None)
@given(st.integers(0), st.lists(st.sampled_from([task.key for task in TASKS]), max_size=4))
def test_from_everywhere_one_comes_back_to_the_list(seed: int, keys: list[str]) -> None:
    filled = filled_by(random.Random(seed))
    assert still_needed(filled) == []
    for key in keys:
        filled = go_to_task(filled, key)
        assert is_place(filled.at)
        for _ in range(80):
            if filled.at == LIST:
                break
            filled = go_back(filled)
        assert filled.at == LIST


def test_an_empty_form_has_everything_still_to_do_and_goes_on_page_by_page() -> None:
    filled = begin_practitioner("x", NOW, {"ref_email": ("a@b.example",)})
    assert [one.begun or one.done for one in progress_of(filled)] == [False] * len(TASKS)
    assert [task.key for task in still_needed(filled)] == [task.key for task in TASKS if not task.optional]
    filled = go_to_task(filled, "risk")
    for answers, at in (
        ({"danger": ["no"]}, "assessed"),
        ({"assessed": ["no"]}, "ordered"),
        ({"ordered": ["yes"]}, "order"),
        ({"order": ["bail"], "order_forbids": ["unsure"]}, LIST),
    ):
        filled, slips = go_on(filled, answers, NOW.date())
        assert (slips, filled.at) == ([], at)
    (risk,) = [one for one in progress_of(filled) if one.task.key == "risk"]
    assert risk.done


@pytest.mark.parametrize(
    ("told", "urgent", "remarked"),
    [("yes", True, False), ("unsure", True, True), ("no", False, False)],
)
def test_whoever_may_be_in_danger_is_looked_at_first(
    told: str,
    urgent: bool,  # noqa: FBT001
    remarked: bool,  # noqa: FBT001
) -> None:
    body = write_referral(
        Filled("1", NOW, LIST, {"side": ("done_to_me",), "danger": (told,)}), NOW, verified=True
    )
    assert body["risks"]["immediate_danger"] is urgent
    assert ("May be in danger: not known" in body["event"].get("summary", "")) is remarked


@pytest.mark.parametrize(
    ("told", "forbids", "remarked"),
    [("yes", True, False), ("no", False, False), ("unsure", True, True), ("", True, True)],
)
def test_an_order_forbids_contact_unless_it_is_known_that_it_does_not(
    told: str,
    forbids: bool,  # noqa: FBT001
    remarked: bool,  # noqa: FBT001
) -> None:
    answers = {"side": ("done_to_me",), "ordered": ("yes",), "order": ("bail",), "order_forbids": (told,)}
    told_of = {name: answer for name, answer in answers.items() if answer != ("",)}
    body = write_referral(Filled("1", NOW, LIST, told_of), NOW, verified=True)
    (order,) = body["orders"]
    assert order["forbids_contact"] is forbids
    assert ("Whether the order forbids contact: not known" in body["event"].get("summary", "")) is remarked


def test_whether_an_order_forbids_contact_has_to_be_said() -> None:
    _, slips = PRACTITIONER.page("order").read({"order": ["bail"]}, NOW.date())
    assert [slip.field for slip in slips] == ["order_forbids"]


@pytest.mark.parametrize("page", PRACTITIONER.pages, ids=lambda page: page.key)
def test_every_field_of_a_page_with_several_has_a_label_and_every_answer_a_name(page: Page) -> None:
    fields = page.fields
    assert all(field.label for field in fields) or len(fields) == 1
    assert all(field.row for field in fields)
    names = [field.name for one in PRACTITIONER.pages for field in one.fields]
    assert len(names) == len(set(names))
