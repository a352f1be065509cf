"""Backpropagation derived on paper, by machine.

>>> import symbackprop as sb
>>> graph = sb.Graph.from_equations("q = x + y; f = q*z", parameters=["x", "y", "z"])
>>> derivation = sb.backprop(graph)
>>> derivation.gradients["z"].expression
q
>>> result = sb.compile(derivation)({"x": -2, "y": 5, "z": -4})
>>> float(result.gradients["x"])
-4.0
"""

from typing import Any

from symbackprop import shown
from symbackprop.analysis.chain_cost import chain_cost, cost_of_gradient
from symbackprop.analysis.jacobian import jacobian
from symbackprop.analysis.optimum import solve_for_optimum
from symbackprop.analysis.second_order import hessian, hvp
from symbackprop.components import to_components
from symbackprop.conventions import Conventions
from symbackprop.derivation import Contribution, Delta, Derivation, Gradient
from symbackprop.errors import Mistake, Mistakes
from symbackprop.forward import cost, forward
from symbackprop.graph import Graph, Node, Role
from symbackprop.indexed.derivation import indexed_derivation
from symbackprop.indexed.general_layer import general_layer
from symbackprop.load import load, loads
from symbackprop.numeric.compiled import Compiled, Evaluation, compile
from symbackprop.numeric.train import Trace, train
from symbackprop.problem import Problem, Training
from symbackprop.sweep import backprop

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """What is rarely asked for is imported when it is."""
    if name in ("Verdict", "verify"):
        from symbackprop.check import verify as module

        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _register_faces() -> None:
    from symbackprop.notebook import beyond, model, numbers, verdicts  # noqa: F401  (importing them registers)


shown.register_later(_register_faces)

__all__ = [
    "Compiled",
    "Contribution",
    "Conventions",
    "Delta",
    "Derivation",
    "Evaluation",
    "Gradient",
    "Graph",
    "Mistake",
    "Mistakes",
    "Node",
    "Problem",
    "Role",
    "Trace",
    "Training",
    "Verdict",
    "backprop",
    "chain_cost",
    "compile",
    "cost",
    "cost_of_gradient",
    "forward",
    "general_layer",
    "hessian",
    "hvp",
    "indexed_derivation",
    "jacobian",
    "load",
    "loads",
    "solve_for_optimum",
    "to_components",
    "train",
    "verify",
]
