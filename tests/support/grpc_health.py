"""A real gRPC server: `python -m tests.support.grpc_health [--without-health] [--leaf FILE]` prints its port.

In a process of its own, since grpcio keeps threads and descriptors for good.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def grpc_server(*arguments: str) -> Iterator[int]:
    """Its port. `shop.Orders` serves there, `shop.Stock` does not."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.grpc_health", *arguments], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    import grpc
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc  # type: ignore[import-untyped]

    parser = argparse.ArgumentParser()
    parser.add_argument("--without-health", action="store_true")
    parser.add_argument("--leaf", type=Path)
    given = parser.parse_args()
    server = grpc.server(ThreadPoolExecutor(2))
    if not given.without_health:
        servicer = health.HealthServicer()
        servicer.set("shop.Orders", health_pb2.HealthCheckResponse.SERVING)
        servicer.set("shop.Stock", health_pb2.HealthCheckResponse.NOT_SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if given.leaf is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pem = given.leaf.read_bytes()
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(pem, pem)]))
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
