"""The file: one, complete in itself, and small enough."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import numpy as np
import pytest

from scratchnet import layers
from scratchnet.architectures import cnn
from scratchnet.errors import ScratchnetError
from scratchnet.explorer import Picture, make_page, page
from scratchnet.models import Model
from tests.explorer import networks


def page_of(model: Model, title: str = "a title", count: int = 3) -> str:
    batch = networks.pictures(count)
    x = np.divide(np.stack([one.pixels for one in batch]), 255, dtype=np.float32)
    x = x.reshape(len(x), *(n for n in model.inputs[0].shape[1:] if n is not None))
    return make_page(model, batch, x, networks.CLASSES, title, 255).decode()


def test_the_policy_allows_the_two_inline_texts_and_nothing_else() -> None:
    html = page_of(networks.trained("functions"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]
    for tag in ("style", "script"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        assert text is not None
        digest = base64.b64encode(hashlib.sha256(text[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]


def test_nothing_in_the_page_is_fetched() -> None:
    html = page_of(networks.trained("functions"))
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?!data:|\$)[a-z./]""", html[: html.index("<script type")])
    assert "@import" not in html
    assert not re.findall(r"url\((?!data:)", html)


def test_a_name_cannot_leave_its_place_in_the_page() -> None:
    html = page_of(networks.trained("functions"), title="</script><b>&")
    assert html.count("</script>") == 2
    assert "<title>&lt;/script&gt;&lt;b&gt;&amp; ·" in html
    data = re.search(r'id="contents">(.*?)</script>', html, re.DOTALL)
    assert data is not None
    assert json.loads(data[1])["title"] == "</script><b>&"


def test_the_page_of_the_notebooks_cnn_has_at_most_6_mb() -> None:
    model = cnn()
    model.compile("adam", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).random((8, 28, 28, 1), np.float32)
    model.train_on_batch(x, np.arange(8))
    pixels = (x[..., 0] * 255).astype(np.uint8)
    batch = [Picture(f"test:{n}", pixels[n], n) for n in range(8)]
    size = len(make_page(model, batch, x, [str(k) for k in range(10)], "cnn", 255))
    assert 4.5e6 < size < 6e6


def test_a_network_with_too_many_parameters_is_refused_with_its_size() -> None:
    inputs = layers.Input(shape=(9, 9))
    x = layers.Dense(50_000)(layers.Flatten()(inputs))
    model = Model(inputs, layers.Dense(4, activation="softmax")(x))
    with pytest.raises(ScratchnetError, match=r"got one of 4,300,004, whose page would have about 69 MB: .* smaller"):
        page_of(model)


def test_a_step_of_too_many_numbers_is_refused_with_how_many_images_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MOST_NUMBERS", 2_000)
    with pytest.raises(ScratchnetError, match=r"for 3 images: name at most 2\."):
        page_of(networks.trained("functions"))
