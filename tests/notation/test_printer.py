"""Printed formulas: read back they have the value of the expression, with symbols and with numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Literal

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import mpf
from sympy import Expr, Symbol

from symbackprop import functions
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.expressions import AtStep, Quotient, add, call, mul, neg, power
from symbackprop.language import parse_expression
from symbackprop.network import Layer, Objective, build_network
from symbackprop.notation.latex import LATEX
from symbackprop.notation.printer import Printer
from symbackprop.notation.unicode import UNICODE
from symbackprop.partials import local_partials
from symbackprop.sweep import backprop
from tests.latex_reader import evaluate
from tests.oracles import NAMES, Built, Outside, expressions, near, points, value

IN_LATEX = {"x": "x", "y": "y", "w_11": "w_{11}", "beta": r"\beta", "theta_0": r"\theta_0", "z": "z"}
CONVENTIONS = st.builds(
    Conventions, sigma=st.sampled_from(["name", "full"]), relu_at_zero=st.sampled_from(["0", "1/2", "1"])
)


def latex(text: str, **conventions: Any) -> str:
    """The text of an expression in LaTeX."""
    return Printer(LATEX, Conventions(**conventions))(parse_expression(text))


def plain(text: str, **conventions: Any) -> str:
    """The text of an expression in Unicode."""
    return Printer(UNICODE, Conventions(**conventions))(parse_expression(text))


def put_in(text: str, **numbers: float) -> str:
    """The text of an expression in LaTeX with the numbers put in."""
    values = {Symbol(name): number for name, number in numbers.items()}
    return Printer(LATEX, Conventions(), values)(parse_expression(text))


def read_back(printed: str, point: Mapping[Symbol, Any]) -> mpf:
    """The value of printed LaTeX."""
    return evaluate(printed, {IN_LATEX[one.name]: value(one, {one: number}) for one, number in point.items()})


def known(expression: Expr, point: Mapping[Symbol, Any]) -> mpf:
    """The value of an expression; examples that have none are passed over."""
    try:
        return value(expression, point)
    except Outside:
        assume(False)
        raise


# --------------------------------------------------------------------------------------- read back


@settings(max_examples=100)
@given(expressions(most=10), CONVENTIONS, st.integers(0, 1000))
def test_formulas_read_back_as_their_value(built: Built, conventions: Conventions, seed: int) -> None:
    """Random expressions, printed in LaTeX, read by an independent reader: equal to 30 digits."""
    (point,) = points(NAMES, seed)
    truth = known(built.ours, point)
    printed = Printer(LATEX, conventions)(built.ours)
    assert near(read_back(printed, point), truth, 1e-30, 1e-35), printed


@settings(max_examples=50)
@given(expressions(most=6), CONVENTIONS, st.integers(0, 1000))
def test_partials_read_back_as_their_value(built: Built, conventions: Conventions, seed: int) -> None:
    """Derivatives have brackets of tests, nested cases and long products."""
    (point,) = points(NAMES, seed)
    for slope in local_partials(built.ours, conventions).values():
        truth = known(slope, point)
        printed = Printer(LATEX, conventions)(slope)
        assert near(read_back(printed, point), truth, 1e-30, 1e-35), printed


def _decimals(seed: int) -> dict[Symbol, str]:
    """A decimal of at most six digits for every name: what is printed of it is all of it."""
    dice = random.Random(seed)
    kinds = [
        "0.25",
        "-0.5",
        "3",
        "-2",
        "0.4333",
        "-1.25",
        "0.000125",
        "5.851379e-05",
        "-7.778937e-05",
        "-0.0625",
    ]
    return dict(zip(map(Symbol, NAMES), dice.sample(kinds, len(NAMES)), strict=True))


@settings(max_examples=100)
@given(expressions(most=10), CONVENTIONS, st.integers(0, 1000))
def test_substituted_formulas_read_back_as_their_value(
    built: Built, conventions: Conventions, seed: int
) -> None:
    """Every bracket round a negative number, a power of ten and a sum is where it must be."""
    decimals = _decimals(seed)
    truth = known(built.ours, {name: mpf(text) for name, text in decimals.items()})
    printed = Printer(LATEX, conventions, {name: float(text) for name, text in decimals.items()})(built.ours)
    assert (
        not any(name in printed for name in ("x_", "y", r"\beta", "w_{", r"\theta")) or "otherwise" in printed
    )
    assert near(read_back(printed, {}), truth, 1e-30, 1e-35), printed


@settings(max_examples=40)
@given(expressions(most=6), st.integers(0, 1000))
def test_what_is_rounded_is_read_back_within_the_rounding(built: Built, seed: int) -> None:
    """With 12 digits the print of a smooth expression is right to 12 digits at the rounded numbers."""
    (point,) = points(NAMES, seed)
    rounded = {name: mpf(f"{float(number):.12f}") for name, number in point.items()}
    truth = known(built.ours, rounded)
    printed = Printer(LATEX, Conventions(digits=12), {name: float(number) for name, number in point.items()})(
        built.ours
    )
    assert near(read_back(printed, {}), truth, 1e-30, 1e-35), printed


# ------------------------------------------------------------------------------------------- forms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w_11*x_1 + w_12*x_2 + b_1", "w_{11} x_1 + w_{12} x_2 + b_1"),
        ("x - (y - z)", "x - (y - z)"),
        ("-(x + y)", "-(x + y)"),
        ("-x**2", "-x^2"),
        ("(-x)**2", "(-x)^2"),
        ("x*y**2", "x y^2"),
        ("x**10", "x^{10}"),
        ("x**y", "x^y"),
        ("x**(-y)", "x^{-y}"),
        ("(x**y)**z", "(x^y)^z"),
        ("a*(1 - a)", "a (1 - a)"),
        ("(x + y)*(x - y)", "(x + y)(x - y)"),
        ("(x + y)*a*(1 - a)", r"(x + y)\, a (1 - a)"),
        ("2*(yhat - y)", r"2(\hat{y} - y)"),
        ("x*2", r"x \cdot 2"),
        ("1/x", r"\frac{1}{x}"),
        ("x/y", r"\frac{x}{y}"),
        ("(x + 1)/(y + 2)", r"\frac{x + 1}{y + 2}"),
        ("-x/y", r"-\frac{x}{y}"),
        ("x/2", r"\frac{x}{2}"),
        ("1/2*x", r"\frac{1}{2} x"),
        ("(x/y)**2", r"\left(\frac{x}{y}\right)^2"),
        ("0.044715*z**3", "0.044715 z^3"),
        ("exp(-z)", "e^{-z}"),
        ("sigmoid(z)", r"\sigma(z)"),
        ("sigmoid(z)**2", r"\sigma(z)^2"),
        ("tanh(z)", r"\tanh(z)"),
        ("log(x + y)", r"\log(x + y)"),
        ("y*log(x)", r"y \log(x)"),
        ("sqrt(x)", r"\sqrt{x}"),
        ("x**0.5", r"\sqrt{x}"),
        ("abs(x - y)", r"\left|x - y\right|"),
        ("max(x, 0)", r"\max(x, 0)"),
        ("relu(z)", r"\operatorname{ReLU}(z)"),
        ("softplus(z)", r"\operatorname{softplus}(z)"),
        ("leaky_relu(z, 0.1)", r"\operatorname{LeakyReLU}(z, 0.1)"),
        ("x__2**2", "(x^{[2]})^2"),
        ("where(x > 0, x, -x)", r"\begin{cases} x & \text{if } x > 0 \\ -x & \text{otherwise} \end{cases}"),
        ("where(x <= y, 1, 0)", r"\begin{cases} 1 & \text{if } x \le y \\ 0 & \text{otherwise} \end{cases}"),
    ],
)
def test_forms_in_latex(text: str, expected: str) -> None:
    """As a teacher would write them."""
    assert latex(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w_11*x_1 + b_1", "w₁₁ x₁ + b₁"),
        ("x - (y - z)", "x - (y - z)"),
        ("a*(1 - a)", "a (1 - a)"),
        ("2*(yhat - y)", "2(ŷ - y)"),
        ("x**2 + x**10", "x² + x¹⁰"),
        ("x**y", "x^y"),
        ("x**(y + 1)", "x^(y + 1)"),
        ("(-x)**2", "(-x)²"),
        ("x/y", "x/y"),
        ("x/(y*z)", "x/(y z)"),
        ("(x + 1)/(y + 2)", "(x + 1)/(y + 2)"),
        ("x/(y/z)", "x/(y/z)"),
        ("(x/y)*z", "x/y · z"),
        ("x*2", "x · 2"),
        ("exp(-z)", "exp(-z)"),
        ("sigmoid(z)", "σ(z)"),
        ("sqrt(x + y)", "√(x + y)"),
        ("abs(x)**2", "|x|²"),
        ("relu(z)", "ReLU(z)"),
        ("max(x, y)", "max(x, y)"),
        ("where(x >= 0, x, -x)", "{x if x ≥ 0, else -x}"),
    ],
)
def test_forms_in_unicode(text: str, expected: str) -> None:
    """On one line, with the brackets that one line needs."""
    assert plain(text) == expected


def test_sigma_is_written_by_name_or_in_full() -> None:
    """As the convention says, in both ways of writing."""
    assert latex("sigmoid(z)", sigma="full") == r"\frac{1}{1 + e^{-z}}"
    assert latex("sigmoid(x + y)**2", sigma="full") == r"\left(\frac{1}{1 + e^{-(x + y)}}\right)^2"
    assert plain("sigmoid(z)", sigma="full") == "1/(1 + exp(-z))"


def test_derivatives_are_written_with_either_d() -> None:
    """And as factors of a chain they are told apart by a dot."""
    chain = mul(Quotient(Symbol("L"), Symbol("z_1")), Quotient(Symbol("z_1"), Symbol("w_11")))
    d, partial = Conventions(derivative="d"), Conventions(derivative="partial")
    assert Printer(LATEX, d)(chain) == r"\frac{dL}{dz_1}\cdot\frac{dz_1}{dw_{11}}"
    assert (
        Printer(LATEX, partial)(chain)
        == r"\frac{\partial L}{\partial z_1}\cdot\frac{\partial z_1}{\partial w_{11}}"
    )
    assert Printer(UNICODE, partial)(chain) == "∂L/∂z₁ · ∂z₁/∂w₁₁"
    assert Printer(UNICODE, d)(mul(2, Quotient(Symbol("L"), Symbol("z")))) == "2 · dL/dz"


def test_steps_stand_above() -> None:
    """And a power of such a symbol has brackets."""
    step = AtStep(Symbol("w_11"), 1)
    assert Printer(LATEX, Conventions())(add(step, neg(power(step, 2)))) == "w_{11}^{(1)} - (w_{11}^{(1)})^2"
    assert Printer(UNICODE, Conventions())(step) == "w₁₁^(1)"


def test_softmax_shows_its_index() -> None:
    """softmax_2 of all pre-activations."""
    inputs = sympy.Tuple(Symbol("z_1"), Symbol("z_2"))
    expression = call(functions.softmax, sympy.Integer(2), inputs)
    assert Printer(LATEX, Conventions())(expression) == r"\operatorname{softmax}_2(z_1, z_2)"
    assert Printer(UNICODE, Conventions())(expression) == "softmax₂(z₁, z₂)"


def test_indicators_are_brackets() -> None:
    """[z > 0]."""
    slope = local_partials(parse_expression("relu(z)"), Conventions())[Symbol("z")]
    assert Printer(LATEX, Conventions())(slope) == "[z > 0]"
    assert Printer(UNICODE, Conventions())(slope) == "[z > 0]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w*x", "(-0.200000)(0.850000)"),
        ("w*x + b", "(-0.200000)(0.850000) + (-0.100000)"),
        ("x + w", "0.850000 + (-0.200000)"),
        ("x - w", "0.850000 - (-0.200000)"),
        ("w - x", "-0.200000 - 0.850000"),
        ("-w", "-(-0.200000)"),
        ("-x", "-0.850000"),
        ("x**2", "(0.850000)^2"),
        ("w**2", "(-0.200000)^2"),
        ("2*w", "2(-0.200000)"),
        ("x*(1 - x)", "(0.850000)(1 - 0.850000)"),
        ("t*x", r"(-7.800000 \times 10^{-5})(0.850000)"),
        ("t**2", r"(-7.800000 \times 10^{-5})^2"),
        ("exp(-w)", "e^{-(-0.200000)}"),
        ("w/x", r"\frac{-0.200000}{0.850000}"),
    ],
)
def test_substituted_numbers_stand_in_brackets(text: str, expected: str) -> None:
    """In products always, in sums where they are negative or stand beside a product."""
    assert put_in(text, w=-0.2, x=0.85, b=-0.1, t=-7.8e-5) == expected


def test_a_substituted_sum_of_products_has_brackets_round_every_number() -> None:
    """The form of a pre-activation in a solution: both brackets for a negative factor."""
    shown = put_in("w_1*x_1 + w_2*x_2 + b", w_1=0.1, x_1=0.85, w_2=-0.2, x_2=0.4333, b=0.0)
    assert shown == "(0.100000)(0.850000) + (-0.200000)(0.433300) + (0)"


@pytest.mark.parametrize("digits", [1, 3, 6])
def test_values_follow_the_rule_for_numbers(digits: int) -> None:
    """The printer's own numbers too."""
    printer = Printer(LATEX, Conventions(digits=digits))
    assert printer.value(5.851379378971272e-05) == rf"{5.851379378971272e-05:.{digits}e}".replace(
        "e-05", r" \times 10^{-5}"
    )
    assert printer.value(0.0) == "0"
    assert Printer(UNICODE, Conventions())(sympy.Integer(-3)) == "-3"


