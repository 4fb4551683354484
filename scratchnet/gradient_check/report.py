"""The report: what was checked and what came out, for people, programs and pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from scratchnet.gradient_check.compare import TensorResult
from scratchnet.gradient_check.contract import Finding
from scratchnet.gradient_check.kinks import KinkFinding
from scratchnet.utils.terminal import columns, folded, writable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_WIDTH = 112  # of lines that go to no terminal


@dataclass(repr=False)
class Report:
    """The outcome of a gradient check. ``print(report)`` explains it.

    Attributes:
        title: what was checked, such as ``"Dense 'hidden'"``.
        backend: ``"numpy"`` or ``"numba"``.
        by_kernel: whether a compiled kernel ran it; else it ran by its definition.
        seed: of inputs and upstream gradient.
        tolerance: the relative error that was allowed.
        tensors: one result for each gradient: dx, dkernel, …
        contract: one finding for each promise of the contract.
        kinks: how it behaves at inputs exactly on a kink; None if there was nothing to look at.
        conclusion: what the results tell taken together; may be empty.
        output_shape: of what was differentiated.
        random: whether the output changes from call to call; then it was checked with the draws held still.
        batch_dependent: whether its samples depend on each other.
        notes: what else there is to know, above all what was not checked, such as ``"x: no gradient (…)"``.
        refusal: why nothing could be checked; empty if something could. Then the check has failed.
        namer: finds out whether it is a known mistake, when ``known`` is first asked for; None if there is nothing to
            find out.
    """

    title: str
    backend: str
    seed: int
    tolerance: float
    tensors: list[TensorResult]
    contract: list[Finding] = field(default_factory=list)
    kinks: KinkFinding | None = None
    conclusion: str = ""
    output_shape: tuple[int, ...] = ()
    by_kernel: bool = False
    random: bool = False
    batch_dependent: bool = False
    notes: list[str] = field(default_factory=list)
    refusal: str = ""
    namer: Callable[[], str] | None = None

    @property
    def passed(self) -> bool:
        """Whether every gradient is right, every promise kept, and the convention at kinks too."""
        return (
            not self.refusal
            and all(t.passed for t in self.tensors)
            and all(f.passed for f in self.contract)
            and (self.kinks is None or self.kinks.passed)
        )

    @property
    def run_by(self) -> str:
        """What ran it, in words."""
        return f"{self.backend} backend, run by {'kernels' if self.by_kernel else 'its definition'}"

    @property
    def entries(self) -> int:
        """How many entries were checked."""
        return sum(len(t.checked) for t in self.tensors)

    @property
    def worst_error(self) -> float:
        """The largest relative error of all gradients."""
        return max((t.worst_error for t in self.tensors), default=0.0)

    @cached_property
    def known(self) -> str:
        """The known mistake that a layer or loss of the user's own makes, in a sentence or two; empty if none is."""
        if self.passed or self.namer is None:
            return ""
        try:
            return self.namer()
        except Exception:  # the user's code, on other numbers: what is wrong with it, the report says without a name
            return ""

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, a few sentences each, one on a line; empty if nothing is."""
        problems = [f"It cannot be checked.\n{_sentence(self.refusal)}"] if self.refusal else []
        problems += [text for text in map(_describe, self.tensors) if text]
        problems += [f"Contract broken: {f.promise}.\n{_sentence(f.problem)}" for f in self.contract if f.problem]
        if self.kinks is not None and self.kinks.problem:
            problems.append(f"Convention broken: {self.kinks.convention}.\n{_sentence(self.kinks.problem)}")
        return problems

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the arrays, ready for JSON."""
        return {
            "title": self.title,
            "backend": self.backend,
            "by_kernel": self.by_kernel,
            "passed": self.passed,
            "random": self.random,
            "batch_dependent": self.batch_dependent,
            "notes": self.notes,
            "seed": self.seed,
            "tolerance": self.tolerance,
            "output_shape": list(self.output_shape),
            "entries": self.entries,
            "worst_error": self.worst_error if self.worst_error < float("inf") else None,
            "tensors": [tensor.to_dict() for tensor in self.tensors],
            "contract": [
                {"promise": f.promise, "passed": f.passed, "problem": f.problem, "skipped": f.skipped}
                for f in self.contract
            ],
            "kinks": None
            if self.kinks is None
            else {
                "convention": self.kinks.convention,
                "outputs": self.kinks.outputs,
                "passed": self.kinks.passed,
                "problem": self.kinks.problem,
            },
            "problems": [problem.replace("\n", " ") for problem in self.problems],
            "known": self.known,
            "conclusion": self.conclusion,
        }

    def plot(self) -> Figure:
        """Draw the worst gradient's errors as a picture, and its error against the step size; returns the Figure."""
        from scratchnet.gradient_check.picture import draw

        return draw(self.tensors, self.tolerance, self._heading)

    def __bool__(self) -> bool:
        return self.passed

    @property
    def _heading(self) -> str:
        return f"Gradient check of {self.title}, {self.run_by}: {'passed' if self.passed else 'FAILED'}"

    def __repr__(self) -> str:
        verdict = (
            "passed" if self.passed else f"FAILED, {len(self.problems)} problems".replace(" 1 problems", " 1 problem")
        )
        return (
            f"<Report {self.title}, {self.backend}: {verdict}, {self.entries:,} entries, worst relative error "
            f"{self.worst_error:.1e}>"
        )

    def _repr_html_(self) -> str:
        """Return the report as a table, for notebooks."""
        names = ("gradient", "shape", "checked", "wrong", "worst relative error", "")
        rows = ["<tr>" + "".join(f"<th>{name}</th>" for name in names) + "</tr>"]
        for t in self.tensors:
            checked = f"{len(t.checked):,}" + ("" if t.complete or t.problem else f" of {t.size:,}")
            cells = (
                t.name,
                t.shape,
                checked,
                int(t.wrong.sum()),
                "" if t.problem else f"{t.worst_error:.1e}",
                _state(t),
            )
            rows.append("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>")
        parts = [f"<p><b>{escape(self._heading)}</b></p>", f"<table>{''.join(rows)}</table>"]
        lines = [line.strip() for line in self._other_lines()]
        parts += [f"<p>{'<br>'.join(map(escape, lines))}</p>"] if lines else []
        parts += ["<p>✗ " + "<br>".join(map(escape, problem.split("\n"))) + "</p>" for problem in self.problems]
        parts += [f"<p>→ {escape(text)}</p>" for text in (self.known, self.conclusion) if text]
        return "".join(parts)

    def __str__(self) -> str:
        return writable(self.text(columns()))

    def text(self, width: int | None = None) -> str:
        """Return the report in lines of at most so many characters; None for a file, whose lines may be longer."""
        narrow, width = width, width or _WIDTH
        lines = folded(self._heading, width, "  ").split("\n")
        lines += [
            *_wrapped(
                f"y {self.output_shape}, dy random (seed {self.seed}), float64, relative error up to "
                f"{self.tolerance:.0e} allowed",
                width,
                "  ",
            ),
            "",
            *_tensors(self.tensors, narrow),
        ]
        if not all(t.complete or t.problem for t in self.tensors):
            lines += _wrapped("* a random sample of a large tensor's entries", width, "  ")
        lines += ["", *(part for line in self._other_lines() for part in _wrapped(line.strip(), width, "  "))]
        for problem in self.problems:
            first, *rest = problem.split("\n")
            lines += ["", *_wrapped(f"✗ {first}", width, "  ", "    ")]
            for sentence in rest:
                lines += _wrapped(sentence, width, "    ", "      ")
        for text in filter(None, (self.known, self.conclusion)):
            lines += ["", *_wrapped(text, width, "  → ", "    ")]
        return "\n".join(lines)

    def _other_lines(self) -> list[str]:
        lines = [f"  {note}" for note in self.notes]
        if self.contract:
            asked = [f for f in self.contract if not f.skipped]
            kept = len([f for f in asked if f.passed])
            lines.append(f"  contract: {kept} of {len(asked)} promises kept")
        if self.kinks is not None:
            kept_or_not = "kept" if self.kinks.passed else "BROKEN"
            lines.append(f"  at {self.kinks.outputs} inputs exactly on a kink: {self.kinks.convention}: {kept_or_not}")
        return lines


