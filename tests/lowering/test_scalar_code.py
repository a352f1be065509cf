"""Expressions as code: what Python computes of the text is what the expression is."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, given, settings
from mpmath import mpf
from sympy import Symbol

from symbackprop.backends import scalar_functions
from symbackprop.language import parse_expression
from symbackprop.lowering.array_code import ArrayCode
from symbackprop.lowering.program import forward_program
from symbackprop.lowering.scalar_code import CScalars, PythonScalars
from symbackprop.lowering.shared import shared
from symbackprop.sweep import backprop
from tests.oracles import Drawn, graph_values, graphs, near

NAMES = {Symbol(name): name for name in "abcxyz"}


@settings(max_examples=25)
@given(graphs(most=25))
def test_python_computes_what_the_expression_is(drawn: Drawn) -> None:
    """Brackets, signs, quotients, powers and choices, of random graphs."""
    exact = graph_values(drawn.graph, drawn.point)
    known: dict[Symbol, Any] = {Symbol(name): float(one) for name, one in drawn.point.items()}
    for line in shared(forward_program(backprop(drawn.graph)).lines):
        names = {symbol: f"v{place}" for place, symbol in enumerate(known)}
        scope = {names[symbol]: number for symbol, number in known.items()}
        text = PythonScalars(names)(line.expression)
        try:
            known[line.symbol] = eval(text, {**vars(math), **vars(scalar_functions), **scope})
        except (ValueError, ArithmeticError):
            assume(False)
        if line.symbol in exact:
            assert near(mpf(known[line.symbol]), exact[line.symbol], 1e-9, 1e-12), text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a - b", "a - b"),
        ("a - (b + c)", "a - (b + c)"),
        ("-a*b", "-a*b"),
        ("a/(b*c)", "a/(b*c)"),
        ("a*b/c", "a*b/c"),
        ("a*(b/c)", "a*(b/c)"),
        ("1/a", "1/a"),
        ("(a + b)**2", "(a + b)**2"),
        ("-a**2", "-a**2"),
        ("0.5*a", "0.5*a"),
        ("a/3", "a/3"),
        ("2/3*a", "2*a/3"),
        ("a + 1/3", "a + 1/3"),
        ("a**0.5", "sqrt(a)"),
        ("a**x", "power(a, x)"),
        ("where(a > b, x, -y)", "x if a > b else -y"),
        ("2*where(a > b, x, y)", "2*(x if a > b else y)"),
        ("sigmoid(a)*(1 - sigmoid(a))", "sigmoid(a)*(1 - sigmoid(a))"),
        ("abs(a)", "abs(a)"),
        ("arctan(a)", "atan(a)"),
    ],
)
def test_python_is_written_as_one_would(text: str, expected: str) -> None:
    assert PythonScalars(NAMES)(parse_expression(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/3", "a/3.0"),
        ("1/3*a", "a/3.0"),
        ("a**2", "a*a"),
        ("(a + b)**2", "square(a + b)"),
        ("b*a**2", "b*(a*a)"),
        ("a**3", "pow(a, 3.0)"),
        ("where(a > b, x, -y)", "a > b ? x : -y"),
        ("abs(a)", "fabs(a)"),
    ],
)
def test_c_is_written_as_one_would(text: str, expected: str) -> None:
    assert CScalars(NAMES)(parse_expression(text)) == expected


def test_numbers_of_a_precision_are_typed() -> None:
    printer = PythonScalars(NAMES, real="real")
    assert printer(parse_expression("a/3 - 0.1*b + 2")) == "a/real(3) - real(0.1)*b + real(2)"


def test_functions_of_a_library_are_called_in_its_namespace() -> None:
    printer = ArrayCode(NAMES, "jnp")
    assert printer(parse_expression("exp(a) + sigmoid(b)")) == "jnp.exp(a) + sigmoid(b)"
    assert list(printer.used) == ["sigmoid"]
