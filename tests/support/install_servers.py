"""Installs the servers and the browser that the tests start for themselves, where one is missing and it may.

`python -m tests.support.install_servers`: nothing to do takes no time; otherwise the system's package manager
is asked, and no service of the packages is started. Where that is not allowed, it says what to install.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support import browser, imap_server, postgresql_server, rabbitmq_server
from tests.support.ports import is_listening

# Debian's packages ask this file whether they may start what they install; 101 is "no".
_POLICY = Path("/usr/sbin/policy-rc.d")
_POLICY_SAYS_NO = "#!/bin/sh\nexit 101\n"


@dataclass(frozen=True)
class Server:
    """A server or browser, how to find it, and what Debian's package of it would start.

    `rather` is a smaller package that serves as well, where the system has it.
    """

    name: str
    package: str
    find: Callable[[], Path | None]
    units: tuple[str, ...]
    ports: tuple[int, ...]
    rather: str = ""


SERVERS = (
    Server(
        "Dovecot",
        "dovecot-imapd",
        imap_server.find_programs,
        ("dovecot.service", "dovecot.socket"),
        (143, 993),
    ),
    Server(
        "RabbitMQ",
        "rabbitmq-server",
        rabbitmq_server.find_programs,
        ("rabbitmq-server.service", "epmd.socket", "epmd.service"),
        (5672, 25672, 4369),
    ),
    Server(
        "PostgreSQL",
        "postgresql",
        postgresql_server.find_programs,
        ("postgresql.service",),
        (5432,),
    ),
    Server("Chromium", "chromium", browser.find_programs, (), (), rather="chromium-headless-shell"),
)


def main() -> int:
    """Give the exit status: 0 when every server is there in the end."""
    missing = [server for server in SERVERS if server.find() is None]
    if not missing:
        return 0
    names = " and ".join(server.name for server in missing)
    packages = " ".join(server.package for server in missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"The tests need {names}, which this machine does not have, and may not install it themselves.")
        print(f"Install it and try again; on Debian or Ubuntu: sudo apt-get install {packages}")
        print("Nothing of it has to run: the tests start instances of their own.")
        return 1
    print(f"Installing {names} for the tests; no service is started.", flush=True)
    ports = [port for server in missing for port in server.ports if not is_listening(port)]
    with _starting_nothing():
        _apt("update")
        _apt("install", "-y", "--no-install-recommends", *map(_package_of, missing))
    _keep_asleep(missing, ports)
    lacking = [server.name for server in missing if server.find() is None]
    if lacking:
        print(f"{' and '.join(lacking)}: installed, but not where the tests look for it.")
    return 1 if lacking else 0


@contextlib.contextmanager
def _starting_nothing() -> Iterator[None]:
    """Have packages start nothing for a while; a policy that is already there is left as it is."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text(_POLICY_SAYS_NO)
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)


def _package_of(server: Server) -> str:
    """The package to install, now that the system knows which there are."""
    if server.rather:
        asking = ["apt-cache", "show", server.rather]
        if subprocess.run(asking, capture_output=True, check=False).returncode == 0:
            return server.rather
    return server.package


def _apt(*arguments: str) -> None:
    # Another installation may be under way: wait for it rather than fail.
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments]
    done = subprocess.run(
        command,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}")


def _keep_asleep(installed: list[Server], ports: list[int]) -> None:
    """See to it that what was just installed does not run, now or after the next boot.

    `ports` are those that were free before: what listens there now came with the packages.
    """
    units = [unit for server in installed for unit in server.units]
    systemctl = shutil.which("systemctl")
    if systemctl is not None:
        for unit in units:
            # A unit that this version of the package does not have is no harm.
            subprocess.run([systemctl, "disable", "--now", unit], capture_output=True, check=False)
    awake = [port for port in ports if is_listening(port)]
    if awake:
        print(f"Something of {', '.join(units)} listens on {awake}; the tests do not need it.")


if __name__ == "__main__":
    sys.exit(main())
