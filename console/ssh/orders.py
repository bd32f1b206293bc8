"""What the hub and the nursery of visitors' programs say to each other, over a local packet socket."""

from __future__ import annotations

import msgspec

MAX_ORDER_BYTES = 128 * 1024


class Launch(msgspec.Struct, frozen=True, tag="launch"):
    """Start a program; its descriptors come with it: the terminal, or stdin, stdout and stderr.

    `socket` is where this visitor's hub answers, `state` the installation's directory, `person` who it is.
    """

    id: int
    state: str
    socket: str
    person: str
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    terminal: bool = False
    readonly: bool = False


class Kill(msgspec.Struct, frozen=True, tag="kill"):
    """Send this signal to the program and all that it started."""

    id: int
    signal: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """Its exit status, 128 and the signal's number when one ended it."""

    id: int
    status: int


Order = Launch | Kill
