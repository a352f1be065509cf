"""Programs and the training steps of recipes as code in the words of a library of arrays.

The parameters come in blocks: an array is one, and all parameters of a program of numbers together are one,
so that an update is written once for a block and not for each number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sympy import Symbol

from symbackprop.backends.base import Feed, Floats, Recipe, State
from symbackprop.backends.vector_forms import forms_code, is_large
from symbackprop.lowering.array_code import ArrayCode
from symbackprop.lowering.forms import Places
from symbackprop.lowering.program import Program
from symbackprop.lowering.scalar_steps import wanted
from symbackprop.lowering.straight import assignments, definition, prepared, results, safe_names, unpacked
from symbackprop.lowering.updates import COUNT, GRADIENT, THETA, Update


def program_source(lines: Program, code: type[ArrayCode], namespace: str, *, by_hand: bool = False) -> str:
    """`program(given, sizes)` in the words of a library of arrays: the values of all lines."""
    computed = prepared(lines, by_hand=by_hand)
    names = safe_names(lines, computed)
    body = [
        *unpacked((names[symbol] for symbol in lines.given), "given"),
        *unpacked((names[symbol] for symbol in lines.sizes), "sizes"),
        *assignments(computed, code(names, namespace), by_hand=by_hand),
        f"return [{', '.join(results(computed, names))}]",
    ]
    return definition("program", "given, sizes", body)


def step_source(recipe: Recipe, code: type[ArrayCode], namespace: str) -> tuple[str, Sequence[Places]]:
    """`take_step(blocks, rows, fixed, sizes)`: the loss of a batch and its gradients, a block each.

    Args:
        recipe: what is trained.
        code: how expressions are printed.
        namespace: `np`, `jnp` or `torch`.

    Returns:
        The source, and what it calls `tables`.
    """
    large = is_large(recipe.program)
    body, tables = (_by_forms if large else _line_by_line)(recipe, code, namespace)
    return definition("take_step", "blocks, rows, fixed, sizes", body), tables


def _line_by_line(
    recipe: Recipe, code: type[ArrayCode], namespace: str
) -> tuple[list[str], Sequence[Places]]:
    lines = recipe.program
    computed = prepared(lines)
    names = safe_names(lines, computed)
    by_name = {symbol.name: name for symbol, name in names.items()}
    parameters = [by_name[name] for name in recipe.start]
    return [
        *unpacked(parameters, "blocks" if is_array(recipe) else "blocks[0]"),
        *unpacked((by_name[name] for name in recipe.fixed), "fixed"),
        *unpacked((names[symbol] for symbol in lines.sizes), "sizes"),
        *(f"{by_name[feed.name]} = {fed(feed, recipe.batch)}" for feed in recipe.feeds),
        *assignments(computed, code(names, namespace)),
        *_returned(recipe, names, namespace),
    ], []


def _by_forms(recipe: Recipe, code: type[ArrayCode], namespace: str) -> tuple[list[str], Sequence[Places]]:
    """All values stand in one array, a row each: parameters, what is fixed, what examples give, lines."""
    names = [*recipe.start, *recipe.fixed, *(feed.name for feed in recipe.feeds)]
    found = forms_code(recipe.program, [Symbol(name) for name in names], code, namespace)
    loss, gradients = wanted(recipe.program, recipe.start)
    count = recipe.batch if recipe.feeds else 1
    given = [f"spread(blocks[0][:, None], ({len(recipe.start)}, {count}))"]
    if recipe.fixed:
        stacked = f"{namespace}.stack([real(one) for one in fixed])"
        given.append(f"spread({stacked}[:, None], ({len(recipe.fixed)}, {count}))")
    if recipe.feeds:
        given.append(f"rows[:, {[feed.places[0] for feed in recipe.feeds]}].T")
    head = "mean" if recipe.reduction == "mean" else "sum"
    place = len(found.tables)
    return [
        f"values = {namespace}.concatenate(({', '.join(given)},))",
        *found.body,
        f"slopes = {namespace}.{head}(values[tables[{place}]], axis=1)",
        f"return {namespace}.{head}(values[{found.places[loss]}]), [slopes]",
    ], [*found.tables, np.array([found.places[one] for one in gradients])]


def is_array(recipe: Recipe) -> bool:
    """Whether the program is one of arrays."""
    return recipe.program.shapes is not None


def _returned(recipe: Recipe, names: Mapping[Symbol, str], namespace: str) -> Iterator[str]:
    output, slopes = wanted(recipe.program, recipe.start)
    loss, gradients = names[output], [names[one] for one in slopes]
    if is_array(recipe):
        yield f"return real({loss}), [{', '.join(f'real({one})' for one in gradients)}]"
        return
    how = f"{recipe.batch if recipe.feeds else 1}, {recipe.reduction == 'mean'}"
    combined = ", ".join(f"combined({one}, {how})" for one in gradients)
    yield f"return combined({loss}, {how}), [{namespace}.stack([{combined}])]"


def fed(feed: Feed, batch: int) -> str:
    """A given value from the rows of a batch."""
    first, last = feed.places[0], feed.places[-1]
    contiguous = feed.places == tuple(range(first, last + 1))
    columns = f"{first}:{last + 1}" if contiguous else str(list(feed.places))
    match feed.form:
        case "numbers":
            return f"rows[0, {first}]" if batch == 1 else f"rows[:, {first}]"
        case "vector":
            return f"rows[:, {first}]"
        case "rows":
            return f"rows[:, {columns}]"
        case "columns":
            return f"rows[:, {columns}].T"
    return f"rows[0, {columns}]"


def update_source(update: Update, code: type[ArrayCode], namespace: str) -> str:
    """`update(theta, g, count, m, v)`: a block after an update, and what is remembered of it."""
    names = {THETA: "theta", GRADIENT: "g", COUNT: "count"} | {one: one.name for one in update.memory}
    printer = code(names, namespace)
    body = [f"{names[symbol]} = {printer(expression)}" for symbol, expression in update.equations]
    remembered = [one.name for one in update.memory]
    result = f"return theta, ({''.join(f'{one}, ' for one in remembered)})"
    return definition("update", ", ".join(["theta", "g", "count", *remembered]), [*body, result])


def sizes_of(recipe: Recipe) -> list[int]:
    """What the symbols of sizes are, in the program's order."""
    known = recipe.sizes
    return [known[size] for size in recipe.program.sizes]


def blocks_of(recipe: Recipe, parameters: Mapping[str, Floats]) -> list[Floats]:
    """The parameters in blocks."""
    return list(parameters.values()) if is_array(recipe) else [np.array(list(parameters.values()))]


def by_name(recipe: Recipe, blocks: Iterable[Any]) -> dict[str, Floats]:
    """The parameters of blocks, by name."""
    every = [np.array(one, dtype=recipe.precision) for one in blocks]
    found = every if is_array(recipe) else [np.asarray(one) for one in every[0]]
    return dict(zip(recipe.start, found, strict=True))


def memory_of(recipe: Recipe, state: State) -> list[list[Floats]]:
    """What is remembered: for each block a list of its memories."""
    rows = [blocks_of(recipe, one) for one in state.memory.values()]
    count = len(recipe.start) if is_array(recipe) else 1
    return [[row[place] for row in rows] for place in range(count)]


def advanced(
    recipe: Recipe, state: State, steps: int, blocks: Iterable[Any], memory: Sequence[Sequence[Any]]
) -> None:
    """Write blocks and their memories into the state, some steps later."""
    state.count += steps
    state.parameters = by_name(recipe, blocks)
    for row, name in enumerate(state.memory):
        state.memory[name] = by_name(recipe, [one[row] for one in memory])
