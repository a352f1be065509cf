"""Results as JSON, for scripts; the models here are the published schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from sympy import Expr

from symbackprop.arrays.matrices import printer_for
from symbackprop.conventions import Conventions
from symbackprop.derivation import Contribution, Delta, Derivation, Gradient
from symbackprop.notation.code import CODE
from symbackprop.notation.latex import LATEX
from symbackprop.notation.printer import Printer
from symbackprop.numeric.compiled import Evaluation
from symbackprop.numeric.train import Trace
from symbackprop.problem import Problem
from symbackprop.solution.backward import laid_out_value
from symbackprop.solution.derive import exact_gradients

if TYPE_CHECKING:
    from symbackprop.fitting.fit import Fit

Numbers = Annotated[Any, WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "array"}]})]
"""A number, or nested lists of them."""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class NodeEntry(_Document):
    """A node of the graph."""

    name: str
    role: str
    layer: int | None = None
    expression: str
    latex: str
    shape: list[int | str]
    value: Numbers | None = None


class ContributionEntry(_Document):
    """One consumer's share: upstream × local partial."""

    consumer: str
    upstream: str
    local: str
    latex: str


class DeltaEntry(_Document):
    """The derivative of the output by one node."""

    name: str
    of: str
    expression: str
    collapsed: bool = False
    latex: str
    contributions: list[ContributionEntry]
    value: Numbers | None = None


class PathEntry(_Document):
    """One way to the output."""

    nodes: list[str]
    factors: list[str]
    expression: str
    latex: str


class GradientEntry(_Document):
    """The derivative of the output by one symbol, in the forms asked for."""

    wrt: str
    chain: str
    expression: str
    latex: str
    paths: list[PathEntry] | None = None
    closed: str | None = None
    exact: str | None = None
    value: Numbers | None = None


class UpdateEntry(_Document):
    """One parameter's first update from this example."""

    name: str
    before: Numbers
    gradient: Numbers
    after: Numbers


class DerivationDocument(_Document):
    """What `symbackprop derive --format json` prints."""

    schema_: Literal["symbackprop/derivation/1"] = Field(alias="schema")
    title: str
    output: str
    example: int | None = None
    conventions: dict[str, Any]
    nodes: list[NodeEntry]
    deltas: list[DeltaEntry]
    gradients: list[GradientEntry]
    updates: list[UpdateEntry] | None = None


class IterationEntry(_Document):
    """One update; where a batch has several examples, values are lists with one number for each."""

    iteration: int
    examples: list[int]
    before: dict[str, Numbers]
    inputs: dict[str, Numbers]
    forward: dict[str, Numbers]
    deltas: dict[str, Numbers]
    gradients: dict[str, Numbers]
    after: dict[str, Numbers]
    loss: float


class LossesEntry(_Document):
    """The loss of every example at every state."""

    states: list[int]
    examples: list[int]
    table: list[list[float]]
    mean: list[float]


class TrainingDocument(_Document):
    """What `symbackprop train --format json` prints."""

    schema_: Literal["symbackprop/training/1"] = Field(alias="schema")
    title: str
    conventions: dict[str, Any]
    iterations: list[IterationEntry]
    losses: LossesEntry


class CurveEntry(_Document):
    """The mean loss of the steps since the record before, each before its update."""

    steps: list[int]
    means: list[float]


class FitDocument(_Document):
    """What `symbackprop train --backend NAME --format json` prints."""

    schema_: Literal["symbackprop/fit/1"] = Field(alias="schema")
    title: str
    backend: str
    dtype: str
    choice: str
    steps: int
    resumed: int
    seconds: float
    losses: CurveEntry
    parameters: dict[str, Numbers]


DOCUMENTS: Mapping[str, type[BaseModel]] = {
    "derivation": DerivationDocument,
    "training": TrainingDocument,
    "fit": FitDocument,
}


def write_json(document: BaseModel) -> str:
    """The document as JSON; what was not asked for is left out, what does not print is escaped."""
    text = document.model_dump_json(indent=2, by_alias=True, exclude_none=True)
    return "".join(f"{line if line.isprintable() else _escaped(line)}\n" for line in text.split("\n"))


def _escaped(line: str) -> str:
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)


def derivation_document(
    problem: Problem,
    derivation: Derivation,
    *,
    forms: tuple[str, ...] = ("chain", "delta"),
    evaluation: Evaluation | None = None,
    example: int | None = None,
    large: bool = False,
) -> DerivationDocument:
    """A derivation as data.

    Args:
        problem: where it comes from.
        derivation: the formulas.
        forms: with `paths` and `closed`, these are added to the gradients.
        evaluation: the numbers, where there are any.
        example: the row that the numbers are of.
        large: write closed forms and paths even where they are longer than a page.
    """
    maker = _Maker(problem, derivation, evaluation, example)
    return DerivationDocument(
        schema="symbackprop/derivation/1",
        title=problem.title,
        output=derivation.output.name,
        example=example,
        conventions=_conventions(problem),
        nodes=maker.nodes(),
        deltas=[maker.delta(delta) for delta in derivation.deltas.values()],
        gradients=[maker.gradient(gradient, forms, large) for gradient in derivation.gradients.values()],
        updates=maker.updates(),
    )


def _conventions(problem: Problem) -> dict[str, Any]:
    chosen: dict[str, Any] = problem.conventions.model_dump()
    if problem.objective is not None:
        objective = problem.objective
        chosen |= {
            "loss": objective.loss,
            "loss_factor": float(objective.factor),
            "reduction": "mean" if objective.mean else "sum",
        }
    return chosen


