"""Spec -> Problem: names are made, shapes are checked, numbers find their places; all mistakes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from symbackprop import operations as op
from symbackprop import spec as files
from symbackprop.building import size_names
from symbackprop.data import Data, Stream, check_rows
from symbackprop.errors import Gathering, Mistake, Mistakes, SpecError, did_you_mean, raise_all
from symbackprop.graph import Graph
from symbackprop.initial import drawn
from symbackprop.language import Equation, check_name, parse_equations
from symbackprop.load_data import read_data
from symbackprop.load_network import NetworkReader, exact, exact_array, network_values
from symbackprop.losses import LOSSES
from symbackprop.matrix_network import MatrixNetwork
from symbackprop.network import Network, Objective
from symbackprop.problem import Assembly, Problem, Training, asked_of_examples


def load(path: str | Path, *, notation: str | None = None) -> Problem:
    """The problem that a spec file describes.

    Args:
        path: of the file.
        notation: of a network, in the place of the file's own: `component`, `indexed` or `matrix`.

    Raises:
        SpecError: and the other mistakes of `errors.py`; `Mistakes` where there are several.
    """
    place = Path(path)
    return loads(files.read_file(place), place.name, place.parent, notation=notation)


def loads(
    text: str, label: str = "spec", folder: Path | None = None, *, notation: str | None = None
) -> Problem:
    """The problem that a spec describes, given as text.

    Args:
        text: the TOML.
        label: its name, for messages.
        folder: where a data file is looked for.
        notation: of a network, in the place of the file's own.
    """
    content = files.read_spec(text, label)
    if notation is not None and content.network is not None:
        network = content.network.model_copy(update={"notation": notation})
        content = content.model_copy(update={"network": network})
    try:
        return _Loader(content, folder or Path()).problem()
    except Mistakes as several:
        raise Mistakes([mistake.at(label) for mistake in several.mistakes]) from None
    except Mistake as mistake:
        raise mistake.at(label) from None


class _Loader(Gathering):
    """Turns one spec into a problem and gathers the mistakes on the way."""

    def __init__(self, content: files.Spec, folder: Path) -> None:
        super().__init__()
        network = None if content.network is None else drawn(content.network)
        self.spec, self.folder = content.model_copy(update={"network": network}), folder

    def problem(self) -> Problem:
        if (self.spec.graph is None) == (self.spec.network is None):
            raise SpecError(
                "a spec describes either a [graph] or a [network]",
                fix="write [graph] with equations, or [network] with layers and a [loss]",
            )
        network, objective = self._network()
        if self.mistakes:
            self._check_the_rest()
        raise_all(self.mistakes)
        graph = network.graph if network else self._graph()
        values = self._values(graph, network)
        self.arrays = network.arrays if isinstance(network, MatrixNetwork) else self._assemblies()
        examples = self.attempt(lambda: self._data(graph, values))
        data, stream = (None, examples) if isinstance(examples, Stream) else (examples, None)
        training = self._training(len(data.examples) if data else None if stream else 1)
        raise_all(self.mistakes)
        problem = Problem(
            graph,
            self.spec.title,
            values,
            network if isinstance(network, Network) else None,
            objective,
            data,
            training,
            self.spec.conventions,
            self.arrays,
            network.arrangement.words if isinstance(network, MatrixNetwork) else None,
            network.layers if isinstance(network, MatrixNetwork) else (),
            self.spec.network is not None and self.spec.network.notation == "indexed",
            stream=stream,
        )
        self._check_distributions(problem)
        raise_all(self.mistakes)
        return problem

    def _check_the_rest(self) -> None:
        """What can be checked without the network, so that all mistakes are told together."""
        data = self.spec.data
        if data is not None and data.columns and data.rows:
            self.attempt(partial(check_rows, data.columns, data.rows))
        self._training(len(data.rows) if data is not None and data.rows else 1)

    def _network(self) -> tuple[Network | MatrixNetwork | None, Objective | None]:
        if self.spec.network is None:
            if self.spec.loss is not None:
                self.refuse(
                    "[loss] belongs to a [network]", "loss", fix="in a [graph] the loss is an equation"
                )
            return None, None
        reader = NetworkReader(self.spec, self.spec.network)
        found = reader.read()
        self.mistakes += reader.mistakes
        return found or (None, None)

    def _graph(self) -> Graph:
        section = self.spec.graph
        assert section is not None
        for table in ("parameters", "inputs", "targets"):
            for name, value in getattr(self.spec, table).items():
                self.attempt(partial(check_name, name, f"{table}.{name}"))
                self.attempt(partial(_shape, value, f"{table}.{name}"))
        raise_all(self.mistakes)
        try:
            equations = parse_equations(section.equations)
            inputs = [*self.spec.inputs]
            tables = {*inputs, *self.spec.parameters, *self.spec.targets}
            inputs += [name for name in self._data_names(equations) if name not in tables]
            return Graph.from_equations(
                equations,
                parameters=[*self.spec.parameters],
                inputs=inputs,
                targets=[*self.spec.targets],
                output=section.output,
                granularity=section.granularity,
                shapes=self._shapes(),
            )
        except Mistakes as several:
            raise Mistakes([mistake.at("graph.equations") for mistake in several.mistakes]) from None
        except Mistake as mistake:
            raise mistake.at("graph.equations") from None

    def _shapes(self) -> dict[str, Any]:
        """The shapes of the given arrays: those that are said, else those of the values."""
        tables = {**self.spec.parameters, **self.spec.inputs, **self.spec.targets}
        found: dict[str, Any] = {name: _shape(value, name) for name, value in tables.items()}
        for one in self._assemblies():
            found[one.name] = ("n",) if one.flat else ("n", len(one.columns))
        return {name: shape for name, shape in (found | dict(self.spec.shapes)).items() if shape}

    def _assemblies(self) -> tuple[Assembly, ...]:
        """The arrays that are made of columns of the table: a row for each example."""
        section = self.spec.data
        if section is None:
            return ()
        return tuple(
            Assembly(
                name,
                (columns,) if isinstance(columns, str) else tuple(columns),
                flat=isinstance(columns, str),
            )
            for name, columns in section.arrays.items()
        )

    def _data_names(self, equations: Sequence[Equation]) -> list[str]:
        """The names that the table gives: its formulas, and its columns where it has no formulas.

        A file names its columns itself: there they are what the equations use and nothing else gives.
        """
        data = self.spec.data
        if data is None:
            return []
        named = [*data.arrays] or [*data.inputs] or [*(data.columns or ())]
        if named or data.file is None:
            return named
        computed = {one.name for one in equations}
        uses = dict.fromkeys(name for one in equations for name in one.uses if name not in computed)
        return [name for name in uses if name not in size_names(self._shapes())]

    def _values(self, graph: Graph, network: Network | MatrixNetwork | None) -> dict[str, Any]:
        if network is None:
            tables = {**self.spec.parameters, **self.spec.inputs, **self.spec.targets}
            return {name: exact_array(value) for name, value in tables.items()}
        values = network_values(self.spec, network)
        self._extra_values(graph, values)
        return values

    def _extra_values(self, graph: Graph, values: dict[str, Any]) -> None:
        """[parameters], [inputs] and [targets] may give a network's numbers by name."""
        known = [node.name for node in graph.given]
        for table in ("parameters", "inputs", "targets"):
            for name, value in getattr(self.spec, table).items():
                if name not in known or (isinstance(value, list) and not graph.is_array):
                    self.refuse(
                        f"{name!r} is no given name of the network",
                        f"{table}.{name}",
                        fix=did_you_mean(name, known),
                    )
                else:
                    values[name] = exact_array(value)

    def _data(self, graph: Graph, values: Mapping[str, Any]) -> Data | Stream | None:
        if self.spec.data is None:
            return None
        names = asked_of_examples(graph, values, self.arrays)
        return read_data(self.spec.data, self.folder, names)

    def _training(self, rows: int | None) -> Training | None:
        """How the rows are gone through; nobody knows how many there are in a stream."""
        section = self.spec.training
        if section is None:
            return None
        self.attempt(partial(check_name, section.symbol, "training.symbol"))
        if section.order and rows is None:
            fix = "leave it out, or let [data] hold the rows"
            self.refuse("an order of rows needs them in memory", "training.order", fix=fix)
        for place, row in enumerate(section.order):
            if rows is not None and row > rows:
                self.refuse(f"there is no row {row}", f"training.order[{place}]", known=f"rows 1 to {rows}")
        if section.steps is not None and section.epochs is not None:
            self.refuse("training has both steps and epochs", "training", fix="keep one of them")
        if section.nesterov and not section.momentum:
            self.refuse("nesterov needs a momentum", "training.nesterov", fix="add momentum = 0.9")
        if section.optimizer == "adam" and (section.momentum or section.nesterov):
            self.refuse(
                "momentum and nesterov belong to sgd", "training.momentum", fix="adam has beta_1 and beta_2"
            )
        numbers = section.model_dump(exclude={"order"})
        typed = {key: exact(value) if isinstance(value, Decimal) else value for key, value in numbers.items()}
        reduction = self.spec.loss.reduction if self.spec.loss else "mean"
        return Training(**typed, order=tuple(section.order), reduction=reduction)

    def _check_distributions(self, problem: Problem) -> None:
        """Where δ = p - y is used, the targets of every example must add up to 1."""
        if not problem.conventions.collapse or problem.data is None:
            return
        if problem.graph.is_array:
            self._check_target_arrays(problem)
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
                self.refuse(
                    f"the targets of row {number} add up to {total}, not to 1",
                    f"data.rows[{number - 1}]",
                    known="δ = p - y holds for targets that add up to 1",
                    fix="mend the row, or write collapse = false under [conventions]",
                )

    def _check_target_arrays(self, problem: Problem) -> None:
        """Likewise, where the targets of every example are columns of an array under a softmax."""
        softmax = any(
            node.expression is not None and node.expression.atoms(op.softmax_along, op.log_softmax)
            for node in problem.graph.nodes
        )
        objective = problem.objective
        if not softmax or objective is None or not LOSSES[objective.loss].distribution:
            return
        targets = [one for one in problem.arrays if one.is_target]
        for number, example in enumerate(problem.examples, 1):
            for one in targets:
                total = sum(example[column] for column in one.columns)
                if total != 1:
                    self.refuse(
                        f"the targets of row {number} add up to {total}, not to 1",
                        f"data.rows[{number - 1}]",
                        known="δ = p - y holds for targets that add up to 1",
                        fix="mend the row, or write collapse = false under [conventions]",
                    )


def _shape(value: Any, where: str) -> tuple[int, ...]:
    """The shape of nested lists.

    Raises:
        SpecError: a list is empty, or its rows are of different lengths.
    """
    if not isinstance(value, list):
        return ()
    shapes = {_shape(one, where) for one in value}
    if not value:
        raise SpecError("an array is empty", where=where, fix="give it at least one number")
    if len(shapes) > 1:
        raise SpecError(
            "the rows of an array are of different lengths",
            where=where,
            known=", ".join(sorted(str(len(one)) for one in value if isinstance(one, list))),
            fix="give every row as many numbers",
        )
    return (len(value), *shapes.pop())
