r"""Where a slip can be made: a side of an equation, with what is known of the names in the document."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Symbol

import symbackprop as sb
from symbackprop.check.claims import Slip
from symbackprop.nodes import Node
from tests.check.printed import (
    NAME,
    QUOTIENT,
    Equation,
    Factor,
    Printed,
    Side,
    Sum,
    Term,
    all_factors,
)
from tests.check.truth import State, Truth


@dataclass(frozen=True)
class Edit:
    """What is put in place of a part of the document."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Change:
    """A slip.

    Attributes:
        edits: what is changed.
        kind: of mistake.
        also: other kinds that name it as well.
        is_sure: it is wrong by how it is made; no reader can work it out.
    """

    edits: tuple[Edit, ...]
    kind: Slip
    also: frozenset[Slip] = frozenset()
    is_sure: bool = False


@dataclass(frozen=True)
class Use:
    """A name where it stands.

    Attributes:
        key: of its meaning.
        turned: its superscript holds a ⊤.
        in_quotient: it is a part of a derivative.
    """

    start: int
    end: int
    key: str
    turned: bool = False
    in_quotient: bool = False


SECTIONS = {
    "given": ("Given values", "Inputs", "Parameters before", "Parameters after"),
    "update": ("Update of every", "One step of", "The update"),
    "backward": ("Backward", "Deltas", "Gradients", "Local partials", "The chain rule"),
    "forward": ("Forward pass", "Values, forward"),
    "data": ("Data",),
}


@dataclass(frozen=True)
class Book:
    """A document with what is known of its names."""

    document: Printed
    truth: Truth

    @cached_property
    def spelled(self) -> dict[str, str]:
        """Every name of the formulas as it is spelled, by the key of its meaning."""
        found: dict[str, str] = {}
        for equation in self.document.equations:
            if self.section(equation) == "data":
                continue
            for side in equation.sides:
                found |= {use.key: self.document.text[use.start : use.end] for use in self.uses(side)}
        sizes = {self.truth.key(node.name) for node in self.truth.graph.having(sb.Role.SIZE)}
        known = {key for state in self.truth.random for key in state.symbols}
        return {key: one for key, one in found.items() if key in known - sizes and r"\top" not in one}

    def uses(self, side: Side) -> Sequence[Use]:
        """The names of a side."""
        if side.start not in self._uses:
            self._uses[side.start] = tuple(self._names(side))
        return self._uses[side.start]

    @cached_property
    def _uses(self) -> dict[int, tuple[Use, ...]]:
        return {}

    def _names(self, side: Side) -> Iterator[Use]:
        for factor in all_factors(side.tree) if side.tree else ():
            if factor.kind == "name":
                yield self.use(factor.start, factor.bare_end)
            elif factor.kind in ("quotient", "held"):
                match = QUOTIENT.search(self.document.blanked, factor.start, factor.end)
                assert match is not None
                for part in ("over", "under"):
                    yield self.use(*match.span(part), in_quotient=True)

    def use(self, start: int, end: int, *, in_quotient: bool = False) -> Use:
        """The name that stands there."""
        text = self.document.blanked[start:end]
        turned = text.endswith(r"\top}")
        bare = text.removesuffix(r"\top}") + "}" if turned else text
        return Use(start, end, self.truth.canonical(bare), turned, in_quotient)

    def source(self, start: int, end: int) -> str:
        """What stands there, without layout, in one line."""
        return " ".join(self.document.blanked[start:end].split())

    def section(self, equation: Equation) -> str:
        """Which part of a solution an equation belongs to."""
        for heading in reversed(equation.headings):
            for section, starts in SECTIONS.items():
                if heading.startswith(starts):
                    return section
        return ""

    # What the graph says.

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The nodes by the keys of their names."""
        return {self.truth.key(node.name): node for node in self.truth.graph.nodes}

    @cached_property
    def deltas(self) -> dict[str, Node]:
        """The nodes by the keys of their deltas' names."""
        found = {key: node for key, node in self.nodes.items() if node.delta is not None}
        return {self.truth.key(node.delta.name): node for node in found.values() if node.delta is not None}

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The keys of the parameters."""
        return frozenset(self.truth.key(one.name) for one in self.truth.graph.parameters)

    @cached_property
    def constants(self) -> frozenset[str]:
        """The keys of sizes and constants."""
        found = self.truth.graph.having(sb.Role.SIZE, sb.Role.CONSTANT)
        return frozenset(self.truth.key(node.name) for node in found)

    def before(self, key: str) -> str | None:
        """The key of the only node that an activation is worked out from."""
        node = self.nodes.get(key)
        inner = {one.symbol for one in self.truth.graph.inner}
        parents = [one for one in node.parents if one in inner] if node and node.symbol in inner else []
        return self.truth.key(parents[0].name) if len(parents) == 1 else None

    def after(self, node: Node) -> str | None:
        """The key of the activation of a node: the only one that uses it, and uses nothing else."""
        users = self.truth.graph.consumers.get(node.symbol, ())
        alone = len(users) == 1 and self.truth.graph[users[0]].parents == (node.symbol,)
        return self.truth.key(users[0].name) if alone else None

    @cached_property
    def quotient_of(self) -> dict[str, str]:
        """How the derivative of the output by a name is written, where the document writes it."""
        found = {}
        output = self.truth.key(self.truth.graph.output.name)
        for match in QUOTIENT.finditer(self.document.blanked):
            if self.truth.canonical(match["over"]) == output:
                found[self.truth.canonical(match["under"])] = match[0]
        return found

    @cached_property
    def rate(self) -> str | None:
        """The key of the learning rate."""
        training = self.truth.problem.training
        return self.truth.key(training.symbol) if training else None

    @cached_property
    def softmax(self) -> frozenset[str]:
        """The keys of the nodes that are softmax."""
        found = [
            one.left.text
            for one in self.document.equations
            if any(side.text.startswith(r"\operatorname{softmax}") for side in one.sides)
        ]
        return frozenset(self.truth.canonical(name) for name in found if NAME.fullmatch(name))

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The parameters."""
        return tuple(self.truth.graph.parameters)


