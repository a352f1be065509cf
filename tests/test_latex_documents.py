"""Every example's document compiles: no error, no letter that is missing, no formula that leaves the page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.examples import NETWORKS, RUNS, Example, example, printed

INSTALL = "apt-get install texlive-latex-recommended texlive-latex-extra"
INSTALL_XELATEX = f"{INSTALL} texlive-xetex"
WIDEST = 5.0
"""Points by which a line may be too wide: less than a letter."""

OVERFULL = re.compile(r"Overfull \\hbox \((?P<points>[\d.]+)pt too wide\)[^\n]*")
ERROR = re.compile(r"^(?:!|[^\n]*:\d+:) [^\n]*", re.MULTILINE)


def engine(name: str, cure: str) -> str:
    """The program; without it a test is skipped, and on the build machine it fails."""
    found = shutil.which(name)
    if found is None:
        message = f"no {name} here: {cure}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def compiled(program: str, text: str, folder: Path) -> str:
    """The log of a run over the document."""
    source = folder / "document.tex"
    source.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", source.name],
        cwd=folder,
        env=os.environ | {"max_print_line": "10000", "TEXMFVAR": str(folder), "TEXMFHOME": str(folder)},
        capture_output=True,
        timeout=100,
        check=False,
    )
    log = source.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, ERROR.findall(log) or log[-2000:]
    assert source.with_suffix(".pdf").exists()
    return log


def check(log: str) -> None:
    assert not ERROR.findall(log)
    assert "Missing character" not in log
    assert "Undefined control sequence" not in log
    wide = [match[0] for match in OVERFULL.finditer(log) if float(match["points"]) > WIDEST]
    assert not wide, wide


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_the_document_of_an_example_compiles(one: Example, command: str, tmp_path: Path) -> None:
    text = printed(command, str(one.spec), "--format", "latex", "--standalone")
    check(compiled(engine("pdflatex", INSTALL), text, tmp_path))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("exercise1", "chain,delta,paths,closed"),
        ("gates", "chain,delta,paths,closed"),
        ("homework", "chain,delta,paths,closed"),
        ("chain", "chain,delta,paths,closed"),
        ("regularised-cost", "chain,delta,paths"),  # its closed forms are longer than a page
        ("obesity", "chain,delta,paths"),
    ],
)
def test_the_document_with_every_form_and_both_modes_compiles(name: str, form: str, tmp_path: Path) -> None:
    options = ("--form", form, "--mode", "both", "--format", "latex", "--standalone")
    text = printed("derive", str(example(name).spec), *options)
    check(compiled(engine("pdflatex", INSTALL), text, tmp_path))


@pytest.mark.parametrize("kind", ["gelu_tanh", "leaky_relu", "huber", "kl_divergence"])
def test_the_document_of_a_network_with_long_slopes_compiles(kind: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.toml"
    spec.write_text(NETWORKS[kind], encoding="utf-8")
    text = printed("train", str(spec), "--format", "latex", "--standalone")
    check(compiled(engine("pdflatex", INSTALL), text, tmp_path))


def test_the_obesity_document_in_the_notation_with_d_compiles(tmp_path: Path) -> None:
    text = (example("obesity").folder / "train-d.tex").read_text(encoding="utf-8")
    check(compiled(engine("pdflatex", INSTALL), text, tmp_path))


def test_a_document_compiles_with_xelatex_too(tmp_path: Path) -> None:
    program = shutil.which("xelatex")
    if program is None:
        pytest.skip(f"no xelatex here: {INSTALL_XELATEX}")
    text = printed("train", str(example("obesity").spec), "--format", "latex", "--standalone")
    check(compiled(program, text, tmp_path))


def test_a_fragment_compiles_where_its_packages_are_loaded(tmp_path: Path) -> None:
    fragment = printed("train", str(example("homework").spec), "--format", "latex")
    packages = r"\usepackage{amsmath}\usepackage{booktabs}"
    text = f"\\documentclass{{article}}{packages}\\begin{{document}}\n{fragment}\\end{{document}}\n"
    log = compiled(engine("pdflatex", INSTALL), text, tmp_path)
    assert not ERROR.findall(log)


TITLES = [
    r"100 % of a_b & c^d # $5 {x} ~ \alpha | < >",
    r"\input{/etc/passwd} \end{document}",
    "Ünïcode – “quotes” … naïve Straße",
]


@pytest.mark.parametrize("title", TITLES)
def test_a_title_with_special_characters_compiles(title: str, tmp_path: Path) -> None:
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    spec = tmp_path / "spec.toml"
    body = '[graph]\nequations = "f = x*y"\n\n[parameters]\nx = 1\ny = 2\n'
    spec.write_text(f'title = "{quoted}"\n\n{body}', encoding="utf-8")
    text = printed("derive", str(spec), "--format", "latex", "--standalone")
    log = compiled(engine("pdflatex", INSTALL), text, tmp_path)
    check(log)
    assert "passwd" not in log
