"""Formulas about the columns of the data: x_1 = height / 200, which has to hold for every row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mpmath import mpf

from symbackprop.errors import Mistake
from symbackprop.formulas.names import read_name
from symbackprop.formulas.tree import Name, Node
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.functions import rounded
from symbackprop.notation.names import latex_name
from symbackprop.precise.point import exact_number
from symbackprop.reckoning import paper
from symbackprop.reckoning.identities import EQUAL, Outcome
from symbackprop.reckoning.paper import Misfit, Undefined, settled
from symbackprop.reckoning.reckoner import value_of
from symbackprop.reckoning.scene import Scene, Unknown


class Rows:
    """The rows of a problem's data.

    Attributes:
        names: of the columns, and of what is computed from them.
    """

    def __init__(self, vocabulary: Vocabulary, scene: Scene) -> None:
        self.scene = scene
        data = vocabulary.problem.data
        self.rows: list[Mapping[Name, Any]] = []
        if data is not None and data.formulas:
            for row, example in zip(data.rows, data.examples, strict=True):
                given = dict(zip(data.columns, row, strict=True)) | dict(example)
                names = {read_name(latex_name(name)): value for name, value in given.items()}
                names |= {name: given[column] for name, column in vocabulary.column_names.items()}
                self.rows.append(names)
        self.names = frozenset(self.rows[0]) if self.rows else frozenset()

    def _rounding(self, left: Node) -> Any:
        """Half a unit of the last digit, where the spec rounds what it computes of the columns."""
        data = self.scene.vocabulary.problem.data
        for name, formula in (data.formulas if data is not None else {}).items():
            if left.value == read_name(latex_name(name)) and formula.has(rounded):
                digits = max(rounding.args[1] for rounding in formula.atoms(rounded))
                return mpf(10) ** -int(digits) * mpf("0.51")
        return mpf(0)

    def compared(self, left: Node, right: Node, outcome: Outcome) -> Outcome | None:
        """Whether two sides are equal in every row; None: they speak of something else."""
        if left.value not in self.names or not outcome.names or not outcome.names <= self.names:
            return None
        for row in self.rows:
            scene = self.scene.having(
                overrides={name: exact_number(value) for name, value in row.items()}, free=set()
            )
            try:
                one, other = settled(value_of(left, scene)), settled(value_of(right, scene))
            except (Unknown, Misfit, Undefined, Mistake, TypeError):
                return None
            if not paper.same(one, other, mpf(10) ** -20, self._rounding(left)):
                return Outcome("different", one, other, scene)
        return EQUAL
