"""The live sheet: in the browser every number of every solution, before and after a change, is Python's."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import Rational, Symbol

from symbackprop.content import Environment, Source, Substituted, Text, Value
from symbackprop.conventions import Conventions
from symbackprop.derivation import Derivation
from symbackprop.expressions import Quotient
from symbackprop.graph import Graph
from symbackprop.live import sheet as sheet_module
from symbackprop.live.sheet import LiveSheet, live_sheet
from symbackprop.load import load, loads
from symbackprop.notation.numbers import number_format
from symbackprop.numeric.compiled import as_floats, compile
from symbackprop.numeric.train import Trace, train
from symbackprop.problem import Problem, Training
from symbackprop.renotate import in_components
from symbackprop.slots import slot
from symbackprop.solution.derive import solve
from symbackprop.solution.steps import Solution
from symbackprop.solution.training import solve_training
from symbackprop.sweep import backprop
from tests.browser import LIVE, Visit, script
from tests.examples import EXAMPLES, NETWORKS, Example, example

NEAR = 1e-12


@dataclass
class Case:
    """A solution with its live sheet."""

    problem: Problem
    derivation: Derivation
    solution: Solution
    sheet: LiveSheet


def derived(problem: Problem, row: int | None = None) -> Case | None:
    """The derivation of a problem with numbers, as the command line makes it."""
    derivation = backprop(problem.graph, conventions=problem.conventions)
    batch: Sequence[int] = ()
    if problem.data and problem.arrays and row is None:
        batch = problem.first_batch
        values = {**problem.values, **problem.given(batch)}
    elif problem.data:
        row = row or problem.first_example
        values = problem.at(row)
    else:
        values = dict(problem.values)
    sheet = live_sheet(problem, derivation, example=row, batch=batch)
    if any(name not in values for name in problem.names):
        assert sheet is None
        return None
    evaluation = compile(derivation)(as_floats(values))
    solution = solve(problem, derivation, evaluation=evaluation, example=row, batch=batch, pictures=True)
    assert sheet is not None
    return Case(problem, derivation, solution, sheet)


def trained(problem: Problem, steps: int | None = None) -> Case:
    trace = train(problem, steps=steps)
    sheet = live_sheet(problem, trace.derivation, trace=trace)
    assert sheet is not None
    return Case(problem, trace.derivation, solve_training(trace, pictures=True), sheet)


def sources(part: Any) -> Iterator[tuple[Source, Any]]:
    """Every number with a source, in a solution or a part of one."""
    match part:
        case Value(number, source):
            if source is not None:
                yield source, number
        case Substituted(expression, values):
            for atom in sympy.preorder_traversal(expression):
                if atom in values:
                    yield from sources(values.value(atom))
        case Environment():
            return
        case str() | sympy.Basic():
            return
        case Text(_, fields, _):
            yield from sources(list(fields.values()))
        case tuple() | list():
            for one in part:
                yield from sources(one)
        case _ if hasattr(part, "__dataclass_fields__"):
            for name in part.__dataclass_fields__:
                yield from sources(getattr(part, name))


def opened(visit: Visit, sheet: LiveSheet) -> None:
    visit.scripts(*map(script, LIVE), sheet.script)
    visit.run("data => { window.sheet = createSheet(JSON.parse(data), program); }", json.dumps(sheet.data))


def shown(visit: Visit, solution: Solution, *, near: float = NEAR) -> int:
    """Every number of a solution, as the sheet has it; how many they are."""
    expected = {slot(source): number for source, number in sources(solution.steps)}
    found = visit.run("slots => slots.map(slot => sheet.get(slot))", list(expected))
    wrong = [
        (name, one, number)
        for (name, number), one in zip(expected.items(), found, strict=True)
        if not same(one, number, near)
    ]
    assert wrong == []
    return len(expected)


def same(found: Any, number: Any, near: float) -> bool:
    if found is None:
        return False
    expected = np.array(number, dtype=float)
    return np.shape(found) == expected.shape and np.allclose(found, expected, rtol=near, atol=near * 1e-3)


ALL = [(one, command) for one in EXAMPLES for command in one.commands]


@pytest.mark.parametrize(("one", "command"), ALL, ids=str)
def test_every_number_of_every_example_is_computed_in_the_page(
    one: Example, command: str, visit: Visit
) -> None:
    problem = load(one.spec)
    case = derived(problem) if command == "derive" else trained(problem)
    if case is None:
        return
    opened(visit, case.sheet)
    assert shown(visit, case.solution) > 0
    assert visit.run("() => sheet.trouble()") is None


@pytest.mark.parametrize("one", [one for one in EXAMPLES if one.is_array], ids=str)
def test_arrays_in_components_are_computed_in_the_page(one: Example, visit: Visit) -> None:
    case = derived(in_components(load(one.spec)))
    assert case is not None
    opened(visit, case.sheet)
    assert shown(visit, case.solution) > 0


ROWS_OF_ARRAYS = [one for one in EXAMPLES if one.is_array and "data" in one.toml]


@pytest.mark.parametrize("one", ROWS_OF_ARRAYS, ids=str)
def test_one_row_of_a_table_of_arrays_is_computed_in_the_page(one: Example, visit: Visit) -> None:
    problem = load(one.spec)
    case = derived(problem, len(problem.examples))
    assert case is not None
    opened(visit, case.sheet)
    assert shown(visit, case.solution) > 0


def changed(case: Case, visit: Visit, seed: str) -> Problem:
    """The problem after a change of every input, which is made in the page too."""
    chance = random.Random(seed)
    inputs = visit.run("() => sheet.inputs()")
    drawn = {
        one["id"]: str(Rational(str(one["value"])) * Rational(chance.randint(60, 140), 128))
        for one in inputs
        if one["group"] not in ("argument", "constant", "target") and one["name"] != "y"
    }
    numbers = {name: float(Rational(value)) for name, value in drawn.items()}
    assert visit.run("all => Object.entries(all).every(([id, n]) => sheet.set(id, n))", numbers)
    return with_numbers(case.problem, inputs, {name: Rational(value) for name, value in drawn.items()})


def with_numbers(
    problem: Problem, inputs: Sequence[Mapping[str, Any]], numbers: Mapping[str, Rational]
) -> Problem:
    values = {name: np.array(value, dtype=object) for name, value in problem.values.items()}
    rows = [dict(row) for row in problem.examples]
    training = problem.training
    settings = {"mu": "momentum", "lambda": "weight_decay"}
    if training is not None:
        settings[training.symbol] = "learning_rate"
    for one in inputs:
        if one["id"] not in numbers:
            continue
        number, name = numbers[one["id"]], one["name"]
        if one["group"] == "training":
            assert training is not None
            training = replace(training, **{settings.get(name, name): number})
        elif one["example"] is not None:
            rows[one["example"] - 1][name] = number
        else:
            values[name][tuple(one["index"])] = number
    data = replace(problem.data, examples=tuple(rows)) if problem.data else None
    plain = {name: value.tolist() if value.shape else value[()] for name, value in values.items()}
    return replace(problem, values=plain, data=data, training=training)


@pytest.mark.parametrize(("one", "command"), ALL, ids=str)
def test_after_changes_every_number_is_still_python_s(one: Example, command: str, visit: Visit) -> None:
    problem = load(one.spec)
    case = derived(problem) if command == "derive" else trained(problem)
    if case is None:
        return
    opened(visit, case.sheet)
    for seed in range(3):
        after = changed(case, visit, f"{one} {seed}")
        again = derived(after) if command == "derive" else trained(after)
        assert again is not None
        shown(visit, again.solution, near=1e-11)
    visit.run("() => sheet.reset()")
    shown(visit, case.solution)


OPTIMIZERS = {
    "momentum": "momentum = 0.9",
    "Nesterov": "momentum = 0.9\nnesterov = true",
    "decay": "weight_decay = 0.01",
    "Nesterov and decay": "momentum = 0.5\nnesterov = true\nweight_decay = 0.125",
    "Adam": 'optimizer = "adam"',
    "Adam and decay": 'optimizer = "adam"\nweight_decay = 0.01\nbeta_1 = 0.8\nepsilon = 0.001',
    "batches": "batch_size = 2",
    "sums of batches": "batch_size = 3  # sum",
    "order": "order = [3, 1, 1]",
    "shuffled": "shuffle = true\nseed = 4\nbatch_size = 2",
}

ROWS = "rows = [[0.5, 1.25, 0.25, 0.75], [-1, 0.5, 1, 0], [0.1, 0.2, 0.5, 0.5], [2, -3, 0, 1], [1, 1, 1, 0]]"


def spec(settings: str, conventions: str = "") -> str:
    text = NETWORKS["tanh"].replace("rows = [[0.5, 1.25, 0.25, 0.75]]", ROWS)
    text = text.replace("steps = 1", f"steps = 7\n{settings}")
    if "sum" in settings:
        text = text.replace("[loss]", '[loss]\nreduction = "sum"')
    return f"{text}\n[conventions]\n{conventions}"


@pytest.mark.parametrize("notation", ["component", "matrix"])
@pytest.mark.parametrize("settings", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_every_optimizer_trains_in_the_page_as_in_python(settings: str, notation: str, visit: Visit) -> None:
    case = trained(loads(spec(settings), notation=notation))
    opened(visit, case.sheet)
    assert shown(visit, case.solution) > 0
    after = changed(case, visit, settings)
    shown(visit, trained(after).solution, near=1e-11)


CONVENTIONS = {
    "the error with a minus": 'error_sign = "minus"',
    "by hand": 'carry = "rounded"\ndigits = 4',
    "half up": 'rounding = "half_up"\ndigits = 3\ncarry = "rounded"',
    "slopes in the argument": 'slopes = "argument"',
    "numerator layout": 'layout = "numerator"',
    "the factor in the delta": 'batch_factor = "delta"',
    "not collapsed": "collapse = false",
}


@pytest.mark.parametrize("notation", ["component", "matrix"])
@pytest.mark.parametrize("conventions", CONVENTIONS.values(), ids=CONVENTIONS)
@pytest.mark.parametrize("command", ["derive", "train"])
def test_every_convention_holds_in_the_page(
    conventions: str, notation: str, command: str, visit: Visit
) -> None:
    problem = loads(spec("batch_size = 2", conventions), notation=notation)
    if notation == "matrix" and "carry" in conventions:
        derivation = backprop(problem.graph, conventions=problem.conventions)
        assert live_sheet(problem, derivation, batch=problem.first_batch) is None
        return
    case = derived(problem) if command == "derive" else trained(problem)
    assert case is not None
    opened(visit, case.sheet)
    assert shown(visit, case.solution) > 0
    shown_as_printed(visit, case)


def shown_as_printed(visit: Visit, case: Case) -> None:
    """Every number stands in the page in the digits of the solution."""
    printed = number_format(case.problem.conventions)
    expected = {
        slot(source): printed(number)
        for source, number in sources(case.solution.steps)
        if not np.ndim(number)
    }
    found = visit.run("slots => slots.map(slot => sheet.text(slot))", list(expected))
    assert dict(zip(expected, found, strict=True)) == expected


@pytest.mark.parametrize("one", [one for one in EXAMPLES if not one.is_array], ids=str)
def test_every_number_stands_in_the_digits_of_the_solution(one: Example, visit: Visit) -> None:
    case = derived(load(one.spec))
    if case is None:
        return
    opened(visit, case.sheet)
    shown_as_printed(visit, case)


def test_a_pinned_argument_takes_the_place_of_what_is_computed(visit: Visit) -> None:
    graph = Graph.from_equations("z = w*x; a = sigmoid(z); L = (a - 1)**2", parameters=["w"])
    problem = Problem(graph, values={"w": Rational(2), "x": Rational(3)})
    derivation = backprop(graph)
    sheet = live_sheet(problem, derivation)
    assert sheet is not None
    opened(visit, sheet)
    visit.run("() => sheet.pin('z', -0.5)")
    a = 1 / (1 + np.exp(0.5))
    slope = 2 * (a - 1) * a * (1 - a) * 3
    gradient = slot(Source("pass 1.0", derivation.gradients["w"].symbol))
    assert visit.run("() => sheet.get('pass 1.0|z')") == -0.5
    assert visit.run("() => sheet.get('pass 1.0|a')") == pytest.approx(a, rel=1e-14)
    assert visit.run("slot => sheet.get(slot)", gradient) == pytest.approx(slope, rel=1e-14)
    visit.run("() => sheet.pin('z', null)")
    assert visit.run("() => sheet.get('pass 1.0|z')") == 6


def test_inputs_have_a_group_and_the_digits_that_were_typed(visit: Visit) -> None:
    case = trained(load(example("obesity").spec))
    opened(visit, case.sheet)
    inputs = visit.run("() => sheet.inputs()")
    assert {one["group"] for one in inputs} >= {"parameter", "input", "target", "training", "argument"}
    assert len({one["id"] for one in inputs}) == len(inputs)
    rate = next(one for one in inputs if one["group"] == "training")
    assert case.problem.training is not None
    assert Rational(rate["typed"]) == case.problem.training.learning_rate
    assert visit.run("id => sheet.set(id, 0.125)", rate["id"])
    assert visit.run("slot => sheet.text(slot)", f"training|{rate['name']}") == "0.125"


def test_what_is_not_finite_is_named_and_nothing_is_thrown(visit: Visit) -> None:
    graph = Graph.from_equations("u = log(w); L = u*x", parameters=["w"])
    problem = Problem(graph, values={"w": Rational(2), "x": Rational(3)})
    sheet = live_sheet(problem, backprop(graph))
    assert sheet is not None
    opened(visit, sheet)
    assert visit.run("() => sheet.trouble()") is None
    for value, problem_found in ((0, "infinite"), (-1, "nan")):
        visit.run("n => sheet.set('parameter w', n)", value)
        assert visit.run("() => sheet.trouble()") == {"slot": "pass 1.0|u", "problem": problem_found}
    assert visit.run("() => [sheet.set('parameter w', NaN), sheet.set('nothing', 1)]") == [False, False]
    assert visit.run("() => ['pass 9.0|u', 'pass 1.0|y', 'state 7|w', 'x'].map(sheet.get)") == [None] * 4
    visit.run("() => sheet.reset()")
    assert visit.run("() => sheet.trouble()") is None


def test_a_training_that_diverges_says_where(visit: Visit) -> None:
    graph = Graph.from_equations("L = (w*x - 1)**2", parameters=["w"])
    training = Training(Rational("0.01"), steps=4)
    case = trained(Problem(graph, values={"w": Rational(2), "x": Rational(3)}, training=training))
    opened(visit, case.sheet)
    assert shown(visit, case.solution) > 0
    visit.run("() => sheet.set('training eta', 1e200)")
    assert visit.run("() => sheet.trouble()") == {"slot": "pass 2.0|L", "problem": "infinite"}


def test_targets_that_do_not_add_up_to_one_are_told(visit: Visit) -> None:
    text = NETWORKS["cross_entropy"]
    case = derived(loads(text))
    assert case is not None
    opened(visit, case.sheet)
    assert visit.run("() => sheet.trouble()") is None
    target = next(one["id"] for one in visit.run("() => sheet.inputs()") if one["group"] == "target")
    visit.run("id => sheet.set(id, 5)", target)
    assert visit.run("() => sheet.trouble()") == {"slot": "pass 1.0", "problem": "sum"}


TWO_HEADS = """
[graph]
equations = '''
p = softmax(W @ x)
q = softmax(V @ x)
L = -sum(y * log(p)) - sum(t * log(q))
'''

