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
# These pass from those who work with a case to somebody else, who is not in it every day; whoever is about to
# make contact hears at once that they must not.
_TOLD_AT_ONCE: Final = ("approve_closure", "reallocate", "stop_contact")
# With these somebody else gives it back to those who thought that they had done their part.
_GIVES_BACK: Final = ("refuse_closure", "refuse_transfer")
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


def is_told_at_once(before: Life, life: Life, by: str = "") -> bool:
    """Whether it is somebody's turn because of what another did, so that they would not look for it.

    `by` is the transition, if there was one.
    """
    return life.task != before.task and (life.task in _TOLD_AT_ONCE or by in _GIVES_BACK)
