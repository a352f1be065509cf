"""Text of a user -> expressions, by a whitelist over Python's own `ast`; nothing is ever evaluated.

The scalar part of the language: named equations in NumPy's syntax, `+ - * / **`, the functions of
`functions.py`, and comparisons inside `where`. The author's order and brackets are kept.
"""

from __future__ import annotations

import ast
import math
import re
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from sympy import Add, Basic, Eq, Expr, Ge, Gt, Integer, Le, Lt, Ne, Number, Rational, Symbol, log

from symbackprop import functions
from symbackprop.errors import ExpressionError, Gathering, caret, did_you_mean, listing, raise_all
from symbackprop.expressions import divide, mul, neg, power

MOST_CHARACTERS = 200_000
MOST_BRACKETS = 60
MOST_POWERS = 2
LARGEST_EXPONENT = 1000
MOST_DIGITS = 40
LARGEST_DECIMAL = 308
MOST_OPERATIONS = 20_000
DEEP = 400
DEEP_STACK = 256 * 1024 * 1024

_NAME = re.compile("[A-Za-zΑ-Ωα-ω][A-Za-z0-9Α-Ωα-ω]*(_{1,2}[A-Za-z0-9Α-Ωα-ω]+)*")
_COMPARISONS: Mapping[type[ast.cmpop], type[Basic]] = {
    ast.Gt: Gt,
    ast.GtE: Ge,
    ast.Lt: Lt,
    ast.LtE: Le,
    ast.Eq: Eq,
    ast.NotEq: Ne,
}
_ARRAYS = frozenset(
    "sum mean var std prod norm dot outer trace tr det logdet inv transpose reshape concatenate stack ones "
    "zeros eye conv1d conv2d layer_norm batch_norm attention softmax log_softmax logsumexp".split()
)
# Python reserves `lambda`; Greek letters are ordinary names here, so it is parsed under a twin's spelling.
_TWIN = "lambdα"


@dataclass(frozen=True)
class Equation:
    """One line `name = expression`.

    Attributes:
        name: the name on the left, or None where the text is a bare expression.
        expression: what it equals.
        uses: the names in it, each with what tells the place of its first use.
        place: tells where the equation stands.
    """

    name: str | None
    expression: Expr
    uses: Mapping[str, Callable[[], str]]
    place: Callable[[], str]


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
    if name in functions.FUNCTIONS or name in functions.ALIASES or name in _ARRAYS:
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


