"""Real receivers on loopback: an SMTP server that keeps its mail, a web server that keeps what is posted to it."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailbox:
    """`refuse` is how many messages are turned away before the first is taken."""

    port: int = 0
    refuse: int = 0
    mail: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse:
            self.refuse -= 1
            return "451 not now"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mail.append(message)
        return "250 taken"


@contextlib.contextmanager
def mail_server(refuse: int = 0) -> Iterator[Mailbox]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        box = Mailbox(port=free.getsockname()[1], refuse=refuse)
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Postbox:
    """`refuse` is how many posts are answered with 503 before the first is taken."""

    url: str = ""
    refuse: int = 0
    posts: list[dict[str, Any]] = field(default_factory=list)
    attempts: int = 0


@contextlib.contextmanager
def web_server(refuse: int = 0) -> Iterator[Postbox]:
    box = Postbox(refuse=refuse)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.attempts += 1
            if box.refuse:
                box.refuse -= 1
                self.send_response(503)
            else:
                box.posts.append(json.loads(body))
                self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests say what they need."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
