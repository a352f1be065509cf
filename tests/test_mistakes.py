"""Every mistake that a user can make: exit status 2, what, where, what was known, the fix; nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commandline import SECONDS, Outcome, Warm, refused, run, run_alone

NETWORK = """\
title = "a network"

[network]
inputs = ["x_1", "x_2"]
targets = ["y"]

[[network.layers]]
units = 2
activation = "tanh"
weight = [[1, 2], [3, 4]]
bias = [0, 0]

[[network.layers]]
units = 1
activation = "sigmoid"
weight = [[5, 6]]
bias = [7]

[loss]
name = "mse"

[training]
learning_rate = 0.5
steps = 2

[data]
columns = ["x_1", "x_2", "y"]
rows = [[1, 2, 0], [3, 4, 1]]
"""
ROWS = 'columns = ["x_1", "x_2", "y"]\nrows = [[1, 2, 0], [3, 4, 1]]\n'
RUNS = [
    "__import__('os').system('touch canary')",
    'open("canary", "w")',
    "exec('open(\\'canary\\', \\'w\\')')",
]


def edited(old: str, new: str, text: str = NETWORK) -> str:
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


def graph(equations: str, rest: str = "[parameters]\nx = 1\n") -> str:
    return f'[graph]\nequations = """\n{equations}\n"""\n{rest}'


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test runs in a folder of its own, in no time, and leaves no canary in it."""
    monkeypatch.chdir(tmp_path)
    start = time.process_time()
    yield
    assert time.process_time() - start < SECONDS
    assert not (tmp_path / "canary").exists()


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Runs what might never end."""
    process = Warm()
    yield process
    process.close()


def train(text: str | bytes, **files: str | bytes) -> Outcome:
    for name, content in {"spec.toml": text, **{f"{n}.csv": t for n, t in files.items()}}.items():
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return run("train", "spec.toml")


def both(text: str) -> list[Outcome]:
    """What `derive` and `train` make of a spec."""
    Path("spec.toml").write_text(text, encoding="utf-8")
    return [run("derive", "spec.toml"), run("train", "spec.toml")]


# ------------------------------------------------------------------------------- keys and types of the file


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            edited("learning_rate", "learning_rat"),
            ["unknown key 'learning_rat'", "training.learning_rat", "did you mean 'learning_rate'?"],
        ),
        (edited("[training]", "[trainig]"), ["unknown key 'trainig'", "network", "did you mean 'training'?"]),
        (
            edited("units = 1", "units = 1\nunit = 1"),
            ["unknown key 'unit'", "network.layers[1].unit", "did you mean 'units'?"],
        ),
        (
            edited("bias = [7]", 'bias = [7]\nsymbols = { weigth = "w" }'),
            ["unknown key 'weigth'", "network.layers[1].symbols.weigth", "did you mean 'weight'?"],
        ),
        (
            NETWORK + "[conventions]\nderivativ = 'd'\n",
            ["unknown key 'derivativ'", "conventions.derivativ", "did you mean 'derivative'?"],
        ),
        (edited('name = "mse"', 'nam = "mse"'), ["loss.name is missing", "unknown key 'nam'"]),
    ],
    ids=["key", "section", "in a layer", "in symbols", "convention", "missing"],
)
def test_an_unknown_key_gets_a_suggestion(text: str, says: list[str]) -> None:
    for outcome in both(text):
        refused(outcome, "spec.toml", *says)


@pytest.mark.parametrize(
    ("old", "new", "place", "found"),
    [
        ("steps = 2", 'steps = "two"', "training.steps", "'two'"),
        ("steps = 2", "steps = 2.5", "training.steps", "2.5"),
        ("steps = 2", "steps = -1", "training.steps", "-1"),
        ("steps = 2", "steps = true", "training.steps", "True"),
        ("learning_rate = 0.5", 'learning_rate = "0.5"', "training.learning_rate", "'0.5'"),
        ("learning_rate = 0.5", "learning_rate = true", "training.learning_rate", "True"),
        ("learning_rate = 0.5", "learning_rate = 0", "training.learning_rate", "0"),
        ("steps = 2", "steps = 2\nmomentum = 1.5", "training.momentum", "1.5"),
        ("steps = 2", "steps = 2\nshuffle = 1", "training.shuffle", "1"),
        ("weight = [[5, 6]]", 'weight = [[5, "six"]]', "network.layers[1].weight[0][1]", "'six'"),
        ("weight = [[5, 6]]", "weight = [[5, false]]", "network.layers[1].weight[0][1]", "False"),
        ("weight = [[5, 6]]", "weight = [5, 6]", "network.layers[1].weight[0]", "list"),
        ("bias = [7]", "bias = true", "network.layers[1].bias", "True"),
        ("[3, 4, 1]", '[3, "4", 1]', "data.rows[1][1]", "'4'"),
        ("[3, 4, 1]", "[3, true, 1]", "data.rows[1][1]", "True"),
        ("[3, 4, 1]", "[3, 2026-01-01, 1]", "data.rows[1][1]", "number"),
        ('title = "a network"', "title = 7", "title", "7"),
        ('inputs = ["x_1", "x_2"]', "inputs = 0", "network.inputs", "0"),
        ('inputs = ["x_1", "x_2"]', "inputs = [1, 2]", "network.inputs[0]", "1"),
        ("units = 2", "units = 0", "network.layers[0].units", "0"),
    ],
)
def test_a_wrong_type_is_named_with_its_place_and_what_stands_there(
    old: str, new: str, place: str, found: str
) -> None:
    refused(train(edited(old, new)), f"spec.toml: {place}\n", found)


@pytest.mark.parametrize("text", ["network = 3\n", "[network]\nlayers = 3\n", "[network]\nlayers = [3]\n"])
def test_a_wrong_type_is_told_in_the_words_of_the_file(text: str) -> None:
    outcome = refused(train(text + '[loss]\nname = "mse"\n'), "network")
    for word in ("dictionary", "instance of", "LayerSection", "NetworkSection", "pydantic"):
        assert word not in outcome.err


def test_no_number_of_the_parameters_may_be_a_bool() -> None:
    refused(train(graph("f = x**2", "[parameters]\nx = true\n")), "spec.toml: parameters.x\n", "True")


# ---------------------------------------------------------------------------------------- numbers of a layer


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "[[1, 2], [3, 4]]",
            "[[1, 2, 3], [4, 5, 6]]",
            ["layer 1", "layers[0].weight", "expected 2 × 2", "2 × 3"],
        ),
        ("[[1, 2], [3, 4]]", "[[1, 2]]", ["layer 1", "layers[0].weight", "expected 2 × 2", "1 × 2"]),
        ("[[1, 2], [3, 4]]", "[[1, 2], [3]]", ["layer 1", "layers[0].weight", "expected 2 × 2", "rows of"]),
        ("[[5, 6]]", "[[5], [6]]", ["layer 2", "layers[1].weight", "expected 1 × 2", "2 × 1", "transpose"]),
        ("[[5, 6]]", "[]", ["layer 2", "layers[1].weight", "expected 1 × 2"]),
        ("bias = [0, 0]", "bias = [0]", ["layer 1", "layers[0].bias", "expected 2", "found 1"]),
    ],
)
def test_a_wrong_number_of_weights_names_the_layer_and_both_shapes(
    old: str, new: str, says: list[str]
) -> None:
    refused(train(edited(old, new)), "spec.toml", *says)


@pytest.mark.parametrize("targets", ['["y_1", "y_2"]', "2", "[]"])
def test_the_targets_are_as_many_as_the_outputs(targets: str) -> None:
    refused(train(edited('targets = ["y"]', f"targets = {targets}")), "target", "network.targets")


# ---------------------------------------------------------------------------------------------------- names


def test_an_undeclared_name_is_pointed_at() -> None:
    outcome = refused(train(graph("a = x**2\nf = a + wieght", "[parameters]\nx = 1\nweight = 2\n")))
    assert "undeclared name 'wieght'" in outcome.err
    assert "graph.equations" in outcome.err
    assert "did you mean 'weight'?" in outcome.err
    assert "line 2" in outcome.err
    assert outcome.pointed() == "wieght"


@pytest.mark.parametrize(
    ("equations", "says"),
    [
        ("a = b + x\nb = 2*c\nc = a", "a needs b needs c needs a"),
        ("a = a + x", "a needs a"),
        ("f = a*x\na = b\nb = a", "a needs b needs a"),
    ],
)
def test_a_cycle_is_told_with_its_names(equations: str, says: str) -> None:
    refused(train(graph(equations)), "graph.equations", says)
    refused_expression = run("derive", equations.replace("\n", "; "))
    assert refused_expression.status == 2
    assert says in refused_expression.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (graph("a = x\nb = 2*a\na = x*2"), ["'a'", "two equations", "line 3"]),
        (graph("a = x", "[parameters]\nx = 1\n[inputs]\nx = 2\n"), ["'x' is given twice"]),
        (graph("x = 2*y", "[parameters]\nx = 1\ny = 2\n"), ["'x'", "computed by an equation"]),
        (graph("a = x", "[parameters]\nx = 1\nx = 2\n"), ["TOML", "spec.toml"]),
        (edited('["x_1", "x_2"]', '["x_1", "x_1"]'), ["'x_1'", "two"]),
        (edited('["y"]', '["x_1"]'), ["'x_1'", "two"]),
        (edited("bias = [0, 0]", 'bias = [0, 0]\nsymbols = { bias = "p", output = "p" }'), ["'p_1'"]),
        (edited('name = "mse"', 'name = "mse"\nsymbol = "x_1"'), ["'x_1'"]),
        (
            edited('columns = ["x_1", "x_2"', 'columns = ["x_1", "x_1"'),
            ["'x_1' stands twice", "data.columns"],
        ),
    ],
    ids=[
        "equations",
        "tables",
        "equation and table",
        "toml",
        "inputs",
        "target",
        "letters",
        "loss",
        "columns",
    ],
)
def test_a_name_given_twice_is_refused(text: str, says: list[str]) -> None:
    refused(train(text), "spec.toml", *says)


def test_a_value_given_twice_on_the_command_line_is_refused() -> None:
    refused(run("derive", "x**2", "--at", "x=1,x=2"), "--at", "'x'", "twice")


@pytest.mark.parametrize(
    ("one", "other"), [("x1", "x_1"), ("alpha", "α"), ("w_1_1", "w_1,1"), ("x_01", "x01")]
)
def test_two_names_that_would_print_alike_are_refused(one: str, other: str) -> None:
    if other.isidentifier():
        refused(train(graph(f"f = {one}*{other}", f"[parameters]\n{one} = 1\n'{other}' = 2\n")), one, other)
    else:
        refused(train(graph("f = x", f"[parameters]\nx = 1\n'{other}' = 2\n")), other)


@pytest.mark.parametrize("name", ["1x", "a b", "x-1", "", "_x", "x_", "x___1", "a.b", "x'", "a\\nb", "__x__"])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    refused(train(edited('"x_1", "x_2"]', f'"{name}", "x_2"]')), "is not a name", "network.inputs")
    refused(train(graph("f = x", f'[parameters]\nx = 1\n"{name}" = 2\n')), "is not a name", "parameters.")


@pytest.mark.parametrize("name", ["exp", "max", "softmax", "sigmoid"])
def test_a_function_is_no_name(name: str) -> None:
    refused(train(edited('"x_1", "x_2"]', f'"{name}", "x_2"]')), name, "function", "network.inputs")
    refused(run("derive", f"{name} = x + y"), name, "function")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        *(
            ("bias = [7]", f'bias = [7]\nsymbols = {{ {role} = "@" }}', f"network.layers[1].symbols.{role}")
            for role in ("weight", "bias", "preactivation", "output", "delta")
        ),
        ('inputs = ["x_1"', 'inputs = ["@"', "network.inputs"),
        ('targets = ["y"', 'targets = ["@"', "network.targets"),
        ('name = "mse"', 'name = "mse"\nsymbol = "@"', "loss.symbol"),
        ("steps = 2", 'steps = 2\nsymbol = "@"', "training.symbol"),
        (
            'name = "mse"',
            'name = "mse"\n[[loss.penalties]]\nname = "l2"\nstrength = 1\nsymbol = "@"',
            "loss.penalties[0].symbol",
        ),
    ],
)
@pytest.mark.parametrize("code", ["__import__('os').system('touch canary')", "__class__", "x;y"])
def test_no_letter_of_the_spec_may_be_code(old: str, new: str, place: str, code: str) -> None:
    refused(train(edited(old, new.replace("@", code))), "is not a name", place)


# --------------------------------------------------------------------------------------------- expressions


@pytest.mark.parametrize("code", RUNS)
@pytest.mark.parametrize("form", ["{}", "f = {}", "a = x; f = a*{}"])
def test_code_in_an_expression_is_refused(form: str, code: str) -> None:
    refused(run("derive", form.format(code)), "line 1, column")


@pytest.mark.parametrize("code", RUNS)
def test_code_is_refused_wherever_an_expression_or_a_number_is_read(code: str) -> None:
    literal = f"'''{code}'''"
    refused(train(f"[graph]\nequations = {literal}\n"), "graph.equations")
    refused(train(NETWORK + f"[data.inputs]\nx_1 = {literal}\n"), "data.inputs.x_1")
    refused(train(graph("f = x", f"[parameters]\nx = {literal}\n")), "parameters.x")
    refused(train(graph("f = x", f"[parameters]\nx = 1\n{quoted(code)} = 2\n")), "is not a name")
    refused(run("derive", "x**2", "--at", f"x={code}"), "--at")
    refused(run("derive", "x**2", "--at", f"{code}=1"), "--at")
    refused(run("derive", "x**2", "--wrt", code), "--wrt")


def quoted(text: str) -> str:
    """The text as a string of TOML."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@pytest.mark.parametrize("code", RUNS)
