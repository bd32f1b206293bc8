"""TOML files → frozen structs, strictly: what is wrong is named with file, line and key.

Not what the keys mean: each struct's own module says that.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
KeyPath = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(
    r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_NAME = re.compile(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'")
_WHERE = re.compile(r" - at (?:`key` in )?`\$([^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[(\.\.\.)\]")
MAX_BYTES = 4 * 1024 * 1024


class TomlError(Exception):
    """A file that cannot be taken: which, where in it, why, and what to do."""

    def __init__(self, path: Path, line: int | None, key: str, why: str, next_step: str = "") -> None:
        place = f"{path}" if line is None else f"{path}:{line}"
        self.path, self.line, self.key, self.why = path, line, key, why
        self.what = f"{place}: {key}" if key else place
        self.next_step = next_step or "correct the file, then run `watchdeck config check`"
        super().__init__(f"{self.what}: {why}")


def load(path: Path, type_: type[T]) -> T:
    """The file as this struct (whose class forbids unknown fields). Raises `TomlError`."""
    text = read(path)
    return convert(path, text, parse(path, text), type_)


def read(path: Path) -> str:
    """The file's text, bounded."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise TomlError(path, None, "", f"is over {MAX_BYTES} bytes")
        return content.decode()
    except OSError as error:
        raise TomlError(path, None, "", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TomlError(path, line, "", "is not UTF-8 text") from error


def parse(path: Path, text: str) -> dict[str, Any]:
    """The tables of the text. Raises `TomlError` with the line of what is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at line (\d+), column \d+\)$", str(error))
        why, line = (found[1], int(found[2])) if found else (str(error).removesuffix(" (at end of document)"), None)
        raise TomlError(path, line or text.count("\n") + 1, "", f"is not TOML: {why}") from error


def convert(path: Path, text: str, tables: Mapping[str, Any], type_: type[T], under: KeyPath = ()) -> T:
    """These tables as the struct; `under` is where in the file they stand. Raises `TomlError`."""
    try:
        return msgspec.convert(tables, type_)
    except msgspec.ValidationError as error:
        message = str(error)
        key, why = under + _key(message), _WHERE.sub("", message).replace("`", "")
        if unknown := _UNKNOWN.search(message):
            key, why = (*key, unknown[1]), "is not a known key"
        raise error_at(path, text, key, why) from error


def error_at(path: Path, text: str, key: KeyPath, why: str, next_step: str = "") -> TomlError:
    """An error about this key, with the line on which it stands (or the nearest table around it)."""
    lines: dict[KeyPath, int] = {}
    for place, number in _lines(text):
        lines.setdefault(place, number)
    around = key
    while around and around not in lines:
        around = around[:-1]
    return TomlError(path, lines.get(around), _dotted(key), why, next_step)


def _key(message: str) -> KeyPath:
    """msgspec's path of what it refused, as keys and indexes."""
    found = _WHERE.search(message)
    if not found:
        return ()
    return tuple(int(index) if index else name for name, index, _any in _STEP.findall(found[1]) if name or index)


def _lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Where each key of the text is first assigned or its table opened. Strings of many lines are skipped."""
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        if quote:
            quote = "" if quote in line else quote
            continue
        if header := _HEADER.match(line):
            table = _resolved(_names(header[2]), counts, opens_item=header[1] == "[[")
            yield table, number
        elif assignment := _ASSIGNMENT.match(line):
            names = _names(assignment[1])
            for depth in range(1, len(names) + 1):
                yield table + names[:depth], number
            rest = line[assignment.end() :].strip()
            quote = next((mark for mark in ('"""', "'''") if rest.startswith(mark) and mark not in rest[3:]), "")


def _resolved(names: KeyPath, counts: dict[KeyPath, int], *, opens_item: bool) -> KeyPath:
    """A table header's path with the index of each array of tables that it goes through."""
    path: KeyPath = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if opens_item and position == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _names(dotted: str) -> KeyPath:
    return tuple(name.strip("\"'") for name in _NAME.findall(dotted))


def _dotted(key: KeyPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")
