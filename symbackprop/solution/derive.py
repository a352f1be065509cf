"""The solution of a derivation: formulas first, then, where there are numbers, the same lines with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sympy import Expr, Rational, S, Symbol

from symbackprop.arrays.shapes import Shapes
from symbackprop.content import Environment, Source, Value, pass_scope, state_scope, text
from symbackprop.derivation import Derivation
from symbackprop.errors import OptionError
from symbackprop.exact import TooLong, exact_value
from symbackprop.expressions import AtStep, add, mul, size
from symbackprop.forward import cost, forward
from symbackprop.functions import Declared
from symbackprop.graph import Role
from symbackprop.numeric.compiled import Evaluation
from symbackprop.problem import Problem
from symbackprop.solution.backward import backward_pass, delta_numbers, gradient_numbers
from symbackprop.solution.forward import at_kinks, forward_numbers, forward_pass
from symbackprop.solution.header import header
from symbackprop.solution.lines import descent, environment, rate_source, update
from symbackprop.solution.steps import (
    Assignments,
    Formulas,
    Heading,
    Notation,
    Sentence,
    Solution,
    Step,
    Table,
    demoted,
    equation,
)

PASS = pass_scope(1)
"""The scope of the numbers of a derivation: its one forward and backward pass."""

SHORT = 8
"""An exact value is shown where it writes no more symbols than this."""


def solve(
    problem: Problem,
    derivation: Derivation,
    *,
    forms: tuple[str, ...] = ("chain", "delta"),
    evaluation: Evaluation | None = None,
    example: int | None = None,
    modes: tuple[str, ...] = ("reverse",),
    large: bool = False,
    beyond: Iterable[Step] = (),
    shapes: Shapes | None = None,
    batch: Sequence[int] = (),
    pictures: bool = False,
) -> Solution:
    """The solution of a derivation.

    Args:
        problem: where the derivation comes from.
        derivation: the formulas.
        forms: which of `chain`, `delta`, `paths`, `closed` a gradient is written in.
        evaluation: the numbers, where there are any.
        example: the row that the numbers are of.
        modes: `reverse`, `forward` or both.
        large: write closed forms and paths even where they are longer than a page.
        beyond: steps that come last, of `solution.beyond`.
        shapes: of the symbols, where these steps have more than the derivation.
        batch: the rows that the numbers are of, where they are several.
        pictures: draw the graph.
    """
    steps = [*header(problem)]
    if pictures:
        from symbackprop.solution.pictures import graph_section

        steps += graph_section(problem, derivation)
    steps += forward_pass(problem)
    if "reverse" in modes:
        steps += backward_pass(problem, derivation, forms, large=large)
    if "forward" in modes:
        _only_scalars(derivation)
        steps += [*_forward_mode(derivation), *_costs(derivation)]
    if evaluation is not None:
        steps += _numbers(problem, derivation, evaluation, example, batch, pictures=pictures)
    steps += beyond
    return Solution(problem.title, tuple(steps), Notation(shapes or derivation.shapes))


def _only_scalars(derivation: Derivation) -> None:
    if derivation.is_array:
        raise OptionError(
            "forward mode is written for scalars, and these are arrays",
            where="--mode",
            fix="take --notation component, or count both orders with chain_cost in Python",
        )


def _forward_mode(derivation: Derivation) -> Iterator[Step]:
    """One forward sweep for each symbol: ∂a/∂w = ∂a/∂z · ∂z/∂w."""
    yield Heading(2, text("Forward mode"))
    for symbol in derivation.wrt:
        yield Heading(3, text("Derivatives by {symbol}", symbol=symbol))
        tangents = forward(derivation, symbol).values()
        if not tangents:
            yield Sentence(
                text("{output} does not depend on {symbol}.", output=derivation.output, symbol=symbol)
            )
            continue
        yield Formulas(tuple(equation(one.symbol, one.chain, one.expression) for one in tangents))


def _costs(derivation: Derivation) -> Iterator[Step]:
    """How many multiplications both modes take."""
    count = cost(derivation)
    yield Heading(3, text("Multiplications of both modes"))
    yield Table(
        (text("Mode"), text("Sweeps"), text("Multiplications")),
        (
            (text("reverse (one sweep for all)"), "1", str(count.reverse)),
            (text("forward (one sweep for each symbol)"), str(len(count.forward)), str(count.forward_total)),
            (text("local partials (both modes)"), "", str(count.local)),
        ),
    )


def _numbers(
    problem: Problem,
    derivation: Derivation,
    evaluation: Evaluation,
    example: int | None,
    batch: Sequence[int],
    *,
    pictures: bool,
) -> Iterator[Step]:
    values = environment(problem, derivation, evaluation, scope=PASS)
    if batch:
        shown = ", ".join(map(str, batch))
        yield Heading(2, text("With numbers: examples {numbers}", numbers=shown))
    elif example is None:
        yield Heading(2, text("With numbers"))
    else:
        yield Heading(2, text("With numbers: example {number}", number=example))
    if pictures:
        from symbackprop.solution.pictures import graph_picture

        yield from graph_picture(problem, derivation, values)
    yield from given(problem, values)
    yield Heading(3, text("Values, forward"))
    yield from demoted(forward_numbers(problem, values))
    yield from at_kinks(problem, values)
    lines = [*delta_numbers(derivation, values)]
    if lines != [Formulas(())]:
        yield Heading(3, text("Deltas, backward"))
        yield from lines
    yield Heading(3, text("Gradients"))
    yield from gradient_numbers(problem, derivation, values)
    exact = exact_gradients(problem, derivation, example)
    yield from _exact_lines(derivation, exact)
    if _has_first_update(problem, derivation):
        yield from _first_update(problem, derivation, values)
        yield from _exact_update(problem, derivation, exact, example)


def given(problem: Problem, values: Environment) -> Iterator[Step]:
    """The given values: parameters in rows of their layers, then the rest."""
    yield Heading(3, text("Given values"))
    yield from parameter_rows(problem, by_name(values, _names(problem, Role.PARAMETER)))
    others = _names(problem, Role.INPUT, Role.TARGET, Role.CONSTANT)
    if others:
        yield assignments(problem, by_name(values, others))


def by_name(values: Environment, names: Iterable[str]) -> dict[str, Value]:
    """The numbers of some names."""
    return {name: values.value(Symbol(name)) for name in names}


def assignments(problem: Problem, values: Mapping[str, Value]) -> Assignments:
    """Names and their values in one row; of arrays each in a row of its own."""
    shown = [equation(Symbol(name), value) for name, value in values.items()]
    return Assignments(tuple((one,) for one in shown) if problem.graph.is_array else (tuple(shown),))


def _names(problem: Problem, *roles: Role) -> list[str]:
    return [node.name for node in problem.graph.having(*roles)]


def parameter_rows(problem: Problem, values: Mapping[str, Value]) -> Iterator[Step]:
    """w_11 = 0.1, w_12 = -0.2, …, b_1 = 0: a row for each unit."""
    network = problem.network
    if not values:
        return
    if network is None:
        yield assignments(problem, values)
        return
    rows = []
    for weights, biases in zip(network.weights, network.biases, strict=True):
        for place, row in enumerate(weights):
            names = [*row, *biases[place : place + 1]]
            rows.append(tuple(equation(Symbol(name), values[name]) for name in names))
    yield Assignments(tuple(rows))


def _exact_lines(derivation: Derivation, exact: Mapping[str, Expr]) -> Iterator[Step]:
    """The gradients exactly, where that is short and no rational: -4 e^{-6}."""
    if exact:
        yield Heading(3, text("Exactly"))
        lines = [equation(derivation.gradients[name].symbol, value) for name, value in exact.items()]
        yield Formulas(tuple(lines), fixed=True)


def _exact_update(
    problem: Problem, derivation: Derivation, exact: Mapping[str, Expr], example: int | None
) -> Iterator[Step]:
    """The update of `_first_update` exactly, where the gradients are: 1 + 8 e^{-6}."""
    training = problem.training
    if not exact or training is None:
        return
    start, letter = problem.at(example or 1), Symbol(training.symbol)
    yield Heading(4, text("Exactly"))
    yield Formulas(
        tuple(
            equation(
                AtStep(Symbol(name), 1),
                descent(Symbol(name), 1, letter, derivation.gradients[name].symbol),
                add(start[name], mul(-training.learning_rate, value)),
            )
            for name, value in exact.items()
        ),
        fixed=True,
    )


def exact_gradients(problem: Problem, derivation: Derivation, example: int | None) -> dict[str, Expr]:
    """The gradients' exact values, where each is short and at least one is no rational."""
    if derivation.is_array or len(derivation.graph.inner) > 60:
        return {}
    values: dict[Symbol, Expr] = {Symbol(name): value for name, value in problem.at(example or 1).items()}
    try:
        for node in derivation.graph.inner:
            values[node.symbol] = exact_value(node.expression, values)
            if size(values[node.symbol]) > SHORT:
                return {}
        for delta in derivation.deltas.values():
            if delta.symbol is not None:
                values[delta.symbol] = exact_value(delta.expression, values)
        found = {name: exact_value(g.expression, values) for name, g in derivation.gradients.items()}
    except (TooLong, TypeError, ValueError, ZeroDivisionError):
        return {}
    plain = all(isinstance(value, Rational) for value in found.values())
    long = any(
        size(value) > SHORT or value.has(Declared, S.NaN, S.ComplexInfinity) for value in found.values()
    )
    return {} if plain or long else found


