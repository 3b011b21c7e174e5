"""Works out from plain questions what a referral calls strand, event type and roles.

Nobody who asks for help has to know whether theirs is a crime or a dispute, or on which side of it they are.
They say what brings them (`Side`) and tick what it was about (`KINDS`), both with a way to be unsure, and
this rule does the rest. It claims no more about anybody than was said. What neighbours fall out over is
trouble, words, noise, a boundary, parking, pets, children and rubbish; grave is what is sexual, by a partner
or in the family, stalking, or out of hate.

| what brings them | what it was about | strand | they | the other |
|---|---|---|---|---|
| somebody did something to me | only such as neighbours have | dispute | party | party |
| somebody did something to me | anything else, or nothing ticked | crime | harmed | responsible |
| I did something to somebody | only such as neighbours have | dispute | party | party |
| I did something to somebody | anything else, or nothing ticked | crime | responsible | harmed |
| it goes on between us | something grave | crime | harmed | responsible |
| it goes on between us | anything else, or nothing ticked | dispute | party | party |
| not sure | something grave | crime | harmed | responsible |
| not sure | at least one thing that is a crime | crime | party | party |
| not sure | anything else, or nothing ticked | dispute | party | party |

The fifth and the seventh line are there for safety: what sounds like a quarrel can hide abuse at home, and
two people are never put on the same footing because one of them calls it "between us". A coordinator who
listens to the person can put right whatever the rule got wrong.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

Side = Literal["done_to_me", "between_us", "i_did", "not_sure"]
Role = Literal["harmed", "responsible", "party"]

# What can be ticked, in plain words, in the order in which it is asked, and the event type that it is.
KINDS: Final = {
    "hurt": ("Somebody was hurt, hit or threatened", "assault"),
    "partner_or_family": ("Violence, threats or control by a partner or in the family", "domestic_abuse"),
    "bothered": ("Unwanted calls, messages or visits, again and again", "harassment"),
    "stalking": ("Being followed or watched", "stalking"),
    "hate": (
        "Being picked on for who somebody is, such as race, faith, disability or sexuality",
        "hate_crime",
    ),
    "sexual": ("Something sexual that was not wanted", "sexual_offence"),
    "damage": ("Something was broken, damaged or set on fire", "criminal_damage"),
    "stolen": ("Something was stolen", "theft"),
    "robbed": ("Something was taken by force", "robbery"),
    "break_in": ("A break-in", "burglary"),
    "tricked": ("Being tricked out of money", "fraud"),
    "road": ("Something on the road", "road_traffic"),
    "death": ("Somebody died", "homicide"),
    "words": ("Shouting, name-calling or insults", "verbal_abuse"),
    "noise": ("Noise", "noise"),
    "boundary": ("A fence, hedge, wall or tree", "boundary"),
    "parking": ("Parking", "parking"),
    "pets": ("Pets or other animals", "pets"),
    "children": ("Children, at play or falling out", "children"),
    "rubbish": ("Rubbish or mess", "littering"),
    "trouble": ("Other trouble in the street or at home", "anti_social_behaviour"),
    "other": ("Something else", "other"),
}

# The gravest that was ticked is the type of the event, and the others are told in the account.
_GRAVEST_FIRST: Final = (
    "death", "sexual", "partner_or_family", "stalking", "hate", "hurt", "robbed", "break_in", "bothered",
    "tricked", "stolen", "damage", "road", "trouble", "words", "noise", "boundary", "parking", "pets",
    "children", "rubbish", "other",
)  # fmt: skip
_NEIGHBOURLY: Final = frozenset(
    {"trouble", "words", "noise", "boundary", "parking", "pets", "children", "rubbish"}
)
_NO_EQUAL_FOOTING: Final = {
    "sexual": "sexual",
    "partner_or_family": "domestic_abuse",
    "stalking": "stalking",
    "hate": "hate",
}


@dataclass(frozen=True)
class WhatHappened:
    """What the rule makes of it, in the words of the referral format; `initiated_by` is empty if unclear."""

    strand: Literal["crime", "dispute"]
    event_type: str
    role: Role
    role_of_other: Role
    initiated_by: Literal["harmed", "responsible", ""]
    markers: tuple[str, ...]
    also: tuple[str, ...]


def work_out(side: Side, kinds: Collection[str]) -> WhatHappened:
    """Strand, type and roles for what was said; `kinds` are keys of `KINDS`."""
    ticked = [kind for kind in _GRAVEST_FIRST if kind in kinds]
    neighbourly = bool(ticked) and _NEIGHBOURLY.issuperset(ticked)
    strand, role, other, by = _strand_and_roles(side, ticked, neighbourly=neighbourly)
    return WhatHappened(
        strand=strand,
        event_type=KINDS[ticked[0]][1] if ticked else "other",
        role=role,
        role_of_other=other,
        initiated_by=by,
        markers=tuple(_NO_EQUAL_FOOTING[kind] for kind in ticked if kind in _NO_EQUAL_FOOTING),
        also=tuple(KINDS[kind][0] for kind in ticked[1:]),
    )


def _strand_and_roles(
    side: Side, ticked: Collection[str], *, neighbourly: bool
) -> tuple[Literal["crime", "dispute"], Role, Role, Literal["harmed", "responsible", ""]]:
    if side in ("done_to_me", "i_did") and neighbourly:
        return "dispute", "party", "party", ""
    if side == "i_did":
        return "crime", "responsible", "harmed", "responsible"
    if side == "done_to_me" or not _NO_EQUAL_FOOTING.keys().isdisjoint(ticked):
        return "crime", "harmed", "responsible", "harmed"
    if side == "not_sure" and not (_NEIGHBOURLY | {"other"}).issuperset(ticked):
        return "crime", "party", "party", ""
    return "dispute", "party", "party", ""
