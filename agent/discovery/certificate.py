"""Certificates in files that services of this host name in their configuration; those shown are `endpoint.py`'s."""

from __future__ import annotations

import base64
import binascii
import glob
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone

from agent.discovery.collector import Look
from agent.discovery.source import Unsupported, read_text
from agent.wire import Item
from checks.x509 import NotDer, parse_certificate

_FILE_BYTES = 1 << 20
_CONFIGURATION_FILES = 500
# The directive that names a certificate, by the files in which each server reads it.
DIRECTIVES = (
    ("nginx", ("/etc/nginx/*.conf", "/etc/nginx/conf.d/*", "/etc/nginx/sites-enabled/*"),
     re.compile(r"^\s*ssl_certificate\s+([^;\s]+)\s*;", re.MULTILINE)),
    ("apache", ("/etc/apache2/*-enabled/*", "/etc/apache2/*.conf", "/etc/httpd/conf/*.conf",
                "/etc/httpd/conf.d/*.conf"),
     re.compile(r"^\s*SSLCertificateFile\s+\"?([^\"\s]+)", re.MULTILINE | re.IGNORECASE)),
    ("postfix", ("/etc/postfix/main.cf",), re.compile(r"^\s*smtpd_tls_cert_file\s*=\s*(\S+)", re.MULTILINE)),
    ("dovecot", ("/etc/dovecot/*.conf", "/etc/dovecot/conf.d/*.conf"),
     re.compile(r"^\s*ssl_(?:server_)?cert(?:_file)?\s*=\s*<?\s*(\S+)", re.MULTILINE)),
    ("haproxy", ("/etc/haproxy/*.cfg",), re.compile(r"^\s*bind\s.*\scrt\s+(\S+)", re.MULTILINE)),
    ("postgresql", ("/etc/postgresql/*/*/postgresql.conf", "/var/lib/pgsql/data/postgresql.conf"),
     re.compile(r"^\s*ssl_cert_file\s*=\s*'([^']+)'", re.MULTILINE)),
    ("mysql", ("/etc/mysql/*.cnf", "/etc/mysql/*.d/*.cnf", "/etc/my.cnf.d/*.cnf"),
     re.compile(r"^\s*ssl[-_]cert\s*=\s*(\S+)", re.MULTILINE)),
    ("redis", ("/etc/redis/*.conf",), re.compile(r"^\s*tls-cert-file\s+(\S+)", re.MULTILINE)),
    ("exim", ("/etc/exim4/*.conf*",),
     re.compile(r"^\s*(?:tls_certificate|MAIN_TLS_CERTIFICATE)\s*=\s*(/\S+)", re.MULTILINE)),
)  # fmt: skip
_ALWAYS = ("/etc/letsencrypt/live/*/cert.pem",)
_PEM = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)-----END")


def named_files(text: str, directive: re.Pattern[str]) -> list[str]:
    """The absolute paths that a configuration names; those with variables in them are known to the server alone."""
    return [path for path in directive.findall(text) if path.startswith("/") and "$" not in path]


def first_certificate(text: str) -> bytes:
    """The DER of the first certificate in PEM text: the server's own, before its chain. Raises `NotDer`."""
    found = _PEM.search(text)
    if found is None:
        raise NotDer("this is no certificate in PEM")
    try:
        return base64.b64decode("".join(found.group(1).split()), validate=True)
    except binascii.Error as error:
        raise NotDer(f"this is no certificate in PEM: {error}") from None


def certificate_item(key: str, der: bytes, now: datetime, users: Iterable[str] = (), endpoint: str = "") -> Item:
    """The item of a certificate, named by where it is: renewed in its place it is the same item, changed."""
    certificate = parse_certificate(der)
    relations = [("part_of", "endpoint", endpoint)] if endpoint else [("installed_on", "host", "host")]
    return Item(
        class_="certificate",
        key=key,
        name=certificate.names[0] if certificate.names else certificate.subject or key,
        attributes={
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "names": list(certificate.names),
            "not_before": _text(certificate.not_before),
            "not_after": _text(certificate.not_after),
            "serial": certificate.serial,
            "self_issued": certificate.self_issued,
            "sha256": hashlib.sha256(der).hexdigest(),
            **({"used_by": sorted(users)} if not endpoint else {"endpoint": endpoint}),
        },
        metrics={"days_left": round(certificate.days_left(now), 2)},
        relations=tuple(relations),
    )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def collect_certificates(look: Look) -> Iterable[Item]:
    """The certificates in files of nginx, Apache, Postfix, Dovecot, HAProxy, databases and Let's Encrypt."""
    files = _files(look)
    if not files and not look.missed:
        raise Unsupported("no service of this host names a certificate")
    now = datetime.now(timezone.utc)
    items = []
    for path, users in sorted(files.items()):
        try:
            items.append(certificate_item(path, first_certificate(read_text(path, _FILE_BYTES)), now, users))
        except PermissionError:
            look.missed.append(path)
        except (OSError, NotDer) as error:
            look.notes.append(f"{path}: {error}")
    return items


def _files(look: Look) -> dict[str, set[str]]:
    files: dict[str, set[str]] = {}
    for user, patterns, directive in DIRECTIVES:
        for path in _matching(patterns):
            try:
                named = named_files(read_text(path, _FILE_BYTES), directive)
            except PermissionError:
                look.missed.append(path)
                continue
            except OSError:
                continue
            for name in named:
                files.setdefault(name, set()).add(user)
    for path in _matching(_ALWAYS):
        files.setdefault(path, set()).add("letsencrypt")
    return files


def _matching(patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        yield from sorted(glob.glob(pattern))[:_CONFIGURATION_FILES]  # noqa: PTH207
