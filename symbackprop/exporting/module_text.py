"""Pieces of a module's text: docstrings, the conventions, templates, parts put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from rich.cells import cell_len

from symbackprop.content import Text, text
from symbackprop.exporting.comments import in_docstring, table
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.layout import INDENT, WIDTH, Lines, bracketed, folded, indented
from symbackprop.nodes import Node, Role
from symbackprop.solution.forward import ROLES
from symbackprop.solution.header import of_formulas


def conventions(sheet: Sheet, room: int) -> Lines:
    """What textbooks differ on, and what it is here, in two columns within a width."""
    words = sheet.words
    rows = [(words(name), words(here)) for name, here in of_formulas(sheet.problem)]
    behind = room - max(cell_len(name) for name, _ in rows) - 2
    return table(
        row for name, here in rows for row in zip_longest([name], folded(here, behind, hang=""), fillvalue="")
    )


_SEVERAL: Mapping[Role, Text] = {
    Role.INPUT: text("inputs"),
    Role.PARAMETER: text("parameters"),
    Role.CONSTANT: text("constants"),
    Role.TARGET: text("targets"),
}
"""What several given nodes are; no number stands before it, so that in Russian, too, one plural is enough."""


def told_role(node: Node, *, several: bool = False) -> Text:
    """parameter of layer 2; parameters of layer 2, of several nodes."""
    if node.role is not Role.PARAMETER or node.layer is None:
        return _SEVERAL[node.role] if several else ROLES[node.role]
    if several:
        return text("parameters of layer {number}", number=node.layer)
    return text("parameter of layer {number}", number=node.layer)


def documented(summary: str, *parts: tuple[str, Sequence[str]]) -> Lines:
    """The docstring of a function, with its sections, as Args."""
    room = WIDTH - len(INDENT)
    lines = folded(f'"""{in_docstring(summary)}', room, hang="")
    if not parts and len(lines) == 1 and cell_len(lines[0]) + 3 <= room and not summary.endswith('"'):
        return indented([f'{lines[0]}"""'])
    for title, body in parts:
        lines += ["", f"{in_docstring(title)}:", *indented(body)]
    return indented([*lines, '"""'])


def docstring(summary: str) -> str:
    """The docstring of a function, for a template that has the indent before it."""
    return "\n".join(documented(summary)).lstrip()


def module_docstring(sheet: Sheet, purpose: Sequence[str]) -> Lines:
    """The docstring of a module: the title of the problem, what the module is, the conventions."""
    title = folded(in_docstring(sheet.problem.title), WIDTH - len('"""'))
    what = [line for one in purpose for line in folded(in_docstring(one), WIDTH - len('"""'), hang="")]
    first = [*title, "", *what] if title != [""] else what
    shown = [_in_table(line) for line in conventions(sheet, WIDTH - len(INDENT))]
    heading = in_docstring(sheet.words(text("Conventions")))
    told = ["", f"{heading}:", *indented(shown)]
    return [f'"""{first[0]}', *first[1:], *told, '"""']


def _in_table(line: str) -> str:
    """A line of a table, in which names of a user may stand."""
    return line.replace("\\", "\\\\").replace('"""', r"\"\"\"")


def joined(parts: Iterable[Lines]) -> str:
    """A module of parts with two empty lines between them."""
    return "\n\n\n".join("\n".join(part) for part in parts if part) + "\n"


def filled_in(template: str, **parts: str) -> Lines:
    """The lines of a template with its parts."""
    return template.format(**parts).splitlines()


def quoted_tuple(name: str, values: Sequence[str]) -> Lines:
    """NAME = ("a", "b")."""
    items = [f'"{one}"' for one in values]
    return bracketed(f"{name} = (", items, ",)" if len(items) == 1 else ")")
