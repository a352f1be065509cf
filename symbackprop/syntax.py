"""Text of a user -> Python's own syntax tree, with the place of every part; monsters are refused."""

from __future__ import annotations

import ast
import re
import sys
import threading
import warnings
from typing import NoReturn

from symbackprop.errors import ExpressionError, caret
from symbackprop.slips import likely_fix

MOST_CHARACTERS = 200_000
MOST_BRACKETS = 60
MOST_OPERATIONS = 20_000
DEEP = 400
DEEP_STACK = 256 * 1024 * 1024
# Python reserves `lambda`; Greek letters are ordinary names here, so it is parsed under a twin's spelling.
_TWIN = "lambdα"


class Source:
    """A text, its syntax tree, and what tells places in it.

    Args:
        text: what the user wrote.
        label: where it comes from, for messages.
    """

    def __init__(self, text: str, label: str) -> None:
        self.text, self.label = text, label
        self.lines = text.splitlines() or [""]
        self.stripped = [re.sub(r"\blambda\b", _TWIN, line.strip()) for line in self.lines]

    def place(self, line: int, column: int) -> str:
        """The line with a caret under the column."""
        return caret(self.text, line, column, self.label)

    def statements(self) -> list[ast.stmt]:
        """The statements of the text.

        Raises:
            ExpressionError: it is no text of Python's syntax, or too long or deep to be read.
        """
        self._refuse_monsters()
        try:
            return _parsed("\n".join(self.stripped)).body
        except SyntaxError as error:
            line = min(error.lineno or 1, len(self.lines))
            column = (error.offset or 1) + self._indent(line)
            message = (error.msg or "cannot be read").replace(_TWIN, "lambda")
            raise ExpressionError(
                f"cannot read the expression: {message}",
                where=self.place(line, column),
                fix=likely_fix(self.lines[line - 1]),
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

    def where(self, node: ast.expr | ast.stmt) -> str:
        """The line with a caret under the beginning of a part."""
        before = self.stripped[node.lineno - 1].encode()[: node.col_offset].decode(errors="ignore")
        return self.place(node.lineno, len(before) + 1 + self._indent(node.lineno))

    def refusal(
        self, node: ast.expr | ast.stmt, what: str, fix: str = "", known: str = ""
    ) -> ExpressionError:
        """A mistake at a part."""
        return ExpressionError(what, where=self.where(node), known=known, fix=fix)

    def refuse(self, node: ast.expr | ast.stmt, what: str, fix: str = "", known: str = "") -> NoReturn:
        """Raise a mistake at a part."""
        raise self.refusal(node, what, fix, known)

    def digits(self, node: ast.Constant) -> str:
        """A number as it was written."""
        line = self.stripped[node.lineno - 1].encode()
        return line[node.col_offset : node.end_col_offset].decode()


def own_name(name: str) -> str:
    """The user's name behind the one in the syntax tree."""
    return name.replace(_TWIN, "lambda")


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
