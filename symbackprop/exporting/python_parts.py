"""What all exported Python has in common: signatures, docstrings, the two passes, the numbers of the check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sympy import Symbol

from symbackprop.arrays.sizes import show_shape
from symbackprop.exporting.comments import in_docstring, table
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
from symbackprop.exporting.sample import Draw
from symbackprop.lowering.printer import CodePrinter
from symbackprop.lowering.program import Kind
from symbackprop.nodes import Node, Role
from symbackprop.notation.names import unicode_name
from symbackprop.notation.unicode import UNICODE
from symbackprop.solution.forward import ROLES
from symbackprop.solution.header import of_formulas
from symbackprop.solution.steps import Notation
from symbackprop.writing.lines import PLAIN_RELATIONS, Writer

ROOM = WIDTH - len(INDENT)
"""How wide a line of a function's body may be."""


def conventions(sheet: Sheet) -> Lines:
    """What textbooks differ on, and what it is here, in two columns."""
    derivation = sheet.derivation
    writer = Writer(UNICODE, derivation.conventions, PLAIN_RELATIONS, Notation(derivation.shapes))
    return table([writer.words(name), writer.words(here)] for name, here in of_formulas(sheet.problem))


def module_docstring(sheet: Sheet, purpose: Sequence[str]) -> Lines:
    """The docstring of a module: the title of the problem, what the module is, the conventions."""
    title = folded(in_docstring(sheet.problem.title), WIDTH - len('"""'))
    first = [*title, "", *purpose] if title != [""] else [*purpose]
    told = ["", "Conventions:", *indented([in_docstring_line(line) for line in conventions(sheet)])]
    return [f'"""{first[0]}', *first[1:], *told, '"""']


