"""The page of commissioners: a quarter's figures, each table with a bar for every line and its definition."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from services.triage.domain.figures import Quarter
from services.triage.reports import store
from services.triage.reports.count_quarter import count_so_far
from shared.pages import Pages
from shared.problems import NotFound
from shared.web import SIGN_IN, open_to, the_caller, the_room
from shared.working_time import LONDON

pages = Blueprint("report_pages", __name__)
ADDRESS: Final = "/reports"
REPORTS: Final = Pages("services.triage.reports", {"service_url": SIGN_IN})
READERS: Final = ("commissioner", "supervisor")
_MOST_QUARTERS: Final = 12
_MONTHS: Final = ("January to March", "April to June", "July to September", "October to December")


@pages.get(ADDRESS)
@open_to(*READERS)
def get_reports() -> Response:
    """The figures of a quarter as they were published, or of this one so far, unless another is asked for."""
    room = the_room()
    fewest, published_on = room.settings.reports_fewest, None
    today = room.clock().astimezone(LONDON).date()
    asked = request.args.get("quarter")
    with room.database.reading() as connection:
        first = store.first_day(connection)
        quarters = _quarters(
            Quarter.of(first.astimezone(LONDON).date() if first else today), Quarter.of(today)
        )
        quarter = Quarter.read(asked) if asked is not None else quarters[0]
        if quarter not in quarters:
            raise NotFound
        if quarter == quarters[0]:
            figures = count_so_far(connection, quarter, fewest)
        elif published := store.find_published(connection, quarter):
            figures, fewest = published.figures, published.fewest
            published_on = f"{published.at.astimezone(LONDON):%-d %B %Y}"
        else:  # it has just ended
            figures = []
    return REPORTS.show(
        "reports.html",
        reader=the_caller(),
        figures=[(table, max((line.told or 0 for line in table.lines), default=0) or 1) for table in figures],
        quarter=quarter,
        quarters=[(one, _told(one)) for one in quarters],
        name=_told(quarter),
        so_far=quarter == quarters[0],
        published_on=published_on,
        fewest=fewest,
    )


def _quarters(first: Quarter, last: Quarter) -> list[Quarter]:
    """From the last back to the first, and not without end."""
    found = [last]
    while found[-1] > first and len(found) < _MOST_QUARTERS:
        found.append(found[-1].before)
    return found


def _told(quarter: Quarter) -> str:
    return f"{_MONTHS[quarter.number - 1]} {quarter.year}"