def test_rounding_is_a_convention() -> None:
    """1.125 with two digits."""
    for mode, expected in (("half_even", "1.12"), ("half_up", "1.13")):
        rounding: Literal["half_even", "half_up"] = "half_even" if mode == "half_even" else "half_up"
        assert Printer(LATEX, Conventions(digits=2, rounding=rounding)).value(1.125) == expected


@pytest.mark.parametrize(
    ("power_of_e", "exponential"), [("e**(x*y)", "exp(x*y)"), ("e**x", "exp(x)"), ("e**-x", "exp(-x)")]
)
def test_a_symbol_named_e_is_told_from_the_exponential(power_of_e: str, exponential: str) -> None:
    """The language keeps `e` as an ordinary name, so two different formulas must not look the same."""
    assert latex(power_of_e) != latex(exponential)
    assert plain(power_of_e) != plain(exponential)


@pytest.mark.parametrize(
    "expression",
    [
        0.5 * Symbol("x"),
        sympy.E * Symbol("x"),
        sympy.sqrt(2) * Symbol("x"),
        sympy.pi * Symbol("x"),
        -sympy.Float("1e-7"),
    ],
)
def test_constants_of_sympy_are_printed(expression: Expr) -> None:
    """A graph may be built from SymPy expressions: 0.5*x holds a Float there, and E is a constant."""
    for syntax in (LATEX, UNICODE):
        assert Printer(syntax, Conventions())(expression)
    shown = Printer(LATEX, Conventions())(expression)
    assert near(read_back(shown, {Symbol("x"): 3}), value(expression, {Symbol("x"): 3}), 1e-15)


