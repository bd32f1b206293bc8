"""Where what files declare and what is in force differ. Not which is right: a signed agreement outlives its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from cmdb.model.service import Agreement, Service
from cmdb.practices.default_service import BUILT_IN
from cmdb.practices.negotiation import NEGOTIATED

# What the hub adds to what was declared.
_NOT_DECLARED = frozenset({
    "id", "version", "source", "since", "reasons", "signatures", "revision", "starts_at", "state",
})  # fmt: skip


class DeclaredDifference(msgspec.Struct, frozen=True, kw_only=True):
    """`what` is service or agreement; an empty `term` says that the whole of it is only in one place."""

    what: str
    name: str
    term: str
    file: Any
    record: Any
    why: str


def differences(
    services: Iterable[Service],
    agreements: Iterable[Agreement],
    services_in_force: Iterable[Service],
    agreements_in_force: Iterable[Agreement],
) -> tuple[DeclaredDifference, ...]:
    """What the files say first, what is in force after it; nothing of what is built in."""
    services = list(services)
    retired = {service.name for service in services if service.stage == "retired"}
    offered = [agreement for agreement in agreements if agreement.service not in retired]
    return (
        *_compared("service", services, services_in_force),
        *_compared("agreement", offered, agreements_in_force),
    )


def _compared(
    what: str, declared: Iterable[Service | Agreement], in_force: Iterable[Service | Agreement]
) -> Iterator[DeclaredDifference]:
    files = {one.name: one for one in declared}
    record = {one.name: one for one in in_force if one.source != BUILT_IN or one.name in files}
    for name in sorted(files.keys() | record.keys()):
        mine, theirs = files.get(name), record.get(name)
        why = _why(theirs)
        if mine is None or theirs is None:
            yield DeclaredDifference(
                what=what, name=name, term="", file=mine is not None, record=theirs is not None, why=why
            )
            continue
        old, new = mine.body(), theirs.body()
        for term in sorted(old.keys() - _NOT_DECLARED):
            if old[term] != new[term]:
                yield DeclaredDifference(what=what, name=name, term=term, file=old[term], record=new[term], why=why)


def _why(in_force: Service | Agreement | None) -> str:
    if in_force is not None and in_force.source == NEGOTIATED:
        return "signed by both sides: revise it, or write into the file what was signed"
    return "not taken up yet"
