"""A verb that is not done, and why: what a handler raises and the caller reads as one line."""

from __future__ import annotations

from cmdb.hub.protocol import Code


class Refused(Exception):
    """The verb changed nothing."""

    def __init__(self, code: Code, what: str, why: str = "", next_step: str = "") -> None:
        super().__init__(": ".join(part for part in (what, why, next_step) if part))
        self.code, self.what, self.why, self.next_step = code, what, why, next_step


def not_found(noun: str, name: object) -> Refused:
    """There is no such record."""
    return Refused(Code.NOT_FOUND, f"{noun} {name}", "is not known", f"list them with `watchdeck {noun} list`")
