"""The file of teams' webhooks is read whole, or refused with every fault in it and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.notify.channels.webhook import BadHooks, read_hooks

if TYPE_CHECKING:
    from pathlib import Path

TEAMS = ("restorative_hub", "vip")
SECRET = "whsec_" + "A" * 43 + "="


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "hooks.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_hooks_of_teams_are_read(tmp_path: Path) -> None:
    text = (
        f'restorative_hub: {{kind: standard, url: "https://team.example/hub", secret: "{SECRET}"}}\n'
        'vip: {kind: slack, url: "https://slack.example/hook"}\n'
    )
    hooks = read_hooks(written(tmp_path, text), TEAMS)
    assert {team: hook.kind for team, hook in hooks.items()} == {
        "restorative_hub": "standard",
        "vip": "slack",
    }
    assert len(hooks["restorative_hub"].key) == 32
    assert read_hooks("", TEAMS) == {}


def test_every_fault_of_the_hooks_is_told_and_no_secret(tmp_path: Path) -> None:
    text = (
        'restorativ_hub: {kind: slack, url: "https://slack.example/hook"}\n'
        'vip: {kind: standard, url: "ftp://a-secret.example", secret: "whsec_c2VjcmV0"}\n'
    )
    with pytest.raises(BadHooks) as refused:
        read_hooks(written(tmp_path, text), TEAMS)
    told = str(refused.value)
    for fault in (
        "restorativ_hub: the directory has no such team",
        "vip: the url is not one that can be called",
        "vip: the secret needs 24 bytes or more",
    ):
        assert fault in told
    assert "c2VjcmV0" not in told
    assert "a-secret" not in told
    for broken in ("[]", "vip: {kind: pigeon, url: x}", "vip: {kind: slack}"):
        with pytest.raises(BadHooks):
            read_hooks(written(tmp_path, broken), TEAMS)
