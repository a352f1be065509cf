"""Sums and products of SymPy that keep the order in which they were written.

SymPy sorts the arguments of `Add` and `Mul` when it evaluates them; a derivation is read in the order of
the chain. These constructors do the little arithmetic that a reader expects (a factor 1 vanishes, a
factor 0 kills, signs go to the front, numbers multiply) and leave everything else in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sympy
from sympy import Add, Basic, Expr, Function, Integer, Mul, Pow, Rational, S, Symbol

Number = sympy.Number


class Quotient(Expr):  # type: ignore[misc]
    """The derivative of one symbol by another, as it is written and not carried out: ∂y/∂x.

    Args:
        of: the symbol y.
        by: the symbol x.
        held: symbols that are held fast: y depends on x by way of them too, and only the direct way is meant.
    """

    is_commutative = True

    def __new__(cls, of: Symbol, by: Symbol, *held: Symbol) -> Quotient:  # noqa: D102
        instance: Quotient = Basic.__new__(cls, of, by, *held)
        return instance

    @property
    def of(self) -> Symbol:
        """What is differentiated."""
        return self.args[0]

    @property
    def by(self) -> Symbol:
        """By what it is differentiated."""
        return self.args[1]

    @property
    def held(self) -> tuple[Symbol, ...]:
        """What is held fast."""
        return tuple(self.args[2:])


class AtStep(Expr):  # type: ignore[misc]
    """A symbol's value after a number of updates: w^{(k)}.

    Args:
        symbol: the symbol w.
        step: the number k.
    """

    is_commutative = True

    def __new__(cls, symbol: Symbol, step: int | Integer) -> AtStep:  # noqa: D102
        instance: AtStep = Basic.__new__(cls, symbol, Integer(step))
        return instance

    @property
    def symbol(self) -> Symbol:
        """Which symbol."""
        return self.args[0]

    @property
    def step(self) -> Integer:
        """After how many updates."""
        return self.args[1]


class Prime(Expr):  # type: ignore[misc]
    """The slope of a function of one argument, as it is written: σ'(z).

    Args:
        call: the function at its argument, σ(z).
    """

    is_commutative = True

    def __new__(cls, call: Expr) -> Prime:  # noqa: D102
        instance: Prime = Basic.__new__(cls, call)
        return instance


def call(function: type[Function], *arguments: Basic) -> Expr:
    """f(x, …) as written: SymPy's own rewriting (`sin(-x)` to `-sin(x)`) does not touch it."""
    return function(*arguments, evaluate=False)


def _expression(value: Any) -> Expr:
    """A number or an expression as SymPy's; text is refused, for SymPy would run it."""
    return value if isinstance(value, Basic) else sympy.sympify(value, strict=True)


def uncached_symbol(name: str) -> Symbol:
    """A symbol equal to `Symbol(name)`, made past SymPy's cache.

    The cache holds a thousand: tens of thousands of weights would take three times as long through it, and
    drive out of it whatever else it holds.
    """
    return Symbol.__xnew__(Symbol, name)


def plain_sum(terms: Iterable[Expr]) -> Expr:
    """The terms with a plus between them, nothing done to them; a single one is itself, none is 0.

    >>> plain_sum([S.Zero, Symbol("x"), S.One]).args
    (0, x, 1)
    """
    # `Add(…, evaluate=False)` is ten times as slow: it asks every term whether it commutes. Here all do.
    return Add._from_args(tuple(terms), is_commutative=True)


def plain_product(factors: Iterable[Expr]) -> Expr:
    """The factors side by side, nothing done to them; a single one is itself, none is 1.

    >>> plain_product([Symbol("y"), S.One, Symbol("x")]).args
    (y, 1, x)
    """
    return Mul._from_args(tuple(factors), is_commutative=True)


def negative_part(expression: Expr) -> tuple[bool, Expr]:
    """The sign in front of an expression, and what stands behind it.

    >>> negative_part(mul(-2, Symbol("x")))
    (True, 2*x)
    """
    if isinstance(expression, Number):
        return (True, -expression) if expression.is_negative else (False, expression)
    if isinstance(expression, Mul) and isinstance(expression.args[0], Number):
        first, *rest = expression.args
        if first.is_negative:
            return True, plain_product(rest if first is S.NegativeOne else [-first, *rest])
    return False, expression


