"""Certificates made for a test: an authority, and leaves that are right or wrong in one way."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


class Authority:
    """A certificate authority in a folder; `file` is what a client trusts."""

    def __init__(self, folder: Path, name: str = "Watchdeck test authority") -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        now = datetime.now(UTC)
        builder = _builder(self._name, self._name, self._key, now - DAY, now + 3650 * DAY)
        self._certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(
            self._key, hashes.SHA256()
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, *names: str, **leaf: Any) -> ssl.SSLContext:
        """A server's context with a leaf for these names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.leaf(*names, **leaf))
        return context

    def leaf(
        self,
        *names: str,
        begins: timedelta = -10 * DAY,
        ends: timedelta = 90 * DAY,
        self_signed: bool = False,
        with_root: bool = False,
    ) -> Path:
        """A file with a leaf for these names and its key, valid from and to these moments from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject, now = _name(names[0]), datetime.now(UTC)
        builder = _builder(subject, subject if self_signed else self._name, key, now + begins, now + ends)
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), False)
        leaf = builder.sign(key if self_signed else self._key, hashes.SHA256())
        file = self.folder / f"{leaf.serial_number}.pem"
        pem = leaf.public_bytes(serialization.Encoding.PEM)
        if with_root:
            pem += self._certificate.public_bytes(serialization.Encoding.PEM)
        file.write_bytes(pem + _private(key))
        return file


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _name(text: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, text), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Watchdeck")]
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
