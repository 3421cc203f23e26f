"""The page at /, as people use it: in a browser, by mouse and by keyboard, on a phone and in the dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.asking import Listening, listening_server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("there is no Chromium; with Debian: apt-get install chromium", allow_module_level=True)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1100, "height": 800}
TOKEN = "a-token-of-some-length"
PICTURES = os.environ.get("PELLUCID_SCREENSHOTS")  # a folder to look at them


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def at(run: Path) -> Iterator[Listening]:
    """A server of one model under two names."""
    with listening_server([str(run), f"second={run}"]) as found:
        yield found


@pytest.fixture
def page(browser: Any, at: Listening) -> Iterator[Any]:
    """The page, open; nothing may go wrong in it, and nothing leave this machine."""
    yield from opened(browser, at.address)


def opened(browser: Any, address: str, **wishes: Any) -> Iterator[Any]:
    """A page of a context with wishes; what went wrong is told at the end."""
    context = browser.new_context(**{"viewport": DESK} | wishes)
    found, wrong = context.new_page(), []
    ours = (address, "blob:", "data:")
    found.on("console", lambda line: wrong.append(line.text) if line.type in ("error", "warning") else None)
    found.on("pageerror", lambda fault: wrong.append(str(fault)))
    found.on("request", lambda each: None if each.url.startswith(ours) else wrong.append(each.url))
    found.goto(address)
    yield found
    context.close()
    assert [line for line in wrong if "401" not in line and "422" not in line] == []


def answered(page: Any) -> list[tuple[str, float]]:
    """The lines of the answer: names, and the widths of their bars as shares of the whole."""
    page.wait_for_selector("#bars li")
    found = page.evaluate("""() => {
        const width = (each, what) => each.querySelector(what).getBoundingClientRect().width;
        return [...document.querySelectorAll('#bars li')].map(each =>
            [each.querySelector('span').textContent, width(each, 'i') / width(each, '.rail')]);
    }""")
    return [(name, share) for name, share in found]


def faults(page: Any) -> list[str]:
    """What axe finds that keeps people out."""
    from axe_playwright_python.sync_playwright import Axe

    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in Axe().run(page).response["violations"]]


def photographed(page: Any, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def test_a_picture_that_is_dropped_is_answered(page: Any, at: Listening, pictures: list[Path]) -> None:
    content = pictures[0].read_bytes()
    page.evaluate("""bytes => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], 'seven.png', {type: 'image/png'}));
        for (const name of ['dragover', 'drop']) {
            const event = new DragEvent(name, {dataTransfer: data, bubbles: true, cancelable: true});
            document.getElementById('drop').dispatchEvent(event);
        }
    }""", list(content))
    lines = answered(page)
    version = at.service.models[None]
    pixels, size = version.read(content, "x")
    entries, _ = version.entries(pixels[None], *version.answer(pixels[None], look=True), [size], 5)
    wanted = [(each["class"], each["probability"]) for each in entries[0]["classes"]]
    assert [name for name, _ in lines] == [name for name, _ in wanted]
    assert all(abs(found - share) < 0.02 for (_, found), (_, share) in zip(lines, wanted, strict=True))
    assert page.inner_text("#of") == "seven.png" and page.inner_text("#said").startswith(wanted[0][0] + ", ")
    assert faults(page) == []
    photographed(page, "desk")


def test_by_keyboard_alone(page: Any, pictures: list[Path]) -> None:
    page.on("filechooser", lambda chooser: None)  # from now on they are caught
    page.wait_for_selector("#which:not([hidden])")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "model"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "file"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(pictures[1])
    assert len(answered(page)) == 5
    page.focus("#model")
    with page.expect_response(lambda each: "model=second" in each.url):
        page.keyboard.press("ArrowDown")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(browser: Any, at: Listening, pictures: list[Path], scheme: str) -> None:
    for page in opened(browser, at.address, viewport=PHONE, color_scheme=scheme):
        page.set_input_files("#file", pictures[2])
        answered(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert faults(page) == []
        photographed(page, f"phone-{scheme}")


def test_boxes_are_drawn_where_they_are(page: Any, pictures: list[Path]) -> None:
    answer = {"predictions": [{"image": "picture", "boxes": [{"class": "cat", "score": 0.8, "box": [2, 1, 6, 7]}]}],
              "warnings": []}  # fmt: skip
    page.route("**/predict*", lambda route: route.fulfill(json=answer))
    page.set_input_files("#file", pictures[0])
    assert answered(page)[0][0] == "cat"
    page.wait_for_selector("#drawn rect", state="attached")
    box, picture = (page.evaluate(f"(() => {{const b = document.querySelector('{which}').getBoundingClientRect(); "
                                  "return [b.left, b.top, b.right, b.bottom]})()")
                    for which in ("#drawn rect.under", "#drawn"))  # fmt: skip
    scale = (picture[2] - picture[0]) / 8
    wanted = [picture[0] + 2 * scale, picture[1] + scale, picture[0] + 6 * scale, picture[1] + 7 * scale]
    assert all(abs(found - place) < 4 for found, place in zip(box, wanted, strict=True)), (box, wanted)
    photographed(page, "boxes")


def test_what_is_no_picture_is_said(page: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    page.set_input_files("#file", tmp_path / "notes.png")
    page.wait_for_selector("#said.wrong")
    assert "not a picture" in page.inner_text("#said") and page.is_hidden("#answer")


def test_a_token_is_asked_for(browser: Any, run: Path, pictures: list[Path]) -> None:
    with listening_server([str(run)], token=TOKEN) as locked:
        for page in opened(browser, locked.address):
            page.wait_for_selector("#token")
            assert faults(page) == []
            page.fill("#token", TOKEN)
            page.keyboard.press("Enter")
            page.wait_for_selector("#locked", state="hidden")
            page.set_input_files("#file", pictures[0])
            assert len(answered(page)) == 5


def test_the_list_of_routes(browser: Any, at: Listening) -> None:
    for page in opened(browser, at.address, viewport=PHONE):
        page.click("text=All routes")
        page.wait_for_selector("table")
        assert "POST /predict" in page.inner_text("table") and faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        photographed(page, "routes")
