r"""Every formula that is printed for an example is read back from its LaTeX and is true.

The LaTeX is what the writer puts into a document, line breaks included. Sides with names in them have to be
equal at random points where the names mean what the graph says: nodes are computed from random given values
by `oracles`, deltas and derivatives ∂y/∂x by sympy.diff of single nodes and the chain rule in numbers. Sides
without names have to be the value at the example's own numbers, up to the rounding of the digits in them.

Not read: rules `θ ← …`, which are no equalities; the formulas of the table of data, whose names are columns.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

import pytest
from mpmath import mp, mpf
from sympy import Symbol

import symbackprop as sb
from symbackprop.expressions import Prime
from symbackprop.solution.derive import solve
from symbackprop.solution.steps import Assignments, Equation, Formulas, Heading, Solution, Step
from symbackprop.solution.training import solve_training
from symbackprop.translation import ENGLISH
from symbackprop.writing.tex import TexWriter
from tests.examples import NETWORKS, RUNS, RUNS_OF_SCALARS, SCALARS, Example, example, printed
from tests.latex_reader import by_canonical_name, canonical, evaluate, evaluate_at, names, read_equation
from tests.oracles import graph_values, kink_distance, value

SHORT = ("chain", "delta", "paths")
FORMS = (*SHORT, "closed")
WRITTEN_OUT = ("leaky_relu", "gelu_tanh")
"""Activations whose gradients are read in inputs and parameters only, too: the others would take long."""

GREEK = "theta eta delta lambda mu beta alpha".split()
Number = Any


@pytest.fixture(autouse=True)
def _digits() -> Iterator[None]:
    with mp.workdps(60):
        yield


# ------------------------------------------------------------------------ what the names mean, at one point


def written(name: str) -> str:
    r"""The LaTeX of a name of the spec: w_11 is w_{11}, yhat is \hat{y}, w_11__2 has the superscript [2]."""
    below, _, layer = name.partition("__")
    base, *indices = below.split("_")
    accent = next((one for one in ("hat", "bar", "tilde") if base.endswith(one) and base != one), "")
    letter = base.removesuffix(accent)
    letter = f"\\{letter}" if letter in GREEK else letter if len(letter) == 1 else rf"\mathrm{{{letter}}}"
    letter = rf"\{accent}{{{letter}}}" if accent else letter
    inner = re.sub(r"(?<=[a-z]),(\d+)", r"_{\1}", ",".join(indices))  # delta_u_8 is the delta of u_8
    index = f"_{{{inner}}}" if indices else ""
    return canonical(letter + index + (f"^{{[{layer}]}}" if layer else ""))


@dataclass(frozen=True)
class Meaning:
    """The number of every symbol, and of every derivative ∂y/∂x, by their LaTeX; and of both together."""

    symbols: dict[str, mpf]
    quotients: dict[tuple[str, str], mpf]
    known: dict[str, mpf]

    @classmethod
    def of(cls, symbols: dict[str, mpf], quotients: dict[tuple[str, str], mpf]) -> Meaning:
        return cls(symbols, quotients, by_canonical_name(symbols, quotients))

    def __call__(self, side: str) -> mpf:
        return evaluate_at(side, self.known)

    @cached_property
    def names(self) -> frozenset[str]:
        """Those of the symbols, and those in derivatives."""
        return frozenset(self.symbols).union(*self.quotients)

    def having(self, symbols: Mapping[str, mpf], quotients: Mapping[tuple[str, str], mpf]) -> Meaning:
        more = by_canonical_name(symbols, quotients)
        return Meaning(self.symbols | dict(symbols), self.quotients | dict(quotients), self.known | more)


@cache
def names_in(side: str) -> frozenset[str]:
    """The names in a side, without the number π."""
    return frozenset(names(side) - {r"\pi"})


def exact(number: Any) -> mpf:
    """A double, a rational or a number of mpmath, in full."""
    return mpf(number.p) / mpf(number.q) if hasattr(number, "q") else mpf(number)


def local_slopes(graph: sb.Graph, values: Mapping[Symbol, mpf]) -> dict[tuple[Symbol, Symbol], mpf]:
    """∂node/∂parent for every edge, by sympy.diff of the node's expression in SymPy's own functions."""
    return {edge: value(slope, values) for edge, slope in slopes_of(graph).items()}


@cache
def slopes_of(graph: sb.Graph) -> dict[tuple[Symbol, Symbol], Any]:
    return {
        (node.symbol, parent): node.expression.doit().diff(parent)
        for node in graph.inner
        if node.expression is not None
        for parent in node.parents
    }


def total_slopes(
    graph: sb.Graph, local: Mapping[tuple[Symbol, Symbol], mpf], by: Symbol
) -> dict[Symbol, mpf]:
    """dnode/dby of every node, as though `by` were given: the chain rule forwards, in numbers."""
    found = {by: mpf(1)}
    for node in graph.inner:
        reached = [parent for parent in node.parents if parent in found]
        if reached and node.symbol != by:
            found[node.symbol] = mp.fsum(local[node.symbol, parent] * found[parent] for parent in reached)
    return found


def meaning(problem: sb.Problem, given: Mapping[str, Any]) -> Meaning:
    """What every name of a problem means where these values are given.

    ∂y/∂x is the derivative along all ways from x to y. Where y uses x itself and there is another way too,
    the sign would mean two things; it then means nothing, and a formula that has it cannot be read.
    """
    graph = problem.graph
    values = graph_values(graph, {Symbol(name): exact(number) for name, number in given.items()})
    local = local_slopes(graph, values)
    quotients: dict[tuple[str, str], mpf] = {}
    symbols = {written(symbol.name): number for symbol, number in values.items()}
    sign = -1 if problem.conventions.error_sign == "minus" else 1
    for by in graph.nodes:
        totals = total_slopes(graph, local, by.symbol)
        for node in graph.nodes:
            total = totals.get(node.symbol, mpf(0))
            if not ambiguous(graph, node.symbol, by.symbol):
                quotients[written(node.name), written(by.name)] = total
        if by.delta is not None:
            symbols[written(by.delta.name)] = sign * totals.get(graph.output, mpf(0))
    return Meaning.of(symbols, quotients)


@cache
def ambiguous(graph: sb.Graph, node: Symbol, by: Symbol) -> bool:
    """Whether a node uses another both itself and by way of a third."""
    parents = graph[node].parents
    below = graph.descendants([by]) - {by}
    return by in parents and any(parent in below for parent in parents)


# ----------------------------------------------------------------- the formulas, and the numbers they are for


@dataclass(frozen=True)
class Line:
    """An equation as it is printed, with the headings above it."""

    equation: Equation
    latex: str
    relations: tuple[str, ...]
    headings: tuple[str, ...] = ()

    @cached_property
    def sides(self) -> list[str]:
        return read_equation(self.latex)


@dataclass(frozen=True)
class Run:
    """A command on an example: its solution, and what names mean under each of its headings."""

    problem: sb.Problem
    solution: Solution
    actual: Meaning | None
    states: Mapping[tuple[str, ...], Meaning] = field(default_factory=dict)

    def state(self, line: Line) -> Meaning | None:
        """What the names mean where the line stands: that of the longest beginning of its headings."""
        for end in range(len(line.headings), 0, -1):
            if line.headings[:end] in self.states:
                return self.states[line.headings[:end]]
        return self.actual


PART_OF_A_BATCH = re.compile(r"Example \d|Gradients of the batch|Update of every|Parameters after the")
"""Headings within an iteration on several examples: what follows the first belongs to one example."""


def lines(solution: Solution, conventions: sb.Conventions) -> Iterator[Line]:
    writer = TexWriter(conventions)
    headings: list[tuple[float, str]] = []
    for step in solution.steps:
        if isinstance(step, Heading):
            said = step.text
            title = ENGLISH(said.template, said.plural, said.count).format(**said.fields)
            level = 2.5 if PART_OF_A_BATCH.match(title) else step.level
            headings = [one for one in headings if one[0] < level]
            headings.append((level, title))
        for one in equations(step):
            shown = writer.fitted(one) if isinstance(step, Formulas) else writer.phrase(one).in_one()
            relations = tuple(relation for relation, _ in writer.phrase(one).sides)
            shown = shown.replace(r"\begin{aligned}[t]", r"\begin{aligned}")
            yield Line(one, shown, relations, tuple(title for _, title in headings))


def equations(step: Step) -> Iterable[Equation]:
    if isinstance(step, Formulas):
        return step.equations
    return [one for row in step.rows for one in row] if isinstance(step, Assignments) else ()


Settings = tuple[tuple[str, str], ...]


@cache
def problem_of(spec: str, settings: Settings = ()) -> sb.Problem:
    """The problem of a spec's text, with some conventions changed."""
    problem = sb.loads(spec)
    return replace(problem, conventions=problem.conventions.changed(dict(settings)))


