"""What is wrong with a filter, and where."""

from __future__ import annotations


class FilterError(ValueError):
    """This text is no filter. `position` counts characters from 0; `str()` is one line."""

    def __init__(self, why: str, text: str, position: int) -> None:
        super().__init__(f"{why} (at character {position + 1})")
        self.why, self.text, self.position = why, text, position

    def shown(self) -> str:
        """The reason, the text and a caret under the place, for people."""
        return f"{self.why}\n  {self.text}\n  {' ' * self.position}^"
