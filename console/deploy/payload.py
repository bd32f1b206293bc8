"""What is sent to a host: the agent, its checks and their two libraries, in one archive named by its content."""

from __future__ import annotations

import gzip
import hashlib
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from importlib.metadata import version as installed_version
from pathlib import Path

from checks import __version__

LIBRARIES = ("msgspec", "psutil")
_PLATFORMS = ("manylinux_2_17", "manylinux2014", "manylinux_2_28", "manylinux_2_12", "manylinux2010")
# Started with -S: what the host's own .pth files load at every start is none of the agent's; its packages are found.
_RUN = """\
import os
import site
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
sys.path.extend(site.getsitepackages())
from agent.main import main

sys.exit(main())
"""


class NoLibraries(Exception):
    """The libraries for such a host are not at hand; the text says what would help."""


@dataclass(frozen=True)
class Payload:
    """`version` is the release and a digest of everything in it."""

    version: str
    archive: bytes


def payload(python: tuple[int, int], machine: str, wheels: Path) -> Payload:
    """The archive for hosts with this Python and machine; wheels are kept in a folder. Raises `NoLibraries`."""
    files = {"run.py": _RUN.encode(), **dict(_own_files())}
    for name in LIBRARIES:
        files.update(_library(name, python, machine, wheels))
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name] + b"\0")
    return Payload(f"{__version__}-{digest.hexdigest()[:10]}", _packed(files))


def _own_files() -> Iterator[tuple[str, bytes]]:
    top = Path(__file__).parents[2]
    for package in ("agent", "checks"):
        for path in sorted((top / package).rglob("*")):
            if path.suffix in {".py", ".sh"} and "__pycache__" not in path.parts:
                yield f"lib/{path.relative_to(top)}", path.read_bytes()


def _library(name: str, python: tuple[int, int], machine: str, wheels: Path) -> Iterator[tuple[str, bytes]]:
    """From our own installation where the host is like this machine, else from a wheel."""
    if python == sys.version_info[:2] and machine == platform.machine():
        yield from _from_installation(distribution(name))
        return
    with zipfile.ZipFile(_wheel(name, python, machine, wheels)) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and _wanted(entry.filename):
                yield f"lib/{entry.filename}", archive.read(entry)


def _from_installation(found: Distribution) -> Iterator[tuple[str, bytes]]:
    for path in found.files or ():
        if _wanted(str(path)) and "__pycache__" not in path.parts and not str(path).startswith(".."):
            yield f"lib/{path}", Path(str(found.locate_file(path))).read_bytes()


def _wanted(name: str) -> bool:
    """Code, and no tests or metadata."""
    return name.endswith((".py", ".so")) and "/tests/" not in name and ".dist-info/" not in name


def _wheel(name: str, python: tuple[int, int], machine: str, wheels: Path) -> Path:
    tag = f"cp{python[0]}{python[1]}"
    kept = _kept(name, tag, machine, wheels)
    if kept is None:
        _download(name, python, machine, wheels)
        kept = _kept(name, tag, machine, wheels)
    if kept is None:
        raise NoLibraries(f"no wheel of {name} for Python {python[0]}.{python[1]} on {machine}: put one into {wheels}")
    return kept


def _kept(name: str, tag: str, machine: str, wheels: Path) -> Path | None:
    """The newest fitting wheel in the folder: of this Python, or of any (abi3)."""
    found = [
        path
        for path in wheels.glob(f"{name}-*.whl")
        if path.name.removesuffix(".whl").endswith(machine) and (f"-{tag}-" in path.name or "-abi3-" in path.name)
    ]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _download(name: str, python: tuple[int, int], machine: str, wheels: Path) -> None:
    """With pip, from wherever it is set up to look."""
    wheels.mkdir(parents=True, exist_ok=True)
    platforms = [word for kind in _PLATFORMS for word in ("--platform", f"{kind}_{machine}")]
    wanted = f"{name}<={installed_version(name)}"  # a host's Python may be too old for the one that we run
    command = [*_pip(), "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", f"{python[0]}.{python[1]}", *platforms, "-d", str(wheels), wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoLibraries(f"pip found no {wanted} for Python {python[0]}.{python[1]} on {machine}: {said}")


def _pip() -> list[str]:
    own = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, timeout=60, check=False)
    if own.returncode == 0:
        return [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        if path := shutil.which(name):
            return [path]
    raise NoLibraries("there is no pip here to fetch libraries for hosts with another Python")


def _packed(files: dict[str, bytes]) -> bytes:
    """The same bytes for the same files, whenever it is packed."""
    raw = io.BytesIO()
    with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(files[name]), 0o755 if name.endswith(".so") else 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    return raw.getvalue()
