"""Programs in JavaScript: every function as Python computes it, numbers printed as Python prints them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import Expr, Rational, Symbol

from symbackprop.conventions import Conventions
from symbackprop.expressions import Quotient, call
from symbackprop.functions import FUNCTIONS, Declared
from symbackprop.graph import Graph
from symbackprop.lowering.program import program
from symbackprop.notation.numbers import NumberFormat, number_format
from symbackprop.numeric.javascript import FUNCTIONS_IN_JAVASCRIPT, can_be_written, javascript
from symbackprop.solution.lines import update
from symbackprop.sweep import backprop
from tests.browser import Visit, script
from tests.numpy_calls import NUMPY_FUNCTIONS

GRID = [
    *(
        sign * size
        for size in (
            0.0,
            1e-300,
            1e-8,
            0.1,
            0.5,
            1.0,
            1.4999,
            1.5,
            2.0,
            3.0,
            5.9,
            6.0,
            12.0,
            26.0,
            40.0,
            700.0,
        )
        for sign in (1, -1)
    ),
    *np.linspace(-4, 4, 161).tolist(),
]
TINY = 1e-300


def close(one: float, other: float, most: float) -> bool:
    if not math.isfinite(other):
        return repr(one) == repr(other) or (math.isnan(one) and math.isnan(other))
    return abs(one - other) <= most * abs(other) + TINY


def values_in_browser(visit: Visit, name: str, arguments: list[list[Any]]) -> list[float]:
    visit.scripts(script("functions.js"))
    found: list[float] = visit.run(
        f"rows => {{ const f = mathematics; return rows.map(row => {name}(...row)); }}", arguments
    )
    return found


def arguments_of(name: str) -> list[list[Any]]:
    entry = FUNCTIONS[name]
    if name == "round":
        return [[z, digits] for z in GRID if abs(z) < 100 for digits in (0, 1, 3)]
    if entry.test:
        rest = len(entry.arguments) - 1
        return [[test, *numbers] for test in (True, False) for numbers in [[1.5, -2.5][:rest]]]
    others = {"alpha": [0.01, 0.3], "low": [-1.0], "high": [2.0], "y": [0.0, 1.0, -3.0]}
    rows: list[list[Any]] = [[]]
    for argument in entry.arguments:
        rows = [[*row, value] for row in rows for value in others.get(argument, GRID)]
    return rows


def python_of(head: Any) -> Any:
    if issubclass(head, Declared) or head is sympy.erf:
        return NUMPY_FUNCTIONS[head.__name__]
    return {"atan": np.arctan}.get(head.__name__) or getattr(np, head.__name__)


def test_no_function_of_the_language_is_missing() -> None:
    heads = {entry.head.__name__ for entry in FUNCTIONS.values()} | {"softmax"}
    assert heads <= set(FUNCTIONS_IN_JAVASCRIPT)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_agrees_with_python(name: str, visit: Visit) -> None:
    head = FUNCTIONS[name].head
    rows = arguments_of(name)
    found = values_in_browser(visit, FUNCTIONS_IN_JAVASCRIPT[head.__name__], rows)
    with np.errstate(all="ignore"):
        expected = [float(python_of(head)(*row)) for row in rows]
    assert [
        (row, one, other)
        for row, one, other in zip(rows, found, expected, strict=True)
        if not close(one, other, 1e-13)
    ] == []


def test_softmax_is_computed_without_overflow(visit: Visit) -> None:
    rows: list[tuple[int, list[float]]] = [
        (1, [0.0, 1.0, 2.0]),
        (3, [800.0, 799.0, 798.5]),
        (2, [-700.0, 40.0, -40.0]),
    ]
    found = values_in_browser(visit, "f.softmax", [list(row) for row in rows])
    for (index, inputs), one in zip(rows, found, strict=True):
        exact = [sympy.exp(sympy.Rational(z)) for z in inputs]
        assert close(one, float((exact[index - 1] / sum(exact)).evalf(30)), 1e-13)


HARMLESS = "L = sigmoid(w)*x**2 - log(1 + exp(w*x))/3 + where(x > 1, w, 2*w)**3 + 1/(w*x) + erf(w)"


def test_the_program_agrees_with_python_line_by_line(visit: Visit) -> None:
    derivation = backprop(Graph.from_equations(HARMLESS, parameters=["w", "x"], granularity="operations"))
    lines = program(derivation)
    from symbackprop.numeric.compiled import compile

    expected = compile(derivation)({"w": 0.7, "x": 1.3}).lines
    visit.scripts(script("functions.js"), f"const program = {javascript(lines)};")
    given = [0.7 if symbol.name == "w" else 1.3 for symbol in lines.given]
    same = "(_, value) => value"
    found = visit.run(f"x => program(x, mathematics, {same}, value => value, false)", given)
    assert all(
        close(one, float(expected[line.symbol]), 1e-14) for one, line in zip(found, lines.lines, strict=True)
    )


def test_names_of_a_user_do_not_reach_the_code() -> None:
    x, w = Symbol("alert(1)//"), Symbol("</script>")
    graph = Graph.from_equations("L = a*b", parameters=["a", "b"])
    renamed = {Symbol("a"): x, Symbol("b"): w}
    from dataclasses import replace

    nodes = tuple(
        replace(
            node,
            symbol=renamed.get(node.symbol, node.symbol),
            expression=None if node.expression is None else node.expression.xreplace(renamed),
        )
        for node in graph.nodes
    )
    code = javascript(program(backprop(Graph(nodes, graph.output))))
    assert "alert" not in code
    assert "script" not in code


def test_a_function_that_is_not_of_the_language_cannot_be_written() -> None:
    w = Symbol("w")
    graph = Graph.from_equations("L = w", parameters=["w"])
    from dataclasses import replace

    known, output = graph.nodes
    strange = replace(output, expression=call(sympy.besselj, sympy.Integer(1), w))
    lines = program(backprop(graph))
    value = replace(lines.lines[0], expression=strange.expression)
    assert not can_be_written(replace(lines, lines=(value, *lines.lines[1:])))
    assert known.symbol == w


# Numbers in print.

RULES = [
    {"digits": digits, "rounding": rounding, "carry": carry}
    for digits in (1, 2, 3, 4, 6, 10, 15)
    for rounding in ("half_even", "half_up")
    for carry in ("full", "rounded")
]


def doubles(digits: int) -> Iterable[float]:
    """Ordinary, extreme and adversarial numbers: ties in binary and in decimal, either side of a bound."""
    chance = random.Random(digits)
    for _ in range(500):
        yield chance.uniform(-10, 10)
        yield chance.gauss(0, 1) * 10 ** chance.uniform(-12, 18)
        yield math.ldexp(chance.getrandbits(53), chance.randint(-1074, 900))
        yield round(chance.uniform(-100, 100), chance.randint(0, 6))
        yield chance.getrandbits(20) / 2 ** chance.randint(1, 18)
        yield -(chance.getrandbits(30) * 2 + 1) / 2 ** (digits + 1)
        yield float(Fraction(chance.randint(1, 10**6) * 10 + 5, 10 ** (digits + chance.randint(1, 12))))
        yield (chance.getrandbits(50) | 1) * 5.0 ** chance.randint(0, 3) * 2.0 ** chance.randint(-60, 20)
    for bound in (1e-4, 1e-3, 0.01, 0.1, 1.0, 1e15, 1e16, 1e-300, 5e-324, 1.7976931348623157e308, 2.5e15):
        for one in (bound, math.nextafter(bound, 0), math.nextafter(bound, math.inf)):
            yield from (one, -one)
    yield from (0.0, -0.0, 0.5, 1.5, 2.5, 0.125, 0.375, 1e15 + 0.5, 999999.9999995, 0.99999999999999989)
    yield from (math.inf, -math.inf, math.nan)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_numbers_are_printed_as_python_prints_them(rule: dict[str, Any], visit: Visit) -> None:
    printed = number_format(Conventions(**rule))
    numbers = list(doubles(rule["digits"]))
    visit.scripts(script("numbers.js"))
    found = visit.run(
        "([rule, list]) => list.map(n => createNumbers(rule).format(n))", [as_data(printed), numbers]
    )
    wrong = [(n, one) for n, one in zip(numbers, found, strict=True) if one != printed(n)]
    assert wrong == []


def as_data(rule: NumberFormat) -> dict[str, Any]:
    return {"digits": rule.digits, "rounding": rule.rounding, "byHand": rule.by_hand}


@pytest.mark.parametrize("text", ["0.5", "0.1", "1e-08", "12", "-0.044715", "123456789.25", "1e20"])
def test_a_typed_number_keeps_its_digits(text: str, visit: Visit) -> None:
    visit.scripts(script("numbers.js"))
    found = visit.run(
        "([rule, n]) => createNumbers(rule).format(n, true)", [as_data(NumberFormat()), float(text)]
    )
    assert found == NumberFormat()(Rational(text))


UPDATES = [
    (before, rate, gradient)
    for before in (0.1, -0.2, 1.0, 0.0, 0.333333333, 1e-7, 123456.789, 2e20)
    for rate in ("0.1", "0.5", "0.001", "1", "0.00001")
    for gradient in (0.0, 1.0, -0.123456789, 3.5e-9, 0.2, 1e-300, 7e15, 0.0009765625)
]


@pytest.mark.parametrize("rule", [one for one in RULES if one["digits"] in (2, 6, 15)], ids=str)
def test_the_update_by_hand_is_that_of_the_solution(rule: dict[str, Any], visit: Visit) -> None:
    conventions = Conventions(**rule)
    visit.scripts(script("numbers.js"))
    cases = [(before, rate, g, before - float(rate) * g) for before, rate, g in UPDATES]
    code = """([rule, cases]) => cases.map(([before, rate, gradient, after]) => {
        const { relation, middle } = createNumbers(rule).compareUpdate(before, rate, gradient, after);
        return [relation, middle];
    })"""
    found = visit.run(code, [as_data(number_format(conventions)), cases])
    assert [
        (case, one, in_python(conventions, *case))
        for case, one in zip(cases, found, strict=True)
        if tuple(one) != in_python(conventions, *case)
    ] == []


def in_python(
    conventions: Conventions, before: float, rate: str, gradient: float, after: float
) -> tuple[str, str | None]:
    """The sign before the result of the update in the solution, and the exact result where it is shown."""
    from symbackprop.content import Digits, Value

    w, numbers = Symbol("w"), (Value(before), Value(gradient), Value(after))
    slope: Expr = Quotient(Symbol("L"), w)
    line = update(w, 1, slope, numbers, (Symbol("eta"), Rational(rate)), conventions)
    shown = [side.text for _, side in line.sides if isinstance(side, Digits)]
    return line.sides[-1][0], shown[0] if shown else None


def test_the_exact_result_is_exact(visit: Visit) -> None:
    visit.scripts(script("numbers.js"))
    found = visit.run(
        "([rule, ...numbers]) => createNumbers(rule).byHand(...numbers)",
        [as_data(NumberFormat()), 0.1, "0.1", 3.5e-9],
    )
    with localcontext(prec=100):
        assert Decimal(found) == Decimal("0.1") - Decimal("0.1") * Decimal("3.5e-9")
