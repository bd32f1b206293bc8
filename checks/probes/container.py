"""Does a container run, and what does its own health check say. Asks Docker or Podman at its local socket."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote

import msgspec

from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.http_message import Body, NotHttp, split_head
from checks.perfdata import printable
from checks.probes import Params, Probe
from checks.probes.stream import ClearStream
from checks.result import Metric

SOCKETS = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock")
MAX_ANSWER_BYTES = 1024 * 1024


class ContainerParams(Params, frozen=True):
    """By name or id."""

    container: str
    socket: Optional[str] = None


async def look(params: ContainerParams, trace: Trace) -> Finding:
    path = params.socket or engine_socket()
    if path is None:
        raise CouldNotLook("no container engine's socket is here", "unsupported")
    trace.address, trace.doing = path, "waiting for its answer"
    status, body = await _get(path, f"/containers/{quote(params.container, safe='')}/json", trace)
    if status == 404:
        raise Unhealthy(f"there is no container {params.container}", expected="a running container", actual="none")
    try:
        return judge_container(params.container, msgspec.json.decode(body))
    except (msgspec.DecodeError, AttributeError) as error:
        raise CouldNotLook(f"{path} answers {status} and no container: {error}", "failed") from error


def engine_socket() -> Optional[str]:
    """The first that is there."""
    return next((path for path in SOCKETS if Path(path).exists()), None)


async def _get(path: str, url: str, trace: Trace) -> tuple[int, bytes]:
    """Status and body of a request at a local socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            sock.connect(path)
        except OSError as error:
            raise CouldNotLook(f"{path} cannot be asked: {error.strerror}", "not_permitted") from error
        stream = ClearStream(sock, trace)
        await stream.send(f"GET {url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        try:
            return await _read(stream)
        except NotHttp as error:
            raise CouldNotLook(f"{path}: {error}", "failed") from error


async def _read(stream: ClearStream) -> tuple[int, bytes]:
    data = b""
    while (split := split_head(data)) is None:
        more = await stream.receive()
        if not more:
            raise NotHttp("the connection ended without an answer")
        data += more
    body = Body(split[0], MAX_ANSWER_BYTES)
    if split[1]:
        body.feed(split[1])
    while not body.whole:
        body.feed(await stream.receive())
    return split[0].status, bytes(body.content)


def judge_container(name: str, answer: dict[str, Any]) -> Finding:
    """What the engine's inspection says about it; raises `Unhealthy`."""
    state = answer.get("State") or {}
    status = printable(str(state.get("Status", "unknown")))
    health = printable(str((state.get("Health") or {}).get("Status", "")))
    metrics = (Metric("restarts", float(answer.get("RestartCount") or 0), "c", minimum=0.0),)
    if status != "running":
        actual = f"{status}, exit code {state.get('ExitCode')}" + (", out of memory" if state.get("OOMKilled") else "")
        raise Unhealthy(f"container {name} is {actual}", expected="running", actual=actual, metrics=metrics)
    if health == "unhealthy":
        last = ((state.get("Health") or {}).get("Log") or [{}])[-1]
        said = " ".join(printable(str(last.get("Output", ""))).split())[:200]
        words = f"container {name} runs, its own health check fails: {said}"
        raise Unhealthy(words, expected="healthy", actual=health, metrics=metrics)
    return Finding(f"container {name} runs{f', {health}' if health not in {'', 'none'} else ''}", metrics=metrics)


PROBE = Probe(ContainerParams, look)
