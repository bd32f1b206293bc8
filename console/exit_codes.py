"""What the command line's exit status means, and which error makes which. The only place that says so."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from cmdb.hub.protocol import Code


class Exit(enum.IntEnum):
    """Exit statuses of `watchdeck`."""

    DONE = 0
    WRONG = 1  # the answer is "no", or something is wrong with what was asked about
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    UNREACHABLE = 5
    CONFLICT = 6


OF_CODE: Mapping[Code, Exit] = {
    Code.WRONG: Exit.WRONG,
    Code.USAGE: Exit.USAGE,
    Code.NOT_FOUND: Exit.NOT_FOUND,
    Code.NOT_ALLOWED: Exit.NOT_ALLOWED,
    Code.UNREACHABLE: Exit.UNREACHABLE,
    Code.CONFLICT: Exit.CONFLICT,
}
