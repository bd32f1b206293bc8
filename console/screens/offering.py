"""What the palette can lead to from where one is: views, what can be done here, saved views, themes, records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from inspect import isawaitable

from textual import events

from console.finding import records
from console.output.themes import LOOKS
from console.screens.acting import Acting
from console.screens.palette import Palette
from console.views.choice import Choice
from console.views.deeds import DEED
from console.views.keys import Act
from console.views.place import CLASSES, VIEWS, NoSuchPlace, Place, parse, plural

_ITSELF = frozenset({Act.PALETTE, Act.SAVED, Act.THEME})  # the others of these are offered one by one
_ABOUT_VIEW = "view"


class Offering(Acting):
    """The board with its palette."""

    async def _do_palette(self) -> None:
        """Until it is there: the keys that follow are its."""
        palette = Palette(tuple(self._choices()), self._found)

        def chosen(choice: Choice | None) -> None:
            if choice is not None:
                self.call_next(choice.do)
            for event in palette.typed_on:
                self.app.post_message(events.Key(event.key, event.character))

        await self.app.push_screen(palette, chosen)

    def _choices(self) -> Iterator[Choice]:
        yield from self._views()
        yield from self._deeds()
        yield from self._acts()
        for slot, words in sorted(self._settings.views.items()):
            yield Choice(words, "saved view", partial(self.go, words), slot)
        for class_ in CLASSES:
            yield Choice(f":{plural(class_)}", "items of a class", partial(self.visit, Place("ci", class_=class_)))
        for name in LOOKS:
            yield Choice(f"theme {name}", "colours", partial(setattr, self.app, "theme", name))

    def _views(self) -> Iterator[Choice]:
        for view, aliases in VIEWS.items():
            if view != "ci":
                yield Choice(f":{aliases[0]}", _ABOUT_VIEW, partial(self.visit, Place(view)))

    def _deeds(self) -> Iterator[Choice]:
        for deed in self.deeds():
            yield Choice(deed.label, f"do with {self.subject_name}", partial(self.do, deed), deed.key)

    def _acts(self) -> Iterator[Choice]:
        """What keys do here, but for moving about and what is a deed already."""
        offered = self._offered()
        for key in self._keys:
            if key.act in offered and key.group != "Move" and key.act not in _ITSELF and key.act not in DEED:
                yield Choice(key.label, key.about, partial(self.run_act, key.act), key.shown)

    async def run_act(self, act: Act) -> None:
        """What the key of this act does."""
        if act is Act.QUIT:
            self.app.exit()
            return
        doing = getattr(self, f"_do_{act}")()
        if isawaitable(doing):
            await doing

    async def _found(self, words: str) -> Sequence[Choice]:
        found = [Choice(one.name, one.about, partial(self.visit, one.place)) for one in await records(self.link, words)]
        try:
            place = parse(words)
        except NoSuchPlace:
            return found
        return [Choice(words, f"go to {place.uri}", partial(self.visit, place)), *found]
