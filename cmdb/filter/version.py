"""Which of two versions is the later one, by the rule of the ecosystem that they come from.

The rules are univers's, loaded when the first version is compared; where it has none, or refuses a version, numbers
are compared as numbers and text as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cmdb.filter.natural import natural_key
from cmdb.store.protocol import Document

# Type of a package URL, or what a collector calls the manager → the class of univers.versions.
_RULES = {
    "deb": "DebianVersion", "dpkg": "DebianVersion", "rpm": "RpmVersion", "apk": "AlpineLinuxVersion",
    "alpm": "ArchLinuxVersion", "pacman": "ArchLinuxVersion", "ebuild": "GentooVersion",
    "pypi": "PypiVersion", "pip": "PypiVersion", "npm": "SemverVersion", "cargo": "SemverVersion",
    "gem": "RubygemsVersion", "maven": "MavenVersion", "nuget": "NugetVersion", "golang": "GolangVersion",
    "composer": "ComposerVersion", "conan": "ConanVersion",
}  # fmt: skip


def ecosystem_of(document: Document) -> str:
    """The ecosystem of a CI's version, from its purl or its package manager; empty where nothing tells."""
    attributes = document.get("attributes")
    if not isinstance(attributes, Mapping):
        return ""
    purl = attributes.get("purl")
    if isinstance(purl, str) and purl.startswith("pkg:"):
        return purl[4:].partition("/")[0].lower()
    return str(attributes.get("manager") or "").lower()


def compare_versions(left: str, right: str, ecosystem: str) -> int:
    """Below 0 when `left` is the earlier one, 0 when they are the same, above 0 when it is the later one."""
    rule = _RULES.get(ecosystem)
    if rule is not None:
        left_version, right_version = _parsed(rule, left), _parsed(rule, right)
        if left_version is not None and right_version is not None:
            return int(left_version > right_version) - int(left_version < right_version)
    left_key, right_key = natural_key(left), natural_key(right)
    return int(left_key > right_key) - int(left_key < right_key)


@lru_cache(maxsize=8192)
def _parsed(rule: str, text: str) -> Any:
    from univers import versions  # noqa: PLC0415 — 100 ms that only a comparison of versions has to pay

    try:
        return getattr(versions, rule)(text)
    except ValueError:
        return None
