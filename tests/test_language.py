"""Text -> expressions: what parses, in which order, what each mistake says, and that nothing is executed."""

from __future__ import annotations

import builtins
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sympy import Add, Expr, Integer, Mul, Rational, Symbol

from symbackprop import functions
from symbackprop.errors import ExpressionError, Mistake, Mistakes
from symbackprop.expressions import symbols_in
from symbackprop.graph import Graph
from symbackprop.language import check_name, parse_equations, parse_expression
from tests.oracles import Outside, near, value

x, y, z, a, b = map(Symbol, "xyzab")
POINT = {x: Rational(3, 7), y: Rational(-5, 3), z: Rational(11, 4)}


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Fail, rather than hang, after so many seconds."""

    def late(*_: object) -> NoReturn:
        raise AssertionError(f"not done in {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def refused(text: str) -> ExpressionError:
    """The mistake in a text that is no expression."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    return caught.value


def complaint(read: Callable[[str], object], text: str) -> str | None:
    """What is said about a text that cannot be read; None where it can."""
    try:
        read(text)
    except (Mistake, Mistakes) as mistake:
        return str(mistake)
    return None


def pointed(mistake: Mistake) -> tuple[int, int, str]:
    """The line and the column that a mistake gives, and the text that its caret stands under."""
    place, shown, caret = mistake.where.splitlines()[-3:]
    found = re.match(r"line (\d+), column (\d+)", place)
    assert found, mistake.where
    assert re.fullmatch(r" *\^", caret), mistake.where
    return int(found[1]), int(found[2]), shown[len(caret) - 1 :]


# ------------------------------------------------------------------------------------- what parses


@pytest.mark.parametrize(
    ("text", "head", "arguments"),
    [
        ("y + x", Add, "y x"),
        ("b + a + y + x", Add, "b a y x"),
        ("y - x", Add, "y -x"),
        ("b - a + y", Add, "b -a y"),
        ("y*x", Mul, "y x"),
        ("b*a*y*x", Mul, "b a y x"),
        ("-y*x", Mul, "-1 y x"),
        ("y*(-x)", Mul, "-1 y x"),
        ("x + x", Add, "x x"),
        ("x*x", Mul, "x x"),
    ],
)
def test_the_order_is_the_authors(text: str, head: type[Expr], arguments: str) -> None:
    """SymPy's own order is alphabetical."""
    found = parse_expression(text)
    assert isinstance(found, head)
    assert [str(one) for one in found.args] == arguments.split()


def test_brackets_are_kept() -> None:
    """a - (b - c) stays a difference of differences, (a + b)·c a product."""
    difference = parse_expression("a - (b - x)")
    assert len(difference.args) == 2
    assert [str(one) for one in symbols_in(parse_expression("(y + b)*(x + a)"))] == ["y", "b", "x", "a"]
    assert isinstance(parse_expression("(y + b)*(x + a)"), Mul)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-x**2", -Fraction(9, 49)),
        ("(-x)**2", Fraction(9, 49)),
        ("x - y - z", Fraction(3, 7) + Fraction(5, 3) - Fraction(11, 4)),
        ("x/y/z", Fraction(3, 7) / Fraction(-5, 3) / Fraction(11, 4)),
        ("x/y*z", Fraction(3, 7) / Fraction(-5, 3) * Fraction(11, 4)),
        ("x/(y*z)", Fraction(3, 7) / (Fraction(-5, 3) * Fraction(11, 4))),
        ("1/(-x*3)", Fraction(-7, 9)),
        ("y/(-x*0.5)", Fraction(70, 9)),
        ("2**-1", Fraction(1, 2)),
        ("(2**3)**2", Fraction(64)),
        ("x**-2", Fraction(49, 9)),
        ("--x", Fraction(3, 7)),
        ("+x - +y", Fraction(3, 7) + Fraction(5, 3)),
        ("1/2*x", Fraction(3, 14)),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1e-3", Fraction(1, 1000)),
        ("1_000.5", Fraction(2001, 2)),
        (".5", Fraction(1, 2)),
        ("0x10", Fraction(16)),
        ("where(x > y, 1, 2)", Fraction(1)),
        ("where(x <= y, 1, 2)", Fraction(2)),
        ("where(x == x, y, z)", Fraction(-5, 3)),
        ("max(x, y, z)", Fraction(11, 4)),
        ("min(x, y, z)", Fraction(-5, 3)),
        ("clip(z, 0, 2)", Fraction(2)),
        ("abs(y) + relu(y) + leaky_relu(y, 0.1) + elu(2)", Fraction(5, 3) - Fraction(1, 6) + 2),
    ],
)
def test_meanings_are_those_of_numpy(text: str, expected: Fraction) -> None:
    """Signs, precedence, associativity, numbers and comparisons; worked out by hand."""
    with limited(5):
        found = parse_expression(text)
    assert near(value(found, POINT), value(Rational(expected.numerator, expected.denominator), {}), 1e-40)


