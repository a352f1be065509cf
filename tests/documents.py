"""LaTeX as it is compiled: the real engines, and what a log must not say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

ENGINES = ("pdflatex", "xelatex")
INSTALL = (
    "apt-get install texlive-latex-recommended texlive-latex-extra texlive-pictures texlive-xetex "
    "texlive-lang-italian texlive-lang-cyrillic cm-super-minimal lmodern fonts-dejavu-core"
)
WIDEST = 5.0
"""Points by which a line may be too wide, or a page too high: less than a letter."""

OVERFULL = re.compile(r"Overfull \\[hv]box \((?P<points>[\d.]+)pt too (?:wide|high)\)[^\n]*")
ERROR = re.compile(r"^(?:!|[^\n]*:\d+:) [^\n]*", re.MULTILINE)
UNWANTED = (
    "Missing character",
    "Undefined control sequence",
    "No hyphenation patterns",
    "LaTeX Font Warning",
    "symbackprop Warning",
)


def engine(name: str) -> str:
    """The program; without it a test is skipped, and on the build machine it fails."""
    found = shutil.which(name)
    if found is None:
        message = f"no {name} here: {INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def compiled(name: str, text: str, folder: Path) -> str:
    """The log of an engine's run over the document, which succeeds and writes nothing but its own files."""
    program = engine(name)
    source = folder / "document.tex"
    source.write_text(text, encoding="utf-8")
    before = set(folder.iterdir())
    fonts = str(folder.parent / "texmf")
    done = subprocess.run(
        [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", source.name],
        cwd=folder,
        env=os.environ
        | {"max_print_line": "10000", "TEXMFVAR": fonts, "TEXMFHOME": fonts, "MISSFONT_LOG": f"{fonts}.log"},
        capture_output=True,
        timeout=300,
        check=False,
    )
    log = source.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, ERROR.findall(log) or log[-2000:]
    assert source.with_suffix(".pdf").exists()
    assert {path.name for path in folder.iterdir()} - {path.name for path in before} <= {
        f"document.{ending}" for ending in ("tex", "pdf", "log", "aux")
    }
    return log


def check(log: str) -> None:
    """No error, no letter that is missing, nothing that leaves the page."""
    wide = [match[0] for match in OVERFULL.finditer(log) if float(match["points"]) > WIDEST]
    unwanted = [line for line in log.splitlines() if any(words in line for words in UNWANTED)]
    found = [*ERROR.findall(log), *unwanted, *wide]
    assert not found, found


def words_of(folder: Path) -> str:
    """What one reads in the document that was compiled, on one line."""
    found = shutil.which("pdftotext")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no pdftotext here: apt-get install poppler-utils")
        pytest.skip("no pdftotext here: apt-get install poppler-utils")
    done = subprocess.run([found, "document.pdf", "-"], cwd=folder, capture_output=True, check=True)
    return " ".join(done.stdout.decode("utf-8").split())


def in_one(documents: Iterable[str]) -> str:
    """Documents one behind the other, under the preamble of the one that needs most."""
    parts = [document.partition("\\begin{document}") for document in documents]
    before = max((part[0] for part in parts), key=lambda text: len(text.partition("\\title")[0]))
    bodies = [_titled(head, body.removesuffix("\\end{document}\n")) for head, _, body in parts]
    return before + "\\begin{document}\n" + "\n\\clearpage\n".join(bodies) + "\\end{document}\n"


def _titled(head: str, body: str) -> str:
    title = re.search(r"\\title(\{.*\})\n", head)
    return body.replace("\\maketitle", rf"\section{title[1]}" if title else "")
