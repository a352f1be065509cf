"""Documents that are broken, huge or malicious come to an end, in time; nothing is opened or run."""

from __future__ import annotations

import builtins
import io
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import NoReturn

import pytest

from symbackprop.check.claims import Report, Verdict
from tests.check.small import GOOD_FORMULA, check, displayed, within

SECONDS = 4.0
"""So much CPU time may a document of one formula take."""


def judged(text: str, seconds: float = SECONDS) -> Report:
    with within(seconds):
        return check(text)


def wrapped(before: str, after: str, times: int, inner: str = "w") -> str:
    return f"z = {before * times}{inner}{after * times}"


NESTED = {
    "braces": ("{", "}"),
    "fractions": (r"\frac{1}{", "}"),
    "brackets": ("(", ")"),
    "large brackets": (r"\left(", r"\right)"),
    "bars": (r"\left|", r"\right|"),
    "powers": ("w^{", "}"),
    "subscripts": ("w_{", "}"),
    "accents": (r"\hat{", "}"),
    "roots": (r"\sqrt{", "}"),
    "remarks": (r"\underbrace{", "}"),
    "logarithms": (r"\log ", ""),
    "sums": (r"\sum_{i=1}^{2} ", ""),
    "cases": (r"\begin{cases}", r"\end{cases}"),
    "matrices": (r"\begin{pmatrix}", r"\end{pmatrix}"),
    "gradients": (r"\nabla_{", "}"),
    "derivatives": (r"\frac{\partial ", r"}{\partial w}"),
    "calls": (r"\sigma(", ")"),
}


@pytest.mark.parametrize("kind", NESTED)
def test_a_thousand_within_each_other_are_not_read(kind: str) -> None:
    report = judged(displayed(wrapped(*NESTED[kind], times=1000)))
    assert report.summary == {"claims": 1, "verified": 0, "refuted": 0, "undecided": 0, "unread": 1}


@pytest.mark.parametrize("kind", NESTED)
def test_thirty_within_each_other_come_to_an_end(kind: str) -> None:
    report = judged(displayed(wrapped(*NESTED[kind], times=30)))
    assert report.summary["verified"] == 0
    assert report.summary["claims"] == 1


UNREAD = {
    r"x = \frac{1}{2": "a brace",
    "z = w x + b}": "one too many",
    r"z = \left( w x + b": "a bracket",
    r"z = \begin{pmatrix} 1": "an environment",
    r"z = \input{/etc/passwd}": "a file",
    r"z = \include{/etc/passwd}": "a file",
    r"z = \write18{touch /tmp/symbackprop-hacked}": "a shell",
    r"z = \immediate\write18{ls}": "a shell",
    r"z = \csname w\endcsname": "a name made up",
    r"z = \def\w{w} \w": "a definition of TeX",
    "z = w\0 x + b": "NUL",
    "z = w x \u202e+ b": "right to left",
    "z = w \ud800 x": "half a character",
    "z = w\u0301 x": "an accent put on",
    "z = 1e999999": "a number",
    f"z = {'1' * 15_000}": "a long number",
    f"z = 0.{'1' * 15_000}": "long decimals",
    "z = 1__import__('os').system('ls')": "code",
    r"__import__('os').system('ls') = 3": "code",
    "z = " + " ".join(["w"] * 30_000): "a long formula",
}


@pytest.mark.parametrize("formula", UNREAD, ids=list(UNREAD.values()))
def test_what_is_no_formula_is_unread_and_what_follows_is_judged(formula: str) -> None:
    report = judged(displayed(formula, GOOD_FORMULA))
    assert report.claims[0].verdict is Verdict.UNREAD
    assert report.claims[0].reason is not None
    assert report.claims[-1].verdict is Verdict.VERIFIED


NOT_RIGHT = {
    "a tower": "z = 2^{2^{2^{2^{2^2}}}}",
    "a tower and its value": "2^{2^{2^{2^{2^2}}}} = 5",
    "ten to ten to ten": "z = 10^{10^{10}}",
    "a great exponential": r"z = \exp(10^{10})",
    "exponentials of exponentials": r"z = \exp(\exp(\exp(\exp(100))))",
    "e to e to e": "z = e^{e^{e^{e^{10}}}}",
    "a sine far out": r"z = \sin(10^{10^{7}})",
    "a sine of exponentials": r"z = \sin(e^{e^{e^{e^{10}}}})",
    "a power of a decimal": r"1.0000001^{10^{15}} = 3",
    "a great whole power": "9^{999999999} = 3",
    "a sum to a milliard": r"z = \sum_{i=1}^{10^9} i",
    "a sum to a milliard in digits": r"z = \sum_{i=1}^{1000000000} w",
    "sums of sums": r"z = \sum_{i=1}^{2000} \sum_{j=1}^{2000} \sum_{k=1}^{2000} i j k",
    "ten sums of nine": "z = " + r"\sum_{i=1}^{9} " * 10 + "w",
    "a product": r"z = \prod_{i=1}^{2000} 10^{300}",
    "a great identity": "I_{10000000} w = 3",
    "many ones": r"\mathbf{1}_{100000000} = 3",
    "a great array": r"\operatorname{reshape}(w, 100000, 10000) = 3",
    "ones by a call": r"\operatorname{ones}(100000, 100000) = 3",
    "a matrix to a power": r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}^{1000000000} = 3",
    "a division by zero": "z = 1/0",
    "zero over zero": r"z = \frac{w - w}{w - w}",
    "the logarithm of -1": r"z = \log(-1)",
    "the root of -1": r"z = \sqrt{-1}",
    "a long sum": "z = " + " + ".join(["w"] * 4000),
    "a long product": "z = " + " ".join(["w"] * 4000),
    "a function of thirty calls": "z = " + r"\tanh(" * 30 + "w" + ")" * 30,
    "twenty derivatives": "z = " + r"\frac{\partial " * 20 + "z" + r"}{\partial w}" * 20,
    "a matrix of 300 x 300": r"z = \begin{pmatrix}"
    + r"\\".join("&".join(["0.5"] * 300) for _ in range(300))
    + r"\end{pmatrix}",
    "a matrix of 60 x 60": r"z = \begin{pmatrix}"
    + r"\\".join("&".join(["2"] * 60) for _ in range(60))
    + r"\end{pmatrix}",
}


