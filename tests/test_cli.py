"""The command line: what goes to which stream, in which format, and what a shell may do to it."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commandline import PROGRAM, done, run, run_alone

EXAMPLES = Path(__file__).parents[1] / "examples"
GATES = str(EXAMPLES / "gates" / "gates.toml")
OBESITY = str(EXAMPLES / "obesity" / "obesity.toml")
CHAIN = str(EXAMPLES / "chain" / "chain.toml")
HOMEWORK = str(EXAMPLES / "homework" / "homework.toml")
MINIMAL = str(EXAMPLES / "minimal" / "minimal.toml")
FORMULA = "q = x + y; f = q*z"


def gradients(*arguments: str) -> dict[str, float]:
    """The values of the gradients that `derive` prints as JSON."""
    document = json.loads(done(run("derive", *arguments, "--format", "json")).out)
    return {entry["wrt"]: entry["value"] for entry in document["gradients"]}


# ----------------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("command", [[], ["derive"], ["train"], ["schema"]])
def test_every_command_has_help(command: list[str]) -> None:
    outcome = done(run(*command, "--help"))
    assert "Usage:" in outcome.out
    assert outcome.err == ""


def test_help_lists_every_command() -> None:
    out = done(run("--help")).out
    for command in ("derive", "train", "schema"):
        assert re.search(rf"^ +{command} ", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("derive", "--wrt --at --form --mode --example --large --format --output --convention --digits"),
        ("train", "--steps --full --updates --no-updates --format --standalone --output --carry-rounded"),
        ("train", "--backend --dtype --data --checkpoint --every --resume --devices --parameters"),
        ("schema", "--output"),
    ],
)
def test_help_lists_every_option(command: str, options: str) -> None:
    out = done(run(command, "--help")).out
    for option in options.split():
        assert option in out


def test_the_commands_shown_in_help_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES.parent)
    shown = [line for command in ("derive", "train") for line in run(command, "--help").out.splitlines()]
    commands = [line.strip() for line in shown if line.startswith("  symbackprop ")]
    assert len(commands) == 3
    for command in commands:
        words = re.findall(r'"([^"]*)"|(\S+)', command)
        done(run(*(quoted or plain for quoted, plain in words[1:])))


def test_no_command_at_all_shows_the_help() -> None:
    outcome = run()
    assert "Usage:" in outcome.out + outcome.err
    assert "derive" in outcome.out + outcome.err


def loaded(*words: str) -> list[str]:
    """The modules that are loaded when a command ends."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('LOADED', *sorted(sys.modules), file=sys.stderr))\n"
        f"sys.argv = ['symbackprop', *{words!r}]\n"
        "from symbackprop_cli.main import main\n"
        "main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    (modules,) = (line.split() for line in result.stderr.splitlines() if line.startswith("LOADED"))
    return modules


@pytest.mark.parametrize("command", [[], ["derive"], ["train"], ["schema"]])
def test_help_imports_none_of_the_heavy_libraries(command: list[str]) -> None:
    modules = loaded(*command, "--help")
    for heavy in ("symbackprop", "sympy", "numpy", "mpmath", *(() if command else ("pydantic",))):
        assert heavy not in modules  # Typer itself imports pydantic for the arguments of a command.


def test_a_derivation_in_text_imports_nothing_that_it_does_not_need() -> None:
    """What is slow to start is not used."""
    modules = loaded("derive", HOMEWORK)
    needless = "analysis indexed diagrams drawings live page check notebook components".split()
    assert "symbackprop.render.text" in modules
    assert [one for one in modules if one.startswith(tuple(f"symbackprop.{name}" for name in needless))] == []
    assert not {"multiprocessing", "sympy.tensor.tensor", "sympy.combinatorics", "jinja2"} & set(modules)


def test_help_comes_at_once() -> None:
    """Under 0.3 s, by the processor's clock, so that a busy machine does not fail it."""
    before = os.times()
    for _ in range(3):
        subprocess.run([PROGRAM, "--help"], capture_output=True, timeout=60, check=True)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent / 3 < 0.3


# ------------------------------------------------------------------------------------------ what it is given


def test_a_spec_and_an_expression_give_the_same_gradients() -> None:
    expected = {"x": -4.0, "y": -4.0, "z": 3.0}
    assert gradients(GATES) == expected
    assert gradients(FORMULA, "--at", "x=-2,y=5,z=-4") == expected
    assert gradients("(x + y)*z", "--at", "x=-2, y=5, z=-4") == expected


