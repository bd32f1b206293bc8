"""Does an SSH server greet, and, where asked, has it the host key that it should have.

The greeting is read here; the key takes a key exchange, which the system's `ssh-keyscan` does.
"""

from __future__ import annotations

from typing import Literal, Optional

from checks.child import run_child
from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.probes.network import connection
from checks.probes.stream import ClearStream
from checks.probes.words import one_line
from checks.result import Metric

MAX_GREETING_BYTES = 8192
GREETING = b"SSH-2.0-"


class SshParams(Params, frozen=True):
    """`host_key` is a fingerprint as `ssh-keygen -l` prints it: `SHA256:…`."""

    host: str
    port: int = 22
    family: Literal["any", "ipv4", "ipv6"] = "any"
    host_key: Optional[str] = None

    def __post_init__(self) -> None:
        if self.host_key is not None and not self.host_key.startswith("SHA256:"):
            raise ValueError("host_key is a fingerprint: SHA256:…")


async def look(params: SshParams, trace: Trace) -> Finding:
    with await connection(params.host, params.port, trace, params.family) as sock:
        trace.doing = "waiting for its SSH greeting: it accepted the connection and says nothing"
        greeting = await _greeting(ClearStream(sock, trace), trace)
    trace.mark("greeting")
    if params.host_key is not None:
        await _assert_key(params, params.host_key, trace)
    greeting_ms = 1000 * sum(trace.phases.values())
    metrics = (Metric("greeting_ms", greeting_ms, "ms", minimum=0.0),)
    return Finding(f"{trace.address} greets as {one_line(greeting)} ({greeting_ms:.1f} ms)", metrics=metrics)


async def _greeting(stream: ClearStream, trace: Trace) -> bytes:
    """The version line; other lines may come before it (RFC 4253, 4.2)."""
    data = b""
    while True:
        *lines, _ = data.split(b"\n")
        greeting = next((line for line in lines if line.startswith(b"SSH-")), None)
        if greeting is not None and greeting.startswith((GREETING, b"SSH-1.99-")):
            return greeting
        more = await stream.receive()
        data += more
        if not more or greeting is not None or len(data) > MAX_GREETING_BYTES:
            said = one_line(greeting or data) or "nothing"
            raise Unhealthy(f"{trace.address} does not greet as SSH 2", expected=GREETING.decode(), actual=said)


async def _assert_key(params: SshParams, wanted: str, trace: Trace) -> None:
    trace.doing = "waiting for its host key"
    command = ("ssh-keyscan", "-T", "5", "-p", str(params.port), "--", params.host)
    try:
        child = await run_child(command)
    except OSError as error:
        raise CouldNotLook(f"ssh-keyscan cannot be run: {error.strerror}", "unsupported") from error
    trace.mark("host_key")
    found = fingerprints(child.stdout)
    if wanted not in found:
        words = "has another host key" if found else "gave no host key"
        raise Unhealthy(f"{trace.address} {words}", expected=wanted, actual=", ".join(found) or "no key")


def fingerprints(text: str) -> tuple[str, ...]:
    """The SHA-256 fingerprints of the keys that `ssh-keyscan` prints, one a line: host, type, key."""
    import base64  # noqa: PLC0415 - many check no key: OpenSSL stays out of their memory
    import hashlib  # noqa: PLC0415

    keys = [line.split()[2] for line in text.splitlines() if not line.startswith("#") and len(line.split()) == 3]
    digests = [hashlib.sha256(base64.b64decode(key)).digest() for key in keys]
    return tuple(f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}" for digest in digests)


PROBE = Probe(SshParams, look)
