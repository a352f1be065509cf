"""Names in code: the user's own wherever a language allows them, and never two things by one name."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Container, Iterable, Mapping

from sympy import Symbol

from symbackprop.notation.names import GREEK, unused_name

PYTHON_WORDS = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins)})
"""What no name of a user may be in Python."""

_LIMITS = {
    f"{sign}INT{kind}{bits}_{end}"
    for sign in ("", "U")
    for kind in ("", "_LEAST", "_FAST")
    for bits in (8, 16, 32, 64)
    for end in ("MIN", "MAX")
}

C_WORDS = _LIMITS | set(
    """
auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
asm bool catch class delete explicit export false friend mutable namespace new operator private protected
public template this throw true try typename using virtual alignas alignof atomic complex imaginary noreturn
thread_local static_assert typeof typeof_unqual constexpr nullptr and and_eq bitand bitor compl not not_eq or
or_eq xor xor_eq linux unix main errno assert offsetof
size_t ptrdiff_t wchar_t max_align_t float_t double_t uint64_t FILE stdin stdout stderr
NULL EOF BUFSIZ FILENAME_MAX FOPEN_MAX L_tmpnam TMP_MAX SEEK_CUR SEEK_END SEEK_SET RAND_MAX
NAN INFINITY HUGE_VAL HUGE_VALF HUGE_VALL MATH_ERRNO MATH_ERREXCEPT math_errhandling
FP_ILOGB0 FP_ILOGBNAN FP_INFINITE FP_NAN FP_NORMAL FP_SUBNORMAL FP_ZERO
INTMAX_MAX INTMAX_MIN INTPTR_MAX INTPTR_MIN PTRDIFF_MAX PTRDIFF_MIN SIG_ATOMIC_MAX SIG_ATOMIC_MIN SIZE_MAX
UINTMAX_MAX UINTPTR_MAX WCHAR_MAX WCHAR_MIN WINT_MAX WINT_MIN
""".split()
)
"""What no name of a user may be in C, nor in a C++ that reads the header."""

LONGEST = 60
"""A longer name is cut."""

_LETTERS = {letter: name for name, letter in GREEK.items()}


def identifier(name: str) -> str:
    """A name as letters, digits and underscores, which every language takes.

    >>> identifier("θ_1"), identifier("2nd try"), identifier("import os; x")
    ('theta_1', 'x2nd_try', 'import_os_x')
    """
    spelled = "".join(_LETTERS.get(one, one) for one in name)
    plain = re.sub(r"[^0-9A-Za-z_]+", "_", spelled)[:LONGEST]
    if plain != name:
        plain = plain.rstrip("_")
    plain = plain.lstrip("_")
    return plain if plain[:1].isalpha() else f"x{plain}"


def code_names(wishes: Mapping[Symbol, str], reserved: Container[str]) -> dict[Symbol, str]:
    """What each symbol is called: its wish where that is free, else something like it.

    Who can keep a name keeps it: where there are `lambda` and `lambda_`, the first gives way.

    Args:
        wishes: the names in print.
        reserved: words that are taken.
    """
    kept: dict[str, Symbol] = {}
    for symbol, wish in wishes.items():
        if wish == identifier(wish) and wish not in reserved:
            kept.setdefault(wish, symbol)
    owners = {symbol: name for name, symbol in kept.items()}
    taken = _Taken(kept, reserved)
    found = {}
    for symbol, wish in wishes.items():
        found[symbol] = owners.get(symbol) or taken.take(identifier(wish))
    return found


class _Taken:
    def __init__(self, names: Iterable[str], reserved: Container[str]) -> None:
        self.names, self.reserved = set(names), reserved

    def __contains__(self, name: object) -> bool:
        return name in self.names or name in self.reserved

    def take(self, wish: str) -> str:
        """The wish, or with an underscore behind it, or with a number."""
        name = next((one for one in (wish, f"{wish}_") if one not in self), None)
        name = name or unused_name(wish, self)
        self.names.add(name)
        return name
