"""Expressions and graphs in extra digits: against the backend in doubles, sympy.diff, differences."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf
from sympy import Expr, Rational, Symbol, Tuple

import symbackprop as sb
from symbackprop import functions
from symbackprop import operations as op
from symbackprop.conventions import Conventions
from symbackprop.errors import GraphError, ShapeError, ValuesError
from symbackprop.expressions import AtStep, Prime, Quotient, add, call, mul
from symbackprop.language import parse_equations, parse_expression
from symbackprop.numeric.compiled import compile_forward
from symbackprop.precise.digits import FUNCTIONS as IN_DIGITS
from symbackprop.precise.digits import OPERATIONS as ON_OBJECTS
from symbackprop.precise.evaluation import evaluate
from symbackprop.precise.point import Point, exact_number
from symbackprop.precise.points import States, random_points, sizes_of
from tests.arrays.test_pullbacks import CASES, INTERNAL, LAYERS, POSITIVE, Case, Draw, numbers, weighed
from tests.arrays.test_pullbacks import _call as function_at
from tests.examples import EXAMPLES, SCALARS, Example
from tests.oracles import Outside, central_at_node, expanded, near, quotient_value, slope, value

X, Y, Z = map(Symbol, "xyz")


def _item(draw: Draw) -> Case:
    text = draw.dice.choice(["x[0]", "x[-1, 0]", "x[1:]", "x[:, None, ::-1]", "x[..., 1]", "x[1, 1]"])
    return Case(text, {"x": (2, 3)})


PROGRAMS = {**CASES, **LAYERS, "item": _item}
"""A random call of every operation, of every layer, and of indices."""


@pytest.fixture(autouse=True)
def _digits() -> Iterator[None]:
    with mp.workdps(50):
        yield


def as_floats(number: Any) -> Any:
    return np.asarray(number, dtype=object).astype(float)


def close(found: Any, truth: Any, relative: float = 1e-10) -> bool:
    """Equal to ten digits of the largest entry, and of one shape."""
    one, two = as_floats(found), np.asarray(truth, dtype=float)
    return one.shape == two.shape and np.allclose(one, two, rtol=0, atol=relative * max(1, np.max(abs(two))))


def graph_of(text: str, shapes: Mapping[str, Any]) -> sb.Graph:
    """All given names are parameters."""
    return sb.Graph.from_equations(text, parameters=[*shapes], shapes={n: s for n, s in shapes.items() if s})


def in_symbols(values: Mapping[str, Any]) -> dict[Symbol, Any]:
    return {Symbol(name): exact_number(number) for name, number in values.items()}


# --------------------------------------------------------- every operation, against the backend in doubles


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_every_operation_and_its_gradients_are_those_of_the_backend(name: str, number: int) -> None:
    draw = Draw(random.Random(f"{name} {number}"))
    text, values = weighed(PROGRAMS[name](draw), draw)
    graph = graph_of(text, {one: np.shape(array) for one, array in values.items()})
    derivation = sb.backprop(graph)
    right = sb.compile(derivation)(values)
    point = Point(graph, values)
    assert close(evaluate(parse_equations(text)[-1].expression, in_symbols(values)), right.values["L"])
    known = dict(point.values)
    for delta in derivation.deltas.values():
        if delta.symbol is not None:
            known[delta.symbol] = point.slope("L", delta.node.name)
            assert close(evaluate(delta.expression, known), right.deltas[delta.symbol.name])
    for one, gradient in right.gradients.items():
        assert close(point.slope("L", one), gradient), one
        assert close(evaluate(derivation.gradients[one].expression, known), gradient), one


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("name", sorted(functions.FUNCTIONS))
def test_every_function_and_its_slopes_are_those_of_the_backend(name: str, number: int) -> None:
    draw = Draw(random.Random(number))
    full = draw.shape(0)
    written = function_at(name)
    used = [one for one in "xyz" if one in written.replace(name, "")]
    shapes = {one: full if one == "x" else draw.thinned(full) for one in used}
    text, values = weighed(Case(written, shapes, ("x",) if name in POSITIVE else ()), draw)
    if name == "round":
        values["x"] = values["x"] + 0.003  # a tie of decimals is none of doubles
    if name == "clip":
        values["y"], values["z"] = -np.abs(values["y"]) / 2, np.abs(values["z"]) / 2
    graph = graph_of(text, {one: np.shape(array) for one, array in values.items()})
    right = sb.compile(sb.backprop(graph))(values)
    point = Point(graph, values)
    assert close(point["L"], right.values["L"])
    for one, gradient in right.gradients.items():
        assert close(point.slope("L", one), gradient), one


@pytest.mark.parametrize("name", sorted(INTERNAL))
def test_every_head_that_only_rules_make_is_that_of_the_backend(name: str) -> None:
    case = INTERNAL[name]
    values = {one: numbers(random.Random(name), shape) for one, shape in case.shapes.items()}
    graph = sb.Graph.from_expressions({"v": case.expression}, parameters=[*case.shapes], shapes=case.shapes)
    with_sum = sb.Graph.from_expressions(
        {"v": case.expression, "L": op.of(op.total, Symbol("v"), (), 0)},
        parameters=[*case.shapes],
        shapes=case.shapes,
    )
    right = compile_forward(sb.backprop(with_sum))(values).values["v"]
    assert close(evaluate(case.expression, in_symbols(values)), right)
    assert close(Point(graph, values)["v"], right)


@pytest.mark.parametrize("ties", [0, 1, 2])
def test_shares_of_a_largest_are_in_all_digits(ties: int) -> None:
    shares = evaluate(op.of(op.extreme, X, (0,), 1, ties), {X: exact_number([3, 1, 3, 3])})
    expected = {0: [0, 0, 0, 0], 1: [1, 0, 0, 0], 2: [mpf(1) / 3, 0, mpf(1) / 3, mpf(1) / 3]}
    assert list(shares) == expected[ties]


def test_the_product_of_the_others_is_that_of_the_backend() -> None:
    found = evaluate(op.of(op.others, X, (0,)), {X: exact_number([2, 0, 5])})
    assert list(found) == [0, 10, 0]


def test_nothing_of_the_language_is_missing() -> None:
    heads = {one for one in vars(op).values() if isinstance(one, type) and issubclass(one, op.Operation)}
    named = {head.__name__ for head in heads - {op.Operation, op.length, *op.COMPOSITE_HEADS.values()}}
    assert named - ON_OBJECTS.keys() == set()
    own = {"where", "indicator", "softmax"}
    assert {entry.head.__name__ for entry in functions.FUNCTIONS.values()} - IN_DIGITS.keys() <= own


# -------------------------------------------------------------------------------------- single expressions


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (call(functions.softmax, sympy.Integer(2), Tuple(X, Y, Z)), lambda x, y, z: mp.exp(y)),
        (Prime(call(functions.sigmoid, X)), None),
        (sympy.Piecewise((X, sympy.Gt(X, Y)), (Y, True)), lambda x, y, z: max(x, y)),
        (sympy.ITE(sympy.Gt(X, Y), X, Y), lambda x, y, z: max(x, y)),
        (sympy.And(sympy.Gt(X, Y), sympy.Lt(X, Z)), lambda x, y, z: mpf(y < x < z)),
        (sympy.Or(sympy.Gt(X, Y), sympy.Lt(X, Z)), lambda x, y, z: mpf(x > y or x < z)),
        (sympy.Not(sympy.Eq(X, Y)), lambda x, y, z: mpf(x != y)),
        (sympy.Max(X, Y, Z), max),
        (sympy.pi * X + sympy.E, lambda x, y, z: mp.pi * x + mp.e),
        (sympy.asinh(X), lambda x, y, z: mp.asinh(x)),
        (sympy.Float("0.5") * X, lambda x, y, z: x / 2),
        (sympy.sqrt(-1 - X**2), lambda x, y, z: mp.nan),
        (sympy.log(-(X**2)), lambda x, y, z: mp.nan),
        (call(functions.xlogx, X - X), lambda x, y, z: mpf(0)),
    ],
    ids=lambda one: str(one) if isinstance(one, Expr) else "",
)
def test_every_kind_of_expression_of_numbers(expression: Expr, expected: Any) -> None:
    x, y, z = point = mpf("0.7"), mpf("-1.3"), mpf("1.9")
    found = evaluate(expression, dict(zip((X, Y, Z), point, strict=True)))
    if isinstance(expression, functions.softmax):
        right = mp.exp(y) / (mp.exp(x) + mp.exp(y) + mp.exp(z))
    elif isinstance(expression, Prime):
        right = 1 / (2 + mp.exp(x) + mp.exp(-x))
    else:
        right = expected(*point)
    assert mp.almosteq(found, right, mpf(10) ** -45) or (mp.isnan(found) and mp.isnan(right))


def test_what_is_written_and_not_carried_out_has_a_given_value() -> None:
    quotient, later = Quotient(Y, X), AtStep(X, 2)
    assert evaluate(mul(quotient, later), {quotient: mpf(3), later: mpf(5)}) == 15
    with pytest.raises(ValuesError, match="has no value"):
        evaluate(quotient, {X: mpf(1)})


def test_a_factor_that_is_not_chosen_may_be_infinite() -> None:
    guarded = mul(
        call(functions.indicator, sympy.Gt(X, 0, evaluate=False)), X, sympy.Pow(X, -1, evaluate=False)
    )
    assert evaluate(guarded, {X: mpf(0)}) == 0
    assert list(evaluate(guarded, {X: exact_number([0, 2])})) == [0, 1]
    assert mp.isnan(evaluate(mul(Y, sympy.Pow(X, -1, evaluate=False)), {X: mpf(0), Y: mpf(0)}))


def test_what_differs_by_rounding_alone_is_equal() -> None:
    test = parse_expression("indicator(x + y == z) + 10*indicator(x + y > z) + 100*step(x + y - z)")
    point = in_symbols({"x": Rational("0.1"), "y": Rational("0.2"), "z": Rational("0.3")})
    assert evaluate(test, point) == 101


@pytest.mark.parametrize(
    "text", ["exp(exp(exp(exp(x))))", "(10 + x)**(exp(exp(x)))", "exp(-exp(exp(exp(x))))"]
)
def test_numbers_beyond_all_bounds_take_no_time(text: str) -> None:
    start = time.perf_counter()
    evaluate(parse_expression(text), {X: mpf(9)})
    assert time.perf_counter() - start < 1


def test_a_tie_of_decimals_is_rounded_to_even() -> None:
    ties = [Rational(one) for one in ("0.15", "0.25", "-0.35", "0.34")]
    found = evaluate(parse_expression("round(x, 1)"), {X: exact_number(ties)})
    assert close(found, [0.2, 0.2, -0.4, 0.3])


def test_operands_that_do_not_fit_are_told() -> None:
    given = {X: exact_number([1, 2]), Y: exact_number([1, 2, 3])}
    for expression in (add(X, Y), op.of(op.matmul, X, Y)):
        with pytest.raises(ShapeError):
            evaluate(expression, given)


def test_an_expression_of_two_thousand_calls_is_no_recursion() -> None:
    deep: Expr = X
    for _ in range(2000):
        deep = call(sympy.tanh, mul(deep, Y))
    assert 0 < evaluate(deep, {X: mpf(1), Y: mpf("1.01")}) < 1
    chain = "\n".join(f"v_{place + 1} = tanh(1.01*v_{place})" for place in range(2000))
    point = Point(graph_of(chain, {"v_0": ()}), {"v_0": 1})
    assert 0 < point.slope("v_2000", "v_0") < 1


# ------------------------------------------------------------------------------------- points of examples


@pytest.mark.parametrize("one", SCALARS, ids=str)
def test_slopes_of_numbers_are_those_of_sympy_to_thirty_digits(one: Example) -> None:
    problem = sb.load(one.spec)
    graph = problem.graph
    (point,) = random_points(problem, 1)
    given = {Symbol(name): number for name, number in point.given.items()}
    loss = expanded(graph)
    for symbol in graph.parameters:
        right = value(slope(loss, symbol), given)
        assert near(point.slope(graph.output.name, symbol.name), right, 1e-30, 1e-45), symbol
    for node in graph.inner:
        right = central_at_node(graph, given, node.name)
        assert near(point.slope(graph.output.name, node.name), right, 1e-30, 1e-35), node.name


@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_every_node_delta_and_gradient_of_an_example_is_that_of_the_backend(one: Example) -> None:
    problem = sb.load(one.spec)
    states, points = States(problem), random_points(problem, 2)
    if states.count:
        points.append(states.point(0, None if states.is_batched or not states.examples else 1))
    for point in points:
        right = sb.compile(sb.backprop(problem.graph, conventions=problem.conventions))(
            {name: as_floats(exact_number(number)) for name, number in point.given.items()}
        )
        output = problem.graph.output.name
        for name, number in right.values.items():
            assert close(point[name], number), name
        for name, number in right.gradients.items():
            assert close(point.slope(output, name), number), name
        for name, number in right.deltas.items():
            if name in point.deltas:
                assert close(point.delta(name), number), name


def held_quotients(graph: sb.Graph) -> Iterator[Quotient]:
    for node in graph.inner:
        for parent in node.parents:
            yield Quotient(node.symbol, parent, *(other for other in node.parents if other != parent))


@pytest.mark.parametrize("one", SCALARS, ids=str)
def test_partials_pass_through_no_held_node(one: Example) -> None:
    problem = sb.load(one.spec)
    (point,) = random_points(problem, 1)
    given = {Symbol(name): number for name, number in point.given.items()}
    for quotient in [*held_quotients(problem.graph)][:40]:
        held = [symbol.name for symbol in quotient.held]
        try:
            right = quotient_value(problem.graph, given, quotient)
        except Outside:
            continue
        assert near(point.partial(quotient.of.name, quotient.by.name, held), right, 1e-25, 1e-30), quotient


def test_a_held_node_closes_one_of_two_ways() -> None:
    point = Point(graph_of("q = x**2; f = x*q", {"x": ()}), {"x": 3})
    assert [point.partial("f", "x", ["q"]), point.slope("f", "x"), point.slope("q", "f")] == [9, 27, 0]
    assert [point.slope("f", "f"), point.partial("f", "q", ["q"]), point.partial("f", "x", ["f"])] == [
        1,
        3,
        27,
    ]


# ----------------------------------------------------------------------------------------- arrays, mixed


def by_differences(graph: sb.Graph, given: Mapping[str, Any], of: str, by: str) -> Any:
    """Central differences in extra digits."""
    start = exact_number(given[by])
    step, columns = mpf(10) ** -15, []
    for place in np.ndindex(np.shape(start)):
        ends = []
        for sign in (1, -1):
            moved = np.array(start, dtype=object)
            moved[place] = moved[place] + sign * step
            ends.append(Point(graph, {**given, by: moved})[of])
        columns.append((ends[0] - ends[1]) / (2 * step))
    shape = (*np.shape(columns[0]), *np.shape(start))
    return np.stack([np.asarray(one, dtype=object) for one in columns], axis=-1).reshape(shape)


MIXED = """
a = c*sum(x)
h = tanh(W @ x + a)
g = relu(h)*a
s = sigmoid(a) + g[0]
L = mean(g**2)*s + s**2
"""
POINT = {"c": 0.3, "x": [0.5, -0.7, 1.1], "W": [[0.1, 0.9, -0.4], [0.7, -0.2, 0.8]]}


@pytest.mark.parametrize("of", ["a", "h", "g", "s", "L"])
@pytest.mark.parametrize("by", POINT)
def test_jacobians_of_numbers_and_arrays_are_central_differences(of: str, by: str) -> None:
    graph = graph_of(MIXED, {"c": (), "x": (3,), "W": (2, 3)})
    found, right = Point(graph, POINT).slope(of, by), by_differences(graph, POINT, of, by)
    assert np.shape(found) == right.shape
    assert np.max(abs(np.asarray(found - right))) < 1e-25


def test_the_jacobian_of_an_array_by_itself_is_the_identity() -> None:
    point = Point(graph_of(MIXED, {"c": (), "x": (3,), "W": (2, 3)}), POINT)
    assert np.array_equal(point.slope("h", "h"), np.eye(2))
    assert np.array_equal(point.slope("W", "W").reshape(6, 6), np.eye(6))
    assert point.slope("a", "W").shape == (2, 3)
    assert not np.any(point.slope("x", "g"))


def test_a_held_array_closes_a_way() -> None:
    point = Point(graph_of("h = 2*x; y = h*x; L = sum(y)", {"x": (2,)}), {"x": [3, 5]})
    assert list(point.partial("L", "x", ["h"])) == [6, 10]
    assert list(point.slope("L", "x")) == [12, 20]
    assert point.partial("y", "x", ["h"]).tolist() == [[6, 0], [0, 10]]


def test_deltas_have_the_sign_and_the_scale_of_the_conventions() -> None:
    problem = sb.load(next(one for one in EXAMPLES if one.name == "minibatch-sgd").spec)
    for sign, factor in (("plus", 3), ("minus", -3)):
        conventions = problem.conventions.changed({"error_sign": sign})
        given = States(problem).point(0).given
        point = Point(problem.graph, given, conventions=conventions)
        derivation = sb.backprop(problem.graph, conventions=conventions)
        right = sb.compile(derivation)({n: as_floats(exact_number(v)) for n, v in given.items()})
        assert close(point.delta("delta_A"), right.deltas["delta_A"])
        node = point.deltas["delta_A"]
        times = factor if problem.graph.scale != 1 else factor // 3
        assert close(point.delta("delta_A"), as_floats(times * point.slope("J", node)))
    with pytest.raises(GraphError, match="no delta"):
        point.delta("delta_Q")


def test_kinks_go_by_the_convention() -> None:
    graph = graph_of("r = relu(x); m = maximum(x, y); L = r + m", {"x": (), "y": ()})
    for at_zero in ("0", "1/2", "1"):
        point = Point(graph, {"x": 0, "y": 0}, conventions=Conventions(relu_at_zero=at_zero, ties="split"))
        assert point.slope("r", "x") == mpf(Rational(at_zero).p) / Rational(at_zero).q
        assert point.slope("m", "x") == mpf("0.5")
        assert point.kink_distance() == 0
    arrays = graph_of("L = sum(relu(x))", {"x": (3,)})
    point = Point(arrays, {"x": [0, -1, 2]}, conventions=Conventions(relu_at_zero="1"))
    assert list(point.slope("L", "x")) == [1, 0, 1]


# -------------------------------------------------------------------------------------- extra digits


def test_saturated_activations_keep_twenty_digits() -> None:
    graph = graph_of("s = sigmoid(x); t = tanh(x); L = s + t", {"x": ()})
    point = Point(graph, {"x": 40})
    with mp.workdps(200):
        assert near(point.slope("s", "x"), mp.exp(-40) / (1 + mp.exp(-40)) ** 2, 1e-40)
        assert near(point.slope("t", "x"), mp.sech(40) ** 2, 1e-40)
        assert near(1 - point["s"], 1 / (1 + mp.exp(40)), 1e-50)


def test_a_gradient_of_1e_19_keeps_twenty_digits() -> None:
    chain = "\n".join(f"v_{place + 1} = sigmoid(v_{place})" for place in range(30))
    graph = graph_of(chain, {"v_0": ()})
    point = Point(graph, {"v_0": Rational("0.3")})
    with mp.workdps(120):
        number, right = mpf(3) / 10, mpf(1)
        for _ in range(30):
            number = 1 / (1 + mp.exp(-number))
            right *= number * (1 - number)
    assert 1e-21 < right < 1e-18
    assert near(point.slope("v_30", "v_0"), right, 1e-45)


def test_a_softmax_of_ten_thousands_does_not_overflow() -> None:
    text = "p = softmax(z); L = -sum(y*log(p))"
    graph = sb.Graph.from_equations(text, parameters=["z"], targets=["y"], shapes={"z": (2,), "y": (2,)})
    point = Point(graph, {"z": [10_000, -10_000], "y": [0, 1]})
    assert point["L"] == 20_000
    assert near(point["p"][1], mp.exp(-20_000), 1e-45)
    assert list(point.slope("L", "z")) == [1, -1]


# -------------------------------------------------------------------------------------- random points


@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_random_points_are_finite_off_the_kinks_and_the_same_for_a_seed(one: Example) -> None:
    problem = sb.load(one.spec)
    first, second = random_points(problem, 2, seed=5), random_points(problem, 2, seed=5)
    assert [point.given for point in first] == [point.given for point in second]
    assert first[0].given != first[1].given
    for point in first:
        assert point.is_finite
        assert point.kink_distance() >= 1e-3
        for total in point.rules.collapses:
            sums = [sum(point[symbol.name] for symbol in total.summing_to_one)] if not total.totals else []
            sums += [evaluate(each, point.values) for each in total.totals]
            for found in sums if total.summing_to_one else []:
                assert np.all(abs(np.asarray(found - 1)) < 1e-45)


def test_given_values_are_short_and_in_their_ranges() -> None:
    problem = sb.loads("""
