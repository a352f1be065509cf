"""Functions with rules of their own: softmax, sums along axes, norms, convolution, cross-entropy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from mpmath import mp, mpf
from sympy import Symbol

from symbackprop.content import text
from symbackprop.errors import Mistake
from symbackprop.language import parse_expression
from symbackprop.precise.evaluation import evaluate
from symbackprop.reckoning import paper
from symbackprop.reckoning.paper import Misfit, Undefined, on_paper
from symbackprop.reckoning.scene import Unknown

_AXES = "ijklmn"


def array_call(word: str, index: str, arguments: list[Any], *, examples_in_rows: bool) -> Any:
    """The value of a function of arrays.

    Args:
        word: as it is printed.
        index: what stands below it: `j` the axis that it runs over, `2×3` a shape, `1` an entry.
        arguments: numbers and arrays.
        examples_in_rows: over which axis softmax runs where nothing says so.

    Raises:
        Unknown: its meaning is not known.
        Misfit: shapes do not fit.
    """
    function = _CALLS.get(word)
    if function is None:
        raise Unknown(word)
    try:
        return function(index, arguments, examples_in_rows)
    except Mistake:
        raise Misfit(paper.shape_of(arguments[0]), paper.shape_of(arguments[-1]), word) from None


def _over(index: str, array: Any, rows: bool) -> int | None:
    """The axis that an index letter stands for."""
    if index in tuple(_AXES) and index:
        return _AXES.index(index)
    if np.ndim(array) < 2 or 1 in np.shape(array):
        return None
    return 1 if rows else 0


def _softmax(index: str, arguments: list[Any], rows: bool) -> Any:
    if len(arguments) > 1 or not isinstance(arguments[0], np.ndarray):
        return _entry_of(_exponentials([np.asarray(one, dtype=object) for one in arguments]), index)
    array = arguments[0]
    if index.isdecimal():
        return _entry_of(_exponentials(list(array.reshape(-1))), index)
    axis = _over(index, array, rows)
    powers = paper.each(mp.exp, array - _largest(array, axis))
    return powers / _along(powers, axis, mp.fsum)


def _exponentials(inputs: list[Any]) -> list[Any]:
    numbers = [one if not isinstance(one, np.ndarray) else one.item() for one in inputs]
    top = max(numbers)
    powers = [mp.exp(one - top) for one in numbers]
    return [one / mp.fsum(powers) for one in powers]


def _entry_of(parts: list[Any], index: str) -> Any:
    if not index.isdecimal():
        return on_paper(np.array(parts, dtype=object))
    if not 1 <= int(index) <= len(parts):
        raise Misfit((len(parts),), (int(index),), "entry")
    return parts[int(index) - 1]


def _largest(array: Any, axis: int | None) -> Any:
    return _along(array, axis, max)


def _along(array: Any, axis: int | None, function: Callable[[Any], Any]) -> Any:
    """A function of all entries along an axis, with the axis kept."""
    if axis is None:
        return function(list(array.reshape(-1)))
    return np.apply_along_axis(lambda row: np.array([function(list(row))], dtype=object), axis, array)


def _log_softmax(index: str, arguments: list[Any], rows: bool) -> Any:
    return paper.each(mp.log, _softmax(index, arguments, rows))


def _log_sum_exp(index: str, arguments: list[Any], rows: bool) -> Any:
    return _reduced(lambda numbers: mp.log(mp.fsum(map(mp.exp, numbers))))(index, arguments, rows)


def _reduced(function: Callable[[list[Any]], Any]) -> Callable[[str, list[Any], bool], Any]:
    """Over the axes of the letters below it, or over all entries."""

    def call(index: str, arguments: list[Any], rows: bool) -> Any:
        if len(arguments) > 1:
            if any(isinstance(one, np.ndarray) for one in arguments):
                return _entrywise(function, arguments)
            return function(arguments)
        array = np.asarray(arguments[0], dtype=object)
        letters = [one for one in index.split(",")[0] if one in _AXES]
        if not letters or array.ndim == 0:
            return function(list(array.reshape(-1)))
        axes = tuple(_AXES.index(one) for one in letters)
        if max(axes) >= array.ndim:
            raise Misfit(array.shape, (), "axis")
        moved = np.moveaxis(array, axes, range(-len(axes), 0))
        kept = moved.shape[: array.ndim - len(axes)]
        made = np.array(
            [function(list(row)) for row in moved.reshape(int(np.prod(kept)), -1)], dtype=object
        ).reshape(kept)
        if array.ndim == 2 and len(kept) == 1:
            return on_paper(made.reshape((1, -1) if axes == (0,) else (-1, 1)))
        return on_paper(made)

    return call


def _entrywise(function: Callable[[list[Any]], Any], arguments: list[Any]) -> Any:
    shape = next(one.shape for one in arguments if isinstance(one, np.ndarray))
    made = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        made[place] = function([one[place] if isinstance(one, np.ndarray) else one for one in arguments])
    return made


def _variance(numbers: list[Any]) -> Any:
    mean = mp.fsum(numbers) / len(numbers)
    return mp.fsum((one - mean) ** 2 for one in numbers) / len(numbers)


def _sample(index: str) -> int:
    found = re.search(r"ddof=(\d+)", index)
    return int(found[1]) if found else 0


def _spread(root: bool) -> Callable[[str, list[Any], bool], Any]:
    def call(index: str, arguments: list[Any], rows: bool) -> Any:
        less = _sample(index)

        def of(numbers: list[Any]) -> Any:
            value = _variance(numbers) * len(numbers) / (len(numbers) - less)
            return mp.sqrt(value) if root else value

        return _reduced(of)(index.partition("ddof")[0].rstrip(","), arguments, rows)

    return call


def _norm(index: str, arguments: list[Any], rows: bool) -> Any:
    return mp.sqrt(mp.fsum(one**2 for one in np.ravel(arguments[0])))


def _square(array: Any) -> Any:
    made = np.asarray(array, dtype=object)
    made = made.reshape(1, 1) if made.ndim == 0 else made
    if made.ndim != 2 or made.shape[0] != made.shape[1]:
        raise Misfit(made.shape, (), "square")
    return made


def _trace(index: str, arguments: list[Any], rows: bool) -> Any:
    return mp.fsum(np.diag(_square(arguments[0])))


def _determinant(index: str, arguments: list[Any], rows: bool) -> Any:
    return mp.det(mp.matrix(_square(arguments[0]).tolist()))


def _diagonal(index: str, arguments: list[Any], rows: bool) -> Any:
    array = np.asarray(arguments[0], dtype=object)
    if array.ndim == 2 and 1 not in array.shape:
        return on_paper(np.diag(array).copy())
    entries = array.reshape(-1)
    made = np.full((entries.size, entries.size), mpf(0), dtype=object)
    np.fill_diagonal(made, entries)
    return made


def _shape(index: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", index))


def _reshape(index: str, arguments: list[Any], rows: bool) -> Any:
    array = np.asarray(arguments[0], dtype=object)
    shape = _shape(index) or (array.size,)
    if int(np.prod(shape)) != array.size:
        raise Misfit(array.shape, shape, "reshape")
    return on_paper(array.reshape(shape))


def _flattened(index: str, arguments: list[Any], rows: bool) -> Any:
    return on_paper(np.asarray(arguments[0], dtype=object).reshape(-1))


def _convolution(index: str, arguments: list[Any], rows: bool) -> Any:
    """As the language's conv2d and conv1d; `s=2,p=1` below it are stride and padding."""
    if len(arguments) != 2:
        raise Unknown("conv", "meaning")
    options = {"s": "stride", "p": "padding"}
    given = "".join(f", {options[key]}={value}" for key, value in re.findall(r"([sp])=(\d+)", index))
    name = "conv1d" if np.ndim(arguments[0]) == 3 else "conv2d"
    expression = parse_expression(f"{name}(X, K{given})")
    return evaluate(expression, {Symbol("X"): arguments[0], Symbol("K"): arguments[1]})


