"""RPM packages, asked of `rpm`: its database has had three formats, and rpm reads them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from agent.discovery.collector import Look
from agent.discovery.os_release import read_os_release
from agent.discovery.purl import purl
from agent.discovery.source import Unsupported, run
from agent.wire import Item

_DATABASES = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")
FORMAT = "%{NAME}\\t%{EPOCH}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\t%{VENDOR}\\t%{SUMMARY}\\n"


class RpmPackage(NamedTuple):
    name: str
    epoch: str  # empty for none
    version: str
    release: str
    architecture: str
    source: str
    vendor: str
    summary: str

    @property
    def full_version(self) -> str:
        """`1:2.3-4.el9`, without an epoch of 0."""
        epoch = f"{self.epoch}:" if self.epoch not in ("", "0") else ""
        return f"{epoch}{self.version}-{self.release}"


def parse_packages(text: str) -> Iterator[RpmPackage]:
    """Lines of `FORMAT`. Imported signing keys are listed as packages without an architecture: not they."""
    for line in text.splitlines():
        fields = ["" if field == "(none)" else field for field in line.split("\t")]
        if len(fields) == 8 and fields[0] and fields[4]:
            yield RpmPackage(*fields)


def package_item(package: RpmPackage, distribution: str, release: str, several: bool = False) -> Item:
    """The item of a package. Of what may be installed in several versions (kernels) the key holds the version."""
    key = f"rpm/{package.name}:{package.architecture}"
    return Item(
        class_="package",
        key=f"{key}@{package.full_version}" if several else key,
        name=package.name,
        attributes={
            "manager": "rpm",
            "version": package.full_version,
            "architecture": package.architecture,
            "summary": package.summary,
            "source": package.source,
            "vendor": package.vendor,
            "purl": purl(
                "rpm", distribution, package.name, f"{package.version}-{package.release}",
                arch=package.architecture, epoch=package.epoch, distro=f"{distribution}-{release}" if release else "",
            ),
        },
        relations=(("installed_on", "host", "host"),),
    )  # fmt: skip


def package_items(packages: Iterable[RpmPackage], distribution: str, release: str) -> list[Item]:
    """The items of all packages."""
    found = list(packages)
    counts: dict[tuple[str, str], int] = {}
    for package in found:
        counts[package[0], package[4]] = counts.get((package[0], package[4]), 0) + 1
    return [package_item(package, distribution, release, counts[package[0], package[4]] > 1) for package in found]


def collect_rpm(look: Look) -> Iterable[Item]:
    """All installed RPM packages."""
    if not any(next(Path(path).glob("*"), None) for path in _DATABASES):
        raise Unsupported("no RPM database")
    text = run(("rpm", "-qa", "--queryformat", FORMAT), look.limits.command_s)
    release = read_os_release()
    return package_items(parse_packages(text), release.get("ID", "rpm"), release.get("VERSION_ID", ""))
