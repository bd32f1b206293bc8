"""A verb of the API: what it takes, who may ask it and what answers. Not the table: each noun's module has its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from cmdb.hub.api.refusal import Refused
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role

if TYPE_CHECKING:
    from cmdb.hub.hub import Hub
    from cmdb.hub.session import Session


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a verb takes."""


class ListArguments(Arguments, frozen=True, kw_only=True):
    """What every list takes."""

    filter: str = ""
    sort: str = ""
    limit: int | None = None
    at: datetime | None = None


Handler = Callable[["Hub", "Session", Any], Awaitable[Any]]


@dataclass(frozen=True)
class Verb:
    """`run(hub, session, args)` answers it for a session whose role is `role` or more."""

    args: type[Arguments]
    run: Handler
    role: Role = Role.VIEWER


def checked(verb: Verb, name: str, args: dict[str, Any]) -> Arguments:
    """The arguments as the verb's struct. Raises `Refused`."""
    try:
        return msgspec.convert(args, verb.args, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(Code.USAGE, name.replace(".", " "), str(error).replace("`", "")) from error
