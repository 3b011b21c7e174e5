"""Reads referrals of tests into accounts, and holds them against one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.triage.domain.matching.frequencies import NOTHING_COUNTED
from services.triage.domain.matching.judge_events import Judge
from services.triage.matching.read_model import read_model
from services.triage.matching.schema import read_account
from services.triage.matching.short_forms import canonicals
from shared.contracts.referral import Referral

if TYPE_CHECKING:
    from services.triage.domain.matching.accounts import Account
    from tests.support.builders import Wire

JUDGE = Judge(read_model(), NOTHING_COUNTED, canonicals)


def read(referral: Wire, agency: str = "vcas", reference: str = "") -> Account:
    """The account of a referral as it comes over the wire."""
    called = reference or f"{agency}|{referral['source_record_id']}"
    return read_account(called, agency, msgspec.convert(referral, Referral))
