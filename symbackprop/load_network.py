"""The [network] and [loss] of a spec -> a network: names are made, shapes are checked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

from sympy import Rational

from symbackprop import spec as files
from symbackprop.activations import ACTIVATIONS
from symbackprop.errors import Gathering, did_you_mean, listing
from symbackprop.language import check_name
from symbackprop.losses import LOSSES
from symbackprop.matrix_network import (
    Arrangement,
    MatrixNetwork,
    build_matrix_network,
    default_matrix_layer,
)
from symbackprop.network import Layer, Network, Objective, PenaltyTerm, build_network, default_layer, naming

MOST_PARAMETERS = 200_000
"""So many scalars are derived one by one at the most."""


def exact(number: Decimal | int) -> Rational:
    """A number of the file with all its digits."""
    return Rational(str(number))


def exact_array(values: Any) -> Any:
    """Lists of numbers of the file with all their digits."""
    return [exact_array(one) for one in values] if isinstance(values, list) else exact(values)


class NetworkReader(Gathering):
    """Reads the layers and the loss, and gathers the mistakes on the way.

    Args:
        spec: the whole file.
        section: its [network].
    """

    def __init__(self, spec: files.Spec, section: files.NetworkSection) -> None:
        super().__init__()
        self.spec, self.section = spec, section

    def read(self) -> tuple[Network | MatrixNetwork, Objective] | None:
        """The network and its objective; nothing where there are mistakes."""
        section = self.section
        depth = len(section.layers)
        inputs = self._names(section.inputs, "x", "network.inputs")
        last = section.layers[-1].units
        targets = self._names(last if section.targets is None else section.targets, "y", "network.targets")
        if inputs is None:
            self.refuse(
                "network.inputs is missing", "network", fix='add inputs = ["x_1", "x_2"], or inputs = 2'
            )
        if len(targets or ()) != last:
            self.refuse(
                f"the last layer has {last} units and there are {len(targets or ())} targets",
                "network.targets",
                fix="give one target for each output",
            )
        widths = [len(inputs or ()), *(layer.units for layer in section.layers)]
        scalars = sum((before + 1) * width for before, width in pairwise(widths))
        if scalars > MOST_PARAMETERS and section.notation == "component":
            self.refuse(
                f"the network has {scalars} parameters, and each is written as a scalar",
                "network.layers",
                known=f"at most {MOST_PARAMETERS}",
                fix='write notation = "matrix": it takes no longer for wide layers',
            )
            return None
        layers = [self._layer(place, layer, depth) for place, layer in enumerate(section.layers, 1)]
        for place, layer in enumerate(section.layers, 1):
            if widths[place - 1]:
                self._check_shapes(place, layer, widths[place - 1])
        objective = self._objective(section.layers[-1])
        if self.mistakes or inputs is None or targets is None or objective is None:
            return None
        if section.notation == "component":
            return build_network(inputs, targets, layers, objective), objective
        return build_matrix_network(inputs, targets, layers, objective, self.arrangement), objective

    @property
    def arrangement(self) -> Arrangement:
        """One example or a batch, as the spec says: a batch where a step takes several examples."""
        training, loss = self.spec.training, self.spec.loss
        batch = self.section.batch
        if batch is None:
            batch = self.section.notation == "matrix" and training is not None and training.batch_size > 1
        mean = loss is None or loss.reduction == "mean"
        return Arrangement(batch, self.section.examples == "rows", mean)

    @property
    def _in_rows(self) -> bool:
        """Whether weights stand as Z = X W takes them."""
        return self.section.examples == "rows"

    def _names(self, given: int | list[str] | None, letter: str, where: str) -> list[str] | None:
        if isinstance(given, int):
            return list(map(naming(letter, given), range(1, given + 1)))
        for name in given or ():
            self.attempt(partial(check_name, name, where))
        return given

    def _activation(self, layer: files.LayerSection) -> str:
        return layer.activation or self.section.activation

    def _layer(self, number: int, section: files.LayerSection, depth: int) -> Layer:
        where = f"network.layers[{number - 1}]"
        name = self._activation(section)
        if name not in ACTIVATIONS:
            fix = did_you_mean(name, ACTIVATIONS)
            self.refuse(
                f"unknown activation {name!r}", f"{where}.activation", known=listing(ACTIVATIONS, 30), fix=fix
            )
        elif section.alpha is not None and not ACTIVATIONS[name].takes_alpha:
            self.refuse(
                f"{name} has no constant alpha", f"{where}.alpha", known="leaky_relu and elu have one"
            )
        elif ACTIVATIONS[name].untrainable and self.spec.training:
            why = ACTIVATIONS[name].untrainable
            self.refuse(
                f"a network with {name} cannot be trained by gradients: {why}",
                f"{where}.activation",
                fix="take sigmoid, or leave [training] out and derive only",
            )
        elif ACTIVATIONS[name].whole_layer and section.units == 1:
            self.refuse(
                f"{name} over one unit is always 1", f"{where}.activation", fix="use sigmoid, or two units"
            )
        letters = section.symbols.model_dump(exclude_none=True)
        for role, letter in letters.items():
            self.attempt(partial(check_name, letter, f"{where}.symbols.{role}"))
        layer = replace(
            default_layer(number, depth, section.units, name, **letters),
            has_bias=section.bias is not False,
            alpha=None if section.alpha is None else exact(section.alpha),
        )
        if self.section.notation == "component":
            return layer
        return replace(default_matrix_layer(number, depth, layer, self.arrangement), **letters)

    def _objective(self, last: files.LayerSection) -> Objective | None:
        section = self.spec.loss
        if section is None:
            self.refuse("a [network] needs a [loss]", "loss", fix='add [loss] with name = "mse"')
            return None
        if section.name not in LOSSES:
            fix = did_you_mean(section.name, LOSSES)
            self.refuse(f"unknown loss {section.name!r}", "loss.name", known=listing(LOSSES), fix=fix)
            return None
        loss = LOSSES[section.name]
        if loss.activations and self._activation(last) not in loss.activations:
            allowed = " or ".join(loss.activations)
            self.refuse(
                f"{section.name} takes outputs without an activation, and that is {self._activation(last)}",
                "loss.name",
                fix=f'give the last layer activation = "{allowed}"',
            )
        if section.delta is not None and "delta" not in loss.parameters:
            self.refuse(f"{section.name} has no constant delta", "loss.delta", known="huber has one")
        parameters = {} if section.delta is None else {"delta": exact(section.delta)}
        self.attempt(partial(check_name, section.symbol, "loss.symbol"))
        for place, penalty in enumerate(section.penalties):
            self.attempt(partial(check_name, penalty.symbol, f"loss.penalties[{place}].symbol"))
        return Objective(
            section.name,
            section.symbol,
            exact(section.factor),
            section.reduction == "mean",
            parameters,
            tuple(
                PenaltyTerm(one.name, one.symbol, exact(one.factor), one.bias, one.per_example)
                for one in section.penalties
            ),
        )

    def _check_shapes(self, number: int, section: files.LayerSection, inputs: int) -> None:
        """A row of weights for each unit, a column for each input, or the other way; a bias for each unit."""
        units, turned_round = section.units, self._in_rows
        height, width = (inputs, units) if turned_round else (units, inputs)
        where = f"network.layers[{number - 1}]"
        if section.weight is not None:
            widths = sorted({len(row) for row in section.weight})
            found = (
                f"{len(section.weight)} × {widths[0] if len(widths) == 1 else 'rows of different lengths'}"
            )
            expected, turned = f"{height} × {width}", f"{width} × {height}"
            meaning = "a row an input, a column a unit" if turned_round else "a row a unit, a column an input"
            if found != expected:
                self.refuse(
                    f"the weights of layer {number} have the wrong shape",
                    f"{where}.weight",
                    known=f"expected {expected} ({meaning}), found {found}",
                    fix="transpose it" if found == turned else "write one list of numbers for each row",
                )
        if isinstance(section.bias, list) and len(section.bias) != section.units:
            self.refuse(
                f"the biases of layer {number} are the wrong number",
                f"{where}.bias",
                known=f"expected {section.units}, one for each unit; found {len(section.bias)}",
                fix="write one number for each unit, or bias = false",
            )


def network_values(spec: files.Spec, network: Network | MatrixNetwork) -> dict[str, Any]:
    """The numbers that the layers and the penalties give, by the names of the graph."""
    values: dict[str, Any] = {}
    assert spec.network is not None
    assert spec.loss is not None
    if isinstance(network, MatrixNetwork):
        values |= _matrix_values(spec.network, network)
    else:
        values |= _component_values(spec.network, network)
    for penalty in spec.loss.penalties:
        if penalty.strength is not None:
            values[penalty.symbol] = exact(penalty.strength)
        if penalty.per_example and "m" in network.graph:
            values["m"] = Rational(spec.training.batch_size if spec.training else 1)
    return values


def _matrix_values(section: files.NetworkSection, network: MatrixNetwork) -> dict[str, Any]:
    """Weights as they stand; biases in the shape that broadcasts along the examples."""
    values: dict[str, Any] = {}
    for given, layer in zip(section.layers, network.layers, strict=True):
        if given.weight is not None:
            values[layer.weight] = exact_array(given.weight)
        if given.bias:
            shape = network.graph[layer.bias].shape
            numbers = exact_array(given.bias)
            column = len(shape) == 2 and shape[1] == 1
            values[layer.bias] = (
                [[one] for one in numbers] if column else [numbers] if len(shape) == 2 else numbers
            )
    return values


def _component_values(section_: files.NetworkSection, network: Network) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for section, rows, biases in zip(section_.layers, network.weights, network.biases, strict=True):
        given = section.weight or ()
        if section_.examples == "rows":
            given = [list(column) for column in zip(*given, strict=True)]
        for names, numbers in zip(rows, given, strict=False):
            values |= {name: exact(number) for name, number in zip(names, numbers, strict=True)}
        for name, number in zip(biases, section.bias or (), strict=False):
            values[name] = exact(number)
    return values
