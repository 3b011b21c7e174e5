"""A RabbitMQ of the tests' own: on the loopback address, with throw-away data, to be killed at will."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import pika
import pika.exceptions
import urllib3

from tests.support.ports import LOOPBACK, free_port
from tests.support.server_process import ServerDidNotStartError, ServerNotInstalledError, launch

# Debian's /usr/sbin/rabbitmq-server changes to the user rabbitmq and forgets the environment; the scripts
# behind it do neither, and run as whoever calls them.
_PROGRAMS = (Path("/usr/lib/rabbitmq/bin"), Path("/opt/homebrew/opt/rabbitmq/sbin"))

_BOOT_SECONDS = 120
_STOP_SECONDS = 30
_GLANCE_SECONDS = 0.02


def find_programs() -> Path | None:
    """Find the folder with rabbitmq-server and rabbitmqctl; None where there is none."""
    on_path = shutil.which("rabbitmq-server")
    for folder in (*_PROGRAMS, *([Path(on_path).resolve().parent] if on_path else [])):
        if (folder / "rabbitmq-server").exists() and (folder / "rabbitmqctl").exists():
            return folder
    return None


class RabbitMQServer:
    """One node with its own name server, ports, cookie and data.

    As a context manager it is started, and in the end stopped and deleted. A boot takes about six seconds:
    share one between tests, and give each test a virtual host of its own.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        management: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Lay out the node. `settings` are added lines of rabbitmq.conf; `management` serves its HTTP API."""
        programs = find_programs()
        if programs is None:
            raise ServerNotInstalledError(
                "RabbitMQ is not installed (on Debian: apt-get install rabbitmq-server)"
            )
        self._programs = programs
        self._directory = (directory or Path(tempfile.mkdtemp(prefix="hub-rabbitmq-"))).absolute()
        self._node = f"hub{secrets.token_hex(4)}@localhost"
        self._management = management
        self._settings = dict(settings or {})
        self.port = free_port()
        self._management_port = free_port()
        self._node_port = free_port()
        self._name_server_port = free_port()
        self._broker: subprocess.Popen[bytes] | None = None
        self._name_server: subprocess.Popen[bytes] | None = None
        self._lay_out()
        self._environment = self._make_environment()

    def __enter__(self) -> Self:
        """Start it."""
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and delete everything it wrote."""
        self.remove()

    # ------------------------------------------------------------------------------------- addresses

    @property
    def amqp_url(self) -> str:
        """The URL of the virtual host `/`, spelt so that kombu and pika read the same."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.port}/%2F"

    @property
    def management_url(self) -> str:
        """The URL of the management API, without the trailing `/api`."""
        if not self._management:
            raise ValueError("this broker was made without management=True")
        return f"http://{LOOPBACK}:{self._management_port}"

    def manage(self, method: str, path: str, body: object = None) -> urllib3.BaseHTTPResponse:
        """Ask the management API, as in `manage("PUT", "/api/vhosts/trial")`."""
        response = urllib3.request(
            method,
            self.management_url + path,
            headers=urllib3.make_headers(basic_auth="guest:guest"),
            json=body,
            timeout=10,
            retries=False,
        )
        gone_already = method == "DELETE" and response.status == HTTPStatus.NOT_FOUND  # a test wiped the disk
        if response.status >= HTTPStatus.BAD_REQUEST and not gone_already:
            raise RuntimeError(f"{method} {path}: {response.status} {response.data.decode(errors='replace')}")
        return response

    def add_vhost(self, name: str) -> str:
        """Make a virtual host that guest may use, and give its URL."""
        if self._management:
            self.manage("PUT", f"/api/vhosts/{name}")
            rights = {"configure": ".*", "write": ".*", "read": ".*"}
            self.manage("PUT", f"/api/permissions/{name}/guest", rights)
        else:
            self.ctl("add_vhost", name)
            self.ctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        return f"amqp://guest:guest@{LOOPBACK}:{self.port}/{name}"

    def delete_vhost(self, name: str) -> None:
        """Delete a virtual host with everything in it; its connections are closed."""
        if self._management:
            self.manage("DELETE", f"/api/vhosts/{name}")
        else:
            self.ctl("delete_vhost", name)

    # ------------------------------------------------------------------------------------------ life

    @property
    def running(self) -> bool:
        """Whether the node's process is alive (it may be paused)."""
        return self._broker is not None and self._broker.poll() is None

    def start(self) -> None:
        """Boot, and return when clients are served."""
        if self.running:
            return
        self._start_name_server()
        self._broker = launch(
            [self._programs / "rabbitmq-server", "-noinput"],
            environment=self._environment,
            directory=self._directory,
            log=self._log / "output",
        )
        self._wait_until(self._speaks_amqp)
        self._wait_until(self._declares)
        if self._management:
            self._wait_until(self._answers_management)

    def kill_9(self) -> None:
        """Kill the node as a power cut would; its data stays."""
        broker = self._started()
        # Its process group: the node and its port programs.
        os.killpg(broker.pid, signal.SIGKILL)
        broker.wait()

    def stop(self) -> None:
        """Stop the node in order, and its name server; the data stays. With management it takes its time."""
        if self._broker is not None and self._broker.poll() is None:
            self.resume()
            self._broker.terminate()
            try:
                self._broker.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill_9()
        if self._name_server is not None and self._name_server.poll() is None:
            self._name_server.kill()
            self._name_server.wait()

    def pause(self) -> None:
        """Stop the node's clock: connections stay open, and nothing answers."""
        os.kill(self._started().pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused node go on."""
        os.kill(self._started().pid, signal.SIGCONT)

    def wipe(self) -> None:
        """Delete every queue, message, user and policy of a node that is not running."""
        if self.running:
            raise RuntimeError("a broker is wiped while it is stopped")
        shutil.rmtree(self._data)
        self._data.mkdir()

    def mend(self) -> None:
        """Bring the node back to service, whatever a test did to it."""
        if self.running:
            self.resume()
        else:
            self.start()

    def remove(self) -> None:
        """End it, in no order since nothing is kept, and delete everything it wrote."""
        if self.running:
            self.kill_9()
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl on this node (about a second) and give its output.

        Never call rabbitmqctl another way: without this node's environment it leaves a name server behind.
        """
        command = [str(self._programs / "rabbitmqctl"), "--quiet", "--node", self._node, *arguments]
        try:
            done = subprocess.run(
                command,
                env=self._environment,
                check=True,
                capture_output=True,
                text=True,
                timeout=60,
            )
        except subprocess.CalledProcessError as error:
            error.add_note(f"{error.stdout}\n{error.stderr}")
            raise
        return done.stdout.strip()

    def settle(self) -> None:
        """Make sure that the queues declared so far outlive a kill -9.

        A quorum queue younger than about a second is not: the broker notes the queue's name on disk only
        every half second, and a node that does not find the name starts the queue anew, without a leader and
        without the messages it had confirmed. This has the note written at once.
        """
        self.ctl("eval", "[dets:sync(Table) || Table <- dets:all()].")

    # ------------------------------------------------------------------------------------- furniture

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    @property
    def _log(self) -> Path:
        return self._directory / "log"

    def _lay_out(self) -> None:
        for folder in ("home", "data", "log", "schema"):
            (self._directory / folder).mkdir(parents=True, exist_ok=True)
        cookie = self._directory / "home" / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(secrets.token_hex(20))
            cookie.chmod(0o400)
        # Empty: without a file of our own, the system's /etc/rabbitmq/rabbitmq-env.conf is read.
        (self._directory / "env.conf").write_text("")
        plugins = "rabbitmq_management" if self._management else ""
        (self._directory / "enabled_plugins").write_text(f"[{plugins}].\n")
        settings = {
            "listeners.tcp.local": f"{LOOPBACK}:{self.port}",
            "vm_memory_high_watermark.absolute": "2GB",
            "disk_free_limit.absolute": "50MB",
            "log.console": "false",
            "log.file.level": "warning",
        }
        if self._management:
            settings["management.tcp.ip"] = LOOPBACK
            settings["management.tcp.port"] = str(self._management_port)
        lines = [f"{name} = {value}\n" for name, value in (settings | self._settings).items()]
        (self._directory / "rabbitmq.conf").write_text("".join(lines))

    def _make_environment(self) -> dict[str, str]:
        place = self._directory
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": f"{place}/home",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_CONF_ENV_FILE": f"{place}/env.conf",
            "RABBITMQ_CONFIG_FILE": f"{place}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{place}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{place}/enabled_plugins",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{place}/schema",
            "RABBITMQ_SCHEMA_DIR": f"{place}/schema",
            "RABBITMQ_MNESIA_BASE": str(self._data),
            "RABBITMQ_LOG_BASE": str(self._log),
            "RABBITMQ_PID_FILE": f"{place}/pid",
            "RABBITMQ_DIST_PORT": str(self._node_port),
            # Where rabbitmqctl listens: below what `free_port` gives, and outside the kernel's own choice.
            "RABBITMQ_CTL_DIST_PORT_MIN": "19900",
            "RABBITMQ_CTL_DIST_PORT_MAX": "19999",
            # The port between nodes listens on every address unless told otherwise.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} "
            # Its idle threads sleep instead of spinning: the tests need the processors too.
            "+sbwt none +sbwtdcpu none +sbwtdio none",
            "ERL_EPMD_PORT": str(self._name_server_port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            # Together with -noinput: the start script turns into the node, so that our child is the node
            # itself and a signal hits it, not a shell above it.
            "RABBITMQ_ALLOW_INPUT": "1",
        }

    def _start_name_server(self) -> None:
        # Erlang starts its name server (epmd) by itself where it finds none, and leaves it running for ever.
        if self._name_server is None or self._name_server.poll() is not None:
            self._name_server = launch(
                ["epmd", "-address", LOOPBACK, "-port", str(self._name_server_port)],
                environment=self._environment,
                directory=self._directory,
                log=self._log / "epmd",
            )

    def _started(self) -> subprocess.Popen[bytes]:
        if self._broker is None:
            raise RuntimeError("the broker has not been started")
        return self._broker

    # ------------------------------------------------------------------------------------- readiness

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        broker = self._started()
        deadline = time.monotonic() + _BOOT_SECONDS
        while not ready():
            if broker.poll() is not None or time.monotonic() > deadline:
                ended = (
                    f"ended with status {broker.returncode}"
                    if broker.returncode is not None
                    else "gave no answer"
                )
                raise ServerDidNotStartError(f"RabbitMQ {ended}\n{self._last_words()}")
            time.sleep(_GLANCE_SECONDS)

    def _speaks_amqp(self) -> bool:
        """An open port is not yet a broker: the first byte of its greeting is."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.settimeout(5)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def _declares(self) -> bool:
        """A greeting is not yet service: the metadata has to be there too."""
        parameters = pika.URLParameters(self.amqp_url)
        parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = 5
        try:
            connection = pika.BlockingConnection(parameters)
        except (pika.exceptions.AMQPError, OSError):
            return False
        try:
            connection.channel().exchange_declare("amq.topic", passive=True)
        except pika.exceptions.AMQPError:
            return False
        finally:
            if connection.is_open:
                connection.close()
        return True

    def _answers_management(self) -> bool:
        try:
            self.manage("GET", "/api/vhosts")
        except (urllib3.exceptions.HTTPError, RuntimeError):
            return False
        return True

    def _last_words(self) -> str:
        logs = sorted(self._log.glob("*"))
        return "\n".join(
            f"{log.name}: {log.read_text(errors='replace')[-2000:]}" for log in logs if log.is_file()
        )
