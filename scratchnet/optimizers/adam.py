"""Adam, and AdamW, which differs in what it decays by default."""

from __future__ import annotations

import math
from typing import Any, Unpack

import numpy as np

from scratchnet.optimizers.optimizer import Optimizer
from scratchnet.optimizers.options import Options
from scratchnet.schedules import LearningRate
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, true_or_false


class Adam(Optimizer):
    """Adam: a step of about the learning rate in every direction, however steep it is.

    m is a running mean of the gradient, v of its square; g/√(g²) is ±1, so m/√v is a step of size one where the
    gradient keeps its sign, and a small one where it is mostly noise:

        (1)  m ← m + (g - m)(1 - β₁)
        (2)  v ← v + (g² - v)(1 - β₂)

    Both start at zero. Written out, (1) makes m after t steps a sum in which gₜ counts 1 - β₁, and each earlier one β₁
    times as much as the one after it:

        m = (1 - β₁) (gₜ + β₁ gₜ₋₁ + … + β₁ᵗ⁻¹ g₁)

    If every gradient were the same g, that would be g times (1 - β₁)(1 + β₁ + … + β₁ᵗ⁻¹). Multiplied out, all but the
    ends of this geometric sum cancel, and 1 - β₁ᵗ is left: a mean that lacks the share β₁ᵗ, which still belongs to the
    zero it began with. So m / (1 - β₁ᵗ) and v / (1 - β₂ᵗ) are the means without that bias. Both corrections are folded
    into the step size:

        (3)  α = η √(1 - β₂ᵗ) / (1 - β₁ᵗ)
        (4)  w ← w - α m / (√v + ε)

    This is the formula at the end of section 2 of Kingma and Ba (2015), with their "epsilon hat", and Keras's. PyTorch
    corrects m and v themselves, which makes its ε count differently.

    With ``amsgrad`` the largest v that there has been takes the place of v in (4), so that no direction's step grows
    again once its gradients have been large (Reddi et al., 2018):

        (5)  v̂ ← max(v̂, v)

    Raises:
        ValueError: if a beta is not in 0…1, below 1, or epsilon is negative or no finite number.
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        name = type(self).__name__
        self.beta_1 = real_number(f"beta_1 of {name}", beta_1, 0, 1, open_ends="most")
        self.beta_2 = real_number(f"beta_2 of {name}", beta_2, 0, 1, open_ends="most")
        self.epsilon = real_number(f"epsilon of {name}", epsilon, 0)
        self.amsgrad = true_or_false(f"amsgrad of {name}", amsgrad)

    @property
    def slot_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The two means, and with ``amsgrad`` the largest of the second that there has been."""
        return ("momentum", "velocity", *(["velocity_hat"] if self.amsgrad else []))

    def step_size(self, learning_rate: float) -> float:
        """Return α for the step that ``iterations`` counts."""
        t = self.iterations
        return learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)  # (3)

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        """Take one step in place."""
        m, v = slots[:2]
        m += (g - m) * (1 - self.beta_1)  # (1)
        v += (g * g - v) * (1 - self.beta_2)  # (2)
        if self.amsgrad:
            v = np.maximum(slots[2], v, out=slots[2])  # (5)
        w -= self.step_size(learning_rate) * m / (np.sqrt(v) + self.epsilon)  # (4)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


class AdamW(Adam):
    """Adam with weight decay that is decoupled from the gradient (Loshchilov and Hutter, 2019).

    A penalty λ‖w‖²/2 in the loss adds λw to the gradient. In SGD the step then shrinks w by ηλw, but in Adam λw is
    divided by √v like everything else: the weights whose gradients are large shrink least. So the decay is taken out
    of the gradient, w ← w - η λ w, and then Adam's own step follows. ``Adam(weight_decay=…)`` does the same; here it is
    on unless you turn it off with 0.

    Raises:
        ValueError: as for ``Adam``, and if ``weight_decay`` is None.
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[Options],
    ) -> None:
        weight_decay = real_number("weight_decay of AdamW", weight_decay, 0)
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, **options)
