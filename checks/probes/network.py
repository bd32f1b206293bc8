"""From a host name to a connected socket, with an operator's words for each way that can fail.

Plain non-blocking sockets and the loop's readiness callbacks: a probe is short, so streams and transports cost
more than they give, and a socket closed in the same block that opened it cannot leak.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import socket
from collections.abc import Sequence
from typing import NamedTuple, Optional, Union

from checks.aside import aside
from checks.deadline import Deadline, Expired
from checks.finding import CouldNotLook, Trace, Unhealthy
from checks.readiness import writable

SockAddress = Union[tuple[str, int], tuple[str, int, int, int]]
_STREAM = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)
NEXT_ADDRESS_AFTER_S = 2.0
FAMILIES = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}

OURS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EPERM, errno.EACCES}
_WORDS = {
    errno.ECONNREFUSED: "refused the connection: nothing listens there",
    errno.ECONNRESET: "reset the connection",
    errno.EHOSTUNREACH: "cannot be reached: no route to the host",
    errno.ENETUNREACH: "cannot be reached: no route to its network",
    errno.ETIMEDOUT: "did not answer: packets are lost or dropped on the way",
    errno.EPIPE: "closed the connection while it was written to",
}


class Target(NamedTuple):
    """One address of a host, ready to connect to; `said` is how people read it."""

    family: int
    address: SockAddress
    said: str


def _target(family: int, address: SockAddress) -> Target:
    host, port = address[:2]
    return Target(family, address, f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}")


async def resolve(host: str, port: int, trace: Trace, family: str = "any") -> Sequence[Target]:
    """The host's addresses in the system's order; a literal address costs no look-up."""
    return _literal(host, port, family) or await _looked_up(host, port, trace, family)


async def _looked_up(host: str, port: int, trace: Trace, family: str) -> Sequence[Target]:
    trace.doing, trace.excuse = f"waiting for the name {host} to be resolved", "resolver"
    try:
        found = await aside(lambda: socket.getaddrinfo(host, port, FAMILIES[family], socket.SOCK_STREAM))
    except socket.gaierror as error:
        raise _unresolved(host, family, error) from error
    except UnicodeError as error:
        raise CouldNotLook(f"{host[:80]!r} is no host name: {error}", "bad_params") from error
    finally:
        trace.mark("dns")
    trace.excuse = None
    return [_target(entry[0], entry[4]) for entry in found]  # type: ignore[arg-type]


@functools.lru_cache(maxsize=4096)
def _literal(host: str, port: int, family: str) -> tuple[Target, ...]:
    """The address that this is; none where it is a name."""
    target = _parsed(host, port)
    if target is None:
        return ()
    if FAMILIES[family] not in {socket.AF_UNSPEC, target.family}:
        raise CouldNotLook(f"{host} is no {family} address", "bad_params")
    return (target,)


def _parsed(host: str, port: int) -> Optional[Target]:
    with contextlib.suppress(OSError):
        socket.inet_pton(socket.AF_INET, host)
        return _target(socket.AF_INET, (host, port))
    with contextlib.suppress(OSError):
        address, _, zone = host.partition("%")
        socket.inet_pton(socket.AF_INET6, address)
        return _target(socket.AF_INET6, (address, port, 0, _scope(zone)))
    return None


def _scope(zone: str) -> int:
    if not zone:
        return 0
    return int(zone) if zone.isdecimal() else socket.if_nametoindex(zone)


def _unresolved(host: str, family: str, error: socket.gaierror) -> Exception:
    """A name that does not exist is the target's fault; a resolver that does not answer is not."""
    if error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}:
        kind = "address" if family == "any" else f"{family} address"
        return Unhealthy(f"the name {host} has no {kind}", expected=f"an {kind}", actual=str(error.strerror))
    return CouldNotLook(f"the name {host} cannot be looked up: {error.strerror}", "resolver")


async def connection(host: str, port: int, trace: Trace, family: str = "any") -> socket.socket:
    """A non-blocking socket connected to the first address of the host that accepts: `with await connection(…)`."""
    failures: list[tuple[Target, OSError]] = []
    targets = _literal(host, port, family) or await _looked_up(host, port, trace, family)
    for target in targets:
        trace.address = target.said
        trace.doing = "connecting: packets are lost or dropped on the way"
        try:
            return await (connect(target) if target is targets[-1] else _tried(target))
        except OSError as error:
            failures.append((target, error))
        finally:
            trace.mark("connect")
    raise _unconnected(failures)


async def _tried(target: Target) -> socket.socket:
    """As `connect`, where there is another address to try: one that is dead must not take all the time there is."""
    try:
        with Deadline(NEXT_ADDRESS_AFTER_S):
            return await connect(target)
    except Expired:
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from None


async def connect(target: Target) -> socket.socket:
    """A non-blocking socket connected to this address; raises `OSError` with what went wrong."""
    sock = socket.socket(target.family, _STREAM)
    try:
        code = sock.connect_ex(target.address)
        if code == errno.EINPROGRESS:
            # On the host itself it is decided by now, and asking again costs less than waiting for the loop.
            code = sock.connect_ex(target.address)
        if code == errno.EALREADY:
            await writable(sock.fileno())
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code not in {0, errno.EISCONN}:
            raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise
    return sock


def _unconnected(failures: list[tuple[Target, OSError]]) -> Exception:
    output = "; ".join(words_for(target.said, error) for target, error in failures)
    actual = "; ".join(str(error.strerror) for _, error in failures)
    if all(error.errno in OURS for _, error in failures):
        return CouldNotLook(output, "not_permitted")
    return Unhealthy(output, expected="a connection", actual=actual)


def words_for(who: str, error: OSError) -> str:
    """What went wrong between us and them: `127.0.0.1:80 refused the connection: nothing listens there`."""
    if error.errno in OURS:
        return f"cannot try {who} from here: {error.strerror}"
    return f"{who} {_WORDS.get(error.errno or 0, f'failed: {error.strerror or error}')}"
