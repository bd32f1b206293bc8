"""TLS over a connected socket: the handshake in an operator's words, then bytes. Not how long a certificate lasts."""

from __future__ import annotations

import functools
import socket
import ssl
from pathlib import Path
from typing import Optional

from checks.finding import CouldNotLook, Trace, Unhealthy
from checks.probes.stream import CHUNK_BYTES, ClearStream

_CERTIFICATE_WORDS = {
    9: "certificate is not valid yet",
    10: "certificate has expired",
    18: "certificate is self-signed",
    19: "certificate chain ends in a root that is not trusted here",
    20: "certificate is from an issuer that is not known here, or the chain lacks an intermediate",
    21: "certificate chain lacks an intermediate",
    23: "certificate was revoked",
    62: "certificate is for another name",
    64: "certificate is for another address",
}


class BadCertificate(Unhealthy):
    """The peer's certificate was looked at and refused."""


def client_context(verify: bool, ca_file: Optional[str] = None, protocols: tuple[str, ...] = ()) -> ssl.SSLContext:
    """A context of ours; without `verify` any certificate is taken. Dear to make, so kept until the file changes."""
    try:
        changed_ns = 0 if ca_file is None else Path(ca_file).stat().st_mtime_ns
        return _made(verify, ca_file, protocols, changed_ns)
    except (OSError, ssl.SSLError) as error:
        raise CouldNotLook(f"the CA file {ca_file} cannot be used: {error}", "bad_params") from error


@functools.lru_cache(maxsize=64)
def _made(verify: bool, ca_file: Optional[str], protocols: tuple[str, ...], _changed_ns: int) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


class TlsStream:
    """The calls of `Stream`, encrypted. `handshake` comes first."""

    def __init__(self, sock: socket.socket, trace: Trace, context: ssl.SSLContext, server_name: str) -> None:
        self._clear = ClearStream(sock, trace)
        self._trace = trace
        self._name = server_name
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    async def handshake(self) -> None:
        """Agree on keys; raises `BadCertificate` or `Unhealthy`."""
        self._trace.doing = "in the TLS handshake"
        try:
            while not self._shaken():
                await self._flush()
                await self._fill()
            await self._flush()
        except ssl.SSLCertVerificationError as error:
            await self._flush()  # the alert that tells the peer why
            raise self._refused(error) from error
        except ssl.SSLError as error:
            raise self._broken(error) from error
        finally:
            self._trace.mark("tls")

    def _shaken(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    async def receive(self) -> bytes:
        while True:
            try:
                return self.tls.read(CHUNK_BYTES)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as error:
                raise self._broken(error) from error

    async def send(self, data: bytes) -> None:
        self.tls.write(data)
        await self._flush()

    async def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            await self._clear.send(data)

    async def _fill(self) -> None:
        data = await self._clear.receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _refused(self, error: ssl.SSLCertVerificationError) -> BadCertificate:
        words = _CERTIFICATE_WORDS.get(error.verify_code, f"certificate is refused: {error.verify_message}")
        return BadCertificate(
            f"{self._trace.address}: its {words} (asked for {self._name})",
            expected=f"a trusted certificate for {self._name}",
            actual=error.verify_message,
        )

    def _broken(self, error: ssl.SSLError) -> Unhealthy:
        if isinstance(error, ssl.SSLEOFError):
            words = "closed the connection during the TLS handshake"
        elif error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}:
            words = "does not speak TLS on this port"
        else:
            words = f"broke off TLS: {(error.reason or str(error)).lower().replace('_', ' ')}"
        return Unhealthy(f"{self._trace.address} {words}", expected="TLS", actual=error.reason or str(error))
