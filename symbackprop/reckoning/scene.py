"""What every name of a document is worth at one point: values, free names, indices, steps of training."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from mpmath import mp, mpf

from symbackprop.content import Text, text
from symbackprop.formulas.names import GENERIC, bound, read_name
from symbackprop.formulas.spec_names import Referent
from symbackprop.formulas.tree import Name
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.graph import Role
from symbackprop.notation.names import latex_name
from symbackprop.precise.point import Point, exact_number
from symbackprop.precise.points import States
from symbackprop.reckoning.paper import Jacobian, Number, on_paper

BUDGET = 25_000
"""Nodes that are reckoned for one value: sums within sums and definitions that double end there."""
LARGEST = 40_000
"""Entries of an array of ones, or of an identity, that is written by its size."""


class Unknown(Exception):
    """A name that has no value here.

    Attributes:
        what: the name, or what is missing.
        kind: `name`, `numbers`, `meaning`, `index`.
    """

    def __init__(self, what: Text | str, kind: str = "name") -> None:
        super().__init__(str(what))
        self.what, self.kind = what, kind


@dataclass(frozen=True, eq=False)
class Scene:
    """A point, with what a claim adds to it.

    Attributes:
        vocabulary: what names mean.
        point: the numbers of the nodes.
        binding: the numbers of index letters.
        base: the number of the update, by the letter that counts it, that `point` stands before.
        rate: the learning rate.
        states: the numbers of a training, where the scene is one of its states.
        state: which.
        is_batch: derivatives by parameters are those of the batch of that state.
        generic: the parameter that a letter such as θ stands for.
        overrides: values of names that differ from the point's.
        shifts: what is added to a printed number, by where it begins.
        local: what ∂f/∂x means: `signs`: along the direct way with a round d, along all with a straight one;
            `gates`: along the direct way but of the output; `direct`: along the direct way.
        budget: how many nodes may still be reckoned for one value.
        shape: of the side that is compared with: nothing else tells that of an adjoint.
        loose: products entry by entry may be written without a sign.
        free: the names that got a value of their own, for no one knows them.
        seed: of their values.
    """

    vocabulary: Vocabulary
    point: Point
    binding: Mapping[str, int] = field(default_factory=dict)
    base: Mapping[str, int] = field(default_factory=dict)
    rate: Any = None
    states: States | None = None
    state: int = 0
    is_batch: bool = False
    generic: Mapping[Name, str] = field(default_factory=dict)
    overrides: Mapping[Any, Any] = field(default_factory=dict)
    shifts: Mapping[int, Any] = field(default_factory=dict)
    local: str = ""
    shape: tuple[int, ...] = ()
    budget: list[int] = field(default_factory=lambda: [BUDGET])
    loose: bool = False
    free: set[Name] = field(default_factory=set)
    seed: int = 1

    def having(self, **changes: Any) -> Scene:
        """With some of it changed."""
        made = copy(
            self
        )  # `dataclasses.replace` takes five times as long, and this is asked for at every claim.
        vars(made).update(changes)
        return made

    # ---------------------------------------------------------------------------------------------- names

    def name(self, name: Name) -> Name:
        """The name with its indices in numbers, and the parameter that a generic letter stands for."""
        full = bound(name, self.binding)
        if not self.generic:
            return full
        plain = replace(full, above=())
        if plain in self.generic:
            return replace(read_name(latex_name(self.generic[plain])), above=full.above)
        return full

    def referent(self, name: Name) -> Referent | None:
        """What a name stands for."""
        return self.vocabulary.find(name)

    def value(self, referent: Referent) -> Number:
        """The value of a node, a delta, an entry, the learning rate.

        Raises:
            Unknown: it has none here.
        """
        if referent.kind == "rate":
            if self.rate is None:
                raise Unknown(referent.name, "numbers")
            return self.rate
        if referent.kind == "size":
            return self.point[referent.name]
        if referent.labels and self.vocabulary.graph_node(referent) is not None:
            column = self._of_example(referent)
            if column is not None:
                return column
        if referent.kind == "delta":
            value = self.point.delta(referent.name)
        elif referent.step is not None and self.vocabulary.graph[referent.name].role is Role.PARAMETER:
            value = self._at_step(referent)
        else:
            value = self.point[referent.name]
        return self.entry(value, referent)

    def _of_example(self, referent: Referent) -> Number | None:
        """The column, or row, of one example of a batch: y^{(i)}."""
        node = self.vocabulary.graph_node(referent)
        axis = self.vocabulary.example_axis(node)
        if axis is None or not referent.labels[0].isdecimal():
            return None
        value = self.point.delta(referent.name) if referent.kind == "delta" else self.point[referent.name]
        place = int(referent.labels[0]) - 1
        if not 0 <= place < value.shape[axis]:
            raise Unknown(text("the example {number}", number=place + 1), "numbers")
        return on_paper(value.take([place], axis=axis))

    def entry(self, value: Any, referent: Referent) -> Number:
        """The entry of an array that is meant, or the array."""
        if referent.indices:
            return value[tuple(index - 1 for index in referent.indices)]
        return on_paper(value)

    def _at_step(self, referent: Referent) -> Any:
        """A parameter after some updates."""
        assert referent.step is not None
        letter, number = referent.step
        if letter == "new" and not number:
            return self.point[referent.name]
        if not letter and self.states is not None:
            if number >= self.states.count:
                raise Unknown(f"{referent.name}^({number})", "numbers")
            return exact_number(self.states.parameters(number)[referent.name])
        after = number - self.base.get(letter, 0)
        if after == 0:
            return self.point[referent.name]
        if after != 1 or self.rate is None:
            raise Unknown(f"{referent.name}^({letter}{number})", "meaning")
        training = self.vocabulary.problem.training
        if training is not None and not training.plain:
            raise Unknown(f"{referent.name}^({letter}{number})", "meaning")
        return self.point[referent.name] - self.rate * self.gradient(referent.name)

    def gradient(self, name: str) -> Any:
        """The derivative of the output by a node; of the batch where the scene is one."""
        if self.is_batch and self.states is not None and self.vocabulary.graph[name].role is Role.PARAMETER:
            return self.states.gradient(self.state, name)
        return self.point.slope(self.vocabulary.graph.output.name, name)

    # ---------------------------------------------------------------------------------------- derivatives

    def slope(self, of: Referent, by: Referent, held: tuple[str, ...] = ()) -> Any:
        """The derivative of one node by another, as a number, an array or a link of a chain."""
        if "size" in (of.kind, by.kind) or "rate" in (of.kind, by.kind):
            raise Unknown(text("the derivative of {of} by {by}", of=of.name, by=by.name), "meaning")
        upper, lower = self._node(of), self._node(by)
        graph = self.vocabulary.graph
        if held:
            value = self.point.partial(upper, lower, held)
        elif self.local == "direct" or (self.local and upper != graph.output.name):
            others = {node.symbol.name for node in graph.inner} - {upper, lower}
            value = self.point.partial(upper, lower, others)
        elif upper == graph.output.name:
            value = self.gradient(lower)
        else:
            value = self.point.slope(upper, lower)
        if of.kind == "delta":
            raise Unknown(of.name, "meaning")
        return self._linked(value, of, by)

    def _node(self, referent: Referent) -> str:
        return self.vocabulary.delta_of.get(referent.name, referent.name)

    def _linked(self, value: Any, of: Referent, by: Referent) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        outer = len(self.point.graph[self._node(of)].shape)
        place: list[int | slice] = [slice(None)] * value.ndim
        if of.indices:
            place[:outer] = [index - 1 for index in of.indices]
        if by.indices:
            place[outer:] = [index - 1 for index in by.indices]
        chosen = value[tuple(place)]
        outer = 0 if of.indices else outer
        if not isinstance(chosen, np.ndarray):
            return chosen
        is_row = self.vocabulary.problem.conventions.layout == "numerator"
        return Jacobian(chosen, f"{of.name}{list(of.indices)}", f"{by.name}{list(by.indices)}", outer, is_row)

    # ----------------------------------------------------------------------------------------- free names

    def free_value(self, name: Name) -> Number:
        """A number for a name that no one knows: the same wherever it stands."""
        self.free.add(name)
        return mpf(2000 + self._hash(str(name)) % 15000) / 10007

    def free_function(self, letter: str, arguments: list[Any]) -> Any:
        """The value of a smooth positive function that no one knows."""
        self.free.add(Name(letter))
        total = mpf(0)
        for place, argument in enumerate(arguments):
            if isinstance(argument, (np.ndarray, Jacobian)):
                raise Unknown(letter)
            total += argument * (1 + mpf(self._hash(f"{letter}.{place}") % 1000) / 1000)
        phase = mpf(self._hash(letter) % 6000) / 1000
        return mpf(13) / 10 + mp.sin(total + phase)

    def _hash(self, text: str) -> int:
        return zlib.crc32(f"{self.seed}:{text}".encode())


def is_generic(name: Name, vocabulary: Vocabulary) -> bool:
    """Whether a name stands for any parameter: θ, where the spec has no θ."""
    if name.below or name.accent or name.primes or name.letter not in GENERIC:
        return False
    return vocabulary.definition(name) is None and vocabulary.find(name) is None
