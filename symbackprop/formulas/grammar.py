r"""Tokens of LaTeX -> a tree. What is outside of the grammar is refused with its place, never guessed.

A name before a bracket is a call or a factor: the vocabulary decides, by what spec and document declare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from symbackprop.content import text
from symbackprop.formulas.behind import Behind
from symbackprop.formulas.environments import RELATIONS
from symbackprop.formulas.lexer import Token, number_parts
from symbackprop.formulas.scripts import Words
from symbackprop.formulas.tree import Name, Node, Printed
from symbackprop.formulas.unread import Unread

DEEPEST = 60
"""Brackets within brackets that are read."""

BRACKETS = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\|": r"\|", "|": "|"}
_PLAIN_CALLS = frozenset(
    "log ln exp sin cos tan sinh cosh tanh arctan max min det lg arcsin arccos coth sup inf".split()
)
_BIG = frozenset(("sum", "prod"))


class Grammar(Behind):
    """Reads one side of a claim, from a row of tokens that ends with `stop`."""

    def __init__(self, tokens: Sequence[Token], vocabulary: Words, latex: str) -> None:
        super().__init__(tokens, vocabulary, latex)
        self.depth = 0
        self.bars = 0

    def whole(self) -> Node:
        """All tokens as one expression."""
        node = self.total()
        if self.next.kind != "stop":
            self.refuse(text("cannot be read here"))
        return node

    def inner(self, tokens: Sequence[Token]) -> Node:
        """Other tokens as one expression."""
        if not tokens:
            self.refuse(text("something is missing before this"))
        stop = Token("stop", "", tokens[-1].end, tokens[-1].end)
        reader = Grammar([*tokens, stop], self.vocabulary, self.latex)
        reader.depth = self.depth + 1
        reader._check_depth()
        return reader.whole()

    def _check_depth(self) -> None:
        if self.depth > DEEPEST:
            self.refuse(text("brackets are nested deeper than {deepest}", deepest=DEEPEST))

    # ------------------------------------------------------------------------------------ sums and products

    def total(self) -> Node:
        """A sum of products; a sign may stand in front of the first."""
        self.depth += 1
        self._check_depth()
        start = self.next.start
        signs = [self._sign() or "+"]
        terms = [self.product()]
        while self.next.text in ("+", "-") and self.next.kind == "sign":
            signs.append(self._sign())
            terms.append(self.product())
        self.depth -= 1
        if signs == ["+"]:
            return terms[0]
        return Node("sum", tuple(terms), tuple(signs), start, self.before.end)

    def _sign(self) -> str:
        """A + or -, or several: - - is +."""
        sign = ""
        while self.next.kind == "sign" and self.next.text in ("+", "-"):
            found = self.take().text
            sign = found if sign in ("", "+") else "-" if found == "+" else "+"
        return sign

    def product(self) -> Node:
        """Factors side by side, or with a sign between them; / divides the factor before it."""
        start = self.next.start
        factors, signs = [self.factor()], list[str]()
        while True:
            sign = self._times()
            if sign is None:
                break
            if sign == "/":
                below = self._signed_factor()
                factors[-1] = Node("slash", (factors[-1], below), None, factors[-1].start, below.end)
                continue
            signs.append(sign)
            factors.append(self._signed_factor() if sign else self._juxtaposed())
        if len(factors) == 1:
            return factors[0]
        return Node("product", tuple(factors), tuple(signs), start, self.before.end)

    def _times(self) -> str | None:
        token = self.next
        if token.kind == "command" and token.text in ("cdot", "times", "circ"):
            self.take()
            return {"cdot": "dot"}.get(token.text, token.text)
        if token.kind == "sign" and token.text in ("*", "/"):
            self.take()
            return "dot" if token.text == "*" else "/"
        if token.kind == "command" and token.text == "div":
            self.take()
            return "/"
        return "" if self.begins() else None

    def _signed_factor(self) -> Node:
        """A factor behind a sign of multiplication: a minus may stand before it, without brackets."""
        start, sign = self.next.start, self._sign()
        factor = self.factor()
        return Node("sum", (factor,), ("-",), start, factor.end) if sign == "-" else factor

    def _juxtaposed(self) -> Node:
        if self.next.kind == "number" and self.before.kind in ("number", "letter", "word"):
            self.refuse(text("a number as a factor needs a sign of multiplication before it"))
        return self.factor()

    def begins(self) -> bool:
        """Whether a factor begins here."""
        token = self.next
        if token.kind in ("number", "letter", "word", "ones", "begin"):
            return True
        if token.kind == "text":
            return token.text.isalpha() and self.vocabulary.function(token.text)
        if token.kind == "sign":
            if token.text == "|":
                return not self.bars and not self.is_bar_with_point()
            return token.text in ("(", "[", "{", r"\{", r"\|") and not (token.text == r"\|" and self.bars)
        return (
            token.kind == "command"
            and token.text not in ("top", *RELATIONS)
            and self.is_known_command(token.text)
        )

    def is_known_command(self, text: str) -> bool:
        """Whether a command begins a factor."""
        return text in _PLAIN_CALLS or text in _BIG or text in _STARTERS

    # ---------------------------------------------------------------------------------------------- factors

    def factor(self) -> Node:
        """A base with what is raised and lowered behind it."""
        start = self.next.start
        node = self.base()
        while True:
            token = self.next
            if token.kind == "sign" and token.text == "^":
                node = self.raised(node)
            elif token.kind == "sign" and token.text == "_":
                node = self.lowered(node)
            elif self.is_bar_with_point():
                node = self.at_point(node)
            else:
                return Node(node.kind, node.parts, node.value, start, self.before.end)

    def base(self) -> Node:
        """What may have scripts."""
        token = self.next
        if token.kind == "number":
            return self._number()
        if token.kind == "ones":
            return self._ones()
        if token.kind == "text" and token.text.isalpha():
            self.tokens[self.place] = replace(token, kind="word")
        if self.next.kind in ("letter", "word"):
            return self._named()
        if token.kind == "begin":
            return self._environment()
        if token.kind == "command":
            return self._command()
        if token.kind == "sign" and token.text in BRACKETS:
            return self._bracket()
        if token.kind == "stop":
            self.refuse(text("something is missing here"))
        return self.refuse(text("cannot be read here"))

    def _number(self) -> Node:
        token = self.take()
        digits, power = number_parts(token.text)
        if len(digits) > 60 or abs(power) > 400:
            self.refuse_at(token, text("this number is too long"))
        decimals = len(digits.partition(".")[2])
        value = Fraction(digits) * Fraction(10) ** power
        exact = not decimals and not power
        unit = Fraction(0) if exact else Fraction(10) ** (power - decimals)
        return Node("number", (), Printed(value, unit), token.start, token.end)

    def _ones(self) -> Node:
        token = self.take()
        if self.next.text == "[" and self.next.kind == "sign":
            return self._bracket()
        sizes: tuple[str, ...] = ()
        if self.next.text == "_" and self.next.kind == "sign":
            self.take()
            inner = self.argument()
            if any(one.text in ("=", "<", ">", "geq", "leq") for one in inner):
                return self._indicator(inner, token)
            sizes = tuple(one.text for one in inner if one.text not in ("times", ",", "{", "}"))
        return Node("ones" if token.text == "1" else "zeros", (), sizes, token.start, self.before.end)

    def _indicator(self, tokens: Sequence[Token], start: Token) -> Node:
        """A bold 1 with a condition below it."""
        bare = [one for one in tokens if one.text not in (r"\{", r"\}")]
        return Node("indicator", (self.relation(bare),), None, start.start, self.before.end)

    def relation(self, tokens: Sequence[Token]) -> Node:
        """left < right."""
        place = next((p for p, one in enumerate(tokens) if one.text in RELATIONS), None)
        if place is None:
            self.refuse(text("no condition stands here"))
        left, right = self.inner(tokens[:place]), self.inner(tokens[place + 1 :])
        return Node("relation", (left, right), tokens[place].text, tokens[0].start, tokens[-1].end)

    # ------------------------------------------------------------------------------- commands, environments

    def _command(self) -> Node:
        command = self.next.text
        if command == "frac":
            return self._fraction()
        if command == "partial":
            return self._partial()
        if command == "nabla":
            return self._nabla()
        if command in _BIG:
            return self._big()
        if command in _PLAIN_CALLS:
            token = self.take()
            return self._word_call(command, token)
        if command == "sqrt":
            return self._root()
        if command in ("hat", "bar", "tilde"):
            return self._name_or_call()
        if command == "dots":
            token = self.take()
            return Node("ellipsis", (), None, token.start, token.end)
        if command in ("arg", "int", "lim", "oint", "iint", "Pr"):
            return self._foreign()
        if command in ("infty", "cdot"):
            token = self.take()
            return Node("name", (), Name(command), token.start, token.end)
        if command in ("underbrace", "overbrace"):
            return self._braced()
        if command in ("underset", "overset", "textcolor", "colorbox", "substack", "stackrel"):
            self.take()
            self.argument()
            return self.inner(self.argument())
        if command in ("cancel", "boxed", "fbox", "ensuremath", "mathord", "bcancel", "smash"):
            self.take()
            return self.inner(self.argument())
        if command == "resizebox":
            return self._resized()
        return self.refuse(text("{command} is not known here", command=f"\\{command}"))

    def _foreign(self) -> Node:
        """What is outside of the mathematics here, with all that it may reach to: an integral, a limit."""
        start = self.next.start
        while self.next.kind != "stop":
            self.take()
        return Node("foreign", (), None, start, self.before.end)

    def _resized(self) -> Node:
        self.take()
        self.argument()
        self.argument()
        inner = [one for one in self.argument() if one.text != "$"]
        return self.inner(inner)

    def _braced(self) -> Node:
        r"""\underbrace{x}_{what it is}: what stands below is a remark."""
        self.take()
        node = self.inner(self.argument())
        if self.next.kind == "sign" and self.next.text in ("_", "^"):
            self.take()
            self.argument()
        return Node("group", (node,), None, node.start, node.end)

    def _root(self) -> Node:
        start = self.take().start
        if self.next.text == "[" and self.next.kind == "sign":
            self.refuse(text("only square roots are read"))
        return Node("root", (self.inner(self.argument()),), None, start, self.before.end)

    def _big(self) -> Node:
        r"""\sum_{i=1}^{n} a_i b: the product behind it is its body."""
        token = self.take()
        index: tuple[str, ...] = ()
        lower, upper = None, None
        while self.next.kind == "sign" and self.next.text in ("_", "^"):
            mark = self.take().text
            limit = self.argument()
            if mark == "^":
                upper = self.inner(limit)
                continue
            place = next((p for p, one in enumerate(limit) if one.text in ("=", "in", "neq")), None)
            if place is not None and limit[place].text == "neq":
                self.refuse_at(limit[place], text("a sum that leaves one out is not read"))
            names = limit[:place] if place is not None else limit
            index = tuple(one.text for one in names if one.kind in ("letter", "word"))
            if place is not None and limit[place].text == "=":
                lower = self.inner(limit[place + 1 :])
        body = self.product()
        limits = tuple(one for one in (lower, upper) if one is not None)
        value = (token.text, index, lower is not None, upper is not None)
        return Node("big", (body, *limits), value, token.start, self.before.end)

    # --------------------------------------------------------------------------------------------- brackets

    def _bracket(self) -> Node:
        opener = self.take()
        if opener.text == "{":
            self.place -= 1
            tokens = self.argument()
            node = self.inner(tokens)
            return Node("group", (node,), "{", opener.start, self.before.end)
        closer = BRACKETS[opener.text]
        outer, self.bars = self.bars, 1 if opener.text in ("|", r"\|") else 0
        rows = self._listed(closer)
        self.expect(closer)
        self.bars = outer
        return self._enclosed(opener, rows)


_STARTERS = frozenset(
    "frac partial nabla sqrt hat bar tilde dots underbrace overbrace underset overset textcolor cancel boxed "
    "fbox ensuremath resizebox colorbox mathord bcancel smash infty stackrel arg int lim oint iint".split()
)


def read_side(tokens: Sequence[Token], vocabulary: Words, latex: str) -> Node:
    """One side of a claim.

    Raises:
        Unread: it is outside of the grammar.
    """
    if not tokens:
        raise Unread(text("one side is empty"), 0)
    stop = Token("stop", "", tokens[-1].end, tokens[-1].end)
    return Grammar([*tokens, stop], vocabulary, latex).whole()
