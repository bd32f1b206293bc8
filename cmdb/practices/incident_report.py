"""The figures of a period's incidents as a report."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.practices.duration import spoken
from cmdb.practices.incident_figures import IncidentFigures
from cmdb.report.document import Block, Document, Heading, Paragraph, Table


def incident_report(figures: IncidentFigures) -> Document:
    about = f"{figures.start:%Y-%m-%d %H:%M} to {figures.end:%Y-%m-%d %H:%M} UTC"
    return Document("Incidents", about, tuple(_blocks(figures)))


def _blocks(figures: IncidentFigures) -> Iterator[Block]:
    yield Paragraph(f"{figures.opened} opened, {figures.resolved} resolved, {figures.merged} merged into others.")
    yield Table(
        ("Figure", "Value"),
        (
            ("Mean time to acknowledge", _length(figures.mtta_s)),
            ("Mean time to resolve", _length(figures.mttr_s)),
            ("Mean time between incidents", _length(figures.mtbf_s)),
            ("Never acknowledged", str(figures.never_acknowledged)),
            ("Recovered before anybody answered", str(figures.self_resolved)),
            ("Reopened", f"{figures.reopened} ({_share(figures.reopen_rate)} of those resolved)"),
            ("Responded to late", str(figures.respond_missed)),
            ("Resolved late", str(figures.resolve_missed)),
            ("Messages that people got", str(figures.told)),
            ("… at night (22 to 6)", str(figures.told_at_night)),
            ("… on weekends", str(figures.told_on_weekends)),
        ),
        frozenset({1}),
    )
    if figures.by_priority:
        yield Heading("By priority")
        rows = tuple((f"P{priority}", str(count)) for priority, count in figures.by_priority.items())
        yield Table(("Priority", "Incidents"), rows, frozenset({1}))
    if figures.noisiest:
        yield Heading("Which checks made most of them")
        noisy = tuple((one.name, str(one.incidents), str(one.self_resolved)) for one in figures.noisiest)
        yield Table(("Check", "Times", "Over within 10 min, unanswered"), noisy, frozenset({1, 2}))


def _length(seconds: float | None) -> str:
    return "no data" if seconds is None else spoken(seconds)


def _share(share: float | None) -> str:
    return "none" if share is None else f"{share:.0%}"