def text_of(one: Example) -> str:
    return one.spec.read_text(encoding="utf-8")


@cache
def derived(spec: str, settings: Settings = (), forms: tuple[str, ...] = FORMS) -> Run:
    problem = problem_of(spec, settings)
    derivation = sb.backprop(problem.graph, conventions=problem.conventions)
    row = problem.first_example if problem.data else None
    if not problem.is_numeric:
        solution = solve(problem, derivation, forms=forms, modes=("reverse", "forward"), large=True)
        return Run(problem, solution, None)
    given = problem.at(row or 1)
    evaluation = sb.compile(derivation)({name: float(number) for name, number in given.items()})
    solution = solve(
        problem,
        derivation,
        forms=forms,
        evaluation=evaluation,
        example=row,
        modes=("reverse", "forward"),
        large=True,
    )
    actual = meaning(problem, given)
    return Run(problem, solution, with_update(problem, actual, given, 1))


@cache
def trained(spec: str, settings: Settings = ()) -> Run:
    problem = problem_of(spec, settings)
    trace = sb.train(problem)
    states: dict[tuple[str, ...], Meaning] = {}
    parameters = [symbol.name for symbol in problem.graph.parameters]
    before: dict[str, Any] = {name: problem.at(problem.first_example)[name] for name in parameters}
    for iteration in trace.iterations:
        rows = list(iteration.examples)
        title = f"Iteration {iteration.number}" + (
            f": example {rows[0]}"
            if len(rows) == 1
            else f": examples {', '.join(map(str, rows))}"
            if rows
            else ""
        )
        each = [
            meaning(problem, {**problem.values, **(problem.at(row) if row else {}), **before})
            for row in rows or [0]
        ]
        batch = mean_of(problem, each)
        here = with_update(problem, batch, before, iteration.number)
        states[title,] = here
        after = {name: here.symbols[stepped(name, iteration.number)] for name in parameters}
        for row, one_meaning in zip(rows, each, strict=False):
            if len(rows) > 1:
                states[title, f"Example {row}"] = one_meaning
        states[title, "Parameters after the update"] = valued(here, after)
        before = after
    count = len(trace.iterations)
    states[f"Parameters after {count} iteration{'s' * (count > 1)}",] = valued(here, before)
    return Run(problem, solve_training(trace, full=len(trace.iterations)), here, states)