def add(*terms: Any) -> Expr:
    """The sum of the terms in their order; zeros vanish, a sum inside the sum is opened.

    >>> x, y = sympy.symbols("x y")
    >>> add(y, 0, x).args
    (y, x)
    """
    if len(terms) == 1:
        return _expression(*terms)
    kept: list[Expr] = []
    for term in map(_expression, terms):
        if isinstance(term, Add):
            kept.extend(term.args)
        elif term is not S.Zero:
            kept.append(term)
    if len(kept) > 1 and all(isinstance(term, Number) for term in kept):
        return sum(kept, S.Zero)
    return plain_sum(kept)


def is_reciprocal(factor: Basic) -> bool:
    """Whether the factor is a power with a negative number as its exponent: it stands under the bar."""
    return isinstance(factor, Pow) and isinstance(factor.exp, Number) and bool(factor.exp.is_negative)


def _is_fraction(expression: Expr) -> bool:
    return isinstance(expression, Mul) and any(is_reciprocal(factor) for factor in expression.args)


def mul(*factors: Any) -> Expr:
    """The product of the factors in their order.

    The sign goes to the front, several numbers are multiplied into the first of them, a factor 1 vanishes
    and a factor 0 kills. A fraction (a product with a denominator) stays together as one factor.

    >>> x, y = sympy.symbols("x y")
    >>> mul(y, -1, x, 1).args
    (-1, y, x)
    """
    # Most factors are symbols: there is nothing to take out of them.
    return plain_product(factors) if _SYMBOLS.issuperset(map(type, factors)) else _product(factors)


_SYMBOLS = frozenset({Symbol})


def _product(factors: Sequence[Any]) -> Expr:
    negative, kept = _opened(factors)
    numbers = [place for place, factor in enumerate(kept) if _coefficient(factor) is not S.One]
    if any(kept[place] == S.Zero for place in numbers):
        return S.Zero
    if len(numbers) > 1:
        total = sympy.prod([_coefficient(kept[place]) for place in numbers])
        kept = [_without_coefficient(factor) for factor in kept]
        kept.insert(numbers[0], total)
    return _signed(negative, [factor for factor in kept if factor is not S.One])


def _opened(factors: Sequence[Any]) -> tuple[bool, list[Expr]]:
    """The factors with their signs taken off and the products among them opened."""
    negative = False
    kept: list[Expr] = []
    pending = [_expression(factor) for factor in reversed(factors)]
    while pending:
        minus, factor = negative_part(pending.pop())
        negative ^= minus
        if isinstance(factor, Mul) and not _is_fraction(factor):
            pending.extend(reversed(factor.args))
        elif factor is not S.One:
            kept.append(factor)
    return negative, kept


def _coefficient(factor: Expr) -> Expr:
    """The number in a factor: itself, or the number within a fraction."""
    if isinstance(factor, Number):
        return factor
    if isinstance(factor, Mul):
        return sympy.prod([part for part in factor.args if isinstance(part, Number)], S.One)
    return S.One


def _without_coefficient(factor: Expr) -> Expr:
    if isinstance(factor, Number):
        return S.One
    return (
        _signed(False, [part for part in factor.args if not isinstance(part, Number)])
        if factor.is_Mul
        else factor
    )


def _signed(negative: bool, factors: list[Expr]) -> Expr:
    if not factors:
        return S.NegativeOne if negative else S.One
    if not negative:
        return plain_product(factors)
    first, *rest = factors
    return plain_product([-first, *rest] if isinstance(first, Number) else [S.NegativeOne, *factors])


def neg(expression: Any) -> Expr:
    """-x."""
    return mul(S.NegativeOne, expression)


def power(base: Expr, exponent: Any) -> Expr:
    """x^n as written; x^1 is x, x^0 is 1, and the number in (2x)^{-1} becomes the factor 1/2."""
    exponent = _expression(exponent)
    if exponent is S.Zero:
        return S.One
    if exponent is S.One or base is S.One:
        return base
    merging = isinstance(base, Pow) and isinstance(base.exp, Integer) and isinstance(exponent, Integer)
    if merging and not isinstance(base.base, Number):
        return power(base.base, base.exp * exponent)
    if exponent is S.NegativeOne and base is not S.Zero:
        if isinstance(base, Number):
            return 1 / base
        if _coefficient(base) is not S.One:
            return mul(1 / _coefficient(base), power(_without_coefficient(base), exponent))
    return Pow(base, exponent, evaluate=False)


