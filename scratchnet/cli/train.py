"""``scratchnet train``: train a network, and keep everything about it in one folder."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scratchnet import __version__
from scratchnet.cli import made, parallel, results, resuming, runs, samples
from scratchnet.cli.options import Mini, network_argument
from scratchnet.cli.output import remark, say
from scratchnet.errors import unknown_name
from scratchnet.utils.signals import Terminated, hear_no_more

if TYPE_CHECKING:
    from scratchnet.cli.keeping import Keeper
    from scratchnet.models import Model

_WORTH_MENTIONING = 2.0  # seconds of compiling, from which on they are reported


def _usual(value: str) -> str:
    """Return what the help says of a default that is another one for the challenge."""
    return f"{value}; of the challenge, as its recipe says"


def train(
    context: typer.Context,
    network: Annotated[str | None, network_argument()] = None,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", "-e", min=1, show_default=_usual("10"), help="Passes through the training images."),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", "-b", min=1, show_default=_usual("64"), help="Images a step.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(show_default=_usual("0.001"), help="The optimizer's step size; above 0.")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="minutes|hour|night",
            show_default=False,
            help="Which recipe of the challenge: what may it take on two cores? minutes if left out.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed on the same machine gives the same network, bit for bit.")
    ] = 42,
    number: Annotated[
        int | None,
        typer.Option(
            "--samples", min=1, show_default=False, help="Train on only the first so many images, for a quick try."
        ),
    ] = None,
    hold_out: Annotated[
        int,
        typer.Option(
            "--hold-out",
            min=0,
            help="Hold the last so many training images back, and measure by them: the test images stay unseen, for "
            "whoever tries out many things.",
        ),
    ] = 0,
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
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            show_default=False,
            help="Go on with the run in this folder, which remembers its options; more [cyan]--epochs[/] may be given.",
        ),
    ] = None,
    data_parallel: Annotated[
        bool,
        typer.Option(
            "--data-parallel",
            show_default=False,
            help="Let all processes that mpiexec has started train this network together, each on its share of every "
            "batch: [cyan]mpiexec -n 4 scratchnet train cnn --data-parallel[/].",
        ),
    ] = False,
) -> None:
    """Train a network, test it, and keep all of it in a folder.

    The folder gets the model, the history as CSV, the pictures, and run.json, which says how it was made.

    Ctrl-C stops after the running step and keeps what was reached. After that, or a crash, [cyan]--resume[/] goes on,
    and ends with the same bits as a run that was left alone.
    """
    if learning_rate is not None and not 0 < learning_rate < float("inf"):
        raise typer.BadParameter(f"expected a number above 0, got {learning_rate}.", param_hint="--learning-rate")
    with ExitStack() as stack:
        team = parallel.team(data_parallel)
        keeper: Keeper | None = None

        def begin() -> tuple[Path, dict[str, Any]]:
            nonlocal keeper
            if resume is not None:
                keeper = _resumed(resume, _given(context), stack, team.size)
            elif network is None:
                raise typer.BadParameter(
                    "Missing argument: mlp, cnn or challenge to train one, or --resume RUN to go on with a run."
                )
            else:
                settings = _settings(network, budget, epochs, batch_size, learning_rate)
                if output is not None:
                    runs.check_free(output)
                data = _load(mini, number, hold_out)
                record = _record(network, data, settings, seed)
                record["ranks"] = team.size
                _compile_kernels(record)
                keeper = _keeper(runs.new_folder(output, network), stack)
                keeper.begin(record, data)
            return keeper.folder, keeper.record

        folder, record = team.on_first(begin)
        stack.enter_context(team.training(folder))
        model = _model(record)
        if keeper is None:
            _fit(model, _data_again(record), record)
            return
        _say_what(model, keeper, resumed=resume is not None)
        _fit_and_keep(model, keeper)
        results.finish(model, keeper.data, keeper.folder, keeper.record)


def _keeper(folder: Path, stack: ExitStack) -> Keeper:
    """Return what keeps a run, and keeps other processes out of its folder until the stack is closed."""
    from scratchnet.cli.keeping import Keeper

    keeper = Keeper(folder)
    keeper.take()
    stack.callback(keeper.let_go)
    return keeper


def _resumed(folder: Path, given: dict[str, Any], stack: ExitStack, ranks: int) -> Keeper:
    resuming.check_folder(folder)
    keeper = _keeper(folder, stack)
    record = resuming.remembered(folder, given)
    record["ranks"] = ranks
    data = _data_again(record)
    _compile_kernels(record)
    keeper.begin(record, data)
    return keeper


def _data_again(record: dict[str, Any]) -> samples.Data:
    facts = record["data"]
    return samples.load_again(facts["subset"], facts["training_images"], facts["notice"], facts.get("held_back", 0))


def _given(context: typer.Context) -> dict[str, Any]:
    """Return the options that were given, by their names on the command line."""
    names = {"network": "network", "number": "--samples"}
    return {
        names.get(name, f"--{name.replace('_', '-')}"): value
        for name, value in context.params.items()
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    }


def _settings(network: str, budget: str | None, *given: float | None) -> dict[str, Any]:
    """Return epochs, batch size and learning rate, given or usual, and what else belongs to the network's recipe."""
    from scratchnet.recipes import CHALLENGE

    if budget is not None and network != made.CHALLENGE:
        raise typer.BadParameter(f"belongs to challenge, got it for {network}: leave it out.", param_hint="--budget")
    if budget is not None and budget not in CHALLENGE:
        raise typer.BadParameter(str(unknown_name("budget", budget, CHALLENGE)), param_hint="--budget")
    settings = made.defaults(network, budget or "minutes")
    names = ("epochs", "batch_size", "learning_rate")
    return settings | {name: value for name, value in zip(names, given) if value is not None}


