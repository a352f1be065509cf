"""Documents in LaTeX are read: every formula, table, heading and paragraph."""

from __future__ import annotations

import pytest

from symbackprop.papers.reading import Kind, Table
from tests.papers.reading import KINDS, brief, read

TEX = r"""
\documentclass{article}
\newcommand{\loss}{$L$} % \begin{document}
\begin{document}
\maketitle
\section{Forward} % a comment with $a$
The input is $x$, a price is \$5,
% \[ no \]
and 5\% of \(y\).
\subsection*{Layer $1$}
Layer 1:
\begin{align*}
  z &= w x % the sum
     + b \\
  a &= \sigma(z) \label{a}
\end{align*}
\begin{alignat}{2}
  c &= d
\end{alignat}
\begin{itemize}
  \item First $e$
  \item \[ f \]
\end{itemize}
\begin{verbatim}
$no$ \section{No} %
\end{verbatim}
Code: \verb|$no$ %|.
\begin{tikzpicture}\node{$no$};\end{tikzpicture}
\begin{tabular}{l|p{2cm}r} \toprule
  State & \#1 & $g$ \\ \midrule
  before & {a & b} & $\begin{pmatrix} 1 & 2 \end{pmatrix}$ \\[2pt]
  \cmidrule(lr){1-2}
  after & & \\
  \bottomrule
\end{tabular}
\paragraph{Update}\leavevmode
$$h$$ and \begin{math}i\end{math}
\textbf{Step 2}

\input{secret}
\newcommand{\R}[1]{$no$}
\end{document}
$no$
"""


def test_tex() -> None:
    assert brief(TEX, "latex") == [
        "1 Forward",
        "P The input is $x$, a price is \\$5,\nand 5\\% of \\(y\\).",
        "I x",
        "I y",
        "2 Layer $1$",
        "I 1",
        "7 Layer 1:",
        "D z &= w x \n     + b \\\\\n  a &= \\sigma(z) \\label{a}",
        "D c &= d",
        "P First $e$",
        "I e",
        "D f",
        "P Code: \\verb|$no$ %|.",
        "Th State, \\#1, $g$ / before, {a & b}, $\\begin{pmatrix} 1 & 2 \\end{pmatrix}$ / after, , ",
        "IT g",
        "IT \\begin{pmatrix} 1 & 2 \\end{pmatrix}",
        "4 Update",
        "P $$h$$ and \\begin{math}i\\end{math}\n\\textbf{Step 2}",
        "D h",
        "I i",
    ]


@pytest.mark.parametrize(
    "name", "equation align gather multline eqnarray flalign displaymath equation* align* gather*".split()
)
@pytest.mark.parametrize("kind", KINDS)
def test_environments(name: str, kind: Kind) -> None:
    text = f"Words $a$:\n\\begin{{{name}}}\n b &= c \\\\ d\n\\end{{{name}}}\n"
    assert brief(text, kind) == ["P Words $a$:", "I a", "D b &= c \\\\ d"]


def test_what_follows_an_environment_is_kept() -> None:
    text = "\\begin{center}{\\bf Loss $L$}\\end{center}\\begin{minipage}[t]{3cm}\n$a$\n\\end{minipage}"
    assert brief(text, "latex") == ["P {\\bf Loss $L$}", "I L", "P {3cm}\n$a$", "I a"]


def test_levels_count_from_the_highest_division() -> None:
    assert brief("\\chapter{A}\\section[short]{B}\n\\subsection{C}", "latex") == ["1 A", "2 B", "3 C"]


def test_table_without_rules_has_no_head() -> None:
    (table,) = read("\\begin{tabular}{ll} a & b \\\\ c & d \\end{tabular}", "latex")
    assert isinstance(table, Table)
    assert not table.head
