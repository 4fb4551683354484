"""What the README shows is what the commands print and the reports say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.readme import ROOT, filled

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def test_tables_are_those_of_the_reports() -> None:
    assert filled(README) == README


def test_every_link_leads_somewhere() -> None:
    targets = [t for t in re.findall(r"\]\(([^)#]+)", README) if "://" not in t]
    assert [t for t in targets if not (ROOT / t).exists()] == []


def test_a_block_takes_the_marked_part_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("whole\n")
    (tmp_path / "b.md").write_text("x\n<!-- table begins -->\npart\n<!-- table ends -->\ny\n")
    text = "<!-- from: a.md -->\nold\n<!-- end -->\n<!-- from: b.md -->\n<!-- end -->\n"
    expected = "<!-- from: a.md -->\nwhole\n<!-- end -->\n<!-- from: b.md -->\npart\n<!-- end -->\n"
    assert filled(text, tmp_path) == expected


def test_the_two_networks_of_the_readme_train() -> None:
    code = next(block for block in blocks(README, "python") if "mlp = sn.Model" in block)
    code = code.replace("load_data()", 'load_data(subset="mini")').replace("epochs=10", "epochs=1")
    code = re.sub(r"^(mlp|cnn)\.(fit|evaluate)\(", r"\1.\2(verbose=0, x=", code, flags=re.MULTILINE)
    code = code.replace("x=x_train, y_train", "x=x_train, y=y_train").replace("x=x_test, y_test", "x=x_test, y=y_test")
    code = code.replace("x=x_train[..., None], y_train", "x=x_train[..., None], y=y_train")
    code = re.sub(r"^cnn\.save.*|^cnn = sn\.load_model.*", "", code, flags=re.MULTILINE)
    scope: dict[str, object] = {}
    exec(code, scope)
    assert scope["mlp"].count_params() == 203_530  # type: ignore[attr-defined]
    assert scope["cnn"].count_params() == 302_026  # type: ignore[attr-defined]


def test_the_mistake_in_the_readmes_layer_is_explained_as_shown(tmp_path: Path) -> None:
    (layer,) = [block for block in blocks(README, "python") if "class Scale" in block]
    (shown,) = [block for block in blocks(README, "console") if "gradcheck scale.py" in block]
    (tmp_path / "scale.py").write_text(layer, encoding="utf-8")
    command = [sys.executable, "-m", "scratchnet", *shown.splitlines()[0].split()[2:]]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "COLUMNS": "120"}, check=False
    )
    assert run.returncode == 1
    printed = [line.rstrip() for line in run.stdout.strip().splitlines()]
    assert printed == shown.strip().splitlines()[1:]
