"""The numbers of a check as literals of Python, or as draws of NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from symbackprop.arrays.sizes import show_shape
from symbackprop.exporting.layout import INDENT, WIDTH, Lines, bracketed, filled, indented
from symbackprop.exporting.sample import Draw

ROOM = WIDTH - len(INDENT)


def given_values(values: Mapping[str, Any]) -> Lines:
    """GIVEN = {…}: the numbers at which the gradients are checked, by name; several numbers on a line."""
    if not any(isinstance(value, list) for value in values.values()):
        items = [f'"{name}": {shown_number(value)}' for name, value in values.items()]
        return bracketed("GIVEN = {", items, "}")
    lines = ["GIVEN = {"]
    for is_array, group in groupby(values.items(), key=lambda one: isinstance(one[1], list)):
        if not is_array:
            lines += indented(filled([f'"{name}": {shown_number(value)}' for name, value in group], ROOM))
            continue
        for name, value in group:
            first, *rest = literal(value, ROOM - len(name) - len('"": ,'))
            lines += indented(list(_followed([f'"{name}": {first}', *rest])))
    return [*lines, "}"]


def literal(value: Any, room: int) -> Lines:
    """A number, or nested lists, on one line or row by row."""
    whole = shown_number(value)
    if len(whole) <= room or not isinstance(value, list):
        return [whole]
    within = room - len(INDENT) - 1
    if isinstance(value[0], list):
        inner = [line for one in value for line in _followed(literal(one, within))]
    else:
        inner = filled([shown_number(one) for one in value], within)
    return ["[", *indented(inner), "]"]


def _followed(lines: Lines) -> Iterator[str]:
    """The lines, with a comma behind the last."""
    yield from lines[:-1]
    yield f"{lines[-1]},"


def shown_number(value: Any) -> str:
    """A double with all its digits; nested lists of them."""
    if isinstance(value, list):
        return f"[{', '.join(map(shown_number, value))}]"
    return repr(float(value))


def drawn_values(values: Mapping[str, Draw]) -> Lines:
    """GIVEN = {…}: numbers that NumPy draws, the same each time."""
    lines = ["dice = np.random.default_rng(0)", "GIVEN = {"]
    for name, draw in values.items():
        size = show_shape(draw.shape)
        lines.append(f'{INDENT}"{name}": dice.uniform({draw.low!r}, {draw.high!r}, {size}),')
    lines.append("}")
    for name, draw in values.items():
        if draw.total is not None:
            lines.append(f'GIVEN["{name}"] /= GIVEN["{name}"].sum(axis={draw.total}, keepdims=True)')
    return lines
