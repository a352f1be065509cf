r"""What stands before \begin{document}: fonts, hyphenation and packages for pdfTeX, XeTeX and LuaTeX."""

from __future__ import annotations

from collections.abc import Mapping

from symbackprop.translation import Language

_BABEL: Mapping[str, tuple[str, str]] = {"it": ("italian", "italian.ldf"), "ru": ("russian", "russianb.ldf")}
"""What babel calls a language other than English, and the file that it needs."""

_LATIN = r"""\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\else
  \usepackage{fontspec}
\fi
"""

# Latin Modern has no Cyrillic letters. pdfTeX takes them from Computer Modern, as outlines where cm-super is.
_CYRILLIC = r"""\usepackage{iftex}
\newif\iffound
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \IfFileExists{type1ec.sty}{\usepackage[10pt]{type1ec}}{}
  \usepackage[T1,T2A]{fontenc}
  \IfFileExists{lmodern.sty}{%
    \usepackage{lmodern}
    \DeclareFontFamily{T2A}{lmr}{}
    \DeclareFontShape{T2A}{lmr}{m}{n}{<->ssub*cmr/m/n}{}
    \DeclareFontShape{T2A}{lmr}{bx}{n}{<->ssub*cmr/bx/n}{}
    \DeclareFontShape{T2A}{lmr}{m}{it}{<->ssub*cmr/m/it}{}}{}
  \DeclareTextSymbolDefault{\DH}{T1} \DeclareTextSymbolDefault{\dh}{T1}
  \DeclareTextSymbolDefault{\DJ}{T1} \DeclareTextSymbolDefault{\dj}{T1}
  \DeclareTextSymbolDefault{\TH}{T1} \DeclareTextSymbolDefault{\th}{T1}
  \DeclareTextSymbolDefault{\NG}{T1} \DeclareTextSymbolDefault{\ng}{T1}
  \DeclareTextSymbolDefault{\quotesinglbase}{T1}
  \DeclareTextSymbolDefault{\guilsinglleft}{T1} \DeclareTextSymbolDefault{\guilsinglright}{T1}
\else
  \usepackage{fontspec}
  \newcommand{\tryfont}[1]{\iffound\else
    \IfFontExistsTF{#1}{\setmainfont{#1}[Scale=MatchLowercase]\foundtrue}{}\fi}
"""
_FONTS = (
    "CMU Serif",
    "Libertinus Serif",
    "FreeSerif",
    "Times New Roman",
    "Liberation Serif",
    "Noto Serif",
    "PT Serif",
    "DejaVu Serif",
)
"""Fonts with Cyrillic letters, the best beside Latin Modern's formulas first."""

_NO_FONT = r"""  \iffound\else\PackageWarning{symbackprop}{%
    No font with Cyrillic letters was found: install CMU Serif or FreeSerif, or these letters stay blank}\fi
\fi
"""

_PACKAGES = r"""\usepackage{amsmath,amssymb}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage[margin=2.2cm]{geometry}
"""

_PICTURES = r"""\usepackage{tikz}
\usetikzlibrary{arrows.meta}
\usepackage{pdflscape}
"""

# A display right below a heading begins a paragraph: half of its empty line is taken back.
_LAYOUT = r"""\setlength{\mathindent}{1.2em}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5em}
\setcounter{secnumdepth}{0}
\allowdisplaybreaks
\ifdefined\AddToHook
  \newcommand{\belowheading}{\ifvmode\vskip-0.5\baselineskip\fi}
  \AddToHook{env/equation*/before}{\belowheading}
  \AddToHook{env/gather*/before}{\belowheading}
  \AddToHook{env/align*/before}{\belowheading}
\fi
\AtBeginDocument{%
  \abovedisplayskip=7pt plus 3pt \abovedisplayshortskip=7pt plus 3pt
  \belowdisplayskip=6pt plus 3pt \belowdisplayshortskip=6pt plus 3pt
  \jot=5pt}
"""


def preamble(language: Language, *, cyrillic: bool, pictures: bool) -> str:
    """The preamble of a document.

    Args:
        language: for hyphenation, and for the names that LaTeX writes itself.
        cyrillic: there are Cyrillic letters.
        pictures: there are drawings in TikZ.
    """
    return "".join(
        [
            "\\documentclass[11pt,a4paper,fleqn]{article}\n",
            *([_CYRILLIC, *map("  \\tryfont{{{}}}\n".format, _FONTS), _NO_FONT] if cyrillic else [_LATIN]),
            _babel(language),
            _PACKAGES,
            _PICTURES if pictures else "",
            _LAYOUT,
        ]
    )


def _babel(language: Language) -> str:
    if language.code not in _BABEL:
        return ""
    name, file = _BABEL[language.code]
    return f"\\IfFileExists{{{file}}}{{\\usepackage[{name}]{{babel}}}}{{}}\n"
