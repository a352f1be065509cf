"""A tree in a scene -> its value: a number in extra digits, or an array of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from mpmath import mpf

from symbackprop.content import text
from symbackprop.formulas.keys import key_of
from symbackprop.formulas.names import bound, read_name
from symbackprop.formulas.tree import Name, Node, names_in
from symbackprop.notation.names import latex_name
from symbackprop.reckoning import paper
from symbackprop.reckoning.functions import Functions
from symbackprop.reckoning.paper import Jacobian, settled
from symbackprop.reckoning.scene import BUDGET, Scene, Unknown


def value_of(node: Node, scene: Scene) -> Any:
    """The value of a tree.

    Raises:
        Unknown: a name has no value.
        Misfit: shapes do not fit.
        Undefined: it does not exist.
    """
    return Reckoner(scene.having(budget=[BUDGET])).settled(node)


class Reckoner(Functions):
    """Evaluates trees in one scene."""

    # ------------------------------------------------------------------------------------------ derivatives

    def _derivative(self, node: Node) -> Any:
        of, by = node.parts
        if self.scene.overrides:
            override = self.scene.overrides.get(key_of(node, self.scene.vocabulary, dict(self.scene.binding)))
            if override is not None:
                return override
        if self.scene.local == "signs":
            # d is the derivative along all ways, a round d along the direct one.
            scene = self.scene.having(local="direct" if node.value == "partial" else "")
            return type(self)(scene, self.depth).derivative(of, by, ())
        value = self.derivative(of, by, ())
        if node.value == "differential" and self.scene.vocabulary.per_example and self._is_of_examples(by):
            return paper.times(self.scene.point.batch_scale, value)
        if node.value == "nabla" and isinstance(value, Jacobian):
            # A gradient is a column in every layout, as the derivative is not.
            return replace(value, is_row=False)
        return value

    def _is_of_examples(self, node: Node) -> bool:
        """Whether a name is an array of the examples of a batch."""
        referent, vocabulary = self._referent(node), self.scene.vocabulary
        return referent is not None and vocabulary.example_axis(vocabulary.graph_node(referent)) is not None

    def derivative(self, of: Node, by: Node, held: tuple[Name, ...]) -> Any:
        """∂of/∂by, some nodes held fast."""
        scene = self.scene
        upper, lower = self._referent(of), self._referent(by)
        if upper is not None and lower is not None and upper.kind == "node":
            fixed = tuple(
                one.name for one in (scene.referent(scene.name(name)) for name in held) if one is not None
            )
            return scene.slope(
                upper, lower, tuple(name for name in fixed if name not in (upper.name, lower.name))
            )
        if by.kind in ("sum", "group") and len(names_in(by)) > 1:
            return self._by_expression(of, by)
        return self._directional(of, by)

    def _referent(self, node: Node) -> Any:
        while node.kind == "group":
            node = node.parts[0]
        if node.kind == "call" and isinstance(node.value, tuple) and isinstance(node.value[0], Name):
            name = self.scene.name(node.value[0])
            return self.scene.referent(name) if name.letter not in self.scene.vocabulary.functions else None
        if node.kind != "name" or not isinstance(node.value, Name):
            return None
        name = self.scene.name(node.value)
        if self._override(name) is not None or self.scene.vocabulary.definition(name) is not None:
            return None
        return self.scene.referent(name)

    def _by_expression(self, of: Node, by: Node) -> Any:
        r"""\frac{dL}{d(\hat{y} - y)}: by a node that changes as the whole does."""
        for name in names_in(by):
            variable = Node("name", (), name, by.start, by.end)
            slope, inner = settled(self._directional(of, variable)), settled(self._directional(by, variable))
            if slope != 0 and inner != 0:
                return slope / inner
        raise Unknown(text("a derivative by an expression"), "meaning")

    def _directional(self, of: Node, by: Node) -> Any:
        """The derivative of an expression, as the names in it change along with a number."""
        while by.kind == "group":
            by = by.parts[0]
        if by.kind != "name" or not isinstance(by.value, Name):
            raise Unknown(text("a derivative by what is no name"), "meaning")
        target = self.scene.name(by.value)
        whole = settled(self.named(by.value))
        if isinstance(whole, np.ndarray):
            return self._by_entries(of, by, target, whole)
        rates = self._rates(of, by, target)
        return self._difference(partial(self._moved, of, rates), mpf(0))

    def _by_entries(self, of: Node, by: Node, target: Name, whole: Any) -> Any:
        """The derivative of a number by an array: by each of its entries."""
        made = np.empty(whole.shape, dtype=object)
        rates = self._rates_by_array(of, by, target)
        for place in np.ndindex(whole.shape):
            unit = np.full(whole.shape, mpf(0), dtype=object)
            unit[place] = mpf(1)
            own = {name: unit if rate is None else rate(place) for name, rate in rates.items()}
            value = self._difference(partial(self._moved, of, own), mpf(0))
            if isinstance(value, np.ndarray):
                raise Unknown(text("a derivative of an array by an array"), "meaning")
            made[place] = value
        return made

    def _rates_by_array(self, of: Node, by: Node, target: Name) -> dict[Name, Callable[[Any], Any] | None]:
        """How every name of an expression changes with an entry; None: it is the array itself."""
        lower = self._referent(by)
        rates: dict[Name, Callable[[Any], Any] | None] = {}
        for name in self._names_below(of):
            upper = self.scene.referent(name)
            if name == target or upper is None or lower is None or upper.kind != "node":
                rates |= {name: None} if name == target else {}
                continue
            value = self.scene.point.slope(upper.name, lower.name)
            inner = self.scene.point.graph[lower.name].shape
            rates[name] = partial(_by_entry, value, len(inner))
        return rates

    def _rates(self, of: Node, by: Node, target: Name) -> dict[Name, Any]:
        """How much every name of an expression changes with the variable."""
        scene = self.scene
        lower = self._referent(by)
        rates: dict[Name, Any] = {}
        for name in self._names_below(of):
            if name == target:
                rates[name] = mpf(1)
                continue
            upper = scene.referent(name)
            if upper is not None and lower is not None and upper.kind == "node":
                slope = settled(scene.slope(upper, lower))
                if isinstance(slope, np.ndarray) and isinstance(self._name(by), np.ndarray):
                    raise Unknown(text("a derivative of an expression by an array"), "meaning")
                rates[name] = slope
        if target not in rates and lower is None:
            rates[target] = mpf(1)
        return rates

    def _names_below(self, node: Node) -> list[Name]:
        """The names of an expression with their indices in numbers, definitions opened."""
        found: dict[Name, None] = {}
        pending, seen = [node], set[Name]()
        while pending:
            for name in names_in(pending.pop()):
                for choice in self._choices(name):
                    full = self.scene.having(binding={**choice, **self.scene.binding}).name(name)
                    body = self.scene.vocabulary.definition(full)
                    if body is not None and full not in seen:
                        seen.add(full)
                        pending.append(body)
                    found.setdefault(full)
        return list(found)

    def _choices(self, name: Name) -> list[dict[str, int]]:
        partly = bound(name, self.scene.binding)
        return (
            self.scene.vocabulary.bindings(partly) or [{}] if self.scene.vocabulary.letters(partly) else [{}]
        )

    def _moved(self, of: Node, rates: dict[Name, Any], shift: Any) -> Any:
        moved = {name: self.named_at(name) + shift * rate for name, rate in rates.items()}
        scene = self.scene.having(overrides={**self.scene.overrides, **moved})
        return settled(Reckoner(scene, self.depth)(of))

    def named_at(self, name: Name) -> Any:
        """The value of a name whose indices are numbers."""
        return settled(self.named(name))

    def _operator(self, node: Node) -> Any:
        raise Unknown(text("the derivative of what"), "meaning")

    def _operated(self, parts: list[Node], place: int) -> Any:
        r"""a \frac{\partial}{\partial x} b c: of all that stands to its right."""
        before, operator, behind = parts[:place], parts[place], parts[place + 1 :]
        if not behind:
            raise Unknown(text("the derivative of what"), "meaning")
        signs = ("",) * (len(behind) - 1)
        body = (
            behind[0]
            if len(behind) == 1
            else Node("product", tuple(behind), signs, behind[0].start, behind[-1].end)
        )
        by = operator.value
        assert isinstance(by, Node)
        value = self.derivative(body, by, ())
        values = [*(self(one) for one in before), value]
        return self._folded(values, [False] * (len(values) - 1))

    def _nabla(self, node: Node) -> Any:
        parameters = self.scene.vocabulary.graph.parameters
        if len(parameters) != 1:
            raise Unknown(text("the gradient by all parameters at once"), "meaning")
        by = Node("name", (), read_name(latex_name(parameters[0].name)), -1, -1)
        return self.derivative(node.parts[0], by, ())

    def _at(self, node: Node) -> Any:
        """Before a bar: with some nodes held fast, or at other values."""
        body, *conditions = node.parts
        while body.kind == "group":
            body = body.parts[0]
        if conditions:
            return self._at_values(body, conditions)
        assert isinstance(node.value, tuple)
        held = tuple(name for name in node.value if self._is_node(name))
        if held and body.kind == "derivative":
            return self.derivative(body.parts[0], body.parts[1], held)
        return self(body)

    def _is_node(self, name: Name) -> bool:
        referent = self.scene.referent(self.scene.name(name))
        return (
            referent is not None and referent.kind == "node" and not referent.labels and referent.step is None
        )

    def _at_values(self, body: Node, conditions: list[Node]) -> Any:
        """At x = 2: where 2 is the value of x here, nothing changes; else only free names move."""
        moved: dict[Name, Any] = {}
        for condition in conditions:
            left, right = condition.parts
            if left.kind != "name" or not isinstance(left.value, Name):
                raise Unknown(text("what stands below the bar"), "meaning")
            name = self.scene.name(left.value)
            value = self.plain(right)
            if self.scene.referent(name) is not None and self.scene.states is None:
                continue
            if self.scene.referent(name) is None:
                moved[name] = value
            elif not paper.same(settled(self.named(name)), value, mpf(10) ** -6, mpf(0)):
                raise Unknown(text("the values at {name}", name=str(name)), "meaning")
        scene = self.scene.having(overrides={**self.scene.overrides, **moved})
        return Reckoner(scene, self.depth)(body)


def _by_entry(slope: Any, axes: int, place: tuple[int, ...]) -> Any:
    """The derivative by one entry of an array that has so many axes."""
    chosen = place[:axes]
    return paper.on_paper(
        np.asarray(slope[(..., *chosen)], dtype=object) if np.ndim(slope) > axes else slope[chosen]
    )
