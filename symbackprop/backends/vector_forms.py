"""Large programs of numbers in the words of a library of arrays: one operation for each form of lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympy import Symbol

from symbackprop.backends.base import lines_of
from symbackprop.content import Text, text
from symbackprop.lowering.array_code import ArrayCode
from symbackprop.lowering.forms import Form, Places, forms
from symbackprop.lowering.program import Program
from symbackprop.lowering.straight import definition, prepared, unpacked

MANY = 2000
"""From so many lines on, they are computed form by form."""


def is_large(lines: Program) -> bool:
    """Whether a program is one of so many numbers that it is computed form by form."""
    return lines.shapes is None and len(lines.lines) >= MANY


def in_words(lines: Program) -> Text:
    """How a program is computed."""
    count = lines_of(lines)
    return text("the forms of {lines}", lines=count) if is_large(lines) else count


@dataclass(frozen=True)
class FormsCode:
    """A program form by form.

    Attributes:
        body: lines of code that make `values`, a row for each value and a column for each example, of the
            rows of what is given, and of `tables`.
        tables: where the values of each slot stand.
        places: where the value of each symbol stands.
    """

    body: Sequence[str]
    tables: Sequence[Places]
    places: Mapping[Symbol, int]


def forms_code(lines: Program, given: Sequence[Symbol], code: type[ArrayCode], namespace: str) -> FormsCode:
    """A program of numbers in the words of a library.

    Args:
        lines: the program.
        given: its given symbols, in the order of the rows of `values`.
        code: how expressions are printed.
        namespace: `np`, `jnp` or `torch`.
    """
    every, places = forms(prepared(lines), {symbol: place for place, symbol in enumerate(given)})
    tables: list[Places] = []
    body = []
    for form in every:
        names = {slot: f"values[t{len(tables) + place}]" for place, slot in enumerate(form.slots)}
        tables += form.tables
        body.append(_extended(form, code(names, namespace)))
    return FormsCode(
        [*unpacked((f"t{place}" for place in range(len(tables))), f"tables[:{len(tables)}]"), *body],
        tables,
        places,
    )


def _extended(form: Form, printer: ArrayCode) -> str:
    text = printer(form.expression)
    whole = f"spread(real({text}), ({len(form.lines)}, values.shape[1]))" if not form.slots else text
    return f"values = {printer.namespace}.concatenate((values, {whole}))"


def forms_source(lines: Program, code: type[ArrayCode], namespace: str) -> tuple[str, FormsCode]:
    """`program(values, tables)`: all values, and where they stand."""
    found = forms_code(lines, lines.given, code, namespace)
    return definition("program", "values, tables", [*found.body, "return values"]), found
