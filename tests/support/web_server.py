"""A hub at rest that answers real HTTP on a port, for programs that are not part of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.server import TcpWSGIServer, create_server
from werkzeug.serving import make_server

from services.wsgi import Front
from tests.support.ports import LOOPBACK, free_port

if TYPE_CHECKING:
    from typing import Any

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


@contextmanager
def waiting_on(front: Front, port: int | None = None, **options: Any) -> Iterator[str]:  # noqa: ANN401 - what waitress takes
    """The address at which waitress serves this front, as `hub up` does."""
    port = port or free_port()
    server = create_server(front, host=LOOPBACK, port=port, ident=None, **options)
    assert isinstance(server, TcpWSGIServer)  # it has one address
    thread = threading.Thread(target=server.run, name="waitress", daemon=True)
    thread.start()
    yield f"http://{LOOPBACK}:{port}"
    server.task_dispatcher.shutdown()
    # Its own thread closes what it has open, and then has nothing more to do: closed from here, a socket
    # would be gone from under the call that waits for it.
    server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))  # type: ignore[attr-defined]
    thread.join()
