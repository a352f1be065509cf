"""`symbackprop draw`: every example in every format, and mistakes with their cures."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.commandline import done, refused, run
from tests.examples import EXAMPLES, Example, example, printed

GATES = "q = x + y; f = q*z"
AT = ("--at", "x=-2,y=5,z=-4")
OBESITY = str(example("obesity").spec)
TRAINED = [one for one in EXAMPLES if "train" in one.commands]


def words(svg: str) -> str:
    """The text of a drawing."""
    return "\n".join("".join(one.itertext()) for one in ElementTree.fromstring(svg).iter() if is_text(one))


def is_text(element: ElementTree.Element) -> bool:
    return element.tag.endswith("}text")


@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_every_example_is_drawn_as_svg(one: Example) -> None:
    root = ElementTree.fromstring(printed("draw", str(one.spec)))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert any(map(is_text, root.iter()))


@pytest.mark.parametrize("one", EXAMPLES, ids=str)
def test_every_example_is_drawn_in_tikz(one: Example) -> None:
    written = printed("draw", str(one.spec), "--format", "tikz")
    assert written.count("\\begin{tikzpicture}") == written.count("\\end{tikzpicture}") == 1


@pytest.mark.parametrize("form", ["svg", "tikz"])
@pytest.mark.parametrize("plot", ["losses", "gradients"])
@pytest.mark.parametrize("one", TRAINED, ids=str)
def test_every_training_is_plotted(one: Example, plot: str, form: str) -> None:
    written = printed("draw", str(one.spec), "--plot", plot, "--format", form)
    if form == "svg":
        assert "Loss" in words(written) or "Norm of the gradient" in words(written)
    else:
        assert written.startswith("\\begin{tikzpicture}")


def test_values_go_forward_and_derivatives_come_back() -> None:
    shown = words(printed("draw", GATES, *AT))
    for one in ("−12", "−4", "3", "5", "−2"):
        assert one in shown


def test_names_alone_are_drawn_where_there_are_no_numbers() -> None:
    assert not set("0123456789") & set(words(printed("draw", GATES, "--wrt", "x")).replace("= 1", ""))


def test_partials_are_drawn_on_request() -> None:
    plain, more = (printed("draw", GATES, *AT, "--format", "dot", *one) for one in ((), ("--partials",)))
    assert "∂q/∂x = 1" not in plain
    assert "∂q/∂x = 1" in more


def test_the_row_is_chosen() -> None:
    first, second = (printed("draw", OBESITY, "--format", "mermaid", "--example", row) for row in ("1", "2"))
    assert first != second


def test_a_network_of_scalars_is_drawn_by_its_neurons_and_by_its_layers() -> None:
    neurons = printed("draw", OBESITY, "--format", "mermaid")
    assert neurons == printed("draw", OBESITY, "--format", "mermaid", "--view", "neurons")
    layers = printed("draw", OBESITY, "--format", "mermaid", "--view", "layers")
    assert 0 < layers.count("-->") < neurons.count("-->")


def test_arrays_are_drawn_in_components_where_that_is_asked_for() -> None:
    spec = str(example("task3").spec)
    refused(run("draw", spec, "--view", "neurons"), "neurons", "--notation component")
    done(run("draw", spec, "--view", "neurons", "--notation", "component", "--format", "dot"))


def test_expressions_of_arrays_and_elementary_operations_are_drawn() -> None:
    done(run("draw", "y = W @ x; L = sum(y**2)", "--shapes", "W=2*3,x=3", "--format", "dot"))
    finer = printed("draw", "f = (x + y)*z", "--granularity", "operations", "--format", "dot")
    assert finer.count("shape=circle") == 2


def test_steps_and_digits_and_the_comma_reach_a_plot() -> None:
    svg = printed("draw", OBESITY, "--plot", "losses", "--steps", "7", "--digits", "3", "--decimal", "comma")
    assert "7: 0,24" in svg or "7: 0,25" in svg


def test_a_drawing_goes_into_a_file(tmp_path: Path) -> None:
    place = tmp_path / "a.svg"
    outcome = run("draw", GATES, "--output", place)
    assert (outcome.status, outcome.out) == (0, "")
    ElementTree.fromstring(place.read_text(encoding="utf-8"))


def test_a_spec_or_an_expression_is_read_from_standard_input() -> None:
    done(run("draw", "-", "--format", "dot", typed=GATES))
    spec = example("chain").spec.read_text(encoding="utf-8")
    done(run("draw", "-", "--plot", "gradients", typed=spec))


# -------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((GATES, "--view", "neuron"), ("--view neuron", "operations, neurons, layers", "neurons")),
        ((GATES, "--format", "png"), ("--format png", "svg, tikz, dot, mermaid")),
        ((GATES, "--view", "neurons"), ("--view", "operations")),
        ((OBESITY, "--plot", "loss"), ("--plot loss", "losses")),
        (
            (OBESITY, "--plot", "losses", "--view", "neurons"),
            ("--plot losses --view neurons", "two pictures"),
        ),
        ((OBESITY, "--plot", "losses", "--partials"), ("--partials",)),
        ((OBESITY, "--partials"), ("local partials", "neurons", "--view operations")),
        ((OBESITY, "--plot", "losses", "--example", "2"), ("--example 2",)),
        ((OBESITY, "--plot", "losses", "--format", "mermaid"), ("mermaid", "svg, tikz")),
        ((OBESITY, "--steps", "3"), ("--steps 3", "--plot losses")),
        ((str(example("minimal").spec), "--plot", "losses"), ("[training]",)),
        ((GATES, "--plot", "losses"), ("[training]",)),
        ((GATES, "--at", "x=1"), ("no value for", "y=…")),
        ((GATES, "--wrt", "w"), ("no node 'w'",)),
        ((GATES, "--notation", "matrix"), ("--notation matrix",)),
    ],
)
def test_a_mistake_is_told_with_its_cure(arguments: tuple[str, ...], says: tuple[str, ...]) -> None:
    refused(run("draw", *arguments), *says)


def test_without_graphviz_the_operations_are_still_written_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    refused(run("draw", GATES), "symbackprop[draw]")
    for form in ("dot", "mermaid"):
        done(run("draw", GATES, "--format", form))
    done(run("draw", OBESITY, "--view", "neurons"))
