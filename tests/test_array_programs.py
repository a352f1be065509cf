"""Random programs of arrays, as text: every gradient against the complex step, and against PyTorch."""

from __future__ import annotations

import importlib
import importlib.util
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.conventions import Conventions
from symbackprop.graph import Granularity, Graph
from tests import array_oracle
from tests.array_oracle import close

PROGRAMS = 280
"""So many programs with each of the settings."""

SETTINGS: list[tuple[Conventions, Granularity]] = [
    (Conventions(), "equations"),
    (Conventions(), "equations"),
    (Conventions(slopes="argument"), "equations"),
    (Conventions(collapse=False), "equations"),
    (Conventions(error_sign="minus"), "equations"),
    (Conventions(batch_factor="delta", ties="split"), "equations"),
    (Conventions(), "operations"),
    (Conventions(collapse=False, slopes="argument", error_sign="minus"), "operations"),
]
"""How a derivation is printed changes no gradient."""

LARGEST, FAR = 12.0, 2e-3
"""Values stay below the one, and as far as the other from kinks, ties and singular points."""

Size = int | str
Shape = tuple[Size, ...]

SMOOTH = "tanh sigmoid sin cos arctan softplus gelu gelu_tanh silu mish erf".split()
KINKED = "relu abs leaky_relu elu selu softsign hard_sigmoid sign step".split()
ALWAYS_FINE = (
    "exp({}/4)",
    "log(1 + {}**2)",
    "sqrt(1 + {}**2)",
    "log1p({}**2)",
    "expm1({}/5)",
    "({})**3/4",
    "(1 + {}**2)**(-1)",
    "(1 + {}**2)**0.7",
    "sinh({}/5)",
    "cosh({}/5)",
    "tan({}/20)",
    "0.5*{}",
    "2 - {}",
    "-{}",
    "({} + 1)**2",
    "1/(2 + tanh({}))",
    "xlogx(1 + {}**2)",
    "elu({}, 0.3)",
    "clip({}, -20, 20)",
    "{}.tanh()",
    "np.sin({})",
)
REDUCTIONS = "sum mean var std prod max min norm logsumexp".split()


class Misfit(Exception):
    """No such operation on these operands; another is tried."""


@dataclass(frozen=True)
class Term:
    """A part of a program.

    Attributes:
        text: how it is written.
        shape: its sizes, as numbers and as names of sizes.
        value: its value.
        atom: it needs no brackets.
    """

    text: str
    shape: Shape
    value: Any
    atom: bool = True

    @property
    def inner(self) -> str:
        """The text in brackets where it needs them."""
        return self.text if self.atom else f"({self.text})"

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)


@dataclass(frozen=True)
class Drawn:
    """A random program with values.

    Attributes:
        text: its lines; the last gives L.
        shapes: of the given arrays.
        values: of the given arrays.
        sizes: what the names of sizes stand for.
    """

    text: str
    shapes: dict[str, Shape] = field(repr=False)
    values: dict[str, Any] = field(repr=False)
    sizes: dict[str, int]

    def __repr__(self) -> str:
        return f"\n{self.text}\n# shapes={self.shapes}, sizes={self.sizes}\n"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        for line in repr(self).splitlines():
            printer.text(line)
            printer.break_()


def broadcast(one: Shape, two: Shape) -> Shape:
    """The shape that NumPy makes of two, by its own rule."""
    length = max(len(one), len(two))
    padded = [((1,) * (length - len(shape))) + shape for shape in (one, two)]
    result: list[Size] = []
    for left, right in zip(*padded, strict=True):
        if left != right and 1 not in (left, right):
            raise Misfit
        result.append(right if left == 1 else left)
    return tuple(result)


