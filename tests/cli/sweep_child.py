"""Trials without pictures, which take longer than the training; loaded by Dask's workers, too (``--preload``).

What is in the file ``dies`` of the working directory, such as ``seed=43``, names a trial that kills itself, or its
worker, once, at the end of its first epoch.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

PROGRAM = [sys.executable, __file__]


def dask_setup(worker: object) -> None:
    """Let this worker train like that."""
    from scratchnet.cli.sweeping import trials

    trials.CHILD = PROGRAM


def main() -> None:
    from scratchnet.cli import keeping, results
    from scratchnet.cli.sweeping import child

    whom = Path("dies").read_text().split() if Path("dies").exists() else []
    on_epoch_end = keeping.Keeper.on_epoch_end

    def dying(self: keeping.Keeper, epoch: int, logs: object = None) -> None:
        on_epoch_end(self, epoch, logs)  # type: ignore[arg-type]
        self._writer.wait()
        if whom and whom[0] in str(self.folder) and Path("dies").exists():
            Path("dies").unlink()
            os.kill(os.getppid() if "worker" in whom else os.getpid(), signal.SIGKILL)
            signal.pause()

    keeping.Keeper.on_epoch_end = dying  # type: ignore[method-assign, assignment]
    results._draw = lambda *_: None
    child.main()


if __name__ == "__main__":
    main()
