"""The backward sweep: every form of every gradient against the oracles, under every convention."""

from __future__ import annotations

from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from sympy import S, Symbol

from symbackprop import functions
from symbackprop.conventions import Conventions
from symbackprop.derivation import PAGE, Derivation, Gradient
from symbackprop.errors import GraphError, OptionError
from symbackprop.expressions import AtStep, Quotient, mul, size
from symbackprop.graph import Granularity, Graph, Node, Role
from symbackprop.numeric.compiled import compile as compiled
from symbackprop.sweep import backprop
from tests.oracles import (
    Drawn,
    central,
    central_at_node,
    delta_values,
    expanded,
    graph_values,
    graphs,
    near,
    points,
    quotient_value,
    slope,
    value,
)

x, y, z, q, f = map(Symbol, ["x", "y", "z", "q", "f"])
CONVENTIONS = st.builds(
    Conventions,
    slopes=st.sampled_from(["value", "argument"]),
    error_sign=st.sampled_from(["plus", "minus"]),
    relu_at_zero=st.sampled_from(["0", "1/2", "1"]),
    ties=st.sampled_from(["none", "first", "split"]),
    collapse=st.booleans(),
)


def derive(text: str, conventions: Conventions | None = None, **options: Any) -> Derivation:
    """The derivation of some equations."""
    wrt, output = options.pop("wrt", None), options.pop("output", None)
    return backprop(Graph.from_equations(text, **options), output, wrt=wrt, conventions=conventions)


def largest_share(derivation: Derivation, values: dict[Symbol, mpf]) -> float:
    """The largest contribution to anything, or 1: what rounding errors are measured by."""
    gathered = [*derivation.deltas.values(), *(gradient.delta for gradient in derivation.gradients.values())]
    shares = [abs(value(one.expression, values)) for delta in gathered for one in delta.contributions]
    return float(max([mpf(1), *shares]))


# ----------------------------------------------------------------------------------------- by hand


def test_the_example_of_every_lecture() -> None:
    """f = (x + y) z at -2, 5, -4: the deltas and gradients by name, in order."""
    derivation = derive("q = x + y; f = q*z")
    assert [(name, gradient.expression) for name, gradient in derivation.gradients.items()] == [
        ("x", Symbol("delta_q")),
        ("y", Symbol("delta_q")),
        ("z", q),
    ]
    assert list(derivation.deltas) == ["f", "q"]
    assert derivation.deltas["q"].expression == z
    assert derivation.gradients["x"].chain == mul(Quotient(f, q), Quotient(q, x))
    assert derivation.gradients["x"].closed() == z
    assert derivation.gradients["z"].closed().args == (x, y)
    assert derivation.gradients["x"].latex() == (
        r"\frac{\partial f}{\partial x} = "
        r"\frac{\partial f}{\partial q}\cdot\frac{\partial q}{\partial x} = \delta_q"
    )


def test_fan_out_adds_one_contribution_for_each_consumer() -> None:
    """In the order of the consumers, each upstream times local."""
    derivation = derive("a = x*x; b = a*y; c = a + b; f = b*c")
    delta = derivation.deltas["a"]
    assert [str(one.consumer) for one in delta.contributions] == ["b", "c"]
    assert [str(one.upstream) for one in delta.contributions] == ["delta_b", "delta_c"]
    assert [str(one.local) for one in delta.contributions] == ["y", "1"]
    assert str(delta.expression) == "delta_b*y + delta_c"
    chain = derivation.gradients["x"].chain
    assert chain == mul(Quotient(f, Symbol("a")), Quotient(Symbol("a"), x))
    assert len(derivation.gradients["y"].contributions) == 1


