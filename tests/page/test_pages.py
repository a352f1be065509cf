"""Pages in a real browser: nothing comes from elsewhere, steps go through all formulas, numbers follow."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Visit
from tests.examples import RUNS, Example, example, printed

PAGES = [("obesity", "train"), ("logistic-neuron", "derive"), ("softmax-mlp", "derive")]
SIZES = [(390, 844), (1280, 900)]
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
"""Where pictures of the pages are kept, to be looked at."""

NUMBERS = """() => [...document.querySelectorAll("[data-slot]:not(circle)")].map((one) => [
    one.dataset.slot,
    one.textContent.replace(/[()]/g, "")
        .replace(/×10(.+)$/u, (_, power) => "e" + power).replaceAll("−", "-"),
])"""
"""Every number of the page that can change: its slot, and what stands there."""

UPDATES = """() => [...document.querySelectorAll(".update")].map((one) =>
    [...one.querySelectorAll(".side:not(.spare)")].map((side) => side.textContent).join(" "))"""
"""The lines of the updates, without what is not shown."""


def page_of(name: str, command: str, folder: Path, *options: str) -> Path:
    """The page of an example, in a file."""
    path = folder / f"{name}.html"
    path.write_text(printed(command, str(example(name).spec), "--format", "html", *options), encoding="utf-8")
    return path


def opened(visit: Visit, path: Path) -> Any:
    visit.open(path)
    visit.page.wait_for_selector("#tools:not([hidden])")
    # What is clicked before the letters have come and two frames are painted may be missed.
    painted = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    visit.page.evaluate(f"() => document.fonts.ready.then(() => {painted}).then(() => true)")
    return visit.page


@pytest.mark.parametrize(("name", "command"), PAGES)
def test_a_page_needs_nothing_else_and_complains_of_nothing(
    name: str, command: str, visit: Visit, tmp_path: Path
) -> None:
    page = opened(visit, page_of(name, command, tmp_path))
    loaded = page.evaluate("() => [...document.fonts].filter((one) => one.status === 'loaded').length")
    assert loaded >= 2
    assert visit.errors == []
    assert visit.requests == []


@pytest.mark.parametrize(("one", "command"), RUNS, ids=str)
def test_every_example_opens_without_a_complaint(
    one: Example, command: str, visit: Visit, tmp_path: Path
) -> None:
    page = opened(visit, page_of(one.name, command, tmp_path))
    assert page.locator("math").count() > 3
    assert visit.errors == []
    assert visit.requests == []


def test_a_page_with_three_full_iterations_is_smaller_than_a_megabyte() -> None:
    text = printed("train", str(example("obesity").spec), "--format", "html")
    assert text.count('class="iteration"') == 3
    assert len(text.encode()) < 1_000_000


@pytest.mark.parametrize("width_and_height", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize(("name", "command"), PAGES)
def test_nothing_leaves_the_page_at_the_side(
    name: str, command: str, width_and_height: tuple[int, int], visit: Visit, tmp_path: Path
) -> None:
    width, height = width_and_height
    visit.page.set_viewport_size({"width": width, "height": height})
    page = opened(visit, page_of(name, command, tmp_path))
    for state in ("reading", "stepping"):
        if state == "stepping":
            for _ in range(3):
                page.keyboard.press("ArrowRight")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        outside = page.evaluate(
            """(width) => [...document.querySelectorAll("body *")].filter((one) => {
                const [box] = one.getClientRects();
                const scrolls = one.closest(".table, .drawing, .plot, .side, .eq, aside");
                return box && !scrolls && box.right > width + 1;
            }).map((one) => one.outerHTML.slice(0, 80))""",
            width,
        )
        assert outside == []
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{state}.png", full_page=state == "reading")


def test_wide_formulas_of_the_obesity_page_go_to_the_next_line_on_a_phone(
    visit: Visit, tmp_path: Path
) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = opened(visit, page_of("obesity", "train", tmp_path))
    hidden = page.evaluate(
        """() => [...document.querySelectorAll(".side")]
            .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""
    )
    assert hidden == []


