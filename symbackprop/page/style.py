"""What every page has in it: assets, fonts, and how a policy names what may run."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
RANGES = {"latin": "U+0-3FF, U+2000-22FF", "cyrillic": "U+400-4FF"}
"""Which letters the fonts of each script have."""


@cache
def asset(name: str) -> str:
    """A file that pages are made from."""
    return (ASSETS / name).read_text(encoding="utf-8")


def policy_hash(content: str) -> str:
    """How a policy names a style or a script that is allowed."""
    return b64encode(sha256(content.encode("utf-8")).digest()).decode()


@cache
def fonts(*, cyrillic: bool) -> str:
    """The fonts of a page, within its style.

    Args:
        cyrillic: Cyrillic letters stand in it.
    """
    faces = [_font("Page Math", "math", 400)]
    for script, where in RANGES.items():
        if cyrillic or script == "latin":
            faces += [_font("Page Text", f"text-{script}-{weight}", weight, where) for weight in (400, 600)]
    return "\n".join(faces)


def _font(family: str, name: str, weight: int, where: str = "U+0-10FFFF") -> str:
    content = b64encode((ASSETS / "fonts" / f"stix-two-{name}.woff2").read_bytes()).decode()
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; unicode-range: {where}; '
        f'src: url("data:font/woff2;base64,{content}") format("woff2"); }}'
    )
