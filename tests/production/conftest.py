"""Secrets made for one run of the tests."""

from pathlib import Path

import pytest

from tests.production.stack import make_secrets, read_secrets


@pytest.fixture(scope="session")
def secrets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the secrets of a hub have been made."""
    folder = tmp_path_factory.mktemp("hub")
    make_secrets(folder)
    return folder


@pytest.fixture(scope="session")
def hub_secrets(secrets_folder: Path) -> dict[str, str]:
    """What `.env` holds there."""
    return read_secrets(secrets_folder)
