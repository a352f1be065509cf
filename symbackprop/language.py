"""Text of a user -> expressions, by a whitelist over Python's own `ast`; nothing is ever evaluated.

The scalar part of the language: named equations in NumPy's syntax, `+ - * / **`, the functions of
`functions.py`, and comparisons inside `where`. The author's order and brackets are kept.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from sympy import Add, Basic, Eq, Expr, Ge, Gt, Integer, Le, Lt, Ne, Number, Rational, Symbol

from symbackprop import functions
from symbackprop.errors import ExpressionError, caret, did_you_mean, listing
from symbackprop.expressions import divide, mul, neg, power

MOST_CHARACTERS = 200_000
MOST_BRACKETS = 60
MOST_POWERS = 2
LARGEST_EXPONENT = 1000
MOST_DIGITS = 40

_NAME = re.compile(r"[^\W\d_][^\W_]*(_{1,2}[^\W_]+)*")
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
        uses: the names in it, each with the place of its first use, ready to print under an error.
        place: where the equation stands, ready to print.
    """

    name: str | None
    expression: Expr
    uses: Mapping[str, str]
    place: str


def check_name(name: str, where: str = "") -> str:
    """The name, if it may be used as one: a letter, then letters and digits, `_` before an index.

    Raises:
        ExpressionError: it may not, or it is a function of the language.
    """
    if not _NAME.fullmatch(name) or not name.isidentifier():
        raise ExpressionError(
            f"{name!r} is not a name",
            where=where,
            fix="a name is a letter, then letters or digits, with _ before an index: w_11, yhat, theta_0",
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
    return [reader.equation(statement) for statement in body]


class _Reader:
    """Walks the syntax tree of one text and builds expressions from what the whitelist allows."""

    def __init__(self, text: str, label: str, constants: Mapping[str, Expr]) -> None:
        self.text, self.label, self.constants = text, label, constants
        self.uses: dict[str, str] = {}

    def place(self, line: int, column: int) -> str:
        return caret(self.text, line, column, self.label)

    def statements(self) -> list[ast.stmt]:
        self._refuse_monsters()
        twin = re.sub(r"\blambda\b", _TWIN, self.text)
        try:
            lines = twin.splitlines() if "\n" in twin else [twin]
            return ast.parse("\n".join(line.strip() for line in lines)).body
        except SyntaxError as error:
            line, column = error.lineno or 1, error.offset or 1
            column += self._indent(line)
            message = (error.msg or "cannot be read").replace(_TWIN, "lambda")
            raise ExpressionError(
                f"cannot read the expression: {message}", where=self.place(line, column)
            ) from None
        except (RecursionError, MemoryError, ValueError):
            raise ExpressionError("the expression is nested too deeply", where=self.place(1, 1)) from None

    def _refuse_monsters(self) -> None:
        if len(self.text) > MOST_CHARACTERS:
            raise ExpressionError(
                f"the text has {len(self.text)} characters; at most {MOST_CHARACTERS} are read"
            )
        if "\0" in self.text:
            raise ExpressionError("the text holds a null character", where=self.label)
        depth = 0
        for number, line in enumerate(self.text.splitlines(), 1):
            for column, character in enumerate(line, 1):
                depth += (character in "([{") - (character in ")]}")
                if depth > MOST_BRACKETS:
                    raise ExpressionError(
                        f"brackets are nested more than {MOST_BRACKETS} deep",
                        where=self.place(number, column),
                        fix="give the inner part a name in an equation of its own",
                    )

    def _indent(self, line: int) -> int:
        lines = self.text.splitlines() or [""]
        text = lines[min(line, len(lines)) - 1]
        return len(text) - len(text.lstrip())

    def _where(self, node: ast.AST) -> str:
        line = getattr(node, "lineno", 1)
        text = self.text.splitlines()[line - 1] if self.text else ""
        stripped = re.sub(r"\blambda\b", _TWIN, text.strip())
        column = len(stripped.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore")) + 1
        return self.place(line, column + self._indent(line))

    def _refusal(self, node: ast.AST, what: str, fix: str = "", known: str = "") -> ExpressionError:
        return ExpressionError(what, where=self._where(node), known=known, fix=fix)

    def _refuse(self, node: ast.AST, what: str, fix: str = "", known: str = "") -> NoReturn:
        raise self._refusal(node, what, fix, known)

    def equation(self, statement: ast.stmt) -> Equation:
        self.uses = {}
        place = self._where(statement)
        if isinstance(statement, ast.Expr):
            return Equation(None, self.expression(statement.value), self.uses, place)
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            self._refuse(statement, "this is not an equation", fix="write: name = expression")
        target = statement.targets[0]
        if not isinstance(target, ast.Name):
            self._refuse(target, "the left side of an equation is one name", fix="write: name = expression")
        name = check_name(target.id.replace(_TWIN, "lambda"), place)
        return Equation(name, self.expression(statement.value), self.uses, place)

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
        digits = ast.get_source_segment(
            "\n".join(line.strip() for line in self.text.splitlines()), node
        ) or str(value)
        digits = digits.replace("_", "")
        if value in (float("inf"), float("-inf")) or len(digits) > MOST_DIGITS:
            self._refuse(node, f"the number {digits[:12]}… is too long or too large", fix="write it shorter")
        return Integer(value) if isinstance(value, int) else Rational(digits)

    def _name(self, node: ast.Name) -> Expr:
        name = node.id.replace(_TWIN, "lambda")
        if name in self.constants:
            return self.constants[name]
        check_name(name, self._where(node))
        self.uses.setdefault(name, self._where(node))
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
        result: Expr = Integer(1)
        for operation, operand in self._spine(node, (ast.Mult, ast.Div)):
            factor = self._read(operand, powers)
            if isinstance(operation, ast.Div) and factor.is_zero:
                self._refuse(operand, "division by zero")
            result = divide(result, factor) if isinstance(operation, ast.Div) else mul(result, factor)
        return result

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
            fix = did_you_mean(name, known) or f"if {name} is a factor, write {name}*(…)"
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
