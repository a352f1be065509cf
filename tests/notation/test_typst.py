"""Formulas in Typst: no name and no comma in them is taken for one of Typst's, and Typst sets them all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from itertools import chain
from typing import Any

import pytest
import typst
from hypothesis import given, settings
from sympy import Symbol

import symbackprop as sb
from symbackprop.arrays.matrices import MatrixPrinter
from symbackprop.conventions import Conventions
from symbackprop.expressions import AtStep, Quotient
from symbackprop.indexed.derivation import indexed_derivation
from symbackprop.indexed.printing import printer_for_indices, shown_equality
from symbackprop.language import parse_expression
from symbackprop.notation.names import typst_name
from symbackprop.notation.printer import Printer
from symbackprop.notation.typst import TYPST, TypstSyntax
from symbackprop.translation import Language
from tests.arrays.test_matrices import (
    PROGRAMS,
    VARIANTS,
    derived,
    formulas,
    names_and_values,
    random_values,
    with_distributions,
)
from tests.oracles import Built, expressions


def content(formula: str) -> dict[str, Any]:
    """What Typst makes of a formula."""
    source = f"#metadata(${formula}$.body) <it>"
    with tempfile.TemporaryDirectory() as empty:
        compiler = typst.Compiler(source.encode(), root=empty, ignore_system_fonts=True)
        found = compiler.query("<it>", "value", one=True)
    read: dict[str, Any] = json.loads(found)
    return read


def sets(shown: Iterable[str]) -> None:
    """Typst knows every name in the formulas and finds every bracket closed."""
    lines = [f"$ {one} $" for one in dict.fromkeys(shown)]
    with tempfile.TemporaryDirectory() as empty:
        typst.Compiler(root=empty, ignore_system_fonts=True).compile("\n".join(lines).encode())


def printed(text: str, syntax: TypstSyntax = TYPST) -> str:
    return Printer(syntax, Conventions())(parse_expression(text))


@pytest.mark.parametrize(
    ("text", "in_typst"),
    [
        ("w_11*x_1 + b", "w_11 x_1 + b"),
        ("2*x", "2 x"),
        ("(a + b)*(a - b)", r"\(a + b\)\(a - b\)"),
        ("(x + y)/2*z", "frac(x + y, 2) z"),
        ("x**2 - x**10", "x^2 - x^10"),
        ("exp(-x)", "e^(-x)"),
        ("sigmoid(z)", r"σ\(z\)"),
        ("softplus(z)", r'op("softplus")\(z\)'),
        ("tanh(x/y)", "tanh lr(( frac(x, y) ))"),
        ("maximum(x, y)", r"max\(x, y\)"),
        ("maximum(x, y)/2", r"frac(max\(x\, y\), 2)"),
        ("sqrt(x) + abs(y)", "sqrt(x) + abs(y)"),
        ("where(x > 0, x, 2)", 'cases(x & quad "if" x > 0, 2 & quad "otherwise")'),
        ("height/200", 'frac("height", 200)'),
        ("-theta_0*yhat", "-θ_0 hat(y)"),
    ],
)
def test_an_expression_is_written_so(text: str, in_typst: str) -> None:
    assert printed(text) == in_typst
    sets([in_typst])


@pytest.mark.parametrize(
    ("text", "whole"),
    [("maximum(x, y)/2", "frac"), ("abs(maximum(x, y))", "lr"), ("where(x > 0, maximum(x, y), 1)", "cases")],
)
def test_the_comma_of_a_call_within_an_argument_makes_no_other_argument(text: str, whole: str) -> None:
    found = content(printed(text))
    assert found["func"] == whole
    assert len(found.get("children", "")) == (2 if whole == "cases" else 0)


@pytest.mark.parametrize(
    "word", "sum op frac dif RR oo dot mat sqrt thin quad read sys emoji hash café".split()
)
def test_a_name_of_typst_is_only_a_word_in_a_formula(word: str) -> None:
    assert content(typst_name(word)) == {"func": "text", "text": word}


@pytest.mark.parametrize(
    ("name", "step", "in_typst"),
    [
        ("w_1_12", "", "w_(1,12)"),
        ("delta_u_8", "", "δ_(u_8)"),
        ("delta_out", "", 'δ_(italic("out"))'),
        ("n_l-1", "", "n_(l - 1)"),
        ("w_11", "3", "w_11^((3))"),
        ("W__2", "", "W^([2])"),
        ("phi", "", "ϕ"),
        ("вес", "", '"вес"'),
        ("zbar_i", "", "macron(z)_i"),
    ],
)
def test_a_name_is_written_so(name: str, step: str, in_typst: str) -> None:
    assert typst_name(name, step) == in_typst
    sets([in_typst])


def test_a_derivative_what_is_held_fast_and_a_step_are_written_so() -> None:
    show = Printer(TYPST, Conventions())
    loss, w, q = map(Symbol, ("L", "w_11", "q"))
    shown = [show(Quotient(loss, w)), show(Quotient(loss, w, q)), show(AtStep(w, 2))]
    assert shown == ["frac(∂ L, ∂ w_11)", "lr(frac(∂ L, ∂ w_11) |)_(q)", "w_11^((2))"]
    assert Printer(TYPST, Conventions(derivative="d"))(Quotient(loss, w)) == "frac(d L, d w_11)"
    sets(shown)


def test_a_layer_above_a_name_stands_beside_its_transpose() -> None:
    assert TYPST.transposed("W^([2])") == "W^([2] ⊤)"
    assert TYPST.inverse_transposed("A") == "A^(-⊤)"


def test_a_number_has_the_sign_of_the_language_and_its_power_of_ten() -> None:
    comma = TypstSyntax(Language("it", "comma"))
    assert TYPST.number("-7.8e-05") == "-7.8 × 10^(-5)"
    assert comma.number("0.5") == r'0 class("normal", \,) 5'
    sets([comma.matrix([[comma.number("0.5"), comma.number("-7.8e-05")]] * 2, vector=False)])


@settings(max_examples=15, deadline=None)
@given(expressions(most=25))
def test_typst_sets_every_expression(built: Built) -> None:
    sets(Printer(TYPST, Conventions(sigma=sigma))(built.ours) for sigma in ("name", "full"))


def test_typst_sets_every_formula_of_every_program_with_arrays() -> None:
    """In symbols and with the numbers put in: every operation on arrays stands in one of them."""
    shown = []
    for program in PROGRAMS.values():
        derivation = derived(program, VARIANTS["usual"])
        assert derivation.shapes is not None
        evaluation = sb.compile(derivation)(with_distributions(derivation, random_values(program)))
        numbers = {Symbol(name): one for name, one in names_and_values(derivation, evaluation).items()}
        for values in ({}, numbers):
            printer = MatrixPrinter(TYPST, VARIANTS["usual"], derivation.shapes, values)
            shown += [printer(expression) for _, expression, _ in formulas(derivation, evaluation)]
    sets(shown)


@pytest.mark.parametrize(
    ("equations", "shapes", "line"),
    [
        (
            "z = W@x + b; L = sum(z**2)",
            {"W": (2, 3), "x": (3,), "b": (2,)},
            "z_i = sum_(j = 1)^(3) w_(i j) x_j + b_i",
        ),
        ("p = softmax(z); L = -sum(y*log(p))", {"z": ("n",), "y": ("n",)}, ""),
        ("Z = A@B; L = sum(inv(Z) + Z.T)", {"A": ("n", "n"), "B": ("n", "n")}, ""),
        ("m = max(X, axis=1); L = prod(m)", {"X": ("n", 12)}, ""),
        ("Y = conv1d(X, W); L = sum(Y**2)", {"X": (2, 7), "W": (3, 2, 3)}, ""),
    ],
)
def test_typst_sets_formulas_in_indices(
    equations: str, shapes: dict[str, tuple[object, ...]], line: str
) -> None:
    graph = sb.Graph.from_equations(equations, shapes=shapes, parameters=list(shapes))
    found = indexed_derivation(sb.backprop(graph))
    show = printer_for_indices(TYPST, Conventions(), found.capitals)
    last = chain(found.deltas.values(), found.gradients.values())
    shown = [shown_equality(show, one) for one in (*found.nodes.values(), *(one.line for one in last))]
    assert not line or shown[0] == line
    sets(shown)
