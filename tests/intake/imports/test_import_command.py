"""`hub import` takes a file to its end, goes on where it was killed, and says what is to be mended."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from services.cli import hub as command
from services.intake.imports.domain.spreadsheet_cell import WHAT_TO_MEND
from services.intake.imports.run_import import run_due_import
from services.intake.imports.tables import import_batches, imports
from services.intake.imports.take_file import BATCH_ROWS
from services.intake.tables import messaging, referral_versions, referrals
from shared.contracts.envelope import LANES
from shared.sealing import KEYS_FILE, make_keys_file
from tests.support.houses import Hub
from tests.support.hub_processes import wait_until
from tests.support.server_process import launch
from tests.support.spreadsheets import AGENCY, COLUMNS, MAPPING, a_csv, a_row, csv_lines, read_csv, spelt

ROOT = Path(__file__).parents[3]
FAULTY = {"Client_D.O.B.": "31/02/1980", "Category": ""}
NAMES = ("Fable", "Figment", "Nowhere Terrace", "07700", "Dreamt")

Run = Callable[..., Result]

in_one_process = pytest.mark.parametrize("infrastructure", ["embedded"], indirect=True)


@pytest.fixture
def run(hub: Hub) -> Iterator[Run]:
    """Type `hub import FILE …` at this hub, as the agency whose file it is."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def typed(*words: str | Path, agency: str = AGENCY, mapping: str = MAPPING) -> Result:
        told = ["import", *map(str, words), "--agency", agency, "--mapping", mapping]
        return CliRunner().invoke(command, told, env=dict(hub.environment), prog_name="hub")

    yield typed
    root.handlers[:], root.level = before


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three rows, one of them with two things to mend."""
    file = tmp_path / "export.csv"
    file.write_bytes(a_csv([a_row(1), a_row(2, **FAULTY), a_row(3)], (*COLUMNS, "Shift")))
    return file


def counted(result: Result) -> dict[str, int]:
    """The counts that the command printed, those that are not none."""
    lines = [line.split() for line in result.stdout.splitlines() if line[:8].strip().isdecimal()]
    return {words[1]: int(words[0]) for words in lines if len(words) == 2 and int(words[0])}


def test_a_file_is_taken_and_what_is_to_be_mended_lies_beside_it(hub: Hub, run: Run, file: Path) -> None:
    first = run(file)
    assert first.exit_code == 1
    assert counted(first) == {"rows": 3, "new": 2, "rejected": 1}
    assert "Left out, because the mapping does not know them: Shift" in first.stderr
    assert "row 3: " in first.stderr
    assert "Client D.O.B.: " in first.stderr
    assert "1 of 3 rows were not taken" in first.stderr
    assert not [name for name in NAMES if name in first.output]
    back = file.with_name("export.csv.rejected.csv")
    assert stat.S_IMODE(back.stat().st_mode) == 0o600
    (row,) = read_csv(back.read_bytes().decode())
    assert row["Client Surname"] == spelt(2)
    assert "Client D.O.B.: " in row[WHAT_TO_MEND]

    again = run(file)
    assert (again.exit_code, counted(again)) == (1, {"rows": 3, "repeat": 2, "rejected": 1})
    mended = row | {"Client D.O.B.": "01/02/1980", "Category": "Assault"}
    back.write_bytes(a_csv([mended], mended))
    last = run(back)
    assert (last.exit_code, counted(last)) == (0, {"rows": 1, "new": 1})
    assert not back.with_name(f"{back.name}.rejected.csv").exists()
    hub.settle()
    assert set(hub.links()) == {f"{AGENCY}:INVENTED/{number:06}" for number in (1, 2, 3)}


@in_one_process
def test_a_trial_tells_row_by_row_what_would_happen_and_names_nobody(hub: Hub, run: Run, file: Path) -> None:
    tried = run(file, "--dry-run")
    assert tried.exit_code == 1
    first, faulty, last, *_ = tried.stdout.splitlines()
    assert (first.split(), last.split()) == (["row", "2", "new"], ["row", "4", "new"])
    assert faulty.split()[:3] == ["row", "3", "rejected"]
    assert "Client D.O.B.: " in faulty
    assert "Category: " in faulty
    assert not [name for name in NAMES if name in tried.output]
    assert len(read_csv(file.with_name("export.csv.rejected.csv").read_bytes().decode())) == 1
    with hub.rooms["intake"].database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(referrals)).scalar_one() == 0


@in_one_process
def test_it_goes_on_with_an_import_that_came_over_http(hub: Hub, run: Run, tmp_path: Path) -> None:
    file, room = tmp_path / "export.csv", hub.rooms["intake"]
    file.write_bytes(a_csv(map(a_row, range(2 * BATCH_ROWS))))
    answer = hub.front.post(
        "/v1/imports",
        data={"file": (file.open("rb"), "export.csv"), "mapping": MAPPING},
        headers={"Authorization": f"Bearer {hub.key_of(AGENCY)}"},
    )
    assert answer.status_code == 202
    assert run_due_import(room) == BATCH_ROWS
    result = run(file)
    assert (result.exit_code, counted(result)) == (0, {"rows": 2 * BATCH_ROWS, "new": 2 * BATCH_ROWS})
    with room.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(imports)).scalar_one() == 1


@in_one_process
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"agency": "nobody"}, "There is no agency nobody. The directory has: community_peer_mentors"),
        ({"mapping": "unknown"}, "The hub comes with: first"),
        ({"mapping": "/nowhere/own.yaml"}, "cannot be read as a column mapping"),
    ],
)
def test_what_cannot_be_done_is_one_plain_sentence(
    run: Run, file: Path, changes: dict[str, str], told: str
) -> None:
    result = run(file, **changes)
    assert result.exit_code == 1
    assert told in result.stderr
    assert isinstance(result.exception, SystemExit)


@in_one_process
def test_a_file_that_is_none_is_refused_in_one_sentence(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(b"%PDF-1.7 invented")
    result = run(file)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert len(result.stderr.splitlines()) <= 3


@in_one_process
def test_a_file_without_its_columns_is_refused_with_their_names(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("Client Forename,Client Surname\nAsh,Example\n", encoding="utf-8")
    result = run(file)
    assert result.exit_code == 1
    assert "Add the column Case Ref." in result.stderr
    assert "Ash" not in result.stderr


@in_one_process
def test_nothing_is_sealed_with_keys_that_the_hub_does_not_have(hub: Hub, run: Run, file: Path) -> None:
    run(file)
    (hub.settings.home / KEYS_FILE).rename(hub.settings.home / "away")
    make_keys_file(hub.settings.home)
    path = hub.settings.home / KEYS_FILE
    path.write_text(path.read_text(encoding="utf-8").replace('"k1:', '"other:'), encoding="utf-8")
    result = run(file)
    assert result.exit_code == 1
    assert "not on the ring" in result.stderr


# ------------------------------------------------------------------------------------------ kill -9


class Running:
    """`hub import` as a process of its own, and the most memory that it was seen to use, in KiB."""

    def __init__(self, hub: Hub, file: Path, log: Path) -> None:
        """Start it."""
        words: list[str | Path] = ["import", file, "--agency", AGENCY, "--mapping", MAPPING]
        self.log, self.peak = log, 0
        self._process = launch(
            [sys.executable, "-m", "services.cli", *words],
            environment={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **hub.environment},
            directory=ROOT,
            log=log,
        )

    def look(self) -> int | None:
        """Its exit status, once it has ended; the kernel's mark of its peak goes with it, so look often."""
        with contextlib.suppress(FileNotFoundError):
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
            if mark := re.search(r"VmHWM:\s+(\d+) kB", status):
                self.peak = max(self.peak, int(mark[1]))
        return self._process.poll()

    def run_to_its_end(self) -> None:
        """Wait until it has ended, as it should."""
        wait_until(lambda: self.look() is not None, 600, "the import has ended", every=0.02)
        assert self.look() == 0, self.log.read_text(encoding="utf-8")

    def kill_9(self) -> None:
        """End it as a power cut would."""
        assert self.look() is None, self.log.read_text(encoding="utf-8")
        self._process.kill()
        self._process.wait()


