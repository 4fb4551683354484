"""What a notebook keeps of a training: few outputs, however long it runs, and objects that show themselves."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from scratchnet import Input, Model, Sequential
from scratchnet.layers import Add, Dense
from scratchnet.utils import screen
from scratchnet.utils.screen import NotebookScreen

CELLS = {
    "fit": """
import numpy as np
import scratchnet as sn
from scratchnet import callbacks
sn.config.set_backend("numpy")
rng = np.random.default_rng(0)
x, y = rng.normal(size=(4000, 20)), rng.integers(0, 2, (4000, 1)).astype(float)
model = sn.Sequential([sn.Input((20,)), sn.layers.Dense(16, "relu"), sn.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", ["accuracy"])
stop = callbacks.EarlyStopping("loss", restore_best_weights=True, verbose=1)
history = model.fit(x, y, epochs=3, batch_size=4, validation_split=0.2, callbacks=[stop])
""",
    "long": "_ = model.fit(x[:64], y[:64], epochs=400)",
    "evaluate": "_ = model.evaluate(x, y)\n_ = model.predict(x)",
    "captured": """
import contextlib, io
text = io.StringIO()
with contextlib.redirect_stdout(text):
    model.evaluate(x, y)
print("\\r" in text.getvalue())
""",
    "stopped": """
class Interrupts(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 3:
            raise KeyError("on purpose")

try:
    model.fit(x, y, callbacks=[Interrupts()])
except KeyError:
    print("stopped")
""",
    "model": "model",
    "history": "history",
    "summary": "model.summary()",
    "picture": "sn.plotting.learning_curves(history)",
}


@pytest.fixture(scope="module")
def notebook() -> dict[str, list[Any]]:
    """The outputs of each cell."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS.values()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of event loops and sockets, which are none of ours
        nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    return {name: list(cell.outputs) for name, cell in zip(CELLS, book.cells)}


def texts(outputs: list[Any]) -> list[str]:
    return [output.get("text") or output["data"]["text/plain"] for output in outputs]


def test_a_training_is_one_output_with_the_lines_of_a_terminal(notebook):
    (text,) = texts(notebook["fit"])
    lines = text.splitlines()
    assert lines[:5:2] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert all(line.startswith("800/800 ━━━━━━━━━━━━━━━━━━━━ ") and " - val_loss: " in line for line in lines[1:6:2])
    assert lines[6] == "Restoring model weights from the end of the best epoch: 3."
    assert len(lines) == 7


def test_a_long_training_is_a_few_outputs_with_all_lines(notebook):
    pieces = texts(notebook["long"])
    assert len(pieces) == 3
    lines = "\n".join(pieces).splitlines()
    assert lines[::2] == [f"Epoch {epoch}/400" for epoch in range(1, 401)]
    assert all(line.startswith("2/2 ━━━━━━━━━━━━━━━━━━━━ ") for line in lines[1::2])


def test_each_pass_is_one_output(notebook):
    assert [text[:8] for text in texts(notebook["evaluate"])] == ["125/125 ", "125/125 "]


def test_what_is_caught_is_as_in_a_file(notebook):
    assert texts(notebook["captured"]) == ["False\n"]


def test_a_bar_that_ends_in_an_error_stays(notebook):
    bar, said = texts(notebook["stopped"])
    assert "/125 " in bar
    assert said == "stopped\n"


def test_a_model_and_a_history_show_themselves(notebook):
    (model,), (history,) = notebook["model"], notebook["history"]
    assert model["data"]["text/plain"] == "<Sequential name=sequential, 2 layers, 353 params>"
    assert "<td>dense (Dense)</td><td>(None, 16)</td><td>336</td>" in model["data"]["text/html"]
    assert history["data"]["text/plain"].startswith("<scratchnet.callbacks.History of 3 epochs: accuracy 0.")
    assert "<th>epoch</th><th>accuracy</th><th>loss</th><th>val_accuracy</th>" in history["data"]["text/html"]


def test_a_summary_is_one_output(notebook):
    assert len(notebook["summary"]) == 1


def test_a_picture_is_shown_by_the_notebooks_own_backend(notebook):
    assert "image/png" in notebook["picture"][0]["data"]


def test_an_output_is_replaced_a_few_times_a_second(monkeypatch):
    now, shown = [100.0], []
    monkeypatch.setattr(screen.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(NotebookScreen, "_show", lambda self: shown.append([*self._lines, self._last]))
    book = NotebookScreen()
    for step in range(1000):
        now[0] += 0.001
        book.draw(f"step {step}")
    book.write("done\n")
    book.close()
    assert len(shown) == 5
    assert shown[-1] == ["done", ""]


def test_html_of_a_model_that_waits_for_its_data():
    model = Sequential([Dense(3, name="<first>")])
    assert "Not built yet; its layers: &lt;first&gt; (Dense)" in model._repr_html_()
    assert ", not compiled" in model._repr_html_()
    assert "none yet" in Sequential()._repr_html_()


def test_html_of_a_graph_names_what_layers_are_connected_to():
    inputs = Input((4,))
    model = Model(inputs, Add()([inputs, Dense(4, name="middle")(inputs)]))
    model.compile("sgd", "mse")
    html = model._repr_html_()
    assert "middle[0][0]" in html
    assert "trained by SGD on mean_squared_error" in html
    assert "Total params: 20 (80.00 B)" in html
