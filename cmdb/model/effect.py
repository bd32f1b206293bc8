"""A bad check that is part of an incident. A record of its own, so that an incident of thousands grows one by one."""

from __future__ import annotations

from datetime import datetime

from cmdb.model.kind import Record


class Effect(Record, frozen=True, kw_only=True):
    """`id` is that of `effect_id`, `name` what people call the check, `since` when it became bad.

    `role` is cause (the incident lasts until it is well), duplicate (the same trouble seen by another check) or
    impact (it depends on the cause); `why` says what it was concluded from, and until when it is held back.
    """

    incident: int
    check: str
    name: str = ""
    ci: str
    role: str
    severity: str
    since: datetime
    why: str = ""
    down: bool = False  # its CI is out of service: what depends on it suffers
    recovered_at: datetime | None = None

    @property
    def called(self) -> str:
        """The check for people."""
        return self.name or self.check


def effect_id(incident: int, check: str) -> str:
    """Each check is part of an incident once."""
    return f"{incident}/{check}"