def _bracketed(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A larger text over smaller ones, with and without brackets."""
    operators = st.sampled_from([" + ", " - ", "*", " / ", "-", " * "])
    return st.one_of(
        st.builds(lambda left, sign, right: f"{left}{sign}{right}", texts, operators, texts),
        texts.map(lambda inner: f"({inner})"),
        texts.map(lambda inner: f"-{inner}"),
        st.builds(
            lambda inner, power: f"({inner})**{power}", texts, st.sampled_from(["2", "-1", "3", "(-2)", "+2"])
        ),
        st.builds(
            lambda name, power: f"{name}**{power}", st.sampled_from("xyz"), st.sampled_from(["2", "-2"])
        ),
    )


@settings(max_examples=100)
@given(st.recursive(st.sampled_from(["x", "y", "z", "2", "7", "0.25"]), _bracketed, max_leaves=12))
def test_arithmetic_means_what_python_means_by_it(text: str) -> None:
    """Random sums, products, quotients and powers against Python's own fractions."""
    as_fractions = re.sub(r"(?<![\w.*])\d+(\.\d+)?|(?<=[^*]\*)\d+(\.\d+)?", r'F("\g<0>")', text)
    names = {"F": Fraction, **{str(key): Fraction(number.p, number.q) for key, number in POINT.items()}}
    try:
        expected = eval(as_fractions, {}, names)  # Python's own meaning is the oracle
    except ZeroDivisionError:
        with pytest.raises((ExpressionError, Outside)):
            value(parse_expression(text), POINT)
        return
    found = value(parse_expression(text), POINT)
    assert near(found, value(sympy.sympify(expected), {}), 1e-40, 1e-45)


@pytest.mark.parametrize(
    "name", "beta gamma lambda zeta N E I S Q O C pi e L d w_11 theta_0 yhat w_1_12 w_11__2 λ oo".split()
)
def test_greek_and_one_letter_names_are_plain_symbols(name: str) -> None:
    """Each of these is something else to SymPy, and two are reserved words of Python or numbers."""
    assert parse_expression(name) == Symbol(name)
    assert parse_expression(f"2*{name}**2 + x").free_symbols == {Symbol(name), x}
    (equation,) = parse_equations(f"{name} = x + 1")
    assert equation.name == name


def test_lambda_is_a_name_wherever_it_stands() -> None:
    """With an index, in a call, on the left; and a name that holds the word is left alone."""
    found = parse_expression("lambda/2 + exp(lambda) + lambda_1 + mylambda")
    assert {one.name for one in found.free_symbols} == {"lambda", "lambda_1", "mylambda"}


def test_numbers_are_exact() -> None:
    """0.1 is a tenth; an integer stays one."""
    assert parse_expression("0.044715") == Rational(44715, 10**6)
    assert parse_expression("3") == Integer(3)
    assert parse_expression("x*0.1").args == (x, Rational(1, 10))


def test_declared_functions_stay_as_written() -> None:
    """Nothing is rewritten: sin(-x) and exp(log(x)) neither."""
    assert parse_expression("sin(-x)").func is sympy.sin
    assert parse_expression("exp(log(x))").func is sympy.exp
    assert parse_expression("relu(sigmoid(x))").func is functions.relu


def test_constants_stand_for_their_values_only_when_asked() -> None:
    """In the text of a user `pi` is a name."""
    assert parse_expression("pi*x").free_symbols == {Symbol("pi"), x}
    assert parse_expression("pi*x", constants={"pi": sympy.pi}).free_symbols == {x}


def test_equations_stand_one_a_line_or_between_semicolons() -> None:
    """With comments, blank lines, indented lines, and an expression over several lines in brackets."""
    text = "  # the forward pass\n\n   q = x + y ; r = 2*q  # twice\n\tf = (q\n    * r\n  )\n f + 1"
    equations = parse_equations(text)
    assert [equation.name for equation in equations] == ["q", "r", "f", None]
    assert [str(one) for one in symbols_in(equations[2].expression)] == ["q", "r"]
    assert parse_equations("q = x\r\nf = q*q")[1].name == "f"


def test_every_name_tells_where_it_was_first_used() -> None:
    """Ready to print under an error about it."""
    (equation,) = parse_equations("   f = x*yy + yy", "the spec")
    assert list(equation.uses) == ["x", "yy"]
    place, line, caret = equation.uses["yy"]().splitlines()
    assert place == "line 1, column 10 of the spec"
    assert caret.index("^") == line.index("yy")
    assert equation.place().startswith("line 1, column 4 of the spec")


@pytest.mark.parametrize("term", ["x_{}", "{}.5*x_{}", "-w_{}*x_{}"])
def test_long_sums_are_read(term: str) -> None:
    """3000 terms, in their order, in a moment."""
    text = " + ".join(term.format(place, place) for place in range(3000))
    with limited(5):
        found = parse_expression(text)
    assert len(found.args) == 3000
    assert symbols_in(found.args[-1])[-1] == Symbol("x_2999")


def test_long_products_and_long_lists_of_equations_are_read() -> None:
    """A thousand factors, two thousand equations."""
    with limited(5):
        assert len(parse_expression("*".join(f"x_{place}" for place in range(1000))).args) == 1000
        assert len(parse_equations("\n".join(f"q_{place} = x + {place}" for place in range(2000)))) == 2000


# ---------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "under", "says"),
    [
        ("x + ", "", "cannot read"),
        ("x y", "y", "cannot read"),
        ("x + y)", ")", "unmatched"),
        ("x*(y + z", "(y", "never closed"),
        ("x + relux(z)", "relux", "did you mean 'relu'"),
        ("1 + sigmoidd(z)", "sigmoidd", "did you mean 'sigmoid'"),
        ("x*k(y)", "k(y)", "write k*(…)"),
        ("x + exp(y, z)", "exp", "exp is written exp(z)"),
        ("x + exp()", "exp", "got 0 arguments"),
        ("clip(x, 1)", "clip", "clip(x, low, high)"),
        ("x + exp(z=y)", "exp", "without names"),
        ("x + exp(*y)", "exp", "without names"),
        ("x + exp", "exp", "is a function of the language"),
        ("x + __class__", "__class__", "is not a name"),
        ("x + _y", "_y", "is not a name"),
        ("x + y_", "y_", "is not a name"),
        ("__import__('os').system('true')", "__import__", "unknown function 'system'"),
        ("x + y.__class__.__bases__[0]", "y.__class__", "unknown attribute .__bases__"),
        ("x + y[i]", "i]", "an index is not constant"),
        ("x + [q for q in y]", "[q", "not part of the expression language"),
        ("x + {1: 2}", "{1", "not part of the expression language"),
        ("x + (q := y)", "q :=", "not part of the expression language"),
        ("x + (y if z else a)", "y if", "not part of the expression language"),
        ("x + f'{y}'", "f'", "not part of the expression language"),
        ("x + y % z", "y %", "not part of the expression language"),
        ("x + y // z", "y //", "not part of the expression language"),
        ("x + (y and z)", "y and", "not part of the expression language"),
        ("x + (not y)", "not", "not part of the expression language"),
        ("x + ~y", "~y", "not part of the expression language"),
        ("x + (yield)", "yield", "not part of the expression language"),
        ("x + 'abc'", "'abc'", "is not a number"),
        ("x + True", "True", "is not a number"),
        ("x + None", "None", "is not a number"),
        ("x + ...", "...", "is not a number"),
        ("x + 2j", "2j", "is not a number"),
        ("x + 1e400", "1e400", "too long or too large"),
        ("x + 1" + "0" * 60, "10000", "too long or too large"),
        ("x + 1/0", "0", "division by zero"),
        ("x + y/0.0", "0.0", "division by zero"),
        ("x + 0**-1", "0**-1", "division by zero"),
        ("x + y**1001", "1001", "at most 1000"),
        ("x + y**1e9", "1e9", "at most 1000"),
        ("x + 2**3**4**5", "4**5", "a tower of powers is too high"),
        ("x + (y > z)", "y > z", "only inside where"),
        ("exp(y > z)", "y > z", "only inside where"),
        ("where(y, z, a)", "y, z", "a comparison is expected"),
        ("where(x < y < z, 1, 2)", "x <", "a comparison is expected"),
        ("where(x is y, 1, 2)", "x is", "a comparison is expected"),
        ("x + (y ^ 2)", "y ^", "a power is written with **"),
    ],
)
def test_a_mistake_says_what_is_wrong_and_points_at_it(text: str, under: str, says: str) -> None:
    """The caret stands under the first character of what is wrong, whatever stands before the text."""
    for indent, before in (("", ""), ("   ", ""), ("", "# ℒ\nλ_1 = x; "), ("  ", "q = (x\n  + y)\nf = ")):
        with pytest.raises(ExpressionError) as caught:
            parse_equations(before + indent + text) if before else parse_expression(indent + text)
        line, column, shown = pointed(caught.value)
        assert says in str(caught.value)
        assert line == before.count("\n") + 1
        last = (before + indent + text).splitlines()[-1]
        assert shown.startswith(under), caught.value.where
        assert column == (last.rindex(under) + 1 if under else column)


