"""The computational graph: order, roles, and what is wrong with equations that make none."""

from __future__ import annotations

import random
import sys
import warnings
from types import FrameType

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Symbol

from symbackprop.errors import ExpressionError, GraphError, Mistake, Mistakes
from symbackprop.graph import Graph, Node, Role
from symbackprop.notation.names import latex_name, unused_name
from symbackprop.sweep import backprop
from tests.oracles import Drawn, graphs

x, y, z = map(Symbol, "xyz")


def names(graph: Graph) -> list[str]:
    """The names of the nodes in their order."""
    return [node.name for node in graph.nodes]


def mistake(text: str, **options: object) -> Mistake:
    """The one mistake in equations."""
    with pytest.raises(Mistake) as caught:
        Graph.from_equations(text, **options)  # type: ignore[arg-type]
    return caught.value


# ------------------------------------------------------------------------------------------- order


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("q = x + y; f = q*z", "x y z q f"),
        ("f = q*z; q = y + x", "z y x q f"),
        ("b = a + 1; c = b*b; d = c + a", "a b c d"),
        ("r = p*p; q = p + 1; f = q*r", "p r q f"),
        ("f = a*b; b = c + 1; a = c*c", "c b a f"),
    ],
)
def test_parents_come_first_and_otherwise_the_given_order_stays(text: str, expected: str) -> None:
    """Leaves in reading order, then the equations, moved no further than they must be."""
    assert names(Graph.from_equations(text)) == expected.split()


@given(graphs(most=25), st.integers(0, 10**6))
def test_any_order_of_the_nodes_gives_a_topological_order(drawn: Drawn, seed: int) -> None:
    """And a graph that stands in order already is left as it is."""
    graph = drawn.graph
    assert Graph(graph.nodes, graph.output).nodes == graph.nodes
    shuffled = list(graph.nodes)
    random.Random(seed).shuffle(shuffled)
    seen: set[Symbol] = set()
    for node in Graph(tuple(shuffled), graph.output).nodes:
        assert set(node.parents) <= seen
        seen.add(node.symbol)


@given(graphs(most=25))
def test_consumers_descendants_and_ancestors_say_the_same(drawn: Drawn) -> None:
    """Two ways to say who depends on whom, against plain reachability."""
    graph = drawn.graph
    for node in graph.nodes:
        for parent in node.parents:
            assert node.symbol in graph.consumers[parent]
        reachable, pending = {node.symbol}, [node.symbol]
        while pending:
            for user in graph.consumers[pending.pop()]:
                if user not in reachable:
                    reachable.add(user)
                    pending.append(user)
        assert graph.descendants([node.symbol]) == reachable
        for other in graph.nodes:
            assert (node.symbol in graph.ancestors(other.symbol)) == (other.symbol in reachable)


def test_a_node_is_a_consumer_once_however_often_it_uses_another() -> None:
    """x·x uses x twice."""
    graph = Graph.from_equations("f = x*x + x")
    assert graph.consumers[x] == (Symbol("f"),)
    assert graph["f"].parents == (x,)


_PARTS = "w x eps epsilon yhat K Kappa _ __ 1 01 2 12 a _1 _2 é".split()
_NAMES = st.lists(st.sampled_from(_PARTS), min_size=1, max_size=4).map("".join)


@given(st.lists(_NAMES, min_size=2, max_size=5))
def test_names_are_refused_where_two_look_the_same(drawn: list[str]) -> None:
    """In LaTeX, whatever their digits."""
    drawn = list(dict.fromkeys(drawn))
    nodes = tuple(Node(Symbol(name)) for name in drawn)
    if len(set(map(latex_name, drawn))) == len(drawn):
        assert Graph(nodes, nodes[0].symbol).nodes == nodes
    else:
        with pytest.raises(GraphError, match="look the same in print"):
            Graph(nodes, nodes[0].symbol)


def test_long_chains_are_no_recursion() -> None:
    """Five thousand nodes one after the other."""
    nodes = [Node(x), Node(Symbol("v_0"), x + 1)]
    nodes += [Node(Symbol(f"v_{k}"), Symbol(f"v_{k - 1}") + 1) for k in range(1, 5000)]
    graph = Graph(tuple(reversed(nodes)), Symbol("v_4999"))
    assert graph.nodes == tuple(nodes)
    assert len(graph.ancestors(graph.output)) == 5001