@pytest.mark.parametrize(
    "name", [name for name, entry in functions.FUNCTIONS.items() if not entry.test and name != "round"]
)
def test_every_function_is_printed_and_read_back(name: str) -> None:
    """A function without a way to print it would be found by its first user."""
    entry = functions.FUNCTIONS[name]
    expression = functions.build(name, [Symbol(one) for one in "xyz"[: len(entry.arguments)]])
    point = {Symbol("x"): mpf("0.7"), Symbol("y"): mpf("0.3"), Symbol("z"): mpf("1.9")}
    assert near(read_back(Printer(LATEX, Conventions())(expression), point), value(expression, point), 1e-30)
    assert Printer(UNICODE, Conventions())(expression).endswith((")", "x", "|"))


# ------------------------------------------------------------------------------------- the network


@pytest.fixture(scope="module")
def obesity() -> Derivation:
    """The 3-3-2-1 network of sigmoids with a squared error."""
    letters = [
        ("w", "b", "z", "a", "delta_a"),
        ("v", "c", "s", "g", "delta_g"),
        ("u", "d", "t", "yhat", "delta_out"),
    ]
    layers = [Layer(units, "sigmoid", *row) for units, row in zip((3, 2, 1), letters, strict=True)]
    network = build_network(["x_1", "x_2", "x_3"], ["y"], layers, Objective("mse"))
    return backprop(network.graph, conventions=Conventions(derivative="d"))