def test_slopes_are_written_in_the_nodes_own_value_or_in_its_argument() -> None:
    """a (1 - a), or σ(z)(1 - σ(z))."""
    by_value = derive("a = sigmoid(w*x); f = a**2", Conventions(slopes="value"), parameters=["w"])
    assert {str(one) for one in by_value.partials[Symbol("a"), Symbol("w")].free_symbols} == {"a", "x"}
    by_argument = derive("a = sigmoid(w*x); f = a**2", Conventions(slopes="argument"), parameters=["w"])
    assert {str(one) for one in by_argument.partials[Symbol("a"), Symbol("w")].free_symbols} == {"w", "x"}


def test_only_what_lies_between_parameters_and_output_is_derived() -> None:
    """Nothing above the parameters, nothing beside the output."""
    text = "h = x*x; a = w*h; side = a*a; f = a + 1"
    derivation = derive(text, parameters=["w"])
    assert set(derivation.deltas) == {"f", "a"}
    assert all(Symbol("h") not in edge for edge in derivation.partials)


def test_a_parameter_that_does_not_reach_the_output_has_gradient_zero() -> None:
    """In every form."""
    derivation = derive("a = w*x; f = a*a; side = v + w", parameters=["w", "v", "unused"], output="f")
    for name in ("v", "unused"):
        gradient = derivation.gradients[name]
        assert gradient.expression == gradient.chain == gradient.closed() == gradient.delta.expression == 0
        assert gradient.count_paths() == 0
        assert list(gradient.paths(large=True)) == []
        assert gradient.latex()
    numbers = compiled(derivation)({"w": 2, "x": 3, "v": 1, "unused": 0})
    assert (numbers.gradients["v"], numbers.gradients["unused"], numbers.gradients["w"]) == (0, 0, 36)


@pytest.mark.parametrize("name", ["step", "sign"])
def test_nothing_comes_back_through_a_slope_of_zero(name: str) -> None:
    """A node that is used only where the slope is 0 has the delta 0, not 1."""
    derivation = derive(f"a = w*x; s = {name}(a); f = s*w", parameters=["w"])
    point = {"w": 0.5, "x": 3.0}
    values = delta_values(derivation, point)
    assert value(derivation.deltas["a"].expression, values) == 0
    assert value(derivation.gradients["w"].expression, values) == 1
    assert value(derivation.gradients["w"].closed(), {Symbol("w"): mpf("0.5"), x: mpf(3)}) == 1
    numbers = compiled(derivation)(point)
    assert float(numbers.gradients["w"]) == 1


def test_the_derivative_of_the_output_by_itself_is_one() -> None:
    """In every form, as the sum over its one path of no edges."""
    gradient = derive("q = x + y; f = q*q", wrt=["f"]).gradients["f"]
    assert gradient.expression == gradient.closed() == 1
    assert gradient.chain in (1, Quotient(f, f))
    assert gradient.count_paths() == len(list(gradient.paths(large=True))) == 1
    assert sum(path.expression for path in gradient.paths()) == 1
    assert " 0 " not in gradient.latex()


def test_an_output_that_a_parameter_is() -> None:
    """f = w: the gradient is 1."""
    derivation = derive("f = w", parameters=["w"])
    assert derivation.gradients["w"].expression == 1
    assert float(compiled(derivation)({"w": 3.5}).gradients["w"]) == 1


def test_the_output_may_stand_in_the_middle() -> None:
    """What comes after it plays no part."""
    derivation = derive("q = x*y; r = q*q; f = r + x", output="r")
    assert set(derivation.deltas) == {"r", "q"}
    text = "q = x*y; r = q*q; f = r + x"
    numbers = compiled(backprop(Graph.from_equations(text), "r"))({"x": 2, "y": 3})
    assert (numbers.gradients["x"], numbers.gradients["y"]) == (36, 24)
    after = backprop(Graph.from_equations(text), "q", wrt=["f"])
    assert after.gradients["f"].expression == 0


