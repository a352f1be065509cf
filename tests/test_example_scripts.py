"""The scripts of `examples/`: what they print, and their figures against those worked out by others.

`golden/002_*.json` are the figures, `examples/<name>/<name>.txt` what a script prints.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from mpmath import mp
from sympy import Symbol

import symbackprop as sb

HERE = Path(__file__).parent
FOLDER = HERE.parent / "examples"
SCRIPTS = [
    "forward-reverse-cost",
    "linear-collapse",
    "polynomial-ridge",
    "universal-approximation",
    "vanishing-gradients",
    "xor",
]
NOTHING = 1e-40
"""What is smaller than this in a golden file is the rounding of its fifty digits: the exact value is 0."""


def golden(name: str) -> Any:
    return json.loads((HERE / "golden" / f"002_{name}.json").read_text(encoding="utf-8"))


@cache
def script(name: str) -> Any:
    """A script as a module."""
    module_name = f"example_{name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(module_name, FOLDER / name / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module


def assert_close(found: Any, expected: Any) -> None:
    """To 1e-10 of the size, or to the last digit where a golden figure is printed with fewer."""
    if isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)
        return
    if "/" in str(expected):
        assert Fraction(str(found)) == Fraction(expected)
        return
    wanted = float(expected)
    if abs(wanted) < NOTHING:
        assert abs(found) < NOTHING
        return
    digits = Decimal(str(expected)).as_tuple().exponent
    assert isinstance(digits, int)
    last = 0.51 * 10.0**digits if isinstance(expected, str) else 0.0
    assert math.isclose(float(found), wanted, rel_tol=1e-10, abs_tol=last), f"{found} {expected}"


def formula(graph: sb.Graph) -> tuple[list[str], Callable[..., Any]]:
    """The output of a graph of numbers in its given names only, for mpmath."""
    derivation = sb.backprop(graph)
    return as_function(derivation.closed(graph[graph.output].expression))


def as_function(expression: Any) -> tuple[list[str], Callable[..., Any]]:
    names = sorted(symbol.name for symbol in expression.free_symbols)
    return names, sympy.lambdify([Symbol(name) for name in names], expression.doit(), "mpmath")


# ------------------------------------------------------------------------------------------ what is printed


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_prints_its_golden(name: str, update: bool) -> None:
    path = FOLDER / name / f"{name}.py"
    found = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert found.returncode == 0, found.stderr
    kept = path.with_suffix(".txt")
    if update:
        kept.write_text(found.stdout, encoding="utf-8")
    assert found.stdout == kept.read_text(encoding="utf-8"), f"pytest --update writes {kept.name} anew"


# --------------------------------------------------------------------------------------- polynomials, ridge

RIDGE = golden("polynomial_ridge")
STRENGTHS = {"lambda=1/10": "1/10", "lambda=1": "1", "lambda=100": "100"}


def test_least_squares_and_the_limits_of_ridge_are_golden() -> None:
    ridge, exact = script("polynomial-ridge"), RIDGE["exact_instance"]
    assert (exact["instance"]["x"], exact["instance"]["y"]) == (ridge.POINTS["x"], ridge.POINTS["y"])
    assert_close(ridge.small(ridge.LEAST), exact["least_squares_eq5"])
    assert_close(ridge.small(ridge.MEAN, 0), RIDGE["limit_lambda_0"])
    assert_close(ridge.without_bound(), RIDGE["limit_lambda_inf"])


@pytest.mark.parametrize("key", STRENGTHS)
def test_ridge_of_a_parabola_is_golden(key: str) -> None:
    ridge, expected = script("polynomial-ridge"), RIDGE["exact_instance"][key]
    strength = sympy.Rational(STRENGTHS[key])
    of_sum, of_mean = ridge.small(ridge.SUM, strength), ridge.small(ridge.MEAN, strength)
    assert_close(of_sum, expected["eq8_float"])
    assert_close(of_mean, expected["minimiser_of_eq7 (n*lambda)"])
    assert_close(of_mean, expected["minimiser_float"])
    at_sum, at_mean = ridge.at(ridge.MEAN, of_sum, strength), ridge.at(ridge.MEAN, of_mean, strength)
    gradient = [float(Fraction(one)) for one in expected["grad_of_eq7_at_eq8"]]
    assert_close(at_sum.gradients["w"].tolist(), gradient)
    assert np.abs(at_mean.gradients["w"]).max() < 1e-12
    assert_close(at_sum.values["L"], expected["L7_at_eq8"])
    assert_close(at_mean.values["L"], expected["L7_at_minimiser"])


def test_the_closed_form_without_n_is_where_the_gradient_of_the_sum_is_zero() -> None:
    ridge = script("polynomial-ridge")
    assert RIDGE["eq8_is_minimiser_of_SUM_form"]
    for strength in ridge.STRENGTHS:
        result = ridge.at(ridge.SUM, ridge.small(ridge.SUM, strength), strength)
        assert np.abs(result.gradients["w"]).max() < 1e-11


@pytest.mark.parametrize("degree", [0, 1, 3, 9])
def test_the_polynomials_through_a_sine_are_golden(degree: int) -> None:
    ridge, expected = script("polynomial-ridge"), RIDGE["bishop_like"][f"M={degree}"]
    found = ridge.polynomial(degree)
    assert_close(found, expected["w"])
    assert_close(max(map(abs, found)), expected["max_abs_w"])
    assert_close(ridge.error(degree), expected["train_mse"])
    assert mp.nstr(ridge.condition(degree), 8) == expected["cond_Phi"]
    assert mp.nstr(ridge.condition(degree) ** 2, 8) == expected["cond_PhiT_Phi"]


@pytest.mark.parametrize("logarithm", [-18, 0])
def test_ridge_of_degree_nine_is_golden(logarithm: int) -> None:
    ridge = script("polynomial-ridge")
    for loss, form in ((ridge.SUM, "eq8"), (ridge.MEAN, "minimiser_of_eq7")):
        expected = RIDGE["bishop_like"][f"ridge M=9 ln(lambda)={logarithm} {form}"]
        found = ridge.polynomial(9, loss, logarithm)
        assert_close(found, expected["w"])
        assert_close(max(map(abs, found)), expected["max_abs_w"])


def test_the_rank_at_degree_ten_and_the_numbers_of_monomials_are_golden() -> None:
    ridge, expected = script("polynomial-ridge"), RIDGE["bishop_like"]["M=10"]
    assert (ridge.rank(10), len(ridge.features([0], 10)[0])) == (expected["rank_PhiT_Phi"], expected["size"])
    for inputs, row in RIDGE["number_of_monomials_total_degree<=M = C(d+M,M)"].items():
        for degree, count in row.items():
            assert ridge.monomials(int(inputs.removeprefix("d=")), int(degree.removeprefix("M="))) == count


# ------------------------------------------------------------------------------------- linear layers, XOR


def test_the_collapse_of_linear_layers_is_golden() -> None:
    collapse, expected = script("linear-collapse"), golden("collapse_mlp")
    given = {name: value.tolist() for name, value in collapse.AT.items()}
    assert given == {name: expected[name] for name in given}
    found = collapse.figures()
    for name in ("two_layer", "collapsed_w", "collapsed_bias", "collapsed"):
        assert_close(found[name], expected[name])
    for name, value in found["mlp"].items():
        assert_close(value, expected[f"mlp_{name}_eq13_14"])
    assert {str(at): value for at, value in found["step"].items()} == expected["step_function_eq15"]
    assert expected["identity_eq12"]
    both = collapse.collapsed(collapse.LAYERS)
    shapes = collapse.LAYERS.shapes()
    assert (shapes[both.matrix], shapes[both.rest]) == ((3,), ())


def test_xor_is_golden() -> None:
    xor, expected = script("xor"), golden("linear_xor")
    figures = expected["xor"]["XOR"]
    labels = xor.LABELS["XOR"]
    assert labels == figures["labels(00,01,10,11)"]
    for features, weights, error in (
        (xor.LINEAR, "linear_least_squares[b,w1,w2]", "linear_mse"),
        (xor.WITH_PRODUCT, "with_x1x2[b,w1,w2,w12]", "with_x1x2_mse"),
    ):
        found, mean = xor.fit(features, labels)
        assert [str(one) for one in found] == figures[weights]
        assert str(mean) == figures[error]
    corners = expected["xor"]["separability_identity f(0,0)+f(1,1)-f(0,1)-f(1,0)"]
    assert str(xor.opposite_corners()) == corners
    network = expected["xor"]["two_layer_ReLU_network"]
    assert network["XOR"] == "relu(x1+x2) - 2 relu(x1+x2-1)"
    assert xor.WEIGHTS == {"W": [[1, 1], [1, 1]], "c": [0, -1], "v": [1, -2]}
    result = xor.run(labels)
    assert result.values["f"].tolist() == network["values"]
    assert all(not np.any(one) for one in result.gradients.values())
    assert expected["identity_eq1"]
    assert xor.doubled_input() == Symbol("w_1") * Symbol("x_1")


# ----------------------------------------------------------------------------------- universal approximation

UNIVERSAL = golden("universal")
CANCELLED = {
    ("bin_corrected", "1.0"),
    ("two_bins", "0.4"),
    ("two_bins", "0.45"),
    ("two_bins", "0.95"),
    ("two_bins", "1.0"),
}
"""Here the golden figure is what its digits left of σ(large) - σ(large); the exact value is as small."""


def tiny(kind: str, graph: sb.Graph, given: dict[str, Any], points: Sequence[Sequence[str]]) -> None:
    """The formula in so many digits that e⁻⁷⁰⁰⁰ beside 1 is not lost."""
    names, function = formula(graph)
    with mp.workdps(4000):
        for x, wanted in points:
            exact = {**{name: mp.mpf(str(value)) for name, value in given.items()}, "x": mp.mpf(x)}
            found, expected = function(*(exact[name] for name in names)), mp.mpf(wanted)
            if (kind, x) in CANCELLED:
                assert 0 < abs(found) < mp.mpf(10) ** -200
                assert abs(expected) < mp.mpf(10) ** -200
                assert abs(found - expected) > abs(expected)
            else:
                assert abs(found - expected) <= mp.mpf("1e-10") * abs(expected), (kind, x)


@pytest.mark.parametrize("slope", ["1", "10", "1e4"])
def test_a_step_is_golden(slope: str) -> None:
    universal, points = script("universal-approximation"), UNIVERSAL["step_eq18"][f"w={slope}"]
    given = {"a": 2, "s": 0.5, "w": float(slope)}
    tiny("step", universal.STEP, given, points)
    for x, wanted in points:
        found = universal.value(universal.STEP, x=float(x), **given)
        assert math.isclose(found, float(wanted), rel_tol=1e-10, abs_tol=1e-300)


def test_a_step_at_its_centre_is_golden() -> None:
    universal, steps = script("universal-approximation"), UNIVERSAL["step_eq18"]
    assert UNIVERSAL["parameters"] == {"a": "2", "s": "0.5", "Delta": "0.4", "w": "10000"}
    result = sb.compile(sb.backprop(universal.STEP))({"a": 2, "s": 0.5, "w": universal.W, "x": 0.5})
    assert_close(result.values["f"], steps["value_at_centre = a/2"])
    assert_close(result.gradients["x"], steps["slope_at_centre = a w/4"])


def test_one_and_two_bins_are_golden() -> None:
    universal = script("universal-approximation")
    two = UNIVERSAL["two_bins_eq20_corrected a1=1,s1=0.25,D1=0.2; a2=-0.5,s2=0.75,D2=0.3; w=1e4"]
    one = {"a": 2, "s": 0.5, "Delta": 0.4, "w": universal.W}
    for kind, graph, given, points in (
        ("bin_corrected", universal.BIN, one, UNIVERSAL["bin_corrected"]),
        ("two_bins", universal.TWO_BINS, universal.TWO, two),
    ):
        tiny(kind, graph, given, points)
        for x, wanted in points:
            found = universal.value(graph, x=float(x), **given)
            assert math.isclose(found, float(wanted), rel_tol=1e-10, abs_tol=1e-200)


@pytest.mark.parametrize("key", UNIVERSAL["stepwise_sinc_eq21_22"])
def test_the_stepwise_network_is_golden(key: str) -> None:
    universal, expected = script("universal-approximation"), UNIVERSAL["stepwise_sinc_eq21_22"][key]
    interval = (0, 1) if key.startswith("[0,1]") else (-10, 10)
    assert interval in universal.INTERVALS.values()
    cut = universal.bins(interval, expected["m"])
    assert len(cut.weights["v"]) == expected["neurons"]
    assert_close(float(cut.width), float(expected["Delta"]))
    assert_close([float(one) for one in cut.centres], [float(one) for one in expected["centres"]])
    assert_close(cut.heights, [float(one) for one in expected["g_i"]])
    errors = universal.errors(cut)
    assert_close(errors["largest"], expected["sup_error_sharp_limit_grid4000"])
    assert_close(errors["rms"], expected["rms_error"])
    assert_close(errors["mean"], expected["mean_abs_error"])
    points, values = zip(*expected["f_at_21_points_w1e4"], strict=True)
    found = universal.network(cut, [float(one) for one in points]).values["f"]
    assert_close(found.tolist(), [float(one) for one in values])
    if interval == (0, 1):
        assert_close(universal.at_the_edges(cut), float(expected["sup_error_exact_sharp_limit"]))


# ------------------------------------------------------------------------- vanishing gradients, activations

VANISHING = golden("vanishing")


@pytest.mark.parametrize("key", VANISHING["median_norms"])
def test_the_norms_of_the_gradients_are_golden(key: str) -> None:
    vanishing, expected = script("vanishing-gradients"), VANISHING["median_norms"][key]
    width, activation = int(key.split()[0].removeprefix("width=")), key.split()[1]
    assert_close(vanishing.norms(activation, width, 0), expected["seed0"])
    medians = expected["median_norm_gradW_layer1..6 over 20 seeds"]
    assert_close(vanishing.medians(activation, width), medians)
    assert_close(vanishing.decay(activation, width), expected["layer1/layer6 (median)"])


def test_the_bound_on_the_slopes_is_golden() -> None:
    slope = script("vanishing-gradients").largest_slope()
    bounds = VANISHING["bound_sigma_prime_power"]
    assert {count: str(slope ** int(count)) for count in bounds} == bounds


def test_every_layer_of_a_relu_network_has_the_same_product_of_weights_and_gradient() -> None:
    vanishing = script("vanishing-gradients")
    assert "sum W.gradW is equal" in VANISHING["second_moment_theory"]["consequence for ReLU"]
    values = vanishing.draw(10, 0)
    gradients = vanishing.compiled("relu")(values).gradients
    products = [float(np.sum(values[f"W_{i}"] * gradients[f"W_{i}"])) for i in vanishing.LAYERS]
    assert_close(products, [products[0]] * len(products))


def test_the_variance_of_the_weights_and_the_factors_of_a_layer_are_golden() -> None:
    theory, w = VANISHING["second_moment_theory"], Symbol("w")
    variance = sympy.integrate(w**2, (w, -sympy.Rational(1, 2), sympy.Rational(1, 2)))
    assert str(variance) == theory["Var U[-0.5,0.5]"]
    assert theory["ReLU factor per layer for E|delta|^2"].startswith(f"width/{2 / variance}")
    slope = sympy.Rational(str(script("vanishing-gradients").largest_slope()))
    factor = 1 / (variance * slope**2)
    assert theory["sigmoid factor per layer for E|delta|^2 <="].startswith(f"width/{factor} ")


def test_the_plot_is_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    files = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for file in files:
        script("vanishing-gradients").main(["--plot", str(file)])
    one, two = (file.read_text(encoding="utf-8") for file in files)
    assert one == two
    assert "norm of the gradient" in one


def test_without_matplotlib_the_plot_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit, match="pip install matplotlib"):
        script("vanishing-gradients").main(["--plot", "norms.svg"])


ACTIVATIONS = json.loads((HERE / "golden" / "002_activations.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "values", "slopes"),
    [
        ("sigmoid(s)", "sigma", "sigma_prime"),
        ("tanh(s)", "tanh", "tanh_prime = 1-tanh^2"),
        ("relu(s)", "relu", "relu_prime (0 at 0)"),
        ("relu(s - 1)", "relu_with_bias b=-1: max(0,s-1)", None),
    ],
)
def test_activations_and_their_slopes_are_golden(text: str, values: str, slopes: str | None) -> None:
    derivation = sb.backprop(sb.Graph.from_equations(f"f = {text}", parameters=["s"]))
    function = as_function(derivation.graph["f"].expression)[1]
    slope = as_function(derivation.gradients["s"].closed())[1]
    for place, point in enumerate(ACTIVATIONS["points"]):
        assert_close(function(mp.mpf(point)), float(ACTIVATIONS[values][place]))
        if slopes is not None:
            assert_close(slope(mp.mpf(point)), float(ACTIVATIONS[slopes][place]))


def test_the_identities_between_tanh_and_sigmoid_are_golden() -> None:
    def value(text: str) -> float:
        return float(sb.compile(sb.backprop(sb.Graph.from_equations(f"f = {text}")))({"s": 1}).values["f"])

    assert all(ACTIVATIONS["identities"].values())
    assert_close(value("tanh(s)"), float(ACTIVATIONS["tanh(1)"]))
    assert_close(value("2*sigmoid(s) - 1"), float(ACTIVATIONS["2sigma(1)-1"]))
    assert_close(value("2*sigmoid(2*s) - 1"), float(ACTIVATIONS["2sigma(2)-1"]))
    assert_close(value("tanh(s/2)"), value("2*sigmoid(s) - 1"))
    assert_close(value("tanh(s)"), value("2*sigmoid(2*s) - 1"))


# ------------------------------------------------------------------------------------ forward, reverse mode

COST = golden("forward_reverse_cost")


@pytest.mark.parametrize("key", COST["eq34"])
def test_the_multiplications_of_both_orders_are_golden(key: str) -> None:
    example, expected = script("forward-reverse-cost"), COST["eq34"][key]
    sizes = tuple(int(part.split("=")[1]) for part in key.split(","))
    assert sizes in example.SIZES
    for kind, cost in example.costs(*sizes).items():
        assert cost.forward.total == expected[f"left_to_right_{kind}"]
        assert cost.reverse.total == expected[f"right_to_left_{kind}"]
        assert_close(cost.ratio, expected[f"ratio_{kind}"])


@pytest.mark.parametrize(("length", "n"), [(3, 10), (5, 100)])
def test_the_multiplications_of_a_chain_are_golden(length: int, n: int) -> None:
    found, figures = script("forward-reverse-cost").chains(length, n), COST["chains"]
    one = figures[f"chain of {length} n x n Jacobians (n={n}) then one gradient vector"]
    cost = found["one output"]
    assert (cost.forward.total, cost.reverse.total) == (
        one["left_to_right (matrix-matrix)"],
        one["right_to_left (vector)"],
    )
    assert_close(cost.ratio, one["ratio"])
    other = figures[f"same chain but ONE input, n outputs (n={n})"]
    cost = found["one input"]
    assert (cost.forward.total, cost.reverse.total) == (other["forward"], other["reverse"])