def test_the_literal_forms_of_the_brief(obesity: Derivation) -> None:
    """Gradient = its chain = its delta form, and the delta of a hidden unit."""
    gradients = obesity.latex()
    assert r"\frac{dL}{dw_{11}} = \frac{dL}{dz_1}\cdot\frac{dz_1}{dw_{11}} = \delta_{a1} x_1" in gradients
    show = Printer(LATEX, obesity.conventions)
    delta = obesity.deltas["z_1"]
    assert delta.symbol is not None
    assert (
        f"{show(delta.symbol)} = {show(delta.expression)}"
        == r"\delta_{a1} = (\delta_{g1} v_{11} + \delta_{g2} v_{21})\, a_1 (1 - a_1)"
    )


def test_the_other_forms_of_the_network(obesity: Derivation) -> None:
    """A bias has no second factor; the last delta is that of the squared error through the sigmoid."""
    assert obesity.gradients["d"].latex() == r"\frac{dL}{dd} = \frac{dL}{dt}\cdot\frac{dt}{dd} = \delta_{out}"
    show = Printer(LATEX, obesity.conventions)
    assert show(obesity.deltas["t"].expression) == r"2(\hat{y} - y)\, \hat{y} (1 - \hat{y})"
    assert show(obesity.deltas["s_1"].expression) == r"\delta_{out} u_1 g_1 (1 - g_1)"
    assert Printer(UNICODE, obesity.conventions)(obesity.deltas["z_1"].expression) == (
        "(δ_g1 v₁₁ + δ_g2 v₂₁) a₁ (1 - a₁)"
    )