def test_code_at_the_head_of_a_column_is_never_run(code: str) -> None:
    columns = f'columns = ["x_1", "x_2", "y", {quoted(code)}]\nrows = [[1, 2, 0, 9], [3, 4, 1, 9]]\n'
    assert train(edited(ROWS, columns)).status in (0, 2)
    refused(train(edited(ROWS, columns) + f"[data.inputs]\nx_1 = {quoted(code)}\n"), "data.inputs.x_1")
    refused(
        train(
            "[graph]\nequations = 'f = w*x'\n[parameters]\nw = 1\n[data]\n"
            + f'columns = ["x", {quoted(code)}]\nrows = [[1, 2]]\n'
        ),
        "is not a name",
    )


@pytest.mark.parametrize(
    ("text", "what", "pointed"),
    [
        ("f = x + sigmod(x)", "unknown function 'sigmod'", "sigmod(x)"),
        ("f = x +", "cannot read", ""),
        ("f = (x + y", "cannot read", "(x + y"),
        ("f = x + sigmoid(x, y)", "sigmoid got 2 arguments", "sigmoid(x, y)"),
        ("f = 2*sigmoid()", "sigmoid got 0 arguments", "sigmoid()"),
        ("f = mean()", "mean got 0 arguments", "mean()"),
        ("f = x*where(x > 0, 1)", "where got 2 arguments", "where(x > 0, 1)"),
        ("f = where(x, 1, 0)", "comparison", "x, 1, 0)"),
        ("f = x > 2", "comparison", "x > 2"),
        ("f = y + x^2", "power", "y + x^2"),
        ("f = x @ y", "@", "x @ y"),
        ("f = x // y", "not part of", "x // y"),
        ("f = x[0]", "x has 0 axes", "x[0]"),
        ("f = x.__class__", "unknown attribute", "x.__class__"),
        ("f = ().__class__.__bases__[0]", "unknown attribute", "().__class__"),
        ("f = [x for x in y]", "not part of", "[x for"),
        ("f = x if y else 2", "not part of", "x if"),
        ("f = x + __name__", "is not a name", "__name__"),
        ("f = os.system(x)", "unknown function 'system'", "os.system(x)"),
        ("f = x*'text'", "not a number", "'text'"),
        ("f = x + True", "not a number", "True"),
        ("f = x + 2j", "not a number", "2j"),
        ("f = x/0", "division by zero", "0"),
        ("f = x*0**-1", "division by zero", "0**-1"),
        ("import os", "not an equation", "import os"),
        ("f = x; import os", "not an equation", "import os"),
        ("f: int = x", "not an equation", "f: int"),
        ("f = g = x", "not an equation", "f = g"),
        ("f, g = x", "one name", "f, g"),
        ("f = x @ y", "x is a scalar", "x @ y"),
        ("f = exp(z=x)", "without names", "exp(z=x)"),
        ("f = lambda*lambda + sigmod(x)", "unknown function", "sigmod(x)"),
        ("f = α*β + sigmod(x)", "unknown function", "sigmod(x)"),
        ("f =\tx + sigmod(x)", "unknown function", "sigmod(x)"),
        ("a = x\n  b = a*sigmod(x)", "line 2", "sigmod(x)"),
        ("f = " + "x + " * 60 + "sigmod(x)", "column 245", "sigmod(x)"),
    ],
)
def test_the_caret_stands_under_the_mistake(text: str, what: str, pointed: str) -> None:
    outcome = refused(run("derive", text), what)
    assert outcome.pointed().startswith(pointed)


