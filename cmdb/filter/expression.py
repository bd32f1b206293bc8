"""A parsed filter: terms that must all hold. Frozen, and its text again by `str`. What a term means: `judge`."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from cmdb.filter.field import REFERENCES
from cmdb.model.kind import Kind
from cmdb.store.protocol import INDEXES


class Operator(enum.StrEnum):
    """How a field is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    CONTAINS = "~"
    NOT_CONTAINS = "!~"
    MATCHES = "=~"  # a regular expression
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True)
class Value:
    """What is looked for. Quoted means literally: no `*`, no units, no moment."""

    text: str
    quoted: bool = False

    def __str__(self) -> str:
        if not self.quoted:
            return self.text
        escaped = self.text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'


@dataclass(frozen=True)
class Condition:
    """A field compared with values: any one of them will do. `negated` turns the answer round."""

    field: str
    operator: Operator
    values: tuple[Value, ...]
    negated: bool = False

    def __str__(self) -> str:
        return f"{'!' * self.negated}{self.field}{self.operator}{','.join(map(str, self.values))}"

    @property
    def is_plain_equality(self) -> bool:
        """Whether an index answers it: one text, as it is."""
        value = self.values[0]
        one = self.operator is Operator.EQUAL and len(self.values) == 1 and not self.negated
        return one and value.text != "" and (value.quoted or "*" not in value.text)


@dataclass(frozen=True)
class Text:
    """Words found in any field, ignoring case; `fuzzy`: their letters in this order."""

    values: tuple[Value, ...]
    fuzzy: bool = False
    negated: bool = False

    def __str__(self) -> str:
        return f"{'!' * self.negated}{'~' * self.fuzzy}{','.join(map(str, self.values))}"


Term = Condition | Text


@dataclass(frozen=True)
class Expression:
    """All of these terms; none: everything."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def equals(self, kind: Kind) -> dict[str, str]:
        """The equalities that an index of this kind answers: `store.find(kind, filter.equals(kind), …)`.

        They narrow only; each document still has to match. References are left out: `host=web-1` also means
        the host of that name.
        """
        indexed = set(INDEXES.get(kind, ())) - REFERENCES
        return {
            term.field: term.values[0].text
            for term in self.terms
            if isinstance(term, Condition) and term.field in indexed and term.is_plain_equality
        }
