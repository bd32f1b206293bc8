"""Two sets of comparable keys side by side: which agree, which differ, which only one side has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cmdb.identity.keys import ORDER, STRONG, WEAK, Keys

# The last three are part of a rule, but never an identity of their own.
COMPARED = (*ORDER, "chassis_serial", "disk_serials", "cards")


class Comparison(msgspec.Struct, frozen=True):
    """Names of keys, strongest first. A key that one side lacks is in neither."""

    agreeing: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()

    def agree(self, *names: str) -> bool:
        return all(name in self.agreeing for name in names)

    def differ(self, *names: str) -> bool:
        return all(name in self.differing for name in names)

    @property
    def strong(self) -> tuple[str, ...]:
        return tuple(name for name in self.agreeing if name in STRONG)

    @property
    def weak(self) -> tuple[str, ...]:
        return tuple(name for name in self.agreeing if name in WEAK)

    @property
    def strongest_weak_agrees(self) -> bool:
        """Whether, of the weak keys that both sides have, the strongest is the same."""
        shared = [name for name in WEAK if name in self.agreeing or name in self.differing]
        return bool(shared) and shared[0] in self.agreeing


def compare(left: Keys, right: Keys) -> Comparison:
    """Both sides as `keys.comparable` makes them. A container and what is none are two, whatever they share."""
    if ("container" in left) != ("container" in right):
        return Comparison(differing=("container",))
    both = [name for name in COMPARED if name in left and name in right]
    same = {name for name in both if _same(name, left, right)}
    return Comparison(tuple(n for n in both if n in same), tuple(n for n in both if n not in same))


def _same(name: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    mine, other = left[name], right[name]
    if isinstance(mine, tuple):
        return not set(mine).isdisjoint(other)
    if name == "serial":
        return _same_serial(mine, other)
    if name == "name":
        return _same_name(mine, other, left.get("domain", ""), right.get("domain", ""))
    return bool(mine == other)


def _same_serial(left: str, right: str) -> bool:
    """`vendor/serial`; a side that does not know the vendor does not contradict one."""
    (left_vendor, _, left_serial), (right_vendor, _, right_serial) = left.partition("/"), right.partition("/")
    return left_serial == right_serial and (not left_vendor or not right_vendor or left_vendor == right_vendor)


def _same_name(left: str, right: str, left_domain: str, right_domain: str) -> bool:
    """`web-1` with domain `example.org` is `web-1.example.org`; a side without a domain does not contradict one."""
    (left, _, left_rest), (right, _, right_rest) = left.partition("."), right.partition(".")
    left_domain, right_domain = left_rest or left_domain, right_rest or right_domain
    return left == right and (not left_domain or not right_domain or left_domain == right_domain)
