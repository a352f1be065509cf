"""The two passes as functions of Python: signatures, docstrings, statements beside their formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from sympy import Symbol

from symbackprop.arrays.sizes import show_shape
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
from symbackprop.exporting.module_text import told_role
from symbackprop.lowering.printer import CodePrinter
from symbackprop.lowering.program import Kind
from symbackprop.nodes import Node
from symbackprop.notation.names import unicode_name

ROOM = WIDTH - len(INDENT)
"""How wide a line of a function's body may be."""


def documented(summary: str, *parts: tuple[str, Sequence[str]]) -> Lines:
    """A docstring with its sections, as Args."""
    if not parts:
        return indented([f'"""{summary}"""'])
    lines = [f'"""{summary}']
    for title, body in parts:
        lines += ["", f"{title}:", *indented(body)]
    return indented([*lines, '"""'])


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
            found += folded(f"{shown}: {self._kind(nodes[0], len(nodes))}", ROOM - 2 * len(INDENT))
            found += [f"{INDENT}({self._explained(node)})" for node in nodes if self._is_renamed(node)]
        return found

    def _is_renamed(self, node: Node) -> bool:
        return self.names[node.symbol] != node.name

    def _explained(self, node: Node) -> str:
        return f"{self.names[node.symbol]} is {in_docstring(unicode_name(node.name))} in the formulas"

    def _kind(self, node: Node, count: int = 1) -> str:
        role = told_role(node, count)
        if self.sheet.derivation.shapes is None:
            return role
        return f"{role}, {show_shape(node.shape) if node.shape else 'a number'}"

    # Bodies.

    def forward(self) -> Lines:
        """The function of all values."""
        names = [self.names[one.symbol] for one in self.returned]
        returns = f"The value of every node, by name; {self.output} is the last."
        body = [
            *_with_space(self.sizes(self.sheet.values)),
            *self.sections(self.sheet.forward, ""),
            "",
            *self.given_back("return ", "Values", {name: name for name in names}),
        ]
        return [
            *self.signature("forward"),
            *documented("The forward pass.", ("Args", self.described()), ("Returns", [returns])),
            *indented(body),
        ]

    @property
    def returned(self) -> list[Formula]:
        """The nodes, and what else the backward pass reads; the output last."""
        carried = {one.symbol for one in self.sheet.carried}
        kept = [one for one in self.sheet.values if one.kind is Kind.VALUE or one.symbol in carried]
        return sorted(kept, key=lambda one: one.symbol == self.sheet.derivation.output)

    def backward(self) -> Lines:
        """The function of all deltas and gradients."""
        deltas = {self.names[one.symbol]: self.names[one.symbol] for one in self.sheet.deltas}
        body = [
            *_with_space([*self.sizes(self.sheet.derivatives), *self.unpacked()]),
            *self.sections(self.sheet.backward, "Deltas, from the output back"),
            *([""] if self.sheet.backward else []),
            *self.sections(self.sheet.gradients, "Gradients"),
            "",
            *self.given_back("deltas = ", "Deltas", deltas),
            *self.given_back("gradients = ", "Gradients", self.gradients()),
            "return deltas, gradients",
        ]
        return [
            *self.signature("backward", "values"),
            *documented(
                "The backward pass.",
                ("Args", ["values: what `forward` returns; the others as there"]),
                ("Returns", [f"The deltas and the gradients of {self.output}, each by name."]),
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

    def sections(self, sections: Sequence[Section], title: str) -> Lines:
        """Statements under the titles of their sections."""
        lines: Lines = []
        for section in sections:
            heading = ": ".join(filter(None, (title, section.title)))
            found = self.statements(section.formulas)
            lines += [""] * bool(lines) + [f"# {heading}"] * bool(heading)
            lines += [""] * (bool(heading) and found[0].startswith("#")) + found
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
