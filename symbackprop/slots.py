"""The name under which a page knows a number, so that it can be computed anew there."""

from __future__ import annotations

from functools import lru_cache

from sympy import Basic

from symbackprop.content import Source
from symbackprop.conventions import Conventions
from symbackprop.expressions import AtStep, Quotient
from symbackprop.notation.code import CODE
from symbackprop.notation.printer import Printer

_PRINTER = Printer(CODE, Conventions())


def slot(source: Source | None) -> str:
    """The scope and what the number is of: `pass 1.0|w_11`, `pass 1.0|d(L)/d(z_1)`, `state 2|mean of all`.

    Nothing for a number without a source: it stays.
    """
    return "" if source is None else f"{source.scope}|{key(source.of)}"


@lru_cache(maxsize=100_000)
def key(of: Basic | str) -> str:
    """What a number is of: a name, a derivative with what is held fast, or a word.

    >>> from sympy import Symbol
    >>> key(Quotient(Symbol("f"), Symbol("x"), Symbol("q"))), key(Symbol("w_11")), key("mean of all")
    ('d(f)/d(x) at q', 'w_11', 'mean of all')
    """
    match of:
        case str():
            return of
        case AtStep():
            return f"{of.symbol.name} after {of.step}"
        case Quotient() if of.held:
            return f"{_PRINTER(of)} at {','.join(symbol.name for symbol in of.held)}"
    return _PRINTER(of)
