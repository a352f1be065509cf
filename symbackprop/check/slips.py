"""The known slips: from a formula the formulas that one slip makes of it, each with its kind.

They are tried on the right formula, to find what a wrong one is; and on the wrong one, to find what would
mend it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain

from symbackprop.check import array_slips
from symbackprop.check.array_slips import Variant
from symbackprop.check.claims import Slip
from symbackprop.check.trees import (
    bracketed,
    name_node,
    negated,
    one_minus,
    product,
    whole_number,
    with_name,
    without,
)
from symbackprop.formulas.names import read_name
from symbackprop.formulas.tree import Name, Node, is_slope, is_slope_pair, signs_of
from symbackprop.formulas.vocabulary import Vocabulary
from symbackprop.graph import Role
from symbackprop.notation.names import latex_name

MOST_NAMES = 60
"""Names that are tried in the place of another."""
_NO_FACTORS = frozenset("sum group matrix row relation case cases number derivative".split())


class Slips:
    """Makes variants of formulas of one problem.

    Args:
        vocabulary: its names.
        is_forward: the formula is of the forward pass.
    """

    def __init__(self, vocabulary: Vocabulary, *, is_forward: bool) -> None:
        self.vocabulary = vocabulary
        self.is_forward = is_forward
        self._names: list[Name] | None = None

    def of(self, node: Node) -> Iterator[Variant]:
        """Every formula that one slip makes of this one, the likeliest first."""
        return chain.from_iterable(self.stages(node))

    def stages(self, node: Node) -> Iterator[Iterator[Variant]]:
        """The same, in groups: of its structure, of its names, with more factors than it has."""
        yield chain(self._whole(node), self._everywhere(node, self._structural))
        yield self._everywhere(node, self._named)
        yield self._extra(node)

    def readings(self, node: Node) -> Iterator[Variant]:
        """As `of`, with every name of the problem put in everywhere: for comparing how formulas read."""
        yield from self.of(node)
        yield from self._everywhere(node, self._factors_put_in)
        yield from self._everywhere(node, self._any_name)

    def _factors_put_in(self, node: Node) -> Iterator[Variant]:
        """One factor too many in a term."""
        if node.kind in _NO_FACTORS:
            return
        for factor in (whole_number(2), whole_number(Fraction(1, 2)), *self._sizes()):
            yield Slip.FACTOR, product(factor, node)
        yield Slip.FACTOR, product(Node("quotient", (whole_number(1), whole_number(2)), None, -1, -1), node)
        for name in self.all_names()[:MOST_NAMES]:
            yield Slip.EXTRA_FACTOR, product(node, Node("name", (), name, -1, -1))

    def _any_name(self, node: Node) -> Iterator[Variant]:
        """Any other name of the problem."""
        if node.kind != "name" or not isinstance(node.value, Name):
            return
        for other in self.all_names()[: 2 * MOST_NAMES]:
            if other != node.value:
                slip = (
                    Slip.WRONG_INDEX
                    if (other.letter, other.accent) == (node.value.letter, node.value.accent)
                    else Slip.WRONG_NAME
                )
                yield slip, Node("name", (), other, node.start, node.end)

    def _everywhere(self, node: Node, make: Callable[[Node], Iterator[Variant]]) -> Iterator[Variant]:
        """The slip in the whole, and in each of its parts."""
        yield from make(node)
        for place, part in enumerate(node.parts):
            for slip, changed in self._everywhere(part, make):
                parts = (*node.parts[:place], changed, *node.parts[place + 1 :])
                yield slip, node.having(*parts)

    # ----------------------------------------------------------------------------------------- the whole

    def _whole(self, node: Node) -> Iterator[Variant]:
        yield Slip.SIGN, negated(node)
        yield Slip.FACTOR, product(whole_number(2), node)
        yield Slip.FACTOR, product(whole_number(Fraction(1, 2)), node)
        for size in self._sizes():
            yield Slip.FACTOR, product(size, node)
            yield Slip.FACTOR, Node("quotient", (node, size), None, -1, -1)
        yield Slip.FACTOR, product(whole_number(4), node)
        yield Slip.FACTOR, product(whole_number(Fraction(1, 4)), node)
        if self.vocabulary.graph.is_array:
            yield Slip.TRANSPOSE, Node("transposed", (node,), None, -1, -1)

    def _sizes(self) -> Iterator[Node]:
        for one in self.vocabulary.graph.nodes:
            if one.role is Role.SIZE:
                yield name_node(one.name)
        rows = len(self.vocabulary.problem.examples)
        training = self.vocabulary.problem.training
        sizes = {rows, training.batch_size if training else 1, self.vocabulary.problem.outputs}
        yield from (whole_number(size) for size in sorted(sizes) if size > 2)

    # ---------------------------------------------------------------------------------------- its structure

    def _structural(self, node: Node) -> Iterator[Variant]:
        if node.kind == "sum":
            yield from self._sums(node)
        elif node.kind == "product":
            yield from self._products(node)
        elif node.kind == "transposed":
            yield Slip.TRANSPOSE, node.parts[0]
        elif node.kind in ("power", "circ_power"):
            yield from self._powers(node)
        elif node.kind in ("quotient", "slash"):
            yield from self._quotients(node)
        elif node.kind in ("call", "big", "ones"):
            yield from array_slips.of_axes(node)
        elif node.kind == "prime":
            yield Slip.ACTIVATION_MISSING, whole_number(1)
            yield from self._points(node)
        if node.kind == "name" and self.vocabulary.graph.is_array:
            yield Slip.TRANSPOSE, Node("transposed", (node,), None, node.start, node.end)

    def _sums(self, node: Node) -> Iterator[Variant]:
        signs = signs_of(node)
        for place in range(len(node.parts)):
            flipped = (*signs[:place], "+" if signs[place] == "-" else "-", *signs[place + 1 :])
            slip = Slip.ASCENT if self._has_rate(node.parts[place]) else Slip.SIGN
            yield slip, Node("sum", node.parts, flipped, node.start, node.end)
        if len(node.parts) < 2:
            return
        for place, part in enumerate(node.parts):
            rest = (*node.parts[:place], *node.parts[place + 1 :])
            kept = (*signs[:place], *signs[place + 1 :])
            yield self._dropped_term(part), Node("sum", rest, kept, node.start, node.end)
        for place in range(len(node.parts) - 1):
            joined = product(bracketed(node.parts[place]), bracketed(node.parts[place + 1]))
            parts = (*node.parts[:place], joined, *node.parts[place + 2 :])
            yield Slip.PRODUCT_FOR_SUM, Node("sum", parts, (*signs[: place + 1], *signs[place + 2 :]), -1, -1)

    def _dropped_term(self, term: Node) -> Slip:
        if self._is_bias(term):
            return Slip.BIAS
        return Slip.FORWARD if self.is_forward else Slip.MISSING_PATH

    def _is_bias(self, term: Node) -> bool:
        """A parameter alone, or repeated by a vector of ones."""
        factors = [
            one
            for one in (term.parts if term.kind == "product" else (term,))
            if one.kind not in ("ones", "transposed")
        ]
        if len(factors) != 1 or not isinstance(factors[0].value, Name) or factors[0].kind != "name":
            return False
        referent = self.vocabulary.find(factors[0].value)
        return (
            referent is not None
            and referent.kind == "node"
            and self.vocabulary.graph[referent.name].role is Role.PARAMETER
        )

    def _has_rate(self, node: Node) -> bool:
        return any(
            one.kind == "name" and isinstance(one.value, Name) and _kind(self.vocabulary, one.value) == "rate"
            for one in node.walk()
        )

    def _products(self, node: Node) -> Iterator[Variant]:
        signs = signs_of(node)
        parts = node.parts
        for place in range(len(parts) - 1):
            if is_slope_pair(parts[place], parts[place + 1]):
                pair = Node("product", parts[place : place + 2], ("",), -1, -1)
                for slip, other in self._points(pair):
                    changed = (*parts[:place], *other.parts, *parts[place + 2 :])
                    yield slip, Node("product", changed, signs, -1, -1)
                yield Slip.ACTIVATION_MISSING, without(node, place, 2)
                yield Slip.ACTIVATION_DOUBLED, product(*parts, parts[place], parts[place + 1])
                circled = Node(
                    "product", (*parts, parts[place], parts[place + 1]), (*signs, "circ", "circ"), -1, -1
                )
                yield Slip.ACTIVATION_DOUBLED, circled
        for place, part in enumerate(parts):
            yield self._dropped_factor(part), without(node, place, 1)
            if is_slope(part):
                yield Slip.ACTIVATION_DOUBLED, Node("product", (*parts, part), (*signs, signs[-1]), -1, -1)
                for slip, other in self._points(part):
                    yield slip, Node("product", (*parts[:place], other, *parts[place + 1 :]), signs, -1, -1)
        if self.vocabulary.graph.is_array:
            yield from array_slips.of_product(node)
        for place, part in enumerate(parts):
            doubled = (*parts[: place + 1], part, *parts[place + 1 :])
            if not is_slope(part):
                yield (
                    Slip.EXTRA_FACTOR,
                    Node("product", doubled, (*signs[:place], "", *signs[place:]), -1, -1),
                )

    def _points(self, node: Node) -> Iterator[Variant]:
        """A slope at another point: that of another node."""
        inside = {one.value for one in node.walk() if one.kind == "name" and isinstance(one.value, Name)}
        if len(inside) != 1:
            return
        (name,) = inside
        for place, other in enumerate(self.all_names()):
            if other != name and place <= MOST_NAMES:
                yield Slip.WRONG_POINT, with_name(node, name, other)

    def _dropped_factor(self, factor: Node) -> Slip:
        if is_slope(factor):
            return Slip.ACTIVATION_MISSING
        if array_slips.is_of_ones(factor):
            return Slip.AXIS
        if factor.kind in ("number", "quotient") and not any(
            one.kind == "derivative" for one in factor.walk()
        ):
            return Slip.FACTOR
        if factor.kind == "derivative" and self._is_activation_slope(factor):
            return Slip.ACTIVATION_MISSING
        return Slip.MISSING_FACTOR

    def _is_activation_slope(self, node: Node) -> bool:
        names = [part.value for part in node.parts if isinstance(part.value, Name)]
        if len(names) != 2:
            return False
        of, by = (self.vocabulary.find(name) for name in names)
        if of is None or by is None or of.kind != "node" or by.kind != "node":
            return False
        upper, lower = self.vocabulary.graph[of.name], self.vocabulary.graph[by.name]
        return upper.role is Role.ACTIVATION or (
            lower.role is Role.PREACTIVATION and lower.symbol in upper.parents
        )

    def _powers(self, node: Node) -> Iterator[Variant]:
        yield Slip.MISSING_FACTOR, node.parts[0]

    def _quotients(self, node: Node) -> Iterator[Variant]:
        above, below = node.parts
        plain = not any(one.kind == "name" for one in below.walk())
        yield (Slip.FACTOR if plain or _is_size(below, self.vocabulary) else Slip.MISSING_FACTOR), above
        if above.kind == "number":
            yield Slip.FACTOR, node.having(whole_number(2), below)

    # ------------------------------------------------------------------------------------------------ names

    def _named(self, node: Node) -> Iterator[Variant]:
        if node.kind != "name" or not isinstance(node.value, Name):
            return
        yield from self._delta_as_loss(node)
        for slip, name in self._others(node.value):
            yield slip, Node("name", (), name, node.start, node.end)

    def _others(self, name: Name) -> Iterator[tuple[Slip, Name]]:
        """Other names that may stand by mistake in the place of this one."""
        referent = self.vocabulary.find(name)
        if referent is None:
            return
        count = 0
        for other in self.all_names():
            if other == name or count > MOST_NAMES:
                continue
            if (other.letter, other.accent) == (name.letter, name.accent):
                count += 1
                yield Slip.WRONG_INDEX, replace(other, above=other.above or _steps_of(name))
            elif other.letter == name.letter:
                yield Slip.WRONG_NAME, other
            elif other.below == name.below and other.above == name.above:
                count += 1
                yield Slip.WRONG_NAME, other

    def all_names(self) -> list[Name]:
        """The names of the nodes and deltas."""
        if self._names is None:
            symbols = [node.name for node in self.vocabulary.graph.nodes if node.role is not Role.SIZE]
            symbols += [node.delta.name for node in self.vocabulary.graph.nodes if node.delta is not None]
            self._names = [read_name(latex_name(name)) for name in symbols]
        return self._names

    def _delta_as_loss(self, node: Node) -> Iterator[Variant]:
        """The derivative by an activation in the place of the delta of what it is applied to."""
        assert isinstance(node.value, Name)
        referent = self.vocabulary.find(node.value)
        if referent is None or referent.kind != "delta":
            return
        graph = self.vocabulary.graph
        own = graph[self.vocabulary.delta_of[referent.name]]
        for user in graph.consumers[own.symbol]:
            of = self.vocabulary.output_node(-1)
            yield Slip.LOSS_FOR_DELTA, Node("derivative", (of, name_node(str(user.name))), "partial", -1, -1)
        yield Slip.LOSS_FOR_DELTA, self.vocabulary.output_node(-1)

    # ------------------------------------------------------------------------------------------ too many

    def _extra(self, node: Node) -> Iterator[Variant]:
        """One factor too many, of the names of the problem."""
        for place, name in enumerate(self.all_names()):
            if place > MOST_NAMES:
                return
            factor = Node("name", (), name, -1, -1)
            yield Slip.EXTRA_FACTOR, product(bracketed(node), factor)
            yield Slip.ACTIVATION_DOUBLED, product(bracketed(node), factor, one_minus(factor))


def _kind(vocabulary: Vocabulary, name: Name) -> str:
    referent = vocabulary.find(name)
    return referent.kind if referent is not None else ""


def _is_size(node: Node, vocabulary: Vocabulary) -> bool:
    if node.kind != "name" or not isinstance(node.value, Name):
        return False
    referent = vocabulary.find(node.value)
    return (
        referent is not None and referent.kind == "node" and vocabulary.graph[referent.name].role is Role.SIZE
    )


def _steps_of(name: Name) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in name.above if one[0] == "(")
