"""One run of one check: its definition in, its result out, whatever happens on the way."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Callable

import msgspec

from checks.deadline import Deadline, Expired
from checks.definition import Definition
from checks.finding import CouldNotLook, Finding, ProbeError, Trace
from checks.judge import judge
from checks.now import utc_now
from checks.probes import NoSuchProbe, Probe, load
from checks.result import Result, State

MAX_OUTPUT_CHARS = 500
MAX_DETAIL_CHARS = 16 * 1024


async def run(definition: Definition, now: Callable[[], datetime] = utc_now) -> Result:
    """Probe, judge, and say what was found; raises nothing but cancellation."""
    trace = Trace()
    began = time.monotonic()
    finding = judge(await _look(definition, trace), definition.thresholds)
    trace.phases["total"] = time.monotonic() - began
    return _result(definition, trace, finding, now())


async def _look(definition: Definition, trace: Trace) -> Finding:
    try:
        probe, params = _prepared(definition)
        with Deadline(definition.timeout_s):
            return await probe.look(params, trace)
    except ProbeError as error:
        return error.finding
    except Expired:
        return _timed_out(definition, probe, trace)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        return Finding(f"the {definition.type} probe itself failed: {said}", State.UNKNOWN, reason="failed")


def _prepared(definition: Definition) -> tuple[Probe, object]:
    try:
        probe = load(definition.type)
        return probe, msgspec.convert(definition.params, probe.params)
    except NoSuchProbe as error:
        raise CouldNotLook(str(error), "unsupported") from error
    except ImportError as error:
        raise CouldNotLook(f"{definition.type} checks need what is not installed: {error}", "unsupported") from error
    except (msgspec.ValidationError, re.error) as error:
        raise CouldNotLook(f"{definition.type} check cannot be run as it is defined: {error}", "bad_params") from error


def _timed_out(definition: Definition, probe: Probe, trace: Trace) -> Finding:
    who = f"{trace.address} " if trace.address else ""
    output = f"{who}timed out after {definition.timeout_s:g} s, {trace.doing}"
    if trace.excuse is not None:
        return Finding(output, State.UNKNOWN, reason=trace.excuse)
    return Finding(output, probe.on_timeout, reason="timeout" if probe.on_timeout is State.UNKNOWN else None)


def _result(definition: Definition, trace: Trace, finding: Finding, at: datetime) -> Result:
    return Result(
        check=definition.id,
        at=at,
        state=finding.state,
        output=finding.output[:MAX_OUTPUT_CHARS],
        detail=finding.detail[:MAX_DETAIL_CHARS],
        metrics=finding.metrics,
        phases=trace.phases,
        address=trace.address,
        expected=finding.expected and finding.expected[:MAX_OUTPUT_CHARS],
        actual=finding.actual and finding.actual[:MAX_OUTPUT_CHARS],
        reason=finding.reason,
    )