@pytest.mark.parametrize("names", [{"wrt": ["nope"]}, {"output": "nope"}])
def test_unknown_names_are_refused(names: dict[str, Any]) -> None:
    """With what is known."""
    with pytest.raises(GraphError, match="no node 'nope'") as caught:
        backprop(Graph.from_equations("q = x + y; f = q*z"), names.get("output"), wrt=names.get("wrt"))
    assert "q" in caught.value.known


def test_nothing_to_differentiate_by_is_a_mistake() -> None:
    """A graph of numbers, or an empty list."""
    for text, wrt in (("f = 2 + 3", None), ("f = x", [])):
        with pytest.raises(GraphError, match="nothing to differentiate by"):
            backprop(Graph.from_equations(text), wrt=wrt)


def test_an_unnamed_delta_stays_in_line_unless_that_would_repeat_it() -> None:
    """Activations have none in a network; a long one with two parents gets a name that is free."""
    w, v = Symbol("w"), Symbol("v")
    rows = [
        Node(Symbol(f"s_{k}"), mul(Symbol("m"), Symbol(f"c_{k}")), delta=Symbol(f"d_{k}")) for k in range(9)
    ]
    leaves = [Node(Symbol(f"c_{k}")) for k in range(9)] + [
        Node(w, role=Role.PARAMETER),
        Node(v, role=Role.PARAMETER),
    ]
    graph = Graph(
        (*leaves, Node(Symbol("m"), w * v), *rows, Node(f, sympy.Add(*(row.symbol for row in rows)))), f
    )
    delta = backprop(graph).deltas["m"]
    assert delta.symbol == Symbol("delta_m")
    alone = Graph((Node(w, role=Role.PARAMETER), Node(q, sympy.exp(w)), Node(f, q**2)), f)
    assert backprop(alone).deltas["q"].symbol is None
    assert size(backprop(alone).gradients["w"].expression) <= 6


# ------------------------------------------------------------------------------------- closed form


def test_a_closed_form_longer_than_a_page_is_refused_with_its_length() -> None:
    """Unless it is insisted on; the length is found without writing it."""
    text = (
        "a_0 = w + x; "
        + "; ".join(f"a_{k} = a_{k - 1}*a_{k - 1} + x" for k in range(1, 12))
        + "; f = a_11*a_11"
    )
    gradient = derive(text, parameters=["w"]).gradients["w"]
    length = gradient.derivation.closed_size(gradient.expression)
    assert length > 4000
    with pytest.raises(OptionError) as caught:
        gradient.closed()
    assert str(length) in caught.value.what
    assert "w" in caught.value.what
    assert "large" in caught.value.fix
    short = derive("a = w + x; b = a*a; f = b*a", parameters=["w"]).gradients["w"]
    assert short.closed(large=True) == short.closed()


def test_closed_forms_of_nested_cases_are_written_at_once() -> None:
    """SymPy must not be led to ask whether tanh of a case distinction is real."""
    text = "v_0 = where(x > y, x*y, x + y); " + "; ".join(
        f"v_{k} = tanh(v_{k - 1}*x + y)*where(v_{k - 1} > y, v_{k - 1}, x)" for k in range(1, 7)
    )
    derivation = derive(text)
    point = {"x": 0.7, "y": -1.2}
    truth = central(derivation.graph, point, "x")
    found = value(derivation.gradients["x"].closed(large=True), {x: mpf(0.7), y: mpf(-1.2)})
    assert near(found, truth, 1e-25)


def test_insisting_writes_a_long_closed_form() -> None:
    """And it is as long as was said."""
    text = "a_0 = w + x; " + "; ".join(f"a_{k} = a_{k - 1}*a_{k - 1}" for k in range(1, 8)) + "; f = a_7*y"
    gradient = derive(text, parameters=["w"]).gradients["w"]
    length = gradient.derivation.closed_size(gradient.expression)
    assert length > PAGE
    assert size(gradient.closed(large=True)) == length


