"""Every function of the language: its declared slopes against sympy.diff, its numbers against mpmath."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf
from sympy import Expr, Rational, Symbol, Tuple

from symbackprop import functions
from symbackprop.conventions import Conventions
from symbackprop.functions import BY_HEAD, FUNCTIONS, Declared, Entry, build
from symbackprop.partials import declared_slopes, local_partials
from tests import oracles
from tests.numpy_calls import NUMPY_FUNCTIONS
from tests.oracles import near, value

POSITIVE = {"log", "sqrt", "xlogx"}
KINKS = {"hard_sigmoid": [-3, 3], "log1p": [], "log": [], "sqrt": [], "xlogx": []}
CASES = [
    (name, {entry.convention: case} if entry.convention else {})
    for name, entry in FUNCTIONS.items()
    for case in (entry.slopes if isinstance(entry.slopes, Mapping) else [""])
    if name != "round"  # its derivative by the number of digits means nothing
]


@pytest.fixture(autouse=True)
def _precise() -> Iterator[None]:
    """Digits enough for the tails: 1 + erf(-12) loses 32 of them."""
    with mp.workdps(140):
        yield


def _symbols(entry: Entry) -> list[Symbol]:
    return [Symbol(name) for name in entry.arguments]


def _call(name: str) -> Expr:
    """The function at symbols; a test is t > s."""
    entry = FUNCTIONS[name]
    first = [sympy.Gt(Symbol("t"), Symbol("s"))] if entry.test else []
    return entry.head(*first, *_symbols(entry)[len(first) :], evaluate=False)


def test_rounding_has_no_slope_and_rounds_half_to_even_everywhere() -> None:
    """The definition, the numbers of NumPy and Python's own `round` agree at ties."""
    assert local_partials(_call("round"), Conventions()) == {}
    for half in (0.5, 1.5, 2.5, -0.5, -2.5, 3.5):
        expression = build("round", [Rational(str(half))])
        assert float(NUMPY_FUNCTIONS["rounded"](half, 0)) == round(half)
        assert float(value(expression, {})) == round(half)
        assert float(value(expression.doit(), {})) == round(half)


def _points(name: str, symbols: list[Symbol], count: int = 24) -> list[dict[Symbol, Rational]]:
    """Random points on both sides of every kink: close to it, and far."""
    dice = random.Random(name)
    found = []
    for number in range(count):
        reach = [Rational(1, 10**6), Rational(1), Rational(12)][number % 3]
        kink = dice.choice(KINKS.get(name, [0]) or [0])
        point = {
            one: reach * Rational(dice.randint(1, 10**6) * dice.choice([-1, 1]), 10**6) for one in symbols
        }
        if name in POSITIVE or name == "log1p":
            point = {one: abs(number) for one, number in point.items()}
        elif name == "round":
            point[Symbol("digits")] = Rational(number % 4)
        elif name != "clip":
            point[symbols[0]] += kink
        else:
            point[Symbol("high")] = point[Symbol("low")] + abs(point[Symbol("high")])
        found.append(point)
    return found


def _truth(expression: Expr, symbol: Symbol) -> Expr:
    """The derivative of the definition by sympy.diff."""
    return sympy.diff(expression.doit(), symbol)


@pytest.mark.parametrize(
    ("name", "case"), CASES, ids=[f"{name}-{'-'.join(case.values())}" for name, case in CASES]
)
def test_the_declared_slope_is_the_derivative_of_the_definition(name: str, case: dict[str, str]) -> None:
    """By every argument, at points on all sides of every kink, under every convention, to 25 digits."""
    expression = _call(name)
    found = local_partials(expression, Conventions().changed(case))
    symbols = sorted(expression.free_symbols, key=str)
    truths = {symbol: _truth(expression, symbol) for symbol in symbols}
    for point in _points(name, symbols):
        for symbol in symbols:
            slope = value(found.get(symbol, sympy.S.Zero), point)
            assert near(slope, value(truths[symbol], point), absolute=1e-60), (symbol, point)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_slopes_of_softmax_are_the_derivatives_of_its_definition(count: int) -> None:
    """∂p_k/∂z_j for every k and j."""
    inputs = [Symbol(f"z_{place}") for place in range(1, count + 1)]
    for index in range(1, count + 1):
        expression = functions.softmax(sympy.Integer(index), Tuple(*inputs))
        found = local_partials(expression, Conventions())
        for point in oracles.points([one.name for one in inputs], count):
            for one in inputs:
                truth = value(_truth(expression, one), point)
                assert near(value(found[one], point), truth, absolute=1e-60), (index, one)


def test_softmax_adds_up_to_one() -> None:
    parts = [functions.softmax(sympy.Integer(k), Tuple(*sympy.symbols("x y z"))) for k in (1, 2, 3)]
    point = {Symbol("x"): 1, Symbol("y"): -2, Symbol("z"): Rational(1, 3)}
    assert near(sum(value(part, point) for part in parts), 1)


