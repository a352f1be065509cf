r"""Read printed matrix formulas back, in LaTeX and in Unicode, and work them out as one does on paper.

Nothing of the printing code is known here. Two tokenizers share one grammar and one evaluator, which holds to
the rules of matrix algebra: a vector is a column, factors side by side are a matrix product, ∘ takes equal
shapes, and nothing is repeated silently to a larger shape: only a number may be added to a matrix, or divided
by one. A 1×1 matrix is a number. What could be read in two ways is a `ReadError`: `A ∘ B C`, `A B/C`, `A^2`
of a matrix that is not square, a second superscript.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Array = Any
Shape = tuple[int, ...]
Values = Mapping[Any, Any]
"""Arrays by the names as they are printed; of a derivative by the pair of its names."""

AXES = "ijkl"


class ReadError(ValueError):
    """The formula is outside of the grammar, can be read in two ways, or its shapes do not fit."""


class Token(NamedTuple):
    """A token; `gap`: a space stands before it."""

    kind: str
    text: str
    gap: bool
    start: int


@dataclass(frozen=True)
class Node:
    """A part of a formula."""

    kind: str
    parts: tuple[Node, ...] = ()
    note: Any = None


# ----------------------------------------------------------------------------------------- functions


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _elu(x: Array, alpha: Array) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _selu(x: Array) -> Array:
    return 1.0507009873554804934193349852946 * _elu(x, 1.6732632423543772848170429916717)


def _softplus(x: Array) -> Array:
    return np.log1p(np.exp(x))


def _gelu_tanh(x: Array) -> Array:
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


_erf = np.vectorize(math.erf, otypes=[float])

ELEMENTWISE: Mapping[str, tuple[int, Callable[..., Array]]] = {
    "exp": (1, np.exp), "log": (1, np.log), "σ": (1, _sigmoid), "sin": (1, np.sin), "cos": (1, np.cos),
    "tan": (1, np.tan), "arctan": (1, np.arctan), "sinh": (1, np.sinh), "cosh": (1, np.cosh),
    "tanh": (1, np.tanh), "erf": (1, _erf), "log1p": (1, np.log1p), "expm1": (1, np.expm1),
    "sign": (1, np.sign), "step": (1, lambda x: (x >= 0) * 1.0), "ReLU": (1, lambda x: np.maximum(x, 0.0)),
    "LeakyReLU": (2, lambda x, alpha: np.where(x > 0, x, alpha * x)), "ELU": (2, _elu), "SELU": (1, _selu),
    "SiLU": (1, lambda x: x * _sigmoid(x)), "GELU": (1, lambda x: x * (1 + _erf(x / np.sqrt(2))) / 2),
    "GELUtanh": (1, _gelu_tanh), "softplus": (1, _softplus), "mish": (1, lambda x: x * np.tanh(_softplus(x))),
    "softsign": (1, lambda x: x / (1 + np.abs(x))),
    "hardsigmoid": (1, lambda x: np.clip(x / 6 + 0.5, 0.0, 1.0)), "clip": (3, np.clip),
    "max": (2, np.maximum), "min": (2, np.minimum),
}  # fmt: skip
"""Functions of entries, with how many arguments they take."""


def _log_softmax(x: Array, axis: Any) -> Array:
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def _others(x: Array, axis: Any) -> Array:
    """The product of all others, without a division."""
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    result = np.ones(x.shape)
    for place in np.ndindex(x.shape):
        line: list[Any] = [slice(None) if axis_ in axes else at for axis_, at in enumerate(place)]
        left = x.copy()
        left[place] = 1.0
        result[place] = np.prod(left[tuple(line)])
    return result


REDUCTIONS: Mapping[str, Callable[..., Array]] = {
    "max": np.max, "min": np.min, "prod": np.prod, "sum": np.sum, "mean": np.mean,
    "var": lambda x, axis, ddof=0: np.var(x, axis=axis, ddof=ddof),
    "std": lambda x, axis, ddof=0: np.std(x, axis=axis, ddof=ddof),
    "logsumexp": lambda x, axis: np.log(np.sum(np.exp(x), axis=axis)),
    "norm": lambda x, axis: np.sqrt(np.sum(x * x, axis=axis)),
}  # fmt: skip
"""What takes axes away. What is left of a matrix has one index, and is a column as every vector."""

ALONG: Mapping[str, Callable[..., Array]] = {
    "softmax": lambda x, axis: np.exp(_log_softmax(x, axis)),
    "log softmax": _log_softmax,
    "others": _others,
}
"""What keeps the shape."""

NAMED = ("tr", "det", "diag", "place", "reshape", "repeat", "stack", "concatenate", "transpose", "conv")
FUNCTIONS = frozenset({*ELEMENTWISE, *REDUCTIONS, *ALONG, *NAMED})


def convolved(x: Array, w: Array, stride: Sequence[int], padding: Sequence[int]) -> Array:
    """The cross-correlation of images (…, channels, height, width) with kernels."""
    dims = len(stride)
    plain = x.ndim == dims
    images = x.reshape((1,) * (dims + 2 - x.ndim) + x.shape)
    kernels = w.reshape((1,) * (dims + 2 - w.ndim) + w.shape)
    images = np.pad(images, [(0, 0), (0, 0), *((p, p) for p in padding)])
    width = kernels.shape[2:]
    moved = [(n - k) // s + 1 for n, k, s in zip(images.shape[2:], width, stride, strict=True)]
    result = np.zeros((len(images), len(kernels), *moved))
    for at in np.ndindex(*moved):
        seen = tuple(slice(p * s, p * s + k) for p, s, k in zip(at, stride, width, strict=True))
        part = images[(slice(None), slice(None), *seen)]
        result[(slice(None), slice(None), *at)] = (
            part.reshape(len(images), -1) @ kernels.reshape(len(kernels), -1).T
        )
    return result[0, 0] if plain else result.reshape(result.shape[dims + 2 - x.ndim :])


class Pending:
    """A value whose shape the formula does not say; what stands beside it does."""

    def __init__(self, make: Callable[[Shape], Array]) -> None:
        self.make = make

    def of(self, shape: Shape) -> Array:
        """The value in a shape."""
        try:
            return np.asarray(self.make(shape), dtype=float)
        except (IndexError, ValueError) as error:
            raise ReadError(f"does not fit into the shape {shape}: {error}") from None


def _multiple(number: Array, pending: Pending) -> Pending:
    return Pending(lambda shape: number * pending.of(shape))


# ----------------------------------------------------------------------------------------- evaluation


def on_paper(x: Array) -> Shape:
    """The shape as it is on paper: a vector is a column, a 1×1 matrix a number."""
    shape: Shape = np.shape(x)
    if len(shape) <= 2 and math.prod(shape) == 1:
        return ()
    return (*shape, 1) if len(shape) == 1 else shape


def as_matrix(x: Array) -> Array:
    """A number or a matrix."""
    return np.reshape(x, on_paper(x))


class Evaluator:
    """Works a formula out.

    Args:
        values: what the names mean.
        loose: arrays of three or more axes are repeated as by NumPy, for paper has no rule for them.
    """

    def __init__(self, values: Values, *, loose: bool = False) -> None:
        self.values, self.loose = values, loose

    def __call__(self, node: Node) -> Any:
        result = getattr(self, f"_{node.kind}")(node)
        return result if isinstance(result, Pending) else np.asarray(result, dtype=float)

    def plain(self, node: Node) -> Array:
        """The value of what has a shape."""
        found = self(node)
        if isinstance(found, Pending):
            raise ReadError("nothing says the shape of what is placed or adjoint")
        return found

    def whole(self, node: Node) -> int:
        """A size, an axis, a bound."""
        value = self.plain(node)
        if value.ndim or value != int(value):
            raise ReadError(f"{value} is no whole number")
        return int(value)

    def together(self, what: str, arrays: Sequence[Array]) -> list[Array]:
        """Operands of equal shapes, and numbers."""
        shapes = {on_paper(one) for one in arrays} - {()}
        if len(shapes) > 1:
            if self.loose and any(one.ndim > 2 for one in arrays):
                try:
                    return [np.asarray(one) for one in np.broadcast_arrays(*arrays)]
                except ValueError as error:
                    raise ReadError(f"{what}: {error}") from None
            raise ReadError(f"{what} of unequal shapes: {sorted(shapes)}")
        if any(on_paper(one) and one.ndim != 1 for one in arrays):
            return [as_matrix(one) for one in arrays]
        return [one if on_paper(one) else one.reshape(()) for one in arrays]

    def _number(self, node: Node) -> float:
        return float(node.note)

    def _name(self, node: Node) -> Array:
        if node.note not in self.values:
            raise ReadError(f"nothing is called {node.note!r}")
        return np.asarray(self.values[node.note], dtype=float)

    _quotient = _name

    def _group(self, node: Node) -> Any:
        return self(node.parts[0])

    def _minus(self, node: Node) -> Any:
        found = self(node.parts[0])
        return Pending(lambda shape: -found.of(shape)) if isinstance(found, Pending) else -found

    def _sum(self, node: Node) -> Any:
        found = [self(part) for part in node.parts]
        pending = [one for one in found if isinstance(one, Pending)]
        plain = [one for one in found if not isinstance(one, Pending)]
        if pending:
            shapes = [one.shape for one in plain if on_paper(one)]
            if not shapes:
                return Pending(lambda shape: sum([one.of(shape) for one in pending], sum(plain)))
            plain += [one.of(shapes[0]) for one in pending]
        return sum(self.together("a sum", plain))

    def _single(self, part: Node) -> Any:
        """An operand of ∘: a matrix, and numbers beside it; a matrix product is in brackets."""
        above = part.parts[0] if part.kind == "slash" else part
        found = [self(one) for one in _flat([above])]
        if sum(isinstance(one, Pending) or bool(on_paper(one)) for one in found) > 1:
            raise ReadError("a matrix product without brackets beside ∘ or over a matrix")
        return self(part)

    def _hadamard(self, node: Node) -> Any:
        found = [self._single(part) for part in node.parts]
        plain = [one for one in found if not isinstance(one, Pending)]
        pending = [one for one in found if isinstance(one, Pending)]
        shapes = [one.shape for one in plain if on_paper(one)]
        if pending and shapes:
            plain += [one.of(shapes[0]) for one in pending]
        elif pending:
            return Pending(lambda shape: math.prod([one.of(shape) for one in pending]) * math.prod(plain))
        return math.prod(self.together("∘", plain))

    def _product(self, node: Node) -> Any:
        result: Any = np.asarray(1.0)
        for part in node.parts:
            result = self._times(result, self(part))
        return result

    def _times(self, left: Any, right: Any) -> Any:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Pending):
                if isinstance(other, Pending) or on_paper(other):
                    raise ReadError("nothing says the shape of a factor")
                number = other.reshape(())
                return _multiple(number, one)
        if not on_paper(left) or not on_paper(right):
            one, other = (left, right) if not on_paper(left) else (right, left)
            return one.reshape(()) * (other if on_paper(other) else other.reshape(()))
        if left.ndim > 2 or right.ndim > 2:
            return self._stacked(left, right)
        a, b = as_matrix(left), as_matrix(right)
        if a.shape[1] != b.shape[0]:
            raise ReadError(f"a matrix product of {a.shape} and {b.shape}")
        product = a @ b
        return product.reshape(()) if product.size == 1 else product

    def _stacked(self, left: Array, right: Array) -> Array:
        """Matrices one behind the other, along the last two axes."""
        if not self.loose and left.shape[:-2] != right.shape[:-2]:
            raise ReadError(f"a product of {left.shape} and {right.shape}")
        try:
            return np.matmul(left, right)
        except ValueError as error:
            raise ReadError(str(error)) from None

    def _fraction(self, node: Node) -> Any:
        above, below = self(node.parts[0]), self.plain(node.parts[1])
        if isinstance(above, Pending):
            if on_paper(below):
                return above.of(below.shape) / below
            return Pending(lambda shape: above.of(shape) / below.reshape(()))
        one, other = self.together("a fraction", [above, below])
        return one / other

    def _slash(self, node: Node) -> Any:
        above, below = node.parts
        if on_paper(self.plain(below)):
            self._single(above)
            if above.kind == "over":
                raise ReadError("Σ x/y: is the sum divided?")
        return self._fraction(node)

    def _power(self, node: Node) -> Array:
        base, exponent = self.plain(node.parts[0]), self.plain(node.parts[1])
        shape = on_paper(base)
        if on_paper(exponent) and shape:
            raise ReadError("a power with an array as its exponent")
        if len(shape) == 2 and 1 not in shape:
            number = self.whole(node.parts[1])
            if shape[0] != shape[1]:
                raise ReadError("a power of a matrix that is not square")
            return np.linalg.matrix_power(base, number)
        return np.power(*self.together("a power", [base, exponent]))

    def _hadamard_power(self, node: Node) -> Array:
        base, exponent = self.plain(node.parts[0]), self.plain(node.parts[1])
        return np.power(*self.together("a power", [base, exponent]))

    def _transposed(self, node: Node) -> Any:
        found = self(node.parts[0])
        if isinstance(found, Pending):
            return Pending(lambda shape: as_matrix(found.of(shape[::-1])).T)
        if found.ndim > 2:
            return np.swapaxes(found, -1, -2)
        return as_matrix(found).T

    def _inverse(self, node: Node) -> Array:
        found = as_matrix(self.plain(node.parts[0]))
        if not found.ndim:
            return 1 / found
        if found.ndim != 2 or found.shape[0] != found.shape[1]:
            raise ReadError(f"the inverse of {found.shape}")
        return np.linalg.inv(found)

    def _exponential(self, node: Node) -> Array:
        found = self.plain(node.parts[0])
        if on_paper(found):
            raise ReadError("e to the power of a matrix")
        return np.exp(found)

    def _root(self, node: Node) -> Array:
        return np.sqrt(self.plain(node.parts[0]))

    def _absolute(self, node: Node) -> Array:
        return np.abs(self.plain(node.parts[0]))

    def _norm(self, node: Node) -> Array:
        found = self.plain(node.parts[0])
        if node.note == "F":
            if len(on_paper(found)) != 2:
                raise ReadError("Frobenius' norm of what is no matrix")
            return np.sqrt(np.sum(found * found))
        if not node.note and len(on_paper(found)) == 2 and 1 not in on_paper(found):
            raise ReadError("which norm of a matrix?")
        return self._reduced("norm", found, node.note or "", {})

    def _over(self, node: Node) -> Array:
        """Σ over all indices of what stands under it."""
        found = self.plain(node.parts[0])
        shape = on_paper(found)
        axes = 1 if len(shape) == 2 and shape[1] == 1 and node.note == "i" else len(shape)
        if shape and axes != len(node.note):
            raise ReadError(f"Σ over {node.note} of an array of the shape {found.shape}")
        return np.sum(found)

    def _ones(self, node: Node) -> Array:
        sizes = tuple(map(self.whole, node.parts))
        if node.note == "I":
            return np.eye(sizes[0])
        return np.full(sizes, float(node.note))

    def _indicator(self, node: Node) -> Array:
        return self._compared(node) * 1.0

    def _compared(self, node: Node) -> Array:
        left, right = self.together("a comparison", [self.plain(part) for part in node.parts])
        compare: Mapping[str, Callable[..., Array]] = {
            ">": np.greater, "<": np.less, "≥": np.greater_equal, "≤": np.less_equal, "=": np.equal,
            "≠": np.not_equal,
        }  # fmt: skip
        return compare[node.note](left, right)

    def _cases(self, node: Node) -> Array:
        test = np.asarray(self._compared(node.parts[0]), dtype=float)
        found = self.together("cases", [test, *map(self.plain, node.parts[1:])])
        return np.where(found[0] > 0, found[1], found[2])

    def _matrix(self, node: Node) -> Array:
        """Rows of numbers, or of blocks."""
        rows = [[as_matrix(self.plain(one)) for one in row.parts] for row in node.parts]
        try:
            return np.block([[np.atleast_2d(one) for one in row] for row in rows])
        except ValueError as error:
            raise ReadError(f"blocks that do not fit: {error}") from None

    def _listed(self, node: Node) -> Array:
        return np.stack([self.plain(part) for part in node.parts])

    def _item(self, node: Node) -> Array:
        found = self.plain(node.parts[0])
        where = self._where(node.parts[1:])
        if len(where) == 1 and on_paper(found)[1:] in ((), (1,)):
            found = found.reshape(-1)
        elif len(where) == 2 and found.ndim < 2:
            found = np.atleast_2d(as_matrix(found))
        if len(where) != found.ndim:
            raise ReadError(f"{len(where)} indices of {found.shape}")
        for index, size in zip(where, found.shape, strict=True):
            if isinstance(index, int) and not 0 <= index < size:
                raise ReadError(f"the index {index} of {size} entries")
        return found[where]

    def _where(self, specs: Sequence[Node]) -> tuple[Any, ...]:
        def one(spec: Node) -> Any:
            if spec.kind != "slice":
                return self.whole(spec)
            return slice(*(None if bound is None else self.whole(bound) for bound in spec.note))

        return tuple(map(one, specs))

    # Functions with a name.

    def _call(self, node: Node) -> Any:
        name, index, options, extra = node.note
        if name in ALONG or (name in REDUCTIONS and (index or len(node.parts) == 1)):
            if len(node.parts) != 1:
                raise ReadError(f"{name} of {len(node.parts)} arguments")
            return self._reduced(name, self.plain(node.parts[0]), index, options)
        if name in ELEMENTWISE:
            count, function = ELEMENTWISE[name]
            if index or options or extra or len(node.parts) != count:
                raise ReadError(f"{name} with {len(node.parts)} arguments")
            return function(*self.together(name, [self.plain(part) for part in node.parts]))
        return getattr(self, f"_of_{name}")(node, index, options, extra)

    def _reduced(self, name: str, x: Array, index: str, options: Mapping[str, int]) -> Array:
        axes = tuple(AXES.index(letter) for letter in index)
        matrix = np.atleast_2d(as_matrix(x)) if index else x
        if any(axis >= matrix.ndim for axis in axes):
            raise ReadError(f"{name} over {index} of the shape {x.shape}")
        axis = None if not index else axes[0] if len(axes) == 1 else axes
        found: Array = (ALONG.get(name) or REDUCTIONS[name])(matrix, axis=axis, **options)
        return found

    def _one(self, node: Node) -> Array:
        if len(node.parts) != 1:
            raise ReadError(f"{node.note[0]} of {len(node.parts)} arguments")
        return as_matrix(self.plain(node.parts[0]))

    def _square(self, node: Node) -> Array:
        found = np.atleast_2d(self._one(node))
        if found.ndim != 2 or found.shape[0] != found.shape[1]:
            raise ReadError(f"{node.note[0]} of {found.shape}")
        return found

    def _of_tr(self, node: Node, *_: Any) -> Array:
        return np.trace(self._square(node))

    def _of_det(self, node: Node, *_: Any) -> Array:
        return np.linalg.det(self._square(node))

    def _of_diag(self, node: Node, *_: Any) -> Array:
        """The matrix of a vector, or the diagonal of a square matrix."""
        found = self._one(node)
        if not found.ndim:
            return found
        if found.ndim == 2 and found.shape[1] == 1:
            return np.diag(found[:, 0])
        return np.diag(self._square(node))

    def _of_reshape(self, node: Node, _index: str, _options: Any, sizes: Sequence[Node]) -> Array:
        found = self.plain(node.parts[0])
        try:
            return found.reshape(tuple(map(self.whole, sizes)))
        except ValueError as error:
            raise ReadError(str(error)) from None

    def _of_repeat(self, node: Node, _index: str, _options: Any, sizes: Sequence[Node]) -> Array:
        found = self.plain(node.parts[0])
        shape = tuple(map(self.whole, sizes))
        if on_paper(found) and not (self.loose and len(shape) > 2):
            raise ReadError("only a number is repeated without ones")
        try:
            return np.broadcast_to(found if on_paper(found) else found.reshape(()), shape)
        except ValueError as error:
            raise ReadError(str(error)) from None

    def _of_place(self, node: Node, _index: str, _options: Any, specs: Sequence[Node]) -> Pending:
        found, where = self.plain(node.parts[0]), self._where(specs)

        def make(shape: Shape) -> Array:
            own = shape[:1] if len(where) == 1 and len(shape) == 2 and shape[1] == 1 else shape
            own = (*own, 1) if len(where) == 2 and len(own) == 1 else own
            if len(own) != len(where):
                raise ReadError(f"{len(where)} indices in the shape {own}")
            result = np.zeros(own)
            room = result[where]
            if on_paper(room) != on_paper(found):
                raise ReadError(f"{found.shape} is put into a place of {room.shape}")
            result[where] = found.reshape(room.shape)
            return result

        return Pending(make)

    def _of_stack(self, node: Node, index: str, *_: Any) -> Array:
        found = [as_matrix(self.plain(part)) for part in node.parts]
        flat = [one[:, 0] if one.ndim == 2 and one.shape[1] == 1 else one for one in found]
        axis = AXES.index(index)
        return np.stack([one if axis <= one.ndim else np.atleast_1d(one) for one in flat], axis=axis)

    def _of_concatenate(self, node: Node, index: str, *_: Any) -> Array:
        return np.concatenate([self.plain(part) for part in node.parts], axis=AXES.index(index))

    def _of_transpose(self, node: Node, index: str, *_: Any) -> Any:
        order = [AXES.index(letter) for letter in index]
        found = self(node.parts[0])
        if not isinstance(found, Pending):
            return np.transpose(found, order)
        back = np.argsort(order)
        return Pending(lambda shape: np.transpose(found.of(tuple(shape[axis] for axis in back)), order))

    def _of_conv(self, node: Node, _index: str, options: Mapping[str, Any], upstream: Any) -> Any:
        held = [part for part in node.parts if part.kind != "dot"]
        if len(node.parts) != 2 or (len(held) == 1) != (upstream is not None):
            raise ReadError("conv takes two arguments, its adjoint one and what it is at")
        arrays = [self.plain(part) for part in held]
        given = all(x.ndim == 1 or part.kind != "name" for part, x in zip(held, arrays, strict=True))
        if given and all(on_paper(one)[1:] == (1,) for one in arrays):
            arrays = [one.reshape(-1) for one in arrays]
        kernel = arrays[-1].ndim
        usual = kernel if 0 < kernel <= 2 else kernel - 2 if kernel else 2
        dims = next((len(one) for one in options.values() if not isinstance(one, int)), usual)
        arrays = [one if one.ndim else one.reshape((1,) * dims) for one in arrays]
        steps = [options.get("s", 1), options.get("p", 0)]
        stride, padding = ([one] * dims if isinstance(one, int) else one for one in steps)
        if upstream is None:
            return convolved(arrays[0], arrays[1], stride, padding)
        g = self.plain(upstream)
        g = g.reshape(-1) if dims == 1 and arrays[0].ndim == 1 else g if g.ndim else g.reshape((1,) * dims)
        at_input = node.parts[0].kind == "dot"

        def make(shape: Shape) -> Array:
            """One entry after the other: how the convolution answers to it."""
            own = shape[:1] if g.ndim == 1 else shape
            result = np.zeros(own)
            for place in np.ndindex(*own):
                unit = np.zeros(own)
                unit[place] = 1.0
                x, w = (unit, arrays[0]) if at_input else (arrays[0], unit)
                result[place] = np.sum(convolved(x, w, stride, padding) * g)
            return result

        return Pending(make)


# ----------------------------------------------------------------------------------------- the grammar

RELATIONS = {"=", ">", "<", "≥", "≤", "≠"}


class Parser:
    """What both ways of writing share: sums, ∘, products."""

    def __init__(self, tokens: Sequence[Token], source: str) -> None:
        end = Token("end", "", False, len(source))
        self.tokens, self.source, self.place = [*tokens, end, end, end], source, 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def fail(self, what: str) -> ReadError:
        return ReadError(f"{what} at {self.source[self.next.start :][:30]!r} in {self.source!r}")

    def take(self) -> Token:
        self.place += self.next.kind != "end"
        return self.tokens[self.place - 1]

    def accept(self, *texts: str) -> bool:
        if self.next.text in texts and self.next.kind != "end":
            self.take()
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.fail(f"{text} expected")

    def whole(self) -> Node:
        """All of it."""
        result = self.total()
        if self.next.kind != "end":
            raise self.fail("left over")
        return result

    def total(self) -> Node:
        """A sum; a minus may stand in front of the first term."""
        terms = [Node("minus", (self.term(),)) if self.accept("-") else self.term()]
        while self.next.text in ("+", "-") and self.next.kind != "end":
            sign = self.take().text
            term = self.term()
            terms.append(term if sign == "+" else Node("minus", (term,)))
        return terms[0] if len(terms) == 1 else Node("sum", tuple(terms))

    def term(self) -> Node:
        parts = [self.product()]
        while self.accept("∘"):
            parts.append(self.product())
        return parts[0] if len(parts) == 1 else Node("hadamard", tuple(parts))

    def product(self) -> Node:
        runs = [self.run()]
        while self.accept("·"):
            runs.append(self.run())
        if any(one.kind == "over" for one in runs[:-1]):
            raise self.fail("a factor behind Σ without brackets")
        return runs[0] if len(runs) == 1 else _product(runs)

    def run(self) -> Node:
        """Factors side by side, and one slash behind them."""
        factors = [self.factor()]
        while self.begins():
            if self.next.kind == "number":
                raise self.fail("a number as a factor without a dot")
            if factors[-1].kind == "over":
                raise self.fail("a factor behind Σ without brackets")
            factors.append(self.factor())
        above = factors[0] if len(factors) == 1 else _product(factors)
        if not self.accept("/"):
            return above
        below = self.factor()
        if self.begins() or self.next.text == "/":
            raise self.fail("something behind a denominator without a dot")
        return Node("slash", (above, below))

    def relation(self) -> Node:
        left = self.total()
        if self.next.text not in RELATIONS:
            raise self.fail("a comparison expected")
        sign = self.take().text
        return Node("indicator", (left, self.total()), sign)

    def bound(self) -> Node | None:
        return None if self.next.text in (":", ",", "]") else self.total()

    def specs(self) -> tuple[Node, ...]:
        """Indices and slices, up to the closing bracket."""
        found: list[Node] = []
        while True:
            bounds = [self.bound()]
            while self.accept(":"):
                bounds.append(self.bound())
            if len(bounds) == 1:
                if bounds[0] is None:
                    raise self.fail("an index expected")
                found.append(bounds[0])
            else:
                found.append(Node("slice", note=tuple([*bounds, None, None][:3])))
            if not self.accept(","):
                break
        self.expect("]")
        return tuple(found)

    def sizes(self) -> tuple[Node, ...]:
        """n × 3, up to the end."""
        found = [self.factor()]
        while self.accept("×"):
            found.append(self.factor())
        if self.next.kind != "end":
            raise self.fail("a size expected")
        return tuple(found)

    def arguments(self) -> tuple[Node, ...]:
        self.expect("(")
        found = []
        while True:
            found.append(Node("dot") if self.accept("·") else self.total())
            if not self.accept(","):
                break
        self.expect(")")
        return tuple(found)

    def named(self, name: str, below: str) -> Node:
        """A function at its arguments; what stands below it are axes, options, sizes or indices."""
        if name not in FUNCTIONS:
            raise self.fail(f"the function {name!r} is unknown")
        index, options = "", dict[str, Any]()
        extra: tuple[Node, ...] | Node | None = None
        if name in ("reshape", "repeat"):
            extra = type(self)(*self.lexed(below)).sizes()
        elif name == "place":
            if not below.startswith("["):
                raise self.fail("indices expected")
            inner = type(self)(*self.lexed(below[1:]))
            extra = inner.specs()
        else:
            for part in re.split(r",\s*", below) if below else ():
                key, equals, value = part.partition("=")
                if equals:
                    numbers = [int(one) for one in value.split("×")]
                    options[key.strip()] = numbers[0] if len(numbers) == 1 else numbers
                elif not part or any(letter not in AXES for letter in part):
                    raise self.fail(f"the index {part!r}")
                else:
                    index += part
        arguments = self.arguments()
        if name == "conv" and any(one.kind == "dot" for one in arguments):
            self.star()
            self.expect("(")
            extra = self.total()
            self.expect(")")
        return Node("call", arguments, (name, index, options, extra))

    def begins(self) -> bool:
        """Whether a factor begins here."""
        raise NotImplementedError

    def factor(self) -> Node:
        """A factor with what is raised or set below it."""
        raise NotImplementedError

    def star(self) -> None:
        """The mark of an adjoint."""
        raise NotImplementedError

    @staticmethod
    def lexed(text: str) -> tuple[list[Token], str]:
        """The tokens of a text, and the text."""
        raise NotImplementedError


def _product(factors: Sequence[Node]) -> Node:
    return Node("product", tuple(_flat(factors)))


def _flat(factors: Sequence[Node]) -> list[Node]:
    return [one for factor in factors for one in (factor.parts if factor.kind == "product" else [factor])]


# ----------------------------------------------------------------------------------------- LaTeX

_LATEX = re.compile(
    r"""(?P<space>(?:\s|\\[,;:!>\ ]|\\q?quad(?![A-Za-z]))+)
    | (?P<number>\d+(?:\.\d+)?(?:\s*\\times\s*10\^\{-?\d+\})?)
    | (?P<command>\\(?:operatorname|mathrm|mathbf|text|begin|end)\{[^{}]*\} | \\[A-Za-z]+ | \\[{}\\])
    | (?P<sign>[-+=<>≥≤≠&^_(){}\[\]|,:*×·∘'])
    | (?P<letter>[A-Za-z])""",
    re.VERBOSE,
)
_SIGNS = {
    r"\circ": "∘", r"\cdot": "·", r"\times": "×", r"\ge": "≥", r"\le": "≤", r"\ne": "≠", r"\lVert": "‖(",
    r"\rVert": "‖)", r"\lvert": "|(", r"\rvert": "|)",
}  # fmt: skip
_GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau"
    " upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_LETTERS = {rf"\{name}" for name in _GREEK.split()}
_ACCENTS = {r"\hat", r"\bar", r"\tilde"}
_CALLED = {rf"\{name}": name for name in "log sin cos tan sinh cosh tanh arctan exp max min det".split()}
_MATRICES = {r"\begin{pmatrix}": r"\end{pmatrix}", r"\begin{bmatrix}": r"\end{bmatrix}"}


class Latex(Parser):
    """The front end for LaTeX."""

    @staticmethod
    def lexed(text: str) -> tuple[list[Token], str]:
        source = re.sub(r"\\left\s*\|", r"\\lvert ", text)
        source = re.sub(r"\\right\s*\|", r"\\rvert ", source)
        source = re.sub(r"\\(?:left|right)(?![A-Za-z.])", "", source).replace("{:}", ":")
        tokens: list[Token] = []
        place, gap = 0, False
        while place < len(source):
            match = _LATEX.match(source, place)
            if match is None:
                raise ReadError(f"cannot read {source[place : place + 20]!r} in {text!r}")
            shown = match[0]
            if match.lastgroup == "space":
                gap = True
            else:
                tokens.append(Token(match.lastgroup or "", _SIGNS.get(shown, shown), gap, place))
                gap = False
            place = match.end()
        return tokens, source

    def begins(self) -> bool:
        kind, text = self.next.kind, self.next.text
        if kind in ("letter", "number"):
            return True
        if kind == "command":
            closing = text in (r"\\", r"\}") or text.startswith((r"\end", r"\text"))
            return text in ("‖(", "|(") or not (closing or text in _SIGNS.values())
        return text in ("(", "[")

    def raw(self) -> list[Token]:
        """What a script holds: one token, or a group in braces."""
        if not self.accept("{"):
            return [self.take()]
        depth, found = 1, list[Token]()
        while True:
            token = self.take()
            if self.next.kind == "end" and token.text != "}":
                raise self.fail("} expected")
            depth += (token.text == "{") - (token.text == "}")
            if not depth:
                return found
            found.append(token)

    def inner(self, tokens: Sequence[Token]) -> Latex:
        """A reader of some tokens."""
        return Latex(tokens, self.source)

    def group(self) -> Node:
        if self.next.text != "{":
            raise self.fail("{ expected")
        return self.inner(self.raw()).whole()

    def factor(self) -> Node:
        if self.next.text == r"\frac":
            return self.fraction()
        if self.next.kind == "number":
            node = self.number()
            if self.next.text == r"\frac" and self.source[self.next.start :].startswith(r"\frac{1}"):
                raise self.fail("may be meant as a mixed number")
            return self.raised(node)
        if self.next.text == r"\sum":
            return self.over()
        return self.raised(self.base())

    def number(self) -> Node:
        digits = re.sub(r"[\s{}]", "", self.take().text).replace(r"\times10^", "e")
        return Node("number", note=float(digits))

    def fraction(self) -> Node:
        self.take()
        above, below = self.raw(), self.raw()
        if above and above[0].text == r"\partial":
            pair = []
            for tokens in (above, below):
                inner = self.inner(tokens)
                inner.expect(r"\partial")
                pair.append(inner.name())
                if inner.next.kind != "end":
                    raise self.fail("a name expected behind ∂")
            return self.raised(Node("quotient", note=tuple(pair)))
        return self.raised(Node("fraction", (self.inner(above).whole(), self.inner(below).whole())))

    def over(self) -> Node:
        self.take()
        self.expect("_")
        index = "".join(token.text for token in self.raw()).replace(",", "")
        if self.next.text == "(":
            self.take()
            body = self.total()
            self.expect(")")
        else:
            letter = self.take()
            if letter.kind != "letter":
                raise self.fail("Σ of what?")
            body = Node("name", note=letter.text)
        self.expect("_")
        if "".join(token.text for token in self.raw()) != index:
            raise self.fail(f"the index {index} expected")
        if self.next.text in ("^", "_"):
            raise self.fail("Σ of a power")
        return Node("over", (body,), index)

    def name(self) -> str:
        """A name: a letter with an accent, a subscript, a layer above."""
        token = self.take()
        shown = token.text
        if shown in _ACCENTS:
            shown += "{" + "".join(one.text for one in self.raw()) + "}"
        elif token.kind != "letter" and shown not in _LETTERS and not shown.startswith(r"\mathrm"):
            self.place -= 1
            raise self.fail("a name expected")
        if self.next.text == "_" and self.tokens[self.place + 1].text != "[" and not self._below("["):
            self.take()
            shown += "_{" + "".join(one.text for one in self.raw()) + "}"
        if self.next.text == "^" and self._below("[", "("):
            place = self.place
            self.take()
            tokens = self.raw()
            text = "".join(one.text for one in tokens)
            match = re.fullmatch(r"(.*?)(-1|-(?=\\top))?(\\top)?", text)
            assert match is not None
            label, inverse, transposed = match.groups()
            if re.fullmatch(r"(?:\[\w+\])?(?:\(\d+\))?", label) is None:
                self.place = place
                return canonical(shown)
            shown += "^{" + label + "}"
            self.marks = ["inverse"] * bool(inverse) + ["transposed"] * bool(transposed)
        return canonical(shown)

    marks: Sequence[str] = ()

    def _below(self, *openers: str) -> bool:
        """Whether a group in braces begins with one of these."""
        return self.tokens[self.place + 1].text == "{" and self.tokens[self.place + 2].text in openers

    def base(self) -> Node:
        text = self.next.text
        if text in _MATRICES:
            return self.matrix(_MATRICES[text])
        if text == r"\begin{cases}":
            return self.cases()
        if text in ("(", "[", "‖(", "|("):
            return self.bracket()
        if text == r"\{":
            self.take()
            parts = [self.total()]
            while self.accept(","):
                parts.append(self.total())
            self.expect(r"\}")
            return Node("listed", tuple(parts))
        if text.startswith(r"\mathbf"):
            self.take()
            return self.constant(text[len(r"\mathbf{") : -1])
        if text == "I" and self.tokens[self.place + 1].text == "_":
            self.take()
            return self.constant("I")
        if text == r"\sqrt":
            self.take()
            return Node("root", (self.group(),))
        if text in _CALLED or text.startswith(r"\operatorname") or self._is_sigmoid():
            return self.call()
        if text == "e" and [one.text for one in self.tokens[self.place + 1 : self.place + 3]] == ["^", "{"]:
            self.take()
            self.take()
            return Node("exponential", (self.group(),))
        if text == r"\pi" and self.tokens[self.place + 1].text != "_":
            self.take()
            return Node("number", note=math.pi)
        self.marks = ()
        node = Node("name", note=self.name())
        mark: str
        for mark in self.marks:
            node = Node(mark, (node,), "layered")
        return node

    def _is_sigmoid(self) -> bool:
        follower = self.tokens[self.place + 1]
        return self.next.text == r"\sigma" and follower.text == "(" and not follower.gap

    def bracket(self) -> Node:
        opener = self.take().text
        if opener == "[":
            node = self.relation()
            self.expect("]")
            return node
        node = self.total()
        self.expect({"(": ")", "‖(": "‖)", "|(": "|)"}[opener])
        if opener == "(":
            return Node("group", (node,))
        if opener == "|(":
            return Node("absolute", (node,))
        mark = ""
        if self.next.text == "_":
            self.take()
            mark = "".join(one.text for one in self.raw())
        return Node("norm", (node,), mark)

    def constant(self, letter: str) -> Node:
        self.expect("_")
        sizes = self.inner(self.raw()).sizes()
        if len(sizes) == 1 and letter == "0":
            sizes = (*sizes,)
        return Node("ones", sizes, letter)

    def matrix(self, end: str) -> Node:
        self.take()
        rows: list[list[Node]] = [[]]
        while True:
            rows[-1].append(self.total())
            if self.accept(r"\\"):
                rows.append([])
            elif not self.accept("&"):
                break
        self.expect(end)
        return Node("matrix", tuple(Node("row", tuple(row)) for row in rows))

    def cases(self) -> Node:
        self.take()
        then = self.total()
        self.expect("&")
        self.expect(r"\text{if }")
        test = self.relation()
        self.expect(r"\\")
        other = self.total()
        self.expect("&")
        self.expect(r"\text{otherwise}")
        self.expect(r"\end{cases}")
        return Node("cases", (test, then, other))

    def call(self) -> Node:
        token = self.take()
        name = _CALLED.get(token.text) or token.text.removeprefix(r"\operatorname{").removesuffix("}")
        name = "σ" if token.text == r"\sigma" else name
        if name == "log" and self.next.text == r"\operatorname{softmax}":
            self.take()
            name = "log softmax"
        elif name == "log" and self.next.text == "|(":
            inner = self.bracket()
            if self.begins() or self.next.text == "^":
                raise self.fail("log of how much?")
            return Node("call", (inner,), ("log", "", {}, None))
        below = ""
        if self.accept("_"):
            tokens = self.raw()
            between = " " if name in ("reshape", "repeat", "place") else ""
            below = between.join(one.text for one in tokens)
        return self.named(name, below)

    def star(self) -> None:
        self.expect("^")
        if [one.text for one in self.raw()] != ["*"]:
            raise self.fail("the star of an adjoint expected")

    def raised(self, node: Node) -> Node:
        """With indices in square brackets below, and one superscript."""
        if self.next.text == "_":
            if not self._below("["):
                raise self.fail("a subscript of what is no name")
            self.take()
            inner = self.inner(self.raw())
            inner.expect("[")
            node = Node("item", (node, *inner.specs()))
            if inner.next.kind != "end":
                raise inner.fail("something behind the indices")
        layered = (node.kind == "name" and "^" in node.note) or node.note == "layered"
        if not self.accept("^"):
            return node
        if layered:
            raise self.fail("a second superscript")
        tokens = self.raw()
        texts = [one.text for one in tokens]
        if self.next.text in ("^", "_"):
            raise self.fail("a second superscript or a subscript behind it")
        if texts == [r"\top"]:
            return Node("transposed", (node,))
        if texts == ["-", "1"]:
            return Node("inverse", (node,))
        if texts == ["-", r"\top"]:
            return Node("transposed", (Node("inverse", (node,)),))
        if texts[:1] == ["∘"]:
            return Node("hadamard_power", (node, self.inner(tokens[1:]).whole()))
        return Node("power", (node, self.inner(tokens).whole()))


def canonical(name: str) -> str:
    r"""A printed name without spaces and needless braces: `\delta_{ z }` is `\delta_z`."""
    return re.sub(r"([_^])\{([^{}]|\\[A-Za-z]+)\}", r"\1\2", re.sub(r"\s+", "", name))


# ----------------------------------------------------------------------------------------- Unicode

_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff\u1e00-\u1fff"
_SIZE = r"(?:\([^()]*\)|\d+|[A-Za-z]+[₀-₉]*)"
_SIZES = rf"{_SIZE}(?:×{_SIZE})*"
_UNICODE = re.compile(
    rf"""(?P<space>\s+)
    | (?P<constant>[01I](?:[₀-₉ₙₘₖ]+|_{_SIZES}))
    | (?P<number>\d+(?:\.\d+)?(?:e[-+]?\d+)?)
    | (?P<over>Σ_[ijkl]+(?=\s))
    | (?P<word>(?:if|else)(?=\s))
    | (?P<call>(?:log\s)?[{_LETTER}][{_LETTER}0-9]*
        (?:_(?:\[[^\]]*\]|\((?:[^()]|\([^()]*\))*\)(?=\()|[ijkl]+(?:,\s?ddof=\d+)?|(?:ddof|s|p)=[\d×]+(?:,\s?(?:s|p)=[\d×]+)*|{_SIZES}))?)(?=\()
    | (?P<name>[{_LETTER}]+[\u0300-\u036f]*
        (?:[₀-₉]+|_[{_LETTER}0-9₀-₉\u0300-\u036f]+(?:,[{_LETTER}0-9₀-₉\u0300-\u036f]+)*)?
        (?:\^\[\w+\])?(?:\^?\(\d+\))?)
    | (?P<raised>ᵀ|⁻ᵀ|⁻?[⁰¹²³⁴-⁹]+|\^\(∘|\^)
    | (?P<sign>[-+=<>≥≤≠(){{}}\[\]|‖,:;*/·∘×√∂_])""",
    re.VERBOSE,
)
_PLAIN_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃₄₅₆₇₈₉ₙₘₖ", "0123456789-0123456789nmk")


class Plain(Parser):
    """The front end for Unicode."""

    bars = 0

    @staticmethod
    def lexed(text: str) -> tuple[list[Token], str]:
        tokens: list[Token] = []
        place, gap = 0, False
        while place < len(text):
            match = _UNICODE.match(text, place)
            if match is None:
                raise ReadError(f"cannot read {text[place : place + 20]!r} in {text!r}")
            if match.lastgroup == "space":
                gap = True
            else:
                tokens.append(Token(match.lastgroup or "", match[0], gap, place))
                gap = False
            place = match.end()
        return tokens, text

    def begins(self) -> bool:
        if self.next.kind in ("constant", "number", "over", "call", "name"):
            return True
        if self.next.text in ("|", "‖"):
            return not self.bars
        return self.next.text in ("(", "[", "{", "√", "∂")

    def factor(self) -> Node:
        token = self.next
        if token.kind == "over":
            return self.over()
        return self.raised(self.base())

    def over(self) -> Node:
        index = self.take().text[2:]
        if self.accept("("):
            body = self.total()
            self.expect(")")
            self.expect("_")
            if self.next.text != index:
                raise self.fail(f"the index {index} expected")
            self.take()
        else:
            letter, _, below = self.take().text.partition("_")
            if below != index or len(letter) != 1:
                raise self.fail(f"the index {index} expected")
            body = Node("name", note=letter)
        if self.next.kind == "raised":
            raise self.fail("Σ of a power")
        return Node("over", (body,), index)

    def base(self) -> Node:
        token = self.take()
        kind, text = token.kind, token.text
        if kind == "number":
            return Node("number", note=float(text))
        if kind == "constant":
            below = text[1:].translate(_PLAIN_DIGITS).removeprefix("_")
            return Node("ones", Plain(*self.lexed(below)).sizes(), text[0])
        if kind == "call":
            return self.call(text)
        if kind == "name":
            if text == "π":
                return Node("number", note=math.pi)
            return Node("name", note=text)
        if text == "∂":
            of = self.take().text
            self.expect("/")
            self.expect("∂")
            return Node("quotient", note=(of, self.take().text))
        if text == "√":
            return Node("root", (self.base(),))
        self.place -= 1
        return self.bracket()

    def call(self, text: str) -> Node:
        name, _, below = text.partition("_")
        if below.startswith("(") and below.endswith(")") and re.search(r"[=×]|\(.*\(", below):
            below = below[1:-1]
        if name == "log" and self.next.text == "|":
            raise self.fail("log of what?")
        return self.named(name, below)

    def star(self) -> None:
        self.expect("*")

    def bracket(self) -> Node:
        opener = self.next.text
        if opener not in ("(", "[", "{", "|", "‖"):
            raise self.fail("a factor expected")
        self.take()
        outer, self.bars = self.bars, 1 if opener in ("|", "‖") else 0
        node = {"(": self._round, "[": self._square, "{": self._curly}.get(opener, self._between)(opener)
        self.bars = outer
        return node

    def _round(self, _: str) -> Node:
        node = self.total()
        self.expect(")")
        return Node("group", (node,))

    def _between(self, bar: str) -> Node:
        node = self.total()
        self.expect(bar)
        if bar == "|":
            return Node("absolute", (node,))
        mark = ""
        if self.next.text == "_" and not self.next.gap:
            self.take()
            mark = self.take().text
        return Node("norm", (node,), mark)

    def _square(self, _: str) -> Node:
        first = self.total()
        if self.next.text in RELATIONS:
            sign = self.take().text
            other = self.total()
            self.expect("]")
            return Node("indicator", (first, other), sign)
        rows = [[first]]
        while self.next.text in (",", ";"):
            if self.take().text == ";":
                rows.append([])
            rows[-1].append(self.total())
        self.expect("]")
        return Node("matrix", tuple(Node("row", tuple(row)) for row in rows))

    def _curly(self, _: str) -> Node:
        first = self.total()
        if self.accept("if"):
            test = self.relation()
            self.expect(",")
            self.expect("else")
            other = self.total()
            self.expect("}")
            return Node("cases", (test, first, other))
        parts = [first]
        while self.accept(","):
            parts.append(self.total())
        self.expect("}")
        return Node("listed", tuple(parts))

    def raised(self, node: Node) -> Node:
        """With indices in square brackets, and one superscript."""
        if node.kind == "name" and node.note == "log" and self.next.text == "|":
            inner = self.bracket()
            if self.begins() or self.next.kind == "raised":
                raise self.fail("log of how much?")
            return Node("call", (inner,), ("log", "", {}, None))
        if self.next.text == "[" and not self.next.gap:
            self.take()
            node = Node("item", (node, *self.specs()))
        if self.next.kind != "raised":
            return node
        mark = self.take().text
        node = self._with(node, mark)
        if self.next.kind == "raised":
            raise self.fail("a second superscript")
        return node

    def _with(self, node: Node, mark: str) -> Node:
        if mark == "ᵀ":
            return Node("transposed", (node,))
        if mark == "⁻ᵀ":
            return Node("transposed", (Node("inverse", (node,)),))
        if mark == "⁻¹":
            return Node("inverse", (node,))
        if mark == "^(∘":
            exponent = self.total()
            self.expect(")")
            return Node("hadamard_power", (node, exponent))
        if mark == "^":
            return Node("power", (node, self.base()))
        return Node("power", (node, Node("number", note=float(mark.translate(_PLAIN_DIGITS)))))


# ----------------------------------------------------------------------------------------- what is called


def parsed(formula: str, *, plain: bool = False) -> Node:
    """A formula taken apart."""
    parser: Parser = Plain(*Plain.lexed(formula)) if plain else Latex(*Latex.lexed(formula))
    return parser.whole()


def evaluate(
    formula: str, values: Values, *, plain: bool = False, shape: Shape | None = None, loose: bool = False
) -> Array:
    """The value of one side of an equation.

    Args:
        formula: LaTeX, or with `plain` Unicode.
        values: arrays by printed names, the names of LaTeX in their canonical form.
        plain: it is Unicode.
        shape: what the left side has, where something is placed into zeros or is adjoint.
        loose: see `Evaluator`.
    """
    node = parsed(formula, plain=plain)
    with np.errstate(all="ignore"):
        found = Evaluator(values, loose=loose)(node)
        if isinstance(found, Pending):
            if shape is None:
                raise ReadError(f"nothing says the shape of {formula!r}")
            return found.of(shape)
        return found


def same(left: Array, right: Array, tolerance: float = 1e-9) -> bool:
    """Whether two values are equal on paper: in shape, and to nine digits of the largest entry."""
    if on_paper(left) != on_paper(right):
        return False
    one, other = as_matrix(np.asarray(left)), as_matrix(np.asarray(right))
    scale = max(1.0, float(np.abs(other).max(initial=0.0)))
    return bool(np.all(np.abs(one - other) <= tolerance * scale))


class Equation(NamedTuple):
    """left = side = side …, and the shape that is written under the left side."""

    sides: list[str]
    shape: Shape | None
    text: str


_DISPLAYED = re.compile(
    r"\\\[\n(?P<one>.*?)\n\\\]|\\begin\{(?P<many>gather\*|align\*)\}\n(?P<lines>.*?)\n\\end\{(?P=many)\}",
    re.DOTALL,
)
_CONTINUED = re.compile(r"\s*&(?:=|\\equiv|\\approx|\\leftarrow|\\qquad)(?![A-Za-z])")
"""The beginning of a line of `align*` that belongs to the equation above it."""
_UNDER = re.compile(r"\\underset\{([^{}]*)\}")
_SPLITS = re.compile(r"\\(?:equiv|approx|leftarrow)(?![A-Za-z])|=")


def equations(document: str) -> Iterator[Equation]:
    """The displayed equations of a document in LaTeX, line breaks and frames taken away."""
    for match in _DISPLAYED.finditer(document):
        for line in _lines(match):
            for part in re.split(r", \\quad ", line.strip().rstrip(",")):
                yield equation(part)


def _lines(match: re.Match[str]) -> list[str]:
    """A line for each equation of a display, or for each row of short ones."""
    if match["one"] is not None:
        return [match["one"]]
    lines = list[str]()
    for line in re.split(r" \\\\\*?\n", match["lines"]):
        if match["many"] == "align*" and _CONTINUED.match(line):
            lines[-1] += rf" \\ {line.strip()}"
        else:
            lines.append(line.strip())
    if match["many"] == "gather*":
        return lines
    return [one[1:] if one.startswith("&") else rf"\begin{{aligned}}{one}\end{{aligned}}" for one in lines]


def equation(line: str) -> Equation:
    """An equation in its sides."""
    text = _unframed(line.strip(), r"\boxed{", "}")
    aligned = re.search(r"\\begin\{aligned\}(?:\[t\])?(.*)\\end\{aligned\}", text, re.DOTALL)
    if aligned:
        rows = _rows(aligned[1])
        text = " ".join(re.sub(r"^\s*&?\s*(?:\\qquad)?", " ", row, count=1) for row in rows)
        text = _without_marks(text).strip()
    while r"\resizebox" in text:
        start = text.index(r"\resizebox")
        opened = text.index(r"{$\displaystyle ", start)
        closed = text.index("$}", opened)
        text = text[:start] + text[opened + len(r"{$\displaystyle ") : closed] + text[closed + 2 :]
    shape = None
    under = _UNDER.match(text)
    if under:
        shape = tuple(int(one) if one.strip().isdecimal() else -1 for one in under[1].split(r"\times"))
        text = _unframed(text[under.end() :], "{", "}")
    return Equation(_sides(text), shape, line)


def _rows(text: str) -> list[str]:
    """The rows of `aligned`: a break within a matrix is none."""
    rows, depth = [""], 0
    for token in re.split(r"(\\begin\{\w+\}|\\end\{\w+\}|\\\\)", text):
        depth += token.startswith(r"\begin") - token.startswith(r"\end")
        if token == r"\\" and not depth:
            rows.append("")
        else:
            rows[-1] += token
    return rows


def _without_marks(text: str) -> str:
    """Without the & of `aligned`; those of a matrix stay."""
    out, depth = "", 0
    for token in re.split(r"(\\begin\{\w+\}|\\end\{\w+\}|&)", text):
        depth += token.startswith(r"\begin") - token.startswith(r"\end")
        out += "" if token == "&" and not depth else token
    return out


def _unframed(text: str, opener: str, closer: str) -> str:
    """Without a frame round its beginning."""
    if not text.startswith(opener):
        return text
    depth = 1
    for place in range(len(opener), len(text)):
        depth += (text[place] == "{") - (text[place] == closer)
        if not depth:
            return text[len(opener) : place] + text[place + 1 :]
    raise ReadError(f"{opener} is not closed: {text!r}")


def _sides(text: str) -> list[str]:
    """What stands between the relations outside of all brackets."""
    sides, depth, start, place = list[str](), 0, 0, 0
    while place < len(text):
        split = _SPLITS.match(text, place)
        if text.startswith((r"\begin", r"\end"), place):
            depth += 1 if text.startswith(r"\begin", place) else -1
        elif text[place] in "([{":
            depth += 1
        elif text[place] in ")]}":
            depth -= 1
        elif split and not depth:
            sides.append(text[start:place].strip())
            start = place = split.end()
            continue
        place += 1
    return [*sides, text[start:].strip()]
