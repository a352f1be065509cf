"""How numbers are printed, and carried on as they are printed."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Literal

import numpy as np
import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st
from sympy import Rational

from symbackprop.conventions import Conventions
from symbackprop.notation.numbers import (
    NumberFormat,
    as_decimal,
    number_format,
    number_parts,
    scientific,
    typed,
)

Rounding = Literal["half_even", "half_up"]
MODES = {"half_even": ROUND_HALF_EVEN, "half_up": ROUND_HALF_UP}


@pytest.mark.parametrize(
    ("value", "printed"),
    [  # from the printed solution of the 3-3-2-1 network, its values in double precision
        (0.0, "0"),
        (0.1, "0.100000"),
        (-0.2, "-0.200000"),
        (0.4333, "0.433300"),
        (0.023339999999999993, "0.023340"),
        (0.5058347351270186, "0.505835"),
        (-0.0012566430384786526, "-0.001257"),
        (0.24968593797867952, "0.249686"),
        (0.00019894689888502325, "0.000199"),
        (0.00010141610739633009, "0.000101"),
        (5.851379378971272e-05, "5.851379e-05"),
        (-7.77893691363944e-05, "-7.778937e-05"),
        (-0.00013520848776844334, "-0.000135"),
        (-1.94473422840986e-05, "-1.944734e-05"),
        (0.9993716785634452, "0.999372"),
        # the edges of the rule
        (-0.0, "0"),
        (1.0, "1"),
        (-3.0, "-3"),
        (170.0, "170"),
        (1e-4, "0.000100"),
        (9.9999e-5, "9.999900e-05"),
        (1e-300, "1.000000e-300"),
        (2.5, "2.500000"),
        (123456.789, "123456.789000"),
        (1e14, "100000000000000"),
        (1e15, "1.000000e+15"),
        (-1.5e16, "-1.500000e+16"),
        (0.9999999, "1.000000"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_numbers_follow_one_rule(value: float, printed: str) -> None:
    """%.6f from 1e-4 up, %.6e below, an exact 0 as 0, whole numbers whole."""
    assert NumberFormat()(value) == printed
    assert NumberFormat()(np.float64(value)) == printed


@pytest.mark.parametrize(
    ("digits", "value", "printed"),
    [
        (2, 1.125, "1.12"),
        (2, 0.125, "0.12"),
        (4, 0.0123456, "0.0123"),
        (4, 0.00123456, "0.0012"),
        (3, 0.1, "0.100"),
        (10, 1 / 3, "0.3333333333"),
        (15, 0.1, "0.100000000000000"),
    ],
)
def test_the_number_of_digits_is_a_choice(digits: int, value: float, printed: str) -> None:
    """After the point from 10^(2 - d) up, in the mantissa below."""
    assert NumberFormat(digits)(value) == printed


@pytest.mark.parametrize(
    ("digits", "value", "even", "up"),
    [
        (2, 1.125, 1.12, 1.13),
        (2, 1.375, 1.38, 1.38),
        (2, -3.125, -3.12, -3.13),
        (2, 1.015, 1.02, 1.02),
        (1, 2.25, 2.2, 2.3),
        (6, 1.0000005, 1.0, 1.000001),
        (6, 0.0000125, 0.0000125, 0.0000125),
        (2, 0.00125, 0.00125, 0.00125),
        (2, 0.0012250, 0.00122, 0.00123),
    ],
)
def test_ties_are_rounded_by_hand_as_chosen(digits: int, value: float, even: float, up: float) -> None:
    """On the decimal digits of the value, as a person sees them."""
    assert NumberFormat(digits, "half_even", by_hand=True).carried(value) == even
    assert NumberFormat(digits, "half_up").carried(value) == up
    assert float(NumberFormat(digits, "half_up")(value)) == up


modes: st.SearchStrategy[Rounding] = st.sampled_from(["half_even", "half_up"])
doubles = st.floats(min_value=-1e12, max_value=1e12, allow_subnormal=False)


@st.composite
def cases(draw: st.DrawFn) -> tuple[NumberFormat, float]:
    """A rule and a number; often one that stands in the middle between two printed ones."""
    rule = NumberFormat(draw(st.integers(1, 9)), draw(modes), draw(st.booleans()))
    tie = st.integers(-99_999, 99_999).map(lambda n: float(f"{n}5e-{rule.digits + 1}"))
    return rule, draw(st.one_of(tie, tie, doubles))


@given(cases())
@example((NumberFormat(1), 1.15))
@example((NumberFormat(1, by_hand=True), 1.15))
@example((NumberFormat(2), 1.015))
@example((NumberFormat(6), 0.1234565))
def test_what_is_carried_is_what_is_printed(case: tuple[NumberFormat, float]) -> None:
    """To the last digit: reading the print gives the carried number, in either way of rounding."""
    rule, value = case
    assert float(rule(value)) == rule.carried(value)


def test_by_hand_a_tie_is_seen_on_the_printed_digits() -> None:
    """1.15 is a little less in binary: %.1f takes it down, a person takes the tie to the even digit, up."""
    assert NumberFormat(1)(1.15) == "1.1"
    assert NumberFormat(1, by_hand=True)(1.15) == "1.2"
    assert NumberFormat(1, "half_up")(1.15) == "1.2"
    carried = number_format(Conventions(digits=1, carry="rounded"))
    assert carried == NumberFormat(1, by_hand=True)
    assert number_format(Conventions(digits=4, rounding="half_up")) == NumberFormat(4, "half_up")


@given(cases())
def test_rounding_again_changes_nothing(case: tuple[NumberFormat, float]) -> None:
    """What was carried is carried as it is."""
    rule, value = case
    once = rule.carried(value)
    assert rule.carried(once) == once
    assert float(rule(once)) == once


@given(cases())
def test_rounding_moves_a_number_by_half_a_last_digit_at_most(case: tuple[NumberFormat, float]) -> None:
    """And in the middle to where the mode says."""
    rule, value = case
    carried, exact = Decimal(repr(rule.carried(value))), Decimal(repr(value))
    plain = abs(exact) >= Decimal(1).scaleb(-min(4, rule.digits))
    last = Decimal(1).scaleb(-rule.digits if plain else exact.adjusted() - rule.digits)
    assert abs(carried - exact) <= last / 2 + abs(exact) * Decimal("1e-15")
    if rule.rounding == "half_even" and not rule.by_hand:
        assert rule(value) in (f"{value:.{rule.digits}f}", f"{value:.{rule.digits}e}", f"{value:.0f}")
    elif len(exact.as_tuple().digits) < 14:
        assert carried == exact.quantize(last, MODES[rule.rounding])


@pytest.mark.parametrize("value", [123456789012345.6, 99999999999999.5, -12345678901234.25, 1e14 + 0.5])
@pytest.mark.parametrize("mode", ["half_even", "half_up"])
def test_many_digits_before_and_after_the_point(value: float, mode: Rounding) -> None:
    """Fifteen of them after a number of fifteen: nothing to round, and no error of the decimal module."""
    rule = NumberFormat(15, mode)
    assert rule.carried(value) == value == float(rule(value))


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 0.0])
def test_what_cannot_be_rounded_is_carried_as_it_is(value: float) -> None:
    """An infinity stays one, for the check that follows to name its node."""
    assert NumberFormat().carried(value) == value
    assert np.isnan(NumberFormat().carried(float("nan")))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1/2", "0.5"),
        ("-1/2", "-0.5"),
        ("3", "3"),
        ("1/3", "1/3"),
        ("-22/7", "-22/7"),
        ("0.044715", "0.044715"),
        ("1000000", "1000000"),
        ("0.000001", "0.000001"),
        ("12.50", "12.5"),
        ("1.0507009873554804934193349852946", "1.0507009873554804934193349852946"),
        ("123456789012345678901234567890123", "123456789012345678901234567890123"),
        ("1000000000000000000000000000000", "1000000000000000000000000000000"),
    ],
)
def test_what_the_author_typed_keeps_its_digits(value: str, text: str) -> None:
    """An exact rational is no measured number: it is printed as it is, however long."""
    assert typed(Rational(value)) == text
    assert NumberFormat()(Rational(value)) == text


@given(st.integers(-(10**40), 10**40), st.integers(0, 45))
def test_decimals_that_end_are_written_exactly(numerator: int, places: int) -> None:
    """And read back they are the same rational."""
    value = Rational(numerator, 10**places)
    found = as_decimal(value)
    assert found is not None
    assert "e" not in found.lower()
    assert Rational(found) == value


@given(st.integers(1, 1000), st.sampled_from([3, 7, 9, 11, 13, 30, 70]))
def test_decimals_that_do_not_end_are_none(numerator: int, denominator: int) -> None:
    """1/3 has no decimal."""
    value = Rational(numerator, denominator)
    if value.q % 3 == 0 or value.q % 7 == 0 or value.q % 11 == 0 or value.q % 13 == 0:
        assert as_decimal(value) is None
        assert typed(value) == f"{value.p}/{value.q}"


@pytest.mark.parametrize(
    ("digits", "parts"),
    [
        ("-5.85e-05", ("-", "5,85", "-5")),
        ("5e+20", ("", "5", "20")),
        ("1.000001e+00", ("", "1,000001", "")),
        ("-0.25", ("-", "0,25", "")),
        ("12", ("", "12", "")),
        ("-1/3", ("-", "1/3", "")),
        ("-inf", ("-", "inf", "")),
    ],
)
def test_a_number_has_a_sign_a_mantissa_and_an_exponent(digits: str, parts: tuple[str, str, str]) -> None:
    assert number_parts(digits, ",") == parts


@given(doubles.filter(lambda value: value != 0))
def test_the_parts_of_a_number_are_the_number(value: float) -> None:
    digits = f"{value:.9e}"
    sign, mantissa, exponent = number_parts(digits)
    assert float(f"{sign}{mantissa}e{exponent or 0}") == float(digits)
    assert float(scientific(Decimal(digits))) == float(digits)


def test_integers_and_floats_of_sympy_are_numbers() -> None:
    """As a user may pass them."""
    assert NumberFormat()(sympy.Integer(3)) == "3"
    assert NumberFormat()(sympy.Float("0.25")) == "0.250000"
