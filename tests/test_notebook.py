"""What objects show in a notebook: the bundle of every public one, and the tour with its outputs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from sympy import Symbol

import symbackprop as sb
from symbackprop.solution.derive import solve
from symbackprop.solution.training import solve_training
from tests.examples import FOLDER, example

TOUR = FOLDER / "tour.ipynb"
KINDS = {"text/plain", "text/html", "text/latex"}
LONGEST_LINE = 1000
"""Characters of a representation in plain text that one still reads."""

IMAGE = "data:image/svg+xml;base64,"

HOSTILE = "<script>alert(1)</script> \"quoted\" 'twice' & {braces} \\input{x} \u202e"


# ------------------------------------------------------------------------------------------ what there is


def scalars() -> sb.Graph:
    return sb.Graph.from_equations("a = x*y; b = a + x; f = a*b", parameters=["x", "y"])


def arrays() -> sb.Graph:
    shapes = {"X": ("n", 3), "W": (3, 2), "b": (2,), "Y": ("n", 2)}
    text = "Z = X @ W + b; P = softmax(Z); L = -sum(Y*log(P))/n"
    return sb.Graph.from_equations(text, shapes=shapes, parameters=["W", "b"])


def vectors() -> sb.Graph:
    shapes = {"W": (3, 2), "V": (2, 3), "x": (2,)}
    return sb.Graph.from_equations("z = W @ x; h = tanh(z); u = V @ h; L = sum(u**2)", shapes=shapes)


def ridge() -> sb.Graph:
    shapes = {"X": ("n", "d"), "w": ("d",), "y": ("n",)}
    text = "J = sum((X @ w - y)**2) + lambda*sum(w**2)"
    return sb.Graph.from_equations(text, shapes=shapes, parameters=["w"])


def obesity() -> sb.Problem:
    return sb.load(example("obesity").spec)


def trace() -> sb.Trace:
    return sb.train(obesity(), steps=3)


def derivation() -> sb.Derivation:
    return sb.backprop(scalars())


def of_arrays() -> sb.Derivation:
    return sb.backprop(arrays())


def batch() -> dict[str, Any]:
    return {"X": np.arange(12.0).reshape(4, 3) / 10, "W": np.ones((3, 2)), "b": [0, 1], "Y": [[1, 0]] * 4}


def wide() -> sb.Graph:
    """More nodes, deltas and gradients than are shown."""
    lines = [f"z_{i} = tanh(w_{i}*z_{i - 1})" for i in range(1, 60)]
    return sb.Graph.from_equations("; ".join(lines), parameters=[f"w_{i}" for i in range(1, 60)])


def indexed() -> Any:
    return sb.indexed_derivation(of_arrays())


MAKERS: dict[str, Callable[[], Any]] = {
    "Graph": scalars,
    "Graph of arrays": arrays,
    "to_components": lambda: sb.to_components(vectors()),
    "Node": lambda: scalars()["b"],
    "Node that is given": lambda: scalars()["x"],
    "Node of arrays": lambda: arrays()["Z"],
    "Graph that is wide": wide,
    "backprop": derivation,
    "Derivation": of_arrays,
    "Derivation that is wide": lambda: sb.backprop(wide()),
    "Gradient": lambda: derivation().gradients["x"],
    "Gradient of arrays": lambda: of_arrays().gradients["W"],
    "Delta": lambda: derivation().deltas["a"],
    "Delta of the output": lambda: derivation().deltas["f"],
    "Delta of arrays": lambda: of_arrays().deltas["P"],
    "Contribution": lambda: derivation().deltas["a"].contributions[0],
    "Contribution of arrays": lambda: of_arrays().gradients["W"].contributions[0],
    "Path": lambda: next(derivation().gradients["x"].paths()),
    "Conventions": sb.Conventions,
    "Problem": obesity,
    "load": lambda: sb.load(example("softmax-mlp").spec),
    "loads": lambda: sb.loads('[graph]\nequations = "f = x*y"\n\n[parameters]\nx = 2\ny = 3\n'),
    "Training": lambda: obesity().training,
    "Trace": trace,
    "train": lambda: sb.train(sb.load(example("homework").spec)),
    "train on arrays": lambda: sb.train(sb.load(example("minibatch-sgd").spec)),
    "Fit": lambda: sb.fit(sb.load(example("obesity").spec), steps=30),
    "fit": lambda: sb.fit(sb.load(example("minibatch-sgd").spec)),
    "Iteration": lambda: trace().iterations[0],
    "Losses": lambda: trace().losses,
    "Compiled": lambda: sb.compile(derivation()),
    "compile": lambda: sb.compile(of_arrays()),
    "Evaluation": lambda: sb.compile(derivation())({"x": 2, "y": 3}),
    "Evaluation of a batch": lambda: sb.compile(derivation())({"x": [2, 1e-7], "y": 3}),
    "Evaluation of arrays": lambda: sb.compile(of_arrays())(batch()),
    "jacobian": lambda: sb.jacobian(vectors(), "u", "x", chain=True),
    "hessian": lambda: sb.hessian(ridge(), "w"),
    "hvp": lambda: sb.hvp(ridge(), "w"),
    "solve_for_optimum": lambda: sb.solve_for_optimum(ridge(), "w"),
    "forward": lambda: sb.forward(derivation(), Symbol("x")),
    "Tangent": lambda: sb.forward(derivation(), Symbol("x"))["f"],
    "cost": lambda: sb.cost(derivation()),
    "chain_cost": lambda: sb.chain_cost(sb.cost_of_gradient(sb.backprop(vectors()), "x").factors),
    "cost_of_gradient": lambda: sb.cost_of_gradient(sb.backprop(vectors()), "x"),
    "Order": lambda: sb.cost_of_gradient(sb.backprop(vectors()), "x").reverse,
    "indexed_derivation": indexed,
    "IndexedDerivative": lambda: indexed().gradients["W"],
    "Equality": lambda: indexed().nodes["Z"],
    "general_layer": lambda: sb.general_layer("tanh", "mse"),
    "Verdict": lambda: sb.verify(derivation(), "x", "x - y"),
    "verify": lambda: sb.verify(sb.backprop(ridge()), "w", "w"),
    "Solution": lambda: solve(obesity(), sb.backprop(obesity().graph)),
    "Solution of a training": lambda: solve_training(trace()),
}

WITHOUT = {"Mistake", "Mistakes", "Role", "export", "from_onnx", "from_torch"}
"""Exceptions show their message, a role is a word, files are text, and what a model becomes is a problem."""


@cache
def made(name: str) -> Any:
    return MAKERS[name]()


@cache
def bundle(name: str) -> dict[str, str]:
    shown: dict[str, str] = made(name)._repr_mimebundle_()
    return shown


def test_everything_that_is_public_is_shown_here() -> None:
    assert set(sb.__all__) - WITHOUT <= set(MAKERS)
    classes = {type(made(name)) for name in MAKERS}
    public = [getattr(sb, name) for name in sb.__all__]
    assert {one for one in public if inspect.isclass(one) and one.__name__ not in WITHOUT} <= classes


# ------------------------------------------------------------------------------------------ the bundle


class Strict(HTMLParser):
    """Checks that every element is closed in its turn, and gathers what a page must not have."""

    VOID = frozenset({"img", "br"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.said += data


def read(html: str) -> Strict:
    parser = Strict()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("name", MAKERS)
def test_a_bundle_has_every_format_and_no_none(name: str) -> None:
    found = bundle(name)
    assert set(found) == KINDS
    assert all(isinstance(one, str) and one.strip() for one in found.values())
    assert "None" not in read(found["text/html"]).said
    assert "None" not in found["text/latex"]


@pytest.mark.parametrize("name", MAKERS)
def test_html_is_well_formed_and_runs_and_loads_nothing(name: str) -> None:
    html = bundle(name)["text/html"]
    for tag, attributes in read(html).elements:
        assert tag not in {"script", "iframe", "object", "link", "a", "form", "input"}
        assert "style" not in attributes
        assert not any(one.startswith("on") for one in attributes)
        assert (attributes.get("src") or "data:image/svg+xml;base64,").startswith(
            "data:image/svg+xml;base64,"
        )
        if tag == "th":
            assert attributes["scope"] in ("col", "row")
        if tag == "img":
            assert attributes["alt"]


@pytest.mark.parametrize("name", MAKERS)
def test_rows_of_a_table_are_as_long_as_its_head(name: str) -> None:
    html = bundle(name)["text/html"]
    parts = html.split("<table>")[1:]
    for part in parts:
        table = ElementTree.fromstring("<table>" + part.partition("</table>")[0] + "</table>")
        lengths = {len(row) for row in table.iter("tr")}
        assert len(lengths) == 1


@pytest.mark.parametrize("name", MAKERS)
def test_latex_is_in_balance_and_text_is_short(name: str) -> None:
    latex = bundle(name)["text/latex"]
    assert latex.count("$") % 2 == 0
    bare = latex.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    assert bare.count(r"\begin{") == bare.count(r"\end{")
    text = bundle(name)["text/plain"]
    assert "\n" not in text
    assert len(text) < LONGEST_LINE


@pytest.mark.parametrize("name", ["Graph", "Conventions", "Trace", "forward"])
def test_only_what_is_asked_for_is_in_a_bundle(name: str) -> None:
    thing = made(name)
    assert set(thing._repr_mimebundle_(include={"text/html"})) == {"text/html"}
    assert set(thing._repr_mimebundle_(exclude=["text/latex"])) == KINDS - {"text/latex"}
    assert set(thing._repr_mimebundle_(include=KINDS, exclude=KINDS)) == set()
    assert set(thing._repr_mimebundle_(None, None)) == KINDS


def test_plain_text_is_the_representation() -> None:
    assert bundle("Graph")["text/plain"] == repr(made("Graph")) == "<Graph: 5 nodes, output f>"
    assert repr(made("Gradient")) == f"<Gradient: {made('Gradient').text()}>"
    assert repr(made("Trace")).startswith("<Trace: 3 updates, mean loss 0.250")


def test_formulas_are_those_of_the_objects() -> None:
    gradient = derivation().gradients["y"]
    assert gradient.latex().replace(" = ", " & = ", 1) in bundle("backprop")["text/latex"]


def test_numbers_follow_the_rule_for_numbers() -> None:
    """x = 2, y = 3: a = 6, b = 8, f = 48, ∂f/∂y = 2 (8 + 6); and 1e-7 with an exponent."""
    said = bundle("Evaluation")["text/html"]
    for value in (6, 8, 48, 28):
        assert f'<td class="number">{value}</td>' in said
    assert "10" in bundle("Evaluation of a batch")["text/html"]


def test_what_is_long_is_cut_and_says_by_how_much() -> None:
    """59 equations of 60 given names make 119 nodes, of which 40 are shown."""
    assert "… and 79 more." in bundle("Graph that is wide")["text/html"]
    assert "… and 19 more." in bundle("Derivation that is wide")["text/html"]


def test_a_long_training_shows_its_last_state() -> None:
    long = sb.train(obesity(), steps=60)
    html = long._repr_mimebundle_()["text/html"]
    assert "… and 21 more." in html
    assert '<th scope="row" class="number">60</th>' in html


# ------------------------------------------------------------------------------------------ hostile words


@cache
def hostile() -> dict[str, Any]:
    """Objects whose titles and names are those of an attacker."""
    title = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("\u202e", "\\u202e")
    spec = f"""
