"""Sums and products as written: the order kept, the value unchanged."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Add, Expr, Integer, Mul, Pow, Rational, S, Symbol, Tuple

from symbackprop import functions
from symbackprop.expressions import (
    AtStep,
    Quotient,
    Rewriter,
    add,
    call,
    divide,
    exact,
    form_of,
    is_constant,
    is_reciprocal,
    mul,
    neg,
    negative_part,
    plain_product,
    plain_sum,
    power,
    rebuild,
    size,
    symbols_in,
    uncached_symbol,
)
from tests.oracles import NAMES, Built, expressions, points, same_value, value

x, y, z, a, b = map(Symbol, "xyzab")
HALF = Rational(1, 2)

terms = st.lists(st.sampled_from([x, y, z, a, b]), min_size=2, max_size=6)


@given(terms)
def test_a_sum_keeps_its_terms_in_their_order(row: list[Symbol]) -> None:
    """Doubled terms too: nothing is collected."""
    assert add(*row).args == tuple(row)


@given(terms)
def test_a_product_keeps_its_factors_in_their_order(row: list[Symbol]) -> None:
    """Doubled factors too: x·x does not become x²."""
    assert mul(*row).args == tuple(row)


@given(terms, st.data())
def test_zeros_ones_and_signs_do_not_disturb_the_order(row: list[Symbol], data: st.DataObject) -> None:
    """A 0 in a sum and a 1 in a product vanish; a factor -1 goes to the front, and two of them cancel."""
    place = data.draw(st.integers(0, len(row)))
    assert add(*row[:place], 0, *row[place:]).args == tuple(row)
    assert mul(*row[:place], 1, *row[place:]).args == tuple(row)
    assert mul(*row[:place], -1, *row[place:]).args == (-1, *row)
    assert mul(-1, *row[:place], -1, *row[place:]).args == tuple(row)
    assert mul(*row[:place], 0, *row[place:]) is S.Zero


def test_a_sum_within_a_sum_is_opened() -> None:
    """In its place."""
    assert add(y, add(b, a), x).args == (y, b, a, x)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (add(), S.Zero),
        (add(x), x),
        (add(0, 0), S.Zero),
        (add(2, 3, Rational(1, 2)), Rational(11, 2)),
        (mul(), S.One),
        (mul(x), x),
        (mul(-1), S.NegativeOne),
        (mul(2, Rational(1, 4), -2), S.NegativeOne),
        (mul(-1, -1), S.One),
        (neg(0), S.Zero),
        (neg(neg(x)), x),
        (neg(Integer(3)), Integer(-3)),
        (power(x, 0), S.One),
        (power(x, 1), x),
        (power(S.One, y), S.One),
        (power(Integer(4), -1), Rational(1, 4)),
        (power(power(x, -1), -1), x),
        (divide(6, Integer(4)), Rational(3, 2)),
    ],
)
def test_the_arithmetic_that_a_reader_expects_is_done(found: Expr, expected: Expr) -> None:
    """Whole results, by hand."""
    assert found is expected or found == expected


@pytest.mark.parametrize(
    ("found", "head", "arguments"),
    [
        (mul(y, 2, x, 3), Mul, (y, 6, x)),
        (mul(y, -2, x), Mul, (-1, y, 2, x)),
        (mul(-2, y, x), Mul, (-2, y, x)),
        (mul(y, -2, x, HALF), Mul, (-1, y, x)),
        (mul(y, x, 3), Mul, (y, x, 3)),
        (mul(y, mul(b, a), x), Mul, (y, b, a, x)),
        (mul(2, mul(-1, y)), Mul, (-2, y)),
        (mul(add(y, x), z), Mul, (add(y, x), z)),
        (divide(x, y), Mul, (x, power(y, -1))),
        (divide(1, y), Pow, (y, -1)),
        (divide(x, mul(y, z)), Mul, (x, power(mul(y, z), -1))),
        (divide(x, mul(2, z)), Mul, (x, HALF, power(z, -1))),
        (divide(-x, y), Mul, (-1, x, power(y, -1))),
        (power(mul(2, x), -1), Mul, (HALF, power(x, -1))),
        (power(power(x, 2), 3), Pow, (x, 6)),
        (power(power(x, 2), HALF), Pow, (power(x, 2), HALF)),
        (power(power(x, HALF), 2), Pow, (power(x, HALF), 2)),
        (add(1, x, 2), Add, (1, x, 2)),
    ],
)
def test_the_rest_stands_as_it_was_written(
    found: Expr, head: type[Expr], arguments: tuple[Expr, ...]
) -> None:
    """Numbers are multiplied into the first of them, the sign goes to the front, fractions stay one."""
    assert isinstance(found, head)
    assert found.args == tuple(map(sympy.sympify, arguments))


def test_a_fraction_stays_one_factor() -> None:
    """a · (x/y) does not become (a x)/y; only its sign and number leave it."""
    fraction = divide(x, y)
    assert mul(a, fraction).args == (a, fraction)
    assert mul(a, divide(-x, y)).args == (-1, a, fraction)
    assert mul(3, a, divide(mul(2, x), y)).args == (6, a, fraction)


@pytest.mark.parametrize(
    "denominator",
    [mul(neg(x), 3), mul(x, -2), mul(x, -HALF), mul(-2, x, y), divide(mul(x, -3), y), mul(3, divide(x, -y))],
)
def test_the_numbers_of_a_denominator_are_not_lost(denominator: Expr) -> None:
    """A product may hold a sign in front and a number further on: 1/(-x·3)."""
    point = {x: Rational(3, 7), y: Rational(-5, 3)}
    for found in (power(denominator, -1), divide(1, denominator), divide(y, denominator)):
        above = 1 if found != divide(y, denominator) else value(y, point)
        assert value(found, point) == pytest.approx(above / value(denominator, point), rel=1e-14)


def test_even_powers_under_a_root_keep_the_absolute_value() -> None:
    """√(x²) is not x, and (x^{-1})^{1/2} is not touched."""
    point = {x: -3}
    assert value(power(power(x, 2), HALF), point) == 3
    assert value(power(power(x, 2), Rational(3, 2)), point) == 27


@given(expressions(most=14), st.integers(0, 1000))
def test_values_are_those_of_evaluated_arithmetic(built: Built, seed: int) -> None:
    """add, mul, power, divide, neg and call change nothing in value: random trees against SymPy's own."""
    (point,) = points(NAMES, seed)
    assert same_value(built.ours, built.plain, point)


