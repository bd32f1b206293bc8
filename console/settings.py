"""What a person may set about the console: `console.toml` of the installation, and the views saved from it.

A missing file is a whole configuration; what is wrong is named with file, line and key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec

from cmdb.locations import Locations
from cmdb.toml_file import TomlError, load
from console.ssh.visit_locations import VisitLocations
from console.views.keys import KEYS, Act
from console.views.place import NoSuchPlace, parse

SLOTS = "123456789"
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
    """The settings with the saved views over those of the file. Raises `TomlError`."""
    settings = load(files.written, Settings) if files.written.exists() else Settings()
    _known_acts(files.written, settings.keys)
    saved = load(files.saved, SavedViews) if files.saved.exists() else SavedViews()
    views = {**settings.views, **saved.views}
    for slot, words in views.items():
        try:
            parse(words)
        except NoSuchPlace as error:
            raise TomlError(files.written, None, f"views.{slot}", str(error)) from error
    return msgspec.structs.replace(settings, views=views)


def _known_acts(path: Path, keys: Mapping[str, str]) -> None:
    for act in keys:
        if act not in set(Act):
            raise TomlError(path, None, f"keys.{act}", f"is no act: {', '.join(key.act for key in KEYS)}")


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
