"""The functions of the expression language: each with its definition and its declared slopes.

A declared slope is the textbook's form (σ(z)(1 - σ(z)), 1 - tanh²z, [z > 0]), written in the expression
language. `definition` says the same function in SymPy's own words and knows nothing of the slope, so that
`sympy.diff` of a definition can prove the slope that is declared beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import Basic, Expr, Function, Ne, Piecewise, Rational, S, Tuple
from sympy.logic.boolalg import Boolean

from symbackprop.expressions import add, call, mul, neg

Slopes = tuple[str, ...]

SELU_SCALE, SELU_ALPHA = (
    Rational("1.0507009873554804934193349852946"),
    Rational("1.6732632423543772848170429916717"),
)
GELU_CUBE = Rational("0.044715")


class Declared(Function):  # type: ignore[misc]
    """A function that SymPy does not have: it stays as written, and knows its definition."""

    # Said here, for SymPy would ask the arguments, and a comparison among them has no answer.
    is_commutative = True

    @classmethod
    def definition(cls, *arguments: Basic) -> Expr:
        """The same value in SymPy's own functions."""
        raise NotImplementedError

    def doit(self, **hints: Any) -> Expr:
        """Its definition, carried out."""
        return self.definition(*(argument.doit(**hints) for argument in self.args)).doit(**hints)

    def fdiff(self, argindex: int = 1) -> Expr:
        """The derivative of the definition, which the declared slope is proved against."""
        holder = sympy.Dummy("argument", real=True)
        arguments = list(self.args)
        arguments[argindex - 1] = holder
        slope = sympy.diff(self.definition(*arguments).doit(), holder)
        return slope.xreplace({holder: self.args[argindex - 1]})

    def _eval_evalf(self, precision: int) -> Expr:
        return self.definition(*self.args).doit()._eval_evalf(precision)


def _declare(name: str, definition: Callable[..., Expr]) -> type[Declared]:
    return type(name, (Declared,), {"definition": staticmethod(definition), "__module__": __name__})


def _sigmoid(z: Expr) -> Expr:
    return 1 / (1 + sympy.exp(-z))


def _softplus(z: Expr) -> Expr:
    return sympy.log(1 + sympy.exp(z))


def _elu(z: Expr, alpha: Expr) -> Expr:
    return Piecewise((z, z > 0), (alpha * (sympy.exp(z) - 1), True))


def _softmax(index: Expr, inputs: Tuple) -> Expr:
    return sympy.exp(inputs[index - 1]) / sum(sympy.exp(z) for z in inputs)


def _rounded(x: Expr, digits: Expr) -> Expr:
    """Half to even."""
    scaled = x * 10**digits
    up = sympy.floor(scaled + S.Half)
    tie_to_odd = sympy.And(sympy.Eq(scaled + S.Half, up), Ne(2 * sympy.floor(up / 2), up))
    return Piecewise((up - 1, tie_to_odd), (up, True)) / 10**digits


def _gelu_tanh(z: Expr) -> Expr:
    return z / 2 * (1 + sympy.tanh(sympy.sqrt(2 / sympy.pi) * (z + GELU_CUBE * z**3)))


sqrt = _declare("sqrt", lambda z: z ** Rational(1, 2))
log1p = _declare("log1p", lambda z: sympy.log(1 + z))
expm1 = _declare("expm1", lambda z: sympy.exp(z) - 1)
absolute = _declare("absolute", lambda z: Piecewise((z, z > 0), (-z, True)))
signum = _declare("signum", lambda z: Piecewise((1, z > 0), (0, sympy.Eq(z, 0)), (-1, True)))
xlogx = _declare("xlogx", lambda z: Piecewise((z * sympy.log(z), Ne(z, 0)), (0, True)))
sigmoid = _declare("sigmoid", _sigmoid)
softplus = _declare("softplus", _softplus)
relu = _declare("relu", lambda z: Piecewise((z, z > 0), (0, True)))
leaky_relu = _declare("leaky_relu", lambda z, alpha: Piecewise((z, z > 0), (alpha * z, True)))
elu = _declare("elu", _elu)
selu = _declare("selu", lambda z: SELU_SCALE * _elu(z, SELU_ALPHA))
gelu = _declare("gelu", lambda z: z / 2 * (1 + sympy.erf(z / sympy.sqrt(2))))
gelu_tanh = _declare("gelu_tanh", _gelu_tanh)
silu = _declare("silu", lambda z: z * _sigmoid(z))
mish = _declare("mish", lambda z: z * sympy.tanh(_softplus(z)))
softsign = _declare("softsign", lambda z: z / (1 + Piecewise((z, z > 0), (-z, True))))
hard_sigmoid = _declare(
    "hard_sigmoid", lambda z: Piecewise((0, z <= -3), (1, z >= 3), (z / 6 + S.Half, True))
)
step = _declare("step", lambda z: Piecewise((1, z >= 0), (0, True)))
maximum = _declare("maximum", lambda x, y: Piecewise((x, x > y), (y, True)))
minimum = _declare("minimum", lambda x, y: Piecewise((x, x < y), (y, True)))
clip = _declare("clip", lambda x, low, high: Piecewise((low, x < low), (high, x > high), (x, True)))
where = _declare("where", lambda test, then, other: Piecewise((then, test), (other, True)))
indicator = _declare("indicator", lambda test: Piecewise((1, test), (0, True)))
softmax = _declare("softmax", _softmax)
rounded = _declare("rounded", _rounded)