def test_a_spec_may_come_from_standard_input() -> None:
    text = Path(GATES).read_text(encoding="utf-8")
    assert done(run("derive", "-", typed=text)).out == done(run("derive", GATES)).out
    text = Path(CHAIN).read_text(encoding="utf-8")
    assert done(run("train", "-", typed=text)).out == done(run("train", CHAIN)).out


@pytest.mark.parametrize(
    "text", ["(x + y)*z", "q = x + y\nf = q*z\n", "q = x + y; f = q*z", "# a comment\nf = (x+y)*z"]
)
def test_an_expression_may_come_from_standard_input(text: str) -> None:
    outcome = run("derive", "-", "--at", "x=-2,y=5,z=-4", "--format", "json", typed=text)
    found = {one["wrt"]: one["value"] for one in json.loads(done(outcome).out)["gradients"]}
    assert found == {"x": -4.0, "y": -4.0, "z": 3.0}


@pytest.mark.parametrize(
    "arguments", [["-x+y"], ["--", "-x+y"], ["--form", "delta", "-x+y"], ["-x+y", "--form", "delta"]]
)
def test_an_expression_may_begin_with_a_minus(arguments: list[str]) -> None:
    out = done(run("derive", *arguments)).out
    assert "∂f/∂x = -1" in out
    assert "∂f/∂y = 1" in out


def test_an_option_with_a_slip_of_the_pen_is_no_expression() -> None:
    outcome = run("derive", "x*y", "--wtr", "x")
    assert outcome.status == 2
    assert outcome.out == ""


def test_values_may_be_fractions_and_powers_of_ten() -> None:
    assert gradients("x**2", "--at", "x=1/4") == {"x": 0.5}
    assert gradients("x**2", "--at", "x=-2.5e-1") == {"x": -0.5}


def test_values_on_the_command_line_stand_before_those_of_the_spec() -> None:
    assert gradients(GATES, "--at", "z=2") == {"x": 2.0, "y": 2.0, "z": 3.0}


def test_an_example_may_be_chosen() -> None:
    first, third = (gradients(OBESITY, "--example", number) for number in ("1", "3"))
    assert first != third
    assert first == gradients(OBESITY)


# ------------------------------------------------------------------------------------------- what it derives


def test_derivatives_by_inputs_and_by_nodes() -> None:
    assert gradients(FORMULA, "--wrt", "q,x", "--at", "x=-2,y=5,z=-4") == {"q": -4.0, "x": -4.0}
    found = gradients(OBESITY, "--wrt", "x_1,a_2,t")
    assert set(found) == {"x_1", "a_2", "t"}
    assert all(value != 0 for value in found.values())


def test_the_derivative_by_an_input_is_that_of_central_differences() -> None:
    def loss(x: float) -> float:
        values = ("--at", f"x_1={x!r}", "--format", "json")
        nodes = json.loads(done(run("derive", OBESITY, *values)).out)["nodes"]
        return next(float(node["value"]) for node in nodes if node["name"] == "L")

    step = 1e-3
    slope = (loss(0.85 + step) - loss(0.85 - step)) / (2 * step)
    assert gradients(OBESITY, "--wrt", "x_1")["x_1"] == pytest.approx(slope, rel=1e-5)


def test_both_modes_and_the_numbers_of_their_multiplications() -> None:
    """f = (x_1 x_2) x_3: reverse takes 2 products, forward one for each of x_1 and x_2."""
    out = done(run("derive", "u = x_1*x_2; f = u*x_3", "--mode", "both")).out
    assert "Backward pass" in out
    assert "Forward mode" in out
    table = out[out.index("Multiplications") :]
    counts = [int(line.split()[-1]) for line in table.splitlines() if re.search(r"\d$", line)]
    assert len(counts) == 3
    assert "Forward mode" not in done(run("derive", FORMULA)).out
    forward = done(run("derive", FORMULA, "--mode", "forward")).out
    assert "Forward mode" in forward
    assert "Backward pass" not in forward


def test_reverse_mode_is_cheaper_where_outputs_are_few() -> None:
    out = done(run("derive", MINIMAL, "--mode", "both")).out
    table = out[out.index("Multiplications") :]
    reverse, forward = (
        int(line.split()[-1])
        for line in table.splitlines()
        if line.strip().startswith(("reverse", "forward"))
    )
    assert reverse < forward