[parameters]
W = [[1, 2], [3, 4]]
V = [[0.5, 1], [0, 1], [1, 0]]

[inputs]
x = [1, -1]
y = [1, 0]
t = [0, 0.5, 0.5]
"""
"""Targets of two softmaxes: each has to add up to 1."""


@pytest.mark.parametrize("name", ["y", "t"])
def test_every_distribution_of_targets_has_to_add_up_to_one(name: str, visit: Visit) -> None:
    case = derived(loads(TWO_HEADS))
    assert case is not None
    opened(visit, case.sheet)
    assert visit.run("() => sheet.trouble()") is None
    target = next(one["id"] for one in visit.run("() => sheet.inputs()") if one["name"] == name)
    visit.run("id => sheet.set(id, 5)", target)
    assert visit.run("() => sheet.trouble()") == {"slot": "pass 1.0", "problem": "sum"}


def test_the_targets_of_every_example_of_a_batch_have_to_add_up_to_one(visit: Visit) -> None:
    rows = "rows = [[0.5, 1.25, 0.25, 0.75], [-1, 0.5, 1, 0], [0.1, 0.2, 0.5, 0.5]]"
    text = NETWORKS["cross_entropy"].replace("rows = [[0.5, 1.25, 0.25, 0.75]]", rows)
    case = derived(loads(text.replace("steps = 1", "steps = 1\nbatch_size = 3"), notation="matrix"))
    assert case is not None
    opened(visit, case.sheet)
    assert visit.run("() => sheet.trouble()") is None
    targets = [one for one in visit.run("() => sheet.inputs()") if one["group"] == "target"]
    for target in targets:
        visit.run("id => sheet.set(id, 5)", target["id"])
        assert visit.run("() => sheet.trouble()") == {"slot": "pass 1.0", "problem": "sum"}
        visit.run("() => sheet.reset()")


def test_an_infinite_loss_is_told_before_it_is_shown(visit: Visit) -> None:
    graph = Graph.from_equations("a = w*x; L = exp(a)", parameters=["w"])
    values = {"w": Rational(1), "x": Rational(1)}
    case = trained(Problem(graph, values=values, training=Training(Rational("0.1"), steps=1)))
    opened(visit, case.sheet)
    visit.run("() => sheet.set('training eta', -1000)")
    assert visit.run("() => sheet.trouble()") == {"slot": "state 1|loss 1", "problem": "infinite"}


def test_what_is_too_much_to_compute_is_not_even_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = train(load(example("obesity").spec), steps=3)
    nodes, rows = len(trace.problem.graph.nodes), len(trace.problem.examples)
    updates, losses = 3 * sheet_module.RESULTS_PER_NODE * nodes, 4 * rows * nodes
    monkeypatch.setattr(sheet_module, "MOST_RESULTS", updates + losses)
    assert live_sheet(trace.problem, trace.derivation, trace=trace) is not None
    monkeypatch.setattr(sheet_module, "MOST_RESULTS", updates + losses - 1)
    monkeypatch.delattr(sheet_module, "export")
    assert live_sheet(trace.problem, trace.derivation, trace=trace) is None


def test_the_norm_of_a_tiny_gradient_is_not_zero(visit: Visit) -> None:
    graph = Graph.from_equations("a = w*x; L = a", parameters=["w"])
    values = {"w": Rational(1), "x": Rational("1e-170")}
    case = trained(Problem(graph, values=values, training=Training(Rational("0.1"), steps=1)))
    opened(visit, case.sheet)
    assert visit.run("() => sheet.get('batch 1|norm of w')") == 1e-170


@pytest.mark.parametrize("sign", ["plus", "minus"])
def test_the_deltas_of_a_batch_are_rounded_as_in_python(sign: str, visit: Visit) -> None:
    """n ∂L/∂z is not n times a rounded ∂L/∂z: 4, and not 3.9999999999999996."""
    text = f"""
