"""Debian packages from dpkg's own files, which any user may read. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from agent.discovery.collector import Look
from agent.discovery.os_release import read_os_release
from agent.discovery.purl import purl
from agent.discovery.source import READ_LIMIT_BYTES, Unsupported, read_text
from agent.wire import Item

STATUS = "/var/lib/dpkg/status"
INFO = "/var/lib/dpkg/info"
_NEVER_PACKAGED = ("/usr/local/", "/home/", "/root/", "/srv/", "/tmp/", "/var/", "/memfd:")  # noqa: S108 - no place to write


class DebianPackage(NamedTuple):
    name: str
    version: str
    architecture: str
    status: str  # `install ok installed`
    source: str
    section: str
    summary: str

    @property
    def key(self) -> str:
        return f"dpkg/{self.name}:{self.architecture}"


def parse_status(text: str) -> Iterator[DebianPackage]:
    """deb-control(5) stanzas of packages whose files are there: not those that left only their configuration."""
    for stanza in text.split("\n\n"):
        fields = {}
        for line in stanza.split("\n"):
            name, colon, value = line.partition(": ")
            if colon and not line.startswith((" ", "\t")):
                fields[name] = value
        status = fields.get("Status", "")
        if "Package" in fields and "Version" in fields and not status.endswith(("not-installed", "config-files")):
            yield DebianPackage(
                fields["Package"], fields["Version"], fields.get("Architecture", ""), status,
                fields.get("Source", "").partition(" ")[0], fields.get("Section", ""), fields.get("Description", ""),
            )  # fmt: skip


def package_item(package: DebianPackage, distribution: str, release: str) -> Item:
    """The item of a package of this distribution (`debian`, `12`)."""
    attributes: dict[str, Any] = {
        "manager": "dpkg",
        "version": package.version,
        "architecture": package.architecture,
        "summary": package.summary,
        "section": package.section,
        "purl": purl(
            "deb", distribution, package.name, package.version,
            arch=package.architecture, distro=f"{distribution}-{release}" if release else "",
        ),
    }  # fmt: skip
    if package.source and package.source != package.name:
        attributes["source"] = package.source
    if package.status != "install ok installed":
        attributes["status"] = package.status
    return Item("package", package.key, package.name, attributes, relations=(("installed_on", "host", "host"),))


def collect_dpkg(look: Look) -> Iterable[Item]:
    """All installed Debian packages."""
    try:
        text = read_text(STATUS, 4 * READ_LIMIT_BYTES)
    except FileNotFoundError:
        raise Unsupported(f"no {STATUS}") from None
    release = read_os_release()
    distribution, version = release.get("ID", "debian"), release.get("VERSION_ID", "")
    return [package_item(package, distribution, version) for package in parse_status(text)]


def owners_of_files(paths: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Key and version of the package that each path belongs to, for those that belong to one.

    Lists name a file as the package shipped it: `/bin/x` may be what is `/usr/bin/x` since the merge.
    """
    needles = {path: _needles(path) for path in paths if not path.startswith(_NEVER_PACKAGED)}
    if not needles:
        return {}
    packages = {}
    for package in parse_status(read_text(STATUS, 4 * READ_LIMIT_BYTES)):
        packages[f"{package.name}:{package.architecture}"] = packages[package.name] = package
    owners: dict[str, tuple[str, str]] = {}
    for name in _likely_first(packages, [path.rpartition("/")[2] for path in needles]):
        if not needles:
            break
        content = _read_bytes(f"{INFO}/{name}.list")
        for path in [path for path, lines in needles.items() if any(line in content for line in lines)]:
            owners[path] = (packages[name].key, packages[name].version)
            del needles[path]
    return owners


def _needles(path: str) -> list[bytes]:
    paths = [path, path[4:]] if path.startswith("/usr/") else [path]
    return [f"\n{each}\n".encode() for each in paths]


def _likely_first(packages: Iterable[str], programs: Iterable[str]) -> list[str]:
    """The names of lists of files, those first that sound like one of the programs: most reads are saved."""
    beginnings = {program.rstrip("d0123456789.-")[:5] for program in programs}
    return sorted(packages, key=lambda name: not any(beginning in name for beginning in beginnings))


def _read_bytes(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read(READ_LIMIT_BYTES) or b""
    except FileNotFoundError:  # the other of `name` and `name:architecture`
        return b""
