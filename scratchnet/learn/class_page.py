"""The results of a class as a page: students × exercises, what was said to each, and the commonest mistakes."""

from __future__ import annotations

from html import escape

from scratchnet.learn.catalogue import NAMES
from scratchnet.learn.class_results import ClassResults

_STYLE = """
:root { color-scheme: light dark; --passed: #cfe8cf; --failed: #f3d3d3; --line: #bbb; --ink: #1a1a1a; --page: #fff }
@media (prefers-color-scheme: dark) {
  :root { --passed: #1f4a28; --failed: #5c2626; --line: #555; --ink: #eee; --page: #181818 }
}
body { font: 16px/1.5 sans-serif; margin: 1.5em; color: var(--ink); background: var(--page) }
.wide { overflow-x: auto }
table { border-collapse: collapse }
td, th { padding: 0.3em; text-align: center; border: 1px solid var(--line) }
thead th { vertical-align: bottom }
thead span { writing-mode: vertical-rl }
tbody th { text-align: left; min-width: 8em }
.passed { background: var(--passed) }
.failed { background: var(--failed) }
.unread { text-align: left }
"""


def as_page(results: ClassResults) -> str:
    """Return the page, which needs no other file."""
    head = "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in NAMES)
    rows = [
        f'<tr><th scope="row">{escape(student)}</th>{"".join(_cell(results, student, name) for name in NAMES)}</tr>'
        for student in results.reports
    ]
    rows += [
        f'<tr><th scope="row">{escape(student)}</th><td class="unread" colspan="{len(NAMES)}">{escape(why)}</td></tr>'
        for student, why in results.unread.items()
    ]
    mistakes = "\n".join(
        f"<li>{count} × <b>{escape(name)}</b>: {escape(results.sentence(name))}</li>"
        for name, count in results.commonest()
    )
    body = "\n".join(rows)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>scratchnet learn: a class</title><style>{_STYLE}</style></head><body><main>
<h1>Students and exercises</h1>
<p>✓ passed; ✗ not yet, with the stage that failed; nothing: not handed in, or as it was given out.</p>
<div class="wide" tabindex="0" role="region" aria-label="Students and exercises">
<table><thead><tr><td></td>{head}</tr></thead><tbody>
{body}
</tbody></table></div>
<h2>The commonest mistakes</h2>
<ul>{mistakes or "<li>none that is known</li>"}</ul>
<h2>What was said to each</h2>
{_said(results) or "<p>Nothing: all that was handed in is right.</p>"}
</main></body></html>
"""


def _cell(results: ClassResults, student: str, name: str) -> str:
    report = results.reports[student].get(name)
    if report is None:
        return "<td></td>"
    mark, kind = ("✓", "passed") if report.passed else ("✗", "failed")
    stage = "" if report.passed else f"<br>{escape(results.cell(student, name))}"
    return f'<td class="{kind}">{mark}{stage}</td>'


def _said(results: ClassResults) -> str:
    """Return what every student was told, exercise by exercise, as far as it is not right."""
    sections = []
    for student, reports in results.reports.items():
        wrong = [report for report in reports.values() if not report.passed]
        said = ((r.exercise, r.mistake.sentence if r.mistake is not None else r.sentence) for r in wrong)
        items = "".join(f"<li><b>{escape(exercise)}</b>: {escape(sentence)}</li>" for exercise, sentence in said)
        if items:
            sections.append(f"<h3>{escape(student)}</h3><ul>{items}</ul>")
    return "\n".join(sections)
