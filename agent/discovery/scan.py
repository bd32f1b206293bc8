"""One scan: every collector in a thread of its own, none able to delay another, each with its outcome.

A thread that is late is left behind, and with it what it waits for; so a scan belongs into a short-lived process
(`agent/scan_child.py`) that ends with `os._exit`. Python's lock makes the threads take turns: they cost no more CPU
than one would.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any, Optional

import msgspec

from agent.discovery.clean import clean_item, clean_text
from agent.discovery.collector import Collector, Limits, Look, Shared, is_privileged
from agent.discovery.collectors import ALL
from agent.discovery.digest import digest_of
from agent.discovery.source import CommandFailed, CommandTooSlow, Unsupported
from agent.wire import Item, SectionOutcome

_DETAIL_LENGTH = 512


class SectionReport(msgspec.Struct, frozen=True):
    """A section's outcome and, sorted by class and key, its items."""

    outcome: SectionOutcome
    items: list[Item]


class Report(msgspec.Struct, frozen=True):
    """What a scan found, by section. `memory` is for the next scan of the same agent, and for nobody else."""

    sections: list[SectionReport]
    duration_s: float
    cpu_s: float
    privileged: bool
    memory: dict[str, Any] = {}


def scan(
    collectors: Sequence[Collector] = ALL,
    limits: Optional[Limits] = None,
    memory: Optional[dict[str, Any]] = None,
) -> Report:
    """Runs all collectors at once and waits for each until its time is over."""
    limits = limits or Limits()
    began, cpu_began = time.monotonic(), time.process_time()
    shared = Shared()
    done: queue.SimpleQueue[tuple[str, SectionReport, dict[str, Any]]] = queue.SimpleQueue()
    for collector in collectors:
        look = Look(limits, shared, dict((memory or {}).get(collector.section, {})))
        threading.Thread(target=lambda c=collector, k=look: done.put(_collect(c, k)), daemon=True).start()
    reports: dict[str, SectionReport] = {}
    kept: dict[str, Any] = {}
    while len(reports) < len(collectors):
        try:
            name, report, remembered = done.get(timeout=max(0.0, began + limits.section_s - time.monotonic()))
        except queue.Empty:
            break
        reports[name] = report
        kept[name] = remembered
    for collector in collectors:
        if collector.section not in reports:
            reports[collector.section] = _late(collector.section, limits.section_s)
            kept[collector.section] = (memory or {}).get(collector.section, {})
    return Report(
        sections=[reports[collector.section] for collector in collectors],
        duration_s=round(time.monotonic() - began, 4),
        cpu_s=round(time.process_time() - cpu_began, 4),
        privileged=is_privileged(),
        memory={name: remembered for name, remembered in kept.items() if remembered},
    )


def _late(section: str, limit_s: float) -> SectionReport:
    return SectionReport(SectionOutcome(section, "timeout", limit_s, f"took longer than {limit_s:g} s"), [])


def _collect(collector: Collector, look: Look) -> tuple[str, SectionReport, dict[str, Any]]:
    began = time.monotonic()
    items: list[Item] = []
    try:
        items, cut = bounded(collector.collect(look), look.limits.items)
        if cut:
            look.missed.append(f"what goes beyond {look.limits.items} items")
        outcome, detail = judge(look, items)
    except Unsupported as reason:
        outcome, detail = "unsupported", str(reason)
    except PermissionError as error:
        outcome, detail = "denied", f"{error.filename or error}: permission denied"
    except CommandFailed as error:
        outcome, detail = ("timeout" if isinstance(error, CommandTooSlow) else "failed"), str(error)
    except Exception as error:  # whatever a host holds, the other sections go on
        outcome, detail = "failed", f"{type(error).__name__}: {error}"
    told = SectionOutcome(
        name=collector.section,
        outcome=outcome,
        duration_s=round(time.monotonic() - began, 4),
        detail=clean_text(detail, _DETAIL_LENGTH),
        items=len(items),
        digest=digest_of(items),
    )
    return collector.section, SectionReport(told, items), look.memory


def judge(look: Look, items: Sequence[Item]) -> tuple[str, str]:
    """Outcome and detail of a collector that came to its end."""
    if look.missed:
        return ("partial" if items else "denied"), "not seen: " + "; ".join(look.missed)
    return "ok", "; ".join(look.notes)


def bounded(items: Iterable[Item], limit: int) -> tuple[list[Item], bool]:
    """The items clean, each class and key once, sorted, at most `limit` of them; and whether some were cut off."""
    found: dict[tuple[str, str], Item] = {}
    cut = False
    for item in items:
        if len(found) >= limit:
            cut = True
            break
        clean = clean_item(item)
        found.setdefault((clean.class_, clean.key), clean)
    return [found[name] for name in sorted(found)], cut
