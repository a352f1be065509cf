"""Straight-line Python: every number of the network a local variable, a line each, the loop around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.benchmarks.cases import Case, Layers, flat, unflattened
from tests.benchmarks.contestant import Contestant


class StraightPython(Contestant):
    """The lines of `source`, run by the interpreter."""

    def derive(self) -> None:
        self.source = source(self.case)

    def compile(self) -> None:
        names: dict[str, Any] = {}
        exec(compile(self.source, "<straight-line>", "exec"), names)
        self.function = names["run"]

    def reset(self) -> None:
        self.now = flat(self.case.start()).tolist()
        self.batches = np.concatenate(self.case.data(), axis=2).tolist()

    def run(self, steps: int) -> None:
        self.now = self.function(self.now, self.batches, steps // len(self.batches))

    def parameters(self) -> Layers:
        return unflattened(self.case, np.array(self.now))


def source(case: Case) -> str:
    """The function `run(parameters, batches, epochs)`; gradients of a batch are summed before the update."""
    parameters = ", ".join(f"p{place}" for place in range(case.parameters))
    given = [f"a0_{j}" for j in range(case.widths[0])] + [f"y{k}" for k in range(case.widths[-1])]
    lines = [
        "from math import exp",
        "def run(parameters, batches, epochs):",
        f"    {parameters}, = parameters",
        "    for _ in range(epochs):",
        "        for batch in batches:",
    ]
    if case.batch == 1:
        lines += [f"            {', '.join(given)}, = batch[0]"]
        lines += [" " * 12 + line for line in _example(case, "p{0} -= {1}")]
    else:
        lines += [f"            {' = '.join(f'g{place}' for place in range(case.parameters))} = 0.0"]
        lines += [f"            for {', '.join(given)}, in batch:"]
        lines += [" " * 16 + line for line in _example(case, "g{0} += {1}")]
        lines += [f"            p{place} -= g{place}" for place in range(case.parameters)]
    return "\n".join([*lines, f"    return [{parameters}]", ""])


def _example(case: Case, add: str) -> Iterator[str]:
    """Forward, every delta from the old weights, then the updates; the deltas carry η · 2/(n K)."""
    begins = np.cumsum([0, *((inputs + 1) * units for inputs, units in case.layers)]).tolist()
    layers = list(enumerate(zip(case.layers, begins, strict=False), 1))
    for place, ((inputs, units), begin) in layers:
        for i in range(units):
            terms = [f"p{begin + i * inputs + j}*a{place - 1}_{j}" for j in range(inputs)]
            yield f"a{place}_{i} = 1/(1 + exp(-({' + '.join([*terms, f'p{begin + inputs * units + i}'])})))"
    last = len(layers)
    for k in range(case.widths[-1]):
        yield f"d{last}_{k} = {case.slope!r}*(a{last}_{k} - y{k})*a{last}_{k}*(1 - a{last}_{k})"
    for place, ((inputs, units), begin) in reversed(layers[1:]):
        for j in range(inputs):
            terms = [f"p{begin + i * inputs + j}*d{place}_{i}" for i in range(units)]
            yield f"d{place - 1}_{j} = ({' + '.join(terms)})*a{place - 1}_{j}*(1 - a{place - 1}_{j})"
    for place, ((inputs, units), begin) in layers:
        for i in range(units):
            for j in range(inputs):
                yield add.format(begin + i * inputs + j, f"d{place}_{i}*a{place - 1}_{j}")
            yield add.format(begin + inputs * units + i, f"d{place}_{i}")
