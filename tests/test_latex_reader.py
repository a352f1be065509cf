"""The reader reads what the tool prints, and nothing else."""

import re
from collections.abc import Callable, Iterator

import pytest
from mpmath import mp, mpf

from tests.latex_reader import FUNCTIONS, ReadError, canonical, evaluate, names, read_equation

NUMBERS = {
    "x": "3", "x_1": "0.5", "x_2": "-2", "y": "1", r"\hat{y}": "0.25", "z": "-0.7", "e": "5", "a_1": "0.6",
    "b": "7", "c": "11", "d": "13", r"\delta_{a1}": "0.1", r"\delta_{g1}": "2", r"\delta_{g2}": "3",
    "v_{11}": "0.3", "v_{21}": "-0.4", "w_{11}": "1.5", r"\theta_0": "17", "w_{11}^{[2]}": "19",
    "w_{11}^{(1)}": "23", "s": "0.9", "w_{1,12}": "29", r"\mathrm{loss}": "31", "a_1^{[2](0)}": "37",
    r"\bar{x}": "41", r"\mathcal{L}": "43", r"\delta_{a_1^{[2]}}": "47", r"\varepsilon": "53",
    r"\sigma_1": "59", "z_1": "1", "z_2": "2", "z_3": "3",
}  # fmt: skip
QUOTIENTS = {("L", "w_{11}"): "2", (r"\hat{y}", "t"): "3", ("L", "d"): "5", ("d", "t"): "7"}


@pytest.fixture(autouse=True)
def _precise() -> Iterator[None]:
    with mp.workdps(50):
        yield


def value(latex: str, **more: float) -> mpf:
    """The value with the numbers above."""
    symbols = {name: mpf(number) for name, number in {**NUMBERS, **more}.items()}
    return evaluate(latex, symbols, {pair: mpf(number) for pair, number in QUOTIENTS.items()})


