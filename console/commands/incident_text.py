"""An incident as text for people on a plain terminal: its page, its clocks, and who would be told of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cmdb.practices.duration import spoken
from console.commands.text import Column, clean, from_now, record, shown, table

MOST_CHECKS = 20
_CHECKS = (
    Column("STATE", lambda row: "ok" if row["recovered_at"] else row["severity"]),
    Column("SINCE", lambda row: from_now(row["recovered_at"] or row["since"]), right=True),
    Column("PART", "role"),
    Column("CHECK", lambda row: row.get("name") or row["check"]),
    Column("WHY", lambda row: row["why"]),
)
_SHOWN_APART = frozenset(
    {
        "id", "title", "number", "priority", "state", "timeline", "version", "key", "major", "over", "effects", "ci",
        "ci_name", "ci_class", "host", "host_name", "check", "affected", "respond_due", "resolve_due", "opened_at",
    }
)  # fmt: skip
_SAY_NOTHING_WHEN_EMPTY = frozenset({"overridden", "redundancy_left", "reopened", "rearmed"})


def page(document: dict[str, Any]) -> str:
    """All of an incident: what it is about, by when, its checks, what was done, and what to do next."""
    state = str(document["state"]).replace("_", " ")
    head = f"INC-{document['number']} P{document['priority']} {state}: {clean(document['title'])}"
    known = {name: value for name, value in document.items() if value or name not in _SAY_NOTHING_WHEN_EMPTY}
    facts = record(_facts(document) | {name: known[name] for name in known if name not in _SHOWN_APART})
    parts = [f"{head}\n\n{facts}", *_checks(document), *_major(document.get("major") or {})]
    timeline = [
        f"  {shown(step['at'])}  {clean(step['who'])}  {step['what']}  {clean(step.get('text', ''))}".rstrip()
        for step in document["timeline"]
    ]
    return "\n\n".join([*parts, "\n".join(["timeline:", *timeline]), *_next(document)])


def explained(clocks: Sequence[dict[str, Any]], preview: dict[str, Any]) -> str:
    """How much of its time has passed and whom it waits for, then who would be told, when and why."""
    return "\n".join([*(_clock(one) for one in clocks), "", *previewed(preview)])


def previewed(document: dict[str, Any]) -> Iterator[str]:
    """Who would be told, when and why: each step once, and whether it goes on from the first."""
    if not document["advances"]:
        yield "acknowledged or over: nobody is told"
        return
    if document["silenced_until"]:
        yield f"silenced until {shown(document['silenced_until'])}: {clean(document['silenced_because'])}"
    for route in document["routes"]:
        yield f"route {route['route']} ({clean(route['because'])}), policy {route['policy'] or 'none: nobody is told'}"
        for step in route["steps"][: route["steps_a_round"]]:
            told = [_told(person) for target in step["targets"] for person in target["people"]]
            targets = ", ".join(target["target"] for target in step["targets"])
            yield f"  {shown(step['at'])} ({from_now(step['at'])})  {', '.join(told) or 'NOBODY is on call'}: {targets}"
        if len(route["steps"]) > route["steps_a_round"]:
            yield "  and so on from the first step, " + _rounds(route["repeat"])


def _facts(document: dict[str, Any]) -> dict[str, Any]:
    """What it is about and by when, in the order in which one asks."""
    host, ci = document.get("host_name"), document.get("ci_name")
    place = f"{ci} on {host}" if host and host != ci else ci
    return {
        "item": f"{place} ({document['ci']})" if document.get("ci") else None,
        "opened": _moment(document["opened_at"]),
        "answer by": None if document.get("acknowledged_at") else _due(document, "respond_due"),
        "resolve by": None if document.get("resolved_at") else _due(document, "resolve_due"),
    }


def _due(document: dict[str, Any], name: str) -> str | None:
    return _moment(document[name]) if document.get(name) else None


def _moment(moment: Any) -> str:
    return f"{shown(moment)} ({from_now(moment)})"


def _checks(document: dict[str, Any]) -> Iterator[str]:
    effects = document.get("effects") or ()
    if effects:
        rows = table(effects[:MOST_CHECKS], _CHECKS, empty="")
        more = len(effects) - MOST_CHECKS
        yield f"checks ({len(effects)}):\n{rows}" + (f"\nand {more} more: --json has all" if more > 0 else "")


def _major(major: dict[str, Any]) -> Iterator[str]:
    """A major incident's own timeline: since when, who was told what, and when they are to hear more."""
    if major:
        told = [
            f"  {shown(one['at'])}  {clean(one['by'])} → {clean(one['audience'])}: {clean(one['text'])}"
            for one in major["communications"]
        ]
        head = f"major incident since {shown(major['declared_at'])} by {major['declared_by']}: {clean(major['reason'])}"
        yield "\n".join([head, *told, f"  {_moment(major['update_due_at'])}  the next update is due"])


def _next(document: dict[str, Any]) -> Iterator[str]:
    """What a person does now."""
    number = document["number"]
    if document["state"] == "new":
        yield f"next: incident ack {number} takes it; incident explain {number} says who is told if nobody does"
    elif document["state"] == "resolved":
        yield f"next: incident reopen {number} WHY, if it is not over; it is closed by itself"
    elif document["state"] != "closed":
        yield f"next: incident note {number} TEXT, incident assign {number} WHO, incident resolve {number}"


def _clock(one: dict[str, Any]) -> str:
    """One clock in a line: of which agreement, how much has passed, who is waited for, when it is due."""
    passed = f"{spoken(one['passed_s'])} of {spoken(one['time_s'])} passed ({one['share']:.0%})"
    agreement = "the house's own times" if one["agreement"] == "usual" else f"agreement {one['agreement']}"
    parts = [passed, f"hours {clean(one['hours'])} ({one['timezone']})"]
    if one["state"] in {"running", "paused"}:
        waits = f"waits for {clean(one['waits_for'])}" if one["waits_for"] else ""
        parts += [waits, f"due {_moment(one['due'])}" if one["due"] else ""]
    late = ", MISSED" if one["missed"] else ""
    return f"{one['goal']}: {one['state']}{late}, {agreement}: {'; '.join(part for part in parts if part)}"


def _told(person: dict[str, Any]) -> str:
    ways = "/".join(person["channels"]) or "no channel"
    quiet = f", held back until {shown(person['quiet_until'])}" if person["quiet_until"] else ""
    return f"{clean(person['name'])} ({ways}{quiet})"


def _rounds(repeat: int) -> str:
    return "until somebody acknowledges" if repeat < 0 else f"{repeat} times more" if repeat > 1 else "once more"
