"""Shapes: against NumPy's own for random operands, with symbolic sizes, and every refusal in words."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop import operations as op
from symbackprop.arrays.sizes import broadcast
from symbackprop.errors import GraphError, Mistake, ShapeError, ValuesError
from symbackprop.graph import Graph
from tests.array_oracle import Program
from tests.arrays.test_pullbacks import CASES, LAYERS, Draw, numbers

Shape = tuple[Any, ...]


def shape_of(text: str, shapes: Mapping[str, Shape]) -> Shape:
    """The shape that the package finds, its sizes as a user sees them."""
    graph = Graph.from_equations(f"out = {text}", shapes={name: one for name, one in shapes.items() if one})
    return tuple(size if isinstance(size, int) else str(size) for size in graph["out"].shape)


def refusal(text: str, shapes: Mapping[str, Shape], kind: type[Mistake] = ShapeError) -> Any:
    """What is said of arrays that do not fit."""
    with pytest.raises(kind) as caught:
        sb.backprop(Graph.from_equations(text, shapes=shapes))
    return caught.value


# ------------------------------------------------------------------------------- as NumPy has them


@pytest.mark.parametrize("name", sorted([*op.OPERATIONS, *op.COMPOSITES]))
def test_every_operation_has_the_shape_that_numpy_gives(name: str) -> None:
    """Random operands, axes and options; the value has the shape that was foretold."""

    @settings(max_examples=40)
    @given(st.integers(0, 10**6))
    def run(number: int) -> None:
        draw = Draw(random.Random(number))
        case = {**CASES, **LAYERS}[name](draw)
        values = {one: numbers(draw.dice, shape) for one, shape in case.shapes.items()}
        truth = Program(f"out = {case.text}").value(
            {k: v + 9 * _dominant(k, case, v) for k, v in values.items()}
        )
        assert shape_of(case.text, case.shapes) == truth.shape, case

    run()


def _dominant(name: str, case: Any, value: Any) -> Any:
    return np.eye(len(value)) if name in case.dominant else 0.0


SIDES = st.lists(st.integers(1, 3), max_size=4).map(tuple)


@settings(max_examples=300)
@given(st.lists(SIDES, min_size=1, max_size=4))
def test_broadcasting_is_that_of_numpy(shapes: list[Shape]) -> None:
    """The same shape, or neither fits."""
    try:
        truth: Shape | None = np.broadcast_shapes(*shapes)
    except ValueError:
        truth = None
    assert broadcast(shapes) == truth


@settings(max_examples=150)
@given(SIDES, SIDES)
def test_a_matrix_product_fits_where_it_does_in_numpy(first: Shape, second: Shape) -> None:
    """Vectors, matrices and batches; scalars are refused."""
    try:
        truth = np.matmul(np.ones(first), np.ones(second)).shape
    except ValueError:
        assert refusal("L = sum(x @ y)", {n: s for n, s in (("x", first), ("y", second)) if s}).what
    else:
        assert shape_of("x @ y", {"x": first, "y": second}) == truth


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X @ W + b", ("n", 4)),
        ("(X @ W).T", (4, "n")),
        ("sum(X, axis=0)", (3,)),
        ("mean(X, axis=1, keepdims=True)", ("n", 1)),
        ("X[1:]", ("n - 1", 3)),
        ("X[-1]", (3,)),
        ("X[:, None]", ("n", 1, 3)),
        ("concatenate([X, X], axis=0)", ("2*n", 3)),
        ("stack([X, X], axis=-1)", ("n", 3, 2)),
        ("X.reshape(-1)", ("3*n",)),
        ("reshape(X, (n*3,))", ("3*n",)),
        ("X @ X.T", ("n", "n")),
        ("outer(X[:, 0], b)", ("n", 4)),
        ("diag(X[:, 0])", ("n", "n")),
        ("eye(X.shape[0])", ("n", "n")),
        ("ones((n, 2)) @ ones((2, X.shape[1]))", ("n", 3)),
        ("conv1d(X[:, 0], ones(3), padding=1)", ("n",)),
        ("conv1d(X[:, 0], ones(3))", ("n - 2",)),
        ("X.size + b", (4,)),
    ],
)
def test_symbolic_sizes_stay_symbols(text: str, expected: Shape) -> None:
    """A size such as n is carried on, with what arithmetic it needs."""
    used = {name: shape for name, shape in {"X": ("n", 3), "W": (3, 4), "b": (4,)}.items() if name in text}
    assert shape_of(text, used) == expected


# ---------------------------------------------------------------------------- refusals: what and the cure


def test_a_matrix_product_that_does_not_fit_says_where_a_transpose_would() -> None:
    """Both operands, both shapes, and which transpose."""
    error = refusal("L = sum(A @ B)", {"A": (2, 3), "B": (4, 3)})
    assert "A @ B" in error.what
    assert "(2, 3)" in error.what
    assert "(4, 3)" in error.what
    assert "3 and 4" in error.known
    assert error.fix == "a transpose would fit: B.T has the shape (3, 4)"
    assert "line 1, column 9" in error.where
    assert refusal("L = sum(A @ B)", {"A": (3, 2), "B": (3, 4)}).fix.startswith("a transpose would fit: A.T")


def test_a_matrix_product_in_the_wrong_order_says_so() -> None:
    """Where only the other order fits."""
    error = refusal("L = sum(A @ v)", {"A": (4, 2, 3), "v": (4,)})
    assert "(4, 2, 3) @ (4,)" in error.what
    assert refusal("L = sum(A @ B)", {"A": (2, 3), "B": (5, 2)}).fix == "the other order would fit: B @ A"


def test_a_product_of_a_scalar_by_the_matrix_sign_asks_for_a_star() -> None:
    """As in NumPy, @ is not for scalars."""
    error = refusal("L = sum(c @ A)", {"A": (2, 2)})
    assert "c is a scalar" in error.what
    assert "*" in error.fix


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("A + B", "added"),
        ("A*B", "multiplied element by element"),
        ("A**B", "raised"),
        ("maximum(A, B)", "combined"),
    ],
)
def test_operands_that_do_not_broadcast_are_named_with_their_shapes(text: str, sign: str) -> None:
    """The operation, the operands, both shapes, and the transpose that would fit."""
    error = refusal(f"L = sum({text})", {"A": (2, 3), "B": (3, 2)})
    assert error.what == f"A and B cannot be {sign}: (2, 3) and (3, 2)"
    assert "a transpose would fit" in error.fix
    assert "line 1" in error.where


def test_a_vector_that_should_be_a_column_is_shown_as_one() -> None:
    """The fix can be typed as it stands."""
    error = refusal("L = sum(A*v)", {"A": (4, 3), "v": (4,)})
    assert error.fix == "a column would fit: v[:, None] has the shape (4, 1)"
    assert refusal("L = sum(v*A)", {"A": (4, 3), "v": (4,)}).fix == error.fix
    assert shape_of("A*v[:, None]", {"A": (4, 3), "v": (4,)}) == (4, 3)


def test_of_several_operands_the_two_that_do_not_fit_are_named() -> None:
    """The first two may fit each other."""
    error = refusal("L = sum(a + b + c)", {"a": (3, 1), "b": (1, 4), "c": (5, 4)})
    assert "c" in error.what
    assert "(5, 4)" in error.what


def test_a_symbolic_size_beside_a_number_suggests_the_number() -> None:
    """n and 3 are not the same size, whatever n will be."""
    error = refusal("L = sum(x + y)", {"x": ("n",), "y": (3,)})
    assert "n is meant to be 3" in error.fix


REFUSED: list[tuple[str, dict[str, Shape], str]] = [
    ("L = sum(x, axis=2)", {"x": (2, 3)}, "axis 2 is out of range"),
    ("L = sum(x, axis=-3)", {"x": (2, 3)}, "axis -3 is out of range"),
    ("L = sum(softmax(x, axis=1))", {"x": (3,)}, "axis 1 is out of range"),
    ("L = sum(c, axis=0)", {}, "axis 0 is out of range"),
    ("L = sum(x, axis=(0, 0))", {"x": (2, 3)}, "an axis is named twice"),
    ("L = sum(x, axis=(0, -2))", {"x": (2, 3)}, "an axis is named twice"),
    ("L = sum(reshape(x, (4, 2)))", {"x": (2, 3)}, "cannot be reshaped to (4, 2)"),
    ("L = sum(reshape(x, (4, -1)))", {"x": (2, 3)}, "cannot be reshaped"),
    ("L = sum(reshape(x, (-1, -1)))", {"x": (2, 3)}, "cannot be reshaped"),
    ("L = sum(reshape(x, (-2, -3)))", {"x": (2, 3)}, "cannot be reshaped"),
    ("L = sum(reshape(x, (-1, -1)))", {"x": (1,)}, "cannot be reshaped"),
    ("L = sum(reshape(x, (2, -1)))", {"x": ("n",)}, "cannot be reshaped"),
    ("L = sum(transpose(x, (0, 0)))", {"x": (2, 3)}, "no order of those of x"),
    ("L = sum(transpose(x, (-1, -1)))", {"x": (2, 3)}, "no order of those of x"),
    ("L = sum(transpose(x, (0,)))", {"x": (2, 3)}, "no order of those of x"),
    ("L = sum(x.mT)", {"x": (3,)}, ".mT needs a matrix"),
    ("L = x[3]", {"x": (3,)}, "index 3 is out of range"),
    ("L = x[-4]", {"x": (3,)}, "index -4 is out of range"),
    ("L = x[0, 0]", {"x": (3,)}, "x has 1 axes and 2 indices"),
    ("L = sum(x[2:2])", {"x": (3,)}, "is empty"),
    ("L = sum(x[3:1])", {"x": ("n",)}, "empty"),
    ("L = sum(x[::2])", {"x": ("n",)}, "a slice with a step needs a size in numbers"),
    ("L = trace(x)", {"x": (2, 3)}, "trace(x) needs a square matrix"),
    ("L = det(x)", {"x": (3,)}, "det(x) needs a square matrix"),
    ("L = logdet(x)", {"x": (2, 3)}, "logdet(x) needs a square matrix"),
    ("L = sum(inv(x))", {"x": (2, 3)}, "inv(x) needs a square matrix"),
    ("L = sum(diag(x))", {"x": (2, 3)}, "diag(x) needs a square matrix"),
    ("L = sum(diag(x))", {"x": (2, 2, 2)}, "diag takes a vector or a square matrix"),
    ("L = sum(outer(x, x))", {"x": (2, 2)}, "outer takes two vectors"),
    (
        "L = sum(concatenate([x, y]))",
        {"x": (2, 3), "y": (2, 2)},
        "x and y cannot be concatenated along axis 0",
    ),
    ("L = sum(concatenate([x, y], axis=1))", {"x": (2, 3), "y": (2,)}, "cannot be concatenated"),
    ("L = sum(stack([x, y]))", {"x": (2, 3), "y": (2, 2)}, "x and y cannot be stacked"),
    ("L = sum(stack([x, x], axis=4))", {"x": (2, 3)}, "axis 4 is out of range"),
    ("L = sum(var(x, ddof=3))", {"x": (3,)}, "ddof=3 divides by 0"),
    ("L = sum(std(x, axis=0, ddof=1))", {"x": (1, 3)}, "ddof=1 divides by 0"),
    ("L = sum(conv1d(x, w))", {"x": (2,), "w": (3,)}, "the kernel of 3 is larger than the input of 2"),
    ("L = sum(conv1d(x, w))", {"x": (2, 3, 5), "w": (4, 2, 3)}, "x has 3 channels and w takes 2"),
    ("L = sum(conv1d(x, w))", {"x": (5,), "w": (2, 2)}, "conv1d(x, w) does not fit"),
    ("L = sum(conv2d(x, w))", {"x": (5,), "w": (2, 2)}, "conv2d(x, w) does not fit"),
    ("L = sum(conv1d(x, w, stride=0))", {"x": (5,), "w": (2,)}, "a stride is at least 1"),
    ("L = sum(conv1d(x, w, padding=-1))", {"x": (5,), "w": (2,)}, "a padding at least 0"),
    ("L = sum(conv1d(x, w, stride=(1, 2)))", {"x": (5,), "w": (2,)}, "stride"),
    ("L = sum(conv1d(x, w, stride=2))", {"x": ("n",), "w": (2,)}, "a stride of 2 needs sizes in numbers"),
    ("L = x.shape[2]*sum(x)", {"x": (2, 3)}, "axis 2 is out of range"),
]


@pytest.mark.parametrize(("text", "shapes", "words"), REFUSED)
def test_what_does_not_fit_is_refused_in_words(text: str, shapes: dict[str, Shape], words: str) -> None:
    """What is wrong, with the numbers or the cure, and the place in the text."""
    error = refusal(text, shapes)
    assert words in error.what.replace(", stride=1, padding=0", "").replace(", stride=(1,), padding=(0,)", "")
    assert error.known or error.fix or any(character.isdigit() for character in error.what)
    assert "line 1, column" in error.where
    assert "^" in error.where


@pytest.mark.parametrize(
    "text",
    [
        "L = sum(concatenate([x, x], axis=None))",
        "L = sum(stack([x, x], axis=None))",
        "L = sum(softmax(x, axis=None))",
        "L = sum(softmax(x, axis=(0, 1)))",
        "L = sum(log_softmax(x, axis=(0, 1)))",
        "L = sum(concatenate([x, x], axis=(0, 1)))",
        "L = sum(x*ones(0))",
        "L = sum(zeros((0, 3)) + x)",
        "L = sum(ones((2, -3)))*x[0, 0]",
        "L = sum(ones(x))",
        "L = sum(sum(x, axis=()))",
        "L = sum(x, axis=0, ddof=1)",
        "L = sum(eye(0)) + x[0, 0]",
        "L = sum(eye((2, 2, 2))) + x[0, 0]",
    ],
)
def test_options_that_mean_nothing_are_refused_and_never_crash(text: str) -> None:
    """One axis where one is meant, no empty axes, whole numbers as sizes: told in words, no traceback."""
    refusal(text, {"x": (2, 3)}, Mistake)


def test_a_rectangular_identity_is_numpys_or_refused() -> None:
    """eye(3, 4) is no square matrix."""
    try:
        shape = shape_of("eye(3, 4)*x", {"x": (4,)})
    except Mistake:
        assert "eye" in refusal("L = sum(eye(3, 4))*x", {}, Mistake).what
    else:
        assert shape == (3, 4)
        graph = Graph.from_equations("L = sum(eye(3, 4)*x)", shapes={"x": (4,)})
        assert sb.compile(sb.backprop(graph))({"x": [1.0, 2, 3, 4]}).values["L"] == 6.0


@pytest.mark.parametrize("shape", [(0,), (3, 0), ("n", 0), (-1,)])
def test_an_empty_axis_is_refused(shape: Shape) -> None:
    """A shape that holds no entry has no derivative worth a line."""
    error = refusal("L = sum(x)", {"x": shape}, GraphError)
    assert "empty axis" in error.what
    assert "at least 1" in error.fix


def test_a_shape_for_a_name_that_is_not_used_or_is_computed_is_refused() -> None:
    """With the name that was meant."""
    error = refusal("L = sum(weights)", {"weihgts": (2,)}, GraphError)
    assert "weihgts" in error.what
    assert error.fix == "did you mean 'weights'?"
    assert (
        "computed by an equation" in refusal("y = 2*x; L = sum(y)", {"x": (2,), "y": (2,)}, GraphError).what
    )


@pytest.mark.parametrize("shapes", [{"x": (3,)}, {"x": (2, 3)}, {"x": ("n", 1)}])
def test_an_output_that_is_no_scalar_says_how_to_reduce_it(shapes: dict[str, Shape]) -> None:
    """sum, mean, or one entry."""
    error = refusal("y = 2*x", shapes)
    assert "y is not a scalar" in error.what
    for cure in ("sum(y)", "mean(y)", "one entry"):
        assert cure in error.fix


def test_a_mistake_in_a_later_line_is_told_with_its_line() -> None:
    """And with the column of the operation, not of the equation."""
    error = refusal("Z = X @ W\nL = sum(Z + X @ X)", {"X": (4, 3), "W": (3, 2)})
    assert error.where.splitlines()[0] == "line 2, column 13"


# -------------------------------------------------------------------------------- values that do not fit


def _compiled(text: str, shapes: dict[str, Shape]) -> Any:
    return sb.compile(sb.backprop(Graph.from_equations(text, shapes=shapes)))


@pytest.mark.parametrize(
    "given", [[1.0, 2.0], [[1.0, 2.0]], 3.0, [[1.0], [2.0], [3.0]], "x", [[1.0], [2.0, 3.0]]]
)
def test_a_value_of_another_shape_is_refused(given: Any) -> None:
    """The shape that was given and the one that is expected."""
    run = _compiled("L = sum(x @ A)", {"x": (3,), "A": (3, 3)})
    with pytest.raises(ValuesError) as caught:
        run({"x": given, "A": np.eye(3)})
    assert "x" in caught.value.what


def test_values_that_disagree_on_a_symbolic_size_are_refused() -> None:
    """n is one number."""
    run = _compiled("L = sum(x*y)", {"x": ("n",), "y": ("n",)})
    with pytest.raises(ValuesError) as caught:
        run({"x": np.ones(3), "y": np.ones(4)})
    assert "(n,)" in caught.value.what
    assert "n = " in caught.value.known


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("L = mean(x[:5]**2)", 4),
        ("L = x[5]*x[0]", 4),
        ("L = sum(x[3:]**2)", 2),
        ("L = sum(var(x, ddof=1))", 1),
    ],
)
def test_a_symbolic_size_that_turns_out_too_small_is_refused_in_words(text: str, size: int) -> None:
    """What was promised of n does not hold of the values: no traceback of NumPy."""
    run = _compiled(text, {"x": ("n",)})
    with pytest.raises(Mistake):
        run({"x": np.arange(1.0, size + 1)})
