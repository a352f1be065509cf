"""What a solution is made of: a few frozen kinds of steps. No markup stands here; the writers have it.

The kinds are closed: a writer handles `Heading`, `Sentence`, `Formulas`, `Assignments`, `Table`, `Picture`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from sympy import Expr, Symbol

from symbackprop.arrays.shapes import Shapes
from symbackprop.content import Digits, Math, Text, Value
from symbackprop.shown import Headed

if TYPE_CHECKING:
    from symbackprop.diagrams.model import Diagram
    from symbackprop.plots import Plot

LOWEST = 4
"""The level of the smallest heading."""

Relation: TypeAlias = Literal["=", "≈", "≡", "←"]


@dataclass(frozen=True)
class Heading:
    """The title of a section; level 1 is the largest.

    Attributes:
        level: 1 to LOWEST.
        text: the title.
        iteration: the number of the iteration, where it is one that is shown in full.
    """

    level: int
    text: Text
    iteration: int | None = None


@dataclass(frozen=True)
class Sentence:
    """A sentence between formulas.

    Attributes:
        text: the sentence.
        fixed: it holds for the numbers of the solution only, and is not said anew where they are changed.
    """

    text: Text
    fixed: bool = False


@dataclass(frozen=True)
class Equation:
    """left = side = side …

    Attributes:
        left: what is said.
        sides: what it equals, each with its relation.
        boxed: it is a result.
        shaped: where it is one of arrays, their shapes are written under it.
    """

    left: Expr
    sides: tuple[tuple[Relation, Math], ...]
    boxed: bool = False
    shaped: bool = False


@dataclass(frozen=True)
class Formulas:
    """Equations that are read together, one below the other.

    Attributes:
        equations: at least one.
        fixed: they hold for the numbers of the solution only, and are not made anew where they are changed.
    """

    equations: tuple[Equation, ...]
    fixed: bool = False


@dataclass(frozen=True)
class Assignments:
    """Short equations side by side, in rows: w_11 = 0.1, w_12 = -0.2, …"""

    rows: tuple[tuple[Equation, ...], ...]


Cell: TypeAlias = Text | Expr | Value | Digits | str


@dataclass(frozen=True)
class Table:
    """A table; numbers stand to the right."""

    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def columns(self) -> list[tuple[Cell, ...]]:
        """What stands under each cell of the head.

        >>> Table(("a", "b"), (("1", "2"), ("3", "4"))).columns
        [('1', '3'), ('2', '4')]
        """
        return list(zip(*self.rows, strict=True)) or [()] * len(self.head)


@dataclass(frozen=True)
class Notation:
    """How mathematics is written: in components unless something else is said.

    Attributes:
        shapes: of the symbols, where they are matrices and vectors.
        capitals: of indexed notation, the arrays whose entries keep the capital letter.
    """

    shapes: Shapes | None = None
    capitals: frozenset[Symbol] | None = None


@dataclass(frozen=True)
class Picture:
    """A drawing of the graph, or a plot."""

    drawing: Diagram | Plot


Step: TypeAlias = Heading | Sentence | Formulas | Assignments | Table | Picture


@dataclass(frozen=True, repr=False)
class Solution(Headed):
    """A whole solution.

    Attributes:
        title: as the author wrote it.
        steps: in the order of reading.
        notation: how its mathematics is written.
    """

    title: str
    steps: tuple[Step, ...]
    notation: Notation = field(default_factory=Notation)


def equation(
    left: Expr, *sides: Math, relation: Relation = "=", boxed: bool = False, shaped: bool = False
) -> Equation:
    """left = side = side …, where a side that only repeats what stands before it is left out.

    Args:
        left: what is said.
        sides: what it equals.
        relation: between the left and the first side; `=` stands between the others.
        boxed: it is a result.
        shaped: the shapes of arrays are written under it.
    """
    kept: list[Math] = []
    for side in sides:
        if not _same(side, kept[-1] if kept else left):
            kept.append(side)
    relations: list[Relation] = [relation, *["="] * len(kept)]  # type: ignore[list-item]
    return Equation(left, tuple(zip(relations, kept, strict=False)), boxed, shaped)


def _same(side: Math, before: Math) -> bool:
    """Whether a side only repeats what stands before it; numbers are compared in print."""
    return not isinstance(side, Value) and not isinstance(before, Value) and side == before


def under_headings(steps: Iterable[Step]) -> Iterator[tuple[tuple[Heading, ...], Step | None]]:
    """Every step with the headings right above it; headings that nothing follows stand with no step."""
    headings: list[Heading] = []
    for step in steps:
        if isinstance(step, Heading):
            headings.append(step)
            continue
        yield tuple(headings), step
        headings = []
    if headings:
        yield tuple(headings), None


def demoted(steps: Iterable[Step]) -> Iterator[Step]:
    """The same steps, their headings one level further down where there is one."""
    for step in steps:
        yield replace(step, level=min(step.level + 1, LOWEST)) if isinstance(step, Heading) else step
