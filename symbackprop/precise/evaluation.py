"""Expressions in extra digits: the value of any expression of the library, a number or an array."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from mpmath import mp, mpf
from sympy import Add, Basic, Expr, Integer, Mul, Pow, Symbol, Tuple
from sympy.logic.boolalg import BooleanAtom

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.arrays.composites import expand
from symbackprop.arrays.shapes import Shapes
from symbackprop.conventions import Conventions
from symbackprop.errors import ShapeError, ValuesError, listing
from symbackprop.expressions import AtStep, Prime, Quotient
from symbackprop.partials import declared_slopes
from symbackprop.precise.digits import FUNCTIONS, OPERATIONS, Number, as_number, each, power, real, sign

_GIVEN = (Symbol, Quotient, AtStep)
_COMPOSITES = frozenset(op.COMPOSITE_HEADS.values())
_LISTED = frozenset(one.head for one in op.OPERATIONS.values() if one.listed)
_ARRAYS: Mapping[Any, int] = {
    **{one.head: len(one.arrays) for one in op.OPERATIONS.values()},
    **dict.fromkeys((op.spread, op.item, op.placed, op.extreme, op.others, op.diagonal, op.length), 1),
    **dict.fromkeys((op.conv_input, op.conv_kernel), 2),
}
"""How many arguments of an operation are arrays; the others are constants. Of a matrix product all are."""


def evaluate(
    expression: Basic, values: Mapping[Any, Number], conventions: Conventions | None = None
) -> Number:
    """The value of an expression in the digits that mpmath works with.

    Args:
        expression: a scalar or an array, as the language, a derivation or a pull-back gives it.
        values: the numbers of the symbols, sizes included; also of each ∂y/∂x and w^{(k)} in it.
        conventions: what the slope σ' is at a kink.

    Returns:
        A number of mpmath, or an array of the type object of them. What has no real value is nan, and a
        product with a factor [test] that is 0 is 0, whatever the others are.

    Raises:
        ValuesError: a symbol has no value, or a size is no whole number.
        ShapeError: the operands of an operation do not fit.
    """
    return as_number(_Walk(values, conventions or Conventions())(expression))


class _Walk:
    """Finds the values of the parts of one expression, the innermost first.

    Args:
        values: of symbols.
        conventions: of slopes.
        resolved: operations are in the form that NumPy takes: their axes and shapes are in full.
    """

    def __init__(
        self, values: Mapping[Any, Number], conventions: Conventions, resolved: bool = False
    ) -> None:
        self.values, self.conventions, self.resolved = values, conventions, resolved
        # By identity: to ask whether two expressions are equal goes as deep as they are.
        self.known: dict[int, Any] = {}
        self.parts: dict[int, tuple[Basic, Sequence[Basic]]] = {}

    def __call__(self, expression: Basic) -> Any:
        pending = [expression]
        while pending:
            one = pending[-1]
            if id(one) in self.known:
                pending.pop()
                continue
            if id(one) not in self.parts:
                self.parts[id(one)] = one, self._parts(one)
                pending += [part for part in self.parts[id(one)][1] if id(part) not in self.known]
                continue
            arguments = [self.known[id(part)] for part in self.parts[id(one)][1]]
            self.known[id(one)] = self._value(pending.pop(), arguments)
        return self.known[id(expression)]

    def _parts(self, one: Any) -> Sequence[Basic]:
        """What has to be known first."""
        if isinstance(one, _GIVEN) or not one.args:
            return ()
        if isinstance(one, Mul):
            return _factors(one)
        if isinstance(one, Prime):
            return (declared_slopes(one.args[0], self.conventions)[0],)
        if isinstance(one, functions.softmax):
            return tuple(one.args[1])
        if isinstance(one, sympy.Piecewise):
            return tuple(part for pair in one.args for part in pair)
        if isinstance(one, op.Operation):
            return _arrays_of(one)
        return tuple(one.args)

    def _value(self, one: Any, arguments: list[Any]) -> Any:
        if isinstance(one, _GIVEN):
            return self._given(one)
        if not one.args:
            return _constant(one)
        if isinstance(one, op.Operation):
            return self._operation(one, arguments)
        try:
            return self._of_elements(one, arguments)
        except ValueError:
            shapes = listing(str(np.shape(argument)) for argument in arguments)
            raise ShapeError(f"arrays of the shapes {shapes} cannot be combined element by element") from None

    def _of_elements(self, one: Any, arguments: list[Any]) -> Any:
        match one:
            case Add():
                return functools.reduce(operator.add, arguments)
            case Mul():
                return _product(self.parts[id(one)][1], arguments)
            case Pow():
                return each(real(power), *arguments)
            case Prime():
                return arguments[0]
            case functions.softmax():
                return _softmax(int(one.args[0]), arguments)
            case functions.indicator():
                return each(lambda test: mpf(bool(test)), *arguments)
            case functions.where() | sympy.ITE():
                return each(_chosen, *arguments)
            case sympy.Piecewise():
                return _first_true(arguments)
        rule = _RULES.get(type(one)) or FUNCTIONS.get(type(one).__name__)
        if rule is None:
            raise ValuesError(f"{type(one).__name__} is no function of the language")
        return each(rule, *arguments)

    def _given(self, one: Basic) -> Number:
        if one not in self.values:
            raise ValuesError(
                f"{one} has no value", known=listing(map(str, self.values)) or "no values at all"
            )
        value = self.values[one]
        return value if isinstance(value, mpf) else as_number(value)

    def _operation(self, one: Any, arguments: list[Any]) -> Number:
        arrays = [np.array(argument, dtype=object) for argument in arguments]
        if self.resolved:
            return _applied(one, arrays)
        names = [Symbol(f"a{place}") for place in range(len(arrays))]
        known = dict(zip(names, map(as_number, arrays), strict=True))
        if one.func in _COMPOSITES:
            return self._composite(one, known)
        options = tuple(map(self._option, _options_of(one)))
        form = _resolved(one.func, tuple(array.shape for array in arrays), options)
        return as_number(_Walk(known, self.conventions, resolved=True)(form))

    def _composite(self, one: Any, known: Mapping[Any, Number]) -> Number:
        """A layer that is a program: its lines, one after the other."""
        names = iter(known)
        call = one.func(*(op.NONE if part == op.NONE else next(names) for part in one.args), evaluate=False)
        values = dict(known)
        result = Symbol("result")
        for symbol, line in expand({result: call}, [name.name for name in known]).lines.items():
            values[symbol] = evaluate(line, values, self.conventions)
        return values[result]

    def _option(self, option: Basic) -> Basic:
        """A constant argument, its sizes in numbers."""
        if not option.free_symbols:
            return option
        known = {part: self._size(part) for part in option.atoms(op.length)}
        rest = option.xreplace(known)
        return rest.xreplace({symbol: self._size(symbol) for symbol in rest.free_symbols})

    def _size(self, expression: Expr) -> Integer:
        value = evaluate(expression, self.values, self.conventions)
        if np.ndim(value) or value != int(value):
            raise ValuesError(f"the size {expression} is no whole number: it is {value}")
        return Integer(int(value))


def _factors(product: Any) -> list[Basic]:
    """The factors, those of products among them one by one."""
    found: list[Basic] = []
    pending = [product]
    while pending:
        one = pending.pop()
        if isinstance(one, Mul):
            pending.extend(reversed(one.args))
        else:
            found.append(one)
    return found


def _arrays_of(one: Any) -> Sequence[Basic]:
    if one.func in _LISTED:
        return tuple(one.args[0])
    if one.func in _COMPOSITES:
        return tuple(part for part in one.args if part != op.NONE)
    if one.func is op.matmul:
        return tuple(one.args)
    if one.func not in _ARRAYS:
        raise ValuesError(f"{one.func.__name__} is no operation of the language")
    return tuple(one.args[: _ARRAYS[one.func]])


def _options_of(one: Any) -> Sequence[Basic]:
    return tuple(one.args[1 if one.func in _LISTED else len(_arrays_of(one)) :])


def _constant(one: Any) -> Any:
    match one:
        case BooleanAtom():
            return bool(one)
        case sympy.Rational():
            return mpf(one.p) / mpf(one.q)
        case sympy.Float():
            return mpf(one)
        case sympy.S.Infinity | sympy.S.NegativeInfinity:
            return mp.inf if one.is_positive else -mp.inf
        case sympy.NumberSymbol():
            return mpf(one.evalf(mp.dps + 5))
    raise ValuesError(f"{one} is no number of the language")


def _product(factors: Sequence[Basic], values: Sequence[Any]) -> Number:
    """The product; where a factor [test] is 0 the others may be infinite."""
    result = functools.reduce(operator.mul, values)
    for factor, test in zip(factors, values, strict=True):
        if isinstance(factor, functions.indicator):
            result = each(_kept, test, result)
    return result


def _kept(test: mpf, value: mpf) -> mpf:
    return value if test else mpf(0)


def _chosen(test: Any, value: mpf, other: mpf) -> mpf:
    return value if test else other


def _softmax(index: int, inputs: Sequence[Any]) -> Number:
    largest = functools.reduce(lambda one, two: each(FUNCTIONS["maximum"], one, two), inputs)
    raised = [each(FUNCTIONS["exp"], z - largest) for z in inputs]
    return raised[index - 1] / functools.reduce(operator.add, raised)


def _first_true(arguments: Sequence[Any]) -> Number:
    """Of values and tests in turn the value of the first test that is true."""
    result: Number = mp.nan
    for value, test in reversed(list(zip(arguments[::2], arguments[1::2], strict=True))):
        result = each(_chosen, test, value, result)
    return result


def _compared(test: Callable[[int], bool]) -> Callable[[mpf, mpf], bool]:
    """A comparison, from the sign of the difference."""

    def result(left: mpf, right: mpf) -> bool:
        if left != left or right != right:
            return False
        return test(sign(left - right)) if left != right else test(0)

    return result


_RULES: Mapping[Any, Callable[..., bool]] = {
    sympy.Gt: _compared(lambda sign: sign > 0),
    sympy.Ge: _compared(lambda sign: sign >= 0),
    sympy.Lt: _compared(lambda sign: sign < 0),
    sympy.Le: _compared(lambda sign: sign <= 0),
    sympy.Eq: _compared(lambda sign: sign == 0),
    sympy.Ne: _compared(lambda sign: sign != 0),
    sympy.And: lambda *tests: all(tests),
    sympy.Or: lambda *tests: any(tests),
    sympy.Not: lambda test: not test,
}


@functools.lru_cache(maxsize=4096)
def _resolved(head: Any, shapes: tuple[tuple[int, ...], ...], options: tuple[Basic, ...]) -> Expr:
    """An operation on the symbols a0, a1, … of these shapes, with its axes and shapes in full."""
    names = [Symbol(f"a{place}") for place in range(len(shapes))]
    arrays = [Tuple(*names)] if head in _LISTED else names
    return Shapes(dict(zip(names, shapes, strict=True))).resolved(head(*arrays, *options, evaluate=False))[0]


def _applied(one: Any, arrays: list[Any]) -> Number:
    """A resolved operation at its arrays."""
    options = [
        _plain(option) for option in (one.args[1:] if one.func in _LISTED else one.args[len(arrays) :])
    ]
    given = [arrays] if one.func in _LISTED else arrays
    try:
        return as_number(OPERATIONS[one.func.__name__](*given, *options))
    except (IndexError, ValueError, ZeroDivisionError) as error:
        raise ShapeError(f"an operation is not possible at these sizes: {error}") from None


def _plain(option: Basic) -> Any:
    return tuple(map(_plain, option)) if isinstance(option, Tuple) else int(option)
