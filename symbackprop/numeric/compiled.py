"""Straight-line programs compiled to functions of numbers, and what they give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import Symbol, sympify

from symbackprop.arrays.sizes import sizes_in_numbers
from symbackprop.backends.base import Backend, Precision
from symbackprop.backends.table import find_backend, find_precision
from symbackprop.collector import uncollected
from symbackprop.derivation import Derivation
from symbackprop.errors import ValuesError, did_you_mean, listing
from symbackprop.lowering.program import Kind, Program, forward_program, program
from symbackprop.notation.numbers import NumberFormat, number_format
from symbackprop.numeric.faults import no_distribution, not_at_these_sizes, not_finite, wrong_shape
from symbackprop.shown import Headed

Numbers = Mapping[str, Any]


class Deltas(dict[str, Any]):
    """Values by the deltas' names; a node's name finds the delta of that node."""

    def __init__(self, values: Mapping[str, Any], of_node: Mapping[str, str]) -> None:
        super().__init__(values)
        self._of_node = of_node

    def __missing__(self, name: str) -> Any:
        if name not in self._of_node:
            raise KeyError(name)
        return self[self._of_node[name]]


@dataclass(frozen=True, repr=False)
class Evaluation(Headed):
    """The numbers of one forward and backward pass; arrays where the inputs were arrays.

    Attributes:
        values: of every node, the given ones included, by name.
        partials: of the local partials that are more than a symbol, as `dyhat_dt`.
        deltas: by the deltas' names, as `delta_g1`, and of unnamed ones as `dL_dyhat`; also by node.
        gradients: by what was differentiated by.
        program: what was run.
        lines: all of them, by what the program calls them.
    """

    values: Numbers
    partials: Numbers
    deltas: Deltas
    gradients: Numbers
    program: Program = field(repr=False)
    lines: Mapping[Symbol, Any] = field(repr=False)


class Compiled(Headed):
    """A program as a function of numbers.

    Args:
        lines: the program.
        engine: the backend.
        rounding: round every line to what would be printed of it; None: nothing is rounded.
        precision: of all numbers.

    Attributes:
        program: the lines.
        given: the names that need values.
    """

    def __init__(
        self,
        lines: Program,
        engine: Backend,
        rounding: NumberFormat | None = None,
        precision: Precision = "float64",
    ) -> None:
        self.program = lines
        self._carry = None if rounding is None else np.vectorize(rounding.carried, otypes=[float])
        self.given = [symbol.name for symbol in lines.given]
        self._places: dict[Kind, list[tuple[str, int]]] = {kind: [] for kind in Kind}
        for place, line in enumerate(lines.lines):
            self._places[line.kind].append((line.name, place))
        self._of_node = {line.node: line.name for line in lines.lines if line.kind is Kind.DELTA}
        self._function = engine.function(lines, precision, self._carry)

    def __call__(self, values: Mapping[str, Any], *, examples: list[int] | None = None) -> Evaluation:
        """Evaluate.

        Args:
            values: a number for every given name, or an array with one for every example.
            examples: the numbers of the examples, for messages.

        Raises:
            ValuesError: a value is missing, or a node is not finite; it says which, at which example.
        """
        self._check_given(values)
        sizes = self._sizes(values)
        given = [self._carried(values[name]) for name in self.given]
        with np.errstate(all="ignore"):
            try:
                found = self._function(given, [sizes[symbol.name] for symbol in self.program.sizes])
            except (IndexError, ValueError, ZeroDivisionError) as error:
                raise not_at_these_sizes(error, sizes) from None
            except OverflowError:
                what = "a constant of the formulas is too large for a double"
                raise ValuesError(what, where="the equations", fix="a double holds 1e-308 to 1e308") from None
        results = [_plain(result) for result in found]
        values_found = {**dict(zip(self.given, given, strict=True)), **sizes, **self._of(Kind.VALUE, results)}
        self._check_results(results, values_found, examples)
        return Evaluation(
            values_found,
            self._of(Kind.PARTIAL, results),
            Deltas(self._of(Kind.DELTA, results), self._of_node),
            self._of(Kind.GRADIENT, results),
            self.program,
            {Symbol(name): value for name, value in values_found.items()}
            | {line.symbol: value for line, value in zip(self.program.lines, results, strict=True)},
        )

    def _check_results(
        self, results: Sequence[Any], known: Mapping[str, Any], examples: list[int] | None
    ) -> None:
        """Every line is finite, and what collapsed forms take to be 1 is."""
        lines = self.program.lines
        if not _all_finite(results):
            for line, value in zip(lines, results, strict=True):
                if not np.isfinite(value).all():
                    raise not_finite(line, value, known, examples, arrays=self.program.shapes is not None)
        for name, place in self._places[Kind.CONDITION]:
            if not np.allclose(results[place], 1.0, rtol=0, atol=1e-9):
                raise no_distribution(name)

    def _sizes(self, values: Mapping[str, Any]) -> dict[str, int]:
        """The numbers that the symbols of sizes stand for, found from the shapes of the values."""
        shapes = self.program.shapes
        if shapes is None:
            return {}
        found = sizes_in_numbers((shape, np.shape(values[name])) for name, shape in shapes.items())
        for name, shape in shapes.items():
            own = tuple(int(sympify(size).subs(found)) for size in shape)
            if own != np.shape(values[name]):
                raise wrong_shape(name, np.shape(values[name]), shape, found)
        for symbol, size in found.items():
            if symbol.name in values and float(values[symbol.name]) != size:
                raise ValuesError(
                    f"{symbol.name} is given as {values[symbol.name]}, and the arrays make it {size}",
                    where="the values given to the graph",
                    fix=f"leave {symbol.name} out: it is found from the shapes",
                )
        unbound = [symbol.name for symbol in self.program.sizes if symbol not in found]
        if unbound:
            raise ValuesError(
                f"no array says what {listing(unbound)} is",
                where="the values given to the graph",
                fix="give the size as a number in the shape",
            )
        return {symbol.name: size for symbol, size in found.items()}

    def _carried(self, value: Any) -> Any:
        """A given value as it is printed, where printed values are carried."""
        array = np.asarray(value, dtype=np.float64)[()]
        return array if self._carry is None else self._carry(array)

    def _of(self, kind: Kind, results: Sequence[Any]) -> dict[str, Any]:
        return {name: results[place] for name, place in self._places[kind]}

    def _check_given(self, values: Mapping[str, Any]) -> None:
        missing = [name for name in self.given if name not in values]
        if missing:
            raise ValuesError(
                f"no value for {listing(missing)}",
                where="the values given to the graph",
                known=listing(values) or "no values at all",
                fix="give it under [inputs] or [parameters], or with --at "
                + ",".join(f"{n}=…" for n in missing[:3]),
            )
        expected = set(self.given)
        for name in values:
            if name not in expected and Symbol(name) not in self.program.sizes:
                raise ValuesError(
                    f"{name!r} has a value but is not given to the graph",
                    where="the values given to the graph",
                    known=listing(self.given, 40),
                    fix=did_you_mean(name, self.given),
                )
            array = self._as_array(name, values[name])
            if not np.size(array):
                raise ValuesError(
                    f"the value of {name} is empty: there are no examples",
                    where="the values given to the graph",
                    fix="give a number, or a row at least",
                )
            if not np.isfinite(array).all():
                raise ValuesError(
                    f"the value of {name} is not a finite number",
                    where="the values given to the graph",
                    fix="replace NaN or infinity",
                )
        if self.program.shapes is not None:
            return
        self._check_sum(values)
        lengths = {name: np.shape(values[name]) for name in values if np.ndim(values[name])}
        if len(set(lengths.values())) > 1:
            raise ValuesError(
                "the values are of different lengths",
                where="the values given to the graph",
                known=", ".join(f"{name}: {shape[0]}" for name, shape in lengths.items()),
                fix="give a number for every example, or one number for all",
            )

    def _as_array(self, name: str, value: Any) -> Any:
        if self.program.shapes is None or name not in self.program.shapes:
            return _checked(name, value)
        try:
            array = np.asarray(value)
            if array.dtype.kind == "c":
                raise TypeError
            array = array.astype(np.float64, copy=False)
        except (TypeError, ValueError, OverflowError):
            what, fix = f"the value of {name} is not an array of numbers", "give rows of equal length"
            raise ValuesError(what, where="the values given to the graph", fix=fix) from None
        shape = self.program.shapes[name]
        if array.ndim != len(shape):
            raise wrong_shape(name, array.shape, shape, {})
        return array

    def _check_sum(self, values: Mapping[str, Any]) -> None:
        """Where a collapsed form is used, its condition holds."""
        names = self.program.summing_to_one
        if not names:
            return
        total = sum(np.asarray(values[name], dtype=float) for name in names)
        if not np.allclose(total, 1.0, rtol=0, atol=1e-9):
            raise no_distribution(listing(names))


def _checked(name: str, value: Any) -> Any:
    try:
        array = np.asarray(value)
        if array.dtype.kind == "c":
            raise TypeError
        if array.ndim > 1 or array.dtype.kind not in "biuf":
            array = np.asarray([float(one) for one in np.atleast_1d(array)])
        return array.astype(float)
    except (TypeError, ValueError, OverflowError):
        what, fix = f"the value of {name} is not a number", "give a number, or a list of them"
        raise ValuesError(what, where="the values given to the graph", fix=fix) from None


def _all_finite(results: Sequence[Any]) -> bool:
    """Whether all are finite, found in one sum; where it overflows, the answer may be no."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(sum(one.sum() if isinstance(one, np.ndarray) else one for one in results)))


