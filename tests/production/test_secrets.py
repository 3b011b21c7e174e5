"""Secrets are made once, kept private, and enough for every container to start."""

import stat
import subprocess
from pathlib import Path

import pytest

from shared.sealing import BrokenSeal, KeyRing, load_keys
from shared.settings import Settings
from tests.production.stack import ROOT, environment_of, make_secrets, read_secrets, variables

HUB_CONTAINERS = (
    "prepare",
    "hub",
    *(name for service in ("intake", "triage", "notify") for name in (service, f"{service}-worker")),
)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_readable_by_their_owner_only(secrets_folder: Path) -> None:
    assert mode_of(secrets_folder / ".env") == 0o600
    assert mode_of(secrets_folder / "deploy" / "secrets") == 0o700


def test_the_definitions_hold_no_password(secrets_folder: Path, hub_secrets: dict[str, str]) -> None:
    text = (secrets_folder / "deploy" / "secrets" / "definitions.json").read_text(encoding="utf-8")
    assert not [name for name, value in hub_secrets.items() if value in text]


def test_two_hubs_never_share_a_secret(tmp_path: Path, hub_secrets: dict[str, str]) -> None:
    make_secrets(tmp_path)
    assert not set(read_secrets(tmp_path).values()) & set(hub_secrets.values())


def test_no_secret_is_used_for_two_things(hub_secrets: dict[str, str]) -> None:
    assert len(set(hub_secrets.values())) == len(hub_secrets)


def test_making_them_again_changes_nothing(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    before = (tmp_path / ".env").read_bytes()
    assert "nothing was changed" in make_secrets(tmp_path)
    assert (tmp_path / ".env").read_bytes() == before


def test_an_upgrade_adds_what_is_missing_and_keeps_what_the_operator_wrote(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    path = tmp_path / ".env"
    before = read_secrets(tmp_path)
    kept = [line for line in path.read_text().splitlines() if not line.startswith("LOOKUP_KEY=")]
    path.write_text("\n".join([*kept, "HUB_PUBLIC_URL=https://hub.example"]) + "\n")
    assert "Made LOOKUP_KEY." in make_secrets(tmp_path)
    after = read_secrets(tmp_path)
    assert after.pop("HUB_PUBLIC_URL") == "https://hub.example"
    assert after.pop("LOOKUP_KEY") != before.pop("LOOKUP_KEY")
    assert after == before


def test_a_new_key_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    old = KeyRing.read(read_secrets(tmp_path)["TRIAGE_SEALING_KEYS"])
    sealed = old.seal(b"an invented document", "row 1")
    assert "now seals with k2" in make_secrets(tmp_path, "--new-key", "TRIAGE_SEALING_KEYS")
    ring = KeyRing.read(read_secrets(tmp_path)["TRIAGE_SEALING_KEYS"])
    assert ring.open(sealed, "row 1") == b"an invented document"
    assert not ring.sealed_with_newest(sealed)
    assert ring.sealed_with_newest(ring.seal(b"another", "row 2"))
    assert mode_of(tmp_path / ".env") == 0o600


def test_a_ring_whose_keys_were_named_by_hand_gets_a_new_key_too(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    path = tmp_path / ".env"
    path.write_text(path.read_text().replace("TRIAGE_SEALING_KEYS=k1:", "TRIAGE_SEALING_KEYS=winter:"))
    assert "now seals with k1" in make_secrets(tmp_path, "--new-key", "TRIAGE_SEALING_KEYS")
    assert "now seals with k2" in make_secrets(tmp_path, "--new-key", "TRIAGE_SEALING_KEYS")
    KeyRing.read(read_secrets(tmp_path)["TRIAGE_SEALING_KEYS"])


def test_compose_asks_for_exactly_what_is_made(hub_secrets: dict[str, str]) -> None:
    assert {variable.name for variable in variables() if variable.needed} == set(hub_secrets)


def test_nothing_secret_has_a_default_and_what_is_missing_is_told() -> None:
    for variable in variables():
        if variable.needed:
            assert variable.default == "run python3 deploy/make_secrets.py first"
        else:
            assert variable.name.startswith("HUB_") or variable.name.endswith("_WEB_CONCURRENCY")


@pytest.mark.parametrize("container", HUB_CONTAINERS)
def test_every_container_of_the_hub_can_read_its_settings_and_keys(
    container: str, hub_secrets: dict[str, str], tmp_path: Path
) -> None:
    settings = Settings.read(environment_of(container, hub_secrets))
    keys = load_keys(settings.key_texts, tmp_path)
    assert keys.session


def test_no_service_can_open_what_another_keeps(hub_secrets: dict[str, str]) -> None:
    rings = {
        name: KeyRing.read(environment_of(name, hub_secrets)["HUB_SEALING_KEYS"])
        for name in ("intake", "triage", "notify", "hub", "prepare")
    }
    for keeper in ("intake", "triage", "notify"):
        sealed = rings[keeper].seal(b"an invented document", "row 1")
        for other, ring in rings.items():
            if other != keeper:
                with pytest.raises(BrokenSeal):
                    ring.open(sealed, "row 1")


def test_whoever_looks_after_the_queues_cannot_read_a_message(hub_secrets: dict[str, str]) -> None:
    said = KeyRing.read(environment_of("triage-worker", hub_secrets)["HUB_MESSAGE_KEYS"])
    sealed = said.seal(b"an invented message", "message 1")
    ring = KeyRing.read(environment_of("hub", hub_secrets)["HUB_MESSAGE_KEYS"])
    with pytest.raises(BrokenSeal):
        ring.open(sealed, "message 1")


def test_whoever_prepares_the_hub_can_read_no_message_either(hub_secrets: dict[str, str]) -> None:
    prepare, hub = (environment_of(name, hub_secrets) for name in ("prepare", "hub"))
    assert prepare["HUB_MESSAGE_KEYS"] == hub["HUB_MESSAGE_KEYS"]


@pytest.mark.parametrize("path", [".env", "deploy/secrets/definitions.json"])
def test_git_never_takes_a_secret(path: str) -> None:
    rules = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{path}" in rules or any(rule.endswith("/") and f"/{path}".startswith(rule) for rule in rules)
    if (ROOT / ".git").exists():
        ignored = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)  # noqa: S607
        assert ignored.returncode == 0