def test_an_unknown_function_gets_a_suggestion_and_the_known_ones() -> None:
    refused(run("derive", "sigmod(x)"), "did you mean 'sigmoid'?", "softplus")


def test_a_dunder_is_not_taken_for_a_factor() -> None:
    assert "__import__*(" not in refused(run("derive", "__import__('os')")).err


def test_the_caret_within_a_spec_counts_its_lines() -> None:
    outcome = refused(train(graph("a = x\n  b = a*sigmod(x)")), "graph.equations", "line 2, column 9")
    assert outcome.pointed() == "sigmod(x)"


def test_the_caret_within_a_formula_of_the_data() -> None:
    outcome = refused(train(NETWORK + '[data.inputs]\nx_1 = "x_2 + sigmod(x_2)"\n'), "data.inputs.x_1")
    assert outcome.pointed() == "sigmod(x_2)"


@pytest.mark.parametrize("text", ["", "  ", "# nothing", "\n\n"])
def test_an_expression_that_is_empty_is_refused(text: str) -> None:
    for outcome in (run("derive", text), run("derive", "-", typed=text)):
        assert outcome.status == 2
        assert "no equation" in outcome.err
        assert "q = x + y" in outcome.err


# ------------------------------------------------------------------------------------- too much to be meant


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["9**9**9**9"], "powers"),
        (["f = x**x**x**x**x"], "powers"),
        (["f = x*9**9**9"], "exponent"),
        (["f = x**99999"], "exponent"),
        (["f = x*((((9**999)**999)**999)**999)"], ""),
        (["a = 9**999; b = a**999; c = b**999"], ""),
        (["a = 9**999; b = a**999; c = b**999*x", "--at", "x=1"], ""),
        (["a = 9**999; b = a**999; c = b**999*x", "--at", "x=1", "--form", "closed"], ""),
        (["a = x**999; b = a**999; c = b**999", "--at", "x=9"], "the node a is infinite"),
        (["a = exp(x); b = exp(a); c = exp(b); d = exp(c)", "--at", "x=9"], "the node b is infinite"),
        (["(" * 500 + "x" + ")" * 500], "brackets"),
        (["[" * 500 + "x" + "]" * 500], "brackets"),
        (["-" * 5000 + "x"], "deep"),
        (["not " * 5000 + "x"], "deep"),
        (["x*" + "1" * 5000], "number"),
        (["x*1e400"], "number"),
        (["x*1e-99999999"], "number"),
        (["x**2", "--at", "x=1e999999999"], "--at"),
        (["x**2", "--at", "x=1e-999999999"], "--at"),
        (["x**2", "--at", "x=1e400"], "x"),
        (["f = round(x, 999999999)", "--at", "x=1"], ""),
    ],
)
def test_a_monster_is_refused_at_once(warm: Warm, arguments: list[str], says: str) -> None:
    outcome = warm("derive", *arguments)
    assert outcome.status == 2, outcome.err[-300:]
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert says in outcome.err
    assert "sys.set_int_max_str_digits" not in outcome.err


