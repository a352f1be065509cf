"""The forward sweep, and what both modes cost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from mpmath import mpf
from sympy import Symbol

from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.errors import Mistake
from symbackprop.expressions import Quotient
from symbackprop.forward import Cost, cost, forward, multiplications
from symbackprop.graph import Graph
from symbackprop.language import parse_expression
from symbackprop.sweep import backprop
from tests.oracles import Drawn, central, delta_values, graphs, near, quotient_value, value


def derive(text: str, **options: Any) -> Derivation:
    """The derivation of some equations."""
    return backprop(Graph.from_equations(text, **options))


def tangents_at(derivation: Derivation, by: Symbol, values: dict[Symbol, mpf]) -> dict[str, mpf]:
    """The tangents of all nodes, one after the other."""
    known: dict[Any, mpf] = dict(values)
    for tangent in forward(derivation, by).values():
        known[tangent.symbol] = value(tangent.expression, known)
    return {key.of.name: number for key, number in known.items() if isinstance(key, Quotient)}


@settings(max_examples=30)
@given(graphs(most=40))
def test_the_last_tangent_is_the_reverse_gradient(drawn: Drawn) -> None:
    """For every parameter, to 25 digits; and every tangent on the way is a difference quotient."""
    derivation = backprop(drawn.graph)
    values = delta_values(derivation, drawn.point)
    for name, gradient in derivation.gradients.items():
        found = tangents_at(derivation, Symbol(name), values)
        truth = value(gradient.expression, values)
        assert near(found.get(drawn.graph.output.name, mpf(0)), truth, 1e-25, 1e-30), name
        for node in list(found)[:4]:
            assert near(found[node], central(drawn.graph, drawn.point, name, node), 1e-25, 1e-30), (
                node,
                name,
            )


@settings(max_examples=20)
@given(graphs(most=25))
def test_conventions_of_the_deltas_do_not_touch_the_tangents(drawn: Drawn) -> None:
    """The sign of the error term is one of the backward sweep."""
    minus = backprop(drawn.graph, conventions=Conventions(error_sign="minus"))
    plus = backprop(drawn.graph)
    for symbol in plus.wrt:
        ours = {name: str(one.expression) for name, one in forward(minus, symbol).items()}
        assert ours == {name: str(one.expression) for name, one in forward(plus, symbol).items()}


def test_tangents_stand_in_the_order_of_the_forward_pass() -> None:
    """Each by the tangents before it, and by the chain with every factor named."""
    derivation = derive("z = w*x + b; a = tanh(z); f = a*a*w", parameters=["w", "b"])
    tangents = forward(derivation, Symbol("w"))
    assert list(tangents) == ["z", "a", "f"]
    assert str(tangents["z"].expression) == "x"
    assert tangents["z"].chain == Quotient(Symbol("z"), Symbol("w"))
    assert tangents["a"].chain.args == (
        Quotient(Symbol("a"), Symbol("z")),
        Quotient(Symbol("z"), Symbol("w")),
    )
    assert [share.parent.name for share in tangents["f"].shares] == ["a", "w"]
    assert tangents["f"].symbol == Quotient(Symbol("f"), Symbol("w"))


def test_the_chain_of_a_tangent_is_true_as_it_is_written() -> None:
    """Each quotient at its word, as a difference quotient: ∂f/∂w is not ∂f/∂a · ∂a/∂w + ∂f/∂w."""
    graph = Graph.from_equations("a = tanh(w*x); b = a*w; f = b*w + a", parameters=["w"])
    point = {"w": 0.7, "x": -1.3}
    for tangent in forward(backprop(graph), Symbol("w")).values():
        numbers = {one: quotient_value(graph, point, one) for one in tangent.chain.atoms(Quotient)}
        truth = quotient_value(graph, point, tangent.symbol)
        assert near(value(tangent.chain, numbers), truth, 1e-25, 1e-30), tangent.chain


def test_what_does_not_depend_on_the_symbol_has_no_tangent() -> None:
    """Nor the symbol itself."""
    derivation = derive("p = x*x; q = y*y; f = p + q")
    assert list(forward(derivation, Symbol("x"))) == ["p", "f"]


def test_the_tangents_by_a_node_in_the_middle_begin_behind_it() -> None:
    """The node is then the variable."""
    derivation = backprop(Graph.from_equations("a = x*x; b = a*y; f = b*a"), wrt=["a"])
    assert list(forward(derivation, Symbol("a"))) == ["b", "f"]


def test_a_symbol_that_was_not_differentiated_by_is_refused() -> None:
    """No tangents at all would say that nothing depends on it."""
    derivation = derive("z = w*x; f = z*z", parameters=["w"])
    with pytest.raises(Mistake):
        forward(derivation, Symbol("x"))


# -------------------------------------------------------------------------------------------- cost


def test_the_cost_of_a_small_graph_counted_by_hand() -> None:
    """a = x y, b = a z, f = b²: what each sweep multiplies, edge by edge.

    Reverse: δ_b is ∂f/∂b = 2b itself, δ_a = δ_b z, ∂f/∂x = δ_a y, ∂f/∂y = δ_a x, ∂f/∂z = δ_b a: four.
    Forward by x: ȧ = y, ḃ = z ȧ, ḟ = 2b ḃ: two. By y: two. By z: ḃ = a, ḟ = 2b ḃ: one.
    Local: 2b: one.
    """
    found = cost(derive("a = x*y; b = a*z; f = b**2"))
    assert found == Cost(1, 4, {"x": 2, "y": 2, "z": 1})
    assert found.forward_total == 5


def test_factors_of_one_cost_nothing() -> None:
    """Sums are free, minus too."""
    found = cost(derive("q = x + y - z; f = q + x"))
    assert found == Cost(0, 0, {"x": 0, "y": 0, "z": 0})


@pytest.mark.parametrize("inputs", [2, 5, 20])
def test_with_one_output_the_reverse_sweep_is_the_cheaper(inputs: int) -> None:
    """It grows with the graph, the forward sweeps with the graph times the inputs.

    z = Σ w_k x_k, a = tanh z, f = a²: reverse takes δ_z and one product a weight; every forward sweep two.
    """
    names = [f"w_{k}" for k in range(inputs)]
    text = "z = " + " + ".join(f"{name}*x{name}" for name in names) + "; a = tanh(z); f = a**2"
    found = cost(derive(text, parameters=names))
    assert found.reverse == inputs + 1
    assert found.forward == dict.fromkeys(names, 2)
    assert found.reverse < found.forward_total


def test_with_one_input_and_many_nodes_the_forward_sweep_costs_no_more() -> None:
    """A chain is the same both ways."""
    found = cost(derive("a = w*x; b = sin(a); c = sin(b); f = sin(c)", parameters=["w"]))
    assert (found.reverse, found.forward_total) == (3, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", 0),
        ("x + y", 0),
        ("-x", 0),
        ("x*y", 1),
        ("x*y*z", 2),
        ("-x*y", 1),
        ("2*x", 1),
        ("x**2", 1),
        ("1/x", 1),
        ("x/y", 1),
        ("a*(1 - a)", 1),
        ("sigmoid(x*y)", 1),
    ],
)
def test_multiplications_are_counted(text: str, expected: int) -> None:
    """Products, quotients and squares; a sign is none."""
    assert multiplications(parse_expression(text)) == expected
