"""How operations on arrays are written: every spelling is the same operation, and what is none is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.errors import ExpressionError, Mistake
from symbackprop.graph import Graph
from symbackprop.language import parse_equations, parse_expression
from tests.array_oracle import Program, close

SHAPES: dict[str, tuple[int, ...]] = {"x": (2, 3), "y": (3, 2), "v": (3,), "A": (3, 3), "T": (2, 3, 4)}

SAME = [
    ("sum(x)", ["x.sum()", "np.sum(x)", "torch.sum(x)", "sum(x, axis=None)", "jnp.sum(x)"]),
    (
        "sum(x, axis=0)",
        ["x.sum(0)", "x.sum(axis=0)", "x.sum(dim=0)", "np.sum(x, 0)", "sum(x, axis=-2)", "sum(x, dim=(0,))"],
    ),
    (
        "mean(x, axis=1, keepdims=True)",
        ["x.mean(1, True)", "x.mean(dim=1, keepdim=True)", "mean(x, -1, keepdims=True)"],
    ),
    ("var(x, axis=1, ddof=1)", ["x.var(axis=1, ddof=1)", "torch.var(x, dim=1, correction=1)"]),
    ("std(x)", ["x.std()", "np.std(x, axis=(0, 1))"]),
    (
        "max(x, axis=1)",
        ["x.max(axis=1)", "np.max(x, axis=1)", "amax(x, axis=1)", "np.amax(x, 1)", "x.amax(dim=1)"],
    ),
    ("min(x)", ["x.min()", "amin(x)", "np.min(x)"]),
    ("max(x, 0)", ["maximum(x, 0)", "np.maximum(x, 0)"]),
    ("prod(v)", ["v.prod()", "torch.prod(v)"]),
    ("norm(x)", ["np.linalg.norm(x)", "torch.linalg.norm(x)", "x.norm()"]),
    ("softmax(x, axis=1)", ["softmax(x)", "x.softmax(dim=1)", "torch.softmax(x, dim=-1)", "x.softmax(-1)"]),
    ("logsumexp(x, axis=1)", ["torch.logsumexp(x, dim=1)", "x.logsumexp(dim=1)"]),
    ("x @ y", ["matmul(x, y)", "np.matmul(x, y)", "dot(x, y)", "x.dot(y)", "torch.mm(x, y)", "x.matmul(y)"]),
    ("v @ v", ["dot(v, v)", "np.dot(v, v)", "v.dot(v)"]),
    (
        "x.T",
        [
            "transpose(x)",
            "np.transpose(x)",
            "x.transpose()",
            "x.mT",
            "x.transpose(1, 0)",
            "x.transpose((1, 0))",
        ],
    ),
    (
        "T.mT",
        [
            "transpose(T, (0, 2, 1))",
            "T.transpose(0, 2, 1)",
            "np.transpose(T, axes=(0, 2, 1))",
            "T.transpose(0, -1, -2)",
        ],
    ),
    ("T.T", ["transpose(T)", "transpose(T, (2, 1, 0))", "transpose(T, axes=None)"]),
    (
        "reshape(x, (3, 2))",
        [
            "x.reshape(3, 2)",
            "x.reshape((3, 2))",
            "x.view(3, -1)",
            "np.reshape(x, (-1, 2))",
            "reshape(x, shape=[3, 2])",
        ],
    ),
    (
        "reshape(x, (6,))",
        [
            "x.reshape(6)",
            "x.reshape(-1)",
            "x.view(-1)",
            "x.reshape(x.size)",
            "x.reshape(x.shape[0]*x.shape[1])",
        ],
    ),
    ("trace(A)", ["tr(A)", "A.trace()", "np.trace(A)"]),
    ("det(A)", ["np.linalg.det(A)", "A.det()"]),
    ("inv(A)", ["np.linalg.inv(A)", "torch.linalg.inv(A)", "A.inv()"]),
    (
        "concatenate([x, x], axis=0)",
        [
            "concatenate([x, x])",
            "torch.cat([x, x], dim=0)",
            "cat((x, x))",
            "np.concatenate((x, x), 0)",
            "concat([x, x])",
        ],
    ),
    ("stack([x, x], axis=-1)", ["np.stack([x, x], axis=2)", "torch.stack((x, x), dim=-1)"]),
    (
        "x + ones((2, 3))",
        [
            "x + np.ones((2, 3))",
            "x + ones(2, 3)",
            "x + torch.ones(2, 3)",
            "x + ones(x.shape[0], 3)",
            "x + ones([2, 3])",
        ],
    ),
    ("A + eye(3)", ["A + np.eye(3)", "A + eye((3))", "A + torch.eye(A.shape[0])"]),
    ("x[0]", ["x[0, :]", "x[0, ...]", "x[-2]", "x[0, 0:3]", "x[0, ::1]"]),
    ("x[:, 1:]", ["x[..., 1:]", "x[:, 1:3]", "x[:, -2:]", "x[0:2, 1:10]", "x[:, 1::1]"]),
    ("x[:, ::-1]", ["x[..., ::-1]", "x[:, 2::-1]", "x[:, -1::-1]"]),
    ("v[2:0:-1]", ["v[-1:0:-1]", "v[:0:-1]"]),
    ("v[:, None]", ["v[..., None]", "v[:, np.newaxis]", "v.reshape(3, 1)", "reshape(v, (-1, 1))"]),
    ("T[0, :, 1]", ["T[0][:, 1]", "T[0, ..., 1]", "T[-2, :, -3]"]),
    ("T[None, ..., None]", ["T.reshape(1, 2, 3, 4, 1)", "T[None, :, :, :, None]"]),
    ("exp(x)", ["x.exp()", "np.exp(x)", "torch.exp(x)"]),
    ("relu(x)", ["x.relu()", "torch.relu(x)", "maximum(x, 0)"]),
    ("layer_norm(x, v)", ["layer_norm(x, gamma=v)", "layer_norm(x, weight=v, eps=0.00001)"]),
    ("clip(x, -1, 1)", ["x.clip(-1, 1)", "np.clip(x, -1, 1)"]),
]


def run(text: str) -> Any:
    """The value, which is that of the oracle."""
    words = set(re.findall(r"(?<![.\w])\w+", text))
    used = {name: shape for name, shape in SHAPES.items() if name in words}
    graph = Graph.from_equations(f"out = {text}; L = sum(out)", shapes=used)
    dice = np.random.default_rng(0)
    values = {name: dice.normal(size=shape) for name, shape in SHAPES.items()}
    given = {name: values[name] for name in used}
    result = sb.compile(sb.backprop(graph))(given).values["out"]
    assert close(result, Program(f"out = {text}").value(given).real), text
    return result


@pytest.mark.parametrize(("first", "others"), SAME, ids=[first for first, _ in SAME])
def test_every_spelling_means_what_it_does_in_numpy(first: str, others: list[str]) -> None:
    """Functions, methods, prefixes, PyTorch's names of options: one value, that of NumPy."""
    expected = run(first)
    for other in others:
        assert close(run(other), expected), other


