r"""Names, calls, derivatives: sigma(z), log x, softmax_j(S), \frac{\partial L}{\partial w}, dL/dw."""

from __future__ import annotations

from symbackprop.content import text
from symbackprop.formulas.lexer import Token
from symbackprop.formulas.scripts import Scripts
from symbackprop.formulas.tree import Name, Node
from symbackprop.formulas.unread import Unread

CLOSERS = frozenset((")", "]", "}", r"\}"))


class Calls(Scripts):
    """Reads what begins with a name, and derivatives."""

    bars = 0

    def total(self) -> Node:
        """A sum of products."""
        raise NotImplementedError

    def factor(self) -> Node:
        """A base with its scripts."""
        raise NotImplementedError

    def begins(self) -> bool:
        """Whether a factor begins here."""
        raise NotImplementedError

    def inner(self, tokens: list[Token]) -> Node:
        """Other tokens as one expression."""
        raise NotImplementedError

    def _named(self) -> Node:
        differential = self._differential()
        if differential is not None:
            return differential
        token = self.next
        if token.text == "I" and self._is_unit():
            return self._unit()
        if token.text in ("e", "pi") and self._is_constant(token):
            self.take()
            return Node("constant", (), token.text, token.start, token.end)
        if token.kind == "word" and self.vocabulary.function(token.text):
            return self._word_call(self.take().text, token)
        return self._name_or_call()

    def _is_constant(self, token: Token) -> bool:
        """e and π, unless they are names of the spec or have scripts of their own."""
        ahead = self.tokens[min(self.place + 1, len(self.tokens) - 1)]
        if token.text == "e" and not (ahead.kind == "sign" and ahead.text == "^"):
            return False
        return not self.vocabulary.is_value(Name(token.text)) and not (
            ahead.kind == "sign" and ahead.text == "_"
        )

    def _is_unit(self) -> bool:
        """I, I_3: the identity, unless the spec has a name I."""
        return not self.vocabulary.is_value(Name("I"))

    def _unit(self) -> Node:
        token = self.take()
        sizes: tuple[str, ...] = ()
        if self.next.text == "_" and self.next.kind == "sign":
            self.take()
            sizes = tuple(one.text for one in self.argument() if one.text != "times")
        return Node("unit", (), sizes, token.start, self.before.end)

    def _name_or_call(self) -> Node:
        start = self.next.start
        node = self.name()
        name = node.value
        if node.kind != "name" or not isinstance(name, Name):
            return node
        if not (self.next.kind == "sign" and self.next.text in ("(", "[")):
            return node
        if self.next.text == "[" or not self.vocabulary.calls(name, self._bracketed()):
            return node
        arguments = self._arguments()
        if name.primes:
            plain = Name(name.letter, name.accent, name.below, name.above)
            return Node("prime", arguments, (plain, "", name.primes), start, self.before.end)
        return Node("call", arguments, (name, ""), start, self.before.end)

    def _bracketed(self) -> list[Token]:
        """The tokens within the bracket that opens here, without reading them."""
        depth, place = 0, self.place
        while place < len(self.tokens):
            text, kind = self.tokens[place].text, self.tokens[place].kind
            if kind == "sign":
                depth += text in ("(", "[", "{", r"\{")
                depth -= text in CLOSERS
            if depth == 0 or kind == "stop":
                break
            place += 1
        return list(self.tokens[self.place + 1 : place])

    def _arguments(self) -> tuple[Node, ...]:
        """What stands between round brackets, with commas or semicolons between."""
        self.expect("(")
        outer, self.bars = self.bars, 0
        found = [self._argument_or_hole()]
        while self.next.kind == "sign" and self.next.text in (",", ";", "|"):
            self.take()
            found.append(self._argument_or_hole())
        self.expect(")")
        self.bars = outer
        return tuple(found)

    def _argument_or_hole(self) -> Node:
        token = self.next
        if (
            token.kind == "command"
            and token.text in ("cdot", "dots")
            and self.tokens[self.place + 1].text in (")", ",")
        ):
            self.take()
            return Node("hole" if token.text == "cdot" else "ellipsis", (), None, token.start, token.end)
        return self.total()

    def _word_call(self, word: str, token: Token) -> Node:
        """log x, max(x, y), softmax_j(S), log^2 x."""
        index, primes, power = "", 0, None
        while self.next.kind == "sign" and self.next.text in ("_", "^", "'"):
            mark = self.take().text
            if mark == "_":
                index = "".join(one.text for one in self.argument())
            elif mark == "'":
                primes += 1
            else:
                script = self.argument()
                if [one.text for one in script] == ["*"]:
                    self.refuse(text("an adjoint of what?"))
                power = self.inner(script)
        arguments = self._word_arguments(word)
        call = self._adjoint(word, index, arguments, token)
        if call is None:
            value = (word, index, primes) if primes else (word, index)
            call = Node("prime" if primes else "call", arguments, value, token.start, self.before.end)
        return call if power is None else Node("power", (call, power), None, token.start, self.before.end)

    def _word_arguments(self, word: str) -> tuple[Node, ...]:
        if self.next.kind == "sign" and self.next.text == "(":
            return self._arguments()
        if self.next.kind == "sign" and self.next.text == r"\{":
            self.take()
            found = [self.total()]
            while self.next.text == ",":
                self.take()
                found.append(self.total())
            self.expect(r"\}")
            return tuple(found)
        if not self.begins():
            self.refuse(text("{function} of what?", function=word))
        factors = [self.factor()]
        while self.begins() and self.next.kind in ("letter", "number") and self.before.kind != "sign":
            factors.append(self.factor())
        if len(factors) == 1:
            return (factors[0],)
        signs = ("",) * (len(factors) - 1)
        return (Node("product", tuple(factors), signs, factors[0].start, factors[-1].end),)

    def _adjoint(self, word: str, index: str, arguments: tuple[Node, ...], token: Token) -> Node | None:
        r"""conv(X, \cdot)^{*}(\delta): a linear map's adjoint, where a place was left open."""
        if not any(one.kind == "hole" for one in arguments) or self.next.text != "^":
            return None
        self.take()
        if [one.text for one in self.argument()] != ["*"]:
            self.refuse(text("the star of an adjoint is missing"))
        map_ = Node("call", arguments, (word, index), token.start, self.before.end)
        return Node("adjoint", self._arguments(), map_, token.start, self.before.end)

    # ------------------------------------------------------------------------------------------- derivatives

    def _differential(self) -> Node | None:
        """dL/dw in one line; or dW where the document writes the loss's derivative so."""
        if self.next.text != "d" or self.next.kind != "letter":
            return None
        place = self.place
        start = self.take().start
        if self.next.kind not in ("letter", "word", "command") or not self._is_name_here():
            self.place = place
            return None
        try:
            of = self.name()
            if self.next.text == "/" and self.tokens[self.place + 1].text == "d" and self._is_name_after(2):
                self.take()
                self.take()
                by = self.name()
                return Node("derivative", (of, by), "d", start, self.before.end)
        except Unread:
            of = None
        if of is not None and not self.vocabulary.is_value(Name("d")):
            return Node(
                "derivative", (self.vocabulary.output_node(start), of), "differential", start, self.before.end
            )
        self.place = place
        return None

    def _is_name_after(self, ahead: int) -> bool:
        token = self.tokens[min(self.place + ahead, len(self.tokens) - 1)]
        return token.kind in ("letter", "word") or (
            token.kind == "command" and token.text in ("hat", "bar", "tilde")
        )

    def _is_name_here(self) -> bool:
        return self._is_name_after(0) and (self.next.tight or self.next.kind == "command")

    def _fraction(self) -> Node:
        start = self.take().start
        above, below = self.argument(), self.argument()
        end = self.before.end
        if (
            above
            and below
            and self._is_d(above[0])
            and self._is_d(below[0])
            and above[0].text == below[0].text
        ):
            return self._quotient_of_differentials(above, below, start, end)
        return Node("quotient", (self.inner(above), self.inner(below)), None, start, end)

    @staticmethod
    def _is_d(token: Token) -> bool:
        return (token.kind == "command" and token.text == "partial") or (
            token.kind in ("letter", "word") and token.text == "d"
        )

    def _quotient_of_differentials(
        self, above: list[Token], below: list[Token], start: int, end: int
    ) -> Node:
        r"""\frac{\partial L}{\partial w}, \frac{d}{dx}."""
        sign = "d" if above[0].text == "d" else "partial"
        of, by = above[1:], below[1:]
        if any(one.text == "^" for one in of[:1]):
            self.refuse_at(above[0], text("derivatives of higher order are not read"))
        if not by:
            self.refuse_at(below[0], text("by what is it differentiated?"))
        if any(self._is_d(one) and one.text == "partial" for one in by):
            self.refuse_at(below[0], text("derivatives of higher order are not read"))
        variable = self.inner(by)
        if not of:
            return Node("operator", (), variable, start, end)
        inner = self.inner(of)
        if any(one.kind == "derivative" for one in inner.walk()):
            self.refuse_at(above[0], text("derivatives of higher order are not read"))
        return Node("derivative", (inner, variable), sign, start, end)

    def _partial(self) -> Node:
        r"""\partial L / \partial w, \partial_x y."""
        start = self.take().start
        if self.next.text == "_" and self.next.kind == "sign":
            self.take()
            by = self.inner(self.argument())
            of = self.factor()
            return Node("derivative", (of, by), "partial", start, self.before.end)
        of = self.factor()
        if self.next.text != "/" or self.tokens[self.place + 1].text != "partial":
            self.refuse(text("by what is it differentiated?"))
        self.take()
        self.take()
        by = self.factor()
        return Node("derivative", (of, by), "partial", start, self.before.end)

    def _nabla(self) -> Node:
        start = self.take().start
        by: Node | None = None
        if self.next.text == "_" and self.next.kind == "sign":
            self.take()
            by = self.inner(self.argument())
        if not self.begins():
            self.refuse(text("the gradient of what?"))
        of = self.factor()
        if by is None:
            return Node("nabla", (of,), None, start, self.before.end)
        return Node("derivative", (of, by), "nabla", start, self.before.end)
