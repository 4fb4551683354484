"""``scratchnet train``: train a network, and keep everything about it in one folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scratchnet import __version__
from scratchnet.cli import results, runs, samples
from scratchnet.cli.options import Mini, Network
from scratchnet.cli.output import console, remark, say

if TYPE_CHECKING:
    from scratchnet.models import Model

_WORTH_MENTIONING = 2.0  # seconds of compiling, from which on they are reported


def train(
    network: Network,
    epochs: Annotated[int, typer.Option("--epochs", "-e", min=1, help="Passes through the training images.")] = 10,
    batch_size: Annotated[int, typer.Option("--batch-size", "-b", min=1, help="Images a step.")] = 64,
    learning_rate: Annotated[float, typer.Option(help="Adam's step size; above 0.")] = 0.001,
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed on the same machine gives the same network, bit for bit.")
    ] = 42,
    number: Annotated[
        int | None,
        typer.Option(
            "--samples", min=1, show_default=False, help="Train on only the first so many images, for a quick try."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            show_default=False,
            help="The folder to write to, new or empty; runs/<network>-<date>-<time> if left out.",
        ),
    ] = None,
    mini: Mini = False,
) -> None:
    """Train a network, test it, and keep all of it in a folder.

    The folder gets the model, the history as CSV, the pictures, and run.json, which says how it was made.

    Ctrl-C stops after the running step and keeps what was reached.
    """
    import scratchnet
    from scratchnet.architectures import ARCHITECTURES
    from scratchnet.optimizers import Adam

    if not 0 < learning_rate < float("inf"):
        raise typer.BadParameter(f"expected a number above 0, got {learning_rate}.", param_hint="--learning-rate")
    if output is not None:
        runs.check_free(output)
    data = samples.load(mini)
    if number is not None:
        if number > len(data.x_train):
            raise typer.BadParameter(f"expected at most {len(data.x_train):,}, got {number:,}.", param_hint="--samples")
        data.keep_first(number)

    _compile_kernels(network)
    scratchnet.utils.clear_session()
    scratchnet.utils.set_random_seed(seed)
    model = ARCHITECTURES[network]()
    model.compile(Adam(learning_rate), "sparse_categorical_crossentropy", ["accuracy"])

    folder = runs.new_folder(output, network)
    record: dict[str, Any] = {
        "scratchnet": __version__,
        "network": network,
        "status": "training",
        "started": time.strftime("%Y-%m-%d %H:%M:%S"),
        "data": {
            "name": "Fashion-MNIST",
            "subset": data.subset,
            "training_images": len(data.x_train),
            "test_images": len(data.x_test),
            "notice": data.notice,
        },
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "optimizer": "adam",
        "seed": seed,
        "backend": scratchnet.config.backend(),
    }
    say(f"{network}: {model.count_params():,} parameters, on {data.described}.")
    say(f"{epochs} {'epochs' if epochs > 1 else 'epoch'}, batches of {batch_size}, seed {seed}. Writing to {folder}/")
    if _fit(model, data, folder, record):
        raise results.interruption(folder, record)
    results.finish(model, data, folder, record)


def _compile_kernels(network: str) -> None:
    """Let the kernels be compiled, if they are not yet, on a network of its own: the real one stays untouched."""
    import numpy as np

    from scratchnet.architectures import ARCHITECTURES

    model = ARCHITECTURES[network]()
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    x = np.zeros((2, *(n for n in model.inputs[0].shape[1:] if n is not None)), np.float32)
    start = time.perf_counter()
    with console().status("Compiling the kernels; only the first time on a machine does that take long"):
        model.train_on_batch(x, np.zeros(2, np.int64))
        model.predict(x, verbose=0)
    seconds = time.perf_counter() - start
    if seconds > _WORTH_MENTIONING:
        say(f"Compiled the kernels in {seconds:.0f} s; they are kept, so the next run starts at once.")


def _fit(model: Model, data: samples.Data, folder: Path, record: dict[str, Any]) -> bool:
    """Train, saving the model after every epoch and at the end, and return True if Ctrl-C ended it."""
    from scratchnet.callbacks import CSVLogger, LambdaCallback
    from scratchnet.saving import save_model

    def save(status: str) -> None:
        record["status"] = status
        record["epochs_finished"] = len(model.history.epoch) if model.history is not None else 0
        record["seconds"] = round(time.perf_counter() - start, 3)
        save_model(model, folder / runs.MODEL, notes=_notes(record, data))
        runs.write_record(folder, record)

    runs.write_record(folder, record)
    start = time.perf_counter()
    # The test images only draw the second curve. Nothing is chosen by them: the last epoch's network is the result.
    validation = (samples.as_input(model, data.x_test), data.y_test)
    each_epoch = LambdaCallback(on_epoch_end=lambda epoch, logs: save("training"))
    try:
        model.fit(
            samples.as_input(model, data.x_train),
            data.y_train,
            batch_size=record["batch_size"],
            epochs=record["epochs"],
            validation_data=validation,
            callbacks=[CSVLogger(folder / runs.HISTORY), each_epoch],
        )
    except KeyboardInterrupt:
        save("interrupted")
        return True
    except Exception as error:
        record.update(status="failed", error=str(error))
        runs.write_record(folder, record)
        if (folder / runs.MODEL).exists():
            remark(f"{folder / runs.MODEL} holds the network as it was after the last whole epoch.")
        raise
    save("trained")
    return False


def _notes(record: dict[str, Any], data: samples.Data) -> dict[str, str]:
    """Return what the model file says about itself, for whoever gets it without its folder."""
    notes = {"network": record["network"], "data": data.described, "seed": str(record["seed"])}
    notes["trained"] = f"{record['epochs_finished']} of {record['epochs']} epochs"
    if record["status"] == "interrupted":
        notes["trained"] += " and part of the next"
    return notes if data.notice is None else {**notes, "notice": data.notice}
