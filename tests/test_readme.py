"""What the README and the pages of docs/ show is what the commands print and the reports say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import readme
from benchmarks.readme import ROOT, documents, filled

README = (ROOT / "README.md").read_text(encoding="utf-8")
GRADCHECK = (ROOT / "docs" / "gradcheck.md").read_text(encoding="utf-8")
PAGES = pytest.mark.parametrize("page", documents(), ids=lambda page: page.relative_to(ROOT).as_posix())


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


@PAGES
def test_tables_are_those_of_the_reports(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(text, ROOT, page.parent.relative_to(ROOT).as_posix()) == text


@PAGES
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    targets = [t for t in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in t]
    made = ROOT / "docs" / "source"  # the literate pages: the site's, whose own tests follow these links
    leads = [(page.parent / target).resolve() for target in targets]
    assert [path for path in leads if not path.exists() and made not in path.parents] == []


def test_the_readme_is_read_in_a_minute() -> None:
    assert len(README.encode()) <= 7000


def test_the_readmes_pages_have_the_headings_that_it_links_to() -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]+)#([^)]+)\)", README):
        headings = re.findall(r"^#+ (.*)", (ROOT / target).read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert anchor in [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_a_block_takes_the_marked_part_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("whole\n")
    (tmp_path / "b.md").write_text("x\n<!-- table begins -->\npart\n<!-- table ends -->\ny\n")
    text = "<!-- from: a.md -->\nold\n<!-- end -->\n<!-- from: b.md -->\n<!-- end -->\n"
    expected = "<!-- from: a.md -->\nwhole\n<!-- end -->\n<!-- from: b.md -->\npart\n<!-- end -->\n"
    assert filled(text, tmp_path) == expected


def test_a_block_takes_the_lines_that_it_asks_for_and_their_fences(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("one\n```python\ntwo\n```\n\n```console\n$ three\nfour\n```\n")
    text = "<!-- from: a.md lines: three|five -->\n<!-- end -->\n"
    expected = "<!-- from: a.md lines: three|five -->\n```console\n$ three\n```\n<!-- end -->\n"
    assert filled(text, tmp_path) == expected
    with pytest.raises(ValueError, match=r"expected lines of a\.md with 'six' in them, got none"):
        filled("<!-- from: a.md lines: six -->\n<!-- end -->\n", tmp_path)


def test_of_fences_one_after_another_those_are_taken_that_hold_a_line(tmp_path):
    (tmp_path / "a.md").write_text("```python\nno\n```\n```console\nyes\n```\n```\nno\n```\nyes, too\n")
    text = "<!-- from: a.md lines: yes -->\n<!-- end -->"
    assert filled(text, tmp_path).splitlines()[1:-1] == ["```console", "yes", "```", "yes, too"]


def test_links_of_a_report_are_turned_to_where_the_document_stands(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("[x](src/x.py#L3) [y](https://y.org) [z](#here)\n")
    text = "<!-- from: a.md -->\n<!-- end -->\n"
    assert "[x](src/x.py#L3) [y](https://y.org) [z](#here)" in filled(text, tmp_path)
    assert "[x](../../src/x.py#L3) [y](https://y.org) [z](#here)" in filled(text, tmp_path, "docs/reports")


def test_the_command_fills_every_document_and_checks_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readme, "ROOT", tmp_path)
    monkeypatch.setattr(readme, "documents", lambda: documents(tmp_path))
    (tmp_path / "docs").mkdir()
    (tmp_path / "report").write_text("new\n")
    pages = [tmp_path / "README.md", tmp_path / "docs" / "a.md"]
    for page in pages:
        page.write_text("<!-- from: report -->\nold\n<!-- end -->\n")
    assert readme.main(["--check"]) == 1
    assert "old" in pages[1].read_text()
    assert readme.main([]) == 0
    assert [page.read_text() for page in pages] == ["<!-- from: report -->\nnew\n<!-- end -->\n"] * 2
    assert readme.main(["--check"]) == 0


def test_the_two_networks_of_the_docs_train() -> None:
    using = (ROOT / "docs" / "using.md").read_text(encoding="utf-8")
    code = next(block for block in blocks(using, "python") if "mlp = sn.Model" in block)
    code = code.replace("load_data()", 'load_data(subset="mini")').replace("epochs=10", "epochs=1")
    code = re.sub(r"^(mlp|cnn)\.(fit|evaluate)\(", r"\1.\2(verbose=0, x=", code, flags=re.MULTILINE)
    code = code.replace("x=x_train, y_train", "x=x_train, y=y_train").replace("x=x_test, y_test", "x=x_test, y=y_test")
    code = code.replace("x=x_train[..., None], y_train", "x=x_train[..., None], y=y_train")
    code = re.sub(r"^cnn\.save.*|^cnn = sn\.load_model.*", "", code, flags=re.MULTILINE)
    scope: dict[str, object] = {}
    exec(code, scope)
    assert scope["mlp"].count_params() == 203_530  # type: ignore[attr-defined]
    assert scope["cnn"].count_params() == 302_026  # type: ignore[attr-defined]


def test_the_readmes_taste_is_the_layers_own_code() -> None:
    (taste,) = [block for block in blocks(README, "python") if "def backward" in block]
    assert taste in (ROOT / "scratchnet" / "layers" / "dense.py").read_text(encoding="utf-8")


def test_the_mistake_in_the_layer_of_the_docs_is_explained_as_shown() -> None:
    (layer,) = [block for block in blocks(GRADCHECK, "python") if "class Scale" in block]
    (shown,) = [block for block in blocks(GRADCHECK, "console") if "scale.py:Scale" in block]
    assert (ROOT / "docs" / "examples" / "scale.py").read_text(encoding="utf-8") == layer
    command = [sys.executable, "-m", "scratchnet", *shown.splitlines()[0].split()[2:]]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "COLUMNS": "120"}, check=False
    )
    assert run.returncode == 1
    printed = [line.rstrip() for line in run.stdout.strip().splitlines()]
    assert printed == shown.strip().splitlines()[1:]


def test_exercises_begun_in_the_clone_are_left_alone_by_git_and_the_linter() -> None:
    (folder,) = set(re.findall(r"scratchnet learn start (\w+)", README))
    assert f"/{folder}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
