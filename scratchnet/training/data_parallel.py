"""Data-parallel training: several processes, called ranks, train one model, each on its share of every batch.

The loss of a batch of N samples is a mean, and so is its gradient. Cut the batch into shares of n_r samples, Σ n_r = N:

    L = 1/N Σ_i loss_i = Σ_r n_r/N · L_r        (1)        g = ∂L/∂w = Σ_r n_r/N · g_r        (2)

where L_r and g_r are what rank r finds when it runs its share as if that were a whole batch. So every rank runs forward
and backward on its own, multiplies by its n_r/N, and the vectors are added up over the network: MPI's Allreduce gives
every rank the sum. All now hold the gradient of the whole batch, the same bits, and with the same weights and the same
optimizer take the same step. Nobody sends weights, and nobody is in charge.

    share of the batch → forward → loss → backward → n_r/N · g_r → Allreduce → the same step everywhere

All parameters live in one flat vector already, so this is one Allreduce a step. At the end of the vector go a few
numbers that all have to agree on as well: the loss, what the metrics have counted, and whether someone asked to stop.

What is not a mean over the samples differs from one process with the whole batch:

- BatchNormalization takes mean and variance of its rank's share (as Keras and PyTorch do by default; with few samples a
  rank they are noisier). Its running means, and whatever else layers keep without training it, are averaged as in (2).
- Dropout and the augmentations draw other numbers on each rank; rank 0 draws those that it would draw alone.

Weights that pay a penalty pay it once, after the Allreduce. How the ranks begin together, and how they end, is told in
``agreement.py``; docs/data-parallel.md explains all of it, and when it pays.
"""

from __future__ import annotations

import math
import signal
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.errors import NonFiniteError
from scratchnet.training import shares
from scratchnet.training.agreement import Agreement
from scratchnet.training.step import Compiled, explain_non_finite, explain_non_finite_gradient

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.training.interrupts import Interruption
    from scratchnet.training.means import RunningMeans
    from scratchnet.training.run import Run
    from scratchnet.training.samples import Batch, Samples
    from scratchnet.typing import Array


