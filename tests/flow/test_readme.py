"""Every command that the README tells a newcomer to paste works, in its order, on a hub that just started."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, which

import pytest

from tests.support.ports import free_port
from tests.support.server_process import launch

ROOT = Path(__file__).parents[2]
PASTED = re.findall(
    r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder that looks like a fresh checkout after `make run`, and the port on which the hub serves."""
    assert which("curl"), "The README's commands need curl (on Debian: apt-get install curl)."
    copytree(ROOT / "docs", tmp_path / "docs")
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(sys.executable)
    (bin_folder / "hub").symlink_to(Path(sys.executable).parent / "hub")
    port = free_port()
    hub = launch(
        [Path(sys.executable).parent / "hub", "up", "--port", str(port)],
        environment={name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
        directory=tmp_path,
        log=tmp_path / "log",
    )
    try:
        answers = f"http://localhost:{port}/health/ready"
        wait = ["curl", "-sS", "--retry", "60", "--retry-connrefused", "--retry-delay", "1", answers]
        subprocess.run(wait, check=True, capture_output=True)
        yield tmp_path, port
    finally:
        hub.terminate()
        assert hub.wait(60) == 0


def test_a_newcomer_pastes_the_readme_and_sees_a_referral_become_an_alert(newcomer: tuple[Path, int]) -> None:
    folder, port = newcomer
    start, first, look, sign_in, working = PASTED
    assert start == "make run\n"
    assert working.startswith("make test")
    # The mail and the alert are there "within a second": the newcomer who types takes longer than that.
    wait = "for _ in $(seq 100); do ls var/mail/*.eml >/dev/null 2>&1 && break; sleep 0.1; done\n"
    script = "\necho ---\n".join([first, wait + look, sign_in]).replace("localhost:8080", f"localhost:{port}")
    done = subprocess.run(
        ["bash", "-euc", script],  # noqa: S607 - the newcomer's own shell
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    receipt, looked, alerts = done.stdout.split("---\n")
    reference = json.loads(receipt)["reference"]
    mail, _, page = looked.rpartition("\n{")
    referral = json.loads("{" + page)["referrals"][0]
    alert = json.loads(alerts)["alerts"][0]
    assert json.loads(receipt)["warnings"] == []
    assert "Invented" not in mail
    assert alert["case"] in mail
    assert f"http://localhost:{port}/" in mail
    assert (referral["reference"], referral["status"]) == (reference, "allocated")


def test_every_file_that_the_readme_points_to_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_make_lists_every_target_apart_from_what_it_does() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S607 - the newcomer's own
    listed = dict(re.findall(r"^  make ([a-z]+) +(\S.*)$", told, re.MULTILINE))
    (phony,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(listed) == set(phony.split())