@settings(max_examples=200)
@given(expressions(called=False, kinked=False, most=16), st.integers(0, 1000))
def test_values_of_rational_expressions_are_exact(built: Built, seed: int) -> None:
    """Without functions: many numbers, signs and fractions within fractions."""
    (point,) = points(NAMES, seed)
    assert same_value(built.ours, built.plain, point, 1e-40)


@given(expressions(most=8), expressions(most=5), st.integers(0, 1000))
def test_rewriting_is_substitution(outer: Built, inner: Built, seed: int) -> None:
    """A Rewriter against SymPy's xreplace with an evaluation after it."""
    replaced = Rewriter({x: inner.ours})(outer.ours)
    truth = outer.plain.xreplace({x: inner.plain}).doit()
    (point,) = points(NAMES, seed)
    assert same_value(replaced, truth, point)


@given(expressions(most=8))
def test_rewriting_nothing_changes_nothing(built: Built) -> None:
    """Not even the order."""
    assert Rewriter({Symbol("absent"): y})(built.ours) is built.ours


def test_rewriting_keeps_the_order_and_does_the_little_arithmetic() -> None:
    """What becomes 0 kills, what becomes 1 vanishes, a sum in a sum is opened in its place."""
    rewrite = Rewriter({z: add(b, a), Symbol("none"): S.Zero, Symbol("one"): S.One})
    assert rewrite(add(y, z, x)).args == (y, b, a, x)
    assert rewrite(mul(y, z, x)).args == (y, add(b, a), x)
    assert rewrite(add(y, mul(Symbol("none"), x), mul(Symbol("one"), a))).args == (y, a)


def test_rewriting_replaces_whole_subexpressions_from_the_outside_in() -> None:
    """The largest key that fits wins, inside calls, comparisons and softmax too."""
    sigma = call(functions.sigmoid, mul(x, y))
    assert Rewriter({sigma: a, mul(x, y): b})(mul(sigma, mul(x, y))).args == (a, x, y)
    chosen = call(functions.where, sympy.Gt(sigma, x, evaluate=False), sigma, y)
    assert Rewriter({sigma: a})(chosen) == call(functions.where, sympy.Gt(a, x), a, y)
    row = functions.softmax(Integer(1), Tuple(sigma, y))
    assert Rewriter({sigma: a})(row) == functions.softmax(Integer(1), Tuple(a, y))


def test_a_rewriter_learns() -> None:
    """From then on."""
    rewrite = Rewriter({})
    rewrite.learn(x, mul(a, b))
    assert rewrite(mul(x, y)).args == (a, b, y)


