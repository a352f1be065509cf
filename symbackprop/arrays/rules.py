"""One pull-back rule for each operation: x̄ in terms of ȳ, the identity in the docstring.

With x̄ for ∂L/∂x and a change dx, the identities follow from dL = Σ ȳ ∘ dy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Function, Integer, Mul, Pow, S, Tuple, log

from symbackprop import operations as op
from symbackprop.arrays.algebra import Algebra, as_expr
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, count
from symbackprop.conventions import Conventions
from symbackprop.expressions import add, call, divide, is_constant, is_reciprocal, mul, neg, power
from symbackprop.partials import declared_slopes

Shares = Iterator[tuple[Expr, Expr]]
"""Operands, each with the derivative by it."""


@dataclass(frozen=True)
class Context:
    """What the rules work with.

    Attributes:
        shapes: of the symbols.
        conventions: kinks and ties.
        algebra: builds the results in normal form.
    """

    shapes: Shapes
    conventions: Conventions
    algebra: Algebra

    def whole(self, upstream: Expr, expression: Expr) -> Expr:
        """The derivative in the full shape of the expression."""
        return self.algebra.spread(upstream, self.shapes[expression])


def of_elements(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = f(x): x̄ = ȳ ∘ f'(x); an operand that was broadcast sums over what it was repeated along."""
    if not isinstance(expression, Function):
        raise TypeError(f"no rule for the derivative of {type(expression).__name__}")
    for argument, slope in zip(expression.args, declared_slopes(expression, pull.conventions), strict=True):
        if isinstance(argument, Expr) and slope is not S.Zero:
            yield argument, _to(pull, pull.algebra.product(upstream, slope), expression, argument)


def _to(pull: Context, derivative: Expr, expression: Expr, operand: Basic) -> Expr:
    return pull.algebra.sum_to(derivative, pull.shapes[expression], pull.shapes[operand])


