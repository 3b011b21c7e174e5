"""However often and in whatever order the messages of a day arrive, the hub ends in the same state."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from shared.messaging.parking import count_held
from tests.support.builders import Wire, a_referral, an_account, an_event
from tests.support.houses import Hub, embedded_hub

# Three agencies tell of one burglary by its reference, two of one noise by its person; one stands alone.
# Amendments change the account and not what it is found by: an account that changes that is another story,
# and then it does matter which version somebody else's referral met.
DAY: tuple[tuple[str, Wire], ...] = (
    ("vcas", a_referral()),
    ("vip", an_account("V", references=("CRI009999990",), family="Another")),
    ("durham_constabulary", an_account("D", references=("cri/009999990",), family="Third")),
    ("vcas", a_referral(event=an_event(summary="The same, told better."))),
    ("restorative_hub", an_account("N-1", kind="noise", strand="dispute", family="Noise")),
    (
        "durham_county_council",
        an_account("N-2", kind="noise", strand="dispute", family="Noise", on="2026-03-20"),
    ),
    ("vcas", a_referral(event=an_event(summary="The same, told best."), orders=[])),
    ("vip", an_account("ALONE", kind="parking", family="Alone")),
    ("vip", an_account("ALONE", kind="parking", family="Alone", demand_baseline={"police_calls": 2})),
)


def state_of(hub: Hub) -> object:
    """What the hub knows, without the names that it makes up itself."""
    links = hub.links()
    cases: dict[str, set[str]] = {}
    people: dict[str, set[str]] = {}
    for record, link in links.items():
        cases.setdefault(link["case"], set()).add(record)
        for number, person in enumerate(link["people"]):
            people.setdefault(person, set()).add(f"{record}/{number}")
    # A case that was opened and then found to be one with an older one had its opening alert too.
    opening = [alert for alert in hub.alerts() if alert["kind"] == "opening" and alert["case"] in cases]
    teams = {tuple(sorted(cases[alert["case"]])): alert["team"] for alert in opening}
    return (
        {tuple(sorted(records)) for records in cases.values()},
        {tuple(sorted(parties)) for parties in people.values()},
        {record: (link["version"], link["review"]) for record, link in links.items()},
        teams,
        len(opening),
        [count_held(books) for books in hub.books.values()],
    )


def after(order: list[int], day: tuple[tuple[str, Wire], ...] = DAY) -> tuple[object, set[str]]:
    """The state after what the agencies sent was delivered in this order, some of it more than once."""
    with tempfile.TemporaryDirectory() as folder:
        hub = embedded_hub(Path(folder) / "home")
        receipts = [(agency, hub.take(referral, agency)) for agency, referral in day]
        intake = hub.rooms["intake"]
        outbox = intake.service.tables.outbox
        with intake.database.transaction() as connection:
            said = list(connection.execute(select(outbox.c.id).order_by(outbox.c.id)).scalars())
            connection.execute(update(outbox).values(sent_at=hub.clock()))
        for place in order:
            with intake.database.transaction() as connection:
                connection.execute(update(outbox).where(outbox.c.id == said[place]).values(sent_at=None))
            hub.settle()
        state = state_of(hub)
        statuses = {hub.status_of(receipt, agency) for agency, receipt in receipts}
        hub.close()
    return state, statuses


@functools.cache
def expected() -> tuple[object, set[str]]:
    """The state after each was delivered once, as it was said."""
    return after(list(range(len(DAY))))


def test_the_day_in_its_own_order_is_as_it_should_be() -> None:
    state, statuses = expected()
    assert statuses == {"allocated"}
    assert isinstance(state, tuple)
    assert state[0] == {
        ("durham_constabulary:D", "vcas:INVENTED-0002", "vip:V"),
        ("durham_county_council:N-2", "restorative_hub:N-1"),
        ("vip:ALONE",),
    }
    assert state[2]["vcas:INVENTED-0002"][0] == 3
    assert state[4:] == (3, [(0, 0)] * 3)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_order_and_any_repetition_end_in_the_same_state(data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(DAY))))
    for again in data.draw(st.lists(st.integers(0, len(DAY) - 1), max_size=5)):
        order.insert(data.draw(st.integers(0, len(order))), again)
    assert after(order) == expected()


def test_a_version_that_was_overtaken_is_found_by_and_the_newest_decides() -> None:
    day: tuple[tuple[str, Wire], ...] = (
        ("vcas", an_account("AMENDED", references=("CRI007777770",), family="Overtaken")),
        ("vcas", an_account("AMENDED", references=(), family="Overtaken")),
        ("vip", an_account("LATER", references=("CRI007777770",), family="Witness")),
    )
    in_turn, overtaken = after([0, 1, 2], day), after([1, 0, 2], day)
    assert overtaken == in_turn
    assert isinstance(in_turn[0], tuple)
    # The number was taken back: what is left of the account has nothing in common with the other.
    assert in_turn[0][0] == {("vcas:AMENDED",), ("vip:LATER",)}
