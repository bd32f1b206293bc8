"""What a person may do at the hub. Not which verb wants which role: each verb says so."""

from __future__ import annotations

import enum


class Role(enum.IntEnum):
    """What a person may do; each may do all that the ones before it may."""

    VIEWER = 0
    OPERATOR = 1
    ON_CALL = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", "-")

    @classmethod
    def named(cls, word: str) -> Role:
        """The role of this name. Raises `ValueError`."""
        for role in cls:
            if role.word == word:
                return role
        raise ValueError(f"{word!r} is no role: {', '.join(role.word for role in cls)}")
