"""A report for people and for programs, on standard output."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from agent.discovery.scan import Report, scan


def as_document(report: Report) -> dict[str, Any]:
    """The report as `scan --json` prints it: `memory`, which is the agent's own business, is left out."""
    document: dict[str, Any] = msgspec.to_builtins(report)
    del document["memory"]
    return document


def as_lines(report: Report) -> list[str]:
    """A line a section: outcome, number of items, duration and what was denied."""
    lines = []
    for section in report.sections:
        told = section.outcome
        lines.append(
            f"{told.name:<12} {told.outcome:<12} {told.items:>6}  {told.duration_s:7.3f} s  {told.detail}".rstrip()
        )
    items = sum(section.outcome.items for section in report.sections)
    lines.append(f"{items} items in {report.duration_s:.3f} s, {report.cpu_s:.3f} s of CPU")
    return lines


def print_scan(as_json: bool = False) -> int:
    """Scans this host once and prints the report; 0, or 1 where a section failed or was late."""
    report = scan()
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(as_document(report)) + b"\n")
    else:
        sys.stdout.write("\n".join(as_lines(report)) + "\n")
    sys.stdout.flush()
    return int(any(section.outcome.outcome in ("failed", "timeout") for section in report.sections))