def stepped(name: str, step: int) -> str:
    """w_{11}^{(1)}; a layer in square brackets stands before it."""
    text = written(name)
    return canonical(f"{text[:-1]}({step})}}" if text.endswith("]}") else f"{text}^{{({step})}}")


def valued(here: Meaning, values: Mapping[str, Any]) -> Meaning:
    return here.having({written(name): exact(number) for name, number in values.items()}, {})


def mean_of(problem: sb.Problem, each: list[Meaning]) -> Meaning:
    """The gradients of a batch: the mean of those of its examples."""
    assert problem.training is not None
    assert problem.training.reduction == "mean"
    by = [(written(problem.graph.output.name), written(one.name)) for one in problem.graph.parameters]
    return each[0].having({}, {pair: mp.fsum(one.quotients[pair] for one in each) / len(each) for pair in by})


def with_update(problem: sb.Problem, here: Meaning, before: Mapping[str, Any], number: int) -> Meaning:
    """The parameters before and after an update, and the learning rate."""
    training = problem.training
    if training is None:
        return here
    rate, output = exact(training.learning_rate), written(problem.graph.output.name)
    symbols = {written(training.symbol): rate}
    for one in problem.graph.parameters:
        slope, old = here.quotients[output, written(one.name)], exact(before[one.name])
        symbols[stepped(one.name, number - 1)] = old
        symbols[stepped(one.name, number)] = old - rate * slope
    return here.having(symbols, {})


