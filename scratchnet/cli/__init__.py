"""The ``scratchnet`` command: one file for each sub-command, all of them registered here.

What a sub-command needs (matplotlib, Pillow, the kernels) is imported when it runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer
import typer.main

from scratchnet import __version__
from scratchnet.cli import data, evaluate, explore, export, learn, predict, show, summary, sweep, train
from scratchnet.cli.gradcheck import gradcheck
from scratchnet.cli.help import Command, Group
from scratchnet.cli.output import Interrupted, complain, help_of, remark
from scratchnet.errors import ScratchnetError
from scratchnet.utils.signals import Terminated, hear_no_more, raise_terminated
from scratchnet.utils.terminal import STAND_INS

FAILURE, USAGE, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    cls=Group,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(
    invoke_without_command=True,
    epilog="A first walk: [cyan]scratchnet show[/], then [cyan]scratchnet train cnn[/], then what it prints as next. "
    "Each command explains itself: [cyan]scratchnet train --help[/].",
)
def scratchnet(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Neural networks from scratch: train two networks on images of clothing, and look into them."""
    if version:
        typer.echo(f"scratchnet {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for command in (
    *(show.show, summary.summary, train.train, evaluate.evaluate, predict.predict),
    *(explore.explore, export.export, sweep.sweep),
):
    app.command(command.__name__, cls=Command, help=help_of(command))(command)
app.add_typer(data.app, name="data", help=help_of(data.data))
app.add_typer(learn.app, name="learn", help=help_of(learn.watch))
app.command("gradcheck", cls=Command, help=help_of(gradcheck))(gradcheck)
# A further command: app.command("name", cls=Command, help=help_of(function))(function), with its imports inside it.


def main() -> None:
    """Run the command line of this process and exit.

    The code is 0, 1 for a failure, 2 for wrong usage, 130 after Ctrl-C, 143 after SIGTERM.
    """
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, raise_terminated)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. Every error becomes one sentence on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=STAND_INS)  # for what others print too, such as typer's pages of help
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            code = typer.main.get_command(app).main(list(arguments), "scratchnet", standalone_mode=False)
            if code == INTERRUPTED:  # how typer passes Ctrl-C on, unless it is an old one, which aborts
                raise typer.Abort
            if sys.stdout is not None:
                sys.stdout.flush()
            return code if isinstance(code, int) else 0
        except (KeyboardInterrupt, typer.Abort) as stopped:
            if isinstance(stopped.__context__, EOFError):  # from a question that nobody can answer
                complain("There was a question, and no answer: standard input has ended. Nothing was done.")
                return FAILURE
            if sys.stderr is not None and sys.stderr.isatty():
                print(file=sys.stderr)  # the terminal has written ^C on this line
            return _stopped("Stopped by Ctrl-C.", INTERRUPTED)
        except Interrupted as stopped:
            return _stopped(str(stopped), stopped.code)
        except Terminated as terminated:
            return _stopped("Stopped by SIGTERM.", terminated.code)
        except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILURE
        except Exception as error:
            if os.environ.get("SCRATCHNET_TRACEBACK"):
                raise
            return _report(error)


def _stopped(sentence: str, code: int) -> int:
    """Say why the command ends before its time, whoever asks again meanwhile, and return the exit code."""
    hear_no_more()
    remark(sentence)
    return code


def _report(error: Exception) -> int:
    """Print the one sentence for an error and return the exit code."""
    if hasattr(error, "format_message"):  # typer's own errors: it has moved their class between its versions
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "scratchnet"
        sentence = str(error.format_message()).removeprefix("Invalid value: ")  # without an option's name says nothing
        complain(f"{sentence}{'' if sentence.endswith(('.', '?')) else '.'} See: {command} --help")
        return USAGE
    if isinstance(error, OSError) and error.strerror and error.filename:
        complain(f"{error.filename}: {error.strerror}.")
    elif isinstance(error, ScratchnetError | OSError | ValueError):
        complain(str(error))
    elif isinstance(error, MemoryError):
        complain("The memory of this machine is not enough: try --samples 10000 or a smaller --batch-size.")
    else:
        complain(
            f"Unexpected {type(error).__name__}: {error}. That is a bug; with SCRATCHNET_TRACEBACK=1 set, the same "
            f"command shows where."
        )
    return FAILURE


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    remark(str(message))
