"""What a term means: a term → a function that says of a document whether it holds.

A list holds what one of its entries does. Where there is no value, only `field=""` holds, and what is negated.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from cmdb.filter.expression import Condition, Operator, Term, Text, Value
from cmdb.filter.field import REFERENCES, Scope, texts_of, value_of
from cmdb.filter.natural import natural_key
from cmdb.filter.pattern import Glob, has_letters, searched
from cmdb.filter.quantity import Span, moment_of, number_of
from cmdb.filter.version import compare_versions, ecosystem_of
from cmdb.store.protocol import Document

Judge = Callable[[Document, Scope], bool]
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
_ORDERS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}
_NEGATIONS = {Operator.NOT_EQUAL: Operator.EQUAL, Operator.NOT_CONTAINS: Operator.CONTAINS}


def judge_of(term: Term) -> Judge:
    """The judge of this term."""
    judge = _text_judge(term) if isinstance(term, Text) else _condition_judge(term)
    negated = term.negated != (isinstance(term, Condition) and term.operator in _NEGATIONS)
    return (lambda document, scope: not judge(document, scope)) if negated else judge


def _text_judge(term: Text) -> Judge:
    if term.fuzzy:
        letters = [value.text.casefold() for value in term.values]
        return lambda document, _: any(has_letters(text, word) for text in texts_of(document) for word in letters)
    globs = [_glob(value, ignore_case=True) for value in term.values]
    return lambda document, _: any(glob.is_in(text) for text in texts_of(document) for glob in globs)


def _condition_judge(condition: Condition) -> Judge:
    field, kind = condition.field, _NEGATIONS.get(condition.operator, condition.operator)
    if kind in _ORDERS:
        return _order_judge(field, _ORDERS[kind], condition.values)
    accept = _acceptance(kind, field, condition.values)

    def judge(document: Document, scope: Scope) -> bool:
        return any(accept(value, scope) for value in _candidates(document, field, scope))

    return judge


def _candidates(document: Document, field: str, scope: Scope) -> Iterable[Any]:
    """The values that a condition may be about: each entry of a list, the name behind a reference, None for nothing."""
    value = value_of(document, field, scope)
    if isinstance(value, list | tuple):
        return value or (None,)
    if field in REFERENCES and isinstance(value, str) and (other := scope.related(value)) is not None:
        return value, other.get("name")
    return (value,)


def _acceptance(kind: Operator, field: str, values: tuple[Value, ...]) -> Callable[[Any, Scope], bool]:
    if kind is Operator.MATCHES:
        pattern = values[0].text
        return lambda value, _: value is not None and searched(pattern, _text(value))
    if kind is Operator.CONTAINS:
        globs = [_glob(value, ignore_case=True) for value in values]
        return lambda value, _: value is not None and any(glob.is_in(_text(value)) for glob in globs)
    tests = [_equality(field, value) for value in values]
    return lambda value, scope: any(test(value, scope) for test in tests)


def _equality(field: str, wanted: Value) -> Callable[[Any, Scope], bool]:
    text, glob = wanted.text, _glob(wanted, ignore_case=False)
    number, truth = (None, None) if wanted.quoted else (number_of(text, field), _TRUTHS.get(text.lower()))

    def equal(value: Any, scope: Scope) -> bool:
        if value is None or value == "":
            return text == ""
        if isinstance(value, str):
            return glob.is_all_of(value)
        if isinstance(value, bool):
            return value is truth
        if isinstance(value, datetime):
            span = moment_of(text, scope.now)
            return span is not None and span[0] <= value < span[1]
        return (number is not None and value == number) or glob.is_all_of(_text(value))

    return equal


def _order_judge(field: str, order: Callable[[Any, Any], bool], values: tuple[Value, ...]) -> Judge:
    is_version = field.rpartition(".")[2].endswith("version")

    def judge(document: Document, scope: Scope) -> bool:
        ecosystem = ecosystem_of(document) if is_version else None
        return any(
            _in_order(value, wanted.text, field, order, ecosystem, scope.now)
            for value in _candidates(document, field, scope)
            for wanted in values
        )

    return judge


def _in_order(
    value: Any, wanted: str, field: str, order: Callable[[Any, Any], bool], ecosystem: str | None, now: datetime
) -> bool:
    if isinstance(value, bool | None | Mapping):
        return False
    if isinstance(value, datetime):
        return _in_time(value, moment_of(wanted, now), order)
    number = number_of(wanted, field)
    if isinstance(value, int | float):
        return number is not None and order(value, number)
    text = _text(value)
    if ecosystem is not None:
        return order(compare_versions(text, wanted, ecosystem), 0)
    if number is not None and (own := number_of(text, field)) is not None:
        return order(own, number)
    if (own_time := moment_of(text, now)) is not None and (span := moment_of(wanted, now)) is not None:
        return _in_time(own_time[0], span, order)
    return order(natural_key(text), natural_key(wanted))


def _in_time(moment: datetime, span: Span | None, order: Callable[[Any, Any], bool]) -> bool:
    """Compared with a whole day, earlier is before its start and later is after its end."""
    if span is None:
        return False
    start, end = span
    if order is operator.gt:
        return moment >= end if end > start else moment > start
    if order is operator.le:
        return moment < end if end > start else moment <= start
    return order(moment, start)


def _glob(value: Value, *, ignore_case: bool) -> Glob:
    return Glob((value.text,) if value.quoted else tuple(value.text.split("*")), ignore_case)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_text(inner)}" for name, inner in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)
