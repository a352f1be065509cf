"""A problem of arrays as one of scalars, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symbackprop.components import component_values, to_components
from symbackprop.problem import Problem


def in_components(problem: Problem) -> Problem:
    """The same problem in component notation; a batch is that of the first update.

    Args:
        problem: one of arrays; one of scalars stays as it is.

    Raises:
        ShapeError: a size is a symbol, and no values say what it is.
    """
    if not problem.graph.is_array:
        return problem
    values = {**problem.values, **(problem.given(problem.first_batch) if problem.data else {})}
    sizes = sizes_in(problem, values)
    graph = to_components(problem.graph, sizes)
    found = component_values(problem.graph, values) if not problem.missing else {}
    return replace(problem, graph=graph, values=found, data=None, training=None, arrays=(), layout=None)


def sizes_in(problem: Problem, values: Mapping[str, Any]) -> dict[str, int]:
    """What the symbols of sizes are, as the values say."""
    found: dict[str, int] = {}
    for node in problem.graph.given:
        if node.name in values:
            given = np.shape(np.array(values[node.name], dtype=object))
            found |= {
                str(size): one
                for size, one in zip(node.shape, given, strict=False)
                if not isinstance(size, int)
            }
    return found
