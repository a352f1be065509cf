"""Problems, derivations and numbers to draw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from symbackprop.content import Environment
from symbackprop.derivation import Derivation
from symbackprop.diagrams.model import Diagram, Label, View
from symbackprop.diagrams.views import diagram
from symbackprop.graph import Graph
from symbackprop.load import load, loads
from symbackprop.numeric.compiled import as_floats, compile
from symbackprop.problem import Problem
from symbackprop.solution.lines import environment
from symbackprop.solution.steps import Notation
from symbackprop.sweep import backprop
from tests.examples import FOLDER

SCALARS = ("gates", "logistic-neuron", "homework", "branch", "chain", "max-gate", "composition", "exercise1")
"""Examples that are graphs of numbers."""

NETWORKS = ("obesity", "regularised-cost")
ARRAYS = ("softmax-mlp", "attention", "rnn", "layer-norm")


@dataclass(frozen=True)
class Case:
    """A problem with its derivation and its numbers."""

    problem: Problem
    derivation: Derivation
    values: Environment

    @property
    def graph(self) -> Graph:
        return self.problem.graph

    @property
    def notation(self) -> Notation:
        return Notation(self.derivation.shapes)

    def drawn(self, view: View | None = None, *, numbers: bool = True, partials: bool = False) -> Diagram:
        values = self.values if numbers else None
        return diagram(self.problem, self.derivation, values, view=view, partials=partials)


def case(problem: Problem, given: dict[str, float] | None = None) -> Case:
    """With the numbers of the first example, or with those that are given."""
    derivation = backprop(problem.graph, conventions=problem.conventions)
    values = problem.at(problem.first_example) if given is None else given
    evaluation = compile(derivation)(as_floats(values))
    return Case(problem, derivation, environment(problem, derivation, evaluation, scope="pass 1.0"))


@cache
def example(name: str) -> Case:
    """A folder of `examples/`."""
    return case(load(Path(FOLDER) / name / f"{name}.toml"))


@cache
def network(*widths: int) -> Case:
    """A network of these widths, its numbers of many digits and both signs."""
    spec = f'[network]\nlayers = {list(widths)}\nactivation = "tanh"\n[loss]\nname = "mse"\n'
    problem = loads('title = "A network"\n' + spec)
    given = {
        name: (-1) ** place * 0.9 / (place + 1.7) ** (3 if place % 4 == 0 else 1)
        for place, name in enumerate(problem.names)
    }
    return case(problem, given)


@st.composite
def graphs(draw: st.DrawFn) -> Case:
    """A graph of sums and products, each of any two names before it."""
    names = ["x", "y", "z"]
    equations = []
    for place in range(draw(st.integers(1, 9))):
        left, right = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        sign = draw(
            st.sampled_from(["{} + {}", "{} * {}", "maximum({}, {})", "exp({}/100) + {}", "{} * {} + 1"])
        )
        equations.append(f"q_{place} = {sign.format(left, right)}")
        names.append(f"q_{place}")
    graph = Graph.from_equations("\n".join(equations), inputs=["x", "y", "z"])
    return case(Problem(graph, title="A graph"), {"x": 0.25, "y": -0.5, "z": 1e-5})


def labels(drawing: Diagram) -> list[Label]:
    """All labels of a drawing."""
    found = [line for box in drawing.boxes for line in box.lines]
    return found + [label for arrow in drawing.arrows for label in (*arrow.above, *arrow.below)]
