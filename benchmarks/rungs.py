"""The rungs of the ladder above the plain loops: scratchnet with one thing after the other switched on."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.frameworks.base import Framework
from benchmarks.frameworks.scratchnet import Scratchnet
from scratchnet import Model, config
from scratchnet.architectures import ARCHITECTURES
from scratchnet.graph.plan import Plan
from scratchnet.graph.steps import LayerStep
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.kernels.steps.dense import DenseStep

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Setting:
    """How a rung runs.

    Attributes:
        backend, all_threads: the backend, and whether it uses one thread or all.
        fuse: whether kernels stand for several layers.
        zeros: whether dense layers pass over zeros.
        fewer_products: whether convolutions share products between the places of a window.
    """

    backend: str
    all_threads: bool
    fuse: bool
    zeros: bool = False
    fewer_products: bool = False


SETTINGS = {
    "numpy": Setting("numpy", all_threads=True, fuse=False),
    "kernels": Setting("numba", all_threads=False, fuse=False),
    "threads": Setting("numba", all_threads=True, fuse=False),
    "fusion": Setting("numba", all_threads=True, fuse=True),
    "zeros": Setting("numba", all_threads=True, fuse=True, zeros=True),
    "products": Setting("numba", all_threads=True, fuse=True, zeros=True, fewer_products=True),
}


def create(mode: str) -> Framework:
    """Return scratchnet as it runs on one rung."""
    return Rung(SETTINGS[mode])


class RungModel(Model):
    """A model whose plan has everything switched on that its rung has, and nothing else."""

    setting: Setting
    _plan: Plan | None = None

    def run_plan(self, use: str, backend: str | None = None) -> Plan:
        """Return the plan; it is made once, for training, whatever it is used for."""
        if self._plan is None:
            self._plan = Plan(self.graph, backend or config.backend(), self.through_logits(), fuse=self.setting.fuse)
            for step in self._plan.steps:
                if isinstance(step, DenseStep) and not self.setting.zeros:
                    step.sparse_below = 0.0
                if isinstance(step, Conv2DMaxPoolStep) and not self.setting.fewer_products:
                    multiply_everything(step)
        return self._plan


def multiply_everything(step: Conv2DMaxPoolStep) -> None:
    """Let a pooled convolution form the sums of each place by themselves."""
    step.forward_way = next(way for way in step.forward_ways if way != "winograd")
    step.backward_way = next(way for way in step.backward_ways if way != "winograd")


class Rung(Scratchnet):
    """scratchnet with a certain setting."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        config.set_backend(setting.backend)
        if not setting.all_threads:
            from scratchnet.kernels.machine import runtime

            runtime.set_num_threads(1)

    def model(self, network: str, rescaling: bool = False) -> Any:
        """Return the network, compiled, with the plan of the rung."""
        model = ARCHITECTURES[network]()
        model = RungModel(model.input, model.output, name=model.name)
        model.setting = self.setting
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


def step_of(layer_name: str, fuse: bool) -> Any:
    """Return the step of the CNN's plan that computes a layer, on the numba backend.

    Raises:
        RuntimeError: if that is no kernel, so that a rung would claim what it does not do.
    """
    model = ARCHITECTURES["cnn"]()
    plan = Plan(model.graph, "numba", logits=True, fuse=fuse)
    step = next(step for step in plan.steps if layer_name in [layer.name for layer in step.layers])
    if isinstance(step, LayerStep):
        raise RuntimeError(f"The ladder expected a kernel for layer {layer_name!r} of the CNN, but it has none.")
    return step


def location(thing: Any) -> str:
    """Return where a function or class is written, as ``path:line`` from the root of the repository."""
    thing = inspect.unwrap(thing)
    path = Path(inspect.getsourcefile(thing) or "").resolve()
    return f"{path.relative_to(ROOT).as_posix()}:{inspect.getsourcelines(thing)[1]}"
