"""Every problem says the same thing of itself, in the form of RFC 9457."""

from __future__ import annotations

import pytest

from shared import problems
from shared.problems import Fault, NotFound, Problem, TooMany, Unprocessable, as_problem_json, pointer_to

EXPECTED = {
    problems.NotJson: 400,
    problems.NoKey: 401,
    problems.Forbidden: 403,
    problems.NotFound: 404,
    problems.Conflict: 409,
    problems.TooLarge: 413,
    problems.UnsupportedMediaType: 415,
    problems.Unprocessable: 422,
    problems.TooMany: 429,
    problems.Internal: 500,
    problems.Unavailable: 503,
}


@pytest.mark.parametrize(("kind", "status"), EXPECTED.items())
def test_each_problem_has_its_status_and_its_title_is_its_docstring(kind: type[Problem], status: int) -> None:
    answer = as_problem_json(kind(), "/v1/referrals")
    assert answer == {
        "type": f"urn:referral-hub:problem:{kind.code}",
        "title": kind.__doc__,
        "status": status,
        "instance": "/v1/referrals",
        "detail": kind.advice,
    }


def test_no_two_problems_share_a_code() -> None:
    assert len({kind.code for kind in EXPECTED}) == len(EXPECTED)


def test_a_new_kind_of_problem_takes_the_first_line_of_its_docstring_as_its_title() -> None:
    class Elsewhere(NotFound):
        """It is somewhere else.

        Ask there.
        """

    assert Elsewhere.title == "It is somewhere else."


def test_without_docstrings_the_code_is_the_title() -> None:
    undocumented = type("Undocumented", (Exception,), {})
    assert undocumented.__doc__ is None
    with pytest.MonkeyPatch.context() as stripped:
        stripped.setattr("inspect.getdoc", lambda _: None)
        kind = type("Gone", (Problem,), {"status": 410, "code": "long_gone"})
    assert getattr(kind, "title") == "Long gone"  # noqa: B009 - the class was made at run time


def test_a_problem_tells_its_detail_and_each_fault() -> None:
    fault = Fault("/parties/0/role", "required", "Give a value.")
    answer = as_problem_json(Unprocessable("There is 1 fault.", errors=[fault]), "/v1/referrals")
    assert answer["detail"] == "There is 1 fault."
    assert answer["errors"] == [{"pointer": "/parties/0/role", "code": "required", "detail": "Give a value."}]


def test_a_problem_names_itself_in_a_log_line() -> None:
    assert str(NotFound()) == "not_found: There is nothing here that you may see."
    assert str(NotFound("Ask again.")) == "not_found: Ask again."


def test_too_many_requests_says_when_to_come_back() -> None:
    assert TooMany(retry_after=7).retry_after == 7
    assert NotFound().retry_after is None


def test_a_pointer_escapes_what_rfc_6901_reserves() -> None:
    assert pointer_to() == ""
    assert pointer_to("parties", 0, "a/b~c") == "/parties/0/a~1b~0c"
