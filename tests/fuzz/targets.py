"""What is tried: the files beside this one that define ``check``, found by name."""

from __future__ import annotations

import importlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from tests.fuzz.limits import MEGABYTES, SECONDS, bounded

HERE = Path(__file__).parent


def names() -> list[str]:
    """Return the names of all targets."""
    return sorted(path.stem for path in HERE.glob("*.py") if "\ndef check(" in path.read_text(encoding="utf-8"))


@dataclass
class Target:
    """One target, with what its file leaves out filled in."""

    name: str
    module: ModuleType = field(repr=False)

    def corpus(self) -> list[Path]:
        """Return the files of faults that were found."""
        return sorted(path for path in (HERE / "corpus" / self.name).glob("*") if path.is_file())

    def start(self) -> list[bytes]:
        """Return what mutations begin from."""
        return [*self.module.seeds(), *(path.read_bytes() for path in self.corpus())]

    def mutated(self, data: bytes, rng: random.Random) -> bytes:
        """Return ``data`` changed in one way or several."""
        if hasattr(self.module, "mutated"):
            return bytes(self.module.mutated(data, rng))
        return bytes_changed(data, rng)

    def check(self, data: bytes) -> str:
        """Return a word for what reading ``data`` came to; raises what is found."""
        seconds = getattr(self.module, "SECONDS", SECONDS)
        with bounded(seconds, getattr(self.module, "MEGABYTES", MEGABYTES)):
            return str(self.module.check(data))


def load(name: str) -> Target:
    """Import a target."""
    return Target(name, importlib.import_module(f"tests.fuzz.{name}"))


def bytes_changed(data: bytes, rng: random.Random) -> bytes:
    """Return ``data`` with bits flipped, bytes set, parts cut out, doubled or moved, or the end cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(changed) + 1)
        to = min(len(changed), at + rng.choice((1, 2, 4, 8, 64, 1024)))
        way = rng.randrange(6)
        if way == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            changed[at:to] = rng.choice((b"\x00", b"\xff", b"\x7f")) * (to - at)
        elif way == 2:
            changed[at:to] = rng.randbytes(to - at)
        elif way == 3:
            del changed[at:to]
        elif way == 4:
            changed[at:at] = changed[at:to]
        else:
            del changed[at:]
    return bytes(changed)
