"""`ci.find`: items by words anywhere in them and by fields, best match first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cmdb.filter import Filter, FilterError, parse
from cmdb.filter.expression import Text
from cmdb.hub.api.ci import states_at
from cmdb.hub.api.refusal import Refused
from cmdb.hub.api.verb import Arguments, Verb
from cmdb.hub.hub import Hub
from cmdb.hub.protocol import Code
from cmdb.hub.rows import Row, ci_row
from cmdb.hub.session import Session
from cmdb.model.kind import Kind
from cmdb.store.protocol import Document
from cmdb.store.text import says, text_of

SEARCHED = 10_000  # found by words before fields are judged


class FindArguments(Arguments, frozen=True, kw_only=True):
    """`text` is the filter grammar, whose bare words are looked up in the full-text index."""

    text: str
    limit: int = 50
    all: bool = False
    at: datetime | None = None


async def find(hub: Hub, _session: Session, args: FindArguments) -> list[Row]:
    try:
        asked = parse(args.text)
    except FilterError as error:
        raise Refused(Code.USAGE, "ci find", str(error), "see docs/filter.md") from error
    words, fields = _split(asked)
    found: list[Row] = []
    state_of, now = await states_at(hub, args.at), args.at or hub.clock.now()
    for document in _by_name(await _candidates(hub, words, fields, args.at), words):
        row = await ci_row(hub.store, document, state_of, args.at)
        if (args.all or row["status"] != "retired") and fields.matches(row, now=now):
            found.append(row)
        if len(found) == max(0, args.limit):
            break
    return found


def _by_name(found: Sequence[Document], words: str) -> Sequence[Document]:
    """What is called just so first, then what begins so, else as it was found."""
    wanted = words.lower()
    if not wanted:
        return found
    names = [str(one["name"]).lower() for one in found]
    order = sorted(range(len(found)), key=lambda n: (names[n] != wanted, not names[n].startswith(wanted)))
    return [found[n] for n in order]


def _split(asked: Filter) -> tuple[str, Filter]:
    """The words that the index answers, and everything else."""
    indexed = [term for term in asked.terms if _is_indexed(term)]
    words = " ".join(term.values[0].text for term in indexed if isinstance(term, Text))
    return words, replace(asked, terms=tuple(term for term in asked.terms if term not in indexed))


def _is_indexed(term: object) -> bool:
    plain = isinstance(term, Text) and not term.fuzzy and not term.negated and len(term.values) == 1
    return plain and isinstance(term, Text) and "*" not in term.values[0].text


async def _candidates(hub: Hub, words: str, fields: Filter, at: datetime | None) -> Sequence[Document]:
    """The full-text index has the words of now: at another moment every text is looked through."""
    if words and at is None:
        return await hub.store.search(words, Kind.CI, limit=SEARCHED)
    found = await hub.store.find(Kind.CI, fields.equals(Kind.CI), at=at)
    return [one for one in found if says(text_of(Kind.CI, one), words)] if words else found


VERBS: Mapping[str, Verb] = {
    "ci.find": Verb(FindArguments, find),
}