title = "{title}"

[graph]
equations = "f = x*w"

[parameters]
w = 2

[training]
learning_rate = 0.5
steps = 2

[data]
columns = ["x"]
rows = [[1], [3]]
"""
    problem = sb.loads(spec)
    name, output = Symbol("<b>'x\"&"), Symbol("f")
    graph = sb.Graph((sb.Node(name, role=sb.Role.INPUT), sb.Node(output, name * 2)), output)
    derivation = sb.backprop(graph)
    return {
        "problem": problem,
        "solution": solve(problem, sb.backprop(problem.graph)),
        "node": sb.Node(Symbol("<script>alert(1)</script>"), name * output),
        "graph": graph,
        "derivation": derivation,
        "compiled": sb.compile(derivation),
        "evaluation": sb.compile(derivation)({str(name): 1}),
    }


ATTACKED = ("problem", "solution", "node", "graph", "derivation", "compiled", "evaluation")


@pytest.mark.parametrize("name", ATTACKED)
def test_hostile_words_are_words(name: str) -> None:
    found = hostile()[name]._repr_mimebundle_()
    assert not {tag for tag, _ in read(found["text/html"]).elements} & {"script", "b"}
    assert "\u202e" not in found["text/html"]
    assert r"\input" not in found["text/latex"].replace(r"\textbackslash{}input", "")


@pytest.mark.parametrize("latex", [*MAKERS, *(f"attacked {name}" for name in ATTACKED)])
def test_words_between_formulas_have_nothing_that_mathjax_leaves_as_it_is(latex: str) -> None:
    """It knows no commands there, and a document none of the signs that steer it."""
    own = latex.removeprefix("attacked ")
    shown = bundle(own)["text/latex"] if own == latex else hostile()[own]._repr_mimebundle_()["text/latex"]
    assert set(re.findall(r"\\text[a-z]+", shown)) <= {r"\textbf"}
    for paragraph in shown.replace(r"\$", "").split("\n\n"):
        if not paragraph.startswith("$$ "):
            bare = paragraph.removeprefix(r"$\textbf{").removesuffix("}$")
            assert not set("".join(bare.split("$")[::2])) & set("\\{}#%&_^~<>")


def test_hostile_words_between_formulas_are_formulas() -> None:
    latex = hostile()["problem"]._repr_mimebundle_()["text/latex"]
    heading, _, _ = latex.partition("\n\n")
    assert heading.startswith(r"$\textbf{$<$script$>$alert(1)$<$/script$>$")
    assert r"$\&$ $\{$braces$\}$ $\backslash$input$\{$x$\}$" in heading


def test_a_title_is_shown_as_it_was_written() -> None:
    html = hostile()["problem"]._repr_mimebundle_()["text/html"]
    assert HOSTILE.removesuffix("\u202e") in read(html).said


# ------------------------------------------------------------------------------------------ the tour


def tour() -> Any:
    """The notebook as it is committed."""
    return nbformat.read(TOUR, as_version=4)  # type: ignore[no-untyped-call]


def executed(notebook: Any, folder: Path) -> Any:
    """The notebook with the outputs of this version, and nothing of this machine."""
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(folder)}}
    )
    client.record_timing = False
    client.execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


@pytest.fixture
def _quiet_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the user's own settings, and no advice on them."""
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))