@pytest.mark.parametrize(
    ("text", "axis"), [("x.max(1)", 1), ("x.min(0)", 0), ("np.max(x, 1)", 1), ("torch.amax(x, 0)", 0)]
)
def test_an_axis_without_its_name_is_an_axis_in_a_method(text: str, axis: int) -> None:
    """x.max(1) is NumPy's: along axis 1; it is not max(x, 1) element by element, or it is refused."""
    x = np.array([[0.5, -2.0, 3.0], [0.1, 0.2, 0.3]])
    try:
        graph = Graph.from_equations(f"y = {text}; L = sum(y)", shapes={"x": (2, 3)})
    except Mistake:
        return
    function = np.min if "min" in text else np.max
    assert close(sb.compile(sb.backprop(graph))({"x": x}).values["y"], function(x, axis=axis))


@pytest.mark.parametrize("name", ["beta", "gamma", "lambda", "N", "E", "I", "S", "Q", "F"])
def test_names_of_one_letter_and_greek_names_are_arrays_too(name: str) -> None:
    """They have methods and axes as any other."""
    graph = Graph.from_equations(
        f"L = sum({name}.T @ {name}) + {name}[0, 1]", shapes={name: (2, 2)}, parameters=[name]
    )
    found = sb.compile(sb.backprop(graph))({name: np.eye(2)})
    assert found.values["L"] == 2.0
    assert np.allclose(found.gradients[name], [[2, 3], [2, 2]])


