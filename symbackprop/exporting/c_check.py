"""The check of exported C: a `main` that compares the gradients with central differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from sympy import Symbol

from symbackprop.arrays.sizes import Shape
from symbackprop.content import text
from symbackprop.exporting.c_structures import Member, Structure
from symbackprop.exporting.differences import DOUBLE, PASSED, SINGLE, failed, largest_error
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.layout import INDENT, WIDTH, Lines, bracketed, commented, filled, indented
from symbackprop.exporting.literals import shown_number
from symbackprop.exporting.module_text import filled_in
from symbackprop.exporting.sample import Draw, Sample
from symbackprop.exporting.strings import in_c_string, in_printf
from symbackprop.loops.binding import number_of


@dataclass(frozen=True)
class CCheck:
    """What the check is made of.

    Attributes:
        sheet: the formulas.
        prefix: what the names of structures and functions begin with.
        real: `double` or `float`.
        output: the member that is the loss.
        structures: by their tags.
        rooms: for each array of a structure, by its tag and its name there, what its room is called.
        numbers: where the gradients are compared, by the names of the members.
        sizes: what the members that are sizes are.
        symbols: what the symbols of sizes are.
    """

    sheet: Sheet
    prefix: str
    real: str
    output: str
    structures: Mapping[str, Structure]
    rooms: Mapping[tuple[str, str], str]
    numbers: Sample
    sizes: Mapping[str, int]
    symbols: Mapping[Symbol, int]

    def text(self) -> str:
        """All of it, between #ifdef and #endif."""
        drawn = {name: one for name, one in self.numbers.values.items() if isinstance(one, Draw)}
        included = ["#include <stdint.h>"] * bool(drawn) + ["#include <stdio.h>"]
        exactness = DOUBLE if self.real == "double" else SINGLE
        filling = {
            "prefix": self.prefix,
            "real": self.real,
            "output": self.output,
            "tolerance": exactness.tolerance,
            "least": exactness.least,
            "moved": self._cast_of(f"kept + (1 - 2*side)*{exactness.step}*fmax(1.0, fabs(kept))"),
            "others": ", &deltas" if "deltas" in self.structures else "",
            "drawn": "".join(f"    {line}\n" for line in self._draws(drawn)),
            "step_over": "place += compared[i].count/50 + 1" if drawn else "place++",
        }
        parts = [
            [f"#ifdef {self.prefix.upper()}_MAIN", "", *included],
            *self._drawing(drawn),
            *self._rooms(),
            [line for tag in self.structures for line in self._structure(tag)],
            self._compared(),
            self._difference(filling),
            filled_in(_MAIN, **filling, **self._printed(exactness.tolerance)),
            ["#endif"],
        ]
        return "\n\n".join("\n".join(part) for part in parts)

    def _difference(self, filling: Mapping[str, str]) -> Lines:
        quotient = f"({self.output}(w + h) - {self.output}(w - h))/2h"
        told = self.sheet.words(text("{quotient} for one number w.", quotient=quotient))
        return [*commented(told), *filled_in(_DIFFERENCE, **filling)]

    def _printed(self, tolerance: str) -> dict[str, str]:
        """What is printed of an error, and at the end."""
        words = self.sheet.words
        return {
            "largest": in_printf(largest_error("%.1e"), self.sheet.language),
            "passed": in_c_string(words(PASSED)),
            "failed": in_c_string(words(failed(tolerance))),
        }

    @property
    def _cast(self) -> str:
        """What makes a double one of the numbers that are kept."""
        return "" if self.real == "double" else "(float)"

    def _cast_of(self, value: str) -> str:
        return f"{self._cast}({value})" if self._cast else value

    # Room for arrays.

    def _rooms(self) -> Iterator[Lines]:
        """A structure of all arrays, so that none of their names is one of C's own."""
        declared, values = [], []
        for tag, structure in self.structures.items():
            for member in structure.members:
                if member.shape:
                    known_as = self.rooms[tag, member.name]
                    declared.append(f"{known_as}[{self._count(member.shape)}]")
                    given = self.numbers.values.get(member.name) if tag == "given" else None
                    if given is not None and not isinstance(given, Draw):
                        values += self._initialised(known_as, given)
        if not declared:
            return
        rows = filled(declared, 90)
        rows = [f"{self.real} {rows[0]}", *(INDENT + row for row in rows[1:])]
        rows[-1] = rows[-1].removesuffix(",") + ";"
        head = commented(self.sheet.words(_ROOM_AT_RANDOM if self.numbers.is_random else _ROOM_AT_THE_SPEC))
        end = ["} room = {", *indented(values), "};"] if values else ["} room;"]
        yield [*head, "static struct {", *indented(rows), *end]

    def _initialised(self, name: str, value: Any) -> Lines:
        numbers = [shown_number(one) for one in np.ravel(value)]
        return bracketed(f".{name} = {{", numbers, "},", 100)

    def _count(self, shape: Shape) -> int:
        return prod(number_of(size, self.symbols) for size in shape)

    def _structure(self, tag: str) -> Lines:
        """static struct net_given given = {.n = 4, .X = room.X, .y = 0.5};"""
        items = [item for member in self.structures[tag].members if (item := self._item(tag, member))]
        start = f"static struct {self.prefix}_{tag} {tag}"
        origin = self.sheet.words(_AT_RANDOM if self.numbers.is_random else _AT_THE_SPEC)
        told = commented(origin) if tag == "given" and not self.rooms else []
        return [*told, *bracketed(f"{start} = {{", items, "};")] if items else [*told, f"{start};"]

    def _item(self, tag: str, member: Member) -> str:
        if member.shape:
            return f".{member.name} = room.{self.rooms[tag, member.name]}"
        if tag != "given":
            return ""
        value = self.sizes[member.name] if member.is_size else self.numbers.values[member.name]
        if isinstance(value, Draw):
            return ""
        return f".{member.name} = {value if member.is_size else shown_number(value)}"

    def _compared(self) -> Lines:
        """The gradients, each with the numbers that it is by."""
        rows = []
        for member in self.structures["gradients"].members:
            if member.shape:
                by, own = self.rooms["given", member.name], self.rooms["gradients", member.name]
                rows.append(f'{{"{member.name}", room.{by}, room.{own}, {self._count(member.shape)}}}')
            else:
                rows.append(f'{{"{member.name}", &given.{member.name}, &gradients.{member.name}, 1}}')
        return [
            "static const struct {",
            *indented(
                ["const char *name;", f"{self.real} *at;", f"const {self.real} *gradient;", "size_t count;"]
            ),
            "} compared[] = {",
            *indented(filled(rows, WIDTH - len(INDENT))),
            "};",
        ]

    # Numbers that are drawn.

    def _drawing(self, drawn: Mapping[str, Draw]) -> Iterator[Lines]:
        """The functions that draw."""
        words = self.sheet.words
        if drawn:
            told = text("A number between two bounds, the same each time.")
            yield [*commented(words(told)), *filled_in(_DICE)]
        if any(one.total is not None for one in drawn.values()):
            told = text(
                "Numbers divided by their sums along an axis of an array of shape (before, count, behind)."
            )
            share = self._cast_of("x[(i*count + j)*behind + k]/sum")
            yield [*commented(words(told)), *filled_in(_TO_ONE, real=self.real, share=share)]

    def _draws(self, drawn: Mapping[str, Draw]) -> Lines:
        lines: Lines = []
        cast = self._cast
        for name, one in drawn.items():
            numbers = f"drawn({one.low!r}, {one.high!r})"
            if not one.shape:
                lines.append(f"given.{name} = {cast}{numbers};")
                continue
            known_as, count = self.rooms["given", name], prod(one.shape)
            lines += [
                f"for (size_t place = 0; place < {count}; place++)",
                f"{INDENT}room.{known_as}[place] = {cast}{numbers};",
            ]
            if one.total is not None:
                before, behind = (prod(part) for part in (one.shape[: one.total], one.shape[one.total + 1 :]))
                lines.append(f"to_one(room.{known_as}, {before}, {one.shape[one.total]}, {behind});")
        return lines


