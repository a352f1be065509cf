"""Stages -> nodes: the equations of every layer with names put in, in their order, and the shapes found."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from string import Formatter

from sympy import Expr, Symbol

from symbackprop.arrays.composites import Normalised, expand
from symbackprop.arrays.shapes import Shapes
from symbackprop.arrays.sizes import Shape, show_shape
from symbackprop.errors import Mistake, ModelError, listing
from symbackprop.expressions import Rewriter
from symbackprop.graph import Node, Role
from symbackprop.language import parse_equations, parse_expression
from symbackprop.models.layers import LAYERS, LayerKind, Option
from symbackprop.models.recognition import recognised
from symbackprop.models.stages import Model, Stage, Tensor
from symbackprop.network import Layer
from symbackprop.notation.names import unused_name


@dataclass(frozen=True)
class Letters:
    """The names that do not come from a layer.

    Attributes:
        input: of what goes in.
        output: of what comes out; none: it is named like the other values of its layer.
        reserved: what nothing in the model may be called.
        is_small: values are vectors of one example, which have small letters.
    """

    input: str
    output: str | None
    reserved: frozenset[str]
    is_small: bool = False


@dataclass(frozen=True)
class Assembled:
    """A model in equations.

    Attributes:
        nodes: what is given and what is computed, in order.
        normalised: where inputs were normalised.
        output: what comes out, and its shape.
        layers: one for each that multiplies by weights.
        tensors: the arrays of the model, by the names of their nodes.
    """

    nodes: tuple[Node, ...]
    normalised: tuple[Normalised, ...]
    output: Node
    layers: tuple[Layer, ...]
    tensors: dict[str, Tensor]


def assemble(model: Model, shape: Shape, letters: Letters) -> Assembled:
    """The equations of a model.

    Args:
        model: reduced to what it computes.
        shape: of what goes in.
        letters: of what goes in and comes out.

    Raises:
        ShapeError: layers that do not fit one another; the message says which.
        ModelError: a layer that this shape makes one that the language does not have.
    """
    return _Assembler(model, shape, letters).assembled()


class _Assembler:
    """The nodes so far; `texts` says how each value is written into what uses it."""

    def __init__(self, model: Model, shape: Shape, letters: Letters) -> None:
        self.model, self.letters = model, letters
        given = Node(Symbol(letters.input), role=Role.INPUT, shape=shape)
        self.nodes = {given.name: given}
        self.shapes = Shapes({given.symbol: shape})
        self.texts = {model.input: given.name}
        self.taken = {given.name, *letters.reserved, *map(str, self.shapes.sizes)}
        self.normalised: list[Normalised] = []
        self.tensors: dict[str, Tensor] = {}
        self.consumers: dict[str, list[Stage]] = defaultdict(list)
        for stage in model.stages:
            for key in stage.inputs.values():
                self.consumers[key].append(stage)
        self.depth = sum(stage.kind.opens for stage in model.stages)
        self.opened: list[Stage] = []
        self.words: dict[int | None, list[str]] = defaultdict(list)

    def assembled(self) -> Assembled:
        """All stages in equations."""
        for stage in self.model.stages:
            try:
                self._add(stage)
            except Mistake as mistake:
                raise mistake.at(stage.place) from None
        layers = [self._layer(number, stage) for number, stage in enumerate(self.opened, 1)]
        output = self.nodes[self.texts[self.model.output]]
        nodes = tuple(self.nodes.values())
        return Assembled(nodes, tuple(self.normalised), output, tuple(layers), self.tensors)

    @property
    def number(self) -> int | None:
        """Of the present layer, counted by weights; what stands before the first belongs to it."""
        return max(len(self.opened), 1) if self.depth else None

    @property
    def above(self) -> str:
        """What the names of the present layer end with."""
        return f"__{self.number}" if self.depth > 1 else ""

    def _add(self, stage: Stage) -> None:
        if stage.kind.of_a_batch and self.letters.is_small:
            what = "a batch normalisation takes several examples, and this is one"
            raise ModelError(what, fix='read the model with batch="n"')
        if stage.kind.opens:
            self.opened.append(stage)
        text, word = self._text(stage), stage.layer
        if self._is_inline(stage):
            self.texts[stage.output] = f"({text})"
            return
        if stage.kind.arithmetic:
            word, text = recognised(text) or (word, text)
        self._write(stage, LAYERS[word], text)
        if LAYERS[word].keeps_shape:
            self.words[self.number].append(word)

    def _is_inline(self, stage: Stage) -> bool:
        """Whether it is a step of a longer formula, used once: an activation in arithmetic, or arithmetic."""
        users = self.consumers[stage.output]
        if len(users) != 1 or not stage.kind.entrywise or stage.output == self.model.output:
            return False
        return users[0].kind.arithmetic or (stage.kind.arithmetic and users[0].kind.takes_formulas)

    # ---------------------------------------------------------------------------------- a layer's equations

    def _text(self, stage: Stage) -> str:
        """The equations of a stage with its names, numbers and axes put in."""
        put_in = {word: _option(option) for word, option in stage.options.items()}
        put_in |= {slot: self.texts[key] for slot, key in stage.inputs.items()}
        put_in |= {slot: self._tensor(stage, slot, one) for slot, one in stage.tensors.items()}
        shape = self.shapes[parse_expression(put_in.get("x", "0"))]
        _check_width(stage, shape)
        variants = stage.kind.variants(shape, stage.options)
        found = next((one for one in variants if _slots(one) <= set(put_in)), None)
        if found is None:
            missing = _slots(variants[-1]) - set(put_in)
            raise ModelError(
                f"the layer {stage.layer} lacks {listing(sorted(missing))}", fix="export it anew"
            )
        return found.format(**put_in)

    def _tensor(self, stage: Stage, slot: str, tensor: Tensor) -> str:
        """The name of an array; one that several layers share has one name."""
        known = next((name for name, one in self.tensors.items() if one.name == tensor.name), None)
        if known is not None:
            return known
        name = self._new_name(stage.kind.letters.get(slot, slot))
        role = Role.PARAMETER if tensor.is_trained else Role.CONSTANT
        self._learn(Node(Symbol(name), role=role, layer=self.number, shape=tensor.numbers.shape))
        self.tensors[name] = tensor
        return name

    # ------------------------------------------------------------------------------------------------ nodes

    def _write(self, stage: Stage, kind: LayerKind, text: str) -> None:
        """A node for every line; the last gives the value of the stage."""
        *lines, last = parse_equations(text)
        rewrite = Rewriter({})
        for line in lines:
            name = self._new_name(str(line.name))
            self._compute(name, rewrite(line.expression), Role.NODE)
            rewrite.learn(Symbol(line.name), Symbol(name))
        value, _ = self.shapes.resolved(rewrite(last.expression))
        is_last = stage.output == self.model.output and self.letters.output is not None
        if is_last or not isinstance(value, Symbol):
            letter = kind.letter.lower() if self.letters.is_small else kind.letter
            name = str(self.letters.output) if is_last else self._new_name(letter)
            self._compute(name, value, kind.role)
            value = Symbol(name)
        # What a reshape leaves as it is needs no name of its own.
        self.texts[stage.output] = value.name

    def _compute(self, name: str, expression: Expr, role: Role) -> None:
        """A node, and before it those of the program that its expression may be."""
        expansion = expand({Symbol(name): expression}, self.taken, self.above)
        self.normalised += expansion.normalised
        for symbol, line in expansion.lines.items():
            resolved, shape = self.shapes.resolved(line)
            delta = Symbol(unused_name(f"delta_{symbol.name}", self.taken))
            own = role if symbol.name == name else Role.NODE
            self._learn(Node(symbol, resolved, own, self.number, delta, shape))

    def _learn(self, node: Node) -> None:
        self.nodes[node.name] = node
        self.shapes.learn(node.symbol, node.shape)
        self.taken |= {node.name, *([node.delta.name] if node.delta is not None else [])}

    def _new_name(self, letter: str) -> str:
        return unused_name(letter, self.taken, self.above)

    def _layer(self, number: int, stage: Stage) -> Layer:
        """What a drawing of the layers tells of one."""
        value = self.nodes[self.texts[stage.output]]
        names = {tensor.name: name for name, tensor in self.tensors.items()}
        letters = {slot: names[tensor.name] for slot, tensor in stage.tensors.items()}
        return Layer(
            _units(stage),
            ", ".join(self.words[number]) or "identity",
            weight=letters.get("W") or letters.get("K") or "",
            bias=letters.get("b", ""),
            preactivation=value.name,
            output=value.name,
            delta=str(value.delta),
            has_bias="b" in letters,
        )


def _units(stage: Stage) -> int:
    """How many units the weights of a layer make; a vector of weights makes one."""
    shapes = [tensor.numbers.shape for slot, tensor in stage.tensors.items() if slot in ("W", "K")]
    return next((shape[stage.kind.units] for shape in shapes if len(shape) > 1), 1)


def _check_width(stage: Stage, shape: Shape) -> None:
    """Weights take as many numbers as they get.

    Raises:
        ModelError: they do not.
    """
    if stage.kind.opens and stage.width is not None and shape[-1:] != (stage.width,):
        raise ModelError(
            f"this layer takes {stage.width} numbers, and what goes in has the shape {show_shape(shape)}",
            fix="make each layer as wide as the next one takes",
        )


def _slots(text: str) -> set[str]:
    """The words in braces."""
    return {word for _, word, _, _ in Formatter().parse(text) if word is not None}


def _option(option: Option) -> str:
    """A number as it is written into a formula; a negative one in brackets."""
    return f"({option})" if isinstance(option, str) and option.startswith("-") else str(option)
