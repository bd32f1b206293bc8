"""A TLS endpoint's certificates: trusted, for this name, and how long they last. Nothing is said over the connection.

What is not trusted is looked at once more without trust, so that an expired certificate is reported with its dates.
"""

from __future__ import annotations

import ssl
from typing import Literal, Optional

from checks.finding import Finding, Trace, Unhealthy
from checks.now import utc_now
from checks.perfdata import printable
from checks.probes import Params, Probe
from checks.probes.network import connection
from checks.probes.tls_stream import BadCertificate, TlsStream, client_context
from checks.result import Metric
from checks.x509 import Certificate, NotDer, parse_certificate

MAX_CHAIN = 10


class TlsParams(Params, frozen=True):
    """`server_name` is asked for and verified; without `verify` only dates are judged."""

    host: str
    port: int = 443
    family: Literal["any", "ipv4", "ipv6"] = "any"
    server_name: Optional[str] = None
    verify: bool = True
    ca_file: Optional[str] = None


async def look(params: TlsParams, trace: Trace) -> Finding:
    try:
        return judge_chain(await _chain(params, trace, verify=params.verify), trace)
    except BadCertificate as refused:
        chain = await _chain(params, trace, verify=False)
        words = refused.finding
        raise Unhealthy(
            f"{words.output}; {validity(chain[0])}",
            expected=words.expected,
            actual=f"{words.actual}; {_who(chain[0])}",
            detail=describe(chain),
            metrics=metrics(chain),
        ) from refused


async def _chain(params: TlsParams, trace: Trace, *, verify: bool) -> list[Certificate]:
    """The certificates that the server sends, its own first."""
    with await connection(params.host, params.port, trace, params.family) as sock:
        name = params.server_name or params.host
        stream = TlsStream(sock, trace, client_context(verify, params.ca_file if verify else None), name)
        await stream.handshake()
        return read_chain(stream, trace)


def read_chain(stream: TlsStream, trace: Trace) -> list[Certificate]:
    """The certificates that came in the handshake, the server's own first; raises `Unhealthy`."""
    try:
        return [parse_certificate(der) for der in sent_chain(stream.tls)]
    except NotDer as error:
        raise Unhealthy(f"{trace.address} sends a certificate that cannot be read: {error}") from error


def sent_chain(tls: ssl.SSLObject) -> list[bytes]:
    """The chain as sent, in DER. Public since Python 3.13, private since 3.10, the server's own alone before."""
    if hasattr(tls, "get_unverified_chain"):
        return list(tls.get_unverified_chain())[:MAX_CHAIN]
    private = getattr(getattr(tls, "_sslobj", None), "get_unverified_chain", None)
    if private is not None:
        return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in private()][:MAX_CHAIN]
    own = tls.getpeercert(binary_form=True)
    return [own] if own else []


def judge_chain(chain: list[Certificate], trace: Trace) -> Finding:
    """Well as long as every certificate of the chain is within its dates; raises `Unhealthy`."""
    if not chain:
        raise Unhealthy(f"{trace.address} sends no certificate", expected="a certificate", actual="none")
    now = utc_now()
    for certificate in chain:
        if not certificate.not_before <= now <= certificate.not_after:
            words = "has expired" if now > certificate.not_after else "is not valid yet"
            raise Unhealthy(
                f"{trace.address}: certificate {_who(certificate)} {words}; {validity(certificate)}",
                expected="a certificate within its dates",
                actual=validity(certificate),
                detail=describe(chain),
                metrics=metrics(chain),
            )
    return Finding(
        f"{trace.address}: certificate {_who(chain[0])}, {validity(chain[0])}",
        metrics=metrics(chain),
        detail=describe(chain),
    )


def metrics(chain: list[Certificate]) -> tuple[Metric, ...]:
    """Of the certificate of the chain that ends first."""
    now = utc_now()
    soonest = min(chain, key=lambda certificate: certificate.not_after)
    return (
        Metric("days_left", round(soonest.days_left(now), 2), "d"),
        Metric("lifetime_used_percent", round(soonest.lifetime_used_percent(now), 2), "%"),
    )


def validity(certificate: Certificate) -> str:
    """`valid to 2026-12-01 (12 days)`, `expired on 2026-11-01 (20 days ago)`."""
    days = certificate.days_left(utc_now())
    if days < 0:
        return f"expired on {certificate.not_after:%Y-%m-%d} ({-days:.0f} days ago)"
    if certificate.not_before > utc_now():
        return f"valid only from {certificate.not_before:%Y-%m-%d %H:%M} UTC"
    return f"valid to {certificate.not_after:%Y-%m-%d} ({days:.0f} days)"


def describe(chain: list[Certificate]) -> str:
    """One line for each certificate of the chain, the names of the first below it."""
    lines = [f"{number}. {_who(one)}, issued by {one.issuer}, {validity(one)}" for number, one in enumerate(chain, 1)]
    if chain and chain[0].names:
        lines.insert(1, f"   for {', '.join(chain[0].names)}")
    return printable("\n".join(lines))


def _who(certificate: Certificate) -> str:
    return printable(certificate.subject or ", ".join(certificate.names[:3]) or f"serial {certificate.serial}")[:200]


PROBE = Probe(TlsParams, look)
