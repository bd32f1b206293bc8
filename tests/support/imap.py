"""A real IMAP server (Dovecot) on loopback: TLS only, one account, one Maildir."""

from __future__ import annotations

import contextlib
import imaplib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.programs import needs

USER, PASSWORD = "hub@example.org", "a-secret"
READY_S = 60.0
CONF = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{leaf}
ssl_key = <{leaf}
mail_location = maildir:{folder}/mail
auth_mechanisms = plain
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
"""


@dataclass(frozen=True)
class ImapServer:
    port: int
    ca_file: Path

    @property
    def url(self) -> str:
        return f"imaps://{USER.replace('@', '%40')}@127.0.0.1:{self.port}/INBOX"

    @contextlib.contextmanager
    def inbox(self) -> Iterator[imaplib.IMAP4_SSL]:
        """As somebody's mail program sees it."""
        context = ssl.create_default_context(cafile=self.ca_file)
        with imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=context, timeout=READY_S) as program:
            program.login(USER, PASSWORD)
            program.select("INBOX")
            yield program

    def deliver(self, mail: bytes) -> None:
        with self.inbox() as program:
            program.append("INBOX", "", "", mail.replace(b"\n", b"\r\n"))

    def unseen(self) -> int:
        with self.inbox() as program:
            return len(program.uid("SEARCH", "UNSEEN")[1][0].split())


@contextlib.contextmanager
def imap_server() -> Iterator[ImapServer]:
    """Skips where Dovecot is not installed, or may not change to another user."""
    needs("dovecot")
    if os.geteuid():
        pytest.skip("dovecot changes to the owner of the mail, which only root may")
    # Not the test's own directory: the owner of the mail may not look into that, and its name is too long for sockets.
    folder = Path(tempfile.mkdtemp(prefix="imap-"))
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    shutil.chown(folder / "mail", "nobody")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    authority = Authority(folder)
    leaf = authority.leaf("127.0.0.1")
    (folder / "conf").write_text(CONF.format(folder=folder, leaf=leaf, port=port, password=PASSWORD))
    process = subprocess.Popen(["dovecot", "-F", "-c", str(folder / "conf")])
    try:
        server = ImapServer(port, authority.file)
        _wait(server, process, folder / "log")
        yield server
    finally:
        process.terminate()
        process.wait(READY_S)
        shutil.rmtree(folder)


def _wait(server: ImapServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while True:
        with contextlib.suppress(OSError, imaplib.IMAP4.error), server.inbox():
            return
        said = log.read_text() if log.exists() else "nothing"
        assert process.poll() is None, f"dovecot ended; its log says {said}"
        assert time.monotonic() < deadline, f"dovecot does not answer; its log says {said}"
        time.sleep(0.05)
