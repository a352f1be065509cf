"""What a side of a claim is of, whatever it is written like: `node w_11`, `d node L / node w_11`."""

from __future__ import annotations

from symbackprop.formulas.names import bound
from symbackprop.formulas.tree import Name, Node
from symbackprop.formulas.vocabulary import Vocabulary

DEEPEST = 12
"""Definitions of definitions that are followed."""


def key_of(node: Node, vocabulary: Vocabulary, binding: dict[str, int] | None = None, depth: int = 0) -> str:
    """What a left side is, whatever it is written like: `node w_11`, `d L / w_11`; empty: something else."""
    while node.kind in ("group", "at"):
        node = node.parts[0]
    if node.kind == "name" and isinstance(node.value, Name):
        return key_of_name(bound(node.value, binding or {}), vocabulary, depth)
    if node.kind == "call" and isinstance(node.value, tuple) and isinstance(node.value[0], Name):
        name = node.value[0]
        return (
            ""
            if name.letter in vocabulary.functions
            else key_of_name(bound(name, binding or {}), vocabulary, depth)
        )
    if node.kind == "derivative":
        of, by = (key_of(part, vocabulary, binding, depth) for part in node.parts)
        return f"d {of} / {by}" if of and by else ""
    return ""


def key_of_name(name: Name, vocabulary: Vocabulary, depth: int = 0) -> str:
    """What a name is of."""
    referent = vocabulary.find(name)
    if referent is None:
        body = vocabulary.definition(name)
        if body is not None and body.kind in ("name", "derivative", "group") and depth < DEEPEST:
            return key_of(body, vocabulary, None, depth + 1)
        return f"name {name}"
    step = f" step {referent.step}" if referent.step else ""
    indices = f" {list(referent.indices)}" if referent.indices else ""
    return f"{referent.kind} {referent.name}{indices}{step}"
