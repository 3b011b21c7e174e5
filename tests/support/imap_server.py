"""A mail server that keeps mailboxes: Dovecot, on a free port, with everything it has in one folder."""

from __future__ import annotations

import contextlib
import getpass
import grp
import imaplib
import os
import pwd
import shutil
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tests.support.ports import LOOPBACK, free_port
from tests.support.server_process import ServerDidNotStartError, launch

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

_START_SECONDS = 30
USER, PASSWORD = "referrals", "an-invented-password"


def find_programs() -> Path | None:
    """Where Dovecot is."""
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return Path(found) if found else None


class IMAPServer:
    """One mailbox on a server of its own."""

    def __init__(self) -> None:
        """Choose the port; nothing runs yet."""
        self.port = free_port()
        # Not among the tests' own folders, which nobody but us may enter: the mail belongs to another user.
        self._directory = Path(tempfile.mkdtemp(prefix="hub-imap-"))
        self._directory.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The mailbox's address."""
        return f"imap://{USER}:{PASSWORD}@{LOOPBACK}:{self.port}/INBOX"

    def __enter__(self) -> Self:
        """Start it."""
        program = find_programs()
        assert program, "there is no Dovecot: python -m tests.support.install_servers"
        config = self._directory / "dovecot.conf"
        config.write_text(self._config(), encoding="utf-8")
        self._process = launch(
            [program, "-F", "-c", config],
            environment={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            directory=self._directory,
            log=self._directory / "log",
        )
        self._wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        shutil.rmtree(self._directory)

    def deliver(self, mail: EmailMessage | bytes) -> None:
        """Put a mail into the mailbox."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        with self._signed_in() as client:
            status, told = client.append("INBOX", "", imaplib.Time2Internaldate(time.time()), raw)
            assert status == "OK", told

    def count(self, folder: str) -> int:
        """How many mails are in a folder; 0 if there is no such folder."""
        with self._signed_in() as client:
            status, told = client.select(folder, readonly=True)
            return int(told[0] or 0) if status == "OK" else 0

    @contextlib.contextmanager
    def _signed_in(self) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4(LOOPBACK, self.port, timeout=10)
        client.login(USER, PASSWORD)
        try:
            yield client
        finally:
            client.logout()

    def _wait(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while True:
            try:
                with self._signed_in():
                    return
            except (OSError, imaplib.IMAP4.error) as error:
                if time.monotonic() > end or (self._process and self._process.poll() is not None):
                    words = (self._directory / "log").read_text(errors="replace")[-2000:]
                    raise ServerDidNotStartError(words) from error
            time.sleep(0.05)

    def _config(self) -> str:
        root = os.geteuid() == 0
        user = "mail" if root else getpass.getuser()
        entry = pwd.getpwnam(user)
        home = self._directory / "home"
        home.mkdir(exist_ok=True)
        if root:
            os.chown(home, entry.pw_uid, entry.pw_gid)
        group = grp.getgrgid(entry.pw_gid).gr_name
        # As anybody but root it serves as that user, without a cage.
        own = "" if root else f"default_internal_user = {user}\ndefault_login_user = {user}\n"
        cage = "" if root else "  chroot =\n"
        return f"""
protocols = imap
listen = {LOOPBACK}
base_dir = {self._directory}/run
state_dir = {self._directory}/state
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:{home}/%u
{own}passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={entry.pw_uid} gid={entry.pw_gid} home={home}/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
{cage}  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
{cage}}}
service stats {{
{cage}}}
default_internal_group = {group if not root else "dovecot"}
"""
