"""The formulas of a fully connected network of any depth and width, for one unit of layer l.

They are derived: the pull-back rules are applied to the program of one layer, z = W a' + b and a = f(z),
whose sizes are symbols, and to the loss behind the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy import Expr, Function, S, Symbol

from symbackprop import operations as op
from symbackprop.activations import ACTIVATIONS
from symbackprop.arrays.algebra import Algebra
from symbackprop.arrays.pullbacks import PullBack
from symbackprop.arrays.shapes import Shapes
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.errors import OptionError, did_you_mean, listing
from symbackprop.expressions import Prime, Quotient, Rewriter, add, divide, mul
from symbackprop.functions import build
from symbackprop.graph import Graph, Role
from symbackprop.indexed.derivation import Equality, IndexedWriter
from symbackprop.indexed.entries import written_entry
from symbackprop.indexed.terms import BACKWARD, index_letters
from symbackprop.losses import LOSSES
from symbackprop.shown import Headed
from symbackprop.sweep import backprop


@dataclass(frozen=True, repr=False)
class GeneralLayer(Headed):
    r"""What holds in every layer l of a network with L layers.

    Attributes:
        preactivation: z_i^{(l)} = Σ_j w_ij^{(l)} a_j^{(l-1)} + b_i^{(l)}.
        activation: a_i^{(l)} = f(z_i^{(l)}).
        output: a_i^{(L)}, where the last layer has another f.
        loss: L in the outputs a_i^{(L)} and the targets y_i.
        output_delta: δ_i^{(L)}, and under its condition the shortest form.
        hidden_delta: δ_i^{(l)} = (Σ_k δ_k^{(l+1)} w_ki^{(l+1)}) f'(z_i^{(l)}) for l < L.
        weight_gradient: ∂L/∂w_ij^{(l)} = δ_i^{(l)} a_j^{(l-1)}.
        bias_gradient: ∂L/∂b_i^{(l)} = δ_i^{(l)}.
    """

    preactivation: Equality
    activation: Equality
    output: Equality
    loss: Equality
    output_delta: Equality
    hidden_delta: Equality
    weight_gradient: Equality
    bias_gradient: Equality

    @property
    def lines(self) -> tuple[Equality, ...]:
        """All of them, forward and backward; one that says nothing new is left out."""
        return tuple(dict.fromkeys(getattr(self, name) for name in self.__dataclass_fields__))


def general_layer(
    activation: str,
    loss: str,
    *,
    output_activation: str | None = None,
    factor: Expr = S.One,
    mean: bool = False,
    conventions: Conventions | None = None,
) -> GeneralLayer:
    """Derive the formulas of a layer.

    Args:
        activation: f in the hidden layers, a name of `activations`.
        loss: a name of `losses`, summed over the outputs.
        output_activation: f in the last layer; the same, unless given.
        factor: the number in front of the loss, as 1/2.
        mean: divide a loss that is usually averaged by the number of outputs.
        conventions: the choices on which textbooks differ.

    Raises:
        OptionError: an unknown name, or a loss that does not take this activation.

    >>> general_layer("tanh", "mse").weight_gradient.value.args
    (Entry(delta__l, i), Entry(a__l-1, j))
    """
    last = output_activation or activation
    for name in (activation, last):
        _check("activation", name, ACTIVATIONS)
    _check("loss", loss, LOSSES)
    wanted = LOSSES[loss].activations
    if wanted and last not in wanted:
        raise OptionError(
            f"the loss {loss} takes the last layer's pre-activations, and its activation is {last}",
            known=f"activations it takes: {listing(wanted)}",
            fix=f"output_activation={wanted[0]!r}",
        )
    conventions = conventions or Conventions()
    layer = _Layer(activation, conventions)
    final = IndexedWriter(_last_layer(last, loss, factor, mean, conventions))
    return GeneralLayer(
        layer.preactivation(),
        layer.activation(),
        final.node(Symbol("a__L")),
        final.node(Symbol("L")),
        final.delta(final.derivation.deltas["z__L"]).line,
        layer.hidden_delta(),
        layer.gradient(layer.weights),
        layer.gradient(layer.biases),
    )


def _check(kind: str, name: str, known: Mapping[str, object]) -> None:
    if name not in known:
        raise OptionError(f"unknown {kind} {name!r}", known=listing(known, 20), fix=did_you_mean(name, known))


def _applied(activation: str, z: Symbol) -> Expr:
    """a = f(z) over a whole layer."""
    one = ACTIVATIONS[activation]
    if one.whole_layer:
        return op.of(op.softmax_along, z, 0)
    return build(one.function, [z]) if one.function else z


def _size(layer: str) -> Symbol:
    return Symbol(f"n_{layer}")


class _Layer:
    """The program of layer l, and of the pre-activations of the next."""

    def __init__(self, activation: str, conventions: Conventions) -> None:
        here, below, above = "l", "l-1", "l+1"
        self.inputs, self.z, self.a = Symbol(f"a__{below}"), Symbol(f"z__{here}"), Symbol(f"a__{here}")
        self.weights, self.biases = Symbol(f"W__{here}"), Symbol(f"b__{here}")
        self.delta, self.upstream = Symbol(f"delta__{here}"), Symbol(f"delta__{above}")
        next_weights, next_biases = Symbol(f"W__{above}"), Symbol(f"b__{above}")
        vectors = {self.inputs: below, self.upstream: above, next_biases: above}
        vectors |= dict.fromkeys((self.z, self.a, self.biases, self.delta), here)
        self.shapes = Shapes(
            {symbol: (_size(layer),) for symbol, layer in vectors.items()}
            | {self.weights: (_size(here), _size(below)), next_weights: (_size(above), _size(here))}
        )
        self.pull = PullBack(self.shapes, conventions)
        self.sign = S.NegativeOne if conventions.error_sign == "minus" else S.One
        self.by_value = conventions.slopes == "value"
        self.sum = add(op.of(op.matmul, self.weights, self.inputs), self.biases)
        self.next_sum = add(op.of(op.matmul, next_weights, self.a), next_biases)
        self.applied = _applied(activation, self.z)
        names = [symbol.name for symbol in (*vectors, *self.shapes.sizes, self.weights)]
        letters = index_letters(names)
        self.i, self.j = next(letters), next(letters)
        self.symbols = tuple(map(Symbol, names))

    def _at(self, expression: Expr, *indices: Expr, letters: str = BACKWARD) -> Expr:
        return written_entry(
            expression, indices, self.shapes, letters, self.symbols, leading=frozenset({self.upstream})
        )

    def preactivation(self) -> Equality:
        """z_i = Σ_j w_ij a_j + b_i."""
        letters = "".join(letter.name for letter in (self.i, self.j))
        return Equality(self._at(self.z, self.i), (self._at(self.sum, self.i, letters=letters + BACKWARD),))

    def activation(self) -> Equality:
        """a_i = f(z_i)."""
        return Equality(self._at(self.a, self.i), (self._at(self.applied, self.i),))

    def hidden_delta(self) -> Equality:
        """δ_i = (Σ_k δ_k w_ki) f'(z_i), then with f' written out."""
        behind = self.pull(self.next_sum, self.upstream)[self.a]
        through = self.pull(self.applied, behind).get(self.z, S.Zero)
        if self.by_value and self.applied != self.z:
            through = Rewriter({self.applied: self.a})(through)
        sides = [self._at(through, self.i)]
        if isinstance(self.applied, Function) and not isinstance(self.applied, op.Operation):
            sides.insert(0, mul(self._at(behind, self.i), Prime(self._at(self.applied, self.i))))
        return Equality(self._at(self.delta, self.i), tuple(sides))

    def gradient(self, parameter: Symbol) -> Equality:
        """∂L/∂w_ij = δ_i a_j, ∂L/∂b_i = δ_i."""
        indices = (self.i, self.j)[: len(self.shapes[parameter])]
        pulled = self.pull(self.sum, mul(self.sign, self.delta))[parameter]
        left = Quotient(Symbol("L"), self._at(parameter, *indices))
        return Equality(left, (self._at(pulled, *indices),))


def _last_layer(activation: str, loss: str, factor: Expr, mean: bool, conventions: Conventions) -> Derivation:
    """The derivation of the last layer and of the loss behind it."""
    z, a, y, total = (Symbol(name) for name in ("z__L", "a__L", "y", "L"))
    weights, inputs, biases = (Symbol(name) for name in ("W__L", "a__L-1", "b__L"))
    width, before = _size("L"), _size("L-1")
    one = LOSSES[loss]
    summed = Algebra(Shapes({a: (width,), y: (width,)})).total(one.build([a], [y]), (0,))
    scale = divide(factor, width) if mean and one.averages else factor
    program = {
        z: add(op.of(op.matmul, weights, inputs), biases),
        a: _applied(activation, z),
        total: mul(scale, summed),
    }
    shapes = {"W__L": (width, before), "a__L-1": (before,), "b__L": (width,), "y": (width,)}
    parameters = [weights, biases]
    graph = Graph.from_expressions(program, parameters=parameters, roles={y: Role.TARGET}, shapes=shapes)
    return backprop(_with_deltas(graph, {z: Symbol("delta__L")}), conventions=conventions)


def _with_deltas(graph: Graph, names: Mapping[Symbol, Symbol]) -> Graph:
    """The same graph, these deltas named and all others written in line."""
    nodes = (replace(node, delta=names.get(node.symbol)) for node in graph.nodes)
    return Graph(tuple(nodes), graph.output)
