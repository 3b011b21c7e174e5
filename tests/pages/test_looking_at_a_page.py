"""What looks at pages finds what is wrong, and looks again where another page came meanwhile."""

from __future__ import annotations

import pytest

from tests.support.browser import Visitors, faults_of

# Invented, and wrong: nobody is told what belongs into the box.
A_BOX_WITHOUT_A_NAME = "<html lang=en><title>Invented</title><main><h1>Invented</h1><input></main>"


@pytest.mark.parametrize("later_ms", [0, 30, 100, 200])
def test_a_page_may_come_while_the_one_before_it_is_looked_at(visitors: Visitors, later_ms: int) -> None:
    page = visitors.visit("/sign-in")
    page.evaluate("later => { setTimeout(() => location.assign('/refer/safety'), later) }", later_ms)
    assert faults_of(page) == []
    page.wait_for_url("**/refer/safety")
    assert faults_of(page) == []


def test_a_page_with_a_fault_is_told_at_every_width(visitors: Visitors) -> None:
    page = visitors.visit("/sign-in")
    page.goto("about:blank")
    page.set_content(A_BOX_WITHOUT_A_NAME)
    assert ["label:" in fault for fault in faults_of(page)] == [True, True]
