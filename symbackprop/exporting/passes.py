"""The two passes as functions of Python: signatures, docstrings, statements beside their formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from sympy import Symbol

from symbackprop.arrays.sizes import show_shape
from symbackprop.content import Text, text
from symbackprop.exporting.comments import in_docstring
from symbackprop.exporting.formulas import Formula, Section, Sheet
from symbackprop.exporting.layout import (
    INDENT,
    PYTHON,
    WIDTH,
    Entry,
    Lines,
    bracketed,
    filled,
    folded,
    indented,
    statements,
)
from symbackprop.exporting.module_text import documented, told_role
from symbackprop.lowering.printer import CodePrinter
from symbackprop.lowering.program import Kind
from symbackprop.nodes import Node
from symbackprop.notation.names import unicode_name

ROOM = WIDTH - len(INDENT)
"""How wide a line of a function's body may be."""

IN_SECTION = ROOM - 2 * len(INDENT)
"""How wide what is told of an argument may be."""


class Passes:
    """The functions `forward` and `backward` of a module.

    Args:
        sheet: the formulas.
        names: what the symbols are called in code.
        printer: of expressions.
    """

    def __init__(self, sheet: Sheet, names: Mapping[Symbol, str], printer: CodePrinter) -> None:
        self.sheet, self.names, self.printer = sheet, names, printer

    @property
    def used(self) -> Lines:
        """The functions that are called, by their names before they are copied."""
        return list(self.printer.used)

    @property
    def arguments(self) -> Lines:
        """The names of what is given."""
        return [self.names[node.symbol] for node in self.sheet.given]

    @property
    def output(self) -> str:
        """What the output is called."""
        return self.names[self.sheet.derivation.output]

    @property
    def wrt(self) -> Lines:
        """What the output is differentiated by."""
        return [self.names[symbol] for symbol in self.sheet.wrt]

    # Signatures and docstrings.

    def signature(self, name: str, *more: str) -> Lines:
        """def name(X, W, b, Y): on one line, or what belongs together on lines of its own."""
        whole = f"def {name}({', '.join([*self.arguments, *more])}):"
        if len(whole) <= WIDTH:
            return [whole]
        rows = [[self.names[node.symbol] for node in group] for group in self._groups()]
        rows += [list(more)] if more else []
        inner = [line for row in rows for line in filled(row, ROOM)]
        return [f"def {name}(", *indented(inner), "):"]

    def _groups(self) -> list[list[Node]]:
        """What is given, by role and layer."""
        return [list(group) for _, group in groupby(self.sheet.given, key=lambda one: (one.role, one.layer))]

    def described(self) -> Lines:
        """X: input, (n, 3), for each argument, or for several that are alike."""
        found = []
        for _, group in groupby(self.sheet.given, key=self._kind):
            nodes = list(group)
            shown = ", ".join(self.names[node.symbol] for node in nodes)
            told = in_docstring(self._kind(nodes[0], several=len(nodes) > 1))
            found += folded(f"{shown}: {told}", IN_SECTION)
            found += [f"{INDENT}({self._explained(node)})" for node in nodes if self._is_renamed(node)]
        return found

    def _is_renamed(self, node: Node) -> bool:
        return self.names[node.symbol] != node.name

    def _explained(self, node: Node) -> str:
        here, there = self.names[node.symbol], unicode_name(node.name)
        return in_docstring(
            self.sheet.words(text("{name} is {there} in the formulas", name=here, there=there))
        )

    def _kind(self, node: Node, *, several: bool = False) -> str:
        role = self.sheet.words(told_role(node, several=several))
        if self.sheet.derivation.shapes is None:
            return role
        number = self.sheet.words(text("a number"))
        return f"{role}, {show_shape(node.shape) if node.shape else number}"

    # Bodies.

    def forward(self) -> Lines:
        """The function of all values."""
        names = [self.names[one.symbol] for one in self.returned]
        returns = text("The value of every node, by name; {output} is the last.", output=self.output)
        body = [
            *_with_space(self.sizes(self.sheet.values)),
            *self.sections(self.sheet.forward),
            "",
            *self.given_back("return ", "Values", {name: name for name in names}),
        ]
        return [
            *self.signature("forward"),
            *self.documented(text("The forward pass."), self.described(), returns),
            *indented(body),
        ]

    def documented(self, summary: Text, arguments: Lines, returns: Text) -> Lines:
        """The docstring of one of the two functions."""
        words = self.sheet.words
        returned = folded(in_docstring(words(returns)), IN_SECTION)
        return documented(
            words(summary), (words(text("Args")), arguments), (words(text("Returns")), returned)
        )

    @property
    def returned(self) -> list[Formula]:
        """The nodes, and what else the backward pass reads; the output last."""
        carried = {one.symbol for one in self.sheet.carried}
        kept = [one for one in self.sheet.values if one.kind is Kind.VALUE or one.symbol in carried]
        return sorted(kept, key=lambda one: one.symbol == self.sheet.derivation.output)

    def backward(self) -> Lines:
        """The function of all deltas and gradients."""
        deltas = {self.names[one.symbol]: self.names[one.symbol] for one in self.sheet.deltas}
        values = self.sheet.words(text("what `forward` returns; the others as there"))
        returns = text("The deltas and the gradients of {output}, each by name.", output=self.output)
        body = [
            *_with_space([*self.sizes(self.sheet.derivatives), *self.unpacked()]),
            *self.sections(self.sheet.backward),
            "",
            *self.given_back("deltas = ", "Deltas", deltas),
            *self.given_back("gradients = ", "Gradients", self.gradients()),
            "return deltas, gradients",
        ]
        return [
            *self.signature("backward", "values"),
            *self.documented(
                text("The backward pass."), folded(in_docstring(f"values: {values}"), IN_SECTION), returns
            ),
            *indented(body),
        ]

    def gradients(self) -> dict[str, str]:
        """The name of each gradient by that of what it is by, in the order of what is given."""
        found = {one.by: self.names[one.symbol] for one in self.sheet.derivatives}
        return {self.names[symbol]: found[symbol.name] for symbol in self.sheet.wrt}

    def given_back(self, start: str, kind: str, items: Mapping[str, str]) -> Lines:
        """return {"Q": Q, "K": K}.

        Args:
            start: what stands before it.
            kind: `Values`, `Deltas` or `Gradients`.
            items: the names of variables by what they are to be known as.
        """
        return bracketed(f"{start}{{", [f'"{name}": {value}' for name, value in items.items()], "}", ROOM)

    def sizes(self, formulas: Sequence[Formula]) -> Lines:
        """n = X.shape[0] for each size that is used."""
        return self.shapes_asked(self.sheet.sizes(formulas))

    def shapes_asked(self, places: Mapping[Symbol, tuple[Node, int]]) -> Lines:
        """n = X.shape[0] for each size, from an array and its axis."""
        return [
            f"{self.names[size]} = {self.names[node.symbol]}.shape[{axis}]"
            for size, (node, axis) in places.items()
        ]

    def unpacked(self) -> Lines:
        """Q, K = values["Q"], values["K"]: what the backward pass reads, some on a line."""
        lines: Lines = []
        row: Lines = []
        for name in (self.names[one.symbol] for one in self.sheet.carried):
            if row and len(self._unpacking([*row, name])) > ROOM:
                lines.append(self._unpacking(row))
                row = []
            row.append(name)
        return [*lines, self._unpacking(row)] if row else []

    def _unpacking(self, names: Sequence[str]) -> str:
        return f"{', '.join(names)} = {', '.join(map(self.one_value, names))}"

    def one_value(self, name: str) -> str:
        """values["Q"]."""
        return f'values["{name}"]'

    def sections(self, sections: Sequence[Section]) -> Lines:
        """Statements under the titles of their sections."""
        lines: Lines = []
        for section in sections:
            has_title, found = bool(section.title), self.statements(section.formulas)
            lines += [""] * bool(lines) + [f"# {section.title}"] * has_title
            lines += [""] * (has_title and found[0].startswith("#")) + found
        return lines

    def statements(self, formulas: Sequence[Formula]) -> Lines:
        """A statement for each formula."""
        return statements([self.entry(one) for one in formulas], PYTHON, ROOM)

    def entry(self, formula: Formula) -> Entry:
        """The statement of a formula."""
        shape = show_shape(formula.shape) if formula.shape else ""
        head = f"{self.names[formula.symbol]} ="
        return Entry(head, self.printer(formula.expression), formula.phrase, shape, formula.note)


def _with_space(lines: Lines) -> Lines:
    """The lines, and an empty one behind them."""
    return [*lines, ""] if lines else []