def _calls(count: int) -> int:
    """How many functions of Python are called to build a chain of so many nodes."""
    equations = {"v_0": x + 1} | {f"v_{k}": Symbol(f"v_{k - 1}") + 1 for k in range(1, count)}
    found = 0

    def counting(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal found
        found += event == "call"

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        Graph.from_expressions(equations)
    finally:
        sys.setprofile(before)
    return found


def test_the_work_grows_linearly_with_the_number_of_equations() -> None:
    """Ten times the nodes, about ten times the calls."""
    _calls(10)
    assert _calls(500) / _calls(50) < 20


# ----------------------------------------------------------------------------------- roles, output


def test_roles_are_as_declared() -> None:
    """Parameters, inputs, targets; the output is the loss, and the rest are nodes."""
    graph = Graph.from_equations(
        "t = w*x + b; L = (t - y)**2", parameters=["w", "b"], inputs=["x"], targets=["y"]
    )
    roles = {node.name: node.role for node in graph.nodes}
    assert roles == {
        "w": Role.PARAMETER, "b": Role.PARAMETER, "x": Role.INPUT, "y": Role.TARGET,
        "t": Role.NODE, "L": Role.LOSS,
    }  # fmt: skip
    assert graph.parameters == (Symbol("w"), Symbol("b"))
    assert [node.name for node in graph.having(Role.INPUT, Role.TARGET)] == ["x", "y"]
    assert [node.name for node in graph.inner] == ["t", "L"]


def test_without_parameters_the_inputs_are_asked_for() -> None:
    """In reading order."""
    assert Graph.from_equations("f = (y + x)*z").parameters == (y, x, z)


def test_undeclared_names_are_inputs_unless_inputs_are_declared() -> None:
    """A declared parameter stays one."""
    graph = Graph.from_equations("f = w*x", parameters=["w"])
    assert (graph["w"].role, graph["x"].role) == (Role.PARAMETER, Role.INPUT)


def test_declared_names_that_nothing_uses_are_nodes() -> None:
    """Their derivative is 0, which is an answer."""
    graph = Graph.from_equations("f = w*x", parameters=["w", "c"], inputs=["x", "e"])
    assert {"c", "e"} <= set(names(graph))
    assert graph.parameters == (Symbol("w"), Symbol("c"))


def test_the_output_is_the_last_equation_unless_named() -> None:
    """By its name, wherever it stands."""
    text = "q = x + y; f = q*z"
    assert Graph.from_equations(text).output == Symbol("f")
    graph = Graph.from_equations(text, output="q")
    assert graph.output == Symbol("q")
    assert graph["q"].role is Role.LOSS
    assert "known" in str(mistake(text, output="r"))
    assert "'x' is none of the equations" in str(mistake(text, output="x"))


def test_a_last_expression_without_a_name_gets_one() -> None:
    """f, or the next that no name uses."""
    assert Graph.from_equations("(x + y)*z").output == Symbol("f")
    assert Graph.from_equations("f = x + 1; f*z").output == Symbol("y")
    assert Graph.from_equations("f*y", parameters=["F"]).output == Symbol("out")
    assert "only the last line" in str(mistake("x + y; f = x"))


def test_every_computed_node_but_the_output_has_a_delta_of_its_own_name() -> None:
    """Lengthened where the name is taken."""
    graph = Graph.from_equations("q = x*delta_q; r = q*q; f = r + 1")
    assert graph["f"].delta is None
    assert graph["r"].delta == Symbol("delta_r")
    assert graph["q"].delta == Symbol("delta_q_2")


@pytest.mark.parametrize(
    ("wish", "taken", "expected"), [("a", [], "a"), ("a", ["a"], "a_2"), ("a", ["a", "a_2"], "a_3")]
)
def test_names_are_lengthened_until_they_are_free(wish: str, taken: list[str], expected: str) -> None:
    """By a number."""
    assert unused_name(wish, taken) == expected


def test_nodes_are_found_by_name_and_by_symbol() -> None:
    """An unknown one with a suggestion."""
    graph = Graph.from_equations("qq = x + y; f = qq*z")
    assert graph["qq"] is graph[Symbol("qq")]
    assert "qq" in graph
    assert Symbol("r") not in graph
    with pytest.raises(GraphError) as caught:
        graph["qqq"]
    assert caught.value.fix == "did you mean 'qq'?"
    assert "x, y" in caught.value.known


# ---------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "circle"),
    [
        ("q = q + x", "q needs q"),
        ("q = f + x; f = q*z", "q needs f needs q"),
        ("a = b + x; b = c*2; c = a + 1; f = a", "a needs b needs c needs a"),
        ("d = a + 1; a = b*x; b = a + y", "a needs b needs a"),
    ],
)
def test_a_circle_is_named(text: str, circle: str) -> None:
    """All its members in their order, and none that only depends on it."""
    found = mistake(text)
    assert isinstance(found, GraphError)
    assert found.what.endswith(f": {circle}")
    assert found.fix