def _wrapped(text: str, width: int, first: str, rest: str | None = None) -> list[str]:
    return wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=first + "  " if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _tensors(tensors: list[TensorResult], width: int | None) -> list[str]:
    """Return the table of the gradients, or what it says where there is no room for its columns."""
    lines = [f"  {'gradient':<16} {'shape':<18} {'checked':>9} {'wrong':>7}   {'worst relative error':<22}"]
    for t in tensors:
        state = f"  {_state(t)}" if _state(t) else ""
        error = "" if t.problem else f"{t.worst_error:.1e}"
        lines.append(f"  {t.name:<16} {t.shape!s:<18} {_checked(t):>9} {int(t.wrong.sum()):>7}   {error}{state}")
    if width is None or max(map(len, lines)) <= width:
        return lines
    lines = []
    for t in tensors:
        error = "" if t.problem else f", worst relative error {t.worst_error:.1e}"
        state = f" {_state(t)}" if _state(t) else ""
        text = f"{t.name} {t.shape}: {_checked(t)} checked, {int(t.wrong.sum())} wrong{error}{state}"
        lines += _wrapped(text, width, "  ", "    ")
    return lines


def _checked(t: TensorResult) -> str:
    return f"{len(t.checked):,}" if t.complete else f"{len(t.checked):,} *"