@pytest.mark.parametrize("formula", NOT_RIGHT.values(), ids=list(NOT_RIGHT))
def test_what_is_too_great_is_not_verified_and_comes_to_an_end(formula: str) -> None:
    report = judged(displayed(formula))
    assert len(report.claims) == 1
    assert report.claims[0].verdict is not Verdict.VERIFIED


CIRCLES = {
    "a name by itself": ["q = q + 1", "z = q"],
    "two names by each other": ["r = s", "s = r", "z = r"],
    "a function by itself": ["f(t) = f(t) + 1", "z = f(w)"],
    "two functions by each other": ["f(t) = g(t)", "g(t) = f(t)", "z = f(w)"],
    "doubled sixty times": [f"q_{{{i + 1}}} = q_{{{i}}} + q_{{{i}}}" for i in range(1, 60)] + ["z = q_{60}"],
    "a function of functions": [
        "f(t) = t t",
        "g(t) = f(f(f(f(t))))",
        "h(t) = g(g(g(g(t))))",
        "k(t) = h(h(h(h(t))))",
        "z = k(k(w))",
    ],
}


@pytest.mark.parametrize("formulas", CIRCLES.values(), ids=list(CIRCLES))
def test_definitions_that_go_round_or_grow_come_to_an_end(formulas: list[str]) -> None:
    report = judged(displayed(*formulas))
    assert report.claims[-1].verdict is not Verdict.VERIFIED


CODE = [
    r"\operatorname{__import__('os').system('touch /tmp/symbackprop-hacked')}(x) = z",
    r"\mathrm{__import__('os')} = z",
    "z = w_{__import__('os')}",
    "w_{[__import__('os')]} = 3",
    r"z = \text{eval('1/0')}",
    r"z = \input{/etc/passwd} + \write18{touch /tmp/symbackprop-hacked}",
]


class Opened(Exception):
    """Something was opened, or run."""


def test_no_file_is_opened_and_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    check(displayed(GOOD_FORMULA))

    def refuse(*arguments: object, **options: object) -> NoReturn:
        raise Opened(str(arguments))

    targets = [
        (builtins, "open"),
        (io, "open"),
        (os, "open"),
        (os, "system"),
        (subprocess, "Popen"),
        (socket, "socket"),
    ]
    for owner, name in targets:
        monkeypatch.setattr(owner, name, refuse)
    for name in ("open", "read_text", "read_bytes", "write_text", "write_bytes"):
        monkeypatch.setattr(Path, name, refuse)
    for name in ("eval", "exec", "compile"):
        monkeypatch.setattr(builtins, name, refuse)
    text = (
        displayed(*CODE, GOOD_FORMULA)
        + "\\input{/etc/passwd}\n\n\\immediate\\write18{ls}\n\n![](/etc/passwd)\n"
    )
    report = check(text)
    monkeypatch.undo()
    assert report.claims[-1].verdict is Verdict.VERIFIED
    assert not Path("/tmp/symbackprop-hacked").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        "$$",
        "$" * 1001,
        "\0",
        displayed("="),
        displayed("=" * 1000),
        displayed("&" * 1000),
        displayed(r"\\" * 1000),
    ],
)
def test_a_document_without_a_claim_has_none(text: str) -> None:
    assert judged(text).claims == []


def test_ten_thousand_claims_are_judged() -> None:
    """1 + 1 = 2 = 3 - 0.5 = 2 = …: of each chain the first relation alone is right."""
    chain = "1 + 1 " + "= 2 = 3 - 0.5 " * 50
    report = judged(displayed(*[chain] * 100), 60)
    assert report.summary["claims"] == 10_000
    assert report.summary["unread"] == 0
    assert report.summary["refuted"] == 9_900


def seconds(text: str) -> float:
    start = time.process_time()
    check(text)
    return time.process_time() - start


@pytest.mark.parametrize(
    "formula", [GOOD_FORMULA, r"\frac{1}{2", "z = w x - b"], ids=["right", "unread", "wrong"]
)
def test_time_grows_with_the_length_of_a_document(formula: str) -> None:
    """Four times as long, not more than eight times as slow."""
    size = 40
    seconds(displayed(formula))
    short, long = (seconds(displayed(*[formula] * times)) for times in (size, 4 * size))
    assert long < 8 * short + 0.5


def test_sixty_kilobytes_of_formulas_are_judged() -> None:
    text = displayed(GOOD_FORMULA, "z = w x + b", r"a = \sigma(z)", "a = 0.7503")
    whole = text * (60_000 // len(text) + 1)
    report = judged(whole, 60)
    assert report.summary["verified"] == report.summary["claims"] == 4 * whole.count(GOOD_FORMULA)