def test_an_equation_given_twice_is_pointed_at() -> None:
    """At its second place."""
    found = mistake("q = x\nq = y\nf = q")
    assert found.what == "'q' is given by two equations"
    assert found.where.startswith("line 2, column 1")


def test_undeclared_names_are_reported_with_a_suggestion() -> None:
    """All of them at once, when there are several."""
    found = mistake("f = w*xx", parameters=["w"], inputs=["x"])
    assert isinstance(found, GraphError)
    assert found.what == "undeclared name 'xx'"
    assert found.fix == "did you mean 'x'?" or "[inputs]" in found.fix
    close = mistake("f = wieght*x", parameters=["weight"], inputs=["x"])
    assert close.fix == "did you mean 'weight'?"
    with pytest.raises(Mistakes) as caught:
        Graph.from_equations("f = p*q + r", parameters=["w"], inputs=[])
    assert [one.what for one in caught.value.mistakes] == [f"undeclared name {name!r}" for name in "pqr"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"parameters": ["x"], "inputs": ["x"]}, "'x' is given twice, as parameter and as input"),
        ({"parameters": ["x", "x"]}, "'x' is given twice"),
        ({"inputs": ["x"], "targets": ["x"]}, "as input and as target"),
        ({"parameters": ["f"]}, "'f' is given as parameter and computed by an equation"),
        ({"targets": ["f"]}, "'f' is given as target and computed by an equation"),
    ],
)
def test_a_name_is_one_thing(options: dict[str, list[str]], says: str) -> None:
    """Given or computed, and in one role."""
    found = mistake("f = x + 1", **options)
    assert says in found.what
    assert found.fix


@pytest.mark.parametrize("name", ["__import__", "x); import os", "a b", "", "exp", "_x"])
def test_declared_names_are_names(name: str) -> None:
    """Of any role."""
    for role in ("parameters", "inputs", "targets"):
        with pytest.raises(ExpressionError):
            Graph.from_equations("f = x + 1", **{role: [name]})  # type: ignore[arg-type]


def test_a_graph_of_nodes_is_checked_too() -> None:
    """A doubled name, a parent that is no node, an output that is no node."""
    leaf, inner = Node(x), Node(y, x + 1)
    with pytest.raises(GraphError, match="stands for two nodes"):
        Graph((leaf, inner, Node(x)), y)
    with pytest.raises(GraphError, match="there is no node 'x'"):
        Graph((inner,), y)
    with pytest.raises(GraphError, match="there is no node 'z'"):
        Graph((leaf, inner), z)


@pytest.mark.parametrize(
    "nodes",
    [
        (Node(x), Node(y, x + 1, delta=Symbol("d")), Node(z, y * x, delta=Symbol("d"))),
        (Node(x), Node(y, x + 1, delta=x), Node(z, y * x)),
    ],
)
def test_the_name_of_a_delta_stands_for_one_thing(nodes: tuple[Node, ...]) -> None:
    """Two deltas of one name, or a delta named as a node, would be put in for each other in closed forms."""
    with pytest.raises(GraphError):
        Graph((*nodes, Node(Symbol("L"), z * y)), Symbol("L"))


# -------------------------------------------------------------------------------------- from SymPy


def test_expressions_of_sympy_make_a_graph() -> None:
    """By name or by symbol; other names are leaves."""
    w = Symbol("w")
    graph = Graph.from_expressions({"z": w * x, Symbol("L"): z**2}, parameters=[w])
    assert names(graph) == ["w", "x", "z", "L"]
    assert graph.parameters == (w,)
    assert graph.output == Symbol("L")
    assert Graph.from_expressions({"z": w * x, "L": z**2}, output="z").output == z


def test_assumptions_do_not_split_a_name_in_two() -> None:
    """Symbol("x", positive=True) and Symbol("x") are one name."""
    positive, real = Symbol("x", positive=True), Symbol("x", real=True)
    graph = Graph.from_expressions(
        {"q": positive * real, "f": Symbol("q", real=True) + x}, parameters=[positive]
    )
    assert names(graph) == ["x", "q", "f"]
    assert graph.parameters == (x,)


@pytest.mark.parametrize(
    "expression",
    [sympy.Abs(x), sympy.Max(x, y), sympy.Min(x, 1), sympy.sqrt(x), sympy.cot(x), sympy.E**x, sympy.sign(x)],
)
def test_functions_of_sympy_are_differentiated_or_refused(expression: sympy.Expr) -> None:
    """An unknown function is a mistake that says so, no KeyError out of the middle of the sweep."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            graph = Graph.from_expressions({"f": expression})
            derivation = backprop(graph)
        except Mistake as found:
            assert str(expression.func.__name__) in found.what  # noqa: PT017
            return
    assert derivation.latex()
