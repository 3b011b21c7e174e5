"""In a sandbox everything is marked as a test and nobody is told of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.builders import a_referral
from tests.support.houses import Hub, infrastructure, make_hub

__all__ = ["infrastructure", "make_hub"]


def test_a_test_goes_the_whole_way_marked_and_reaches_nobody(make_hub: Callable[..., Hub]) -> None:
    # A mail server that would be there: it must not even be tried.
    hub = make_hub(sandbox="1", mail_url="smtp://127.0.0.1:9")
    receipt = hub.take(a_referral())
    assert receipt["reference"].startswith("TR-")
    hub.settle()
    assert hub.status_of(receipt) == "allocated"
    (alert,) = hub.alerts()
    assert alert["case"].startswith("TC-")
    mails = hub.mails()
    assert mails
    assert {mail["Subject"] for mail in mails} == {f"TEST: A new case waits for you: {alert['case']}"}


@pytest.mark.parametrize("asked", ["", "0"])
def test_without_being_asked_for_nothing_is_a_test(make_hub: Callable[..., Hub], asked: str) -> None:
    hub = make_hub(sandbox=asked)
    receipt = hub.take(a_referral())
    assert receipt["reference"].startswith("R-")
