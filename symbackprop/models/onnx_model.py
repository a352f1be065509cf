"""A model in a file of ONNX -> a problem, its numbers exactly as they are; nothing of it is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sympy import Symbol

from symbackprop.arrays.sizes import Shape, Size
from symbackprop.building import checked_shape
from symbackprop.conventions import Conventions
from symbackprop.errors import (
    ExpressionError,
    Gathering,
    Mistake,
    Mistakes,
    ModelError,
    did_you_mean,
    listing,
    raise_all,
)
from symbackprop.language import check_name
from symbackprop.matrix_network import COUNT
from symbackprop.models.objective import named_goal
from symbackprop.models.onnx_file import array, attributes, check_onnx, opset, read_onnx, sizes
from symbackprop.models.onnx_operation import Constant, Operation
from symbackprop.models.onnx_operators import DYNAMIC, OPERATORS
from symbackprop.models.problem import Wishes, batch_size, model_problem
from symbackprop.models.stages import Model, Stage
from symbackprop.notation.names import unused_name
from symbackprop.problem import Problem, Training

Proto = Any


def from_onnx(
    path: str | Path,
    *,
    loss: str = "mse",
    reduction: str = "mean",
    batch: int | str | None = None,
    shape: Sequence[int] | None = None,
    inputs: Any = None,
    targets: Any = None,
    training: Training | None = None,
    title: str | None = None,
    notation: str = "matrix",
    conventions: Conventions | None = None,
) -> Problem:
    """The problem that a model in a file of ONNX and a loss make: to derive, draw, train and check.

    Nothing of the file is run. Its arrays keep their shapes and numbers; `problem.origins` tells which is
    whose: `W__1` is `0.weight`. What is trained are the arrays that are no literals of the program; running
    statistics are constants. An activation that the file spells out in operations of arithmetic is known by
    its values.

    Args:
        path: of the file.
        loss: the name of a loss.
        reduction: `mean` or `sum`.
        batch: how many examples stand in X: a number or a name; None: as the file says, else n.
        shape: of one example, where the file does not say it.
        inputs: numbers of the examples, where there are any; likewise `targets`: rows, or classes from 0.
        training: how it is trained on.
        title: of the solution; the name of the file, unless given.
        notation: `matrix`, `indexed` or `component`.
        conventions: what textbooks differ on.

    Raises:
        OptionError: onnx is not installed, or there is no loss of that name.
        ModelError: the file is broken, or holds operators that the language does not have; `Mistakes` where
            there are several.
    """
    goal = named_goal(loss, reduction)
    place = Path(path)
    proto = read_onnx(place)
    given = place.stem if title is None else title
    wishes = Wishes(goal, inputs, targets, training, given, notation, conventions or Conventions())
    try:
        reader = _Reader(proto)
        model = reader.model()
        whole = reader.input_shape(batch, shape)
        return model_problem(model, whole, wishes, batch=len(whole) > 1)
    except Mistakes as several:
        raise Mistakes([mistake.at(place.name) for mistake in several.mistakes]) from None
    except Mistake as mistake:
        raise mistake.at(place.name) from None


class _Reader(Gathering):
    """Reads one node after the other, and gathers those that are not read."""

    def __init__(self, proto: Proto) -> None:
        super().__init__()
        self.proto, self.graph = proto, proto.graph
        self.opset = opset(proto)
        self.constants = {
            one.name: Constant(one.name, array(one), is_literal=False) for one in self.graph.initializer
        }
        self.given = {one.name: sizes(one) for one in self.graph.input if one.name not in self.constants}
        self.stages: list[Stage] = []
        self.uses = Counter(name for node in self.graph.node for name in node.input)
        self.uses.update(one.name for one in self.graph.output)

    def model(self) -> Model:
        """The layers of the file.

        Raises:
            ModelError: for each node that is not read; all of them together.
        """
        for node in self.graph.node:
            self.attempt(partial(self._check_known, node))
        raise_all(self.mistakes)
        check_onnx(self.proto)
        source, result = self._only("input"), self._only("output")
        for node in self.graph.node:
            self.attempt(partial(self._add, node))
        raise_all(self.mistakes)
        return Model(tuple(self.stages), source, result)

    def _only(self, word: str) -> str:
        """The one input or output of the graph."""
        values = [str(one.name) for one in getattr(self.graph, word) if one.name not in self.constants]
        if len(values) != 1:
            raise ModelError(
                f"the model has {len(values)} {word}s",
                where=f"the {word}s of the graph",
                known=listing(values) or "none",
                fix="keep one of them, as onnx.utils.extract_model does",
            )
        return values[0]

    # ------------------------------------------------------------------------------------------------ nodes

    def _place(self, node: Proto) -> str:
        outputs = ", ".join(node.output)
        return (
            f"the node {node.name or '(without a name)'}: {outputs} = {node.op_type}({', '.join(node.input)})"
        )

    def _check_known(self, node: Proto) -> None:
        word = node.op_type
        own = node.domain in ("", "ai.onnx")
        if not own or (word not in OPERATORS and word != "Constant"):
            shapes = "export with fixed shapes; only the first axis may be dynamic" if word in DYNAMIC else ""
            raise ModelError(
                f"the operator {word if own else f'{node.domain}.{word}'} is not read",
                where=self._place(node),
                known=listing(sorted(OPERATORS), len(OPERATORS)),
                fix=shapes or did_you_mean(word, OPERATORS) or "take the layer out before exporting",
            )
        extra = [name for name in node.output[1:] if self.uses[name]]
        if extra:
            raise ModelError(
                f"the second result of {word} is not read: {extra[0]}",
                where=self._place(node),
                fix="use its first result only",
            )

    def _add(self, node: Proto) -> None:
        """One more layer, or one more constant."""
        place = self._place(node)
        try:
            settings = attributes(node)
            if node.op_type == "Constant":
                self._learn_constant(node, settings)
                return
            inputs, output = tuple(node.input), str(node.output[0])
            if node.op_type in ("Identity", "Cast") and inputs[0] in self.constants:
                self.constants[output] = self.constants[inputs[0]]
                return
            operation = Operation(node.op_type, inputs, output, settings, self.constants, self.opset, place)
            self._append(OPERATORS[node.op_type](operation))
        except Mistake as mistake:
            raise mistake.at(place) from None

    def _learn_constant(self, node: Proto, settings: dict[str, Any]) -> None:
        """An array that is written into the program."""
        (kind, value), *_ = settings.items()
        if kind not in ("value", "value_float", "value_int", "value_floats", "value_ints"):
            raise ModelError(f"a constant of the kind {kind} is not read", fix="export it as an array")
        entries = array(value) if kind == "value" else np.asarray(value)
        name = str(node.output[0])
        self.constants[name] = Constant(name, entries, is_literal=True)

    def _append(self, stage: Stage) -> None:
        """One more layer; a product and the bias that is added to it are one."""
        product = self._product_in(stage)
        if product is not None:
            self.stages.remove(product)
            (bias,) = stage.tensors.values()
            stage = replace(product, output=stage.output, tensors={**product.tensors, "b": bias})
        self.stages.append(stage)

    def _product_in(self, stage: Stage) -> Stage | None:
        """The product with weights that nothing but this sum with an array takes."""
        if stage.layer != "add" or len(stage.tensors) != 1 or len(stage.inputs) != 1:
            return None
        (key,) = stage.inputs.values()
        found = next((one for one in self.stages if one.output == key), None)
        alone = found is not None and found.layer == "product" and "b" not in found.tensors
        return found if alone and self.uses[key] == 1 else None

    # ------------------------------------------------------------------------------------------------ shape

    def input_shape(self, batch: int | str | None, shape: Sequence[int] | None) -> Shape:
        """The shape of what goes in: the file's own, but for what is asked for.

        Args:
            batch: in the place of the first axis.
            shape: in the place of all others.
        """
        ((name, declared),) = self.given.items()
        if declared is None and shape is None:
            raise ModelError(
                "the file does not say what shape an example has",
                where=f"the input {name}",
                fix="give shape=(…) of one example",
            )
        own = declared or [None]
        if len(own) == 1 and batch is None and shape is None:
            return (self._size(own[0], name, set()),)
        first: Size = own[0] if isinstance(own[0], int) else COUNT
        if batch is not None:
            first = batch_size(batch)
        if shape is not None:
            return (first, *checked_shape("inputs", tuple(shape)))
        taken = {str(first)}
        return (first, *(self._size(one, name, taken) for one in own[1:]))

    def _size(self, size: int | str | None, name: str, taken: set[str]) -> Size:
        """The length of an axis: a number, or the name that the file has for it."""
        if isinstance(size, int):
            return size
        if size is None:
            what = "an axis of the input has neither a length nor a name"
            raise ModelError(what, where=f"the input {name}", fix="give shape=(…) of one example")
        try:
            letter = check_name(size)
        except ExpressionError:
            letter = "m"
        own = unused_name(letter, taken)
        taken.add(own)
        return Symbol(own)
