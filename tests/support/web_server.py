"""A hub at rest that answers real HTTP on a port, for programs that are not part of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from services.wsgi import Front
from tests.support.ports import LOOPBACK

if TYPE_CHECKING:
    from tests.support.houses import Hub


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    """The hub's address; nothing moves in it unless the test settles it."""
    server = make_server(LOOPBACK, 0, Front(hub.rooms), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{LOOPBACK}:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