@pytest.mark.usefixtures("_quiet_kernel")
def test_the_tour_runs_and_its_outputs_are_those_of_this_version(update: bool) -> None:
    committed, found = tour(), executed(tour(), FOLDER)
    nbformat.validate(found)
    if update:
        nbformat.write(found, TOUR)  # type: ignore[no-untyped-call]
        return
    assert found.metadata == committed.metadata
    for mine, its in zip(found.cells, committed.cells, strict=True):
        assert mine == its, its.id


def outputs() -> list[dict[str, str]]:
    return [one.data for cell in tour().cells if cell.cell_type == "code" for one in cell.outputs]


def test_an_exported_page_of_the_tour_shows_formulas_without_a_script() -> None:
    pages = [one["text/html"] for one in outputs() if "text/html" in one]
    assert len(pages) > 10
    for page in pages:
        assert {tag for tag, _ in read(page).elements} & {"math", "table"}
    assert sum("<math" in page for page in pages) > 10


def test_the_tour_has_nothing_of_a_machine() -> None:
    text = TOUR.read_text(encoding="utf-8")
    for mark in (str(FOLDER.parent), "/home/", "/root", "/tmp", "iopub", "object at 0x", "collapsed"):
        assert mark not in text


def test_what_shows_objects_is_imported_when_the_first_is_shown() -> None:
    """A command line, or a script that prints formulas, does not wait for drawings and MathML."""
    program = """
import sys
import symbackprop as sb
def count():
    slow = ("symbackprop.notebook.", "symbackprop.drawings.", "math_core")
    return len([one for one in sys.modules if one.startswith(slow)])
graph = sb.Graph.from_equations("f = x*y", parameters=["x", "y"])
before = count()
print(before, repr(graph), count() > 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "0 <Graph: 3 nodes, output f> True\n"
