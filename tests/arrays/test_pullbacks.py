"""Every pull-back rule against the complex step, over random shapes; and what SymPy itself gets wrong."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Add, Determinant, Expr, Identity, MatrixSymbol, Mul, Pow, Symbol, Trace, Tuple
from sympy import log as sympy_log

import symbackprop as sb
from symbackprop import operations as op
from symbackprop.arrays.rules import RULES
from symbackprop.conventions import Conventions
from symbackprop.errors import ValuesError
from symbackprop.functions import BY_HEAD, FUNCTIONS
from symbackprop.graph import Graph
from tests.array_oracle import NAMESPACE, Program, Values, close, plain, wrapped

Shape = tuple[Any, ...]

# ------------------------------------------------------------------------------ asking the package


def derived(text: str, values: Values, shapes: Mapping[str, Shape], **conventions: Any) -> Any:
    """The values and gradients that the package finds, all given arrays being parameters."""
    graph = Graph.from_equations(text, shapes={n: s for n, s in shapes.items() if s}, parameters=[*shapes])
    return sb.compile(sb.backprop(graph, conventions=Conventions(**conventions)))(values)


def agree(text: str, values: Values, shapes: Mapping[str, Shape] | None = None, **sizes: int) -> None:
    """L and every gradient equal the oracle's, to nine digits of the largest entry."""
    found = derived(text, values, shapes or {name: np.shape(one) for name, one in values.items()})
    truth = Program(text)
    everything = {**values, **sizes}
    assert close(found.values[truth.output], truth.value(everything).real), text
    for name, right in truth.gradients(everything, [*values]).items():
        wrong = f"{text}\n∂L/∂{name} is\n{right}\nand not\n{found.gradients[name]}"
        assert close(found.gradients[name], right), wrong


def gradient(text: str, values: Values, name: str, **conventions: Any) -> Any:
    """One gradient that the package finds."""
    shapes = {name: np.shape(one) for name, one in values.items()}
    return derived(text, values, shapes, **conventions).gradients[name]


def numbers(dice: random.Random, shape: Sequence[int], kind: str = "any") -> Any:
    """Random entries, no two close to each other: away from ties, from 0, and from 3 and -3."""
    count = int(np.prod(shape))
    places = np.array(dice.sample(range(1, 400), count), dtype=float) / 130 + 0.05
    places = np.where(np.abs(places - 3) < 0.01, 2.95, places)
    signs = np.array([dice.choice([-1, 1]) for _ in range(count)])
    entries = places if kind == "positive" else places * signs
    return entries.reshape(tuple(shape))


SIZES = st.integers(1, 3)
SEEDS = st.integers(0, 10**6)
SHAPES = st.lists(SIZES, min_size=0, max_size=3).map(tuple)

# ----------------------------------------------------------------------------- one case an operation


@dataclass(frozen=True)
class Case:
    """How an operation is tried.

    Attributes:
        text: its call.
        shapes: of its arrays, drawn.
        positive: arrays of positive entries.
        dominant: arrays that get a diagonal which keeps them regular.
    """

    text: str
    shapes: Mapping[str, Shape]
    positive: tuple[str, ...] = ()
    dominant: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draw:
    """Draws sizes, axes and flags."""

    dice: random.Random = field(default_factory=random.Random)

    def shape(self, least: int = 0, most: int = 3) -> Shape:
        return tuple(self.dice.randint(1, 3) for _ in range(self.dice.randint(least, most)))

    def axis(self, shape: Shape) -> int:
        return self.dice.randrange(-len(shape), len(shape))

    def axes(self, shape: Shape) -> str:
        """An axis, several, or none named; kept or not."""
        options = []
        if shape and self.dice.random() < 0.75:
            several = tuple(self.dice.sample(range(len(shape)), self.dice.randint(1, len(shape))))
            options.append(f", axis={several if self.dice.random() < 0.4 else self.axis(shape)}")
        if self.dice.random() < 0.5:
            options.append(", keepdims=True")
        return "".join(options)

    def thinned(self, shape: Shape) -> Shape:
        """A shape that broadcasts to this one."""
        some = tuple(1 if self.dice.random() < 0.3 else size for size in shape)
        return some[self.dice.randint(0, len(some)) :]


def _reduction(name: str) -> Callable[[Draw], Case]:
    def case(draw: Draw) -> Case:
        shape = draw.shape()
        return Case(f"{name}(x{draw.axes(shape)})", {"x": shape})

    return case


def _deviation(name: str) -> Callable[[Draw], Case]:
    def case(draw: Draw) -> Case:
        shape = tuple(size + 1 for size in draw.shape(1))
        return Case(f"{name}(x{draw.axes(shape)}, ddof={draw.dice.choice([0, 1])})", {"x": shape})

    return case


