"""Words without what steers a terminal, turns the direction of writing or is not seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.notation.printable import on_one_line, printable


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("A\x1b]0;pwned\x07\u202eB", "A]0;pwnedB"),
        ("\x9b31mred", "31mred"),
        ("a\u200bb\u2066c\ufeff\x00", "abc"),
        ("two\nlines", "two lines"),
        ("a\t \r\n b\u2028c\u00a0d", "a b c d"),
        ("λ, 体, é and ⊙", "λ, 体, é and ⊙"),
    ],
)
def test_what_is_seen_stands_on_one_line(words: str, shown: str) -> None:
    assert on_one_line(words) == shown


@given(st.text())
def test_nothing_that_is_not_seen_is_left(words: str) -> None:
    assert printable(words).isprintable()
    assert on_one_line(words).isprintable()
    assert on_one_line(printable(words)).split() == printable(words).split()
