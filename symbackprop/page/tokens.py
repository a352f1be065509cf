"""Formulas in LaTeX whose numbers are tokens, with what each token stands for.

A number in a page may change, and with its sign the brackets round it. So a formula is printed twice, as if
all its numbers were positive and as if all were negative: brackets that stand only round negative ones belong
to the number and come and go with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import sympy
from sympy import Basic

from symbackprop.content import Environment, Source, Value
from symbackprop.notation.latex import LatexSyntax
from symbackprop.notation.numbers import NumberFormat
from symbackprop.notation.printer import Printer
from symbackprop.page.marks import CLOSE, OPEN, Place, token
from symbackprop.slots import slot


class Tracked(float):
    """A number that knows its slot and the digits it was typed with."""

    slot: str = ""
    typed: sympy.Rational | None = None

    def item(self) -> Tracked:
        """Itself, as an entry of an array gives its number."""
        return self


def tracked(value: Value) -> Any:
    """A number, or an array of them, each with its slot."""
    if not np.ndim(value.number):
        return _tracked(value.number, slot(value.source))
    numbers = np.asarray(value.number)
    result = np.empty(numbers.shape, dtype=object)
    name = slot(value.source)
    for place in np.ndindex(numbers.shape):
        result[place] = _tracked(numbers[place], name and f"{name}|{','.join(map(str, place))}")
    return result


def _tracked(number: Any, name: str) -> Tracked:
    result = Tracked(float(number))
    result.slot = name
    result.typed = number if isinstance(number, sympy.Rational) else None
    return result


class TrackedValues(Mapping[Basic, Any]):
    """The numbers of an environment, each with its slot."""

    def __init__(self, values: Environment) -> None:
        self._values = values

    def __getitem__(self, of: Basic) -> Any:
        return tracked(self._values.value(of))

    def __iter__(self) -> Iterator[Basic]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def place_of(number: Any, source: Source | None, rule: NumberFormat) -> Place:
    """Where a number stands by itself, outside of formulas."""
    return Place(rule(number), slot(source))


class TokenSyntax(LatexSyntax):
    """LaTeX that remembers round which tokens brackets were put."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.bracketed: set[int] = set()

    def number(self, digits: str) -> str:
        """A token as it stands in LaTeX; a number that never changes as it is."""
        inner = digits.removeprefix("-")
        return token(int(inner[1:-1])) if inner.startswith(OPEN) else super().number(digits)

    def bracket(self, text: str) -> str:
        """Round brackets; those round one token alone are remembered."""
        head, tail = token(0).split("0")
        inner = text.removeprefix(head).removesuffix(tail)
        if inner.isdecimal() and text == token(int(inner)):
            self.bracketed.add(int(inner))
        return super().bracket(text)


class _Recorder:
    """Stands in for the number format: gives tokens, and notes what they stand for."""

    def __init__(self, rule: NumberFormat, sign: str) -> None:
        self.rule, self.sign = rule, sign
        self.places: list[Place] = []

    def __call__(self, number: Any) -> str:
        typed = getattr(number, "typed", None)
        digits = self.rule(number if typed is None else typed)
        self.places.append(Place(digits, getattr(number, "slot", "")))
        return f"{self.sign}{OPEN}{len(self.places) - 1}{CLOSE}"


def with_tokens(printer: Callable[[], Printer], show: Callable[[Printer], str]) -> tuple[str, list[Place]]:
    """A formula with tokens for its numbers, and what they stand for.

    Args:
        printer: makes a printer whose syntax is a TokenSyntax.
        show: prints the formula by it.
    """
    passes = []
    for sign in ("", "-"):
        one = printer()
        assert isinstance(one.syntax, TokenSyntax)
        one.syntax.bracketed = set()
        recorder = _Recorder(one.format, sign)
        one.format = recorder  # type: ignore[assignment]
        passes.append((show(one), recorder.places, one.syntax.bracketed))
    (latex, places, always), (_, _, negative) = passes
    return latex, [
        Place(place.digits, place.slot, wrap=number in negative - always)
        for number, place in enumerate(places)
    ]
