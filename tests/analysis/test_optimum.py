"""Closed optima: the golden ridge in exact numbers, against numpy's least squares, and step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sympy import Rational

import symbackprop as sb
from symbackprop.analysis.optimum import Optimum, solve_for_optimum
from symbackprop.arrays.misfits import in_code
from symbackprop.errors import LinearityError, Mistake, ShapeError, ValuesError
from symbackprop.graph import Graph

SHAPES: Mapping[str, Any] = {"Phi": ("n", 3), "w": (3,), "y": ("n",)}
SQUARES = "L = sum((Phi @ w - y)**2)"
RIDGE = "L = sum((Phi @ w - y)**2)/n + lambda*sum(w**2)"
RIDGE_OF_SUM = "L = sum((Phi @ w - y)**2) + lambda*sum(w**2)"


def optimum(equations: str, wrt: str = "w", **shapes: Any) -> Optimum:
    return solve_for_optimum(Graph.from_equations(equations, shapes=shapes or SHAPES), wrt)


def shown(found: Optimum) -> list[tuple[str, str, str]]:
    return [(step.name, in_code(step.left), in_code(step.right)) for step in found.steps]


def test_least_squares_are_solved_step_by_step() -> None:
    found = optimum(SQUARES)
    assert shown(found) == [
        ("gradient", "d(L)/d(w)", "2*(Phi.T @ (Phi @ w - y))"),
        ("stationary", "2*(Phi.T @ (Phi @ w - y))", "0"),
        ("rearranged", "2*(Phi.T @ Phi @ w)", "2*(Phi.T @ y)"),
        ("normal equation", "Phi.T @ Phi @ w", "Phi.T @ y"),
        ("solution", "w", "inv(Phi.T @ Phi) @ Phi.T @ y"),
    ]
    assert [(one.name, in_code(one.matrix)) for one in found.conditions] == [
        ("invertible", "Phi.T @ Phi"),
        ("positive definite", "2*(Phi.T @ Phi)"),
    ]


def test_ridge_is_solved_step_by_step() -> None:
    found = optimum(RIDGE)
    assert shown(found) == [
        ("gradient", "d(L)/d(w)", "2/n*(Phi.T @ (Phi @ w - y)) + 2*lambda*w"),
        ("stationary", "2/n*(Phi.T @ (Phi @ w - y)) + 2*lambda*w", "0"),
        ("rearranged", "(2/n*(Phi.T @ Phi) + 2*lambda*eye(size=(3,))) @ w", "2/n*(Phi.T @ y)"),
        ("normal equation", "(Phi.T @ Phi + n*lambda*eye(size=(3,))) @ w", "Phi.T @ y"),
        ("solution", "w", "inv(Phi.T @ Phi + n*lambda*eye(size=(3,))) @ Phi.T @ y"),
    ]


NORMAL = "Phi.T @ Phi + n*lambda*eye(size=(3,))"
FORMS = {
    RIDGE: NORMAL,
    RIDGE_OF_SUM: "Phi.T @ Phi + lambda*eye(size=(3,))",
    "L = lambda*sum(w**2) + mean((Phi @ w - y)**2)": NORMAL,
    "L = mean((Phi @ w - y)**2)/2 + lambda*(w @ w)/2": NORMAL,
    "L = mean((y - Phi @ w)**2) + lambda*norm(w)**2": NORMAL,
    "r = y - Phi @ w; L = r @ r/(2*n) + lambda/2*(w @ w)": NORMAL,
    "z = Phi @ w; e = z - y; L = mean(e**2) + lambda*(w @ w)": NORMAL,
    "L = -sum((Phi @ w - y)**2)/n - lambda*sum(w**2)": NORMAL,
}


@pytest.mark.parametrize("equations", FORMS)
def test_the_normal_equation_is_free_of_the_common_factor(equations: str) -> None:
    found = optimum(equations)
    assert in_code(found.matrix) == FORMS[equations]
    assert in_code(found.right) == "Phi.T @ y"


# ------------------------------------------------------------------- golden 002_polynomial_ridge

X, Y = [0, 1, 2, 3], [1, 0, 2, 5]
INSTANCE = {"Phi": [[1, x, x**2] for x in X], "y": Y, "n": 4}
MINIMISERS = {
    "1/10": ["155/374", "-2065/3366", "395/561"],
    "1": ["5/44", "13/396", "65/132"],
    "100": ["18001/1148290", "189542/5167305", "35597/344487"],
}
OF_SUM = {
    "1/10": [0.6893739636284557, -1.174418499288698, 0.8728626960611086],
    "1": [0.24539877300613497, -0.25971370143149286, 0.5950920245398773],
    "100": [0.03840166630124973, 0.08590586859606811, 0.24934224950668712],
}
SLOPES_AT_THAT_OF_SUM = {
    "1/10": ["3804/36787", "-12961/73574", "9633/73574"],
    "1": ["60/163", "-127/326", "291/326"],
    "100": ["52545/9122", "117545/9122", "341175/9122"],
}
LOSSES = {
    "1/10": ("0.255867498514557338086749851456", "0.330538063507870291921592857960"),
    "1": ("0.592171717171717171717171717172", "0.719227922265296648976877814997"),
    "100": ("5.92524541322797860780426160252", "9.03831375732850845169084691693"),
}


def test_the_golden_least_squares_are_exact() -> None:
    found = optimum(SQUARES)
    assert found.exactly(INSTANCE).tolist() == [Rational(9, 10), Rational(-8, 5), 1]
    np.testing.assert_allclose(found.at(INSTANCE).value, [0.9, -1.6, 1], rtol=1e-12)


@pytest.mark.parametrize("penalty", MINIMISERS)
def test_the_golden_minimisers_of_the_mean_are_exact(penalty: str) -> None:
    found = optimum(RIDGE)
    assert found.exactly(INSTANCE | {"lambda": penalty}).tolist() == list(map(Rational, MINIMISERS[penalty]))
    numbers = found.at(INSTANCE | {"lambda": float(Rational(penalty))})
    np.testing.assert_allclose(
        numbers.value, [float(Rational(one)) for one in MINIMISERS[penalty]], rtol=1e-10
    )
    assert numbers.is_minimum


@pytest.mark.parametrize("penalty", OF_SUM)
def test_the_golden_minimisers_of_the_sum_are_met(penalty: str) -> None:
    numbers = optimum(RIDGE_OF_SUM).at(INSTANCE | {"lambda": float(Rational(penalty))})
    np.testing.assert_allclose(numbers.value, OF_SUM[penalty], rtol=1e-10)


@pytest.mark.parametrize("penalty", LOSSES)
def test_the_golden_losses_and_slopes_of_the_mean_are_met_at_both(penalty: str) -> None:
    values = {"Phi": np.array(INSTANCE["Phi"]), "y": np.array(Y), "lambda": float(Rational(penalty))}
    graph = Graph.from_equations(RIDGE, parameters=["w"], shapes=SHAPES)
    compiled = sb.compile(sb.backprop(graph))
    mean, of_sum = (optimum(text).at(values | {"n": 4}).value for text in (RIDGE, RIDGE_OF_SUM))
    at_mean, at_sum = (compiled(values | {"w": w}) for w in (mean, of_sum))
    losses = [float(one.values["L"]) for one in (at_mean, at_sum)]
    np.testing.assert_allclose(losses, list(map(float, LOSSES[penalty])), rtol=1e-10)
    np.testing.assert_allclose(at_mean.gradients["w"], 0, atol=1e-10)
    expected = [float(Rational(one)) for one in SLOPES_AT_THAT_OF_SUM[penalty]]
    np.testing.assert_allclose(at_sum.gradients["w"], expected, rtol=1e-10)


def test_the_limits_of_the_penalty_are_least_squares_and_zero() -> None:
    found = optimum(RIDGE)
    assert found.exactly(INSTANCE | {"lambda": 0}).tolist() == [Rational(9, 10), Rational(-8, 5), 1]
    assert max(map(abs, found.exactly(INSTANCE | {"lambda": 10**30}).tolist())) < 1e-28


POLYNOMIALS = {
    (SQUARES, 1): ["0.6743808211388618320596812", "-1.348761642277723664119362"],
    (SQUARES, 3): [
        "-0.05419021368330766227305085", "10.64664003818728122471598",
        "-31.61477883246199770050962", "21.07651922164133180033975",
    ],
    (SQUARES, 9): [
        "6.81748638700561209821344e-45", "6.277358153857900035904016", "0.1585396859303288540277093",
        "-43.12197650109678324962494", "11.02774297689797633486538", "39.56969886345076988347366",
        "103.0485295671121904744741", "-239.4843307639208414096982", "157.5314203085594473841721",
        "-35.00698229079098830759379",
    ],
    (RIDGE_OF_SUM, 9): [
        "-0.0003523166237591882369067548", "6.251180670794182820942101", "1.152338724178918119842498",
        "-51.38832530709188309746749", "34.58584278509897566464523", "35.47650140597283660982306",
        "-2.708961632206285758326582", "-24.21555212118371638249934", "-14.69854963388433391456541",
        "15.54590183150192398460917",
    ],
    (RIDGE, 9): [
        "-0.002111660683349591111447908", "6.496269499921302306675282", "-1.324467804375988983807091",
        "-43.11234357319980229866757", "24.77405741125462833293073", "34.87963143975307198354395",
        "4.111290752310485621469992", "-22.83477228633689293696433", "-20.56813674746080315279477",
        "17.58027135734851437345447",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("equations", "degree"), POLYNOMIALS)
def test_the_golden_polynomials_through_a_sine_are_met_in_enough_digits(equations: str, degree: int) -> None:
    """Ten points of sin(2πx) on [0, 1]; at degree 9 ΦᵀΦ has the condition 2e14, past double precision."""
    with mpmath.workdps(60):
        sine = [sympy.Float(mpmath.sin(2 * mpmath.pi * k / 9), 60) for k in range(10)]
        penalty = sympy.Float(mpmath.exp(-18), 60)
    features = [[Rational(k, 9) ** power for power in range(degree + 1)] for k in range(10)]
    found = optimum(equations, Phi=("n", degree + 1), w=(degree + 1,), y=("n",))
    solved = found.exactly({"Phi": features, "y": sine, "lambda": penalty})
    for number, expected in zip(solved, POLYNOMIALS[equations, degree], strict=True):
        assert abs(float(number - sympy.Float(expected, 30))) < 1e-20


def test_the_golden_cubic_is_met_in_double_precision_too() -> None:
    x = np.linspace(0, 1, 10)
    found = optimum(SQUARES, Phi=("n", 4), w=(4,), y=("n",))
    solved = found.at({"Phi": np.vander(x, 4, increasing=True), "y": np.sin(2 * np.pi * x)})
    np.testing.assert_allclose(solved.value, [float(one) for one in POLYNOMIALS[SQUARES, 3]], rtol=1e-10)


def test_more_features_than_examples_leave_a_singular_matrix() -> None:
    x = np.linspace(0, 1, 10)
    found = optimum(SQUARES, Phi=("n", 11), w=(11,), y=("n",))
    with pytest.raises(ValuesError, match="singular") as refusal:
        found.at({"Phi": np.vander(x, 11, increasing=True), "y": np.sin(2 * np.pi * x)})
    assert "lambda*sum(w**2)" in refusal.value.fix


def test_a_singular_matrix_is_refused_in_exact_numbers_too() -> None:
    with pytest.raises(ValuesError, match="singular"):
        optimum(SQUARES).exactly({"Phi": [[1, 2, 3], [2, 4, 6], [1, 0, 0]], "y": [1, 2, 3]})


# ------------------------------------------------------------------------------ other quadratics


def test_random_least_squares_are_those_of_numpy() -> None:
    rng = np.random.default_rng(2)
    features, targets = rng.normal(size=(20, 3)), rng.normal(size=20)
    solved = optimum(SQUARES).at({"Phi": features, "y": targets}).value
    np.testing.assert_allclose(solved, np.linalg.lstsq(features, targets, rcond=None)[0], rtol=1e-10)


QUADRATICS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "weights": ("L = sum(s*(Phi @ w - y)**2)", {**SHAPES, "s": ("n",)}),
    "a bias": ("L = sum((Phi @ w + b - y)**2)", SHAPES),
    "a prior": ("L = mean((Phi @ w - y)**2) + alpha*sum((w - mu)**2)", {**SHAPES, "mu": (3,)}),
    "weighed terms": ("L = alpha*sum((Phi @ w - y)**2) + beta*(w @ w)", SHAPES),
    "a penalty on some": ("L = mean((Phi @ w - y)**2) + alpha*sum(w[1:]**2)", SHAPES),
    "a quadratic form": ("L = w @ A @ w/2 - c @ w + w @ w", {"w": (3,), "A": (3, 3), "c": (3,)}),
    "a mean": ("L = sum((w - mu)**2)", {"w": (3,), "mu": (3,)}),
    "several outputs": ("L = mean((Phi @ w - Y)**2) + alpha*sum(w**2)", {
        "Phi": ("n", 3), "w": (3, 2), "Y": ("n", 2)}),
    "a scalar": ("L = sum((w*x - y)**2) + alpha*w**2", {"x": ("n",), "y": ("n",)}),
    "no right side": ("L = sum((Phi @ w)**2)", {"Phi": ("n", 3), "w": (3,)}),
}  # fmt: skip


@pytest.mark.parametrize("case", QUADRATICS)
def test_the_gradient_is_zero_at_the_optimum_and_the_loss_is_higher_around_it(case: str) -> None:
    equations, shapes = QUADRATICS[case]
    graph = Graph.from_equations(equations, parameters=["w"], shapes=shapes)
    rng = np.random.default_rng(7)
    values = {
        node.name: rng.uniform(0.5, 1.5, tuple(6 if str(size) == "n" else size for size in node.shape))
        for node in graph.given
        if node.name not in ("w", "n")
    }
    values |= {"A": values["A"] @ values["A"].T} if "A" in values else {}
    solved = solve_for_optimum(graph, "w").at(values)
    compiled = sb.compile(sb.backprop(graph, wrt=["w"]))

    def at(w: Any) -> Any:
        return compiled({**values, "w": w})

    assert np.shape(solved.value) == tuple(int(size) for size in graph["w"].shape)
    np.testing.assert_allclose(at(solved.value).gradients["w"], 0, atol=1e-10)
    assert solved.is_minimum
    around = [at(solved.value + rng.normal(size=np.shape(solved.value))).values["L"] for _ in range(5)]
    assert min(around) > at(solved.value).values["L"]


def test_where_the_matrix_is_the_identity_the_solution_follows_at_once() -> None:
    found = optimum("L = sum((w - mu)**2)", w=(3,), mu=(3,))
    assert [step.name for step in found.steps] == ["gradient", "stationary", "rearranged", "solution"]
    assert in_code(found.solution) == "mu"


def test_a_scalar_is_solved_by_division() -> None:
    found = solve_for_optimum(Graph.from_equations("L = (w*x - y)**2 + a*w**2", parameters=["w"]), "w")
    solution = found.solution.subs({"x": 2, "y": 3, "a": 5})
    assert solution == Rational(6, 9)
    assert found.at({"x": 2, "y": 3, "a": 5}).value == pytest.approx(2 / 3)
    assert found.exactly({"x": 2, "y": 3, "a": 5}) == Rational(2, 3)


def test_a_saddle_is_not_called_a_minimum() -> None:
    found = optimum("L = w @ A @ w - c @ w", w=(2,), A=(2, 2), c=(2,))
    solved = found.at({"A": [[1, 0], [0, -1]], "c": [2, 2]})
    assert not solved.is_minimum
    np.testing.assert_allclose(solved.value, [1, -1])


def test_values_that_are_not_used_are_not_asked_for() -> None:
    assert optimum(RIDGE).given == ("Phi", "y", "lambda")


# -------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "equations",
    [
        "L = sum((Phi @ w - y)**4)",
        "z = Phi @ w; p = sigmoid(z); L = -sum(y*log(p) + (1 - y)*log(1 - p))",
        "L = sum(abs(Phi @ w - y))",
    ],
)
def test_a_gradient_that_is_not_linear_is_refused_in_words(equations: str) -> None:
    with pytest.raises(LinearityError, match="the gradient by w is not linear in w") as refusal:
        optimum(equations)
    assert "gradient steps" in refusal.value.fix


def test_a_linear_loss_has_no_optimum() -> None:
    with pytest.raises(LinearityError, match="does not depend on w"):
        optimum("L = sum(w*y)", w=(3,), y=(3,))


def test_a_loss_that_is_no_scalar_is_refused() -> None:
    with pytest.raises(ShapeError, match="not a scalar"):
        optimum("L = Phi @ w - y")


@pytest.mark.parametrize("method", ["at", "exactly"])
def test_values_that_are_missing_or_do_not_fit_are_refused(method: str) -> None:
    solve = getattr(optimum(SQUARES), method)
    with pytest.raises(ValuesError, match="no value for y"):
        solve({"Phi": [[1, 2, 3]]})
    with pytest.raises(ValuesError, match="shape"):
        solve({"Phi": [[1, 2, 3]], "y": [1, 2]})


def test_an_operation_without_an_exact_value_is_refused() -> None:
    found = optimum("L = sum(exp(s)*(Phi @ w - y)**2)", **SHAPES, s=("n",))
    with pytest.raises(Mistake, match="exp has no exact value"):
        found.exactly({"Phi": [[1, 2], [3, 4]], "y": [1, 2], "s": [0, 0]} | {"Phi": [[1, 2, 3], [4, 5, 7]]})
