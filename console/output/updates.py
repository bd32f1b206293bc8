"""Textual's updates as the cells that changed; an update that it does not know is written as Textual would."""

from __future__ import annotations

from collections.abc import Iterator

from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from console.output.frame import Frame, Pen, cells_of

Placed = tuple[int, int, Strip]


class CellUpdates:
    """Remembers the last frame; `forget` it whenever the terminal may show something else."""

    def __init__(self) -> None:
        self._frame: Frame | None = None

    def forget(self) -> None:
        self._frame = None

    def sequence(self, update: CompositorUpdate, console: Console, size: tuple[int, int]) -> str:
        """What to write so that the terminal shows this update; nothing when it does already."""
        if not isinstance(update, LayoutUpdate | ChopsUpdate):
            self.forget()
            return update.render_segments(console)
        if self._frame is None or (self._frame.width, self._frame.height) != size:
            self._frame = Frame(*size)
        return self._drawn(self._frame, update, console._color_system or ColorSystem.TRUECOLOR)

    @staticmethod
    def _drawn(frame: Frame, update: LayoutUpdate | ChopsUpdate, colors: ColorSystem) -> str:
        pen = Pen()
        for x, y, strip in _placed(update):
            for run in frame.put(x, y, cells_of(strip, colors)):
                pen.write(y, run)
        return pen.finish()


def _placed(update: LayoutUpdate | ChopsUpdate) -> Iterator[Placed]:
    return _of_layout(update) if isinstance(update, LayoutUpdate) else _of_chops(update)


def _of_layout(update: LayoutUpdate) -> Iterator[Placed]:
    """A region that is drawn whole."""
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            yield x, y, strip
            x += strip.cell_length


def _of_chops(update: ChopsUpdate) -> Iterator[Placed]:
    """Pieces of lines, cut as Textual cuts them."""
    for y, start, stop in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > stop or end <= start:
                continue
            inside = stop > x >= start and end <= stop
            yield x, y, strip if inside else strip.crop(0, min(end, stop) - x)


class CellUpdate(CompositorUpdate):
    """Stands in for an update of Textual's where that is about to be written."""

    def __init__(self, update: CompositorUpdate, cells: CellUpdates, size: tuple[int, int]) -> None:
        self._update, self._cells, self._size = update, cells, size

    def render_segments(self, console: Console) -> str:
        return self._cells.sequence(self._update, console, self._size)
