"""A derivation as a header and a source of C11, with its own check."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from symbackprop.arrays.sizes import sizes_in_numbers
from symbackprop.backends.base import Precision
from symbackprop.content import text
from symbackprop.exporting.c_check import CCheck
from symbackprop.exporting.c_passes import Access, CPass
from symbackprop.exporting.c_structures import Member, Structure
from symbackprop.exporting.comments import in_c_comment, tamed
from symbackprop.exporting.formulas import Section, Sheet
from symbackprop.exporting.layout import INDENT, WIDTH, Lines, commented, filled, folded, indented
from symbackprop.exporting.loop_formulas import LoopPass, loop_passes
from symbackprop.exporting.module_text import conventions, told_role
from symbackprop.exporting.names import C_WORDS, code_names, identifier
from symbackprop.exporting.sample import Sample, sample, shape_of
from symbackprop.loops.c_code import c_functions
from symbackprop.lowering.program import Kind

STRUCTURES = ("given", "values", "deltas", "gradients")
"""What the functions take: structures of these tags, by pointers of these names."""


class CFiles:
    """A header and a source.

    Args:
        sheet: the formulas.
        name: of the files, without an ending.
        precision: of the numbers that are kept; between, all are doubles.
    """

    def __init__(self, sheet: Sheet, name: str, precision: Precision = "float64") -> None:
        self.sheet, self.name = sheet, name
        self.prefix = identifier(name).lower()
        self.real = "double" if precision == "float64" else "float"
        self.loops = self._as_loops()
        # Only what is called keeps a user's name away: the first printing finds it out.
        self._write(())
        self._write((*self.forward.used, *self.backward.used))

    def _as_loops(self) -> dict[str, LoopPass | None]:
        if self.sheet.derivation.shapes is None:
            return {"forward": None, "backward": None}
        return dict(zip(("forward", "backward"), loop_passes(self.sheet), strict=True))

    def _write(self, called: Iterable[str]) -> None:
        """Print the two functions, whose names keep away from what they call."""
        parts = {one: one.name for loops in self.loops.values() if loops is not None for one in loops.parts}
        names = code_names(self.sheet.wishes | parts, {*C_WORDS, *STRUCTURES, *called})
        self.names = names
        given, values = self._given(), self._values()
        written = [*_accesses("deltas", self._deltas(), True), *self._gradient_accesses()]
        self.forward = self._pass("forward", self.sheet.forward, [*given, *_accesses("values", values, True)])
        carried = {names[one.symbol] for one in self.sheet.carried}
        read = [one for one in _accesses("values", values, False) if one.name in carried]
        self.backward = self._pass("backward", self.sheet.backward, [*given, *read, *written])

    def _pass(self, name: str, sections: Sequence[Section], members: Sequence[Access]) -> CPass:
        return CPass(self.sheet, sections, self.loops[name], self.names, members, self.prefix, self.real)

    # What the structures hold.

    def _given(self) -> list[Access]:
        needed = {size for one in self.loops.values() if one is not None for size in one.routine.sizes}
        words = self.sheet.words
        size, sizes = words(text("size")), words(text("sizes"))
        axes = [Member(self.names[one], (), size, sizes, is_size=True) for one in self.sheet.told(needed)]
        nodes = [
            Member(
                self.names[node.symbol],
                node.shape,
                words(told_role(node)),
                words(told_role(node, several=True)),
                is_read=True,
            )
            for node in self.sheet.given
        ]
        return _accesses("given", [*axes, *nodes], False)

    def _values(self) -> list[Member]:
        titles = {one.symbol: section.title for section in self.sheet.forward for one in section.formulas}
        carried = {one.symbol for one in self.sheet.carried}
        kept = [one for one in self.sheet.values if one.kind is Kind.VALUE or one.symbol in carried]
        found = [Member(self.names[one.symbol], one.shape, titles[one.symbol]) for one in kept]
        return [*found, *self._parts("forward")]

    def _deltas(self) -> list[Member]:
        found = [Member(self.names[one.symbol], one.shape) for one in self.sheet.deltas]
        return [*found, *self._parts("backward")]

    def _gradient_accesses(self) -> list[Access]:
        """The gradients, which are members by the names of what they are by."""
        found = {one.by: self.names[one.symbol] for one in self.sheet.derivatives}
        nodes = [self.sheet.derivation.graph[symbol] for symbol in self.sheet.wrt]
        return [
            Access("gradients", Member(self.names[node.symbol], node.shape), found[node.name], True)
            for node in nodes
        ]

    def _parts(self, name: str) -> list[Member]:
        """Room for parts of formulas that are arrays."""
        loops = self.loops[name]
        shapes = {} if loops is None else loops.parts
        one_of, several = map(self.sheet.words, (text("room for a part"), text("room for parts")))
        return [Member(self.names[one], shape, one_of, several) for one, shape in shapes.items() if shape]

    @property
    def structures(self) -> dict[str, Structure]:
        """Those that have members."""
        gradients = text(
            "The gradients of {output}, by the names of what they are by.", output=self.sheet.output
        )
        remarks = {
            "given": (text("What is given."), [one.member for one in self._given()]),
            "values": (text("The values of the forward pass."), self._values()),
            "deltas": (text("The deltas."), self._deltas()),
            "gradients": (gradients, [one.member for one in self._gradient_accesses()]),
        }
        return {
            tag: Structure(f"{self.prefix}_{tag}", self.sheet.words(remark), members)
            for tag, (remark, members) in remarks.items()
            if members
        }

    # The files.

    def files(self) -> dict[str, str]:
        """The texts of both, by their names."""
        return {f"{self.name}.h": self.header(), f"{self.name}.c": self.source()}

    def header(self) -> str:
        """The structures, and what the functions are called."""
        guard = f"{self.prefix.upper()}_H"
        words = self.sheet.words
        parts = [
            [*self._title(), "", f"#ifndef {guard}", f"#define {guard}"],
            *([["#include <stddef.h>"]] if self.sheet.derivation.shapes is not None else []),
            *(one.declaration(self.real) for one in self.structures.values()),
            [*commented(words(text("The forward pass."))), *self._head("forward", ";")],
            [
                *commented(words(text("The backward pass; it reads what the forward pass has found."))),
                *self._head("backward", ";"),
            ],
            ["#endif"],
        ]
        return "\n\n".join("\n".join(part) for part in parts) + "\n"

    def _title(self) -> Lines:
        title = folded(in_c_comment(self.sheet.problem.title), WIDTH - 3)
        shown = conventions(self.sheet, WIDTH - 3 - len(INDENT))
        name, heading = in_c_comment(self.name), self.sheet.words(text("Conventions"))
        lines = [
            *([*title, ""] if title != [""] else []),
            *(line for one in self._purpose() for line in folded(in_c_comment(one), WIDTH - 3, hang="")),
            f"    gcc -std=c11 -O2 -D{self.prefix.upper()}_MAIN {name}.c -lm -o {name} && ./{name}",
            "",
            f"{in_c_comment(heading)}:",
            *indented(list(map(tamed, shown))),
        ]
        return ["/*", *(f" * {line}".rstrip() for line in lines), " */"]

    def _purpose(self) -> Lines:
        """What the files are, and how they are checked."""
        what = text(
            "Forward and backward pass in {library}, each line beside its formula, by symbackprop.",
            library="C11",
        )
        arrays = text(
            "Arrays lie row by row; room for the values, the deltas and the gradients is the caller's."
        )
        checked = text("The gradients are checked by central differences:")
        has_arrays = self.sheet.derivation.shapes is not None
        return [self.sheet.words(one) for one in (what, *([arrays] if has_arrays else []), checked)]

    def _head(self, name: str, end: str = "") -> Lines:
        """void net_forward(const struct net_given *given, struct net_values *values)."""
        tags = ("given", "values") if name == "forward" else tuple(self.structures)
        written = "values" if name == "forward" else "deltas gradients"
        arguments = [
            f"{'' if tag in written.split() else 'const '}struct {self.prefix}_{tag} *{tag}" for tag in tags
        ]
        whole = f"void {self.prefix}_{name}({', '.join(arguments)}){end}"
        if len(whole) <= WIDTH:
            return [whole]
        rows = indented(filled(arguments, WIDTH - len(INDENT) - 2))
        return [f"void {self.prefix}_{name}(", *rows[:-1], f"{rows[-1].removesuffix(',')}){end}"]

    def source(self) -> str:
        """Both functions, those that they call, and the check."""
        called = self._called()
        what = text("{header} says what this is.", header=f"{self.name}.h")
        parts = [
            "\n".join(commented(self.sheet.words(what))),
            f'#include "{self.name}.h"\n\n#include <math.h>',
            *([called] if called else []),
            "\n".join(self.forward.function(self._head("forward"), ("given", "values"))),
            "\n".join(self.backward.function(self._head("backward"), tuple(self.structures))),
            self._check().text(),
        ]
        return "\n\n".join(parts) + "\n"

    def _called(self) -> str:
        """The functions that are called, each under its comment."""
        code = c_functions([*self.forward.used, *self.backward.used])
        return _COMMENT.sub(lambda one: "\n".join(commented(self.sheet.sentence(one[1]))), code)

    def _check(self) -> CCheck:
        found = sample(self.sheet)
        given = {self.names[node.symbol]: found.values[node.name] for node in self.sheet.given}
        symbols = sizes_in_numbers(
            (node.shape, shape_of(found.values[node.name])) for node in self.sheet.given
        )
        written = {one.member.name: one.name for one in self._gradient_accesses()}
        return CCheck(
            self.sheet,
            self.prefix,
            self.real,
            self.names[self.sheet.derivation.output],
            self.structures,
            {
                (tag, one.name): written[one.name] if tag == "gradients" else one.name
                for tag, structure in self.structures.items()
                for one in structure.members
                if one.shape
            },
            Sample(given, found.is_random),
            {self.names[size]: number for size, number in symbols.items()},
            symbols,
        )


def files(sheet: Sheet, name: str, precision: Precision = "float64") -> dict[str, str]:
    """The header and the source, by the names of their files."""
    return CFiles(sheet, name, precision).files()


_COMMENT = re.compile(r"^/\* (.*) \*/$", re.MULTILINE)


def _accesses(structure: str, members: Sequence[Member], is_written: bool) -> list[Access]:
    return [Access(structure, member, member.name, is_written) for member in members]