@pytest.mark.parametrize(
    "text",
    [
        "f = x" + " + x" * 250_000,
        "x" * 1_000_000,
        "f = x" + "*x" * 90_000,
        "1" * 1_000_000 + "*x",
        "1" * 190_000 + "*x",
        ";" * 1_000_000,
        "(" * 1_000_000,
        "f = x\n" * 20_000,
    ],
    ids=["sum", "name", "product", "million digits", "digits", "semicolons", "brackets", "lines"],
)
def test_a_megabyte_of_text_is_refused_at_once(warm: Warm, text: str) -> None:
    outcome = warm("derive", "-", typed=text)
    assert outcome.status == 2, outcome.err[-300:]
    assert outcome.out == ""
    assert outcome.err.startswith("error: ")
    assert len(outcome.err) < 20_000


@pytest.mark.parametrize(
    "text",
    [
        graph("f = x", f"[parameters]\nx = {'1' * 1_000_000}\n"),
        graph("f = x", f"[parameters]\nx = 0.{'1' * 1_000_000}\n"),
        graph("f = x", "[parameters]\nx = 1e999999999\n"),
        graph("f = x", "[parameters]\nx = 1e-999999999\n"),
        graph("f = x", "[parameters]\nx = 1e400\n"),
        edited("[3, 4, 1]", "[3, 1e999999999, 1]"),
        edited("learning_rate = 0.5", "learning_rate = 1e-999999999"),
        edited("[[5, 6]]", "[[5, 6e99999999]]"),
        NETWORK + '[data.inputs]\nx_1 = "round(x_2, 999999999)"\n',
        NETWORK + '[data.inputs]\nx_1 = "((x_2 + 9)**999)**999"\n',
        "a = " + "[" * 100_000 + "]" * 100_000,
        "[network]\nlayers = [1000000, 1000000]\n[loss]\nname = 'mse'\n",
        "[network]\ninputs = 1000000000\nlayers = [{ units = 1 }]\n[loss]\nname = 'mse'\n",
    ],
    ids=[
        "digits",
        "decimals",
        "exponent",
        "negative exponent",
        "no double",
        "in a row",
        "learning rate",
        "weight",
        "rounding",
        "powers of a column",
        "brackets",
        "a million units",
        "a thousand million inputs",
    ],
)
def test_a_monster_in_a_spec_is_refused_at_once(warm: Warm, text: str, tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text(text, encoding="utf-8")
    outcome = warm("derive", "spec.toml", folder=tmp_path)
    assert outcome.status == 2, outcome.err[-300:]
    assert outcome.out == ""
    assert "spec.toml" in outcome.err
    assert "Traceback" not in outcome.err
    assert len(outcome.err) < 20_000


@pytest.mark.parametrize("entry", ["1e999999999", "1e-999999999", "1" * 1_000_000, "9" * 5_000])
def test_a_monster_in_a_csv_file_is_refused_at_once(warm: Warm, entry: str, tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text(edited(ROWS, 'file = "d.csv"\n'), encoding="utf-8")
    (tmp_path / "d.csv").write_text(f"x_1,x_2,y\n1,2,0\n3,{entry},1\n", encoding="utf-8")
    outcome = warm("derive", "spec.toml", folder=tmp_path)
    assert outcome.status == 2, outcome.err[-300:]
    assert outcome.out == ""
    assert "d.csv" in outcome.err
    assert len(outcome.err) < 20_000


def test_a_mistake_shows_no_traceback_at_a_shell(tmp_path: Path) -> None:
    (tmp_path / "spec.toml").write_text(edited("units = 2", "unit = 2"), encoding="utf-8")
    refused(run_alone("train", "spec.toml", folder=tmp_path), "unknown key 'unit'", "did you mean 'units'?")
    refused(run_alone("derive", "f = x + sigmod(x)"), "did you mean 'sigmoid'?")
    refused(run_alone("derive", "nowhere.toml", folder=tmp_path), "nowhere.toml")


# ---------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("command", ["derive", "train"])
def test_a_missing_file_is_told_with_its_nearest_neighbour(command: str) -> None:
    Path("obesity.toml").write_text(NETWORK, encoding="utf-8")
    refused(run(command, "obesty.toml"), "there is no file obesty.toml", "did you mean 'obesity.toml'?")
    refused(run(command, "folder/obesity.toml"), "there is no file obesity.toml", "folder/obesity.toml")


@pytest.mark.parametrize("text", ["", "\n", "   \n\t\n", "\ufeff"])
def test_an_empty_file_is_refused(text: str) -> None:
    for outcome in both(text):
        refused(outcome, "empty", "spec.toml")


@pytest.mark.parametrize("name", ["folder.toml", "a/folder"])
@pytest.mark.parametrize("command", ["derive", "train"])
def test_a_directory_is_no_file(command: str, name: str) -> None:
    Path(name).mkdir(parents=True)
    refused(run(command, name), name)


@pytest.mark.parametrize("command", ["derive", "train"])
def test_standard_input_that_is_no_text_is_refused(command: str) -> None:
    strict = {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "0"}
    outcome = run_alone(command, "-", typed=bytes(range(128, 256)), environment=strict)
    assert outcome.status == 2, outcome.err
    assert outcome.out == ""
    assert "UTF-8" in outcome.err


def test_an_argument_that_is_no_text_is_not_called_too_deep() -> None:
    outcome = run("derive", "x*\udcff")
    assert outcome.status == 2
    assert "deep" not in outcome.err


@pytest.mark.parametrize(
    "content", [bytes(range(256)), b"\x00" * 100, b"\x89PNG\r\n\x1a\n\xff\xfe", b"\xff\xfe[\x00"]
)
def test_a_binary_file_is_refused(content: bytes) -> None:
    refused(train(content), "spec.toml")


@pytest.mark.parametrize("text", ["a = = 1", "[graph", "x", 'title = "open', "[graph]\n[graph]\n"])
def test_what_is_no_toml_is_told_with_its_line(text: str) -> None:
    refused(train(text), "TOML", "spec.toml", "(at ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("x_1,x_2,y\n1,2,0\n3,4\n", ["2 entries instead of 3", "d.csv, line 3"]),
        ("x_1,x_2,y\n1,2,0,9\n3,4,1\n", ["4 entries instead of 3", "d.csv, line 2"]),
        ("x_1,x_2,y\n0,5,2,0\n", ["decimal comma", "0.5", "d.csv, line 2"]),
        (
            'x_1,x_2,y\n1,2,0\n"0,5",2,0\n',
            ["'0,5' is not a number", "decimal point: 0.5", "d.csv, line 3", "'x_1'"],
        ),
        ("x_1;x_2;y\n0,5;2;0\n", ["d.csv", "comma"]),
        (
            "x_1,x_2,y\nnan,2,0\n1,inf,0\n",
            ["'nan'", "'x_1'", "d.csv, line 2", "'inf'", "'x_2'", "d.csv, line 3"],
        ),
        ("x_1,x_2,y\n1,,0\n", ["is not a number", "d.csv, line 2", "'x_2'"]),
        ("x_1,x_2,y\n1,two,0\n", ["'two' is not a number", "d.csv, line 2", "'x_2'"]),
        ("x_1,x_2,y\n1,True,0\n", ["'True' is not a number"]),
        ("x_1,x_2,y\n1,2,0\x00\n", ["is not a number", "d.csv, line 2"]),
        ("", ["no rows", "d.csv"]),
        ("\n\n", ["no rows", "d.csv"]),
        ("x_1,x_2,y\n", ["no rows", "d.csv"]),
        ("x_1,x_2,z\n1,2,0\n", ["no column gives 'y'", "x_1, x_2, z"]),
        ("x_1,x_1,y\n1,2,0\n", ["'x_1' stands twice"]),
        ('x_1,x_2,y\n"1,2,0\n3,4,1\n', ["d.csv"]),
        (b"\xff\xfe\x00\x01", ["d.csv", "UTF-8"]),
        (b"x_1,x_2,y\n1,2,\xff\n", ["d.csv", "UTF-8"]),
    ],
)
def test_a_csv_file_that_is_no_table_of_numbers_is_refused(content: str | bytes, says: list[str]) -> None:
    refused(train(edited(ROWS, 'file = "d.csv"\n'), d=content), "spec.toml", *says)


def test_a_csv_file_that_is_missing_or_a_directory_is_refused() -> None:
    refused(train(edited(ROWS, 'file = "d.csv"\n')), "d.csv", "data")
    Path("d.csv").mkdir()
    refused(train(edited(ROWS, 'file = "d.csv"\n')), "d.csv", "data")


@pytest.mark.parametrize("place", ["[1, nan, 0]", "[1, inf, 0]", "[1, -inf, 0]"])
def test_a_row_with_no_finite_number_is_refused(place: str) -> None:
    refused(train(edited("[1, 2, 0]", place)), "spec.toml: data.rows[0][1]", "finite number")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_no_finite_number_is_refused_everywhere(value: str) -> None:
    refused(train(edited("[[5, 6]]", f"[[5, {value}]]")), "network.layers[1].weight[0][1]", "finite number")
    refused(train(edited("bias = [7]", f"bias = [{value}]")), "network.layers[1].bias[0]", "finite number")
    refused(train(edited("learning_rate = 0.5", f"learning_rate = {value}")), "training.learning_rate")
    refused(train(graph("f = x", f"[parameters]\nx = {value}\n")), "parameters.x", "finite number")
    refused(run("derive", "x**2", "--at", f"x={value}"), "--at")


# --------------------------------------------------------------------------------------- data and its columns


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[3, 4, 1]", "[3, 4]", ["2 entries instead of 3", "data.rows[1]"]),
        ('"x_2", "y"]\nrows', '"x_3", "y"]\nrows', ["no column gives 'x_2'", "data.columns", "x_1, x_3, y"]),
        ('"x_2", "y"]\nrows', '"x2", "y"]\nrows', ["no column gives 'x_2'", 'x_2 = "x2"', "[data.inputs]"]),
        (ROWS, ROWS + '[data.inputs]\nx_1 = "hight/2"\n', ["'hight' is no column", "data.inputs.x_1"]),
        (ROWS, ROWS + '[data.inputs]\nx_3 = "x_1"\n', ["'x_3' is no input", "data.inputs.x_3", "x_1, x_2"]),
        (ROWS, ROWS + '[data.inputs]\nx_1 = "1/(x_2 - 4)"\n', ["x_1", "row 2", "data.inputs.x_1"]),
        (ROWS, ROWS + '[data.inputs]\nx_1 = "log(x_2 - 2)"\n', ["x_1", "row 1", "data.inputs.x_1"]),
        (ROWS, ROWS + '[data.inputs]\nx_1 = "round(x_2, 0.5)"\n', ["round", "data.inputs.x_1"]),
        (ROWS, ROWS + 'file = "d.csv"\n', ["both a file and rows", "data"]),
        (ROWS, 'columns = ["x_1", "x_2", "y"]\n', ["no rows", "data"]),
        (ROWS, 'columns = ["x_1", "x_2", "y"]\nrows = []\n', ["no rows", "data"]),
        ("steps = 2", "steps = 2\norder = [2, 3]", ["no row 3", "training.order[1]", "rows 1 to 2"]),
        ("steps = 2", "steps = 2\norder = [0]", ["training.order[0]"]),
    ],
)
def test_data_that_does_not_fit_is_refused(old: str, new: str, says: list[str]) -> None:
    refused(train(edited(old, new)), "spec.toml", *says)