@cache
def random_meanings(spec: str, settings: Settings = (), count: int = 2) -> list[Meaning]:
    """What the names mean at random points, where no node is near a kink and distributions add up to one."""
    problem, dice = problem_of(spec, settings), random.Random(7)
    graph, found = problem.graph, list[Meaning]()
    given = [node.symbol for node in graph.nodes if node.expression is None]
    targets = graph.having(sb.Role.TARGET)
    totals = {node.collapse.summing_to_one for node in graph.nodes if node.collapse} - {()}
    with mp.workdps(60):
        while len(found) < count:
            point = {
                symbol: mpf(dice.choice([-1, 1]) * dice.randint(2000, 20000)) / 10007 for symbol in given
            }
            point |= {target.symbol: mpf(dice.randint(500, 9500)) / 10007 for target in targets}
            for *others, last in totals:
                point[last] = 1 - mp.fsum(point[other] for other in others)
            values = graph_values(graph, point)
            if any(kink_distance(node.expression, values) < 0.01 for node in graph.inner):
                continue
            plain = {symbol.name: number for symbol, number in point.items()}
            here = meaning(problem, plain)
            for step in (1, 2, 3) if problem.training else ():
                here = with_update(problem, here, plain, step)
                plain |= {one.name: here.symbols[stepped(one.name, step)] for one in graph.parameters}
            found.append(here)
    return found


# --------------------------------------------------------------------------------------- what has to be true


def agree(left: mpf, right: mpf, tolerance: mpf) -> bool:
    return bool(abs(left - right) <= tolerance + mpf(10) ** -25 * max(abs(left), abs(right), mpf(10) ** -15))


PRINTED = re.compile(r"(?<![\w.}])\d+\.(?P<decimals>\d+)(?: \\times 10\^\{(?P<exponent>-?\d+)\})?")


def rounding(side: str, digits: int) -> mpf:
    """How far a side without names may be off: half a unit in the last place of each of its numbers.

    A number with as many decimals as the format has digits was rounded; every other was printed in full.
    """
    centre, nothing = evaluate(side, {}), mpf(0)
    for match in PRINTED.finditer(side):
        if len(match["decimals"]) != digits:
            continue
        shifted = f"{match[0].split(' ')[0]}5" + (
            f" \\times 10^{{{match['exponent']}}}" if match["exponent"] else ""
        )
        nothing += abs(evaluate(side[: match.start()] + shifted + side[match.end() :], {}) - centre)
    return nothing * mpf("1.02") + abs(centre) * mpf(10) ** -12


def half_unit(side: str) -> mpf:
    """Half a unit in the last place of a number that is printed alone."""
    match = PRINTED.fullmatch(side.strip().removeprefix("-"))
    assert match is not None, side
    return mpf(10) ** (int(match["exponent"] or 0) - len(match["decimals"])) / 2


def is_rule(line: Line) -> bool:
    return "\\leftarrow" in line.relations


def is_of_data(line: Line) -> bool:
    return "Data" in line.headings


def is_slope(line: Line) -> bool:
    """σ'(z) = …: read by `check_slope`."""
    return isinstance(line.equation.left, Prime)


