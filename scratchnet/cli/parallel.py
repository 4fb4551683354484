"""``scratchnet train --data-parallel``: what the processes that mpiexec has started do besides the training itself.

Rank 0 does what a run without the others does: it prints, and keeps the folder. The others hear from it which run it
is, and train along.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import typer

from scratchnet.cli import runs
from scratchnet.cli.output import remark
from scratchnet.errors import ScratchnetError

_SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")  # how many processes mpiexec has started, as MPICH and Open MPI say it

_LAST_WORD = """
import sys
if sys.stdin.read() != "done":
    sys.stderr.write(sys.argv[1] + "\\n")
    sys.stderr.flush()
"""

T = TypeVar("T")


class Team:
    """This process alone."""

    first, size = True, 1

    def on_first(self, function: Callable[[], T]) -> T:
        """Return on all ranks what a function returns on rank 0, the only one that calls it."""
        return function()

    def training(self, folder: Path) -> Any:
        """Return the context of the training: the run's folder is there."""
        return ExitStack()


class MPITeam(Team):
    """All processes that mpiexec has started."""

    def __init__(self) -> None:
        from scratchnet.distribution import DataParallel

        self.ranks = DataParallel()
        self.first, self.size = self.ranks.rank == 0, self.ranks.size
        if self.size == 1:
            remark(
                "--data-parallel trains in one process, as mpiexec has started no more: "
                "mpiexec -n 4 scratchnet train … --data-parallel."
            )
        if not self.first:  # from here on; what goes wrong is told by rank 0, which hears of it
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115

    def on_first(self, function: Callable[[], T]) -> T:
        """Return on all ranks what a function returns on rank 0; if it raises there, the others end quietly."""
        made, error = None, None
        if self.first:
            try:
                made = function()
            except BaseException as raised:
                error = raised
        self.ranks.rest()
        made, failed = self.ranks.comm.bcast((made, error is not None))
        if error is not None:
            raise error
        if failed:
            raise typer.Exit(1)
        return made

    @contextmanager
    def training(self, folder: Path) -> Iterator[None]:
        """Let every ``fit`` inside be that of all ranks; if one dies, say how to go on."""
        with ExitStack() as stack:
            stack.enter_context(self.ranks.scope())
            stack.callback(self.ranks.rest)  # whoever is through waits for the others, without using the processor
            if self.first and self.size > 1:
                stack.enter_context(_last_word(self._ended(folder)))
            yield

    def _ended(self, folder: Path) -> str:
        return (
            f"Error: one of the {self.size} ranks, or mpiexec, was ended before the run was at its end, and so were "
            f"all. What was saved after its last epoch is in {folder}/; go on with: "
            f"{resume_command(folder, self.size)}"
        )


@contextmanager
def _last_word(sentence: str) -> Iterator[None]:
    """Print a sentence to stderr if this process is killed inside.

    When a rank dies, mpiexec kills all others, and none can say a word. So another process does, one that mpiexec does
    not know of: it waits for the end of a pipe that is open for as long as this one lives.
    """
    command = [sys.executable, "-I", "-c", _LAST_WORD, sentence]
    watch = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield
    finally:
        watch.communicate("done")


def team(data_parallel: bool) -> Team:
    """Return who trains.

    Raises:
        ScratchnetError: if mpiexec has started several processes that would all train alone.
    """
    if data_parallel:
        return MPITeam()
    size = next((int(os.environ[name]) for name in _SIZES if os.environ.get(name, "").isdigit()), 1)
    if size > 1:
        raise ScratchnetError(
            f"mpiexec has started {size} processes, each of which would train a network of its own: add "
            f"--data-parallel, with which they train one together, or leave mpiexec out."
        )
    return Team()


def resume_command(folder: Path, ranks: int) -> str:
    """Return the command line that goes on with a run of so many ranks."""
    if ranks == 1:
        return runs.command("train", "--resume", str(folder))
    return f"mpiexec -n {ranks} {runs.command('train', '--resume', str(folder), '--data-parallel')}"
