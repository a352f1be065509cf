"""Names in numbers and patterns: what their scripts count, index letters and what they are bound to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from symbackprop.content import text
from symbackprop.errors import OptionError
from symbackprop.formulas.lexer import tokens_of
from symbackprop.formulas.scripts import Nothing, Scripts
from symbackprop.formulas.tree import Name, Node
from symbackprop.formulas.unread import Unread
from symbackprop.notation.names import latex_name

INDEX_LETTERS = frozenset("ijklmnpqrstJKLMN")
GENERIC = frozenset(("theta", "Theta", "w", "W", "omega", "p", "beta"))
"""Letters that stand for any parameter, where the spec has no such name."""
_AFTER = frozenset("+ new neu nuovo nuova nuovi next updated neww нов новый новое новая после post".split())
_BEFORE = frozenset("- old alt vecchio vecchia prev стар старый старое до pre".split())
STEP_WORDS = _AFTER | _BEFORE
_NESTED = re.compile(r"([A-Za-z])_\{([A-Za-z0-9]+)\}")
"""A name with a subscript of its own in a subscript: a_1 in δ_{a_1}."""
_STEP = re.compile(r"([tkns])?([+-]?\d+)?")


def letters_in(part: str) -> list[str]:
    """The letters of i, i+1, l-1, a_i."""
    nested = _NESTED.fullmatch(part)
    if nested is not None:
        return [one for one in nested[2] if one.isalpha()]
    found = re.fullmatch(r"([A-Za-z])(?:[+-]\d+)?", part)
    return [found[1]] if found else []


def as_step(label: str) -> tuple[str, int] | None:
    """What a label counts: 0, 1, t, t+1."""
    if label in _AFTER or label in _BEFORE:
        return "new", int(label in _AFTER)
    found = _STEP.fullmatch(label)
    if found is None or not label:
        return None
    return found[1] or "", int(found[2] or 0)


def flat(name: Name) -> Name:
    """The name with every character of its subscript a part of its own."""
    return replace(name, below=tuple(flat_parts(name)))


def flat_parts(name: Name) -> tuple[str, ...]:
    """The characters of a subscript, those of the a_1 in δ_{a_1} as well; i+1 stays together."""
    return tuple(one for part in name.below for one in _characters(part, is_alone=len(name.below) == 1))


def _characters(part: str, *, is_alone: bool) -> list[str]:
    nested = _NESTED.fullmatch(part)
    if nested is not None:
        return [nested[1], *nested[2]]
    if re.search(r"[+_\\-]", part) or (part.isdecimal() and len(part) > 1 and not is_alone):
        return [part]
    return [*part]


def unified(
    parts: tuple[str, ...], below: tuple[str, ...], above: tuple[tuple[str, str], ...], layer: str
) -> dict[str, int] | None:
    """The numbers of the letters with which a pattern is a name."""
    binding: dict[str, int] = {}
    if len(parts) != len(below):
        return None
    pairs = list(zip(parts, below, strict=True))
    contents = [content for _, content in above]
    if layer and not contents:
        return None
    if layer:
        pairs.append((contents[0], layer))
    for pattern, actual in pairs:
        if pattern == actual:
            continue
        match = re.fullmatch(r"([A-Za-z])([+-]\d+)?", pattern)
        if match is None or match[1] not in INDEX_LETTERS or not actual.isdecimal():
            return None
        number = int(actual) - int(match[2] or 0)
        if binding.setdefault(match[1], number) != number:
            return None
    return binding


def agreeing(left: list[dict[str, int]], right: list[dict[str, int]]) -> list[dict[str, int]]:
    """The bindings that agree, put together; each once."""
    made: list[dict[str, int]] = []
    seen: set[tuple[tuple[str, int], ...]] = set()
    for one in left:
        for other in right:
            if all(one.get(letter, number) == number for letter, number in other.items()):
                merged = {**one, **other}
                key = tuple(sorted(merged.items()))
                if key not in seen:
                    seen.add(key)
                    made.append(merged)
    return made


def replaced(pattern: Name, name: Name) -> dict[str, str]:
    """The letters of a pattern with what stands in their places in a name; empty: it is another name."""
    if len(pattern.above) != len(name.above) or pattern.primes != name.primes:
        return {}
    pairs = [*zip(pattern.below, name.below, strict=True)]
    pairs += [(one[1], other[1]) for one, other in zip(pattern.above, name.above, strict=True)]
    letters: dict[str, str] = {}
    for wanted, found in pairs:
        if wanted == found and wanted not in letters:
            continue
        if wanted not in INDEX_LETTERS or letters.setdefault(wanted, found) != found:
            return {}
    return letters


def renamed(node: Node, letters: Mapping[str, str]) -> Node:
    """A tree with other index letters, or numbers, in the names."""
    parts = tuple(renamed(part, letters) for part in node.parts)
    value = node.value
    if isinstance(value, Name):
        value = _renamed_name(value, letters)
    elif isinstance(value, tuple) and value and isinstance(value[0], Name):
        value = (_renamed_name(value[0], letters), *value[1:])
    elif isinstance(value, Node):
        value = renamed(value, letters)
    return replace(node, parts=parts, value=value)


def _renamed_name(name: Name, letters: Mapping[str, str]) -> Name:
    below = tuple(letters.get(part, part) for part in name.below)
    above = tuple((opener, letters.get(content, content)) for opener, content in name.above)
    return replace(name, below=below, above=above)


def bound(name: Name, binding: Mapping[str, int]) -> Name:
    """The name with numbers for its index letters."""
    if not binding:
        return name
    below = tuple(_bound_part(part, binding) for part in name.below)
    above = tuple((opener, _bound_part(content, binding)) for opener, content in name.above)
    return name if below == name.below and above == name.above else replace(name, below=below, above=above)


def _bound_part(part: str, binding: Mapping[str, int]) -> str:
    nested = _NESTED.fullmatch(part)
    if nested is not None:
        return f"{nested[1]}_{{{''.join(_bound_part(one, binding) for one in nested[2])}}}"
    match = re.fullmatch(r"([A-Za-z])([+-]\d+)?", part)
    if match is None or match[1] not in binding:
        return part
    return str(binding[match[1]] + int(match[2] or 0))


def read_name(latex: str) -> Name:
    """A name in LaTeX that stands alone.

    Raises:
        Unread: it is no name.
    """
    reader = Scripts(tokens_of(latex), Nothing(), latex)
    node = reader.name()
    if reader.next.kind != "stop" or not isinstance(node.value, Name):
        raise Unread(text("this is no name"), reader.next.start)
    return node.value


def read_alias(alias: str) -> Name:
    """A name as a user types it: in LaTeX, or as in a spec."""
    text = alias.strip()
    spelled = latex_name(text) if text.replace("_", "").isalnum() and "\\" not in text else text
    try:
        return read_name(spelled)
    except Unread:
        raise OptionError(
            f"{alias!r} is no name",
            where=f"--alias {alias}",
            fix="write it as in the document: \\hat{y}, o_3",
        ) from None
