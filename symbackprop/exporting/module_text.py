"""Pieces of a module's text: its docstring with the conventions, templates, parts put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symbackprop.exporting.comments import in_docstring, table
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.layout import WIDTH, Lines, bracketed, folded, indented
from symbackprop.nodes import Node, Role
from symbackprop.solution.forward import ROLES
from symbackprop.solution.header import of_formulas


def conventions(sheet: Sheet) -> Lines:
    """What textbooks differ on, and what it is here, in two columns."""
    words = sheet.writer.words
    return table([words(name), words(here)] for name, here in of_formulas(sheet.problem))


def told_role(node: Node, count: int = 1) -> str:
    """parameter of layer 2; parameters of layer 2, of several nodes."""
    layer = f" of layer {node.layer}" if node.layer is not None and node.role is Role.PARAMETER else ""
    return f"{ROLES[node.role]}{'s' * (count > 1)}{layer}"


def module_docstring(sheet: Sheet, purpose: Sequence[str]) -> Lines:
    """The docstring of a module: the title of the problem, what the module is, the conventions."""
    title = folded(in_docstring(sheet.problem.title), WIDTH - len('"""'))
    first = [*title, "", *purpose] if title != [""] else [*purpose]
    told = ["", "Conventions:", *indented([_in_table(line) for line in conventions(sheet)])]
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
