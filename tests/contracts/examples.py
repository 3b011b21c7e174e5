"""One message of each contract, every field filled; all in it is invented.

The golden files beside this one were written from these with fixed ids and keys, once. They stand for the
messages that wait in somebody's queue while a new version is rolled out, so no file is ever written again:
`python -m tests.contracts.examples` only adds those of a contract, or a version of one, that has none yet.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from uuid import UUID

import msgspec

from services.intake.schema import read_referral
from shared.contracts import (
    AgencyKey,
    CaseBarred,
    CaseDue,
    CaseGiven,
    CaseJoined,
    CaseMerged,
    CaseProgressed,
    CaseReferralWithdrawn,
    CaseReturned,
    CaseRouted,
    CaseTelltales,
    LetterKept,
    ReferralReceived,
    ReferralWithdrawn,
    SessionsEnded,
)
from shared.contracts.envelope import Message, Trace, wrap
from shared.sealing import KeyRing
from tests.support.builders import a_referral

GOLDEN = Path(__file__).parent / "golden"
WHEN = dt.datetime(2026, 3, 22, 14, 5, 6, 789000, tzinfo=dt.UTC)
TRACE = Trace(
    "0195bdc1-0000-7000-8000-00000000c0de", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
)
CAUSE = "0195bdc1-0000-7000-8000-0000000ca05e"
# A key of the tests' own: it has never sealed anything but invented messages.
KEYS = KeyRing({"golden": bytes(range(32))})


def examples() -> dict[str, Message]:
    """The example of each contract, by the name of its golden files."""
    case, referral = "C-7KQX4-M3DTW", "R-7KQX4-M3DTW"
    messages: tuple[Message, ...] = (
        ReferralReceived(
            reference=referral,
            agency="vcas",
            version=2,
            received_at=WHEN,
            referral=read_referral(a_referral(), self_referral=False),
            travels="urgent",
        ),
        CaseRouted(case=case, referral=referral, to_team="restorative_hub", routed_at=WHEN, travels="bulk"),
        CaseJoined(case=case, referral=referral, joined_at=WHEN, travels="urgent"),
        ReferralWithdrawn(
            reference=referral, agency="vcas", version=2, withdrawn_at=WHEN, reason="Invented: sent in error."
        ),
        CaseMerged(
            case=case,
            into="C-3DTWM-7KQX4",
            to_team="restorative_hub",
            merged_at=WHEN,
            travels="bulk",
        ),
        CaseReturned(
            case=case,
            referral=referral,
            to_team="duty_desk",
            lacks=("consent_to_refer", "safe_contact"),
            returned_at=WHEN,
            again=True,
            travels="urgent",
        ),
        CaseTelltales(case=case, referral=referral, version=2, telltales=bytes(range(16)), travels="urgent"),
        CaseProgressed(case=case, referral=referral, status="in_progress", progressed_at=WHEN),
        CaseDue(
            case=case,
            to_team="restorative_hub",
            owner="coordinator@referral-hub.example",
            task="contact_initiator",
            due_on=dt.date(2026, 3, 24),
            kind="breach",
            said_at=WHEN,
            travels="urgent",
        ),
        CaseGiven(
            case=case,
            to_team="restorative_hub",
            to="coordinator@referral-hub.example",
            giving=UUID("0195bdc1-0000-7000-8000-000000061f70"),
            given_at=WHEN,
            no_longer=("facilitator@referral-hub.example",),
            travels="urgent",
        ),
        CaseBarred(case=case, who=("coordinator@referral-hub.example",), barred_at=WHEN, travels="urgent"),
        LetterKept(letter="L-7KQX4-M3DTW", kept_at=WHEN),
        AgencyKey(key_id="abcdefghij", agency="vcas", key_hash=bytes(range(32)), good=False, said_at=WHEN),
        SessionsEnded(email="coordinator@referral-hub.example", ended_at=WHEN),
        CaseReferralWithdrawn(
            case=case, referral=referral, to_team="restorative_hub", withdrawn_at=WHEN, stands=False
        ),
    )
    return {name_of(type(message)): message for message in messages}


def name_of(contract: type[Message]) -> str:
    """What the golden files of a contract are called."""
    return f"{contract.TYPE}.{contract.VERSION}"


def sealed(name: str, message: Message, *, keys: KeyRing = KEYS) -> bytes:
    """The message as it would travel, under the id that its golden file has."""
    return wrap(
        message,
        id=UUID(bytes=b"\x01\x95\xbd\xc1\x00\x00\x70\x00\x80\x00" + name.encode()[:6]),
        source=name.partition(".")[0],
        time=WHEN,
        trace=TRACE,
        causation_id=CAUSE,
        keys=keys,
    )


def envelope_of(name: str) -> bytes:
    """The outside of a golden message."""
    return (GOLDEN / f"{name}.envelope.json").read_bytes().strip()


def content_of(name: str) -> bytes:
    """The opened inside of a golden message."""
    return (GOLDEN / f"{name}.content.json").read_bytes().strip()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, message in examples().items():
        for kind, text in (("envelope", sealed(name, message)), ("content", msgspec.json.encode(message))):
            path = GOLDEN / f"{name}.{kind}.json"
            if not path.exists():
                path.write_bytes(text + b"\n")
