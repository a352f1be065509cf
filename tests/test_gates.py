"""Equations split into elementary gates."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr, Symbol

from symbackprop.gates import split
from symbackprop.graph import Graph
from symbackprop.language import parse_equations
from tests.oracles import NAMES, Built, Outside, expressions, near, points, value


def gates(text: str) -> list[str]:
    """The gates of some equations, as text."""
    named = [(Symbol(str(one.name)), one.expression) for one in parse_equations(text)]
    return [f"{name} = {expression}" for name, expression in split(named)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f = (x + y)*z", ["u_1 = x + y", "f = u_1*z"]),
        ("f = w*x + b", ["u_1 = w*x", "f = b + u_1"]),
        ("f = x + y + z", ["u_1 = x + y", "f = u_1 + z"]),
        ("f = x*y*z", ["u_1 = x*y", "f = u_1*z"]),
        ("f = x - y*z", ["u_1 = y*z", "f = -u_1 + x"]),
        ("f = sigmoid(w*x)", ["u_1 = w*x", "f = sigmoid(u_1)"]),
        ("f = exp(-x)", ["u_1 = -x", "f = exp(u_1)"]),
        ("f = 1/(1 + exp(-x))", ["u_1 = -x", "u_2 = exp(u_1)", "u_3 = u_2 + 1", "f = 1/u_3"]),
        ("f = x/y", ["f = x/y"]),
        ("f = (x + y)**2", ["u_1 = x + y", "f = u_1**2"]),
        ("f = max(x*y, z)", ["u_1 = x*y", "f = maximum(u_1, z)"]),
        ("f = x", ["f = x"]),
        ("f = 3*x", ["f = 3*x"]),
        ("f = where(x*y > z, x + 1, z)", ["u_1 = x*y", "u_2 = x + 1", "f = where(u_1 > z, u_2, z)"]),
        ("q = x + y; f = q*z", ["q = x + y", "f = q*z"]),
    ],
)
def test_every_gate_is_one_operation(text: str, expected: list[str]) -> None:
    """As a lecture draws them, from the inside out and from the left."""
    assert gates(text) == expected


def test_an_operation_written_twice_is_one_gate() -> None:
    """Within an equation and between them."""
    assert gates("f = (x + y)*sigmoid(x + y)") == ["u_1 = x + y", "u_2 = sigmoid(u_1)", "f = u_1*u_2"]
    assert gates("q = x*y; f = x*y + exp(x*y)") == ["q = x*y", "u_1 = exp(q)", "f = q + u_1"]


def test_the_letter_of_the_gates_is_one_that_no_name_begins_with() -> None:
    """u, else q, else the next."""
    assert gates("f = (u_1 + y)*z")[0] == "q_1 = u_1 + y"
    assert gates("q = u + x; f = (q + y)*z")[1].startswith("g_1 = ")


def test_there_is_always_a_letter_left() -> None:
    """However many letters are taken."""
    text = "f = (u + q + g + n + m + k + t + gate + gate_1)*x"
    names = [line.split(" = ")[0] for line in gates(text)]
    assert len(names) == len(set(names)) == 9
    assert not set(names) & set("u q g n m k t gate gate_1 x".split())


def test_a_gate_takes_no_name_that_is_given() -> None:
    """Not even of a parameter that no equation uses."""
    graph = Graph.from_equations("f = (x + 1)*x", parameters=["x", "u_1"], granularity="operations")
    assert [symbol.name for symbol in graph.parameters] == ["x", "u_1"]
    assert graph["u_1"].expression is None


def _operations(expression: Expr) -> int:
    """How many operations with symbols an expression holds; a quotient counts as two."""
    if not expression.free_symbols:
        return 0
    inner = [argument for argument in expression.args if isinstance(argument, Expr) and argument.args]
    return bool(expression.args) + sum(_operations(argument) for argument in inner)


@settings(max_examples=60)
@given(expressions(most=10), st.integers(0, 1000))
def test_splitting_changes_no_value(built: Built, seed: int) -> None:
    """Random expressions: the last gate has the value of the whole, each is small, names are unique."""
    (point,) = points(NAMES, seed)
    named = split([(Symbol("out"), built.ours)])
    assert len({name for name, _ in named}) == len(named)
    values = {**point}
    try:
        truth = value(built.ours, point)
        for name, expression in named:
            assert _operations(expression) <= 3, expression
            assert expression.free_symbols <= values.keys()
            values[name] = value(expression, values)
    except Outside:
        return
    assert near(values[Symbol("out")], truth, 1e-25, 1e-40)
