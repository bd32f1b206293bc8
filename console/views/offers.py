"""Which keys do something here and now: a key that is not backed by anything is neither shown nor bound."""

from __future__ import annotations

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


def offered(
    subject: Subject | None,
    *,
    on_list: bool,
    enters: bool,
    leads_out: bool,
    tabs: int = 0,
    orders: int = 0,
    has_detail: bool = False,
    detail_fits: bool = False,
    previous: bool = False,
    back: bool = False,
    forward: bool = False,
    readonly: bool = False,
    saved: bool = False,
    exports: bool = False,
    past: bool = False,
    undoes: bool = False,
) -> frozenset[Act]:
    """The acts that are possible with this subject in this place."""
    asked = {
        Act.ENTER: enters,
        Act.OUT: leads_out,
        Act.LAST: previous,
        Act.BACK: back,
        Act.FORWARD: forward,
        Act.NEXT_TAB: tabs > 1,
        Act.PREVIOUS_TAB: tabs > 1,
        Act.DETAIL_DOWN: has_detail,
        Act.DETAIL_UP: has_detail,
        Act.WIDE: detail_fits,
        Act.FILTER: on_list,
        Act.MARK: on_list and subject is not None,
        Act.SORT: on_list and orders > 1,
        Act.COPY: subject is not None,
        Act.SAVED: saved,
        Act.SAVE_VIEW: on_list,
        Act.EXPORT: exports,
        Act.TIME: on_list or past,
        Act.EARLIER: on_list or past,
        Act.LATER: past,
        Act.UNDO: undoes and not (readonly or past),
    }
    if subject is not None:
        readonly = readonly or past
        asked |= {
            Act.RELATIONS: subject.ci is not None or subject.place.name == "service",
            Act.DIFF: subject.place.name == "ci",
            Act.ACKNOWLEDGE: ACKNOWLEDGE.about(subject) is not None and not readonly,
            Act.NOTE: NOTE.about(subject) is not None and not readonly,
            Act.RUN: RUN.about(subject) is not None and not readonly,
            Act.SILENCE: SILENCE.about(subject) is not None and not readonly,
            Act.MAINTENANCE: MAINTENANCE.about(subject) is not None and not readonly,
            Act.ACTIONS: not readonly and bool(possible(subject)),
        }
    return _ALWAYS | {act for act, possible in asked.items() if possible}
