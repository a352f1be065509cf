"""The writers: lines that fit and align, titles made harmless, the contract of the JSON, code read back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len
from sympy import Add, Expr, Mul, Rational, Symbol

from symbackprop.content import Value, text
from symbackprop.conventions import Conventions
from symbackprop.functions import softmax
from symbackprop.language import parse_expression
from symbackprop.notation.code import CODE
from symbackprop.notation.printer import Printer
from symbackprop.render.latex import write_latex
from symbackprop.render.markdown import write_markdown
from symbackprop.render.text import write_text
from symbackprop.solution.steps import (
    Assignments,
    Formulas,
    Heading,
    Sentence,
    Solution,
    Step,
    Table,
    equation,
)
from tests.commandline import done, run
from tests.examples import EXAMPLES as SPECS
from tests.examples import SCALARS, printed
from tests.oracles import Built, Outside, expressions, near, points, value

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = [one.name for one in SPECS]
SCALAR_NAMES = [one.name for one in SCALARS]
PLAIN = Conventions()
CODE_PRINTER = Printer(CODE, PLAIN)


def spec(name: str) -> str:
    return str(EXAMPLES / name / f"{name}.toml")


def page(*steps: Step, title: str = "", width: int = 100) -> list[str]:
    return write_text(Solution(title, steps), PLAIN, width=width).splitlines()


def symbols(letter: str, count: int) -> list[Symbol]:
    return [Symbol(f"{letter}_{number}") for number in range(1, count + 1)]


def weighted_sum(count: int) -> Expr:
    pairs = zip(symbols("w", count), symbols("x", count), strict=True)
    return Add(*(Mul(w, x, evaluate=False) for w, x in pairs), evaluate=False)


# --------------------------------------------------------------------------------- text for a terminal


def test_equations_that_are_read_together_stand_aligned_at_their_signs() -> None:
    x, y, long = Symbol("x"), Symbol("y"), Symbol("delta_out")
    lines = page(Formulas((equation(x, y), equation(long, Add(x, y, evaluate=False)))))
    assert lines == ["  x     = y", "  δ_out = x + y"]


def test_a_wide_line_is_broken_at_its_equals_signs() -> None:
    z = Symbol("z")
    lines = page(Formulas((equation(z, weighted_sum(8), Mul(z, z, evaluate=False), Value(0.5)),)), width=70)
    assert len({line.index("=") for line in lines}) == 1
    assert [line.split("=")[0].strip() for line in lines] == ["z", "", ""]
    assert lines[-1].endswith("= 0.500000") or lines[-1].endswith("= 0.5")


def test_a_narrow_line_is_not_broken() -> None:
    z = Symbol("z")
    assert page(Formulas((equation(z, weighted_sum(2), Value(3)),))) == ["  z = w₁ x₁ + w₂ x₂ = 3"]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("count", [3, 10, 40])
def test_a_sum_that_is_too_wide_is_broken_at_its_signs(width: int, count: int) -> None:
    lines = page(Formulas((equation(Symbol("z"), weighted_sum(count)),)), width=width)
    assert all(cell_len(line) <= width for line in lines)
    joined = " ".join(line.strip() for line in lines)
    assert joined.count(" + ") == count - 1
    for line in lines[1:]:
        assert line.strip().startswith("+ ")


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_assignments_fill_their_lines(width: int) -> None:
    row = tuple(equation(one, Value(0.25)) for one in symbols("w", 40))
    lines = page(Assignments((row,)), width=width)
    assert all(cell_len(line) <= width for line in lines)
    assert ", ".join(line.strip().rstrip(",") for line in lines).count(", ") == 39
    assert min(cell_len(line) for line in lines[:-1]) > width - 2 * cell_len("w₁₀ = 0.250000, ")


@pytest.mark.parametrize("width", [60, 100])
def test_a_table_that_is_too_wide_is_cut_and_keeps_its_first_column(width: int) -> None:
    head = (text("State"), *(text(f"number {number}") for number in range(30)))
    rows = tuple(
        (text("before any update"), *(Value(0.5 + number) for number in range(30))) for _ in range(3)
    )
    lines = page(Table(head, rows), width=width)
    assert all(cell_len(line) <= width for line in lines)
    parts = [line for line in lines if line.strip().startswith("State")]
    assert len(parts) > 1
    assert sum(line.count("number ") for line in parts) == 30
    assert sum(line.strip().startswith("before any update") for line in lines) == 3 * len(parts)


def test_a_result_stands_in_a_box() -> None:
    lines = page(Formulas((equation(Symbol("x"), Value(3), boxed=True),)))
    assert [line.strip() for line in lines] == ["┌───────┐", "│ x = 3 │", "└───────┘"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", [["derive"], ["train", "--steps", "1"]])
def test_no_line_of_an_example_is_wider_than_the_page(name: str, command: list[str]) -> None:
    outcome = run(command[0], spec(name), *command[1:])
    if command[0] == "train" and outcome.status == 2:
        assert "[training]" in outcome.err
        return
    wide = [line for line in done(outcome).out.splitlines() if cell_len(line) > 100]
    assert wide == []
    assert not any(line != line.rstrip() for line in outcome.out.splitlines())


def test_a_title_is_underlined_in_its_own_width() -> None:
    first, second, *_ = page(title="Größe 体重: α²")
    assert cell_len(first) == cell_len(second)
    assert set(second) == {"═"}


@pytest.mark.parametrize("title", ["a\nb", "a\x1b[31mred", "a\tb", "a\r\nb", "a\x07", "a\u2028b"])
def test_a_title_cannot_steer_the_terminal(title: str) -> None:
    written = write_text(Solution(title, (Heading(1, text("Data")),)), PLAIN)
    assert "\x1b" not in written
    assert "\x07" not in written
    assert "\r" not in written
    assert written.splitlines()[1].startswith("═")


# ----------------------------------------------------------------------------- numbers put in, by hand

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]\d+)?")
MODES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}


def arithmetic(side: str) -> Fraction | None:
    """The value of a side that holds numbers, + - ², products and brackets only; None for any other side."""
    marked = side.replace("²", "**2").replace(" · ", "*").replace(")(", ")*(")
    marked = re.sub(r"(?<=[\d)]) ?(?=\()", "*", marked)
    if not re.fullmatch(r"[-+*()\d.e ]+", NUMBER.sub("1", marked)):
        return None
    exact = NUMBER.sub(lambda match: f"Fraction('{match[0]}')", marked).replace("**Fraction('2')", "**2")
    result: Fraction = eval(exact, {"Fraction": Fraction})  # Only numbers and signs stand in it.
    return result


def substituted(page: str) -> Iterator[tuple[str, Fraction, str]]:
    """Every line that says symbols = numbers = value: the line, what its numbers make, its value."""
    for line in re.sub(r"\n +(?=[=+-] )", " ", page).splitlines():
        sides = [side.strip() for side in re.split(r" = | ≈ ", line)]
        if len(sides) > 2 and NUMBER.fullmatch(sides[-1].lstrip("-")):
            for side in sides[1:-1]:
                found = arithmetic(side)
                if found is not None:
                    yield line, found, sides[-1]


def test_the_reader_of_lines_knows_how_to_count() -> None:
    assert arithmetic("(0.5)(-2) + (0.25)(1 - 0.5)") == Fraction(-7, 8)
    assert arithmetic("2(0.5 - 1)² · 1.5e-02") == Fraction(3, 400)
    assert arithmetic("σ(0.5)") is None


def steep_chain() -> str:
    text_of_spec = Path(spec("chain")).read_text(encoding="utf-8")
    return text_of_spec.replace("weight = [[0]]", "weight = [[0.437]]").replace(
        "bias = [0]", "bias = [-0.123]"
    )


@pytest.mark.parametrize("rounding", ["half_up", "half_even"])
@pytest.mark.parametrize("digits", [2, 3, 4])
def test_every_line_with_rounded_values_holds_for_a_reader_with_a_pencil(digits: int, rounding: str) -> None:
    options = ("--carry-rounded", rounding, "--digits", str(digits))
    lines = list(substituted(done(run("train", "-", *options, typed=steep_chain())).out))
    assert len(lines) > 30
    for line, found, shown in lines:
        printed = Decimal(shown)
        exponent = printed.as_tuple().exponent
        assert isinstance(exponent, int)
        unit = Decimal(1).scaleb(exponent)
        exact = Decimal(found.numerator) / Decimal(found.denominator)
        assert exact.quantize(unit, MODES[rounding]) == printed, line


@pytest.mark.parametrize("name", ["obesity", "chain", "gates", "exercise1"])
def test_every_line_in_full_precision_holds_up_to_its_printed_digits(name: str) -> None:
    lines = list(substituted(done(run("derive", spec(name))).out))
    assert lines
    for line, found, shown in lines:
        assert float(found) == pytest.approx(float(shown), rel=1e-4, abs=5e-6), line


# ---------------------------------------------------------------------------------- LaTeX and Markdown

HOSTILE = [
    r"\input{/etc/passwd}",
    r"\write18{touch canary}",
    r"\immediate\write18{rm -rf /}",
    "50% of the weight",
    "# 1 & only",
    "costs $5 and $6",
    "a_1^2 ~ {x}",
    "\"quoted\" 'twice' `back`",
    "two\nlines",
    "two\r\n\\input{x}",
    "a\u2028\\input{x}",
    "a\x0b\\input{x}",
    "a\x0c\\input{x}",
    "^^5cinput{x}",
    "<script>alert(1)</script>",
    "| a | b |",
    "[link](http://localhost)",
    "![image](http://localhost)",
    "$$ x $$",
    "$`x`$",
    "</title>",
    "*bold* _italic_ ~~gone~~",
    "{title}",
]
SAFE_COMMANDS = {"textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater", "textbar"}


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_only_words_in_latex(title: str) -> None:
    plain = write_latex(Solution("", (Sentence(text("Words.")),)), PLAIN, standalone=True)
    written = write_latex(Solution(title, (Sentence(text("Words.")),)), PLAIN, standalone=True)
    (shown,) = re.findall(r"\\title\{(.*)\}\n", written)
    assert set(re.findall(r"\\([a-zA-Z]+)", shown)) <= SAFE_COMMANDS | {
        "textquotedbl",
        "textasciigrave",
        "textquotesingle",
    }
    bare = re.sub(r"\\[a-zA-Z]+\{\}|\{[\[*]\}|\\[{}$&#%_]", "", shown)
    assert not set(bare) & set("\\{}$&#%_^~\n\r\x0b\x0c\u2028")
    rest = [
        line
        for line in written.splitlines()
        if r"\title{" not in line and line not in (r"\author{}\date{}", r"\maketitle", "")
    ]
    assert rest == [line for line in plain.splitlines() if line]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_stays_in_its_comment_in_a_fragment(title: str) -> None:
    body = write_latex(Solution("", (Sentence(text("Words.")),)), PLAIN)
    written = write_latex(Solution(title, (Sentence(text("Words.")),)), PLAIN)
    first, rest = written.split("\n", 1)
    assert first.startswith("% ")
    assert rest == body
    assert not set(first) & set("\r\x0b\x0c\u2028")


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_one_heading_in_markdown(title: str) -> None:
    written = write_markdown(Solution(title, (Sentence(text("Words.")),)), PLAIN)
    first, *rest = written.split("\n")
    assert rest == ["", "Words.", ""]
    assert first.startswith("# ")
    unescaped = re.sub(r"\\.", "", first[2:])
    assert not set(unescaped) & set("\\`*_[]<>#|$~&\r")


@pytest.mark.parametrize("word", ["%", "#", "_", "&", "$", r"\input{x}", "a|b", "<b>", "[2cm]", "*"])
def test_words_of_the_user_are_harmless_in_a_table_too(word: str) -> None:
    table = Table((word, text("n")), ((word, Value(1)),))
    latex = write_latex(Solution("", (table,)), PLAIN)
    assert r"\input" not in latex
    assert not re.search(r"^[\[*]", latex, re.MULTILINE)
    for row in latex.splitlines():
        if row.endswith(r"\\"):
            assert len(re.findall(r"(?<!\\)&", row)) == 1
            assert not re.search(r"(?<!\\)[%#$_]", row.replace("$1$", ""))
    markdown = write_markdown(Solution("", (table,)), PLAIN)
    for row in markdown.strip().splitlines():
        assert len(re.findall(r"(?<!\\)\|", row)) == 3
    assert "<b>" not in markdown


def test_a_heading_of_a_user_column_is_escaped_by_the_whole_program(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    content = Path(spec("obesity")).read_text(encoding="utf-8")
    path.write_text(
        content.replace('"height"', r'"\\input{x}"').replace("height / 200", "weight / 200"), encoding="utf-8"
    )
    out = done(run("train", str(path), "--format", "latex")).out
    assert r"\input" not in out
    assert r"\textbackslash{}input\{x\}" in out


def test_a_long_formula_is_aligned_at_its_signs_in_latex() -> None:
    line = equation(Symbol("z"), weighted_sum(30), Value(0.5))
    written = write_latex(Solution("", (Formulas((line,)),)), PLAIN)
    assert r"\begin{align*}" in written
    assert written.count("&=") == 2
    short = write_latex(Solution("", (Formulas((equation(Symbol("z"), weighted_sum(2)),)),)), PLAIN)
    assert "align" not in short


# ------------------------------------------------------------------------------------------------ JSON

DERIVATION = set("schema title output conventions nodes deltas gradients".split())
NODE = set("name role expression latex shape".split())
DELTA = set("name of expression latex contributions".split())
GRADIENT = set("wrt chain expression latex".split())
ITERATION = set("iteration examples before inputs forward deltas gradients after loss".split())


def document(command: str, name: str, *options: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(done(run(command, spec(name), "--format", "json", *options)).out)
    return result


@pytest.mark.parametrize("name", NAMES)
def test_a_derivation_keeps_the_contract(name: str) -> None:
    found = document("derive", name)
    assert next(iter(found)) == "schema"
    assert found["schema"] == "symbackprop/derivation/1"
    assert set(found) >= DERIVATION
    assert all(set(node) >= NODE for node in found["nodes"])
    assert all(set(delta) >= DELTA for delta in found["deltas"])
    assert all(set(gradient) >= GRADIENT for gradient in found["gradients"])
    names = {node["name"] for node in found["nodes"]}
    assert {gradient["wrt"] for gradient in found["gradients"]} <= names
    assert {delta["of"] for delta in found["deltas"]} <= names
    numeric = name != "minimal"
    assert all(("value" in one) is numeric for one in (*found["nodes"], *found["gradients"]))
    assert all(
        contribution["consumer"] in names
        for delta in found["deltas"]
        for contribution in delta["contributions"]
    )


def test_paths_and_closed_forms_are_in_the_json_when_asked_for() -> None:
    plain = document("derive", "exercise1")
    assert all("paths" not in one and "closed" not in one for one in plain["gradients"])
    found = document("derive", "exercise1", "--form", "paths,closed")
    by_x = next(one for one in found["gradients"] if one["wrt"] == "x")
    # x → a → d → f, x → b → d → f, x → c → e → f
    assert sorted("".join(path["nodes"]) for path in by_x["paths"]) == ["fdax", "fdbx", "fecx"]
    point = {Symbol("x"): 1, Symbol("y"): 2}
    # f = x² + x y + (x + y)²: ∂f/∂x = 2x + y + 2(x + y) = 10
    assert value(parse_expression(by_x["closed"]), point) == 10
    assert by_x["value"] == 10


def test_names_in_the_json_are_those_of_the_spec() -> None:
    found = document("derive", "obesity")
    names = [node["name"] for node in found["nodes"]]
    assert {"w_11", "yhat", "L", "v_23"} <= set(names)
    assert {"delta_out", "delta_g1", "delta_a3"} <= {delta["name"] for delta in found["deltas"]}
    by_w = next(one for one in found["gradients"] if one["wrt"] == "w_11")
    assert by_w["expression"] == "delta_a1*x_1"
    assert r"\delta_{a1} x_1" in by_w["latex"]


def test_an_update_is_the_plain_step_of_a_training_section() -> None:
    found = document("derive", "homework")
    assert [set(one) for one in found["updates"]] == [{"name", "before", "gradient", "after"}] * 3
    for one in found["updates"]:
        assert one["after"] == pytest.approx(one["before"] - 2 * one["gradient"], rel=1e-15)
    assert "updates" not in document("derive", "gates")


def test_a_training_keeps_the_contract() -> None:
    found = document("train", "obesity")
    assert next(iter(found)) == "schema"
    assert found["schema"] == "symbackprop/training/1"
    assert [set(one) >= ITERATION for one in found["iterations"]] == [True] * 3
    for one in found["iterations"]:
        assert len(one["before"]) == len(one["after"]) == len(one["gradients"]) == 23
        assert set(one["inputs"]) == {"x_1", "x_2", "x_3", "y"}
        assert set(one["forward"]) == set("z_1 z_2 z_3 a_1 a_2 a_3 s_1 s_2 g_1 g_2 t yhat L".split())
        assert {"delta_out", "delta_g1", "delta_g2", "delta_a1", "delta_a2", "delta_a3"} <= set(one["deltas"])
    losses = found["losses"]
    assert set(losses) == {"states", "examples", "table", "mean"}
    assert losses["states"] == [0, 1, 2, 3]
    assert losses["examples"] == list(range(1, 11))
    assert [len(row) for row in losses["table"]] == [10] * 4


def test_a_batch_has_a_number_for_each_of_its_examples() -> None:
    found = document("train", "regularised-cost")
    first = found["iterations"][0]
    assert first["examples"] == [1, 2]
    assert all(len(one) == 2 for one in first["forward"].values() if isinstance(one, list))
    assert isinstance(first["forward"]["J"], list)
    assert isinstance(first["loss"], float)


def test_numbers_in_the_json_are_never_nan_or_infinite() -> None:
    for name in NAMES:
        out = done(run("derive", spec(name), "--format", "json")).out
        assert "NaN" not in out
        assert "Infinity" not in out


# --------------------------------------------------------------------------------- expressions as code


def code_of(found: dict[str, Any]) -> Iterator[str]:
    for node in found["nodes"]:
        yield node["expression"]
    for delta in found["deltas"]:
        yield delta["expression"]
        for one in delta["contributions"]:
            yield one["upstream"]
            yield one["local"]
    for gradient in found["gradients"]:
        yield gradient["expression"]
        yield gradient["closed"]
        if "exact" in gradient:
            yield gradient["exact"]
        for path in gradient["paths"]:
            yield path["expression"]
            yield from path["factors"]


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(SCALAR_NAMES)))
def test_every_node_of_arrays_in_the_json_is_one_of_the_language(name: str) -> None:
    """What the backward pass adds has words that the language has not, such as the adjoint of a slice."""
    for node in document("derive", name)["nodes"]:
        parse_expression(node["expression"])


@pytest.mark.parametrize("name", SCALAR_NAMES)
def test_every_expression_in_the_json_is_one_of_the_language(name: str) -> None:
    for code in code_of(document("derive", name, "--form", "chain,delta,paths,closed", "--large")):
        parse_expression(code)


@pytest.mark.parametrize("name", ["obesity", "chain", "exercise1", "logistic-neuron", "homework"])
def test_the_values_in_the_json_are_those_of_its_expressions(name: str) -> None:
    found = document("derive", name)
    numbers = {Symbol(one["name"]): one["value"] for one in (*found["nodes"], *found["deltas"])}
    given_only = {
        Symbol(n["name"]): n["value"] for n in found["nodes"] if n["role"] in ("input", "parameter", "target")
    }
    for one in (*found["nodes"], *found["deltas"], *found["gradients"]):
        known = numbers | given_only
        expected = value(
            parse_expression(one["expression"]), {s: v for s, v in known.items() if v is not None}
        )
        assert near(one["value"], expected, 1e-12, 1e-18), one


def same(left: Expr, right: Expr, point: dict[Symbol, Any]) -> bool:
    """Whether two expressions have one value; π is written with the digits of a double."""
    return near(value(right, point), value(left, point), 1e-13, 1e-30)


@given(built=expressions(), seed=st.integers(0, 10**6))
def test_an_expression_written_as_code_is_read_back_with_its_value(built: Built, seed: int) -> None:
    assume(not built.ours.has(softmax))
    (point,) = points(sorted(symbol.name for symbol in built.ours.free_symbols), seed)
    try:
        known = value(built.ours, point)
    except Outside:
        assume(False)
        raise
    code = CODE_PRINTER(built.ours)
    assert near(value(parse_expression(code), point), known, 1e-13, 1e-30), code


@given(built=expressions(), seed=st.integers(0, 10**6))
def test_writing_what_was_read_changes_nothing(built: Built, seed: int) -> None:
    assume(not built.ours.has(softmax))
    once = CODE_PRINTER(built.ours)
    assert CODE_PRINTER(parse_expression(once)) == once


@pytest.mark.parametrize(
    "code",
    [
        "a - (b - c)",
        "a - (b + c)",
        "-(a + b)",
        "-a*b",
        "a*-b",
        "a/(b*c)",
        "a/b/c",
        "a/(b/c)",
        "a/b*c",
        "a*(b/c)",
        "(a/b)**2",
        "(-a)**2",
        "-a**2",
        "a**-2",
        "a**(b + 1)",
        "a**b**2",
        "(a**b)**2",
        "a**0.5",
        "1/2*a",
        "a/2",
        "-1/3",
        "2*a/3",
        "0.1*a - 0.25",
        "1e-07*a",
        "a*1e20",
        "exp(-a)**2",
        "1/(1 + exp(-(a*b + c)))",
        "log(a)**2",
        "sqrt(a)/sqrt(b)",
        "sqrt(a + b)**3",
        "abs(a - b)",
        "where(a > b, a, b)",
        "where(a <= b, -a, b**2) + 1",
        "where(a != b, a, b)",
        "indicator(a >= b)*c",
        "max(a, b, c)",
        "min(a, -b)",
        "clip(a, -1, 1)",
        "round(a, 2)",
        "leaky_relu(a)",
        "leaky_relu(a, 0.2)",
        "elu(a, 2)",
        "gelu_tanh(a)*b",
        "xlogx(a)",
        "lambda*E + S",
        "w_11*x__2 + yhat",
    ],
)
def test_code_keeps_its_meaning(code: str) -> None:
    expression = parse_expression(code)
    names = sorted(symbol.name for symbol in expression.free_symbols)
    point = {Symbol(name): Rational(3 + 2 * place, 4) for place, name in enumerate(names)}
    assert same(expression, parse_expression(CODE_PRINTER(expression)), point)


def test_softmax_is_written_out() -> None:
    shown = done(run("derive", spec("regularised-cost"), "--format", "json")).out
    assert "exp(s_1)/(exp(s_1) + exp(s_2))" in shown


def test_fields_keep_the_spaces_around_them() -> None:
    """A number in a sentence does not run into the words beside it."""
    shown = done(run("train", spec("obesity"))).out
    assert "after update 1 " in shown
    assert "mean of the 3 used" in shown


@pytest.mark.parametrize(
    ("settings", "rules"),
    [
        ("momentum = 0.9", ["μ = 0.9", "v ← μ v + g", "θ ← θ - η v"]),
        ("momentum = 0.9\nnesterov = true", ["v ← μ v + g", "θ ← θ - η (g + μ v)"]),
        ("weight_decay = 0.1", ["λ = 0.1", "g ← g + λ θ", "θ ← θ - η g"]),
        (
            'optimizer = "adam"',
            ["m ← β₁ m + (1 - β₁) g", "v ← β₂ v + (1 - β₂) g²", "m̂ = m/(1 - β₁^k)", "θ ← θ - η m̂/(√v̂ + ε)"],
        ),
    ],
)
def test_the_rule_of_the_update_is_written(settings: str, rules: list[str], tmp_path: Path) -> None:
    text = Path(spec("chain")).read_text(encoding="utf-8").replace('optimizer = "sgd"', settings)
    place = tmp_path / "spec.toml"
    place.write_text(text, encoding="utf-8")
    shown = re.sub(" +", " ", done(run("train", place)).out)
    for rule in rules:
        assert rule in shown
    done(run("train", place, "--format", "latex"))


def test_a_wide_drawing_lies_across_its_own_page_below_its_headings() -> None:
    spec = str(EXAMPLES / "obesity" / "obesity.toml")
    written = printed("train", spec, "--format", "latex", "--standalone")
    across = re.findall(
        r"\\begin\{landscape\}\n\\section\{([^}]*)\}\n\n\\begin\{center\}\n% Network", written
    )
    assert across == [f"Iteration {number}: example {number}" for number in (1, 2, 3)]
    assert written.count(r"\begin{tikzpicture}") > written.count(r"\begin{landscape}")