@pytest.mark.parametrize(
    "text",
    [
        "q = x + y; f = q*z",
        "a = x*x; b = a*y; c = a + b; f = b*c",
        "a = x*y; b = exp(a); c = a*b; f = c*a + b",
        "z = w*x + b; a = tanh(z); f = a*v",
        "a = x/y; b = a/z; f = b*a",
        "a = gelu_tanh(x); b = a*y; f = b*b",
    ],
)
@pytest.mark.parametrize("slopes", ["value", "argument"])
def test_the_size_that_is_announced_is_the_size_of_the_closed_form(text: str, slopes: str) -> None:
    """Where no numbers can be multiplied together."""
    derivation = derive(text, Conventions(slopes=slopes))  # type: ignore[arg-type]
    for gradient in derivation.gradients.values():
        assert derivation.closed_size(gradient.expression) == size(gradient.closed(large=True))


@settings(max_examples=30)
@given(graphs(most=8), CONVENTIONS)
def test_the_announced_size_is_never_too_small(drawn: Drawn, conventions: Conventions) -> None:
    """Numbers that meet are multiplied and zeros kill, so it may be too large by a few."""
    derivation = backprop(drawn.graph, conventions=conventions)
    for gradient in derivation.gradients.values():
        length = derivation.closed_size(gradient.expression)
        if length < 3000:
            assert size(gradient.closed(large=True)) <= length


# ----------------------------------------------------------------------------------- random graphs


def check_all_forms(derivation: Derivation, point: dict[str, float]) -> None:
    """Deltas, gradients, paths and closed forms against central differences, to 25 digits."""
    graph = derivation.graph
    values = delta_values(derivation, point)
    given = {Symbol(name): mpf(number) for name, number in point.items()}
    for name, gradient in derivation.gradients.items():
        truth = central(graph, point, name)
        assert near(value(gradient.expression, values), truth, 1e-25, 1e-30), name
        if 0 < gradient.count_paths() <= 300:
            along = [value(path.expression, values) for path in gradient.paths()]
            assert near(mp.fsum(along), truth, 1e-25, 1e-30), name
        if derivation.closed_size(gradient.expression) <= PAGE:
            closed = gradient.closed()
            assert closed.free_symbols <= given.keys()
            assert near(value(closed, given), truth, 1e-25, 1e-30), name


@settings(max_examples=30)
@given(graphs(most=60), CONVENTIONS)
def test_every_form_of_every_gradient_is_the_difference_quotient(
    drawn: Drawn, conventions: Conventions
) -> None:
    """Random graphs of up to 60 nodes, every convention: named deltas, sums over paths, closed forms."""
    check_all_forms(backprop(drawn.graph, conventions=conventions), drawn.point)


@settings(max_examples=20)
@given(graphs(most=60), CONVENTIONS)
def test_compiled_gradients_are_the_difference_quotient(drawn: Drawn, conventions: Conventions) -> None:
    """In double precision, to ten digits of the largest contribution."""
    derivation = backprop(drawn.graph, conventions=conventions)
    numbers = compiled(derivation)(drawn.point)
    exact = delta_values(derivation, drawn.point)
    scale = largest_share(derivation, exact)
    for name in derivation.gradients:
        truth = central(drawn.graph, drawn.point, name)
        assert near(numbers.gradients[name], truth, 1e-9, 1e-9 * scale), name
    for node in drawn.graph.nodes:
        assert near(numbers.values[node.name], exact[node.symbol], 1e-10, 1e-12)
    for delta in derivation.deltas.values():
        if delta.symbol is not None:
            found = numbers.deltas[delta.symbol.name]
            assert near(found, exact[delta.symbol], 1e-7, 1e-9), delta.symbol
            assert found == numbers.deltas[delta.node.name]


