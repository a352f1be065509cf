"""The functions of a backend that exported code calls, as source: without types, in another namespace."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from symbackprop.backends.namespaces import functions_of

Functions = Mapping[str, Callable[..., Any]]

RENAMED: Mapping[str, str] = {"softmax_along": "softmax", "largest": "largest_along"}
"""What some functions are called in exported code."""


def functions_in(*modules: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions of several modules; those of later ones take the place of earlier ones."""
    return {name: one for module in modules for name, one in functions_of(module).items()}


def sources(used: Iterable[str], functions: Functions, namespace: str = "np") -> list[str]:
    """The source of each function that is used and of those that it calls, these first.

    Args:
        used: the names that code calls; what is no function of these is the library's own.
        functions: by name.
        namespace: what stands in the place of `np`.
    """
    found: dict[str, str] = {}

    def learn(name: str) -> None:
        if name in found or name not in functions:
            return
        definition, source = without_types(functions[name])
        for inner in _read_in(definition):
            learn(inner)
        found[name] = re.sub(r"\bnp\.", f"{namespace}.", source)

    for name in used:
        learn(name)
    renamed = re.compile(rf"\b({'|'.join(RENAMED)})\(")
    return [renamed.sub(lambda one: f"{RENAMED[one[1]]}(", source) for source in found.values()]


def without_types(function: Callable[..., Any]) -> tuple[ast.FunctionDef, str]:
    """The definition of a function of a module, and its source without annotations."""
    source = inspect.getsource(function)
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.FunctionDef)
    names = ", ".join(one.arg for one in definition.args.args)
    body = source.splitlines()[definition.body[0].lineno - 1 :]
    return definition, "\n".join([f"def {definition.name}({names}):", *body])


def _read_in(definition: ast.FunctionDef) -> list[str]:
    """The names that a function reads, in order."""
    names = [one for one in ast.walk(definition) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    return [one.id for one in sorted(names, key=lambda one: (one.lineno, one.col_offset))]


def definitions(sources: Iterable[str]) -> set[str]:
    """What sources define."""
    return {found[1] or found[2] for one in sources if (found := re.match(r"def (\w+)|(\w+) =", one))}