def _round(index: str, arguments: list[Any], rows: bool) -> Any:
    value, places = arguments if len(arguments) == 2 else (arguments[0], mpf(0))
    return mpf(mp.nint(value * 10 ** int(places))) / 10 ** int(places)


def _cross_entropy(index: str, arguments: list[Any], rows: bool) -> Any:
    """-Σ y log p."""
    if len(arguments) != 2 or not all(isinstance(one, np.ndarray) for one in arguments):
        raise Unknown("CE", "meaning")
    targets, chances = np.ravel(arguments[0]), np.ravel(arguments[1])
    if targets.shape != chances.shape:
        raise Misfit(targets.shape, chances.shape, "circ")
    if any(one <= 0 for one in chances):
        raise Undefined(text("the logarithm of what is not positive"))
    return -mp.fsum(y * mp.log(p) for y, p in zip(targets, chances, strict=True))


def _dot(index: str, arguments: list[Any], rows: bool) -> Any:
    return mp.fsum(np.ravel(arguments[0]) * np.ravel(arguments[1]))


def _product(numbers: list[Any]) -> Any:
    total = mpf(1)
    for one in numbers:
        total *= one
    return total


_CALLS: dict[str, Callable[[str, list[Any], bool], Any]] = {
    "softmax": _softmax,
    "Softmax": _softmax,
    "logsoftmax": _log_softmax,
    "logsumexp": _log_sum_exp,
    "LSE": _log_sum_exp,
    "sum": _reduced(mp.fsum),
    "prod": _reduced(_product),
    "mean": _reduced(lambda numbers: mp.fsum(numbers) / len(numbers)),
    "max": _reduced(max),
    "min": _reduced(min),
    "maximum": _reduced(max),
    "minimum": _reduced(min),
    "var": _spread(root=False),
    "std": _spread(root=True),
    "norm": _norm,
    "tr": _trace,
    "det": _determinant,
    "diag": _diagonal,
    "reshape": _reshape,
    "vec": _flattened,
    "flatten": _flattened,
    "conv": _convolution,
    "round": _round,
    "CE": _cross_entropy,
    "dot": _dot,
}
