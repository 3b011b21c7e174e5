"""What would give a case away is found in a text however it is written, and newer versions replace older."""

from __future__ import annotations

import pytest

from services.intake.schema import read_referral
from services.notify.telltales_store import telltales_of as kept_telltales
from shared.sealing import Lookup
from shared.telltales import found_in, is_among, split, telltales_of
from tests.support.builders import a_contact, a_party, a_reference, a_referral, an_account, an_event
from tests.support.houses import Hub

LOOKUP = Lookup(bytes(range(32)))
PARTY = a_party(
    name={"given": "Anne-Marie", "family": "O'Neïll"},
    contacts=[
        a_contact(value="+44 (0)7700 900123"),
        a_contact(channel="email", value="fay.figment@people.example"),
    ],
)
STORY = a_referral(
    parties=[PARTY, a_party(role="responsible", name={"given": "芳子", "family": "Will"})],
    event=an_event(references=[a_reference(value="CRI/00999-9990")]),
)
TELLTALES = split(telltales_of(read_referral(STORY, self_referral=False), LOOKUP))


@pytest.mark.parametrize(
    "text",
    [
        "for Annemarie today", "ANNE MARIE", "anne-marie", "O\u2019NEILL", "o neill", "Oneïll", "o n e i l l",
        "an\u200bne-marie", "\uff41\uff4e\uff4e\uff45-marie", "Will", "昨日芳子と",
        "07700900123", "07700 900 123", "+447700900123", "0044 7700-900123", "ring 7700 900123 now",
        "99907700900123000", "DL19ZZ", "dl1 9zz", "Dl1-9ZZ", "cri009999990", "CRI 00999 9990",
        "fay.figment@people.example", "Figment", "29/02/1988", "1988-02-29", "12 nowhere terrace",
        "Darlington", "990000000012", "Imogen", "01632 960131", "N00000001", "INVENTED-0002",
    ],
)  # fmt: skip
def test_what_gives_the_case_away_is_found_in_any_writing(text: str) -> None:
    assert found_in(text, TELLTALES, LOOKUP)


@pytest.mark.parametrize(
    "text",
    [
        "Case C-7KQX4-M3DTW waits.",
        "Sign in to see it",
        "Please ring me on 01632 960999",
        "willing",
        "TS1 9ZZ",
    ],
)
def test_what_does_not_is_let_through(text: str) -> None:
    assert not found_in(text, TELLTALES, LOOKUP)


def test_a_number_is_still_the_persons_or_no_longer() -> None:
    assert is_among("07700 900 123", TELLTALES, LOOKUP)
    assert is_among("Fay.Figment@people.example", TELLTALES, LOOKUP)
    assert not is_among("07700 900124", TELLTALES, LOOKUP)


def test_notify_keeps_them_sealed_and_the_newest_version_counts(hub: Hub) -> None:
    hub.take(an_account("ONE", family="Before"))
    hub.settle()
    (alert,) = hub.alerts()
    room = hub.rooms["notify"]

    def found(word: str) -> bool:
        with room.database.reading() as connection:
            (kept,) = kept_telltales(connection, room.keys.rest, [alert["case"]]).values()
        return found_in(word, kept, room.keys.lookup)

    assert (found("Before"), found("After")) == (True, False)
    hub.take(an_account("ONE", family="After"))
    hub.settle()
    assert (found("Before"), found("After")) == (False, True)
    hub.take(an_account("OTHER", family="Elsewhere"), agency="vip")
    hub.settle()
    assert not found("Elsewhere")
