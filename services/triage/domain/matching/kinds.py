"""Which kinds of event two agencies may write for one and the same: a shove is an assault or public order."""

from __future__ import annotations

_GROUPS = (
    "assault public_order harassment stalking hate_crime domestic_abuse verbal_abuse robbery sexual_offence",
    "assault robbery domestic_abuse homicide",
    "theft burglary robbery vehicle_crime fraud",
    "criminal_damage arson vehicle_crime anti_social_behaviour",
    "anti_social_behaviour noise boundary parking pets children verbal_abuse littering harassment",
    "anti_social_behaviour noise parking pets children verbal_abuse littering harassment public_order",
    "boundary public_order",
    "road_traffic vehicle_crime",
    "drugs anti_social_behaviour",
)
_OF: dict[str, set[int]] = {}
for _place, _group in enumerate(_GROUPS):
    for _kind in _group.split():
        _OF.setdefault(_kind, set()).add(_place)


def kinds_agree(one: str, other: str) -> str:
    """`same`, `group` (they are told as each other), `other` (one is "other") or `none`."""
    if one == other:
        return "same"
    if _OF.get(one, set()) & _OF.get(other, set()):
        return "group"
    return "other" if "other" in (one, other) else "none"
