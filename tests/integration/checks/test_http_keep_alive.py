"""A server that is to keep its connections is asked twice over one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from checks.definition import Definition
from checks.result import Result, State
from checks.run import run


class Server(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)


@contextlib.contextmanager
def web(version: str = "HTTP/1.1", headers: dict[str, str] | None = None, status: int = 200) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = version

        def do_GET(self) -> None:
            self.send_response(301 if self.path == "/old" else status)
            for name, value in {"Content-Length": "2", "Location": "/new", **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def look(server: Server, path: str = "/", **params: Any) -> Result:
    url = f"http://127.0.0.1:{server.server_port}{path}"
    return await run(Definition("c/h", "c", "http", {"url": url, "keep_alive": True, **params}, timeout_s=30.0))


@pytest.mark.parametrize("params", [{}, {"body_contains": "ok"}])
async def test_the_second_answer_comes_over_the_same_connection(params: dict[str, Any]) -> None:
    with web() as server:
        result = await look(server, **params)
    assert result.state is State.OK, result.output
    assert server.connections == 1
    assert {"connect", "first_byte", "kept"} <= result.phases.keys()
    assert {"response_ms", "kept_ms"} <= {metric.name for metric in result.metrics}


async def test_redirects_are_followed_first() -> None:
    with web() as server:
        result = await look(server, "/old", max_redirects=3)
    assert result.state is State.OK, result.output
    assert server.connections == 2


@pytest.mark.parametrize(
    ("version", "headers", "words"),
    [
        ("HTTP/1.1", {"Connection": "close"}, "closes the connection after its answer"),
        ("HTTP/1.0", {}, "the connection"),
    ],
)
async def test_a_server_that_does_not_keep_it_is_not_well(version: str, headers: dict[str, str], words: str) -> None:
    with web(version, headers) as server:
        result = await look(server)
    assert result.state is State.CRITICAL, result.output
    assert words in result.output