def test_the_caret_is_right_in_a_long_line() -> None:
    """Only a part of the line is shown, and the caret under it."""
    text = " + ".join(["x"] * 200) + " + foo(y) + " + " + ".join(["z"] * 200)
    mistake = refused(text)
    line, column, shown = pointed(mistake)
    assert (line, column) == (1, text.index("foo") + 1)
    assert shown.startswith("foo(y)")
    assert max(map(len, mistake.where.splitlines())) <= 110


def test_the_caret_is_right_after_wide_letters_and_tabs() -> None:
    """Columns are characters, not bytes."""
    assert pointed(refused("βγδ + λ*foo(x)"))[1:] == (9, "foo(x)")
    assert pointed(refused("lambda +\tfoo(x)"))[1:] == (10, "foo(x)")


def test_a_mistake_names_the_source() -> None:
    """Its label is part of the place."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression("x +* y", "data.inputs.x_1")
    assert "of data.inputs.x_1" in caught.value.where


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no equation"),
        ("   # nothing", "there is no equation"),
        ("q = r = x", "not an equation"),
        ("q += x", "not an equation"),
        ("import os", "not an equation"),
        ("del x", "not an equation"),
        ("def f(x): return x", "not an equation"),
        ("for q in x: pass", "not an equation"),
        ("q: float = x", "not an equation"),
        ("q, r = x", "one name"),
        ("q[0] = x", "one name"),
        ("q.real = x", "one name"),
        ("exp = x", "function of the language"),
        ("_q = x", "is not a name"),
        ("__builtins__ = x", "is not a name"),
        ("2 = x", "cannot read"),
        ("q = ", "cannot read"),
        ("= x", "cannot read"),
    ],
)
def test_lines_that_are_no_equations_are_refused(text: str, says: str) -> None:
    """Statements of Python are none."""
    with pytest.raises(ExpressionError) as caught:
        parse_equations(text)
    assert says in caught.value.what
    assert caught.value.fix or caught.value.where


@pytest.mark.parametrize("text", ["x; y", "q = x", "", "  ", "import os"])
def test_one_expression_is_one_expression(text: str) -> None:
    """Two of them, an equation or nothing are refused."""
    assert "is not one expression" in refused(text).what


@pytest.mark.parametrize("text", ["lambda q: q", "(lambda q: q)(x)", "lambda: 1"])
def test_functions_of_python_are_refused(text: str) -> None:
    """`lambda` is only a Greek letter here."""
    assert re.search("cannot read|is not one expression", refused(text).what)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "_",
        "__x__",
        "x_",
        "1x",
        "x y",
        "x.y",
        "x-1",
        "x'",
        "x);import os",
        "exp",
        "relu",
        "max",
        "sum",
        "a___b",
        "x\n",
    ],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    """Names become part of files and code: letters, digits and single or double underscores between them."""
    with pytest.raises(ExpressionError) as caught:
        check_name(name, "[inputs]")
    assert caught.value.where == "[inputs]"
    assert caught.value.fix


# ---------------------------------------------------------------------------------------- monsters


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9**9",
        "((9**1000)**1000)**1000",
        "2**1000**1000",
        "x**(9**9)",
        "(" * 500 + "x" + ")" * 500,
        "[" * 500,
        "exp(" * 500 + "x" + ")" * 500,
        "-" * 5000 + "x",
        "+" * 50_000 + "x",
        "x" + "**x" * 5000,
        "x" + "*-" * 20_000 + "x",
        "x\0y",
        "\0",
        "1e400",
        "9" * 5000,
        "x + " * 60_000,
        "x<" * 3000 + "x",
        "x and " * 3000 + "x",
        "x[" * 90 + "0" + "]" * 90,
        "x.y" * 3000,
        "x;" * 20_000,
        "\\\n" * 5000,
        "'" * 9999,
        "\ud800",
        "x\ud800",
        "\N{BYTE ORDER MARK}x(",
    ],
)
def test_monsters_are_refused_at_once(text: str) -> None:
    """Or read, where they are harmless; but never a traceback of Python, and never a long wait."""
    for read in (parse_expression, parse_equations):
        with limited(5):
            try:
                found = read(text)
            except (Mistake, Mistakes):
                continue
        assert not re.search(r"\d{2,}\*\*\d{4,}|\*\*\d{7,}", str(found)), (
            "a number of a million digits is waiting in it"
        )


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("[", "]"), ("exp(", ")"), ("((", "))")])
def test_brackets_may_be_nested_sixty_deep_and_no_deeper(opening: str, closing: str) -> None:
    """Then the caret stands under the one too many, and the cure is a name."""
    deep = 60 // len(opening.replace("exp", ""))
    if opening != "[":
        assert parse_expression(opening * deep + "x" + closing * deep).free_symbols == {x}
    mistake = refused(opening * 500 + "x" + closing * 500)
    assert "nested" in mistake.what
    assert "name" in mistake.fix
    assert pointed(mistake)[1] == (61 if len(opening) < 3 else 244)


@pytest.mark.parametrize("text", ["1e-99999999", "x + 1.5e-99999999", "0.1e-99999999*x"])
def test_tiny_numbers_are_no_bombs(text: str) -> None:
    """10^99999999 is not written out; in a process of its own, for Python cannot be interrupted there."""
    program = (
        "import sys\nfrom symbackprop.errors import Mistake\n"
        "from symbackprop.language import parse_expression\n"
        "try: parse_expression(sys.argv[1])\nexcept Mistake: pass"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, text], timeout=30, check=False, capture_output=True
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"{text} is not refused within 30 s")
    assert done.returncode == 0, done.stderr.decode()[-300:]


@pytest.mark.parametrize(
    "text", [r"'\d'", "1if x else y", "0x1for x in y", "1and 2", "x is 1", "'a' is 1", "1(2)"]
)
def test_python_does_not_warn_the_user(text: str) -> None:
    """What Python's own reader would say on standard error about Python is of no use here."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        refused(text)
    assert [str(one.message) for one in heard] == []


