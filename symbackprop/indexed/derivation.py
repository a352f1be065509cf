"""A derivation of arrays in indices: every node, delta and gradient, entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr, S, Symbol

from symbackprop.arrays.pullbacks import PullBack
from symbackprop.derivation import Contribution, Delta, Derivation
from symbackprop.errors import OptionError
from symbackprop.expressions import (
    Quotient,
    Rewriter,
    add,
    divide,
    mul,
)
from symbackprop.indexed.entries import EntryWriter, entry, finished, written_entry
from symbackprop.indexed.terms import (
    BACKWARD,
    LETTERS,
    IndexSum,
    index_letters,
    kronecker,
)
from symbackprop.shown import Headed, Shown


@dataclass(frozen=True)
class Equality(Shown):
    """One line: a left side and what it equals.

    Attributes:
        left: an entry, or a derivative by one.
        sides: what it equals, from the chain to the shortest form, each once.
        condition: under which the last side holds: this is 1.
    """

    left: Expr
    sides: tuple[Expr, ...]
    condition: Expr | None = None

    @property
    def value(self) -> Expr:
        """The shortest form."""
        return self.sides[-1]


@dataclass(frozen=True, repr=False)
class IndexedDerivative(Headed):
    """A delta or a gradient in indices.

    Attributes:
        line: δ_i = ∂L/∂z_i = Σ_k ∂L/∂a_k ∂a_k/∂z_i = …; of a gradient ∂L/∂w_ij = ….
        chain: with every factor named.
        expression: with the local partials put in: δ_i x_j.
        locals: the local partials of the chain, by consumer: ∂z_k/∂w_ij = δ_ki x_j.
    """

    line: Equality
    chain: Expr
    expression: Expr
    locals: Mapping[str, Equality]


@dataclass(frozen=True, eq=False, repr=False)
class IndexedDerivation(Headed):
    """A derivation of arrays with every line written for one entry.

    Attributes:
        derivation: the derivation.
        nodes: z_i = Σ_j w_ij x_j + b_i, by the node's name.
        deltas: by the node's name, from the output backwards.
        gradients: by what was differentiated by.
        capitals: arrays whose entries keep the capital letter, for its small one is another's.
    """

    derivation: Derivation
    nodes: Mapping[str, Equality]
    deltas: Mapping[str, IndexedDerivative]
    gradients: Mapping[str, IndexedDerivative]
    capitals: frozenset[Symbol] = field(default=frozenset())


def indexed_derivation(derivation: Derivation) -> IndexedDerivation:
    """Every line of a derivation of arrays, written for one entry.

    Args:
        derivation: of arrays.

    Raises:
        OptionError: it is one of scalars, or an operation has no form in indices.
    """
    writer = IndexedWriter(derivation)
    graph = derivation.graph
    nodes = {node.name: writer.node(node.symbol) for node in graph.inner}
    deltas = {name: writer.delta(delta) for name, delta in derivation.deltas.items() if not delta.is_output}
    gradients = {name: writer.gradient(symbol) for name, symbol in ((s.name, s) for s in derivation.wrt)}
    return IndexedDerivation(derivation, nodes, deltas, gradients, clashing(writer.symbols))


def clashing(symbols: Iterable[Symbol]) -> frozenset[Symbol]:
    """The symbols that differ from another only by capital and small letters: W and w."""
    looks: dict[str, list[Symbol]] = {}
    for symbol in symbols:
        looks.setdefault(symbol.name.lower(), []).append(symbol)
    return frozenset(symbol for alike in looks.values() if len(alike) > 1 for symbol in alike)


class IndexedWriter:
    """Writes the lines of one derivation.

    Args:
        derivation: of arrays.

    Raises:
        OptionError: the derivation is one of scalars.
    """

    def __init__(self, derivation: Derivation) -> None:
        if not derivation.is_array:
            raise OptionError(
                "every value of this program is a number, and a number has no indices",
                fix="take the component notation; or give the shapes of the arrays",
            )
        self.derivation, self.graph = derivation, derivation.graph
        self.shapes = derivation.graph.shapes()
        self.deltas = frozenset(node.delta for node in self.graph.nodes if node.delta is not None)
        by_value = derivation.conventions.slopes == "value"
        inner = reversed(self.graph.inner)
        self._named: dict[Expr, Symbol] = {
            node.expression: node.symbol
            for node in inner
            if by_value and node.expression is not None and node.expression.args
        }

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """All symbols of the program."""
        nodes = (node.symbol for node in self.graph.nodes)
        return (*nodes, *sorted(self.deltas, key=str), *sorted(self.shapes.sizes, key=str))

    def indices(self, symbol: Symbol, held: Sequence[Expr] = (), order: str = LETTERS) -> tuple[Expr, ...]:
        """Letters for the axes of an array, none of them among those held."""
        letters = (one for one in index_letters([s.name for s in self.symbols], order) if one not in held)
        return tuple(S.One if size == 1 else next(letters) for size in self.shapes[symbol])

    def at(self, symbol: Symbol, indices: Sequence[Expr]) -> Expr:
        """The entry of a named array; of a scalar its name."""
        return entry(symbol, indices, self.shapes)

    def node(self, symbol: Symbol) -> Equality:
        """z_i = Σ_j w_ij x_j + b_i."""
        own = self.indices(symbol)
        expression = self.graph[symbol].expression
        assert expression is not None
        return Equality(self.at(symbol, own), (entry(expression, own, self.shapes, taken=self.symbols),))

    def delta(self, delta: Delta) -> IndexedDerivative:
        """δ_i = ∂L/∂z_i = Σ_k ∂L/∂a_k ∂a_k/∂z_i = …, in the sign and factor of the convention."""
        own = self.indices(delta.node)
        quotient = mul(delta.sign, self._quotient(delta.node, own))
        left = self.at(delta.symbol, own) if delta.symbol is not None else quotient
        return self._derivative(delta, own, left, (quotient,), delta.sign)

    def gradient(self, symbol: Symbol) -> IndexedDerivative:
        """∂L/∂w_ij = Σ_k ∂L/∂z_k ∂z_k/∂w_ij = δ_i x_j."""
        delta = self.derivation.gradients[symbol.name].delta
        own = self.indices(symbol)
        return self._derivative(delta, own, self._quotient(symbol, own), (), S.One)

    def _derivative(
        self, delta: Delta, own: Sequence[Expr], left: Expr, before: tuple[Expr, ...], scale: Expr
    ) -> IndexedDerivative:
        chain = mul(scale, self.chain(delta, own))
        to_scale = divide(scale, delta.sign)
        forms = [delta.factors]
        if delta.collapse is not None:
            forms += [delta.collapse.general, delta.collapse.final]
        written = [mul(to_scale, self.write(form, own)) for form in forms]
        sides = tuple(side for side in dict.fromkeys((*before, chain, *written)) if side != left)
        totals = delta.collapse.totals if delta.collapse is not None else ()
        condition = self._condition(totals[0], own) if totals else None
        local = {one.consumer.name: self.local(one.consumer, delta.node, own) for one in delta.contributions}
        return IndexedDerivative(Equality(left, sides or (left,), condition), chain, written[0], local)

    def _condition(self, total: Expr, own: Sequence[Expr]) -> Expr:
        axes = len(self.shapes[total])
        return self.write(total, own[len(own) - axes :])

    def write(self, expression: Expr, own: Sequence[Expr], letters: str = BACKWARD) -> Expr:
        """The entry of an expression of the backward pass; the upstream delta stands first."""
        return written_entry(
            expression, own, self.shapes, letters, self.symbols, named=self._named, leading=self.deltas
        )

    def _quotient(self, symbol: Symbol, own: Sequence[Expr]) -> Quotient:
        return Quotient(self.derivation.output, self.at(symbol, own))

    def chain(self, delta: Delta, own: Sequence[Expr]) -> Expr:
        """Σ_k ∂L/∂z_k ∂z_k/∂w_ij, a sum for each consumer."""
        if delta.is_output:
            return S.One
        return add(*(self._link(one, delta.node, own) for one in delta.contributions))

    def _link(self, share: Contribution, symbol: Symbol, own: Sequence[Expr]) -> Expr:
        theirs = self.indices(share.consumer, own, BACKWARD)
        local = self._local_quotient(share.consumer, symbol, theirs, own)
        if share.consumer == self.derivation.output:
            return local
        product: Expr = mul(self._quotient(share.consumer, theirs), local)
        for index, size in reversed([*zip(theirs, self.shapes[share.consumer], strict=True)]):
            product = IndexSum(product, index, size) if size != 1 else product
        return product

    def _local_quotient(
        self, consumer: Symbol, symbol: Symbol, theirs: Sequence[Expr], own: Sequence[Expr]
    ) -> Quotient:
        held = self.derivation.local_symbol(consumer, symbol).held
        return Quotient(self.at(consumer, theirs), self.at(symbol, own), *held)

    def local(self, consumer: Symbol, symbol: Symbol, own: Sequence[Expr] | None = None) -> Equality:
        """∂z_k/∂w_ij = δ_ki x_j, by the pull-back of a unit array.

        Args:
            consumer: what is differentiated.
            symbol: by what.
            own: the indices of `symbol`, for the letters of a chain; None: the consumer has the first,
                ∂p_i/∂z_j, unless it has fewer axes.
        """
        first = own is None and len(self.shapes[symbol]) <= len(self.shapes[consumer])
        theirs = self.indices(consumer) if first else ()
        mine = own if own is not None else self.indices(symbol, theirs)
        theirs = theirs if first else self.indices(consumer, mine, BACKWARD)
        unit = Symbol("_unit")
        shapes = self.graph.shapes()
        shapes.learn(unit, shapes[consumer])
        node = self.graph[consumer]
        assert node.expression is not None
        pulled = PullBack(shapes, self.derivation.conventions)(node.expression, unit).get(symbol, S.Zero)
        special = {unit: lambda at: mul(*(kronecker(one, two) for one, two in zip(theirs, at, strict=True)))}
        named = Rewriter(self._named)
        indexer = EntryWriter(shapes, named=self._named, special=special)
        sizes = zip(theirs, shapes[consumer], strict=True)
        indexer.sizes |= {index: size for index, size in sizes if size != 1}
        value = finished(indexer, named(pulled), mine, BACKWARD, self.symbols, theirs)
        return Equality(self._local_quotient(consumer, symbol, theirs, mine), (value,))
