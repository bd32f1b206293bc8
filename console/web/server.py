"""The web server of `watchdeck web`: a page, its parts, and a session for each browser window that is let in.

It listens on loopback only. Sessions are `textual-serve`'s; who gets one is `console.web.guard`.
"""

from __future__ import annotations

import asyncio
import shlex
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import textual_serve
from aiohttp import web
from aiohttp.typedefs import Handler
from textual_serve.server import Server

from cmdb.locations import Locations
from console.web.guard import LOOPBACK, Guard

PAGE = Path(__file__).parent / "page"
PARTS = Path(textual_serve.__file__).parent / "static"
MOST_SESSIONS = 20
_ENDS_WITHIN_S = 2.0


class Sessions:
    """Hands a browser window its console."""

    def __init__(self, guard: Guard, command: str) -> None:
        self._guard = guard
        self._open = 0
        # Its own page is not used, so what it calls the public address is not either.
        self._server = Server(command, host=LOOPBACK, port=guard.port)

    async def begin(self, request: web.Request) -> web.StreamResponse:
        if not self._guard.lets_in(request.match_info["token"], request.headers):
            raise web.HTTPForbidden(text="This link is no longer good: open the one that `watchdeck web` printed.")
        if self._open >= MOST_SESSIONS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_SESSIONS} sessions are open: close one.")
        self._open += 1
        try:
            return await self._server.handle_websocket(request)
        finally:
            self._open -= 1


def application(guard: Guard, command: str) -> web.Application:
    """The page, its parts and the sessions, behind the guard."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not guard.is_asked_here(request.headers):
            raise web.HTTPMisdirectedRequest(text=f"Only asked as {' or '.join(guard.hosts)}.")
        return await handler(request)

    async def secure(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(_headers(guard))

    async def page(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    app = web.Application(middlewares=[guarded])
    app.on_response_prepare.append(secure)
    app.add_routes([
        web.get("/", page),
        web.get("/session/{token}", Sessions(guard, command).begin),
        web.static("/page", PAGE),
        web.static("/static", PARTS),
    ])  # fmt: skip
    return app


def _headers(guard: Guard) -> dict[str, str]:
    """Nothing from elsewhere, in nobody's frame, kept by nobody."""
    sessions = " ".join(f"ws://{host}" for host in guard.hosts)
    policy = (
        f"default-src 'self'; connect-src 'self' {sessions}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def session_command(locations: Locations, *, readonly: bool) -> str:
    """What runs for each window, for the shell that `textual-serve` starts it with."""
    words = [sys.executable, "-m", "console.web.browser", "--state", str(locations.state)]
    return f"exec {shlex.join([*words, '--readonly'] if readonly else words)}"


async def serve(locations: Locations, port: int, *, readonly: bool, ready: Callable[[str], None]) -> None:
    """Serve until told to stop; `ready` is told the link. Raises `OSError` when the port is taken."""
    listening = socket.create_server((LOOPBACK, port))
    guard = Guard(listening.getsockname()[1])
    runner = web.AppRunner(
        application(guard, session_command(locations, readonly=readonly)),
        access_log=None,  # it would hold the token
        shutdown_timeout=_ENDS_WITHIN_S,
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        ready(guard.link)
        await stop.wait()
    finally:
        await runner.cleanup()
