"""Linear maps: the matrix of an expression against its values at the unit vectors, and its exact form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from sympy import Expr, Symbol

from symbackprop.analysis.linear_maps import LinearMaps, affine, matrix_of
from symbackprop.arrays.misfits import in_code
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import as_shape
from symbackprop.backends.table import find_backend
from symbackprop.errors import LinearityError
from symbackprop.language import parse_expression
from symbackprop.lowering.program import Kind, Line, Program
from symbackprop.numeric.compiled import Compiled

SIZES = {"n": 4}
GIVEN: Mapping[str, Any] = {
    "v": (3,),
    "p": (3,),
    "w": (3,),
    "X": ("n", 3),
    "s": ("n",),
    "y": ("n",),
    "A": (3, 3),
    "B": (4, 3),
    "u": (4,),
    "lam": (),
    "n": (),
}


def random(shape: Any, seed: int = 0) -> Any:
    """Random numbers of a shape, away from 0."""
    sizes = tuple(SIZES.get(str(size), size) for size in shape)
    return np.random.default_rng(seed).uniform(0.5, 1.5, sizes)


def numbers(expression: Expr, values: Mapping[str, Any], shapes: Mapping[str, Any]) -> Any:
    """The value of an expression in symbols."""
    known = {name: as_shape(shapes.get(name, ())) for name in values}
    bound = {str(size) for shape in known.values() for size in shape}
    known = {name: shape for name, shape in known.items() if name not in bound}
    given = tuple(Symbol(name) for name in known)
    sizes = tuple(Symbol(name) for name in SIZES if name in bound)
    line = Line(Kind.VALUE, "result", Symbol("result"), expression, "result")
    compiled = Compiled(Program(given, (line,), "result", (), known, sizes), find_backend("numpy"))
    return compiled({name: values[name] for name in known}).values["result"]


VALUES = {name: random(shape, place) for place, (name, shape) in enumerate(GIVEN.items()) if name != "n"}
V = VALUES


def shapes() -> Shapes:
    return Shapes({Symbol(name): as_shape(shape) for name, shape in GIVEN.items() if name != "n"})


def read(text: str) -> Expr:
    return shapes().resolved(parse_expression(text))[0]


Oracle = Callable[[Any], Any]
LINEAR: Mapping[str, tuple[str, Oracle]] = {
    "p*v - p*(p @ v)": ("diag(p) - outer(p, p)", lambda v: V["p"] * v - V["p"] * (V["p"] @ v)),
    "p*(v - p @ v)": ("diag(p) - outer(p, p)", lambda v: V["p"] * (v - V["p"] @ v)),
    "X.T @ (s*(X @ v))": ("X.T @ diag(s) @ X", lambda v: V["X"].T @ (V["s"] * (V["X"] @ v))),
    "2*X.T @ (X @ v)": ("2*(X.T @ X)", lambda v: 2 * V["X"].T @ (V["X"] @ v)),
    "lam*v": ("lam*eye(size=(3,))", lambda v: V["lam"] * v),
    "v/n": ("eye(size=(3,))/n", lambda v: v / 4),
    "v @ A": ("A.T", lambda v: v @ V["A"]),
    "v @ B.T": ("B", lambda v: v @ V["B"].T),
    "v @ p": ("p", lambda v: v @ V["p"]),
    "sum(v)": ("ones(shape=(3,))", lambda v: v.sum()),
    "sum(p*v)": ("p", lambda v: (V["p"] * v).sum()),
    "sum(A @ v)": ("sum(A, axis=0)", lambda v: (V["A"] @ v).sum()),
    "sum(A @ (p*v))": ("p*sum(A, axis=0)", lambda v: (V["A"] @ (V["p"] * v)).sum()),
    "mean(v)": ("1/3*ones(shape=(3,))", lambda v: v.mean()),
    "v + p @ v": ("eye(size=(3,)) + outer(ones(shape=(3,)), p)", lambda v: v + V["p"] @ v),
    "A @ v + A @ v": ("2*A", lambda v: 2 * V["A"] @ v),
    "B @ diag(p) @ v": ("B @ diag(p)", lambda v: V["B"] @ np.diag(V["p"]) @ v),
    "diag(v) @ p": ("diag(p)", lambda v: v * V["p"]),
    "outer(v, p) @ w": ("(p @ w)*eye(size=(3,))", lambda v: np.outer(v, V["p"]) @ V["w"]),
    "(A + diag(v)) @ p - A @ p": ("diag(p)", lambda v: v * V["p"]),
    "inv(A) @ v": ("inv(A)", lambda v: np.linalg.inv(V["A"]) @ v),
    "sum(X*v, axis=1)": ("X", lambda v: (V["X"] * v).sum(axis=1)),
    "v[0]*p": ("", lambda v: v[0] * V["p"]),
    "v[1:]": ("", lambda v: v[1:]),
    "v[::-1]": ("", lambda v: v[::-1]),
    "concatenate([v, B @ v])": ("", lambda v: np.concatenate([v, V["B"] @ v])),
    "p*(A @ v) - p*(p @ (A @ v))": (
        "diag(p) @ A - outer(p, A.T @ p)",
        lambda v: V["p"] * (V["A"] @ v) - V["p"] * (V["p"] @ (V["A"] @ v)),
    ),
    "A @ (w*(B.T @ (u*(B @ (p*v)))))": (
        "A @ diag(w) @ B.T @ diag(u) @ B @ diag(p)",
        lambda v: V["A"] @ (V["w"] * (V["B"].T @ (V["u"] * (V["B"] @ (V["p"] * v))))),
    ),
    "(v - mean(v))/norm(p)": (
        "",
        lambda v: (v - v.mean()) / np.sqrt((V["p"] ** 2).sum()),
    ),
}


@pytest.mark.parametrize("text", LINEAR)
def test_the_matrix_of_an_expression_has_its_values_at_the_unit_vectors_as_columns(text: str) -> None:
    form, oracle = LINEAR[text]
    matrix = matrix_of(read(text), Symbol("v"), shapes())
    expected = np.stack([oracle(unit) for unit in np.eye(3)], axis=-1)
    found = numbers(matrix, VALUES, GIVEN)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    if form:
        assert in_code(matrix) == form


def test_an_affine_expression_falls_into_its_matrix_and_the_rest() -> None:
    found = affine(read("2*X.T @ (X @ v - y)/n + 2*lam*v + w"), Symbol("v"), shapes())
    assert in_code(found.matrix) == "2/n*(X.T @ X) + 2*lam*eye(size=(3,))"
    assert in_code(found.rest) == "-2/n*(X.T @ y) + w"


def test_a_scalar_rest_is_repeated_to_the_shape_of_the_expression() -> None:
    found = affine(read("v - 1"), Symbol("v"), shapes())
    np.testing.assert_allclose(numbers(found.rest, VALUES, GIVEN), [-1, -1, -1])


def test_an_expression_without_the_symbol_has_no_matrix() -> None:
    found = affine(read("A @ p"), Symbol("v"), shapes())
    assert found.matrix == 0
    assert in_code(found.rest) == "A @ p"


def test_a_vector_that_is_linear_in_a_scalar_has_the_column_of_its_slopes() -> None:
    assert in_code(affine(read("lam*p + w"), Symbol("lam"), shapes()).matrix) == "p"
    assert in_code(affine(read("sum(lam*p) + 1"), Symbol("lam"), shapes()).matrix) == "sum(p, axis=0)"


def test_a_matrix_multiplied_from_the_left_has_a_matrix_too() -> None:
    known = Shapes({Symbol("X"): (4, 3), Symbol("W"): (3, 2), Symbol("Y"): (4, 2)})
    found = affine(parse_expression("X.T @ (X @ W - Y) + lam*W"), Symbol("W"), known)
    assert {in_code(term) for term in found.matrix.args} == {"X.T @ X", "lam*eye(size=(3,))"}
    assert in_code(found.rest) == "-X.T @ Y"


@pytest.mark.parametrize("text", ["v*v", "exp(v)", "1/v", "v @ v", "v**2", "(v @ p)*v", "A @ (v*v)", "p/v"])
def test_what_is_not_linear_is_refused_with_what_may_stand_there(text: str) -> None:
    with pytest.raises(LinearityError, match="is not linear in v") as refusal:
        affine(read(text), Symbol("v"), shapes())
    assert refusal.value.known
    assert refusal.value.fix


@pytest.mark.parametrize(
    "text", ["outer(v, p)", "(A*outer(v, w)) @ p", "where(p > 0, v, 0)", "trace(diag(v))"]
)
def test_what_no_rule_makes_a_matrix_of_is_not_called_non_linear(text: str) -> None:
    with pytest.raises(LinearityError, match="no rule writes"):
        affine(read(text), Symbol("v"), shapes())


def test_an_affine_expression_has_no_matrix_alone() -> None:
    with pytest.raises(LinearityError, match="at v = 0 it is not 0"):
        matrix_of(read("A @ v + p"), Symbol("v"), shapes())


PRODUCTS = {
    "diagonals are joined": ("diag(p)", "diag(w)", "diag(p*w)"),
    "a diagonal times a vector scales it": ("diag(p)", "w", "p*w"),
    "a diagonal scales an outer product": ("diag(p)", "outer(w, u)", "outer(p*w, u)"),
    "an outer product times a vector is a multiple": ("outer(p, w)", "v", "(w @ v)*p"),
    "two outer products make one": ("outer(u, w)", "outer(p, s)", "(p @ w)*outer(u, s)"),
    "a vector moves to the right": ("u", "B", "B.T @ u"),
    "scalars stand first": ("2*A", "lam*A", "2*lam*(A @ A)"),
    "diagonals are joined within products": ("B @ diag(p)", "diag(w) @ A", "B @ diag(p*w) @ A"),
    "the softmax's matrix times a diagonal": (
        "diag(p) - outer(p, p)",
        "diag(w)",
        "diag(p*w) - outer(p, p*w)",
    ),
}


@pytest.mark.parametrize("case", PRODUCTS)
def test_in_a_product(case: str) -> None:
    left, right, form = PRODUCTS[case]
    a, b = read(left), read(right)
    found = LinearMaps(shapes()).times(a, b)
    assert in_code(found) == form
    expected = numbers(a, VALUES, GIVEN) @ numbers(b, VALUES, GIVEN)
    np.testing.assert_allclose(numbers(found, VALUES, GIVEN), expected, rtol=1e-12)
