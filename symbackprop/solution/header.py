"""The header of every result: the conventions that it depends on."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Function, Symbol

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.content import Text, text
from symbackprop.conventions import Conventions
from symbackprop.expressions import Quotient, mul
from symbackprop.graph import Graph
from symbackprop.losses import LOSSES
from symbackprop.problem import Problem
from symbackprop.solution.steps import Heading, Step, Table

_TIES = {
    "none": text("0 by both at a tie"),
    "first": text("1 by the first at a tie"),
    "split": text("1/2 by each at a tie"),
}


_LAYOUTS = {
    "parameter": text("that of its parameter"),
    "denominator": text("that of its parameter (denominator layout)"),
    "numerator": text(
        "that of its parameter transposed (numerator layout); a delta keeps the shape of its node"
    ),
}


def heads_in(graph: Graph) -> list[type[Function]]:
    """The functions that a graph uses, by their names."""
    found: set[type[Function]] = set()
    for node in graph.inner:
        found |= {part.func for part in node.expression.atoms(Function)}  # type: ignore[union-attr]
    return sorted(found, key=lambda head: head.__name__)


def header(problem: Problem, *, indexed: bool = False) -> Iterator[Step]:
    """The conventions as a table.

    Args:
        problem: what they are of.
        indexed: the solution is written in indices.
    """
    yield Heading(2, text("Conventions"))
    yield Table((text("Convention"), text("Here")), tuple(_rows(problem, indexed)))


def _rows(problem: Problem, indexed: bool) -> Iterator[tuple[Text, Text]]:
    yield from of_formulas(problem, indexed=indexed)
    yield text("order of factors"), text("that of the chain")
    if problem.training:
        yield text("updates"), text("all at once, from the old values")
    yield _numbers(problem.conventions)


def of_formulas(problem: Problem, *, indexed: bool = False) -> Iterator[tuple[Text, Text]]:
    """The conventions that the formulas of the derivatives depend on, each with what it is here."""
    conventions, graph = problem.conventions, problem.graph
    output = graph.output
    first = next((node.symbol for node in graph.inner if node.symbol != output), None) or graph.parameters[0]
    yield text("derivatives"), text("{quotient}", quotient=Quotient(output, first))
    yield text("shape of a gradient"), _LAYOUTS[conventions.layout]
    if graph.is_array:
        yield from _of_arrays(problem, indexed=indexed)
    if problem.objective:
        yield from _of_loss(problem)
    yield _error_term(conventions, output, problem.graph)
    heads = heads_in(graph)
    used = {functions.BY_HEAD[head].convention for head in heads if head in functions.BY_HEAD}
    if op.largest in heads or op.smallest in heads:
        used.add("ties")
    if "relu_at_zero" in used:
        zero = conventions.relu_at_zero
        yield (
            text("slope at a kink"),
            text("ReLU'(0) = {value}; likewise the other piecewise functions", value=zero),
        )
    if "ties" in used:
        yield text("slope of max and min"), _TIES[conventions.ties]
    if functions.absolute in heads:
        yield text("slope of |x| at 0"), text("{value}", value=0)


def _of_loss(problem: Problem) -> Iterator[tuple[Text, Text]]:
    objective = problem.objective
    assert objective is not None
    factor = objective.factor
    yield text("loss"), text("{name}, factor {factor}", name=objective.loss, factor=factor)
    if problem.outputs > 1:
        averaged = objective.mean and LOSSES[objective.loss].averages
        yield text("several outputs"), text("mean") if averaged else text("sum")
    if problem.training and problem.training.batch_size > 1:
        mean = problem.training.reduction == "mean"
        yield text("batch"), text("mean over its examples") if mean else text("sum over its examples")


def _of_arrays(problem: Problem, *, indexed: bool) -> Iterator[tuple[Text, Text]]:
    if indexed:
        yield text("indices"), text("count from 1; an axis of length 1 has none")
        yield text("delta with two indices"), text("1 where they are equal, else 0 (Kronecker)")
        return
    yield text("vectors"), text("columns")
    if problem.network is None and problem.layout:
        yield text("examples"), problem.layout
    yield text("circle, quotient, power"), text("entry by entry")
    if problem.conventions.broadcast == "ones":
        yield text("repeated vectors"), text("written with a vector of ones, a bold 1")
    if any(len(node.shape) > 2 for node in problem.graph.nodes):
        yield text("three axes and more"), text("repeated as in NumPy, without a sign")
    used = set(heads_in(problem.graph))
    if op.item in used:
        yield text("places in [ ]"), text("count from 0, the end excluded; place puts into zeros")
    if used & _ALONG:
        yield text("i, j below a name"), text("it runs over the index of the row, of the column")
    if used & {op.conv1d, op.conv2d}:
        yield text("star of a convolution"), text("its adjoint in the argument left open")


_ALONG = {op.softmax_along, op.log_softmax, op.logsumexp, op.var, op.std, op.largest, op.smallest, op.prod}


def _error_term(conventions: Conventions, output: Symbol, graph: Graph) -> tuple[Text, Text]:
    if graph.scale != 1 and conventions.batch_factor == "gradient":
        factor = graph.scale if conventions.error_sign == "plus" else -graph.scale
        scaled = mul(factor, Quotient(output, Symbol("z")))
        return text("delta of a node z"), text("{quotient}", quotient=scaled)
    quotient = Quotient(output, Symbol("z"))
    if conventions.error_sign == "plus":
        return text("delta of a node z"), text("{quotient}", quotient=quotient)
    shown = text("the negative of {quotient}, the direction of descent", quotient=quotient)
    return text("delta of a node z"), shown


def _numbers(conventions: Conventions) -> tuple[Text, Text]:
    carried = _CARRIED[conventions.rounding] if conventions.carry == "rounded" else _EXACT
    shown = text(
        "double precision, {count} decimal; {carried}",
        "double precision, {count} decimals; {carried}",
        count=conventions.digits,
        carried=carried,
    )
    return text("numbers"), shown


_EXACT = text("nothing rounded is carried over")
_CARRIED = {
    "half_even": text("every value is rounded (half to even) and carried over so"),
    "half_up": text("every value is rounded (half up) and carried over so"),
}
