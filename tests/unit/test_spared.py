"""What a resident agent does not load until something is asked of it; each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def printed_by(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nfrom agent.spared import *\n{code}"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_module_that_is_put_off_is_loaded_by_the_first_thing_that_is_asked_of_it() -> None:
    code = """
put_off()
import inspect
from msgspec import json
print("ast" in sys.modules)
print(inspect.isfunction(put_off), "ast" in sys.modules, inspect.__doc__ is not None)
import inspect as again
print(again.isfunction is inspect.isfunction, json.decode(b"1"))
"""
    assert printed_by(code).split() == ["False", "True", "True", "True", "True", "1"]


def test_what_is_loaded_already_stays() -> None:
    assert printed_by("import inspect\nput_off()\nprint(sys.modules['inspect'] is inspect)").strip() == "True"


def test_asyncio_without_tls_leaves_tls_to_the_probes() -> None:
    code = """
load_asyncio_without_tls()
import asyncio
print("ssl" in sys.modules)
from checks.probes.tls_stream import client_context
print(client_context(True).check_hostname)
"""
    assert printed_by(code).split() == ["False", "True"]


def test_a_forgotten_module_is_nowhere_but_can_be_loaded_again() -> None:
    code = """
import agent.arguments
forget("agent.arguments", "argparse")
print("argparse" in sys.modules, hasattr(sys.modules["agent"], "arguments"))
import agent.arguments
print(agent.arguments.parser().prog)
"""
    assert printed_by(code).split() == ["False", "False", "watchdeck-agent"]