def _along(name: str) -> Callable[[Draw], Case]:
    def case(draw: Draw) -> Case:
        shape = draw.shape(1)
        return Case(f"{name}(z, axis={draw.axis(shape)})", {"z": shape})

    return case


def _of_square(name: str) -> Callable[[Draw], Case]:
    def case(draw: Draw) -> Case:
        size = draw.dice.randint(1, 3)
        return Case(f"{name}(A)", {"A": (size, size)}, dominant=("A",))

    return case


def _product(written: str) -> Callable[[Draw], Case]:
    def case(draw: Draw) -> Case:
        n, k, m, b = (draw.dice.randint(1, 3) for _ in range(4))
        left: Shape = draw.dice.choice([(k,), (n, k), (b, n, k), (1, n, k)])
        right: Shape = draw.dice.choice([(k,), (k, m), (b, k, m), (1, k, m)])
        return Case(written, {"x": left, "y": right})

    return case


def _outer(draw: Draw) -> Case:
    return Case("outer(x, y)", {"x": draw.shape(1, 1), "y": draw.shape(1, 1)})


def _diag(draw: Draw) -> Case:
    size = draw.dice.randint(1, 3)
    return Case("diag(x)", {"x": draw.dice.choice([(size,), (size, size)])})


def _transpose(draw: Draw) -> Case:
    shape = draw.shape(0)
    order = tuple(draw.dice.sample(range(len(shape)), len(shape)))
    return Case(
        draw.dice.choice(["transpose(A)", f"transpose(A, {order})" if shape else "A.T"]), {"A": shape}
    )


def _reshape(draw: Draw) -> Case:
    shape = draw.shape(1)
    count = int(np.prod(shape))
    first = draw.dice.choice([one for one in range(1, count + 1) if count % one == 0])
    return Case(
        f"reshape(x, {draw.dice.choice([(first, -1), (-1,), (count // first, 1, first)])})", {"x": shape}
    )


def _concatenate(draw: Draw) -> Case:
    shape = draw.shape(1)
    axis = draw.axis(shape)
    other = list(shape)
    other[axis] = draw.dice.randint(1, 3)
    return Case(f"concatenate([x, y, x], axis={axis})", {"x": shape, "y": tuple(other)})


def _stack(draw: Draw) -> Case:
    shape = draw.shape(0)
    axis = draw.dice.randrange(-len(shape) - 1, len(shape) + 1)
    return Case(f"stack([x, y, x], axis={axis})", {"x": shape, "y": shape})


def _convolution(dims: int) -> Callable[[Draw], Case]:
    def case(draw: Draw) -> Case:
        kernel = tuple(draw.dice.randint(1, 3) for _ in range(dims))
        image = tuple(size + draw.dice.randint(0, 3) for size in kernel)
        channels, outputs = draw.dice.randint(1, 2), draw.dice.randint(1, 2)
        batch: Shape = draw.dice.choice([(), (1,), (2,)])
        shapes: Mapping[str, Shape] = {"x": (*batch, channels, *image), "w": (outputs, channels, *kernel)}
        if draw.dice.random() < 0.3:
            shapes = {"x": image, "w": kernel}
        stride: Any = tuple(draw.dice.randint(1, 2) for _ in range(dims))
        padding: Any = tuple(draw.dice.randint(0, 2) for _ in range(dims))
        if draw.dice.random() < 0.5:
            stride, padding = stride[0], padding[0]
        return Case(f"conv{dims}d(x, w, stride={stride}, padding={padding})", shapes)

    return case


CASES: Mapping[str, Callable[[Draw], Case]] = {
    **{name: _reduction(name) for name in ("sum", "mean", "prod", "max", "min", "norm", "logsumexp")},
    **{name: _deviation(name) for name in ("var", "std")},
    **{name: _along(name) for name in ("softmax", "log_softmax")},
    **{name: _of_square(name) for name in ("trace", "det", "logdet", "inv")},
    "dot": _product("dot(x, y)"),
    "matmul": _product("x @ y"),
    "outer": _outer,
    "diag": _diag,
    "transpose": _transpose,
    "reshape": _reshape,
    "concatenate": _concatenate,
    "stack": _stack,
    "ones": lambda draw: Case("x*ones((2, 3))", {"x": (3,)}),
    "zeros": lambda draw: Case("x + zeros((2, 3))", {"x": (3,)}),
    "eye": lambda draw: Case("x*eye(3) + eye(3)", {"x": draw.dice.choice([(3,), (3, 3), (3, 1)])}),
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
}


