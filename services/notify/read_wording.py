"""Read the words of messages from their file; refuse words that nobody approved, or that say too much."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from services.notify.domain.guard import holds_forbidden_word
from services.notify.domain.wording import Template
from shared.problems import Problem

FILE = Path(__file__).parent / "wording.yaml"


class BadWording(Problem):
    """The words of messages cannot be used."""

    status = 500
    code = "bad_wording"


class _Version(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    approved: str
    subject: str
    text: str
    short: str


@dataclass(frozen=True)
class Wording:
    """Every template in every version."""

    templates: dict[str, tuple[Template, ...]]

    def newest(self, name: str) -> Template:
        """The words that a new message of this name gets."""
        return self.templates[name][-1]

    def version(self, name: str, version: int) -> Template:
        """The words that a message was begun with."""
        return self.templates[name][version - 1]


@cache
def read_wording(path: Path = FILE) -> Wording:
    """All templates of the file; `BadWording` with every fault."""
    try:
        file = msgspec.yaml.decode(path.read_bytes(), type=dict[str, list[_Version]])
    except (OSError, msgspec.DecodeError) as error:
        message = f"{path}: {error}"
        raise BadWording(message) from error
    faults, templates = [], {}
    for name, versions in file.items():
        made = tuple(Template(name, one.version, one.subject, one.text, one.short) for one in versions)
        templates[name] = made
        if [one.version for one in made] != list(range(1, len(made) + 1)):
            faults.append(f"{name}: versions are counted from 1, without a gap")
        for template, written in zip(made, versions, strict=True):
            if template.digest != written.approved:
                faults.append(
                    f"{name} {template.version}: these are not the words that were approved; "
                    f"leave them and add a version, approved as {template.digest}"
                )
            if holds_forbidden_word(f"{template.subject}\n{template.text}\n{template.short}"):
                faults.append(f"{name} {template.version}: it holds a word that says too much")
    if faults:
        message = f"{path}: {'; '.join(faults)}"
        raise BadWording(message)
    return Wording(templates)
