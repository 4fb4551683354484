"""The file: data, script and style in one, with nothing to fetch, and a policy that forbids the browser to try."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from scratchnet.errors import ScratchnetError
from scratchnet.explorer.contents import Picture, contents
from scratchnet.explorer.operations import size_of
from scratchnet.models import Model
from scratchnet.typing import Array

MOST_PARAMETERS = 4_000_000
MOST_NUMBERS = 40_000_000
_BYTES_A_PARAMETER = 16  # itself and two of the optimizer's, four bytes each, in base64

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="scratchnet explore">
<title>{title} · scratchnet explorer</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main id="explorer"><p class="loading">Computing a training step …</p>
<noscript>This page computes a training step in the browser: it needs JavaScript, and nothing else.</noscript></main>
<script type="application/json" id="contents">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def make_page(
    model: Model, pictures: Sequence[Picture], x: Array, classes: Sequence[str], title: str, scale: float
) -> bytes:
    """Return the explorer of a network as an HTML file, UTF-8.

    Args:
        model: a compiled classifier with one input and one output; it is not changed.
        pictures: 1 to 8 images, the batch of the step that the page opens.
        x: the same as the model takes them, (N, …) of its dtype.
        classes: what the classes are called.
        title: what the network is called.
        scale: what a pixel of 0…255 is divided by to become a number of ``x``.

    Raises:
        ScratchnetError: if the network is too large for a page, its loss is no finite number, or it is trained by a
            loss that the page has not.
    """
    _check_size(model, len(pictures))
    assets = files("scratchnet.explorer") / "assets"
    script, style = ((assets / f"explorer.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    data = _in_a_script(contents(model, pictures, x, classes, title, scale))
    policy = f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data: blob:"
    policy += "; base-uri 'none'; form-action 'none'"
    page = _PAGE.format(policy=policy, title=html.escape(title), style=style, data=data, script=script)
    return page.encode()


def _check_size(model: Model, images: int) -> None:
    """Refuse a network whose page no browser would open in reasonable time, and say what to do."""
    parameters = model.count_params()
    if parameters > MOST_PARAMETERS:
        raise ScratchnetError(
            f"Expected a network of at most {MOST_PARAMETERS:,} parameters, got one of {parameters:,}, whose page "
            f"would have about {parameters * _BYTES_A_PARAMETER / 1e6:,.0f} MB: explore a smaller network of the kind."
        )
    numbers = 4 * sum(size_of(tensor) for tensor in model.graph.flat.tensors)  # value and slope, before and behind f
    if numbers * images > MOST_NUMBERS:
        fitting = MOST_NUMBERS // numbers
        advice = f"name at most {fitting}" if fitting else "explore a smaller network of the kind"
        raise ScratchnetError(
            f"Expected a step of at most {MOST_NUMBERS:,} numbers, got one of about {numbers * images:,} for "
            f"{images} {'image' if images == 1 else 'images'}: {advice}."
        )


def _in_a_script(data: dict[str, Any]) -> str:
    """Return JSON that may stand in a script element: nothing in it can end that."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