def weighed(case: Case, draw: Draw) -> tuple[str, dict[str, Any]]:
    """The program L = sum(call ∘ C), with C smaller than the value at times, and its values."""
    values = {
        n: numbers(draw.dice, s, "positive" if n in case.positive else "any") for n, s in case.shapes.items()
    }
    for name in case.dominant:
        values[name] = values[name] + 7 * np.eye(len(values[name]))
    shape = np.shape(Program(f"L = {case.text}").value(values))
    small = draw.thinned(shape)
    values["C"] = numbers(draw.dice, small) / 3
    inner = draw.dice.choice(["{0}*C", "({0} + C)**2", "tanh({0}/9)*C", "{0} + C"])
    return f"L = sum({inner.format(case.text)})", values


@pytest.mark.parametrize("name", sorted(op.OPERATIONS))
def test_every_operation_has_the_gradients_of_the_complex_step(name: str) -> None:
    """Random shapes, axes and options; the operation is weighed by an array that may be smaller."""

    @settings(max_examples=60)
    @given(SEEDS)
    def run(number: int) -> None:
        draw = Draw(random.Random(number))
        agree(*weighed(CASES[name](draw), draw))

    run()


def test_every_operation_of_the_language_has_a_case() -> None:
    """A new operation is tried by these tests, or they fail."""
    assert CASES.keys() == op.OPERATIONS.keys()


@settings(max_examples=60)
@given(SEEDS)
def test_an_item_of_an_array_has_the_gradients_of_the_complex_step(number: int) -> None:
    """Indices, slices with steps, new axes, and the dots."""
    draw = Draw(random.Random(number))
    shape = draw.shape(1)
    parts = []
    for size in shape[: draw.dice.randint(1, len(shape))]:
        index = draw.dice.randrange(-size, size)
        parts += [draw.dice.choice([str(index), ":", "::-1", "::2", f"{index % size}:", "None, :", "..., :"])]
    while sum("..." in part for part in parts) > 1:
        parts[next(place for place, part in enumerate(parts) if "..." in part)] = ":"
    agree(*weighed(Case(f"x[{', '.join(parts)}]", {"x": shape}), draw))


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "**"])
def test_arithmetic_sums_over_what_was_broadcast(operator: str) -> None:
    """Both operands may be the smaller one, of any rank, with sizes of 1."""

    @settings(max_examples=60)
    @given(SEEDS)
    def run(number: int) -> None:
        draw = Draw(random.Random(number))
        full = draw.shape(1)
        shapes = {"x": draw.thinned(full), "y": draw.thinned(full), "z": draw.thinned(full)}
        agree(*weighed(Case(f"(x {operator} y)*z", shapes, ("x", "y")), draw))

    run()


# ------------------------------------------------------------------------------------ composites


def _normalised(name: str) -> Callable[[Draw], Case]:
    def case(draw: Draw) -> Case:
        shape = tuple(size + 1 for size in draw.shape(1))
        more = draw.dice.choice(["", ", g", ", g, b", ", beta=b", ", gamma=g, epsilon=0.1"])
        shapes = {"x": shape} | {
            one: shape[-1:] for one in "gb" if one in more.replace("gamma", "").replace("beta", "")
        }
        return Case(f"{name}(x{more})", shapes)

    return case


def _attention(draw: Draw) -> Case:
    n, m, d, v = (draw.dice.randint(1, 3) for _ in range(4))
    lead: Shape = draw.dice.choice([(), (2,), (1,)])
    return Case("attention(Q, K, V)", {"Q": (*lead, n, d), "K": (*lead, m, d), "V": (*lead, m, v)})


def _cell(name: str, gates: int, states: int) -> Callable[[Draw], Case]:
    def case(draw: Draw) -> Case:
        b, d, h = (draw.dice.randint(1, 3) for _ in range(3))
        shapes: dict[str, Shape] = {"x": (b, d)}
        shapes |= {f"h_{place}": (b, h) for place in range(states)}
        for place in range(gates):
            shapes |= {f"W_{place}": (d, h), f"U_{place}": (h, h), f"b_{place}": (h,)}
        return Case(f"{name}({', '.join(shapes)})", shapes)

    return case


LAYERS: Mapping[str, Callable[[Draw], Case]] = {
    "layer_norm": _normalised("layer_norm"),
    "batch_norm": _normalised("batch_norm"),
    "attention": _attention,
    "rnn_cell": _cell("rnn_cell", 1, 1),
    "gru_cell": _cell("gru_cell", 3, 1),
    "lstm_cell": _cell("lstm_cell", 4, 2),
}


@pytest.mark.parametrize("name", sorted(op.COMPOSITES))
def test_every_composite_has_the_gradients_of_the_complex_step(name: str) -> None:
    """Their formulas are written again in the oracle; inputs are nodes at times, for the shorter forms."""

    @settings(max_examples=25)
    @given(SEEDS)
    def run(number: int) -> None:
        draw = Draw(random.Random(number))
        case = LAYERS[name](draw)
        text, values = weighed(case, draw)
        agree(text, values)
        first = next(iter(case.shapes))
        inner = f"{name}({first}"
        agree(f"A_1 = tanh({first})\n{text.replace(inner, f'{name}(A_1')}", values)

    run()


