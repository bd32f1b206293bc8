"""Whether a systemd unit has failed, or is in the state that it should be in.

One call of `systemctl` tells about all units; checks that run within a few seconds of each other share it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Optional

from checks.child import run_child
from checks.deadline import Deadline, Expired
from checks.finding import CouldNotLook, Finding, Trace, Unhealthy
from checks.probes import Params, Probe
from checks.result import Metric, State

SHARED_FOR_S = 5.0
LOOK_TIMEOUT_S = 10.0
PROPERTIES = ("Id", "LoadState", "ActiveState", "SubState", "Result", "NRestarts")

Unit = Mapping[str, str]


class UnitParams(Params, frozen=True):
    """Without `active` a unit is well unless it failed; with it, it must be in that state too."""

    unit: str
    active: Optional[str] = None


class _Shared:
    """The last answer of systemd, and the look that is under way."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}
        self.read_at = -SHARED_FOR_S
        self.looking: Optional[asyncio.Task[dict[str, Unit]]] = None


_shared = _Shared()


async def look(params: UnitParams, trace: Trace) -> Finding:
    trace.doing = "waiting for systemctl"
    unit = (await _units()).get(params.unit)
    if unit is None and params.active is not None:
        unit = (await _asked(params.unit)).get(params.unit)
    return judge_unit(params, unit)


async def _asked(name: str) -> dict[str, Unit]:
    """A unit that stands still is not among those that are loaded; asked for by name, it is read from its file."""
    command = ("systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", "--", name)
    return parse_units(await _systemctl(command))


async def _units() -> dict[str, Unit]:
    if time.monotonic() - _shared.read_at < SHARED_FOR_S:
        return _shared.units
    if _shared.looking is None or _shared.looking.get_loop() is not asyncio.get_running_loop():
        _shared.looking = asyncio.get_running_loop().create_task(_read())
    # Shielded: one check's time-out must not end the look that others wait for.
    return await asyncio.shield(_shared.looking)


async def _read() -> dict[str, Unit]:
    try:
        command = ("systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", "*")
        _shared.units = parse_units(await _systemctl(command))
        _shared.read_at = time.monotonic()
        return _shared.units
    finally:
        _shared.looking = None


async def _systemctl(command: tuple[str, ...]) -> str:
    try:
        with Deadline(LOOK_TIMEOUT_S):
            child = await run_child(command)
    except Expired as error:
        raise CouldNotLook(f"systemctl did not answer within {LOOK_TIMEOUT_S:g} s", "timeout") from error
    except OSError as error:
        raise CouldNotLook(f"systemd cannot be asked: {error.strerror}", "unsupported") from error
    if child.exit_code != 0:
        said = child.stderr.strip().splitlines()
        raise CouldNotLook(f"systemd cannot be asked: {said[0] if said else child.ended}", "unsupported")
    return child.stdout


def parse_units(text: str) -> dict[str, Unit]:
    """`systemctl show` prints a block of `Name=value` lines for each unit, with an empty line between them."""
    units: dict[str, Unit] = {}
    for block in text.split("\n\n"):
        unit = dict(line.partition("=")[::2] for line in block.splitlines() if "=" in line)
        if unit.get("Id"):
            units[unit["Id"]] = unit
    return units


def judge_unit(params: UnitParams, unit: Optional[Unit]) -> Finding:
    """What systemd says about the unit against what is wanted; raises `Unhealthy`."""
    if unit is None or unit.get("LoadState") == "not-found":
        if params.active is None:
            return Finding(f"{params.unit} is not loaded")
        raise Unhealthy(f"{params.unit} is not loaded", expected=params.active, actual="not loaded")
    active, sub = unit.get("ActiveState", ""), unit.get("SubState", "")
    if active == "failed":
        why = unit.get("Result") or "unknown"
        raise Unhealthy(f"{params.unit} has failed ({why})", expected="not failed", actual=f"failed ({why})")
    if params.active is not None and active != params.active:
        raise Unhealthy(f"{params.unit} is {active} ({sub})", expected=params.active, actual=active)
    restarts = unit.get("NRestarts", "")
    metrics = (Metric("restarts", float(restarts), "c", minimum=0.0),) if restarts.isdecimal() else ()
    return Finding(f"{params.unit} is {active} ({sub})", metrics=metrics)


PROBE = Probe(UnitParams, look, on_timeout=State.UNKNOWN)
