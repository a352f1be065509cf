"""How operations on arrays are written: calls with options, methods, attributes, indices and slices."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from sympy import Basic, Expr, Integer, S, Symbol, Tuple

from symbackprop import operations as op
from symbackprop.errors import did_you_mean, listing
from symbackprop.functions import ALIASES
from symbackprop.syntax import Source, own_name

LAST_TWO = Tuple(S.NegativeInfinity)
"""The order of axes that exchanges the last two."""

ELLIPSIS = S.Infinity
"""Stands for `...` among indices."""

_LIBRARIES = frozenset("np numpy torch jnp".split())
_CONSTANT = "a constant whole number"


def called_name(source: Source, node: ast.Call) -> tuple[str, ast.expr | None]:
    """The name of a called function, and what it is a method of; `np.` and the like are passed over."""
    match node.func:
        case ast.Name(name):
            return own_name(name), None
        case ast.Attribute(ast.Name(library) | ast.Attribute(ast.Name(library), "linalg"), name) if (
            library in _LIBRARIES
        ):
            return name, None
        case ast.Attribute(array, name):
            return name, array
    return source.refuse(
        node, "only the functions of the language can be called", known=listing(sorted(op.NAMES))
    )


class ArraySyntax:
    """Builds operations on arrays from the syntax tree.

    Args:
        source: the text, for messages.
        read: reads an expression.
    """

    def __init__(self, source: Source, read: Callable[[ast.expr], Expr]) -> None:
        self.source, self.read = source, read

    def takes(self, name: str, node: ast.Call, arguments: Sequence[ast.expr]) -> bool:
        """Whether a call is one of arrays: max(x, y) is element-wise, x.max(1) and np.max(x, 1) are not."""
        if name in ALIASES:
            return len(arguments) == 1 or bool(node.keywords) or isinstance(node.func, ast.Attribute)
        return name in op.NAMES

    def call(self, node: ast.Call, name: str, arguments: Sequence[ast.expr]) -> Expr:
        """An operation at its arguments and options."""
        if any(isinstance(argument, ast.Starred) for argument in arguments):
            self.source.refuse(node, f"{name} takes its arguments one by one")
        if name in op.COMPOSITES:
            return self._composite(node, name, arguments)
        signature = op.OPERATIONS[op.SAME_AS.get(name, name)]
        arguments = self._gathered(signature, arguments)
        count = 1 if signature.listed else len(signature.arrays)
        if len(arguments) < count or len(arguments) > count + len(signature.options):
            written = f"{name} is written {signature.written(name)}"
            many = f"{len(arguments)} argument{'s' * (len(arguments) != 1)}"
            self.source.refuse(node, f"{name} got {many}", known=written)
        if signature.listed:
            arrays: list[Basic] = [Tuple(*map(self.read, self._list(arguments[0], name)))]
        else:
            arrays = [self.read(argument) for argument in arguments[:count]]
        options = dict(zip(signature.options, arguments[count:], strict=False))
        options |= self._keywords(node, name, list(signature.options), options)
        values = [
            self._option(options[key], signature.kinds[key], name, key) if key in options else default
            for key, default in signature.options.items()
        ]
        if any(value is None for value in values):
            self.source.refuse(
                node, f"{name} needs a shape", known=f"{name} is written {signature.written(name)}"
            )
        return op.of(signature.head, *arrays, *values)

    def _gathered(self, signature: op.Signature, arguments: Sequence[ast.expr]) -> Sequence[ast.expr]:
        """x.reshape(3, 4), ones(3, 4) and x.transpose(0, 2, 1) give a shape without its own brackets."""
        count = len(signature.arrays)
        loose = len(signature.options) == 1 and len(arguments) > count + 1 and not signature.listed
        if not loose or next(iter(signature.kinds.values())) not in ("shape", "order"):
            return arguments
        shape = ast.Tuple(list(arguments[count:]))
        ast.copy_location(shape, arguments[count])
        return [*arguments[:count], shape]

    def _list(self, node: ast.expr, name: str) -> list[ast.expr]:
        if not isinstance(node, ast.List | ast.Tuple) or not node.elts:
            self.source.refuse(node, f"{name} takes a list of arrays", fix=f"write {name}([x, y], axis=0)")
        return node.elts

    def _keywords(self, node: ast.Call, name: str, known: Sequence[str], given: Any) -> dict[str, ast.expr]:
        found: dict[str, ast.expr] = {}
        for keyword in node.keywords:
            names = op.ARGUMENT_NAMES if name in op.COMPOSITES else op.OPTION_NAMES
            key = names.get(keyword.arg or "", keyword.arg or "**")
            if key not in known:
                self.source.refuse(
                    keyword.value,
                    f"{name} has no option {keyword.arg!r}",
                    known=listing(known) or "no options",
                    fix=did_you_mean(key, known),
                )
            if key in found or key in given:
                self.source.refuse(keyword.value, f"the option {key} of {name} is given twice")
            found[key] = keyword.value
        return found

    def _composite(self, node: ast.Call, name: str, arguments: Sequence[ast.expr]) -> Expr:
        composite = op.COMPOSITES[name]
        if len(arguments) > len(composite.arguments):
            self.source.refuse(
                node, f"{name} got {len(arguments)} arguments", known=", ".join(composite.arguments)
            )
        given = dict(zip(composite.arguments, arguments, strict=False))
        given |= self._keywords(node, name, composite.arguments, given)
        missing = [one for one in composite.arguments if one not in given and one not in composite.defaults]
        if missing:
            self.source.refuse(
                node, f"{name} needs {listing(missing)}", known=f"{name}({', '.join(composite.arguments)})"
            )
        values = [self.read(given[one]) if one in given else op.NONE for one in composite.arguments]
        return op.of(op.COMPOSITE_HEADS[name], *values)

    def _option(self, node: ast.expr, kind: str, name: str, key: str) -> Basic:
        if kind == "flag":
            if isinstance(node, ast.Constant) and isinstance(node.value, bool):
                return Integer(int(node.value))
            self.source.refuse(node, f"{key} of {name} is True or False")
        if kind == "size":
            return Tuple(self._size(node, name))
        if kind == "shape":
            parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
            return Tuple(*(self._size(part, name) for part in parts))
        if isinstance(node, ast.Constant) and node.value is None and kind in ("axis", "order"):
            return op.NONE
        if isinstance(node, ast.Tuple | ast.List) and kind in ("axis", "order", "pair"):
            if not node.elts:
                self.source.refuse(node, f"{key} of {name} names no axis", fix=f"leave {key} out to take all")
            return Tuple(*(self._integer(part, f"{key} of {name}") for part in node.elts))
        return self._integer(node, f"{key} of {name}")

    def _size(self, node: ast.expr, name: str) -> Expr:
        size = self.read(node)
        if not isinstance(size, Integer | Symbol | op.length) and not size.is_Add and not size.is_Mul:
            self.source.refuse(node, f"a size of {name} is a whole number or the name of one")
        return size

    def _integer(self, node: ast.expr, what: str) -> Integer:
        match node:
            case ast.Constant(value) if isinstance(value, int) and not isinstance(value, bool):
                return Integer(value)
            case ast.UnaryOp(ast.USub(), ast.Constant(value)) if type(value) is int:
                return Integer(-value)
        return self.source.refuse(
            node, f"{what} is not constant", known=_CONSTANT, fix="write the number itself"
        )

    def attribute(self, node: ast.Attribute) -> Expr:
        """x.T and x.mT."""
        if node.attr == "T":
            return op.of(op.transpose, self.read(node.value), op.NONE)
        if node.attr == "mT":
            return op.of(op.transpose, self.read(node.value), LAST_TWO)
        if node.attr == "size":
            return op.of(op.length, self.read(node.value), op.NONE)
        known = ".T, .mT, .shape[0], .size, and methods such as .sum()"
        fix = f"a method is called: .{node.attr}()" if node.attr in op.NAMES else ""
        return self.source.refuse(node, f"unknown attribute .{node.attr}", known=known, fix=fix)

    def subscript(self, node: ast.Subscript) -> Expr:
        """x[0], x[:, 1:3], x[:, None], x.shape[0]."""
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return op.of(
                op.length, self.read(node.value.value), self._integer(node.slice, "the place in a shape")
            )
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        indices = [self._index(part) for part in parts]
        if indices.count(ELLIPSIS) > 1:
            self.source.refuse(node, "... stands once among indices")
        return op.of(op.item, self.read(node.value), Tuple(*indices))

    def _index(self, node: ast.expr) -> Basic:
        match node:
            case ast.Slice(lower, upper, step):
                bounds = [
                    op.NONE if bound is None else self._integer(bound, "a slice")
                    for bound in (lower, upper, step)
                ]
                if bounds[2] == 0:
                    self.source.refuse(node, "the step of a slice is 0")
                return Tuple(*bounds)
            case ast.Constant(value) if value is Ellipsis:
                return ELLIPSIS
            case ast.Constant(None) | ast.Name("newaxis") | ast.Attribute(ast.Name(), "newaxis"):
                return op.NONE
        return self._integer(node, "an index")