@dataclass(frozen=True)
class Entry:
    """One function of the language.

    Attributes:
        head: its SymPy function.
        arguments: the names of its arguments, as the slopes use them.
        slopes: its derivative by each argument, in the expression language; or one such tuple for each
            value of the convention that decides at its kink; or a rule, where the slopes are no formula.
        defaults: arguments that may be left out, with their values.
        convention: the convention that decides at its kink.
        test: whether its first argument is a comparison.
        formula: its definition as a reader wants to see it, in the expression language.
        kinks: expressions in its arguments that are 0 at its kinks.
    """

    head: type[Function]
    arguments: tuple[str, ...]
    slopes: Slopes | Mapping[str, Slopes] | Callable[..., tuple[Expr, ...]]
    defaults: Mapping[str, Expr] = field(default_factory=dict)
    convention: str | None = None
    test: bool = False
    formula: str = ""
    kinks: tuple[str, ...] = ()


def _softmax_slopes(index: Expr, inputs: Tuple) -> tuple[Expr, ...]:
    """∂p_k/∂z_j = p_k (1 - p_k) where j = k, and -p_k p_j elsewhere."""
    own = softmax(index, inputs)
    others = [softmax(j, inputs) for j in range(1, len(inputs) + 1)]
    by_inputs = (mul(own, add(1, neg(own))) if other == own else neg(mul(own, other)) for other in others)
    return (S.Zero, *by_inputs)


def _where_slopes(test: Boolean, _then: Expr, _other: Expr) -> tuple[Expr, ...]:
    return (S.Zero, call(indicator, test), call(indicator, test.negated))


_LEAKY_ALPHA = {"alpha": Rational(1, 100)}
_SELU = {"selu_scale": SELU_SCALE, "selu_alpha": SELU_ALPHA}
_GELU_INNER = "sqrt(2/pi)*(z + 0.044715*z**3)"

