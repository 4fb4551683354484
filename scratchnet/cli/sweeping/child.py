"""The command line in a process that ends when the one that started it does, however that ends.

A trial must not train on when its worker has died: another worker is to have its folder. The pipe that is this
process's standard input ends with the worker. ``python -m scratchnet.cli.sweeping.child train …``
"""

from __future__ import annotations

import os
import sys
import threading

from scratchnet import cli


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(137)


def main() -> None:
    """Run the command line of this process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cli.main()


if __name__ == "__main__":
    main()
