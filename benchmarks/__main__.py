"""The command line of the benchmarks.

python -m benchmarks                    time everybody, print tables and verdicts, write JSON and pictures
python -m benchmarks --quick            the same in two or three minutes, with fewer turns
python -m benchmarks tables             Markdown and pictures again, from the JSON
python -m benchmarks networks           nine networks against Keras, PyTorch and JAX; goes on where it was cut off
python -m benchmarks sweep              time and memory over batch size and width, and where there are cliffs
python -m benchmarks ladder             the story of the speed, rung by rung
python -m benchmarks roofline           each kernel against the limits of the machine
python -m benchmarks cold               from an empty cache to the first training step; --against another checkout
python -m benchmarks challenge          train the challenge's recipe for --budget minutes, hour or night, and report
python -m benchmarks checkpoints        what it costs to save a run after every epoch; 1 if more than 2 % of it
python -m benchmarks scaling            data-parallel training on 2 to 64 nodes, on paper, from steps measured here
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks import environment, scaling
from benchmarks.attempt import UsageError, attempt, some_of
from benchmarks.report import REPORTS, Report
from benchmarks.side_by_side import Say

TAKES = {
    "run": "quick frameworks rows reports allow_workqueue",
    "tables": "reports",
    "networks": "quick frameworks networks batches again reports allow_workqueue",
    "sweep": "quick frameworks curves again reports allow_workqueue",
    "ladder": "quick reports",
    "roofline": "quick reports",
    "cold": "quick against",
    "challenge": "budget pieces reports",
    "checkpoints": "quick",
    "scaling": "network steps megabytes latency bandwidth",
}
"""The commands, and the options of each."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser("python -m benchmarks", description=__doc__, formatter_class=_Plain)
    made.add_argument("command", nargs="?", default="run", choices=tuple(TAKES))
    made.add_argument("--quick", action="store_true", help="few and short turns")
    made.add_argument("--frameworks", default="", help="only these beside scratchnet, such as keras,torch-compile")
    made.add_argument("--rows", default="", help="only these kinds, such as step,evaluate")
    made.add_argument("--networks", default="", help="networks: only these, such as cnn,resnet")
    made.add_argument("--batches", default="", help="networks: only these batch sizes, such as 64,256")
    made.add_argument("--curves", default="", help="sweep: only these, such as batch-cnn,units")
    made.add_argument("--again", action="store_true", help="networks, sweep: measure anew what is there already")
    made.add_argument("--against", type=Path, help="cold: another checkout, such as an older one, in turns with this")
    made.add_argument("--reports", type=Path, help="folder of the JSON, tables and pictures")
    made.add_argument("--budget", default="minutes", choices=("minutes", "hour", "night"), help="of the challenge")
    made.add_argument("--pieces", default="all", help="of the challenge: all, none, or names with commas")
    made.add_argument("--allow-workqueue", action="store_true", help="go on although Numba has only slow threads")
    scaling.add_options(made)
    return made


class _Plain(argparse.RawDescriptionHelpFormatter):
    """Leaves the table of commands as it is written."""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        _refuse_what_is_not_taken(options)
        removed = environment.clean()
        if removed:
            said = f"Unset for the benchmark, as they would change what it measures: {', '.join(removed)}"
            print(said, file=sys.stderr)
        if options.reports is None:
            options.reports = REPORTS
        return _run_command(options)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2


def _refuse_what_is_not_taken(options: argparse.Namespace) -> None:
    defaults, takes = parser().parse_args([]), TAKES[options.command].split()
    given = [name for name, value in vars(options).items() if value != getattr(defaults, name) and name != "command"]
    if unused := [name for name in given if name not in takes]:
        taken, left = (", ".join(f"--{name.replace('_', '-')}" for name in names) for names in (takes, unused))
        raise UsageError(f"{options.command} expected no other options than {taken}, got {left}.")


def _run_command(options: argparse.Namespace) -> int:
    if options.command == "networks":
        return compare_networks(options)
    if options.command == "sweep":
        return sweep(options)
    if options.command == "ladder":
        from benchmarks import ladder

        return ladder.main(options.reports, options.quick)
    if options.command == "roofline":
        from benchmarks import roofline

        return roofline.main(options.reports, options.quick)
    if options.command == "cold":
        from benchmarks import cold

        return cold.main(options.against, options.quick)
    if options.command == "checkpoints":
        from benchmarks import checkpoints

        return checkpoints.main(options.quick)
    if options.command == "scaling":
        return scaling.main(options)
    if options.command == "challenge":
        from benchmarks.challenge import command

        return command.main(options.reports, options.budget, options.pieces)
    return run(options) if options.command == "run" else write_tables(options.reports)


def compare_networks(options: argparse.Namespace) -> int:
    """Check which rows are wanted, and measure them."""
    from benchmarks import compare
    from benchmarks.networks import NETWORKS

    networks = some_of("--networks", options.networks, NETWORKS)
    sizes = [size for size in options.batches.split(",") if size] or list(map(str, compare.BATCH_SIZES))
    if wrong := [size for size in sizes if not size.isdecimal() or not 0 < int(size) <= 2048]:
        raise UsageError(f"--batches expected whole numbers from 1 to 2048, got {', '.join(wrong)}.")
    frameworks = [name for name in options.frameworks.split(",") if name]
    effort: dict[str, Any] = {"turns": 3, "seconds": 0.2} if options.quick else {}
    choice = compare.Choice(networks, [int(size) for size in sizes], frameworks, again=options.again, **effort)
    return compare.main(options.reports, choice, options.allow_workqueue)


def sweep(options: argparse.Namespace) -> int:
    """Check which curves are wanted, and measure them."""
    from benchmarks import growth

    curves = some_of("--curves", options.curves, growth.CURVES)
    effort: dict[str, Any] = {"turns": 3, "seconds": 0.1} if options.quick else {}
    if options.frameworks:
        effort["frameworks"] = [name for name in options.frameworks.split(",") if name]
    return growth.main(options.reports, growth.Choice(curves, again=options.again, **effort), options.allow_workqueue)


def run(options: argparse.Namespace) -> int:
    """Measure, and write and print the report."""
    from rich.console import Console

    from benchmarks import contenders, tables
    from benchmarks.run import FULL, QUICK, ROWS, Bench

    rows = some_of("--rows", options.rows, ROWS)

    def measure(say: Say) -> Report:
        chosen = contenders.select([name for name in options.frameworks.split(",") if name])
        return Bench(chosen, QUICK if options.quick else FULL, say, options.allow_workqueue).run(rows)

    report = attempt(measure, "all workers have been ended and nothing was written")
    if isinstance(report, int):
        return report
    report.write(options.reports / "benchmark.json")
    tables.show(report, Console())
    return write_tables(options.reports)


def write_tables(folder: Path) -> int:
    """Write the Markdown tables and the pictures from ``benchmark.json``."""
    from benchmarks import pictures, tables
    from benchmarks.short import short_table

    try:
        report = Report.read(folder / "benchmark.json")
    except FileNotFoundError:
        print(f"There is no benchmark.json in {folder}: run python -m benchmarks first.", file=sys.stderr)
        return 1
    written = []
    for name, text in {**tables.markdown(report), "short.md": short_table(report)}.items():
        written.append(folder / name)
        written[-1].write_text(text, encoding="utf-8")
    if all(f"step/{network}/64" in report.rows for network in ("cnn", "mlp")):
        written.append(pictures.save_steps(report, folder / "steps.png"))
        written.append(pictures.save_sweep(report, folder / "sweep.png"))
    print("Written: " + ", ".join(str(path) for path in [folder / "benchmark.json", *written]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
