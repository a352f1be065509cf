"""What a formula of a document says, as a tree: numbers as printed, names in their parts, and operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction


@dataclass(frozen=True)
class Printed:
    """A number as it is printed.

    Attributes:
        value: exactly what stands there.
        unit: one unit of its last digit; 0: a whole number, which is exact.
    """

    value: Fraction
    unit: Fraction = Fraction(0)


@dataclass(frozen=True)
class Name:
    """A name in the parts that are seen; fonts are left out.

    Attributes:
        letter: `w`, `theta`, or a word.
        accent: `hat`, `bar`, `tilde` or nothing.
        below: the parts of its subscript: digits one by one unless a comma parts them, letters, names.
        above: its superscripts with what opens them: ("[", "2"), ("(", "0"), or ("", "2") without brackets.
        primes: how many.
    """

    letter: str
    accent: str = ""
    below: tuple[str, ...] = ()
    above: tuple[tuple[str, str], ...] = ()
    primes: int = 0

    def __str__(self) -> str:
        letter = (
            self.letter if len(self.letter) == 1 else f"\\{self.letter}" if self.is_greek else self.letter
        )
        text = rf"\{self.accent}{{{letter}}}" if self.accent else letter
        text += "'" * self.primes
        if self.below:
            comma = "," if any(len(one) > 1 for one in self.below) else ""
            text += f"_{{{comma.join(self.below)}}}"
        closing = {"(": ")", "[": "]", "": "", "*": ""}
        above = "".join(f"{opener}{inner}{closing[opener]}" for opener, inner in self.above)
        return f"{text}^{{{above}}}" if above else text

    @property
    def is_greek(self) -> bool:
        """Whether its letter is one that TeX has a command for."""
        return self.letter in GREEK


GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi "
    "chi psi omega varepsilon vartheta varphi varrho varsigma ell Gamma Delta Theta Lambda Xi Pi Sigma "
    "Upsilon Phi Psi Omega".split()
)


@dataclass(frozen=True)
class Node:
    """An operation with its parts, a name or a number.

    Kinds, with their parts and what `value` holds:
        number: a Printed. name: a Name. constant: e or pi.
        sum: the terms; value: "+" or "-" before each.
        product: the factors; value: the sign before each but the first: "", "dot", "times", "circ".
        quotient: above, below. slash: the same, written with /. circ_quotient: entry by entry, written so.
        power: base, exponent. circ_power: entry by entry, written so.
        transposed, inverse, absolute, norm, group, root: one part. factorial is not read.
        call: the arguments; value: (name, index): a function of `functions`, or a Name that the document or
            the spec defines. prime: the arguments; value: (name, index, how many).
        derivative: of, by. operator: the body; value: what is differentiated by. nabla: of, by.
        at: what stands before the bar, then the conditions; value: the names held fast, or ().
        big: the body and the limits; value: ("sum" | "prod", index, whether it has a lower limit, an upper).
        entry: an array; value: its indices. item: likewise, in square brackets as in NumPy.
        matrix: rows of kind row. row: its entries. cases: of kind case: a value, and its condition if any.
        relation: left, right; value: the sign. indicator: one relation. listed: what stands between curly
            brackets. ones, zeros, unit: value: the sizes. adjoint: the arguments; value: a call with a hole.
        hole: the place left open. ellipsis: dots.
    """

    kind: str
    parts: tuple[Node, ...] = ()
    value: object = None
    start: int = 0
    end: int = 0

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.parts))

    def having(self, *parts: Node, value: object = None) -> Node:
        """With other parts."""
        return replace(self, parts=parts, value=self.value if value is None else value)


def signs_of(node: Node) -> tuple[str, ...]:
    """The signs of a sum, before each term; those of a product, before each factor but the first."""
    assert isinstance(node.value, tuple)
    return node.value


def called_as(node: Node) -> tuple[str | Name, str]:
    """What a call or a prime is of, a word or a name, and the index that stands below it."""
    assert isinstance(node.value, tuple)
    head, index = node.value[:2]
    return head, str(index)


def times_of(node: Node) -> int:
    """How many primes a prime has."""
    assert isinstance(node.value, tuple)
    return int(node.value[2])


def range_of(node: Node) -> tuple[str, tuple[str, ...], bool, bool]:
    """Of a big operator: its word, its index letters, whether it has a lower and an upper limit."""
    assert isinstance(node.value, tuple)
    word, index, has_lower, has_upper = node.value
    return word, index, has_lower, has_upper


def indices_of(node: Node) -> tuple[str, ...]:
    """The indices of an entry."""
    assert isinstance(node.value, tuple)
    return node.value


def names_in(node: Node) -> list[Name]:
    """The names in a tree, in the order in which they are read."""
    return [one.value for one in node.walk() if isinstance(one.value, Name) and one.kind == "name"]


def standing_names(node: Node) -> list[Name]:
    """The names that stand for values: not those of derivatives, which say by what is differentiated."""
    if node.kind == "derivative":
        return []
    if node.kind == "name" and isinstance(node.value, Name):
        return [node.value]
    return [name for part in node.parts for name in standing_names(part)]


def is_numeric(node: Node) -> bool:
    """Whether no name stands in a tree: a number, or numbers put in for names."""
    return not any(one.kind in _SYMBOLIC for one in node.walk())


_SYMBOLIC = frozenset(("name", "derivative", "operator", "nabla", "prime", "ellipsis", "foreign"))


def is_slope(node: Node) -> bool:
    """Whether a factor is an activation's slope: σ'(z), 1 - a², [z > 0], (1 - a) a in brackets."""
    while node.kind == "group":
        node = node.parts[0]
    if node.kind in ("prime", "indicator"):
        return True
    if node.kind == "sum" and len(node.parts) == 2 and node.value == ("+", "-"):
        one, square = node.parts
        return _is_one(one) and square.kind in ("power", "circ_power")
    if node.kind == "product":
        return (
            any(is_slope_pair(left, right) for left, right in zip(node.parts, node.parts[1:], strict=False))
            and len(node.parts) == 2
        )
    return False


def is_slope_pair(left: Node, right: Node) -> bool:
    """Whether two factors are a (1 - a)."""
    return _is_complement(left, right) or _is_complement(right, left)


def _is_complement(plain: Node, other: Node) -> bool:
    while other.kind == "group":
        other = other.parts[0]
    while plain.kind == "group":
        plain = plain.parts[0]
    if (
        other.kind != "sum"
        or len(other.parts) != 2
        or other.value != ("+", "-")
        or not _is_one(other.parts[0])
    ):
        return False
    return same_tree(other.parts[1], plain)


def _is_one(node: Node) -> bool:
    return node.kind == "ones" or (
        node.kind == "number" and isinstance(node.value, Printed) and node.value.value == 1
    )


def same_tree(left: Node, right: Node) -> bool:
    """Whether two trees say the same, wherever they stand."""
    return spelled(left) == spelled(right)


def spelled(node: Node) -> str:
    """A tree in one line, one for all that read the same: brackets, dots and orders of signs left out."""
    sign, text = _spelled(node)
    return sign + text


def _spelled(node: Node) -> tuple[str, str]:
    """The sign before it, and the rest."""
    if node.kind == "group":
        return _spelled(node.parts[0])
    if node.kind == "number" and isinstance(node.value, Printed):
        return ("-" if node.value.value < 0 else ""), str(abs(node.value.value))
    if node.kind == "sum":
        return _spelled_sum(node)
    if node.kind == "product":
        return _spelled_product(node)
    inner = ",".join(spelled(part) for part in node.parts)
    kind = {"slash": "quotient"}.get(node.kind, node.kind)
    value = spelled(node.value) if isinstance(node.value, Node) else node.value
    if not inner:
        return "", f"{kind}[{value}]"
    return "", f"{kind}[{'' if kind == 'derivative' else value}]({inner})"


def _spelled_sum(node: Node) -> tuple[str, str]:
    terms: list[str] = []
    for own, part in zip(signs_of(node), node.parts, strict=True):
        sign, text = _spelled(part)
        terms.append(("-" if (own == "-") != (sign == "-") else "+") + text)
    if len(terms) == 1:
        return terms[0][0].strip("+"), terms[0][1:]
    return "", f"sum({''.join(terms)})"


def _spelled_product(node: Node) -> tuple[str, str]:
    negative, factors = False, list[str]()
    for mark, part in zip(("", *signs_of(node)), node.parts, strict=True):
        sign, text = _spelled(part)
        negative = negative != (sign == "-")
        inner = text.removeprefix("product(").removesuffix(")") if text.startswith("product(") else text
        factors.append((" ∘ " if mark == "circ" else " · ") + inner)
    return ("-" if negative else ""), f"product({''.join(factors)[3:]})"