@settings(max_examples=20)
@given(graphs(most=6), CONVENTIONS, st.sampled_from(["equations", "operations"]))
def test_small_graphs_agree_with_sympy_on_the_expanded_output(
    drawn: Drawn, conventions: Conventions, granularity: Granularity
) -> None:
    """Plain differentiation of one long expression; split into gates or not."""
    softmax = any(isinstance(expression, functions.softmax) for expression in drawn.equations.values())
    text = "" if softmax else "\n".join(f"{name} = {_python(one)}" for name, one in drawn.equations.items())
    if not text:
        graph = drawn.graph
    else:
        graph = Graph.from_equations(text, parameters=drawn.parameters, granularity=granularity)
    whole = expanded(graph)
    derivation = backprop(graph, conventions=conventions)
    if sum(1 for _ in sympy.preorder_traversal(whole)) > 150:
        return
    values = delta_values(derivation, drawn.point)
    point = {Symbol(name): mpf(number) for name, number in drawn.point.items()}
    for name, gradient in derivation.gradients.items():
        truth = value(slope(whole, Symbol(name)), point)
        assert near(value(gradient.expression, values), truth, 1e-30, 1e-35), name


def _python(expression: sympy.Basic) -> str:
    """An expression as text of the language, every part in brackets."""
    if isinstance(expression, sympy.core.relational.Relational):
        return f"{_python(expression.lhs)} {expression.rel_op} {_python(expression.rhs)}"
    parts = [_python(argument) for argument in expression.args]
    if isinstance(expression, sympy.Add | sympy.Mul | sympy.Pow):
        sign = {"Add": " + ", "Mul": " * ", "Pow": " ** "}[type(expression).__name__]
        return "(" + sign.join(parts) + ")"
    if not parts:
        return f"({expression})"
    name = next(name for name, entry in functions.FUNCTIONS.items() if entry.head is type(expression))
    return f"{name}({', '.join(parts)})"


@settings(max_examples=25)
@given(graphs(most=30), st.data())
def test_derivatives_by_inputs_and_by_nodes_in_the_middle(drawn: Drawn, data: st.DataObject) -> None:
    """A node is then held at its value plus and minus the step, whatever it is computed from."""
    graph = drawn.graph
    chosen = data.draw(
        st.lists(st.sampled_from([node.name for node in graph.nodes]), min_size=1, max_size=4, unique=True)
    )
    derivation = backprop(graph, wrt=chosen)
    assert list(derivation.gradients) == chosen
    values = delta_values(derivation, drawn.point)
    numbers = compiled(derivation)(drawn.point)
    scale = largest_share(derivation, values)
    for name in chosen:
        truth = central_at_node(graph, drawn.point, name) if name != graph.output.name else mpf(1)
        assert near(value(derivation.gradients[name].expression, values), truth, 1e-25, 1e-30), name
        assert near(numbers.gradients[name], truth, 1e-9, 1e-9 * scale), name


@settings(max_examples=25)
@given(graphs(most=40), st.data())
def test_any_node_may_be_the_output(drawn: Drawn, data: st.DataObject) -> None:
    """Its ancestors get gradients, all others 0."""
    graph = drawn.graph
    output = data.draw(st.sampled_from([node.name for node in graph.inner]))
    derivation = backprop(graph, output)
    values = delta_values(derivation, drawn.point)
    for name, gradient in derivation.gradients.items():
        assert near(
            value(gradient.expression, values), central(graph, drawn.point, name, output), 1e-25, 1e-30
        )
        if Symbol(name) not in graph.ancestors(Symbol(output)):
            assert gradient.expression == 0


