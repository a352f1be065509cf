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
    """A function that can be copied, or a constant.

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
            elif isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant):
                found[ast.unparse(one.targets[0])] = Copied((), ast.unparse(one), ())
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


def needed(used: Iterable[str], functions: Mapping[str, Copied]) -> list[str]:
    """The functions that are used and those that they call, these first.

    Args:
        used: the names that code calls; what is no function of these is the library's own.
        functions: by name.
    """
    found: dict[str, None] = {}

    def learn(name: str) -> None:
        if name in functions and name not in found:
            for inner in functions[name].reads:
                learn(inner)
            found[name] = None

    for name in used:
        learn(name)
    return list(found)


def source(function: Copied, namespace: str = "np") -> str:
    """The source of a function, where `np` is called otherwise."""
    text = re.sub(r"\bnp\.", f"{namespace}.", function.source)
    return re.sub(rf"\b({'|'.join(RENAMED)})\(", lambda one: f"{RENAMED[one[1]]}(", text)
