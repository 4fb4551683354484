"""What was found, one for each place in the code: the shortest input that leads there, in a file."""

from __future__ import annotations

import hashlib
import traceback
from collections import Counter
from pathlib import Path

from tests.fuzz.targets import Target

REPOSITORY = Path(__file__).parents[2]


class Findings:
    """Tries inputs, counts what comes of them and keeps those that raise.

    Args:
        target: what is tried.
        folder: for the inputs that raise, and for what they raise.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self.target, self.folder = target, folder
        self.outcomes: Counter[str] = Counter()
        self.shortest: dict[str, int] = {}

    def try_one(self, data: bytes) -> None:
        """Try one input; what it raises is kept."""
        try:
            self.outcomes[self.target.check(data)] += 1
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.outcomes["FOUND"] += 1
            self._keep(data, error)

    def _keep(self, data: bytes, error: BaseException) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [
            frame for frame in frames if "site-packages" not in frame.filename and "/lib/python" not in frame.filename
        ]
        what = f"{type(error).__name__} at {Path(ours[-1].filename).name}:{ours[-1].lineno}"
        if len(data) >= self.shortest.get(what, len(data) + 1):
            return
        if what not in self.shortest:
            print(f"found: {what}: {str(error)[:200]!r}", flush=True)
        self.shortest[what] = len(data)
        self.folder.mkdir(parents=True, exist_ok=True)
        stem = self.folder / hashlib.sha256(what.encode()).hexdigest()[:12]
        stem.write_bytes(data)
        stem.with_suffix(".txt").write_text("".join(traceback.format_exception(error)), encoding="utf-8")

    def summary(self) -> str:
        """Return one line: how many inputs came to what, and how many places were found."""
        total = sum(self.outcomes.values())
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in self.outcomes.most_common())
        where = f", kept in {self.folder}" if self.shortest else ""
        return f"{self.target.name}: {total:,} inputs ({counts}); {len(self.shortest)} faults found{where}"
