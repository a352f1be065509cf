"""Solutions as PDF, by Typst: from memory, with its own fonts, without files, packages or a network."""

from __future__ import annotations

import tempfile

from symbackprop.conventions import Conventions
from symbackprop.errors import OptionError
from symbackprop.render.typst import write_typst
from symbackprop.solution.steps import Solution
from symbackprop.translation import ENGLISH, Language


def write_pdf(solution: Solution, conventions: Conventions, language: Language = ENGLISH) -> bytes:
    """The solution as a PDF; the same solution gives the same bytes.

    Args:
        solution: the steps.
        conventions: ∂ or d, digits.
        language: to write in.

    Raises:
        OptionError: Typst is not installed.
    """
    try:
        import typst
    except ImportError:
        raise OptionError("PDF needs typst", fix="pip install 'symbackprop[pdf]'") from None
    source = write_typst(solution, conventions, language)
    with tempfile.TemporaryDirectory() as nothing:
        compiler = typst.Compiler(
            root=nothing, ignore_system_fonts=True, package_path=nothing, package_cache_path=nothing
        )
        document = compiler.compile(source.encode(), format="pdf", timestamp=0)
    assert isinstance(document, bytes)
    return document