def test_every_composite_has_a_case() -> None:
    """A new layer is tried by these tests, or they fail."""
    assert LAYERS.keys() == op.COMPOSITES.keys()


# -------------------------------------------------------------------------- element-wise functions

POSITIVE = {"log", "log1p", "sqrt", "xlogx"}


def _call(name: str) -> str:
    """The function at x, and at y and z where it takes more."""
    entry = FUNCTIONS[name]
    if name == "round":
        return "round(x, 1)"
    if name == "indicator":
        return "indicator(x > y)"
    if name == "where":
        return "where(x > y, y, z)"
    return f"{name}({', '.join('xyz'[: len(entry.arguments)])})"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_acts_on_arrays_element_by_element(name: str) -> None:
    """Its arguments broadcast, and each gets the shape of its own back."""

    @settings(max_examples=20)
    @given(SEEDS)
    def run(number: int) -> None:
        draw = Draw(random.Random(number))
        full = draw.shape(0)
        call = _call(name)
        used = [one for one in "xyz" if one in call.replace(name, "")]
        shapes = {one: full if one == "x" else draw.thinned(full) for one in used}
        positive = ("x",) if name in POSITIVE else ()
        text, values = weighed(Case(call, shapes, positive), draw)
        if name in ("maximum", "minimum", "where", "indicator"):
            values["x"] = values["x"] + 0.001
        if name == "clip":
            values["y"], values["z"] = -np.abs(values["y"]) / 2, np.abs(values["z"]) / 2
        agree(text, values)

    run()


# ---------------------------------------------------------------------------------- symbolic sizes

SYMBOLIC = [
    ("L = mean((X @ w + b - y)**2)", {"X": ("n", "d"), "w": ("d",), "b": (), "y": ("n",)}),
    ("L = sum(var(X, axis=0, ddof=1)) + sum(std(X, axis=1))", {"X": ("n", "d")}),
    ("L = sum(X)/n + sum(X[-1]) + sum(X[1:]**2) + sum(X[:, None]**2)", {"X": ("n", "d")}),
    ("L = sum(concatenate([X, Y], axis=0)**2) + sum(stack([X, X])**3)", {"X": ("n", "d"), "Y": ("m", "d")}),
    ("L = sum(reshape(X, (n*d,))**2) + sum(X.reshape(-1, 1)**3)", {"X": ("n", "d")}),
    ("L = sum((X + ones((n, d)) + eye(n) @ X)**2)", {"X": ("n", "d")}),
    ("L = sum(layer_norm(X, g)*C)", {"X": ("n", "d"), "g": ("d",), "C": ("n", "d")}),
    ("L = sum(batch_norm(X, g)*C)", {"X": ("n", "d"), "g": ("d",), "C": ("n", "d")}),
    ("L = sum(attention(X, Y, Y)**2)", {"X": ("n", "d"), "Y": ("m", "d")}),
    ("L = sum(conv1d(x, w, padding=1)**2)", {"x": ("n",), "w": (2,)}),
    ("L = sum((X.T @ X)**2) + trace(X @ X.T)", {"X": ("n", "d")}),
    ("L = X.size*mean(X**2) + X.shape[0]*sum(X)", {"X": ("n", "d")}),
]


@pytest.mark.parametrize(("text", "shapes"), SYMBOLIC)
def test_symbolic_sizes_take_the_sizes_of_the_values(text: str, shapes: dict[str, Shape]) -> None:
    """One derivation for all n, m and d."""
    dice = random.Random(text)
    for n, m, d in ((4, 2, 3), (2, 5, 2), (3, 3, 3)):
        sizes = {"n": n, "m": m, "d": d}
        values = {
            name: numbers(dice, [sizes[s] if isinstance(s, str) else s for s in shape])
            for name, shape in shapes.items()
        }
        agree(text, values, shapes, **sizes)


# ------------------------------------------------------------------------ internal heads, second order

Arrays = Mapping[str, Any]


