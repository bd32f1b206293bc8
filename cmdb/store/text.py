"""The words by which a record is found, and what somebody typed as a question to the full-text index.

Not which of the found is meant: whoever asks reads the records and judges them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cmdb.model.kind import Kind
from cmdb.store.protocol import Document

MAX_CHARACTERS = 4000
SHORTEST_INDEXED = 3  # of a trigram index; shorter words are looked for in every text
SEARCHED: Mapping[Kind, tuple[str, ...]] = {
    Kind.CI: ("id", "name", "class", "key", "attributes", "overrides", "keys"),
    Kind.INCIDENT: ("id", "title", "ci", "assignee", "services", "timeline"),
    Kind.SERVICE: ("id", "name", "title", "description", "owner"),
    Kind.AGREEMENT: ("id", "name", "service"),
}


def text_of(kind: Kind, document: Document) -> str | None:
    """Every text in the fields that people search, each once, one on a line; None: it is not searched for."""
    if kind not in SEARCHED:
        return None
    words: dict[str, None] = {}
    length = 0
    for word in (word for field in SEARCHED[kind] for word in _texts(document.get(field))):
        if word not in words:
            words[word] = None
            length += len(word) + 1
            if length > MAX_CHARACTERS:
                break
    return "\n".join(words)[:MAX_CHARACTERS]


def words_of(asked: str) -> tuple[list[str], list[str]]:
    """The words that the index can find, and those that are too short for it. All of them are to be there."""
    words = asked.replace("\0", " ").split()
    return (
        [word for word in words if len(word) >= SHORTEST_INDEXED],
        [word for word in words if len(word) < SHORTEST_INDEXED],
    )


def says(text: str | None, asked: str) -> bool:
    """Every word of `asked` is somewhere in the text, in capitals or not."""
    words = asked.lower().split()
    return text is not None and bool(words) and all(word in text.lower() for word in words)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
