"""`sla.revise`, `.propose`, `.counter`, `.sign`, `.withdraw`, `.diff`, `.revisions`: how terms come into force."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from tomlkit.exceptions import TOMLKitError

from cmdb.hub.api.refusal import Refused, not_found
from cmdb.hub.api.service_edit import files_of
from cmdb.hub.api.sla_planning import chosen, feasibility_of, taken_terms
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.role import Role
from cmdb.hub.rows import Row
from cmdb.hub.service_files import Changed
from cmdb.hub.session import Session
from cmdb.model.change import Change, Put, Remove
from cmdb.model.kind import Kind
from cmdb.model.service import Agreement
from cmdb.practices.negotiation import (
    NotPossible,
    State,
    countered,
    differences,
    proposed,
    revised,
    signed,
    superseded,
    withdrawn,
)
from cmdb.services_d.editing import NoSuchTerm
from cmdb.store.protocol import StaleVersion
from cmdb.toml_file import TomlError

_log = logging.getLogger(__name__)


class NameArguments(Arguments, frozen=True, kw_only=True):
    name: str


class TermsArguments(Arguments, frozen=True, kw_only=True):
    """`name` is that of an agreement to revise, or `name@revision` of a revision to counter."""

    name: str
    terms: dict[str, Any] = {}


class SignArguments(Arguments, frozen=True, kw_only=True):
    """`who` signs, when it is not the person who asks."""

    name: str
    side: str
    who: str = ""


async def revise(hub: Hub, session: Session, args: TermsArguments) -> Row:
    [agreement] = chosen(hub, args.name)
    others = [one.revision for one in hub.services.revisions.values() if one.name == agreement.name]
    draft = revised(agreement, max([agreement.revision, *others]) + 1)
    return await _written(hub, session, taken_terms(draft, args.terms), "agreement revised")


async def propose(hub: Hub, session: Session, args: NameArguments) -> Row:
    return await _step(hub, session, args.name, proposed, "agreement proposed")


async def counter(hub: Hub, session: Session, args: TermsArguments) -> Row:
    return await _step(
        hub, session, args.name, lambda one: taken_terms(countered(one), args.terms), "agreement countered"
    )


async def withdraw(hub: Hub, session: Session, args: NameArguments) -> Row:
    return await _step(hub, session, args.name, withdrawn, "agreement withdrawn")


async def sign(hub: Hub, session: Session, args: SignArguments) -> Row:
    """The last signature puts it in force, and what was in force is kept under its revision."""
    revision = _revision(hub, args.name)
    after = _possible(lambda: signed(revision, args.who or session.actor, args.side, hub.clock.now()))
    reason = f"agreement signed by the {args.side}"
    if after.state != State.SIGNED:
        return await _written(hub, session, after, reason)
    changes: list[Change] = [Put(Kind.AGREEMENT, after), Remove(Kind.AGREEMENT, revision.id, revision.version)]
    if before := hub.services.agreements.get(after.name):
        changes.append(Put(Kind.AGREEMENT, superseded(before), 0))
    await _commit(hub, session, changes, reason)
    return {**after.body(), "file": await _written_back(hub, session, after)}


async def _written_back(hub: Hub, session: Session, agreement: Agreement) -> str:
    """The file that now says what was signed; empty, with the reason in the log, when none could be made to."""
    files = files_of(hub)
    try:
        edit = files.agreed(agreement)
        if edit.diff:
            await files.write(edit, session.actor)
    except (TomlError, TOMLKitError, NoSuchTerm, Changed, OSError) as error:
        # What was signed holds all the same; `service diff` shows that the file says otherwise.
        _log.warning("%s is signed, and not written into services.d: %s", agreement.name, error)
        return ""
    return edit.path.name


async def diff(hub: Hub, _session: Session, args: NameArguments) -> Row:
    """What a revision changes, and what it would have given."""
    revision = _revision(hub, args.name)
    before = hub.services.agreements.get(revision.name)
    changed = differences(before, revision) if before else ()
    return {
        "name": revision.id,
        "state": revision.state,
        "signatures": [msgspec.to_builtins(one) for one in revision.signatures],
        "terms": [{"term": one.term, "before": one.before, "after": one.after} for one in changed],
        "feasibility": feasibility_of(hub, revision, hub.clock.now()).line,
    }


async def revisions(hub: Hub, _session: Session, args: NameArguments) -> list[Row]:
    in_force = chosen(hub, args.name)
    others = [one for one in hub.services.revisions.values() if one.name == args.name]
    return [one.body() for one in sorted([*in_force, *others], key=lambda one: one.revision)]


async def _step(hub: Hub, session: Session, name: str, rule: Callable[[Agreement], Agreement], reason: str) -> Row:
    revision = _revision(hub, name)
    return await _written(hub, session, _possible(lambda: rule(revision)), reason)


def _revision(hub: Hub, name: str) -> Agreement:
    revision = hub.services.revisions.get(name)
    if revision is None:
        raise not_found("sla", f"{name} (a revision is written shop@2)")
    return revision


def _possible(rule: Callable[[], Agreement]) -> Agreement:
    try:
        return rule()
    except NotPossible as error:
        raise Refused(Code.CONFLICT, "agreement", str(error)) from error


async def _written(hub: Hub, session: Session, agreement: Agreement, reason: str) -> Row:
    await _commit(hub, session, [Put(Kind.AGREEMENT, agreement, agreement.version)], reason)
    return agreement.body()


async def _commit(hub: Hub, session: Session, changes: Sequence[Change], reason: str) -> None:
    try:
        done = await hub.ledger.commit(changes, actor=session.actor, reason=reason)
    except StaleVersion as error:
        raise Refused(Code.CONFLICT, error.what, error.why, error.next_step) from error
    hub.services.take(done.deltas if done else ())  # the next question is about what was just written


VERBS: Mapping[str, Verb] = {
    "sla.revise": Verb(TermsArguments, revise, Role.OPERATOR),
    "sla.propose": Verb(NameArguments, propose, Role.OPERATOR),
    "sla.counter": Verb(TermsArguments, counter, Role.OPERATOR),
    "sla.sign": Verb(SignArguments, sign, Role.OPERATOR),
    "sla.withdraw": Verb(NameArguments, withdraw, Role.OPERATOR),
    "sla.diff": Verb(NameArguments, diff),
    "sla.revisions": Verb(NameArguments, revisions),
}
