"""The functions of a backend that exported code calls, as source: without types, in another namespace.

They are read from their files: who exports code for a library need not have it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ARRAYS = "symbackprop.backends.array_functions"
NUMBERS = "symbackprop.backends.scalar_functions"
JAX = "symbackprop.backends.jax_functions"
TORCH = "symbackprop.backends.torch_functions"
LOOPS = "symbackprop.loops.helpers"
OWN = "symbackprop.exporting.own_functions"

MODULES = (ARRAYS, NUMBERS, JAX, TORCH, LOOPS, OWN)
"""All that functions are copied from."""

RENAMED: Mapping[str, str] = {"softmax_along": "softmax", "largest": "largest_along"}
"""What some functions are called in exported code."""


@dataclass(frozen=True)
class Copied:
    """A function that can be copied, or a constant.

    Attributes:
        parameters: their names.
        head: without annotations; of a constant, all of it.
        docstring: one line.
        body: in the words of NumPy.
        reads: the names that it reads, in their order.
    """

    parameters: tuple[str, ...]
    head: str
    docstring: str = ""
    body: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


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
                found[ast.unparse(one.targets[0])] = Copied((), ast.unparse(one))
    return found


def _copied(function: ast.FunctionDef, lines: list[str]) -> Copied:
    parameters = tuple(one.arg for one in function.args.args)
    head = f"def {function.name}({', '.join(parameters)}):"
    body = tuple(lines[function.body[1].lineno - 1 : function.end_lineno])
    return Copied(parameters, head, ast.get_docstring(function) or "", body, _read_in(function))


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


def source(function: Copied, docstring: Sequence[str], namespace: str) -> str:
    """The source of a function under a docstring, where `np` is called otherwise."""
    text = "\n".join([function.head, *docstring, *function.body])
    text = re.sub(r"\bnp\.", f"{namespace}.", text)
    return re.sub(rf"\b({'|'.join(RENAMED)})\(", lambda one: f"{RENAMED[one[1]]}(", text)
