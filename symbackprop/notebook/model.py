"""The model as it shows itself: conventions, graphs, derivations, problems, solutions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import islice

from sympy import Expr, Rational

from symbackprop import operations as op
from symbackprop.content import Value
from symbackprop.conventions import Conventions
from symbackprop.derivation import Contribution, Delta, Derivation, Gradient, Path
from symbackprop.errors import listing
from symbackprop.graph import Graph, Node
from symbackprop.notation.code import CODE
from symbackprop.notation.numbers import typed
from symbackprop.notation.printer import Printer
from symbackprop.notation.unicode import UNICODE
from symbackprop.notebook.cells import View
from symbackprop.notebook.parts import MOST, counted, headed, shape_words, shortened, table, words
from symbackprop.problem import Problem, Training
from symbackprop.shown import face
from symbackprop.solution.steps import (
    Cell,
    Equation,
    Formulas,
    Heading,
    Notation,
    Sentence,
    Solution,
    Step,
    equation,
)


def in_text(expression: Expr) -> str:
    """An expression in a headline."""
    shown = alone(expression)
    return shown if isinstance(shown, str) else Printer(UNICODE, Conventions())(shown)


def alone(expression: Expr) -> Expr | str:
    """An expression without its graph: operations on arrays as code, for their shapes are not known."""
    return Printer(CODE, Conventions())(expression) if expression.atoms(op.Operation) else expression


@face.register
def _conventions(conventions: Conventions) -> View:
    rows: list[tuple[Cell, ...]] = [(name, str(value)) for name, value in conventions]
    return View("conventions", table(("Convention", "Here"), rows, len(rows)), conventions)


# ------------------------------------------------------------------------------------------------ the graph


@face.register
def _node(node: Node) -> View:
    return View(node.name, _of_node(node))


def _of_node(node: Node) -> Iterator[Step]:
    formula = node.symbol if node.expression is None else alone(node.expression)
    if isinstance(formula, str):
        yield Sentence(words("{node} = {formula}", node=node.symbol, formula=formula))
    else:
        yield Formulas((equation(node.symbol, formula),))
    facts = words("{role}, {shape}", role=str(node.role), shape=shape_words(node.shape))
    if node.delta is not None:
        facts = words("{facts}; its delta is {delta}", facts=facts, delta=node.delta)
    yield Sentence(facts)


@face.register
def _graph(graph: Graph) -> View:
    headline = f"{counted(len(graph.nodes), 'node')}, output {graph.output.name}"
    return View(headline, nodes(graph), notation=notation_of(graph))


def notation_of(graph: Graph) -> Notation:
    """Whether the formulas of a graph are those of matrices."""
    return Notation(graph.shapes() if graph.is_array else None)


def nodes(graph: Graph) -> Iterator[Step]:
    """The nodes as a table."""
    head = ("Node", "Role", "Shape", "Formula") if graph.is_array else ("Node", "Role", "Formula")
    yield from table(head, (_row(node, graph) for node in graph.nodes), len(graph.nodes))


def _row(node: Node, graph: Graph) -> tuple[Cell, ...]:
    formula: Cell = words("given") if node.expression is None else node.expression
    shape = (shape_words(node.shape),) if graph.is_array else ()
    return node.symbol, words(str(node.role)), *shape, formula


# ------------------------------------------------------------------------------------------- the derivation


@face.register
def _derivation(derivation: Derivation) -> View:
    headline = f"{derivation.output.name} by {listing(symbol.name for symbol in derivation.wrt)}"
    return View(headline, _formulas(derivation), derivation.conventions, Notation(derivation.shapes))


def _formulas(derivation: Derivation) -> Iterator[Step]:
    named = [delta for delta in derivation.deltas.values() if delta.symbol is not None]
    deltas = (equation(delta.symbol, derivation.written(delta)) for delta in named if delta.symbol)
    yield from headed("Deltas, from the output back:", deltas, len(named))
    gradients = derivation.gradients
    yield from headed("Gradients:", map(_gradient_line, gradients.values()), len(gradients))


def _gradient_line(gradient: Gradient) -> Equation:
    return equation(gradient.symbol, gradient.chain, gradient.laid_out)


@face.register
def _gradient(gradient: Gradient) -> View:
    derivation = gradient.derivation
    steps = [Formulas((_gradient_line(gradient),))]
    return View(shortened(gradient.text()), steps, derivation.conventions, Notation(derivation.shapes))


@face.register
def _delta(delta: Delta) -> View:
    return View(shortened(f"of {delta.node.name}: {in_text(delta.expression)}"), _of_delta(delta))


def _of_delta(delta: Delta) -> Iterator[Step]:
    value = alone(delta.expression)
    if delta.symbol is None:
        yield Sentence(
            words("The derivative by {node}, written in line: {value}", node=delta.node, value=value)
        )
    elif isinstance(value, str):
        yield Sentence(words("{name} = {value}", name=delta.symbol, value=value))
    else:
        yield Formulas((equation(delta.symbol, delta.factors, value),))
    shares = delta.contributions
    if shares:
        yield from table(_SHARE, map(_share, shares), len(shares))


_SHARE = ("Consumer", "Upstream", "Local partial", "Contribution")


def _share(share: Contribution) -> tuple[Cell, ...]:
    return share.consumer, *map(alone, (share.upstream, share.local, share.expression))


@face.register
def _contribution(share: Contribution) -> View:
    return View(share.consumer.name, table(_SHARE, [_share(share)], 1))


@face.register
def _path(path: Path) -> View:
    headline = " → ".join(node.name for node in reversed(path.nodes))
    return View(shortened(headline), [Formulas((equation(path.chain, path.expression),))])


# ------------------------------------------------------------------------------------ problems and solutions


@face.register
def _problem(problem: Problem) -> View:
    graph = problem.graph
    told = [
        *([problem.title] if problem.title else []),
        counted(len(graph.nodes), "node"),
        *([counted(len(problem.data.rows), "example")] if problem.data else []),
    ]
    return View(shortened(", ".join(told)), _of_problem(problem), problem.conventions, notation_of(graph))


def _of_problem(problem: Problem) -> Iterator[Step]:
    if problem.title:
        yield Heading(2, words("{title}", title=problem.title))
    yield from nodes(problem.graph)
    if problem.data is not None:
        yield Sentence(words("Examples: {count}.", count=len(problem.data.rows)))
        columns, rows = problem.data.columns, problem.data.rows
        numbered = ((str(place), *map(Value, row)) for place, row in enumerate(rows, 1))
        yield from table(("Example", *map(_escaped, columns)), islice(numbered, MOST), len(rows))
    if problem.stream is not None:
        yield Sentence(words("Examples: those of the file {name}.", name=problem.stream.path.name))
    if problem.training is not None:
        yield Sentence(words("Training:"))
        yield from _of_training(problem.training)


def _escaped(column: str) -> str:
    """A user's words as a template without fields."""
    return column.replace("{", "{{").replace("}", "}}")


@face.register
def _training(training: Training) -> View:
    return View(training.optimizer, _of_training(training))


def _of_training(training: Training) -> Iterator[Step]:
    said = [(one.name.replace("_", " "), getattr(training, one.name)) for one in fields(training)]
    rows = [(words(name), _setting(value)) for name, value in said if value is not None and value != ()]
    yield from table(("Setting", "Here"), rows, len(rows))


def _setting(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Rational():
            return typed(value)
        case tuple():
            return listing(map(str, value))
    return str(value)


@face.register
def _solution(solution: Solution) -> View:
    headline = f"{solution.title or 'untitled'}, {counted(len(solution.steps), 'step')}"
    title = [Heading(1, words("{title}", title=solution.title))] if solution.title else []
    return View(shortened(headline), [*title, *solution.steps], notation=solution.notation)
