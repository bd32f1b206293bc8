"""What an http check may be told, and where its URL leads. Not the asking, not the judging."""

from __future__ import annotations

import functools
import re
from typing import Any, Literal, NamedTuple, Optional
from urllib.parse import urlsplit

from checks.probes import Params

_STATUSES = re.compile(r"\d{3}(?:-\d{3})?(?:,\d{3}(?:-\d{3})?)*")


class HttpParams(Params, frozen=True):
    """`status` is a list of codes and spans; `host` connects there instead of to the URL's own.

    `headers` are sent; `header_contains`, `body_contains`, `body_lacks` and `body_matches` (a regular expression)
    are wanted; so are the values of `json`, by JMESPath. `values` names metrics, each a JMESPath to a number.
    `keep_alive`: the server must answer twice over one connection; metric `kept_ms` is the second answer's time.
    Secrets are read from `password_file` or `token_file` at each run, never given here.
    """

    url: str
    method: Literal["GET", "HEAD", "POST", "OPTIONS"] = "GET"
    status: str = "200-399"
    host: Optional[str] = None
    family: Literal["any", "ipv4", "ipv6"] = "any"
    headers: dict[str, str] = {}
    body: str = ""
    header_contains: dict[str, str] = {}
    body_contains: Optional[str] = None
    body_lacks: Optional[str] = None
    body_matches: Optional[str] = None
    json: dict[str, Any] = {}
    values: dict[str, str] = {}
    max_redirects: int = 0
    keep_alive: bool = False
    max_body_bytes: int = 1024 * 1024
    verify: bool = True
    ca_file: Optional[str] = None
    server_name: Optional[str] = None
    user: Optional[str] = None
    password_file: Optional[str] = None
    token_file: Optional[str] = None

    def __post_init__(self) -> None:
        if self.status != "200-399" and not _STATUSES.fullmatch(self.status):
            raise ValueError(f"status {self.status!r} is no list of codes: wanted 200 or 200-299,404")
        if self.body_matches is not None:
            re.compile(self.body_matches)
        place(self.url)

    @property
    def wants_body(self) -> bool:
        text = self.body_contains is not None or self.body_lacks is not None or self.body_matches is not None
        return text or bool(self.json) or bool(self.values)


class Place(NamedTuple):
    """Where a URL leads: whom to connect to, whom to ask for, and for what."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str


@functools.lru_cache(maxsize=4096)
def place(url: str) -> Place:
    """The place of this URL; raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url[:200]!r} is no http or https URL")
    if parts.username is not None:
        raise ValueError("its URL names a user, and would be shown: user and password_file are for that")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, parts.hostname, port, parts.netloc, path)


@functools.lru_cache(maxsize=256)
def spans(text: str) -> tuple[tuple[int, int], ...]:
    """`200-299,404` as ((200, 299), (404, 404))."""
    pairs = [part.partition("-") for part in text.split(",")]
    return tuple((int(low), int(high or low)) for low, _, high in pairs)