# -------------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("equations", "at", "says"),
    [
        ("f = log(x)", "x=-1", ["the node f is not a number", "f = log(x)", "x = -1", "positive"]),
        ("a = x - 2; f = log(a)", "x=1", ["the node f is not a number", "log(a)", "a = -1"]),
        ("f = log(x)", "x=0", ["the node f is infinite", "x = 0", "positive"]),
        ("f = 1/x", "x=0", ["the node f is infinite", "x = 0", "division by zero"]),
        ("d = x - y; f = 1/d", "x=1,y=1", ["the node f is infinite", "d = 0", "division by zero"]),
        ("f = x/x", "x=0", ["the node f is not a number", "x = 0", "division by zero"]),
        ("f = sqrt(x)", "x=-1", ["the node f is not a number", "x = -1", "root"]),
        ("f = sqrt(x)", "x=0", ["is infinite", "division by zero"]),
        ("f = x**0.5", "x=-1", ["the node f is not a number", "x = -1"]),
        ("f = exp(x)", "x=1000", ["the node f is infinite", "x = 1000", "exponential"]),
    ],
)
def test_a_node_without_a_value_is_named_with_its_arguments(equations: str, at: str, says: list[str]) -> None:
    refused(run("derive", equations, "--at", at), *says)


REGRESSION = """\
[graph]
equations = "q = {}; L = w*q"
[parameters]
w = 1
[training]
learning_rate = 0.1
{}
[data]
columns = ["x"]
rows = {}
"""


