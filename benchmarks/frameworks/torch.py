"""PyTorch, with the training loop that its users write."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from benchmarks.data import for_network
from benchmarks.frameworks import torch_modules
from benchmarks.frameworks.base import Framework, StepClock
from benchmarks.networks import network_named

EVALUATION_BATCH = 1000


def create(mode: str) -> Framework:
    """Return PyTorch in mode "" (eager), "channels-last" or "compile"."""
    return Torch(channels_last=mode == "channels-last", compiled=mode == "compile")


class Network:
    """A module, what to call to run it (the module itself or its compiled form), and its optimizer."""

    def __init__(self, module: nn.Module, compiled: bool, task: str) -> None:
        self.module, self.classes = module, task == "classes"
        self.run: Any = torch.compile(module, dynamic=False) if compiled else module
        self.optimizer = torch.optim.Adam(module.parameters(), fused=True)
        self.loss = nn.CrossEntropyLoss() if self.classes else nn.MSELoss()

    def correct(self, outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return how many classes are right; 0 where there are none."""
        return (outputs.argmax(1) == y).sum() if self.classes else torch.zeros((), dtype=torch.long)


def _channels_first(x: Any) -> torch.Tensor:
    images = torch.from_numpy(x)
    images = images if images.dtype == torch.uint8 else images.float()
    return images.movedim(-1, 1).contiguous() if images.dim() == 4 else images


class Torch(Framework):
    """PyTorch: fused Adam, cross-entropy of the logits, channels first or last, eager or compiled."""

    def __init__(self, channels_last: bool, compiled: bool) -> None:
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.compiled = compiled
        if compiled:
            torch._dynamo.config.recompile_limit = 64  # each batch size is compiled for itself

    def versions(self) -> dict[str, str]:
        """Return PyTorch's version."""
        return {"torch": torch.__version__}

    def model(self, network: str, rescaling: bool = False) -> Network:
        """Return the network with Keras's initial weights."""
        described = network_named(network)
        module = torch_modules.build(described, rescaling)
        return Network(module.to(memory_format=self.format), self.compiled, described.task)

    def parameters(self, model: Network) -> int:
        """Return the size of all tensors of numbers, moving averages included."""
        tensors = model.module.state_dict().values()
        return sum(tensor.numel() for tensor in tensors if tensor.is_floating_point())

    def set_weights(self, model: Network, weights: dict[str, list[Any]]) -> None:
        """Copy them into the module's tensors."""
        torch_modules.set_weights(model.module, weights)

    def data(self, x: Any, y: Any, network: str) -> tuple[Any, Any]:
        """Return tensors: float32 images (uint8 stay so), with the channels in front."""
        images = _channels_first(for_network(x, network))
        if network_named(network).task == "image":
            return images, images
        return images, torch.from_numpy(y).long()

    def fit(self, model: Network, x: Any, y: Any, batch_size: int, clock: StepClock) -> None:
        """Run one epoch: draw the order, then gather, forward, loss, backward, step; add up loss and accuracy."""
        model.module.train()
        order = torch.randperm(len(x))
        loss_sum, correct = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for step, start in enumerate(range(0, len(x), batch_size)):
            clock.on_train_batch_begin(step)
            if clock.ended:
                return
            rows = order[start : start + batch_size]
            x_batch = self._laid_out(x[rows])
            y_batch = y[rows] if model.classes else x_batch
            model.optimizer.zero_grad()
            logits = model.run(x_batch)
            loss = model.loss(logits, y_batch)
            loss.backward()
            model.optimizer.step()
            loss_sum += loss.detach() * len(rows)
            correct += model.correct(logits.detach(), y_batch)

    def _laid_out(self, x: torch.Tensor) -> torch.Tensor:
        return x.contiguous(memory_format=self.format) if x.dim() == 4 else x

    @torch.inference_mode()
    def evaluate(self, model: Network, x: Any, y: Any, batch_size: int | None) -> tuple[float, float]:
        """Run all batches without gradients."""
        model.module.eval()
        size = batch_size or EVALUATION_BATCH
        loss, correct = 0.0, 0
        for start in range(0, len(x), size):
            x_batch = self._laid_out(x[start : start + size])
            y_batch = y[start : start + size] if model.classes else x_batch
            logits = model.run(x_batch)
            loss += float(model.loss(logits, y_batch)) * len(x_batch)
            correct += int(model.correct(logits, y_batch))
        return loss / len(x), correct / len(x) if model.classes else float("nan")

    @torch.inference_mode()
    def predict(self, model: Network, x: Any) -> Any:
        """Call the model on a tensor of the images."""
        model.module.eval()
        outputs = model.run(self._laid_out(_channels_first(x)))
        return (outputs.softmax(1) if model.classes else outputs.movedim(1, -1)).numpy()

    def save(self, model: Network, path: str) -> str:
        """Save both ``state_dict``."""
        path += ".pt"
        torch.save({"model": model.module.state_dict(), "optimizer": model.optimizer.state_dict()}, path)
        return path

    def threads(self) -> dict[str, Any]:
        """Return the number of threads inside an operation."""
        return {"count": torch.get_num_threads()}