def _placed(g: Any, where: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    result = np.zeros(shape, dtype=np.complex128)
    result[where] = plain(g)
    return wrapped(result)


def _entries(value: Any, at: Any) -> Any:
    return wrapped(plain(value)[at])


X, Y, G, W = map(Symbol, ("x", "y", "g", "w"))
_WHERE = Tuple(Tuple(1, 3, 1), Tuple(0, 4, 2))
_IN_NUMPY = (slice(1, 3, 1), slice(0, 4, 2))


def _strided(dims: int, outputs: bool) -> tuple[Expr, Expr]:
    """The adjoints of a convolution with stride 2 and padding 1, in its input and in its kernel."""
    stride, padding = (2,) * dims, (1,) * dims
    signal, kernel = (2, 2, *(5,) * dims), (3, 2, *(3,) * dims)
    if outputs:
        return op.of(op.conv_input, G, W, stride, padding, signal), G
    return op.of(op.conv_kernel, G, X, stride, padding, kernel), G


def _adjoint(dims: int, of_input: bool) -> Callable[..., Any]:
    """The adjoint as it is defined: <ȳ, conv(e, w)> for every unit array e."""
    convolve = NAMESPACE[f"conv{dims}d"]

    def apply(g: Any, other: Any) -> Any:
        shape = (2, 2, *(5,) * dims) if of_input else (3, 2, *(3,) * dims)
        result = np.zeros(shape, dtype=np.complex128)
        for place in np.ndindex(*shape):
            unit = np.zeros(shape)
            unit[place] = 1.0
            y = convolve(unit, other, 2, 1) if of_input else convolve(other, unit, 2, 1)
            result[place] = np.sum(plain(g) * plain(y))
        return wrapped(result)

    return apply


@dataclass(frozen=True)
class Internal:
    """An expression with a head that has no word in the language, and the same in NumPy."""

    expression: Expr
    shapes: Mapping[str, Shape]
    meaning: Callable[..., Any]


INTERNAL: Mapping[str, Internal] = {
    "item": Internal(op.of(op.item, X, _WHERE), {"x": (4, 4)}, lambda x: _entries(x, _IN_NUMPY)),
    "placed": Internal(
        op.of(op.placed, G, _WHERE, (4, 4)), {"g": (2, 2)}, lambda g: _placed(g, _IN_NUMPY, (4, 4))
    ),
    "spread": Internal(
        op.of(op.spread, X, (2, 3, 4)), {"x": (3, 1)}, lambda x: wrapped(np.broadcast_to(plain(x), (2, 3, 4)))
    ),
    "diagonal": Internal(op.of(op.diagonal, X), {"x": (3, 3)}, lambda x: wrapped(np.diag(plain(x)))),
    "length": Internal(Mul(op.of(op.length, X, 0), X, evaluate=False), {"x": (3,)}, lambda x: 3 * x),
    "extreme": Internal(
        Mul(op.of(op.extreme, X, (1,), 1, 0), Y, evaluate=False),
        {"x": (2, 3), "y": (2, 3)},
        lambda x, y: y * (plain(x).real == plain(x).real.max(axis=1, keepdims=True)),
    ),
    "conv_input": Internal(_strided(1, True)[0], {"g": (2, 3, 3), "w": (3, 2, 3)}, _adjoint(1, True)),
    "conv_kernel": Internal(_strided(1, False)[0], {"g": (2, 3, 3), "x": (2, 2, 5)}, _adjoint(1, False)),
    "conv_input in the plane": Internal(
        _strided(2, True)[0], {"g": (2, 3, 3, 3), "w": (3, 2, 3, 3)}, _adjoint(2, True)
    ),
    "conv_kernel in the plane": Internal(
        _strided(2, False)[0], {"g": (2, 3, 3, 3), "x": (2, 2, 5, 5)}, _adjoint(2, False)
    ),
}


@pytest.mark.parametrize("name", sorted(INTERNAL))
def test_adjoints_can_be_differentiated_again(name: str) -> None:
    """A head that only rules make has a rule of its own: the second order."""
    case = INTERNAL[name]
    graph = Graph.from_expressions(
        {"v": case.expression, "L": op.of(op.total, Pow(Symbol("v"), 2, evaluate=False), (), 0)},
        parameters=[*case.shapes],
        shapes=case.shapes,
    )
    dice = random.Random(name)
    values = {one: numbers(dice, shape) for one, shape in case.shapes.items()}
    found = sb.compile(sb.backprop(graph))(values)
    truth = Program(f"v = meaning({', '.join(case.shapes)})\nL = sum(v**2)", {"meaning": case.meaning})
    assert close(found.values["L"], truth.value(values).real)
    for one, right in truth.gradients(values, [*values]).items():
        assert close(found.gradients[one], right), (name, one)


def test_no_rule_is_without_a_case() -> None:
    """A new rule is tried by these tests, or they fail."""
    tried = {Add, Mul, Pow, op.matmul, op.transpose, op.reshape, op.item}
    tried |= {op.OPERATIONS[name].head for name in CASES}
    tried |= {getattr(op, name.split()[0]) for name in INTERNAL}
    assert set(RULES) - tried == set()


def test_no_operation_is_without_a_rule() -> None:
    """Every head but those of composites, which are programs, can be differentiated."""
    heads = {one for one in vars(op).values() if isinstance(one, type) and issubclass(one, op.Operation)}
    unruled = heads - {op.Operation, *op.COMPOSITE_HEADS.values()} - RULES.keys() - BY_HEAD.keys()
    assert unruled <= {op.others}


# ------------------------------------------------------------------------------------ kinks and ties

TIED = np.array([[2.0, 5.0, 5.0], [1.0, 1.0, 1.0], [3.0, -1.0, 0.0]])


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        ("none", [[0, 0, 0], [0, 0, 0], [1, 0, 0]]),
        ("first", [[0, 1, 0], [1, 0, 0], [1, 0, 0]]),
        ("split", [[0, 1 / 2, 1 / 2], [1 / 3, 1 / 3, 1 / 3], [1, 0, 0]]),
    ],
)
@pytest.mark.parametrize("sign", ["max", "min"])
def test_ties_of_the_largest_and_smallest_go_by_the_convention(sign: str, ties: str, expected: Any) -> None:
    """Along an axis, over the whole array, and with the axis kept."""
    x = TIED if sign == "max" else -TIED
    for keep in ("", ", keepdims=True"):
        found = gradient(f"L = sum({sign}(x, axis=1{keep}))", {"x": x}, "x", ties=ties)
        assert np.allclose(found, expected)
        assert np.allclose(
            gradient(f"L = sum({sign}(x, axis=0{keep}))", {"x": x.T}, "x", ties=ties).T, expected
        )
    row = np.array([4.0, 4.0])
    whole: Any = {"none": [0, 0], "first": [1, 0], "split": [1 / 2, 1 / 2]}[ties]
    assert np.allclose(
        gradient(f"L = {sign}(x)", {"x": row if sign == "max" else -row}, "x", ties=ties), whole
    )