def _load(mini: bool, number: int | None, held_back: int) -> samples.Data:
    data = samples.load(mini)
    if held_back >= len(data.x_train):
        raise typer.BadParameter(
            f"expected fewer than {len(data.x_train):,}, got {held_back:,}.", param_hint="--hold-out"
        )
    data.hold_back(held_back)
    if number is not None:
        if number > len(data.x_train):
            raise typer.BadParameter(f"expected at most {len(data.x_train):,}, got {number:,}.", param_hint="--samples")
        data.keep_first(number)
    return data


def _record(network: str, data: samples.Data, settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return what run.json says of a new run: all that it takes to make it again."""
    from scratchnet import config

    return {
        "scratchnet": __version__,
        "network": network,
        "status": "training",
        "started": time.strftime("%Y-%m-%d %H:%M:%S"),
        "data": {
            "name": "Fashion-MNIST",
            "subset": data.subset,
            "training_images": len(data.x_train),
            "test_images": 0 if data.held_back else len(data.x_test),
            "notice": data.notice,
            **({"held_back": data.held_back} if data.held_back else {}),
        },
        **settings,
        "seed": seed,
        "backend": config.backend(),
    }


def _model(record: dict[str, Any]) -> Model:
    import scratchnet

    scratchnet.utils.clear_session()
    scratchnet.utils.set_random_seed(record["seed"])
    return made.model_of(record)


def _compile_kernels(record: dict[str, Any]) -> None:
    """Let the kernels be compiled, if they are not yet, on a network of its own: the real one stays untouched.

    All of them, with those of the test and of the pictures at the end: nobody likes to wait there.
    """
    import numpy as np

    from scratchnet.models.inside import model_of_maps
    from scratchnet.training.compiling import compile_for
    from scratchnet.utils.screen import screen

    model = made.model_of(record)
    x = np.zeros((2, *(n for n in model.inputs[0].shape[1:] if n is not None)), np.float32)
    start = time.perf_counter()
    with screen() as shown_on:
        compile_for(model, x, made.labels_of(record, np.zeros(2, np.int64)), shown_on, [model, model_of_maps(model)])
    seconds = time.perf_counter() - start
    if seconds > _WORTH_MENTIONING:
        say(f"Compiled the kernels in {seconds:.0f} s; they are kept, so the next run starts at once.")


def _say_what(model: Model, keeper: Keeper, resumed: bool) -> None:
    record, epochs = keeper.record, keeper.record["epochs"]
    say(f"{record['network']}: {model.count_params():,} parameters, on {keeper.data.described}.")
    begun = f"Going on after {record['epochs_finished']} of " if resumed else ""
    together = f", in {record['ranks']} processes" if record.get("ranks", 1) > 1 else ""
    where = "In" if resumed else "Writing to"
    say(
        f"{begun}{epochs} {'epochs' if epochs > 1 else 'epoch'}, batches of {record['batch_size']}, seed "
        f"{record['seed']}{together}. {where} {keeper.folder}/"
    )


def _fit(model: Model, data: samples.Data, record: dict[str, Any], *callbacks: Keeper) -> None:
    # The test images only draw the second curve. Nothing is chosen by them: the last epoch's network is the result. Of
    # the challenge they are looked at once, at its end.
    validation = (samples.as_input(model, data.x_test), made.labels_of(record, data.y_test))
    model.fit(
        samples.as_input(model, data.x_train),
        made.labels_of(record, data.y_train),
        batch_size=record["batch_size"],
        epochs=record["epochs"],
        validation_data=validation if data.held_back or record["network"] != made.CHALLENGE else None,
        callbacks=callbacks,
    )


def _fit_and_keep(model: Model, keeper: Keeper) -> None:
    """Train; the keeper saves all after every epoch and at the end.

    Raises:
        Interrupted: after Ctrl-C or SIGTERM.
    """
    data, record, folder = keeper.data, keeper.record, keeper.folder
    try:
        _fit(model, data, record, keeper)
    except (KeyboardInterrupt, Terminated) as stop:
        hear_no_more()  # while the network is saved, and to the end of the process
        keeper.publish("interrupted")
        terminated = isinstance(stop, Terminated)
        raise results.interruption(folder, record, *("SIGTERM", 143) if terminated else ("Ctrl-C", 130)) from None
    except Exception as error:
        record.update(status="failed", error=str(error))
        with suppress(OSError):  # what went wrong first is what is to be told
            runs.write_record(folder, record)
        if (folder / runs.MODEL).exists() and not isinstance(error, BrokenPipeError):  # who closes a pipe knows it
            remark(f"{folder / runs.MODEL} holds the network as it was last saved.")
        raise
    keeper.publish("trained")