class _Reader:
    """Walks the syntax tree of one text and builds expressions from what the whitelist allows."""

    def __init__(self, text: str, label: str, constants: Mapping[str, Expr]) -> None:
        self.text, self.label, self.constants = text, label, constants
        self.lines = text.splitlines() or [""]
        self.stripped = [re.sub(r"\blambda\b", _TWIN, line.strip()) for line in self.lines]
        self.uses: dict[str, Callable[[], str]] = {}

    def place(self, line: int, column: int) -> str:
        return caret(self.text, line, column, self.label)

    def statements(self) -> list[ast.stmt]:
        self._refuse_monsters()
        try:
            return _parsed("\n".join(self.stripped)).body
        except SyntaxError as error:
            line = min(error.lineno or 1, len(self.lines))
            column = (error.offset or 1) + self._indent(line)
            message = (error.msg or "cannot be read").replace(_TWIN, "lambda")
            raise ExpressionError(
                f"cannot read the expression: {message}", where=self.place(line, column)
            ) from None
        except (RecursionError, MemoryError, ValueError):
            raise ExpressionError("the expression is nested too deeply", where=self.place(1, 1)) from None

    def _refuse_monsters(self) -> None:
        if len(self.text) > MOST_CHARACTERS:
            self._refuse_text(f"the text has {len(self.text)} characters; at most {MOST_CHARACTERS} are read")
        if sum(map(self.text.count, "+-*/")) > MOST_OPERATIONS:
            self._refuse_text(f"the text has more than {MOST_OPERATIONS} operations")
        if re.search("[0-9]{400}", self.text):
            self._refuse_text("a number is too long")
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in self.text):
            self._refuse_text("the text holds a null character, or one that is none")
        depth = 0
        for number, line in enumerate(self.lines, 1):
            for column, character in enumerate(line, 1):
                depth += (character in "([{") - (character in ")]}")
                if depth > MOST_BRACKETS:
                    raise ExpressionError(
                        f"brackets are nested more than {MOST_BRACKETS} deep",
                        where=self.place(number, column),
                        fix="give the inner part a name in an equation of its own",
                    )

    def _refuse_text(self, what: str) -> NoReturn:
        raise ExpressionError(
            what, where=self.label or "line 1", fix="write less, in plain letters and digits"
        )

    def _indent(self, line: int) -> int:
        text = self.lines[line - 1]
        return len(text) - len(text.lstrip())

    def _where(self, node: ast.expr | ast.stmt) -> str:
        before = self.stripped[node.lineno - 1].encode()[: node.col_offset].decode(errors="ignore")
        return self.place(node.lineno, len(before) + 1 + self._indent(node.lineno))

    def _refusal(
        self, node: ast.expr | ast.stmt, what: str, fix: str = "", known: str = ""
    ) -> ExpressionError:
        return ExpressionError(what, where=self._where(node), known=known, fix=fix)

    def _refuse(self, node: ast.expr | ast.stmt, what: str, fix: str = "", known: str = "") -> NoReturn:
        raise self._refusal(node, what, fix, known)

    def equation(self, statement: ast.stmt) -> Equation:
        self.uses = {}
        place = partial(self._where, statement)
        if isinstance(statement, ast.Expr):
            return Equation(None, self.expression(statement.value), self.uses, place)
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            self._refuse(statement, "this is not an equation", fix="write: name = expression")
        target = statement.targets[0]
        if not isinstance(target, ast.Name):
            self._refuse(target, "the left side of an equation is one name", fix="write: name = expression")
        name = self._checked(target)
        return Equation(name, self.expression(statement.value), self.uses, place)

    def _checked(self, node: ast.Name) -> str:
        try:
            return check_name(node.id.replace(_TWIN, "lambda"))
        except ExpressionError as error:
            raise error.at(self._where(node)) from None

    def expression(self, node: ast.expr) -> Expr:
        try:
            return self._read(node, 0)
        except RecursionError:
            self._refuse(
                node, "the expression is nested too deeply", fix="name its parts in equations of their own"
            )

    def _read(self, node: ast.expr, powers: int) -> Expr:
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
                self._refuse(node, "a comparison stands only inside where(…)", fix="where(x > 0, x, 0)")
            case ast.BinOp(op=ast.BitXor()):
                self._refuse(node, "^ is not an operation here", fix="a power is written with **: x**2")
            case ast.BinOp(op=ast.MatMult()):
                self._refuse(
                    node, "@ multiplies matrices, and these are scalars", fix="use * between scalars"
                )
        raise self._refusal(
            node, "this is not part of the expression language", known="+ - * / ** and functions"
        )

    def _number(self, node: ast.Constant) -> Expr:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._refuse(node, f"{value!r} is not a number")
        line = self.stripped[node.lineno - 1].encode()
        digits = line[node.col_offset : node.end_col_offset].decode().replace("_", "")
        exponent = digits.lower().partition("e")[2] if isinstance(value, float) else ""
        if len(digits) > MOST_DIGITS or abs(int(exponent or 0)) > LARGEST_DECIMAL:
            kind = "too small" if exponent.startswith("-") else "too long or too large"
            self._refuse(node, f"the number {digits[:12]}… is {kind}", fix="a double holds 1e-308 to 1e308")
        return Integer(value) if isinstance(value, int) else Rational(digits)

    def _name(self, node: ast.Name) -> Expr:
        if node.id in self.constants:
            return self.constants[node.id]
        name = self._checked(node)
        self.uses.setdefault(name, partial(self._where, node))
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
                self._refuse(operand, "division by zero")
            else:
                factors = [divide(mul(*factors), factor)]
        return mul(*factors)

    def _power(self, node: ast.BinOp, powers: int) -> Expr:
        if powers >= MOST_POWERS:
            self._refuse(
                node, "a tower of powers is too high", fix="name the inner power in an equation of its own"
            )
        base, exponent = self._read(node.left, powers), self._read(node.right, powers + 1)
        constant = isinstance(exponent, Number) or not exponent.free_symbols
        if constant and not (isinstance(exponent, Number) and abs(exponent) <= LARGEST_EXPONENT):
            self._refuse(node.right, f"a constant exponent is a number of at most {LARGEST_EXPONENT}")
        if base.is_zero and constant and exponent.is_negative:
            self._refuse(node, "division by zero")
        if constant and not base.free_symbols and not _is_writable(base, exponent):
            self._refuse(node, "the number is too large or too small", fix="a double holds 1e-308 to 1e308")
        return power(base, exponent)

    def _call(self, node: ast.Call, powers: int) -> Expr:
        if not isinstance(node.func, ast.Name):
            self._refuse(
                node, "only the functions of the language can be called", known=listing(functions.FUNCTIONS)
            )
        name = node.func.id.replace(_TWIN, "lambda")
        known = [*functions.FUNCTIONS, *functions.ALIASES]
        if name in _ARRAYS:
            self._refuse(
                node, f"{name} is a function of arrays, and these are scalars", fix="write its terms out"
            )
        if name not in known:
            factor = f"if {name} is a factor, write {name}*(…)" if _NAME.fullmatch(name) else ""
            fix = did_you_mean(name, known) or factor
            self._refuse(node, f"unknown function {name!r}", known=listing(known, 40), fix=fix)
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            self._refuse(node, f"{name} takes its arguments in their order, without names")
        tested = name in functions.FUNCTIONS and functions.FUNCTIONS[name].test
        arguments: list[Basic] = [
            self._comparison(argument, powers) if tested and place == 0 else self._read(argument, powers)
            for place, argument in enumerate(node.args)
        ]
        try:
            return functions.build(name, arguments)
        except TypeError as error:
            self._refuse(
                node, f"{name} got {len(arguments)} argument{'s' * (len(arguments) != 1)}", known=str(error)
            )

    def _comparison(self, node: ast.expr, powers: int) -> Basic:
        if not isinstance(node, ast.Compare) or len(node.ops) != 1 or type(node.ops[0]) not in _COMPARISONS:
            self._refuse(
                node, "a comparison is expected here", fix="one of x > y, x >= y, x < y, x <= y, x == y"
            )
        left, right = self._read(node.left, powers), self._read(node.comparators[0], powers)
        return _COMPARISONS[type(node.ops[0])](left, right, evaluate=False)


def _is_writable(base: Expr, exponent: Expr) -> bool:
    """Whether a power of numbers is within what a double holds."""
    size = abs(base.evalf(20))
    return bool(size == 0) or abs(float(exponent * log(size))) < LARGEST_DECIMAL * math.log(10)


def _parsed(text: str) -> ast.Module:
    """The syntax tree. A long sum is a deep tree: it is built where the stack is large."""
    operations = sum(map(text.count, "+-*/"))
    if operations < DEEP:
        return _quietly(text)
    result: list[ast.Module | BaseException] = []

    def run() -> None:
        try:
            result.append(_quietly(text))
        except BaseException as error:
            result.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(DEEP_STACK)
    try:
        sys.setrecursionlimit(max(limit, 4 * min(operations, MOST_OPERATIONS)))
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    (found,) = result
    if isinstance(found, BaseException):
        raise found
    return found


def _quietly(text: str) -> ast.Module:
    """Python's own warnings about a text are not for the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)