@pytest.mark.parametrize(
    ("term", "rows", "training", "example", "fix"),
    [
        ("log(x)", "[[1], [2], [-1], [4]]", "", 3, "positive"),
        ("log(x)", "[[1], [2], [-1], [4]]", "batch_size = 4", 3, "positive"),
        ("log(x)", "[[-1], [2]]", "", 1, "positive"),
        ("1/x", "[[1], [2], [0], [4]]", "", 3, "division by zero"),
        ("1/x", "[[1], [2], [0], [4]]", "batch_size = 2", 3, "division by zero"),
        ("1/(x - 2)", "[[1], [2]]", "order = [1]\nsteps = 1", 2, "division by zero"),
    ],
)
def test_a_node_without_a_value_is_named_with_its_example(
    term: str, rows: str, training: str, example: int, fix: str
) -> None:
    outcome = refused(train(REGRESSION.format(term, training, rows)), "q", f"example {example}", fix)
    assert "learning rate" not in outcome.err


@pytest.mark.parametrize(
    ("loss", "rate", "step"),
    # w_2 = 3 - 100*4*27 = -10797, w_3 about 5e14, w_4 about -5e46, w_5 about 5e142, so w_5^4 is no double.
    [("w**4", "100", 5), ("exp(w**2)", "1", 2), ("w**2", "1e200", 2)],
)
def test_a_learning_rate_that_overflows_the_loss_is_told_with_the_step(
    loss: str, rate: str, step: int
) -> None:
    text = graph(f"L = {loss}", f"[parameters]\nw = 3\n[training]\nlearning_rate = {rate}\nsteps = 50\n")
    refused(train(text), f"step {step}", "learning rate is", "smaller learning rate")


def test_an_overflow_after_the_last_step_is_told_too() -> None:
    rest = "[parameters]\nw = 3\n[training]\nlearning_rate = 1\nsteps = 1\n"
    refused(train(graph("L = exp(w**2)", rest)), "learning rate")


