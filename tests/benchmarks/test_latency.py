"""The latency benchmark reads the tables as they are: each referral's own mail, and where its time went."""

from __future__ import annotations

from benchmarks.ground import Ground
from benchmarks.latency import embedded, stages, travel


def test_each_referral_is_followed_to_a_mail_of_its_own_stage_by_stage() -> None:
    with Ground() as ground, embedded(ground) as hub:
        ways = travel(hub, 10, warm=2)
        told = stages(hub, ways)

    assert len({way.reference for way in ways}) == 10
    assert all(way.due < way.answered and way.due < way.handed_over for way in ways)
    *parts, receipt, whole = told
    assert len(parts) == 6
    assert 0 < receipt.p50 < whole.p99