_AT_THE_SPEC = text("The values of the spec.")
_AT_RANDOM = text("Random numbers.")
_ROOM_AT_THE_SPEC = text("Room for all arrays; those that are given hold the values of the spec.")
_ROOM_AT_RANDOM = text("Room for all arrays; those that are given hold random numbers.")

_DICE = """\
static double drawn(double low, double high)
{{
    static uint64_t state = 1;
    state = state*6364136223846793005u + 1442695040888963407u;
    return low + (high - low)*(double)(state >> 11)/9007199254740992.0;
}}"""

_TO_ONE = """\
static void to_one({real} *x, size_t before, size_t count, size_t behind)
{{
    for (size_t i = 0; i < before; i++)
        for (size_t k = 0; k < behind; k++) {{
            double sum = 0.0;
            for (size_t j = 0; j < count; j++)
                sum += x[(i*count + j)*behind + k];
            for (size_t j = 0; j < count; j++)
                x[(i*count + j)*behind + k] = {share};
        }}
}}"""

_DIFFERENCE = """\
static double difference({real} *w)
{{
    const {real} kept = *w;
    double losses[2], entries[2];
    for (int side = 0; side < 2; side++) {{
        *w = {moved};
        {prefix}_forward(&given, &values);
        losses[side] = values.{output};
        entries[side] = *w;
    }}
    *w = kept;
    return (losses[0] - losses[1])/(entries[0] - entries[1]);
}}"""

_MAIN = """\
int main(void)
{{
{drawn}    {prefix}_forward(&given, &values);
    {prefix}_backward(&given, &values{others}, &gradients);
    const double least = fmax({least}*fabs(values.{output}), 1e-12);
    int failed = 0;
    for (size_t i = 0; i < sizeof compared/sizeof compared[0]; i++) {{
        double largest = 0.0, scale = least;
        for (size_t place = 0; place < compared[i].count; {step_over}) {{
            const double numeric = difference(compared[i].at + place);
            const double error = fabs(compared[i].gradient[place] - numeric);
            failed |= !isfinite(error);
            largest = fmax(largest, error);
            scale = fmax(scale, fabs(numeric));
        }}
        failed |= largest > {tolerance}*scale;
        printf("d{output}/d%s: {largest}\\n", compared[i].name, largest/scale);
    }}
    puts(failed ? "{failed}" : "{passed}");
    return failed;
}}"""
