"""One question and its answer by UDP, with an operator's words for each way that can fail."""

from __future__ import annotations

import socket

from checks.finding import CouldNotLook, Trace, Unhealthy
from checks.probes.network import OURS, Target, resolve, words_for
from checks.readiness import readable

MAX_ANSWER_BYTES = 65535


async def ask(host: str, port: int, question: bytes, trace: Trace, family: str = "any") -> bytes:
    """What the first address of the host answers; waits as long as the check may."""
    target = (await resolve(host, port, trace, family))[0]
    trace.address = target.said
    trace.doing = "waiting for its answer"
    with socket.socket(target.family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        try:
            # Connected, so that only this peer is heard, and its "port unreachable" too.
            sock.connect(target.address)
            sock.send(question)
            return await _answer(sock)
        except OSError as error:
            raise _failed(target, error) from error
        finally:
            trace.mark("answer")


async def _answer(sock: socket.socket) -> bytes:
    while True:
        try:
            return sock.recv(MAX_ANSWER_BYTES)
        except BlockingIOError:
            await readable(sock.fileno())


def _failed(target: Target, error: OSError) -> Exception:
    words = words_for(target.said, error)
    if error.errno in OURS:
        return CouldNotLook(words, "not_permitted")
    return Unhealthy(words, expected="an answer", actual=str(error.strerror))
