"""Which worker of a parallel run gets which tests: those of one `xdist_group` go to one worker, in turn.

pytest-xdist 3.8 tells groups by a private attribute of the tests, which pytest 9.2 no longer reads: so `--dist
loadgroup` alone parts them. Here the group is read from the module's `pytestmark`.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
_GROUP = re.compile(r'xdist_group\("(\w+)"\)')


class ByGroup(LoadScopeScheduling):  # type: ignore[misc] # no types
    """A group is one piece of work, every other test is one of its own."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0]) or nodeid


@functools.cache
def group_of(module: str) -> str:
    """The group of a module's tests; empty for none."""
    found = _GROUP.search((ROOT / module).read_text("utf-8"))
    return found[1] if found else ""
