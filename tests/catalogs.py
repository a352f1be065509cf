"""The catalogs of translations: extract what is printed, keep what is translated, compile.

    python -m tests.catalogs

Write the words that are new into `symbackprop/locale/*/LC_MESSAGES/symbackprop.po`, and run it again.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from symbackprop.activations import ACTIVATIONS
from symbackprop.exporting.helpers import MODULES, functions_in
from symbackprop.functions import ALIASES, FUNCTIONS
from symbackprop.losses import LOSSES, PENALTIES
from symbackprop.notation.latex import OPERATORS
from symbackprop.operations import NAMES as OPERATIONS
from symbackprop.translation import CATALOGS, NAMES

PACKAGE = CATALOGS.parent
TEMPLATE = CATALOGS / "symbackprop.pot"
CODES = [code for code in NAMES if code != "en"]

CALLS = ("text", "language")
"""What is called with a template: `text("…")`, `self.language("if")`."""

FORMULA_WORDS = {
    *"exp log sin cos tan sinh cosh tanh arctan max min det tr diag inv sum mean var std prod norm".split(),
    *"transpose reshape concatenate stack repeat place others conv ddof NumPy".split(),
    *ACTIVATIONS,
    *LOSSES,
    *PENALTIES,
    *FUNCTIONS,
    *ALIASES,
    *OPERATORS.values(),
    *OPERATIONS,
}
"""Names of functions, activations and losses: they are the same in every language."""

_HEADER = ("Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")


class Dateless(Catalog):
    """A catalog that is the same on every day and on every machine."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The header, without dates, people and versions."""
        return [(name, value) for name, value in super().mime_headers if name in _HEADER]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call with a template."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in CALLS:
                yield node


def templates(call: ast.Call) -> list[str] | None:
    """The template, and the plural; None: they are not literally there."""
    found = [one.value if isinstance(one, ast.Constant) else None for one in call.args]
    return found if all(isinstance(one, str) for one in found) else None  # type: ignore[return-value]


def of_copied() -> set[str]:
    """What the functions say of themselves that exported code takes along; not those that say a formula."""
    found = {one.docstring for module in MODULES for one in functions_in(module).values()}
    c = (PACKAGE / "loops" / "functions.c").read_text(encoding="utf-8")
    found |= set(re.findall(r"^/\* (.*) \*/$", c, re.MULTILINE))
    return {one for one in found if set(re.findall(r"(?<!\w)[A-Za-z]{2,}", one)) - FORMULA_WORDS}


def extracted(folder: Path = PACKAGE) -> Dateless:
    """All that the package prints."""
    catalog = Dateless(header_comment="# Everything that symbackprop prints.", fuzzy=False)
    for path in sorted(folder.rglob("*.py")):
        for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            found = templates(call)
            if found is not None:
                catalog.add(found[0] if len(found) == 1 else tuple(found))
    for sentence in sorted(of_copied()):
        catalog.add(sentence)
    return catalog


def po_of(code: str) -> Path:
    """The catalog of a language."""
    return CATALOGS / code / "LC_MESSAGES" / "symbackprop.po"


def read(code: str) -> Catalog:
    """The translations of a language, as they stand in its file."""
    with po_of(code).open("rb") as file:
        return read_po(file, locale=code)


def updated(code: str, messages: Catalog) -> Dateless:
    """The catalog of a language with exactly these messages; what is new is untranslated."""
    catalog = Dateless(code, header_comment=f"# {NAMES[code]}", fuzzy=False)
    known = read(code) if po_of(code).exists() else Catalog(code)
    for message in messages:
        if message.id:
            old = known.get(message.id)
            catalog.add(message.id, old.string if isinstance(old, Message) and old.id == message.id else None)
    return catalog


def as_po(catalog: Catalog) -> bytes:
    """A catalog as text."""
    file = io.BytesIO()
    write_po(file, catalog, width=100, no_location=True, sort_output=True)
    return file.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """A catalog as `gettext` reads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def main() -> None:
    """Write every catalog anew, and say what is not yet translated."""
    messages = extracted()
    TEMPLATE.parent.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(as_po(messages))
    for code in CODES:
        catalog, path = updated(code, messages), po_of(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_po(catalog))
        path.with_suffix(".mo").write_bytes(as_mo(catalog))
        for message in catalog:
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            if not all(strings):
                print(f"{code}: {message.id!r} is not translated")


if __name__ == "__main__":
    main()
