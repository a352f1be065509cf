"""Which number was put in for which name: two trees of one build, side by side."""

from __future__ import annotations

from symbackprop.formulas.tree import Node, is_numeric

_LEAVES = frozenset(("name", "derivative", "entry"))
Pair = tuple[Node, Node]


def aligned(source: Node, numbers: Node) -> list[Pair] | None:
    """The names of a formula with what stands in their places; None: the formulas are not built alike."""
    pairs: list[Pair] = []
    return pairs if _walk(source, numbers, pairs) else None


def _bare(node: Node) -> Node:
    while node.kind == "group" or (node.kind == "at" and not node.parts[1:]):
        node = node.parts[0]
    return node


def _walk(source: Node, numbers: Node, pairs: list[Pair]) -> bool:
    source, numbers = _bare(source), _bare(numbers)
    if source.kind == numbers.kind == "entry" and source.value == numbers.value:
        return _walk(source.parts[0], numbers.parts[0], pairs)
    if source.kind in _LEAVES or (source.kind == "transposed" and numbers.kind != "transposed"):
        pairs.append((source, numbers))
        return is_numeric(numbers)
    if source.kind == "call" and numbers.kind != "call":
        return False
    if source.kind == "number":
        if numbers.kind == "number" and source.value != numbers.value:
            pairs.append((source, numbers))
        return numbers.kind == "number"
    left, right = _parts(source), _parts(numbers)
    if source.kind != numbers.kind and not (
        source.kind in ("product", "sum") and numbers.kind in ("product", "sum")
    ):
        return False
    if source.kind != numbers.kind or len(left) != len(right):
        return False
    if source.kind == "sum" and not _same_signs(source, numbers):
        return False
    if source.kind == "call" and source.value != numbers.value:
        return False
    return all(_walk(one, other, pairs) for one, other in zip(left, right, strict=True))


def _parts(node: Node) -> list[Node]:
    """The parts; factors within factors are factors."""
    if node.kind != "product":
        return list(node.parts)
    found: list[Node] = []
    for part in node.parts:
        inner = _bare(part)
        found.extend(_parts(inner) if inner.kind == "product" else [part])
    return found


def _same_signs(source: Node, numbers: Node) -> bool:
    return source.value == numbers.value
