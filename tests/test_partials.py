"""Local partials: against sympy.diff, in the author's order, and in linear time."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Add, Expr, Mul, S, Symbol

from symbackprop import functions
from symbackprop.conventions import Conventions
from symbackprop.expressions import Rewriter, call, form_of, mul
from symbackprop.language import parse_expression
from symbackprop.partials import PartialsByForm, local_partials
from tests.oracles import NAMES, Built, Outside, expressions, kink_distance, near, points, slope, value

CONVENTIONS = st.builds(
    Conventions,
    relu_at_zero=st.sampled_from(["0", "1/2", "1"]),
    ties=st.sampled_from(["none", "first", "split"]),
    slopes=st.sampled_from(["value", "argument"]),
)


def partial(text: str, name: str, **conventions: Any) -> Expr:
    """∂text/∂name."""
    return local_partials(parse_expression(text), Conventions(**conventions))[Symbol(name)]


def agree(expression: Expr, conventions: Conventions, seed: int) -> None:
    """Every partial equals sympy.diff of the expression in SymPy's own functions, at a random point."""
    found = local_partials(expression, conventions)
    (point,) = points(NAMES, seed)
    assert found.keys() <= expression.free_symbols
    for symbol in expression.free_symbols:
        try:
            assume(kink_distance(expression, point) > 1e-9)
            truth, got = value(slope(expression, symbol), point), value(found.get(symbol, S.Zero), point)
        except Outside:
            assume(False)
            raise
        assert near(got, truth, 1e-30, 1e-35), (symbol, found.get(symbol))


@settings(max_examples=100)
@given(expressions(most=8), CONVENTIONS, st.integers(0, 1000))
def test_every_partial_is_the_derivative_by_sympy(built: Built, conventions: Conventions, seed: int) -> None:
    """Random expressions over all functions, to 30 digits; away from kinks no convention changes it."""
    agree(built.ours, conventions, seed)


@settings(max_examples=40)
@given(expressions(called=False, kinked=False, most=20), st.integers(0, 1000))
def test_partials_of_long_rational_expressions(built: Built, seed: int) -> None:
    """Products within quotients within powers."""
    agree(built.ours, Conventions(), seed)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("w*x + b", "w", "x"),
        ("w*x + b", "b", "1"),
        ("w*x", "x", "w"),
        ("y*b*a*x", "b", "y*a*x"),
        ("y*b*a*x", "y", "b*a*x"),
        ("2*(yhat - y)", "yhat", "2"),
        ("(yhat - y)**2", "yhat", "2*(yhat - y)"),
        ("(yhat - y)**2", "y", "-2*(yhat - y)"),
        ("x**3", "x", "3*x**2"),
        ("x**y", "x", "y*x**(y - 1)"),
        ("x**y", "y", "x**y*log(x)"),
        ("x**-2", "x", "-(2*x**-3)"),
        ("x**0.5", "x", "0.5*x**-0.5"),
        ("1/z", "z", "-1/z**2"),
        ("y/x", "y", "1/x"),
        ("exp(-z)", "z", "-exp(-z)"),
        ("sigmoid(z)", "z", "sigmoid(z)*(1 - sigmoid(z))"),
        ("tanh(z)", "z", "1 - tanh(z)**2"),
        ("log(z)", "z", "1/z"),
        ("y*log(x)", "x", "y*(1/x)"),
        ("sigmoid(z)*b", "z", "sigmoid(z)*(1 - sigmoid(z))*b"),
        ("b*sigmoid(z)", "z", "b*sigmoid(z)*(1 - sigmoid(z))"),
        ("2**x", "x", "2**x*log(2)"),
        ("x - y", "y", "-1"),
        ("-x", "x", "-1"),
    ],
)
def test_partials_read_as_in_the_textbook(text: str, name: str, expected: str) -> None:
    """Argument by argument the same expression, in the same order."""
    found, wanted = partial(text, name), parse_expression(expected)
    assert found == wanted
    assert _written(found) == _written(wanted)


def _written(expression: Any) -> Any:
    """The expression with its order, as nested tuples."""
    return (
        (type(expression).__name__, *map(_written, expression.args)) if expression.args else str(expression)
    )


@given(st.permutations(list("abcdxyz")))
def test_a_factor_drops_out_of_its_place(letters: list[str]) -> None:
    """∂(abc…)/∂c is the product of the others in their order."""
    product = Mul(*map(Symbol, letters), evaluate=False)
    for place, letter in enumerate(letters):
        rest = letters[:place] + letters[place + 1 :]
        assert [str(one) for one in local_partials(product, Conventions())[Symbol(letter)].args] == rest


