"""Which keys do something here and now: a key that is not backed by anything is neither shown nor bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.views.deeds import ACKNOWLEDGE, MAINTENANCE, NOTE, RUN, SILENCE, possible
from console.views.keys import Act
from console.views.subject import Subject

_ALWAYS = frozenset({
    Act.GO, Act.SHARE, Act.HELP, Act.PALETTE, Act.QUIT, Act.THEME, Act.REFRESH, Act.PAUSE, Act.DOWN, Act.UP,
    Act.PAGE_DOWN, Act.PAGE_UP, Act.TOP, Act.BOTTOM,
})  # fmt: skip

DOING = frozenset({
    Act.ACKNOWLEDGE, Act.NOTE, Act.RUN, Act.ACTIONS, Act.SILENCE, Act.MAINTENANCE, Act.UNDO,
})  # fmt: skip


@dataclass(frozen=True)
class Here:
    """Where somebody is, as far as keys go by it. `subject` is what an action would be about."""

    subject: Subject | None
    on_list: bool
    enters: bool
    leads_out: bool
    tabs: int = 0
    orders: int = 0
    has_detail: bool = False
    detail_fits: bool = False
    previous: bool = False
    back: bool = False
    forward: bool = False
    readonly: bool = False
    saved: bool = False
    exports: bool = False
    past: bool = False
    undoes: bool = False


def offered(here: Here) -> frozenset[Act]:
    """The acts that are possible here."""
    asked = {**_ways(here), **_on_lists(here), **_about(here)}
    return _ALWAYS | {act for act, possible in asked.items() if possible}


def _ways(here: Here) -> Mapping[Act, bool]:
    """In, out, along the trail, and through time."""
    return {
        Act.ENTER: here.enters,
        Act.OUT: here.leads_out,
        Act.LAST: here.previous,
        Act.BACK: here.back,
        Act.FORWARD: here.forward,
        Act.NEXT_TAB: here.tabs > 1,
        Act.PREVIOUS_TAB: here.tabs > 1,
        Act.SAVED: here.saved,
        Act.TIME: here.on_list or here.past,
        Act.EARLIER: here.on_list or here.past,
        Act.LATER: here.past,
    }


def _on_lists(here: Here) -> Mapping[Act, bool]:
    """What can be done with a list and the detail beside it."""
    return {
        Act.DETAIL_DOWN: here.has_detail,
        Act.DETAIL_UP: here.has_detail,
        Act.WIDE: here.detail_fits,
        Act.FILTER: here.on_list,
        Act.MARK: here.on_list and here.subject is not None,
        Act.MARK_ALL: here.on_list and here.subject is not None and not here.past,
        Act.SORT: here.on_list and here.orders > 1,
        Act.SAVE_VIEW: here.on_list,
        Act.EXPORT: here.exports,
    }


def _about(here: Here) -> Mapping[Act, bool]:
    """What can be done with the subject, and taken back."""
    subject, may_do = here.subject, not (here.readonly or here.past)
    undo = {Act.UNDO: here.undoes and may_do}
    if subject is None:
        return undo
    keyed = {
        Act.ACKNOWLEDGE: ACKNOWLEDGE,
        Act.NOTE: NOTE,
        Act.RUN: RUN,
        Act.SILENCE: SILENCE,
        Act.MAINTENANCE: MAINTENANCE,
    }
    return {
        **undo,
        Act.COPY: True,
        Act.RELATIONS: subject.ci is not None or subject.place.name == "service",
        Act.DIFF: subject.place.name == "ci",
        **{act: may_do and deed.about(subject) is not None for act, deed in keyed.items()},
        Act.ACTIONS: may_do and bool(possible(subject)),
    }