SHARE = {"0": Rational(0), "1/2": Rational(1, 2), "1": Rational(1)}


@pytest.mark.parametrize("case", SHARE)
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu"])
def test_at_zero_the_convention_gives_the_share_of_the_right_slope(name: str, case: str) -> None:
    """left + share·(right - left), the one-sided slopes taken from the definition."""
    expression, z = _call(name), Symbol("z")
    others: dict[Symbol, Any] = {Symbol("alpha"): Rational(3, 10)}
    left, right = (value(_truth(expression, z), others | {z: sign * mpf(10) ** -90}) for sign in (-1, 1))
    slope = local_partials(expression, Conventions(relu_at_zero=case))[z]  # type: ignore[arg-type]
    expected = left + mpf(SHARE[case].p) / SHARE[case].q * (right - left)
    assert near(value(slope, others | {z: 0}), expected, 1e-80)


@pytest.mark.parametrize(("case", "expected"), [("0", 0), ("1/2", Rational(1, 12)), ("1", Rational(1, 6))])
@pytest.mark.parametrize("kink", [-3, 3])
def test_at_its_two_kinks_hard_sigmoid_takes_the_share_of_the_inner_slope(
    case: str, expected: Rational, kink: int
) -> None:
    """Symmetric: 0, 1/12 or 1/6 at both."""
    slope = local_partials(_call("hard_sigmoid"), Conventions(relu_at_zero=case))[Symbol("z")]  # type: ignore[arg-type]
    assert near(value(slope, {Symbol("z"): kink}), value(sympy.sympify(expected), {}), absolute=1e-60)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
@pytest.mark.parametrize(("case", "slopes"), [("none", (0, 0)), ("first", (1, 0)), ("split", (0.5, 0.5))])
def test_at_a_tie_the_convention_says_who_gets_the_slope(
    name: str, case: str, slopes: tuple[float, float]
) -> None:
    """Neither, the first, or half each."""
    found = declared_slopes(_call(name), Conventions(ties=case))  # type: ignore[arg-type]
    tie = {Symbol("x"): Rational(2, 7), Symbol("y"): Rational(2, 7)}
    assert tuple(float(value(slope, tie)) for slope in found) == slopes


@pytest.mark.parametrize("name", ["abs", "sign", "step"])
def test_at_their_jump_or_kink_the_slope_of_abs_sign_and_step_is_zero(name: str) -> None:
    """No convention moves it."""
    for case in SHARE:
        conventions = Conventions(relu_at_zero=case)  # type: ignore[arg-type]
        slope = local_partials(_call(name), conventions).get(Symbol("z"), sympy.S.Zero)
        assert value(slope, {Symbol("z"): 0}) == 0


def test_every_convention_of_an_entry_is_a_convention_with_those_values() -> None:
    """The cases of the table are the values that the convention can take, no more and no fewer."""
    for name, entry in FUNCTIONS.items():
        assert isinstance(entry.slopes, Mapping) == (entry.convention is not None), name
        if entry.convention and isinstance(entry.slopes, Mapping):
            annotation = Conventions.model_fields[entry.convention].annotation
            assert set(entry.slopes) == set(annotation.__args__), name  # type: ignore[union-attr]


# ----------------------------------------------------------------------------------------- numbers

_TAILS = [
    1e-300,
    1e-12,
    1e-5,
    0.01,
    0.37,
    1.0,
    2.999,
    3.0,
    3.001,
    6.3,
    10.0,
    37.5,
    120.0,
    500.0,
    708.0,
    745.0,
    1e4,
]
LINE = [0.0, *_TAILS, *(-one for one in _TAILS)]
DOMAIN = {"sqrt": (0.0, 1e300), "xlogx": (0.0, 1e300), "log1p": (-0.999, 1e300), "expm1": (-1e300, 709.0)}


def _arguments(name: str) -> list[tuple[Any, ...]]:
    """Numbers for every argument of a function of NumPy."""
    dice = random.Random(name)
    low, high = DOMAIN.get(name, (-1e300, 1e300))
    line = [z for z in (*LINE, *(dice.uniform(-8, 8) for _ in range(40))) if low <= z <= high]
    if name == "where":
        return [(z > 0, z, 2 * z + 1) for z in line]
    if name == "indicator":
        return [(z > 0,) for z in line]
    if name == "rounded":
        return [(z, 2) for z in line]
    if name == "clip":
        return [(z, -2.5, 1.75) for z in line]
    count = len(next(entry.arguments for entry in FUNCTIONS.values() if entry.head.__name__ == name))
    return [(z, *(dice.uniform(-2, 2) for _ in range(count - 1))) for z in line]