@dataclass(frozen=True)
class Place:
    """A side of an equation, with the structure that a slip is made in."""

    book: Book
    equation: Equation
    at: int
    dice: random.Random

    @property
    def side(self) -> Side:
        """The side."""
        return self.equation.sides[self.at]

    @property
    def tree(self) -> Sum:
        """Its structure."""
        assert self.side.tree is not None
        return self.side.tree

    @cached_property
    def section(self) -> str:
        """The part of the solution."""
        return self.book.section(self.equation)

    @cached_property
    def is_symbolic(self) -> bool:
        """Whether there are names in it."""
        return bool(self.book.uses(self.side))

    @property
    def is_result(self) -> bool:
        """Whether it is a number that is worked out, or given."""
        return self.side.is_number

    @cached_property
    def left_key(self) -> str | None:
        """The key of the name on the left side; of a derivative's denominator."""
        text = self.equation.left.text
        match = NAME.fullmatch(text)
        return self.book.truth.canonical(text) if match else None

    @cached_property
    def left_quotient(self) -> tuple[str, str] | None:
        """The keys of the derivative on the left side."""
        match = QUOTIENT.fullmatch(self.equation.left.text)
        if match is None:
            return None
        return self.book.truth.canonical(match["over"]), self.book.truth.canonical(match["under"])

    @property
    def is_array(self) -> bool:
        """Whether names are arrays."""
        return self.book.truth.is_array

    @cached_property
    def state(self) -> State | None:
        """What names mean with numbers."""
        return self.book.truth.at(self.equation)

    # Pieces of text.

    def text(self, part: Factor | Term | Sum) -> str:
        """A part as it is printed."""
        return self.book.source(part.start, part.end)

    def key(self, factor: Factor) -> str | None:
        """The key of a factor that is a bare name; a power or a ⊤ on it does not matter."""
        if factor.kind != "name":
            return None
        return self.book.use(factor.start, factor.bare_end).key

    def power(self, factor: Factor) -> str:
        """What is raised on a factor."""
        return self.book.document.blanked[factor.bare_end : factor.end]

    def gap(self, term: Term, at: int) -> tuple[int, int]:
        """What stands between a factor and the one before it."""
        return term.factors[at - 1].end, term.factors[at].start

    def without(self, term: Term, start: int, end: int) -> Edit:
        """A term without some of its factors."""
        if start:
            return Edit(term.factors[start - 1].end, term.factors[end - 1].end, "")
        return Edit(term.factors[0].start, term.factors[end].start, "")

    def holds(self, part: Sum | Term, keys: frozenset[str]) -> bool:
        """Whether a part holds one of these names, or a derivative of the output."""
        whole = part if isinstance(part, Sum) else Sum((part,))
        output = self.book.truth.key(self.book.truth.graph.output.name)
        for factor in all_factors(whole):
            if self.key(factor) in keys:
                return True
            match = QUOTIENT.search(self.book.document.blanked, factor.start, factor.end)
            if factor.kind == "quotient" and match and self.book.truth.canonical(match["over"]) == output:
                return True
        return False

    def is_constant(self, factor: Factor) -> bool:
        """Whether a factor is a number, or a fraction of numbers, sizes and constants."""
        inner = (
            [factor] if not factor.inside else [one for sum_ in factor.inside for one in all_factors(sum_)]
        )
        return factor.kind in ("number", "fraction", "root", "name") and all(
            one.kind in ("number", "root") or self.key(one) in self.book.constants for one in inner
        )