def test_calls_stay_as_written() -> None:
    """SymPy turns sin(-x) into -sin(x), and exp(log(x)) into x; a call does not."""
    assert call(sympy.sin, neg(x)).args == (neg(x),)
    assert call(sympy.exp, call(sympy.log, x)).func is sympy.exp
    assert rebuild(call(sympy.cos, x), (neg(x),)).args == (neg(x),)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Integer(-2), (True, Integer(2))),
        (Integer(2), (False, Integer(2))),
        (S.Zero, (False, S.Zero)),
        (neg(x), (True, x)),
        (mul(-3, x), (True, mul(3, x))),
        (mul(x, -1, y), (True, mul(x, y))),
        (add(neg(x), y), (False, add(neg(x), y))),
    ],
)
def test_the_sign_in_front_is_told_from_what_stands_behind_it(
    expression: Expr, expected: tuple[bool, Expr]
) -> None:
    """Of numbers and of products; a sum has none."""
    assert negative_part(expression) == expected


def test_symbols_are_listed_in_reading_order_each_once() -> None:
    """Inside comparisons, tuples and powers too."""
    tall = functions.softmax(Integer(1), Tuple(z, y))
    tested = call(functions.where, sympy.Gt(b, a, evaluate=False), power(y, x), b)
    assert symbols_in(add(mul(tall, x), tested)) == (z, y, x, b, a)
    assert symbols_in(Integer(3)) == ()


@given(expressions(), st.permutations(NAMES))
def test_renamed_expressions_have_one_form(built: Built, names: list[str]) -> None:
    """And the symbols of a form are those of the expression, in their order."""
    renamed = Rewriter(dict(zip(map(Symbol, NAMES), map(Symbol, names), strict=True)))
    form, other = form_of(built.ours), form_of(renamed(built.ours))
    assert form.tokens == other.tokens
    assert form.symbols == symbols_in(built.ours)
    assert other.symbols == tuple(map(renamed, form.symbols))


def test_another_number_head_or_order_is_another_form() -> None:
    """As is a symbol that comes back, or does not."""
    rows = [mul(2, x), mul(3, x), add(2, x), mul(x, y), mul(x, x), add(mul(x, y), z), add(z, mul(x, y))]
    rows += [call(sympy.sin, x), call(sympy.cos, x), power(x, 2), power(2, x), add(x, y, z), add(x, y)]
    assert len({form_of(one).tokens for one in rows}) == len(rows)


@given(st.lists(st.sampled_from([x, y, S.Zero, S.One, HALF, add(x, y), mul(x, y)]), max_size=4))
def test_plain_sums_and_products_are_sympys_own_unevaluated(row: list[Expr]) -> None:
    """Equal in every part; one term is itself."""
    for head, plain in ((Add, plain_sum), (Mul, plain_product)):
        expected = head(*row, evaluate=False)
        assert plain(row) == expected
        assert plain(row).args == expected.args
        assert plain(row).is_commutative is True


def test_an_uncached_symbol_is_the_symbol_of_its_name() -> None:
    """Equal, and found in its place."""
    assert uncached_symbol("w_11") == Symbol("w_11")
    assert {Symbol("w_11"): 1}[uncached_symbol("w_11")] == 1
    assert uncached_symbol("w_11") != Symbol("w_12")


def test_sizes_count_symbols_and_numbers() -> None:
    """x·y + 2 has three, x² two."""
    assert [size(one) for one in (x, add(mul(x, y), 2), power(x, 2), call(sympy.exp, x))] == [1, 3, 2, 1]


def test_quotients_and_steps_tell_their_parts() -> None:
    """They are symbols of their own kind, equal when their parts are."""
    quotient, step = Quotient(y, x), AtStep(x, 2)
    assert (quotient.of, quotient.by) == (y, x)
    assert (step.symbol, step.step) == (x, 2)
    assert quotient == Quotient(y, x) != Quotient(x, y)
    assert Rewriter({quotient: a})(mul(quotient, x)).args == (a, x)
    assert rebuild(quotient, (y, z)) == Quotient(y, z)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [(Integer(2), True), (sympy.sqrt(2), True), (x, False), (add(x, neg(x)), False), (sympy.pi, True)],
)
def test_constants_hold_no_symbol(expression: Expr, expected: bool) -> None:
    """What is written counts, not what it comes to."""
    assert is_constant(expression) is expected


def test_reciprocals_have_a_negative_number_above() -> None:
    """x^{-1} and x^{-1/2}, but not x^{-y}."""
    kinds = [power(x, -1), power(x, -HALF), power(x, neg(y)), power(x, 2), x]
    assert [is_reciprocal(kind) for kind in kinds] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ("0.1", Rational(1, 10)),
        (0.1, Rational(1, 10)),
        (3, Integer(3)),
        ("1e-3", Rational(1, 1000)),
        ("1/3", Rational(1, 3)),
    ],
)
def test_numbers_are_taken_by_their_digits(given_value: object, expected: Expr) -> None:
    """0.1 is a tenth, not the double next to it."""
    assert exact(given_value) == expected
    assert exact(expected) is expected
