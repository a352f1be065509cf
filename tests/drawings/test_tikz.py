"""Drawings in TikZ: both engines compile them, as wide as they were asked to be, whatever the title says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sympy import Symbol

from symbackprop.content import Value, text
from symbackprop.conventions import Conventions
from symbackprop.diagrams.layout import place
from symbackprop.diagrams.model import Kind, Label, View
from symbackprop.drawings.runs import RunWriter
from symbackprop.drawings.tikz import CENTIMETRE, UNIT, write_tikz
from symbackprop.translation import find_language
from tests.diagrams.drawings import Case, example, network
from tests.documents import ENGINES, check, compiled

DOCUMENT = r"""\documentclass{article}
\usepackage[margin=1.5cm]{geometry}
\usepackage{iftex}
\ifPDFTeX\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{lmodern}\else\usepackage{fontspec}\fi
\usepackage{amsmath,amssymb,tikz}
\usetikzlibrary{arrows.meta}
\begin{document}
%s
\end{document}
"""
HOSTILE = (
    r"\input{/etc/passwd} \write18{touch x} $ % # _ ^ ~ { } & \end{document} ^^5cend" + "\n\\relax\u202e\x00"
)


def written(one: Case, view: View, **options: bool) -> str:
    return write_tikz(one.drawn(view, **options), Conventions(), one.notation)


@pytest.mark.parametrize("name", ENGINES)
def test_every_view_compiles(name: str, tmp_path: Path) -> None:
    pictures = [
        written(example("obesity"), View.NEURONS),
        written(example("obesity"), View.OPERATIONS, partials=True),
        written(example("obesity"), View.LAYERS),
        written(example("logistic-neuron"), View.OPERATIONS),
        written(example("softmax-mlp"), View.OPERATIONS),
        written(example("layer-norm"), View.OPERATIONS),
        written(example("attention"), View.OPERATIONS),
        written(network(3, 3, 2, 1), View.NEURONS, numbers=False),
    ]
    check(compiled(name, DOCUMENT % "\n\n\\noindent ".join(["", *pictures]), tmp_path))


@pytest.mark.parametrize("name", ENGINES)
def test_a_hostile_title_and_hostile_words_compile_to_themselves(name: str, tmp_path: Path) -> None:
    drawing = example("gates").drawn()
    first, *rest = drawing.boxes
    lines = (Label(Kind.NOTE, HOSTILE), Label(Kind.NOTE, text("{words}", words=HOSTILE)))
    hostile = replace(
        drawing, title=text("{title}", title=HOSTILE), boxes=(replace(first, lines=lines), *rest)
    )
    tikz = write_tikz(hostile, Conventions())
    assert not re.search(r"^(?!%).*\\(input|write|relax|end\{document)", tikz, re.MULTILINE)
    check(compiled(name, DOCUMENT % tikz, tmp_path))
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("width", [8.0, 16.0, 100.0])
def test_a_drawing_is_made_as_small_as_asked_for_and_never_larger(width: float) -> None:
    drawing = example("obesity").drawn(View.NEURONS)
    natural = place(drawing, RunWriter(Conventions()).width).width * UNIT / CENTIMETRE
    (scale,) = re.findall(r"\\scalebox\{([\d.]+)\}", write_tikz(drawing, Conventions(), width_cm=width))
    assert float(scale) == pytest.approx(min(1.0, width / natural), abs=6e-4)


def test_what_goes_forward_is_green_and_what_comes_back_is_red() -> None:
    tikz = written(example("gates"), View.OPERATIONS)
    assert re.search(r"text=green!50!black\].*\$q = 3\$", tikz)
    assert re.search(r"text=red!70!black\].*\$\\partial f/\\partial x = -4\$", tikz)
    assert r"$\times$" in tikz


def test_words_with_a_number_keep_their_words() -> None:
    drawing = example("gates").drawn()
    first, *rest = drawing.boxes
    lines = (
        Label(Kind.NOTE, text("loss of {name}", name=Symbol("x")), Value(3)),
        Label(Kind.NOTE, "σ_1", Value(4)),
    )
    tikz = write_tikz(replace(drawing, boxes=(replace(first, lines=lines), *rest)), Conventions())
    assert "loss of $x$ $= 3$" in tikz
    assert r"$\sigma$\_1 $= 4$" in tikz


def test_the_decimal_comma_is_used() -> None:
    tikz = write_tikz(example("obesity").drawn(), Conventions(), language=find_language("en", "comma"))
    assert "0{,}023340" in tikz
