"""JAX in double precision: a step under `jit` called from Python, and `scan` over the steps."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.benchmarks.cases import Case, Layers
from tests.benchmarks.contestant import Contestant

Tree = Any


def _loss(parameters: Tree, inputs: Any, targets: Any) -> Any:
    value = inputs
    for weight, bias in parameters:
        value = jax.nn.sigmoid(value @ weight + bias)
    return jnp.mean((value - targets) ** 2)


def _step(rate: float, parameters: Tree, inputs: Any, targets: Any) -> Tree:
    slopes = jax.grad(_loss)(parameters, inputs, targets)
    return jax.tree.map(lambda theta, slope: theta - rate * slope, parameters, slopes)


def _block(case: Case, parameters: Tree, inputs: Any, targets: Any) -> Tree:
    """A scan over the batches, as often as a block has room for it."""

    def step(now: Tree, batch: Any) -> tuple[Tree, None]:
        return _step(case.rate, now, *batch), None

    def epoch(now: Tree, _: None) -> tuple[Tree, None]:
        return jax.lax.scan(step, now, (inputs, targets))[0], None

    return jax.lax.scan(epoch, parameters, None, length=case.block // case.batches)[0]


class _Jax(Contestant):
    """What both have in common; the memory of the parameters is given to the result."""

    def load(self) -> None:
        jax.config.update("jax_enable_x64", self.case.dtype == "float64")
        jax.jit(lambda x: x + 1)(1.0).block_until_ready()

    def reset(self) -> None:
        self.now = [(jnp.array(weight.T), jnp.array(bias)) for weight, bias in self.case.start()]
        self.inputs, self.targets = (jnp.array(part) for part in self.case.data())
        self.batches = list(zip(self.inputs, self.targets, strict=True))

    def parameters(self) -> Layers:
        return [(np.asarray(weight).T, np.asarray(bias)) for weight, bias in self.now]


class JaxJit(_Jax):
    """`jit` of one step."""

    def derive(self) -> None:
        self.reset()
        self.function = jax.jit(partial(_step, self.case.rate), donate_argnums=0)
        self.lowered = self.function.lower(self.now, *self.batches[0])

    def compile(self) -> None:
        self.lowered.compile()
        self.run(self.case.batches)

    def run(self, steps: int) -> None:
        now, function = self.now, self.function
        for _ in range(steps // len(self.batches)):
            for inputs, targets in self.batches:
                now = function(now, inputs, targets)
        self.now = jax.block_until_ready(now)


class JaxScan(_Jax):
    """`jit` of a block of steps."""

    def derive(self) -> None:
        self.reset()
        function = jax.jit(partial(_block, self.case), donate_argnums=0)
        self.lowered = function.lower(self.now, self.inputs, self.targets)

    def compile(self) -> None:
        self.function = self.lowered.compile()

    def run(self, steps: int) -> None:
        now = self.now
        for _ in range(steps // self.case.block):
            now = self.function(now, self.inputs, self.targets)
        self.now = jax.block_until_ready(now)
