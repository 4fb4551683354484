"""``python -m tests.mutants``: print the mutation score, and write it to ``docs/reports``.

``python -m tests.mutants NAME`` prints the checker's report on the mutants whose name contains NAME.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from tests.mutants.catalogue import all_mutants
from tests.mutants.checkers import CHECKERS, check_objective, check_optimizer, check_schedule, gradients, report_on
from tests.mutants.score import measure, write


def main(arguments: list[str]) -> int:
    """Return 0 if the checker catches every mutant, else 1."""
    if arguments:
        for mutant in all_mutants():
            if arguments[0].lower() in f"{mutant.group}.{mutant.name}".lower():
                print(f"{mutant.group}.{mutant.name}: {mutant.mistake}\n")
                if mutant.kind == "optimizer":
                    print(check_optimizer(mutant.make(), mutant.settings or {}, gradients()), end="\n\n")
                elif mutant.kind == "objective":
                    print(*check_objective(mutant.make()), sep="\n", end="\n\n")
                elif mutant.kind == "schedule":
                    print(check_schedule(mutant.make(), mutant.settings or {}), end="\n\n")
                else:
                    print(report_on(mutant, "random"), end="\n\n")
        return 0
    score = measure()
    table = Table(title="Mutation score: planted mistakes caught", title_justify="left")
    table.add_column("planted mistakes in")
    for name in ("number", *CHECKERS):
        table.add_column(name, justify="right")
    for row in score.rows():
        if row[0] == "all":
            table.add_section()
        table.add_row(*row)
    console = Console()
    console.width = max(console.width, 110)
    console.print(table)
    for mutant in score.missed("scratchnet"):
        console.print(f"MISSED {mutant.group}.{mutant.name}: {mutant.mistake}", style="bold red")
    for path in write(score):
        console.print(f"written: {path}", style="dim")
    caught, shown = score.count("scratchnet")
    return 0 if caught == shown else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
