"""Training by several processes together, under Keras's name for it.

    import scratchnet as sn

    with sn.distribution.DataParallel().scope():
        model.fit(x, y, batch_size=256, epochs=10)

``mpiexec -n 4 python program.py`` runs that on four processes, on this machine or on several. How it works is told in
``training/data_parallel.py`` and in docs/data-parallel.md.
"""

from __future__ import annotations

from scratchnet.training.data_parallel import DataParallel
from scratchnet.training.distribution import Distribution, current

__all__ = ["DataParallel", "Distribution", "current"]
