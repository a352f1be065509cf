"""Two linear layers in a row are one linear layer; a function between them keeps them apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Symbol

import symbackprop as sb
from symbackprop.analysis.linear_maps import Affine, affine
from symbackprop.arrays.matrices import printer_for
from symbackprop.notation.printer import Printer
from symbackprop.notation.unicode import UNICODE

AT = {
    "W": np.array([[1.0, 2.0, -1.0], [0.0, 1.0, 3.0]]),
    "b": np.array([1.0, -2.0]),
    "w": np.array([2.0, -1.0]),
    "c": np.array(0.5),
    "x": np.array([1.0, -1.0, 2.0]),
}

MATRICES = sb.Graph.from_equations(
    "h = W_1 @ x + b_1; f = W_2 @ h + b_2",
    shapes={"x": ("d",), "W_1": ("m", "d"), "b_1": ("m",), "W_2": ("k", "m"), "b_2": ("k",)},
    parameters=["x"],
)


def network(equations: str, *names: str) -> sb.Graph:
    """A graph of these of the given values."""
    shapes = {name: AT[name].shape for name in names}
    return sb.Graph.from_equations(equations, shapes=shapes, parameters=names)


LAYERS = network("h = W @ x + b; f = w @ h + c", "x", "W", "b", "w", "c")
MLP = {name: network(f"h = {name}(W @ x); f = w @ h", "x", "W", "w") for name in ("tanh", "relu")}


def collapsed(graph: sb.Graph) -> Affine:
    """The hidden layer put into the output, as a matrix times x and the rest."""
    hidden, output = graph["h"].expression, graph["f"].expression
    assert hidden is not None
    assert output is not None
    return affine(output.xreplace({Symbol("h"): hidden}), Symbol("x"), graph.shapes())


def run(graph: sb.Graph, **values: Any) -> sb.Evaluation:
    """The numbers of a graph at `AT`."""
    given = {node.name: values.get(node.name, AT[node.name]) for node in graph.given}
    return sb.compile(sb.backprop(graph))(given)


def figures() -> dict[str, Any]:
    """Every number that is printed."""
    layers = run(LAYERS)
    weight = layers.gradients["x"]
    bias = run(LAYERS, x=np.zeros(3)).values["f"]
    step = sb.compile(sb.backprop(sb.Graph.from_equations("f = step(x)")))
    return {
        "two_layer": float(layers.values["f"]),
        "collapsed_w": weight.tolist(),
        "collapsed_bias": float(bias),
        "collapsed": float(weight @ AT["x"] + bias),
        "mlp": {name: float(run(graph).values["f"]) for name, graph in MLP.items()},
        "step": {at: float(step({"x": at}).values["f"]) for at in (-1, 0, 1)},
    }


def printer(graph: sb.Graph) -> Printer:
    """How the formulas of a graph are printed."""
    return printer_for(UNICODE, sb.Conventions(), graph.shapes())


def main() -> None:
    """Print the formulas and the numbers."""
    show, one = printer(MATRICES), collapsed(MATRICES)
    print("Two linear layers")
    for node in MATRICES.inner:
        print(f"  {show(node.symbol)} = {show(node.expression)}")
    print("are one, f = W x + b, with")
    print(f"  W = {show(one.matrix)}")
    print(f"  b = {show(one.rest)}")

    show, one = printer(LAYERS), collapsed(LAYERS)
    print("\nWith one output, f = wᵀ h + c, the weights of x are")
    print(f"  {show(one.matrix)}, and the bias is {show(one.rest)}")

    found = figures()
    print(f"\nAt W = {AT['W'].tolist()}, b = {AT['b'].tolist()}, w = {AT['w'].tolist()}, c = 0.5")
    print(f"  weights {found['collapsed_w']}, bias {found['collapsed_bias']}")
    print(f"and at x = {AT['x'].tolist()}")
    print(f"  two layers {found['two_layer']}, one layer {found['collapsed']}")

    print("\nA function between the layers keeps them apart: the slope then depends on x")
    for name, graph in MLP.items():
        show, slope = printer(graph), sb.backprop(graph, wrt=["x"]).gradients["x"]
        print(f"  {name}: f = {found['mlp'][name]:.12f}, {show(slope.symbol)} = {show(slope.expression)}")
    print(f"\nThe step of McCulloch and Pitts at -1, 0, 1: {list(found['step'].values())}")


if __name__ == "__main__":
    main()
