"""Spec -> Problem: names are made, shapes are checked, numbers find their places; all mistakes at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from sympy import Rational

from symbackprop import spec as files
from symbackprop.activations import ACTIVATIONS
from symbackprop.data import Data, build_data, read_csv
from symbackprop.errors import Mistake, Mistakes, SpecError, did_you_mean, listing, raise_all
from symbackprop.graph import Graph, Role
from symbackprop.language import check_name
from symbackprop.losses import LOSSES
from symbackprop.network import Layer, Network, Objective, PenaltyTerm, build_network, default_layer, numbered
from symbackprop.problem import Problem, Training


def load(path: str | Path) -> Problem:
    """The problem that a spec file describes.

    Raises:
        SpecError: and the other mistakes of `errors.py`; `Mistakes` where there are several.
    """
    place = Path(path)
    return loads(files.read_file(place), place.name, place.parent)


def loads(text: str, label: str = "spec", folder: Path | None = None) -> Problem:
    """The problem that a spec describes, given as text.

    Args:
        text: the TOML.
        label: its name, for messages.
        folder: where a data file is looked for.
    """
    content = files.read_spec(text, label)
    try:
        return _Loader(content, folder or Path()).problem()
    except Mistakes as several:
        raise Mistakes([mistake.at(label) for mistake in several.mistakes]) from None
    except Mistake as mistake:
        raise mistake.at(label) from None


class _Loader:
    """Turns one spec into a problem and gathers the mistakes on the way."""

    def __init__(self, content: files.Spec, folder: Path) -> None:
        self.spec, self.folder = content, folder
        self.mistakes: list[Mistake] = []

    def problem(self) -> Problem:
        if (self.spec.graph is None) == (self.spec.network is None):
            raise SpecError(
                "a spec describes either a [graph] or a [network]",
                fix="write [graph] with equations, or [network] with layers and a [loss]",
            )
        network, objective = self._network()
        raise_all(self.mistakes)
        graph = network.graph if network else self._graph()
        values = self._values(graph, network)
        data = self._attempt(lambda: self._data(graph, values))
        training = self._training(data)
        raise_all(self.mistakes)
        problem = Problem(
            graph, self.spec.title, values, network, objective, data, training, self.spec.conventions
        )
        self._check_distributions(problem)
        raise_all(self.mistakes)
        return problem

    def _attempt(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except Mistakes as several:
            self.mistakes += several.mistakes
        except Mistake as mistake:
            self.mistakes.append(mistake)
        return None

    def _refuse(self, what: str, where: str, *, known: str = "", fix: str = "") -> None:
        self.mistakes.append(SpecError(what, where=where, known=known, fix=fix))

    def _network(self) -> tuple[Network | None, Objective | None]:
        if self.spec.network is not None:
            return self._network_and_objective(self.spec.network)
        if self.spec.loss is not None:
            self._refuse("[loss] belongs to a [network]", "loss", fix="in a [graph] the loss is an equation")
        return None, None

    # A graph of equations ------------------------------------------------------------------------------

    def _graph(self) -> Graph:
        section = self.spec.graph
        assert section is not None
        for table in ("parameters", "inputs", "targets"):
            for name, value in getattr(self.spec, table).items():
                self._attempt(partial(check_name, name, f"{table}.{name}"))
                if isinstance(value, list):
                    self._refuse(
                        f"{name!r} is an array, and matrix notation is not built yet",
                        f"{table}.{name}",
                        fix="write the equations in scalars",
                    )
        raise_all(self.mistakes)
        columns = self._data_names()
        targets = [*self.spec.targets]
        inputs = [
            *self.spec.inputs,
            *(name for name in columns if name not in (*self.spec.inputs, *self.spec.parameters, *targets)),
        ]
        try:
            return Graph.from_equations(
                section.equations,
                parameters=[*self.spec.parameters],
                inputs=inputs,
                targets=targets,
                output=section.output,
                granularity=section.granularity,
            )
        except Mistakes as several:
            raise Mistakes([mistake.at("graph.equations") for mistake in several.mistakes]) from None
        except Mistake as mistake:
            raise mistake.at("graph.equations") from None

    def _data_names(self) -> list[str]:
        """The names that the table gives: its formulas, and its columns where it has no formulas."""
        data = self.spec.data
        if data is None:
            return []
        return [*data.inputs] or [*(data.columns or ())]

    # A network -----------------------------------------------------------------------------------------

    def _network_and_objective(
        self, section: files.NetworkSection
    ) -> tuple[Network | None, Objective | None]:
        if section.notation != "component":
            self._refuse(
                f"{section.notation} notation is not built yet",
                "network.notation",
                known="component",
                fix='write notation = "component", or leave the line out',
            )
        depth = len(section.layers)
        inputs = self._names(section.inputs, "x", "network.inputs")
        last = section.layers[-1].units
        targets = self._names(last if section.targets is None else section.targets, "y", "network.targets")
        if inputs is None:
            self._refuse(
                "network.inputs is missing", "network", fix='add inputs = ["x_1", "x_2"], or inputs = 2'
            )
        if len(targets or ()) != last:
            self._refuse(
                f"the last layer has {last} units and there are {len(targets or ())} targets",
                "network.targets",
                fix="give one target for each output",
            )
        layers = [self._layer(place, layer, depth) for place, layer in enumerate(section.layers, 1)]
        objective = self._objective(section.layers[-1])
        if self.mistakes or inputs is None or targets is None:
            return None, None
        return build_network(inputs, targets, layers, objective), objective

    def _names(self, given: int | list[str] | None, letter: str, where: str) -> list[str] | None:
        if isinstance(given, int):
            return [numbered(letter, (place, given)) for place in range(1, given + 1)]
        for name in given or ():
            self._attempt(partial(check_name, name, where))
        return given

    def _activation(self, layer: files.LayerSection) -> str:
        assert self.spec.network is not None
        return layer.activation or self.spec.network.activation

    def _layer(self, number: int, section: files.LayerSection, depth: int) -> Layer:
        where = f"network.layers[{number - 1}]"
        name = self._activation(section)
        if name not in ACTIVATIONS:
            fix = did_you_mean(name, ACTIVATIONS)
            self._refuse(
                f"unknown activation {name!r}", f"{where}.activation", known=listing(ACTIVATIONS, 30), fix=fix
            )
        elif section.alpha is not None and not ACTIVATIONS[name].takes_alpha:
            self._refuse(
                f"{name} has no constant alpha", f"{where}.alpha", known="leaky_relu and elu have one"
            )
        elif ACTIVATIONS[name].whole_layer and section.units == 1:
            self._refuse(
                f"{name} over one unit is always 1", f"{where}.activation", fix="use sigmoid, or two units"
            )
        letters = section.symbols.model_dump(exclude_none=True)
        for role, letter in letters.items():
            self._attempt(partial(check_name, letter, f"{where}.symbols.{role}"))
        usual = default_layer(number, depth, section.units, name, **letters)
        return Layer(
            usual.units,
            usual.activation,
            usual.weight,
            usual.bias,
            usual.preactivation,
            usual.output,
            usual.delta,
            has_bias=section.bias is not False,
            alpha=None if section.alpha is None else _exact(section.alpha),
        )

    def _objective(self, last: files.LayerSection) -> Objective | None:
        section = self.spec.loss
        if section is None:
            self._refuse("a [network] needs a [loss]", "loss", fix='add [loss] with name = "mse"')
            return None
        if section.name not in LOSSES:
            fix = did_you_mean(section.name, LOSSES)
            self._refuse(f"unknown loss {section.name!r}", "loss.name", known=listing(LOSSES), fix=fix)
            return None
        loss = LOSSES[section.name]
        if loss.activations and self._activation(last) not in loss.activations:
            allowed = " or ".join(loss.activations)
            self._refuse(
                f"{section.name} takes outputs without an activation, and that is {self._activation(last)}",
                "loss.name",
                fix=f'give the last layer activation = "{allowed}"',
            )
        if section.delta is not None and "delta" not in loss.parameters:
            self._refuse(f"{section.name} has no constant delta", "loss.delta", known="huber has one")
        parameters = {} if section.delta is None else {"delta": _exact(section.delta)}
        self._attempt(lambda: check_name(section.symbol, "loss.symbol"))
        return Objective(
            section.name,
            section.symbol,
            _exact(section.factor),
            section.reduction == "mean",
            parameters,
            tuple(
                PenaltyTerm(one.name, one.symbol, _exact(one.factor), one.bias, one.per_example)
                for one in section.penalties
            ),
        )

    # Numbers -------------------------------------------------------------------------------------------

    def _values(self, graph: Graph, network: Network | None) -> dict[str, Rational]:
        if network is None:
            tables = {**self.spec.parameters, **self.spec.inputs, **self.spec.targets}
            return {name: _exact(value) for name, value in tables.items() if not isinstance(value, list)}
        values: dict[str, Rational] = {}
        assert self.spec.network is not None
        for place, section in enumerate(self.spec.network.layers):
            self._layer_values(place, section, network, values)
        self._penalty_values(values)
        self._extra_values(graph, values)
        return values

    def _layer_values(
        self, place: int, section: files.LayerSection, network: Network, values: dict[str, Rational]
    ) -> None:
        where = f"network.layers[{place}]"
        rows, biases = network.weights[place], network.biases[place]
        if section.weight is not None:
            widths = {len(row) for row in section.weight}
            found = (
                f"{len(section.weight)} × {widths.pop()}" if len(widths) == 1 else "rows of different lengths"
            )
            expected = f"{len(rows)} × {len(rows[0])}"
            if found != expected:
                self._refuse(
                    f"the weights of layer {place + 1} have the wrong shape",
                    f"{where}.weight",
                    known=f"expected {expected} (a row a unit, a column an input), found {found}",
                    fix="transpose it"
                    if found == f"{len(rows[0])} × {len(rows)}"
                    else "one list of numbers for each unit",
                )
            else:
                for names, numbers in zip(rows, section.weight, strict=True):
                    values |= {name: _exact(number) for name, number in zip(names, numbers, strict=True)}
        if isinstance(section.bias, list):
            if len(section.bias) != len(biases):
                self._refuse(
                    f"the biases of layer {place + 1} are the wrong number",
                    f"{where}.bias",
                    known=f"expected {len(biases)}, one for each unit; found {len(section.bias)}",
                )
            else:
                values |= {name: _exact(number) for name, number in zip(biases, section.bias, strict=True)}

    def _penalty_values(self, values: dict[str, Rational]) -> None:
        assert self.spec.loss is not None
        for penalty in self.spec.loss.penalties:
            if penalty.strength is not None:
                values[penalty.symbol] = _exact(penalty.strength)
            if penalty.per_example:
                values["m"] = Rational(self.spec.training.batch_size if self.spec.training else 1)

    def _extra_values(self, graph: Graph, values: dict[str, Rational]) -> None:
        """[parameters], [inputs] and [targets] may give a network's numbers by name."""
        for table in ("parameters", "inputs", "targets"):
            for name, value in getattr(self.spec, table).items():
                known = [node.name for node in graph.nodes if node.expression is None]
                if name not in known or isinstance(value, list):
                    self._refuse(
                        f"{name!r} is no given name of the network",
                        f"{table}.{name}",
                        fix=did_you_mean(name, known),
                    )
                else:
                    values[name] = _exact(value)

    def _data(self, graph: Graph, values: Mapping[str, Rational]) -> Data | None:
        section = self.spec.data
        if section is None:
            return None
        columns, rows = self._table(section)
        names = [node.name for node in graph.having(Role.INPUT, Role.TARGET) if node.name not in values]
        return build_data(columns, rows, section.inputs, names)

    def _table(self, section: files.DataSection) -> tuple[Sequence[str], Sequence[Sequence[int | Decimal]]]:
        if section.file is not None:
            if section.rows is not None or section.columns is not None:
                raise SpecError("[data] has both a file and rows", where="data", fix="keep one of them")
            return read_csv(self.folder / section.file)
        if not section.columns or not section.rows:
            raise SpecError(
                "[data] has no rows",
                where="data",
                fix='add columns = ["x", "y"] and rows = [[1, 2]], or file = "data.csv"',
            )
        return section.columns, section.rows

    def _training(self, data: Data | None) -> Training | None:
        section = self.spec.training
        if section is None:
            return None
        rows = len(data.examples) if data else 1
        for place, row in enumerate(section.order):
            if row > rows:
                self._refuse(f"there is no row {row}", f"training.order[{place}]", known=f"rows 1 to {rows}")
        if section.steps is not None and section.epochs is not None:
            self._refuse("training has both steps and epochs", "training", fix="keep one of them")
        if section.nesterov and not section.momentum:
            self._refuse("nesterov needs a momentum", "training.nesterov", fix="add momentum = 0.9")
        if section.optimizer == "adam" and (section.momentum or section.nesterov):
            self._refuse(
                "momentum and nesterov belong to sgd", "training.momentum", fix="adam has beta_1 and beta_2"
            )
        numbers = section.model_dump(exclude={"order"})
        exact = {
            key: _exact(value) if isinstance(value, Decimal) else value for key, value in numbers.items()
        }
        reduction = self.spec.loss.reduction if self.spec.loss else "mean"
        return Training(**exact, order=tuple(section.order), reduction=reduction)

    def _check_distributions(self, problem: Problem) -> None:
        """Where δ = p - y is used, the targets of every example must add up to 1."""
        if not problem.conventions.collapse or problem.data is None:
            return
        sums = next(
            (
                n.collapse.summing_to_one
                for n in problem.graph.nodes
                if n.collapse and n.collapse.summing_to_one
            ),
            (),
        )
        for number, example in enumerate(problem.examples, 1):
            given = {**problem.values, **example}
            if sums and sum(given[symbol.name] for symbol in sums) != 1:
                total = sum(given[symbol.name] for symbol in sums)
                self._refuse(
                    f"the targets of row {number} add up to {total}, not to 1",
                    f"data.rows[{number - 1}]",
                    known="δ = p - y holds for targets that add up to 1",
                    fix="mend the row, or write collapse = false under [conventions]",
                )


def _exact(number: Decimal | int) -> Rational:
    return Rational(str(number))