@pytest.mark.parametrize(("ties", "first", "second"), [("none", 0, 0), ("first", 1, 0), ("split", 0.5, 0.5)])
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_ties_of_two_arrays_go_by_the_convention(name: str, ties: str, first: float, second: float) -> None:
    """Entries that differ are as ever."""
    values = {"x": np.array([1.0, 2.0]), "y": np.array([1.0, 2.0])}
    text = f"L = sum({name}(x, y))"
    assert np.allclose(gradient(text, values, "x", ties=ties), first)
    assert np.allclose(gradient(text, values, "y", ties=ties), second)


@pytest.mark.parametrize(("convention", "slope"), [("0", 0), ("1/2", 0.5), ("1", 1)])
def test_relu_at_zero_goes_by_the_convention_in_arrays(convention: str, slope: float) -> None:
    """The slope at 0, and those beside it."""
    found = gradient("L = sum(relu(x))", {"x": np.array([-1.0, 0.0, 2.0])}, "x", relu_at_zero=convention)
    assert np.allclose(found, [0, slope, 1])


def test_the_slope_of_the_absolute_value_at_zero_is_zero() -> None:
    """As that of sign(0)."""
    assert np.allclose(gradient("L = sum(abs(x))", {"x": np.array([-2.0, 0.0, 3.0])}, "x"), [-1, 0, 1])


def test_the_product_has_its_gradient_where_factors_are_zero() -> None:
    """Products of the others, without a division."""
    assert np.allclose(gradient("L = prod(x)", {"x": np.array([0.0, 2.0, 3.0])}, "x"), [6, 0, 0])
    assert np.allclose(gradient("L = prod(x)", {"x": np.array([0.0, 2.0, 0.0])}, "x"), [0, 0, 0])


@pytest.mark.parametrize("inside", ["sqrt(x)", "log(x)", "1/x", "x**(-1)"])
def test_what_where_does_not_choose_may_be_infinite(inside: str) -> None:
    """As in a graph of scalars: the branch that is not taken has no part in the gradient."""
    values = {"x": np.array([0.0, 0.0, 4.0])}
    slope = {"sqrt(x)": 1 / 4, "log(x)": 1 / 4, "1/x": -1 / 16, "x**(-1)": -1 / 16}[inside]
    assert np.allclose(gradient(f"L = sum(where(x > 1, {inside}, 0))", values, "x"), [0, 0, slope])


