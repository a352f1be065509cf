"""What lies beyond the gradient as it shows itself: matrices of derivatives, optima, costs, indices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympy import S, Symbol

from symbackprop.analysis.chain_cost import ChainCost, Factor, Order
from symbackprop.analysis.jacobian import Jacobian
from symbackprop.analysis.optimum import Optimum
from symbackprop.analysis.second_order import Hessian, HessianVector
from symbackprop.arrays.sizes import show_shape
from symbackprop.content import Value
from symbackprop.errors import listing
from symbackprop.expressions import Quotient
from symbackprop.forward import Cost, Tangent, Tangents
from symbackprop.indexed.derivation import Equality, IndexedDerivation, IndexedDerivative
from symbackprop.indexed.general_layer import GeneralLayer
from symbackprop.notation.names import unused_name
from symbackprop.notebook.cells import View
from symbackprop.notebook.parts import headed, table, words
from symbackprop.shown import face
from symbackprop.solution.steps import Equation, Formulas, Notation, Sentence, Step, equation

# ------------------------------------------------------------------------------------ Jacobians and Hessians


@face.register
def _jacobian(jacobian: Jacobian) -> View:
    headline = f"{jacobian.of} by {jacobian.by}, {show_shape(jacobian.shape)}"
    return View(headline, _of_jacobian(jacobian), notation=Notation(jacobian.shapes))


def _of_jacobian(jacobian: Jacobian) -> Iterator[Step]:
    lines = [_jacobian_line(factor) for factor in jacobian.factors]
    if len(lines) > 1:
        yield from headed("The local Jacobians:", lines, len(lines))
    yield Formulas((_jacobian_line(jacobian),))
    told = words("Shape {shape}, {layout} layout.", shape=show_shape(jacobian.shape), layout=jacobian.layout)
    yield Sentence(told)


def _jacobian_line(jacobian: Jacobian) -> Equation:
    return equation(Quotient(Symbol(jacobian.of), Symbol(jacobian.by)), jacobian.expression)


@face.register
def _hessian(hessian: Hessian) -> View:
    headline = f"by {hessian.wrt.name}, {show_shape(hessian.shape)}"
    return View(headline, _of_hessian(hessian), notation=Notation(hessian.shapes))


def _letter(product: HessianVector) -> Symbol:
    return Symbol(unused_name("H", {node.name for node in product.graph.nodes}))


def _of_hessian(hessian: Hessian) -> Iterator[Step]:
    yield Formulas((equation(_letter(hessian.product), hessian.expression),))
    yield Sentence(words("Shape {shape}.", shape=show_shape(hessian.shape)))
    yield from _summing(hessian.product)


@face.register
def _product(product: HessianVector) -> View:
    headline = f"the Hessian by {product.wrt.name} times {product.vector.name}"
    return View(headline, _of_product(product), notation=Notation(product.shapes))


def _of_product(product: HessianVector) -> Iterator[Step]:
    steps = list(product.steps)
    yield from headed("The steps after the forward pass:", (equation(*step) for step in steps), len(steps))
    yield Sentence(words("The Hessian times {vector}:", vector=product.vector))
    yield Formulas((equation(_letter(product) * product.vector, product.expression),))
    yield from _summing(product)


def _summing(product: HessianVector) -> Iterator[Step]:
    for target in product.summing_to_one:
        yield Sentence(words("It holds where the entries of {target} add up to one.", target=target))


@face.register
def _optimum(optimum: Optimum) -> View:
    headline = f"of {optimum.derivation.output.name} by {optimum.wrt.name}"
    return View(headline, _of_optimum(optimum), optimum.derivation.conventions, Notation(optimum.shapes))


def _of_optimum(optimum: Optimum) -> Iterator[Step]:
    for step in optimum.steps:
        yield Sentence(words(f"{step.name.capitalize()}:"))
        yield Formulas((equation(step.left, step.right, boxed=step.name == "solution"),))
    for condition in optimum.conditions:
        yield Sentence(words(f"This must be {condition.name}:"))
        yield Formulas((equation(condition.matrix),))


# ------------------------------------------------------------------------------------ forward mode, the cost


@face.register
def _tangents(tangents: Tangents) -> View:
    lines = map(_tangent_line, tangents.values())
    return View(f"of {listing(tangents)}", headed("Tangents, from the input on:", lines, len(tangents)))


@face.register
def _tangent(tangent: Tangent) -> View:
    headline = f"of {tangent.node.name} by {tangent.by.name}"
    return View(headline, [Formulas((_tangent_line(tangent),))])


def _tangent_line(tangent: Tangent) -> Equation:
    return equation(tangent.symbol, tangent.chain, tangent.expression)


@face.register
def _cost(cost: Cost) -> View:
    rows = [
        (words("local partials, needed by both modes"), Value(cost.local)),
        (words("reverse mode, one sweep"), Value(cost.reverse)),
        (words("forward mode, a sweep for each symbol"), Value(cost.forward_total)),
        *((words("forward mode by {name}", name=name), Value(count)) for name, count in cost.forward.items()),
    ]
    return View("multiplications", table(("What", "Multiplications"), rows, len(rows)))


@face.register
def _chain_cost(cost: ChainCost) -> View:
    headline = f"{cost.reverse.total} multiplications in reverse, {cost.forward.total} in forward mode"
    return View(headline, _of_chain_cost(cost))


def _of_chain_cost(cost: ChainCost) -> Iterator[Step]:
    for order in (cost.reverse, cost.forward):
        yield from _of_order(order)


@face.register
def _order(order: Order) -> View:
    return View(f"{order.mode} mode, {order.total} multiplications", _of_order(order))


def _of_order(order: Order) -> Iterator[Step]:
    told = words(f"{order.mode.capitalize()} mode, {{total}} multiplications:", total=order.total)
    yield Sentence(told)
    rows = (
        (_sizes(one.left), _sizes(one.right), _sizes(one.result), Value(one.count)) for one in order.steps
    )
    yield from table(("Left", "Right", "Result", "Multiplications"), rows, len(order.steps))


def _sizes(factor: Factor) -> str:
    """A factor by its shape; a product has no name of its own."""
    shape, names = show_shape(factor.shape), factor.label.split(", ")
    if not factor.label or ")(" in factor.label:
        return shape
    return f"∂{names[0]}/∂{names[1]}, {shape}" if len(names) == 2 else f"{factor.label}, {shape}"


# ---------------------------------------------------------------------------------------- indexed notation


@face.register
def _equality(line: Equality) -> View:
    return View("in indices", [Formulas((_line(line),))], notation=Notation(capitals=frozenset()))


def _line(line: Equality) -> Equation:
    return equation(line.left, *line.sides)


@face.register
def _indexed_derivative(derivative: IndexedDerivative) -> View:
    steps = _with_conditions([derivative.line])
    return View("in indices", steps, notation=Notation(capitals=frozenset()))


@face.register
def _indexed_derivation(indexed: IndexedDerivation) -> View:
    derivation = indexed.derivation
    headline = f"{derivation.output.name} by {listing(symbol.name for symbol in derivation.wrt)}"
    notation = Notation(capitals=indexed.capitals)
    return View(headline, _of_indexed(indexed), derivation.conventions, notation)


def _of_indexed(indexed: IndexedDerivation) -> Iterator[Step]:
    yield from headed("Forward pass:", map(_line, indexed.nodes.values()), len(indexed.nodes))
    deltas = [one.line for one in indexed.deltas.values()]
    gradients = [one.line for one in indexed.gradients.values()]
    yield from headed("Deltas, from the output back:", map(_line, deltas), len(deltas))
    yield from headed("Gradients:", map(_line, gradients), len(gradients))
    yield from _conditions([*deltas, *gradients])


@face.register
def _general_layer(layer: GeneralLayer) -> View:
    return View("any layer", _with_conditions(layer.lines), notation=Notation(capitals=frozenset()))


def _with_conditions(lines: Iterable[Equality]) -> Iterator[Step]:
    every = list(lines)
    yield Formulas(tuple(map(_line, every)))
    yield from _conditions(every)


def _conditions(lines: Iterable[Equality]) -> Iterator[Step]:
    for condition in dict.fromkeys(line.condition for line in lines if line.condition is not None):
        yield Sentence(words("The last form holds where the targets add up to one:"))
        yield Formulas((equation(condition, S.One),))
