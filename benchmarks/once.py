"""Two measurements that need a fresh process each: start-up and peak memory.

python -m benchmarks.once startup MODULE MODE BATCH.npz
python -m benchmarks.once memory MODULE MODE NETWORK DATA
"""

from __future__ import annotations

import importlib
import json
import sys

from benchmarks.memory import peak_bytes
from benchmarks.worker import claim_stdout, die_with_parent

_STEPS_FOR_MEMORY = 200


def main(arguments: list[str]) -> int:
    """Take the one measurement and print it as JSON; for start-up the parent has the clock."""
    what, module, mode, *rest = arguments
    answers = claim_stdout()
    die_with_parent()
    answer = startup(module, mode, *rest) if what == "startup" else memory(module, mode, *rest)
    print(json.dumps(answer), file=answers, flush=True)
    return 0


def startup(module: str, mode: str, batch: str) -> dict[str, bool]:
    """Import the framework, build the CNN and take its first training step on a batch read from a file."""
    import numpy as np

    from benchmarks.frameworks.base import StepClock

    framework = importlib.import_module(module).create(mode)
    with np.load(batch) as file:
        x, y = framework.data(file["x"], file["y"], "cnn")
    framework.fit(framework.model("cnn"), x, y, len(x), StepClock())
    return {"trained": True}


def memory(module: str, mode: str, network: str, form: str) -> dict[str, int]:
    """Load the data, call fit, and return the largest resident size of the process in bytes.

    Args:
        module, mode: the framework.
        network: "mlp" or "cnn".
        form: "float64", the notebook's ``x / 255.0``; or "uint8", the images as they are, with a Rescaling layer.
    """
    from benchmarks import data
    from benchmarks.frameworks.base import StepClock

    framework = importlib.import_module(module).create(mode)
    images = data.load()
    if form == "float64":
        images = data.as_notebook(images)
    x, y = framework.data(images.x_train, images.y_train, network)
    framework.fit(framework.model(network, rescaling=form == "uint8"), x, y, 64, StepClock(0, _STEPS_FOR_MEMORY))
    return {"bytes": peak_bytes()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