@settings(max_examples=25)
@given(graphs(most=40), st.sampled_from(["value", "argument"]))
def test_the_other_sign_turns_the_deltas_and_leaves_the_gradients(drawn: Drawn, slopes: Any) -> None:
    """error_sign = minus: every delta is -∂L/∂node, every gradient is what it was."""
    plus = backprop(drawn.graph, conventions=Conventions(slopes=slopes))
    minus = backprop(drawn.graph, conventions=Conventions(slopes=slopes, error_sign="minus"))
    at_plus, at_minus = delta_values(plus, drawn.point), delta_values(minus, drawn.point)
    for name, delta in plus.deltas.items():
        turned = minus.deltas[name]
        assert near(value(turned.expression, at_minus), -value(delta.expression, at_plus), 1e-30, 1e-35), name
    for name, gradient in plus.gradients.items():
        other = minus.gradients[name]
        assert near(value(other.expression, at_minus), value(gradient.expression, at_plus), 1e-30, 1e-35), (
            name
        )
    first, second = compiled(plus)(drawn.point), compiled(minus)(drawn.point)
    for name in plus.gradients:
        assert first.gradients[name] == pytest.approx(second.gradients[name], rel=1e-9, abs=1e-12)
    for name in first.deltas:
        assert first.deltas[name] == pytest.approx(-second.deltas[name], rel=1e-9, abs=1e-12)


@settings(max_examples=40)
@given(graphs(most=16))
def test_paths_are_counted_as_they_are_walked(drawn: Drawn) -> None:
    """Each from the symbol to the output along edges of the graph, none twice."""
    derivation = backprop(drawn.graph)
    for name, gradient in derivation.gradients.items():
        count = gradient.count_paths()
        if count > 2000:
            continue
        walked = list(gradient.paths(large=True))
        assert len(walked) == len({path.nodes for path in walked}) == count
        for path in walked:
            assert (path.nodes[0], path.nodes[-1]) == (drawn.graph.output, Symbol(name))
            edges = list(zip(path.nodes, path.nodes[1:], strict=False))
            assert path.factors == tuple(derivation.partials[edge] for edge in edges)
            quotients = path.chain.args if path.chain.is_Mul else (path.chain,)
            assert [(one.of, one.by) for one in quotients] == edges


def test_paths_are_counted_without_walking_them() -> None:
    """A chain of forty diamonds has 2^40 of them."""
    text = "a_0 = w*x; " + "; ".join(
        f"b_{k} = sin(a_{k}); c_{k} = cos(a_{k}); a_{k + 1} = b_{k}*c_{k}" for k in range(40)
    )
    gradient = derive(text, parameters=["w"]).gradients["w"]
    assert gradient.count_paths() == 2**40
    with pytest.raises(OptionError, match=str(2**40)):
        next(iter(gradient.paths()))
    first = next(iter(gradient.paths(large=True)))
    assert len(first.nodes) == 82


@settings(max_examples=25)
@given(graphs(most=30), CONVENTIONS)
def test_the_chain_is_true_as_it_is_written(drawn: Drawn, conventions: Conventions) -> None:
    """Every quotient in it at its word, as a difference quotient: their products add up to the gradient."""
    graph = drawn.graph
    derivation = backprop(graph, conventions=conventions)
    name = max(derivation.gradients, key=lambda one: len(derivation.gradients[one].contributions))
    gradient = derivation.gradients[name]
    if len(gradient.contributions) > 6:
        return
    values = {one: quotient_value(graph, drawn.point, one) for one in gradient.chain.atoms(Quotient)}
    truth = quotient_value(graph, drawn.point, gradient.symbol)
    assert near(truth, central(graph, drawn.point, name), 1e-30, 1e-35)
    assert near(value(gradient.chain, values), truth, 1e-25, 1e-30), gradient.chain


@settings(max_examples=20)
@given(graphs(most=8))
def test_the_chain_of_a_path_is_true_as_it_is_written(drawn: Drawn) -> None:
    """Each of its quotients is the local partial beside it."""
    derivation = backprop(drawn.graph)
    values = graph_values(drawn.graph, drawn.point)
    for gradient in derivation.gradients.values():
        for path in list(gradient.paths(large=True))[:5]:
            quotients = path.chain.args if path.chain.is_Mul else (path.chain,)
            for quotient, factor in zip(quotients, path.factors, strict=True):
                assert near(
                    quotient_value(drawn.graph, drawn.point, quotient), value(factor, values), 1e-25, 1e-30
                )