def _sum(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = A + b: Ā = Ȳ, b̄ = Ȳ summed over what b was repeated along (for a bias: over the batch)."""
    for term in expression.args:
        yield term, _to(pull, upstream, expression, term)


def _product(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = A ∘ B: Ā = Ȳ ∘ B, B̄ = Ȳ ∘ A."""
    factors = expression.args
    for place, factor in enumerate(factors):
        if not is_constant(factor):
            others = (*factors[:place], *factors[place + 1 :])
            yield factor, _to(pull, pull.algebra.product(upstream, *others), expression, factor)


def _power(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = A^p: Ā = p Ȳ ∘ A^{p-1}, p̄ = Ȳ ∘ Y ∘ log A."""
    base, exponent = expression.args
    if not is_constant(base):
        if is_reciprocal(expression) and exponent is S.NegativeOne:
            slope = neg(power(base, -2))
        else:
            slope = mul(exponent, power(base, exponent - 1 if is_constant(exponent) else add(exponent, -1)))
        yield base, _to(pull, pull.algebra.product(upstream, slope), expression, base)
    if not is_constant(exponent):
        slope = mul(expression, call(log, base))
        yield exponent, _to(pull, pull.algebra.product(upstream, slope), expression, exponent)


def _matmul(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = A B: Ā = Ȳ Bᵀ, B̄ = Aᵀ Ȳ. y = A x: Ā = ȳ xᵀ, x̄ = Aᵀ ȳ. s = xᵀ y: x̄ = s̄ y, ȳ = s̄ x."""
    algebra, shapes = pull.algebra, pull.shapes
    a, *rest = expression.args
    b = rest[0] if len(rest) == 1 else algebra.of(op.matmul, *rest)
    g = pull.whole(upstream, expression)
    match len(shapes[a]), len(shapes[b]):
        case 1, 1:
            yield a, algebra.product(g, b)
            yield b, algebra.product(g, a)
        case 2, 1:
            yield a, algebra.outer(g, b)
            yield b, algebra.matmul(algebra.transpose(a), g)
        case 1, 2:
            yield a, algebra.matmul(b, g)
            yield b, algebra.outer(a, g)
        case 2, 2:
            yield a, algebra.matmul(g, algebra.transpose(b))
            yield b, algebra.matmul(algebra.transpose(a), g)
        case _:
            yield a, _to_matrix(pull, algebra.matmul(g, algebra.swap(b)), a)
            yield b, _to_matrix(pull, algebra.matmul(algebra.swap(a), g), b)


def _to_matrix(pull: Context, derivative: Expr, operand: Expr) -> Expr:
    return pull.algebra.sum_to(derivative, pull.shapes[derivative], pull.shapes[operand])


def _transpose(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = Aᵀ: Ā = Ȳᵀ."""
    inner, order = expression.args
    back = [0] * len(order)
    for place, axis in enumerate(order):
        back[int(axis)] = place
    yield inner, pull.algebra.permute(pull.whole(upstream, expression), back)


def _outer(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = x yᵀ: x̄ = Ȳ y, ȳ = Ȳᵀ x."""
    x, y = expression.args
    g = pull.whole(upstream, expression)
    yield x, pull.algebra.matmul(g, y)
    yield y, pull.algebra.matmul(pull.algebra.transpose(g), x)


def _axes(expression: Expr) -> tuple[int, ...]:
    return tuple(int(axis) for axis in expression.args[1])


def _reduced(pull: Context, expression: Expr, upstream: Expr) -> tuple[Expr, tuple[int, ...], Shape, Expr]:
    """The operand of a reduction, its axes and shape, and the derivative broadcast along them."""
    inner = expression.args[0]
    shape, axes = pull.shapes[inner], _axes(expression)
    if len(pull.shapes[expression]) == len(shape):
        return inner, axes, shape, upstream
    return inner, axes, shape, pull.algebra.expanded(pull.whole(upstream, expression), axes, shape)


def _total(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = Σ x: x̄ = ȳ, repeated along the summed axes."""
    inner, _, _, g = _reduced(pull, expression, upstream)
    yield inner, g


def _mean(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = (1/n) Σ x: x̄ = ȳ / n."""
    inner, axes, shape, g = _reduced(pull, expression, upstream)
    yield inner, pull.algebra.mean_of(g, shape, axes)


def _centred(pull: Context, inner: Expr, axes: tuple[int, ...]) -> Expr:
    return add(inner, neg(pull.algebra.of(op.mean, inner, axes, 1)))


def _freedom(expression: Expr, shape: Shape, axes: tuple[int, ...]) -> Expr:
    """n - ddof."""
    return as_expr(count(shape[axis] for axis in axes)) - expression.args[3]


def _var(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = Σ(x - x̄)²/(n - ddof): ∂L/∂x = 2/(n - ddof) · ȳ ∘ (x - x̄)."""
    inner, axes, shape, g = _reduced(pull, expression, upstream)
    freedom = _freedom(expression, shape, axes)
    yield inner, pull.algebra.product(divide(2, freedom), g, _centred(pull, inner, axes))


def _std(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """s = √var x: ∂L/∂x = s̄/((n - ddof) s) ∘ (x - x̄)."""
    inner, axes, shape, g = _reduced(pull, expression, upstream)
    freedom = _freedom(expression, shape, axes)
    own = pull.algebra.expanded(expression, axes, shape)
    yield (
        inner,
        pull.algebra.product(
            divide(1, freedom), divide(pull.algebra.product(g, _centred(pull, inner, axes)), own)
        ),
    )


def _norm(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = ‖x‖: x̄ = ȳ x/‖x‖."""
    inner, axes, shape, g = _reduced(pull, expression, upstream)
    own = pull.algebra.expanded(expression, axes, shape)
    yield inner, pull.algebra.product(g, divide(inner, own))


def _prod(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = Π x: x̄_i = ȳ Π_{k≠i} x_k."""
    inner, axes, _, g = _reduced(pull, expression, upstream)
    yield inner, pull.algebra.product(g, pull.algebra.of(op.others, inner, axes))


def _extreme(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = max x: x̄ = ȳ where x is the largest, 0 elsewhere; ties by convention."""
    inner, axes, _, g = _reduced(pull, expression, upstream)
    largest = Integer(1 if isinstance(expression, op.largest) else -1)
    ties = Integer(("none", "first", "split").index(pull.conventions.ties))
    yield inner, pull.algebra.product(g, pull.algebra.of(op.extreme, inner, axes, largest, ties))


def _softmax(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """p = softmax z: z̄ = p ∘ (p̄ - Σ_k p_k p̄_k)."""
    inner, axis = expression.args
    algebra = pull.algebra
    vector = len(pull.shapes[inner]) == 1
    weighted = algebra.product(expression, pull.whole(upstream, expression))
    mean = algebra.total(weighted, (int(axis),), keep=not vector)
    yield inner, algebra.product(expression, add(upstream, neg(mean)))


def _log_softmax(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = log softmax z: z̄ = ȳ - softmax(z) Σ_k ȳ_k."""
    inner, axis = expression.args
    algebra = pull.algebra
    vector = len(pull.shapes[inner]) == 1
    g = pull.whole(upstream, expression)
    summed = algebra.total(g, (int(axis),), keep=not vector)
    yield inner, add(g, neg(algebra.product(summed, algebra.of(op.softmax_along, inner, axis))))


def _logsumexp(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = log Σ e^x: x̄ = ȳ softmax(x)."""
    inner, axes, shape, g = _reduced(pull, expression, upstream)
    if len(axes) == 1:
        share = pull.algebra.of(op.softmax_along, inner, axes[0])
    else:
        share = call(sympy.exp, add(inner, neg(pull.algebra.expanded(expression, axes, shape))))
    yield inner, pull.algebra.product(g, share)


def _trace(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = tr A: Ā = ȳ I."""
    (inner,) = expression.args
    yield inner, pull.algebra.product(upstream, pull.algebra.of(op.eye, pull.shapes[inner][:1]))


def _inverse_transposed(pull: Context, matrix: Expr) -> Expr:
    return pull.algebra.transpose(pull.algebra.of(op.inv, matrix))


def _det(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = det A: Ā = ȳ det(A) A⁻ᵀ (Jacobi)."""
    (inner,) = expression.args
    yield inner, pull.algebra.product(upstream, expression, _inverse_transposed(pull, inner))


def _logdet(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = log |det A|: Ā = ȳ A⁻ᵀ."""
    (inner,) = expression.args
    yield inner, pull.algebra.product(upstream, _inverse_transposed(pull, inner))


def _inv(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = A⁻¹: Ā = -Yᵀ Ȳ Yᵀ."""
    (inner,) = expression.args
    own = pull.algebra.transpose(expression)
    g = pull.whole(upstream, expression)
    yield inner, neg(pull.algebra.matmul(pull.algebra.matmul(own, g), own))


def _diag(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = diag(x): x̄ is the diagonal of Ȳ."""
    yield expression.args[0], pull.algebra.of(op.diagonal, pull.whole(upstream, expression))


def _diagonal(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y the diagonal of A: Ā = diag(ȳ)."""
    yield expression.args[0], pull.algebra.of(op.diag, pull.whole(upstream, expression))


def _spread(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y is x repeated: x̄ = Ȳ summed over what x was repeated along."""
    inner = expression.args[0]
    yield inner, _to(pull, upstream, expression, inner)


def _item(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """y = x[…]: x̄ is ȳ in the same places, 0 elsewhere."""
    inner, where = expression.args
    g = pull.whole(upstream, expression)
    yield inner, pull.algebra.of(op.placed, g, where, pull.shapes[inner])


def _placed(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y is x in some places, 0 elsewhere: x̄ is Ȳ in these places."""
    inner, where, _ = expression.args
    yield inner, pull.algebra.of(op.item, pull.whole(upstream, expression), where)


def _reshape(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = reshape(x): x̄ = Ȳ in the shape of x."""
    inner = expression.args[0]
    yield inner, pull.algebra.reshape(pull.whole(upstream, expression), pull.shapes[inner])


def _concatenate(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = [A, B]: Ā and B̄ are the same parts of Ȳ."""
    parts, axis = expression.args
    g = pull.whole(upstream, expression)
    start: Any = S.Zero
    for part in parts:
        shape = pull.shapes[part]
        stop = start + as_expr(shape[int(axis)])
        where = [Tuple(0, size, 1) for size in shape]
        where[int(axis)] = Tuple(start, stop, 1)
        yield part, pull.algebra.of(op.item, g, Tuple(*where))
        start = stop


def _stack(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = stack(A, B): Ā and B̄ are the slices of Ȳ."""
    parts, axis = expression.args
    g = pull.whole(upstream, expression)
    for place, part in enumerate(parts):
        where: list[Basic] = [Tuple(0, size, 1) for size in pull.shapes[part]]
        where.insert(int(axis), Integer(place))
        yield part, pull.algebra.of(op.item, g, Tuple(*where))


def _convolution(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Y = X ⋆ W: X̄ is Ȳ convolved with W in full, W̄ is X correlated with Ȳ."""
    x, w, stride, padding = expression.args
    g = pull.whole(upstream, expression)
    yield x, pull.algebra.of(op.conv_input, g, w, stride, padding, pull.shapes[x])
    yield w, pull.algebra.of(op.conv_kernel, g, x, stride, padding, pull.shapes[w])


def _correlated(pull: Context, x: Expr, w: Expr, stride: Tuple, padding: Tuple) -> Expr:
    """X ⋆ W, along as many axes as there are strides."""
    return pull.algebra.of(op.conv1d if len(stride) == 1 else op.conv2d, x, w, stride, padding)


def _conv_input(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """X = adjoint(Y, W): Ȳ = X̄ ⋆ W, W̄ is X̄ correlated with Y."""
    y, w, stride, padding, _ = expression.args
    g = pull.whole(upstream, expression)
    yield y, _correlated(pull, g, w, stride, padding)
    yield w, pull.algebra.of(op.conv_kernel, y, g, stride, padding, pull.shapes[w])


def _conv_kernel(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """W = adjoint(Y, X): Ȳ = X ⋆ W̄, X̄ is Y convolved with W̄ in full."""
    y, x, stride, padding, _ = expression.args
    g = pull.whole(upstream, expression)
    yield y, _correlated(pull, x, g, stride, padding)
    yield x, pull.algebra.of(op.conv_input, y, g, stride, padding, pull.shapes[x])


def _constant(pull: Context, expression: Expr, upstream: Expr) -> Shares:
    """Constant almost everywhere: nothing flows back."""
    yield from ()


RULES: Mapping[type[Basic], Callable[[Context, Expr, Expr], Shares]] = {
    Add: _sum,
    Mul: _product,
    Pow: _power,
    op.matmul: _matmul,
    op.transpose: _transpose,
    op.outer: _outer,
    op.total: _total,
    op.mean: _mean,
    op.var: _var,
    op.std: _std,
    op.norm: _norm,
    op.prod: _prod,
    op.largest: _extreme,
    op.smallest: _extreme,
    op.softmax_along: _softmax,
    op.log_softmax: _log_softmax,
    op.logsumexp: _logsumexp,
    op.trace: _trace,
    op.det: _det,
    op.logdet: _logdet,
    op.inv: _inv,
    op.diag: _diag,
    op.diagonal: _diagonal,
    op.spread: _spread,
    op.item: _item,
    op.placed: _placed,
    op.reshape: _reshape,
    op.concatenate: _concatenate,
    op.stack: _stack,
    op.conv1d: _convolution,
    op.conv2d: _convolution,
    op.conv_input: _conv_input,
    op.conv_kernel: _conv_kernel,
    **dict.fromkeys((op.eye, op.ones, op.zeros, op.extreme, op.length), _constant),
}
"""The rules; what is not here is element-wise, with the slopes of `functions.py`."""
