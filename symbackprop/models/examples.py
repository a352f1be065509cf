"""Numbers for a model: its own arrays, exactly; and the examples that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import Rational

from symbackprop.arrays.sizes import Shape, show_shape
from symbackprop.data import Data
from symbackprop.errors import DataError
from symbackprop.models.stages import Numbers
from symbackprop.network import numbered
from symbackprop.problem import Assembly


def exactly(numbers: Numbers) -> Any:
    """The rational number that each double is, in nested lists.

    >>> exactly(np.array([0.5, -0.75]))
    [1/2, -3/4]
    """
    return _listed(numbers.tolist(), lambda one: Rational.from_coprime_ints(*one.as_integer_ratio()))


def as_typed(numbers: Numbers) -> Any:
    """The shortest decimal that is read as each double, in nested lists.

    >>> as_typed(np.array([0.1]))
    [1/10]
    """
    return _listed(numbers.tolist(), lambda one: Rational(repr(one)))


def _listed(value: Any, number: Any) -> Any:
    return [_listed(one, number) for one in value] if isinstance(value, list) else number(value)


@dataclass(frozen=True)
class Examples:
    """What a model is given.

    Attributes:
        values: arrays that stand as they are.
        data: the table, where an example is a row of numbers.
        arrays: which arrays are made of which columns of the table.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    data: Data | None = None
    arrays: tuple[Assembly, ...] = ()


def as_numbers(given: Any, name: str) -> Numbers:
    """An array of doubles of what a user gives: nested lists, an array, a tensor of another library.

    Raises:
        DataError: it is no array of finite numbers.
    """
    plain = given.detach().cpu() if hasattr(given, "detach") else given
    try:
        if np.asarray(plain).dtype.kind not in "biuf":
            raise TypeError
        found = np.asarray(plain, dtype=np.float64)
    except (TypeError, ValueError):
        what, fix = f"{name} is not an array of numbers", "give rows of equal length, or an array"
        raise DataError(what, where=name, fix=fix) from None
    if not found.size or not np.isfinite(found).all():
        what = f"{name} is empty" if not found.size else f"{name} holds NaN or infinity"
        raise DataError(what, where=name, fix="give finite numbers, one example at least")
    return found


def one_hot(classes: Numbers, count: int) -> Numbers:
    """A row for each class: 1 at its place, 0 elsewhere.

    Raises:
        DataError: a number is no class.
    """
    places = classes.astype(int)
    if not np.array_equal(places, classes) or places.min() < 0 or places.max() >= count:
        raise DataError(
            "a target is no number of a class",
            where="targets",
            known=f"{count} classes, counted from 0",
            fix="give whole numbers from 0, or a row of probabilities for each example",
        )
    rows: Numbers = np.eye(count)[places]
    return rows


def fitting_targets(targets: Numbers, shape: Shape, *, of_classes: bool) -> Numbers:
    """The targets in the shape of the output: classes as rows of 0 and 1, one number an example as a column.

    Args:
        targets: as given.
        shape: of the output.
        of_classes: whether the loss is of classes.
    """
    if of_classes and targets.ndim == len(shape) - 1 and isinstance(shape[-1], int):
        return one_hot(targets, shape[-1])
    if targets.ndim == len(shape) - 1 and shape[-1] == 1:
        return targets[..., np.newaxis]
    return targets


def check_shape(name: str, numbers: Numbers, shape: Shape) -> None:
    """Numbers stand as the model takes them; an axis that has a symbol may be of any length.

    Raises:
        DataError: they do not.
    """
    fits = numbers.ndim == len(shape) and all(
        not isinstance(size, int) or size == own for size, own in zip(shape, numbers.shape, strict=True)
    )
    if not fits:
        raise DataError(
            f"{name} has the shape {show_shape(numbers.shape)}, and the model takes {show_shape(shape)}",
            where=name,
            fix="give an example a row",
        )


def table(inputs: Numbers, targets: Numbers, names: tuple[str, str]) -> Examples:
    """Examples of a row of numbers each, as a table with a column for each.

    Args:
        inputs: a row an example; likewise `targets`.
        names: of the two arrays.
    """
    letters = [name.lower() for name in names]
    columns = [
        tuple(numbered(letter, (place, width)) for place in range(1, width + 1))
        for letter, width in zip(letters, (inputs.shape[1], targets.shape[1]), strict=True)
    ]
    every = tuple(name for own in columns for name in own)
    rows = tuple(map(tuple, as_typed(np.concatenate([inputs, targets], axis=1))))
    examples = tuple(dict(zip(every, row, strict=True)) for row in rows)
    arrays = tuple(
        Assembly(name, own, is_target=place == 1)
        for place, (name, own) in enumerate(zip(names, columns, strict=True))
    )
    return Examples(data=Data(every, rows, {}, examples), arrays=arrays)


def gathered(given: Mapping[str, Numbers], names: tuple[str, str], *, batch: bool) -> Examples:
    """The examples: a table where both arrays have a row of numbers an example, else arrays as they stand."""
    inputs, targets = (given.get(name) for name in names)
    if batch and inputs is not None and targets is not None and inputs.ndim == targets.ndim == 2:
        return table(inputs, targets, names)
    return Examples({name: as_typed(numbers) for name, numbers in given.items()})
