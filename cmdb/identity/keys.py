"""Identity keys, made comparable. What identifies nothing is left out: absent is absent.

Strongest first, as `ORDER`: operator pin, cloud instance, container, DMI system UUID (whichever its byte order), system
serial with vendor, the agent's enrolment key; then the weak ones, of which two must agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cmdb.identity.blacklist import MAC_PREFIXES, PLACEHOLDERS, UUIDS

STRONG = ("cloud", "container", "dmi_uuid", "serial", "agent_key")
WEAK = ("board_serial", "ssh_host_key", "machine_id", "macs", "name")
ORDER = (*STRONG, *WEAK)
# What a container reads of the host that it runs on.
OF_THE_HOST = ("cloud", "dmi_uuid", "serial", "board_serial", "chassis_serial", "disk_serials")
MOST_VALUES = 64
LONGEST_VALUE = 256

Keys = dict[str, Any]  # name → text, or a sorted tuple of texts

_MAKER_ENDINGS = re.compile(
    r"\b(inc|incorporated|corp|corporation|co|ltd|limited|gmbh|computer|computers|technologies)\b"
)


def comparable(observed: Mapping[str, Any], *, in_container: bool = False) -> Keys:
    """The keys of an observation, folded and without those that identify nothing. Values of wrong types are absent.

    A container's are its id (within its host) and what is its own; hardware that it reports is its host's.
    """
    keys: Keys = {name: rule(observed.get(name)) for name, rule in _RULES.items()}
    keys["cards"] = _several(_card)(observed.get("macs"))
    if in_container or keys["container"]:
        if keys["container"]:
            keys["container"] = f"{keys['dmi_uuid'] or keys['serial']}/{keys['container']}"
        keys.update(dict.fromkeys(OF_THE_HOST, ""))
    if keys["serial"] and keys["vendor"]:
        keys["serial"] = f"{keys['vendor']}/{keys['serial']}"
    elif keys["serial"]:
        keys["serial"] = f"/{keys['serial']}"
    return {name: value for name, value in keys.items() if value}


def hosting(observed: Mapping[str, Any]) -> Keys:
    """The keys by which a container's host is found."""
    return {name: value for name, value in comparable({**observed, "container": ""}).items() if name in OF_THE_HOST}


def folded_uuid(value: Any) -> str:
    """32 hexadecimal digits: of the two byte orders of its first three fields, the one that sorts first."""
    text = re.sub(r"[^0-9a-f]", "", _text(value).lower())
    if len(text) != 32 or len(set(text)) == 1:
        return ""
    swapped = _swapped(text)
    return "" if text in UUIDS or swapped in UUIDS else min(text, swapped)


def folded_mac(value: Any) -> str:
    """12 hexadecimal digits; empty for what is no card's own address: multicast, locally administered, listed."""
    text = _card(value)
    return "" if not text or int(text[:2], 16) & 0b10 else text


def _card(value: Any) -> str:
    """As a MAC, also one that a hypervisor made up for its guest: identifies nothing, but tells two guests apart."""
    text = re.sub(r"[^0-9a-f]", "", _text(value).lower())
    return "" if len(text) != 12 or int(text[:2], 16) & 0b1 or text.startswith(MAC_PREFIXES) else text


def _swapped(text: str) -> str:
    """The UUID with its first three fields in the other byte order (SMBIOS 2.6 stores them little-endian)."""
    fields = bytes.fromhex(text)
    return (fields[3::-1] + fields[5:3:-1] + fields[7:5:-1] + fields[8:]).hex()


def _serial(value: Any) -> str:
    """A serial number or the like: folded, empty when it is a maker's placeholder or one character many times."""
    text = " ".join(_text(value).split()).casefold()
    bare = re.sub(r"[^0-9a-z]", "", text)
    return "" if len(set(bare)) <= 1 or bare in PLACEHOLDERS else text


def _machine_id(value: Any) -> str:
    text = re.sub(r"[^0-9a-f]", "", _text(value).lower())
    return text if len(text) == 32 and len(set(text)) > 1 and text not in UUIDS else ""


def _vendor(value: Any) -> str:
    text = _serial(value)
    return " ".join(_MAKER_ENDINGS.sub(" ", re.sub(r"[^0-9a-z ]", " ", text)).split())


def _cloud(value: Any) -> str:
    """`provider/account/instance`; a mapping must have all but the account."""
    if isinstance(value, Mapping):
        instance = _serial(value.get("instance_id") or value.get("instance"))
        provider = _serial(value.get("provider"))
        return f"{provider}/{_serial(value.get('account'))}/{instance}" if provider and instance else ""
    return _serial(value)


def _name(value: Any) -> str:
    text = _text(value).strip().strip(".").casefold()
    return "" if text in {"localhost", "localhost.localdomain", "(none)", "unknown"} else text


def _text(value: Any) -> str:
    return value[:LONGEST_VALUE] if isinstance(value, str) else ""


def _several(rule: Any) -> Any:
    def fold(value: Any) -> tuple[str, ...]:
        values: Iterable[Any] = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        return tuple(sorted({folded for one in list(values)[:MOST_VALUES] if (folded := rule(one))}))

    return fold


def _exact(value: Any) -> str:
    return _text(value).strip()


_RULES = {
    "cloud": _cloud,
    "container": _serial,
    "dmi_uuid": folded_uuid,
    "serial": _serial,
    "vendor": _vendor,
    "agent_key": _exact,
    "board_serial": _serial,
    "chassis_serial": _serial,
    "ssh_host_key": _several(_exact),
    "machine_id": _machine_id,
    "macs": _several(folded_mac),
    "disk_serials": _several(_serial),
    "name": _name,
    "domain": _name,
}
