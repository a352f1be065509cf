"""The header of every result: the conventions that it depends on."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Function, Symbol

from symbackprop import functions
from symbackprop.conventions import Conventions
from symbackprop.expressions import Quotient
from symbackprop.graph import Graph
from symbackprop.losses import LOSSES
from symbackprop.problem import Problem
from symbackprop.solution.steps import Heading, Step, Table, Text, text

_TIES = {
    "none": "0 by both at a tie",
    "first": "1 by the first at a tie",
    "split": "1/2 by each at a tie",
}


def heads_in(graph: Graph) -> list[type[Function]]:
    """The functions that a graph uses, by their names."""
    found: set[type[Function]] = set()
    for node in graph.inner:
        found |= {part.func for part in node.expression.atoms(Function)}  # type: ignore[union-attr]
    return sorted(found, key=lambda head: head.__name__)


def header(problem: Problem) -> Iterator[Step]:
    """The conventions as a table."""
    yield Heading(2, text("Conventions"))
    yield Table((text("Convention"), text("Here")), tuple(_rows(problem)))


def _rows(problem: Problem) -> Iterator[tuple[Text, Text]]:
    conventions, graph = problem.conventions, problem.graph
    output = graph.output
    first = next((node.symbol for node in graph.inner if node.symbol != output), None) or graph.parameters[0]
    yield text("derivatives"), text("{quotient}", quotient=Quotient(output, first))
    yield text("shape of a gradient"), text("that of its parameter")
    if problem.objective:
        yield from _of_loss(problem)
    yield _error_term(conventions, output)
    heads = heads_in(graph)
    used = {functions.BY_HEAD[head].convention for head in heads if head in functions.BY_HEAD}
    if "relu_at_zero" in used:
        yield (
            text("slope at a kink"),
            text("ReLU'(0) = {value}, and so at its kin", value=conventions.relu_at_zero),
        )
    if "ties" in used:
        yield text("slope of max and min"), text(_TIES[conventions.ties])
    if functions.absolute in heads:
        yield text("slope of |x| at 0"), text("0")
    yield text("order of factors"), text("that of the chain")
    if problem.training:
        yield text("updates"), text("all at once, from the old values")
    yield _numbers(conventions)


def _of_loss(problem: Problem) -> Iterator[tuple[Text, Text]]:
    objective = problem.objective
    assert objective is not None
    assert problem.network is not None
    factor = objective.factor
    yield text("loss"), text("{name}, factor {factor}", name=objective.loss, factor=factor)
    if len(problem.network.outputs) > 1:
        averaged = objective.mean and LOSSES[objective.loss].averages
        yield text("several outputs"), text("mean" if averaged else "sum")
    if problem.training and problem.training.batch_size > 1:
        yield (
            text("batch"),
            text(
                "mean over its examples" if problem.training.reduction == "mean" else "sum over its examples"
            ),
        )


def _error_term(conventions: Conventions, output: Symbol) -> tuple[Text, Text]:
    sign = (
        "{quotient}"
        if conventions.error_sign == "plus"
        else "the negative of {quotient}, the direction of descent"
    )
    return text("delta of a node z"), text(sign, quotient=Quotient(output, Symbol("z")))


def _numbers(conventions: Conventions) -> tuple[Text, Text]:
    carried = "nothing rounded is carried over"
    if conventions.carry == "rounded":
        way = {"half_even": "half to even", "half_up": "half up"}[conventions.rounding]
        carried = f"every value is rounded ({way}) and carried over so"
    return text("numbers"), text("double precision, {digits} digits; " + carried, digits=conventions.digits)