def taken(hub: Hub) -> int:
    with hub.rooms["intake"].database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(referrals)).scalar_one())


def write_rows(file: Path, rows: int) -> Path:
    with file.open("wb") as opened:
        opened.writelines(csv_lines(map(a_row, range(rows))))
    return file


def killed_in_the_middle(hub: Hub, file: Path, rows: int, folder: Path) -> int:
    """Kill an import when part of its rows are taken, and finish it by running it again; the peak memory."""
    first = Running(hub, file, folder / "first.log")
    wait_until(lambda: first.look() or taken(hub) >= rows // 8, 600, "some rows are taken", every=0.01)
    first.kill_9()
    assert rows // 8 <= taken(hub) < rows
    second = Running(hub, file, folder / "second.log")
    second.run_to_its_end()
    with hub.rooms["intake"].database.reading() as connection:
        numbers = Counter(connection.execute(select(referrals.c.source_record_id)).scalars())
        said = Counter(connection.execute(select(messaging.outbox.c.lane)).scalars())
        amended = connection.execute(select(func.count()).select_from(referral_versions)).scalar_one()
        waiting = connection.execute(select(func.count()).select_from(import_batches)).scalar_one()
        (one,) = connection.execute(select(imports)).all()
    assert set(numbers) == {f"INVENTED/{number:06}" for number in range(rows)}
    assert set(numbers.values()) == {1}
    assert said == {LANES.index("bulk"): rows}
    assert (amended, waiting) == (0, 0)
    assert (one.state, one.rows, one.new, one.repeat) == ("done", rows, rows, 0)
    return max(first.peak, second.peak)


@in_one_process
@pytest.mark.faults
def test_an_import_that_was_killed_is_finished_by_running_it_again(hub: Hub, tmp_path: Path) -> None:
    killed_in_the_middle(hub, write_rows(tmp_path / "export.csv", 1600), 1600, tmp_path)


@pytest.mark.nightly
@pytest.mark.faults
def test_fifty_thousand_rows_are_taken_in_flat_memory_through_a_kill(
    make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    small = Running(make_hub(), write_rows(tmp_path / "small.csv", 5_000), tmp_path / "small.log")
    small.run_to_its_end()
    large = write_rows(tmp_path / "large.csv", 50_000)
    peak = killed_in_the_middle(make_hub(), large, 50_000, tmp_path)
    sys.stdout.write(f"peak memory at 5,000 rows: {small.peak} KiB, at 50,000: {peak} KiB\n")
    assert peak < small.peak * 1.2
