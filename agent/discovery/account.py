"""Accounts of this host from passwd(5) and group(5). Never reads shadow(5); directory services are not asked."""

from __future__ import annotations

from collections.abc import Iterable

from agent.discovery.collector import Look
from agent.discovery.source import read_text
from agent.wire import Item

_NO_LOGIN = ("nologin", "false", "sync", "shutdown", "halt")


def account_items(passwd: str, group: str) -> list[Item]:
    """One item an account, with the groups that it is in. A login name that comes twice is what comes first."""
    names, members = _groups(group)
    items: dict[str, Item] = {}
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) < 7 or not fields[2].isdigit() or fields[0] in items:
            continue
        login, _, uid, gid, gecos, home, shell = fields[:7]
        groups = members.get(login, set()) | ({names[gid]} if gid in names else set())
        items[login] = Item(
            class_="account",
            key=login,
            name=login,
            attributes={
                "uid": int(uid),
                "gid": int(gid) if gid.isdigit() else gid,
                "full_name": gecos.partition(",")[0],
                "home": home,
                "shell": shell,
                "login": shell.rpartition("/")[2] not in _NO_LOGIN,
                "groups": sorted(groups),
            },
            relations=(("part_of", "host", "host"),),
        )
    return list(items.values())


def _groups(text: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    names: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) >= 4:
            names.setdefault(fields[2], fields[0])
            for login in filter(None, fields[3].split(",")):
                members.setdefault(login, set()).add(fields[0])
    return names, members


def collect_accounts(look: Look) -> Iterable[Item]:
    """All accounts of the host's own files."""
    return account_items(read_text("/etc/passwd"), read_text("/etc/group"))
