"""What the pages draw of cases: days and codes in words, who may be chosen, what was asked of whom."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from services.triage.cases.kinds import KINDS
from services.triage.cases.words import SIDES_TOLD, TASKS, TOLD, WHATS, WISHES, field_label
from services.triage.domain.life.states import STAGES
from services.triage.domain.life.transitions import BY_NAME
from shared.working_time import LONDON, england_and_wales

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.directory import Directory

# What is done beside a case's own way: paused, handed on, ended.
ASIDE: Final = frozenset({"assign", "reallocate", "hold", "transfer", "close", "send_back", "another_round"})
_GROUPS: Final = ("Late", "Today", "In the next five working days", "Later", "No day")


def the_day(day: dt.date) -> str:
    """A day as people say it."""
    return f"{day:%A %-d %B %Y}"


def by_when(day: dt.date | None, today: dt.date) -> str:
    """When something is due, and how late it is."""
    if day is None:
        return ""
    if day < today:
        late = england_and_wales().working_days_between(day, today)
        told = f"{late} working day{'' if late == 1 else 's'} late" if late else "late"
        return f"{day:%a %-d %b}: {told}"
    if day == today:
        return "Today"
    if day == today + dt.timedelta(days=1):
        return f"Tomorrow, {day:%a %-d %b}"
    return f"{day:%a %-d %b}" if day.year == today.year else f"{day:%a %-d %b %Y}"


def in_groups(
    cases: Iterable[Mapping[str, Any]], today: dt.date
) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Cases by how soon their day is, each group with its name; no group is empty."""
    soon = england_and_wales().after_working_days(today, 5)
    groups: dict[str, list[Mapping[str, Any]]] = {name: [] for name in _GROUPS}
    for case in cases:
        day = dt.date.fromisoformat(case["next_on"]) if case["next_on"] else None
        if day is None:
            groups["No day"].append(case)
        elif day < today:
            groups["Late"].append(case)
        elif day == today:
            groups["Today"].append(case)
        else:
            groups["In the next five working days" if day <= soon else "Later"].append(case)
    return [(name, found) for name, found in groups.items() if found]


def draw_case(case: Mapping[str, Any], directory: Directory, me: str, today: dt.date) -> dict[str, Any]:
    """A case in words."""
    day = dt.date.fromisoformat(case["next_on"]) if case["next_on"] else None
    return dict(case) | {
        "team_name": directory.name_of(case["team"]),
        "lead_name": directory.name_of(case["lead"]),
        "kind_told": case["kind"].replace("_", " "),
        "task_told": TASKS.get(case["task"], case["task"].replace("_", " ")),
        "toward_told": SIDES_TOLD.get(case["toward"]),
        "gates_told": [TOLD.get(gate, gate) for gate in case["gates"]],
        "lacks_told": [TOLD.get(one, one) for one in case["lacks"]],
        "fits_told": [TOLD.get(f"fits_{why}", why) for why in case["nobody_fits"]],
        "reason_told": TOLD.get(case["reason"] or "", ""),
        "outcome_told": TOLD.get(case["outcome"] or "", ""),
        "is_open": STAGES[case["state"]].is_open,
        "is_mine": case["owner"] == me,
        "by": by_when(day, today),
        "by_day": the_day(day) if day else "",
    }


