"""The functions of a backend that exported code calls, as source: without types, in another namespace.

They are read from their files: who exports code for a library need not have it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

BACKENDS = "symbackprop.backends"

RENAMED: Mapping[str, str] = {"softmax_along": "softmax", "largest": "largest_along"}
"""What some functions are called in exported code."""


@dataclass(frozen=True)
class Copied:
    """A function that can be copied.

    Attributes:
        parameters: their names.
        source: without annotations, in the words of NumPy.
        reads: the names that it reads, in their order.
    """

    parameters: tuple[str, ...]
    source: str
    reads: tuple[str, ...]


@cache
def functions_in(*modules: str) -> Mapping[str, Copied]:
    """The functions of several modules, by name; those of later ones take the place of earlier ones."""
    found: dict[str, Copied] = {}
    for module in modules:
        spec = find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        source = Path(spec.origin).read_text(encoding="utf-8")
        lines = source.splitlines()
        for one in ast.parse(source).body:
            if isinstance(one, ast.FunctionDef):
                found[one.name] = _copied(one, lines)
    return found


def _copied(function: ast.FunctionDef, lines: list[str]) -> Copied:
    parameters = tuple(one.arg for one in function.args.args)
    body = lines[function.body[0].lineno - 1 : function.end_lineno]
    source = "\n".join([f"def {function.name}({', '.join(parameters)}):", *body])
    return Copied(parameters, source, _read_in(function))


def _read_in(function: ast.FunctionDef) -> tuple[str, ...]:
    read = [
        one
        for statement in function.body
        for one in ast.walk(statement)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    ]
    return tuple(one.id for one in sorted(read, key=lambda one: (one.lineno, one.col_offset)))


def sources(used: Iterable[str], functions: Mapping[str, Copied], namespace: str = "np") -> list[str]:
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
        for inner in functions[name].reads:
            learn(inner)
        found[name] = re.sub(r"\bnp\.", f"{namespace}.", functions[name].source)

    for name in used:
        learn(name)
    renamed = re.compile(rf"\b({'|'.join(RENAMED)})\(")
    return [renamed.sub(lambda one: f"{RENAMED[one[1]]}(", source) for source in found.values()]


def definitions(sources: Iterable[str]) -> set[str]:
    """What sources define."""
    return {found[1] or found[2] for one in sources if (found := re.match(r"def (\w+)|(\w+) =", one))}
