"""Whether a printed number is a value rounded; how far printed operands may be off unrounded ones."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from mpmath import mp, mpf

from symbackprop.formulas.tree import Node, Printed
from symbackprop.reckoning.paper import Misfit, Undefined, on_paper, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.scene import Scene, Unknown

DOUBLE = mpf(10) ** -13
"""How far a value that was computed in double precision may be off, of itself."""
NEARLY = 1e-12
"""The part of a double that two ways to the same number may differ by."""


@dataclass(frozen=True)
class Cell:
    """A number with its sign, as it is printed.

    Attributes:
        value: exactly what stands there.
        unit: one unit of its last digit; 0: it is exact.
        node: where it stands.
    """

    value: Fraction
    unit: Fraction
    node: Node

    def fits(self, value: Any) -> bool:
        """Whether the value, rounded to the printed digits, is this number; a tie goes either way."""
        half = as_mpf(self.unit) / 2
        return bool(abs(as_mpf(self.value) - value) <= half + DOUBLE * abs(value) + mpf(10) ** -60)


def as_mpf(value: Fraction) -> Any:
    """A fraction in the digits that mpmath works with."""
    return mpf(value.numerator) / value.denominator


def cell_of(node: Node) -> Cell | None:
    """A printed number, a minus and brackets before it read; None: it is more than that."""
    if node.kind == "number" and isinstance(node.value, Printed):
        return Cell(node.value.value, node.value.unit, node)
    if node.kind == "group":
        return cell_of(node.parts[0])
    if node.kind == "sum" and len(node.parts) == 1:
        inner = cell_of(node.parts[0])
        return (
            None
            if inner is None
            else Cell(-inner.value if node.value == ("-",) else inner.value, inner.unit, node)
        )
    return None


def cells_of(node: Node) -> Any | None:
    """A printed number, or an array of them; None: it is more than that."""
    while node.kind == "group" and node.parts[0].kind in ("matrix", "listed", "group"):
        node = node.parts[0]
    if node.kind == "matrix":
        rows = [[cell_of(cell) for cell in row.parts] for row in node.parts]
        if any(cell is None for row in rows for cell in row):
            return None
        made = np.empty((len(rows), len(rows[0])), dtype=object)
        for place in np.ndindex(made.shape):
            made[place] = rows[place[0]][place[1]]
        return made
    if node.kind == "transposed":
        inner = cells_of(node.parts[0])
        return inner.T if isinstance(inner, np.ndarray) and inner.ndim == 2 else None
    if node.kind == "listed":
        parts = [cells_of(part) for part in node.parts]
        arrays = [
            part if isinstance(part, np.ndarray) else np.array([[part]], dtype=object) for part in parts
        ]
        if any(part is None for part in parts) or len({part.shape for part in arrays}) > 1:
            return None
        return np.stack(arrays)
    return cell_of(node)


def entries(cells: Any) -> list[Cell]:
    """The printed numbers of an array, or the one."""
    return list(cells.reshape(-1)) if isinstance(cells, np.ndarray) else [cells]


def misfits(cells: Any, value: Any) -> list[tuple[Cell, Any]] | None:
    """The printed numbers that are not the value's, with what is right; None: the shapes differ."""
    numbers = on_paper(settled(value))
    if isinstance(cells, np.ndarray) and cells.size == 1 and cells.ndim <= 2:
        cells = cells.reshape(-1)[0]
    if np.shape(cells) != np.shape(numbers):
        return None
    flat = np.asarray(numbers, dtype=object).reshape(-1)
    return [(cell, right) for cell, right in zip(entries(cells), flat, strict=True) if not cell.fits(right)]


def operands(node: Node) -> list[Node]:
    """The printed numbers in a tree that were rounded."""
    return [one for one in node.walk() if isinstance(one.value, Printed) and one.value.unit]


def slack(printed: Printed, scene: Scene, finest: Fraction) -> Any:
    """How far a printed number may be off what it stands for: by half a unit; a number of the spec is exact.

    It is as far off as a computed value that rounds to it, if one is of about the digits of the formula.

    Args:
        printed: the number.
        scene: the numbers of the spec, and the computed ones.
        finest: the unit of the finest number of the formula.
    """
    size, half = abs(float(printed.value)), float(printed.unit) / 2
    rates = [] if scene.rate is None else [float(scene.rate)]
    given = abs(np.append(scene.point.given_doubles, rates))
    if not np.any(abs(given - size) <= NEARLY * size):
        return as_mpf(printed.unit) / 2
    apart = abs(abs(scene.point.inner_doubles) - size)
    near = apart[apart <= half]
    return mpf(0) if printed.unit >= 100 * finest else mpf(max(near, default=0.0))


