"""A person who may come in by SSH, and the one-time token by which an agent may."""

from __future__ import annotations

from datetime import datetime

from cmdb.model.kind import Record


class User(Record, frozen=True, kw_only=True):
    """`id` is the login name; `role` viewer | operator | on-call | admin; `keys` are SSH public keys.

    A user without keys comes in by a certificate of the site's SSH CA only.
    """

    role: str
    keys: tuple[str, ...] = ()
    added_at: datetime


class Enrolment(Record, frozen=True, kw_only=True):
    """`id` is the sha256 of the token's secret, which is kept nowhere. It is gone once it was used."""

    created_at: datetime
    created_by: str
    expires_at: datetime
    host: str = ""  # the name that the agent is to have, for people
