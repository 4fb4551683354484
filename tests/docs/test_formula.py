"""Formulas as docstrings write them, as TeX: nothing is lost, and what is no formula is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

formula = pytest.importorskip("formula")
cells = pytest.importorskip("cells")
derivation = pytest.importorskip("derivation")
prose = pytest.importorskip("prose")

ROOT = Path(__file__).parents[2]
NAMES = {"kernel", "bias", "cols", "mean", "mask", "rate"}
WRITTEN = {
    r"\sum": "Σ", r"\prod": "Π", r"\cdot": "·", r"\ne": "≠", r"\le": "≤", r"\ge": "≥", r"\leftarrow": "←",
    r"\rightarrow": "→", r"\pm": "±", r"\approx": "≈", r"\sim": "~", r"\in": "∈", r"\alpha": "α", r"\beta": "β",
    r"\gamma": "γ", r"\delta": "δ", r"\varepsilon": "ε", r"\eta": "η", r"\lambda": "λ", r"\mu": "μ", r"\pi": "π",
    r"\rho": "ρ", r"\sigma": "σ", r"\varphi": "φ", r"\Phi": "Φ", r"\Delta": "Δ", r"\tau": "τ", r"\theta": "θ",
    r"\ell": "ℓ", r"\dots": "…", r"\top": "T", r"\partial": "∂", r"\sqrt": "√", r"\lvert": "|", r"\rvert": "|",
    r"\lVert": "‖", r"\rVert": "‖", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉",
}  # fmt: skip


def letters_of_tex(tex: str) -> str:
    """Return what a formula says, without what only dresses it."""
    tex = tex.replace(r"\tfrac{1}{2}", "½").replace(r"{:}", ":").replace(r"\_", "")
    tex = re.sub(r"\\(?:mathrm|mathit|operatorname\*?|hat|frac|[,;])", "", tex)
    tex = re.sub(r"\\[A-Za-z]+", lambda command: WRITTEN[command[0]], tex)
    return re.sub(r"[\s{}_^()/\[\]]", "", tex)


def letters_of_text(text: str) -> str:
    plain = "".join(unicodedata.normalize("NFKC", sign) if sign not in "½…ℓ" else sign for sign in text)
    plain = plain.replace("\N{MINUS SIGN}", "-").replace("\N{COMBINING CIRCUMFLEX ACCENT}", "")
    return re.sub(r"[\s{}_^()/\[\]]", "", plain)


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("dx[n,d] = Σ_u dz[n,u]", r"\mathrm{d}x_{n,\,d}=\sum_{u}\,\mathrm{d}z_{n,\,u}"),
        ("x[n,d] kernel[d,u]", r"x_{n,\,d}\,\mathrm{kernel}_{d,\,u}"),
        ("xᵀ·dz", r"x^{\top}\cdot \mathrm{d}z"),
        ("(N·OH·OW, F)", r"(N\cdot \mathit{OH}\cdot \mathit{OW},\,F)"),
        ("β₁ᵗ⁻¹ g₁", r"\beta _{1}^{t-1}\,g_{1}"),
        ("x̂ = (x - mean) / σ", r"\hat{x}=\frac{x-\mathrm{mean}}{\sigma }"),
        ("a b / c", r"a\,b/c"),  # what is above the line is not plain, so no line is drawn
        ("1/M x", r"\frac{1}{M}\,x"),
        ("-1/(2σ²) Σ x", r"-\frac{1}{2\sigma ^{2}}\,\sum \,x"),
        ("Σx", r"\sum x"),
        ("(var + ε)^(-3/2)", None),  # var is a word that nobody has called a name
        ("(v + ε)^(-3/2)", r"(v+\varepsilon )^{-\frac{3}{2}}"),
        ("∂L/∂zₖ = pₖ - tₖ", r"\frac{\partial L}{\partial z_{k}}=p_{k}-t_{k}"),
        ("√(v + ε)", r"\sqrt{v+\varepsilon }"),
        ("e^-|z|", r"e^{-\lvert z\rvert }"),
        ("Π_{j≠i} xⱼ", r"\prod_{j\ne i}\,x_{j}"),
        ("max_hw x[n,h,w,c]", r"\operatorname*{max}_{h\,w}\,\,x_{n,\,h,\,w,\,c}"),
        ("k_{p₁}", r"k_{p_{1}}"),
        ("f'(z)", r"f'(z)"),
    ],
)
def test_a_formula_becomes_this_tex(text: str, tex: str | None) -> None:
    assert formula.to_tex(text, NAMES) == tex


@pytest.mark.parametrize(
    "text",
    ["as matrices", "if q is the winner", "sum of the rows of dz", "batch's", "Σ", "x = max", "a ·", "(a", "a)", "x[n",
     "", "=", "y = mean over the window", "x ^", "2̂"],
)  # fmt: skip
def test_what_is_no_formula_is_refused(text: str) -> None:
    assert formula.to_tex(text, NAMES) is None


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("δ sign e otherwise", [("tex", r"\delta \,\operatorname{sign}\,e"), ("words", "otherwise")]),
        ("since Σⱼ tⱼ = 1", [("words", "since "), ("tex", r"\sum_{j}\,t_{j}=1")]),
        ("(12)", [("step", "12")]),
        ("moving = x·batch's", [("typed", "moving = x·batch's")]),
        ("over all (oh,ow) that lie on it", [("words", "over all (oh,ow) that lie on it")]),
    ],
)
def test_a_cell_is_cut_into_formulas_and_words(cell: str, expected: list[tuple[str, str]]) -> None:
    assert [tuple(piece) for piece in cells.pieces(cell, NAMES)] == expected


ATOMS = st.sampled_from(["x", "dz", "kernel[d,u]", "x̂[m]", "σ", "2", "gₜ", "β₂ᵗ", "√v", "(a + b)", "|e|", "log p", "N"])
TERMS = st.lists(ATOMS, min_size=1, max_size=4).map(" ".join)
QUOTIENTS = st.tuples(TERMS, st.sampled_from([" / ", "/", " · ", " - ", " + "]), TERMS).map("".join)


@given(st.lists(st.one_of(TERMS, QUOTIENTS), min_size=1, max_size=3).map(" = Σ_n ".join))
def test_every_letter_stays_in_its_place(text: str) -> None:
    tex = formula.to_tex(text, NAMES)
    assert tex is not None
    assert letters_of_tex(tex) == letters_of_text(text)


@given(st.text(alphabet="xyΣ_[]()/·-+=ᵢ²^√|'n \N{COMBINING CIRCUMFLEX ACCENT}", max_size=14))
def test_whatever_comes_is_a_formula_or_refused(text: str) -> None:
    tex = formula.to_tex(text)
    assert tex is None or tex.count("{") == tex.count("}")


def all_formulas() -> list[tuple[str, str]]:
    """Return every formula of every file, and its TeX."""
    literate = pytest.importorskip("literate", reason="Sphinx is not installed: pip install -e '.[docs]'")
    found = []
    for path in (path for room in literate.ROOMS for path in literate.files(room)):
        source = derivation.read(path)
        for own in source.derivations:
            for block in _walk(prose.blocks(own.docstring)):
                for cell in (cell for row in block.rows for cell in row):
                    found += [(cell, p.text) for p in cells.pieces(cell, source.names) if p.kind == "tex"]
    return found


def _walk(blocks: list[object]) -> list[Any]:
    found = []
    for block in blocks:
        if isinstance(block, prose.Bullets):
            found += [one for item in block.items for one in _walk(item)]
        elif isinstance(block, prose.Formulas):
            found.append(block)
    return found


def test_no_letter_of_a_derivation_is_lost() -> None:
    formulas = all_formulas()
    assert len(formulas) > 150
    for cell, tex in formulas:
        assert letters_of_tex(tex) in letters_of_text(cell), cell


def test_katex_can_draw_every_formula_of_every_file(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no Node.js on this machine")
    katex = pytest.importorskip("sphinxcontrib.katex", reason="sphinxcontrib-katex is not installed")
    script = Path(katex.__file__).with_name("katex.min.js")
    (tmp_path / "all.txt").write_text("\n".join(tex for _, tex in all_formulas()), encoding="utf-8")
    program = (
        "const katex = require(process.argv[1]);"
        "for (const tex of require('fs').readFileSync(process.argv[2], 'utf8').split('\\n'))"
        "  katex.renderToString(tex, {throwOnError: true});"
    )
    run = subprocess.run(
        ["node", "-e", program, str(script), str(tmp_path / "all.txt")], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