def test_an_infinite_parameter_is_told_with_the_step() -> None:
    rest = "[parameters]\nw = 1e100\n[training]\nlearning_rate = 1e300\nsteps = 3\n"
    refused(train(graph("L = w**2", rest)), "step 1", "parameter", "smaller learning rate")


def test_a_step_activation_is_refused_for_training_with_the_reason() -> None:
    text = edited('activation = "tanh"', 'activation = "step"')
    refused(train(text), "step", "slope is 0", "network.layers[0].activation", "sigmoid")
    Path("spec.toml").write_text(
        text.replace("[training]\nlearning_rate = 0.5\nsteps = 2\n", ""), encoding="utf-8"
    )
    assert run("derive", "spec.toml").status == 0


# ------------------------------------------------------------------------------------- choices of the file


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            'activation = "tanh"',
            'activation = "tan"',
            ["'tan'", "layers[0].activation", "relu", "did you mean 'tanh'?"],
        ),
        ('name = "mse"', 'name = "mes"', ["'mes'", "loss.name", "cross_entropy", "did you mean 'mse'?"]),
        (
            "steps = 2",
            'steps = 2\noptimizer = "adm"',
            ["'adm'", "training.optimizer", "sgd", "did you mean 'adam'?"],
        ),
        (
            'name = "mse"',
            'name = "mse"\nreduction = "men"',
            ["'men'", "loss.reduction", "did you mean 'mean'?"],
        ),
        (
            'name = "mse"',
            'name = "mse"\n[[loss.penalties]]\nname = "l3"',
            ["'l3'", "loss.penalties[0].name", "'l1'", "'l2'"],
        ),
        ("steps = 2", "steps = 2\nepochs = 1", ["both steps and epochs", "training"]),
        (
            "steps = 2",
            "steps = 2\nnesterov = true",
            ["nesterov needs a momentum", "training.nesterov", "momentum = 0.9"],
        ),
        (
            "steps = 2",
            'steps = 2\noptimizer = "adam"\nmomentum = 0.9',
            ["momentum", "sgd", "training.momentum", "beta_1"],
        ),
        ("bias = [7]", "bias = [7]\nalpha = 0.1", ["no constant alpha", "layers[1].alpha", "leaky_relu"]),
        ('name = "mse"', 'name = "mse"\ndelta = 1', ["no constant delta", "loss.delta", "huber"]),
        (
            'name = "mse"',
            'name = "binary_cross_entropy_with_logits"',
            ["without an activation", "loss.name", "identity"],
        ),
        (
            'activation = "sigmoid"',
            'activation = "softmax"',
            ["softmax over one unit", "layers[1].activation", "sigmoid"],
        ),
        (
            "[network]\n",
            '[network]\nnotation = "matix"\n',
            ["'matix'", "network.notation", "did you mean 'matrix'?"],
        ),
        ('inputs = ["x_1", "x_2"]\n', "", ["network.inputs is missing", "inputs = "]),
        ('[loss]\nname = "mse"\n', "", ["needs a [loss]", "mse"]),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused(old: str, new: str, says: list[str]) -> None:
    refused(train(edited(old, new)), "spec.toml", *says)


def test_targets_that_do_not_add_up_to_one_are_refused_where_it_matters() -> None:
    text = edited(
        'units = 1\nactivation = "sigmoid"\nweight = [[5, 6]]\nbias = [7]',
        'units = 2\nactivation = "softmax"',
    )
    text = edited('["y"]', '["y_1", "y_2"]', edited('"mse"', '"cross_entropy"', text))
    text = edited(ROWS, 'columns = ["x_1", "x_2", "y_1", "y_2"]\nrows = [[1, 2, 0, 1], [3, 4, 1, 1]]\n', text)
    refused(train(text), "row 2", "add up to 2", "data.rows[1]", "collapse = false")


@pytest.mark.parametrize(
    "text", [NETWORK + "[graph]\nequations = 'a = x_1'\n", "title = 'nothing'\n", "# nothing\n"]
)
def test_a_spec_has_a_graph_or_a_network(text: str) -> None:
    for outcome in both(text):
        refused(outcome, "either a [graph] or a [network]", "spec.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[graph]\nequations = ''\n", ["no equation", "graph.equations"]),
        (graph("f = x") + '[loss]\nname = "mse"\n', ["[loss] belongs to a [network]", "loss"]),
        ("[graph]\nequations = 'f = x'\noutput = 'g'\n[parameters]\nx = 1\n", ["'g'", "graph.", "f"]),
        (
            "[graph]\nequations = 'f = x'\ngranularity = 'atoms'\n[parameters]\nx = 1\n",
            ["'atoms'", "graph.granularity"],
        ),
        (
            graph("h = W*x", "[parameters]\nW = [[1, 2], [3]]\n[inputs]\nx = [1, 2]\n"),
            ["parameters.W", "rows of an array", "different lengths"],
        ),
    ],
)
def test_a_graph_that_is_none_is_refused(text: str, says: list[str]) -> None:
    refused(train(text), "spec.toml", *says)


def test_training_without_a_training_section_or_numbers_is_refused() -> None:
    refused(train(graph("f = x**2")), "no [training]", "learning_rate")
    refused(train(graph("f = x*y", "[parameters]\nx = 1\n[training]\nlearning_rate = 1\n")), "'y'")
    refused(train(edited("weight = [[5, 6]]\n", "")), "no number for", "w")


# ------------------------------------------------------------------------------- several mistakes in one file


def test_mistakes_in_types_are_told_together() -> None:
    text = edited("units = 2", "units = -2", edited("[training]\n", "[training]\nmomentm = 0\n"))
    outcome = refused(train(edited('"mse"', "7", text)), "layers[0].units", "momentm", "loss.name")
    assert outcome.err.count("error: ") == 3