FUNCTIONS: Mapping[str, Entry] = {
    "exp": Entry(sympy.exp, ("z",), ("exp(z)",)),
    "log": Entry(sympy.log, ("z",), ("1/z",)),
    "log1p": Entry(log1p, ("z",), ("1/(1 + z)",), formula="log(1 + z)"),
    "expm1": Entry(expm1, ("z",), ("exp(z)",), formula="exp(z) - 1"),
    "sqrt": Entry(sqrt, ("z",), ("1/(2*sqrt(z))",)),
    "abs": Entry(absolute, ("z",), ("sign(z)",), kinks=("z",)),
    "sign": Entry(signum, ("z",), ("0",)),
    "sin": Entry(sympy.sin, ("z",), ("cos(z)",)),
    "cos": Entry(sympy.cos, ("z",), ("-sin(z)",)),
    "tan": Entry(sympy.tan, ("z",), ("1 + tan(z)**2",)),
    "sinh": Entry(sympy.sinh, ("z",), ("cosh(z)",)),
    "cosh": Entry(sympy.cosh, ("z",), ("sinh(z)",)),
    "tanh": Entry(sympy.tanh, ("z",), ("1 - tanh(z)**2",)),
    "arctan": Entry(sympy.atan, ("z",), ("1/(1 + z**2)",)),
    "erf": Entry(sympy.erf, ("z",), ("2*exp(-z**2)/sqrt(pi)",)),
    "xlogx": Entry(xlogx, ("z",), ("log(z) + 1",)),
    "sigmoid": Entry(sigmoid, ("z",), ("sigmoid(z)*(1 - sigmoid(z))",), formula="1/(1 + exp(-z))"),
    "softplus": Entry(softplus, ("z",), ("sigmoid(z)",), formula="log(1 + exp(z))"),
    "relu": Entry(
        relu,
        ("z",),
        {
            "0": ("indicator(z > 0)",),
            "1": ("indicator(z >= 0)",),
            "1/2": ("indicator(z > 0) + 1/2*indicator(z == 0)",),
        },
        kinks=("z",),
        convention="relu_at_zero",
        formula="max(0, z)",
    ),
    "leaky_relu": Entry(
        leaky_relu,
        ("z", "alpha"),
        {
            "0": ("where(z > 0, 1, alpha)", "where(z > 0, 0, z)"),
            "1": ("where(z >= 0, 1, alpha)", "where(z > 0, 0, z)"),
            "1/2": ("where(z > 0, 1, where(z == 0, (1 + alpha)/2, alpha))", "where(z > 0, 0, z)"),
        },
        defaults=_LEAKY_ALPHA,
        kinks=("z",),
        convention="relu_at_zero",
        formula="where(z > 0, z, alpha*z)",
    ),
    "elu": Entry(
        elu,
        ("z", "alpha"),
        {
            "0": ("where(z > 0, 1, alpha*exp(z))", "where(z > 0, 0, exp(z) - 1)"),
            "1": ("where(z >= 0, 1, alpha*exp(z))", "where(z > 0, 0, exp(z) - 1)"),
            "1/2": (
                "where(z > 0, 1, where(z == 0, (1 + alpha)/2, alpha*exp(z)))",
                "where(z > 0, 0, exp(z) - 1)",
            ),
        },
        defaults={"alpha": S.One},
        kinks=("z",),
        convention="relu_at_zero",
        formula="where(z > 0, z, alpha*(exp(z) - 1))",
    ),
    "selu": Entry(
        selu,
        ("z",),
        {
            "0": ("selu_scale*where(z > 0, 1, selu_alpha*exp(z))",),
            "1": ("selu_scale*where(z >= 0, 1, selu_alpha*exp(z))",),
            "1/2": ("selu_scale*where(z > 0, 1, where(z == 0, (1 + selu_alpha)/2, selu_alpha*exp(z)))",),
        },
        kinks=("z",),
        convention="relu_at_zero",
        formula="selu_scale*where(z > 0, z, selu_alpha*(exp(z) - 1))",
    ),
    "gelu": Entry(
        gelu,
        ("z",),
        ("(1 + erf(z/sqrt(2)))/2 + z*exp(-z**2/2)/sqrt(2*pi)",),
        formula="z*(1 + erf(z/sqrt(2)))/2",
    ),
    "gelu_tanh": Entry(
        gelu_tanh,
        ("z",),
        (f"(1 + tanh({_GELU_INNER}))/2 + z*(1 - tanh({_GELU_INNER})**2)*sqrt(2/pi)*(1 + 3*0.044715*z**2)/2",),
        formula="z*(1 + tanh(sqrt(2/pi)*(z + 0.044715*z**3)))/2",
    ),
    "silu": Entry(silu, ("z",), ("sigmoid(z)*(1 + z*(1 - sigmoid(z)))",), formula="z*sigmoid(z)"),
    "mish": Entry(
        mish,
        ("z",),
        ("tanh(softplus(z)) + z*(1 - tanh(softplus(z))**2)*sigmoid(z)",),
        formula="z*tanh(softplus(z))",
    ),
    "softsign": Entry(softsign, ("z",), ("1/(1 + abs(z))**2",), formula="z/(1 + abs(z))"),
    "hard_sigmoid": Entry(
        hard_sigmoid,
        ("z",),
        {
            "0": ("indicator(abs(z) < 3)/6",),
            "1": ("indicator(abs(z) <= 3)/6",),
            "1/2": ("indicator(abs(z) < 3)/6 + indicator(abs(z) == 3)/12",),
        },
        kinks=("abs(z) - 3",),
        convention="relu_at_zero",
        formula="clip(z/6 + 1/2, 0, 1)",
    ),
    "step": Entry(step, ("z",), ("0",), formula="indicator(z >= 0)"),
    "maximum": Entry(
        maximum,
        ("x", "y"),
        {
            "none": ("indicator(x > y)", "indicator(y > x)"),
            "first": ("indicator(x >= y)", "indicator(y > x)"),
            "split": ("indicator(x > y) + 1/2*indicator(x == y)", "indicator(y > x) + 1/2*indicator(x == y)"),
        },
        kinks=("x - y",),
        convention="ties",
    ),
    "minimum": Entry(
        minimum,
        ("x", "y"),
        {
            "none": ("indicator(x < y)", "indicator(y < x)"),
            "first": ("indicator(x <= y)", "indicator(y < x)"),
            "split": ("indicator(x < y) + 1/2*indicator(x == y)", "indicator(y < x) + 1/2*indicator(x == y)"),
        },
        kinks=("x - y",),
        convention="ties",
    ),
    "round": Entry(rounded, ("x", "digits"), ("0", "0"), defaults={"digits": S.Zero}),
    "clip": Entry(
        clip,
        ("x", "low", "high"),
        ("indicator(low < x)*indicator(x < high)", "indicator(x < low)", "indicator(x > high)"),
    ),
    "where": Entry(where, ("test", "then", "other"), _where_slopes, test=True),
    "indicator": Entry(indicator, ("test",), ("0",), test=True),
}

