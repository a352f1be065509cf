"""A model of PyTorch -> a problem, its trained numbers exactly as they are; nothing of it is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from symbackprop.conventions import Conventions
from symbackprop.errors import Gathering, Mistake, ModelError, did_you_mean, listing, raise_all
from symbackprop.models.objective import named_goal
from symbackprop.models.problem import Wishes, batch_size, example_shape, model_problem
from symbackprop.models.stages import Model, Stage, Tensor, checked_numbers
from symbackprop.models.torch_layers import INSTEAD, TORCH_LAYERS
from symbackprop.models.torch_losses import torch_goal
from symbackprop.problem import Problem, Training

Module = Any
INPUT = "input"
_OWN = "torch.nn.modules."


def from_torch(
    model: Module,
    *,
    loss: str | Module = "mse",
    reduction: str = "mean",
    batch: int | str | None = "n",
    shape: Sequence[int] | None = None,
    inputs: Any = None,
    targets: Any = None,
    training: Training | None = None,
    title: str = "",
    notation: str = "matrix",
    conventions: Conventions | None = None,
) -> Problem:
    """The problem that a model of PyTorch and a loss make: to derive, draw, train and check.

    Every parameter keeps PyTorch's shape and number, so that gradients compare one by one with `p.grad`;
    `problem.origins` tells which is whose: `W__1` is `0.weight`. A frozen parameter is a constant. Layers are
    taken in the mode that they are in: call `model.eval()` for running statistics and no dropout.

    Args:
        model: a `torch.nn.Sequential`, or one module.
        loss: the name of a loss, or a loss of `torch.nn`.
        reduction: `mean` or `sum`, of a loss that is given by its name.
        batch: how many examples stand in X, a row each: a number, or a name; None: one example, a vector x.
        shape: of one example, where the first layers do not say it, as (1, 28, 28).
        inputs: numbers of the examples, where there are any; likewise `targets`: rows, or classes from 0.
        training: how it is trained on.
        title: of the solution.
        notation: `matrix`, `indexed` or `component`.
        conventions: what textbooks differ on.

    Raises:
        ModelError: a layer or a setting that the language does not have; `Mistakes` where there are several.
        ShapeError: layers that do not fit one another.
    """
    goal = named_goal(loss, reduction) if isinstance(loss, str) else torch_goal(loss)
    found = read_torch(model)
    wishes = Wishes(goal, inputs, targets, training, title, notation, conventions or Conventions())
    example = example_shape(found.stages, shape, inputs, batch=batch is not None)
    whole = example if batch is None else (batch_size(batch), *example)
    return model_problem(found, whole, wishes, batch=batch is not None)


def read_torch(model: Module) -> Model:
    """The layers of a model of PyTorch, in their order.

    Raises:
        ModelError: for each that is not read; all of them together.
    """
    if not hasattr(model, "named_modules"):
        raise ModelError(
            f"a {type(model).__name__} is no model of PyTorch",
            where="model",
            fix="give the torch.nn.Sequential itself, with its numbers loaded into it",
        )
    reader = _Reader()
    for path, module in reader.leaves(model, ""):
        reader.attempt(partial(reader.add, path, module))
    if not reader.stages and not reader.mistakes:
        raise ModelError("the model has no layers", where="model", fix="put one in, as torch.nn.Linear(2, 1)")
    raise_all(reader.mistakes)
    return Model(tuple(reader.stages), INPUT, reader.stages[-1].output)


class _Reader(Gathering):
    """Reads one module after the other, and gathers those that are not read."""

    def __init__(self) -> None:
        super().__init__()
        self.stages: list[Stage] = []
        self.tensors: dict[int, Tensor] = {}

    def leaves(self, module: Module, path: str) -> Iterator[tuple[str, Module]]:
        """The modules of a chain in their order, each with its place: 0, 1, 2.0, …"""
        self.attempt(partial(_refuse_code, path, module))
        if type(module).__name__ == "Sequential" and _is_own(module):
            # `named_children` leaves out a module that stands in the chain a second time.
            for name, child in module._modules.items():
                yield from self.leaves(child, f"{path}.{name}".lstrip("."))
        else:
            yield path, module

    def add(self, path: str, module: Module) -> None:
        """One more layer."""
        word, place = type(module).__name__, _place(path, module)
        if word not in TORCH_LAYERS or not _is_own(module):
            raise _unread(word, place)
        try:
            reading = TORCH_LAYERS[word](module)
            tensors = {
                slot: self._tensor(f"{path}.{name}".lstrip("."), getattr(module, name))
                for slot, name in reading.arrays.items()
                if getattr(module, name) is not None
            }
        except Mistake as mistake:
            raise mistake.at(place) from None
        before = self.stages[-1].output if self.stages else INPUT
        output = f"{len(self.stages)}"
        self.stages.append(
            Stage(reading.layer, output, {"x": before}, tensors, reading.options, place, reading.width)
        )

    def _tensor(self, name: str, array: Any) -> Tensor:
        """The numbers of an array; one that several layers share is read once, by its first name."""
        if id(array) not in self.tensors:
            if array.is_complex() or array.is_meta or array.is_quantized or array.is_sparse:
                what = f"{name} holds no plain numbers: {array.dtype}, {array.layout}, on {array.device}"
                raise ModelError(what, fix="give real numbers, as model.double() on the CPU has")
            numbers = np.array(array.detach().cpu().double().tolist(), dtype=np.float64)
            trained = bool(array.requires_grad)
            self.tensors[id(array)] = Tensor(name, checked_numbers(name, numbers), is_trained=trained)
        return self.tensors[id(array)]


def _place(path: str, module: Module) -> str:
    """Where a module stands, and how PyTorch shows it."""
    return f"{f'layer {path}' if path else 'model'}: {repr(module).splitlines()[0]}"


def _is_own(module: Module) -> bool:
    """Whether its class is PyTorch's own."""
    return type(module).__module__.startswith("torch.nn.modules.")


def _refuse_code(path: str, module: Module) -> None:
    """Hooks, and a forward pass that was put in, are code.

    Raises:
        ModelError: the module has one.
    """
    if module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module):
        raise ModelError(
            "a hook or a forward of its own is code, and is not read",
            where=_place(path, module),
            fix="remove it; weight_norm and its kin have a remove_…",
        )


def _unread(word: str, place: str) -> ModelError:
    fix = INSTEAD.get(word) or did_you_mean(word, TORCH_LAYERS)
    return ModelError(
        f"the layer {word} is not read",
        where=place,
        known=listing(TORCH_LAYERS, len(TORCH_LAYERS)),
        fix=fix or "take it out, or write the graph in equations: sb.Graph.from_equations",
    )
