"""Whose turn it is in a case: whoever has it, whoever facilitates it, or the supervisors of its team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.triage.domain.life.transitions import BY_NAME

if TYPE_CHECKING:
    from services.triage.domain.life.moving import Life
    from services.triage.domain.life.situation import Situation
    from services.triage.domain.life.states import State

_FACILITATED: Final[frozenset[State]] = BY_NAME["reallocate"].origins
# What those who facilitate a case cannot do, or must not do for themselves.
_NOT_THEIRS: Final = ("reallocate", "find_owner")
# These pass from those who work with a case to somebody else, who is not in it every day.
_TOLD_AT_ONCE: Final = ("approve_closure", "reallocate")
SUPERVISORS: Final = ("",)


def whose_turn(life: Life, situation: Situation) -> tuple[str, ...]:
    """Who is to do what is next, by their addresses; an empty one stands for the supervisors of the team."""
    if life.state == "closing":
        return SUPERVISORS
    state = life.before if life.state == "on_hold" else life.state
    facilitators = tuple(sorted(one.email for one in situation.facilitators))
    if state in _FACILITATED and life.task not in _NOT_THEIRS and facilitators:
        return facilitators
    return (life.owner,)


def is_told_at_once(before: Life, life: Life) -> bool:
    """Whether it is somebody's turn because of what another did, so that they would not look for it.

    The turn of supervisors or of the owner has come, or a closure was refused and it is back where it was.
    """
    if life.task == before.task:
        return False
    return life.task in _TOLD_AT_ONCE or (before.state == "closing" and life.state == before.before)
