"""The live sheet of a solution: its program in JavaScript, its inputs, where each number comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symbackprop.derivation import Derivation
from symbackprop.graph import Role
from symbackprop.live.exported import Exported, count_nodes, export
from symbackprop.live.inputs import Inputs
from symbackprop.numeric.train import Trace
from symbackprop.plots import gradient_groups
from symbackprop.problem import Problem
from symbackprop.renotate import sizes_in
from symbackprop.slots import key

MOST_RESULTS = 2_000_000
"""So many numbers a page may compute anew at every change."""

RESULTS_PER_NODE = 3
"""About so many numbers a pass forward and back has for a node: its value, a local partial, a derivative."""


@dataclass(frozen=True)
class LiveSheet:
    """What a page needs to compute its numbers anew.

    Attributes:
        script: JavaScript that defines `program`, the functions of the derivation.
        data: what `createSheet(data, program)` of `live.js` takes, ready for JSON.
    """

    script: str
    data: Mapping[str, Any]


def live_sheet(
    problem: Problem,
    derivation: Derivation,
    *,
    trace: Trace | None = None,
    example: int | None = None,
    batch: Sequence[int] = (),
) -> LiveSheet | None:
    """The live sheet of a derivation with numbers, or of a training.

    Args:
        problem: where the derivation comes from.
        derivation: the formulas.
        trace: the training, where the solution is of one.
        example: the row that the numbers of a derivation are of.
        batch: the rows, where they are several.

    Returns:
        None where there is none: a given name has no number; the notation is indexed; arrays whose rounded
        values are carried; a component form of more than 3000 nodes; a training that computes millions of
        numbers; a function of SymPy's that is not one of the language.
    """
    if problem.is_indexed:
        return None
    maker = _Training(problem, derivation, trace) if trace else _Pass(problem, derivation, example, batch)
    return maker.sheet() if maker.is_numeric else None


class _Maker:
    """What the sheet of a derivation and that of a training have in common."""

    trained: Sequence[str]
    rows: Sequence[int]

    def __init__(self, problem: Problem, derivation: Derivation) -> None:
        self.problem, self.derivation = problem, derivation
        self.uses_examples = problem.data is not None
        self.sizes_of_batches: list[int] = []

    @property
    def is_numeric(self) -> bool:
        """Whether every given name has a number."""
        known = self.values(self.rows)
        return all(name in known for name in self.problem.names)

    def values(self, rows: Sequence[int]) -> dict[str, Any]:
        """The given numbers where these rows go in together."""
        return {**self.problem.values, **(self.problem.given(rows) if self.uses_examples else {})}

    def program(self, batch: int) -> int:
        """The place of the program that so many examples go through together."""
        size = batch if self.problem.arrays else 1
        if size not in self.sizes_of_batches:
            self.sizes_of_batches.append(size)
        return self.sizes_of_batches.index(size)

    def examples(self) -> Iterable[int]:
        """The rows that are used."""
        raise NotImplementedError

    def iterations(self) -> list[dict[str, Any]]:
        """The updates: which program, which examples."""
        raise NotImplementedError

    def losses(self) -> dict[str, Any] | None:
        """The table of losses: which program, which examples in every column, which columns were used."""
        raise NotImplementedError

    def sheet(self) -> LiveSheet | None:
        """The sheet, unless something of it cannot be exported, or it is too much to compute."""
        iterations, losses = self.iterations(), self.losses()
        sizes = [self._sizes(batch) for batch in self.sizes_of_batches]
        if (
            self._results([count_nodes(self.derivation, one) for one in sizes], iterations, losses)
            > MOST_RESULTS
        ):
            return None
        exported = [export(self.derivation, one) for one in sizes]
        programs = [one for one in exported if one is not None]
        if len(programs) < len(exported):
            return None
        inputs = Inputs(self.problem, self.trained, self.values(self.rows), self.examples())
        data = {
            **self._rules(),
            "isTraining": losses is not None,
            "parameters": inputs.parameters,
            "start": inputs.start,
            "gradients": self._gradients(inputs),
            "norms": self._norms(inputs),
            "constants": self._constants(inputs),
            "programs": [
                _program(one, inputs, batch)
                for one, batch in zip(programs, self.sizes_of_batches, strict=True)
            ],
            "iterations": iterations,
            "losses": losses,
            "training": self._training(inputs),
        }
        for name in dict.fromkeys(name for one in programs for name in one.pinned):
            inputs.add("argument", name, None)
        script = ",\n".join(one.code for one in programs)
        return LiveSheet(
            f"const program = [\n{script}\n];\n", data | {"inputs": inputs.listed, "rows": inputs.rows}
        )

    def _sizes(self, batch: int) -> dict[str, int]:
        """The numbers of the symbolic sizes, where so many examples go in together."""
        if not self.derivation.is_array:
            return {}
        rows = list(self.rows[:1]) * batch if self.problem.arrays else self.rows
        return sizes_in(self.problem, self.values(rows))

    def _results(
        self, nodes: Sequence[int], iterations: Sequence[Mapping[str, Any]], losses: Mapping[str, Any] | None
    ) -> int:
        """About how many numbers every change makes the page compute: of the updates, of the table of losses.

        Args:
            nodes: of every program.
            iterations: the updates.
            losses: the table, with a line for every state of the parameters; None: there is none.
        """
        count: int = sum(
            RESULTS_PER_NODE
            * nodes[one["program"]]
            * (1 if self.derivation.is_array else max(len(one["examples"]), 1))
            for one in iterations
        )
        if losses is not None:
            count += (len(iterations) + 1) * len(losses["columns"]) * nodes[losses["program"]]
        return count

    def _rules(self) -> dict[str, Any]:
        conventions = self.problem.conventions
        is_by_hand = conventions.carry == "rounded"
        rule = {"digits": conventions.digits, "rounding": conventions.rounding, "byHand": is_by_hand}
        return {"rule": rule, "isCarried": is_by_hand, "isTogether": self.derivation.is_array}

    def _gradients(self, inputs: Inputs) -> dict[str, Any]:
        """The derivatives by the parameters: their places among these."""
        trained = set(self.trained)
        gradients = [one for one in self.derivation.gradients.values() if one.wrt.name in trained]
        return {key(one.symbol): inputs.parameters[key(one.wrt)] for one in gradients}

    def _norms(self, inputs: Inputs) -> dict[str, list[int]]:
        """The parameters behind every line of the plot of norms: their places among these."""
        places: dict[str, list[int]] = {}
        for place, (name, _) in enumerate(inputs.trained):
            places.setdefault(name, []).append(place)
        return {
            of: [place for name in names for place in places.get(name, ())]
            for _, of, names in gradient_groups(self.derivation)
        }

    def _constants(self, inputs: Inputs) -> dict[str, int]:
        """The constants, which keep the digits that were typed: their places among the inputs."""
        constants = [node for node in self.problem.graph.having(Role.CONSTANT) if not node.shape]
        sources = {key(node.symbol): inputs.source((node.name, ()), 1) for node in constants}
        return {name: place for name, (kind, place, *_) in sources.items() if kind == "value"}

    def _training(self, inputs: Inputs) -> dict[str, Any] | None:
        training = self.problem.training
        if training is None:
            return None
        settings, letters = inputs.settings(training)
        return {
            "optimizer": training.optimizer,
            "isNesterov": training.nesterov,
            "isMean": training.reduction == "mean",
            "settings": settings,
            "letters": letters,
        }


def _program(exported: Exported, inputs: Inputs, size: int) -> dict[str, Any]:
    return {
        "given": [inputs.source(entry, size) for entry in exported.given],
        "readings": exported.readings,
        "gradients": [exported.gradients[entry] for entry in inputs.trained],
        "scale": exported.scale,
        "output": exported.output,
        "pinned": exported.pinned,
        "summing": exported.summing,
    }


class _Pass(_Maker):
    """One forward and backward pass, and the first update from it."""

    def __init__(
        self, problem: Problem, derivation: Derivation, example: int | None, batch: Sequence[int]
    ) -> None:
        super().__init__(problem, derivation)
        one = [example or problem.first_example] if problem.data else []
        self.rows = list(batch) or one
        graph = derivation.graph
        self.trained = [name for name in derivation.gradients if graph[name].role is Role.PARAMETER]

    def examples(self) -> Iterable[int]:
        return self.rows

    def iterations(self) -> list[dict[str, Any]]:
        return [{"program": self.program(len(self.rows)), "examples": list(self.rows)}]

    def losses(self) -> None:
        return None


class _Training(_Maker):
    """Every update of a training, and the table of its losses."""

    def __init__(self, problem: Problem, derivation: Derivation, trace: Trace) -> None:
        super().__init__(problem, derivation)
        self.trace = trace
        self.rows = [problem.first_example] if problem.data else []
        self.trained = list(derivation.gradients)

    def examples(self) -> Iterable[int]:
        return range(1, len(self.problem.examples) + 1) if self.problem.data else ()

    def iterations(self) -> list[dict[str, Any]]:
        return [
            {"program": self.program(len(one.examples)), "examples": list(one.examples)}
            for one in self.trace.iterations
        ]

    def losses(self) -> dict[str, Any]:
        table = self.trace.losses
        columns = [[number] for number in table.examples]
        if not columns:
            columns = [list(range(1, len(self.problem.examples) + 1)) if self.problem.data else []]
        places = {number: place for place, number in enumerate(table.examples)}
        used = [places[number] for number in self.trace.used] if table.examples else []
        return {"program": self.program(len(columns[0])), "columns": columns, "used": used}
