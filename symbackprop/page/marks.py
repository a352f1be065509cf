"""What in a formula of a page speaks of which node, edge or number: attributes put into its MathML.

A formula is converted whole; then the parts that are a node's name, a delta or a derivative are found again
by the MathML that they have alone. Numbers are printed as tokens, which become the places of the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from sympy import Basic, Expr, Symbol

from symbackprop.components import component_name
from symbackprop.expressions import AtStep, Quotient
from symbackprop.graph import Graph
from symbackprop.notation.mathml import mathml
from symbackprop.notation.numbers import number_parts

Element = ElementTree.Element

OPEN, CLOSE = "⟦", "⟧"
_TOKEN = re.compile(f"{OPEN}(\\d+){CLOSE}")


@dataclass(frozen=True)
class Place:
    """Where a number stands in a formula.

    Attributes:
        digits: what stands there, as the number format writes it.
        slot: the name under which the page computes it anew; none: it stays.
        wrap: brackets stand round it while it is negative.
    """

    digits: str
    slot: str = ""
    wrap: bool = False


def token(number: int) -> str:
    """What stands in LaTeX in the place of a number."""
    return rf"\text{{{OPEN}{number}{CLOSE}}}"


class Marks:
    """Finds the nodes and edges of a graph in formulas.

    Args:
        graph: whose nodes are marked; none: nothing is.
        latex: prints a name or a derivative as it stands in the formulas.
        point: what stands before decimals.
    """

    def __init__(self, graph: Graph | None, latex: Callable[[Expr], str], point: str) -> None:
        self._graph, self._latex, self._point = graph, latex, point
        nodes = graph.inner if graph else ()
        self._node_of_delta = {node.delta: node.name for node in nodes if node.delta is not None}
        self._looks: dict[Basic, str] = {}

    def formula(
        self, latex: str, parts: Iterable[Basic], places: list[Place], *, display: bool = False
    ) -> str:
        """A formula as MathML, its parts marked.

        Args:
            latex: the formula, with tokens for its numbers; behind `{}` a sign goes on with a longer one.
            parts: the names and derivatives that may stand in it.
            places: what the tokens stand for.
            display: set as a displayed formula, with large fractions.
        """
        root = ElementTree.fromstring(mathml(latex, display=display))
        if latex.startswith("{}") and len(root) > 1 and root[1].tag == "mo":
            # What is empty does not count as an operand in MathML: the sign would be one of a number.
            root.remove(root[0])
            root[0].set("form", "infix")
        known = {look: mark for part in parts if (mark := self.mark(part)) for look in [self._look(part)]}
        if known:
            _walk(root, known)
        if places:
            self._put(root, places)
        return _written(root)

    def names(self, inputs: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """The names of the graph and of what can be changed, in MathML.

        Args:
            inputs: those of a live sheet; an entry of an array has its index in brackets, `W_1[0][1]`.
        """
        nodes = self._graph.nodes if self._graph else ()
        known = {node.name: node.symbol for node in nodes}
        known |= {node.delta.name: node.delta for node in nodes if node.delta is not None}
        for one in inputs:
            index = "".join(f"[{place}]" for place in one["index"])
            known[one["name"] + index] = Symbol(component_name(one["name"], tuple(one["index"])))
        return {name: mathml(self._latex(symbol)) for name, symbol in known.items()}

    def mark(self, part: Basic) -> dict[str, str]:
        """The attributes of a part: `data-n` a node, `data-d` the derivative by it, `data-e` an edge."""
        graph = self._graph
        if graph is None:
            return {}
        match part:
            case Symbol() if part in graph:
                return {"data-n": str(part.name)}
            case Symbol() if part in self._node_of_delta:
                return {"data-d": self._node_of_delta[part]}
            case AtStep() if part.symbol in graph:
                return {"data-n": str(part.symbol.name)}
            case Quotient() if part.of in graph and part.by in graph:
                by, of = str(part.by.name), str(part.of.name)
                if part.by in graph[part.of].parents:
                    whole = {"data-d": by} if part.of == graph.output and not part.held else {}
                    return {"data-e": f"{by}>{of}", **whole}
                return {"data-d": by} if part.of == graph.output else {}
        return {}

    def _look(self, part: Basic) -> str:
        """The MathML of a part alone."""
        if part not in self._looks:
            self._looks[part] = _inside(ElementTree.fromstring(mathml(self._latex(part))))
        return self._looks[part]

    def _put(self, root: Element, places: list[Place]) -> None:
        for parent in list(root.iter()):
            for place, child in enumerate(list(parent)):
                found = _TOKEN.fullmatch(child.text or "") if child.tag == "mtext" else None
                if found:
                    parent[place] = self.number(places[int(found[1])])

    def number(self, place: Place) -> Element:
        """A number as MathML: what a page's script writes in its place when it changes."""
        row = Element("mrow", {"class": "v"})
        if place.slot:
            row.set("data-slot", place.slot)
        if place.wrap:
            row.set("data-w", "")
        sign, mantissa, exponent = number_parts(place.digits, self._point)
        wrapped = place.wrap and bool(sign)
        if wrapped:
            _add(row, "mo", "(", stretchy="false")
        if sign:
            _add(row, "mo", "−", form="prefix")
        _add(row, "mn", mantissa)
        if exponent:
            _add(row, "mo", "×")
            power = _add(row, "msup", "")
            _add(power, "mn", "10")
            raised = _add(power, "mrow", "")
            if exponent.startswith("-"):
                _add(raised, "mo", "−", form="prefix")
            _add(raised, "mn", exponent.lstrip("-"))
        if wrapped:
            _add(row, "mo", ")", stretchy="false")
        return row


def _add(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    child = ElementTree.SubElement(parent, tag, attributes)
    child.text = text
    return child


def _inside(element: Element) -> str:
    return "".join(_written(child) for child in element)


def _written(element: Element) -> str:
    return ElementTree.tostring(element, encoding="unicode", short_empty_elements=False)


def _walk(element: Element, known: dict[str, dict[str, str]]) -> None:
    """Mark the largest parts that are known; what is inside of one is not looked at."""
    for child in element:
        mark = known.get(_written(child)) if child.tag in _MARKABLE else None
        if mark is not None:
            for name, value in mark.items():
                child.set(name, value)
        elif len(child):
            _walk(child, known)


_MARKABLE = {"mi", "msub", "msup", "msubsup", "mover", "mfrac", "mrow"}


def parts_of(expression: Expr) -> list[Basic]:
    """The names and derivatives in an expression, each once."""
    return sorted(expression.atoms(Symbol, Quotient, AtStep), key=str)
