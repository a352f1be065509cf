r"""Names with what stands above and below them: \hat{y}, w_{11}, a^{[2]}, \delta_{a1}, W^{[3]\top}."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn, Protocol

from symbackprop.content import Text, text
from symbackprop.formulas.lexer import Token
from symbackprop.formulas.tree import Name, Node
from symbackprop.formulas.unread import Unread

_OPEN = {"(": ")", "[": "]"}


class Words(Protocol):
    """What the grammar asks of those who know what names mean."""

    def is_label(self, name: Name, text: str, below: tuple[str, ...]) -> bool:
        """Whether a superscript without brackets belongs to the name."""

    def is_meant(self, name: Name) -> bool:
        """Whether a name, its index letters left open, means something."""

    def is_value(self, name: Name) -> bool:
        """Whether a name has a value."""

    def function(self, word: str) -> bool:
        """Whether a word is a function."""

    def calls(self, name: Name, inside: Sequence[Token]) -> bool:
        """Whether a name before a bracket is called, and is no factor."""

    def output_node(self, start: int) -> Node:
        """The output as a tree."""


class Nothing:
    """Knows no names: for reading a name that stands alone."""

    def is_label(self, name: Name, text: str, below: tuple[str, ...]) -> bool:
        """Every superscript belongs to the name."""
        return True

    def is_meant(self, name: Name) -> bool:
        """Every name may."""
        return True

    def is_value(self, name: Name) -> bool:
        """No name has."""
        return False

    def function(self, word: str) -> bool:
        """No word is."""
        return False

    def calls(self, name: Name, inside: Sequence[Token]) -> bool:
        """No name is."""
        return False

    def output_node(self, start: int) -> Node:
        """There is none."""
        raise Unread(text("there is no output"), start)


class Scripts:
    """Walks over tokens, and reads names."""

    def __init__(self, tokens: Sequence[Token], vocabulary: Words, latex: str) -> None:
        self.tokens = list(tokens)
        self.vocabulary = vocabulary
        self.latex = latex
        self.place = 0

    @property
    def next(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.place]

    @property
    def before(self) -> Token:
        """The token that was taken last."""
        return self.tokens[max(self.place - 1, 0)]

    def take(self) -> Token:
        """The next token; `stop` stays."""
        token = self.tokens[self.place]
        if token.kind != "stop":
            self.place += 1
        return token

    def expect(self, sign: str) -> None:
        """Take a sign."""
        if self.next.kind != "sign" or self.next.text != sign:
            self.refuse(text("{sign} is missing here", sign=sign.strip("\\")))
        self.take()

    def refuse(self, what: Text) -> NoReturn:
        """Say what cannot be read at the next token."""
        self.refuse_at(self.next, what)

    def refuse_at(self, token: Token, what: Text) -> NoReturn:
        """Say what cannot be read at a token."""
        raise Unread(what, token.start)

    def argument(self) -> list[Token]:
        """What a command or a script takes: the tokens of a group, or one token, of a number one digit."""
        while self.next.kind == "gap":
            self.take()
        token = self.take()
        if token.kind == "stop":
            self.refuse(text("something is missing here"))
        if token.kind == "number" and len(token.text) > 1:
            return self._first_digit(token)
        if token.kind != "sign" or token.text != "{":
            if token.kind == "command" and token.text in ("hat", "bar", "tilde", "frac"):
                return [token, *self._wrapped()]
            return [token]
        tokens, depth = list[Token](), 1
        while True:
            token = self.take()
            if token.kind == "stop":
                self.refuse(text("a brace is not closed"))
            if token.kind == "sign":
                depth += token.text == "{"
                depth -= token.text == "}"
            if not depth:
                return tokens
            if token.kind != "gap":
                tokens.append(token)

    def _wrapped(self) -> list[Token]:
        """A group with its braces."""
        inner = self.argument()
        place = inner[0].start if inner else self.before.start
        return [Token("sign", "{", place, place), *inner, Token("sign", "}", place, place)]

    def _first_digit(self, token: Token) -> list[Token]:
        """The 1 of 12 in a^12, which TeX sets as a^{1}2."""
        first = Token("number", token.text[0], token.start, token.start + 1)
        rest = Token("number", token.text[1:], token.start + 1, token.end)
        self.place -= 1
        self.tokens[self.place] = rest
        self.tokens.insert(self.place, first)
        return [self.take()]

    # ----------------------------------------------------------------------------------------------- names

    def name(self) -> Node:
        """A name with its accent, subscript, labels and primes; transposed where ^T stands behind it."""
        start = self.next.start
        name = self._letter()
        behind: list[list[Token]] = []
        while self.next.kind == "sign" and self.next.text in ("_", "^", "'"):
            mark = self.next.text
            if mark == "'":
                self.take()
                name = replace(name, primes=name.primes + 1)
            elif mark == "_":
                if name.below or self._is_item():
                    break
                self.take()
                name = replace(name, below=self.below(self.argument()))
            elif not self._superscript(name, behind):
                break
            else:
                name = self._labelled
        node: Node = Node("name", (), name, start, self.before.end)
        for tokens in behind:
            node = self.with_superscript(node, tokens)
        return node

    _labelled: Name = Name("")

    def with_superscript(self, node: Node, tokens: Sequence[Token]) -> Node:
        """Transposed, to a power; the grammar knows how."""
        raise NotImplementedError

    def _is_item(self) -> bool:
        """x_{[1:, 0]}: an index as NumPy writes it."""
        ahead = self.tokens[self.place + 1 : self.place + 3]
        return [one.text for one in ahead] == ["{", "["]

    def _letter(self) -> Name:
        token = self.take()
        if token.kind in ("letter", "word"):
            return Name(token.text)
        if token.kind == "command" and token.text in ("hat", "bar", "tilde"):
            inner = self.argument()
            return self._accented(inner, token)
        return self.refuse_at(token, text("a name is missing here"))

    def _accented(self, inner: list[Token], token: Token) -> Name:
        if len(inner) == 1 and inner[0].kind in ("letter", "word"):
            return Name(inner[0].text, token.text)
        reader = type(self)([*inner, Token("stop", "", token.end, token.end)], self.vocabulary, self.latex)
        node = reader.name()
        if reader.next.kind != "stop" or not isinstance(node.value, Name) or node.kind != "name":
            self.refuse_at(token, text("only a name has an accent"))
        return replace(node.value, accent=token.text)

    def _superscript(self, name: Name, behind: list[list[Token]]) -> bool:
        """Take a superscript: labels go to the name, the rest behind it; False: it is none of a name's."""
        place = self.place
        self.take()
        tokens = self.argument()
        labels, rest = self._labels(tokens)
        if labels and not name.above:
            self._labelled = replace(name, above=tuple(labels))
            if rest:
                behind.append(rest)
            return True
        if not name.above and [one.text for one in tokens] in (["*"], ["cdot"], ["star"]):
            self._labelled = replace(name, above=(("*", ""),))
            return True
        if not name.above and self._is_word_label(name, tokens):
            self._labelled = replace(name, above=(("", tokens[0].text),))
            return True
        if not name.above and self._is_plain_label(name, tokens):
            self._labelled = replace(name, above=(("", "".join(one.text for one in tokens)),))
            return True
        self.place = place
        return False

    def _labels(self, tokens: list[Token]) -> tuple[list[tuple[str, str]], list[Token]]:
        """(l), [2](0) at the beginning of a superscript, and what stands behind them."""
        labels: list[tuple[str, str]] = []
        rest = list(tokens)
        while rest and rest[0].kind == "sign" and rest[0].text in _OPEN:
            opener = rest[0].text
            place = next((p for p, one in enumerate(rest) if one.text == _OPEN[opener]), None)
            if place is None or place == 1:
                break
            inner = rest[1:place]
            if any(one.text in ("=", "_", "frac", ".") or one.kind == "gap" for one in inner):
                break
            labels.append((opener, "".join(one.text for one in inner)))
            rest = rest[place + 1 :]
        if rest and rest[0].text == "^" and rest[0].kind == "sign":
            rest = [one for one in rest[1:] if one.text not in ("{", "}")]
        return labels, rest

    def _is_plain_label(self, name: Name, tokens: list[Token]) -> bool:
        """a^2 where the spec has no a, but an a of layer 2."""
        if len(tokens) != 1 or tokens[0].kind not in ("number", "letter"):
            return False
        return self.vocabulary.is_label(name, tokens[0].text, self._below_ahead())

    def _is_word_label(self, name: Name, tokens: list[Token]) -> bool:
        """w^{new}; delta^{o}, where nothing is called delta."""
        if len(tokens) != 1:
            return False
        if tokens[0].kind in ("word", "text") or tokens[0].text in ("+", "-"):
            return True
        if tokens[0].kind != "letter" or tokens[0].text in ("T", "t") or len(tokens[0].text) > 1:
            return False
        bare = name if name.below else replace(name, below=self._below_ahead())
        return bool(bare.below or bare.is_greek) and not self.vocabulary.is_meant(bare)

    def _below_ahead(self) -> tuple[str, ...]:
        """The subscript that stands behind a superscript, without taking it."""
        if self.next.kind != "sign" or self.next.text != "_":
            return ()
        place, tokens = self.place, list(self.tokens)
        try:
            self.take()
            return self.below(self.argument())
        except Unread:
            return ()
        finally:
            self.place, self.tokens = place, tokens

    def below(self, tokens: Sequence[Token]) -> tuple[str, ...]:
        """The parts of a subscript."""
        if not tokens:
            self.refuse(text("a subscript is empty"))
        parts: list[str] = []
        groups = _split_at_commas(tokens)
        for group in groups:
            parts.extend(self._index(group, alone=len(groups) == 1))
        return tuple(parts)

    def _index(self, tokens: list[Token], *, alone: bool) -> list[str]:
        """One part between commas: digits, letters, i+1, a name of its own."""
        if not tokens:
            return []
        if any(one.kind == "sign" and one.text in ("+", "-") for one in tokens):
            return ["".join(one.text for one in tokens)]
        if any(one.text in ("_", "hat", "bar", "tilde", "^") for one in tokens):
            return self._names_below(tokens)
        found: list[str] = []
        for one in tokens:
            if one.kind == "number":
                found.extend([*one.text] if alone else [one.text])
            elif one.kind in ("letter", "word", "text"):
                found.append(one.text)
            elif one.text not in ("(", ")", "{", "}", "[", "]", "*", "#", "|", "."):
                self.refuse_at(one, text("this is no part of a subscript"))
        return found

    def _names_below(self, tokens: list[Token]) -> list[str]:
        """Names with subscripts of their own: delta_{h_3}."""
        reader = type(self)(
            [*tokens, Token("stop", "", tokens[-1].end, tokens[-1].end)], self.vocabulary, self.latex
        )
        found: list[str] = []
        while reader.next.kind != "stop":
            if reader.next.kind == "number":
                found.extend(reader.take().text)
                continue
            node = reader.name()
            if reader.next.kind == "sign" and reader.next.text == "^":
                reader.refuse(text("this is no part of a subscript"))
            found.append(str(node.value))
        return found


def _split_at_commas(tokens: Sequence[Token]) -> list[list[Token]]:
    groups: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "sign" and token.text in (",", ";"):
            groups.append([])
        elif token.kind != "gap":
            groups[-1].append(token)
    return groups