def tolerance(node: Node, scene: Scene) -> Any:
    """How far the value of printed operands may be off: half a unit of each, as much as it counts.

    Returns:
        A number, or an array of them of the value's shape.
    """
    centre = value_of(node, scene)
    total = np.asarray(on_paper(settled(centre)), dtype=object) * mpf(0)
    printed = operands(node)
    finest = min((one.value.unit for one in printed if isinstance(one.value, Printed)), default=Fraction(0))
    for operand in printed:
        assert isinstance(operand.value, Printed)
        shift = slack(operand.value, scene, finest)
        if not shift:
            continue
        shifts = {**scene.shifts, operand.start: shift}
        try:
            moved = value_of(node, scene.having(shifts=shifts))
        except (Undefined, Unknown, Misfit):
            continue
        total = total + abs(
            np.asarray(on_paper(settled(moved)), dtype=object)
            - np.asarray(on_paper(settled(centre)), dtype=object)
        )
    return (
        on_paper(np.asarray(total, dtype=object)) * mpf("1.05")
        if np.ndim(total)
        else mpf(np.asarray(total, dtype=object).item()) * mpf("1.05")
    )


def within(value: Any, right: Any, off: Any) -> bool:
    """Whether two values differ by no more than that, entry by entry."""
    one, other = (np.asarray(on_paper(settled(each)), dtype=object) for each in (value, right))
    if one.shape != other.shape:
        return False
    slack = np.asarray(off, dtype=object)
    slack = np.broadcast_to(slack, one.shape) if slack.shape != one.shape else slack
    pairs = zip(one.reshape(-1), other.reshape(-1), slack.reshape(-1), strict=True)
    return all(abs(a - b) <= free + DOUBLE * max(abs(a), abs(b)) + mpf(10) ** -60 for a, b, free in pairs)


def as_printed(value: Any, like: Cell | None = None) -> str:
    r"""A number in LaTeX, to as many digits as another is printed with: -7.8 \times 10^{-5}."""
    if like is None or not like.unit:
        return plain_number(value)
    decimals = max(0, -_exponent(like.unit))
    if like.value and abs(like.value) >= Fraction(1, 10**3):
        return _fixed(value, decimals)
    text = _fixed(value, decimals)
    if value != 0 and set(text) <= set("-0."):
        return plain_number(value, 7)
    return text if abs(value) >= mpf(10) ** -4 or value == 0 else plain_number(value, 7)


def _exponent(unit: Fraction) -> int:
    exponent = 0
    while Fraction(10) ** exponent > unit:
        exponent -= 1
    while Fraction(10) ** (exponent + 1) <= unit:
        exponent += 1
    return exponent


def _fixed(value: Any, decimals: int) -> str:
    scaled = int(mp.nint(mpf(value) * mpf(10) ** decimals))
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled)).rjust(decimals + 1, "0")
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


def plain_number(value: Any, digits: int = 6) -> str:
    r"""A number in LaTeX to some digits: 0.25, -1.9 \times 10^{-5}."""
    if isinstance(value, np.ndarray):
        return matrix_latex(value, digits)
    value = mpf(value)
    if value == 0:
        return "0"
    if mpf(10) ** -4 <= abs(value) < mpf(10) ** 7:
        text: str = mp.nstr(value, digits, strip_zeros=True, min_fixed=-20, max_fixed=20)
        return text.removesuffix(".0")
    shown: str = mp.nstr(value, digits, min_fixed=0, max_fixed=0)
    mantissa, _, exponent = shown.partition("e")
    mantissa = mantissa.removesuffix(".0")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else mantissa


def matrix_latex(value: Any, digits: int = 6) -> str:
    """An array in LaTeX."""
    made = np.asarray(value, dtype=object)
    if made.ndim > 2:
        return r"\left\{" + ", ".join(matrix_latex(part, digits) for part in made) + r"\right\}"
    rows = made.reshape(-1, 1) if made.ndim == 1 else made
    body = r" \\ ".join(" & ".join(plain_number(one, digits) for one in row) for row in rows)
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"
