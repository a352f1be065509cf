"""What can be changed in a live sheet: every number that was given, with the digits that were typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from sympy import Rational, Symbol

from symbackprop.live.exported import Entry
from symbackprop.notation.numbers import typed
from symbackprop.problem import Problem, Training
from symbackprop.slots import key


class Inputs:
    """The numbers of a sheet in one list; everything else refers to their places.

    Args:
        problem: where the numbers stand.
        trained: the names of what is updated.
        values: the given numbers and arrays, without those of the examples.
        examples: the rows of the problem's table that are used, from 1.

    Attributes:
        listed: the inputs, each with its identity, group, name, index, example, digits and value.
        rows: the places of the numbers of every example that is used.
    """

    def __init__(
        self, problem: Problem, trained: Sequence[str], values: Mapping[str, Any], examples: Iterable[int]
    ) -> None:
        self.listed: list[dict[str, Any]] = []
        self.rows: dict[int, list[int]] = {}
        used = list(examples)
        self._problem = problem
        self._columns = {name: place for place, name in enumerate(problem.examples[0])} if used else {}
        self._assembled = {one.name: one for one in problem.arrays} if used else {}
        self._groups = {node.name: str(node.role) for node in problem.graph.given} | {
            name: "target" for one in self._assembled.values() if one.is_target for name in one.columns
        }
        self._made_of: dict[tuple[str, int], Any] = {}
        self._fixed: dict[Entry, int] = {}
        self._trained: dict[Entry, int] = {}
        for node in problem.graph.given:
            if node.name in values and not self._is_of_examples(node.name):
                self._learn(node.name, str(node.role), values[node.name])
        for name in trained:
            for at in np.ndindex(np.shape(_array(values[name]))):
                self._trained[name, at] = len(self._trained)
        for number in used:
            self._learn_row(number)

    def _learn(self, name: str, group: str, value: Any) -> None:
        array = _array(value)
        for at in np.ndindex(array.shape):
            self._fixed[name, at] = self.add(group, name, array[at], at)

    def _learn_row(self, number: int) -> None:
        self.rows[number] = [
            self.add(self._groups.get(name, "input"), name, value, example=number)
            for name, value in self._problem.examples[number - 1].items()
        ]

    def add(
        self,
        group: str,
        name: str,
        value: Rational | None,
        at: tuple[int, ...] = (),
        example: int | None = None,
    ) -> int:
        """One more input; its place.

        Args:
            group: parameter, input, target, constant, training or argument.
            name: the user's name, of an array the array's.
            value: the number; None: it is computed until it is set.
            at: the place within the array.
            example: the row that it belongs to, from 1.
        """
        index = "".join(f"[{place}]" for place in at)
        where = "" if example is None else f" of example {example}"
        self.listed.append(
            {
                "id": f"{group} {name}{index}{where}",
                "group": group,
                "name": name,
                "index": list(at),
                "example": example,
                "value": None if value is None else float(value),
                "typed": "" if value is None else typed(Rational(str(value))),
            }
        )
        return len(self.listed) - 1

    def _is_of_examples(self, name: str) -> bool:
        return name in self._assembled or (not self._assembled and name in self._columns)

    def source(self, entry: Entry, batch: int) -> list[Any]:
        """Where a given number of a program comes from: an input, a parameter as it is now, an example.

        Args:
            entry: the number.
            batch: how many examples go in together.
        """
        name, at = entry
        if name in self._assembled:
            found = self._of_columns(name, batch)
            for place in at:
                found = found[place]
            return ["row", *found]
        if self._is_of_examples(name):
            return ["row", 0, self._columns[name]]
        if entry in self._trained:
            return ["parameter", self._trained[entry]]
        return ["value", self._fixed[entry]]

    def _of_columns(self, name: str, batch: int) -> Any:
        """An array made of columns, as nested lists: in the place of each number its row and its column."""
        if (name, batch) not in self._made_of:
            marks = [
                {column: (row, place) for column, place in self._columns.items()} for row in range(batch)
            ]
            self._made_of[name, batch] = self._assembled[name].of(marks)
        return self._made_of[name, batch]

    @property
    def start(self) -> list[int]:
        """The inputs that the parameters start from."""
        return [self._fixed[entry] for entry in self._trained]

    @cached_property
    def trained(self) -> list[Entry]:
        """The entries of the parameters, in the order of training."""
        return list(self._trained)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The places of the parameters, in the shapes of their arrays, by the keys of slots."""
        found: dict[str, Any] = {}
        for (name, at), place in self._trained.items():
            inner = found.setdefault(name, [] if at else place)
            for depth, index in enumerate(at):
                last = depth == len(at) - 1
                if index == len(inner):
                    inner.append(place if last else [])
                inner = inner[index]
        return {key(Symbol(name)): places for name, places in found.items()}

    def settings(self, training: Training) -> tuple[dict[str, int], dict[str, int]]:
        """The numbers of the update: their places by what they are, and by the letters of slots."""
        used = {"learning_rate": training.symbol}
        used |= {"weight_decay": "lambda"} if training.weight_decay else {}
        if training.optimizer == "adam":
            used |= {"beta_1": "beta_1", "beta_2": "beta_2", "epsilon": "epsilon"}
        elif training.momentum:
            used |= {"momentum": "mu"}
        places = {
            what: self.add("training", letter, getattr(training, what)) for what, letter in used.items()
        }
        return places, {key(Symbol(letter)): places[what] for what, letter in used.items()}


def _array(value: Any) -> Any:
    """Exact numbers in an array of their shape."""
    return np.array(value, dtype=object)
