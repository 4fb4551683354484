"""The page in a browser that has no network: it checks itself, and its numbers open, by mouse and by keyboard."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scratchnet.cli import samples
from scratchnet.datasets import fashion_mnist
from scratchnet.explorer.reference import Reference
from scratchnet.images import prepare
from scratchnet.saving import load_model
from scratchnet.typing import Array
from tests import axe
from tests.images.scenes import SCENES

CLICKED = {
    "cnn": {
        "Values": "input_layer:y Conv_1:y max_pooling2d:y Conv_2:y max_pooling2d_1:y flatten:y dense:y dense_1:y",
        "Gradients": "Conv_1:dkernel Conv_2:dkernel dense:dkernel dense_1:dkernel dense_1:dbias Conv_1:dy "
        "max_pooling2d:dy input_layer:dy",
        "Step": "Conv_2:new.kernel dense_1:new.bias",
    },
    "mlp": {
        "Values": "input_layer:y flatten:y Hidden:y Output:y",
        "Gradients": "Hidden:dkernel Output:dkernel Hidden:dbias Hidden:dy",
        "Step": "Hidden:new.kernel Output:new.kernel",
    },
}


@cache
def by_python(folder: Path) -> dict[str, Array]:
    """What the NumPy definitions in float64 compute of the same step."""
    model = load_model(folder / "model.safetensors")
    _, (images, labels) = fashion_mnist.load_data(subset="mini")
    x = samples.as_input(model, images[:8])
    return Reference(model).step(x, labels[:8]).tensors


def wait_for(page: Any, tensor: str) -> None:
    page.wait_for_selector(f'[data-tensor="{tensor}"][aria-pressed=true]')


def a_number_in(tensor: Array, name: str) -> tuple[int, int]:
    """Return which number to click, the largest of those that are seen at first, and its channel."""
    if name.endswith((":y", ":dy")):
        own = np.abs(tensor[0]) if tensor.ndim > 2 else np.abs(tensor[0, :448])
        index = int(own.argmax())
        return index, int(np.unravel_index(index, own.shape)[-1]) if own.ndim == 3 else 0
    flat = tensor.reshape(-1, tensor.shape[-1])
    seen = np.abs(flat[:20, :20])
    row, column = np.unravel_index(int(seen.argmax()), seen.shape)
    return int(row * flat.shape[1] + column), 0


@pytest.mark.parametrize("network", CLICKED)
def test_the_page_asks_for_nothing_and_agrees_with_python(opened: Any, network: str) -> None:
    page, requests, messages = opened(network)
    assert len(requests) == 1
    assert requests[0].startswith("file:")
    assert messages == []
    verdict = page.locator("#check")
    assert "numbers recomputed here; the samples agree to 1e-12" in verdict.inner_text()
    assert "wrong" not in verdict.get_attribute("class")


@pytest.mark.parametrize("network", CLICKED)
def test_numbers_that_are_clicked_open_into_the_sum_that_python_computes(
    opened: Any, network: str, runs: dict[str, Path]
) -> None:
    page, requests, messages = opened(network)
    expected = by_python(runs[network])
    clicked = 0
    for show, names in CLICKED[network].items():
        page.get_by_role("button", name=show, exact=True).click()
        for name in names.split():
            page.locator(f'[data-tensor="{name}"]').first.click()
            wait_for(page, name)
            index, channel = a_number_in(expected[name], name)
            if channel:
                page.get_by_role("slider", name="channel").fill(str(channel))
            page.locator(f'.grid button[data-index="{index}"]').click()
            number = page.locator(".card .number")
            number.wait_for()
            value = expected[name].ravel()[index]
            largest = np.abs(expected[name]).max()
            for what in ("data-result", "data-value"):
                assert float(number.get_attribute(what)) == pytest.approx(value, rel=1e-9, abs=1e-13 * largest), name
            clicked += 1
    assert clicked >= 10
    assert (len(requests), messages) == (1, [])


def test_the_shown_terms_of_a_sum_come_to_its_total(opened: Any, runs: dict[str, Path]) -> None:
    page, _, _ = opened("cnn", "#t=Conv_2:dkernel&at=0,1,3,5")

    def numbers(selector: str) -> list[float]:
        return [float(text.replace("−", "-")) for text in page.locator(selector).all_inner_texts()]

    terms = numbers(".sum tr:not(.total) .value")
    assert len(terms) == 13
    (total,) = numbers(".sum .total .value")
    assert sum(terms) == pytest.approx(total, abs=13 * 1e-3 * max(map(abs, terms)))
    assert total == pytest.approx(by_python(runs["cnn"])["Conv_2:dkernel"][0, 1, 3, 5], rel=2e-3)


def test_the_source_beside_it_shows_the_numbered_line(opened: Any) -> None:
    page, _, _ = opened("cnn", "#t=Conv_2:dkernel&at=0,1,3,5")
    assert "conv2d.py" in page.locator(".code .facts").inner_text()
    (line,) = page.locator(".code .hit:not(.soft)").all_inner_texts()
    assert "self._cols.mT @ dz_groups)  # (4)" in line


def test_by_keyboard_alone_one_gets_from_a_number_to_its_factor_and_back(opened: Any, runs: dict[str, Path]) -> None:
    page, _, _ = opened("cnn")
    keys = page.keyboard

    def tab_to(selector: str) -> None:
        for _ in range(60):
            keys.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never gets to {selector}")

    tab_to(".network button")
    keys.press("Home")
    for _ in range(20):
        if page.evaluate("document.activeElement.dataset.tensor") == "Conv_2:z":
            break
        keys.press("ArrowRight")
    keys.press("Enter")
    wait_for(page, "Conv_2:z")
    tab_to(".grid button")
    for key in ("Control+Home", "ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        keys.press(key)
    page.wait_for_selector(".card .number")
    (channel,) = re.findall(r"channel=(\d+)", page.url)  # as it was: from tensor to tensor it stays
    title = f"Conv_2 z[0, 1, 2, {channel}]"
    assert page.locator("#card-title").inner_text() == title
    assert page.evaluate("document.activeElement.id") == "card-title"
    z = float(page.locator(".card .number").get_attribute("data-result"))
    expected = by_python(runs["cnn"])["Conv_2:y"][0, 1, 2, int(channel)]
    assert max(z, 0) == pytest.approx(expected, rel=1e-9, abs=1e-13)
    before = page.url
    tab_to(".sum a")
    keys.press("Enter")
    page.wait_for_function("before => location.href !== before", arg=before)
    after = page.url
    assert page.locator("#card-title").inner_text() != title
    keys.press("Backspace")
    page.wait_for_function("before => location.href === before", arg=before)
    assert page.locator("#card-title").inner_text() == title
    keys.press("Shift+Backspace")
    page.wait_for_function("after => location.href === after", arg=after)


def test_a_link_brings_one_back_to_the_same_place(opened: Any) -> None:
    page, _, _ = opened("cnn", "#t=max_pooling2d:dy&at=3,4,5,6&image=3&channel=6")
    title, number = page.locator("#card-title").inner_text(), page.locator(".card .number").inner_text()
    assert title == "max_pooling2d dy[3, 4, 5, 6]"
    opened("cnn", "#" + page.url.split("#")[1])
    assert page.locator("#card-title").inner_text() == title
    assert page.locator(".card .number").inner_text() == number
    assert page.locator(".image[aria-pressed=true]").get_attribute("aria-label").startswith("test:3")


def test_a_link_to_another_network_is_told_of(opened: Any) -> None:
    page, _, messages = opened("cnn", "#t=Hidden:y&at=0,99999")
    assert "no tensor Hidden:y" in page.get_by_role("alert").inner_text()
    assert messages == []


def test_a_step_moves_what_it_says_and_back_undoes_it(opened: Any) -> None:
    page, _, _ = opened("cnn", "#t=dense_1:new.bias&at=2")
    status = page.locator(".panel [role=status]")
    before, promised = status.inner_text(), page.locator(".card .number").inner_text()
    page.get_by_role("button", name="One step").click()
    assert "after 1 step" in status.inner_text()
    assert "−" in status.inner_text()  # the loss has become smaller
    page.evaluate("location.hash = '#t=dense_1:bias&at=2'")
    page.wait_for_function("document.getElementById('card-title').textContent === 'dense_1 bias[2]'")
    assert page.locator(".card .number").inner_text() == promised
    assert "The step moved it by" in page.locator(".moved").inner_text()
    page.get_by_role("button", name="← Back").click()
    assert status.inner_text() == before


def test_what_a_step_has_changed_is_seen_and_gone_when_the_step_is_taken_back(opened: Any) -> None:
    page, _, messages = opened("cnn", "#t=Conv_1:kernel&at=0,1,0,3")
    change = page.get_by_role("button", name="Change", exact=True)
    assert change.is_disabled()
    was = float(page.locator(".card .number").get_attribute("data-value"))
    page.get_by_role("button", name="One step").click()
    page.locator(".moved a").click()
    page.wait_for_function("document.getElementById('card-title').textContent === 'Conv_1 Δkernel[0, 1, 0, 3]'")
    moved = float(page.locator(".card .number").get_attribute("data-value"))
    assert change.get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Values", exact=True).click()
    page.wait_for_function("document.getElementById('card-title').textContent === 'Conv_1 kernel[0, 1, 0, 3]'")
    assert float(page.locator(".card .number").get_attribute("data-value")) - was == moved != 0
    change.click()
    page.wait_for_function("document.getElementById('card-title').textContent === 'Conv_1 Δkernel[0, 1, 0, 3]'")
    assert page.locator('[data-tensor="Conv_2:moved.y"]').count() == 1
    page.get_by_role("button", name="← Back").click()
    assert change.is_disabled()
    assert page.locator("#card-title").inner_text() == "Conv_1 kernel[0, 1, 0, 3]"
    page.evaluate("location.hash = '#t=Conv_1:moved.kernel&at=0,1,0,3'")
    page.get_by_text("Nothing has moved yet: take one step first.").wait_for()
    assert messages == []


@pytest.mark.parametrize("sandbox", ["", ' sandbox="allow-scripts"'])
def test_it_works_in_a_frame_of_another_page(browser: Any, runs: dict[str, Path], tmp_path: Path, sandbox: str) -> None:
    around, own = tmp_path / "around.html", (runs["mlp"] / "explorer.html").as_uri()
    frame = f'<iframe title="e" width="900" height="700" src="{own}"{sandbox}></iframe>'
    around.write_text(f"<!doctype html><title>t</title>{frame}", encoding="utf-8")
    page = browser.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(around.as_uri())
    inside = page.frame_locator("iframe")
    assert "agree to 1e-12" in inside.locator("#check").inner_text()
    inside.get_by_role("button", name="Gradients", exact=True).click()
    inside.locator('[data-tensor="Output:dkernel"]').click()
    inside.locator(".grid button").first.click()
    assert inside.locator("#card-title").inner_text() == "Output dkernel[0, 0]"
    inside.locator(".sum a").first.click()
    inside.locator("#card-title", has_text="Output dkernel").wait_for(state="detached")
    inside.get_by_role("button", name="Back", exact=True).click()
    inside.locator("#card-title", has_text="Output dkernel[0, 0]").wait_for()
    assert messages == []
    page.close()


def test_a_page_around_it_stays_where_it_is_and_keeps_the_focus(
    browser: Any, runs: dict[str, Path], tmp_path: Path
) -> None:
    around, own = tmp_path / "around.html", (runs["cnn"] / "explorer.html").as_uri()
    text = f'<p style="height: 3000px"></p><iframe width="800" height="700" src="{own}"></iframe>'
    around.write_text(f"<!doctype html><title>t</title><input autofocus>{text}", encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(around.as_uri())
    frame = page.frames[1]
    frame.wait_for_selector("html[data-ready]")
    assert frame.evaluate("scrollY") == page.evaluate("scrollY") == 0
    assert page.evaluate("document.activeElement.localName") == "input"
    page.evaluate("scrollTo(0, 2700)")
    there = page.evaluate("scrollY")
    frame.evaluate("location.hash = '#t=dense:y&at=0,5'")  # far along the row of tensors, which scrolls to it
    frame.wait_for_selector('[data-tensor="dense:y"][aria-pressed=true]')
    assert frame.evaluate("document.querySelector('.network').scrollLeft") > 0
    assert page.evaluate("scrollY") == there
    page.close()


def test_one_image_alone_is_a_batch_of_its_own(opened: Any) -> None:
    page, _, _ = opened("mlp", "#t=Output:dz&at=5,3&image=5")
    whole = float(page.locator(".card .number").get_attribute("data-value"))
    page.get_by_role("button", name="this one alone").click()
    page.wait_for_function("document.getElementById('card-title').textContent === 'Output dz[0, 3]'")
    alone = float(page.locator(".card .number").get_attribute("data-value"))
    assert alone == pytest.approx(8 * whole, rel=1e-12)


def test_one_can_draw_an_image_by_keyboard(opened: Any) -> None:
    page, _, messages = opened("cnn")
    page.get_by_role("button", name="Draw one").click()
    page.get_by_role("button", name="Use it").click()
    assert "Nothing is drawn yet" in page.get_by_role("dialog").inner_text()
    page.locator("canvas.drawing").focus()
    for key in ["Space", *["ArrowDown"] * 8, *["ArrowRight"] * 8]:
        page.keyboard.press(key)
    page.get_by_role("button", name="Use it").click()
    page.wait_for_selector(".image[aria-label^='your drawing'][aria-pressed=true]")
    assert "label assumed" in page.locator(".says").inner_text()
    assert messages == []


def load(page: Any, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load one").click()
    chooser.value.set_files(file)


def test_a_file_that_is_no_image_is_told_of(opened: Any, tmp_path: Path) -> None:
    page, requests, messages = opened("cnn")
    text, empty = tmp_path / "notes.png", tmp_path / "empty.png"
    text.write_text("no image", encoding="utf-8")
    Image.fromarray(np.full((120, 90), 200, np.uint8)).save(empty)
    load(page, text)
    page.get_by_text("notes.png is not an image that this browser can read").wait_for()
    load(page, empty)
    page.get_by_text("empty.png shows nothing that stands out from its background").wait_for()
    assert (len(requests), messages) == (1, [])


@pytest.mark.parametrize("scene", ["screenshot", "small_shoe_with_shadow"])
def test_an_image_that_is_loaded_is_prepared_as_python_does_it(opened: Any, tmp_path: Path, scene: str) -> None:
    page, requests, _ = opened("mlp")
    clothes = fashion_mnist.load_data(subset="mini")[1][0]
    file = tmp_path / "photo.png"
    SCENES[scene](clothes[6], np.random.default_rng(0)).save(file)
    photo = prepare(file)
    load(page, file)
    page.wait_for_selector(".image[aria-label^='photo.png'][aria-pressed=true]")
    said = page.locator(".says").inner_text()
    assert f"{', '.join(photo.steps)}{'; unsure, because ' if photo.doubts else ''}" in said
    assert all(doubt in said for doubt in photo.doubts)
    for row, column in ((14, 4), (14, 14), (18, 22), (12, 9), (20, 27)):
        page.evaluate(f"location.hash = '#t=input_layer:y&at=0,{row},{column}&image=8&batch=one'")
        title = f"input_layer y[0, {row}, {column}]"
        page.wait_for_function("title => document.getElementById('card-title').textContent === title", arg=title)
        value = float(page.locator(".card .number").get_attribute("data-value"))
        assert value == float(np.float32(photo.pixels[row, column]) / np.float32(255))  # as the model takes it
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("place", "options"),
    [
        ("", {}),
        ("#t=Conv_2:dkernel&at=1,0,5,7", {"color_scheme": "dark"}),
        ("#t=Conv_1:dy&at=0,10,10,3", {"width": 390, "height": 844}),
        ("#t=dense_1:new.kernel&at=0,3", {"width": 390, "height": 844, "color_scheme": "dark"}),
        ("#t=dense_1:dz&at=0,9", {"width": 1280}),
        ("#t=Conv_2:dy&at=0,9,3,5&channel=5", {"width": 1680}),
    ],
)
def test_nothing_serious_stands_in_anybodys_way(opened: Any, place: str, options: dict[str, Any]) -> None:
    axe.skip_without_axe()
    page, _, _ = opened("cnn", place, **options)
    assert axe.faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    fits = "grids => grids.every(grid => grid.scrollWidth <= grid.parentElement.clientWidth)"
    assert page.locator(".grid.digits").evaluate_all(fits)


def test_a_page_whose_numbers_are_wrong_turns_red(runs: dict[str, Path], browser: Any, tmp_path: Path) -> None:
    html = (runs["mlp"] / "explorer.html").read_text(encoding="utf-8")
    spoilt = tmp_path / "spoilt.html"
    at = html.index('"loss":', html.index('"check":')) + len('"loss":')
    spoilt.write_text(html[:at] + "9" + html[at:], encoding="utf-8")
    page = browser.new_page()
    page.goto(spoilt.as_uri())
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#check.wrong").inner_text().startswith("✗ The numbers recomputed here differ from Python's")
    page.close()