# --------------------------------------------------------------------- smaller derivatives, and folds


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "norm", "var", "std", "logsumexp"])
@pytest.mark.parametrize("shape", [(3, 3, 4), (2, 3, 4)])
def test_a_kept_axis_meets_a_weight_of_fewer_axes(name: str, shape: tuple[int, ...]) -> None:
    """The derivative by a kept reduction may have fewer axes than it: they are aligned from the last."""
    values = {"X": numbers(random.Random(name), shape), "c": np.array([[1.0], [2.0], [-0.5]])}
    agree(f"L = sum({name}(X, axis=2, keepdims=True)*c)", values)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("L = sum((A @ B)*b)", {"A": (2, 3), "B": (3, 4), "b": (1,)}),
        ("L = sum((A @ B)*b)", {"A": (2, 3), "B": (3, 4), "b": (2, 1)}),
        ("L = sum((A @ B)*b)", {"A": (5, 2, 3), "B": (3, 4), "b": (1,)}),
        ("L = sum(outer(x, y)*b)", {"x": (2,), "y": (3,), "b": (1,)}),
        ("L = sum(outer(x, y)*b)", {"x": (2,), "y": (3,), "b": (2, 1)}),
        ("L = sum((outer(x, y) @ A)**2)", {"x": (2,), "y": (3,), "A": (2, 3, 4)}),
        ("L = sum((A @ outer(x, y))**2)", {"x": (4,), "y": (3,), "A": (2, 3, 4)}),
        ("L = sum(log_softmax(X)*(u*v))", {"X": (3, 4), "u": (3, 1), "v": (4,)}),
        ("L = sum(log_softmax(X)*u*v)", {"X": (3, 4), "u": (3, 1), "v": (4,)}),
        ("L = sum(softmax(X)*u)", {"X": (3, 4), "u": (3, 1)}),
        ("L = sum(logsumexp(X, axis=(0, 2))*u)", {"X": (2, 3, 4), "u": (1,)}),
        ("L = sum(inv(A + 5*eye(3))*b)", {"A": (3, 3), "b": (1,)}),
        ("L = sum(diag(x)*b) + sum(diag(A)*b)", {"x": (3,), "A": (3, 3), "b": (1,)}),
    ],
)
def test_a_smaller_weight_behind_an_operation_is_spread_in_full(text: str, shapes: dict[str, Shape]) -> None:
    """∂L/∂Y of a product is read in the full shape of Y, though the weight is smaller."""
    dice = random.Random(text)
    agree(text, {name: numbers(dice, shape) for name, shape in shapes.items()})


@pytest.mark.parametrize(
    "text", ["L = sum(0*x + 1)", "L = sum(x**0)", "L = sum(1**x)", "L = sum(2*x**0 + 0*x)"]
)
def test_an_array_that_is_constant_keeps_its_shape(text: str) -> None:
    """0x and x⁰ are arrays of as many entries as x has: their sum is no single 0 or 1."""
    agree(text, {"x": np.array([0.3, 0.7, 1.9])})


# ------------------------------------------------------------------------------- collapsed forms


@pytest.mark.parametrize(
    "text",
    [
        "y = log_softmax(x)\nz = -y\nL = sum(z*z)",
        "y = log_softmax(x)\nz = -y\nL = sum(z)",
        "y = softmax(x)\nz = -y\nL = sum(z)",
        "p = softmax(x, axis=0)\nq = 2*p\nL = mean(q)",
    ],
)
def test_a_softmax_whose_delta_is_another_delta_is_differentiated(text: str) -> None:
    """The sum over a delta is not that of targets."""
    agree(text, {"x": np.array([0.3, -1.2, 0.5])})


@pytest.mark.parametrize("layer", ["layer_norm(x)", "batch_norm(x)"])
def test_a_normalisation_that_the_output_does_not_use_changes_nothing(layer: str) -> None:
    """No delta of it is referred to, whoever else uses its input."""
    values = {"x": np.array([[0.5, 2.0], [1.5, -0.3]])}
    agree(f"y = {layer}\nL = sum(x**2)", values)
    agree(f"y = {layer}\nL = sum(v**2)", values | {"v": np.array([1.0, 2.0])})


@pytest.mark.parametrize("epsilon", ["x", "x**2", "e"])
def test_a_normalisation_whose_epsilon_is_no_constant_is_differentiated(epsilon: str) -> None:
    """An ε that depends on x, or that widens x̂, makes the short form of the textbook a wrong one."""
    values = {"x": np.array([0.5, 2.0, 1.1]), "c": np.array([0.2, -1.0, 0.7])}
    values |= {"e": np.array([[0.1], [0.5]])} if epsilon == "e" else {}
    agree(f"y = layer_norm(x, epsilon={epsilon})\nL = sum(y*c)", values)


@pytest.mark.parametrize("text", ["P = softmax(Z)\nL = -sum(C*log(P))", "S = log_softmax(Z)\nL = -sum(C*S)"])
def test_a_softmax_of_given_logits_is_not_collapsed_for_weights_that_do_not_add_up_to_one(text: str) -> None:
    """Either it is refused, or the gradient is right: p Σc - c, and never p - c."""
    dice = random.Random(3)
    values = {"Z": numbers(dice, (3, 4)), "C": numbers(dice, (3, 4))}
    graph = Graph.from_equations(text, shapes={"Z": (3, 4), "C": (3, 4)}, parameters=["Z"])
    with contextlib.suppress(ValuesError):
        found = sb.compile(sb.backprop(graph))(values).gradients["Z"]
        assert close(found, Program(text).gradients(values, ["Z"])["Z"])


# -------------------------------------------------------------------------------- the oracle itself

