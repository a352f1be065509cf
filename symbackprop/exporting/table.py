"""What code can be written for: one entry each; and the function `export`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module

from symbackprop.backends.table import find_precision
from symbackprop.derivation import Derivation
from symbackprop.errors import OptionError, did_you_mean, listing
from symbackprop.exporting.formulas import sheet
from symbackprop.exporting.names import identifier
from symbackprop.problem import Problem
from symbackprop.sweep import backprop
from symbackprop.translation import ENGLISH, Language, find_language

Files = dict[str, str]
"""The texts of files by their names."""

TARGETS: Mapping[str, str] = {
    "numpy": "numpy_module",
    "numba": "numba_module",
    "jax": "jax_module",
    "torch": "torch_module",
    "c": "c_files",
}
"""The module of each target; its function `files` writes them."""


def export(
    source: Derivation | Problem,
    to: str = "numpy",
    *,
    wrt: Sequence[str] | None = None,
    dtype: str = "float64",
    name: str = "",
    language: str = "en",
) -> Files:
    """Readable code of the forward and the backward pass, a line beside each formula, with its own check.

    Args:
        source: a derivation, or a problem that is derived here.
        to: `numpy`, `numba`, `jax`, `torch` or `c`.
        wrt: of a problem, what its output is differentiated by; the parameters, unless given.
        dtype: `float64` or `float32`.
        name: of the files, without an ending; made of the problem's title, unless given.
        language: of comments and docstrings, and of what the check prints: `en`, `it` or `ru`.

    Returns:
        The texts of the files by their names.

    Raises:
        OptionError: there is no such target, precision or language, or a derivative is by a node in between.
        GraphError: a name that is no node of the graph.
        ValuesError: no numbers were found at which all nodes are finite, for the check.

    >>> from symbackprop.graph import Graph
    >>> graph = Graph.from_equations("q = x + y; f = q*z", parameters=["x", "y", "z"])
    >>> files = export(backprop(graph), to="numpy", name="gates")
    >>> print(*files, "delta_q = z" in files["gates.py"])
    gates.py True
    """
    spoken = find_language(language)
    if isinstance(source, Derivation):
        problem = Problem(source.graph, conventions=source.conventions)
        return files_of(problem, source, to, dtype, name, spoken)
    derivation = backprop(source.graph, wrt=wrt, conventions=source.conventions)
    return files_of(source, derivation, to, dtype, name, spoken)


def files_of(
    problem: Problem, derivation: Derivation, to: str, dtype: str, name: str, language: Language = ENGLISH
) -> Files:
    """Likewise, of a problem whose derivation is at hand."""
    if to not in TARGETS:
        raise OptionError(
            f"code cannot be written for {to!r}",
            where=f"--to {to}",
            known=listing(TARGETS),
            fix=did_you_mean(to, TARGETS),
        )
    precision = find_precision(dtype)
    _check_given(derivation)
    known_as = name or (identifier(problem.title).lower() if problem.title else "backward")
    module = import_module(f"symbackprop.exporting.{TARGETS[to]}")
    found: Files = module.files(sheet(problem, derivation, language), known_as, precision)
    return found


def _check_given(derivation: Derivation) -> None:
    """A derivative by a node in between is a delta."""
    for symbol in derivation.wrt:
        if derivation.graph[symbol].expression is not None:
            raise OptionError(
                f"{symbol.name} is computed, and code is written for derivatives by what is given",
                where=f"--wrt {symbol.name}",
                known=listing(node.name for node in derivation.graph.given),
                fix="leave it out: its derivative is a delta of the backward pass",
            )
