"""Form by form: the same values as line by line, in a number of operations that does not grow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import symbackprop.backends.vector_forms as vector_forms
from symbackprop.load import loads
from symbackprop.lowering.forms import RUN, Run, forms
from symbackprop.lowering.program import program
from symbackprop.lowering.straight import prepared
from symbackprop.numeric.compiled import compile as compiled
from symbackprop.sweep import backprop
from tests.oracles import Drawn, graphs


def _forms_of(spec: str) -> int:
    lines = program(backprop(loads(spec).graph))
    found, places = forms(prepared(lines), {symbol: place for place, symbol in enumerate(lines.given)})
    assert sorted(places.values()) == list(range(len(places)))
    assert {line.symbol for form in found for line in form.lines} == {one.symbol for one in prepared(lines)}
    return len(found)


def test_the_number_of_forms_does_not_depend_on_the_widths() -> None:
    spec = "[network]\nlayers = {}\n[loss]\nname = 'mse'\n"
    assert _forms_of(spec.format([20, 12, 9])) == _forms_of(spec.format([40, 30, 25]))


def test_long_sums_are_runs() -> None:
    spec = f"[network]\nlayers = [{RUN}, 2]\n[loss]\nname = 'mse'\n"
    lines = program(backprop(loads(spec).graph))
    found, _ = forms(prepared(lines), {symbol: place for place, symbol in enumerate(lines.given)})
    (form,) = [one for one in found if one.expression.atoms(Run)]
    assert [table.shape for table in form.tables] == [(2, RUN), (2, RUN), (2,)]


@settings(max_examples=15)
@given(graphs(most=40))
def test_values_are_those_of_the_lines(drawn: Drawn) -> None:
    derivation = backprop(drawn.graph)
    by_lines = compiled(derivation)(drawn.point)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vector_forms, "MANY", 0)
        by_forms = compiled(derivation)(drawn.point)
    for name, number in by_lines.lines.items():
        assert by_forms.lines[name] == pytest.approx(number, rel=1e-13, abs=1e-300), name