@pytest.mark.parametrize(("name", "command"), PAGES)
def test_the_arrow_key_goes_through_every_formula_that_is_shown(
    name: str, command: str, visit: Visit, tmp_path: Path
) -> None:
    page = opened(visit, page_of(name, command, tmp_path))
    shown = page.evaluate(
        """() => [...document.querySelectorAll(".eq")]
            .filter((one) => one.getClientRects().length).map((one) => one.id)"""
    )
    seen = []
    for number in range(1, len(shown) + 1):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate("() => document.querySelector('.now').id"))
        assert f"{number} of {len(shown)}" in page.inner_text("#now")
    assert seen == shown
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("() => document.querySelector('.now').id") == shown[-2]


def test_a_formula_that_is_stepped_to_is_in_sight_beside_its_drawing(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    target = page.locator('.iteration:not([hidden]) .eq[data-of-d="z_2"]').first
    target.click()
    page.keyboard.press("ArrowRight")
    box = page.locator(".now").bounding_box()
    figure = page.locator(".iteration:not([hidden]) .drawing").bounding_box()
    tools = page.locator("#tools").bounding_box()
    assert figure["y"] + figure["height"] <= box["y"] + 1
    assert box["y"] + box["height"] <= tools["y"] + 1


HELD = """() => {
    const step = document.querySelector(".now");
    const frame = document.querySelector(".held");
    if (!frame) return null;
    const box = frame.getBoundingClientRect();
    const svg = frame.querySelector("svg");
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const size = (one) => parseFloat(getComputedStyle(one).fontSize);
    const sizes = (kind) => [...svg.querySelectorAll(kind)].map(size);
    const seen = (one) => {
        const { left, right, top, bottom } = one.getBoundingClientRect();
        return right > box.left && left < box.right && bottom > box.top && top < box.bottom;
    };
    const lit = [...frame.querySelectorAll(".node.one, .edge.one")];
    return {
        top: box.top,
        share: box.height / innerHeight,
        letters: scale * Math.min(...sizes("text")),
        indices: scale * Math.min(...sizes("text, tspan")),
        isLitSeen: !lit.length || lit.some(seen),
        isAbove: box.bottom <= step.getBoundingClientRect().top + 1,
        isOwn: !step.closest(".iteration")?.querySelector(".drawing")
            || step.closest(".iteration").contains(frame),
    };
}"""
"""The drawing that stays at the top while one steps."""


@pytest.mark.parametrize("width_and_height", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize(("name", "command"), [*PAGES, ("attention", "derive")])
def test_in_every_section_the_drawing_of_a_step_stays_at_the_top_and_can_be_read(
    name: str, command: str, width_and_height: tuple[int, int], visit: Visit, tmp_path: Path
) -> None:
    width, height = width_and_height
    visit.page.set_viewport_size({"width": width, "height": height})
    page = opened(visit, page_of(name, command, tmp_path))
    steps = page.evaluate(
        """() => {
            const steps = [...document.querySelectorAll(".eq")].filter((one) => one.getClientRects().length);
            const drawing = document.querySelector(".drawing");
            return steps.map((one) =>
                Boolean(drawing.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING));
        }"""
    )
    assert any(steps)
    for number, is_behind in enumerate(steps):
        page.keyboard.press("ArrowRight")
        if number % 5 and number < len(steps) - 1:
            continue
        held = page.evaluate(HELD)
        assert (held is not None) == is_behind
        if held is None:
            continue
        assert held["top"] == 0
        assert held["share"] <= 0.41
        assert held["letters"] >= 11
        assert held["indices"] >= 8
        assert held["isLitSeen"]
        assert held["isAbove"]
        assert held["isOwn"]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{width}-last-step.png")


def through(page: Any) -> None:
    """Scroll through the page once: what was never in sight has no height of its own yet."""
    page.evaluate(
        """async () => {
            for (let at = 0; at < document.documentElement.scrollHeight; at += innerHeight / 2) {
                scrollTo(0, at);
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            }
            scrollTo(0, 0);
        }"""
    )


@pytest.mark.parametrize("way", ["Escape", "button"])
def test_one_who_stops_stepping_reads_the_page_as_before(way: str, visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    size = (
        "() => [document.documentElement.scrollHeight, document.querySelectorAll('.lit, .one, .now').length]"
    )
    through(page)
    before = page.evaluate(size)
    assert page.is_hidden("#leave")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(HELD) is not None
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.click("#leave")
    assert page.locator(".held, .stand").count() == 0
    assert page.inner_text("#now") == ""
    page.mouse.move(0, 0)
    assert page.evaluate(size) == before
    page.keyboard.press("ArrowRight")
    assert page.locator(".now").count() == 1


def test_the_line_of_a_step_has_its_headings_in_mathematics(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.locator('.eq[data-of-d="w_11"]').first.click()
    assert page.locator("#now msub").count() > 0
    assert page.locator("#now [data-n]").count() == 0
    page.locator('.iteration:not([hidden]) .eq[data-of-n="z_1"]').first.click()
    assert "Iteration 1" in page.inner_text("#now")


def test_only_where_iterations_are_the_keys_for_them_are_told(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    assert "[ and ]" in page.inner_text(".keys")
    page = opened(visit, page_of("logistic-neuron", "derive", tmp_path))
    assert "Arrow keys" in page.inner_text(".keys")
    assert "[" not in page.inner_text(".keys")


def test_a_wide_table_takes_the_space_beside_the_column(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    cut = "them => them.filter((one) => one.scrollWidth > one.clientWidth).length"
    assert page.locator(".table").evaluate_all(cut) == 0
    left = "them => them.map((one) => one.getBoundingClientRect().left)"
    first, *_, losses = page.locator(".table").evaluate_all(left)
    assert losses < first == page.locator("main").bounding_box()["x"]
    page.click("#live-button")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 1280


def test_what_scrolls_sideways_fades_where_there_is_more(visit: Visit, tmp_path: Path) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = opened(visit, page_of("obesity", "train", tmp_path))
    cut = """them => them.filter((one) => one.getClientRects().length)
        .map((one) => [one.scrollWidth > one.clientWidth + 1, one.classList.contains("more-behind")])"""
    found = page.locator(".table, .drawing, .plot, .side").evaluate_all(cut)
    assert [True, True] in found
    assert all(is_cut == fades for is_cut, fades in found)
    table = page.locator(".table.more-behind").last
    assert table.evaluate("one => getComputedStyle(one).maskImage") != "none"
    table.evaluate("one => (one.scrollLeft = one.scrollWidth)")
    page.wait_for_timeout(100)
    assert page.locator(".table").last.get_attribute("class").split()[-1] == "more-before"
    page.emulate_media(media="print")
    masks = "them => them.map((one) => getComputedStyle(one).maskImage)"
    assert set(page.locator(".more-before, .more-behind").evaluate_all(masks)) <= {"none"}


def lit(page: Any, kind: str = "lit") -> set[str]:
    """The nodes and edges that are lit in the drawing that is in sight."""
    return set(
        page.evaluate(
            """(kind) => [...document.querySelectorAll(`.drawing .${kind}, .drawing .one`)]
                .filter((one) => one.getClientRects().length)
                .flatMap((one) => [one.dataset.nodes ?? "", one.dataset.edges ?? ""])
                .flatMap((one) => one.split(" ")).filter(Boolean)""",
            kind,
        )
    )


def test_a_formula_lights_up_its_nodes_and_edges_and_no_others(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("logistic-neuron", "derive", tmp_path))
    formula = page.locator('.eq[data-of-n="u_1"]').first
    formula.hover()
    found = lit(page)
    # u_1 = v_0 x_0
    assert {"u_1", "v_0", "x_0"} <= found
    assert not {"u_2", "v_1", "x_1", "u_7"} & found


def test_a_node_lights_up_what_is_said_of_it_and_a_click_goes_there(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    box = page.locator('.iteration:not([hidden]) .drawing .node[data-nodes~="z_3"]').first
    box.hover()
    about = page.evaluate(
        """() => [...document.querySelectorAll(".iteration:not([hidden]) .eq.lit")]
            .map((one) => one.dataset.ofN ?? one.dataset.ofD)"""
    )
    assert set(about) == {"z_3", "a_3", "b_3"}
    box.click()
    assert page.evaluate("() => document.querySelector('.now').dataset.ofN") in {"z_3", "a_3", "b_3"}


def test_the_factors_of_a_chain_light_up_one_by_one(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.locator('.eq[data-of-d="w_11"]').first.click()
    seen = []
    for _ in range(3):
        page.keyboard.press("f")
        factor = page.evaluate("() => ({...document.querySelector('.now .one').dataset})")
        seen.append(factor)
    # ∂L/∂w_11 = ∂L/∂z_1 · ∂z_1/∂w_11, and the first again.
    assert seen == [{"d": "z_1"}, {"e": "w_11>z_1"}, {"d": "z_1"}]


def test_the_slider_shows_one_iteration_at_a_time_and_keeps_the_place(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.locator('.iteration:not([hidden]) .eq[data-of-d="v_11"]').first.click()
    for number in ("2", "3"):
        page.keyboard.press("]")
        shown = page.locator(".iteration:not([hidden])")
        assert shown.count() == 1
        assert shown.get_attribute("data-iteration") == number
        assert page.inner_text("#iteration-number") == number
        assert page.evaluate("() => document.querySelector('.now').dataset.ofD") == "v_11"
    slider = page.locator("#iteration")
    slider.fill("1")
    assert page.locator(".iteration:not([hidden])").get_attribute("data-iteration") == "1"


def test_sections_fold_and_everything_is_on_paper(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.click("#fold")
    assert page.locator("details[open]").count() == 0
    page.click("#fold")
    assert page.locator("details:not([open])").count() == 0
    page.click("#fold")
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    shown = page.locator(".iteration").evaluate_all("them => them.map((one) => one.getClientRects().length)")
    assert len(shown) == 3
    assert all(shown)
    assert page.locator("#tools").is_hidden()


CHANGES = {
    "obesity": ("parameter w_12", "-0.2", "[[0.10, -0.20, 0.10]", "[[0.10, 0.37, 0.10]", "0.37"),
    "logistic-neuron": ("parameter v_2", "2", "v_2 = 2", "v_2 = -1.25", "-1.25"),
    "softmax-mlp": ("parameter W_1[0][1]", "-0.2", "[0.1, -0.2, 0.3]", "[0.1, 0.9, 0.3]", "0.9"),
}
"""For each page: a field, what stands in it, and the same change in the spec."""


@pytest.mark.parametrize(("name", "command"), PAGES)
def test_after_a_change_the_page_reads_as_that_of_the_changed_spec(
    name: str, command: str, visit: Visit, tmp_path: Path
) -> None:
    field, before, old, new, typed = CHANGES[name]
    page = opened(visit, page_of(name, command, tmp_path, "--digits", "12"))
    page.click("#live-button")
    box = page.locator(f'[data-input="{field}"]')
    assert box.input_value() == before
    box.fill(typed)
    changed = dict(page.evaluate(NUMBERS))
    equations = page.evaluate(UPDATES)

    spec = example(name).spec.read_text(encoding="utf-8")
    assert old in spec
    other = tmp_path / "changed.toml"
    other.write_text(spec.replace(old, new), encoding="utf-8")
    path = tmp_path / "changed.html"
    path.write_text(printed(command, str(other), "--format", "html", "--digits", "12"), encoding="utf-8")
    page = opened(visit, path)
    expected = dict(page.evaluate(NUMBERS))
    assert set(changed) == set(expected)
    for slot, digits in expected.items():
        assert float(changed[slot]) == pytest.approx(float(digits), rel=1e-9, abs=1e-15), slot
    written = page.evaluate(UPDATES)
    assert [shape(one) for one in equations] == [shape(one) for one in written]
    assert visit.errors == []


def shape(words: str) -> str:
    """A line without its digits."""
    return re.sub(r"[\d.]+", "#", re.sub(r"\s+", "", words))


def test_a_change_is_taken_back(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.click("#live-button")
    rate = page.locator('[data-input="training eta"]')
    rate.fill("2.5")
    assert page.is_visible("#changed")
    changed = dict(page.evaluate(NUMBERS))
    assert changed["state 3|w_11"] != "0.100092"
    page.click("#reset")
    assert page.is_hidden("#changed")
    assert rate.input_value() == "0.5"
    again = dict(page.evaluate(NUMBERS))
    page.reload()
    assert again == dict(page.evaluate(NUMBERS))


def test_an_argument_of_an_activation_can_be_set_by_hand(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.click("#live-button")
    page.locator('[data-input="argument z_1"]').fill("0")
    numbers = dict(page.evaluate(NUMBERS))
    assert numbers["pass 1.0|z_1"] == "0"
    assert numbers["pass 1.0|a_1"] == "0.500000"  # σ(0)
    page.locator('[data-input="argument z_1"]').fill("")
    assert dict(page.evaluate(NUMBERS))["pass 1.0|z_1"] == "0.023340"


@pytest.mark.parametrize("typed", ["x", "1e999", "", "--1"])
def test_what_is_no_number_changes_nothing(typed: str, visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.click("#live-button")
    before = page.evaluate(NUMBERS)
    box = page.locator('[data-input="parameter w_11"]')
    box.fill(typed)
    assert page.evaluate(NUMBERS) == before
    assert box.get_attribute("aria-invalid") == "true"
    assert visit.errors == []


def test_on_a_phone_the_live_sheet_can_be_closed(visit: Visit, tmp_path: Path) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.click("#live-button")
    page.evaluate("() => document.querySelector('#live').scrollTo(0, 1e6)")
    button = page.get_by_role("button", name="Close", exact=True)
    box = button.bounding_box()
    assert 0 <= box["y"] <= 30
    assert box["x"] + box["width"] <= 390
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "obesity-390-live.png")
    button.click()
    assert page.is_hidden("#live")
    assert page.get_attribute("#live-button", "aria-expanded") == "false"
    assert page.evaluate("() => document.activeElement.id") == "live-button"


def test_below_a_field_stands_what_the_page_keeps(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.click("#live-button")
    box = page.locator('[data-input="parameter w_12"]')
    plain = box.evaluate("one => getComputedStyle(one).borderTopStyle")
    box.fill("0.75")
    box.fill("0.75x")
    message = page.locator(f"#{box.get_attribute('aria-describedby')}")
    assert message.inner_text() == "Not a number: the page keeps 0.75."
    assert box.evaluate("one => getComputedStyle(one).borderTopStyle") != plain
    box.fill("3/4")
    assert page.locator(".wrong").count() == 0
    assert box.get_attribute("aria-describedby") is None
    assert box.get_attribute("aria-invalid") == "false"
    page.locator('[data-input="argument z_1"]').fill("x")
    assert page.inner_text(".wrong") == "Not a number: the page computes it."
    page.click("#reset")
    assert page.locator(".wrong").count() == 0
    assert visit.errors == []


def test_a_fraction_may_stand_in_an_update(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    page.click("#live-button")
    page.locator('[data-input="training eta"]').fill("1/3")
    assert "1/3" in page.locator(".eq.update").first.text_content()
    assert visit.errors == []


NAMES = """() => [...document.querySelectorAll("#live label")].map((label) => ({
    name: label.textContent,
    isSet: label.querySelector("span > math") !== null,
    lines: label.querySelector("span").getClientRects().length,
    height: label.getBoundingClientRect().height,
}))"""


@pytest.mark.parametrize(
    ("name", "command", "expected"),
    [
        ("obesity", "train", {"η", "w12", "z1", "x1"}),
        ("softmax-mlp", "derive", {"W1,12", "x3", "h1,1"}),
        ("conv-net", "derive", {"C1111", "K2122"}),
    ],
)
@pytest.mark.parametrize("width_and_height", SIZES, ids=lambda size: str(size[0]))
def test_every_field_has_its_name_in_mathematics(
    name: str,
    command: str,
    expected: set[str],
    width_and_height: tuple[int, int],
    visit: Visit,
    tmp_path: Path,
) -> None:
    width, height = width_and_height
    visit.page.set_viewport_size({"width": width, "height": height})
    page = opened(visit, page_of(name, command, tmp_path))
    page.click("#live-button")
    found = page.evaluate(NAMES)
    assert expected <= {one["name"] for one in found}
    assert all(one["isSet"] and one["height"] < 45 for one in found)
    places = page.locator("#live input").evaluate_all(
        "them => [...new Set(them.map((one) => Math.round(one.getBoundingClientRect().left)))]"
    )
    assert len(places) <= 4
    sheet = page.locator("#live")
    assert sheet.evaluate("one => one.scrollWidth <= one.clientWidth")


NAMED_LIKE_A_PROTOTYPE = """
[network]
inputs = ["constructor"]
targets = ["target_of_a_long_name"]
notation = "matrix"
[[network.layers]]
units = 1
activation = "identity"
weight = [[3]]
bias = [0]
[loss]
name = "mse"
[training]
learning_rate = 0.1
batch_size = 2
steps = 1
[data]
columns = ["constructor", "target_of_a_long_name"]
rows = [[1, 2], [3, 4]]
"""


def test_a_column_that_is_called_like_a_prototype_s_property_has_its_name(
    visit: Visit, tmp_path: Path
) -> None:
    spec = tmp_path / "named.toml"
    spec.write_text(NAMED_LIKE_A_PROTOTYPE, encoding="utf-8")
    path = tmp_path / "named.html"
    path.write_text(printed("train", str(spec), "--format", "html"), encoding="utf-8")
    page = opened(visit, path)
    page.click("#live-button")
    found = page.evaluate(NAMES)
    assert all(one["isSet"] for one in found)
    assert "constructor" in {one["name"] for one in found}
    assert page.locator("#live").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert visit.errors == []


def test_what_is_not_finite_is_named_in_mathematics(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("logistic-neuron", "derive", tmp_path))
    page.click("#live-button")
    page.locator('[data-input="parameter v_0"]').fill("-1e308")
    page.locator('[data-input="input x_0"]').fill("1e308")
    assert page.locator("#infinite math").count() == 1
    assert page.inner_text("#infinite").endswith(
        "is not a finite number: the page shows the numbers before this change."
    )


def test_the_live_sheet_says_when_a_number_is_not_finite(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("logistic-neuron", "derive", tmp_path))
    page.click("#live-button")
    page.locator('[data-input="parameter v_0"]').fill("-1e308")
    page.locator('[data-input="input x_0"]').fill("1e308")
    assert page.is_visible("#infinite")
    page.click("#reset")
    assert page.is_hidden("#infinite")
    assert visit.errors == []


HOSTILE = """
title = '<script>document.title="run"</script> \\\\input{/etc/passwd} \\\\write18{id} "quotes" \u202ertl'

[graph]
equations = "f = x*y"

[parameters]
x = 2
y = 3
"""


def test_a_hostile_title_is_words_on_the_page(visit: Visit, tmp_path: Path) -> None:
    spec = tmp_path / "hostile.toml"
    spec.write_text(HOSTILE, encoding="utf-8")
    path = tmp_path / "hostile.html"
    path.write_text(printed("derive", str(spec), "--format", "html"), encoding="utf-8")
    page = opened(visit, path)
    assert page.title() != "run"
    assert "<script>" in page.inner_text("h1")
    assert "\u202e" not in page.content()
    assert visit.errors == []


def test_a_page_lets_nothing_foreign_run(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("logistic-neuron", "derive", tmp_path))
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.foreign = true";
            document.body.append(script);
            const image = document.createElement("img");
            image.src = "https://example.invalid/x.png";
            document.body.append(image);
        }"""
    )
    page.wait_for_timeout(100)
    assert page.evaluate("() => window.foreign") is None
    assert any("Content Security Policy" in error for error in visit.errors)


def test_headings_go_down_one_level_at_a_time_and_drawings_have_a_text(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, page_of("obesity", "train", tmp_path))
    levels = page.locator("h1, h2, h3, h4").evaluate_all("them => them.map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    told = """them => them.map((one) =>
        one.getAttribute("role") === "img" && one.querySelector("title")?.textContent)"""
    assert all(page.locator("svg").evaluate_all(told))
    named = "them => them.map((one) => one.textContent.trim() || one.ariaLabel || one.labels?.length)"
    assert all(page.locator("button, input").evaluate_all(named))
