"""Reads and writes models: one reviewed file for each version, kept for as long as verdicts name it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from services.triage.domain.matching.model import Model, Thresholds
from shared.problems import Problem

MODELS = Path(__file__).parent / "models"
CURRENT = "2026-12-01"


class NoSuchModel(Problem):
    """There is no model of that version."""

    status = 500
    code = "no_such_model"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: str
    trained_on: str
    people: dict[str, dict[str, float]]
    crime: dict[str, dict[str, float]]
    dispute: dict[str, dict[str, float]]
    usual_given: float
    usual_family: float
    thresholds: Thresholds
    words: dict[str, float]


@cache
def read_model(version: str = CURRENT) -> Model:
    """The model of that version; `NoSuchModel`."""
    return read_model_file(MODELS / f"{version}.json")


def read_model_file(path: Path) -> Model:
    """The model in this file; `NoSuchModel`."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError) as error:
        raise NoSuchModel(f"{path.name}: {error}") from error
    return Model(
        file.version,
        file.people,
        file.crime,
        file.dispute,
        file.usual_given,
        file.usual_family,
        file.words,
        file.thresholds,
    )


def write_model(model: Model, trained_on: str, path: Path) -> None:
    """Write a model so that a person can review what changed: one weight a line, in a fixed order."""
    file = _File(
        model.version,
        trained_on,
        {name: dict(levels) for name, levels in model.people.items()},
        {name: dict(levels) for name, levels in model.crime.items()},
        {name: dict(levels) for name, levels in model.dispute.items()},
        model.usual_given,
        model.usual_family,
        model.thresholds,
        dict(model.words),
    )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n")