def in_docstring_line(line: str) -> str:
    """A line of a table, in which names of a user may stand."""
    return line.replace("\\", "\\\\").replace('"""', r"\"\"\"")


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
            renamed = [node for node in nodes if self.names[node.symbol] != node.name]
            found += [
                f"{INDENT}({self.names[node.symbol]} is {in_docstring(unicode_name(node.name))} in the formulas)"
                for node in renamed
            ]
        return found

    def _kind(self, node: Node, count: int = 1) -> str:
        role = f"{ROLES[node.role]}{'s' * (count > 1)}"
        layer = f" of layer {node.layer}" if node.layer is not None and node.role is Role.PARAMETER else ""
        if self.sheet.derivation.shapes is None:
            return f"{role}{layer}"
        return f"{role}{layer}, {show_shape(node.shape) if node.shape else 'a number'}"

    # Bodies.

    def forward(self) -> Lines:
        """The function of all values."""
        returned = [f'"{self.names[one.symbol]}": {self.names[one.symbol]}' for one in self.returned]
        returns = f"The value of every node, by name; {self.output} is the last."
        body = [
            *_with_space(self.sizes(self.sheet.values)),
            *self.sections(self.sheet.forward, ""),
            "",
            *bracketed("return {", returned, "}", ROOM),
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
        deltas = [f'"{self.names[one.symbol]}": {self.names[one.symbol]}' for one in self.sheet.deltas]
        body = [
            *_with_space([*self.sizes(self.sheet.derivatives), *self.unpacked()]),
            *self.sections(self.sheet.backward, "Deltas, from the output back"),
            *([""] if self.sheet.backward else []),
            *self.sections(self.sheet.gradients, "Gradients"),
            "",
            *(bracketed("deltas = {", deltas, "}", ROOM) if deltas else []),
            *bracketed("gradients = {", self.gradient_items(), "}", ROOM),
            f"return {'deltas' if deltas else '{}'}, gradients",
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

    def gradient_items(self) -> Lines:
        """ "W": dL_dW for each gradient, in the order of what is given."""
        found = {one.by: self.names[one.symbol] for one in self.sheet.derivatives}
        return [f'"{self.names[symbol]}": {found[symbol.name]}' for symbol in self.sheet.wrt]

    def sizes(self, formulas: Sequence[Formula]) -> Lines:
        """n = X.shape[0] for each size that is used."""
        return [
            f"{self.names[size]} = {self.names[node.symbol]}.shape[{axis}]"
            for size, (node, axis) in self.sheet.sizes(formulas).items()
        ]

    def unpacked(self) -> Lines:
        """Q, K = values["Q"], values["K"]: what the backward pass reads, some on a line."""
        lines: Lines = []
        row: Lines = []
        for name in (self.names[one.symbol] for one in self.sheet.carried):
            if row and len(_unpacking([*row, name])) > ROOM:
                lines.append(_unpacking(row))
                row = []
            row.append(name)
        return [*lines, _unpacking(row)] if row else []

    def sections(self, sections: Sequence[Section], title: str) -> Lines:
        """Statements under the titles of their sections."""
        lines: Lines = []
        for section in sections:
            heading = ": ".join(filter(None, (title, section.title)))
            found = statements([self.entry(one) for one in section.formulas], PYTHON, ROOM)
            lines += [""] * bool(lines) + [f"# {heading}"] * bool(heading)
            lines += [""] * (bool(heading) and found[0].startswith("#")) + found
        return lines

    def entry(self, formula: Formula) -> Entry:
        """The statement of a formula."""
        shape = show_shape(formula.shape) if formula.shape else ""
        head = f"{self.names[formula.symbol]} ="
        return Entry(head, self.printer(formula.expression), formula.phrase, shape, formula.note)


def _with_space(lines: Lines) -> Lines:
    """The lines, and an empty one behind them."""
    return [*lines, ""] if lines else []


def _unpacking(names: Sequence[str]) -> str:
    values = ", ".join(f'values["{name}"]' for name in names)
    return f"{', '.join(names)} = {values}"


# The numbers of the check.


def given_values(values: Mapping[str, Any]) -> Lines:
    """GIVEN = {…}: the numbers at which the gradients are checked, by name; several numbers on a line."""
    lines = ["GIVEN = {"]
    for is_array, group in groupby(values.items(), key=lambda one: isinstance(one[1], list)):
        if not is_array:
            lines += indented(filled([f'"{name}": {shown_number(value)}' for name, value in group], ROOM))
            continue
        for name, value in group:
            first, *rest = literal(value, ROOM - len(name) - len('"": ,'))
            lines += indented(list(_followed([f'"{name}": {first}', *rest])))
    return [*lines, "}"]


def literal(value: Any, room: int) -> Lines:
    """A number, or nested lists, on one line or row by row."""
    whole = shown_number(value)
    if len(whole) <= room or not isinstance(value, list):
        return [whole]
    within = room - len(INDENT) - 1
    if isinstance(value[0], list):
        inner = [line for one in value for line in _followed(literal(one, within))]
    else:
        inner = filled([shown_number(one) for one in value], within)
    return ["[", *indented(inner), "]"]


def _followed(lines: Lines) -> Iterator[str]:
    """The lines, with a comma behind the last."""
    yield from lines[:-1]
    yield f"{lines[-1]},"


def shown_number(value: Any) -> str:
    """A double with all its digits; nested lists of them."""
    if isinstance(value, list):
        return f"[{', '.join(map(shown_number, value))}]"
    return repr(float(value))


def drawn_values(values: Mapping[str, Draw]) -> Lines:
    """GIVEN = {…}: numbers that NumPy draws, the same each time."""
    lines = ["dice = np.random.default_rng(0)", "GIVEN = {"]
    for name, draw in values.items():
        size = show_shape(draw.shape)
        lines.append(f'{INDENT}"{name}": dice.uniform({draw.low!r}, {draw.high!r}, {size}),')
    lines.append("}")
    for name, draw in values.items():
        if draw.total is not None:
            lines.append(f'GIVEN["{name}"] /= GIVEN["{name}"].sum(axis={draw.total}, keepdims=True)')
    return lines


def joined(parts: Iterable[Lines]) -> str:
    """A module of parts with two empty lines between them."""
    return "\n\n\n".join("\n".join(part) for part in parts if part) + "\n"
