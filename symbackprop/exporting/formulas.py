"""The formulas of a derivation in the order of code: each as it is printed, and as it is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Dummy, Expr, S, Symbol

from symbackprop.arrays.sizes import Shape
from symbackprop.content import Text, text
from symbackprop.derivation import Derivation
from symbackprop.errors import ShapeError, listing
from symbackprop.expressions import Rewriter
from symbackprop.lowering.program import Kind, Line, guarded
from symbackprop.lowering.shared import shared
from symbackprop.lowering.stable import stable
from symbackprop.nodes import Node, Role
from symbackprop.notation.unicode import UnicodeSyntax
from symbackprop.problem import Problem
from symbackprop.solution.backward import conditions, delta_equations, gradient_equation
from symbackprop.solution.forward import layer_title
from symbackprop.solution.steps import Equation, Notation, equation
from symbackprop.translation import ENGLISH, Language
from symbackprop.writing.lines import PLAIN_RELATIONS, Phrase, Writer


@dataclass(frozen=True)
class Formula:
    """A line of code, and the formula that it computes.

    Attributes:
        kind: what it computes.
        name: its name in print.
        symbol: what other lines call it.
        expression: as it is computed.
        phrase: the formula as it is printed.
        shape: of its value.
        note: what a reader has to be told: how it is computed, where that is not what is printed.
        node: the name of the node that it belongs to.
    """

    kind: Kind
    name: str
    symbol: Symbol
    expression: Expr
    phrase: Phrase
    shape: Shape = ()
    note: str = ""
    node: str = ""

    @property
    def by(self) -> str:
        """Of a gradient, what is differentiated by; else nothing."""
        return self.node if self.kind is Kind.GRADIENT else ""


@dataclass(frozen=True)
class Section:
    """Formulas that are read together, under a title or none."""

    title: str
    formulas: tuple[Formula, ...]


@dataclass(frozen=True, eq=False)
class Sheet:
    """All that is written into code.

    Attributes:
        problem: where it comes from.
        derivation: likewise.
        forward: the values of all nodes, a section for each layer.
        backward: the deltas that the gradients need, from the output back; then the gradients, a section for
            each layer, the last first.
        language: of comments and docstrings, and of what the check prints.
    """

    problem: Problem
    derivation: Derivation
    forward: tuple[Section, ...]
    backward: tuple[Section, ...]
    language: Language = ENGLISH

    @cached_property
    def given(self) -> tuple[Node, ...]:
        """What comes from outside: inputs, parameters, constants, targets."""
        nodes = [node for node in self.derivation.graph.given if node.role is not Role.SIZE]
        return tuple(sorted(nodes, key=lambda node: _ORDER.index(node.role)))

    @cached_property
    def writer(self) -> Writer:
        """What writes formulas into comments."""
        return comment_writer(self.derivation, self.language)

    def words(self, told: Text) -> str:
        """A sentence in the language of the comments."""
        return self.writer.words(told)

    def sentence(self, docstring: str) -> str:
        """What a copied function says of itself, in that language; a formula is the same in all."""
        return self.language(docstring)

    @property
    def wrt(self) -> tuple[Symbol, ...]:
        """What the loss is differentiated by, in the order of what is given."""
        return tuple(node.symbol for node in self.given if node.symbol in self.derivation.wrt)

    @property
    def output(self) -> str:
        """The name of the node that is differentiated."""
        return str(self.derivation.output.name)

    @property
    def values(self) -> tuple[Formula, ...]:
        """The forward pass in one row."""
        return tuple(one for section in self.forward for one in section.formulas)

    @property
    def derivatives(self) -> tuple[Formula, ...]:
        """The deltas and the gradients in one row."""
        return tuple(one for section in self.backward for one in section.formulas)

    @property
    def deltas(self) -> tuple[Formula, ...]:
        """The deltas in one row."""
        return tuple(one for one in self.derivatives if one.kind is Kind.DELTA)

    @cached_property
    def carried(self) -> tuple[Formula, ...]:
        """The values of the forward pass that the backward pass reads."""
        read = used_in(self.derivatives)
        return tuple(one for one in self.values if one.symbol in read)

    @property
    def wishes(self) -> dict[Symbol, str]:
        """The name in print of every symbol that stands in code."""
        shapes = self.derivation.shapes
        found = {node.symbol: node.name for node in self.given}
        found |= {symbol: symbol.name for symbol in (shapes.sizes if shapes is not None else ())}
        return found | {one.symbol: one.name for one in (*self.values, *self.derivatives)}

    def sizes(self, formulas: Iterable[Formula]) -> dict[Symbol, tuple[Node, int]]:
        """For each symbol of a size that formulas use, the given array and the axis that tell it.

        Raises:
            ShapeError: no array tells it.
        """
        shapes = self.derivation.shapes
        return self.told(shapes.sizes & used_in(formulas)) if shapes is not None else {}

    def told(self, used: Iterable[Symbol]) -> dict[Symbol, tuple[Node, int]]:
        """Likewise for some symbols of sizes."""
        ordered = sorted(used, key=str)
        places = {
            size: (node, axis)
            for node in reversed(self.given)
            for axis, size in enumerate(node.shape)
            if isinstance(size, Symbol)
        }
        missing = [size.name for size in ordered if size not in places]
        if missing:
            raise ShapeError(
                f"no array says what {listing(missing)} is", fix="give the size as a number in the shape"
            )
        return {size: places[size] for size in ordered}


_HEADS = {Kind.DELTA: text("Deltas, from the output back"), Kind.GRADIENT: text("Gradients")}
_ORDER = (Role.INPUT, Role.PARAMETER, Role.CONSTANT, Role.TARGET)


def used_in(formulas: Iterable[Formula]) -> set[Symbol]:
    """The symbols that formulas are computed from."""
    return {symbol for one in formulas for symbol in one.expression.free_symbols}


def comment_writer(derivation: Derivation, language: Language) -> Writer:
    """What writes formulas of a derivation into comments."""
    return Writer(
        UnicodeSyntax(language), derivation.conventions, PLAIN_RELATIONS, Notation(derivation.shapes)
    )


def sheet(problem: Problem, derivation: Derivation, language: Language = ENGLISH) -> Sheet:
    """What is to be written into code, with its words in a language."""
    return _Maker(problem, derivation, language).sheet()


class _Maker:
    def __init__(self, problem: Problem, derivation: Derivation, language: Language) -> None:
        self.problem, self.derivation, self.graph = problem, derivation, derivation.graph
        self.language, self.writer = language, comment_writer(derivation, language)
        self.raw = {line.symbol: line for line in self._lines()}

    def _lines(self) -> Iterator[Line]:
        """The lines as they are printed, but for tests that guard what may be infinite."""
        for node in self.graph.inner:
            yield Line(Kind.VALUE, node.name, node.symbol, node.expression or S.Zero, node.name)
        for name, delta in self.derivation.deltas.items():
            if delta.symbol is not None and not delta.is_output:
                value = guarded(self.derivation.written(delta))
                yield Line(Kind.DELTA, delta.symbol.name, delta.symbol, value, name)
        for name, gradient in self.derivation.gradients.items():
            known_as = f"d{self.derivation.output.name}_d{name}"
            symbol = Dummy(name)
            yield Line(Kind.GRADIENT, known_as, symbol, guarded(gradient.expression), name)

    def sheet(self) -> Sheet:
        found = list(self._sectioned(_needed(shared(stable(self.raw.values())))))
        return Sheet(
            self.problem,
            self.derivation,
            self._sections(found, Kind.VALUE),
            (*self._sections(found, Kind.DELTA), *self._sections(found, Kind.GRADIENT)),
            self.language,
        )

    def _sections(self, lines: Sequence[tuple[Kind, str, Formula]], kind: Kind) -> tuple[Section, ...]:
        by_title: dict[str, list[Formula]] = {}
        for own, title, formula in lines:
            if own is kind:
                by_title.setdefault(title, []).append(formula)
        titles = list(by_title)
        if kind is Kind.GRADIENT:
            titles.sort(key=lambda title: -self._depths.get(title, -1))
        head = self.writer.words(_HEADS[kind]) if kind in _HEADS else ""
        return tuple(
            Section(": ".join(filter(None, (head, title))), tuple(by_title[title])) for title in titles
        )

    def _sectioned(self, lines: Iterable[Line]) -> Iterator[tuple[Kind, str, Formula]]:
        """Each formula with its part and its section; auxiliary ones stand where they are used."""
        waiting: list[Line] = []
        for line in lines:
            waiting.append(line)
            if line.kind is not Kind.AUXILIARY:
                title = "" if line.kind is Kind.DELTA else self._title(self.graph[line.node])
                yield from ((line.kind, title, self._formula(one)) for one in waiting)
                waiting.clear()

    @cached_property
    def _depth(self) -> int:
        return max((node.layer for node in self.graph.inner if node.layer is not None), default=0)

    @cached_property
    def _depths(self) -> Mapping[str, int]:
        return {self._layer(layer): layer for layer in range(1, self._depth + 1)}

    def _layer(self, number: int) -> str:
        return self.writer.words(layer_title(number, self._depth))

    def _title(self, node: Node) -> str:
        """The layer of a node, or of a parameter."""
        if node.layer is None:
            return self.writer.words(text("Loss")) if self._depth and node.expression is not None else ""
        return self._layer(node.layer)

    # One formula.

    def _formula(self, line: Line) -> Formula:
        printed = self.raw.get(line.symbol)
        phrase = self._phrase(line)
        note = self._note(line, printed) if printed is not None else ""
        shape = self._shape(line)
        return Formula(line.kind, line.name, line.symbol, line.expression, phrase, shape, note, line.node)

    def _shape(self, line: Line) -> Shape:
        return () if self.derivation.shapes is None else self.graph[line.node].shape if line.node else ()

    def _phrase(self, line: Line) -> Phrase:
        match line.kind:
            case Kind.VALUE | Kind.AUXILIARY:
                shown = self.raw.get(line.symbol, line)
                return self.writer.phrase(equation(_named(line.symbol), _in_names(shown.expression)))
            case Kind.DELTA:
                return self._phrases(delta_equations(self.derivation, self.derivation.deltas[line.node]))
        return self.writer.phrase(gradient_equation(self.derivation, self.derivation.gradients[line.node]))

    def _phrases(self, equations: Sequence[Equation]) -> Phrase:
        """δ ≡ ∂L/∂z = … in one row."""
        first, *rest = map(self.writer.phrase, equations)
        sides = list(first.sides)
        for phrase in rest:
            sides += [side for side in phrase.sides if side[1] != sides[-1][1]]
        return Phrase(first.left, tuple(sides))

    def _note(self, line: Line, printed: Line) -> str:
        """What the last form takes for granted, and how the code differs from it."""
        notes: list[Text] = []
        if line.kind in (Kind.DELTA, Kind.GRADIENT):
            notes += [
                text("where {condition}", condition=self.writer.phrase(one).in_one())
                for one in self._conditions(line)
            ]
        if line.expression != printed.expression:
            notes.append(text("computed as {formula}", formula=_in_names(line.expression)))
        gradient = self.derivation.gradients[line.node] if line.kind is Kind.GRADIENT else None
        if gradient is not None and gradient.laid_out != gradient.expression:
            notes.append(text("here in the shape of {parameter}", parameter=gradient.wrt))
        return ", ".join(map(self.writer.words, notes))

    def _conditions(self, line: Line) -> list[Equation]:
        of_delta = line.kind is Kind.DELTA
        delta = self.derivation.deltas[line.node] if of_delta else self.derivation.gradients[line.node].delta
        collapsed = delta.collapse is not None and (of_delta or line.node not in self.derivation.deltas)
        return conditions(self.derivation, delta) if collapsed else []


def _named(symbol: Symbol) -> Symbol:
    """An auxiliary symbol by its name only."""
    return Symbol(symbol.name)


def _in_names(expression: Expr) -> Expr:
    """Auxiliary symbols by their names only, and what has no print by what it stands for."""
    made = {one: _named(one) for one in expression.free_symbols if one != Symbol(one.name)}
    found: Expr = Rewriter(made)(expression)
    return found


def _needed(lines: Iterable[Line]) -> list[Line]:
    """The lines without deltas, and what belongs to them, that no gradient needs."""
    needed: set[Symbol] = set()
    kept = []
    for line in reversed(list(lines)):
        if line.kind in (Kind.VALUE, Kind.GRADIENT) or line.symbol in needed:
            needed |= line.expression.free_symbols
            kept.append(line)
    return kept[::-1]