CONSTANTS: Mapping[str, Expr] = {"pi": sympy.pi, **_SELU}
"""Names that only the declared slopes use; in a user's text they are ordinary symbols."""

ALIASES: Mapping[str, str] = {"max": "maximum", "min": "minimum"}
"""Other spellings, taking two arguments or more."""

BY_HEAD: Mapping[type[Function], Entry] = {entry.head: entry for entry in FUNCTIONS.values()} | {
    softmax: Entry(softmax, ("index", "inputs"), _softmax_slopes)
}


def build(name: str, arguments: list[Basic]) -> Expr:
    """The call of a function by its name; left-out arguments take their defaults.

    Raises:
        TypeError: the function does not take so many arguments; the message says how many it takes.
    """
    if name in ALIASES:
        if len(arguments) < 2:
            raise TypeError(f"{name} takes two arguments or more")
        first, *rest = arguments
        for other in rest:
            first = build(ALIASES[name], [first, other])
        return first
    if name == "round" and len(arguments) == 2 and not isinstance(arguments[1], sympy.Integer):
        raise TypeError("round(x, digits) takes a whole number of digits")
    entry = FUNCTIONS[name]
    missing = entry.arguments[len(arguments) :]
    if len(arguments) > len(entry.arguments) or any(one not in entry.defaults for one in missing):
        wanted = ", ".join(
            f"{one}={entry.defaults[one]}" if one in entry.defaults else one for one in entry.arguments
        )
        raise TypeError(f"{name} is written {name}({wanted})")
    return call(entry.head, *arguments, *(entry.defaults[one] for one in missing))


def from_sympy(expression: Any) -> Expr:
    """An expression made with SymPy, its kinked functions replaced by those of the language.

    >>> from_sympy(sympy.Abs(sympy.Symbol("x")))
    absolute(x)
    """
    whole = sympy.sympify(expression, strict=True)
    if not whole.args:
        return sympy.Rational(str(whole)) if isinstance(whole, sympy.Float) else whole
    arguments = [from_sympy(argument) for argument in whole.args]
    if isinstance(whole, Piecewise):
        return _nested([(value, test) for value, test in arguments])
    if isinstance(whole, sympy.Max | sympy.Min):
        return build("max" if isinstance(whole, sympy.Max) else "min", arguments)
    head = _SYMPY_TWINS.get(whole.func)
    if head is not None:
        return call(head, *arguments)
    if arguments == list(whole.args):
        return whole
    return (
        whole.func(*arguments)
        if isinstance(whole, sympy.Tuple | Boolean)
        else whole.func(*arguments, evaluate=False)
    )


def _nested(pairs: list[tuple[Expr, Basic]]) -> Expr:
    """where(test, value, where(…)): the last value stands for whatever is left."""
    *before, (result, _) = pairs
    for value, test in reversed(before):
        result = call(where, test, value, result)
    return result


_SYMPY_TWINS: Mapping[Any, type[Function]] = {sympy.Abs: absolute, sympy.sign: signum}