@given(st.permutations(list("abcdxyz")))
def test_partials_are_listed_in_reading_order(letters: list[str]) -> None:
    """So that a solution can go through them as they stand."""
    total = Add(*map(Symbol, letters), evaluate=False)
    assert [str(one) for one in local_partials(total, Conventions())] == letters


def test_a_symbol_met_twice_gathers_its_slopes() -> None:
    """x·x gives x + x, and w x + w gives x + 1: two contributions, in reading order."""
    assert [str(one) for one in partial("x*x", "x").args] == ["x", "x"]
    assert [str(one) for one in partial("w*x + w", "w").args] == ["x", "1"]


def test_conventions_decide_at_the_kink() -> None:
    """And only there."""
    for case, expected in (("0", 0), ("1/2", 0.5), ("1", 1)):
        found = partial("relu(3*x)", "x", relu_at_zero=case)
        assert float(value(found, {Symbol("x"): 0})) == 3 * expected
        assert float(value(found, {Symbol("x"): 2})) == 3
    for case, both in (("none", 0), ("first", 2), ("split", 1)):
        found = partial("max(2*x, y)", "x", ties=case)
        assert float(value(found, {Symbol("x"): 1, Symbol("y"): 2})) == both


def test_constants_have_no_partials() -> None:
    """Neither numbers nor functions of numbers, nor an exponent that is a number."""
    assert local_partials(parse_expression("2**3 + exp(1)"), Conventions()) == {}
    assert set(local_partials(parse_expression("x**2 + leaky_relu(x, 0.1)"), Conventions())) == {Symbol("x")}


def test_tests_have_no_slope() -> None:
    """What stands in the comparison of `where` decides, and has no derivative."""
    found = local_partials(parse_expression("where(t > s, x, y)"), Conventions())
    assert set(found) == {Symbol("x"), Symbol("y")}
    assert value(found[Symbol("x")], {Symbol("t"): 2, Symbol("s"): 1}) == 1
    assert value(found[Symbol("y")], {Symbol("t"): 2, Symbol("s"): 1}) == 0


def test_what_has_no_rule_is_refused() -> None:
    """A function of SymPy that the language does not have is no derivative 0."""
    with pytest.raises(Exception, match=r"zeta|rule|unknown"):
        local_partials(sympy.zeta(Symbol("x")), Conventions())


@settings(max_examples=100)
@given(
    st.lists(expressions(most=6), min_size=1, max_size=3),
    st.permutations(NAMES),
    st.sets(st.sampled_from(NAMES)),
    CONVENTIONS,
)
def test_partials_by_form_are_those_found_one_by_one(
    drawn: list[Built], names: list[str], kept: set[str], conventions: Conventions
) -> None:
    """Of expressions and of the same, renamed, to the last argument; only by what is asked for."""
    rename = Rewriter(dict(zip(map(Symbol, NAMES), map(Symbol, names), strict=True)))
    find, by = PartialsByForm(conventions), {Symbol(name) for name in kept}
    for expression in [one for built in drawn for one in (built.ours, rename(built.ours))]:
        expected = local_partials(expression, conventions)
        found = find(expression, form_of(expression), by)
        assert list(found) == [symbol for symbol in expected if symbol in by]
        assert [_written(one) for one in found.values()] == [_written(expected[one]) for one in found]


def _calls(terms: int) -> int:
    """How many functions of Python are called for the partials of a sum of products w_i x_i."""
    rows = [mul(Symbol(f"w_{place}"), Symbol(f"x_{place}")) for place in range(terms)]
    expression = Add(*rows, evaluate=False)
    count = 0

    def counting(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        found = local_partials(expression, Conventions())
    finally:
        sys.setprofile(before)
    assert len(found) == 2 * terms
    assert found[Symbol(f"w_{terms - 1}")] == Symbol(f"x_{terms - 1}")
    return count


def test_the_work_grows_linearly_with_the_terms_of_a_sum() -> None:
    """Ten times the products, ten times the calls: 200 against 2000. Calls are counted, not seconds."""
    _calls(10)
    assert 8 < _calls(2000) / _calls(200) < 12


def test_functions_declared_by_rule_are_differentiated_through() -> None:
    """softmax of composite inputs: the chain goes on inside its tuple."""
    x, y = Symbol("x"), Symbol("y")
    expression = call(functions.softmax, sympy.Integer(1), sympy.Tuple(mul(x, y), x))
    found = local_partials(expression, Conventions())
    (point,) = points(["x", "y"], 3)
    for symbol in (x, y):
        assert near(value(found[symbol], point), value(slope(expression, symbol), point), 1e-30)
