"""What a run is: its problem, numbers and examples, so that the checkpoint of another is told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from hashlib import sha256
from typing import Any

import numpy as np
from sympy import Expr, Symbol, preorder_traversal

from symbackprop.backends.base import Recipe
from symbackprop.fitting.examples import Examples
from symbackprop.problem import Problem, Training

Fingerprint = dict[str, str]
"""What is compared, by what it is called."""

_LENGTH = ("steps", "epochs", "symbol")
"""What a run may be resumed with another of: how long it is, and how it is printed."""

_NUMERIC = ("relu_at_zero", "ties")
"""The conventions on which numbers depend."""


def fingerprint(problem: Problem, recipe: Recipe, examples: Examples | None) -> Fingerprint:
    """What must be the same where a run is resumed; a setting as it is, long things by a digest.

    Args:
        problem: what is trained.
        recipe: how.
        examples: with what.
    """
    settings = [field.name for field in fields(Training) if field.name not in _LENGTH]
    found = {f"training.{name}": str(getattr(problem.training, name)) for name in settings}
    found |= {f"conventions.{key}": str(getattr(problem.conventions, key)) for key in _NUMERIC}
    found["dtype"] = recipe.precision
    found["formulas"] = _digest(_words(problem))
    found["parameters at the start"] = _digest(_numbers(recipe.start))
    found["values"] = _digest(_numbers(recipe.fixed))
    if examples is not None:
        found["columns"] = ", ".join(examples.source.columns)
        found["inputs"] = _digest(_expressions(examples.formulas))
        found["examples"] = examples.source.identity()
    return found


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What differs, in words."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return [_difference(name, before.get(name, "none"), now.get(name, "none")) for name in names]


def _difference(name: str, before: str, now: str) -> str:
    is_short = len(before) <= 40 and len(now) <= 40
    return f"{name}: {before} there, {now} here" if is_short else f"other {name}"


def _digest(words: Iterable[str | bytes]) -> str:
    found = sha256()
    for word in words:
        found.update(word.encode("utf-8") if isinstance(word, str) else word)
        found.update(b"\n")
    return found.hexdigest()


def _words(problem: Problem) -> Iterable[str]:
    """The equations of the graph."""
    for node in problem.graph.nodes:
        yield f"{node.name} {node.role} {node.shape}"
        if node.expression is not None:
            yield from _tree(node.expression)


def _expressions(formulas: Mapping[str, Expr]) -> Iterable[str]:
    for name, formula in formulas.items():
        yield name
        yield from _tree(formula)


def _tree(expression: Expr) -> Iterable[str]:
    """An expression, part by part: printing it would take longer than deriving it."""
    for part in preorder_traversal(expression):
        yield f"{part.func.__name__} {len(part.args)}" if part.args else _leaf(part)


def _leaf(part: Any) -> str:
    return f"symbol {part.name}" if isinstance(part, Symbol) else str(part)


def _numbers(values: Mapping[str, Any]) -> Iterable[str | bytes]:
    for name, value in values.items():
        array = np.ascontiguousarray(value, dtype=np.float64)
        yield f"{name} {np.shape(value)}"
        yield array.tobytes()