def check_slope(line: Line) -> None:
    """σ'(z) = …: the right side is the difference quotient of the function on the left."""
    left, *sides = read_equation(line.latex.replace("'", "", 1))
    step, constants = mpf(10) ** -15, {r"\alpha": mpf("0.3")}
    for z in (mpf("-1.3"), mpf("0.7")):
        with mp.workdps(80):
            above, below = (evaluate(left, {"z": z + h, **constants}) for h in (step, -step))
            expected = (above - below) / (2 * step)
            assert all(
                abs(evaluate(side, {"z": z, **constants}) - expected) < mpf(10) ** -25 for side in sides
            ), line.latex


def check_symbols(line: Line, here: Meaning) -> None:
    """All sides with names in them are equal."""
    if arguments_of(line, here):
        here = here.having({"z": mpf("0.7"), r"\alpha": mpf("0.3")}, {})
    found = {side: here(side) for side in line.sides if names_in(side)}
    first = next(iter(found.values()))
    assert all(agree(first, other, mpf(0)) for other in found.values()), (line.latex, found)


def check_numbers(line: Line, here: Meaning, digits: int) -> None:
    """Every side without names is the value of the left side, up to the rounding of what is printed in it."""
    left, *sides = line.sides
    assert len(sides) == len(line.relations), line.latex
    expected = here(left)
    previous = left
    for place, side in enumerate(sides):
        if names_in(side):
            previous = side
            continue
        before_rounding = place + 1 < len(sides) and line.relations[place + 1] == "\\approx"
        if before_rounding and not names_in(previous):  # the exact result of the printed operands before it
            assert agree(evaluate(side, {}), evaluate(previous, {}), mpf(0)), line.latex
            assert agree(evaluate(side, {}), evaluate(sides[place + 1], {}), half_unit(sides[place + 1])), (
                line.latex
            )
        else:
            off = rounding(side, digits)
            assert agree(evaluate(side, {}), expected, off), (line.latex, side, expected, off)
        previous = side


def check(run: Run, randoms: list[Meaning]) -> int:
    """Every line of a solution; how many there were."""
    count = 0
    for line in lines(run.solution, run.problem.conventions):
        if is_rule(line) or is_of_data(line):
            continue
        count += 1
        if is_slope(line):
            check_slope(line)
            continue
        for here in randoms:
            check_symbols(line, here)
        actual = run.state(line)
        if actual is not None and not arguments_of(line, actual):
            check_numbers(line, actual, run.problem.conventions.digits)
        elif actual is None:
            assert all(
                names_in(side) or agree(randoms[0](line.sides[0]), evaluate(side, {}), mpf(0))
                for side in line.sides
            )
    return count


def arguments_of(line: Line, here: Meaning) -> frozenset[str]:
    """The names that only the definition of a function uses: σ(z), ELU(z, α)."""
    unknown = names_in(line.sides[0]) - here.names
    assert unknown <= {"z", r"\alpha"}, line.latex
    return unknown


@pytest.mark.parametrize(("one", "command"), RUNS_OF_SCALARS, ids=str)
def test_every_formula_is_true(one: Example, command: str) -> None:
    spec = text_of(one)
    run = derived(spec) if command == "derive" else trained(spec)
    count = check(run, random_meanings(spec))
    assert count >= len(run.problem.graph.inner) + len(run.problem.graph.parameters)


