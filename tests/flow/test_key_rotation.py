"""Keys rotate while the hub goes on: a newer key seals, the older still opens until nothing needs it."""

from __future__ import annotations

import json
from pathlib import Path

from services.embedded import build
from services.every import SERVICES
from services.intake import store
from shared.messaging.parking import sealed_messages
from shared.resealing import reseal
from shared.sealing import KEYS_FILE, rotate_keys_file
from shared.settings import Settings
from tests.support.builders import a_referral
from tests.support.houses import Hub, StoppedClock


def take_off_the_oldest_key(home: Path) -> None:
    path = home / KEYS_FILE
    texts = json.loads(path.read_text(encoding="utf-8"))
    newest, _, _ = texts["HUB_SEALING_KEYS"].partition(",")
    path.write_text(json.dumps(texts | {"HUB_SEALING_KEYS": newest}), encoding="utf-8")


def test_after_a_rotation_everything_opens_with_the_newest_key_alone(tmp_path: Path) -> None:
    settings = Settings.read({}, home=str(tmp_path))
    before = Hub(build(settings), settings, StoppedClock(), {})
    first = before.take(a_referral(source_record_id="ROTATE-1"))
    before.take(a_referral(source_record_id="ROTATE-1", strand="dispute"))
    before.settle()
    before.house.stop()

    assert rotate_keys_file(tmp_path) == ("k2", "m2")
    between = Hub(build(settings), settings, StoppedClock(), {})
    for name, room in between.rooms.items():
        columns = (*SERVICES[name].sealed, sealed_messages(room.service.tables))
        resealed = reseal(room.database, room.keys.rest, columns)
        assert resealed == {"intake": 2, "triage": 3, "notify": 1}[name]
        assert reseal(room.database, room.keys.rest, columns) == 0
    between.house.stop()

    take_off_the_oldest_key(tmp_path)
    after = Hub(build(settings), settings, StoppedClock(), {})
    room = after.rooms["intake"]
    with room.database.reading() as connection:
        kept = store.find_reference(connection, "vcas", first["reference"])
        assert kept is not None
        assert store.read_content(connection, room.keys.rest, kept).strand == "dispute"
    after.take(a_referral(source_record_id="ROTATE-2"))
    after.settle()
    assert after.status_of(first) == "allocated"
    after.house.stop()