[network]
inputs = ["x"]
targets = ["y"]
notation = "matrix"
[[network.layers]]
units = 1
activation = "identity"
weight = [[3]]
bias = [0]
[loss]
name = "mse"
[training]
learning_rate = 0.1
batch_size = 49
steps = 1
[data]
columns = ["x", "y"]
rows = {[[1, 1]] * 49}
[conventions]
error_sign = "{sign}"
"""
    case = derived(loads(text))
    assert case is not None
    opened(visit, case.sheet)
    delta = visit.run("() => sheet.text('pass 1.0|delta')")
    assert delta == [["4" if sign == "plus" else "-4"] * 49]
    assert visit.run("() => sheet.text('pass 1.0|d(L)/d(W)')") == [["4"]]


TYPED = {
    "0.5": 0.5,
    " 2 ": 2,
    "1,5": 1.5,
    "-3": -3,
    "−3": -3,
    "+.5": 0.5,
    "2.": 2,
    "1e-3": 0.001,
    "1E−3": 0.001,
    "1/3": 1 / 3,
    "-2/4": -0.5,
    "0x10": None,
    "1/0": None,
    "1/": None,
    "1.5/2": None,
    "1,000.5": None,
    "1e999": None,
    "Infinity": None,
    "--1": None,
    "": None,
    "x": None,
}


def test_a_number_is_typed_as_a_decimal_or_as_a_fraction(visit: Visit) -> None:
    visit.scripts(*map(script, LIVE))
    found = visit.run(
        "texts => texts.map(numberOf).map((one) => Number.isNaN(one) ? null : one)", list(TYPED)
    )
    assert dict(zip(TYPED, found, strict=True)) == TYPED


def test_a_fraction_that_was_typed_can_be_typed_again(visit: Visit) -> None:
    graph = Graph.from_equations("L = w*x", parameters=["w"])
    values = {"w": Rational(1, 3), "x": Rational(3)}
    case = trained(Problem(graph, values=values, training=Training(Rational(1, 8), steps=1)))
    opened(visit, case.sheet)
    assert case.sheet.data["inputs"][0]["typed"] == "1/3"
    assert visit.run("() => [sheet.set('parameter w', '1/3'), sheet.get('state 0|w')]") == [True, 1 / 3]
    for typed, shown in {"2/6": "1/3", "−1/3": "-1/3", "1/8": "0.125", "0,10": "0.1", "4/2": "2"}.items():
        assert visit.run("text => sheet.set('training eta', text)", typed)
        assert visit.run("() => sheet.text('training|eta')") == shown
    assert not visit.run("() => sheet.set('training eta', '0x10')")


def test_the_table_of_examples_keeps_the_digits_of_its_columns(visit: Visit) -> None:
    """All numbers of a column have the decimals that its longest number needs."""
    text = NETWORKS["tanh"].replace("rows = [[0.5, 1.25, 0.25, 0.75]]", ROWS)
    case = trained(loads(text))
    opened(visit, case.sheet)
    column = next(iter(case.problem.examples[0]))
    slots = [f"example {number}|{column}" for number in range(1, 6)]
    assert visit.run("slots => slots.map(sheet.text)", slots) == ["0.5", "-1.0", "0.1", "2.0", "1.0"]
    visit.run("id => sheet.set(id, '1/3')", f"input {column} of example 2")
    assert visit.run("slots => slots.map(sheet.text)", slots) == [
        "0.500000",
        "0.333333",
        "0.100000",
        "2.000000",
        "1.000000",
    ]
    visit.run("id => sheet.set(id, 0.125)", f"input {column} of example 2")
    assert visit.run("slots => slots.map(sheet.text)", slots[:2]) == ["0.500", "0.125"]


def test_nothing_is_run_twice_for_one_change(visit: Visit) -> None:
    case = trained(load(example("obesity").spec), steps=3)
    opened(visit, case.sheet)
    slots = [slot(source) for source, _ in sources(case.solution.steps)]
    before, after = visit.run(
        """slots => {
            let count = 0;
            program.forEach((one, place) => (program[place] = (...all) => (count += 1, one(...all))));
            sheet.set("training eta", 0.25);
            sheet.trouble();
            const before = count;
            slots.forEach(sheet.get);
            return [before, count];
        }""",
        slots,
    )
    assert before == after == 3 + 4 * len(case.problem.examples)


def test_hostile_names_are_only_names(visit: Visit) -> None:
    graph = Graph.from_equations(
        "L = constructor*hasOwnProperty", parameters=["constructor", "hasOwnProperty"]
    )
    problem = Problem(graph, values={"constructor": Rational(2), "hasOwnProperty": Rational(3)})
    sheet = live_sheet(problem, backprop(graph))
    assert sheet is not None
    assert "constructor" not in sheet.script
    opened(visit, sheet)
    assert visit.run("() => sheet.get('pass 1.0|L')") == 6
    assert visit.run("() => sheet.get('pass 1.0|toString')") is None


def test_where_there_are_no_numbers_there_is_no_sheet() -> None:
    graph = Graph.from_equations("L = w*x", parameters=["w"])
    assert live_sheet(Problem(graph, values={"w": Rational(1)}), backprop(graph)) is None


def test_a_graph_of_very_many_nodes_has_no_sheet() -> None:
    text = "".join(f"a_{n + 1} = a_{n}*w; " for n in range(3000))
    graph = Graph.from_equations(f"{text}L = a_3000", parameters=["w"])
    problem = Problem(graph, values={"w": Rational(1), "a_0": Rational(1)})
    assert live_sheet(problem, backprop(graph)) is None


def test_an_array_of_very_many_entries_has_no_sheet() -> None:
    graph = Graph.from_equations("L = sum(W**2)", parameters=["W"], shapes={"W": (200, 200)})
    problem = Problem(graph, values={"W": [[Rational(1)] * 200] * 200})
    assert live_sheet(problem, backprop(graph)) is None


def test_obesity_is_computed_anew_in_less_than_five_milliseconds(visit: Visit) -> None:
    case = trained(load(example("obesity").spec), steps=3)
    opened(visit, case.sheet)
    slots = list({slot(source) for source, _ in sources(case.solution.steps)})
    taken = visit.run(
        """slots => {
            const once = () => {
                sheet.set('training eta', Math.random());
                const start = performance.now();
                slots.forEach(sheet.get);
                return performance.now() - start;
            };
            return Array.from({ length: 40 }, once).sort((one, other) => one - other)[20];
        }""",
        slots,
    )
    assert taken < 5


def test_the_sheet_follows_what_is_differentiated_by(visit: Visit) -> None:
    problem = load(example("obesity").spec)
    derivation = backprop(problem.graph, wrt=["x_1", "z_1"], conventions=Conventions(error_sign="minus"))
    row = problem.first_example
    sheet = live_sheet(problem, derivation, example=row)
    assert sheet is not None
    evaluation = compile(derivation)(as_floats(problem.at(row)))
    opened(visit, sheet)
    for name in ("x_1", "z_1"):
        found = visit.run(
            "slot => sheet.get(slot)", slot(Source("pass 1.0", Quotient(derivation.output, Symbol(name))))
        )
        assert found == pytest.approx(float(evaluation.gradients[name]), rel=1e-12)


def test_a_trace_is_that_of_its_steps(visit: Visit) -> None:
    problem = load(example("obesity").spec)
    trace: Trace = train(problem, steps=2)
    sheet = live_sheet(problem, trace.derivation, trace=trace)
    assert sheet is not None
    assert [one["examples"] for one in sheet.data["iterations"]] == [
        list(i.examples) for i in trace.iterations
    ]