REFUSED = [
    ("sum(x, axis=k)", "axis of sum is not constant", 13),
    ("x[i]", "an index is not constant", 3),
    ("x[1.5]", "an index is not constant", 3),
    ("x[True]", "an index is not constant", 3),
    ("x[a:3]", "a slice is not constant", 3),
    ("x[::0]", "the step of a slice is 0", 3),
    ("x[..., ...]", "... stands once", 1),
    ("sum(x, keepdims=1)", "keepdims of sum is True or False", 17),
    ("sum(x, axes=1)", "sum has no option 'axes'", 13),
    ("sum(x, 0, axis=0)", "the option axis of sum is given twice", 16),
    ("sum(x, dim=0, axis=0)", "the option axis of sum is given twice", 20),
    ("sum()", "sum got 0 arguments", 1),
    ("sum(x, 0, True, 3)", "sum got 4 arguments", 1),
    ("det(x, y)", "det got 2 arguments", 1),
    ("sum(*x)", "sum takes its arguments one by one", 1),
    ("sum(x, **k)", "sum has no option", 10),
    ("reshape(x)", "reshape needs a shape", 1),
    ("concatenate(x)", "concatenate takes a list of arrays", 13),
    ("concatenate([])", "concatenate takes a list of arrays", 13),
    ("stack(x, y)", "stack takes a list of arrays", 7),
    ("x.shape", "unknown attribute .shape", 1),
    ("x.shape[i]", "the place in a shape is not constant", 9),
    ("x.sum", "unknown attribute .sum", 1),
    ("x.H", "unknown attribute .H", 1),
    ("x.foo()", "unknown function 'foo'", 1),
    ("np.foo(x)", "unknown function 'foo'", 1),
    ("f(x)(y)", "only the functions of the language can be called", 1),
    ("attention(Q, K)", "attention needs V", 1),
    ("attention(Q, K, V, W)", "attention got 4 arguments", 1),
    ("layer_norm(x, delta=1)", "layer_norm has no option 'delta'", 21),
    ("reshape(x, (1/2, 2))", "a size of reshape is a whole number", 13),
    ("x > 0", "a comparison stands only inside where", 1),
    ("[x, y]", "this is not part of the expression language", 1),
    ("x[y > 0]", "an index is not constant", 3),
    ("x if y else z", "this is not part of the expression language", 1),
    ("x // y", "this is not part of the expression language", 1),
]


@pytest.mark.parametrize(("text", "words", "column"), REFUSED)
def test_what_is_no_operation_is_refused_at_its_column(text: str, words: str, column: int) -> None:
    """The words, and a caret under the part that is meant."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    error = caught.value
    assert words in error.what
    place, shown, caret = error.where.splitlines()
    assert place == f"line 1, column {column}"
    assert shown == text
    assert caret == " " * (column - 1) + "^"


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("sum(x, axes=1)", "did you mean 'axis'?"),
        ("x.sum", "a method is called: .sum()"),
        ("softmx(x)", "did you mean 'softmax'?"),
        ("concatenate(x)", "write concatenate([x, y], axis=0)"),
        ("x[i]", "write the number itself"),
    ],
)
def test_a_refusal_says_the_likely_cure(text: str, fix: str) -> None:
    """As it would be typed."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert caught.value.fix == fix


def test_names_of_operations_are_no_names_of_arrays() -> None:
    """A name that is a word of the language is refused on the left and on the right."""
    for text in ("sum = x", "y = trace + 1", "conv1d = 2*x"):
        with pytest.raises(ExpressionError) as caught:
            parse_equations(text)
        assert "is a function of the language" in caught.value.what


def test_a_mistake_in_a_long_text_is_told_with_its_line() -> None:
    """Lines are counted through `;` and comments, columns through indentation and Greek letters."""
    with pytest.raises(ExpressionError) as caught:
        parse_equations("# a layer\nz = X @ W\n  α = z; L = sum(α, axis=k)")
    assert caught.value.where.splitlines()[0] == "line 3, column 26"