def near(left: mpf, right: mpf) -> bool:
    """Equal to 45 digits."""
    return bool(abs(left - right) <= mpf("1e-45") * max(1, abs(right)))


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("1 + 2 - 4", "-1"),
        ("-x^2 + 1", "-8"),
        ("(-x)^2", "9"),
        ("x^{-1} x", "1"),
        ("2^{3}", "8"),
        ("x^b", "2187"),
        (r"2 (\hat{y} - y)", "-1.5"),
        ("(0.100000)(0.850000)", "0.085"),
        (r"2 \cdot 3 \cdot x", "18"),
        (r"-7.778937 \times 10^{-5} x", "-0.00023336811"),
        (r"2 \times 10^3", "2000"),
        (r"(2 \times 10^{-1})^2 (-1.5 \times 10^{ 2 })", "-6"),
        (r"\delta_{a1} x_1", "0.05"),
        (r"(\delta_{g1} v_{11} + \delta_{g2} v_{21})\, a_1 (1 - a_1)", "-0.144"),
        (r"\left(\delta_{g1} v_{11} + \delta_{g2} v_{21}\right) a_1 \bigl(1 - a_1\bigr)", "-0.144"),
        (r"\{x - (y + 1)\} b", "7"),
        (r"\left\{x - \Bigl(y + 1\Bigr)\right\} b", "7"),
        (r"\frac{x + 1}{2} b", "14"),
        (r"\dfrac{1}{2} x", "1.5"),
        (r"\frac{dL}{dw_{11}} \frac{d\hat{y}}{dt}", "6"),
        (r"\frac{\partial L}{\partial w_{11}} + \frac{\partial \hat{y}}{\partial t}", "5"),
        (r"\frac{dL}{dd} + \frac{dd}{dt}", "12"),
        (r"\frac{d x}{2 d}", "1.5"),
        (r"\left. \frac{\partial L}{\partial w_{11}} \right|_{w_{11} = 0.5} x", "6"),
        (r"w_{11}^{[2]} + w^{[2]}_{11}", "38"),
        ("w_{11}^{(1)} + w_{11}^2", "25.25"),
        ("(w_{11}^{[2]})^{2}", "361"),
        (r"a_1^{[2](0)} w_{1,12}", "1073"),
        (r"\delta_{a^{[2]}_1}", "47"),
        (r"\theta_0 \mathrm{loss} - \bar x \mathcal{L} \varepsilon", "-92912"),
        ("x_{1} x_2", "-1"),
        ("e x", "15"),
        ("e^2", "25"),
        ("2e x", "30"),
        (r"\sigma_1 (x)", "177"),
        (r"|x_2| - \left|z - 1\right| + |x| |y|", "3.3"),
        ("|(|x_2| - x) y|", "1"),
        (r"[x > 0] b + [x = 3] + [x \ne 3] + [x_2 \ge -2] + [x \le 2] + [x < 4]^{2}", "10"),
        (r"\left[ z > 0 \right] b", "0"),
        (r"\begin{cases} x & \text{if } z > 0 \\ -b & \text{otherwise} \end{cases}", "-7"),
        (r"b\begin{cases}1&\text{if }z>0\\2&\;\text{if }x=3\\ \frac{1}{0}&\text{otherwise}\end{cases}", "14"),
        (r"\begin{cases} \log(z) & \text{if } z > 0 \\ 0 & \text{otherwise} \end{cases}", "0"),
        (r"\sqrt{x + 6}^{2}", "9"),
        (r"\max(x, y) \min(x, y, -2)", "-6"),
        (r"\boxed{x}", "3"),
        (r"x + \boxed{x b}", "24"),
        (r"x b \quad (\text{chain rule})", "21"),
        (r"x b \qquad \text{a note}", "21"),
        (r"\begin{aligned} x &+ b \\[2pt] &\quad - c \end{aligned}", "-1"),
    ],
)
def test_values(latex: str, expected: str) -> None:
    """Every construction, with its value by hand."""
    assert near(value(latex), mpf(expected))


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\sigma(x)", lambda x: 1 / (1 + mp.exp(-x))),
        (r"\sigma(x)^2 \exp(-x)", lambda x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2),
        (r"\frac{1}{1 + e^{-x}}", lambda x: 1 / (1 + mp.exp(-x))),
        (r"e^{-x} (x)", lambda x: x * mp.exp(-x)),
        (r"\log(x^2) - \ln(x^2) + \exp(x)", mp.exp),
        (r"\sin(x) \cos(x) \tan(x)", lambda x: mp.sin(x) ** 2),
        (r"\sinh(x) + \cosh(x)", mp.exp),
        (r"1 - \tanh(x)^{2}", lambda x: mp.sech(x) ** 2),
        (r"\arctan(x)", mp.atan),
        (r"\pi x", lambda x: mp.pi * x),
        (r"\operatorname{erf}(x)", mp.erf),
        (r"\operatorname{softplus}(x)", lambda x: mp.log(1 + mp.exp(x))),
        (r"\operatorname{relu}(x) - \operatorname{ReLU}(-x)", lambda x: x),
        (r"\operatorname{LeakyReLU}(x, 0.1)", lambda x: x if x > 0 else x / 10),
        (r"\operatorname{ELU}(x, 2)", lambda x: x if x > 0 else 2 * (mp.exp(x) - 1)),
        (
            r"\operatorname{SELU}(x)",
            lambda x: (
                mpf("1.0507009873554804934193349852946")
                * (x if x > 0 else mpf("1.6732632423543772848170429916717") * (mp.exp(x) - 1))
            ),
        ),
        (r"\operatorname{GELU}(x)", lambda x: x * mp.ncdf(x)),
        (
            r"\operatorname{GELUtanh}(x)",
            lambda x: mpf("0.5") * x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))),
        ),
        (r"\operatorname{SiLU}(x)", lambda x: x / (1 + mp.exp(-x))),
        (r"\operatorname{mish}(x)", lambda x: x * mp.tanh(mp.log(1 + mp.exp(x)))),
        (r"\operatorname{softsign}(x)", lambda x: x / (1 + abs(x))),
        (r"\operatorname{hardsigmoid}(x)", lambda x: mp.mpf(x > 3) if abs(x) > 3 else x / 6 + mpf("0.5")),
        (r"\operatorname{step}(x) - \operatorname{step}(0)", lambda x: mpf(0 if x > 0 else -1)),
        (r"\operatorname{sign}(x) + \operatorname{sign}(0)", lambda x: mpf(1 if x > 0 else -1)),
        (r"\operatorname{log1p}(x^2)", lambda x: mp.log(1 + x**2)),
        (r"\operatorname{expm1}(x)", lambda x: mp.exp(x) - 1),
        (r"\operatorname{clip}(x,-1,2)", lambda x: mpf(2) if x > 2 else mpf(-1) if x < -1 else x),
        (r"\operatorname{softmax}_2(1, x, 3)", lambda x: mp.exp(x) / (mp.e + mp.exp(x) + mp.exp(3))),
        (r"\operatorname{softmax}_{3}(1, x, 3)", lambda x: mp.exp(3) / (mp.e + mp.exp(x) + mp.exp(3))),
    ],
)
@pytest.mark.parametrize("x", ["0.375", "-1.25", "3.5", "-7"])
def test_functions(latex: str, expected: Callable[[mpf], mpf], x: str) -> None:
    """Every function agrees with its definition, on both sides of its kinks."""
    assert near(evaluate(latex, {"x": mpf(x)}), expected(mpf(x)))


