"""The house: imports go down only, in one order of all modules, and no file grows out of sight."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import symbackprop

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "symbackprop"
PROGRAM = ROOT / "cli"
LONGEST = 400

# Every import points to an earlier entry; this is the order in which the library is read.
ORDER = """
errors collector translation shown content conventions expressions functions operations slips syntax
array_syntax language partials
notation.printable notation.names notation.numbers notation.syntax notation.printer notation.latex
notation.typst notation.unicode
notation.code notation.mathml
arrays.sizes arrays.misfits arrays.indexing arrays.finder arrays.layouts arrays.shapes
arrays.quotients arrays.algebra arrays.rules arrays.pullbacks
arrays.matrix_pieces arrays.matrices arrays.shape_lines arrays.composites
ordering nodes building gates graph deltas derivation collapsing array_sweep sweep forward entries components
activations losses network exact data problem matrix_network spec initial load_network load_data load renotate
models.layers models.stages models.recognition models.assembler models.objective models.examples
models.problem models.torch_layers models.torch_losses models.torch_model
models.onnx_file models.onnx_operation models.onnx_operators models.onnx_model
lowering.program lowering.executing lowering.lean lowering.stable lowering.shared lowering.updates
lowering.printer lowering.forms lowering.scalar_code lowering.array_code lowering.straight
lowering.scalar_steps lowering.form_steps
loops.model loops.scopes loops.hoisting loops.context loops.layouts loops.reductions loops.rows loops.products
loops.convolutions loops.matrices loops.lowering loops.fusing loops.deferring loops.routines loops.training
loops.binding loops.index_code loops.code loops.python_code loops.c_code loops.helpers
backends.scalar_functions backends.array_functions backends.jax_functions backends.torch_functions
backends.namespaces backends.base backends.vector_forms backends.vector_steps backends.scalar_steppers
backends.loop_steppers backends.python_arrays backends.numba_keeping backends.numba_functions
backends.numba_kernels backends.numba_products backends.numba_loops backends.numba_scope
backends.numba_arrays backends.numpy_backend backends.python_backend backends.numba_backend
backends.jax_backend backends.torch_backend backends.table
numeric.faults numeric.compiled numeric.readings
numeric.javascript numeric.trainable numeric.train
fitting.sources fitting.csv_source fitting.npy_source fitting.parquet_source fitting.opening fitting.examples
fitting.schedule fitting.curve fitting.fingerprint fitting.checkpoints fitting.recipes fitting.distributions
fitting.divergence fitting.run fitting.fit
analysis.linear_maps analysis.jacobian analysis.second_order analysis.optimum analysis.chain_cost
indexed.terms indexed.indexer indexed.rules indexed.entries indexed.derivation indexed.printing
indexed.general_layer
slots plots
live.exported live.inputs live.sheet
diagrams.model diagrams.signs diagrams.labels diagrams.operations diagrams.neurons diagrams.layers
diagrams.views
diagrams.placed diagrams.columns diagrams.graphviz diagrams.layout
solution.steps solution.pictures solution.lines solution.header solution.forward solution.backward
solution.beyond
solution.derive solution.training solution.fitting solution.indexed
writing.hypertext writing.lines writing.letters writing.tex writing.latex
drawings.runs drawings.svg drawings.tikz drawings.axes drawings.frames drawings.plots drawings.labels
drawings.dot drawings.mermaid drawings.pictures
render.text render.markdown render.preamble render.latex render.typst_page render.typst render.pdf
render.documents
page.style page.marks page.tokens page.words page.html
precise.digits precise.evaluation precise.slopes precise.point precise.points
exporting.names exporting.comments exporting.strings exporting.layout exporting.readable exporting.helpers
exporting.own_functions exporting.array_text exporting.torch_text exporting.scalar_text
exporting.formulas exporting.sample exporting.literals exporting.module_text exporting.differences
exporting.passes exporting.python_module exporting.numpy_module exporting.jax_module exporting.torch_module
exporting.loop_formulas exporting.numba_passes exporting.numba_module
exporting.c_structures exporting.c_passes exporting.c_check exporting.c_files exporting.table
papers.pieces papers.marks papers.paragraphs papers.markdown papers.tex papers.reading papers.commas
papers.macros
formulas.functions formulas.tree formulas.lexer formulas.unread formulas.scripts formulas.calls
formulas.environments formulas.behind formulas.grammar formulas.names formulas.spec_names
formulas.vocabulary formulas.chains formulas.keys
reckoning.operands reckoning.paper reckoning.scene reckoning.algebra reckoning.array_calls
reckoning.sums reckoning.functions reckoning.reckoner reckoning.identities reckoning.rounding
check.claims check.contexts check.findings check.notes check.trees check.reference check.rows check.sides
check.tex check.array_slips check.slips check.diagnosis check.number_slips check.meanings
check.substitutions check.numbers check.given check.narrower check.tables check.updates check.judge
check.differentials check.checking check.verify
reports.marked reports.formulas reports.plain_math reports.prose reports.speech reports.words
reports.data reports.markdown reports.marks reports.html reports.text reports.table
notebook.parts notebook.cells notebook.model notebook.numbers notebook.beyond notebook.verdicts
__init__
""".split()

# Relative imports within the command line.
PROGRAM_ORDER = (
    "options writing source asked jobs gathering derive fit train draw check export schema main".split()
)

HEAVY = {"symbackprop", "sympy", "numpy", "pydantic", "rich", "mpmath"}


def module_name(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


MODULES = {module_name(path, LIBRARY): path for path in sorted(LIBRARY.rglob("*.py"))}
PACKAGES = {name.removesuffix(".__init__") for name in MODULES if name.endswith(".__init__")}
COMMANDS = {module_name(path, PROGRAM): path for path in sorted(PROGRAM.glob("*.py"))}


def imported(path: Path) -> Iterator[str]:
    """What a file imports of the library, by module, wherever in the file the import stands."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names):
                for alias in names:
                    head, _, rest = alias.name.partition(".")
                    if head == "symbackprop":
                        yield rest or "__init__"
            case ast.ImportFrom(module, names, level):
                assert level == 0, f"{path.name} has a relative import"
                head, _, rest = (module or "").partition(".")
                if head == "symbackprop":
                    for alias in names:
                        inner = f"{rest}.{alias.name}".lstrip(".")
                        yield inner if inner in MODULES else rest or "__init__"