class DataParallel(Agreement):
    """Lets every ``fit`` in its ``scope`` be done by all MPI processes together; each must make the same call.

        with scratchnet.distribution.DataParallel().scope():
            model.fit(x, y, batch_size=256, epochs=10)          # mpiexec -n 4 python program.py

    Every rank has all the data, as arrays, and the batch size is that of all ranks together. They begin with the
    weights and the seed of rank 0, and end with the same weights, bit for bit. Callbacks run on every rank, but those
    that write files, such as ``ModelCheckpoint``, on rank 0 alone, which also prints.

    Args:
        comm: the processes, an ``mpi4py.MPI.Comm``; all that mpiexec has started if not given.

    Raises:
        ScratchnetError: if mpi4py is not installed.
    """

    def step(self, run: Run, samples: Samples, rows: Any, number: int, interruption: Interruption) -> tuple[float, int]:
        """Learn from a batch, each rank from its share; return the loss of all of it, and how many samples it has."""
        parts, mine = run.parts, self.share(rows)
        N, n = shares.length(rows), shares.length(mine)
        variables = [variable.copy() for variable in parts.variables]
        counted = shares.sums(parts.objective.metrics.values())
        batch = samples.take(parts.plan, mine) if n else None
        loss, finite, adds = self._learn(parts, batch)
        figures = self._figures(parts, loss, n / N, self.size > N)
        loss, *rest = self._added_up(parts, variables, n / N, [*figures, adds, *interruption.heard])
        adds, interrupted, terminated = rest[-3:]
        if adds:
            raise self.agreed(_adds_losses())
        loss = float(loss) + math.fsum(parts.penalties.values())
        if parts.penalties.regularized:
            parts.penalties.add_slopes()
        # Of the sum, so all ranks see the same; and of what no rank but this one can tell, where it began.
        if not (math.isfinite(loss) and all(parts.plan.is_finite(segment.gradients) for segment in parts.segments)):
            _put_back(parts, variables, counted)
            raise self.agreed(self._non_finite(run.model, parts, batch, loss, finite, number))
        parts.optimizer.step(parts.segments, parts.update_rule)
        parts.penalties.constrain()
        self._count(parts, counted, rest[:-3])
        if self.size > N:
            self.share_counters(run.model)
        interruption.decide(signal.SIGTERM if terminated else signal.SIGINT if interrupted else None)
        return loss, N

    def _learn(self, parts: Compiled, batch: Batch | None) -> tuple[float, bool, bool]:
        """Run a share forward and backward.

        Returns:
            Its loss; whether that and the gradients are finite; and whether a layer has added to the loss, of which
            nobody knows whether it is a mean.
        """
        for metric in parts.objective.metrics.values():
            metric.reset()
        if batch is None:
            parts.objective.values.update(dict.fromkeys(parts.objective.values, 0.0))
            return 0.0, True, False
        outputs = parts.plan.forward(batch.x, training=True)
        adds = len(parts.plan.losses) > parts.plan.penalized
        loss = parts.objective.forward(batch.y, outputs, batch.weight) + math.fsum(parts.plan.losses)
        if not math.isfinite(loss):
            return loss, False, adds
        parts.plan.backward(parts.objective.backward())
        parts.objective.measure(batch.y, batch.weight)
        return loss, parts.gradients.all_finite(), adds

    def _figures(self, parts: Compiled, loss: float, weight: float, some_are_idle: bool) -> list[Any]:
        """Return what is added up beside the gradients: losses times the weight of this share, and metrics' counts."""
        objective = parts.objective
        counted = shares.sums(objective.metrics.values())
        if some_are_idle:  # a metric that has seen nothing may not know yet how much it will count
            shapes = self.comm.bcast([part.shape for part in counted])
            counted = counted if weight else [np.zeros(shape) for shape in shapes]
        each = [weight * objective.values[o] if weight else 0.0 for o in objective.losses_shown.values()]
        return [weight * loss if weight else 0.0, *each, *counted]  # (1)

    def _added_up(self, parts: Compiled, variables: list[Array], weight: float, figures: list[Any]) -> list[Any]:
        """Let gradients, and what running means have moved by, be Σ_r n_r/N of all ranks' own; add up the figures."""
        gradients = [segment.gradients for segment in parts.segments]
        moved = [(now, then) for now, then in zip(parts.variables, variables) if now.dtype.kind == "f"]
        own = [*gradients, *(now - then for now, then in moved)]  # what has not moved stays as it is, to the last bit
        self.vector.fill(own if weight else [np.zeros_like(part) for part in own], weight, figures)
        self.comm.Allreduce(self.in_place, self.vector.numbers)  # (2)
        sums = self.vector.split([*own, *figures])
        for gradient, total in zip(gradients, sums):
            gradient[...] = total
        for (now, then), total in zip(moved, sums[len(gradients) :]):
            now[...] = then + total
        return [total.copy() for total in sums[len(own) :]]

    def _count(self, parts: Compiled, before: list[Array], sums: list[Any]) -> None:
        """Note the losses of the outputs, and what the metrics have counted in the batch and before it."""
        objective = parts.objective
        places = list(objective.losses_shown.values())
        objective.values.update(zip(places, map(float, sums)))
        counted = sums[len(places) :]
        shares.set_sums(objective.metrics.values(), [b + c for b, c in zip(before, counted)])

    def _non_finite(
        self, model: Network, parts: Compiled, batch: Batch | None, loss: float, finite: bool, number: int
    ) -> NonFiniteError:
        """Return the error for a loss or a gradient that is not finite, as the first rank tells it that has met it."""
        own = None
        if not finite and batch is not None:
            own = explain_non_finite(model, batch, loss, number, parts.objective.which_is_not_finite())
        told = [(rank, text) for rank, text in enumerate(self.comm.allgather(own)) if text]
        if told:
            return NonFiniteError(f"Rank {told[0][0]}: {told[0][1]}")
        return NonFiniteError(explain_non_finite_gradient(model, number))

    # Validation ---------------------------------------------------------------------------------------------------

    def shares_pass(self, parts: Compiled, watched: bool) -> bool:
        """Whether a validation is divided among the ranks; not if every batch of it must be one, or is shown."""
        return not (watched or parts.objective.depends_on_batch or parts.plan.always_trains)

    def share(self, rows: Any) -> Any:
        """Return this rank's share of the rows of a batch."""
        return shares.share(rows, self.rank, self.size)

    def add_up(self, means: RunningMeans) -> None:
        """Add up over the ranks what they have found in their shares of a pass."""
        metrics = means.objective.metrics.values()
        figures = [means.loss_sum, means.count, *means.sums.values(), *shares.sums(metrics)]
        total = shares.FlatVector(np.float64)
        total.fill([], 1.0, figures)
        self.comm.Allreduce(self.in_place, total.numbers)
        loss_sum, count, *rest = total.split(figures)
        means.loss_sum, means.count = float(loss_sum), int(count)
        means.sums = dict(zip(means.sums, map(float, rest)))
        shares.set_sums(metrics, [part.copy() for part in rest[len(means.sums) :]])


def _put_back(parts: Compiled, variables: list[Array], counted: list[Array]) -> None:
    for variable, value in zip(parts.variables, variables):
        variable[...] = value
    shares.set_sums(parts.objective.metrics.values(), counted)


def _adds_losses() -> ValueError:
    return ValueError(
        "Data-parallel fit expected layers that add nothing to the loss by themselves, got one that calls add_loss: "
        "whether that is a mean over its share of the batch is unknown; say it as activity_regularizer, or train "
        "in one process."
    )
