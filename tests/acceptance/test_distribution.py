"""What a user installs: sdist → wheel → a clean environment → both commands, and nobody else's names."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from checks import __version__

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {"console", "agent", "cmdb", "checks"}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("distribution")]


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the sdist, as an index would serve it."""
    work = tmp_path_factory.mktemp("distribution")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", work, cwd=ROOT)
    (sdist,) = work.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(work, filter="data")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", work, cwd=work / f"watchdeck-{__version__}")
    (built,) = work.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the locked dependencies and the wheel, nothing else."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=home)
    _run(*pip, "--no-deps", wheel, cwd=home)
    return python


def test_the_wheel_holds_the_four_folders_and_nothing_beside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == TOP_LEVEL


def test_nobody_else_owns_these_names(clean_python: Path) -> None:
    code = "import importlib.metadata, json; print(json.dumps(importlib.metadata.packages_distributions()))"
    owners = json.loads(_run(clean_python, "-c", code, cwd=clean_python.parent))
    assert {name: set(owners[name]) for name in TOP_LEVEL} == {name: {"watchdeck"} for name in TOP_LEVEL}


@pytest.mark.parametrize("command", ["watchdeck", "watchdeck-agent"])
def test_both_commands_run(clean_python: Path, command: str) -> None:
    assert __version__ in _run(clean_python.with_name(command), "--version", cwd=clean_python.parent)


def test_the_locked_dependencies_are_what_the_wheel_asks_for(clean_python: Path) -> None:
    assert "No broken requirements" in _run(clean_python, "-m", "pip", "check", cwd=clean_python.parent)
