"""Text of a user -> expressions, by a whitelist over Python's own `ast`; nothing is ever evaluated.

Named equations in NumPy's syntax: `+ - * / ** @`, the functions of `functions.py` and the operations of
`operations.py`, comparisons inside `where`. The author's order and brackets are kept.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sympy import Add, Basic, Eq, Expr, Ge, Gt, Integer, Le, Lt, Mul, Ne, Number, Pow, Rational, Symbol, log

from symbackprop import functions
from symbackprop import operations as op
from symbackprop.array_syntax import ArraySyntax, called_name
from symbackprop.errors import ExpressionError, Gathering, did_you_mean, listing, raise_all
from symbackprop.expressions import divide, mul, neg, power
from symbackprop.syntax import Source, own_name

MOST_POWERS = 2
LARGEST_EXPONENT = 1000
MOST_DIGITS = 40
LARGEST_DECIMAL = 308

_NAME = re.compile("[A-Za-zΑ-Ωα-ω][A-Za-z0-9Α-Ωα-ω]*(_{1,2}[A-Za-z0-9Α-Ωα-ω]+)*")
_COMPARISONS: Mapping[type[ast.cmpop], type[Basic]] = {
    ast.Gt: Gt,
    ast.GtE: Ge,
    ast.Lt: Lt,
    ast.LtE: Le,
    ast.Eq: Eq,
    ast.NotEq: Ne,
}


@dataclass(frozen=True)
class Equation:
    """One line `name = expression`.

    Attributes:
        name: the name on the left, or None where the text is a bare expression.
        expression: what it equals.
        uses: the names in it, each with what tells the place of its first use.
        place: tells where the equation stands.
        parts: tells where an operation within it stands.
    """

    name: str | None
    expression: Expr
    uses: Mapping[str, Callable[[], str]]
    place: Callable[[], str]
    parts: Mapping[Basic, Callable[[], str]] = field(default_factory=dict)


def check_name(name: str, where: str = "") -> str:
    """The name, if it may be used as one: a letter, then letters and digits, `_` before an index.

    Raises:
        ExpressionError: it may not, or it is a function of the language.
    """
    if not _NAME.fullmatch(name) or not name.isidentifier():
        raise ExpressionError(
            f"{name!r} is not a name",
            where=where,
            fix="a name is a Latin or Greek letter, then letters or digits, _ before an index: w_11, yhat",
        )
    if name in functions.FUNCTIONS or name in functions.ALIASES or name in op.NAMES:
        raise ExpressionError(
            f"{name!r} is a function of the language", where=where, fix=f"write {name}_1, say"
        )
    return name


def parse_expression(text: str, label: str = "", constants: Mapping[str, Expr] | None = None) -> Expr:
    """One expression.

    Args:
        text: what the user wrote.
        label: where it comes from, for messages.
        constants: names that stand for fixed values; every other name is a symbol.

    Raises:
        ExpressionError: the text is no expression of the language; the message points at the column.

    >>> parse_expression("a*b + 1/(1 + exp(-z))").free_symbols == set(map(Symbol, "abz"))
    True
    """
    reader = _Reader(text, label, constants or {})
    body = reader.statements()
    if len(body) != 1 or not isinstance(body[0], ast.Expr):
        raise ExpressionError(f"{text.strip()[:60]!r} is not one expression", where=reader.place(1, 1))
    return reader.expression(body[0].value)


def parse_equations(text: str, label: str = "") -> list[Equation]:
    """Equations `name = expression`, one a line or separated by `;`; a comment begins with `#`.

    Raises:
        ExpressionError: as for one expression, or a line that is no equation.

    >>> [equation.name for equation in parse_equations("q = x + y; f = q*z")]
    ['q', 'f']
    """
    reader = _Reader(text, label, {})
    body = reader.statements()
    if not body:
        raise ExpressionError("there is no equation here", where=label, fix="write one, such as: q = x + y")
    gathering = Gathering()
    equations = [gathering.attempt(partial(reader.equation, statement)) for statement in body]
    raise_all(gathering.mistakes)
    return [equation for equation in equations if equation is not None]


class _Reader(Source):
    """Walks the syntax tree of one text and builds expressions from what the whitelist allows."""

    def __init__(self, text: str, label: str, constants: Mapping[str, Expr]) -> None:
        super().__init__(text, label)
        self.constants = constants
        self.uses: dict[str, Callable[[], str]] = {}
        self.parts: dict[Basic, Callable[[], str]] = {}
        self.arrays = ArraySyntax(self, lambda node: self._read(node, 0))

    def equation(self, statement: ast.stmt) -> Equation:
        self.uses, self.parts = {}, {}
        place = partial(self.where, statement)
        if isinstance(statement, ast.Expr):
            return Equation(None, self.expression(statement.value), self.uses, place, self.parts)
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            self.refuse(statement, "this is not an equation", fix="write: name = expression")
        target = statement.targets[0]
        if not isinstance(target, ast.Name):
            self.refuse(target, "the left side of an equation is one name", fix="write: name = expression")
        name = self._checked(target)
        return Equation(name, self.expression(statement.value), self.uses, place, self.parts)

    def _checked(self, node: ast.Name) -> str:
        try:
            return check_name(own_name(node.id))
        except ExpressionError as error:
            raise error.at(self.where(node)) from None

    def expression(self, node: ast.expr) -> Expr:
        try:
            return self._read(node, 0)
        except RecursionError:
            self.refuse(
                node, "the expression is nested too deeply", fix="name its parts in equations of their own"
            )

    def _read(self, node: ast.expr, powers: int) -> Expr:
        found = self._read_part(node, powers)
        if isinstance(node, ast.BinOp | ast.Call | ast.Subscript | ast.Attribute):
            self.parts.setdefault(found, partial(self.where, node))
        return found

    def _read_part(self, node: ast.expr, powers: int) -> Expr:
        match node:
            case ast.Constant():
                return self._number(node)
            case ast.Name():
                return self._name(node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return neg(self._read(operand, powers))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._read(operand, powers)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self._sum(node, powers)
            case ast.BinOp(op=ast.Mult() | ast.Div()):
                return self._product(node, powers)
            case ast.BinOp(op=ast.Pow()):
                return self._power(node, powers)
            case ast.Call():
                return self._call(node, powers)
            case ast.Compare():
                self.refuse(node, "a comparison stands only inside where(…)", fix="where(x > 0, x, 0)")
            case ast.BinOp(op=ast.BitXor()):
                self.refuse(node, "^ is not an operation here", fix="a power is written with **: x**2")
            case ast.BinOp(op=ast.MatMult()):
                left, right = self._read(node.left, powers), self._read(node.right, powers)
                return op.of(op.matmul, left, right)
            case ast.Subscript():
                return self.arrays.subscript(node)
            case ast.Attribute():
                return self.arrays.attribute(node)
        raise self.refusal(
            node, "this is not part of the expression language", known="+ - * / ** @, indices, and functions"
        )

    def _number(self, node: ast.Constant) -> Expr:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(node, f"{value!r} is not a number")
        digits = self.digits(node).replace("_", "")
        exponent = digits.lower().partition("e")[2] if isinstance(value, float) else ""
        if len(digits) > MOST_DIGITS or abs(int(exponent or 0)) > LARGEST_DECIMAL:
            kind = "too small" if exponent.startswith("-") else "too long or too large"
            self.refuse(node, f"the number {digits[:12]}… is {kind}", fix="a double holds 1e-308 to 1e308")
        return Integer(value) if isinstance(value, int) else Rational(digits)

    def _name(self, node: ast.Name) -> Expr:
        if node.id in self.constants:
            return self.constants[node.id]
        name = self._checked(node)
        self.uses.setdefault(name, partial(self.where, node))
        return Symbol(name)

    def _spine(
        self, node: ast.expr, kinds: tuple[type[ast.operator], ...]
    ) -> list[tuple[ast.operator, ast.expr]]:
        """The operands of a chain such as a + b - c, from left to right, each with its operation."""
        operands: list[tuple[ast.operator, ast.expr]] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, kinds):
            operands.append((node.op, node.right))
            node = node.left
        return [(kinds[0](), node), *reversed(operands)]

    def _sum(self, node: ast.expr, powers: int) -> Expr:
        terms = []
        for operation, operand in self._spine(node, (ast.Add, ast.Sub)):
            term = self._read(operand, powers)
            terms.append(neg(term) if isinstance(operation, ast.Sub) else term)
        return Add(*terms, evaluate=False)

    def _product(self, node: ast.expr, powers: int) -> Expr:
        factors: list[Expr] = []
        for operation, operand in self._spine(node, (ast.Mult, ast.Div)):
            factor = self._read(operand, powers)
            if not isinstance(operation, ast.Div):
                factors.append(factor)
            elif factor.is_zero:
                self.refuse(operand, "division by zero")
            else:
                factors = [divide(mul(*factors), factor)]
        return _kept(mul(*factors), lambda: Mul(*factors, evaluate=False), factors)

    def _power(self, node: ast.BinOp, powers: int) -> Expr:
        if powers >= MOST_POWERS:
            self.refuse(
                node, "a tower of powers is too high", fix="name the inner power in an equation of its own"
            )
        base, exponent = self._read(node.left, powers), self._read(node.right, powers + 1)
        constant = isinstance(exponent, Number) or not exponent.free_symbols
        if constant and not (isinstance(exponent, Number) and abs(exponent) <= LARGEST_EXPONENT):
            self.refuse(node.right, f"a constant exponent is a number of at most {LARGEST_EXPONENT}")
        if base.is_zero and constant and exponent.is_negative:
            self.refuse(node, "division by zero")
        if constant and not base.free_symbols and not _is_writable(base, exponent):
            self.refuse(node, "the number is too large or too small", fix="a double holds 1e-308 to 1e308")
        return _kept(power(base, exponent), lambda: Pow(base, exponent, evaluate=False), (base, exponent))

    def _call(self, node: ast.Call, powers: int) -> Expr:
        name, method_of = called_name(self, node)
        known = [*functions.FUNCTIONS, *functions.ALIASES, *sorted(op.NAMES)]
        if name not in known:
            factor = f"if {name} is a factor, write {name}*(…)" if _NAME.fullmatch(name) else ""
            fix = did_you_mean(name, known) or factor
            self.refuse(node, f"unknown function {name!r}", known=listing(known, 40), fix=fix)
        arguments = [*([method_of] if method_of else []), *node.args]
        if self.arrays.takes(name, node, arguments):
            return self.arrays.call(node, name, arguments)
        return self._scalar_call(node, name, arguments, powers)

    def _scalar_call(self, node: ast.Call, name: str, given: list[ast.expr], powers: int) -> Expr:
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in given):
            self.refuse(node, f"{name} takes its arguments in their order, without names")
        tested = name in functions.FUNCTIONS and functions.FUNCTIONS[name].test
        arguments: list[Basic] = [
            self._comparison(argument, powers) if tested and place == 0 else self._read(argument, powers)
            for place, argument in enumerate(given)
        ]
        try:
            return functions.build(name, arguments)
        except TypeError as error:
            self.refuse(
                node, f"{name} got {len(arguments)} argument{'s' * (len(arguments) != 1)}", known=str(error)
            )

    def _comparison(self, node: ast.expr, powers: int) -> Basic:
        if not isinstance(node, ast.Compare) or len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
            self.refuse(
                node, "a comparison is expected here", fix="one of x > y, x >= y, x < y, x <= y, x == y"
            )
        left, right = self._read(node.left, powers), self._read(node.comparators[0], powers)
        return _COMPARISONS[type(node.ops[0])](left, right, evaluate=False)


def _kept(result: Expr, written: Callable[[], Expr], parts: Sequence[Expr]) -> Expr:
    """0 x, x^0 and 1^x as written: x may be an array, and they have its shape."""
    if not result.free_symbols and any(part.free_symbols for part in parts):
        return written()
    return result


def _is_writable(base: Expr, exponent: Expr) -> bool:
    """Whether a power of numbers is within what a double holds."""
    size = abs(base.evalf(20))
    return bool(size == 0) or abs(float(exponent * log(size))) < LARGEST_DECIMAL * math.log(10)
