"""PyTorch, with the training loop that its users write."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from benchmarks.frameworks.base import Framework, StepClock

EVALUATION_BATCH = 1000


def create(mode: str) -> Framework:
    """Return PyTorch in mode "" (eager), "channels-last" or "compile"."""
    return Torch(channels_last=mode == "channels-last", compiled=mode == "compile")


class Rescale(nn.Module):
    """uint8 images to 0…1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x / 255 as float32."""
        return x.float() / 255


class Network:
    """A module, what to call to run it (the module itself or its compiled form), and its optimizer."""

    def __init__(self, module: nn.Module, compiled: bool) -> None:
        self.module = module
        self.run: Any = torch.compile(module, dynamic=False) if compiled else module
        self.optimizer = torch.optim.Adam(module.parameters(), fused=True)
        self.loss = nn.CrossEntropyLoss()


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
        convolutions = [
            nn.Conv2d(1, 32, 2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 2), nn.ReLU(), nn.MaxPool2d(2),
        ] if network == "cnn" else []  # fmt: skip
        features = 32 * 6 * 6 if network == "cnn" else 28 * 28
        dense = [nn.Flatten(), nn.Linear(features, 256), nn.ReLU(), nn.Linear(256, 10)]
        module = nn.Sequential(*([Rescale()] if rescaling else []), *convolutions, *dense)
        for layer in module:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        return Network(module.to(memory_format=self.format), self.compiled)

    def data(self, x: Any, y: Any, network: str) -> tuple[Any, Any]:
        """Return tensors: float32 images (uint8 stay so), with the channel axis in front for the CNN."""
        images = torch.from_numpy(x)
        images = images if images.dtype == torch.uint8 else images.float()
        return (images[:, None] if network == "cnn" else images), torch.from_numpy(y).long()

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
            x_batch, y_batch = self._laid_out(x[rows]), y[rows]
            model.optimizer.zero_grad()
            logits = model.run(x_batch)
            loss = model.loss(logits, y_batch)
            loss.backward()
            model.optimizer.step()
            loss_sum += loss.detach() * len(rows)
            correct += (logits.detach().argmax(1) == y_batch).sum()

    def _laid_out(self, x: torch.Tensor) -> torch.Tensor:
        return x.contiguous(memory_format=self.format) if x.dim() == 4 else x

    @torch.inference_mode()
    def evaluate(self, model: Network, x: Any, y: Any, batch_size: int | None) -> tuple[float, float]:
        """Run all batches without gradients."""
        model.module.eval()
        size = batch_size or EVALUATION_BATCH
        loss, correct = 0.0, 0
        for start in range(0, len(x), size):
            x_batch, y_batch = self._laid_out(x[start : start + size]), y[start : start + size]
            logits = model.run(x_batch)
            loss += float(model.loss(logits, y_batch)) * len(x_batch)
            correct += int((logits.argmax(1) == y_batch).sum())
        return loss / len(x), correct / len(x)

    @torch.inference_mode()
    def predict(self, model: Network, x: Any) -> Any:
        """Call the model on a tensor of the images."""
        model.module.eval()
        images = torch.from_numpy(x).float()
        images = images.movedim(-1, 1) if images.dim() == 4 else images
        return model.run(self._laid_out(images)).softmax(1).numpy()

    def save(self, model: Network, path: str) -> str:
        """Save both ``state_dict``."""
        path += ".pt"
        torch.save({"model": model.module.state_dict(), "optimizer": model.optimizer.state_dict()}, path)
        return path

    def threads(self) -> dict[str, Any]:
        """Return the number of threads inside an operation."""
        return {"count": torch.get_num_threads()}