def test_the_order_names_every_module_once() -> None:
    assert sorted(ORDER) == sorted(set(MODULES) - {f"{package}.__init__" for package in PACKAGES})


@pytest.mark.parametrize("name", ORDER)
def test_imports_go_down_only(name: str) -> None:
    below = ORDER[: ORDER.index(name)]
    assert [one for one in imported(MODULES[name]) if one not in below] == []


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_within_the_library_imports_nothing(package: str) -> None:
    statements = tree(MODULES[f"{package}.__init__"]).body
    assert all(isinstance(one, ast.Expr) for one in statements)


def test_nothing_within_the_library_imports_its_front() -> None:
    offenders = [name for name, path in MODULES.items() if "__init__" in imported(path)]
    assert offenders == []


def test_the_front_imports_late_what_type_checkers_are_shown() -> None:
    """Its table says the same as its imports for them; the rest of what it offers is imported at once."""
    checked, at_once = {}, set()
    for statement in tree(MODULES["__init__"]).body:
        if isinstance(statement, ast.If):
            for one in statement.body:
                assert isinstance(one, ast.ImportFrom)
                checked[str(one.module).removeprefix("symbackprop.")] = tuple(name.name for name in one.names)
        elif isinstance(statement, ast.ImportFrom):
            at_once |= {name.name for name in statement.names}
    assert checked == symbackprop._LATER
    late = [name for names in checked.values() for name in names]
    assert set(late) | at_once >= set(symbackprop.__all__) >= set(late)
    assert [name for name in late if f"symbackprop.{name}" in sys.modules] == []
    assert set(dir(symbackprop)) >= set(symbackprop.__all__)
    with pytest.raises(AttributeError, match="'symbackprop' has no attribute 'backdrop'"):
        symbackprop.backdrop  # noqa: B018


def test_packages_stand_together_in_the_order() -> None:
    heads = [name.partition(".")[0] for name in ORDER]
    changes = [head for place, head in enumerate(heads) if place == 0 or heads[place - 1] != head]
    assert len(changes) == len(set(changes))


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported; not those for type checkers only."""
    for statement in body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            continue
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            yield from at_import(statement.body)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_command_line_imports_heavy_libraries_inside_functions_only(name: str) -> None:
    heads = set()
    for statement in at_import(tree(COMMANDS[name]).body):
        if isinstance(statement, ast.Import):
            heads |= {alias.name.partition(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            heads.add((statement.module or "").partition(".")[0])
    assert not heads & HEAVY


def test_the_modules_of_the_command_line_import_down_only() -> None:
    assert sorted([*PROGRAM_ORDER, "__init__"]) == sorted(COMMANDS)
    for name, path in COMMANDS.items():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.level:
                used = [node.module] if node.module else [alias.name for alias in node.names]
                assert all(PROGRAM_ORDER.index(one) < PROGRAM_ORDER.index(name) for one in used)


def test_the_library_does_not_know_the_command_line() -> None:
    for path in MODULES.values():
        assert "typer" not in path.read_text(encoding="utf-8")
        assert "symbackprop_cli" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", [*MODULES.values(), *COMMANDS.values()], ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_module_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", [*MODULES.values(), *COMMANDS.values()], ids=lambda path: path.stem)
def test_text_of_a_user_is_never_evaluated(path: Path) -> None:
    """`eval`, `exec`, `parse_expr` stand nowhere; `sympify` gets no text (see `test_mistakes.py`)."""
    called = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    allowed = {"exec"} if path == MODULES["lowering.executing"] else set()
    assert not called & {"eval", "exec", "parse_expr", "parse_latex", "__import__"} - allowed
