"""Where the gradient is linear in a parameter, its zero: the normal equation and its solution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import sympy
from sympy import Add, Expr, Mul, Number, Pow, S, Symbol, Tuple

from symbackprop import operations as op
from symbackprop.analysis.linear_maps import LinearMaps, affine
from symbackprop.arrays.misfits import in_code
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import show_shape
from symbackprop.backends.table import find_backend
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.errors import LinearityError, Mistake, ValuesError, listing
from symbackprop.expressions import divide, exact, is_reciprocal, mul
from symbackprop.graph import Graph, Role
from symbackprop.lowering.program import Kind, Line, Program
from symbackprop.numeric.compiled import Compiled
from symbackprop.shown import Headed
from symbackprop.sweep import backprop


@dataclass(frozen=True)
class Equation:
    """One line of the solution.

    Attributes:
        name: `gradient`, `stationary`, `rearranged`, `normal equation` or `solution`.
        left: what stands on the left.
        right: what it equals.
    """

    name: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Condition:
    """What a matrix must be.

    Attributes:
        name: `invertible`: there is one solution; `positive definite`: the solution is the minimum.
        matrix: the matrix.
    """

    name: str
    matrix: Expr


@dataclass(frozen=True)
class Solved:
    """The optimum in numbers.

    Attributes:
        value: the parameter at which the gradient is zero.
        is_minimum: whether the Hessian is positive definite there.
    """

    value: Any
    is_minimum: bool


@dataclass(frozen=True, eq=False, repr=False)
class Optimum(Headed):
    """The parameter w at which the gradient is zero: A w = b, w = A⁻¹ b.

    Attributes:
        wrt: the parameter.
        steps: every equation, from the gradient to the solution.
        matrix: A, of the normal equation.
        right: b.
        hessian: the Hessian of the loss: A before the common factor is divided out.
        conditions: what must hold of A and of the Hessian.
        derivation: that of the gradient.
    """

    wrt: Symbol
    steps: tuple[Equation, ...]
    matrix: Expr
    right: Expr
    hessian: Expr
    conditions: tuple[Condition, ...]
    derivation: Derivation = field(repr=False)

    @property
    def solution(self) -> Expr:
        """A⁻¹ b."""
        return self.steps[-1].right

    @property
    def shapes(self) -> Shapes:
        """The shape of every expression."""
        return self.derivation.shapes or self.derivation.graph.shapes()

    @property
    def given(self) -> tuple[str, ...]:
        """The names that the numbers are computed from."""
        used = frozenset().union(*(one.free_symbols for one in (self.matrix, self.right, self.hessian)))
        nodes = self.derivation.graph.given
        return tuple(node.name for node in nodes if node.symbol in used and node.role is not Role.SIZE)

    def at(self, values: Mapping[str, Any]) -> Solved:
        """The optimum in double precision.

        Args:
            values: an array or a number for every given name; others are not looked at.

        Raises:
            ValuesError: a value is missing or of another shape, or the matrix A is singular.
        """
        matrix, right, hessian = self._numbers(values)
        curvature = np.linalg.eigvalsh(np.atleast_2d(hessian))
        square = np.atleast_2d(matrix)
        if np.linalg.matrix_rank(square) < len(square):
            raise self._singular()
        solved = np.linalg.solve(square, np.reshape(right, (len(square), -1)))
        return Solved(np.reshape(solved, np.shape(right))[()], bool((curvature > 0).all()))

    def exactly(self, values: Mapping[str, Any]) -> Any:
        """The optimum in exact numbers, an array of SymPy's.

        Args:
            values: nested lists of whole numbers, of texts such as 1/10 or 0.1, or of SymPy's numbers.

        Raises:
            ValuesError: a value is missing or of another shape, or the matrix A is singular.
        """
        evaluate = _Exact(self.derivation.graph, self.given, values)
        matrix, right = evaluate(self.matrix), evaluate(self.right)
        square = sympy.Matrix(np.atleast_2d(matrix).tolist())
        if square.rank() < square.rows:
            raise self._singular()
        columns = sympy.Matrix(np.reshape(right, (square.rows, -1)).tolist())
        solved = np.array(square.LUsolve(columns).tolist(), dtype=object)
        return np.reshape(solved, np.shape(right))[()]

    def _numbers(self, values: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        graph, parts = self.derivation.graph, (self.matrix, self.right, self.hessian)
        lines = tuple(
            Line(Kind.VALUE, f"part {place}", Symbol(f"part {place}"), part, "")
            for place, part in enumerate(parts)
        )
        given = tuple(Symbol(name) for name in self.given)
        shapes = {name: graph[name].shape for name in self.given}
        sizes = tuple(sorted({one for s in shapes.values() for one in s if isinstance(one, Symbol)}, key=str))
        program = Program(given, lines, "part 2", (), shapes, sizes)
        chosen = {name: values[name] for name in self.given if name in values}
        found = Compiled(program, find_backend("numpy"))(chosen).values
        return found["part 0"], found["part 1"], found["part 2"]

    def _singular(self) -> ValuesError:
        return ValuesError(
            f"the matrix {in_code(self.matrix)} is singular: it does not determine {self.wrt.name}",
            where="the normal equation",
            known="its columns depend on each other; many solutions, or none",
            fix=f"add a penalty, as lambda*sum({self.wrt.name}**2), or drop features that depend on others",
        )


def solve_for_optimum(graph: Graph, wrt: str | Symbol, *, conventions: Conventions | None = None) -> Optimum:
    """Solve ∂L/∂w = 0 for w, where the gradient is linear in w.

    Args:
        graph: the graph; its output is a scalar.
        wrt: the parameter: a vector, a scalar, or a matrix that is only multiplied from the left.
        conventions: the choices on which textbooks differ.

    Raises:
        LinearityError: the gradient is not linear in the parameter, or does not depend on it.

    >>> shapes = {"Phi": ("n", 3), "w": (3,), "y": ("n",)}
    >>> graph = Graph.from_equations("L = sum((Phi @ w - y)**2)", shapes=shapes)
    >>> print(in_code(solve_for_optimum(graph, "w").solution))
    inv(Phi.T @ Phi) @ Phi.T @ y
    """
    symbol = graph[wrt].symbol
    derivation = backprop(graph, wrt=[symbol], conventions=conventions)
    return _Solver(derivation, symbol).solve()


class _Solver:
    def __init__(self, derivation: Derivation, wrt: Symbol) -> None:
        self.derivation, self.wrt = derivation, wrt
        self.shapes = derivation.shapes or derivation.graph.shapes()
        self.maps = LinearMaps(self.shapes)
        self.algebra = self.maps.algebra

    def solve(self) -> Optimum:
        """Every step: the gradient, its zero, the normal equation, the solution."""
        gradient = self.algebra.normal(self.derivation.gradients[self.wrt.name].closed())
        hessian, constant = self._split(gradient)
        left = self._before(hessian)
        factor = self._common_factor(hessian)
        matrix, right = self._divided(hessian, factor), self._divided(self._negative(constant), factor)
        steps = [
            Equation("gradient", self.derivation.gradients[self.wrt.name].symbol, gradient),
            Equation("stationary", gradient, S.Zero),
            Equation("rearranged", left, self._negative(constant)),
            Equation("normal equation", self._before(matrix), right),
            Equation("solution", self.wrt, self._solution(matrix, right)),
        ]
        if steps[-2].left == self.wrt:  # the matrix is I: the normal equation is the solution
            del steps[-2]
        conditions = (Condition("invertible", matrix), Condition("positive definite", hessian))
        return Optimum(self.wrt, tuple(steps), matrix, right, hessian, conditions, self.derivation)

    def _split(self, gradient: Expr) -> tuple[Expr, Expr]:
        """H and c of the gradient H w + c; what is a multiple of I stands last in H."""
        name = self.wrt.name
        try:
            found = affine(gradient, self.wrt, self.shapes)
        except LinearityError as error:
            raise LinearityError(
                f"the gradient by {name} is not linear in {name}, so no formula gives its zero",
                where=error.where,
                known=f"{error.what}",
                fix="take gradient steps (train): only a loss quadratic in the parameter is solved so",
            ) from None
        if found.matrix is S.Zero:
            raise LinearityError(
                f"the gradient by {name} does not depend on {name}: it is zero nowhere or everywhere",
                known=f"it is {in_code(gradient)}",
                fix="a loss that is quadratic in the parameter has one optimum",
            )
        terms = sorted(Add.make_args(found.matrix), key=self._is_identity)
        constant = found.rest if found.rest is not S.Zero else self._zero()
        return self.algebra.sum(terms), constant

    def _zero(self) -> Expr:
        return self.algebra.spread(S.Zero, self.shapes[self.wrt])

    def _is_identity(self, term: Expr) -> bool:
        return isinstance(self.algebra.apart(term)[1], op.eye)

    def _before(self, matrix: Expr) -> Expr:
        """A w; of c I, c w."""
        if not self.shapes[matrix] or isinstance(self.algebra.apart(matrix)[1], op.eye):
            return self.algebra.product(*self.algebra.apart(matrix)[0], self.wrt)
        return self.maps.times(matrix, self.wrt)

    def _common_factor(self, hessian: Expr) -> Expr:
        """The number and the denominators of the leading term; other symbols might be 0 and stay."""
        leading = Add.make_args(hessian)[0]
        sizes = self.shapes.sizes
        scalars = [part for one in self.algebra.apart(leading)[0] for part in Mul.make_args(one)]
        return mul(*(one for one in scalars if isinstance(one, Number) or is_reciprocal(one) or one in sizes))

    def _divided(self, expression: Expr, factor: Expr) -> Expr:
        if isinstance(expression, op.zeros):
            return expression
        return self.algebra.scaled(divide(1, factor), expression)

    def _negative(self, expression: Expr) -> Expr:
        return (
            expression if isinstance(expression, op.zeros) else self.algebra.scaled(S.NegativeOne, expression)
        )

    def _solution(self, matrix: Expr, right: Expr) -> Expr:
        scalars, rest = self.algebra.apart(matrix)
        if rest is S.One or isinstance(rest, op.eye):
            return self.algebra.scaled(divide(1, mul(*scalars)), right)
        if isinstance(right, op.zeros):
            return right
        inverse = self.algebra.of(op.inv, rest)
        return self.algebra.scaled(divide(1, mul(*scalars)), self.maps.times(inverse, right))


class _Exact:
    """Evaluates array expressions in SymPy's exact numbers."""

    def __init__(self, graph: Graph, names: Sequence[str], values: Mapping[str, Any]) -> None:
        self.known: dict[Expr, Any] = {}
        missing = [name for name in names if name not in values]
        if missing:
            raise ValuesError(
                f"no value for {listing(missing)}", where="the values given", known=listing(values)
            )
        for name in names:
            self._learn(graph, name, values[name])

    def _learn(self, graph: Graph, name: str, value: Any) -> None:
        array, shape = np.vectorize(exact, otypes=[object])(np.array(value, dtype=object)), graph[name].shape
        agrees = array.ndim == len(shape) and all(
            self.known.setdefault(one, own) == own if isinstance(one, Symbol) else one == own
            for one, own in zip(shape, array.shape, strict=True)
        )
        if not agrees:
            raise ValuesError(
                f"the value of {name} has the shape {show_shape(array.shape)}",
                where=f"the value given to {name}",
                known=f"{show_shape(shape)} is expected",
            )
        self.known[graph[name].symbol] = array[()]

    def __call__(self, expression: Expr) -> Any:
        """The value of an expression."""
        if expression in self.known:
            return self.known[expression]
        if not expression.args:
            return expression
        rule = _EXACT.get(expression.func)
        if rule is None:
            raise Mistake(
                f"{expression.func.__name__} has no exact value here",
                where=in_code(expression),
                fix="take at(…), which computes in double precision",
            )
        return rule(
            *(self._constant(one) if isinstance(one, Tuple) else self(one) for one in expression.args)
        )

    def _constant(self, argument: Tuple) -> tuple[int, ...]:
        return tuple(int(self(one)) for one in argument)


def _whole(values: Any) -> Any:
    return np.vectorize(sympy.Integer, otypes=[object])(values)


_EXACT: Mapping[Any, Callable[..., Any]] = {
    Add: lambda *terms: reduce(lambda a, b: a + b, terms),
    Mul: lambda *factors: reduce(lambda a, b: a * b, factors),
    Pow: lambda base, exponent: base**exponent,
    op.matmul: lambda *factors: reduce(np.matmul, factors),
    op.transpose: np.transpose,
    op.total: lambda x, axes, keep: np.sum(x, axis=axes, keepdims=bool(keep)),
    op.outer: np.outer,
    op.diag: np.diag,
    op.eye: lambda size: _whole(np.eye(size[0], dtype=int)),
    op.ones: lambda shape: _whole(np.ones(shape, dtype=int)),
    op.zeros: lambda shape: _whole(np.zeros(shape, dtype=int)),
}
