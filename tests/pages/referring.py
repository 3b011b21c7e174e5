"""Fills in the practitioner's form as a browser without scripts would, signed in or not."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from werkzeug.test import Client, TestResponse

from services.wsgi import Front
from shared.web import SESSION, Caller, sign_token
from tests.pages.filling import A_BROWSER
from tests.support.houses import Hub

Told = Mapping[str, str | Sequence[str]]
ADDRESS = "/refer/practitioner"
LIST = "What to tell us"
LOOK_OVER = "Check your answers before you send them"
SENT = "Referral sent"
NEEDED = ("referring", "happened", "person", "consent", "contact", "risk")
EVERY_TASK = (*NEEDED, "others", "services")

# A practitioner's account of somebody who was harmed; every name, number and address is invented.
A_REFERRAL: Told = {
    "ref_name": "Olive Officer",
    "ref_role": "Police constable",
    "ref_organisation": "Durham Constabulary",
    "ref_email": "olive.officer@police.example",
    "identified_by": "crime_or_incident",
    "side": "done_to_me",
    "kinds": ["damage", "words"],
    "story": "An invented account.\nIt has two lines.",
    "began-day": "27",
    "began-month": "3",
    "began-year": "2026",
    "place_postcode": "DH1 1AA",
    "crime": "CRI00123456",
    "stage": "under_investigation",
    "identified": "yes",
    "p1_given": "Fable",
    "p1_family": "Figment",
    "p1_born-day": "3",
    "p1_born-month": "apr",
    "p1_born-year": "1980",
    "p1_line1": "2 Invented Street",
    "p1_postcode": "DH1 1AB",
    "p1_secret": "yes",
    "other_known": "yes",
    "p2_side": "other",
    "p2_given": "Otto",
    "p2_family": "Other",
    "p2_phone": "01632 960982",
    "p2_accepted": "partial",
    "p2_agreed": "not_asked",
    "p2_more": "no",
    "agreed": "given",
    "agreed_on-day": "20",
    "agreed_on-month": "11",
    "agreed_on-year": "2026",
    "storage": "given",
    "sharing": "deferred",
    "approach": "not_asked",
    "wishes": ["explanation", "apology"],
    "p1_channels": ["mobile", "post"],
    "p1_mobile": "07700 900982",
    "p1_mobile_safe": "yes",
    "p1_mobile_times": "weekdays before 3pm",
    "p1_mobile_message": "no",
    "p1_post": "2 Invented Street, Durham",
    "p1_post_safe": "unsure",
    "danger": "no",
    "assessed": "yes",
    "markers": ["substance"],
    "ordered": "no",
    "services": ["restorative_justice"],
    "calls": "3",
    "visits": "2",
}


@dataclass
class Referring:
    """A practitioner with a browser; signed in when there is somebody to be."""

    hub: Hub
    caller: Caller | None = None
    page: TestResponse = field(init=False)

    def __post_init__(self) -> None:
        """Open the first page."""
        self.client = Client(Front(self.hub.rooms))
        if self.caller is not None:
            self.client.set_cookie(SESSION, sign_token(self.hub.rooms["intake"].keys, self.caller))
        self.open(ADDRESS)

    def open(self, address: str) -> None:
        """Follow a link."""
        self.page = self.client.get(address, headers=A_BROWSER, follow_redirects=True)

    def post(self, address: str, data: Told) -> None:
        """Send a form."""
        self.page = self.client.post(address, data=dict(data), headers=A_BROWSER, follow_redirects=True)

    def start(self) -> None:
        """Begin a referral."""
        self.open(ADDRESS)
        self.post(ADDRESS, {})

    @property
    def carried(self) -> tuple[str, str]:
        """Where the form goes, and what of it travels in the page."""
        action, sealed = re.findall(
            r'<form method="post" action="([^"]+)"[^>]*>\s*<input type="hidden" name="form" value="([^"]*)">',
            self.page.text,
        )[-1]
        return action, sealed

    @property
    def question(self) -> str:
        """The heading of the page."""
        (heading,) = re.findall(r"<h1[^>]*>(.*?)</h1>", self.page.text, re.DOTALL)
        return html.unescape(re.sub("<[^>]*>", "", heading)).strip()

    @property
    def text(self) -> str:
        """What the page says, without its marks."""
        return html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", self.page.text)))

    def press(self, go: str) -> None:
        """Press a button other than Continue."""
        action, sealed = self.carried
        self.post(action, {"form": sealed, "go": go})

    def answer(self, answers: Told) -> None:
        """Answer the page that is shown with what belongs to it, and press Continue."""
        action, sealed = self.carried
        asked = set(re.findall(r'name="([^"]+)"', self.page.text))
        self.post(action, {"form": sealed} | {name: told for name, told in answers.items() if name in asked})

    def do(self, task: str, answers: Told = A_REFERRAL) -> None:
        """Do a whole task."""
        self.press(f"task:{task}")
        for _ in range(60):
            if self.question == LIST:
                return
            self.answer(answers)
            assert self.page.status_code == 200, self.text
        message = f"{task} has no end"
        raise AssertionError(message)

    def do_all(
        self, answers: Told = A_REFERRAL, tasks: Sequence[str] = (*NEEDED, "others", "services")
    ) -> None:
        """Do these tasks and go on to look them over."""
        for task in tasks:
            self.do(task, answers)
        self.press("check")
        assert self.question == LOOK_OVER, self.text
