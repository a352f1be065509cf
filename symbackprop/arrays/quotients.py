"""Products taken apart: their number, what stands above the bar, what below."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr, Integer, Mul, Pow, S, sympify

from symbackprop.expressions import Number, divide, is_reciprocal, mul, neg, power


class Opened:
    """Factors one by one: their number, and the rest as powers."""

    def __init__(self, factors: Iterable[Expr]) -> None:
        self.number: Expr = S.One
        self.powers: list[tuple[Expr, Expr]] = []
        for factor in factors:
            self._open(sympify(factor), S.One)

    def _open(self, factor: Expr, sign: Expr) -> None:
        if isinstance(factor, Number):
            self.number *= factor**sign
        elif isinstance(factor, Mul):
            for one in factor.args:
                self._open(one, sign)
        elif is_reciprocal(factor):
            if factor.exp is S.NegativeOne:
                self._open(factor.base, -sign)
            else:
                self.powers.append((factor.base, factor.exp * sign))
        else:
            self.powers.append((factor, sign))


class Quotients:
    """What stands above the bar and what below; equal denominators are counted."""

    def __init__(self) -> None:
        self.above: list[Expr] = []
        self._below: dict[Expr, Expr] = {}

    def put(self, base: Expr, exponent: Expr) -> None:
        """One more factor, a power."""
        if exponent.is_negative:
            if isinstance(base, Pow) and isinstance(base.exp, Integer):
                base, exponent = base.base, exponent * base.exp
            self._below[base] = self._below.get(base, S.Zero) - exponent
        else:
            self.above.append(power(base, exponent))

    def cancel(self) -> None:
        """What stands above and below vanishes from both."""
        for one in [factor for factor in self.above if factor in self._below]:
            self.above.remove(one)
            left = self._below.pop(one) - 1
            if left:
                self._below[one] = left

    @property
    def below(self) -> list[Expr]:
        """The factors below the bar."""
        return [power(base, exponent) for base, exponent in self._below.items()]

    def built(self) -> Expr:
        """The quotient as one expression."""
        result = mul(*self.above)
        return divide(result, mul(*self.below)) if self._below else result


def coefficient_of(number: Expr, sizes: Quotients) -> Expr:
    """A number with sizes above and below, those in common cancelled: 2/n."""
    sizes.cancel()
    if not sizes.above and not sizes.below:
        return number
    above, below = Mul(number, *sizes.above, *(1 / one for one in sizes.below)).as_numer_denom()
    if not below.free_symbols:
        return above / below
    if above.is_negative:
        return neg(divide(-above, below))
    return divide(above, below)