SETTINGS: list[Settings] = [
    (("derivative", "d"), ("sigma", "full")),
    (("error_sign", "minus"),),
    (("slopes", "argument"), ("digits", "4")),
    (("collapse", "false"), ("digits", "9")),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("name", ["chain", "regularised-cost"])
@pytest.mark.parametrize("command", ["derive", "train"])
def test_every_formula_is_true_under_other_conventions(name: str, command: str, settings: Settings) -> None:
    spec = text_of(example(name))
    run = derived(spec, settings, SHORT) if command == "derive" else trained(spec, settings)
    check(run, random_meanings(spec, settings, 1))


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_formula_of_every_activation_and_loss_is_true(kind: str) -> None:
    spec = NETWORKS[kind]
    check(derived(spec, (), FORMS if kind in WRITTEN_OUT else SHORT), random_meanings(spec))
    check(trained(spec), random_meanings(spec))


def test_a_sign_means_one_thing_where_a_node_is_used_itself_and_by_way_of_another() -> None:
    r"""f = x q with q = x^2: the local ∂f/∂x = q is another derivative than ∂f/∂x = 3x^2 along all ways."""
    spec = '[graph]\nequations = "q = x**2; f = x*q"\n[parameters]\nx = 2\n'
    for line in lines(derived(spec).solution, sb.Conventions()):
        left, *sides = re.split(r" (?:=|\\equiv) ", line.latex)
        # What stands before a bar is another derivative: others are held fast there.
        bare = [re.sub(r"\\left\..*?\\right\|_\{[^}]*\}", "", side) for side in sides]
        assert not [side for side in bare if left in side and left != side], line.latex
    known: dict[str, mpf] = {}
    for here in random_meanings(spec, count=1):
        for line in lines(derived(spec).solution, sb.Conventions()):
            side = line.sides[-1]
            if names_in(side) and "/" not in "".join(names_in(side)) and "frac" not in side:
                left = re.split(r" (?:=|\\equiv) ", line.latex)[0]
                assert agree(known.setdefault(left, here(side)), here(side), mpf(0)), line.latex


# ---------------------------------------------------------------------- LaTeX outside of the solution's lines


@pytest.mark.parametrize("one", SCALARS, ids=str)
def test_the_latex_in_the_json_is_true(one: Example) -> None:
    document = json.loads(printed("derive", str(one.spec), "--format", "json", "--form", "chain,delta,paths"))
    output = written(document["output"])
    for here in random_meanings(text_of(one)):
        for node in document["nodes"]:
            assert same([here(side) for side in read_equation(node["latex"])]), node["latex"]
        for delta in document["deltas"]:
            slope = here.quotients[output, written(delta["of"])]
            parts = [delta["latex"], *([] if delta["collapsed"] else [joined(delta["contributions"])])]
            assert same([slope, *(here(part) for part in parts if part)]), delta["name"]
        for gradient in document["gradients"]:
            sides = [gradient["chain"], joined(gradient["paths"]), *read_equation(gradient["latex"])]
            assert same([here(side) for side in sides]), gradient["wrt"]


def joined(parts: list[dict[str, str]]) -> str:
    """The sum of what stands in `latex`."""
    return " + ".join(f"({part['latex']})" for part in parts)


def same(values: list[mpf]) -> bool:
    return all(agree(values[0], other, mpf(0)) for other in values)


CLUMSY = ("e-0", "1.0 ", "--", "+ -", r"\cdot -", "- -", "nan", "inf")
"""Never to be seen in a formula: a programmer's exponent, a whole number with .0, two signs in a row."""


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_no_printed_formula_is_clumsy(one: Example, command: str) -> None:
    found = list(formulas(one.golden(command, "latex").read_text(encoding="utf-8"), LATEX_FORMULAS))
    found += formulas(one.golden(command, "markdown").read_text(encoding="utf-8"), MARKDOWN_FORMULAS)
    if command == "derive":
        document = json.loads(one.golden(command, "json").read_text(encoding="utf-8"))
        found += [entry["latex"] for part in ("nodes", "deltas", "gradients") for entry in document[part]]
    assert len(found) > 10
    for formula in found:
        assert not [mark for mark in CLUMSY if mark in formula], formula


LATEX_FORMULAS = re.compile(
    r"\\\[(.*?)\\\]|\\begin\{gather\*\}(.*?)\\end\{gather\*\}|\\begin\{align\*\}(.*?)\\end\{align\*\}|\$(.*?)\$",
    re.DOTALL,
)
MARKDOWN_FORMULAS = re.compile(r"\$\$(.*?)\$\$|\$(.*?)\$", re.DOTALL)


def formulas(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """The formulas of a page: displayed, and within a line of text."""
    for match in pattern.finditer(text.replace(r"\$", "")):
        yield next(part for part in match.groups() if part is not None)
