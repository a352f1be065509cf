"""What the names of a document mean: the spec's own names, aliases, and the document's definitions.

A name that is printed in another way than the spec's own is found, too, where only one can be meant: with or
without a comma in its subscript, with a layer in round or square brackets or without any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from symbackprop.formulas.functions import ELEMENTWISE, FUNCTIONS
from symbackprop.formulas.lexer import Token
from symbackprop.formulas.names import (
    GENERIC,
    INDEX_LETTERS,
    STEP_WORDS,
    agreeing,
    as_step,
    read_name,
    renamed,
    replaced,
)
from symbackprop.formulas.spec_names import Defined, Referent, SpecNames
from symbackprop.formulas.tree import Name, Node, names_in
from symbackprop.graph import Role
from symbackprop.notation.names import latex_name
from symbackprop.problem import Problem

_INNER = frozenset(("letter", "word", "number", "text"))
_LISTED = frozenset((",", ";", "_", "^", "{", "}", "(", ")", "hat", "bar", "tilde", "dots", "cdot", "="))


class Vocabulary(SpecNames):
    """The names of a problem, and what a document adds to them.

    Attributes:
        definitions: names that the document gives a meaning.
        announced: functions that it defines anywhere.
        stepped: parameters above which a bare number is that of an update.
        per_example: dZ, of an array of examples, is the derivative of the loss of each, dW of the mean.
    """

    def __init__(self, problem: Problem, aliases: Mapping[str, str] | None = None) -> None:
        super().__init__(problem, aliases)
        self.definitions: dict[Name, Node] = {}
        self.announced: set[str] = set()
        self.stepped: set[Name] = set()
        self.per_example = False
        self._found: dict[Name, Referent | None] = {}

    # ------------------------------------------------------------------------------ what the document defines

    def announce(self, call: Node, body: Node) -> None:
        """A function that the document defines somewhere: what it is is known in the whole document."""
        head = call.value[0] if isinstance(call.value, tuple) else None
        if isinstance(head, Name) and self.find(head) is None and not self.letters(head):
            if self.uses(head) and not any(one.kind == "big" for one in body.walk()):
                return
            self.announced.add(str(head))
            names = tuple(
                part.value for part in call.parts if part.kind == "name" and isinstance(part.value, Name)
            )
            if len(names) == len(call.parts) and not any(self.is_value(one) for one in names):
                self.functions.setdefault(str(head), Defined(names, body))

    def uses(self, head: Name) -> bool:
        """Whether a letter is a function of the graph: then a document can only say what it is already."""
        word = self.functions.get(head.letter)
        function = ELEMENTWISE.get(word) if isinstance(word, str) else None
        return function is not None and any(
            node.expression is not None and node.expression.has(function) for node in self.graph.inner
        )

    def define(self, name: Name, body: Node) -> None:
        """A name that the document gives a meaning; its index letters stand for any index."""
        self.definitions[name] = body
        self._found.clear()

    def definition(self, name: Name) -> Node | None:
        """What the document says a name is, for its own indices."""
        exact = self.definitions.get(name)
        if exact is not None or not self.definitions:
            return exact
        for pattern, body in self.definitions.items():
            if (pattern.letter, pattern.accent, len(pattern.below)) != (
                name.letter,
                name.accent,
                len(name.below),
            ):
                continue
            letters = replaced(pattern, name)
            if letters:
                return renamed(body, letters)
        return None

    # --------------------------------------------------------------------------------- what the grammar asks

    def called(self, name: Name) -> str | Defined | None:
        """The function that a name before a bracket is; None: none that is known."""
        bare = replace(name, above=(), primes=0)
        return self.functions.get(str(bare)) or (self.functions.get(name.letter) if not name.accent else None)

    def note_steps(self, text: str) -> None:
        """Parameters written with ^0 or ^1 anywhere have the number of an update above them, and no power."""
        for node in self.graph.having(Role.PARAMETER):
            name = latex_name(node.name)
            if re.search(rf"(?<![A-Za-z\\]){re.escape(name)}\s*\^\s*(?:[01](?!\d)|\{{[01]\}})", text):
                self.stepped.add(read_name(name))

    def function(self, word: str) -> bool:
        """Whether a word is a function."""
        return word in FUNCTIONS or (word in self.functions and len(word) > 1)

    def is_value(self, name: Name) -> bool:
        """Whether a name has a value: of the spec, or of the document."""
        return self.definition(name) is not None or self.find(name) is not None

    def is_meant(self, name: Name) -> bool:
        """Whether a name, its index letters left open, is one of the spec or of the document."""
        if name.letter in self.functions or self.is_value(name) or self._matches(name):
            return True
        return name.letter in GENERIC or name.letter in INDEX_LETTERS

    def is_label(self, name: Name, text: str, below: tuple[str, ...]) -> bool:
        """Whether a superscript without brackets belongs to the name: there is no such name without it."""
        bare = name if name.below else replace(name, below=below)
        if bare in self.stepped and text.isdecimal():
            return True
        if self.is_value(bare):
            return False
        labelled = replace(bare, above=(("", text),))
        return self.find(labelled) is not None or bool(not self._matches(bare) and self._matches(labelled))

    def calls(self, name: Name, inside: Sequence[Token]) -> bool:
        """Whether a name before a bracket is called, and is no factor."""
        bare = replace(name, primes=0)
        if self.called(bare) is not None and self.find(bare) is None:
            return True
        if any(one.text == ";" for one in inside):
            return True
        if name.primes or str(bare) in self.announced:
            return True
        listed = all(one.kind in _INNER or one.text in _LISTED for one in inside) and bool(inside)
        commas = any(one.text in (",", ";") for one in inside)
        referent = self.find(bare)
        if referent is not None or self.definition(bare) is not None:
            return listed and self._is_argument_list(referent, inside, commas=commas)
        if self._matches(bare):
            return listed and any(one.kind == "letter" and one.text in GENERIC for one in inside)
        return commas or listed or bare.letter in "fghFGHPR" or bare.letter in ("phi", "psi", "Phi", "sigma")

    def _is_argument_list(self, referent: Referent | None, inside: Sequence[Token], *, commas: bool) -> bool:
        """L(w, b), f(x, y, z), J(theta): what it depends on, not factors."""
        if referent is None or referent.kind != "node":
            return False
        if self.graph[referent.name].expression is None:
            return False
        reached = self.graph.ancestors(self.graph[referent.name].symbol)
        given = {node.name for node in self.graph.given if node.symbol in reached}
        letters = [one.text for one in inside if one.kind in ("letter", "word")]
        if given == {found.name for found in map(self.find, map(Name, letters)) if found is not None}:
            return True
        unknown = any(one.kind == "letter" and one.text in GENERIC for one in inside) and not any(
            one.kind == "letter" and self.find(Name(one.text)) is not None for one in inside
        )
        return commas or unknown or referent.name == self.graph.output.name

    # ------------------------------------------------------------------------------------- what a name is

    def find(self, name: Name) -> Referent | None:
        """What a name stands for in the spec, all its indices being numbers; None: nothing."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: Name) -> Referent | None:
        if name.primes:
            return None
        bare = replace(name, above=())
        labels = [content for _, content in name.above]
        for place, label in enumerate(labels):
            found = self._lookup(replace(bare, above=(("[", label),)))
            if found is not None:
                return self._with_labels(found, labels[:place] + labels[place + 1 :])
        found = self._lookup(bare)
        if found is not None and not any(
            opener == "" and content not in STEP_WORDS and bare not in self.stepped
            for opener, content in name.above
        ):
            return self._with_labels(found, labels)
        return self._by_step(name) or self._of_other_case(name) if found is None else None

    def array_of(self, name: Name) -> Name | None:
        """Y for y: the array of all examples, where only that is a name of the spec."""
        other = replace(name, letter=name.letter.swapcase())
        referent = self.find(other) if len(name.letter) == 1 else None
        is_array = referent is not None and self.example_axis(self.graph_node(referent)) is not None
        return other if is_array else None

    def _of_other_case(self, name: Name) -> Referent | None:
        """a^{[2](i)} for a column of A^{[2]}: one letter, small and large."""
        other = replace(name, letter=name.letter.swapcase())
        if len(name.letter) != 1 or not name.above or other in self.definitions:
            return None
        labels = [content for _, content in name.above]
        choices = [
            (replace(other, above=(("[", label),)), labels[:place] + labels[place + 1 :])
            for place, label in enumerate(labels)
        ]
        for bare, rest in [*choices, (replace(other, above=()), labels)]:
            found = self._exact.get(bare)
            if (
                found is not None
                and found[0] in ("node", "delta")
                and self.graph[self.delta_of.get(found[1], found[1])].shape
            ):
                return Referent(*found, labels=tuple(rest))
        return None

    def _with_labels(self, referent: Referent, labels: list[str]) -> Referent | None:
        if not labels:
            return referent
        is_parameter = referent.kind == "node" and self.graph[referent.name].role is Role.PARAMETER
        step = as_step(labels[0]) if is_parameter else None
        if step is not None:
            return replace(referent, step=step, labels=tuple(labels[1:]))
        return replace(referent, labels=tuple(labels))

    def _by_step(self, name: Name) -> Referent | None:
        """w_{t+1}, w_t: a parameter after an update; L_i: the value at one example."""
        if len(name.below) != 1 or name.above:
            return None
        found = self._lookup(replace(name, below=()))
        if found is None or found.kind != "node" or self.graph[found.name].shape:
            return None
        if self.graph[found.name].role is Role.PARAMETER:
            step = as_step(name.below[0])
            return replace(found, step=step) if step is not None and step[0] else None
        return replace(found, labels=name.below) if name.below[0] in INDEX_LETTERS else None

    # ------------------------------------------------------------------------------------------- indices

    def letters(self, name: Name) -> frozenset[str]:
        """The index letters in a name that means nothing as it stands."""
        if self.find(name) is not None:
            return frozenset()
        own = self.letters_of(name)
        body = self.definition(name) if own else None
        if body is not None:
            return (
                frozenset(letter for inner in self._opened(body) for letter in self.letters_of(inner)) & own
            )
        return own if self.definition(name) is None else frozenset()

    def _opened(self, body: Node) -> list[Name]:
        """The names that a definition is made of, its own definitions opened, each once."""
        found: dict[Name, None] = {}
        pending = names_in(body)
        while pending:
            name = pending.pop()
            if name not in found:
                found[name] = None
                inner = self.definition(name)
                pending += names_in(inner) if inner is not None else []
        return [name for name in found if self.definition(name) is None and self.find(name) is None]

    def bindings(self, name: Name) -> list[dict[str, int]]:
        """All numbers for the index letters of a name with which it is a name of the spec."""
        body = self.definition(name)
        if body is None:
            return self._matches(name)
        own = self.letters_of(name)
        found: list[dict[str, int]] | None = None
        for inner in self._opened(body) if own else ():
            choices = [{k: v for k, v in one.items() if k in own} for one in self._matches(inner)]
            choices = [one for one in choices if one]
            if choices:
                found = choices if found is None else agreeing(found, choices)
        return found or []