def test_the_chain_does_not_explain_a_gradient_by_itself() -> None:
    """Where the output uses w directly and through a, ∂f/∂w = ∂f/∂a · ∂a/∂w + ∂f/∂w would be no equation."""
    gradient = derive("a = tanh(w); f = w*a", parameters=["w"]).gradients["w"]
    assert len(gradient.contributions) == 2
    assert gradient.symbol not in gradient.chain.args
    assert gradient.latex().count(r"\frac{\partial f}{\partial w}") == 2, (
        "the second is marked as the direct way"
    )
    assert Quotient(f, Symbol("w"), Symbol("a")) in gradient.chain.args


@settings(max_examples=15)
@given(graphs(most=20))
def test_shared_parameters_get_the_sum_of_their_uses(drawn: Drawn) -> None:
    """Tying two parameters adds their gradients."""
    first, second, *_ = drawn.parameters
    point = drawn.point | {second: drawn.point[first]}
    tied = {name: e.xreplace({Symbol(second): Symbol(first)}) for name, e in drawn.equations.items()}
    apart = backprop(Graph.from_expressions(drawn.equations, parameters=drawn.parameters))
    at = delta_values(apart, point)
    together = backprop(Graph.from_expressions(tied, parameters=[first]))
    total = sum(value(apart.gradients[name].expression, at) for name in (first, second))
    found = value(together.gradients[first].expression, delta_values(together, {**point}))
    assert near(found, total, 1e-25, 1e-30)


def test_names_that_resemble_what_the_compiler_makes_up_do_no_harm() -> None:
    """∂a/∂b_dc and ∂a_db/∂c would both be called da_db_dc."""
    graph = Graph.from_equations("a = b_dc**2; a_db = c**3; f = a*a_db")
    numbers = compiled(backprop(graph))({"b_dc": 2, "c": 3})
    assert (float(numbers.gradients["b_dc"]), float(numbers.gradients["c"])) == (27 * 4, 4 * 27)


def test_local_partials_are_shared_by_all_who_look() -> None:
    """Every edge once, by consumer and node."""
    derivation = derive("a = x*y; b = a*x; f = a + b")
    assert {(str(of), str(by)) for of, by in derivation.partials} == {
        ("a", "x"), ("a", "y"), ("b", "a"), ("b", "x"), ("f", "a"), ("f", "b"),
    }  # fmt: skip


def test_a_written_derivative_is_a_symbol_of_its_own() -> None:
    derivation = derive("q = x + y; f = q*z")
    gradient: Gradient = derivation.gradients["z"]
    assert gradient.symbol == Quotient(f, z)
    assert AtStep(z, 0) != z
    assert S.One == derivation.deltas["f"].expression


def test_ten_layers_stay_short() -> None:
    """By the deltas' names every gradient has a bounded length: no expression swells."""
    text = "; ".join(
        f"z_{k}{i} = "
        + " + ".join(f"w_{k}{i}{j}*a_{k - 1}{j}" for j in "123")
        + f"; a_{k}{i} = tanh(z_{k}{i})"
        for k in range(1, 10)
        for i in "123"
    )
    weights = [f"w_{k}{i}{j}" for k in range(1, 10) for i in "123" for j in "123"]
    inputs = ["a_01", "a_02", "a_03"]
    graph = Graph.from_equations(text + "; f = a_91 + a_92*a_93", inputs=inputs, parameters=weights)
    derivation = backprop(graph)
    assert max(size(one.expression) for one in derivation.gradients.values()) <= 12
    assert max(size(one.expression) for one in derivation.deltas.values()) <= 12
    point = {
        name.name: float(number)
        for name, number in points([n.name for n in graph.nodes if n.expression is None], 5)[0].items()
    }
    truth = central(graph, point, "w_111")
    assert near(
        value(derivation.gradients["w_111"].expression, delta_values(derivation, point)), truth, 1e-20, 1e-30
    )
