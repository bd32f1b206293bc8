"""Where other systems report over HTTP, on loopback unless told otherwise, with a token: `/alertmanager`, `/event`.

A few threads of the standard library's server: it carries a webhook now and then, not traffic.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import os
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any

from cmdb.config import WebhookSection
from cmdb.practices.outside import Event, NotAnEvent, from_alertmanager, from_plain
from cmdb.store.protocol import StoreError

LARGEST_BYTES = 8 * 1024 * 1024
TIMEOUT_S = 10.0
AT_ONCE = 16
PATHS: dict[str, Callable[[bytes], list[Event]]] = {"/alertmanager": from_alertmanager, "/event": from_plain}
Report = Callable[[Sequence[Event]], Awaitable[None]]
_log = logging.getLogger(__name__)


def token_in(path: Path) -> str:
    """The token of this installation, made where there is none; only its owner can read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    return path.read_text().strip()


@contextlib.asynccontextmanager
async def webhook(config: WebhookSection, token_file: Path, report: Report) -> AsyncIterator[int | None]:
    """Listen inside the `async with`; the port, None where none is configured. Raises `StoreError`."""
    if config.port is None:
        yield None
        return
    try:
        server = _Server((config.listen, config.port), token_in(token_file), report, asyncio.get_running_loop())
    except OSError as error:
        what = f"webhook at {config.listen}:{config.port}"
        raise StoreError(what, f"cannot listen: {error.strerror}", "name another port in watchdeck.toml") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="webhook")
    thread.start()
    try:
        yield server.server_port
    finally:
        await asyncio.to_thread(server.shutdown)
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], token: str, report: Report, loop: asyncio.AbstractEventLoop) -> None:
        self.token, self.report, self.loop = token, report, loop
        self._room = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        _log.info("a webhook call from %s ended early", client_address)


class _Handler(BaseHTTPRequestHandler):
    timeout = TIMEOUT_S
    server: _Server

    def do_POST(self) -> None:
        status, text = self._taken()
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _taken(self) -> tuple[int, str]:
        parse = PATHS.get(self.path)
        if parse is None:
            return 404, f"post to {' or '.join(PATHS)}"
        given = self.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if not hmac.compare_digest(given, self.server.token.encode()):
            return 401, "Authorization: Bearer TOKEN is missing or wrong; the token is in keys/webhook-token"
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > LARGEST_BYTES:
            return 413, f"a body of at most {LARGEST_BYTES} bytes, its length said first"
        try:
            events = parse(self.rfile.read(int(length)))
        except NotAnEvent as error:
            return 400, str(error)
        return self._reported(events)

    def _reported(self, events: Sequence[Event]) -> tuple[int, str]:
        """Answered once it is on record: a sender that gets no 200 sends it again."""
        done = asyncio.run_coroutine_threadsafe(_awaited(self.server.report, events), self.server.loop)
        try:
            done.result(TIMEOUT_S)
        except (StoreError, TimeoutError) as error:
            done.cancel()
            _log.warning("a webhook call is not taken: %s", error)
            return 503, "not on record yet: send it again"
        return 200, f"{len(events)} taken"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the library's name
        _log.debug(format, *args)


async def _awaited(report: Report, events: Sequence[Event]) -> None:
    await report(events)