class _Maker:
    """Writes the parts of one derivation."""

    def __init__(
        self, problem: Problem, derivation: Derivation, evaluation: Evaluation | None, example: int | None
    ) -> None:
        self.problem, self.derivation, self.evaluation = problem, derivation, evaluation
        self.code = Printer(CODE, Conventions())
        self.latex = printer_for(LATEX, problem.conventions, derivation.shapes)
        self.exact = exact_gradients(problem, derivation, example) if evaluation else {}

    def nodes(self) -> list[NodeEntry]:
        return [
            NodeEntry(
                name=node.name,
                role=str(node.role),
                layer=node.layer,
                expression=self.code(node.symbol if node.expression is None else node.expression),
                latex=self._equation(node.symbol, node.expression),
                shape=[size if isinstance(size, int) else str(size) for size in node.shape],
                value=_number(self.evaluation.values[node.name]) if self.evaluation else None,
            )
            for node in self.derivation.graph.nodes
        ]

    def _equation(self, left: Expr, right: Expr | None) -> str:
        return self.latex(left) + ("" if right is None else f" = {self.latex(right)}")

    def delta(self, delta: Delta) -> DeltaEntry:
        name = self.derivation.delta_name(delta)
        value = self.evaluation.deltas.get(name) if self.evaluation else None
        return DeltaEntry(
            name=name,
            of=delta.node.name,
            expression=self.code(self.derivation.written(delta)),
            collapsed=delta.collapse is not None,
            latex=self.latex(self.derivation.written(delta)),
            contributions=[self._contribution(one) for one in delta.contributions],
            value=None if value is None else _number(value),
        )

    def _contribution(self, contribution: Contribution) -> ContributionEntry:
        return ContributionEntry(
            consumer=contribution.consumer.name,
            upstream=self.code(contribution.upstream),
            local=self.code(contribution.local),
            latex=self.latex(contribution.expression),
        )

    def gradient(self, gradient: Gradient, forms: tuple[str, ...], large: bool) -> GradientEntry:
        paths = None
        if "paths" in forms:
            paths = [
                PathEntry(
                    nodes=[node.name for node in path.nodes],
                    factors=[self.code(factor) for factor in path.factors],
                    expression=self.code(path.expression),
                    latex=self.latex(path.expression),
                )
                for path in gradient.paths(large=large)
            ]
        exact = self.exact.get(gradient.wrt.name)
        return GradientEntry(
            wrt=gradient.wrt.name,
            chain=self.latex(gradient.chain),
            expression=self.code(gradient.laid_out),
            latex=gradient.latex(),
            paths=paths,
            closed=self.code(gradient.closed(large=large)) if "closed" in forms else None,
            exact=None if exact is None else self.code(exact),
            value=self._gradient_value(gradient) if self.evaluation else None,
        )

    def _gradient_value(self, gradient: Gradient) -> Any:
        assert self.evaluation is not None
        return _number(laid_out_value(self.derivation, self.evaluation.gradients[gradient.wrt.name]))

    def updates(self) -> list[UpdateEntry] | None:
        training = self.problem.training
        if training is None or self.evaluation is None or not training.plain:
            return None
        rate = float(training.learning_rate)
        entries = []
        for symbol in self.problem.graph.parameters:
            if symbol.name in self.evaluation.gradients:
                before, slope = self.evaluation.values[symbol.name], self.evaluation.gradients[symbol.name]
                after = before - rate * slope
                numbers = map(_number, (before, slope, after))
                entries.append(UpdateEntry(name=symbol.name, **dict(zip(_UPDATE, numbers, strict=True))))
        return entries


def training_document(trace: Trace) -> TrainingDocument:
    """A training run as data."""
    inner = {node.name for node in trace.derivation.graph.inner}
    losses = trace.losses
    return TrainingDocument(
        schema="symbackprop/training/1",
        title=trace.problem.title,
        conventions=_conventions(trace.problem),
        iterations=[
            IterationEntry(
                iteration=iteration.number,
                examples=list(iteration.examples),
                before=_plain(iteration.before),
                inputs=_plain(iteration.given),
                forward=_plain({k: v for k, v in iteration.evaluation.values.items() if k in inner}),
                deltas=_plain({**iteration.evaluation.deltas, **iteration.evaluation.partials}),
                gradients=_plain(iteration.gradients),
                after=_plain(iteration.after),
                loss=iteration.loss,
            )
            for iteration in trace.iterations
        ],
        losses=LossesEntry(
            states=list(losses.states),
            examples=list(losses.examples),
            table=losses.table.tolist(),
            mean=losses.mean().tolist(),
        ),
    )


def fit_document(fit: Fit) -> FitDocument:
    """A run as data."""
    return FitDocument(
        schema="symbackprop/fit/1",
        title=fit.problem.title,
        backend=fit.backend,
        dtype=fit.dtype,
        choice=str(fit.choice),
        steps=fit.steps,
        resumed=fit.resumed,
        seconds=fit.seconds,
        losses=CurveEntry(steps=fit.losses.steps.tolist(), means=fit.losses.means.tolist()),
        parameters=_plain(fit.parameters),
    )


_UPDATE = ("before", "gradient", "after")


def _number(value: Any) -> Any:
    """A number, or an array as nested lists."""
    return np.asarray(value, dtype=float).tolist()


def _plain(values: Mapping[str, Any]) -> dict[str, Numbers]:
    return {name: _number(value) for name, value in values.items()}
