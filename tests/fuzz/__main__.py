"""``python -m tests.fuzz TARGET --minutes N``: try changed files for so long; ends with 1 if a fault was found.

``all`` tries every target in turn. ``python -m tests.fuzz TARGET FILE …`` tries these files alone, and shows what they
raise. Where atheris is installed, it steers towards code that no input has reached yet (``--engine atheris``);
elsewhere changes are made at random.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz import targets
from tests.fuzz.findings import Findings

LARGEST = 64 * 1024
"""Bytes of an input that mutations may lead to."""


def main() -> int:
    """Return 0 if nothing was found, else 1."""
    faulthandler.register(signal.SIGUSR1)  # kill -USR1 shows where it is
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="?", choices=[*targets.names(), "all"])
    parser.add_argument("files", nargs="*", type=Path, help="try these inputs alone")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=None, help="of the random changes; another one each time if absent")
    parser.add_argument("--engine", choices=["atheris", "random"], default=None)
    parser.add_argument("--found", type=Path, default=Path("runs/fuzz"), help="the folder for inputs that raise")
    options = parser.parse_args()
    if options.target is None:
        print("\n".join(targets.names()))
        return 0
    if options.files:
        for path in options.files:
            print(f"{path}: {targets.load(options.target).check(path.read_bytes())}")
        return 0
    if options.target == "all":  # a process each, for libFuzzer ends the one it runs in
        others = sys.argv[sys.argv.index("all") + 1 :]
        runs = [subprocess.run([sys.executable, "-m", "tests.fuzz", name, *others]) for name in targets.names()]
        return int(any(run.returncode for run in runs))
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**31)
    engine = options.engine or ("atheris" if importlib.util.find_spec("atheris") else "random")
    print(f"{options.target}: {options.minutes:g} minutes, --engine {engine} --seed {seed}", flush=True)
    run = _with_atheris if engine == "atheris" else _at_random
    return run(options.target, options.minutes, seed, options.found / options.target)


def _at_random(name: str, minutes: float, seed: int, found: Path) -> int:
    target, rng = targets.load(name), random.Random(seed)
    findings, start = Findings(target, found), target.start()
    for data in start:
        findings.try_one(data)
    until = time.monotonic() + 60 * minutes
    while time.monotonic() < until:
        findings.try_one(target.mutated(rng.choice(start), rng)[:LARGEST])
    print(findings.summary())
    return int(bool(findings.shortest))


def _with_atheris(name: str, minutes: float, seed: int, found: Path) -> int:
    import atheris

    with atheris.instrument_imports(include=["scratchnet"]):
        target = targets.load(name)
        start = target.start()
    findings = Findings(target, found)
    until = time.monotonic() + 60 * minutes
    rng = random.Random(seed)

    def try_one(data: bytes) -> None:
        if time.monotonic() > until:  # libFuzzer ends the process itself, without a word of ours
            print(findings.summary(), flush=True)
            os._exit(int(bool(findings.shortest)))
        findings.try_one(data)

    def mutate(data: bytes, largest: int, seed: int) -> bytes:
        # libFuzzer grows inputs from nothing; ours begin from whole files now and again
        return target.mutated(data if data and rng.random() < 0.9 else rng.choice(start), rng)[:largest]

    corpus = found / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(start):
        (corpus / f"start-{number}").write_bytes(data)
    arguments = [sys.argv[0], str(corpus), f"-seed={seed % 2**31 + 1}", f"-max_len={LARGEST}", "-timeout=0"]
    arguments += ["-rss_limit_mb=0", "-print_final_stats=0", "-verbosity=0"]
    atheris.Setup(arguments, try_one, custom_mutator=mutate)
    atheris.Fuzz()
    return 1  # not reached: the process ends in try_one


if __name__ == "__main__":
    sys.exit(main())
