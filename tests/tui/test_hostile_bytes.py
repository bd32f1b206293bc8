"""Whatever hosts and people write into records, the terminal gets only the sequences that the console means."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from cmdb.model.incident import Suspect, TimelineEntry
from tests.integration.test_oncall_verbs import FILE as ON_CALL
from tests.support.hub import START, HandClock, check, ci, client_of, hub_at
from tests.support.session import Session
from tests.tui.fleet import agent, give, incident

EVIL = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b31m\x9d0;c1\x9c\x1b]52;c;b3duZWQ=\x07\x1b]8;;http://evil.example\x1b\\"
    "\x1bP+q\x1b\\\x1b_apc\x1b\\\r\n\t\x08\x7f\u202e\u2066\ufeff\u200b\U000e0041evil"
)
# What the console itself writes: CSI, links, pointer shape, keypad modes; no clipboard, no notification here.
MEANT = re.compile(
    rb"\x1b\[[<>=?]?[0-9;:]*\$?[a-zA-Z]|\x1b\]8;;(?:https?://[!-~]*)?\x1b\\|\x1b\]22;[a-z-]*\x07|\x1b[=>78()][B0]?"
)
CONTROL = re.compile(
    r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
VIEWS = (
    "hosts",
    "checks",
    "agents",
    "changes",
    "incidents",
    "INC-7",
    "ci evil",
    "check evil/tcp",
    "ci evil-fs",
    "cmdb",
    "triage",
    "services",
    "service shop",
    "sla",
    "agreement shop",
    "days",
    "map",
    "map shop",
    "diff evil evil-fs",
    "oncall",
    "roster",
    "person mia",
    "silences",
    "maintenance",
    "people",
)
QUOTED = json.dumps(EVIL).replace("\x7f", "\\u007f").replace("\\udb40\\udc41", "\\U000e0041")
SERVICES = f"""
[[service]]
name = "shop"
title = {QUOTED}
owner = {QUOTED}
[[service.component]]
name = "web"
select = "class=host"
[service.sla]
target = "99%"
customer = {QUOTED}
consequences = {QUOTED}
"""


@pytest.mark.slow
async def test_nothing_of_a_record_is_a_sequence(tmp_path: Path) -> None:
    (tmp_path / "services.d").mkdir()
    (tmp_path / "services.d" / "shop.toml").write_text(SERVICES)
    (tmp_path / "oncall.toml").write_text(ON_CALL)
    async with hub_at(tmp_path, clock=HandClock()) as hub:
        said = TimelineEntry(at=START, who=EVIL, what="note", text=f"note {EVIL}")
        suspect = Suspect(at=START - timedelta(minutes=9), ci="evil", what=EVIL)
        await give(
            hub,
            ci("evil", "host", host="evil", name=f"name {EVIL}", attributes={"os": EVIL, EVIL: EVIL}),
            ci("evil-fs", "filesystem", host="evil", name=EVIL, attributes={"type": EVIL}),
            check("evil", "tcp", "critical", output=f"see http://wiki/runbook {EVIL}"),
            incident(7, f"title {EVIL}", "evil", timeline=(said,), suspects=(suspect,), assignee=EVIL),
            agent(f"agent {EVIL}", host="evil", platform=EVIL),
        )
        assert "evil" in hub.services.services["shop"].title
        async with await client_of(hub) as client:
            end = START + timedelta(hours=3)
            await client.call("silence.add", matchers=["host=evil"], end=end, reason=f"because {EVIL}")
            await client.call("maintenance.add", select="class=host name~evil", end=end, title=f"work {EVIL}")
        session = Session(tmp_path)
        try:
            await asyncio.to_thread(session.shows, b"INC-7")
            for place in VIEWS:
                await asyncio.to_thread(_go, session, place)
            session.press(b"\x10evil")
            await asyncio.to_thread(session.shows, b"evil")
            session.press(b"\x03")
            await asyncio.to_thread(session.ended)
        finally:
            session.end()
    assert b"evil" in session.seen
    assert b"\x1b]8;;http://wiki/runbook\x1b\\" in session.seen
    left = MEANT.sub(b"", session.seen).decode()
    found = CONTROL.search(left)
    assert found is None, f"{found[0]!r} in {left[max(0, found.start() - 60) : found.end() + 60]!r}"


def _go(session: Session, place: str) -> None:
    """Go there, and on once its name stands where one is."""
    session.seen, before = b"", session.seen
    for keys in (f":{place}\r".encode(), b"\t"):  # the second tab of a record's page
        session.press(keys)
        session.settles()
    session.seen = before + session.seen
