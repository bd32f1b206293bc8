from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import pytest

from cmdb.report.document import Bar, Curve, Days, Document, Heading, Paragraph, Table
from cmdb.report.html import as_html
from cmdb.report.markdown import as_markdown
from cmdb.report.plain import as_text

HOSTILE = "<script>alert(1)</script> | [link](http://x) `code`"
WHOLE = Document(
    "Service levels",
    "October 2026",
    (
        Heading("Availability"),
        Paragraph("One was breached."),
        Table(("Agreement", "Actual"), (("shop", "99.95 %"), (HOSTILE, "1 %")), frozenset({1})),
        Bar("budget left", 0.5, "21 min"),
        Bar("budget left", -0.5, "overdrawn"),
        Curve("budget", (1.0, 0.5, None, 0.0), "10-01", "10-31"),
        Days("days", ((date(2026, 10, 1), 1.0), (date(2026, 10, 2), 0.995), (date(2026, 11, 1), None))),
    ),
)


class Outline(HTMLParser):
    """Which elements a page has, and that each is closed where it should be."""

    VOID = frozenset({"meta", "line", "polyline"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, _attrs: object) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_on_a_terminal() -> None:
    lines = as_text(WHOLE).splitlines()
    assert lines[:3] == ["Service levels", "==============", "October 2026"]
    assert "shop" + " " * (len(HOSTILE) - 4) + "  99.95 %" in lines
    assert "budget left  [############------------]  21 min" in lines
    assert "budget left  [------------------------]  overdrawn" in lines
    assert "10-01 █▅·▁ 10-31" in lines
    assert lines[-3:] == ["2026-10  ●○", "2026-11  ·", ""] or lines[-2:] == ["2026-10  ●○", "2026-11  ·"]


def test_as_markdown_what_was_discovered_is_text_and_nothing_else() -> None:
    text = as_markdown(WHOLE)
    assert "| Agreement | Actual |\n| --- | ---: |" in text
    assert r"\<script\>alert(1)\</script\> \| \[link\](http://x) \`code\`" in text


def test_as_html_it_is_one_well_formed_page_that_loads_nothing() -> None:
    page = as_html(WHOLE)
    outline = Outline(page)
    assert outline.open == []
    assert {"table", "svg", "polyline", "h2"} <= set(outline.tags)
    assert "script" not in outline.tags
    assert "link" not in outline.tags
    assert 'src="' not in page


@pytest.mark.parametrize("render", [as_text, as_markdown, as_html])
def test_an_empty_report_is_one_too(render: object) -> None:
    assert callable(render)
    assert "nothing yet" in render(Document("Service levels", "nothing yet", ()))