def test_mistakes_in_the_network_are_told_together() -> None:
    text = edited('"tanh"', '"tan"', edited('"mse"', '"mes"'))
    text = edited('["y"]', '["y_1", "y_2"]', edited('"x_2"]', '"2x"]', text))
    outcome = refused(train(text), "'tan'", "'mes'", "'2x'", "targets")
    assert outcome.err.count("error: ") == 4


def test_mistakes_in_the_numbers_are_told_together() -> None:
    text = edited("[[5, 6]]", "[[5, 6, 7]]", edited("bias = [0, 0]", "bias = [0]"))
    text = edited("steps = 2", "steps = 2\norder = [1, 3]", edited("[3, 4, 1]", "[3, 4]", text))
    outcome = refused(train(text), "layers[0].bias", "layers[1].weight", "training.order[1]", "data.rows[1]")
    assert outcome.err.count("error: ") == 4


def test_mistakes_in_the_equations_are_told_together() -> None:
    outcome = refused(train(graph("a = sigmod(x)\nb = a + y\nc = tahn(b)\nd = b^2")), "sigmod", "tahn", "^")
    assert [f"line {line}," in outcome.err for line in (1, 3, 4)] == [True] * 3
    refused(train(graph("a = x + y\nb = a + z")), "'y'", "'z'")


def test_mistakes_in_a_csv_file_are_told_together() -> None:
    rows = "x_1,x_2,y\n1,two,0\n1,2\nthree,4,1\n"
    outcome = refused(train(edited(ROWS, 'file = "d.csv"\n'), d=rows), "line 2", "line 3", "line 4")
    assert outcome.err.count("error: ") == 3


# -------------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--wrt", "z"], ["'z'", "--wrt z", "x, y"]),
        (["--wrt", "x,__import__"], ["'__import__'", "--wrt x,__import__"]),
        (["--wrt", ""], ["--wrt"]),
        (["--wrt", ","], ["--wrt"]),
        (["--at", "x"], ["--at x", "x=1"]),
        (["--at", "x=one"], ["--at x=one", "x=1"]),
        (["--at", "x=1/0"], ["--at x=1/0"]),
        (["--at", "xx=1"], ["'xx'", "--at xx=1", "did you mean 'x'?"]),
        (["--at", "x=1"], ["no value for y", "--at x=1"]),
        (["--at", "=1"], ["--at =1"]),
        (["--form", "chian"], ["'chian'", "--form chian", "delta", "did you mean 'chain'?"]),
        (["--form", "chain,colsed"], ["'colsed'", "did you mean 'closed'?"]),
        (["--mode", "revers"], ["'revers'", "--mode revers", "did you mean 'reverse'?"]),
        (["--mode", ""], ["--mode", "reverse, forward, both"]),
        (["--mode", "reverse,forward"], ["--mode", "both"]),
        (["--granularity", "gates"], ["'gates'", "--granularity gates", "operations"]),
        (["--convention", "derivativ=d"], ["'derivativ'", "--convention", "did you mean 'derivative'?"]),
        (["--convention", "derivative=q"], ["'q'", "--convention derivative=q", "'partial' or 'd'"]),
        (["--convention", "derivative"], ["--convention derivative", "name=value"]),
        (["--convention", "collapse=maybe"], ["'maybe'", "--convention collapse=maybe"]),
        (["--digits", "0"], ["--digits 0", "1"]),
        (["--digits", "16"], ["--digits 16", "15"]),
        (["--carry-rounded", "up"], ["'up'", "--carry-rounded up", "half_even", "half_up"]),
        (["--example", "2"], ["--example 2", "without a table"]),
        (["--output", "nowhere/a.txt"], ["--output nowhere/a.txt", "nowhere"]),
        (["--notation", "matrix"], ["these are scalars", "--notation matrix", "component"]),
        (["--notation", "indexed"], ["these are scalars", "--notation indexed", "component"]),
        (["--notation", "matix"], ["'matix'", "--notation matix", "did you mean 'matrix'?"]),
    ],
)
def test_an_option_that_does_not_fit_is_refused(arguments: list[str], says: list[str]) -> None:
    refused(run("derive", "x*y", *arguments), *says)


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["derive", "x*y", "--format", "docx"], "--format"),
        (["derive", "x*y", "--digits", "many"], "--digits"),
        (["derive", "x*y", "--example", "0"], "--example"),
        (["derive", "x*y", "--output", "."], "--output"),
        (["train", "spec.toml", "--steps", "0"], "--steps"),
        (["train", "spec.toml", "--full", "-1"], "--full"),
        (["train", "spec.toml", "--form", "chain"], "--form"),
        (["schema", "sepc"], "sepc"),
        (["derive"], "SPEC|EXPRESSION"),
        (["derrive", "x"], "derrive"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_refused(arguments: list[str], option: str) -> None:
    outcome = run(*arguments)
    assert outcome.status == 2
    assert outcome.out == ""
    assert "Error: " in outcome.err
    assert option in outcome.err


def test_an_example_that_is_no_row_is_refused() -> None:
    Path("spec.toml").write_text(NETWORK, encoding="utf-8")
    refused(run("derive", "spec.toml", "--example", "3"), "no example 3", "--example 3", "rows 1 to 2")


def test_a_result_that_cannot_be_written_leaves_no_result() -> None:
    Path("spec.toml").write_text(NETWORK, encoding="utf-8")
    refused(run("train", "spec.toml", "--output", "nowhere/a.txt"), "--output nowhere/a.txt")
    refused(run("schema", "--output", "nowhere/a.txt"), "--output nowhere/a.txt")
    assert not Path("nowhere").exists()


def test_a_mistake_shows_nothing_that_steers_a_terminal() -> None:
    """A sign that is not printed takes one place all the same, so that the caret stands below the mistake."""
    outcome = run("derive", "f = x\u202ey*2\x1b]0;pwned\x07")
    assert outcome.status == 2
    quoted, caret = outcome.err.splitlines()[2:4]
    assert quoted[caret.index("^")] == "\ufffd"
    assert all(line.isprintable() for line in outcome.err.splitlines())
