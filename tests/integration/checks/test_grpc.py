"""A gRPC server's health, asked of real servers."""

from __future__ import annotations

from typing import Any

import pytest

from checks.definition import Definition
from checks.result import Result, State
from checks.run import run
from tests.certificates import Authority
from tests.misbehaving import says, serving
from tests.support.grpc_health import grpc_server


async def probe(port: int, **params: Any) -> Result:
    return await run(Definition("c/grpc", "c", "grpc", {"host": "127.0.0.1", "port": port, **params}, timeout_s=30.0))


@pytest.mark.slow
async def test_a_service_is_as_it_says() -> None:
    with grpc_server() as port:
        for service, state, words in (
            ("", State.OK, "is serving"),
            ("shop.Orders", State.OK, "shop.Orders is serving"),
            ("shop.Stock", State.CRITICAL, "shop.Stock is not serving"),
            ("shop.Nothing", State.CRITICAL, "shop.Nothing is not known there"),
        ):
            result = await probe(port, service=service)
            assert (result.state, words in result.output) == (state, True), result.output
            assert {"connect", "answer", "total"} <= result.phases.keys()


@pytest.mark.slow
async def test_a_server_that_does_not_tell_its_health_is_unknown_not_down() -> None:
    with grpc_server("--without-health") as port:
        result = await probe(port)
    assert (result.state, result.reason) == (State.UNKNOWN, "unsupported"), result.output


@pytest.mark.slow
async def test_over_tls_the_certificate_counts(authority: Authority) -> None:
    with grpc_server("--leaf", str(authority.leaf("localhost"))) as port:
        trusted = await probe(port, tls=True, ca_file=str(authority.file), server_name="localhost")
        refused = await probe(port, tls=True, server_name="localhost")
    assert trusted.state is State.OK, trusted.output
    assert refused.state is State.CRITICAL
    assert "certificate" in refused.output


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "does not speak HTTP/2"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak HTTP/2"),
        (b"", "the connection"),
    ],
)
async def test_what_is_no_grpc_is_said_to_be_none(said: bytes, words: str) -> None:
    with serving(says(said)) as other:
        result = await probe(other.port)
    assert (result.state, words in result.output) == (State.CRITICAL, True), result.output
