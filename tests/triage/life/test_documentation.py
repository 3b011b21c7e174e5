"""docs/cases.md tells the table as it is."""

from __future__ import annotations

from pathlib import Path

from services.triage.cases.kinds import KINDS
from services.triage.domain.life import reasons
from services.triage.domain.life.guards import GUARDS
from services.triage.domain.life.states import STAGES
from services.triage.domain.life.transitions import TABLE

TOLD = (Path(__file__).parents[3] / "docs" / "cases.md").read_text(encoding="utf-8")


def test_every_state_transition_condition_code_and_record_is_explained() -> None:
    for state, stage in STAGES.items():
        assert f"| `{state}` | {stage.title} |" in TOLD
    for row in TABLE:
        (line,) = [line for line in TOLD.splitlines() if line.startswith(f"| `{row.name}` | ")
                   and line.count("|") == 7]  # fmt: skip
        assert ", ".join(row.roles) in line
        assert all(guard.replace("_", " ") in line for guard in row.guards)
    for guard in GUARDS.values():
        assert guard.why in TOLD
    for code, meaning in (reasons.HOLDS | reasons.OUTCOMES | reasons.REFUSALS | reasons.ENABLING).items():
        assert f"| `{code}` | {meaning} |" in TOLD
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.title} |" in TOLD
