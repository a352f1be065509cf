"""Slips with arrays: the other kind of product, factors exchanged, a sum along the other axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise

from symbackprop.check.claims import Slip
from symbackprop.check.trees import sub_product
from symbackprop.formulas.tree import Node, range_of, signs_of

Variant = tuple[Slip, Node]
"""A formula, and the slip that made it of another."""

_AXES = "ijkl"
_INDICES_OF_AXES = tuple("".join(some) for count in range(len(_AXES)) for some in combinations(_AXES, count))
"""What a function of an array may be told to run along: none, one or more of its axes."""


def of_product(node: Node) -> Iterator[Variant]:
    """A product with another sign at one place or at all, with two factors exchanged, with a sum turned."""
    parts, signs = node.parts, signs_of(node)
    for sign in ("", "circ"):
        yield Slip.ELEMENTWISE, Node("product", parts, (sign,) * len(signs), -1, -1)
    for place, sign in enumerate(signs):
        other = (*signs[:place], "" if sign == "circ" else "circ", *signs[place + 1 :])
        yield Slip.ELEMENTWISE, Node("product", parts, other, -1, -1)
        swapped = (*parts[:place], parts[place + 1], parts[place], *parts[place + 2 :])
        yield Slip.ORDER, Node("product", swapped, signs, -1, -1)
        yield Slip.PRODUCT_FOR_SUM, _as_sum(node, place)
    yield from _sums_turned(node)


def _as_sum(node: Node, place: int) -> Node:
    signs = signs_of(node)
    left = sub_product(node.parts[: place + 1], signs[:place])
    right = sub_product(node.parts[place + 1 :], signs[place + 1 :])
    return Node("sum", (left, right), ("+", "+"), -1, -1)


def _sums_turned(node: Node) -> Iterator[Variant]:
    """X 1, the sums of the rows, as 1ᵀ X, those of the columns; X 1 1ᵀ as 1 1ᵀ X."""
    parts, signs = node.parts, signs_of(node)
    for place, (summed, ones) in enumerate(pairwise(parts)):
        behind = parts[place + 1 :]
        if is_of_ones(ones) and not is_of_ones(summed) and all(map(is_of_ones, behind)):
            turned = behind if len(behind) > 1 else (_transposed(ones),)
            kept = (*signs[:place], *signs[place + 1 :], signs[place])
            yield Slip.AXIS, Node("product", (*parts[:place], *turned, summed), kept, -1, -1)


def is_of_ones(node: Node) -> bool:
    """Whether it is a vector of ones, or its transpose."""
    return node.kind == "ones" or (node.kind == "transposed" and node.parts[0].kind == "ones")


def _transposed(node: Node) -> Node:
    return node.parts[0] if node.kind == "transposed" else Node("transposed", (node,), None, -1, -1)


def of_axes(node: Node) -> Iterator[Variant]:
    """A sum or a function of an array along other axes, or along fewer."""
    if node.kind == "call" and isinstance(node.value, tuple) and isinstance(node.value[0], str):
        word, index = node.value[0], str(node.value[1])
        if index and set(index) <= set(_AXES):
            yield from (
                (Slip.AXIS, replace(node, value=(word, other)))
                for other in _INDICES_OF_AXES
                if other != index
            )
    if node.kind == "big":
        word, letters, has_lower, has_upper = range_of(node)
        if len(letters) == 1:
            yield Slip.AXIS, node.parts[0]
        for letter in letters:
            fewer = tuple(one for one in letters if one != letter)
            yield Slip.AXIS, replace(node, value=(word, fewer, has_lower, has_upper))
