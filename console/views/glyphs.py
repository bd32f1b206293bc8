"""The signs that a terminal can show: one cell each, or plain ASCII where that is all there is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Glyphs:
    """One set of signs. `spark` rises from empty to full; all are one cell wide."""

    ellipsis: str
    cursor: str
    mark: str
    bar: str
    rail: str
    thumb: str
    full: str
    empty: str
    rule: str
    dot: str
    dash: str
    right: str
    up: str
    down: str
    spark: str


UNICODE = Glyphs(
    ellipsis="…",
    cursor="▌",
    mark="•",
    bar="│",
    rail="│",
    thumb="┃",
    full="━",
    empty="─",
    rule="─",
    dot="·",
    dash="–",
    right="›",
    up="↑",
    down="↓",
    spark="▁▂▃▄▅▆▇█",
)
ASCII = Glyphs(
    ellipsis="~",
    cursor=">",
    mark="*",
    bar="|",
    rail=" ",
    thumb="|",
    full="#",
    empty="-",
    rule="-",
    dot="-",
    dash="-",
    right=">",
    up="^",
    down="v",
    spark="_.-=+*#@",
)
