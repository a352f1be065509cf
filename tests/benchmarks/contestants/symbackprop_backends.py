"""symbackprop: what it derives, run by each of its backends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from sympy import Rational

import symbackprop as sb
from symbackprop.backends.base import State
from symbackprop.backends.table import find_backend, find_precision
from symbackprop.errors import OptionError
from symbackprop.fitting.recipes import feeds_of, recipe_of
from symbackprop.graph import Role
from symbackprop.lowering.program import program
from tests.benchmarks.cases import Array, Case, Layers
from tests.benchmarks.contestant import Contestant, NotThere

# Networks of so many parameters are derived number by number, larger ones in arrays.
_SMALL = 1000

# What `sb.fit` does in one call of a backend.
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
    """

    problem: sb.Problem

    def parameters(self, layers: Layers) -> dict[str, Any]:
        """The parameters by name."""
        return dict(self._arrays(layers) if self.problem.arrays else self._numbers(layers))

    def _arrays(self, layers: Layers) -> Iterator[tuple[str, Any]]:
        for layer, (weight, bias) in zip(self.problem.layers, layers, strict=True):
            yield layer.weight, weight
            yield layer.bias, bias.reshape([int(size) for size in self.problem.graph[layer.bias].shape])

    def _numbers(self, layers: Layers) -> Iterator[tuple[str, Any]]:
        for (rows, biases), (weight, bias) in zip(self._scalars(), layers, strict=True):
            yield from zip(chain(*rows), weight.ravel(), strict=True)
            yield from zip(biases, bias, strict=True)

    def layers(self, named: Mapping[str, Any]) -> Layers:
        """The parameters as arrays."""
        if self.problem.arrays:
            return [(named[one.weight], np.ravel(named[one.bias])) for one in self.problem.layers]
        return [
            (
                np.array([[named[name] for name in row] for row in rows]),
                np.array([named[name] for name in biases]),
            )
            for rows, biases in self._scalars()
        ]

    def columns(self) -> list[str]:
        """The heads of a table of inputs and targets."""
        if self.problem.arrays:
            return [column for one in self.problem.arrays for column in one.columns]
        return [node.name for role in (Role.INPUT, Role.TARGET) for node in self.problem.graph.having(role)]

    def _scalars(self) -> list[tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]]:
        network = self.problem.network
        assert network is not None
        return list(zip(network.weights, network.biases, strict=True))


class Symbackprop(Contestant):
    """The derivation, its lines compiled by a backend, its training loop as `sb.fit` runs it."""

    backend: ClassVar[str] = "numpy"
    notation: ClassVar[str] = ""

    def load(self) -> None:
        try:
            self.precision = find_precision(self.case.dtype)
            self.engine = find_backend(self.backend)
        except OptionError as mistake:
            raise NotThere(mistake.what) from None
        tiny = sb.backprop(sb.Graph.from_equations("f = x + 1", parameters=["x"]))
        sb.compile(tiny, backend=self.backend)({"x": 1})

    def derive(self) -> None:
        notation = self.notation or ("component" if self.case.parameters <= _SMALL else "matrix")
        self.problem = problem_of(self.case, notation)
        self.derivation = sb.backprop(self.problem.graph, conventions=self.problem.conventions)
        for gradient in self.derivation.gradients.values():
            _ = gradient.expression

    def compile(self) -> None:
        case, naming = self.case, Naming(self.problem)
        training = sb.Training(Rational(str(case.rate)), batch_size=case.batch)
        problem = replace(self.problem, values=naming.parameters(case.start()), training=training)
        feeds = feeds_of(problem, naming.columns())
        self.recipe = recipe_of(problem, program(self.derivation), feeds, self.precision)
        try:
            self.stepper = self.engine.stepper(self.recipe)
        except OptionError as mistake:
            raise NotThere(mistake.what) from None
        self.most = min(_MOST_STEPS, max(case.block, _power_of_two(_MOST_WORK // case.work)))
        self.reset()
        self.run(case.batches)

    def reset(self) -> None:
        self.state = State.start(self.recipe)
        self.table = np.concatenate(self.case.data(), axis=2).reshape(self.case.batches * self.case.batch, -1)

    def run(self, steps: int) -> None:
        together = min(steps, self.most)
        for _ in range(steps // together):
            self.stepper.run(self.state, self.table, _order(together, self.case.batch, len(self.table)))

    def parameters(self) -> Layers:
        return Naming(self.problem).layers(self.state.parameters)


@lru_cache(maxsize=2)
def _order(steps: int, batch: int, rows: int) -> Array:
    """The places of the examples of every step, as they stand in the table."""
    return (np.arange(steps * batch) % rows).reshape(steps, batch)


def _power_of_two(most: int) -> int:
    return 1 << max(most.bit_length() - 1, 0)


class PythonBackend(Symbackprop):
    """Python, number by number at every size."""

    backend: ClassVar[str] = "python"
    notation: ClassVar[str] = "component"


class NumpyBackend(Symbackprop):
    """NumPy."""

    backend: ClassVar[str] = "numpy"


class NumbaBackend(Symbackprop):
    """Numba."""

    backend: ClassVar[str] = "numba"


class JaxBackend(Symbackprop):
    """JAX."""

    backend: ClassVar[str] = "jax"


class TorchBackend(Symbackprop):
    """PyTorch."""

    backend: ClassVar[str] = "torch"


class ComponentNotation(Symbackprop):
    """Derived number by number; the function of the usual backend is made, and not called."""

    notation: ClassVar[str] = "component"

    def compile(self) -> None:
        self.compiled = sb.compile(self.derivation)


class MatrixNotation(ComponentNotation):
    """Derived in arrays."""

    notation: ClassVar[str] = "matrix"
