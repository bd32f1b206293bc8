"""A report as PDF: the HTML one, printed by a browser that this machine has. Not how it looks: `cmdb.report.html`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cmdb.locations import Locations
from cmdb.report.document import Document
from cmdb.report.html import as_html
from console.errors import CommandError
from console.exit_codes import Exit
from console.ssh.visit_locations import VisitLocations

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
LIMIT_S = 60.0


def print_pdf(document: Document, locations: Locations) -> None:
    """The PDF on stdout. Raises `CommandError` where there is nothing that can print."""
    if isinstance(locations, VisitLocations):
        raise CommandError(Exit.NOT_ALLOWED, "--format pdf", "is not for SSH", "take html, and print it where you are")
    if sys.stdout.isatty():
        raise CommandError(Exit.USAGE, "--format pdf", "is nothing for a terminal", "write: > report.pdf")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        why = f"none of {', '.join(BROWSERS)} is installed"
        raise CommandError(Exit.WRONG, "--format pdf", why, "install chromium, or take html and print it")
    sys.stdout.buffer.write(_printed(browser, as_html(document)))
    sys.stdout.flush()


def _printed(browser: str, page: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="watchdeck-print-") as name:
        folder = Path(name)
        (folder / "report.html").write_text(page, encoding="utf-8")
        # The page is ours, every text in it escaped and without scripts; as root the browser runs only like this.
        command = [
            browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--no-pdf-header-footer", f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={folder / 'report.pdf'}", (folder / "report.html").as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, check=True, timeout=LIMIT_S)
            return (folder / "report.pdf").read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise CommandError(Exit.WRONG, browser, f"did not print: {error}", "take html and print it") from error
