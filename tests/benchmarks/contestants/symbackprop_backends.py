"""symbackprop: what it derives, run by each of its backends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from sympy import Rational

import symbackprop as sb
from symbackprop.backends.base import Feed, Precision, Recipe, State
from symbackprop.backends.table import find_backend, find_precision
from symbackprop.errors import OptionError
from symbackprop.graph import Role
from symbackprop.lowering.lean import lean
from symbackprop.lowering.program import program
from symbackprop.lowering.updates import update_of
from tests.benchmarks.cases import Array, Case, Layers
from tests.benchmarks.contestant import Contestant, NotThere

# Networks of so many parameters are derived number by number, larger ones in arrays.
_SMALL = 1000

# What a training run of symbackprop does in one call.
_MOST_STEPS = 1 << 14
_MOST_WORK = 1 << 30


def problem_of(case: Case, notation: str) -> sb.Problem:
    """The network of a case as a spec describes it."""
    batch = str(case.batch > 1).lower()
    network = (
        f'notation = "{notation}"\nbatch = {batch}\nlayers = {list(case.widths)}\nactivation = "sigmoid"'
    )
    return sb.loads(f'[network]\n{network}\n[loss]\nname = "mse"\n')


@dataclass(frozen=True)
class Naming:
    """Which names of a problem are which numbers of the case.

    Attributes:
        problem: the problem.
        case: what it was made of.
    """

    problem: sb.Problem
    case: Case

    def start(self, layers: Layers) -> dict[str, Any]:
        """The parameters by name."""
        if self.problem.network is None:
            names = [(layer.weight, layer.bias) for layer in self.problem.layers]
            return {
                name: part.reshape(self._shape(name))
                for pair, layer in zip(names, layers, strict=True)
                for name, part in zip(pair, layer, strict=True)
            }
        return {
            name: part
            for (weight, bias), rows, biases in self._scalars(layers)
            for name, part in [
                *zip((name for row in rows for name in row), weight.ravel(), strict=True),
                *zip(biases, bias, strict=True),
            ]
        }

    def layers(self, named: dict[str, Any]) -> Layers:
        """The parameters as arrays."""
        if self.problem.network is None:
            return [
                (np.asarray(named[layer.weight]), np.ravel(named[layer.bias]))
                for layer in self.problem.layers
            ]
        return [
            (
                np.array([[named[name] for name in row] for row in rows]),
                np.array([named[name] for name in biases]),
            )
            for _, rows, biases in self._scalars(self.case.start())
        ]

    def feeds(self) -> tuple[Feed, ...]:
        """What a step takes from a table of inputs and targets."""
        inputs, outputs = self.case.widths[0], self.case.widths[-1]
        if self.problem.network is None:
            form: Any = "columns" if self.case.batch > 1 else "single"
            ends = (range(inputs), range(inputs, inputs + outputs))
            return tuple(
                Feed(name, tuple(places), form) for name, places in zip(self._given(), ends, strict=True)
            )
        return tuple(Feed(name, (place,), "numbers") for place, name in enumerate(self._given()))

    def _given(self) -> list[str]:
        return [node.name for role in (Role.INPUT, Role.TARGET) for node in self.problem.graph.having(role)]

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(int(size) for size in self.problem.graph[name].shape)

    def _scalars(self, layers: Layers) -> list[Any]:
        network = self.problem.network
        assert network is not None
        return list(zip(layers, network.weights, network.biases, strict=True))


class Symbackprop(Contestant):
    """The derivation, its lines compiled by a backend, its training loop as `sb.fit` runs it."""

    backend: ClassVar[str] = "numpy"
    notation: ClassVar[str] = ""

    def load(self) -> None:
        try:
            self.precision: Precision = find_precision(self.case.dtype)
            self.engine = find_backend(self.backend)
        except OptionError as mistake:
            raise NotThere(mistake.what) from None
        sb.compile(sb.backprop(sb.Graph.from_equations("f = x + 1", parameters=["x"])), backend=self.backend)(
            {"x": 1}
        )

    def derive(self) -> None:
        notation = self.notation or ("component" if self.case.parameters <= _SMALL else "matrix")
        problem = problem_of(self.case, notation)
        self.naming = Naming(problem, self.case)
        self.derivation = sb.backprop(problem.graph, conventions=problem.conventions)
        for gradient in self.derivation.gradients.values():
            _ = gradient.expression

    def compile(self) -> None:
        case = self.case
        training = sb.Training(Rational(str(case.rate)), batch_size=case.batch)
        self.recipe = Recipe(
            lean(program(self.derivation)),
            start=self.naming.start(case.start()),
            feeds=self.naming.feeds(),
            fixed={},
            update=update_of(training),
            batch=case.batch,
            precision=self.precision,
        )
        self.stepper = self.engine.stepper(self.recipe)
        self.reset()
        self.run(case.batches)

    def reset(self) -> None:
        self.state = State.start(self.recipe)
        self.table = np.concatenate(self.case.data(), axis=2).reshape(self.case.batches * self.case.batch, -1)

    def run(self, steps: int) -> None:
        together = min(steps, _MOST_STEPS, max(self.case.block, _power_of_two(_MOST_WORK // self.case.work)))
        for _ in range(steps // together):
            self.stepper.run(self.state, self.table, _order(together, self.case.batch, len(self.table)))

    def parameters(self) -> Layers:
        return self.naming.layers(self.state.parameters)


@lru_cache(maxsize=2)
def _order(steps: int, batch: int, rows: int) -> Array:
    """The places of the examples of every step, as they stand in the table."""
    return (np.arange(steps * batch) % rows).reshape(steps, batch)


def _power_of_two(most: int) -> int:
    return 1 << max(most.bit_length() - 1, 0)


class PythonBackend(Symbackprop):
    backend: ClassVar[str] = "python"


class NumpyBackend(Symbackprop):
    backend: ClassVar[str] = "numpy"


class NumbaBackend(Symbackprop):
    backend: ClassVar[str] = "numba"


class JaxBackend(Symbackprop):
    backend: ClassVar[str] = "jax"


class TorchBackend(Symbackprop):
    backend: ClassVar[str] = "torch"


class ComponentNotation(Symbackprop):
    """Derived number by number; the function of the usual backend is made, and not called."""

    notation: ClassVar[str] = "component"

    def compile(self) -> None:
        self.compiled = sb.compile(self.derivation)


class MatrixNotation(ComponentNotation):
    """Derived in arrays."""

    notation: ClassVar[str] = "matrix"
