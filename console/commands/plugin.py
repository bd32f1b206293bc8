"""Running a monitoring plugin here and now, as a check would run it, and saying what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from checks.deadline import Deadline, Expired
from checks.finding import Finding, ProbeError
from checks.judge import value_in_words
from checks.probes.plugin import run_plugin
from checks.result import State
from console.commands.text import clean


def run_here(path: str, arguments: Sequence[str], timeout_s: float) -> Finding:
    """What the plugin at this path finds; whatever goes wrong is a finding too."""

    async def main() -> Finding:
        try:
            with Deadline(timeout_s):
                return await run_plugin((path, *arguments), {})
        except ProbeError as error:
            return error.finding
        except Expired:
            return Finding(f"{path} timed out after {timeout_s:g} s", State.UNKNOWN, reason="timeout")

    return asyncio.run(main())


def as_document(finding: Finding) -> dict[str, Any]:
    """The finding with the fields of a check's result."""
    return {
        "state": finding.state.word,
        "output": finding.output,
        "detail": finding.detail,
        "metrics": msgspec.to_builtins(finding.metrics),
        "reason": finding.reason,
    }


def lines(finding: Finding) -> Iterator[str]:
    """State and output, long text, and a line for each metric."""
    yield f"{finding.state.word}  {clean(finding.output)}"
    yield from (clean(line) for line in finding.detail.splitlines())
    for metric in finding.metrics:
        limits = [f"{name} {value}" for name, value in (("warn", metric.warn), ("crit", metric.crit)) if value]
        yield "  ".join([f"{clean(metric.name)} = {value_in_words(metric)}", *map(clean, limits)])