# ------------------------------------------------------------------------------------ nothing runs

ATTACKS = [
    "__import__('pathlib').Path('{canary}').touch()",
    "open('{canary}', 'w')",
    "exec(\"open('{canary}', 'w')\")",
    "eval(\"open('{canary}', 'w')\")",
    "(lambda: open('{canary}', 'w'))()",
    "[open('{canary}', 'w') for q in (1,)]",
    "f\"{{open('{canary}', 'w')}}\"",
    "x + (q := open('{canary}', 'w'))",
    "().__class__.__base__.__subclasses__()",
    "x.__init__.__globals__['open']('{canary}', 'w')",
    "where(open('{canary}', 'w') > 0, 1, 2)",
    "exp(open('{canary}', 'w'))",
    "'{{0.__class__}}'.format(x)",
    "import os; os.system('touch {canary}')",
    "print(open('{canary}', 'w'))",
    "x = open('{canary}', 'w')",
    "@open('{canary}', 'w')\ndef q(): pass",
    "class q(open('{canary}', 'w')): pass",
    "assert open('{canary}', 'w')",
    "x**open('{canary}', 'w')",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_executed(attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file appears, and neither eval nor exec nor SymPy's own parser is ever called."""
    canary = tmp_path / "canary"
    text = attack.format(canary=canary)

    def forbidden(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("executed")

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "eval", forbidden)
        patch.setattr(builtins, "exec", forbidden)
        patch.setattr("sympy.parsing.sympy_parser.parse_expr", forbidden)
        for read in (parse_expression, parse_equations, Graph.from_equations):
            with pytest.raises((Mistake, Mistakes)):
                read(text)
    assert not canary.exists()


def test_text_in_the_place_of_an_expression_is_not_executed(tmp_path: Path) -> None:
    """`from_expressions` takes SymPy expressions; text given by mistake is refused or parsed, never run."""
    canary = tmp_path / "canary"
    text: Any = f"open({str(canary)!r}, 'w')"
    with pytest.raises((Mistake, TypeError, ValueError)):
        Graph.from_expressions({"f": text})
    assert not canary.exists()


TOKENS = (
    "x y z w_11 lambda beta exp log where relu max ( ) [ ] { } + - * / ** ^ @ , ; = == > < >= : . 1 2 "
    "0.5 1e3 1000 10 ' \" # \\ := if else for in not and lambda: __class__ _ ~ % // \n \t é λ ∂ "
    "f' b' 0x 1_0 1j ... ->"
).split(" ")


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(TOKENS), max_size=14).map(" ".join)))
@example("lambdα = 1")
@example("x\x0b+y(")
@example("x\x0c\n y(")
@example("\r\n\r x\ry(")
@example("x\u2028y(")
@example("\u00a0x")
def test_random_text_is_read_or_is_a_mistake(text: str) -> None:
    """Never another exception, never a long wait; and what it says can be printed."""
    for read in (parse_expression, parse_equations, Graph.from_equations):
        with limited(5):
            said = complaint(read, text)
            assert said is None or said


@settings(max_examples=60)
@given(st.lists(st.sampled_from(TOKENS), max_size=8).map("".join))
def test_random_tokens_without_spaces_are_read_or_are_a_mistake(text: str) -> None:
    """Where one token runs into the next."""
    with limited(5):
        said = complaint(parse_equations, text)
        assert said is None or said
