"""What the coordinators' pages answer to what no form of theirs sends, and what they say in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.houses import Hub, StoppedClock, embedded_hub
from tests.triage.cases.doing import a_crime, post, take, token, whole

TEAMS = """teams:
  community_peer_mentors: {verified_on: 2026-03-03}
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub on a summer's night: past midnight here, and not yet in UTC."""
    teams = tmp_path / "teams.yaml"
    teams.write_text(TEAMS, encoding="utf-8")
    clock = StoppedClock(dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC))
    hub = embedded_hub(tmp_path / "home", clock, teams=str(teams))
    yield hub
    hub.close()


def test_a_form_that_was_tampered_with_is_told_what_is_wrong(hub: Hub) -> None:
    case = take(hub, a_crime())
    (referral,) = whole(hub, case)["referrals"]
    form = {
        "side": "initiator",
        "referral": referral["reference"],
        "stage": "start",
        "shared": "yes",
        "level-outlook": "3",
    }
    bearer = {"Authorization": f"Bearer {token(hub, 'coordinator')}", "Accept": "text/html"}
    for party in ("", "x", "-1", "\u0663", "1e3", "99", "9" * 5000):
        answer = hub.front.post(f"/cases/{case}/needs/0", data=form | {"party": party}, headers=bearer)
        assert answer.status_code == 422, party[:9]
        assert "There is a problem" in answer.text
        assert 'href="#person"' in answer.text
        assert 'id="person"' in answer.text
    assert whole(hub, case)["assessments"] == []
    answer = hub.front.post(f"/cases/{case}/needs/0", data=form | {"party": "0"}, headers=bearer)
    assert answer.status_code == 303
    assert len(whole(hub, case)["assessments"]) == 1


def test_who_was_asked_already_is_told_by_the_point_s_name_and_the_day_here(hub: Hub) -> None:
    case = take(hub, a_crime())
    body = {"side": "initiator", "stage": "start", "shared": True, "needs": {"outlook": {"level": 3}}}
    assert post(hub, f"/v1/cases/{case}/assessments", body).status_code == 201
    again = post(hub, f"/v1/cases/{case}/assessments", body)
    assert (
        again.get_json()["detail"]
        == "Restorative Hub, County Durham and Darlington asked them on 1 July 2026."
    )


def test_who_offers_a_case_sees_when_a_team_was_last_verified(hub: Hub) -> None:
    case = take(hub, a_crime())
    bearer = {"Authorization": f"Bearer {token(hub, 'coordinator')}", "Accept": "text/html"}
    page = hub.front.get(f"/cases/{case}", headers=bearer).text
    assert "Community Peer Mentors, last verified 3 March 2026</option>" in page
    assert "Victim Care and Advice Service</option>" in page
