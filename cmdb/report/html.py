"""A report as one HTML file: nothing is loaded from elsewhere, it prints well, and it follows dark and light."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from html import escape
from itertools import groupby

from cmdb.report.document import Bar, Block, Curve, Days, Document, Heading, Paragraph, Table

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #667085; --line: #d5dae1; --page: #fff; --well: #2e7d4f;
  --less: #c98a1b; --bad: #b3261e; --none: #e4e7ec; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #98a2b3; --line: #344054; --page: #10151c;
  --well: #5fbf8a; --less: #e0ad4f; --bad: #f0766e; --none: #2a3442; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 62rem;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
.about, figcaption { color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; color: var(--soft); font-weight: 600; }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; }
table.pair { max-width: 34rem; }
.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: grid; grid-template-columns: 12rem 1fr auto; gap: .8rem; align-items: center; margin: .5rem 0; }
.bar div { height: .7rem; background: var(--none); border-radius: .35rem; overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--well); } .bar i.less { background: var(--less); }
.bar i.bad { background: var(--bad); }
figure { margin: 1rem 0; } svg { width: 100%; height: 5rem; } polyline { fill: none; stroke: var(--well);
  stroke-width: 2; vector-effect: non-scaling-stroke; } polyline.less { stroke: var(--less); }
  polyline.bad { stroke: var(--bad); } line { stroke: var(--line); vector-effect: non-scaling-stroke; }
.month { display: flex; gap: 2px; align-items: center; } .month span { width: 5rem; color: var(--soft); }
.month b { flex: 0 0 .95rem; height: .95rem; border-radius: 2px; background: var(--none); }
.month b.well { background: var(--well); } .month b.less { background: var(--less); }
.month b.bad { background: var(--bad); }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } tr, figure { break-inside: avoid; } }
"""


def as_html(document: Document) -> str:
    """The whole page."""
    body = "\n".join(_block(block) for block in document.blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{escape(document.title)}</h1>\n<p class="about">{escape(document.about)}</p>\n{body}\n</body>\n</html>\n'
    )


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Table():
            return _table(block)
        case Bar(label, share, text):
            # An overdrawn bar is full of what is wrong: an empty one would look like nothing at all.
            width = max(0.0, min(share, 1.0)) * 100 if share > 0 else 100
            return (
                f'<div class="bar"><span>{escape(label)}</span>'
                f'<div><i class="{_left(share)}" style="width:{width:.1f}%"></i></div><span>{escape(text)}</span></div>'
            )
        case Curve():
            return _curve(block)
        case Days(label, days):
            return f"<figure><figcaption>{escape(label)}</figcaption>{''.join(_months(days))}</figure>"


def _table(table: Table) -> str:
    def row(cells: Iterable[str], tag: str) -> str:
        aligned = (' class="right"' if number in table.right else "" for number in range(len(table.columns)))
        shown = (f"<{tag}{side}>{escape(cell)}</{tag}>" for side, cell in zip(aligned, cells, strict=True))
        return f"<tr>{''.join(shown)}</tr>"

    head, body = row(table.columns, "th"), "\n".join(row(cells, "td") for cells in table.rows)
    pair = ' class="pair"' if len(table.columns) == 2 else ""
    return f'<div class="wide"><table{pair}>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody></table></div>'


def _curve(curve: Curve) -> str:
    """A line from 0 (bottom) to 1 (top); where nothing is known it is interrupted."""
    step = 100 / max(1, len(curve.points) - 1)
    lines: list[list[str]] = [[]]
    for number, point in enumerate(curve.points):
        if point is None:
            lines.append([])
        else:
            lines[-1].append(f"{number * step:.2f},{(1 - max(0.0, min(point, 1.0))) * 38 + 1:.2f}")
    last = next((point for point in reversed(curve.points) if point is not None), 1.0)
    drawn = "".join(f'<polyline class="{_left(last)}" points="{" ".join(points)}"/>' for points in lines if points)
    ends = f"{curve.first} – {curve.last}" if curve.first else ""
    return (
        f"<figure><figcaption>{escape(curve.label)} {escape(ends)}</figcaption>"
        f'<svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label="{escape(curve.label)}">'
        f'<line x1="0" y1="39" x2="100" y2="39"/>{drawn}</svg></figure>'
    )


def _months(days: Iterable[tuple[date, float | None]]) -> Iterator[str]:
    for month, found in groupby(days, key=lambda day: f"{day[0]:%Y-%m}"):
        cells = "".join(
            f'<b class="{_shade(share)}" title="{day} {"not known" if share is None else f"{share:.3%}"}"></b>'
            for day, share in found
        )
        yield f'<div class="month"><span>{month}</span>{cells}</div>'


def _shade(share: float | None) -> str:
    if share is None:
        return "none"
    return "well" if share >= 1 else "less" if share >= 0.99 else "bad"


def _left(share: float) -> str:
    return "well" if share >= 0.25 else "less" if share > 0 else "bad"
