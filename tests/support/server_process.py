"""A server that runs as a child of the tests and never outlives them."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class ServerNotInstalledError(Exception):
    """A server that the tests need is not on this machine."""


class ServerDidNotStartError(Exception):
    """A private server ended, or gave no answer, while it was expected to start."""


def launch(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    directory: Path,
    log: Path,
    owner: tuple[int, int] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, as user and group `owner` where given.

    The kernel kills it when the test run dies, however it dies. "The run" is the thread that calls this, so
    it has to be the one that lives longest.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(
            "a server is killed when the thread that started it ends: start it from the main thread"
        )
    user, group = owner or (os.geteuid(), os.getegid())
    # This file runs once more, as the child, and turns into the command. `preexec_fn` would save that start,
    # but is unsafe (and a warning from Python 3.12 on) in a process with threads.
    child = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(user), str(group)]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*child, *map(str, command)],
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _become(parent: int, user: int, group: int, command: list[str]) -> None:
    if user != os.geteuid():
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    # After the change of user, which would clear it again.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the test run ended before its server began")
    os.execvp(command[0], command)  # noqa: S606 (the command is the caller's own list)


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