def draw_steps(case: Mapping[str, Any], tried: str, known: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """What may be done: what goes on with the case, and what is done beside that."""
    steps: dict[str, list[dict[str, Any]]] = {"onward": [], "aside": []}
    for one in case["choices"]:
        if one["transition"] in known:
            drawn = dict(one) | {
                "open": one["transition"] == tried,
                "stands": [
                    (stop["why"], [(kind, KINDS[kind].title) for kind in stop["records"] if kind in KINDS])
                    for stop in one["stands_against"]
                ],
            }
            steps["aside" if one["transition"] in ASIDE else "onward"].append(drawn)
    return steps


def draw_asked(
    asked: Mapping[str, Any], place: int, directory: Directory, categories: Mapping[str, str]
) -> dict[str, Any]:
    """What was asked already of somebody, from whom and when, and what is still to ask."""
    return {
        "place": place,
        "name": asked["name"] or "Not named",
        "side": SIDES_TOLD[asked["side"]].removeprefix("toward ").capitalize(),
        "needs": [
            _source(one, directory)
            | {
                "stage": "At the end" if one["stage"] == "end" else "At the start",
                "levels": [
                    (categories[name], need["level"], need.get("note", ""))
                    for name, need in one["needs"].items()
                ],
            }
            for one in asked["needs"]
        ],
        "wishes": [
            _source(one, directory) | {"wishes": [WISHES[wish] for wish in one["wishes"]]}
            for one in asked["wishes"]
        ],
        "elsewhere": [(directory.name_of(one["lead"]), one["case"]) for one in asked["elsewhere"]],
        "to_ask": asked["to_ask"],
        "begun": any(one["stage"] == "start" for one in asked["needs"]),
        "ended": any(one["stage"] == "end" and one["here"] for one in asked["needs"]),
    }


def _source(one: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    at = dt.datetime.fromisoformat(one["at"]).astimezone(LONDON)
    by = one["by"]
    point = directory.name_of(one["point"])
    return {
        "by": point if by == one["point"] else f"{by}, {point}",
        "on": f"{at:%-d %B %Y}",
        "case": one["case"],
    }


def draw_offer(one: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    """An offer to another team, and what the reader may answer."""
    return dict(one) | {
        "from_name": directory.name_of(one["from"]),
        "to_name": directory.name_of(one["to"]),
        "purpose_told": "to take the case over" if one["purpose"] == "lead" else "to help",
        "state_told": OFFERS[one["state"]],
        "due_told": the_day(dt.date.fromisoformat(one["due_on"])),
        "reason_told": TOLD.get(one["reason"] or "", one["reason"] or ""),
        "may_answer": "accepted" in one["answers"],
        "may_take_back": "withdrawn" in one["answers"],
    }


OFFERS: Final = {
    "offered": "Waits for an answer",
    "accepted": "Accepted",
    "refused": "Refused",
    "withdrawn": "Taken back",
    "returned": "Nobody answered in time",
}


# Of a record what the hub finds its way by, and nobody reads.
_FOR_THE_HUB: Final = ("id", "turned")


def draw_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Something that was recorded, in words."""
    says = ", ".join(
        f"{field_label(name, record['kind']).lower()}: {_word(value)}"
        for name, value in record["says"].items()
        if name not in ("who", *_FOR_THE_HUB)
    )
    if "who" in record["says"]:
        says = ", ".join(f"{one['email']} ({one['level']})" for one in record["says"]["who"])
    kind = KINDS.get(record["kind"])
    title = kind.title if kind else WHATS.get(record["kind"], record["kind"])
    on = f"{dt.date.fromisoformat(record['on']):%-d %B %Y}"
    who = "The hub" if record["who"] == "triage" else record["who"]
    return {"title": title, "says": says, "on": on, "who": who}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return TOLD.get(str(value), str(value).replace("_", " "))


def draw_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the history, in words."""
    at = dt.datetime.fromisoformat(line["at"]).astimezone(LONDON)
    detail = line["detail"]
    what = WHATS.get(line["what"], line["what"].replace("_", " ").capitalize())
    if line["what"] == "moved":
        row = BY_NAME[detail["transition"]]
        # In lines from before, to whom a case was offered stood in the place of where it is then.
        stage = STAGES.get(detail["to"]) or STAGES["transfer_sent"]
        what = f"{row.told}: {stage.title}"
    if line["what"] == "put_back":
        what = f"{what}: {STAGES[detail['to']].title}"
    codes = (detail.get(name) for name in ("reason", "outcome", "method", "kind", "why"))
    return {
        "at": f"{at:%-d %B %Y, %H:%M}",
        "what": what,
        "who": "The hub" if line["who"] == "triage" else line["who"],
        "more": ", ".join(_told_code(code) for code in codes if code),
    }


def _told_code(code: object) -> str:
    if isinstance(code, list):
        return ", ".join(TOLD.get(f"fits_{one}", str(one)) for one in code)
    kind = KINDS.get(str(code))
    return kind.title if kind else TOLD.get(str(code), str(code))
