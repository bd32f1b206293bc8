"""Where one has been: back out of a detail, back and forth in history, and the view before this one."""

from __future__ import annotations

from console.views.place import Place


class Trail:
    """A browser's history with one addition: `up` leads out of what Enter led into."""

    def __init__(self, home: Place) -> None:
        self._places = [home]
        self._depths = [0]
        self._position = 0
        self._previous: int | None = None

    @property
    def here(self) -> Place:
        return self._places[self._position]

    @property
    def parents(self) -> tuple[Place, ...]:
        """What `up` would lead to, nearest last: the bread crumbs."""
        crumbs: list[Place] = []
        depth = self._depths[self._position]
        for index in range(self._position - 1, -1, -1):
            if self._depths[index] < depth:
                crumbs.append(self._places[index])
                depth = self._depths[index]
        return tuple(reversed(crumbs))

    @property
    def previous(self) -> Place | None:
        """Where `last` would lead."""
        return None if self._previous is None else self._places[self._previous]

    @property
    def can_go_back(self) -> bool:
        return self._position > 0

    @property
    def can_go_forward(self) -> bool:
        return self._position + 1 < len(self._places)

    def go(self, place: Place) -> Place:
        """To another place; what lay ahead is forgotten."""
        return self._visit(place, 0)

    def into(self, place: Place) -> Place:
        """Down into a detail of this place."""
        return self._visit(place, self._depths[self._position] + 1)

    def amend(self, place: Place) -> Place:
        """This place with another filter, sort or tab: not a step of its own."""
        self._places[self._position] = place
        return place

    def up(self) -> Place | None:
        """Out of this detail, or back to where one came from; None at the beginning."""
        depth = self._depths[self._position]
        for index in range(self._position - 1, -1, -1):
            if self._depths[index] < depth:
                return self._move(index)
        return self.back()

    def back(self) -> Place | None:
        return self._move(self._position - 1) if self._position else None

    def forward(self) -> Place | None:
        return self._move(self._position + 1) if self._position + 1 < len(self._places) else None

    def last(self) -> Place | None:
        """The place before this one, and from there back again."""
        return None if self._previous is None else self._move(self._previous)

    def _visit(self, place: Place, depth: int) -> Place:
        if place == self.here:
            return place
        del self._places[self._position + 1 :], self._depths[self._position + 1 :]
        self._places.append(place)
        self._depths.append(depth)
        return self._move(self._position + 1)

    def _move(self, index: int) -> Place:
        self._previous, self._position = self._position, index
        return self.here
