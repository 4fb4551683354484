"""A report as tables: in the terminal, and as Markdown for the README."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks import machine
from benchmarks.report import OURS, Report, Row
from benchmarks.statistics import count_of_bytes, seconds, three_digits
from benchmarks.verdicts import Verdict, judge

MAIN_ROWS = (
    "step/cnn/64",
    "step/mlp/64",
    "evaluate/cnn/default",
    "evaluate/mlp/default",
    "evaluate/cnn/1000",
    "evaluate/mlp/1000",
    "predict/cnn",
    "predict/mlp",
    "direct/cnn",
    "direct/mlp",
    "startup/cnn",
    "memory/cnn/float64",
    "memory/mlp/float64",
    "memory/cnn/uint8",
    "memory/mlp/uint8",
    "disk/installed",
    "disk/model",
)
"""The rows of the main table in order; those of the sweep and of the threads have tables of their own."""

WHAT_IS_TIMED = """\
A training step is gather the batch, forward, loss, backward, Adam, running loss and accuracy; timed over many steps in
the middle of an epoch of each framework's ordinary loop: `model.fit` of scratchnet and Keras (float32 arrays, no
progress bar), the usual hand-written loop of PyTorch, one jitted function of JAX. "16 steps an execution" is Keras's
`steps_per_execution`. Evaluate and predict are called with their default arguments; PyTorch and JAX, which have none,
take 1,000 images at a time. The shortest way to predict is `model(x)` of scratchnet, `predict_on_batch` of Keras, the
module or jitted function itself elsewhere.
Start-up includes the imports. Kernels and compiled code are cached from an earlier start wherever a framework does so
by itself, for start-up and memory alike. Peak memory is the largest resident size of a process that loads the data and
trains on all of it for 200 steps. Each framework has its own process, which is stopped while another is measured; they
are measured in turns, and ratios are taken turn by turn. A figure is the median, in brackets the middle half of the
measurements."""


def rows_of(report: Report, prefix: str) -> list[Row]:
    """Return the rows whose key begins so, by the number at its end."""
    found = [row for key, row in report.rows.items() if key.startswith(prefix)]
    return sorted(found, key=lambda row: int(row.key.rsplit("/", 1)[1]))


def sections(report: Report) -> list[tuple[str, list[Row]]]:
    """Return the tables: a title and rows each."""
    found = [("Side by side", [report.rows[key] for key in MAIN_ROWS if key in report.rows])]
    for network in ("cnn", "mlp"):
        found.append((f"Batch sizes, {network.upper()}", rows_of(report, f"step/{network}/")))
        found.append((f"Threads, {network.upper()}", rows_of(report, f"threads/{network}/")))
    return [(title, rows) for title, rows in found if len(rows) > (not title.startswith("Side"))]


def amount(row: Row, value: float) -> str:
    """Write a time or a number of bytes."""
    return seconds(value) if row.unit == "s" else count_of_bytes(value)


def spread(row: Row, contender: str) -> str:
    """Write the middle half of a contender's measurements, with the unit once where both ends share it."""
    summary = row.summary(contender)
    if summary is None or summary.count < 3:
        return ""
    low, high = amount(row, summary.low), amount(row, summary.high)
    return f"({low.split()[0]}–{high})" if low.split()[1] == high.split()[1] else f"({low}–{high})"


def figures(row: Row, contender: str) -> list[str]:
    """Return what a table says of one contender in one row: median, spread, ratio to scratchnet; or why nothing."""
    summary, ratio = row.summary(contender), row.ratio(contender)
    if summary is None:
        return [row.notes.get(contender, "–"), "", ""]
    compared = f"{three_digits(ratio.median)}×" if ratio is not None and contender != OURS else ""
    return [amount(row, summary.median), spread(row, contender), compared]


def winners(report: Report) -> list[str]:
    """Return a sentence for each row in which somebody else was better than scratchnet."""
    found = []
    for _, rows in sections(report):
        for row in rows:
            best = row.best(row.values)
            if best in (None, OURS) or row.summary(OURS) is None:
                continue
            ratio = row.ratio(str(best), OURS)
            if ratio is not None and ratio.median < 1:
                found.append(f"{row.title}: {report.label(str(best))} wins by {three_digits(1 / ratio.median)}×")
    return list(dict.fromkeys(found))


