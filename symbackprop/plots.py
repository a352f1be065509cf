"""Plots of a training run as data: how the losses and the gradients go, step by step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symbackprop.content import Source, Text, Value, batch_scope, state_scope, text
from symbackprop.derivation import Derivation
from symbackprop.fitting.curve import Curve
from symbackprop.graph import Graph
from symbackprop.numeric.train import Trace

FEW_EXAMPLES = 6
"""Each example has a line of its own where there are no more of them."""

FEW_LINES = 12
"""Each parameter has a line of its own where there are no more of them and no layers."""

WIDE = 100
"""Values further apart than this factor are drawn on a logarithmic scale."""


@dataclass(frozen=True)
class Line:
    """One line of a plot.

    Attributes:
        label: what it shows.
        points: how far the training has come, and the number there.
    """

    label: Text
    points: tuple[tuple[int, Value], ...]


@dataclass(frozen=True)
class Plot:
    """Lines over one axis, which counts.

    Attributes:
        title: what one who does not see it is told.
        x: what the horizontal axis counts.
        y: what the vertical axis measures.
        lines: the first one first.
        log: the vertical axis is logarithmic; zeros stand at its foot.
    """

    title: Text
    x: Text
    y: Text
    lines: tuple[Line, ...]
    log: bool = False


def losses_plot(trace: Trace) -> Plot:
    """The loss at every state of the parameters: its means, and of few examples each."""
    table, used = trace.losses, trace.used
    lines = []
    if len(table.examples) > 1:
        lines.append(_of_states(trace, text("mean of all"), "mean of all", table.mean()))
        if used and len(used) < len(table.examples):
            label = text("mean of the {count} used", count=len(used))
            lines.append(_of_states(trace, label, "mean of used", table.mean(used)))
    if len(table.examples) <= FEW_EXAMPLES:
        for place, losses in enumerate(table.table.T, 1):
            named = bool(table.examples)
            label = text("example {number}", number=table.examples[place - 1]) if named else text("loss")
            lines.append(_of_states(trace, label, f"loss {place}", losses))
    return Plot(text("Losses"), text("Updates"), text("Loss"), tuple(lines), _is_wide(lines))


def _of_states(trace: Trace, label: Text, of: str, numbers: Any) -> Line:
    points = [
        (state, Value(float(numbers[state]), Source(state_scope(state), of))) for state in trace.losses.states
    ]
    return Line(label, tuple(points))


def curve_plot(curve: Curve) -> Plot:
    """The loss over a run."""
    points = zip(curve.steps.tolist(), map(Value, curve.means.tolist()), strict=True)
    lines = [Line(text("loss"), tuple(points))]
    return Plot(text("Losses"), text("Updates"), text("Loss"), tuple(lines), _is_wide(lines))


def gradient_norms_plot(trace: Trace) -> Plot:
    """The norm of the gradient of every layer at every iteration; without layers of every parameter."""
    lines = []
    for label, of, names in gradient_groups(trace.derivation):
        points = [
            (one.number, Value(_norm(one.gradients, names), Source(batch_scope(one.number), of)))
            for one in trace.iterations
        ]
        lines.append(Line(label, tuple(points)))
    title, y = text("Norms of the gradients"), text("Norm of the gradient")
    return Plot(title, text("Iteration"), y, tuple(lines), _is_wide(lines))


def gradient_groups(derivation: Derivation) -> list[tuple[Text, str, list[str]]]:
    """The lines of norms: what each is called, what its numbers are of, the names of its parameters."""
    return parameter_groups(derivation.graph, [symbol.name for symbol in derivation.wrt])


def parameter_groups(graph: Graph, names: Sequence[str]) -> list[tuple[Text, str, list[str]]]:
    """Parameters that are taken together: those of a layer; without layers each by itself, or all of many.

    Args:
        graph: knows the layers.
        names: of the parameters.
    """
    layers: dict[int, list[str]] = {}
    for name in names:
        if layer := graph[name].layer:
            layers.setdefault(layer, []).append(name)
    if layers:
        return [
            (text("layer {number}", number=number), f"norm of layer {number}", of_layer)
            for number, of_layer in sorted(layers.items())
        ]
    if len(names) > FEW_LINES:
        return [(text("all parameters"), "norm", list(names))]
    return [(text("{symbol}", symbol=graph[name].symbol), f"norm of {name}", [name]) for name in names]


def _norm(gradients: Mapping[str, Any], names: Sequence[str]) -> float:
    """√ of the sum of all squares."""
    return math.hypot(*(float(one) for name in names for one in np.ravel(gradients[name])))


def _is_wide(lines: Sequence[Line]) -> bool:
    """Whether no number is negative and the positive ones are far apart."""
    numbers = [value.number for line in lines for _, value in line.points]
    positive = [number for number in numbers if number > 0]
    return bool(positive) and min(numbers) >= 0 and max(positive) > WIDE * min(positive)
