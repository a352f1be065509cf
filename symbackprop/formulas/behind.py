r"""What stands behind a base: x^2, x^\top, A_{12}, \left. x \right|_{y = 2}."""

from __future__ import annotations

from collections.abc import Sequence

from symbackprop.content import text
from symbackprop.formulas.calls import CLOSERS
from symbackprop.formulas.environments import Environments
from symbackprop.formulas.lexer import Token
from symbackprop.formulas.tree import Name, Node


class Behind(Environments):
    """Reads what is raised and lowered behind a base, and bars with points."""

    def is_bar_with_point(self) -> bool:
        r"""\right|_{...}: a bar with a subscript."""
        ahead = self.tokens[min(self.place + 1, len(self.tokens) - 1)]
        return (
            self.next.kind == "sign" and self.next.text == "|" and ahead.kind == "sign" and ahead.text == "_"
        )

    def at_point(self, node: Node) -> Node:
        r"""\left. x \right|_{y = 2}, |_{q}, |_{\theta^{(0)}, \#1}."""
        self.take()
        self.take()
        tokens = self.argument()
        held: list[Name] = []
        conditions: list[Node] = []
        for part in split(tokens, (",", ";")):
            if any(one.text == "=" for one in part):
                conditions.append(self.relation(part))
            elif (
                part
                and part[0].kind in ("letter", "word", "command")
                and all(one.kind != "text" for one in part)
            ):
                inner = self.inner(part)
                if isinstance(inner.value, Name) and inner.kind == "name":
                    held.append(inner.value)
        return Node("at", (node, *conditions), tuple(held), node.start, self.before.end)

    def raised(self, node: Node) -> Node:
        """With a superscript that is no part of a name."""
        self.take()
        tokens = self.argument()
        return self.with_superscript(node, tokens)

    def with_superscript(self, node: Node, tokens: Sequence[Token]) -> Node:
        """Transposed, inverse, to a power, entry by entry."""
        texts = [one.text for one in tokens]
        end = self.before.end
        if texts in (["top"], ["T"]):
            return Node("transposed", (node,), None, node.start, end)
        if texts in (["-", "1"],):
            return Node("inverse", (node,), None, node.start, end)
        if texts in (["-", "top"], ["-", "T"]):
            inverse = Node("inverse", (node,), None, node.start, end)
            return Node("transposed", (inverse,), None, node.start, end)
        if texts[:1] == ["circ"]:
            return Node("circ_power", (node, self.inner(list(tokens[1:]))), None, node.start, end)
        if not tokens:
            self.refuse(text("an exponent is missing"))
        return Node("power", (node, self.inner(list(tokens))), None, node.start, end)

    def lowered(self, node: Node) -> Node:
        """With a subscript that is no part of a name: an entry, or a remark on the shape."""
        self.take()
        tokens = self.argument()
        if node.kind == "matrix" or any(one.text == "times" for one in tokens):
            return node
        if tokens and tokens[0].text == "[":
            return Node(
                "item", (node,), "".join(one.text for one in tokens[1:-1]), node.start, self.before.end
            )
        if node.kind == "norm":
            return Node("norm", node.parts, "".join(one.text for one in tokens), node.start, self.before.end)
        return Node("entry", (node,), self.below(tokens), node.start, self.before.end)


def split(tokens: Sequence[Token], signs: Sequence[str]) -> list[list[Token]]:
    """Tokens parted at signs outside of all brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "sign":
            depth += token.text in ("(", "[", "{", r"\{")
            depth -= token.text in CLOSERS
        if not depth and token.kind == "sign" and token.text in signs:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