def show(report: Report, console: Console) -> None:
    """Print all tables, who wins where, and the verdicts."""
    for title, rows in sections(report):
        table = Table(title=title, title_justify="left")
        for heading in ("what", "who", "median", "middle half", "to scratchnet"):
            table.add_column(heading)
        for row in rows:
            _add_block(table, report, row)
        console.print(table)
    for line in winners(report):
        console.print(f"[yellow]{escape(line)}[/yellow]")
    show_verdicts(judge(report), console)
    console.print(escape("\n".join(footnotes(report))))


def _add_block(table: Table, report: Report, row: Row) -> None:
    """Add one row of the report as a block of lines, one for each contender that has anything to say."""
    best = row.best(row.values)
    what = escape(row.title)
    for contender in report.contenders:
        if contender in row.values or contender in row.notes:
            cells = [escape(text) for text in figures(row, contender)]
            table.add_row(what, escape(report.label(contender)), *cells, style="bold" if contender == best else "")
            what = ""
    table.add_section()


def show_verdicts(verdicts: Sequence[Verdict], console: Console) -> None:
    """Print the targets and whether they are met."""
    table = Table(title="Targets", title_justify="left")
    for heading in ("target", "measured", "verdict"):
        table.add_column(heading)
    colours = {True: "green", False: "red", None: "yellow"}
    for v in verdicts:
        table.add_row(escape(v.target), escape(v.figure()), f"[{colours[v.met]}]{v.words()}[/]")
    console.print(table)


def footnotes(report: Report) -> list[str]:
    """Return the lines under the tables: machine, data, versions, BLAS kernels, and whether the machine was busy."""
    m = report.machine
    lines = [
        f"{m['processor']}, {m['cores']} cores, {count_of_bytes(m['memory_bytes'])}, {m['system']}, "
        f"Python {m['python']}, {m['date']}, scratchnet {m['commit']}{', quick run' if report.quick else ''}.",
        f"Data: {report.data}.",
    ]
    versions: dict[str, str] = {}
    for contender in report.contenders.values():
        versions |= contender.get("versions", {})
    lines.append("Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".")
    ours = report.contenders[OURS]
    blas = [lib for lib in ours.get("libraries", []) if lib.get("user_api") == "blas"]
    names = [f"{lib['internal_api']} {lib.get('version', '')} {lib.get('architecture', '')}" for lib in blas]
    layer = ours.get("threads", {}).get("layer")
    if names:
        threads = f"; Numba's threads: {layer}" if layer else ""
        lines.append(f"BLAS kernels in scratchnet's process: {', '.join(dict.fromkeys(names))}{threads}.")
    if busy := machine.busy(m):
        lines.append(busy)
    return lines


def markdown_table(report: Report, rows: Sequence[Row]) -> list[str]:
    """Return the lines of a Markdown table: a line for each row, a column for each contender."""
    shown = [key for key in report.contenders if any(row.values.get(key) or key in row.notes for row in rows)]
    lines = ["| | " + " | ".join(map(report.label, shown)) + " |", "|---" * (len(shown) + 1) + "|"]
    for row in rows:
        best = row.best(row.values)
        cells = []
        for key in shown:
            first, *others = filter(None, figures(row, key))
            cells.append("<br>".join([f"**{first}**" if key == best else first, *others]))
        lines.append(f"| {row.title} | " + " | ".join(cells) + " |")
    return lines


def markdown(report: Report) -> dict[str, str]:
    """Return what goes into the README and its neighbours, by name of the file: tables that begin each with a row."""
    found = sections(report)
    main = markdown_table(report, found[0][1])
    main += ["", "Bold is the best of the row; `2.00×` means twice as much as scratchnet.", ""]
    main += [*(f"- {line}" for line in winners(report)), "", WHAT_IS_TIMED, "", "  \n".join(footnotes(report))]
    targets = ["| target | measured | verdict |", "|---|---|---|"]
    targets += [f"| {v.target} | {v.figure()} | {v.words()} |" for v in judge(report)]
    sweep = [line for title, rows in found[1:] for line in (f"**{title}**", "", *markdown_table(report, rows), "")]
    files = {"benchmark.md": main, "targets.md": targets, "sweep.md": sweep}
    return {name: "\n".join(lines).rstrip() + "\n" for name, lines in files.items() if lines}
