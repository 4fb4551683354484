"""``%%exercise`` in a notebook: the same file, the report, and a picture of where it is wrong."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest

from scratchnet.learn.catalogue import EXERCISES
from scratchnet.learn.folder import start
from scratchnet.learn.picture import draw
from scratchnet.learn.report import Difference

MEAN = "def dkernel(x, dz):\n    return x.T @ dz / len(x)\n"


@pytest.mark.filterwarnings("ignore")
def test_a_notebook_from_stub_to_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    folder, _ = start(tmp_path / "mine")
    cells = [
        "%load_ext scratchnet.learn",
        "%exercise dense-dw",
        f"%%exercise dense-dw\n{MEAN}",
        f"%%exercise dense-dw\n{EXERCISES['dense-dw'].solution}",
        "%%exercise dense-wd\n1",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [cell["outputs"] for cell in notebook.cells]
    text = ["".join(output.get("text", "") for output in each) for each in outputs]
    assert "you divided by N here too" in text[2]
    assert any("image/png" in output.get("data", {}) for output in outputs[2])
    assert "dense-dw: passed" in text[3]
    assert "did you mean 'dense-dw'" in text[4]
    assert folder.file("dense-dw").read_text(encoding="utf-8").strip() == EXERCISES["dense-dw"].solution.strip()
    assert start(folder.path)[0].progress.passed("dense-dw")


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4, 5)])
def test_a_picture_of_any_shape(shape: tuple[int, ...]) -> None:
    yours = np.arange(np.prod(shape), dtype=float).reshape(shape)
    yours.flat[0] = np.nan
    figure = draw(Difference("dx", yours, 0 * yours, yours != 0, "the difference quotient"))
    assert [axes.get_title() for axes in figure.axes] == ["your dx", "the difference quotient", "wrong entries"]