def test_every_function_is_tested() -> None:
    """The table above leaves none out."""
    marks = test_functions.pytestmark[1].args[1]
    met = " ".join(latex for latex, _ in marks)
    assert [name for name in FUNCTIONS if name not in met] == [r"\max", r"\min"]


@pytest.mark.parametrize(
    "latex",
    [
        "",
        "2 3",
        "x 2",
        "x_12",
        "x^12",
        "(2) 3",
        r"\frac{1}{2} 3",
        r"2 \frac{1}{3}",
        "2e-5",
        r"- 0.1 \cdot -0.08",
        "x + -y",
        "x - -y",
        "- -x",
        "+ x",
        "x +",
        r"x \cdot",
        r"\cdot x",
        r"x \times y",
        r"x \times 10^{-5}",
        "x * y",
        "x / y",
        ".5",
        "5.",
        "1.2.3",
        "()",
        "(x",
        "x)",
        "(x]",
        r"\left(x)",
        r"\left(x\right]",
        r"\bigl(x\Bigr)",
        r"(x\right)",
        "{x}",
        "{x + y} b",
        r"\frac{x + y}{b",
        r"\frac12",
        r"\frac{x}{y}^2",
        r"\frac{(x}{y)}",
        r"\frac{dL}{\partial w_{11}}",
        r"\frac{d L}{d x}",
        r"\frac{d}{dt}",
        r"\partial x",
        "x^2^3",
        "x^{2}_1",
        "x_1_2",
        "w_{11}^{[2]}^{2}",
        "w^{[2]}_{11}^2",
        "w_{x = 1}",
        "x_{}",
        "x^{}",
        "x^-1",
        "x^x_1",
        "x'",
        "x!",
        r"\sigma",
        r"\sigma x",
        r"\sigma^2(x)",
        r"\tanh^2(x)",
        r"\sigma(x, y)",
        r"\sigma()",
        r"\max(x)",
        r"\operatorname{LeakyReLU}(x)",
        r"\operatorname{nothing}(x)",
        r"\operatorname{erf} x",
        r"\operatorname{softmax}(x, y)",
        r"\operatorname{softmax}_0(x, y)",
        r"\operatorname{softmax}_3(x, y)",
        r"\operatorname{softmax}_12(x, y)",
        "(x, y)",
        "x, y",
        "[x]",
        "[x > y > z]",
        "x > y",
        "x = y",
        "|x",
        "|x| - y|",
        "|x - |y||",
        r"\left|x\right)",
        r"\left. x \right|_{x = 0}",
        r"\left. \frac{dL}{dw_{11}} \right|",
        r"\left. \frac{dL}{dw_{11}} \right)",
        r"\unknown{x}",
        r"\sum x",
        r"\text{if}",
        r"x (\text{note})",
        r"x \text{note} \quad y",
        r"\quad \text{note} x",
        r"x \quad y",
        "x & y",
        r"x \\ y",
        r"\begin{aligned} x &= b \\ -c &= d \end{aligned}",
        r"\begin{aligned} x",
        r"\boxed{x + y} b",
        r"\boxed x",
        r"\begin{cases} x & \text{if } z \\ y & \text{otherwise} \end{cases}",
        r"\begin{cases} x & \text{if } z > 0 \end{cases}",
        r"\begin{cases} x & \text{otherwise} \end{cases}",
        r"\begin{cases} x & \text{for } z > 0 \\ y & \text{otherwise} \end{cases}",
        r"\begin{cases} x & z > 0 \\ y & \text{otherwise} \end{cases}",
        "$x$",
        "q",
        r"\frac{x}{0}",
        r"\log(x_2)",
        r"\sqrt{x_2}",
        r"\sqrt[3]{x}",
        "0^{-1}",
        r"\mathrm{H}(x)",
    ],
)
def test_anything_else_is_refused(latex: str) -> None:
    """What is not in the grammar, or has no value, is a `ReadError`."""
    with pytest.raises(ReadError):
        value(latex)


