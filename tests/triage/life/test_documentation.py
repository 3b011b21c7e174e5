"""docs/cases.md tells the table as it is."""

from __future__ import annotations

from pathlib import Path

from services.triage.cases.kinds import KINDS
from services.triage.domain.life import reasons
from services.triage.domain.life.guards import GUARDS
from services.triage.domain.life.states import OPEN, STAGES
from services.triage.domain.life.transitions import TABLE, Transition

TOLD = (Path(__file__).parents[3] / "docs" / "cases.md").read_text(encoding="utf-8")


def line_of(row: Transition) -> str:
    """A transition as the table of the document has it."""
    every = row.origins >= OPEN - {"received", "withdrawn"}
    origins = (
        "every open state" if every else ", ".join(f"`{state}`" for state in STAGES if state in row.origins)
    )
    to = {"same": "where it is", "before": "where it was"}.get(row.to, f"`{row.to}`")
    guards = ", ".join(guard.replace("_", " ") for guard in row.guards) or "none"
    needs = ", ".join(row.needs) or "nothing"
    return f"| `{row.name}` | {origins} | {to} | {', '.join(row.roles)} | {guards} | {needs} |"


def test_every_state_transition_condition_code_and_record_is_explained() -> None:
    for state, stage in STAGES.items():
        assert f"| `{state}` | {stage.title} |" in TOLD
    for row in TABLE:
        assert line_of(row) in TOLD.splitlines()
    for name, guard in GUARDS.items():
        assert f"| {name.replace('_', ' ')} | {guard.why} |" in TOLD
    for code, meaning in (
        reasons.HOLDS
        | reasons.OUTCOMES
        | reasons.REFUSALS
        | reasons.ENABLING
        | reasons.REOPENINGS
        | reasons.NOT_YET
    ).items():
        assert f"| `{code}` | {meaning} |" in TOLD
    for name, kind in KINDS.items():
        says = ", ".join(f"`{field.name}`" for field in kind.fields) or "nothing more"
        assert f"| `{name}` | {kind.title} | {says} |" in TOLD