def test_the_four_forms() -> None:
    every = done(run("derive", "a = x*y; f = a*x", "--form", "chain,delta,paths,closed")).out
    assert "∂f/∂a · ∂a/∂x" in every
    assert "Path by path" in every
    assert "In inputs and parameters only" in every
    assert "∂f/∂y = x x" in every
    only = done(run("derive", FORMULA, "--form", "closed")).out
    assert "∂f/∂z = x + y" in only
    assert "Path by path" not in only


@pytest.mark.parametrize(("form", "doublings"), [("closed", 5), ("paths", 9)])
def test_a_long_form_says_how_long_it_is_and_is_written_when_insisted_on(form: str, doublings: int) -> None:
    lines = [
        f"b_{n} = a_{n - 1} + y\nc_{n} = a_{n - 1} - y\na_{n} = b_{n}*c_{n}" for n in range(1, doublings + 1)
    ]
    text = "\n".join(["a_0 = x*y", *lines])  # 2ⁿ ways lead from x to the end.
    outcome = run("derive", "-", "--wrt", "x", "--form", form, typed=text)
    assert (outcome.status, outcome.out) == (2, "")
    assert re.search(r"\d{3,} (symbols|paths)", outcome.err)
    assert "--large" in outcome.err
    if form == "paths":
        assert "512 paths" in outcome.err
    assert len(done(run("derive", "-", "--wrt", "x", "--form", form, "--large", typed=text)).out) > 10_000


