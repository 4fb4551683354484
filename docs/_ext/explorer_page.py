"""The explorer, embedded: the page of a network that is trained for a moment while the site is built."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
TRAIN = ("train", "cnn", "--mini", "--epochs", "3", "--output", "run")
EXPLORE = ("explore", "run", "--mini", "--output", "cnn.html")
log = logging.getLogger(__name__)


def make(app: Sphinx) -> None:
    """Train the CNN and write its page, unless an earlier build has."""
    home = Path(app.outdir) / "explore"
    if (home / "cnn.html").exists():
        return
    log.info("training a network for the explorer ...")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for command in (TRAIN, EXPLORE):
            _scratchnet(command, folder)
        run = json.loads(Path(folder, "run", "run.json").read_text(encoding="utf-8"))
        (home / "run.json").write_text(json.dumps(run), encoding="utf-8")
        shutil.copyfile(Path(folder, "cnn.html"), home / "cnn.html")


def _scratchnet(arguments: tuple[str, ...], folder: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "scratchnet", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"scratchnet {' '.join(arguments)} failed: {done.stderr}")


class Explorer(SphinxDirective):
    """``{explorer}``: which run the page shows, and the page."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return a sentence and a frame."""
        run = json.loads((Path(self.env.app.outdir) / "explore" / "run.json").read_text(encoding="utf-8"))
        told = (
            ", three passes through the 5,000 images that come with scratchnet. It knows "
            f"{_accuracy(run):.1%} of the subset's 1,000 test images; trained on all of Fashion-MNIST it would know "
            "more. The page is the one that "
        )
        sentence = nodes.paragraph("", "This network was trained while the site was built, by ")
        sentence += [nodes.literal(text=" ".join(("scratchnet", *TRAIN[:5]))), nodes.Text(told)]
        sentence += [nodes.literal(text="scratchnet explore RUN"), nodes.Text(" writes of any run of yours. ")]
        link = '<a class="reference internal" href="explore/cnn.html">Open it by itself</a>'
        sentence += [nodes.raw("", link, format="html"), nodes.Text(", which suits a narrow window better.")]
        frame = '<iframe class="explorer" src="explore/cnn.html" title="One training step, number by number"></iframe>'
        return [sentence, nodes.raw("", frame, format="html")]


def _accuracy(run: dict[str, Any]) -> float:
    return float(run["test_accuracy"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the page before the documents are read, which tell of it."""
    app.connect("builder-inited", make)
    app.add_directive("explorer", Explorer)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
