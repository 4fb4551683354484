"""Who is compared: each framework in each of its modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class Contender:
    """One framework in one mode, to be run in a process of its own.

    Attributes:
        key: its name in the JSON.
        family: whose it is; "Keras's best mode" is the best of the family "keras".
        module: the module with ``create(mode)``, see ``frameworks/base.py``.
        mode: what the module is asked for.
        label: its name in tables.
        needs: what must be importable.
        packages: the distributions to install for it, for the bytes on disk.
    """

    key: str
    family: str
    module: str
    mode: str
    label: str
    needs: tuple[str, ...]
    packages: tuple[str, ...]

    def installed(self) -> bool:
        """Whether everything it needs can be imported (nothing is imported to find out)."""
        return all(find_spec(name) is not None for name in self.needs)


def _of(family: str, label: str, needs: Sequence[str], modes: dict[str, str]) -> list[Contender]:
    return [
        Contender(
            key=f"{family}-{mode}" if mode else family,
            family=family,
            module=f"benchmarks.frameworks.{family}",
            mode=mode,
            label=f"{label}, {described}" if described else label,
            needs=tuple(needs),
            packages=tuple(needs),
        )
        for mode, described in modes.items()
    ]


CONTENDERS: list[Contender] = [
    *_of("scratchnet", "scratchnet", ["scratchnet"], {"": ""}),
    *_of(
        "keras",
        "Keras/TensorFlow",
        ["keras", "tensorflow"],
        {"": "", "jit": "jit_compile", "jit-16": "jit_compile, 16 steps an execution"},
    ),
    *_of(
        "torch",
        "PyTorch",
        ["torch"],
        {"": "eager", "channels-last": "eager, channels last", "compile": "torch.compile"},
    ),
    *_of("jax", "JAX", ["jax", "jaxlib"], {"": "jitted step"}),
]
"""All of them, scratchnet first."""


def select(names: Sequence[str]) -> list[Contender]:
    """Return scratchnet and the contenders whose key or family is among ``names``; all if there are none.

    Raises:
        ValueError: if a name is neither a key nor a family.
    """
    known = {c.key for c in CONTENDERS} | {c.family for c in CONTENDERS}
    for name in names:
        if name not in known:
            raise ValueError(f"--frameworks expected some of {', '.join(sorted(known))}, got {name!r}.")
    wanted = {"scratchnet", *names}
    return [c for c in CONTENDERS if not names or c.key in wanted or c.family in wanted]
