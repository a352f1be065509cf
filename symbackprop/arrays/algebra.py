"""The normal form of array expressions: what a textbook would write for a product, a transpose, a sum.

Scalar factors stand first and outside, transposes at the leaves, ones vanish where a factor has their shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sympy import Add, Expr, Function, Mul, Pow, S, Tuple

from symbackprop import operations as op
from symbackprop.arrays.quotients import Opened, Quotients, coefficient_of
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, as_shape, broadcast, count
from symbackprop.expressions import Number, add, divide, mul, plain_product, rebuild


class Algebra:
    """Builds array expressions in their normal form.

    Args:
        shapes: the shapes of the symbols.
    """

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes

    def of(self, head: type[op.Operation], *arguments: object) -> Expr:
        """An operation, its axes and shapes resolved."""
        return self.shapes.resolved(op.of(head, *arguments))[0]

    def product(self, *factors: Expr) -> Expr:
        """The element-wise product: one number, scalars, arrays; ones only where they widen the rest."""
        opened = Opened(factors)
        if opened.number is S.Zero:
            return S.Zero
        sizes = self.shapes.sizes
        of_sizes, scalars, arrays = Quotients(), Quotients(), Quotients()
        for base, exponent in opened.powers:
            if self.shapes[base]:
                arrays.put(base, exponent)
            elif base.free_symbols <= sizes and not base.atoms(Function):
                of_sizes.put(base, exponent)
            else:
                scalars.put(base, exponent)
        arrays.above, freed = self._without_needless(arrays.above, arrays.below)
        for one in freed:
            scalars.put(one, S.One)
        scalars.cancel()
        return mul(coefficient_of(opened.number, of_sizes), scalars.built(), arrays.built())

    def _without_needless(self, above: list[Expr], below: list[Expr]) -> tuple[list[Expr], list[Expr]]:
        """Array factors without ones and repetitions that the others make needless; and freed scalars."""
        arrays, freed = list(above), []
        full = broadcast(self.shapes[factor] for factor in [*above, *below])
        place = 0
        while place < len(arrays) and len(arrays) + len(below) > 1:
            rest = [*arrays[:place], *arrays[place + 1 :], *below]
            inner = self._unspread(arrays[place])
            if inner is not None and broadcast(self.shapes[one] for one in [*rest, inner]) == full:
                wide = bool(self.shapes[inner])
                arrays[place : place + 1] = [inner] if wide else []
                freed += [] if wide or inner is S.One else [inner]
            else:
                place += 1
        return arrays, freed

    def normal(self, expression: Expr) -> Expr:
        """The same expression, built anew from its leaves in normal form."""
        memory: dict[Expr, Expr] = {}

        def visit(one: Expr) -> Expr:
            if not one.args or not isinstance(one, Expr):
                return one
            if one not in memory:
                memory[one] = self._renewed(one, tuple(map(visit, one.args)))
            return memory[one]

        return visit(expression)

    def _renewed(self, expression: Expr, arguments: tuple[Expr, ...]) -> Expr:
        match expression:
            case Add():
                return add(*arguments)
            case Mul():
                return self.product(*arguments)
            case op.matmul():
                result = arguments[-1]
                for factor in reversed(arguments[:-1]):
                    result = self.matmul(factor, result)
                return result
            case op.transpose():
                return self.permute(arguments[0], [int(axis) for axis in arguments[1]])
            case op.outer():
                return self.outer(*arguments)
            case op.total():
                return self.total(arguments[0], map(int, arguments[1]), keep=bool(arguments[2]))
            case op.reshape():
                return self.reshape(arguments[0], self.shapes[expression])
            case op.mean():
                inner, axes = arguments[0], [int(axis) for axis in arguments[1]]
                summed = self.total(inner, axes, keep=bool(arguments[2]))
                return self.mean_of(summed, self.shapes[inner], axes)
        rebuilt: Expr = rebuild(expression, arguments)
        return rebuilt

    def _unspread(self, factor: Expr) -> Expr | None:
        """What was repeated to make this factor."""
        if isinstance(factor, op.ones):
            return S.One
        if isinstance(factor, op.spread):
            inner: Expr = factor.args[0]
            return inner
        if isinstance(factor, op.outer) and isinstance(factor.args[0], op.ones):
            row: Expr = factor.args[1]
            return row
        return None

    def apart(self, expression: Expr) -> tuple[list[Expr], Expr]:
        """The scalar factors of an expression, and the rest."""
        if not isinstance(expression, Mul):
            return ([], expression) if self.shapes[expression] else ([expression], S.One)
        scalars = [factor for factor in expression.args if not self.shapes[factor]]
        arrays = [factor for factor in expression.args if self.shapes[factor]]
        rest = plain_product(arrays)
        return scalars, rest

    def spread(self, expression: Expr, shape: Shape) -> Expr:
        """The expression repeated to a shape that it broadcasts to."""
        if self.shapes[expression] == shape:
            return expression
        if expression is S.Zero:
            return self.of(op.zeros, shape)
        scalars, rest = self.apart(expression)
        if rest is S.One:
            return self.product(*scalars, self.of(op.ones, shape))
        if self.shapes[rest] == shape:
            return expression
        return self.product(*scalars, self._spread_array(rest, shape))

    def _spread_array(self, array: Expr, shape: Shape) -> Expr:
        own = self.shapes[array]
        if len(shape) == 2 and own == shape[1:]:
            return self.of(op.outer, self.of(op.ones, shape[:1]), array)
        if len(shape) == 2 and own == (shape[0], 1) and isinstance(array, op.reshape):
            column: Expr = array.args[0]
            if len(self.shapes[column]) == 1:
                return self.of(op.outer, column, self.of(op.ones, shape[1:]))
        return self.of(op.spread, array, shape)

    def matmul(self, a: Expr, b: Expr) -> Expr:
        """A B with scalars in front, identities dropped, a vector always on the right."""
        if S.Zero in (a, b):
            return S.Zero
        (scalars, left), (more, right) = self.apart(a), self.apart(b)
        if scalars or more:
            return self.product(*scalars, *more, self.matmul(left, right))
        first, second = self.shapes[left], self.shapes[right]
        if len(first) == 1 and len(second) == 2:
            return self.matmul(self.transpose(right), left)
        if isinstance(left, op.eye):
            return right
        if isinstance(right, op.eye):
            return left
        special = self._matmul_special(left, right, first, second)
        return self.of(op.matmul, left, right) if special is None else special

    def _matmul_special(self, left: Expr, right: Expr, first: Shape, second: Shape) -> Expr | None:
        if len(second) == 1 and isinstance(right, op.ones) and len(first) <= 2:
            return self.total(left, (len(first) - 1,), keep=False)
        if len(first) == 1 and isinstance(left, op.ones):
            return self.total(right, (0,), keep=False)
        if isinstance(left, op.ones) and len(first) == 2 and len(second) <= 2:
            return self._of_ones(self.of(op.ones, first[:1]), self.total(right, (0,)), second)
        if isinstance(right, op.ones) and len(first) == 2 and len(second) == 2:
            return self.outer(self.total(left, (1,)), self.of(op.ones, second[1:]))
        if isinstance(right, op.outer) and len(first) == 2:
            x, y = right.args
            return self.outer(self.matmul(left, x), y)
        if isinstance(left, op.outer) and len(second) <= 2:
            x, y = left.args
            if len(second) == 1:
                return self.product(self.matmul(y, right), x)
            return self.outer(x, self.matmul(self.transpose(right), y))
        return None

    def _of_ones(self, column: Expr, summed: Expr, second: Shape) -> Expr:
        """1 1ᵀ x = (Σ x) 1, and 1 1ᵀ B = 1 (Bᵀ 1)ᵀ."""
        return self.product(summed, column) if len(second) == 1 else self.outer(column, summed)

    def outer(self, x: Expr, y: Expr) -> Expr:
        """x yᵀ with scalars in front."""
        if S.Zero in (x, y):
            return S.Zero
        (scalars, left), (more, right) = self.apart(x), self.apart(y)
        return self.product(*scalars, *more, self.of(op.outer, left, right))

    def transpose(self, expression: Expr) -> Expr:
        """Aᵀ, pushed to the leaves."""
        shape = self.shapes[expression]
        if len(shape) < 2:
            return expression
        return self.permute(expression, tuple(range(len(shape)))[::-1])

    def swap(self, expression: Expr) -> Expr:
        """The last two axes exchanged."""
        axes = len(self.shapes[expression])
        return self.permute(expression, (*range(axes - 2), axes - 1, axes - 2))

    def permute(self, expression: Expr, order: Sequence[int]) -> Expr:
        """The axes in another order."""
        plain = tuple(order) == (1, 0)
        if plain:
            pushed = self._transposed(expression)
            if pushed is not None:
                return pushed
        if isinstance(expression, op.transpose):
            inner, before = expression.args
            both = tuple(int(before[place]) for place in order)
            return inner if both == tuple(range(len(both))) else self.of(op.transpose, inner, both)
        return self.of(op.transpose, expression, tuple(order))

    def _transposed(self, expression: Expr) -> Expr | None:
        """Rules that bring a transpose nearer to the leaves of a matrix expression."""
        match expression:
            case op.matmul():
                result = self.transpose(expression.args[-1])
                for factor in reversed(expression.args[:-1]):
                    result = self.matmul(result, self.transpose(factor))
                return result
            case op.outer():
                return self.outer(expression.args[1], expression.args[0])
            case op.total() | op.mean() if expression.args[2] == 1:
                inner, axes, keep = expression.args
                turned = tuple(sorted(1 - int(axis) for axis in axes))
                return self.of(expression.func, self.transpose(inner), turned, keep)
            case op.diag() | op.eye():
                return expression
            case op.ones() | op.zeros():
                return self.of(expression.func, self.shapes[expression][::-1])
        if isinstance(expression, Add | Mul | Pow) or (
            isinstance(expression, Function) and not isinstance(expression, op.Operation)
        ):
            return self._transposed_each(expression)
        return None

    def _transposed_each(self, expression: Expr) -> Expr | None:
        """(A ∘ B)ᵀ = Aᵀ ∘ Bᵀ where every array among the arguments is a matrix."""
        shapes = [self.shapes[argument] for argument in expression.args]
        if any(len(shape) == 1 for shape in shapes) or any(isinstance(a, Tuple) for a in expression.args):
            return None
        if not all(isinstance(argument, Expr) for argument in expression.args):
            return None
        arguments = tuple(map(self.transpose, expression.args))
        result: Expr = rebuild(expression, arguments)
        return result

    def total(self, expression: Expr, axes: Iterable[int], *, keep: bool = False) -> Expr:
        """Σ over axes, scalars in front; x ∘ y summed is xᵀy, A ∘ v summed along its rows is A v."""
        chosen = tuple(axes)
        if not chosen or expression is S.Zero:
            return expression
        scalars, rest = self.apart(expression)
        if scalars:
            return self.product(*scalars, self.total(rest, chosen, keep=keep))
        shape = self.shapes[rest]
        if isinstance(rest, op.ones) and (len(chosen) == len(shape)) and not keep:
            return as_expr(count(shape))
        if isinstance(rest, op.ones) and not keep:
            left = [size for place, size in enumerate(shape) if place not in chosen]
            return self.product(as_expr(count(shape[place] for place in chosen)), self.of(op.ones, left))
        if not keep:
            found = self._as_matmul(rest, shape, chosen)
            if found is not None:
                return found
        if isinstance(rest, op.transpose) and len(chosen) == len(shape) and not keep:
            return self.total(rest.args[0], chosen, keep=keep)
        return self.of(op.total, rest, chosen, int(keep))

    def _as_matmul(self, product: Expr, shape: Shape, axes: tuple[int, ...]) -> Expr | None:
        if not isinstance(product, Mul) or len(product.args) != 2:
            return None
        one, two = product.args
        first, second = self.shapes[one], self.shapes[two]
        if len(shape) == 1 and first == second:
            return self.matmul(one, two)
        if len(shape) == 2 and axes == (1,):
            if second == shape[1:]:
                return self.matmul(one, two)
            if first == shape[1:]:
                return self.matmul(two, one)
        return None

    def sum_to(self, expression: Expr, full: Shape, target: Shape) -> Expr:
        """The adjoint of broadcasting: what stands for an array of shape `full`, summed to `target`.

        The expression may be smaller than `full`, as it would broadcast to it.
        """
        lead = len(full) - len(target)
        summed = [
            place
            for place in range(len(full))
            if place < lead or (target[place - lead] == 1 and full[place] != 1)
        ]
        if not summed or expression is S.Zero:
            return expression
        own = self.shapes[expression]
        missing = len(full) - len(own)
        repeated = [place for place in summed if place < missing or own[place - missing] == 1]
        present = [place - missing for place in summed if place not in repeated]
        lost = {place - missing for place in summed if missing <= place < lead}
        result = expression
        if (present and lost >= set(present)) or not present:
            result = self.total(result, present)
        else:
            result = self.total(result, present, keep=True)
        times = as_expr(count(full[place] for place in repeated))
        result = self.product(times, result)
        return self._without_ones(result, target)

    def _without_ones(self, expression: Expr, target: Shape) -> Expr:
        """Leading axes of length 1 beyond the target are dropped."""
        shape = self.shapes[expression]
        if len(shape) <= len(target):
            return expression
        return self.reshape(expression, shape[len(shape) - len(target) :])

    def reshape(self, expression: Expr, shape: Shape) -> Expr:
        """The same entries in another shape, scalars in front."""
        if self.shapes[expression] == shape:
            return expression
        scalars, rest = self.apart(expression)
        if isinstance(rest, op.reshape):
            rest = rest.args[0]
        if isinstance(rest, op.ones):
            return self.product(*scalars, self.of(op.ones, shape))
        return self.product(*scalars, self.of(op.reshape, rest, shape))

    def expanded(self, expression: Expr, axes: Sequence[int], shape: Shape) -> Expr:
        """What was reduced over axes, with these axes again, of length 1: it broadcasts to `shape`."""
        own = self.shapes[expression]
        if not own or len(own) == len(shape) or tuple(axes) == tuple(range(len(axes))):
            return expression
        kept = tuple(1 if place in axes else size for place, size in enumerate(shape))
        whole = tuple(size for place, size in enumerate(shape) if place not in axes)
        return self.reshape(self.spread(expression, whole), kept)

    def mean_of(self, expression: Expr, shape: Shape, axes: Iterable[int]) -> Expr:
        """The expression divided by how many entries the axes hold."""
        return self.product(divide(1, as_expr(count(shape[axis] for axis in axes))), expression)

    def scaled(self, factor: Expr, expression: Expr) -> Expr:
        """A scalar times the expression, term by term."""
        if factor == 1:
            return expression
        if isinstance(expression, Add):
            return add(*(self.product(factor, term) for term in expression.args))
        return self.product(factor, expression)

    def sum(self, terms: Iterable[Expr]) -> Expr:
        """The sum of terms in their order; equal ones are counted: A + A is 2 A."""
        counted: dict[Expr, Expr] = {}
        for term in terms:
            for one in term.args if isinstance(term, Add) else (term,):
                number, body = _coefficient(one)
                counted[body] = counted.get(body, S.Zero) + number
        return add(*(self.product(number, body) for body, number in counted.items()))


def as_expr(size: object) -> Expr:
    """A size as an expression."""
    return as_shape([size])[0] * S.One


def _coefficient(term: Expr) -> tuple[Expr, Expr]:
    """The number in front of a term, and the rest."""
    if isinstance(term, Mul) and isinstance(term.args[0], Number):
        first, *rest = term.args
        return first, plain_product(rest)
    return S.One, term
