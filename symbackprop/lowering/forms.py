"""Large programs of numbers, computed form by form: lines that differ in their names only are one operation.

A network of thousands of weights has a handful of forms: Σ w x + b, σ(z), δ x. Lines of one form that do not
wait for each other are one operation on vectors of values, picked out of all values so far by tables of
places; what is written and compiled does not grow with the number of lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Basic, Expr, Mul, Symbol

from symbackprop.lowering.program import Line
from symbackprop.lowering.stable import is_product_of_names

RUN = 8
"""So many terms of one form, one after the other in a sum, are summed up as one."""

Places = NDArray[np.int64]


class Run(Expr):  # type: ignore[misc]
    """Σ over the terms of a run: its argument is the first of them, over the symbols of `Slot`."""


class Slot(Symbol):  # type: ignore[misc]
    """What stands for the symbols of all lines of a form at one place."""

    def __new__(cls, table: int) -> Slot:  # noqa: D102
        instance: Slot = Symbol.__new__(cls, f"slot {table}")
        return instance


@dataclass(frozen=True)
class Form:
    """Lines that are computed together.

    Attributes:
        expression: of all of them, over slots.
        slots: of the expression, with the table of each.
        tables: for each slot where its values stand: a place for each line, in a run a row of places.
        lines: the lines; their values stand behind those of all forms before.
    """

    expression: Basic
    slots: Sequence[Slot]
    tables: Sequence[Places]
    lines: Sequence[Line]


def forms(lines: Iterable[Line], places: Mapping[Symbol, int]) -> tuple[list[Form], dict[Symbol, int]]:
    """The forms in the order in which they are computed, and the place of every value.

    Args:
        lines: what is computed, in an order in which it can be.
        places: where the given values stand, from 0.
    """
    found: dict[tuple[int, Any], list[tuple[Line, Sequence[Any]]]] = {}
    level = dict.fromkeys(places, 0)
    for line in lines:
        key, symbols = _read(line.expression)
        own = 1 + max(map(level.__getitem__, _flat(symbols)), default=0)
        level[line.symbol] = own
        found.setdefault((own, key), []).append((line, symbols))
    every, where = [], dict(places)
    for _, members in sorted(found.items(), key=lambda item: item[0][0]):
        every.append(_form(members, where))
        for line, _ in members:
            where[line.symbol] = len(where)
    return every, where


def _form(members: Sequence[tuple[Line, Sequence[Any]]], where: Mapping[Symbol, int]) -> Form:
    lines, symbols = zip(*members, strict=True)
    slots: list[Slot] = []
    expression = _pattern(lines[0].expression, slots)
    tables = [_table(column, where) for column in zip(*symbols, strict=True)]
    return Form(expression, slots, tables, lines)


def _table(column: Sequence[Any], where: Mapping[Symbol, int]) -> Places:
    """Where the symbols of a slot stand, one for each line or as many as its run has terms."""
    find = where.__getitem__
    if type(column[0]) is list:
        return np.array([list(map(find, own)) for own in column], dtype=np.int64)
    return np.array(list(map(find, column)), dtype=np.int64)


def _flat(symbols: Sequence[Any]) -> Sequence[Symbol]:
    if list not in map(type, symbols):
        return symbols
    return [symbol for one in symbols for symbol in (one if type(one) is list else [one])]


def _read(expression: Basic) -> tuple[Any, Sequence[Any]]:
    """What an expression is but for its symbols, and these."""
    if is_product_of_names(expression):
        return (Mul, len(expression.args)), expression.args
    symbols: list[Any] = []
    return _key(expression, symbols), symbols


def _key(expression: Basic, symbols: list[Any]) -> Any:
    """What the expression is but for its symbols, which are gathered in the order in which they are read.

    In a run the symbols at one place of all its terms are gathered together, as a list.
    """
    if isinstance(expression, Symbol):
        symbols.append(expression)
        return None
    arguments = expression.args
    if not arguments:
        return expression
    kind = type(expression)
    if is_product_of_names(expression):
        symbols += arguments
        return Mul, len(arguments)
    if kind is not Add or len(arguments) < RUN:
        return (kind, *[_key(one, symbols) for one in arguments])
    parts: list[Any] = [Add]
    for key, terms in _runs(arguments):
        if len(terms) < RUN:
            parts += [key] * len(terms)
            symbols += [symbol for own in terms for symbol in own]
        else:
            parts.append((Run, len(terms), key))
            symbols += [list(column) for column in zip(*terms, strict=True)]
    return tuple(parts)


def _runs(terms: Sequence[Basic]) -> list[tuple[Any, list[list[Any]]]]:
    """Neighbouring terms of one form, with the symbols of each; what has a run within stays single."""
    found: list[tuple[Any, list[list[Any]]]] = []
    for term in terms:
        own: list[Any] = []
        key = _key(term, own)
        nested = any(isinstance(one, list) for one in own)
        if found and found[-1][0] == key and not nested:
            found[-1][1].append(own)
        else:
            found.append((key, [own]))
    return found


def _pattern(expression: Basic, slots: list[Slot]) -> Basic:
    """The expression over slots, in the order of `_key`."""
    if isinstance(expression, Symbol):
        slots.append(Slot(len(slots)))
        return slots[-1]
    if not expression.args:
        return expression
    if type(expression) is not Add or len(expression.args) < RUN:
        arguments = [_pattern(one, slots) for one in expression.args]
        return expression.func(*arguments, evaluate=False)
    parts: list[Basic] = []
    terms = iter(expression.args)
    for _, run in _runs(expression.args):
        members = [next(terms) for _ in run]
        if len(run) < RUN:
            parts += [_pattern(one, slots) for one in members]
        else:
            parts.append(Run(_pattern(members[0], slots)))
    return parts[0] if len(parts) == 1 else Add(*parts, evaluate=False)
