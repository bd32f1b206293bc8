"""Which section of a report carries which classes: data for the agent (what to run) and the hub (what to retire)."""

from __future__ import annotations

from typing import NamedTuple, Optional


class Section(NamedTuple):
    """`key_prefix` tells sections apart that share a class: `dpkg` and `rpm` both carry packages."""

    name: str
    classes: tuple[str, ...]
    key_prefix: tuple[str, ...] = ("",)

    def owns(self, class_: str, key: str) -> bool:
        """Whether an item of this class and key comes from this section, and so may be retired by it."""
        return class_ in self.classes and key.startswith(self.key_prefix)


# `connection` is no class of the CMDB: its items are observations that the hub maps dependencies from.
OBSERVATIONS = ("connection",)
# Always sent whole: an observer takes no differences, and which guests are hosts themselves is asked of all of them.
ALWAYS_WHOLE = (*OBSERVATIONS, "virtual_machine")
SECTIONS = (
    Section("host", ("host",)),
    Section("os", ("os",)),
    Section("cpu", ("cpu",)),
    Section("memory", ("memory",)),
    Section("disk", ("disk",)),
    Section("filesystem", ("filesystem",)),
    Section("interface", ("interface",)),
    Section("address", ("address",)),
    Section("endpoint", ("endpoint", "certificate"), ("tcp/", "udp/")),
    Section("software", ("software",)),
    Section("unit", ("unit",)),
    Section("connection", ("connection",)),
    Section("timer", ("timer",), ("systemd/",)),
    Section("cron", ("timer",), ("cron/",)),
    Section("dpkg", ("package",), ("dpkg/",)),
    Section("rpm", ("package",), ("rpm/",)),
    Section("apk", ("package",), ("apk/",)),
    Section("pip", ("package",), ("pip/",)),
    Section("npm", ("package",), ("npm/",)),
    Section("container", ("container", "image")),
    Section("virtual_machine", ("virtual_machine",)),
    Section("certificate", ("certificate",), ("/",)),
    Section("database", ("database",)),
    Section("account", ("account",)),
    Section("kernel_module", ("kernel_module",)),
    Section("cloud", ("cloud_instance",)),
)
BY_NAME = {section.name: section for section in SECTIONS}


def section_of(class_: str, key: str) -> Optional[Section]:
    """The section that lists items of this class and key; None for what no agent discovers."""
    return next((section for section in SECTIONS if section.owns(class_, key)), None)
