"""What a formula, a sentence, a cell or a label may hold: mathematics, numbers and words. No markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sympy import Basic, Expr


@dataclass(frozen=True)
class Source:
    """Where a number comes from, so that a page can compute it anew.

    Attributes:
        scope: the pass or the state of the parameters that it belongs to, as `pass 1.0` or `state 2`.
        of: what it is the value of, there.
    """

    scope: str
    of: Basic | str


def pass_scope(iteration: int, place: int = 0) -> str:
    """The scope of one forward and backward pass: of an example at its place in the batch."""
    return f"pass {iteration}.{place}"


def batch_scope(iteration: int) -> str:
    """The scope of what the examples of a batch give together: the gradients, the loss."""
    return f"batch {iteration}"


def example_scope(number: int) -> str:
    """The scope of what the table gives for one example, counted from 1."""
    return f"example {number}"


def state_scope(updates: int) -> str:
    """The scope of the parameters, and of the losses of the examples, after so many updates."""
    return f"state {updates}"


@dataclass(frozen=True)
class Environment(Mapping[Basic, Any]):
    """The numbers of symbols and written derivatives.

    Attributes:
        numbers: by what they are the value of.
        scope: where they all come from; none: they are not computed anew.
        sources: of those that come from elsewhere.
    """

    numbers: Mapping[Basic, Any]
    scope: str = ""
    sources: Mapping[Basic, Source] = field(default_factory=dict)

    def __getitem__(self, of: Basic) -> Any:
        return self.numbers[of]

    def __iter__(self) -> Iterator[Basic]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def source(self, of: Basic) -> Source | None:
        """Where a number comes from."""
        if of in self.sources:
            return self.sources[of]
        return Source(self.scope, of) if self.scope else None

    def value(self, of: Basic) -> Value:
        """A number with its source."""
        return Value(self[of], self.source(of))


@dataclass(frozen=True)
class Substituted:
    """An expression with numbers in the place of symbols.

    Attributes:
        expression: the expression.
        values: the numbers, by what they stand for.
    """

    expression: Expr
    values: Environment


@dataclass(frozen=True)
class Value:
    """A number, or an array of them, under the rule for numbers.

    Attributes:
        number: the number.
        source: where it comes from.
    """

    number: Any
    source: Source | None = None


@dataclass(frozen=True)
class Digits:
    """A number whose digits are given: an exact result of printed operands.

    Attributes:
        text: the digits.
        source: where it comes from.
    """

    text: str
    source: Source | None = None


Math: TypeAlias = Expr | Substituted | Value | Digits


@dataclass(frozen=True)
class Text:
    """A sentence, a heading or a label: a template with named fields, so that it can be translated.

    Attributes:
        template: with `{name}` where a field stands.
        fields: mathematics, numbers, words, or texts that are translated by themselves.
        plural: the template of several things; how many there are is the field `count`.
    """

    template: str
    fields: Mapping[str, Math | Text | str | int] = field(default_factory=dict)
    plural: str = ""

    def __str__(self) -> str:
        """In English, for the message of an error."""
        template = self.plural if self.plural and self.count != 1 else self.template
        return template.format_map({name: str(one) for name, one in self.fields.items()})

    @property
    def count(self) -> int:
        """How many things it speaks of."""
        count = self.fields.get("count")
        return count if isinstance(count, int) else 1


def text(template: str, plural: str = "", **fields: Any) -> Text:
    """A text with its fields."""
    return Text(template, fields, plural)
