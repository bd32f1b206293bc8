"""What a person may set about the console: `console.toml` of the installation, and the views saved from it.

A missing file is a whole configuration; what is wrong is named with file, line and key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec

from cmdb import toml_file
from cmdb.locations import Locations
from cmdb.toml_file import KeyPath, load
from console.output.themes import LOOKS
from console.ssh.visit_locations import VisitLocations
from console.views.catalogue import VIEWS
from console.views.item_columns import item_columns
from console.views.keys import KEYS, Act
from console.views.place import CLASSES, NoSuchPlace, parse

SLOTS = "123456789"
Wrong = tuple[KeyPath, str]  # a key of the file, and why it cannot be taken
Slot = Annotated[str, msgspec.Meta(pattern="^[1-9]$")]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`keys` maps an act to Textual's names of keys, `columns` a view to the titles it shows, `views` 1–9 to places.

    `alarm_priority`: a new incident of this priority or a more urgent one rings the bell; 0 never does.
    """

    theme: str = ""  # night; sixteen where the terminal has no more colours
    ascii: bool = False
    alarm_priority: Annotated[int, msgspec.Meta(ge=0, le=5)] = 1
    keys: dict[str, str] = {}
    columns: dict[str, list[str]] = {}
    views: dict[Slot, str] = {}


class SavedViews(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    views: dict[Slot, str] = {}


@dataclass(frozen=True)
class SettingsFiles:
    """Where they are: the first is written by people, the second by the console.

    `at_home` is whether files of this machine are those of who looks: over SSH they are not.
    """

    written: Path
    saved: Path
    at_home: bool = True

    @classmethod
    def of(cls, locations: Locations) -> SettingsFiles:
        written = locations.state / "console.toml"
        if isinstance(locations, VisitLocations):
            name = quote(locations.person, safe="")
            return cls(written, locations.state / "console-views" / f"{name}.toml", at_home=False)
        return cls(written, locations.state / "console-views.toml")


def read(files: SettingsFiles) -> Settings:
    """The settings with the saved views over those of the file. Raises `TomlError` with file, line and key."""
    settings = Settings()
    if files.written.exists():
        text = toml_file.read(files.written)
        settings = toml_file.convert(files.written, text, toml_file.parse(files.written, text), Settings)
        _refuse(files.written, text, (*_wrong(settings), *_wrong_views(settings.views)))
    if not files.saved.exists():
        return settings
    text = toml_file.read(files.saved)
    saved = toml_file.convert(files.saved, text, toml_file.parse(files.saved, text), SavedViews)
    _refuse(files.saved, text, _wrong_views(saved.views))
    return msgspec.structs.replace(settings, views={**settings.views, **saved.views})


def _refuse(path: Path, text: str, wrong: Iterable[Wrong]) -> None:
    for key, why in wrong:
        raise toml_file.error_at(path, text, key, why)


def _wrong(settings: Settings) -> Iterator[Wrong]:
    """What the types cannot say, by key."""
    if settings.theme and settings.theme not in LOOKS:
        yield ("theme",), f"{settings.theme} is none of {', '.join(LOOKS)}"
    yield from _wrong_keys(settings.keys)
    for view, titles in settings.columns.items():
        if view not in VIEWS and view not in CLASSES:
            yield ("columns", view), f"is no view and no class: {', '.join(VIEWS)}, or a class such as host"
            continue
        known = [column.title for column in (VIEWS[view].columns if view in VIEWS else item_columns(view))]
        for title in titles:
            if title not in known:
                yield ("columns", view), f"{title} is none of its columns: {', '.join(known)}"


def _wrong_keys(changed: Mapping[str, str]) -> Iterator[Wrong]:
    """An act that there is not, and a key that would ask for two things."""
    taken = {name: key.act for key in KEYS if key.act not in changed for name in key.keys.split(",")}
    for act, keys in changed.items():
        if act not in set(Act):
            yield ("keys", act), f"is no act: {', '.join(key.act for key in KEYS)}"
        for name in (name.strip() for name in keys.split(",")):
            if name in taken:
                yield ("keys", act), f"{name} is the key of {taken[name]} already; give that one another"
            taken[name] = Act(act) if act in set(Act) else Act.GO


def _wrong_views(views: Mapping[str, str]) -> Iterator[Wrong]:
    for slot, words in views.items():
        try:
            parse(words)
        except NoSuchPlace as error:
            yield ("views", slot), str(error)


def save_view(files: SettingsFiles, settings: Settings, slot: str, words: str) -> Settings:
    """Keep a view under a number, whole or not at all; the settings with it. Raises `ValueError`, `OSError`."""
    if len(slot) != 1 or slot not in SLOTS:
        raise ValueError(f"{slot}: a saved view is one of 1 to 9")
    saved = load(files.saved, SavedViews) if files.saved.exists() else SavedViews()
    lines = ["# Written by the console. Yours is console.toml.", "[views]"]
    for number, place in sorted({**saved.views, slot: words}.items()):
        quoted = place.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{number} = "{quoted}"')
    unfinished = files.saved.with_suffix(".new")
    files.saved.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        unfinished.write_text("\n".join([*lines, ""]), encoding="utf-8")
        unfinished.replace(files.saved)
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
    return msgspec.structs.replace(settings, views={**settings.views, slot: words})