class Author:
    """Writes a random program, line by line, and knows the shape and the value of each.

    Args:
        dice: what decides.
        lines: how many lines to write before the last.
    """

    def __init__(self, dice: random.Random, lines: int) -> None:
        self.dice = dice
        self.numbers = np.random.default_rng(dice.randrange(2**32))
        self.sizes = {name: dice.choice([1, 2, 3, 4]) for name in ("n", "m")} if dice.random() < 0.4 else {}
        self.choice: list[Size] = [*dice.sample([1, 2, 3, 4], 2), dice.choice([2, 3]), *self.sizes]
        self.base: Shape = tuple(dice.choice(self.choice) for _ in range(3))
        self.given: dict[str, Term] = {}
        self.nodes: list[Term] = []
        self.lines: list[str] = []
        for place in range(dice.randint(1, 4)):
            self._give(f"x_{place + 1}")
        for place in range(lines):
            self._write(f"y_{place + 1}")

    def _give(self, name: str) -> None:
        length = self.dice.choices([0, 1, 2, 3], [1, 4, 6, 4])[0]
        shape = tuple(self.dice.choice(self.choice) for _ in range(length))
        if self.dice.random() < 0.5:
            ends = self.base[3 - length :]
            shape = tuple(1 if self.dice.random() < 0.2 else size for size in ends)
        elif length >= 2 and self.dice.random() < 0.4:
            shape = (*shape[:-1], shape[-2])
        value = self.numbers.normal(size=self._real(shape))
        self.given[name] = Term(name, shape, value)
        self.nodes.append(self.given[name])

    def _real(self, shape: Iterable[Size]) -> tuple[int, ...]:
        return tuple(self.sizes[size] if isinstance(size, str) else size for size in shape)

    def _write(self, name: str) -> None:
        for _ in range(30):
            try:
                term = self._tame(self._operation())
            except Misfit:
                continue
            self.lines.append(f"{name} = {term.text}")
            self.nodes.append(Term(name, term.shape, term.value))
            return

    def _tame(self, term: Term) -> Term:
        largest = float(np.abs(term.value).max())
        if largest <= LARGEST:
            return term
        return self._term(f"tanh({term.inner}/{round(largest / 2)})", term.shape)

    def _term(self, text: str, shape: Shape, *, atom: bool = True) -> Term:
        env = {one.text: one.value for one in self.nodes} | self.sizes
        with np.errstate(all="ignore"):
            value = array_oracle.evaluated(text, env)
        if not np.isfinite(value).all():
            raise Misfit
        assert value.shape == self._real(shape), f"{text}: {value.shape}, {shape}"
        return Term(text, shape, value, atom)

    # What operands there are.

    def _any(self, fits: Callable[[Shape], bool] = lambda shape: True, deep: bool = True) -> Term:
        """An earlier node, sometimes in an expression of its own."""
        fitting = [node for node in self.nodes if fits(node.shape)]
        if not fitting:
            raise Misfit
        recent = fitting[-6:]
        found = self.dice.choice(recent if self.dice.random() < 0.6 else fitting)
        if deep and self.dice.random() < 0.3:
            made = self._elementwise(found) if self.dice.random() < 0.5 else self._operation()
            if fits(made.shape) and np.abs(made.value).max() < LARGEST:
                return made
        return found

    def _ranked(self, *ranks: int) -> Term:
        return self._any(lambda shape: len(shape) in ranks)

    def _axis(self, term: Term) -> int:
        if not term.ndim:
            raise Misfit
        return self.dice.randrange(-term.ndim, term.ndim)

    # One method for each family of operations.

    def _operation(self) -> Term:
        families: list[tuple[int, Callable[[], Term]]] = [
            (5, lambda: self._elementwise(self._any())),
            (2, self._kinked),
            (6, self._binary),
            (1, self._power),
            (2, self._chosen),
            (6, self._matmul),
            (3, self._transposed),
            (6, self._reduced),
            (2, self._softmax),
            (2, self._of_square),
            (2, self._of_vectors),
            (3, self._reshaped),
            (4, self._sliced),
            (2, self._joined),
            (2, self._convolved),
            (2, self._layer),
            (1, self._constant),
        ]
        weights = [weight for weight, _ in families]
        return self.dice.choices(families, weights)[0][1]()

    def _elementwise(self, x: Term) -> Term:
        if self.dice.random() < 0.4:
            return self._term(f"{self.dice.choice(SMOOTH)}({x.text})", x.shape)
        return self._term(self.dice.choice(ALWAYS_FINE).replace("{}", x.inner), x.shape, atom=False)

    def _kinked(self) -> Term:
        x = self._any()
        if min(np.abs(x.value - kink).min() for kink in (0, 3, -3)) < FAR:
            raise Misfit
        return self._term(f"{self.dice.choice(KINKED)}({x.text})", x.shape)

    def _binary(self) -> Term:
        x, y = self._any(), self._any()
        shape = broadcast(x.shape, y.shape)
        kind = self.dice.choice(["+", "-", "*", "*", "/", "max"])
        if kind == "/":
            return self._term(f"{x.inner}/(1 + {y.inner}**2)", shape, atom=False)
        if kind == "max":
            if np.abs(x.value - y.value).min() < FAR:
                raise Misfit
            return self._term(f"{self.dice.choice(['maximum', 'minimum', 'max'])}({x.text}, {y.text})", shape)
        return self._term(f"{x.inner} {kind} {y.inner}", shape, atom=False)

    def _power(self) -> Term:
        x, y = self._any(), self._any(deep=False)
        return self._term(f"(1 + {x.inner}**2)**({y.inner}/9)", broadcast(x.shape, y.shape), atom=False)

    def _chosen(self) -> Term:
        x, y, a, b = self._any(), self._any(), self._any(), self._any()
        shape = broadcast(broadcast(x.shape, y.shape), broadcast(a.shape, b.shape))
        if np.abs(x.value - y.value).min() < FAR:
            raise Misfit
        sign = self.dice.choice([">", "<", ">=", "<="])
        return self._term(f"where({x.text} {sign} {y.text}, {a.text}, {b.text})", shape)

    def _matmul(self) -> Term:
        x = self._ranked(1, 2, 3)

        def fits(shape: Shape) -> bool:
            return bool(shape) and (shape[-2] if len(shape) > 1 else shape[0]) == x.shape[-1]

        y = self._any(fits)
        lead = broadcast(x.shape[:-2], y.shape[:-2])
        shape = (*lead, *x.shape[-2:-1], *(y.shape[-1:] if y.ndim > 1 else ()))
        if x.ndim < 3 and y.ndim < 3 and self.dice.random() < 0.2:
            return self._term(f"{self.dice.choice(['dot', 'matmul'])}({x.text}, {y.text})", shape)
        return self._term(f"{x.inner} @ {y.inner}", shape, atom=False)

    def _transposed(self) -> Term:
        x = self._ranked(2, 3)
        if self.dice.random() < 0.3:
            return self._term(f"{x.inner}.mT", (*x.shape[:-2], x.shape[-1], x.shape[-2]))
        if x.ndim == 2:
            other = self.dice.choice([f"{x.inner}.T", f"transpose({x.text}, (1, 0))"])
            return self._term(other, x.shape[::-1])
        order = self.dice.sample(range(3), 3)
        return self._term(f"transpose({x.text}, {tuple(order)})", tuple(x.shape[place] for place in order))

    def _reduced(self) -> Term:
        x = self._any()
        name, keep = self.dice.choice(REDUCTIONS), self.dice.random() < 0.4
        wish = self.dice.choice(["all", "one", "one", "several"]) if x.ndim else "all"
        axes = {
            "all": list(range(x.ndim)),
            "one": [self._axis(x)] if x.ndim else [],
            "several": self.dice.sample(range(x.ndim), self.dice.randint(1, max(x.ndim, 1)))
            if x.ndim
            else [],
        }[wish]
        gone = {axis % x.ndim for axis in axes}
        options = [] if wish == "all" else [f"axis={axes[0] if wish == 'one' else tuple(axes)}"]
        options += ["keepdims=True"] if keep else []
        ddof = name in ("var", "std") and self.dice.random() < 0.3
        options += ["ddof=1"] if ddof else []
        count = int(np.prod([self._real(x.shape)[axis] for axis in gone]))
        named = {x.shape[axis] for axis in gone} & self.sizes.keys()
        if (ddof and count < 2) or (name == "std" and count < 2) or (named and ddof and count < 2):
            raise Misfit
        self._stay_away(name, x, tuple(gone))
        shape = tuple(
            size for place, one in enumerate(x.shape) for size in ((1,) if keep and place in gone else (one,))
            if keep or place not in gone
        )  # fmt: skip
        as_method = (
            name in ("sum", "mean")
            and x.atom
            and options[:1] != ["keepdims=True"]
            and self.dice.random() < 0.4
        )
        text = (
            f"{x.text}.{name}({', '.join(options)})"
            if as_method
            else f"{name}({', '.join([x.text, *options])})"
        )
        return self._term(text, shape)

    def _stay_away(self, name: str, x: Term, axes: tuple[int, ...]) -> None:
        """From ties and from roots of zero."""
        if name == "std" and np.std(x.value, axis=axes).min() < 0.05:
            raise Misfit
        if name == "norm" and np.sqrt(np.sum(x.value**2, axis=axes)).min() < 0.05:
            raise Misfit
        if name in ("max", "min"):
            moved = np.moveaxis(x.value, axes, range(-len(axes), 0))
            rows = np.sort(moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1), axis=-1)
            if rows.shape[-1] > 1 and np.diff(rows, axis=-1).min() < FAR:
                raise Misfit

    def _softmax(self) -> Term:
        x = self._ranked(1, 2, 3)
        return self._term(
            f"{self.dice.choice(['softmax', 'log_softmax'])}({x.text}, axis={self._axis(x)})", x.shape
        )

    def _of_square(self) -> Term:
        x = self._any(lambda shape: len(shape) == 2 and shape[0] == shape[1])
        kind = self.dice.choice(["trace", "det", "logdet", "inv", "diag", "diag"])
        if kind == "trace":
            return self._term(f"trace({x.text})", ())
        if kind == "diag":
            return self._term(f"diag({x.text})", x.shape[:1])
        moved = f"{x.inner} + {self.dice.choice([3, 4])}*eye({x.shape[0]})"
        if not np.linalg.cond(array_oracle.evaluated(moved, self._env())) < 30:
            raise Misfit
        if kind == "inv":
            return self._term(f"inv({moved})", x.shape)
        return self._term(f"{kind}({moved})/9", (), atom=False)

    def _env(self) -> dict[str, Any]:
        return {one.text: one.value for one in self.nodes} | self.sizes

    def _of_vectors(self) -> Term:
        x, y = self._ranked(1), self._ranked(1)
        if self.dice.random() < 0.5:
            return self._term(f"diag({x.text})", (*x.shape, *x.shape))
        return self._term(f"outer({x.text}, {y.text})", (*x.shape, *y.shape))

    def _reshaped(self) -> Term:
        x = self._ranked(1, 2, 3)
        kind = self.dice.choice(["flat", "merge", "split", "column"])
        numbers = [size for size in x.shape if isinstance(size, int)]
        if kind == "column":
            return self._term(f"{x.inner}.reshape({self._sizes((*x.shape, 1))})", (*x.shape, 1))
        if len(numbers) < x.ndim:
            raise Misfit
        count = int(np.prod(numbers))
        if kind == "flat":
            return self._term(f"{x.inner}.reshape(-1)", (count,))
        if kind == "merge" and x.ndim == 3:
            merged = (numbers[0] * numbers[1], numbers[2])
            return self._term(f"reshape({x.text}, {merged})", merged)
        first = self.dice.choice([one for one in range(1, count + 1) if count % one == 0])
        return self._term(f"{x.inner}.reshape({first}, -1)", (first, count // first))

    def _sizes(self, shape: Shape) -> str:
        return ", ".join(map(str, shape))

    def _sliced(self) -> Term:
        x = self._ranked(1, 2, 3)
        parts: list[str] = []
        shape: list[Size] = []
        for size in x.shape[: self.dice.randint(1, x.ndim)]:
            if self.dice.random() < 0.15:
                parts.append("None")
                shape.append(1)
            text, kept = self._slice(size)
            parts.append(text)
            shape += kept
        if self.dice.random() < 0.15:
            parts.append("...")
        rest = x.shape[sum(part not in ("None", "...") for part in parts) :]
        if self.dice.random() < 0.15 and "..." in parts:
            return self._term(f"{x.inner}[{', '.join(parts)}, None]", (*shape, *rest, 1))
        return self._term(f"{x.inner}[{', '.join(parts)}]", (*shape, *rest))

    def _slice(self, size: Size) -> tuple[str, list[Size]]:
        if isinstance(size, str) or self.dice.random() < 0.4:
            return self.dice.choice([(":", [size]), ("0", []), ("-1", [])])
        place = self.dice.randrange(-size, size)
        start, stop = sorted(self.dice.choices(range(size + 1), k=2))
        step = self.dice.choice([1, 1, 2, -1])
        bounds = f"{start}:{stop}:{step}" if step > 0 else "::-1"
        many = len(range(size)[slice(start, stop, step) if step > 0 else slice(None, None, -1)])
        sliced: tuple[str, list[Size]] = (bounds, [many]) if many else (":", [size])
        return self.dice.choice([(str(place), []), sliced])

    def _joined(self) -> Term:
        x = self._ranked(1, 2, 3)
        axis = self._axis(x)
        if self.dice.random() < 0.5:
            y = self._any(lambda shape: shape == x.shape)
            place = self.dice.randrange(-x.ndim - 1, x.ndim + 1)
            shape = list(x.shape)
            shape.insert(place % (x.ndim + 1), 2)
            return self._term(f"stack([{x.text}, {y.text}], axis={place})", tuple(shape))
        rest = axis % x.ndim

        def fits(shape: Shape) -> bool:
            return len(shape) == x.ndim and all(
                one == two or place == rest
                for place, (one, two) in enumerate(zip(shape, x.shape, strict=True))
            )

        y = self._any(fits)
        ends = x.shape[rest], y.shape[rest]
        if not (isinstance(ends[0], int) and isinstance(ends[1], int)):
            raise Misfit
        shape = list(x.shape)
        shape[rest] = ends[0] + ends[1]
        return self._term(f"concatenate([{x.text}, {y.text}], axis={axis})", tuple(shape))

    def _convolved(self) -> Term:
        dims = self.dice.choice([1, 2])
        plain = self.dice.random() < 0.4
        if dims == 2 and not plain:
            x, w = self._ranked(3), self._ranked(3)
            kernel, image = (w.shape[0], 1, *w.shape[1:]), (x.shape[0], 1, *x.shape[1:])
            kernel_text, image_text = f"{w.inner}[:, None]", f"{x.inner}[:, None]"
        else:
            x = self._ranked(dims if plain else dims + self.dice.choice([1, 2]))
            w = self._ranked(dims if plain else dims + 2)
            kernel, image, kernel_text, image_text = w.shape, x.shape, w.text, x.text
        moved = [*image[-dims:], *kernel[-dims:]]
        if not all(isinstance(size, int) for size in moved) or (not plain and image[-dims - 1] != kernel[1]):
            raise Misfit
        stride, padding = self.dice.choice([1, 1, 2, 3]), self.dice.choice([0, 1, 2])
        ends: list[Size] = []
        for size, width in zip(image[-dims:], kernel[-dims:], strict=True):
            room = int(size) + 2 * padding - int(width)
            if room < 0:
                raise Misfit
            ends.append(room // stride + 1)
        shape = tuple(ends) if plain else (*image[: -dims - 1], kernel[0], *ends)
        return self._term(
            f"conv{dims}d({image_text}, {kernel_text}, stride={stride}, padding={padding})", shape
        )

    def _layer(self) -> Term:
        kind = self.dice.choice(["layer_norm", "batch_norm", "attention"])
        if kind == "attention":
            q, k = self._ranked(2, 3), self._ranked(2, 3)
            v = self._ranked(2, 3)
            if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
                raise Misfit
            lead = broadcast(broadcast(q.shape[:-2], k.shape[:-2]), v.shape[:-2])
            return self._term(f"attention({q.text}, {k.text}, {v.text})", (*lead, q.shape[-2], v.shape[-1]))
        x = self._ranked(1, 2, 3)
        axis = -1 if kind == "layer_norm" else 0
        if np.std(x.value, axis=axis).min() < 0.1:
            raise Misfit
        scale = self._any(lambda shape: shape in ((), x.shape[-1:]))
        more = self.dice.choice(
            ["", f", {scale.text}", f", {scale.text}, {scale.text}", f", beta={scale.text}", ", epsilon=0.1"]
        )
        return self._term(f"{kind}({x.text}{more})", x.shape)

    def _constant(self) -> Term:
        x = self._ranked(1, 2, 3)
        shape = f"({self._sizes(x.shape)}{',' * (x.ndim == 1)})"
        kind = self.dice.choice(["ones", "zeros", "eye"])
        if kind == "eye" and x.ndim == 2:
            y = f"{x.inner} - eye({x.shape[1]})"
            return self._term(y, broadcast(x.shape, (x.shape[1], x.shape[1])), atom=False)
        return self._term(f"{x.inner} + {'ones' if kind == 'eye' else kind}({shape})", x.shape, atom=False)

    # The last line.

    def drawn(self) -> Drawn:
        """The program, its last line made of nodes that nothing uses and of a few others."""
        ends = [node for node in self.nodes if node.text not in {*self.given, *_names(self.lines)}]
        ends = (ends or self.nodes[-1:])[-4:]
        if self.dice.random() < 0.5:
            ends.append(self.dice.choice(self.nodes))
        terms = [self._ended(node) for node in ends]
        lines = [*self.lines, f"L = {' + '.join(terms)}"]
        used = _names(lines)
        given = {name: term for name, term in self.given.items() if name in used}
        sizes = {size for term in given.values() for size in term.shape if isinstance(size, str)}
        return Drawn(
            "\n".join(lines),
            {name: term.shape for name, term in given.items()},
            {name: term.value for name, term in given.items()},
            {name: number for name, number in self.sizes.items() if name in sizes},
        )

    def _ended(self, node: Term) -> str:
        if not node.ndim:
            return self.dice.choice([node.text, f"{node.text}**2", f"sin({node.text})"])
        kind = self.dice.choice(["sum({0})", "sum({0}**2)", "mean({0})", "sum(sin({0}))", "{0}.sum()"])
        return kind.format(node.text)


def _names(lines: Iterable[str]) -> set[str]:
    """The names that stand on the right sides."""
    rights = " ".join(line.partition(" = ")[2] for line in lines)
    return set("".join(c if c.isalnum() or c == "_" else " " for c in rights).split())


@st.composite
def programs(draw: st.DrawFn, block: int, most: int = 25) -> Drawn:
    """Random programs, others in each block; a shorter one is simpler."""
    lines = draw(st.integers(1, most))
    return Author(random.Random(f"{block} {draw(st.integers(0, 2**40))}"), lines).drawn()


def derived(program: Drawn, conventions: Conventions, granularity: Granularity) -> Any:
    """What the package computes: the value of L and the gradients."""
    shapes = {name: shape for name, shape in program.shapes.items() if shape}
    graph = Graph.from_equations(
        program.text, shapes=shapes, parameters=[*program.shapes], granularity=granularity
    )
    return sb.compile(sb.backprop(graph, conventions=conventions))(program.values)


def assert_gradients_are_right(
    program: Drawn, conventions: Conventions, granularity: Granularity = "equations"
) -> None:
    """Along one random direction for each array; where that fails, every entry is told."""
    truth = array_oracle.Program(program.text)
    found = derived(program, conventions, granularity)
    values = {**program.values, **program.sizes}
    assert close(found.values["L"], truth.value(values).real), program
    dice = np.random.default_rng(1)
    for name, value in program.values.items():
        gradient = np.asarray(found.gradients[name])
        assert gradient.shape == np.shape(value), f"{program}∂L/∂{name} has the shape {gradient.shape}"
        direction = dice.uniform(0.5, 1.5, size=np.shape(value)) * dice.choice([-1, 1], size=np.shape(value))
        slope = truth.along(values, {name: direction})
        scale = max(np.abs(gradient).max(), 1e-3) * np.size(value)
        if not abs(float(np.sum(gradient * direction)) - slope) <= 1e-9 * scale:
            right = truth.gradients(values, [name])[name]
            raise AssertionError(f"{program}∂L/∂{name} is\n{right}\nand not\n{gradient}")


@pytest.mark.parametrize("block", range(len(SETTINGS)))
def test_every_gradient_of_a_random_program_is_that_of_the_complex_step(block: int) -> None:
    """All given arrays of all programs, to nine digits of the largest entry."""

    @seed(block)
    @settings(max_examples=PROGRAMS, derandomize=False)
    @given(programs(block, 25 if block % 4 == 0 else 9))
    def run(program: Drawn) -> None:
        assert_gradients_are_right(program, *SETTINGS[block])

    run()


# -------------------------------------------------------------------------------------- PyTorch


def _torch() -> Any:
    return importlib.import_module("torch") if importlib.util.find_spec("torch") else None


def _in_torch(torch: Any) -> dict[str, Any]:
    """The functions that programs use, over tensors."""
    functional = torch.nn.functional

    def axes(x: Any, axis: Any) -> Any:
        return tuple(range(x.ndim)) if axis is None else axis

    def reduction(function: Callable[..., Any]) -> Callable[..., Any]:
        def reduced(x: Any, axis: Any = None, keepdims: bool = False, **options: Any) -> Any:
            chosen = axes(x, axis)
            return (
                function(x, chosen, keepdims, **options)
                if chosen != ()
                else function(x[None], 0, keepdims, **options)
            )

        return reduced

    def prod(x: Any, chosen: Any, keep: bool) -> Any:
        places = [axis % x.ndim for axis in (chosen if isinstance(chosen, tuple) else (chosen,))]
        for place in sorted(places, reverse=True):
            x = torch.prod(x, dim=place, keepdim=keep)
        return x

    def variance(x: Any, chosen: Any, keep: bool, ddof: int = 0) -> Any:
        return torch.var(x, dim=chosen, keepdim=keep, correction=ddof)

    def norm(x: Any, chosen: Any, keep: bool) -> Any:
        return torch.sqrt(torch.sum(x * x, dim=chosen, keepdim=keep))

    def normalised(axis: int) -> Callable[..., Any]:
        def layer(x: Any, gamma: Any = 1.0, beta: Any = 0.0, epsilon: float = 1e-5) -> Any:
            v, mu = torch.var_mean(x, dim=axis, correction=0, keepdim=True)
            return gamma * (x - mu) / torch.sqrt(v + epsilon) + beta

        return layer

    def convolution(dims: int) -> Callable[..., Any]:
        function = getattr(functional, f"conv{dims}d")

        def convolve(x: Any, w: Any, stride: int = 1, padding: int = 0) -> Any:
            if x.ndim == dims:
                return function(x[None, None], w[None, None], None, stride, padding)[0, 0]
            return function(x, w, None, stride, padding)

        return convolve

    def double(function: Any) -> Callable[..., Any]:
        return lambda *sizes: function(*sizes, dtype=torch.float64)

    largest = reduction(lambda x, chosen, keep: torch.amax(x, dim=chosen, keepdim=keep))
    smallest = reduction(lambda x, chosen, keep: torch.amin(x, dim=chosen, keepdim=keep))
    names = (
        "exp log sqrt log1p expm1 sinh cosh tan tanh sigmoid sin cos arctan erf relu abs selu sign".split()
    )
    found = {
        name: getattr(torch, name)
        for name in (*names, "outer", "trace", "det", "diag", "where", "matmul", "maximum", "minimum", "clip")
    }
    return found | {
        "softplus": functional.softplus,
        "gelu": functional.gelu,
        "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
        "silu": functional.silu,
        "mish": functional.mish,
        "leaky_relu": functional.leaky_relu,
        "elu": functional.elu,
        "softsign": functional.softsign,
        "hard_sigmoid": lambda x: torch.clamp(x / 6 + 0.5, 0, 1),
        "step": lambda x: torch.where(x >= 0, 1.0, 0.0) + 0 * x,
        "xlogx": lambda x: x * torch.log(x),
        "sum": reduction(lambda x, chosen, keep: torch.sum(x, dim=chosen, keepdim=keep)),
        "mean": reduction(lambda x, chosen, keep: torch.mean(x, dim=chosen, keepdim=keep)),
        "logsumexp": reduction(lambda x, chosen, keep: torch.logsumexp(x, dim=chosen, keepdim=keep)),
        "var": reduction(variance),
        "std": reduction(lambda x, chosen, keep, ddof=0: torch.sqrt(variance(x, chosen, keep, ddof))),
        "prod": reduction(prod),
        "norm": reduction(norm),
        "max": lambda x, *others, **options: torch.maximum(x, *others) if others else largest(x, **options),
        "min": lambda x, *others, **options: torch.minimum(x, *others) if others else smallest(x, **options),
        "softmax": lambda x, axis: torch.softmax(x, dim=axis),
        "log_softmax": lambda x, axis: torch.log_softmax(x, dim=axis),
        "logdet": lambda x: torch.linalg.slogdet(x)[1],
        "inv": torch.linalg.inv,
        "dot": torch.matmul,
        "transpose": torch.permute,
        "reshape": torch.reshape,
        "concatenate": lambda arrays, axis: torch.cat(arrays, dim=axis),
        "stack": lambda arrays, axis: torch.stack(arrays, dim=axis),
        "ones": double(torch.ones),
        "zeros": double(torch.zeros),
        "eye": double(torch.eye),
        "conv1d": convolution(1),
        "conv2d": convolution(2),
        "layer_norm": normalised(-1),
        "batch_norm": normalised(0),
        "attention": lambda q, k, v: torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, dim=-1) @ v,
        "np": torch,
    }


@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="PyTorch is not installed")
@pytest.mark.parametrize("block", range(2))
def test_every_gradient_of_a_random_program_is_that_of_pytorch(block: int) -> None:
    """The same text over tensors of double precision; slices that go backwards are not PyTorch's."""
    torch = _torch()
    names = _in_torch(torch)

    @seed(block)
    @settings(max_examples=PROGRAMS // 2, derandomize=False)
    @given(programs(block + 100, 25 if block else 9))
    def run(program: Drawn) -> None:
        if "::-1" not in program.text:
            _agree_with_torch(torch, names, program)

    run()


def _agree_with_torch(torch: Any, names: dict[str, Any], program: Drawn) -> None:
    found = derived(program, Conventions(), "equations")
    tensors = {
        name: torch.tensor(np.asarray(value), dtype=torch.float64, requires_grad=True)
        for name, value in program.values.items()
    }
    space: dict[str, Any] = {**names, **tensors, **program.sizes}
    exec(program.text, space)
    space["L"].backward()
    assert close(found.values["L"], space["L"].item()), program
    for name, tensor in tensors.items():
        right = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
        scale = max(np.abs(right).max(), 1e-3)
        wrong = f"{program}∂L/∂{name} is\n{right}\nand not\n{found.gradients[name]}"
        assert np.abs(np.asarray(found.gradients[name]) - right).max() <= 1e-9 * scale, wrong
