"""A derivation as a module of JAX."""

from __future__ import annotations

from sympy import Symbol

from symbackprop.backends.base import Precision
from symbackprop.content import text
from symbackprop.exporting import differences
from symbackprop.exporting.array_text import JaxText
from symbackprop.exporting.formulas import Sheet
from symbackprop.exporting.helpers import ARRAYS, JAX, OWN
from symbackprop.exporting.layout import Lines
from symbackprop.exporting.passes import Passes
from symbackprop.exporting.python_module import PythonModule
from symbackprop.exporting.strings import in_f_string


class JaxModule(PythonModule):
    """One module: the loss with a derivative rule of its own, which `jit`, `grad` and `vmap` take."""

    namespace = "jnp"
    library = "JAX"
    imports = ("import sys", "", "import jax", "import jax.numpy as jnp", "import numpy as np")
    words = frozenset({"jax", "jnp", "np", "forward"})
    modules = (ARRAYS, JAX, OWN)
    checked = text("Run as a program it checks its gradients against jax.grad and by central differences.")

    def passes_of(self, names: dict[Symbol, str]) -> Passes:
        """The two passes, where the symbols are called so."""
        dtype = "float32" if self.is_single else ""
        return Passes(self.sheet, names, JaxText(names, self.sheet.derivation.shapes, dtype))

    def interface(self) -> list[Lines]:
        """loss(X, W, Y), differentiated by its own rule."""
        output = self.passes.output
        signature, call = self.loss_signature()
        saved = text("{output}, and what its derivative needs.", output=output)
        chained = text(
            "The derivatives of what is made of {output}, where its own by {output} is `upstream`.",
            output=output,
        )
        return [
            self.name_tuples(),
            [
                "@jax.custom_vjp",
                *signature,
                *self.documented(_LOSS, self.told_loss("JAX"), call=call, output=output),
            ],
            self.documented(_FORWARD, saved, output=output, refused=self.not_derived()),
            self.documented(_BACKWARD, chained),
            [_RULE],
        ]

    def check(self) -> list[Lines]:
        """Against automatic differentiation and central differences, in double precision."""
        output = self.passes.output
        plain = text(
            "{output}, differentiated by JAX itself; takes what `forward` takes, by name.", output=output
        )
        compared = text("Compare every gradient of `loss` with jax.grad and with central differences.")
        shown = text(
            "{automatic} from jax.grad, {error} from differences",
            automatic="{automatic:.1e}",
            error="{error:.1e}",
        )
        filling = {
            "output": output,
            "shown": in_f_string(shown, self.sheet.language),
            "largest": differences.largest(self.sheet, "{shown}"),
            **differences.outcome(self.sheet),
            "tolerance": "1e-3" if self.is_single else "1e-6",
            "single": ".astype(jnp.float32)" if self.is_single else "",
            "places": self.compared_places,
        }
        return [
            self.documented(_PLAIN, plain, output=output),
            differences.difference(self.sheet, output, "plain_loss({**given, name: moved})"),
            self.documented(_CHECK, compared, **filling),
        ]


def files(sheet: Sheet, name: str, precision: Precision = "float64") -> dict[str, str]:
    """The module, by the name of its file."""
    return {f"{name}.py": JaxModule(sheet, precision).text()}


_LOSS = """\
    {docstring}
    return forward({call})["{output}"]"""

_FORWARD = """\
def loss_forward(*given):
    {docstring}
    for name, one in zip(ARGUMENTS, given, strict=True):
        if one.perturbed and name not in WRT:
            raise ValueError(f"{refused}")
    given = [one.value for one in given]
    values = forward(*given)
    return values["{output}"], (given, values)"""

_BACKWARD = """\
def loss_backward(saved, upstream):
    {docstring}
    given, values = saved
    _, gradients = backward(*given, values)
    return tuple(upstream * gradients[name] if name in gradients else None for name in ARGUMENTS)"""

_RULE = "loss.defvjp(loss_forward, loss_backward, symbolic_zeros=True)"

_PLAIN = """\
@jax.jit
def plain_loss(given):
    {docstring}
    return forward(**given)["{output}"]"""

_CHECK = """\
def check(tolerance={tolerance}):
    {docstring}
    passed = True
    with jax.enable_x64(True):
        given = {{name: jnp.asarray(value, dtype=jnp.float64) for name, value in GIVEN.items()}}
        wrt = tuple(ARGUMENTS.index(name) for name in WRT)
        gradients = jax.jit(jax.grad(loss, wrt))(*(given[name]{single} for name in ARGUMENTS))
        ours, theirs = dict(zip(WRT, gradients, strict=True)), jax.jit(jax.grad(plain_loss))(given)
        for name in WRT:
            places = {places}
            numeric = np.array([difference(given, name, place) for place in places])
            symbolic = np.array([ours[name][place] for place in places])
            scale = max(np.max(np.abs(numeric)), 1e-4 * abs(plain_loss(given)), 1e-12)
            automatic = np.max(np.abs(ours[name] - theirs[name])) / scale
            error = np.max(np.abs(symbolic - numeric)) / scale
            passed = passed and bool(automatic <= tolerance and error <= tolerance)
            shown = f"{shown}"
            print(f"d{output}/d{{name}}: {largest}")
    print("{passed}" if passed else f"{failed}")
    return passed"""
