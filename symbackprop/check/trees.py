"""Trees that are made, not read: they stand nowhere."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from symbackprop.formulas.names import read_name
from symbackprop.formulas.tree import Name, Node, Printed, signs_of
from symbackprop.notation.names import latex_name


def whole_number(value: int | Fraction) -> Node:
    """A number that stands nowhere."""
    return Node("number", (), Printed(Fraction(value)), -1, -1)


def product(*factors: Node) -> Node:
    """Factors side by side."""
    return Node("product", factors, ("",) * (len(factors) - 1), -1, -1)


def negated(node: Node) -> Node:
    """With a minus."""
    return Node("sum", (node,), ("-",), -1, -1)


def one_minus(node: Node) -> Node:
    """(1 - a)."""
    inner = Node("sum", (whole_number(1), node), ("+", "-"), -1, -1)
    return Node("group", (inner,), "(", -1, -1)


def bracketed(node: Node) -> Node:
    """In brackets, where it is a sum."""
    return Node("group", (node,), "(", node.start, node.end) if node.kind == "sum" else node


def without(node: Node, place: int, count: int) -> Node:
    """A product without some of its factors."""
    signs = signs_of(node)
    parts = (*node.parts[:place], *node.parts[place + count :])
    kept = (*signs[: max(place - 1, 0)], *signs[place + count - 1 :]) if place else signs[count:]
    return sub_product(parts, kept)


def sub_product(parts: tuple[Node, ...], signs: tuple[str, ...]) -> Node:
    """Factors with the signs between them: a product, the one factor, or 1 where there is none."""
    if not parts:
        return whole_number(1)
    return parts[0] if len(parts) == 1 else Node("product", parts, tuple(signs), -1, -1)


def with_name(node: Node, name: Name, other: Name) -> Node:
    """A tree with another name in the place of one."""
    parts = tuple(with_name(part, name, other) for part in node.parts)
    value = other if node.kind == "name" and node.value == name else node.value
    return replace(node, parts=parts, value=value)


def name_node(name: str) -> Node:
    """The name of a node of the spec."""
    return Node("name", (), read_name(latex_name(name)), -1, -1)


def step_latex(before: object, by: object, output: Node, rate: Node) -> str:
    r"""A step of descent: w - \eta \frac{\partial L}{\partial w}."""
    return rf"{before} - {rate.value} \frac{{\partial {output.value}}}{{\partial {by}}}"
