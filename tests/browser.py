"""A real browser: Debian's Chromium, without a window and without the network, driven by playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

PAGE = Path(__file__).parent.parent / "symbackprop" / "page" / "assets"
LIVE = ("functions.js", "numbers.js", "live.js")
"""The scripts of the live sheet, in the order in which a page has them."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
INSTALL = "apt-get install chromium"


@dataclass
class Visit:
    """A page that is open, and what went wrong on it.

    Attributes:
        page: the page, for playwright.
        errors: what the console complains of, and exceptions.
        requests: what the page asked for beside itself.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _own: str = ""

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _on_request(self, request: Request) -> None:
        inline = request.url.startswith(("data:", "blob:", "about:"))
        if not inline and request.url.partition("#")[0] != self._own:
            self.requests.append(request.url)

    def open(self, path: Path) -> None:
        """Open a file."""
        self._own = path.resolve().as_uri()
        self.page.goto(self._own)

    def scripts(self, *sources: str) -> None:
        """An empty page with scripts in it, one behind the other, as a page would have them."""
        self.page.goto("about:blank")
        for source in sources:
            self.page.add_script_tag(content=source)

    def run(self, code: str, argument: Any = None) -> Any:
        """What a function of JavaScript gives for an argument."""
        result = self.page.evaluate(code, argument)
        assert self.errors == []
        return result


def script(name: str) -> str:
    """A script of the page."""
    return (PAGE / name).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, started once; without one the tests are skipped, in CI they fail."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no chromium: {INSTALL}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tabs(chromium: Browser) -> Iterator[BrowserContext]:
    """Where tests open their pages."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def visit(tabs: BrowserContext) -> Iterator[Visit]:
    """A page of its own for each test."""
    page = tabs.new_page()
    yield Visit(page)
    page.close()
