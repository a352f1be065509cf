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

from importlib import import_module
from typing import TYPE_CHECKING, Any

from symbackprop import shown

# These two bear the names of their modules, which would be found in their places.
from symbackprop.forward import cost, forward
from symbackprop.load import load, loads

if TYPE_CHECKING:
    from symbackprop.analysis.chain_cost import chain_cost, cost_of_gradient
    from symbackprop.analysis.jacobian import jacobian
    from symbackprop.analysis.optimum import solve_for_optimum
    from symbackprop.analysis.second_order import hessian, hvp
    from symbackprop.check.verify import Verdict, verify
    from symbackprop.components import to_components
    from symbackprop.conventions import Conventions
    from symbackprop.derivation import Contribution, Delta, Derivation, Gradient
    from symbackprop.errors import Mistake, Mistakes
    from symbackprop.exporting.table import export
    from symbackprop.fitting.fit import Fit, fit
    from symbackprop.graph import Graph, Node, Role
    from symbackprop.indexed.derivation import indexed_derivation
    from symbackprop.indexed.general_layer import general_layer
    from symbackprop.models.onnx_model import from_onnx
    from symbackprop.models.torch_model import from_torch
    from symbackprop.numeric.compiled import Compiled, Evaluation, compile
    from symbackprop.numeric.train import Trace, train
    from symbackprop.problem import Problem, Training
    from symbackprop.sweep import backprop

__version__ = "0.1.0"

_LATER = {
    "analysis.chain_cost": ("chain_cost", "cost_of_gradient"),
    "analysis.jacobian": ("jacobian",),
    "analysis.optimum": ("solve_for_optimum",),
    "analysis.second_order": ("hessian", "hvp"),
    "check.verify": ("Verdict", "verify"),
    "components": ("to_components",),
    "conventions": ("Conventions",),
    "derivation": ("Contribution", "Delta", "Derivation", "Gradient"),
    "errors": ("Mistake", "Mistakes"),
    "exporting.table": ("export",),
    "fitting.fit": ("Fit", "fit"),
    "graph": ("Graph", "Node", "Role"),
    "indexed.derivation": ("indexed_derivation",),
    "indexed.general_layer": ("general_layer",),
    "models.onnx_model": ("from_onnx",),
    "models.torch_model": ("from_torch",),
    "numeric.compiled": ("Compiled", "Evaluation", "compile"),
    "numeric.train": ("Trace", "train"),
    "problem": ("Problem", "Training"),
    "sweep": ("backprop",),
}
"""What is imported when it is asked for, by its module."""

_HOME = {name: f"symbackprop.{module}" for module, names in _LATER.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault(name, getattr(import_module(_HOME[name]), name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


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
    "Fit",
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
    "export",
    "fit",
    "forward",
    "from_onnx",
    "from_torch",
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