SMOOTH = [
    "L = sum(tanh(A @ B)) + logdet(A + 5*eye(3)) + sum(softmax(A, axis=0)*B) + norm(B)",
    "L = sum(conv1d(A, B[None])**2) + sum(erf(A)*gelu(B)) + logsumexp(A @ B)",
    "L = sum(layer_norm(A)*B) + sum(attention(A, B, A)*B) + sum(std(A, axis=0, ddof=1)) + prod(B)",
]


@pytest.mark.parametrize("text", SMOOTH)
def test_the_complex_step_agrees_with_extrapolated_differences(text: str) -> None:
    """Two oracles that know nothing of each other."""
    dice = random.Random(5)
    values = {"A": numbers(dice, (3, 3)) / 2, "B": numbers(dice, (3, 3)) / 2}
    program = Program(text)
    step, differences = program.gradients(values, "AB"), program.gradients_by_differences(values, "AB")
    assert close(differences["A"], step["A"], 1e-7)
    assert close(differences["B"], step["B"], 1e-7)


# ------------------------------------------------------------------------ what SymPy gets wrong

_A, _B, _M = (MatrixSymbol(name, 3, 3) for name in "ABM")


def _of_sympy(expression: Expr, matrix: Expr) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return expression.diff(matrix)


def _is_zero(found: Any) -> bool:
    return bool(found == 0 or found == sympy.ZeroMatrix(3, 3))


SILENT_ZEROS: Mapping[str, tuple[str, Expr]] = {
    "trace(A.T @ A) + trace(B.T @ B)": ("sympy#27406", Trace(_A.T * _A) + Trace(_B.T * _B)),
    "log(det(A))": ("sympy#28618", sympy_log(Determinant(_A))),
    "1/det(A)": ("sympy#28838", 1 / Determinant(_A)),
    "A[1, 1]": ("sympy#17229", _A[1, 1]),
    "trace(A) + 1": ("sympy#26561", Trace(_A) + 1),
    "trace(A) + trace(A @ A)": ("sympy#23492", Trace(_A) + Trace(_A * _A)),
    "exp(trace(A))": ("", sympy.exp(Trace(_A))),
}


@pytest.mark.parametrize("text", sorted(SILENT_ZEROS))
def test_sympys_silent_zeros_come_out_right(text: str) -> None:
    """SymPy 1.14 says 0 for each by a MatrixSymbol; the rules here say what the complex step says.

    Sums of traces: sympy#27406, sympy#26585, sympy#26561, sympy#23492; log det: sympy#28618;
    1/det: sympy#28838; one entry: sympy#17229, sympy#24725. For exp(tr A) no report was found.
    """
    matrix = np.array([[2.0, 0.3, -0.5], [0.1, 1.5, 0.4], [-0.2, 0.6, 1.1]])
    values = {name: matrix if name == "A" else matrix.T / 2 for name in "AB" if name in text}
    agree(f"L = {text}", values)
    assert np.abs(gradient(f"L = {text}", values, "A")).max() > 0.1
    if sympy.__version__.startswith("1.14"):
        assert _is_zero(_of_sympy(SILENT_ZEROS[text][1], _A))


def test_the_log_of_the_determinant_has_the_inverse_as_its_gradient() -> None:
    """SymPy leaves ∂det undone and says 0 for its logarithm (sympy#15649, sympy#28618)."""
    matrix = np.array([[2.0, 0.3], [0.1, -1.5]])
    assert close(gradient("L = logdet(X)", {"X": matrix}, "X"), np.linalg.inv(matrix).T)
    assert close(gradient("L = det(X)", {"X": matrix}, "X"), np.linalg.det(matrix) * np.linalg.inv(matrix).T)
    if sympy.__version__.startswith("1.14"):
        assert isinstance(_of_sympy(Determinant(_M), _M), sympy.Derivative)


def test_the_square_of_a_trace_of_a_sum_does_not_raise() -> None:
    """SymPy 1.14 raises AttributeError for (tr(I - A))² (sympy#30527)."""
    values = {"A": np.array([[2.0, 0.3, 0.0], [0.1, 1.5, 1.0], [0.0, 1.0, 0.5]])}
    agree("L = trace(eye(3) - A)**2", values)
    if sympy.__version__.startswith("1.14"):
        with pytest.raises(AttributeError):
            _of_sympy(Trace(Identity(3) - _A) ** 2, _A)


def test_the_gradient_of_the_determinant_at_a_singular_matrix_is_that_of_the_cofactors() -> None:
    """∂det/∂A = adj(A)ᵀ exists where A⁻¹ does not; or it is refused in words, and never a wrong number."""
    matrix = np.array([[1.0, 2.0], [2.0, 4.0]])
    with contextlib.suppress(ValuesError):
        assert close(gradient("L = det(A)", {"A": matrix}, "A"), [[4.0, -2.0], [-2.0, 1.0]])
