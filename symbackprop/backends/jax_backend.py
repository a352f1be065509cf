"""The backend `jax`: compiled by XLA, the steps of a training run as one scan, a batch split over devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray

from symbackprop.backends import jax_functions
from symbackprop.backends.base import (
    Backend,
    Carry,
    Floats,
    Precision,
    ProgramFunction,
    Recipe,
    State,
    Stepper,
    not_by_hand,
)
from symbackprop.backends.namespaces import bound
from symbackprop.backends.vector_forms import in_words
from symbackprop.backends.vector_steps import (
    advanced,
    blocks_of,
    memory_of,
    program_source,
    sizes_of,
    step_source,
    update_source,
)
from symbackprop.content import text
from symbackprop.errors import OptionError
from symbackprop.lowering.array_code import ArrayCode
from symbackprop.lowering.executing import executed
from symbackprop.lowering.program import Program

AXIS = "examples"
"""The axis of the device mesh over which the examples of a batch are split."""


def _scope(precision: Precision) -> dict[str, Any]:
    return bound(jnp, getattr(jnp, precision), jax_functions)


def _doubles(precision: Precision) -> Any:
    """JAX has numbers of 64 bits only where they are asked for."""
    return jax.enable_x64(precision == "float64")


class JaxBackend(Backend):
    """JAX."""

    name = "jax"
    extra = "jax"
    is_parallel = True

    def function(
        self, program: Program, precision: Precision = "float64", carry: Carry | None = None
    ) -> ProgramFunction:
        """The values of all lines, compiled at the first call."""
        if carry is not None:
            raise not_by_hand(self.name)
        with _doubles(precision):
            source = program_source(program, ArrayCode, "jnp")
            run = jax.jit(executed(source, "program", _scope(precision)), static_argnums=1)

        def function(given: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
            with _doubles(precision):
                arrays = [jnp.asarray(one, dtype=precision) for one in given]
                return [np.asarray(one) for one in run(arrays, tuple(sizes))]

        return function

    def stepper(self, recipe: Recipe) -> Stepper:
        """The training loop as one scan."""
        return JaxStepper(recipe)


class JaxStepper(Stepper):
    """Steps as one compiled scan; where there are several devices, each takes a share of every batch.

    Args:
        recipe: what is trained.

    Raises:
        OptionError: there are not so many devices, or a batch cannot be shared out evenly.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._shared = _sharding(recipe)
        self.choice = text("jax: {lines} in one compiled scan over the steps", lines=in_words(recipe.program))
        if self._shared is not None:
            self.choice = text(
                "{choice}, each batch of {batch} split over {devices} devices",
                choice=self.choice,
                batch=recipe.batch,
                devices=recipe.devices,
            )
        with _doubles(recipe.precision):
            self._scan = jax.jit(self._scanned(), donate_argnums=(0, 1))

    def _scanned(self) -> Any:
        recipe, scope = self.recipe, _scope(self.recipe.precision)
        source, tables = step_source(recipe, ArrayCode, "jnp")
        step = executed(source, "take_step", {**scope, "tables": tables})
        update = executed(update_source(recipe.update, ArrayCode, "jnp"), "update", scope)
        fixed = [jnp.asarray(one, dtype=recipe.precision) for one in recipe.fixed.values()]
        sizes, shared = sizes_of(recipe), self._shared

        def one_step(carried: Any, places: Any, table: Any) -> Any:
            blocks, memory, count = carried
            rows = table[places]
            if shared is not None:
                rows = jax.lax.with_sharding_constraint(rows, shared)
            loss, gradients = step(blocks, rows, fixed, sizes)
            updated = [
                update(block, gradient, count + 1, *remembered)
                for block, gradient, remembered in zip(blocks, gradients, memory, strict=True)
            ]
            return ([block for block, _ in updated], [list(one) for _, one in updated], count + 1), loss

        def scan(blocks: Any, memory: Any, count: Any, table: Any, order: Any) -> Any:
            return jax.lax.scan(
                lambda carried, places: one_step(carried, places, table), (blocks, memory, count), order
            )

        return scan

    def run(self, state: State, table: Floats, order: NDArray[np.int64]) -> Floats:
        """Take steps."""
        recipe = self.recipe
        with _doubles(recipe.precision):
            whole = None if self._shared is None else NamedSharding(self._shared.mesh, PartitionSpec())

            def placed(one: Any, dtype: Any = recipe.precision) -> Any:
                return jax.device_put(np.array(one, dtype=dtype), whole)

            blocks = [placed(one) for one in blocks_of(recipe, state.parameters)]
            memory = [[placed(one) for one in row] for row in memory_of(recipe, state)]
            (blocks, memory, _), losses = self._scan(
                blocks, memory, placed(state.count), placed(table), placed(order, np.int32)
            )
            advanced(recipe, state, len(order), blocks, memory)
            return np.array(losses)


def _sharding(recipe: Recipe) -> NamedSharding | None:
    """How the rows of a batch lie on the devices."""
    if recipe.devices == 1:
        return None
    there = len(jax.devices())
    if there < recipe.devices:
        raise OptionError(
            f"{recipe.devices} devices are asked for, and JAX sees {there}",
            where="devices",
            fix="on one machine: XLA_FLAGS=--xla_force_host_platform_device_count="
            f"{recipe.devices} before the program starts",
        )
    if recipe.batch % recipe.devices:
        raise OptionError(
            f"a batch of {recipe.batch} examples cannot be split evenly over {recipe.devices} devices",
            where="training.batch_size",
            fix="take a multiple, and an order whose last batch is whole",
        )
    mesh = Mesh(np.array(jax.devices()[: recipe.devices]), (AXIS,))
    return NamedSharding(mesh, PartitionSpec(AXIS))
