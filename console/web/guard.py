"""Who may have a session in a browser: whoever has the link that was printed. Not what a session is.

Other accounts of this machine reach its loopback too, and so does any page that a browser here has open: the token
keeps out the first, the names of host and origin the second.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
_NAMES = (LOOPBACK, "localhost")


@dataclass(frozen=True)
class Guard:
    """Of a server on this port. The token stays behind the `#` of the link, where no server and no log sees it."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def link(self) -> str:
        """What a person opens."""
        return f"http://{LOOPBACK}:{self.port}/#{self.token}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a browser on this machine calls us; anything else is a name that was pointed here."""
        return tuple(f"{name}:{self.port}" for name in _NAMES)

    def is_asked_here(self, headers: Mapping[str, str]) -> bool:
        """Whether this was asked under our own name."""
        return headers.get("Host", "").lower() in self.hosts

    def lets_in(self, token: str, headers: Mapping[str, str]) -> bool:
        """Whether a session may begin: our own page asks for it, with the token."""
        origin = headers.get("Origin", "").lower()
        from_our_page = origin in {f"http://{host}" for host in self.hosts}
        known = hmac.compare_digest(token.encode(errors="replace"), self.token.encode())
        return self.is_asked_here(headers) and from_our_page and known
