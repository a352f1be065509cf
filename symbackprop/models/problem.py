"""A model as a reader found it -> a problem: named, with a loss, its numbers, and the examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import Symbol

from symbackprop.arrays.sizes import Shape
from symbackprop.building import checked_shape
from symbackprop.conventions import Conventions
from symbackprop.errors import DataError, ModelError, OptionError, listing
from symbackprop.graph import Graph, Node, Role
from symbackprop.language import check_name
from symbackprop.matrix_network import COUNT, Arrangement
from symbackprop.models.assembler import Assembled, Letters, assemble
from symbackprop.models.examples import (
    Examples,
    as_numbers,
    check_shape,
    exactly,
    fitting_targets,
    gathered,
)
from symbackprop.models.objective import OF_LOGITS, Goal, check_ending
from symbackprop.models.stages import Model, Numbers, Stage
from symbackprop.problem import Problem, Training
from symbackprop.renotate import in_components

NOTATIONS = ("matrix", "indexed", "component")
LOSS = "L"


@dataclass(frozen=True)
class Wishes:
    """What is asked for besides the model.

    Attributes:
        goal: the loss.
        inputs: numbers of the examples, where there are any; likewise `targets`.
        training: the updates.
        title: of the solution.
        notation: `matrix`, `indexed` or `component`.
        conventions: what textbooks differ on.
    """

    goal: Goal
    inputs: Any = None
    targets: Any = None
    training: Training | None = None
    title: str = ""
    notation: str = "matrix"
    conventions: Conventions = field(default_factory=Conventions)


def batch_size(batch: int | str) -> int | Symbol:
    """The length of the axis of examples.

    Raises:
        OptionError: it is neither a number nor a name.
    """
    if isinstance(batch, str):
        return Symbol(check_name(batch, f"batch={batch!r}"))
    if isinstance(batch, bool) or batch < 1:
        raise OptionError(
            f"a batch of {batch}", where=f"batch={batch!r}", fix='give a number, a name as "n", or None'
        )
    return batch


def example_shape(stages: Sequence[Stage], shape: Sequence[int] | None, inputs: Any, *, batch: bool) -> Shape:
    """The shape of what goes in, without the axis of examples.

    Args:
        stages: the layers; what keeps the shape, or flattens it, may stand before one that says its width.
        shape: of one example, where it is given.
        inputs: the examples, where they are given.
        batch: whether their first axis is of examples.

    Raises:
        ModelError: nothing says it.
    """
    if shape is not None:
        return checked_shape("inputs", tuple(shape))
    if inputs is not None:
        return as_numbers(inputs, "inputs").shape[int(batch) :]
    for stage in stages:
        if stage.width is not None:
            return (stage.width,)
        if not stage.kind.keeps_shape and stage.layer != "flatten":
            break
    raise ModelError(
        "the layers do not say what shape an example has",
        where=stages[0].place,
        fix="give shape=(…) of one example, as (1, 28, 28), or inputs",
    )


def model_problem(model: Model, shape: Shape, wishes: Wishes, *, batch: bool) -> Problem:
    """The problem that a model and a loss make.

    Args:
        model: as a reader found it.
        shape: of what goes in.
        wishes: the loss, the examples, the training.
        batch: whether the first axis is of examples.

    Raises:
        Mistake: layers or numbers that do not fit; which, is told.
    """
    if wishes.notation not in NOTATIONS:
        raise OptionError(
            f"unknown notation {wishes.notation!r}",
            where=f"notation={wishes.notation!r}",
            known=listing(NOTATIONS),
        )
    plain = model.reduced()
    if not plain.stages or plain.input not in {key for one in plain.stages for key in one.inputs.values()}:
        raise ModelError(
            "what comes out of the model does not depend on what goes in", where="model", fix="add a layer"
        )
    check_ending(wishes.goal, plain.stages[-1])
    names = ("X", "Y") if batch else ("x", "y")
    assembled = assemble(plain, shape, _letters(names, wishes.goal, batch=batch))
    graph = _graph(assembled, wishes.goal, names[1], batch=batch)
    examples = _examples(wishes, names, (shape, assembled.output.shape), batch=batch)
    problem = Problem(
        graph,
        wishes.title,
        {name: exactly(one.numbers) for name, one in assembled.tensors.items()} | dict(examples.values),
        data=examples.data,
        training=wishes.training,
        conventions=wishes.conventions,
        arrays=examples.arrays,
        layout=Arrangement(batch, rows=True).words if len(shape) == 1 + batch else None,
        layers=assembled.layers,
        is_indexed=wishes.notation == "indexed",
        origins={name: one.name for name, one in assembled.tensors.items()},
    )
    return in_components(problem) if wishes.notation == "component" else problem


def _letters(names: tuple[str, str], goal: Goal, *, batch: bool) -> Letters:
    estimate = "Yhat" if batch else "yhat"
    return Letters(
        names[0],
        None if goal.name in OF_LOGITS else estimate,
        frozenset({names[1], estimate, LOSS, COUNT.name}),
        is_small=not batch,
    )


def _graph(assembled: Assembled, goal: Goal, target: str, *, batch: bool) -> Graph:
    """The model's equations, the targets and the loss."""
    output = assembled.output
    aim = Node(Symbol(target), role=Role.TARGET, shape=output.shape)
    loss = goal.node(output, aim.symbol, Symbol(LOSS), batch=batch)
    nodes = (*assembled.nodes, aim, loss)
    given = {node.symbol for node in nodes}
    sizes = dict.fromkeys(one for node in nodes for one in node.parents if one not in given)
    return Graph((*nodes, *(Node(one, role=Role.SIZE) for one in sizes)), loss.symbol, assembled.normalised)


def _examples(
    wishes: Wishes, names: tuple[str, str], shapes: tuple[Shape, Shape], *, batch: bool
) -> Examples:
    """The numbers of the examples, in the shapes that the graph has."""
    found: dict[str, Numbers] = {}
    for name, word, shape in zip(names, ("inputs", "targets"), shapes, strict=True):
        given = getattr(wishes, word)
        if given is None:
            continue
        numbers = as_numbers(given, word)
        if word == "targets":
            numbers = fitting_targets(numbers, shape, of_classes=wishes.goal.loss.distribution)
        check_shape(word, numbers, shape)
        found[name] = numbers
    if batch and len({len(one) for one in found.values()}) > 1:
        raise DataError(
            "inputs and targets are of different lengths",
            where="targets",
            known=", ".join(str(len(one)) for one in found.values()),
            fix="give a target for every example",
        )
    return gathered(found, names, batch=batch)