def _exact(name: str, arguments: tuple[Any, ...]) -> tuple[mpf, mpf]:
    """The value, and how much more of it a change in the first argument's last digit changes."""
    first, *rest = (one if isinstance(one, bool) else mpf(one) for one in arguments)
    function, step = oracles.FUNCTIONS[name], mpf(10) ** -40
    exact = function(first, *rest)
    if isinstance(first, bool) or not exact or name == "rounded":
        return exact, mpf(1)
    return exact, abs((function(first * (1 + step), *rest) - exact) / (step * exact))


@pytest.mark.parametrize("name", sorted(NUMPY_FUNCTIONS))
def test_the_numbers_of_numpy_are_those_of_mpmath(name: str) -> None:
    """To 1e-14 and the condition of the function, in the tails too, and without a warning (an error here)."""
    with mp.workdps(700):
        for arguments in _arguments(name):
            exact, condition = _exact(name, arguments)
            if abs(exact) < mpf("1e308"):
                got = float(NUMPY_FUNCTIONS[name](*(np.asarray(one)[()] for one in arguments)))
                assert near(got, exact, 1e-14 + 1e-15 * float(condition), 1e-300), (
                    arguments,
                    mp.nstr(exact, 20),
                )


@pytest.mark.parametrize("name", sorted(NUMPY_FUNCTIONS))
def test_arrays_give_what_their_elements_give(name: str) -> None:
    """Element by element, in the shape that came in."""
    rows = _arguments(name)[-6:]
    columns = [np.asarray(column).reshape(2, 3) for column in zip(*rows, strict=True)]
    if name == "rounded":
        columns[1] = np.asarray(2)
    found = np.asarray(NUMPY_FUNCTIONS[name](*columns))
    assert found.shape == (2, 3)
    assert found.ravel().tolist() == [float(NUMPY_FUNCTIONS[name](*map(np.asarray, row))) for row in rows]


# ------------------------------------------------------------------------------------- definitions


@pytest.mark.parametrize(
    "name", [name for name, entry in FUNCTIONS.items() if issubclass(entry.head, Declared)]
)
def test_the_definition_is_the_function_of_the_literature(name: str) -> None:
    """SymPy's words against mpmath's, at random points."""
    expression = _call(name)
    symbols = sorted(expression.free_symbols, key=str)
    for point in _points(name, symbols):
        assert near(value(expression.doit(), point), value(expression, point), 1e-40, 1e-60), point


def test_sympy_differentiates_and_evaluates_declared_functions() -> None:
    """`sympy.diff` goes through the definition, `evalf` too."""
    x = Symbol("x")
    slope = sympy.diff(functions.silu(x**2), x)
    assert near(value(slope, {x: Rational(3, 2)}), 3.296193, 1e-6)  # 3 s (1 + 2.25 (1 - s)), s = 0.904651
    assert near(mpf(str(functions.sigmoid(sympy.Integer(1)).evalf(30))), 1 / (1 + mp.exp(-1)), 1e-28)
    assert functions.relu(x).doit().subs(x, -3) == 0


@pytest.mark.parametrize(
    ("name", "given", "arguments"),
    [
        ("leaky_relu", 1, (1, Rational(1, 100))),
        ("elu", 1, (1, 1)),
        ("elu", 2, (1, 2)),
        ("clip", 3, (1, 2, 3)),
    ],
)
def test_left_out_arguments_take_their_defaults(name: str, given: int, arguments: tuple[Any, ...]) -> None:
    """leaky_relu(z) is leaky_relu(z, 0.01)."""
    assert build(name, [sympy.Integer(one) for one in range(1, given + 1)]).args == arguments


@pytest.mark.parametrize(
    ("name", "count"), [("exp", 0), ("exp", 2), ("leaky_relu", 3), ("clip", 2), ("max", 1)]
)
def test_a_wrong_number_of_arguments_says_how_many_there_are(name: str, count: int) -> None:
    """The message shows how the function is written."""
    with pytest.raises(TypeError, match=rf"{name} (is written {name}\(|takes two arguments or more)"):
        build(name, [Symbol("x")] * count)


def test_max_and_min_take_many_arguments() -> None:
    """Two at a time from the left."""
    x, y, z = sympy.symbols("x y z")
    for name, expected in (("max", 3), ("min", -2)):
        assert value(build(name, [x, y, z]), {x: 1, y: -2, z: 3}) == expected


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_call_is_commutative_to_sympy(name: str) -> None:
    """Else SymPy asks all its assumptions at every product, and 60 nodes take minutes."""
    assert _call(name).is_commutative is True


def test_softmax_is_commutative_to_sympy() -> None:
    """Though its second argument is a tuple."""
    assert functions.softmax(sympy.Integer(1), Tuple(Symbol("x"), Symbol("y"))).is_commutative is True


def test_every_function_is_found_by_its_head() -> None:
    """The table by name and the table by class hold the same entries."""
    assert {entry.head for entry in FUNCTIONS.values()} | {functions.softmax} == set(BY_HEAD)
