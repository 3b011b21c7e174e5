"""Fills in the self-referral form as a browser without JavaScript would: it posts what the page holds."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from werkzeug.test import Client, TestResponse

A_BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

# Somebody who was harmed and can be reached; every name, number and address is invented.
SOMEBODY: Mapping[str, str | Sequence[str]] = {
    "danger": "no",
    "side": "done_to_me",
    "kinds": ["damage", "words"],
    "happened": "An invented account.\nIt has two lines.",
    "began-day": "27",
    "began-month": "3",
    "began-year": "2026",
    "place_line1": "1 Invented Street",
    "place_postcode": "DH1 1AA",
    "told": "yes",
    "number": "CRI00123456",
    "other_known": "yes",
    "other_given": "Otto",
    "other_family": "Other",
    "wishes": ["explanation", "apology"],
    "given": "Fable",
    "family": "Figment",
    "born-day": "3",
    "born-month": "apr",
    "born-year": "1980",
    "line1": "2 Invented Street",
    "postcode": "DH1 1AB",
    "secret": "yes",
    "channels": ["mobile", "post"],
    "mobile": "07700 900982",
    "mobile_safe": "yes",
    "mobile_times": "weekdays before 3pm",
    "mobile_message": "no",
    "post_safe": "unsure",
    "go_on": "given",
    "keep": "given",
    "share": "deferred",
}


@dataclass
class Filling:
    """Somebody with a browser at the form."""

    client: Client
    page: TestResponse = field(init=False)

    def __post_init__(self) -> None:
        """Open the first page and start."""
        self.page = self.client.get("/refer", headers=A_BROWSER)
        self.post({})

    def post(self, data: Mapping[str, str | Sequence[str]]) -> None:
        """Send a form."""
        self.page = self.client.post("/refer", data=dict(data), headers=A_BROWSER)

    @property
    def sealed(self) -> str:
        """What the page carries of the answers so far."""
        return str(re.findall(r'name="form" value="([^"]+)"', self.page.text)[-1])

    @property
    def question(self) -> str:
        """The heading of the page."""
        (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", self.page.text, re.DOTALL)
        return html.unescape(re.sub("<[^>]*>", "", heading)).strip()

    @property
    def faults(self) -> list[str]:
        """What the error summary says."""
        (listed,) = re.findall(r'error-summary__list">(.*?)</ul>', self.page.text, re.DOTALL) or [""]
        return [html.unescape(one).strip() for one in re.findall(r"<a[^>]*>(.*?)</a>", listed, re.DOTALL)]

    def press(self, go: str) -> None:
        """Press a button other than Continue."""
        self.post({"form": self.sealed, "go": go})

    def answer(self, answers: Mapping[str, str | Sequence[str]]) -> None:
        """Answer the page that is shown with what belongs to it, and press Continue."""
        asked = set(re.findall(r'name="([^"]+)"', self.page.text))
        self.post({"form": self.sealed} | {name: told for name, told in answers.items() if name in asked})

    def go_to(self, question: str, answers: Mapping[str, str | Sequence[str]] = SOMEBODY) -> None:
        """Answer page after page until this question is asked."""
        for _ in range(60):
            if self.question == question:
                return
            self.answer(answers)
            assert self.page.status_code == 200, (self.question, self.faults)
        message = f"{question} was never asked"
        raise AssertionError(message)

    def go_to_check(self, answers: Mapping[str, str | Sequence[str]] = SOMEBODY) -> None:
        """Answer everything."""
        self.go_to("Check your answers before you send them", answers)
