"""Loops under construction: what is computed within how many of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sympy
from sympy import Basic, Expr, Symbol

from symbackprop.arrays.sizes import Size
from symbackprop.loops.model import Local, Loop, Statement

Range = tuple[Symbol, Size]
"""An index, and how many values it takes."""


@dataclass
class Level:
    """What is done within some loops, before the next inner one.

    Attributes:
        ranges: the loop; none at the outermost level.
        body: the statements so far.
        known: what was computed here, by what it is.
    """

    ranges: Range | None = None
    body: list[Statement] = field(default_factory=list)
    known: dict[Basic, Expr] = field(default_factory=dict)


class Scope:
    """A nest of loops whose bodies are being written.

    Args:
        levels: from the outermost, which has no loop.
    """

    def __init__(self, levels: Sequence[Level]) -> None:
        self.levels = tuple(levels)

    @classmethod
    def over(cls, ranges: Iterable[Range]) -> Scope:
        """A new nest."""
        return cls([Level(), *(Level(one) for one in ranges)])

    @property
    def innermost(self) -> list[Statement]:
        """The statements within all loops."""
        return self.levels[-1].body

    def within(self, level: int, ranges: Iterable[Range]) -> Scope:
        """More loops in the place of those deeper than a level."""
        return Scope([*self.levels[: level + 1], *(Level(one) for one in ranges)])

    def level_of(self, indices: Iterable[Expr]) -> int | None:
        """How deep one must be to know these indices; None where not all loops so far are among them.

        What depends on the outer loops alone is computed once for each of their steps. What depends on an
        inner loop and not on an outer one would be computed again and again.
        """
        used = set().union(*(one.free_symbols for one in indices))
        places = [
            place for place, level in enumerate(self.levels) if level.ranges and level.ranges[0] in used
        ]
        return len(places) if places == [*range(1, len(places) + 1)] else None

    def depth_of(self, expression: Basic) -> int:
        """How deep one must be to know all indices and numbers in an expression."""
        symbols = expression.free_symbols
        own = [{level.ranges[0]} if level.ranges else set() for level in self.levels]
        made = [{one.symbol for one in level.body if isinstance(one, Local)} for level in self.levels]
        deep = [place for place in range(len(self.levels)) if (own[place] | made[place]) & symbols]
        return max(deep, default=0)

    def close(self, level: int = 0) -> tuple[Statement, ...]:
        """Put the loops deeper than a level behind the statements there; those statements are given back."""
        for place in range(len(self.levels) - 1, level, -1):
            inner = self.levels[place]
            assert inner.ranges is not None
            one, size = inner.ranges
            self.levels[place - 1].body.append(Loop(one, sympy.sympify(size), tuple(inner.body)))
        return tuple(self.levels[level].body)
