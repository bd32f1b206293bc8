"""TinyDB's own tests of tables, queries and operations, from its source release, run against our table.

The release is the one that our lock names, by its hash. Where it cannot be had (no network) this is skipped: the same
behaviours are held, written anew, by the other `test_tinydb_*.py`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("test_tables.py", "test_tinydb.py", "test_queries.py", "test_operations.py")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tinydb")
    locked = re.search(r"^tinydb==(.*\\\n)+.*$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert locked is not None
    (directory / "wanted.txt").write_text(locked[0] + "\n")
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        pip = [shutil.which("pip3") or pytest.skip("there is no pip here")]
    options = ["--no-deps", "--no-binary", ":all:", "--require-hashes", "--retries", "0", "--timeout", "20"]
    command = [*pip, "download", "--quiet", *options, "-r", "wanted.txt"]
    got = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if got.returncode:
        if "HASH" in got.stderr:
            pytest.fail(got.stderr)
        pytest.skip(f"the source release cannot be had here: {got.stderr.strip().splitlines()[-1:]}")
    (archive,) = directory.glob("tinydb-*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    return directory / archive.name.removesuffix(".tar.gz")


@pytest.mark.slow
def test_all_of_them_pass_but_for_the_differences_that_are_named(release: Path) -> None:
    tests = [str(release / "tests" / name) for name in FILES]
    command = [sys.executable, "-m", "pytest", "-q", "-rx", "-c", os.devnull, "--rootdir", str(release), *tests]
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "",
    }
    plugins = ["-p", "tinydb_replaced", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, *plugins], cwd=release, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed is not None
    assert int(passed[1]) > 150
