"""The two passes as functions of C: statements for numbers, loops for arrays, each beside its formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sympy import Symbol

from symbackprop.exporting.c_structures import Member, declarations
from symbackprop.exporting.comments import in_c_comment
from symbackprop.exporting.formulas import Formula, Section, Sheet
from symbackprop.exporting.layout import (
    INDENT,
    WIDTH,
    C,
    Entry,
    Lines,
    bracketed,
    fitted,
    indented,
    statements,
    told,
)
from symbackprop.exporting.loop_formulas import LoopGroup, LoopPass
from symbackprop.exporting.scalar_text import ReadableC
from symbackprop.loops.c_code import CLoops, CValues
from symbackprop.writing.lines import Phrase

ROOM = WIDTH - len(INDENT)


class ReadableCValues(ReadableC, CValues):
    """Numbers within loops, for a reader."""

    rules = CValues.rules


class ReadableCLoops(CLoops):
    """Loops for a reader."""

    def __init__(self, loops: LoopPass, names: Mapping[Symbol, str]) -> None:
        super().__init__(loops.routine, names)
        self.values = ReadableCValues(self)


@dataclass(frozen=True)
class Access:
    """A member of a structure, and the variable that stands for it in a function.

    Attributes:
        structure: the pointer to the structure.
        member: the member.
        name: of the variable.
        is_written: it is a result.
    """

    structure: str
    member: Member
    name: str
    is_written: bool = False

    @property
    def text(self) -> str:
        """given->x."""
        return f"{self.structure}->{self.member.name}"

    def kind(self, real: str) -> str:
        """The type of the variable."""
        kind = "size_t" if self.member.is_size else real
        return kind if self.is_written else f"const {kind}"

    @property
    def unpacked(self) -> str:
        """*X = given->X."""
        return f"{'*' if self.member.shape else ''}{self.name} = {self.text}"


class CPass:
    """One of the two functions.

    Args:
        sheet: the formulas.
        sections: its own.
        loops: of arrays, the formulas as loops.
        names: what the symbols are called.
        members: what it reads and writes.
        prefix: what the tags of structures begin with.
        real: `double` or `float`.

    Attributes:
        used: the functions that are called.
    """

    def __init__(
        self,
        sheet: Sheet,
        sections: Sequence[Section],
        loops: LoopPass | None,
        names: Mapping[Symbol, str],
        members: Sequence[Access],
        prefix: str,
        real: str,
    ) -> None:
        self.sheet, self.sections, self.loops = sheet, sections, loops
        self.names, self.members = names, members
        self.prefix, self.real = prefix, real
        if loops is None:
            printer = ReadableC(names)
            self._code = list(self._statements(printer))
            self.used = list(printer.used)
        else:
            code = ReadableCLoops(loops, names)
            self._code = list(self._loops(loops, code))
            self.used = list(code.used)

    def function(self, head: Lines, structures: Iterable[str]) -> Lines:
        """The function, its head in front.

        Args:
            head: void name(arguments).
            structures: the pointers that it takes.
        """
        words = _words(self._code)
        needed = [one for one in self.members if one.is_written or one.name in words]
        body = [*self._unpacked(needed), *self._code, *self._stored(needed)]
        pointers = [one for one in structures if one not in _words(body)]
        return [*head, "{", *indented([*(f"(void){one};" for one in pointers), *body]), "}"]

    # Numbers.

    def _statements(self, printer: ReadableC) -> Iterator[str]:
        for place, section in enumerate(self.sections):
            found = statements([self._entry(one, printer) for one in section.formulas], C, ROOM)
            yield from [""] * bool(place)
            yield from self._heading(section.title)
            yield from [""] * (bool(section.title) and found[0].startswith("//"))
            yield from found

    def _heading(self, title: str) -> Lines:
        return [f"// {in_c_comment(title)}"] if title else []

    def _entry(self, formula: Formula, printer: ReadableC) -> Entry:
        head = f"const {self.real} {self.names[formula.symbol]} ="
        return Entry(head, printer(formula.expression), tame(formula.phrase), "", in_c_comment(formula.note))

    # Arrays.

    def _loops(self, loops: LoopPass, code: ReadableCLoops) -> Iterator[str]:
        titles = {one.symbol: section.title for section in self.sections for one in section.formulas}
        last = ""
        for place, one in enumerate(loops.groups):
            yield from [""] * bool(place)
            title = titles[one.formula.symbol]
            if title != last:
                yield from [*self._heading(title), ""]
            last = title
            yield from self._comment(one, loops)
            yield from fitted(code.lines(one.group.body, []), C, ROOM)

    def _comment(self, one: LoopGroup, loops: LoopPass) -> Lines:
        """The formula above its loops, with its shape."""
        phrase, shape, note = one.told(self.names[one.symbol], loops.shape(one), self.sheet.writer)
        return told(tame(phrase), shape, in_c_comment(note), C, ROOM)

    # Members.

    def _unpacked(self, needed: Sequence[Access]) -> Lines:
        """const double *X = given->X; for what is read, and for arrays that are written."""
        arrays = [one for one in needed if one.member.shape or not one.is_written]
        kinds = dict.fromkeys((one.kind(self.real), bool(one.member.shape)) for one in arrays)
        lines = [
            line
            for kind, is_array in kinds
            for line in declarations(
                kind,
                [
                    one.unpacked
                    for one in arrays
                    if (one.kind(self.real), bool(one.member.shape)) == (kind, is_array)
                ],
                ROOM,
            )
        ]
        if self.loops is not None:
            numbers = [one.name for one in needed if one.is_written and not one.member.shape]
            numbers += [self.names[one] for one, shape in self.loops.parts.items() if not shape]
            lines += declarations(self.real, numbers, ROOM) if numbers else []
        return [*lines, ""] if lines else []

    def _stored(self, needed: Sequence[Access]) -> Lines:
        """The numbers, into their structures."""
        written = [one for one in needed if one.is_written and not one.member.shape]
        if self.loops is not None:
            lines = [f"{one.text} = {one.name};" for one in written]
        else:
            lines = [
                line
                for structure in dict.fromkeys(one.structure for one in written)
                for line in self._whole(
                    structure, [one.name for one in written if one.structure == structure]
                )
            ]
        return ["", *lines] if lines else []

    def _whole(self, structure: str, names: Sequence[str]) -> Lines:
        """*values = (struct net_values){z, a};"""
        return bracketed(f"*{structure} = (struct {self.prefix}_{structure}){{", names, "};", ROOM)


def tame(phrase: Phrase) -> Phrase:
    """A formula in which nothing ends a comment."""
    sides = tuple((relation, in_c_comment(side)) for relation, side in phrase.sides)
    return Phrase(in_c_comment(phrase.left), sides)


def _words(lines: Iterable[str]) -> set[str]:
    """The names that stand in code, those in comments left out."""
    return {word for line in lines for word in re.findall(r"\w+", line.partition("//")[0])}
