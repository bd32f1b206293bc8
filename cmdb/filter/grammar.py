"""Text → filter. A hand-written reader: a word at a time, every error with its place.

::

    filter    = term*
    term      = ["!"] (condition | ["~"] values)
    condition = field operator values           no space around the operator
    values    = value (("," | "|") value)*      after `=~` the rest of the word, or one quoted text
    value     = word | '"' text '"'             in quotes, \\" and \\\\ stand for themselves
"""

from __future__ import annotations

import re

from cmdb.filter.error import FilterError
from cmdb.filter.expression import Condition, Operator, Term, Text, Value
from cmdb.filter.filter import Filter
from cmdb.filter.pattern import pattern_error

MOST_CHARACTERS = 4096
MOST_TERMS = 64
MOST_VALUES = 256
_FIELD = re.compile(r"[A-Za-z_][\w.-]*(?=!=|!~|<=|>=|=~|<|>|=|~)")
_OPERATOR = re.compile(r"!=|!~|<=|>=|=~|==|<|>|=|~")
_WORD = re.compile(r"[^\s\",|!=~<>][^\s\",|]*")
_REST = re.compile(r"\S+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SPACE = re.compile(r"\s*")


def parse(text: str) -> Filter:
    """The filter that this text says; the empty one matches everything. Raises `FilterError`."""
    if len(text) > MOST_CHARACTERS:
        raise FilterError(f"a filter has at most {MOST_CHARACTERS} characters", text[:40] + "…", 40)
    return Filter(tuple(_Reader(text).terms()))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def terms(self) -> list[Term]:
        terms: list[Term] = []
        self.skip_space()
        while self.at < len(self.text):
            if len(terms) == MOST_TERMS:
                raise self.error(f"a filter has at most {MOST_TERMS} conditions")
            terms.append(self.term())
            self.end_of_term()
        return terms

    def term(self) -> Term:
        negated = self.take("!")
        if field := _FIELD.match(self.text, self.at):
            self.at = field.end()
            return self.condition(field[0], negated)
        fuzzy = self.take("~")
        if self.at < len(self.text) and self.text[self.at] in "=<>~":
            raise self.error("a field's name is missing before this")
        return Text(self.values("a word"), fuzzy, negated)

    def condition(self, field: str, negated: bool) -> Condition:
        found = _OPERATOR.match(self.text, self.at)
        assert found is not None  # _FIELD looked ahead
        self.at = found.end()
        operator = Operator.EQUAL if found[0] == "==" else Operator(found[0])
        values = (self.pattern(),) if operator is Operator.MATCHES else self.values(f"a value after {field}{found[0]}")
        return Condition(field, operator, values, negated)

    def pattern(self) -> Value:
        start = self.at
        if self.text[start : start + 1] == '"':
            value = Value(self.quoted(), quoted=True)
        else:
            value = Value(self.take_match(_REST, "a regular expression"))
        if error := pattern_error(value.text):
            raise FilterError(error, self.text, start)
        return value

    def values(self, what: str) -> tuple[Value, ...]:
        values = [self.value(what)]
        while self.take(",") or self.take("|"):
            if len(values) == MOST_VALUES:
                raise self.error(f"a condition has at most {MOST_VALUES} values")
            values.append(self.value("another value"))
        return tuple(values)

    def value(self, what: str) -> Value:
        if self.text[self.at : self.at + 1] == '"':
            return Value(self.quoted(), quoted=True)
        return Value(self.take_match(_WORD, what))

    def quoted(self) -> str:
        found = _QUOTED.match(self.text, self.at)
        if found is None:
            raise self.error('the closing " is missing')
        self.at = found.end()
        return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)

    def take_match(self, pattern: re.Pattern[str], what: str) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            sign = self.text[self.at : self.at + 1].strip()
            raise self.error(f"{what} cannot begin with {sign}: put it in quotes" if sign else f"{what} is missing")
        self.at = found.end()
        return found[0]

    def take(self, character: str) -> bool:
        taken = self.text.startswith(character, self.at)
        self.at += taken
        return taken

    def end_of_term(self) -> None:
        before = self.at
        self.skip_space()
        if self.at == before and self.at < len(self.text):
            raise self.error("a space is missing here")

    def skip_space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def error(self, why: str) -> FilterError:
        return FilterError(why, self.text, self.at)
