"""Every setting is explained, and what is wrong with the settings is told at the start, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.sealing import KeysMissing, load_keys
from shared.settings import PREFIX, SERVICE_NAMES, SETTINGS, BadSettings, Settings

FORBIDDEN_IN_ANSWERS = "amqp://user:a-secret@host/vhost"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_has_a_name_and_a_sentence_and_its_default_can_be_read(setting: object) -> None:
    assert setting in SETTINGS
    name, default, told, parse = (getattr(setting, part) for part in ("name", "default", "help", "parse"))
    assert name.startswith(PREFIX)
    assert name == name.upper()
    assert len(told.split()) >= 3
    assert not told.endswith(".")
    parse(default)


def test_no_setting_is_there_twice_and_secrets_are_marked() -> None:
    names = [setting.name for setting in SETTINGS]
    assert len(names) == len(set(names))
    telling = ("KEY", "SECRET", "URL")
    secrets = {setting.name for setting in SETTINGS if setting.secret}
    assert {name for name in names if any(word in name for word in telling)} - secrets == {
        "HUB_PUBLIC_URL",
        "HUB_WRONG_KEYS_PER_MINUTE",
    }


def test_with_nothing_set_the_hub_is_embedded_with_its_data_in_var() -> None:
    settings = Settings.read({})
    home = Path("var").absolute()
    assert settings.home == home
    assert settings.broker_url == "memory://"
    assert settings.database_urls == {name: f"sqlite:///{home}/{name}.db" for name in SERVICE_NAMES}
    assert settings.mail_url == f"file:{home}/mail"


def test_variables_of_other_programs_are_left_alone() -> None:
    assert Settings.read({"HOME": "/root", "PATH": "", "HUBBLE": "telescope"}) == Settings.read({})


def test_everything_that_is_wrong_is_told_at_once_and_no_secret_with_it() -> None:
    wrong = {
        "HUB_COLOUR": "red",
        "HUB_BROKER_ULR": FORBIDDEN_IN_ANSWERS,
        "HUB_OUTBOX_DAYS": "soon",
        "HUB_INBOX_DAYS": "0",
    }
    with pytest.raises(BadSettings) as refused:
        Settings.read(wrong)
    told = str(refused.value)
    assert all(name in told for name in wrong)
    assert "HUB_OUTBOX_DAYS: must be a whole number, in digits" in told
    assert "a-secret" not in told
    assert told.count(";") == len(wrong) - 1


def test_an_inbox_that_forgets_before_the_outbox_does_is_refused() -> None:
    with pytest.raises(BadSettings, match="HUB_INBOX_DAYS"):
        Settings.read({"HUB_OUTBOX_DAYS": "60", "HUB_INBOX_DAYS": "60"})


@pytest.mark.parametrize(
    ("bounces", "referrals"),
    [
        ("folder:var/mail", "folder:./var/mail"),
        ("maildir:/var/box", "maildir:/var/box/"),
        ("imaps://hub:secret@mail.example/INBOX", "imap://hub:other@MAIL.example:143?starttls=1"),
    ],
)
def test_one_mailbox_for_referrals_and_for_what_comes_back_is_refused(bounces: str, referrals: str) -> None:
    with pytest.raises(BadSettings, match="HUB_BOUNCES_URL: must not be the mailbox") as refused:
        Settings.read({"HUB_BOUNCES_URL": bounces, "HUB_MAILBOX_URL": referrals})
    assert "secret" not in str(refused.value)
    assert Settings.read({"HUB_BOUNCES_URL": bounces, "HUB_MAILBOX_URL": f"{bounces}/Other"}).bounces_url


def test_every_key_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    settings = Settings.read({"HUB_SESSION_SECRET": "given"}, home=str(tmp_path))
    with pytest.raises(KeysMissing) as refused:
        load_keys(settings.key_texts, settings.home)
    assert all(
        name in str(refused.value) for name in ("HUB_SEALING_KEYS", "HUB_MESSAGE_KEYS", "HUB_LOOKUP_KEY")
    )
    assert "HUB_SESSION_SECRET" not in str(refused.value)
