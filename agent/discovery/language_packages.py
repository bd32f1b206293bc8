"""Packages that pip and npm installed for everyone, and Alpine's apk. Distribution packages have their own files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Optional

import msgspec

from agent.discovery.collector import Look
from agent.discovery.os_release import read_os_release
from agent.discovery.purl import purl
from agent.discovery.source import Unsupported, read_text
from agent.wire import Item

APK_DATABASE = "/lib/apk/db/installed"
# On Debian pip's own are in dist-packages of /usr/local; those of /usr/lib/python3 are dpkg's.
_PYTHON = (
    "/usr/local/lib/python3*/dist-packages", "/usr/local/lib/python3*/site-packages",
    "/usr/lib/python3.*/site-packages", "/opt/*/lib/python3*/site-packages",
)  # fmt: skip
_NODE = ("/usr/lib/node_modules", "/usr/local/lib/node_modules")
_METADATA_BYTES = 65536


class LanguagePackage(NamedTuple):
    name: str
    version: str
    summary: str
    folder: str


def parse_metadata(text: str, folder: str) -> Optional[LanguagePackage]:
    """The head of a Python distribution's METADATA or PKG-INFO; None where it names nothing."""
    fields: dict[str, str] = {}
    for line in text.split("\n\n", 1)[0].splitlines():
        name, colon, value = line.partition(": ")
        if colon:
            fields.setdefault(name.lower(), value.strip())
    if not fields.get("name") or not fields.get("version"):
        return None
    return LanguagePackage(fields["name"], fields["version"], fields.get("summary", ""), folder)


def parse_package_json(text: str, folder: str) -> Optional[LanguagePackage]:
    """A Node package's package.json; None where it names nothing."""
    try:
        document = msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        return None
    if not isinstance(document, dict) or not document.get("name") or not document.get("version"):
        return None
    return LanguagePackage(
        str(document["name"]), str(document["version"]), str(document.get("description") or ""), folder
    )


def language_item(package: LanguagePackage, manager: str, several: bool) -> Item:
    """The item of a package of `pip` or `npm`. Where two folders hold one name, the key tells the folder."""
    name = package.name.lower().replace("_", "-") if manager == "pip" else package.name
    scope, _, base = name.rpartition("/")
    key = f"{manager}/{name}"
    return Item(
        class_="package",
        key=f"{key}@{package.folder}" if several else key,
        name=package.name,
        attributes={
            "manager": manager,
            "version": package.version,
            "summary": package.summary,
            "path": package.folder,
            "purl": purl({"pip": "pypi", "npm": "npm"}[manager], scope, base, package.version),
        },
        relations=(("installed_on", "host", "host"),),
    )


def _items(packages: Iterable[LanguagePackage], manager: str) -> list[Item]:
    found = list(packages)
    names = [package.name.lower() for package in found]
    return [language_item(package, manager, names.count(package.name.lower()) > 1) for package in found]


def collect_pip(look: Look) -> Iterable[Item]:
    """Python distributions outside of virtual environments and of the distribution's own folder."""
    folders = sorted(folder for pattern in _PYTHON for folder in glob.glob(pattern))  # noqa: PTH207
    if not folders:
        raise Unsupported("no folder of Python packages beside the distribution's")
    return _items(_python_packages(folders), "pip")


def _python_packages(folders: Iterable[str]) -> Iterator[LanguagePackage]:
    for folder in folders:
        for name in sorted(os.listdir(folder)):  # noqa: PTH208
            file = {"dist-info": "METADATA", "egg-info": "PKG-INFO"}.get(name.rpartition(".")[2])
            if file is None:
                continue
            try:
                package = parse_metadata(read_text(f"{folder}/{name}/{file}", _METADATA_BYTES), folder)
            except OSError:
                continue
            if package is not None:
                yield package


def collect_npm(look: Look) -> Iterable[Item]:
    """Node packages that were installed globally, scoped ones (`@scope/name`) too."""
    folders = [folder for folder in _NODE if os.path.isdir(folder)]  # noqa: PTH112
    if not folders:
        raise Unsupported("no global Node packages")
    return _items(_node_packages(folders), "npm")


def _node_packages(folders: Iterable[str]) -> Iterator[LanguagePackage]:
    for folder in folders:
        for pattern in ("*/package.json", "@*/*/package.json"):
            for path in sorted(glob.glob(f"{folder}/{pattern}")):  # noqa: PTH207
                try:
                    package = parse_package_json(read_text(path, 1 << 20), folder)
                except OSError:
                    continue
                if package is not None:
                    yield package


def parse_apk(text: str, release: str) -> Iterator[Item]:
    """Alpine's installed database: stanzas of one-letter fields."""
    for stanza in text.split("\n\n"):
        fields: dict[str, str] = {}
        for line in stanza.splitlines():
            name, colon, value = line.partition(":")
            if colon and len(name) == 1:
                fields.setdefault(name, value)
        if fields.get("P") and fields.get("V"):
            yield _apk_item(fields, release)


def _apk_item(fields: dict[str, str], release: str) -> Item:
    attributes: dict[str, Any] = {
        "manager": "apk",
        "version": fields["V"],
        "architecture": fields.get("A", ""),
        "summary": fields.get("T", ""),
        "source": fields.get("o", ""),
        "purl": purl(
            "apk", "alpine", fields["P"], fields["V"],
            arch=fields.get("A", ""), distro=f"alpine-{release}" if release else "",
        ),
    }  # fmt: skip
    key = f"apk/{fields['P']}:{fields.get('A', '')}"
    return Item("package", key, fields["P"], attributes, relations=(("installed_on", "host", "host"),))


def collect_apk(look: Look) -> Iterable[Item]:
    """All packages of Alpine."""
    try:
        text = read_text(APK_DATABASE)
    except FileNotFoundError:
        raise Unsupported(f"no {APK_DATABASE}") from None
    return parse_apk(text, read_os_release().get("VERSION_ID", ""))