def _plain(value: Any) -> Any:
    """A number for an array without axes, which some functions of NumPy make of one."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def as_floats(values: Mapping[str, Any]) -> dict[str, Any]:
    """Exact numbers, or nested lists of them, in double precision."""
    return {
        name: np.array(value, dtype=np.float64) if isinstance(value, list | tuple) else float(value)
        for name, value in values.items()
    }


@uncollected()
def compile(
    derivation: Derivation,
    *,
    backend: str = "numpy",
    dtype: Precision = "float64",
    carried: NumberFormat | None = None,
) -> Compiled:
    """The derivation as a function of numbers: all nodes, local partials, deltas and gradients in one pass.

    Args:
        derivation: what to compute.
        backend: `python`, `numpy`, `numba`, `jax` or `torch`.
        dtype: `float64` or `float32`.
        carried: round every value to what it is printed as before it is carried on, as by hand.

    Raises:
        OptionError: there is no such backend, or what it needs is not installed.
    """
    rounding = _carried(derivation, carried)
    return Compiled(program(derivation), find_backend(backend), rounding, find_precision(dtype))


def compile_forward(
    derivation: Derivation, *, backend: str = "numpy", dtype: Precision = "float64"
) -> Compiled:
    """Only the forward pass as a function of numbers."""
    rounding = _carried(derivation, None)
    return Compiled(forward_program(derivation), find_backend(backend), rounding, find_precision(dtype))


def _carried(derivation: Derivation, chosen: NumberFormat | None) -> NumberFormat | None:
    conventions = derivation.conventions
    if chosen is None and conventions.carry == "rounded":
        return number_format(conventions)
    return chosen