def divide(numerator: Any, denominator: Expr) -> Expr:
    """p/q as one fraction."""
    reciprocal = power(denominator, -1)
    parts = (reciprocal,) if not isinstance(reciprocal, Mul) else reciprocal.args
    return _product([*(numerator.args if _is_fraction(numerator) else (numerator,)), *parts])


def rebuild(expression: Basic, arguments: tuple[Basic, ...]) -> Basic:
    """The same head over other arguments, in their order."""
    match expression:
        case Quotient():
            return Quotient(*arguments)
        case Add():
            return add(*arguments)
        case Mul():
            return mul(*arguments)
        case Pow():
            return power(*arguments)
        case sympy.Tuple():
            return sympy.Tuple(*arguments)
    return expression.func(*arguments, evaluate=False)


class Rewriter:
    """Replaces parts of expressions by others, from the outside in; the order is kept.

    Args:
        values: what replaces what. One rewriter remembers all that it has met, so that many expressions
            over the same symbols are rewritten in time linear in their parts.
    """

    def __init__(self, values: Mapping[Any, Any]) -> None:
        self._memory: dict[Basic, Basic] = dict(values)

    def __call__(self, expression: Basic) -> Any:
        """The expression with every occurrence of a key replaced by its value."""
        found = self._memory.get(expression)
        if found is None:
            arguments = tuple(self(argument) for argument in expression.args)
            same = all(new is old for new, old in zip(arguments, expression.args, strict=True))
            found = expression if same else rebuild(expression, arguments)
            self._memory[expression] = found
        return found

    def learn(self, key: Basic, value: Basic) -> None:
        """Replace `key` by `value` from now on."""
        self._memory[key] = value


def symbols_in(expression: Basic) -> tuple[Symbol, ...]:
    """The symbols of an expression in the order in which they are read, each once.

    >>> symbols_in(add(Symbol("y"), mul(Symbol("x"), Symbol("y"))))
    (y, x)
    """
    found: dict[Symbol, None] = {}
    pending: list[Basic] = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, Symbol):
            found[part] = None
        else:
            pending.extend(reversed(part.args))
    return tuple(found)


class Form(NamedTuple):
    """What an expression is but for its symbols: those of one form differ in the names that stand in them.

    Attributes:
        tokens: its heads with the numbers of their arguments, its numbers, and for every symbol its place
            among the symbols, in the order in which they are read.
        symbols: the symbols of the expression in the order in which they are read, each once.
    """

    tokens: tuple[Any, ...]
    symbols: tuple[Symbol, ...]


def form_of(expression: Basic) -> Form:
    """The form of an expression, in one walk over it.

    >>> w, x, u, y = sympy.symbols("w x u y")
    >>> form_of(add(mul(w, x), 1)).tokens == form_of(add(mul(u, y), 1)).tokens
    True
    """
    tokens: list[Any] = []
    place: dict[Symbol, int] = {}
    pending: list[Basic] = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, Symbol):
            tokens.append(place.setdefault(part, len(place)))
        elif arguments := part.args:
            tokens += (type(part), len(arguments))
            pending += arguments[::-1]
        else:
            tokens.append(part)
    return Form(tuple(tokens), tuple(place))


def is_constant(expression: Basic) -> bool:
    """Whether it is a number: no symbol stands in it."""
    return not expression.free_symbols


def size(expression: Basic) -> int:
    """How many symbols and numbers are written down in it."""
    return sum(size(argument) for argument in expression.args) if expression.args else 1


def size_with(expression: Basic, sizes: Mapping[Basic, int]) -> int:
    """How much is written down where some symbols stand for more than one."""
    if expression.args:
        return sum(size_with(argument, sizes) for argument in expression.args)
    return sizes.get(expression, 1)


def exact(value: Any) -> Expr:
    """A number as the rational that its digits say: 0.1 is 1/10.

    >>> exact("0.4333")
    4333/10000
    """
    return value if isinstance(value, Expr) else Rational(str(value))