def _has_first_update(problem: Problem, derivation: Derivation) -> bool:
    """Whether training is plain SGD that goes on from these examples."""
    training = problem.training
    if training is None or not training.plain:
        return False
    if training.batch_size > 1 and not derivation.is_array:
        return False
    return any(derivation.graph[symbol].role is Role.PARAMETER for symbol in derivation.wrt)


def _first_update(problem: Problem, derivation: Derivation, values: Environment) -> Iterator[Step]:
    """The first update of plain SGD from this example alone."""
    training = problem.training
    assert training is not None
    rate, letter = float(training.learning_rate), Symbol(training.symbol)
    yield Heading(3, text("One step of gradient descent"))
    yield Assignments(((equation(letter, Value(training.learning_rate, rate_source(letter))),),))
    yield Formulas(
        tuple(
            update(
                gradient.wrt,
                1,
                gradient.symbol,
                (
                    values.value(gradient.wrt),
                    values.value(gradient.symbol),
                    Value(
                        values[gradient.wrt] - rate * values[gradient.symbol],
                        Source(state_scope(1), gradient.wrt),
                    ),
                ),
                (letter, training.learning_rate),
                problem.conventions,
            )
            for gradient in derivation.gradients.values()
            if derivation.graph[gradient.wrt].role is Role.PARAMETER
        )
    )
