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
import time
from pathlib import Path
from typing import Any

from benchmarks import environment, scaling

COMMANDS = ("run", "tables", "networks", "sweep", "ladder", "roofline", "cold", "challenge", "checkpoints", "scaling")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser("python -m benchmarks", description=__doc__, formatter_class=_Plain)
    made.add_argument("command", nargs="?", default="run", choices=COMMANDS)
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
    removed = environment.clean()
    if removed:
        print(f"Unset for the benchmark, as they would change what it measures: {', '.join(removed)}", file=sys.stderr)
    if options.reports is None:
        from benchmarks.report import REPORTS

        options.reports = REPORTS
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

    networks = [name for name in options.networks.split(",") if name] or list(NETWORKS)
    if unknown := sorted(set(networks) - set(NETWORKS)):
        print(f"--networks expected some of {', '.join(NETWORKS)}, got {', '.join(unknown)}.", file=sys.stderr)
        return 2
    sizes = [size for size in options.batches.split(",") if size] or list(map(str, compare.BATCH_SIZES))
    if wrong := [size for size in sizes if not size.isdecimal() or not 0 < int(size) <= 2048]:
        print(f"--batches expected whole numbers from 1 to 2048, got {', '.join(wrong)}.", file=sys.stderr)
        return 2
    frameworks = [name for name in options.frameworks.split(",") if name]
    effort: dict[str, Any] = {"turns": 3, "seconds": 0.2} if options.quick else {}
    choice = compare.Choice(networks, [int(size) for size in sizes], frameworks, again=options.again, **effort)
    return compare.main(options.reports, choice, options.allow_workqueue)


def sweep(options: argparse.Namespace) -> int:
    """Check which curves are wanted, and measure them."""
    from benchmarks import growth

    curves = [name for name in options.curves.split(",") if name] or list(growth.CURVES)
    if unknown := sorted(set(curves) - set(growth.CURVES)):
        print(f"--curves expected some of {', '.join(growth.CURVES)}, got {', '.join(unknown)}.", file=sys.stderr)
        return 2
    effort: dict[str, Any] = {"turns": 3, "seconds": 0.1} if options.quick else {}
    if options.frameworks:
        effort["frameworks"] = [name for name in options.frameworks.split(",") if name]
    return growth.main(options.reports, growth.Choice(curves, again=options.again, **effort), options.allow_workqueue)


def run(options: argparse.Namespace) -> int:
    """Measure, and write and print the report."""
    from rich.console import Console

    from benchmarks import contenders, tables
    from benchmarks.run import FULL, QUICK, ROWS, Bench
    from benchmarks.side_by_side import SlowThreads

    rows = [name for name in options.rows.split(",") if name]
    if unknown := sorted(set(rows) - set(ROWS)):
        print(f"--rows expected some of {', '.join(ROWS)}, got {', '.join(unknown)}.", file=sys.stderr)
        return 2
    begin = time.perf_counter()

    def say(what: str) -> None:
        print(f"{time.perf_counter() - begin:5.0f} s  {what}", file=sys.stderr, flush=True)

    try:
        chosen = contenders.select([name for name in options.frameworks.split(",") if name])
        bench = Bench(chosen, QUICK if options.quick else FULL, say, options.allow_workqueue)
        report = bench.run(rows or ROWS)
    except (SlowThreads, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted: all workers have been ended and nothing was written.", file=sys.stderr)
        return 130
    report.write(options.reports / "benchmark.json")
    tables.show(report, Console())
    return write_tables(options.reports)


def write_tables(folder: Path) -> int:
    """Write the Markdown tables and the pictures from ``benchmark.json``."""
    from benchmarks import pictures, tables
    from benchmarks.report import Report
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