def test_a_needless_parameter_gets_a_note_and_a_zero(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("[graph]\nequations = 'f = x**2'\n[parameters]\nx = 3\nw = 1\n", encoding="utf-8")
    outcome = done(run("derive", str(path)))
    assert "note: " in outcome.err
    assert "w" in outcome.err
    assert "note: " not in outcome.out
    assert gradients(str(path)) == {"x": 6.0, "w": 0.0}


def test_conventions_are_set_by_name() -> None:
    assert "df/dx" in done(run("derive", FORMULA, "--convention", "derivative=d")).out
    assert "∂f/∂x" in done(run("derive", FORMULA)).out
    minus = done(run("derive", GATES, "--convention", "error_sign=minus", "--format", "json")).out
    (delta,) = (one for one in json.loads(minus)["deltas"] if one["of"] == "q")
    assert delta["value"] == 4.0


def test_digits_are_counted_after_the_point() -> None:
    out = done(run("derive", "x*y", "--at", "x=1/3,y=2", "--digits", "3")).out
    assert "0.333" in out
    assert "0.3333" not in out


# --------------------------------------------------------------------------------------------------- training


def test_training_shows_some_iterations_in_full_and_the_others_as_rows() -> None:
    out = done(run("train", OBESITY, "--steps", "4", "--full", "1")).out
    assert out.count("Update of every parameter") == 1
    assert "Further iterations" in out
    assert done(run("train", OBESITY, "--full", "0")).out.count("Update of every parameter") == 0
    assert done(run("train", OBESITY)).out.count("Update of every parameter") == 3


def test_updates_may_be_left_out() -> None:
    out = done(run("train", OBESITY, "--no-updates")).out
    assert "Update of every parameter" not in out
    assert "Parameters after the update" in out


def test_training_as_data() -> None:
    document = json.loads(done(run("train", OBESITY, "--format", "json", "--steps", "2")).out)
    assert document["schema"] == "symbackprop/training/1"
    assert [one["iteration"] for one in document["iterations"]] == [1, 2]


# ---------------------------------------------------------------------------------------- formats and streams


@pytest.mark.parametrize("command", [["derive", GATES], ["train", CHAIN]])
def test_every_format_goes_to_standard_output_and_nothing_else(command: list[str]) -> None:
    found = {}
    for form in ("text", "latex", "markdown", "json"):
        outcome = done(run(*command, "--format", form))
        assert outcome.err == ""
        assert outcome.out.endswith("\n")
        found[form] = outcome.out
    assert len(set(found.values())) == 4
    assert found["text"] == done(run(*command)).out
    assert "$$" in found["markdown"]
    assert r"\section" in found["latex"]
    assert r"\documentclass" not in found["latex"]
    assert isinstance(json.loads(found["json"]), dict)


def test_a_standalone_document_begins_and_ends() -> None:
    out = done(run("derive", GATES, "--format", "latex", "--standalone")).out
    assert out.startswith(r"\documentclass")
    assert out.endswith("\\end{document}\n")


@pytest.mark.parametrize("form", ["text", "latex", "markdown", "json"])
def test_output_writes_the_file_and_a_note(form: str, tmp_path: Path) -> None:
    path = tmp_path / "result"
    outcome = run("derive", GATES, "--format", form, "--output", path)
    assert outcome.status == 0
    assert outcome.out == ""
    assert "result" in outcome.err
    assert path.read_bytes().decode("utf-8") == done(run("derive", GATES, "--format", form)).out


def test_the_schemas_are_printed() -> None:
    for document in ("spec", "derivation", "training"):
        schema = json.loads(done(run("schema", document)).out)
        assert schema["type"] == "object"
    assert run("schema").out == run("schema", "spec").out


# ------------------------------------------------------------------------------------------------- at a shell


def test_the_letters_are_utf_8_wherever_it_runs() -> None:
    poor = {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "", "PYTHONUTF8": ""}
    outcome = run_alone("derive", "alpha*β", environment=poor)
    assert outcome.status == 0, outcome.err
    assert "∂f/∂α = β" in outcome.out
    wrong = run_alone("derive", "β*sigmod(x)", environment=poor)
    assert wrong.status == 2
    assert "Traceback" not in wrong.err
    assert "did you mean 'sigmoid'?" in wrong.err


def test_a_note_in_utf_8_does_not_fail_either(tmp_path: Path) -> None:
    poor = {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": ""}
    outcome = run_alone("derive", "α*x", "--output", tmp_path / "β.txt", environment=poor)
    assert outcome.status == 0, outcome.err
    assert "∂f/∂α = x" in (tmp_path / "β.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command",
    [f"train {OBESITY} --full 50 --steps 50", f"derive {OBESITY}", "schema", "--help", "derive 'x+'"],
)
def test_a_pipe_that_closes_early_is_no_mistake(command: str) -> None:
    result = subprocess.run(
        ["sh", "-c", f"'{PROGRAM}' {command} | head -1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr
    assert "Exception" not in result.stderr


def test_the_exit_status_of_a_pipe_that_closes_early_is_no_failure() -> None:
    process = subprocess.Popen(
        [PROGRAM, "train", OBESITY, "--full", "50", "--steps", "50"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    message = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), message) == (0, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
@pytest.mark.parametrize(("steps", "shown"), [("400", True), ("3", False)])
def test_a_bar_shows_long_runs_on_standard_error_at_a_terminal(steps: str, *, shown: bool) -> None:
    pty = importlib.import_module("pty")
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(
        [PROGRAM, "train", CHAIN, "--steps", steps, "--full", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=child,
        env=environment,
    )
    os.close(child)
    out, _ = process.communicate(timeout=60)
    seen = b""
    try:
        while piece := os.read(parent, 65536):
            seen += piece
    except OSError:
        pass  # The terminal is gone with the process.
    os.close(parent)
    assert process.returncode == 0
    assert (b"training" in seen) is shown
    assert b"\x1b" not in out


def test_no_bar_shows_where_standard_error_is_no_terminal() -> None:
    outcome = done(run("train", CHAIN, "--steps", "400", "--full", "0"))
    assert outcome.err == ""


def test_the_width_follows_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    assert run("derive", OBESITY).out == done(run("derive", OBESITY)).out
    assert "\x1b" not in run("derive", OBESITY).out


def test_json_keeps_a_title_and_nothing_in_it_steers_a_terminal(tmp_path: Path) -> None:
    title = "a\u202eb\x7f \U000e0041 é"
    escaped = title.replace("\x7f", "\\u007f").replace("\u202e", "\\u202e")
    spec = tmp_path / "spec.toml"
    spec.write_text(
        f'title = "{escaped}"\n[graph]\nequations = "f = x*y"\n[parameters]\nx = 1\ny = 2\n', encoding="utf-8"
    )
    out = done(run("derive", str(spec), "--format", "json")).out
    assert json.loads(out)["title"] == title
    assert all(line.isprintable() for line in out.splitlines())


@pytest.mark.parametrize("form", ["html", "latex", "markdown", "text"])
def test_without_graphviz_a_solution_is_written_without_the_drawings_that_need_it(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = {"html": "<svg", "latex": "tikzpicture", "markdown": "```mermaid"}
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    standalone = ["--standalone"] if form == "latex" else []
    outcome = done(run("derive", "q = x + y; f = q*z", "--format", form, *standalone))
    needs = form in ("html", "latex")
    assert ("pip install 'symbackprop[draw]'" in outcome.err) == needs
    assert (drawn.get(form, "") in outcome.out) != needs
