"""A folder on an IMAP server: its unseen mail. Always encrypted, but for a server on this machine (RFC 8314)."""

from __future__ import annotations

import contextlib
import imaplib
import ipaddress
import ssl
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

TIMEOUT_S = 30.0


class ImapFolder:
    """`url` is `imaps://USER@HOST[:PORT]/FOLDER`, or `imap://…` for STARTTLS. The connection is kept until it fails."""

    def __init__(
        self, url: str, password_file: Path, ca_file: Path | None, largest_bytes: int, most_at_once: int
    ) -> None:
        parts = urlsplit(url)
        self._scheme, self._host = parts.scheme, parts.hostname or ""
        self._port = parts.port or (993 if parts.scheme == "imaps" else 143)
        self._user, self._folder = unquote(parts.username or ""), unquote(parts.path.strip("/")) or "INBOX"
        self._password_file, self._ca_file = password_file, ca_file
        self._largest_bytes, self._most_at_once = largest_bytes, most_at_once
        self._server: imaplib.IMAP4 | None = None

    def __str__(self) -> str:
        return f"{self._scheme}://{self._host}:{self._port}/{self._folder}"

    def new(self) -> Iterable[tuple[str, bytes]]:
        """Oldest first, not marked as seen by this. Raises `OSError`."""
        (found,) = self._asked("SEARCH", "UNSEEN")[:1]
        uids = found.decode().split() if isinstance(found, bytes) else []
        for uid in uids[: self._most_at_once]:
            for part in self._asked("FETCH", uid, f"(BODY.PEEK[]<0.{self._largest_bytes}>)"):
                if isinstance(part, tuple):
                    yield uid, part[1]

    def saw(self, name: str) -> None:
        """Raises `OSError`."""
        self._asked("STORE", name, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Hang up; the next question connects again."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                server.shutdown()

    def _asked(self, *words: str) -> list[bytes | tuple[bytes, bytes] | None]:
        """What the server answers to a command about messages by their lasting numbers."""
        try:
            self._server = self._server or self._connected()
            status, answer = self._server.uid(*words)
            if status != "OK":
                raise OSError(f"{words[0]} is answered with {status}")
        except (imaplib.IMAP4.error, OSError) as error:
            self.close()
            raise OSError(str(error)) from error
        return list(answer)

    def _connected(self) -> imaplib.IMAP4:
        context = ssl.create_default_context(cafile=self._ca_file)
        if self._scheme == "imaps":
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=TIMEOUT_S)
        else:
            server = imaplib.IMAP4(self._host, self._port, timeout=TIMEOUT_S)
            if not _is_here(self._host):
                server.starttls(context)
        self._server = server  # hung up by who finds that the rest fails
        server.login(self._user, self._password_file.read_text().strip())
        status, answer = server.select('"' + self._folder.replace("\\", r"\\").replace('"', r"\"") + '"')
        if status != "OK":
            raise OSError(f"there is no folder {self._folder}: {answer!r}")
        return server


def _is_here(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
