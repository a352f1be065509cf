"""A derivation as a module of JAX."""

from __future__ import annotations

from sympy import Symbol

from symbackprop.backends import array_functions, jax_functions
from symbackprop.exporting import own_functions
from symbackprop.exporting.array_module import ArrayModule
from symbackprop.exporting.array_text import JaxText
from symbackprop.exporting.layout import Lines
from symbackprop.exporting.python_parts import names_tuple


class JaxModule(ArrayModule):
    """One module: the loss with a derivative rule of its own, which `jit`, `grad` and `vmap` take."""

    namespace = "jnp"
    library = "JAX"
    imports = ["import sys", "", "import jax", "import jax.numpy as jnp", "import numpy as np"]
    words = frozenset({"jax", "jnp", "np", "math"})
    functions = (array_functions, jax_functions, own_functions)
    checked_by = "against jax.grad, and by central differences"

    def text_of(self, names: dict[Symbol, str]) -> JaxText:
        """The printer of expressions."""
        return JaxText(names, self.sheet.derivation.shapes, "" if self.precision == "float64" else "float32")

    def interface(self) -> list[Lines]:
        """loss(X, W, Y) with its own derivative rule."""
        passes = self.passes
        arguments, output = ", ".join(passes.arguments), passes.output
        wrt = set(passes.wrt)
        none = [name for name in passes.arguments if name not in wrt]
        call = self.call("forward", passes.arguments)
        loss = [
            "@jax.custom_vjp",
            *passes.signature("loss"),
            f'    """{output}, differentiated by {listed(passes.wrt)}."""',
        ]
        return [loss]
