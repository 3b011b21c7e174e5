"""What waits in each service, as Prometheus reads it; there is no person, agency or team in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from shared.messaging.waiting import Waiting

# The text format of https://prometheus.io/docs/instrumenting/exposition_formats/
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_TOLD: Final[tuple[tuple[str, str, Callable[[Waiting, dt.datetime], float]], ...]] = (
    ("hub_outbox_unsent", "Messages that have not left.", lambda found, _: found.unsent),
    (
        "hub_outbox_oldest_unsent_seconds",
        "How long the oldest of them has waited.",
        lambda found, now: (now - found.oldest_unsent_at).total_seconds() if found.oldest_unsent_at else 0,
    ),
    (
        "hub_messages_to_try_again",
        "Messages that are tried again by themselves.",
        lambda found, _: found.to_try_again,
    ),
    ("hub_messages_parked", "Messages that wait for a person.", lambda found, _: found.parked),
)


def write_metrics(services: Mapping[str, Waiting | None], now: dt.datetime) -> str:
    """The figures of these services; of one whose database is away only that it is."""
    lines = [
        "# HELP hub_database_up Whether the service's database answers.",
        "# TYPE hub_database_up gauge",
        *(f'hub_database_up{{service="{name}"}} {found is not None:d}' for name, found in services.items()),
    ]
    for metric, told, of in _TOLD:
        lines += [f"# HELP {metric} {told}", f"# TYPE {metric} gauge"]
        lines += [
            f'{metric}{{service="{name}"}} {max(0, round(of(found, now), 3))}'
            for name, found in services.items()
            if found is not None
        ]
    return "\n".join(lines) + "\n"
