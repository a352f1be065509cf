r"""Matrices, cases and lists: \begin{pmatrix}, \begin{cases}, (a, b; c, d), \{A, B\}."""

from __future__ import annotations

from collections.abc import Sequence

from symbackprop.content import text
from symbackprop.formulas.calls import Calls
from symbackprop.formulas.lexer import Token
from symbackprop.formulas.tree import Node

RELATIONS = frozenset(
    ("=", "<", ">", ":=", "geq", "leq", "neq", "approx", "equiv", "leftarrow", "sim", "propto", "in")
)
_MATRICES = frozenset(
    ("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "smallmatrix", "array", "psmallmatrix")
)
_CASES = frozenset(("cases", "dcases", "rcases"))


class Environments(Calls):
    """Reads what stands in rows and columns."""

    def relation(self, tokens: Sequence[Token]) -> Node:
        """left < right."""
        raise NotImplementedError

    def _environment(self) -> Node:
        token = self.take()
        if token.text in _MATRICES:
            if token.text == "array" and self.next.text == "{":
                self.argument()
            return Node("matrix", tuple(self._rows(token)), None, token.start, self.before.end)
        if token.text in _CASES:
            return self._cases(token)
        return self.refuse_at(token, text("the environment {name} is not read here", name=token.text))

    def _rows(self, opener: Token) -> list[Node]:
        rows = []
        for row in self._table(opener):
            if any(not cell for cell in row):
                self.refuse_at(opener, text("an entry of this matrix is missing"))
            cells = tuple(self.inner(cell) for cell in row)
            rows.append(Node("row", cells, None, cells[0].start, cells[-1].end))
        if not rows or len({len(row.parts) for row in rows}) > 1:
            self.refuse_at(opener, text("the rows of this matrix have different lengths"))
        return rows

    def _table(self, opener: Token) -> list[list[list[Token]]]:
        """The tokens of each cell up to the end of the environment."""
        rows: list[list[list[Token]]] = [[[]]]
        depth = 0
        while True:
            token = self.take()
            if token.kind == "stop":
                self.refuse_at(opener, text("{opening} is not closed", opening=rf"\begin{{{opener.text}}}"))
            if token.kind == "begin":
                depth += 1
            elif token.kind == "end":
                if not depth:
                    break
                depth -= 1
            if not depth and token.kind == "break":
                rows.append([[]])
            elif not depth and token.kind == "sign" and token.text in ("&", ";"):
                if (
                    token.text == ";"
                    or self.before.kind == "begin"
                    or rows[-1][-1]
                    or not _is_semicolon(self.tokens, self.place)
                ):
                    rows[-1].append([])
            elif token.kind != "gap":
                rows[-1][-1].append(token)
        return rows[:-1] if rows[-1] == [[]] and len(rows) > 1 else rows

    def _cases(self, opener: Token) -> Node:
        parts: list[Node] = []
        for row in self._table(opener):
            if not row[0]:
                self.refuse_at(opener, text("a case without a value"))
            value = self.inner([one for one in row[0] if one.text != ","])
            condition = [
                one
                for one in (row[1] if len(row) > 1 else [])
                if one.kind != "text" and one.text not in (",", ".", ";")
            ]
            pair = (value, self.relation(condition)) if condition else (value,)
            parts.append(Node("case", pair, None, value.start, pair[-1].end))
        return Node("cases", tuple(parts), None, opener.start, self.before.end)

    def _listed(self, closer: str) -> list[list[Node]]:
        """Entries with commas or semicolons between them; a gap parts them, too."""
        first = self._entry()
        rows = [[first]]
        while self.next.kind == "gap" or (self.next.kind == "sign" and self.next.text in (",", ";")):
            token = self.take()
            if self.next.text == closer:
                break
            if token.text == ";":
                rows.append([])
            rows[-1].append(self._entry())
        return rows

    def _entry(self) -> Node:
        left = self.total()
        if self.next.text in RELATIONS and self.next.kind in ("sign", "command"):
            sign = self.take().text
            right = self.total()
            return Node("relation", (left, right), sign, left.start, right.end)
        return left

    def _enclosed(self, opener: Token, rows: list[list[Node]]) -> Node:
        start, end = opener.start, self.before.end
        single = rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else None
        if single is not None and single.kind == "relation":
            return Node("indicator", (single,), None, start, end)
        if single is None:
            if opener.text == r"\{":
                return Node("listed", tuple(one for row in rows for one in row), None, start, end)
            if len({len(row) for row in rows}) > 1:
                self.refuse_at(opener, text("the rows within this bracket have different lengths"))
            made = tuple(Node("row", tuple(row), None, row[0].start, row[-1].end) for row in rows)
            return Node("matrix", made, "list", start, end)
        kind = {"|": "absolute", r"\|": "norm", r"\{": "listed"}.get(opener.text, "group")
        return Node(kind, (single,), opener.text, start, end)


def _is_semicolon(tokens: Sequence[Token], place: int) -> bool:
    """Whether the token before the last one was a semicolon: `; &` parts two entries once."""
    return place > 1 and tokens[place - 2].text == ";"
