"""A derivation as a module of Python: what those of all libraries have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

from sympy import Symbol

from symbackprop.backends.base import Precision
from symbackprop.content import Text, text
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.helpers import ARRAYS, OWN, RENAMED, functions_in, needed, source
from symbackprop.exporting.layout import WIDTH, Lines, folded
from symbackprop.exporting.literals import drawn_values, given_values
from symbackprop.exporting.module_text import (
    docstring,
    documented,
    filled_in,
    joined,
    module_docstring,
    quoted_tuple,
)
from symbackprop.exporting.names import PYTHON_WORDS, code_names
from symbackprop.exporting.passes import Passes
from symbackprop.exporting.sample import Draw, Sample, sample
from symbackprop.exporting.strings import in_f_string

LOCAL = ("values", "deltas", "gradients")
"""Names that the two passes have of their own."""


class PythonModule(ABC):
    """One module.

    Args:
        sheet: the formulas.
        precision: of the numbers.
    """

    namespace: ClassVar[str]
    """What the library is called in code."""

    library: ClassVar[str]
    """What it is called among people."""

    imports: ClassVar[tuple[str, ...]]
    checked: ClassVar[Text] = text("Run as a program it checks its gradients by central differences.")
    words: ClassVar[frozenset[str]]
    """Names that the library brings."""

    modules: ClassVar[tuple[str, ...]] = (ARRAYS, OWN)
    """Where functions are copied from; later modules come first."""

    def __init__(self, sheet: Sheet, precision: Precision = "float64") -> None:
        self.sheet, self.precision = sheet, precision
        self.copied = functions_in(*self.modules)
        # Only what is called keeps a user's name away: the first printing finds it out.
        first = self._passes(frozenset())
        self.passes = self._passes(self.called_in(first))

    def _passes(self, taken: frozenset[str]) -> Passes:
        names = code_names(self.wishes, PYTHON_WORDS | self.words | taken | {*LOCAL, "REAL"})
        passes = self.passes_of(names)
        self._bodies = [passes.forward(), passes.backward()]
        return passes

    def called_in(self, passes: Passes) -> frozenset[str]:
        """What the two passes and their functions call by its bare name."""
        names = self._needed(passes)
        return frozenset({*names, *(RENAMED[name] for name in names if name in RENAMED)})

    def _needed(self, passes: Passes) -> list[str]:
        return needed(passes.used, self.copied)

    def functions(self) -> Lines:
        """The sources of the functions that are called."""
        found = [self._source(name) for name in self._needed(self.passes)]
        if any("REAL" in one for one in found):
            found.insert(0, f"REAL = {self.namespace}.{self.precision}")
        return found

    def _source(self, name: str) -> str:
        function = self.copied[name]
        told = documented(self.sheet.sentence(function.docstring)) if function.docstring else []
        return source(function, told, self.namespace)

    @property
    def wishes(self) -> Mapping[Symbol, str]:
        """The name in print of every symbol that stands in code."""
        return self.sheet.wishes

    @property
    def names(self) -> Mapping[Symbol, str]:
        """What the symbols are called."""
        return self.passes.names

    @abstractmethod
    def passes_of(self, names: dict[Symbol, str]) -> Passes:
        """The two passes, where the symbols are called so."""

    @abstractmethod
    def interface(self) -> list[Lines]:
        """What a project calls, besides the two passes."""

    @abstractmethod
    def check(self) -> list[Lines]:
        """The check, and what it is made of."""

    def text(self) -> str:
        """The module."""
        helpers = self.functions()
        top = [*module_docstring(self.sheet, self.purpose()), "", *self.imported(helpers), *self.results()]
        end = ['if __name__ == "__main__":', "    sys.exit(0 if check() else 1)"]
        copied = [one.splitlines() for one in helpers]
        return joined([top, *copied, *self._bodies, *self.interface(), self.given(), *self.check(), end])

    def imported(self, helpers: Sequence[str]) -> Lines:
        """The imports: those of the standard library first."""
        lines = [*helpers, *(line for body in self._bodies for line in body)]
        standard = [name for name in ("functools", "math") if any(f"{name}." in one for one in lines)]
        numpy = ["import numpy as np"] if self.is_drawn and "import numpy as np" not in self.imports else []
        first, *rest = self.imports
        return [*(f"import {name}" for name in standard), first, *rest[:1], *numpy, *rest[1:]]

    def results(self) -> Lines:
        """The kinds of what the passes give back, where they are kinds of their own."""
        return []

    def purpose(self) -> Lines:
        """What the module is, in two sentences."""
        what = text(
            "Forward and backward pass in {library}, each line beside its formula, by symbackprop.",
            library=self.library,
        )
        return [self.sheet.words(what), self.sheet.words(self.checked)]

    def documented(self, template: str, told: Text, **parts: str) -> Lines:
        """The lines of a template with its parts, and with a sentence as its docstring."""
        return filled_in(template, docstring=docstring(self.sheet.words(told)), **parts)

    # What the interfaces and the checks have in common.

    @property
    def is_single(self) -> bool:
        """Whether the numbers have 32 bits."""
        return self.precision == "float32"

    def name_tuples(self) -> Lines:
        """ARGUMENTS = ("X", "W"): what `forward` takes; WRT: what its output is differentiated by."""
        found = {"ARGUMENTS": self.passes.arguments, "WRT": self.passes.wrt}
        return [line for name, values in found.items() for line in quoted_tuple(name, values)]

    def loss_signature(self) -> tuple[Lines, str]:
        """def loss(X, W): with what it hands on; def loss(*given): where that is long."""
        whole = self.passes.signature("loss")
        if len(whole) == 1:
            return whole, ", ".join(self.passes.arguments)
        return ["def loss(*given):"], "*given"

    def told_loss(self, who: str) -> Text:
        """What the function `loss` is, which a library differentiates by what is derived here."""
        return text(
            "{output}, which {who} differentiates by `backward`: by what is in WRT.",
            output=self.passes.output,
            who=who,
        )

    def not_derived(self) -> str:
        """An f-string without its quotes: by the variable `name` nothing is derived."""
        derivative = f"d{self.passes.output}/d{{name}}"
        refused = text("{derivative} was not derived: export it with --wrt", derivative=derivative)
        return in_f_string(refused, self.sheet.language)

    @property
    def compared_places(self) -> str:
        """The entries of an array that are compared: all, or some of a large one."""
        every = "list(np.ndindex(given[name].shape))"
        return f"{every}[:: given[name].size // 50 + 1]" if self.is_drawn else every

    @property
    def is_drawn(self) -> bool:
        """Whether the numbers of the check are drawn when it is run."""
        return any(isinstance(one, Draw) for one in self.sample.values.values())

    @cached_property
    def sample(self) -> Sample:
        """The numbers of the check."""
        return sample(self.sheet)

    def given(self) -> Lines:
        """GIVEN = {…}, by the names in code."""
        names = {node.name: self.names[node.symbol] for node in self.sheet.given}
        values = {name: self.sample.values[known_as] for known_as, name in names.items()}
        draws = {name: value for name, value in values.items() if isinstance(value, Draw)}
        shown = drawn_values(draws) if draws else given_values(values)
        told = self.sheet.words(_AT_RANDOM if self.sample.is_random else _AT_THE_SPEC)
        return [*(f"# {line}" for line in folded(told, WIDTH - len("# "), hang="")), *shown]


_AT_THE_SPEC = text("`check` compares at the values of the spec.")
_AT_RANDOM = text("`check` compares at random numbers.")
