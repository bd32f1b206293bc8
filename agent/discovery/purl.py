"""Writes package URLs (https://github.com/package-url/purl-spec), the names of packages that all tools share."""

from __future__ import annotations

import re

_RESERVED = re.compile(r"[^A-Za-z0-9._~:-]")


def purl(type_: str, namespace: str, name: str, version: str = "", **qualifiers: str) -> str:
    """`pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=amd64&distro=debian-12`. Empty parts are left out."""
    path = "/".join(_quote(part) for part in (*namespace.split("/"), name) if part)
    tail = "&".join(f"{key}={_quote(value)}" for key, value in sorted(qualifiers.items()) if value)
    return f"pkg:{type_}/{path}" + (f"@{_quote(version)}" if version else "") + (f"?{tail}" if tail else "")


def _quote(text: str) -> str:
    return _RESERVED.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), text)
