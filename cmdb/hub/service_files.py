"""Edits of the files of `services.d`: planned as a difference, checked with all other files, then written and taken up.

Not what an edit says: `cmdb.services_d.editing`. A file that was changed by somebody else meanwhile is left alone.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from cmdb.model.service import Agreement
from cmdb.services_d.editing import AGREEMENT, SERVICE, Terms, added, changed, names_in, without
from cmdb.services_d.writing import terms_of
from cmdb.services_file import Declared, declared_by, texts_in


class Changed(Exception):
    """The file is not as it was when its difference was shown."""


class Edit(msgspec.Struct, frozen=True):
    """What one file says before and after; an empty `before` may be a file that is not there yet."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """As `diff -u` shows it; empty when nothing differs."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"{self.path.name} (now)",
            f"{self.path.name} (then)",
        )
        return "".join(lines)

    @property
    def digest(self) -> str:
        """Of the file as it is now: given back with the wish to write, it tells that what was shown still holds."""
        return hashlib.sha256(self.before.encode()).hexdigest()


class ServiceFiles:
    """The files of one folder; `reload` takes them up in the hub and raises `TomlError`."""

    def __init__(self, folder: Path, reload: Callable[[str], Awaitable[Declared]]) -> None:
        self._folder, self._reload = folder, reload

    def declares(self, what: str, name: str) -> Path | None:
        """The file that declares this service or agreement. Raises `TomlError`."""
        return _place(texts_in(self._folder), what, name)

    def changed(self, what: str, name: str, terms: Terms) -> Edit:
        """Raises `KeyError` for what no file declares, `NoSuchTerm`, `TomlError` for what would not be right."""
        return self._edit(what, name, lambda text: changed(text, what, name, terms))

    def without(self, what: str, name: str) -> Edit:
        """Raises as `changed`."""
        return self._edit(what, name, lambda text: without(text, what, name))

    def added(self, what: str, name: str, terms: Terms, file: str) -> Edit:
        """At the end of a file, which may be new. Raises `NoSuchTerm`, `TomlError`."""
        texts = texts_in(self._folder)
        path = self._folder / file
        before = texts.get(path, "")
        return _checked(texts, Edit(path, before, added(before, what, name, terms)))

    def agreed(self, agreement: Agreement) -> Edit:
        """The file with what was agreed in it, so that both say the same. Raises as `added`."""
        texts, terms = texts_in(self._folder), terms_of(agreement)
        if _place(texts, AGREEMENT, agreement.name) is None:
            del terms["name"]
            return self.added(AGREEMENT, agreement.name, terms, self.file_for(agreement.service))
        declared = next(one for one in declared_by(texts).agreements if one.name == agreement.name)
        before = terms_of(declared)
        differing = {term: terms.get(term) for term in before | terms if before.get(term) != terms.get(term)}
        return self.changed(AGREEMENT, agreement.name, differing)

    def file_for(self, service: str) -> str:
        """Where an agreement about this service belongs: beside the service, else a file of its name."""
        path = self.declares(SERVICE, service)
        return f"{service}.toml" if path is None else path.name

    async def write(self, edit: Edit, actor: str, expected: str = "") -> None:
        """Raises `Changed`, `TomlError` (of whatever file; then nothing is written), `OSError`."""
        now = texts_in(self._folder).get(edit.path, "")
        if now != edit.before or (expected and expected != edit.digest):
            raise Changed(edit.path.name)
        edit.path.parent.mkdir(parents=True, exist_ok=True)
        _replace(edit.path, edit.after)
        try:
            await self._reload(actor)
        except Exception:
            _replace(edit.path, edit.before) if edit.before else edit.path.unlink()
            raise

    def _edit(self, what: str, name: str, change: Callable[[str], str]) -> Edit:
        texts = texts_in(self._folder)
        path = _place(texts, what, name)
        if path is None:
            raise KeyError(name)
        return _checked(texts, Edit(path, texts[path], change(texts[path])))


def _place(texts: Mapping[Path, str], what: str, name: str) -> Path | None:
    return next((path for path, text in texts.items() if name in names_in(text, what)), None)


def _checked(texts: Mapping[Path, str], edit: Edit) -> Edit:
    declared_by({**texts, edit.path: edit.after})
    return edit


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, with the rights that the file had; a link goes on pointing to its file."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    with tempfile.NamedTemporaryFile("w", dir=target.parent, prefix=".", delete=False, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    Path(file.name).replace(target)