def _describe(t: TensorResult) -> str:
    """Say what is wrong with a gradient, one sentence a line; empty if nothing is."""
    if t.problem:
        return f"{t.name} is wrong.\n{_sentence(t.problem)}"
    if t.wrong.any():
        return "\n".join([f"{t.name} is wrong.", *t.diagnosis[:1], worst(t), *t.diagnosis[1:]])
    if t.too_many_on_kinks:
        return (
            f"{t.name} cannot be judged everywhere.\n{t.on_kinks} of {len(t.checked)} entries lie exactly on a kink, "
            f"where a slope between those from left and right is all that can be asked for: give another x."
        )
    if not t.passed:
        return (
            f"{t.name} cannot be judged everywhere.\nThe difference quotients of {int(t.unsettled.sum())} entries do "
            f"not settle: try another seed, or smaller inputs."
        )
    return ""


def _state(t: TensorResult) -> str:
    """Return what the last column says of a gradient."""
    parts = [f"({t.on_kinks} on a kink)"] if t.on_kinks else []
    parts += [f"({int(t.unsettled.sum())} beside a kink: less exact)"] if t.unsettled.any() else []
    if not t.passed:
        parts.append("← WRONG" if t.failed else "← UNSETTLED")
    return "  ".join(parts)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if not text.startswith("d") else f"{text}."


def worst(t: TensorResult) -> str:
    """Return the worst entry of a gradient with both numbers."""
    w, index = t.worst, ", ".join(f"{letter}={i}" for letter, i in zip(t.letters, t.worst_index))
    if t.estimate.kink[w]:
        between = f"any slope between {t.estimate.low[w]:.6g} and {t.estimate.high[w]:.6g}"
        return f"Worst at [{index}]: backward says {t.analytic[w]:.6g}, but on this kink {between} is right."
    return (
        f"Worst at [{index}]: backward says {t.analytic[w]:.6g}, the difference quotient {t.estimate.value[w]:.6g} "
        f"(± {max(t.estimate.error[w], 1e-16):.0e})."
    )
