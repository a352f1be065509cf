"""Every example in every format and language: a whole document, in that language only, without accidents."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.documents import words_of
from tests.examples import RUNS, Example, invoke

HEADINGS = {
    "en": ("Conventions", "Forward pass", "Backward pass"),
    "it": ("Convenzioni", "Propagazione in avanti", "Retropropagazione"),
    "ru": ("Соглашения", "Прямой проход", "Обратный проход"),
}
"""What every solution has, in the words of each language."""

ACCIDENTS = re.compile(
    r"\b(?:None|True|False|nan|NaN)\b|Symbol\(|Text\(|Value\(|<symbackprop| object at 0x|\ufffd|\{[a-z]+\}"
)
"""What a program prints when it forgot to say something: Python's words, fields that nobody filled."""


class Page(HTMLParser):
    """What a page has: its words, its identifiers, where its links go, and whether every tag is closed."""

    EMPTY = frozenset({"meta", "link", "input", "br", "hr", "img", "wbr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.headings: list[str] = []
        self.identifiers: Counter[str] = Counter()
        self.targets: set[str] = set()
        self.language: str | None = None
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang")
        if name := given.get("id"):
            self.identifiers[name] += 1
        for key in ("href", "for", "aria-labelledby", "aria-describedby", "aria-controls"):
            for target in (given.get(key) or "").split():
                self.targets.add(target.removeprefix("#"))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)
        if self.open and re.fullmatch(r"h\d", self.open[-1]):
            self.headings.append(data)


def unbraced(text: str) -> str:
    """Without the braces that are LaTeX's, not those of a field that nobody filled."""
    return re.sub(r"[{}]", " ", text)


def of_text(document: bytes, language: str) -> str:
    lines = document.decode().splitlines()
    assert all(line == line.rstrip() for line in lines)
    return "\n".join(lines)


def of_markdown(document: bytes, language: str) -> str:
    text = document.decode()
    assert text.count("$$") % 2 == 0
    fences = [one for one in MarkdownIt().parse(text) if one.type == "fence"]
    assert fences
    assert all(one.info == "mermaid" for one in fences)
    return unbraced(text)


def of_latex(document: bytes, language: str) -> str:
    text = document.decode()
    begun = re.findall(r"\\(begin|end)\{([\w*]+)\}", text)
    open_ones: list[str] = []
    for way, name in begun:
        if way == "begin":
            open_ones.append(name)
        else:
            assert open_ones.pop() == name
    assert open_ones == []
    assert text.count("\\begin{tikzpicture}") >= 1
    return unbraced(text.partition("\\begin{document}")[2])


def of_html(document: bytes, language: str) -> str:
    page = Page(document.decode())
    assert page.open == []
    assert page.language == language
    assert [name for name, count in page.identifiers.items() if count > 1] == []
    assert page.targets <= set(page.identifiers)
    return "".join(page.words)


def of_pdf(document: bytes, language: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "document.pdf").write_bytes(document)
        return words_of(Path(folder))


WORDS: dict[str, Callable[[bytes, str], str]] = {
    "text": of_text,
    "markdown": of_markdown,
    "latex": of_latex,
    "html": of_html,
    "pdf": of_pdf,
}
"""What is read in a document of each format, after its form was checked."""


@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize("form", WORDS)
@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_every_example_in_every_format_and_language(
    one: Example, command: str, form: str, language: str
) -> None:
    options = ["--standalone"] if form == "latex" else []
    asked = [command, str(one.spec), "--format", form, "--language", language, *options]
    result = invoke(asked)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    words = " ".join(WORDS[form](result.stdout_bytes, language).split())
    for heading in HEADINGS[language]:
        assert heading in words
    for other in HEADINGS.keys() - {language}:
        assert not any(heading in words for heading in HEADINGS[other])
    assert ACCIDENTS.findall(words) == []
