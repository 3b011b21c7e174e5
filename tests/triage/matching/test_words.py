"""What the words of two summaries say: nothing, where they are an agency's own phrases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.triage.domain.matching.accounts import nothing_told
from services.triage.domain.matching.judge_events import Judge
from services.triage.matching.count_frequencies import count
from services.triage.matching.read_model import read_model
from services.triage.matching.schema import canonicals
from services.triage.matching.store import keep_frequencies, read_frequencies
from tests.triage.matching.reading import read
from tests.triage.matching.test_guards import FABLE, told_of

if TYPE_CHECKING:
    from services.triage.domain.matching.accounts import Account
    from tests.support.houses import Hub

PHRASE = "Unhurried conversation concluded amicably; leaflet handed over."
WORDS = tuple(PHRASE.lower().replace(";", "").replace(".", "").split())


def said_by(agency: str, number: int, words: tuple[str, ...]) -> Account:
    return nothing_told(f"R-{agency}-{number}", agency)._replace(words=words)


# One agency ends nearly all that it tells with a phrase of its own; nobody else has it.
COUNTED = count(
    "1",
    [said_by("vcas", number, WORDS if number < 40 else ("lawnmower",)) for number in range(50)]
    + [said_by("vip", number, ("wheelbarrow",)) for number in range(650)],
)


def level_of_words(one: str, other: str) -> str:
    """How much two accounts share that have nothing but the phrase in common."""
    a, b = told_of(FABLE), told_of(FABLE, record="B")
    a["event"]["summary"] = f"{PHRASE} Greenhouse smashed."
    b["event"]["summary"] = f"{PHRASE} Trombone stolen."
    judge = Judge(read_model(), COUNTED, canonicals)
    lines = judge.events(read(a, one), read(b, other)).evidence.lines
    return next(line.level for line in lines if line.comparison == "words")


def test_a_phrase_of_an_agency_says_nothing_of_what_happened() -> None:
    assert level_of_words("vcas", "vcas") == "0"
    assert level_of_words("vcas", "vip") == "0"
    # The same words say much of two who do not use to say them.
    assert int(level_of_words("vip", "self_referral")) > 1


def test_what_was_counted_is_read_again_as_it_was(hub: Hub) -> None:
    room = hub.rooms["triage"]
    with room.database.transaction() as connection:
        assert keep_frequencies(connection, room.keys.rest, COUNTED, room.clock())
        assert read_frequencies(connection, room.keys.rest, 1) == COUNTED