[graph]
equations = "z = w*x; L = (sigmoid(z) - y)**2 + w**k"
[parameters]
w = 1
[inputs]
x = 2
k = 3
[targets]
y = 1
""")
    for point in random_points(problem, 20):
        assert point.given["k"] == 3
        assert Rational("0.05") <= point.given["y"] <= Rational("0.95")
        assert all(Rational("0.2") <= abs(point.given[name]) <= 2 for name in "wx")
        assert point.given["x"].q <= 1000


def test_targets_of_a_cross_entropy_in_equations_add_up_to_one() -> None:
    problem = sb.loads("""
[graph]
equations = '''
p_1 = exp(z_1)/(exp(z_1) + exp(z_2))
p_2 = exp(z_2)/(exp(z_1) + exp(z_2))
L = -(y_1*log(p_1) + y_2*log(p_2))
'''
[parameters]
z_1 = 1
z_2 = 2
[targets]
y_1 = 1
y_2 = 0
""")
    (point,) = random_points(problem, 1)
    assert point.given["y_1"] + point.given["y_2"] == 1
    assert near(point.slope("L", "z_1"), point["p_1"] - point["y_1"], 1e-45)


def spec(equations: str, *parameters: str) -> sb.Problem:
    values = "\n".join(f"{name} = 1" for name in parameters)
    return sb.loads(f'[graph]\nequations = "{equations}"\n[parameters]\n{values}\n')


def test_a_logarithm_of_a_product_takes_positive_values() -> None:
    names = [f"x_{place}" for place in range(1, 13)]
    problem = spec("L = " + " + ".join(f"log({name})" for name in names), *names)
    assert all(number > 0 for number in random_points(problem, 1)[0].given.values())


def test_equations_without_a_real_value_are_told() -> None:
    with pytest.raises(ValuesError, match="no random values"):
        random_points(spec("L = log(-x**2)", "x"))


def test_a_kink_that_is_always_there_is_no_obstacle() -> None:
    (point,) = random_points(spec("L = abs(x - x) + maximum(x, x)", "x"), 1)
    assert point.is_finite


def test_sizes_are_small_and_distinct_and_those_of_the_numbers() -> None:
    problem = sb.load(next(one for one in EXAMPLES if one.name == "batch-norm").spec)
    assert sizes_of(problem) == {Symbol("n"): 3}
    graph = sb.Graph.from_equations(
        "L = sum((X @ W)**2)/n", parameters=["W"], shapes={"X": ("n", "d"), "W": ("d", "k")}
    )
    sizes = sizes_of(sb.Problem(graph))
    assert sizes[Symbol("n")] == 3
    assert len(set(sizes.values())) == 3
    (point,) = random_points(sb.Problem(graph), 1)
    assert point["X"].shape == (3, sizes[Symbol("d")])
    known = sb.Problem(graph, values={"W": [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]})
    assert sizes_of(known) == {Symbol("n"): 3, Symbol("d"): 5, Symbol("k"): 2}


def test_sizes_grow_until_slices_fit() -> None:
    graph = sb.Graph.from_equations("L = sum(x[3:]**2)", parameters=["x"], shapes={"x": ("n",)})
    (point,) = random_points(sb.Problem(graph), 1)
    assert len(point["x"]) > 3


# --------------------------------------------------------------------------- mistakes in what is given


def test_missing_unknown_and_misshapen_values_are_told() -> None:
    graph = graph_of("L = sum(W @ x)", {"W": ("m", "n"), "x": ("n",)})
    good = {"W": [[1, 2], [3, 4]], "x": [1, 2]}
    assert "n" in Point(graph, good)
    assert Point(graph, good)["n"] == 2
    assert "q" not in Point(graph, good)
    for wrong, words in (
        ({"W": [[1, 2]]}, "no value for x"),
        ({**good, "x": [1, 2, 3]}, "shape"),
        ({**good, "x": 1}, "shape"),
        ({**good, "q": 1}, "not given"),
    ):
        with pytest.raises(ValuesError, match=words):
            Point(graph, wrong)
    with pytest.raises(GraphError):
        Point(graph, good).slope("L", "q")
    with pytest.raises(ValuesError, match="not a finite number"):
        Point(graph_of("a = 1/x; L = a", {"x": ()}), {"x": 0})["a"]


# ------------------------------------------------------------------------------------------- states


@pytest.mark.parametrize("one", [one for one in EXAMPLES if "training" in one.toml], ids=str)
def test_states_are_those_of_the_training(one: Example) -> None:
    problem = sb.load(one.spec)
    states = States(problem)
    if not problem.is_numeric:
        assert states.count == 0
        return
    trace = sb.train(problem)
    assert states.count == len(trace.iterations) + 1
    assert states.learning_rate == trace.training.learning_rate
    for state, iteration in enumerate(trace.iterations):
        assert states.batch(state) == list(iteration.examples)
        for name, gradient in iteration.gradients.items():
            assert close(states.gradient(state, name), gradient), (state, name)
        for name, number in iteration.before.items():
            assert close(exact_number(states.parameters(state)[name]), number)
    for name, number in trace.iterations[-1].after.items():
        assert close(exact_number(states.parameters(states.count - 1)[name]), number)
    assert set(states.batch(states.count - 1)) <= set(states.examples)


def test_a_start_is_exact_and_points_are_kept() -> None:
    states = States(sb.load(next(one for one in EXAMPLES if one.name == "obesity").spec))
    assert states.parameters(0)["w_12"] == Rational("-0.2")
    assert isinstance(states.parameters(1)["w_12"], float)
    assert states.point(1, 2) is states.point(1, 2)
    assert states.point(0) is states.point(0, 1)
    assert States(states.problem, steps=5).count == 6
    for wrong in (lambda: states.point(4, 1), lambda: states.point(0, 99), lambda: states.batch(-1)):
        with pytest.raises(ValuesError, match="there is no"):
            wrong()


def test_a_problem_without_training_has_one_state_and_one_without_numbers_none() -> None:
    attention = States(sb.load(next(one for one in EXAMPLES if one.name == "attention").spec))
    assert (attention.count, attention.examples, attention.learning_rate) == (1, [], None)
    assert attention.point(0).is_finite
    gate = States(sb.load(next(one for one in EXAMPLES if one.name == "relu-gate").spec))
    assert (gate.count, gate.batch(0)) == (1, [1, 2, 3])
    with pytest.raises(ValuesError, match="several examples"):
        gate.point(0)
    minimal = States(sb.load(next(one for one in EXAMPLES if one.name == "minimal").spec))
    assert minimal.count == 0
    with pytest.raises(ValuesError, match="no numbers"):
        minimal.point(0)


def test_a_batch_of_numbers_is_combined_as_the_training_says() -> None:
    for reduction in ("mean", "sum"):
        problem = sb.loads(f"""
[network]
inputs = 1
[[network.layers]]
units = 1
activation = "tanh"
weight = [[0.5]]
bias = [0.1]
[loss]
name = "mse"
reduction = "{reduction}"
[training]
learning_rate = 0.1
batch_size = 2
[data]
columns = ["x", "y"]
rows = [[1, 0], [2, 1], [0.5, 1]]
""")
        states, trace = States(problem), sb.train(problem)
        for state, iteration in enumerate(trace.iterations):
            for name, gradient in iteration.gradients.items():
                assert close(states.gradient(state, name), gradient)


# -------------------------------------------------------------------------------------------- speed


def test_points_take_a_fraction_of_a_second() -> None:
    obesity = sb.load(next(one for one in EXAMPLES if one.name == "obesity").spec)
    attention = sb.load(next(one for one in EXAMPLES if one.name == "attention").spec)
    start = time.perf_counter()
    for point in random_points(obesity):
        for symbol in obesity.graph.parameters:
            point.slope("L", symbol.name)
    middle = time.perf_counter()
    (point,) = random_points(attention, 1)
    assert point.slope("H", "X").shape == (3, 2, 3, 2)
    assert middle - start < 1
    assert time.perf_counter() - middle < 3