@pytest.mark.parametrize(
    "latex",
    [
        r"(\delta_{g1} v_{11} + \delta_{g2} v_{21})\, a_1 (1 - a_1)",
        r"-2 (\hat{y} - y) \left(w_{11}^{[2]} x_1 - (b - c)\right)^{3}",
        r"x - 7.78 \times 10^{-1} (1 - a_1)",
        r"x \cdot (-0.85) - b \cdot (x - y)",
        r"\frac{-(x + y)}{b - c} e^{-(s + x_1)} \sigma(-(z + 1))^{2}",
        r"\begin{aligned} (x + y) &\cdot (b - c) \\ &- \left|z - x\right| (x + 1) \end{aligned}",
    ],
)
def test_a_lost_sign_or_bracket_shows(latex: str) -> None:
    """Without any one of its signs, or pairs of brackets, it is refused or has another value."""
    shorter = [latex[: m.start()] + latex[m.end() :] for m in re.finditer("-", latex)]
    opened: list[re.Match[str]] = []
    for match in re.finditer(r"(?<!sigma)(?:\\left)?\(|(?:\\right)?\)|sigma\(", latex):
        if match[0].endswith("("):
            opened.append(match)
        else:
            start = opened.pop()
            inner = latex[start.end() : match.start()]
            if not start[0].startswith("sigma"):
                shorter.append(f"{latex[: start.start()]} {inner} {latex[match.end() :]}")
    assert len(shorter) >= 3
    for text in shorter:
        try:
            assert not near(value(text), value(latex)), text
        except ReadError:
            continue


@pytest.mark.parametrize(
    ("latex", "sides"),
    [
        ("x", ["x"]),
        (r"a = b \approx c \equiv d", ["a", "b", "c", "d"]),
        (r"w_1 \leftarrow w_1 - \eta \frac{dL}{dw_1}", ["w_1", r"w_1 - \eta \frac{dL}{dw_1}"]),
        ("a = [x = y] b", ["a", "[x = y] b"]),
        (r"a =\; \left(b + c\right) d", ["a", r"\left(b + c\right) d"]),
        (r"\boxed{a = \, b} \quad (\text{note, with = sign})", ["a", "b"]),
        (r"\begin{aligned} a &= b \\ &= c \quad & \approx (d) \end{aligned}", [*"abc", "(d)"]),
        (
            r"a = \begin{cases} b & \text{if } x = y \\ c & \text{otherwise} \end{cases} = d",
            ["a", r"\begin{cases} b & \text{if } x = y \\ c & \text{otherwise} \end{cases}", "d"],
        ),
        (r"\left. \frac{dL}{dw} \right|_{w = 0} = 1", [r"\left. \frac{dL}{dw} \right|_{w = 0}", "1"]),
    ],
)
def test_equations(latex: str, sides: list[str]) -> None:
    """Chains are split at the top level; a side is read as itself."""
    assert read_equation(latex) == sides
    assert [side for text in sides for side in read_equation(text)] == sides


@pytest.mark.parametrize(
    "latex", ["= b", "a =", "a = = b", "a = (b", r"a &= b \\ c &= d", r"a &= b \\ -c &= d", r"a = b \quad c"]
)
def test_not_equations(latex: str) -> None:
    """Empty sides and rows that are equations of their own are refused."""
    with pytest.raises(ReadError):
        read_equation(latex)


def test_names() -> None:
    """All symbols are met, Euler's number is none."""
    latex = r"\frac{dL}{dd} = e \cdot e^{-s} \sigma(w^{[2]}_{11}) [\hat y > 0] \pi^n \log(\varepsilon x_{1})"
    wanted = {"L", "d", "e", "s", "w_{11}^{[2]}", r"\hat{y}", r"\pi", "n", "x_1", r"\varepsilon"}
    assert names(latex) == wanted
    with pytest.raises(ReadError):
        names("x = 2 3")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("x_{1}", "x_1"),
        (r"\hat y", r"\hat{y}"),
        (r"\hat{ y }_{ 1 2 }", r"\hat{y}_{12}"),
        ("w^{ [2] (0) }_{1, 12}", "w_{1,12}^{[2](0)}"),
        (r"\delta_\theta", r"\delta_{\theta}"),
        (r"\delta_{\theta x \hat{y}}", r"\delta_{\theta x\hat{y}}"),
        (r"\mathrm{my\_loss}_{t + 1}", r"\mathrm{my\_loss}_{t+1}"),
    ],
)
def test_canonical_names(name: str, wanted: str) -> None:
    """A symbol is the same however it is spelled."""
    assert canonical(name) == wanted
    assert canonical(wanted) == wanted
    assert evaluate(wanted, {name: mpf(2)}) == evaluate(name, {wanted: mpf(2)}) == 2


@pytest.mark.parametrize("name", ["", "xy", "x_1_2", "x^2", r"\nothing", "x_{}", "x_{=}", "2"])
def test_not_names(name: str) -> None:
    """Only a whole symbol is a name."""
    with pytest.raises(ReadError):
        canonical(name)


def test_pi_is_a_symbol_if_it_has_a_value() -> None:
    """Otherwise it is the number."""
    assert near(evaluate(r"\pi", {}), mp.pi)
    assert evaluate(r"\pi", {r"\pi": mpf(3)}) == 3
