"""The page of a checked document: every claim is marked, words stay words, nothing leaves the page."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from symbackprop.check.claims import Report, Slip, Verdict
from symbackprop.check.tex import Tex
from symbackprop.content import text
from symbackprop.reports.formulas import LONGEST, element, formula, in_row
from symbackprop.reports.html import write_html
from tests.browser import Visit
from tests.check.small import check
from tests.reports.samples import Judged, homework, report

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"

HOSTILE = [
    "<script>document.title='run'</script>",
    "</style></title></code><img src=x onerror=\"document.title='run'\">",
    r"\href{javascript:document.title='run'}{x}",
    r"\text{</math><script>document.title='run'</script>}",
    '" onfocus="document.title=\'run\'" autofocus tabindex=1 x="',
    "\ue0000\ue001 \u202e \x00",
    "{" * 50 + r"\frac" * 5,
]


def body(page: str) -> ElementTree.Element:
    """What a browser shows, which is well-formed."""
    found = re.search(r"<body>.*</body>", page, re.DOTALL)
    assert found is not None
    return ElementTree.fromstring(found[0].replace("&nbsp;", " "))


def claims(tree: ElementTree.Element) -> list[str]:
    marked = [one for one in tree.iter("span") if one.get("class", "").startswith("claim ")]
    return [one.attrib["id"] for one in marked if "id" in one.attrib]


def test_every_claim_is_marked_once() -> None:
    tree = body(write_html(homework()))
    assert sorted(claims(tree)) == sorted(f"c{number}" for number in range(14))
    links = [one.get("href", "") for one in tree.iter("a")]
    ids = {one.get("id") for one in tree.iter()}
    assert len(links) == 8
    assert all(link[1:] in ids for link in links)


def test_a_claim_that_can_be_focused_is_described() -> None:
    tree = body(write_html(homework()))
    notes = {one.get("id"): one for one in tree.iter("span") if one.get("role") == "tooltip"}
    described = [one for one in tree.iter("span") if one.get("tabindex") == "0"]
    assert len(described) == len(notes) == 7
    for one in described:
        assert "".join(notes[one.get("aria-describedby")].itertext()).startswith(one.get("aria-label", "?"))


def test_the_marks_are_told_apart_without_colours() -> None:
    tree = body(write_html(homework()))
    signs = [one.text for one in tree.iter("span") if one.get("class") == "sign"]
    assert {"✓", "✗", "?"} == set(signs)


def test_a_claim_outside_of_what_is_shown_is_among_the_findings() -> None:
    made = report("words", Judged("words", Verdict.REFUTED))
    tree = body(write_html(made))
    assert claims(tree) == []
    assert [one.get("href") for one in tree.iter("a")] == ["#f0"]


def test_words_between_formulas_keep_their_emphasis_and_their_order() -> None:
    source = "# On $x$\n\nA **bold $y=1$ part**, `*code*` and *more* of $z$: 2*3*4 & <b>."
    page = write_html(report(source, Judged("y=1")))
    paragraph = next(one for one in body(page).iter("p") if "bold" in "".join(one.itertext()))
    assert "".join(paragraph.itertext()) == "A bold y=1✓ part, *code* and more of z: 2*3*4 & <b>."
    assert [one.tag for one in paragraph if one.tag != "span"] == ["strong", "code", "em"]


@pytest.mark.parametrize("words", HOSTILE)
def test_what_a_student_writes_runs_nowhere(words: str, visit: Visit, tmp_path: Path) -> None:
    prose = f"# {words}\n\nText {words} and $a {words} = b$ `{words}`"
    source = f"{prose}\n\n$${words} = c$$\n\n| {words} | $d = {words}$ |"
    judged = [
        Judged(
            f"a {words} = b",
            Verdict.REFUTED,
            reason=text("{word} {formula}", word=words, formula=Tex(words)),
            mistake=Slip.SIGN,
            expected=words,
        ),
        Judged(f"{words} = c", Verdict.UNREAD),
        Judged(f"d = {words}", Verdict.UNDECIDED),
    ]
    made = report(source, *judged, name=f"{words}.md")
    path = tmp_path / "page.html"
    path.write_text(write_html(made), encoding="utf-8")
    visit.open(path)
    for one in visit.page.query_selector_all("[tabindex='0']"):
        one.focus()
    assert visit.page.title() != "run"
    assert visit.page.locator("script, img, [onfocus], a:not([href^='#'])").count() == 0
    assert visit.page.locator(".claim[id]").count() == 3
    assert visit.errors == []
    assert visit.requests == []


@pytest.mark.parametrize(
    "latex", [r"\unknown", r"\newcommand{\a}{\a}\a", "x_" * 9, r"\sqrt" * 900, "{" * 9000, r"\frac{" * 3000]
)
def test_what_cannot_be_shown_stands_there_as_its_source(latex: str) -> None:
    assert element(latex) is None
    assert formula(latex) == f"<code>{latex}</code>"


def test_a_sign_stays_with_the_formula_before_it() -> None:
    tree = body(write_html(homework()))
    kept = ["".join(one.itertext()) for one in tree.iter("span") if one.get("class") == "kept"]
    assert kept == ["y=2,", "o=3:", "−1,"] * 2


def test_marks_of_lines_and_numbers_are_left_out() -> None:
    assert formula(r"x \tag{1} \label{eq:a} \\") == formula("x")
    assert formula("= x") == formula("{} = x")
    assert len("x" * LONGEST) == LONGEST
    assert element("x" * LONGEST) is not None


def test_a_claim_cut_out_of_an_environment_is_shown_as_a_formula() -> None:
    assert in_row(r"\begin{aligned}[t] a &= b") == " a = b"
    assert in_row(r"&= \frac{b}{c} \end{aligned}") == r"= \frac{b}{c} "
    assert in_row(r"a &= b \\ &= c") == r"a = b  \quad  = c"
    assert in_row(r"\frac{a") == r"\frac{a"


def many(count: int) -> Report:
    """A document of long lines."""
    chain = " = ".join(
        rf"\frac{{\partial L_{{{k}}}}}{{\partial w_{{{k}}}}} \cdot x_{{{k}}}" for k in range(9)
    )
    source = "\n\n".join(f"Inline ${chain}$ and shown\n\n$${chain}$$" for _ in range(count))
    return report(source, *[Judged(chain, Verdict.REFUTED, mistake=Slip.SIGN)] * (2 * count))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_says_why_beside_the_claim(
    width: int, scheme: str, visit: Visit, tmp_path: Path
) -> None:
    for name, made in (("homework", homework()), ("wide", many(2))):
        path = tmp_path / f"{name}.html"
        path.write_text(write_html(made), encoding="utf-8")
        page = visit.page
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 900})
        visit.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        claim = page.locator(".claim.refuted[tabindex]").nth(1)
        for show in (claim.focus, claim.hover):
            show()
            note = claim.locator(".note")
            assert note.is_visible()
            box = note.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert 0 <= box["y"] <= 900 - box["height"]
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"check-{name}-{width}-{scheme}.png", full_page=True)
    assert visit.errors == []
    assert visit.requests == []


def test_a_document_with_commands_of_its_own_is_marked_as_one_without() -> None:
    command = r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}"
    formulas = (
        r"\pd{L}{w} = \pd Lb x",
        r"\begin{aligned} \pd{L}{z} &= \pd{L}{b} \\ &= 2\pd{L}{a}\pd az \end{aligned}",
    )
    full = [formulas[0].replace(r"\pd Lb", r"\pd{L}{b}"), formulas[1].replace(r"\pd az", r"\pd{a}{z}")]
    plain = [re.sub(r"\\pd\{(\w)\}\{(\w)\}", r"\\frac{\\partial \1}{\\partial \2}", one) for one in full]
    body, other = ("".join(f"\\[ {one} \\]\n" for one in some) for some in (formulas, plain))
    shown = [
        write_html(
            check(f"\\documentclass{{article}}{command}\n\\begin{{document}}\n{one}\\end{{document}}\n")
        )
        for one in (body, other)
    ]
    assert shown[0] == shown[1]
